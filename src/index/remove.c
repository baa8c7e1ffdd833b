#include "chunk.h"
#include "naming.h"
#include "pending.h"
#include "worker.h"

enum { AHEAD = 12 };

/* How a worker held a position. */
struct taken {
    size_t tiers; /* those it was taken from */
    bool held;    /* in any tier, before */
    bool gone;    /* in none any more */
};

/* Takes `pos` from the worker in these tiers. */
static struct taken take(struct kvx_index *ix, struct kvx_worker *w, uint64_t pos, unsigned tiers)
{
    struct kvx_chunk *c = kvx_chunk_at(ix, KVX_POS_CHUNK(pos));
    uint64_t bit = (uint64_t)1 << KVX_POS_OFFSET(pos);
    struct taken taken = {.gone = true};
    for (unsigned tier = 0; w->tiers >> tier; tier++) {
        if (!(w->tiers >> tier & 1))
            continue;
        _Atomic uint64_t *mask = kvx_mask_find(c, kvx_holder_of(w, (enum kvx_tier)tier));
        uint64_t bits = mask ? atomic_load_explicit(mask, memory_order_relaxed) : 0;
        if (!(bits & bit))
            continue;
        taken.held = true;
        if (!(tiers >> tier & 1)) {
            taken.gone = false;
            continue;
        }
        kvx_mask_set(c, mask, bits & ~bit);
        kvx_held_add(ix, w, (enum kvx_tier)tier, -1);
        taken.tiers++;
        if (bits == bit)
            kvx_holders_compact(ix, c);
    }
    return taken;
}

/* The position the shared map names, if the worker names it so. Returns 1 if it does. */
static unsigned remove_shared(struct kvx_index *ix, struct kvx_worker *w, unsigned tiers, uint64_t hash,
                              size_t *taken)
{
    uint64_t pos = kvx_map_find(ix, &ix->map, hash);
    if (!pos || kvx_pairs_second(&w->overlay, pos))
        return 0;
    struct taken t = take(ix, w, pos, tiers);
    *taken += t.tiers;
    if (t.tiers) {
        kvx_names_lost(ix, w, pos);
        kvx_chunk_reclaim(ix, KVX_POS_CHUNK(pos));
    }
    return t.held;
}

static unsigned remove_overlay(struct kvx_index *ix, struct kvx_worker *w, unsigned tiers, uint64_t hash,
                               size_t *taken)
{
    unsigned named = 0;
    for (uint32_t next, i = kvx_pairs_first(&w->overlay, hash); i; i = next) {
        uint64_t pos = w->overlay.items[i - 1].second;
        struct taken t = take(ix, w, pos, tiers);
        named += t.held;
        *taken += t.tiers;
        if (!t.gone) {
            next = kvx_pairs_next(&w->overlay, i);
            continue;
        }
        kvx_names_drop_others(ix, w, pos, i); /* first, so that `next` is not among them */
        next = kvx_pairs_next(&w->overlay, i);
        kvx_name_lose(ix, w, pos, i);
        if (!t.tiers)
            continue;
        uint32_t names = w->overlay.count;
        kvx_names_lost(ix, w, pos);
        kvx_chunk_reclaim(ix, KVX_POS_CHUNK(pos));
        if (w->overlay.count !=
            names) /* `next` may be among those that went: begin again with what is left */
            next = kvx_pairs_first(&w->overlay, hash);
    }
    return named;
}

int kvx_index_remove(struct kvx_index *ix, struct kvx_worker_ref ref, unsigned tiers, size_t n,
                     const uint64_t *engine, struct kvx_remove_result *result)
{
    struct kvx_worker *w = kvx_worker_get(ix, ref);
    *result = (struct kvx_remove_result){0};
    if (!w)
        return KVX_STALE;
    for (size_t i = 0; i < n; i++) {
        if (i + AHEAD < n)
            kvx_map_prefetch(&ix->map, engine[i + AHEAD]);
        size_t taken = 0, pending = 0;
        unsigned named = remove_shared(ix, w, tiers, engine[i], &taken);
        if (w->overlay.count)
            named += remove_overlay(ix, w, tiers, engine[i], &taken);
        if (w->pending_count)
            pending += kvx_pending_remove(ix, w, tiers, engine[i]);
        if (w->unresolved.count)
            pending += kvx_unresolved_remove(ix, w, tiers, engine[i]);
        result->removed += taken;
        result->pending += pending;
        result->several += named > 1;
        result->unknown += !taken && !pending;
    }
    return KVX_OK;
}
