#include "chunk.h"
#include "naming.h"
#include "pending.h"
#include "worker.h"

/* How a worker held blocks of one chunk. */
struct taken {
    size_t pairs;   /* (position, tier) pairs that were taken */
    uint64_t bits;  /* blocks taken from some tier */
    uint64_t other; /* blocks it holds in other tiers */
};

/* Takes `bits` of the chunk from the worker in these tiers. */
static struct taken take(struct kvx_index *ix, struct kvx_worker *w, struct kvx_chunk *c, uint64_t bits,
                         unsigned tiers)
{
    struct taken taken = {0};
    for (unsigned tier = 0; w->tiers >> tier; tier++) {
        if (!(w->tiers >> tier & 1))
            continue;
        _Atomic uint64_t *mask = kvx_mask_find(c, kvx_holder_of(w, (enum kvx_tier)tier));
        uint64_t before = mask ? atomic_load_explicit(mask, memory_order_relaxed) : 0;
        if (!(before & bits))
            continue;
        if (!(tiers >> tier & 1)) {
            taken.other |= before & bits;
            continue;
        }
        int count = __builtin_popcountll(before & bits);
        kvx_mask_set(c, mask, before & ~bits);
        kvx_held_add(ix, w, (enum kvx_tier)tier, -count);
        taken.pairs += (size_t)count;
        taken.bits |= before & bits;
        if (!(before & ~bits))
            kvx_holders_compact(ix, c);
    }
    return taken;
}

static struct taken take_one(struct kvx_index *ix, struct kvx_worker *w, uint64_t pos, unsigned tiers)
{
    return take(ix, w, kvx_chunk_at(ix, KVX_POS_CHUNK(pos)), (uint64_t)1 << KVX_POS_OFFSET(pos), tiers);
}

/* The position the shared map names, if the worker names it so. Returns 1 if it does. */
static unsigned remove_shared(struct kvx_index *ix, struct kvx_worker *w, unsigned tiers, uint64_t hash,
                              size_t *taken)
{
    uint64_t pos = kvx_map_find(ix, &ix->map, hash);
    if (!pos || kvx_pairs_second(&w->overlay, pos))
        return 0;
    struct taken t = take_one(ix, w, pos, tiers);
    *taken += t.pairs;
    if (t.pairs) {
        kvx_names_lost(ix, w, pos);
        kvx_chunk_reclaim(ix, KVX_POS_CHUNK(pos));
    }
    return (t.bits | t.other) != 0;
}

static unsigned remove_overlay(struct kvx_index *ix, struct kvx_worker *w, unsigned tiers, uint64_t hash,
                               size_t *taken)
{
    unsigned named = 0;
    for (uint32_t next, i = kvx_pairs_first(&w->overlay, hash); i; i = next) {
        uint64_t pos = w->overlay.items[i - 1].second;
        struct taken t = take_one(ix, w, pos, tiers);
        named += (t.bits | t.other) != 0;
        *taken += t.pairs;
        if (t.other) {
            next = kvx_pairs_next(&w->overlay, i);
            continue;
        }
        kvx_names_drop_others(ix, w, pos, i); /* first, so that `next` is not among them */
        next = kvx_pairs_next(&w->overlay, i);
        kvx_name_lose(ix, w, pos, i);
        if (!t.pairs)
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

static void remove_each(struct kvx_index *ix, struct kvx_worker *w, unsigned tiers, size_t n,
                        const uint64_t *engine, struct kvx_remove_result *result)
{
    enum { AHEAD = 12 };
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
}

/* ---- Runs. Engines evict consecutive blocks together, last or first one first. A worker without names of
 * its own names by the columns alone: where these agree with the hashes, block by block, no map is asked.
 * ---- */

/* Hashes of consecutive cells of one chunk. */
struct run {
    uint32_t id;
    struct kvx_chunk *chunk;
    unsigned first, last; /* offsets of the first and of the last hash */
    unsigned count;
};

/* Is `pos` what the shared map has for this hash? Without asking it: false may be wrong. */
static bool surely_names(const struct kvx_index *ix, uint64_t pos, uint64_t hash)
{
    const struct kvx_chunk *c = kvx_chunk_at(ix, KVX_POS_CHUNK(pos));
    return c->serial && !c->secondary && KVX_POS_OFFSET(pos) < kvx_chunk_len(c) &&
           kvx_engines(c)[KVX_POS_OFFSET(pos)] == hash;
}

/* The hashes that go on from the position of the first one, in either direction. */
static struct run run_from(const struct kvx_index *ix, uint64_t pos, size_t n, const uint64_t *engine)
{
    uint32_t id = KVX_POS_CHUNK(pos);
    unsigned at = KVX_POS_OFFSET(pos), count = 1;
    struct kvx_chunk *c = kvx_chunk_at(ix, id);
    const uint64_t *names = kvx_engines(c);
    unsigned len = kvx_chunk_len(c);
    struct run run = {id, c, at, at, 1};
    if (c->secondary || n == 1)
        return run;
    if (at && names[at - 1] == engine[1]) {
        while (count < n && count <= at && names[at - count] == engine[count])
            count++;
        run.last = at - (count - 1);
    } else {
        while (count < n && at + count < len && names[at + count] == engine[count])
            count++;
        run.last = at + (count - 1);
    }
    run.count = count;
    return run;
}

/* Where the hash after a run may be: one cell on, or in front of the chunk. */
static uint64_t guess_after(const struct run *r)
{
    if (r->last > r->first || (r->count == 1 && r->last == 0 && !r->chunk->parent))
        return KVX_POS(r->id, r->last + 1 < KVX_CHUNK_BLOCKS ? r->last + 1 : r->last);
    return r->last ? KVX_POS(r->id, r->last - 1) : KVX_POS(r->chunk->parent, r->chunk->parent_offset);
}

static void remove_run(struct kvx_index *ix, struct kvx_worker *w, unsigned tiers, const struct run *r,
                       struct kvx_remove_result *result)
{
    unsigned low = r->first < r->last ? r->first : r->last;
    struct taken t = take(ix, w, r->chunk, kvx_bits(low, r->count), tiers);
    result->removed += t.pairs;
    result->unknown += r->count - (unsigned)__builtin_popcountll(t.bits);
    if (t.pairs)
        kvx_chunk_reclaim(ix, r->id);
}

static void remove_runs(struct kvx_index *ix, struct kvx_worker *w, unsigned tiers, size_t n,
                        const uint64_t *engine, struct kvx_remove_result *result)
{
    enum { AHEAD = 12 };
    uint64_t guess = 0;
    size_t fetched = 0, window = 0; /* slots are fetched ahead while guesses are wrong */
    for (size_t i = 0; i < n;) {
        uint64_t pos = guess && surely_names(ix, guess, engine[i]) ? guess : 0;
        window = pos ? 0 : window ? AHEAD : 1;
        if (!pos) {
            for (fetched = fetched > i ? fetched : i; window > 1 && fetched < n && fetched < i + window;)
                kvx_map_prefetch(&ix->map, engine[fetched++]);
            pos = kvx_map_find(ix, &ix->map, engine[i]);
        }
        guess = 0;
        if (!pos) {
            result->unknown++;
            i++;
            continue;
        }
        struct run r = run_from(ix, pos, n - i, engine + i);
        guess = guess_after(&r);
        remove_run(ix, w, tiers, &r, result);
        i += r.count;
    }
}

int kvx_index_remove(struct kvx_index *ix, struct kvx_worker_ref ref, unsigned tiers, size_t n,
                     const uint64_t *engine, struct kvx_remove_result *result)
{
    struct kvx_worker *w = kvx_worker_get(ix, ref);
    *result = (struct kvx_remove_result){0};
    if (!w)
        return KVX_STALE;
    if (w->overlay.count || w->pending_count || w->unresolved.count)
        remove_each(ix, w, tiers, n, engine, result);
    else
        remove_runs(ix, w, tiers, n, engine, result);
    return KVX_OK;
}
