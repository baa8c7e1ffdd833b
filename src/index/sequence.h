/* Sequence hashes: names of whole prefixes (base/block_hash.h). Off until somebody asks by them.
 *
 * On: the sequence hash of each chunk's first block, and a second child table by it, so that readers walk a
 * prompt of sequence hashes. With `blocks` (once the index has had a pool) also a map from the sequence hash
 * of every position to it. Writers hold the lock. */
#ifndef INDEX_SEQUENCE_H
#define INDEX_SEQUENCE_H

#include "index_private.h"

#include "base/block_hash.h"

/* Readers: true once the child table is complete, for good. acquire: pairs with the release that turned it
 * on. */
static inline bool kvx_sequence_on(const struct kvx_index *ix)
{
    return atomic_load_explicit(&ix->sequence.on, memory_order_acquire);
}

/* The sequence hash of the block with this local hash behind `pos`, whose own one is `above`. */
static inline uint64_t kvx_sequence_after(uint64_t pos, uint64_t above, uint64_t local)
{
    return pos ? kvx_sequence_hash(above, local) : local;
}

/* The sequence hash of a position; 0 for the root. On only. */
uint64_t kvx_sequence_at(const struct kvx_index *, uint64_t pos);

void kvx_sequence_init(struct kvx_index *);
void kvx_sequence_fini(struct kvx_index *);
/* Turns it on, with the map of all positions if asked for. KVX_NOMEM leaves it as it was. */
int kvx_sequence_enable(struct kvx_index *, bool blocks) KVX_MUST_CHECK;
/* Room for one more chunk. Does nothing while it is off. */
int kvx_sequence_reserve(struct kvx_index *) KVX_MUST_CHECK;
/* Cells [from, from + n) of a chunk are written: enters their hashes. Room for the chunk was reserved. */
void kvx_sequence_append(struct kvx_index *, uint32_t id, unsigned from, unsigned n);
/* The chunk becomes visible, or goes. */
void kvx_sequence_publish(struct kvx_index *, uint32_t id);
void kvx_sequence_forget(struct kvx_index *, uint32_t id);
/* NULL, or what is wrong. */
const char *kvx_sequence_check_chunk(const struct kvx_index *, uint32_t id);
const char *kvx_sequence_check(const struct kvx_index *);

#endif /* INDEX_SEQUENCE_H */
