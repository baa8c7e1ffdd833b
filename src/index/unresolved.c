#include "pending.h"

static uint32_t find(const struct kvx_worker *w, uint64_t hash, enum kvx_tier tier)
{
    uint32_t i = kvx_pairs_first(&w->unresolved, hash);
    for (; i; i = kvx_pairs_next(&w->unresolved, i))
        if (((struct kvx_unresolved *)(uintptr_t)w->unresolved.items[i - 1].second)->tier == tier)
            return i;
    return 0;
}

static void drop(struct kvx_index *ix, struct kvx_worker *w, uint32_t pair)
{
    struct kvx_unresolved *u = (struct kvx_unresolved *)(uintptr_t)w->unresolved.items[pair - 1].second;
    kvx_pairs_remove(&w->unresolved, pair);
    *(u->older ? &u->older->newer : &w->unresolved_oldest) = u->newer;
    *(u->newer ? &u->newer->older : &w->unresolved_newest) = u->older;
    kvx_cell_free(&ix->memory, KVX_FOR_PENDING, u, sizeof(*u));
    ix->unresolved_count--;
}

uint32_t kvx_unresolved_max(const struct kvx_index *ix, const struct kvx_worker *w)
{
    return w->pool ? ix->config.pool_unresolved_max : ix->config.unresolved_max;
}

int kvx_unresolved_add(struct kvx_index *ix, struct kvx_worker *w, uint64_t hash, enum kvx_tier tier,
                       struct kvx_store_result *result)
{
    if (find(w, hash, tier)) {
        result->pending++;
        return KVX_OK;
    }
    if (!kvx_unresolved_max(ix, w)) {
        result->dropped++;
        return KVX_OK;
    }
    if (kvx_pairs_reserve(&w->unresolved, &ix->memory, 1))
        return KVX_NOMEM;
    struct kvx_unresolved *u = kvx_cell_alloc(&ix->memory, KVX_FOR_PENDING, sizeof(*u));
    if (!u)
        return KVX_NOMEM;
    if (w->unresolved.count >= kvx_unresolved_max(ix, w)) {
        result->dropped++;
        drop(ix, w, kvx_pairs_second(&w->unresolved, (uintptr_t)w->unresolved_oldest));
    }
    *u = (struct kvx_unresolved){.hash = hash, .tier = tier, .older = w->unresolved_newest};
    *(u->older ? &u->older->newer : &w->unresolved_oldest) = u;
    w->unresolved_newest = u;
    kvx_pairs_add(&w->unresolved, hash, (uintptr_t)u);
    ix->unresolved_count++;
    result->pending++;
    return KVX_OK;
}

size_t kvx_unresolved_remove(struct kvx_index *ix, struct kvx_worker *w, unsigned tiers, uint64_t hash)
{
    size_t removed = 0;
    for (unsigned tier = 0; tier < KVX_TIER_COUNT && w->unresolved.count; tier++) {
        uint32_t pair = tiers & KVX_TIER_BIT(tier) ? find(w, hash, (enum kvx_tier)tier) : 0;
        if (pair) {
            drop(ix, w, pair);
            removed++;
        }
    }
    return removed;
}

void kvx_unresolved_clear(struct kvx_index *ix, struct kvx_worker *w, unsigned tiers)
{
    for (struct kvx_unresolved *newer, *u = w->unresolved_oldest; u; u = newer) {
        newer = u->newer;
        if (tiers & KVX_TIER_BIT(u->tier))
            drop(ix, w, kvx_pairs_second(&w->unresolved, (uintptr_t)u));
    }
    if (!w->unresolved_oldest)
        kvx_pairs_fini(&w->unresolved, &ix->memory);
}
