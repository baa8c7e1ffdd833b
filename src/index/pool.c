#include "pool.h"

#include "chunk.h"
#include "naming.h"
#include "pending.h"
#include "sequence.h"

/* The position with this sequence hash, if some live holder has it: others are only on a path. */
static uint64_t held_sequence(const struct kvx_index *ix, uint64_t hash)
{
    uint64_t pos = kvx_map_find(ix, &ix->sequence.map, hash);
    return pos && kvx_held_by_anyone(ix, pos) ? pos : 0;
}

/* The pool names `pos` by `hash` and holds it in `tier`. 1: newly; 0: it did before. */
static int name_and_hold(struct kvx_index *ix, struct kvx_worker *w, uint64_t pos, uint64_t hash,
                         enum kvx_tier tier)
{
    bool held = kvx_worker_holds(ix, w, pos);
    /* the holder's entry first: a name of a position that is not held would be left behind if that failed */
    if (!kvx_mask_ensure(ix, kvx_chunk_at(ix, KVX_POS_CHUNK(pos)), kvx_holder_of(w, tier)))
        return KVX_NOMEM;
    int rc = kvx_name_add(ix, w, pos, hash, held);
    if (rc < 0)
        return rc;
    if (rc == 1 && ix->waiting.count)
        kvx_pending_trigger(ix, hash);
    return kvx_hold(ix, w, pos, tier);
}

/* What the pool names so already. 1 if there is any. */
static int hold_own(struct kvx_index *ix, struct kvx_worker *w, uint64_t hash, enum kvx_tier tier,
                    struct kvx_store_result *result)
{
    struct kvx_names names;
    uint64_t first = kvx_names_first(ix, w, hash, &names);
    for (uint64_t pos = first; pos; pos = kvx_names_next(ix, w, &names)) {
        int rc = kvx_hold(ix, w, pos, tier);
        if (rc < 0)
            return rc;
        result->added += rc == 1;
        result->known += rc == 0;
    }
    return first != 0;
}

int kvx_pool_hold(struct kvx_index *ix, struct kvx_worker *w, uint64_t hash, enum kvx_tier tier,
                  struct kvx_store_result *result)
{
    uint64_t pos = held_sequence(ix, hash);
    int rc = pos ? 0 : hold_own(ix, w, hash, tier, result);
    if (rc)
        return rc;
    pos = pos ? pos : kvx_names_anyone(ix, hash);
    if (!pos)
        return 0;
    rc = name_and_hold(ix, w, pos, hash, tier);
    if (rc < 0)
        return rc;
    result->added += rc == 1;
    result->known += rc == 0;
    return 1;
}

/* All pools that announced `hash` before anything had it. */
static int resolve(struct kvx_index *ix, uint64_t hash, struct kvx_store_result *result)
{
    struct kvx_store_result ignored = {0};
    for (uint32_t id = ix->pools; id; id = kvx_worker_at(ix, id)->next_pool) {
        struct kvx_worker *w = kvx_worker_at(ix, id);
        for (uint32_t pair; (pair = kvx_pairs_first(&w->unresolved, hash));) {
            enum kvx_tier tier =
                ((struct kvx_unresolved *)(uintptr_t)w->unresolved.items[pair - 1].second)->tier;
            int rc = kvx_pool_hold(ix, w, hash, tier, &ignored);
            if (rc < 0)
                return rc;
            if (rc == 0)
                break;
            result->resolved += kvx_unresolved_remove(ix, w, KVX_TIER_BIT(tier), hash);
        }
    }
    return KVX_OK;
}

static bool any_unresolved(const struct kvx_index *ix)
{
    for (uint32_t id = ix->pools; id; id = kvx_worker_at(ix, id)->next_pool)
        if (kvx_worker_at(ix, id)->unresolved.count)
            return true;
    return false;
}

int kvx_pools_resolve(struct kvx_index *ix, const struct kvx_run *run, const uint64_t *parents, int n,
                      struct kvx_store_result *result)
{
    if (!any_unresolved(ix))
        return KVX_OK;
    for (int p = 0; p < n; p++) {
        uint64_t hash = kvx_sequence_at(ix, parents[p]);
        for (size_t i = 0; i < run->n; i++) {
            hash = i ? kvx_sequence_hash(hash, run->local[i])
                     : kvx_sequence_after(parents[p], hash, run->local[0]);
            if (run->alive && !(run->alive[i / 64] >> i % 64 & 1))
                continue;
            if (resolve(ix, hash, result) || resolve(ix, run->engine[i], result))
                return KVX_NOMEM;
        }
    }
    return KVX_OK;
}
