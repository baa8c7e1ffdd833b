#include "question.h"

#include <stdlib.h>

int no_memory(struct kvx_http_call *c)
{
    return kvx_fail(c->error, KVX_NOMEM, "out of memory");
}

struct kvx_instance_id instance_of(const struct kvx_json_id *id)
{
    return (struct kvx_instance_id){.text = id->text, .numeric = id->numeric};
}

struct kvx_json_id id_of(const struct kvx_instance_id *instance)
{
    return (struct kvx_json_id){.text = instance->text, .numeric = instance->numeric};
}

struct kvx_bytes rank_key(struct kvx_http_call *c, uint32_t rank)
{
    char digits[10], *p = digits + sizeof(digits);
    do
        *--p = (char)('0' + rank % 10);
    while (rank /= 10);
    size_t len = (size_t)(digits + sizeof(digits) - p);
    char *text = kvx_arena_alloc(c->arena, len);
    if (!text)
        return (struct kvx_bytes){0};
    memcpy(text, p, len);
    return (struct kvx_bytes){text, len};
}

size_t hits_end(const struct kvx_query_result *result, size_t i)
{
    size_t end = i + 1;
    while (end < result->n && kvx_bytes_equal(result->hits[end].instance.text, result->hits[i].instance.text))
        end++;
    return end;
}

/* A hit, its place in the answer, and the place of its instance's best hit. */
struct placed {
    const struct kvx_hit *hit;
    size_t place, best;
};

static int compare_sizes(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int by_instance(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    struct kvx_bytes s = x->hit->instance.text, t = y->hit->instance.text;
    int r = memcmp(s.data, t.data, s.len < t.len ? s.len : t.len);
    r = r ? r : compare_sizes(s.len, t.len);
    return r ? r : compare_sizes(x->place, y->place);
}

static int by_best(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    int r = compare_sizes(x->best, y->best);
    return r ? r : compare_sizes(x->place, y->place);
}

int hits_group(struct kvx_http_call *c, struct kvx_query_result *result)
{
    size_t n = result->n;
    struct placed *placed = kvx_arena_array(c->arena, n, sizeof(*placed));
    struct kvx_hit *hits = kvx_arena_array(c->arena, n, sizeof(*hits));
    if (!placed || !hits)
        return no_memory(c);
    for (size_t i = 0; i < n; i++)
        placed[i] = (struct placed){.hit = &result->hits[i], .place = i};
    qsort(placed, n, sizeof(*placed), by_instance);
    for (size_t i = 0; i < n; i++) {
        bool same = i && kvx_bytes_equal(placed[i].hit->instance.text, placed[i - 1].hit->instance.text);
        placed[i].best = same ? placed[i - 1].best : placed[i].place;
    }
    qsort(placed, n, sizeof(*placed), by_best);
    for (size_t i = 0; i < n; i++)
        hits[i] = *placed[i].hit;
    result->hits = hits;
    return 0;
}

static void keep_most(uint64_t *most, uint64_t value)
{
    if (value > *most)
        *most = value;
}

int tokens_of(struct kvx_http_call *c, const struct kvx_hit *hits, size_t n, uint32_t block_size,
              enum kvx_reach disk, struct instance_tokens *out)
{
    *out = (struct instance_tokens){.ranks = kvx_arena_array(c->arena, n, sizeof(*out->ranks))};
    if (!out->ranks)
        return no_memory(c);
    for (size_t i = 0; i < n; i++) {
        const uint32_t *blocks = hits[i].blocks;
        out->ranks[i].key = rank_key(c, hits[i].dp_rank);
        if (!out->ranks[i].key.data)
            return no_memory(c);
        out->ranks[i].value = (uint64_t)blocks[KVX_REACH_DEVICE] * block_size;
        keep_most(&out->gpu, out->ranks[i].value);
        keep_most(&out->cpu, (uint64_t)blocks[KVX_REACH_HOST] * block_size);
        keep_most(&out->disk, (uint64_t)blocks[disk] * block_size);
    }
    return 0;
}
