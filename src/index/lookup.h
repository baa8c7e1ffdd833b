/* A lookup from inside: its scratch space, and the question it is answering. Reads only words that are
 * shared; writes only its own scratch. */
#ifndef INDEX_LOOKUP_H
#define INDEX_LOOKUP_H

#include "chunk.h"

/* Arrays by slot are as long as those by worker: no worker's id is above all slots'. Between lookups depth,
 * by_worker, verdict and bits are all 0. */
struct kvx_lookup {
    const struct kvx_allocator *allocator;
    uint32_t cap; /* slots, and workers, there is room for; others came after the lookup began */
    struct kvx_match *matches;
    uint64_t *bits;      /* by match: the worker's own blocks in the chunk at hand */
    uint32_t *depth;     /* by slot: how far its worker has come on the device */
    uint32_t *touched;   /* slots with a depth above 0; then, matches with bits */
    uint32_t *by_worker; /* worker -> its match + 1 */
    uint32_t *verdict;   /* worker -> what `wanted` said */
    uint32_t *asked;     /* workers with a verdict */
    uint32_t match_count, touched_count, asked_count;
};

struct kvx_question {
    const struct kvx_index *ix;
    struct kvx_lookup *l;
    const struct kvx_prompt *prompt;
    const uint64_t *hashes;
    uint32_t n;
    bool sequence, filtered;
};

/* What a reader sees of a chunk's holders at one moment. */
struct kvx_holder_view {
    const _Atomic uint64_t *masks;
    const uint32_t *ids;
    uint32_t count;
};

static inline struct kvx_holder_view kvx_view_of(const struct kvx_chunk *c)
{
    /* acquire: pairs with the list's publication; its count then covers complete entries only */
    const struct kvx_holders *h = atomic_load_explicit(&c->holders, memory_order_acquire);
    if (h)
        return (struct kvx_holder_view){h->masks, kvx_holder_ids(h),
                                        atomic_load_explicit(&h->count, memory_order_acquire)};
    /* only_holder was written before the first non-zero mask was released */
    bool any = atomic_load_explicit(&c->only_mask, memory_order_acquire) != 0;
    return (struct kvx_holder_view){&c->only_mask, &c->only_holder, any};
}

/* The number of blocks from `from` on that a mask holds without a gap, at most `to - from`. */
static inline unsigned kvx_run_in(uint64_t mask, unsigned from, unsigned to)
{
    uint64_t missing = ~mask >> from;
    unsigned run = missing ? (unsigned)__builtin_ctzll(missing) : 64 - from;
    return run < to - from ? run : to - from;
}

uint32_t kvx_walk_on_sequence(const struct kvx_question *, uint32_t parent, unsigned offset, uint32_t base);
unsigned kvx_walk_same_sequence(const struct kvx_question *, const uint64_t *local, uint32_t base,
                                unsigned cells);

/* The chunk that goes on with block `base` of the prompt behind the position (parent, offset), or 0. */
static inline uint32_t kvx_walk_on(const struct kvx_question *q, uint32_t parent, unsigned offset,
                                   uint32_t base)
{
    if (q->sequence)
        return kvx_walk_on_sequence(q, parent, offset, base);
    return kvx_child_find(q->ix, &q->ix->children, parent, offset, q->hashes[base], 0);
}

/* How many of the chunk's cells are the prompt's blocks from `base` on: 1 at least. */
static inline unsigned kvx_walk_same(const struct kvx_question *q, const struct kvx_chunk *c, uint32_t base)
{
    uint32_t cells = kvx_chunk_len(c), left = q->n - base;
    cells = cells < left ? cells : left;
    if (q->sequence)
        return kvx_walk_same_sequence(q, kvx_locals(c), base, cells);
    return kvx_common(kvx_locals(c), q->hashes + base, cells);
}

/* Is the worker asked about? It must be one that lived at some moment of this lookup, so that its label is
 * there. */
bool kvx_lookup_wants(const struct kvx_question *, uint32_t worker);
/* A match that reaches `depth` blocks in every way. */
static inline struct kvx_match kvx_match_of(void *label, uint32_t worker, uint64_t held, uint32_t depth)
{
    return (struct kvx_match){
        .label = label, .worker = worker, .blocks = {depth, depth, depth, depth, depth}, .held_blocks = held};
}

/* Adds all workers asked about that have no match. */
void kvx_lower_everyone(const struct kvx_question *);
/* Finds the matches by worker from now on, until kvx_lower_end. */
void kvx_lower_begin(const struct kvx_question *);
void kvx_lower_end(const struct kvx_question *);
/* Extends the matches through the tiers below the device. */
void kvx_lower_tiers(const struct kvx_question *);
bool kvx_lower_used(const struct kvx_index *);

#endif /* INDEX_LOOKUP_H */
