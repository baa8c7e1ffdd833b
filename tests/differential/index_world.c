#include "index_world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

uint64_t draw(struct world *w, uint64_t below)
{
    w->random += 0x9E3779B97F4A7C15u;
    return mix(w->random) % below;
}

void world_fail(const struct world *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "seed %" PRIu64 " round %u step %" PRIu64 ": ", w->seed, w->round, w->steps);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

void name_sequences(struct prompt *p)
{
    for (size_t i = 0; i < p->n; i++)
        p->sequence[i] = reference_sequence(i > 0, i ? p->sequence[i - 1] : 0, p->local[i]);
}

void new_prompt(struct world *w)
{
    size_t slot = w->prompts < PROMPTS ? w->prompts++ : draw(w, PROMPTS);
    struct prompt p = {0};
    if (w->prompts > 1) {
        const struct prompt *old = &w->prompt[draw(w, w->prompts - 1)];
        p.n = draw(w, old->n + 1);
        memcpy(p.local, old->local, p.n * sizeof(uint64_t));
    }
    size_t n = p.n + 1 + draw(w, 1 + draw(w, PROMPT_MAX));
    for (n = n > PROMPT_MAX ? PROMPT_MAX : n; p.n < n; p.n++)
        p.local[p.n] = mix(1000 + draw(w, w->alphabet));
    if (!p.n)
        p.local[p.n++] = mix(1000);
    for (size_t i = 0; i < p.n; i++)
        p.key[i] = reference_key(i ? p.key[i - 1] : 0, p.local[i]);
    name_sequences(&p);
    w->prompt[slot] = p;
}

uint64_t name_of(const struct world *w, unsigned worker, const struct prompt *p, size_t i)
{
    switch (w->naming[worker]) {
    case PRIVATE:
        return mix(p->key[i] ^ w->process[worker]);
    case IGNORES_PREFIX:
        return mix(p->local[i] * 31 + (i > 1 ? p->local[i - 1] * 7 + p->local[i - 2] : i) + 5);
    case FEW:
        return mix(p->key[i] % 61);
    case BY_SEQUENCE:
        return p->sequence[i];
    default:
        return mix(p->key[i]);
    }
}
