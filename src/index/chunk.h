/* Chunks: creating, growing and reclaiming them, and their holders' masks. Writers hold the lock. */
#ifndef INDEX_CHUNK_H
#define INDEX_CHUNK_H

#include "index_private.h"

/* acquire: pairs with the release of `len` and of the child slot, so that cells below `len` are complete. */
static inline unsigned kvx_chunk_len(const struct kvx_chunk *c)
{
    return atomic_load_explicit(&c->len, memory_order_acquire);
}

/* Load `len` first: a column is always published before a length that needs it. */
static inline uint64_t *kvx_locals(const struct kvx_chunk *c)
{
    return atomic_load_explicit(&c->cells, memory_order_acquire);
}

/* Writer only. */
static inline uint64_t *kvx_engines(const struct kvx_chunk *c)
{
    return atomic_load_explicit(&c->cells, memory_order_relaxed) + KVX_TWIN_DISTANCE / sizeof(uint64_t);
}

static inline uint64_t kvx_engine_at(const struct kvx_index *ix, uint64_t pos)
{
    return kvx_engines(kvx_chunk_at(ix, KVX_POS_CHUNK(pos)))[KVX_POS_OFFSET(pos)];
}

static inline const uint32_t *kvx_holder_ids(const struct kvx_holders *h)
{
    return (const uint32_t *)(const void *)(h->masks + h->cap);
}

/* The chunk that probably goes on behind this position, or 0. */
static inline uint32_t kvx_chunk_next(const struct kvx_index *ix, uint32_t id, unsigned offset)
{
    if (offset != KVX_CHUNK_BLOCKS - 1)
        return 0;
    /* acquire: pairs with the release that published the chunk */
    return atomic_load_explicit(&kvx_chunk_at(ix, id)->next, memory_order_acquire);
}

enum { KVX_COLUMN_BYTES = KVX_CHUNK_BLOCKS * sizeof(uint64_t) };

/* Fetches cells (one column or both) and holders of a chunk. */
static inline void kvx_chunk_fetch(const struct kvx_chunk *c, unsigned columns)
{
    const char *cells = (const char *)atomic_load_explicit(&c->cells, memory_order_relaxed);
    for (unsigned i = 0; cells && i < columns; i++, cells += KVX_TWIN_DISTANCE)
        for (unsigned at = 0; at < KVX_COLUMN_BYTES; at += 64)
            __builtin_prefetch(cells + at);
    __builtin_prefetch(atomic_load_explicit(&c->holders, memory_order_relaxed));
}

/* Fetches what a walk that goes on behind this full chunk will read: cells (one column or both) and holders
 * of the next one, and a header behind that: these mostly stand in a row. Returns the next one, or 0. */
static inline uint32_t kvx_chunk_fetch_next(const struct kvx_index *ix, uint32_t id, unsigned columns)
{
    uint32_t next = kvx_chunk_next(ix, id, KVX_CHUNK_BLOCKS - 1);
    if (!next)
        return 0;
    const struct kvx_chunk *c = kvx_chunk_at(ix, next);
    kvx_chunk_fetch(c, columns);
    __builtin_prefetch(c + 3 * (int32_t)(next - id));
    return next;
}

/* The number of leading equal words. */
unsigned kvx_common(const uint64_t *a, const uint64_t *b, unsigned n);

/* A chunk that nobody can find yet: fill its cells, then kvx_chunk_publish. Takes an id and room for `blocks`
 * cells. */
int kvx_chunk_new(struct kvx_index *, uint32_t parent, unsigned offset, unsigned blocks,
                  uint32_t *out) KVX_MUST_CHECK;
/* Enters the chunk into the child tables; room was reserved. */
void kvx_chunk_publish(struct kvx_index *, uint32_t id);
/* Room for `blocks` cells in all. */
int kvx_chunk_grow(struct kvx_index *, struct kvx_chunk *, unsigned blocks) KVX_MUST_CHECK;
/* Blocks for new cells. */
struct kvx_cells {
    const uint64_t *local, *engine;
    unsigned count;
    size_t more; /* hashes that follow these, likely to become cells next */
    bool warm;   /* these followed other ones */
};
/* Writes cells at the end and enters their hashes into the maps (sequence hashes: reserved before). Bits of
 * cells whose hash names another position already are returned. Readers see the cells afterwards. */
uint64_t kvx_chunk_append(struct kvx_index *, uint32_t id, const struct kvx_cells *);
/* If nobody holds anything here and no child hangs here: unlinks the chunk, and its parents in turn. */
void kvx_chunk_reclaim(struct kvx_index *, uint32_t id);
/* After the grace period: a list of chunks becomes free. */
void kvx_chunks_free(struct kvx_index *, uint32_t first);

/* The mask of a holder, or NULL if it has no entry here. */
_Atomic uint64_t *kvx_mask_find(const struct kvx_chunk *, uint32_t holder);
/* The same, with a new entry (mask 0) if needed. NULL when out of memory. */
_Atomic uint64_t *kvx_mask_ensure(struct kvx_index *, struct kvx_chunk *, uint32_t holder);
/* Changes a mask and the chunk's count of holders. */
void kvx_mask_set(struct kvx_chunk *, _Atomic uint64_t *mask, uint64_t value);
/* Shrinks a holder list that is mostly zero masks, if memory allows. */
void kvx_holders_compact(struct kvx_index *, struct kvx_chunk *);
size_t kvx_holders_size(uint32_t cap);

static inline uint64_t kvx_mask_get(const struct kvx_chunk *c, uint32_t holder)
{
    _Atomic uint64_t *mask = kvx_mask_find(c, holder);
    return mask ? atomic_load_explicit(mask, memory_order_relaxed) : 0;
}

/* Entry i of a chunk's holders, for writers that walk them all. */
uint32_t kvx_entry_count(const struct kvx_chunk *);
uint32_t kvx_entry(struct kvx_chunk *, uint32_t i, _Atomic uint64_t **mask);

#endif /* INDEX_CHUNK_H */
