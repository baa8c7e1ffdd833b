#include "index_moments.h"

#include <string.h>

void record_begin(struct record *r, const uint64_t now[HOLDERS][TIERS][WORDS], const unsigned life[HOLDERS],
                  unsigned reborn)
{
    uint64_t number = atomic_load(&r->begun) + 1;
    struct state *s = &r->states[number % STATES];
    for (unsigned w = 0; w < HOLDERS; w++)
        for (unsigned tier = 0; tier < TIERS; tier++)
            for (unsigned i = 0; i < WORDS; i++)
                atomic_store_explicit(&s->held[w][tier][i], now[w][tier][i], memory_order_relaxed);
    for (unsigned w = 0; w < HOLDERS; w++)
        atomic_store_explicit(&s->life[w], life[w] + (w == reborn), memory_order_relaxed);
    atomic_store(&r->begun, number);
}

bool moments_between(struct record *r, uint64_t done, uint64_t begun, struct moments *m)
{
    if (begun - done >= STATES / 2)
        return false;
    memset(m->all, 0xff, sizeof(m->all));
    memset(m->any, 0, sizeof(m->any));
    memset(m->lived, true, sizeof(m->lived));
    for (uint64_t number = done; number <= begun; number++) {
        struct state *s = &r->states[number % STATES], *first = &r->states[done % STATES];
        for (unsigned w = 0; w < HOLDERS; w++)
            m->lived[w] &= atomic_load_explicit(&s->life[w], memory_order_relaxed) ==
                           atomic_load_explicit(&first->life[w], memory_order_relaxed);
        for (unsigned w = 0; w < HOLDERS; w++)
            for (unsigned tier = 0; tier < TIERS; tier++)
                for (unsigned i = 0; i < WORDS; i++) {
                    uint64_t word = atomic_load_explicit(&s->held[w][tier][i], memory_order_relaxed);
                    m->all[w][tier][i] &= word;
                    m->any[w][tier][i] |= word;
                }
    }
    atomic_thread_fence(memory_order_acquire);
    return atomic_load(&r->begun) - done < STATES - 1;
}
