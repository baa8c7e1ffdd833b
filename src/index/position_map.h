/* The map from a hash to the position it names, for all workers. Used by writers only, under the lock. An
 * index has one by engine hash; and, once it has had a pool, one by sequence hash.
 *
 * A slot is 8 bytes: 30 hash bits (the tag) and a 34-bit position, no key; a candidate is verified through
 * the chunk's columns. The table is ordered by tag: linear probing in which a slot's home grows with
 * its tag and equal homes are sorted. So a search ends at the first larger tag, a removal at the first slot
 * that stands at home, and growth is one sequential pass that never reads a column. There is no wrap-around:
 * the table ends in spare slots. */
#ifndef INDEX_POSITION_MAP_H
#define INDEX_POSITION_MAP_H

#include "base/err.h"
#include "memory.h"

#include <stdbool.h>

struct kvx_index;

/* Zero-initialised but for the three settings. */
struct kvx_position_map {
    enum kvx_purpose purpose;
    bool sequence;   /* by sequence hash, not by engine hash */
    uint64_t mask;   /* hooks: ~0 outside tests */
    uint64_t *slots; /* size + spare ones; 0 is empty, and the last one always is */
    uint64_t size;   /* at most 1 << 30 */
    uint64_t count;
};

#define KVX_MAP_NONE (~(uint64_t)0)

void kvx_map_fini(struct kvx_index *, struct kvx_position_map *); /* empty afterwards, and usable */
/* Room for n more entries. */
int kvx_map_reserve(struct kvx_index *, struct kvx_position_map *, size_t n) KVX_MUST_CHECK;
/* The position that has this hash, or 0. */
uint64_t kvx_map_find(const struct kvx_index *, const struct kvx_position_map *, uint64_t hash);
/* Enters hash -> pos if the hash names nothing yet and returns 0; else the position it names. The columns
 * must hold the block already, and room be reserved. KVX_MAP_NONE when a cluster became so long that the
 * table would have to grow and could not: the hash is then not entered. */
uint64_t kvx_map_put(struct kvx_index *, struct kvx_position_map *, uint64_t hash, uint64_t pos);
/* Removes hash -> pos if it is there; returns whether it was. */
bool kvx_map_erase(struct kvx_position_map *, uint64_t hash, uint64_t pos);
void kvx_map_prefetch(const struct kvx_position_map *, uint64_t hash);
bool kvx_map_valid(const struct kvx_index *, const struct kvx_position_map *);

#endif /* INDEX_POSITION_MAP_H */
