#include "naming.h"

#include "chunk.h"

uint64_t kvx_worker_mask(const struct kvx_worker *w, const struct kvx_chunk *c)
{
    uint64_t mask = 0;
    for (unsigned tier = 0; w->tiers >> tier; tier++)
        if (w->tiers >> tier & 1)
            mask |= kvx_mask_get(c, kvx_holder_of(w, (enum kvx_tier)tier));
    return mask;
}

bool kvx_worker_holds(const struct kvx_index *ix, const struct kvx_worker *w, uint64_t pos)
{
    const struct kvx_chunk *c = kvx_chunk_at(ix, KVX_POS_CHUNK(pos));
    return kvx_worker_mask(w, c) >> KVX_POS_OFFSET(pos) & 1;
}

/* The walk over the overlay, from pair `i` on: the first pair whose position is held. */
static uint64_t skip_stale(const struct kvx_index *ix, const struct kvx_worker *w, uint32_t i,
                           struct kvx_names *n)
{
    while (i && !kvx_worker_holds(ix, w, w->overlay.items[i - 1].second))
        i = kvx_pairs_next(&w->overlay, i);
    n->pair = i;
    return i ? w->overlay.items[i - 1].second : 0;
}

uint64_t kvx_names_first(const struct kvx_index *ix, const struct kvx_worker *w, uint64_t hash,
                         struct kvx_names *n)
{
    *n = (struct kvx_names){.hash = hash};
    uint64_t pos = kvx_map_find(ix, &ix->map, hash);
    if (pos && !kvx_pairs_second(&w->overlay, pos) && kvx_worker_holds(ix, w, pos))
        return pos;
    return kvx_names_next(ix, w, n);
}

uint64_t kvx_names_next(const struct kvx_index *ix, const struct kvx_worker *w, struct kvx_names *n)
{
    if (n->overlay)
        return n->pair ? skip_stale(ix, w, kvx_pairs_next(&w->overlay, n->pair), n) : 0;
    n->overlay = true;
    return skip_stale(ix, w, kvx_pairs_first(&w->overlay, n->hash), n);
}

/* The live holder of entry i of the position's chunk, if it holds the position. */
static const struct kvx_worker *holder_at(const struct kvx_index *ix, uint64_t pos, uint32_t i)
{
    _Atomic uint64_t *mask;
    uint32_t holder = kvx_entry(kvx_chunk_at(ix, KVX_POS_CHUNK(pos)), i, &mask);
    if (!(atomic_load_explicit(mask, memory_order_relaxed) >> KVX_POS_OFFSET(pos) & 1))
        return NULL;
    const struct kvx_slot *slot = kvx_slot_at(ix, holder >> 2);
    if (atomic_load_explicit(&slot->dead, memory_order_relaxed) >> (holder & 3) & 1)
        return NULL;
    return kvx_worker_at(ix, slot->worker);
}

bool kvx_held_by_anyone(const struct kvx_index *ix, uint64_t pos)
{
    uint32_t n = kvx_entry_count(kvx_chunk_at(ix, KVX_POS_CHUNK(pos)));
    for (uint32_t i = 0; i < n; i++)
        if (holder_at(ix, pos, i))
            return true;
    return false;
}

/* Does some live worker hold `pos` without an overlay there? */
static bool named_by_column(const struct kvx_index *ix, uint64_t pos)
{
    uint32_t n = kvx_entry_count(kvx_chunk_at(ix, KVX_POS_CHUNK(pos)));
    for (uint32_t i = 0; i < n; i++) {
        const struct kvx_worker *w = holder_at(ix, pos, i);
        if (w && !w->pool && !kvx_pairs_second(&w->overlay, pos))
            return true;
    }
    return false;
}

uint64_t kvx_names_anyone(const struct kvx_index *ix, uint64_t hash)
{
    uint64_t pos = kvx_map_find(ix, &ix->map, hash);
    if (pos && !named_by_column(ix, pos))
        pos = 0;
    for (uint32_t id = 0; ix->overlay_entries && id < ix->workers.count; id++) {
        const struct kvx_worker *w = kvx_worker_at(ix, id);
        struct kvx_names n = {.hash = hash}; /* the overlay only */
        if (!w->generation || w->pool)
            continue;
        for (uint64_t p = kvx_names_next(ix, w, &n); p; p = kvx_names_next(ix, w, &n)) {
            if (pos && pos != p)
                return 0;
            pos = p;
        }
    }
    return pos;
}

/* Does the shared map lead from the column's hash at `pos` back to it? Enters it when the hash is free by
 * now. */
static bool is_primary(struct kvx_index *ix, uint64_t pos, uint64_t hash)
{
    if (!kvx_chunk_at(ix, KVX_POS_CHUNK(pos))->secondary)
        return true;
    uint64_t named = kvx_map_put(ix, &ix->map, hash, pos);
    return named == 0 || named == pos;
}

static int add_pairs(struct kvx_index *ix, struct kvx_worker *w, uint64_t pos, const uint64_t *hashes,
                     unsigned n)
{
    if (kvx_pairs_reserve(&w->overlay, &ix->memory, n))
        return KVX_NOMEM;
    for (unsigned i = 0; i < n; i++)
        kvx_pairs_add(&w->overlay, hashes[i], pos);
    kvx_overlay_count(ix, w, n);
    return 1;
}

int kvx_name_add(struct kvx_index *ix, struct kvx_worker *w, uint64_t pos, uint64_t hash, bool held)
{
    uint64_t hashes[2] = {hash, kvx_engine_at(ix, pos)};
    if (!held) {
        kvx_names_drop(ix, w, pos);
        if (hashes[1] == hash && is_primary(ix, pos, hash))
            return 1;
        return add_pairs(ix, w, pos, hashes, 1);
    }
    if (!kvx_pairs_second(&w->overlay, pos))
        return hashes[1] == hash ? 0 : add_pairs(ix, w, pos, hashes, 2);
    return kvx_pairs_find(&w->overlay, hash, pos) ? 0 : add_pairs(ix, w, pos, hashes, 1);
}

void kvx_pair_drop(struct kvx_index *ix, struct kvx_worker *w, uint32_t pair)
{
    kvx_pairs_remove(&w->overlay, pair);
    kvx_overlay_count(ix, w, -1);
}

void kvx_names_drop_others(struct kvx_index *ix, struct kvx_worker *w, uint64_t pos, uint32_t keep_pair)
{
    for (uint32_t next, i = kvx_pairs_second(&w->overlay, pos); i; i = next) {
        next = kvx_pairs_next_second(&w->overlay, i);
        if (i != keep_pair)
            kvx_pair_drop(ix, w, i);
    }
}

void kvx_names_drop(struct kvx_index *ix, struct kvx_worker *w, uint64_t pos)
{
    kvx_names_drop_others(ix, w, pos, 0);
}

/* May the worker hold a position directly below this one? Whose the child chunks are is not looked at. */
static bool leads_on(const struct kvx_worker *w, const struct kvx_chunk *c, unsigned offset,
                     uint32_t children)
{
    uint64_t below = offset + 1 < KVX_CHUNK_BLOCKS ? (uint64_t)1 << (offset + 1) : 0;
    return (children && offset >= c->first_child) || kvx_worker_mask(w, c) & below;
}

void kvx_name_lose(struct kvx_index *ix, struct kvx_worker *w, uint64_t pos, uint32_t pair)
{
    struct kvx_chunk *c = kvx_chunk_at(ix, KVX_POS_CHUNK(pos));
    if (!w->pool && leads_on(w, c, KVX_POS_OFFSET(pos), c->children))
        c->remembered = true;
    else
        kvx_pair_drop(ix, w, pair);
}

void kvx_names_lost(struct kvx_index *ix, struct kvx_worker *w, uint64_t pos)
{
    for (;;) {
        const struct kvx_chunk *c = kvx_chunk_at(ix, KVX_POS_CHUNK(pos));
        bool first = KVX_POS_OFFSET(pos) == 0;
        pos = first ? KVX_POS(c->parent, c->parent_offset) : pos - 1;
        c = kvx_chunk_at(ix, KVX_POS_CHUNK(pos));
        if (!pos || !c->remembered || !kvx_pairs_second(&w->overlay, pos) || kvx_worker_holds(ix, w, pos) ||
            leads_on(w, c, KVX_POS_OFFSET(pos), c->children - first))
            return;
        kvx_names_drop(ix, w, pos);
    }
}

void kvx_names_forget_chunk(struct kvx_index *ix, uint32_t chunk)
{
    unsigned len = kvx_chunk_len(kvx_chunk_at(ix, chunk));
    for (uint32_t id = 0; id < ix->workers.count; id++) {
        struct kvx_worker *w = kvx_worker_at(ix, id);
        for (unsigned o = 0; w->generation && w->overlay.count && o < len; o++)
            kvx_names_drop(ix, w, KVX_POS(chunk, o));
    }
}

uint64_t kvx_name_of(const struct kvx_index *ix, const struct kvx_worker *w, uint64_t pos)
{
    uint32_t pair = kvx_pairs_second(&w->overlay, pos);
    return pair ? w->overlay.items[pair - 1].first : kvx_engine_at(ix, pos);
}
