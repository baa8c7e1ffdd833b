#include "chunk.h"
#include "naming.h"
#include "pending.h"
#include "place.h"
#include "pool.h"
#include "worker.h"

/* Announced before: now that the worker names these hashes, it holds them in those tiers too. */
static int apply_unresolved(struct kvx_index *ix, const struct kvx_run *run, struct kvx_store_result *result)
{
    struct kvx_worker *w = run->worker;
    for (size_t i = 0; i < run->n && w->unresolved.count; i++) {
        uint64_t hash = run->engine[i];
        for (uint32_t pair; (pair = kvx_pairs_first(&w->unresolved, hash));) {
            struct kvx_names names;
            uint64_t pos = kvx_names_first(ix, w, hash, &names);
            if (!pos)
                break; /* this block of the run was not alive */
            const struct kvx_unresolved *u =
                (struct kvx_unresolved *)(uintptr_t)w->unresolved.items[pair - 1].second;
            for (; pos; pos = kvx_names_next(ix, w, &names))
                if (kvx_hold(ix, w, pos, u->tier) < 0)
                    return KVX_NOMEM;
            result->resolved += kvx_unresolved_remove(ix, w, KVX_TIER_BIT(u->tier), hash);
        }
    }
    return KVX_OK;
}

/* Where a store goes: the worker's own positions for the parent, else the one position anybody has for it.
 * Returns how many, or KVX_TOO_LARGE. */
static int parents_of(const struct kvx_index *ix, const struct kvx_worker *w, uint64_t hash, uint64_t *out)
{
    int n = 0;
    struct kvx_names names;
    for (uint64_t pos = kvx_names_first(ix, w, hash, &names); pos; pos = kvx_names_next(ix, w, &names)) {
        if (n == KVX_PARENT_POSITIONS_MAX)
            return KVX_TOO_LARGE;
        out[n++] = pos;
    }
    if (n == 0 && (out[0] = kvx_names_anyone(ix, hash)))
        n = 1;
    return n;
}

static int place_under(struct kvx_index *ix, struct kvx_run *run, const uint64_t *parents, int n,
                       struct kvx_store_result *result)
{
    for (int i = 0; i < n; i++) {
        int rc = kvx_place(ix, run, parents[i]);
        if (rc)
            return rc;
    }
    if (!run->worker->pool && apply_unresolved(ix, run, result))
        return KVX_NOMEM;
    return kvx_pools_resolve(ix, run, parents, n, result);
}

/* Stores whose parent was just named. Each one may name the parents of others. */
static int place_ready(struct kvx_index *ix, struct kvx_store_result *result)
{
    while (ix->ready_first) {
        struct kvx_pending_run *p = ix->ready_first;
        struct kvx_worker *w = kvx_worker_at(ix, p->worker);
        uint64_t parents[KVX_PARENT_POSITIONS_MAX];
        int n = parents_of(ix, w, p->parent, parents);
        if (n <= 0) { /* several positions by now, or too many */
            kvx_pending_not_ready(ix, p);
            continue;
        }
        struct kvx_run run = {.worker = w,
                              .tier = (enum kvx_tier)p->tier,
                              .n = p->n,
                              .local = p->local,
                              .engine = p->engine,
                              .alive = p->alive};
        int rc = place_under(ix, &run, parents, n, result);
        if (rc)
            return rc; /* it stays ready, and whole: the next store tries again */
        result->resolved += p->alive_count;
        kvx_pending_free(ix, w, p);
    }
    return KVX_OK;
}

/* A pool is below every worker's device. */
static bool tier_allowed(const struct kvx_worker *w, enum kvx_tier tier)
{
    return (unsigned)tier < KVX_TIER_COUNT && !(w->pool && tier == KVX_TIER_DEVICE);
}

int kvx_index_store(struct kvx_index *ix, const struct kvx_store *s, struct kvx_store_result *result)
{
    struct kvx_worker *w = kvx_worker_get(ix, s->worker);
    *result = (struct kvx_store_result){0};
    if (!w)
        return KVX_STALE;
    if (s->n == 0 || s->n > UINT32_MAX || !tier_allowed(w, s->tier))
        return KVX_INVALID;
    uint64_t parents[KVX_PARENT_POSITIONS_MAX] = {0};
    int n = s->has_parent ? parents_of(ix, w, s->parent, parents) : 1;
    if (n < 0)
        return n;
    int rc;
    if (n == 0) {
        rc = kvx_pending_add(ix, w, s, result);
    } else {
        struct kvx_run run = {
            .worker = w, .tier = s->tier, .n = s->n, .local = s->local, .engine = s->engine};
        rc = place_under(ix, &run, parents, n, result);
        result->added = run.added;
        result->known = run.known;
    }
    return rc ? rc : place_ready(ix, result);
}

static int pool_reside(struct kvx_index *ix, struct kvx_worker *w, enum kvx_tier tier, size_t n,
                       const uint64_t *hashes, struct kvx_store_result *result)
{
    for (size_t i = 0; i < n; i++) {
        int rc = kvx_pool_hold(ix, w, hashes[i], tier, result);
        if (rc < 0)
            return rc;
        if (rc == 0 && kvx_unresolved_add(ix, w, hashes[i], tier, result))
            return KVX_NOMEM;
    }
    return place_ready(ix, result); /* the pool's own stores below blocks it has just named */
}

int kvx_index_reside(struct kvx_index *ix, struct kvx_worker_ref ref, enum kvx_tier tier, size_t n,
                     const uint64_t *engine, struct kvx_store_result *result)
{
    struct kvx_worker *w = kvx_worker_get(ix, ref);
    *result = (struct kvx_store_result){0};
    if (!w)
        return KVX_STALE;
    if (!tier_allowed(w, tier))
        return KVX_INVALID;
    if (w->pool)
        return pool_reside(ix, w, tier, n, engine, result);
    for (size_t i = 0; i < n; i++) {
        struct kvx_names names;
        uint64_t pos = kvx_names_first(ix, w, engine[i], &names);
        if (!pos && kvx_unresolved_add(ix, w, engine[i], tier, result))
            return KVX_NOMEM;
        for (; pos; pos = kvx_names_next(ix, w, &names)) {
            int rc = kvx_hold(ix, w, pos, tier);
            if (rc < 0)
                return rc;
            result->added += rc == 1;
            result->known += rc == 0;
        }
    }
    return KVX_OK;
}
