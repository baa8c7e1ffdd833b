#include "place.h"

#include "chunk.h"
#include "naming.h"
#include "pending.h"
#include "sequence.h"
#include "worker.h"

/* Consecutive cells of one chunk that match blocks i to i + count - 1 of the run. */
struct segment {
    uint32_t id;
    struct kvx_chunk *chunk;
    unsigned start, count;
    uint64_t taken; /* fresh cells whose engine hash names another position */
};

/* The cells below `parent` that exist already. */
static bool find_segment(const struct kvx_index *ix, const struct kvx_run *run, size_t i, uint64_t parent,
                         struct segment *s)
{
    unsigned start = KVX_POS_OFFSET(parent) + 1;
    s->id = KVX_POS_CHUNK(parent);
    s->chunk = kvx_chunk_at(ix, s->id);
    s->taken = 0;
    if (!s->id || start >= kvx_chunk_len(s->chunk) || kvx_locals(s->chunk)[start] != run->local[i]) {
        s->id = kvx_child_find(ix, &ix->children, KVX_POS_CHUNK(parent), KVX_POS_OFFSET(parent),
                               run->local[i], 0);
        if (!s->id)
            return false;
        s->chunk = kvx_chunk_at(ix, s->id);
        start = 0;
    }
    size_t left = run->n - i, cells = kvx_chunk_len(s->chunk) - start;
    if (left > cells)
        kvx_chunk_fetch_next(ix, s->id, 2);
    s->start = start;
    s->count =
        kvx_common(kvx_locals(s->chunk) + start, run->local + i, (unsigned)(cells < left ? cells : left));
    return true;
}

static void append(struct kvx_index *ix, struct kvx_run *run, size_t i, struct segment *s)
{
    struct kvx_cells cells = {.local = run->local + i,
                              .engine = run->engine + i,
                              .count = s->count,
                              .more = run->n - i - s->count,
                              .warm = run->warm};
    s->taken = kvx_chunk_append(ix, s->id, &cells);
    run->warm = true; /* what follows a new block is new */
}

static int append_cells(struct kvx_index *ix, struct kvx_run *run, size_t i, struct segment *s)
{
    s->start = kvx_chunk_len(s->chunk);
    size_t room = KVX_CHUNK_BLOCKS - s->start, left = run->n - i;
    s->count = (unsigned)(left < room ? left : room);
    /* the holder's entry first: cells without any holder would be garbage if that failed */
    if (!kvx_mask_ensure(ix, s->chunk, kvx_holder_of(run->worker, run->tier)) ||
        kvx_chunk_grow(ix, s->chunk, s->start + s->count))
        return KVX_NOMEM;
    append(ix, run, i, s);
    return KVX_OK;
}

static int new_chunk(struct kvx_index *ix, struct kvx_run *run, size_t i, uint64_t parent, struct segment *s)
{
    size_t left = run->n - i;
    s->start = 0;
    s->count = (unsigned)(left < KVX_CHUNK_BLOCKS ? left : KVX_CHUNK_BLOCKS);
    if (kvx_child_reserve(ix, &ix->children) || kvx_sequence_reserve(ix) ||
        kvx_chunk_new(ix, KVX_POS_CHUNK(parent), KVX_POS_OFFSET(parent), s->count, &s->id))
        return KVX_NOMEM;
    s->chunk = kvx_chunk_at(ix, s->id);
    append(ix, run, i, s);
    kvx_chunk_publish(ix, s->id);
    return KVX_OK;
}

/* Cells for the run's next blocks below `parent`: at the end of the parent's chunk if it ends there, else a
 * new chunk. */
static int create_segment(struct kvx_index *ix, struct kvx_run *run, size_t i, uint64_t parent,
                          struct segment *s)
{
    s->id = KVX_POS_CHUNK(parent);
    s->chunk = kvx_chunk_at(ix, s->id);
    unsigned len = kvx_chunk_len(s->chunk);
    if (s->id && KVX_POS_OFFSET(parent) + 1 == len && len < KVX_CHUNK_BLOCKS)
        return append_cells(ix, run, i, s);
    return new_chunk(ix, run, i, parent, s);
}

/* The run's alive blocks of a segment, as bits of the chunk. */
static uint64_t alive_bits(const struct kvx_run *run, size_t i, const struct segment *s)
{
    uint64_t bits = kvx_bits(s->start, s->count);
    for (unsigned k = 0; run->alive && k < s->count; k++)
        if (!(run->alive[(i + k) / 64] >> (i + k) % 64 & 1))
            bits &= ~((uint64_t)1 << (s->start + k));
    return bits;
}

/* Do all these blocks carry the column's engine hashes, and do these lead back here? Then the column names
 * them. */
static bool column_names(const struct kvx_run *run, size_t i, const struct segment *s)
{
    if (s->taken || s->chunk->secondary || run->worker->overlay.count)
        return false;
    return kvx_common(kvx_engines(s->chunk) + s->start, run->engine + i, s->count) == s->count;
}

/* Names the blocks of `bits` one by one. Returns those that are named now; out of memory, fewer than asked
 * for. */
static uint64_t name_each(struct kvx_index *ix, const struct kvx_run *run, size_t i, const struct segment *s,
                          uint64_t bits, uint64_t held)
{
    uint64_t named = 0;
    for (unsigned k = 0; k < s->count; k++) {
        uint64_t bit = (uint64_t)1 << (s->start + k);
        if (!(bits & bit))
            continue;
        uint64_t hash = run->engine[i + k];
        int rc = kvx_name_add(ix, run->worker, KVX_POS(s->id, s->start + k), hash, held & bit);
        if (rc < 0)
            return named;
        named |= bit;
        if (rc == 1 && ix->waiting.count)
            kvx_pending_trigger(ix, hash);
    }
    return named;
}

static void trigger_each(struct kvx_index *ix, const struct kvx_run *run, size_t i, const struct segment *s,
                         uint64_t fresh)
{
    for (unsigned k = 0; k < s->count && ix->waiting.count; k++)
        if (fresh >> (s->start + k) & 1)
            kvx_pending_trigger(ix, run->engine[i + k]);
}

static int hold_segment(struct kvx_index *ix, struct kvx_run *run, size_t i, const struct segment *s)
{
    struct kvx_worker *w = run->worker;
    uint64_t wanted = alive_bits(run, i, s), held = kvx_worker_mask(w, s->chunk), bits = wanted;
    if (!wanted)
        return KVX_OK;
    _Atomic uint64_t *mask = kvx_mask_ensure(ix, s->chunk, kvx_holder_of(w, run->tier));
    if (!mask)
        return KVX_NOMEM;
    if (!column_names(run, i, s))
        bits = name_each(ix, run, i, s, wanted, held);
    else if (ix->waiting.count)
        trigger_each(ix, run, i, s, wanted & ~held);
    uint64_t before = atomic_load_explicit(mask, memory_order_relaxed);
    int added = __builtin_popcountll(bits & ~before);
    kvx_mask_set(s->chunk, mask, before | bits);
    kvx_held_add(ix, w, run->tier, added);
    w->tiers |= KVX_TIER_BIT(run->tier);
    run->added += (size_t)added;
    run->known += (size_t)(__builtin_popcountll(bits) - added);
    return bits == wanted ? KVX_OK : KVX_NOMEM;
}

int kvx_place(struct kvx_index *ix, struct kvx_run *run, uint64_t parent)
{
    for (size_t i = 0; i < run->n;) {
        struct segment s;
        if (!find_segment(ix, run, i, parent, &s) && create_segment(ix, run, i, parent, &s)) {
            kvx_chunk_reclaim(ix, KVX_POS_CHUNK(parent)); /* a path of dead blocks only may end here */
            return KVX_NOMEM;
        }
        if (hold_segment(ix, run, i, &s)) {
            kvx_chunk_reclaim(ix, s.id);
            return KVX_NOMEM;
        }
        i += s.count;
        parent = KVX_POS(s.id, s.start + s.count - 1);
    }
    kvx_chunk_reclaim(ix, KVX_POS_CHUNK(parent));
    return KVX_OK;
}

int kvx_hold(struct kvx_index *ix, struct kvx_worker *w, uint64_t pos, enum kvx_tier tier)
{
    struct kvx_chunk *c = kvx_chunk_at(ix, KVX_POS_CHUNK(pos));
    uint64_t bit = (uint64_t)1 << KVX_POS_OFFSET(pos);
    _Atomic uint64_t *mask = kvx_mask_ensure(ix, c, kvx_holder_of(w, tier));
    if (!mask)
        return KVX_NOMEM;
    uint64_t before = atomic_load_explicit(mask, memory_order_relaxed);
    if (before & bit)
        return 0;
    kvx_mask_set(c, mask, before | bit);
    kvx_held_add(ix, w, tier, 1);
    w->tiers |= KVX_TIER_BIT(tier);
    return 1;
}
