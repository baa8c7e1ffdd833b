#include "chunk.h"
#include "naming.h"
#include "pending.h"
#include "sequence.h"
#include "worker.h"

/* Each check returns NULL or what is wrong. `children` and `held` are recounted from the chunks. */
struct validation {
    struct kvx_index *ix;
    uint32_t *children; /* by chunk id */
    uint64_t *held;     /* by worker id and tier */
};

static const char *check_entry(struct validation *v, uint32_t id, uint32_t holder, uint64_t bits)
{
    const struct kvx_index *ix = v->ix;
    if (holder >> 2 >= ix->slots.count)
        return "a holder id has no slot";
    const struct kvx_slot *slot = kvx_slot_at(ix, holder >> 2);
    unsigned tier = holder & 3;
    if (!(slot->used >> tier & 1))
        return "a mask belongs to a slot that is not used for its tier";
    if (atomic_load_explicit(&slot->dead, memory_order_relaxed) >> tier & 1)
        return slot->sweep_pass ? NULL : "a dead holder's mask survived its sweep";
    const struct kvx_worker *w = kvx_worker_at(ix, slot->worker);
    if (!w->generation || w->slot[tier] != holder >> 2 || !(w->tiers >> tier & 1))
        return "a living slot is not its worker's current one";
    if (slot->pool != w->pool || (w->pool && tier == KVX_TIER_DEVICE))
        return "a pool's holder is not what it may be";
    v->held[slot->worker * KVX_TIER_COUNT + tier] += (uint64_t)__builtin_popcountll(bits);
    for (; bits; bits &= bits - 1) {
        uint64_t pos = KVX_POS(id, (unsigned)__builtin_ctzll(bits));
        if (!kvx_pairs_second(&w->overlay, pos) && kvx_map_find(ix, &ix->map, kvx_engine_at(ix, pos)) != pos)
            return "a held position has no name";
    }
    return NULL;
}

static const char *check_holders(struct validation *v, uint32_t id, struct kvx_chunk *c)
{
    uint32_t live = 0, n = kvx_entry_count(c);
    for (uint32_t i = 0; i < n; i++) {
        _Atomic uint64_t *mask;
        uint32_t holder = kvx_entry(c, i, &mask);
        uint64_t bits = atomic_load_explicit(mask, memory_order_relaxed);
        if (kvx_mask_find(c, holder) != mask)
            return "a holder has two entries in one chunk";
        if (!bits)
            continue;
        live++;
        if (bits & ~kvx_bits(0, kvx_chunk_len(c)))
            return "a mask is longer than its chunk";
        const char *wrong = check_entry(v, id, holder, bits);
        if (wrong)
            return wrong;
    }
    return live == c->live ? NULL : "a chunk miscounts its holders";
}

static const char *check_chunk(struct validation *v, uint32_t id, struct kvx_chunk *c)
{
    const struct kvx_index *ix = v->ix;
    unsigned len = kvx_chunk_len(c);
    if (len < 1 || len > c->cap || c->cap > KVX_CHUNK_BLOCKS)
        return "a chunk's length is out of range";
    const struct kvx_chunk *parent = kvx_chunk_at(ix, c->parent);
    if (c->parent
            ? !parent->serial || parent->serial >= c->serial || c->parent_offset >= kvx_chunk_len(parent)
            : c->parent_offset != 0)
        return "a chunk hangs at no position";
    if (kvx_child_find(ix, &ix->children, c->parent, c->parent_offset, kvx_locals(c)[0], 0) != id)
        return "a chunk is not in the child table";
    uint32_t next = kvx_chunk_next(ix, id, KVX_CHUNK_BLOCKS - 1);
    if (next && (next >= ix->chunks.count || !kvx_chunk_at(ix, next)->serial ||
                 kvx_chunk_at(ix, next)->parent != id ||
                 kvx_chunk_at(ix, next)->parent_offset != KVX_CHUNK_BLOCKS - 1))
        return "what should follow a chunk does not";
    for (unsigned i = 0; i < len && !c->secondary; i++)
        if (kvx_map_find(ix, &ix->map, kvx_engines(c)[i]) != KVX_POS(id, i))
            return "the shared map misses a primary position";
    if (!c->live && !c->children)
        return "a chunk without holders and children was not reclaimed";
    const char *wrong = kvx_sequence_on(ix) ? kvx_sequence_check_chunk(ix, id) : NULL;
    if (wrong)
        return wrong;
    v->children[c->parent]++;
    return check_holders(v, id, c);
}

static const char *check_chunks(struct validation *v)
{
    struct kvx_index *ix = v->ix;
    uint64_t chunks = 0, positions = 0;
    for (uint32_t id = 1; id < ix->chunks.count; id++) {
        struct kvx_chunk *c = kvx_chunk_at(ix, id);
        if (!c->serial)
            continue;
        const char *wrong = check_chunk(v, id, c);
        if (wrong)
            return wrong;
        chunks++;
        positions += kvx_chunk_len(c);
    }
    for (uint32_t id = 0; id < ix->chunks.count; id++)
        if ((id == 0 || kvx_chunk_at(ix, id)->serial) && kvx_chunk_at(ix, id)->children != v->children[id])
            return "a chunk miscounts its children";
    if (chunks != ix->chunk_count || positions != ix->positions)
        return "chunks or positions are miscounted";
    if (ix->children.live != chunks || ix->children.used < ix->children.live)
        return "the child table is miscounted";
    if (!kvx_map_valid(ix, &ix->map))
        return "the shared map holds a wrong or unreachable entry";
    return kvx_sequence_check(ix);
}

static const char *check_pending(const struct kvx_index *ix, uint32_t id, const struct kvx_worker *w,
                                 uint64_t *runs)
{
    uint64_t blocks = 0, bytes = 0, unresolved = 0;
    for (const struct kvx_pending_run *run = w->oldest; run; run = run->newer) {
        if (run->worker != id || !kvx_pairs_find(&ix->waiting, run->parent, (uintptr_t)run))
            return "a pending run does not wait";
        if (run->newer ? run->newer->older != run : w->newest != run)
            return "the list of pending runs is broken";
        blocks += run->alive_count;
        bytes += kvx_pending_bytes(run->n);
        (*runs)++;
    }
    for (const struct kvx_unresolved *u = w->unresolved_oldest; u; u = u->newer)
        unresolved++;
    if (blocks != w->pending_count || blocks != w->pending_blocks.count || bytes != w->pending_bytes)
        return "pending blocks are miscounted";
    if (blocks > ix->config.pending_blocks_max || bytes > ix->config.pending_bytes_max)
        return "pending blocks exceed their bounds";
    if (unresolved != w->unresolved.count || unresolved > kvx_unresolved_max(ix, w))
        return "unresolved blocks are miscounted";
    return kvx_pairs_valid(&w->pending_blocks) && kvx_pairs_valid(&w->unresolved)
               ? NULL
               : "a worker's pairs are broken";
}

/* What is added up over workers and pools. */
struct sums {
    uint64_t workers, pools, overlay, pool_overlay, pending, unresolved, runs;
    uint64_t held[KVX_TIER_COUNT], pool_held[KVX_TIER_COUNT];
};

static const char *check_worker(const struct validation *v, uint32_t id, struct sums *sum)
{
    const struct kvx_worker *w = kvx_worker_at(v->ix, id);
    if (atomic_load_explicit(&w->live, memory_order_relaxed) != (w->generation && !w->pool))
        return "readers take a worker for what it is not";
    if (!w->generation)
        return NULL;
    for (unsigned tier = 0; tier < KVX_TIER_COUNT; tier++) {
        uint64_t count = atomic_load_explicit(&w->held[tier], memory_order_relaxed);
        sum->held[tier] += count;
        sum->pool_held[tier] += w->pool ? count : 0;
        if (count != v->held[id * KVX_TIER_COUNT + tier])
            return "a worker miscounts its blocks";
    }
    const struct kvx_slot *slot = kvx_slot_at(v->ix, w->slot[KVX_TIER_DEVICE]);
    if (slot->label != w->label || atomic_load_explicit(&slot->held, memory_order_relaxed) !=
                                       atomic_load_explicit(&w->held[KVX_TIER_DEVICE], memory_order_relaxed))
        return "answers would tell something else of a worker";
    *(w->pool ? &sum->pools : &sum->workers) += 1;
    *(w->pool ? &sum->pool_overlay : &sum->overlay) += w->overlay.count;
    sum->pending += w->pending_count;
    sum->unresolved += w->unresolved.count;
    const char *wrong = check_pending(v->ix, id, w, &sum->runs);
    if (wrong)
        return wrong;
    return kvx_pairs_valid(&w->overlay) ? NULL : "an overlay is broken";
}

static const char *check_pools(const struct kvx_index *ix, uint64_t pools)
{
    if (pools && !ix->sequence.blocks)
        return "a pool has no map by sequence hash";
    uint64_t listed = 0;
    for (uint32_t id = ix->pools; id && listed <= pools; id = kvx_worker_at(ix, id)->next_pool, listed++)
        if (!kvx_worker_at(ix, id)->generation || !kvx_worker_at(ix, id)->pool)
            return "a worker is in the list of pools";
    return listed == pools ? NULL : "the list of pools is broken";
}

static const char *check_workers(const struct validation *v)
{
    const struct kvx_index *ix = v->ix;
    struct sums sum = {0};
    const char *wrong = NULL;
    for (uint32_t id = 1; id < ix->workers.count && !wrong; id++)
        wrong = check_worker(v, id, &sum);
    wrong = wrong ? wrong : check_pools(ix, sum.pools);
    if (wrong)
        return wrong;
    for (unsigned tier = 0; tier < KVX_TIER_COUNT; tier++)
        if (sum.held[tier] != atomic_load_explicit(&ix->held[tier], memory_order_relaxed) ||
            sum.pool_held[tier] != ix->pool_held[tier])
            return "the index miscounts a tier";
    if (sum.workers != ix->worker_count || sum.overlay != ix->overlay_entries ||
        sum.pool_overlay != ix->pool_overlay_entries || sum.pending != ix->pending_blocks ||
        sum.unresolved != ix->unresolved_count)
        return "workers or their names are miscounted";
    return sum.runs == ix->waiting.count && kvx_pairs_valid(&ix->waiting) ? NULL
                                                                          : "the waiting runs are miscounted";
}

static const char *check_rest(const struct kvx_index *ix)
{
    uint32_t dead = 0;
    for (uint32_t id = 1; id < ix->slots.count; id++)
        dead += kvx_slot_at(ix, id)->sweep_pass != 0;
    if (dead != ix->dead_slots)
        return "dead generations are miscounted";
    uint64_t used = 0;
    for (unsigned purpose = 0; purpose < KVX_PURPOSES; purpose++)
        used += ix->memory.used[purpose];
    return used <= ix->memory.total ? NULL : "more memory is used than was taken";
}

bool kvx_index_validate(struct kvx_index *ix, const char **reason)
{
    const struct kvx_allocator *a =
        &kvx_system_allocator; /* not the index's own: validating must not change it */
    kvx_index_lock(ix);
    size_t chunks = ix->chunks.count * sizeof(uint32_t);
    size_t workers = (size_t)ix->workers.count * KVX_TIER_COUNT * sizeof(uint64_t);
    struct validation v = {ix, kvx_alloc_zeroed(a, chunks), kvx_alloc_zeroed(a, workers)};
    const char *wrong = v.children && v.held ? NULL : "no memory to validate";
    wrong = wrong ? wrong : check_chunks(&v);
    wrong = wrong ? wrong : check_workers(&v);
    wrong = wrong ? wrong : check_rest(ix);
    kvx_dealloc(a, v.children, chunks);
    kvx_dealloc(a, v.held, workers);
    kvx_index_unlock(ix);
    if (wrong)
        *reason = wrong;
    return !wrong;
}
