#include "candidates.h"

enum { CANDIDATES_MAX = 1 << 30 };

/* FNV-1a: ids are short, and a client that makes them collide slows only its own request down. */
static uint32_t hash_of(const struct kvx_candidate *c)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < c->instance.len; i++)
        h = (h ^ (uint8_t)c->instance.data[i]) * 16777619u;
    if (c->has_dp_rank)
        h = (h ^ (c->dp_rank + 1)) * 16777619u;
    return h ^ h >> 15; /* a rank alone would leave the low bits in long rows */
}

static bool same(const struct kvx_candidate *a, const struct kvx_candidate *b)
{
    return kvx_bytes_equal(a->instance, b->instance) && a->has_dp_rank == b->has_dp_rank &&
           (!a->has_dp_rank || a->dp_rank == b->dp_rank);
}

/* The slot with this candidate, or the empty one where it would be. */
static uint32_t *slot_of(const struct kvx_candidates *set, const struct kvx_candidate *c)
{
    uint32_t i = hash_of(c) & set->mask;
    while (set->slots[i] && !same(&set->list[set->slots[i] - 1], c))
        i = (i + 1) & set->mask;
    return &set->slots[i];
}

int kvx_candidates_init(struct kvx_candidates *set, struct kvx_arena *arena, const struct kvx_candidate *list,
                        size_t n, struct kvx_error *e)
{
    uint32_t size = 4;
    if (n > CANDIDATES_MAX)
        return kvx_fail(e, KVX_INVALID, "`candidates`: more than %d", (int)CANDIDATES_MAX);
    while (size < 2 * n)
        size *= 2;
    *set = (struct kvx_candidates){
        .list = list, .slots = kvx_arena_array(arena, size, sizeof(uint32_t)), .mask = size - 1};
    if (!set->slots)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    for (uint32_t i = 0; i < n; i++) {
        if (!list[i].instance.len)
            return kvx_fail(e, KVX_INVALID, "`candidates`[%u]: `instance_id`: must not be empty", i);
        *slot_of(set, &list[i]) = i + 1;
    }
    return KVX_OK;
}

bool kvx_candidates_wanted(void *user, const void *label)
{
    const struct kvx_candidates *set = user;
    const struct kvx_worker *w = label;
    struct kvx_candidate any_rank = {.instance = kvx_worker_id(w)}, this_rank = any_rank;
    this_rank.has_dp_rank = true;
    this_rank.dp_rank = w->dp_rank;
    return *slot_of(set, &any_rank) || *slot_of(set, &this_rank);
}
