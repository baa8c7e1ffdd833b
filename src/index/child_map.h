/* The table that finds a chunk by (parent chunk, offset in it, hash of the first block). Read without locks.
 * An index has one by local hash; and, when prompts may be asked for by sequence hash, one by that.
 *
 * A slot is one atomic word: 32 hash bits and a chunk id. Entries never move inside a table: removal leaves a
 * mark, and a full table is replaced by a fresh copy. So a reader that walks a cluster cannot miss an entry
 * that stays. */
#ifndef INDEX_CHILD_MAP_H
#define INDEX_CHILD_MAP_H

#include "base/err.h"
#include "memory.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct kvx_index;

struct kvx_child_table {
    uint64_t size;
    _Atomic uint64_t slots[]; /* hash << 32 | chunk; 0 is empty, a chunk of 0 marks a removed entry */
};

/* Zero-initialised but for the three settings. */
struct kvx_child_map {
    _Atomic(struct kvx_child_table *) table; /* shared; NULL at first */
    uint64_t live, used;                     /* used: live entries and marks */
    uint64_t mask;                           /* hooks: ~0 outside tests */
    enum kvx_purpose purpose;
    bool sequence; /* by sequence hash, not by local hash */
};

/* Only where no reader can see the table. Empty afterwards, and usable. */
void kvx_child_fini(struct kvx_index *, struct kvx_child_map *);
int kvx_child_reserve(struct kvx_index *, struct kvx_child_map *) KVX_MUST_CHECK; /* room for one more */
/* 0 if there is none. `above` is the sequence hash of the position (parent, offset): used by a map of
 * sequence hashes, to verify a candidate by its local hash. Readers and writers. */
uint32_t kvx_child_find(const struct kvx_index *, const struct kvx_child_map *, uint32_t parent,
                        unsigned offset, uint64_t first, uint64_t above);
void kvx_child_prefetch(const struct kvx_child_map *, uint32_t parent, unsigned offset, uint64_t first);
/* Some time after the prefetch: the chunk that kvx_child_find will probably find, or 0; its header is then on
 * its way. */
uint32_t kvx_child_guess(const struct kvx_index *, const struct kvx_child_map *, uint32_t parent,
                         unsigned offset, uint64_t first);
/* Publishes a complete chunk. Room must be reserved. */
void kvx_child_add(struct kvx_child_map *, uint32_t parent, unsigned offset, uint64_t first, uint32_t chunk);
void kvx_child_remove(struct kvx_child_map *, uint32_t parent, unsigned offset, uint64_t first,
                      uint32_t chunk);

#endif /* INDEX_CHILD_MAP_H */
