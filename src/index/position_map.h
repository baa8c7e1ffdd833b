/* The map from a hash to the position it names, for all workers. Used by writers only, under the lock. An
 * index has one by engine hash; and, once it has had a pool, one by sequence hash.
 *
 * A slot is 8 bytes: 30 hash bits (the tag) and a 34-bit position, no key; a candidate is verified through
 * the chunk's columns. A bucket is one cache line of 8 slots. An entry is in the bucket its tag says, its
 * home, or in a later one if all between were full: so a search ends at the first bucket with an empty slot.
 *
 * The table is in parts, by the first bits of the tag. Each grows on its own, in the cache, and splits in two
 * when it is large: no growth moves the whole table, and memory is used again at once. None re-reads a
 * column. */
#ifndef INDEX_POSITION_MAP_H
#define INDEX_POSITION_MAP_H

#include "base/err.h"
#include "memory.h"

#include <stdbool.h>

struct kvx_index;

struct kvx_map_part {
    uint64_t
        *slots;    /* 8 a bucket, on cache lines, in a ring; 0 is empty. struct kvx_map_head is before them */
    uint32_t size; /* buckets */
    uint32_t depth; /* the first tag bits that its entries share */
};

/* Zero-initialised but for the three settings. */
struct kvx_position_map {
    enum kvx_purpose purpose;
    bool sequence;              /* by sequence hash, not by engine hash */
    uint64_t mask;              /* hooks: ~0 outside tests */
    struct kvx_map_part *parts; /* 1 << bits, by the first tag bits; a part stands there several times if its
                                   depth is less. NULL while there is none */
    unsigned bits;
    uint64_t count;
};

#define KVX_MAP_NONE (~(uint64_t)0)

void kvx_map_fini(struct kvx_index *, struct kvx_position_map *); /* empty afterwards, and usable */
/* The position that has this hash, or 0. */
uint64_t kvx_map_find(const struct kvx_index *, const struct kvx_position_map *, uint64_t hash);
/* Enters hash -> pos if the hash names nothing yet and returns 0; else the position it names. The columns
 * must hold the block already. KVX_MAP_NONE when out of memory: it is then not entered. */
uint64_t kvx_map_put(struct kvx_index *, struct kvx_position_map *, uint64_t hash, uint64_t pos);
/* The same for `count` hashes of a row of positions from `pos` on; `more` hashes follow them and will be
 * entered next. With `warm`, these were such hashes. Bit i: the i-th hash names another position, or was not
 * entered. */
struct kvx_map_run {
    const uint64_t *hashes;
    unsigned count; /* at most 64 */
    size_t more;
    bool warm;
};
uint64_t kvx_map_put_run(struct kvx_index *, struct kvx_position_map *, const struct kvx_map_run *,
                         uint64_t pos);
/* Removes hash -> pos if it is there; returns whether it was. */
bool kvx_map_erase(struct kvx_position_map *, uint64_t hash, uint64_t pos);
void kvx_map_prefetch(const struct kvx_position_map *, uint64_t hash);
bool kvx_map_valid(const struct kvx_index *, const struct kvx_position_map *);

#endif /* INDEX_POSITION_MAP_H */
