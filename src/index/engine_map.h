/* The shared map from engine hash to position, for all workers. Used by writers only, under the lock.
 *
 * A slot is 8 bytes: 26 hash bits and a 38-bit position, no key; a candidate is verified through the chunk's
 * engine column. Linear probing over homes that grow with the hash. The table has 16 regions: a hash's top
 * four bits name the region, the 26 stored bits the place in it, so that any slot's home follows from its
 * content and where it stands. Growth is one sequential pass that never reads a column. */
#ifndef INDEX_ENGINE_MAP_H
#define INDEX_ENGINE_MAP_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct kvx_index;

struct kvx_engine_map {
    uint64_t *slots; /* 16 * region; 0 is empty */
    uint64_t region;
    uint64_t count;
    uint64_t mask; /* hooks: ~0 outside tests */
};

#define KVX_MAP_NONE (~(uint64_t)0)

void kvx_map_fini(struct kvx_index *);
/* Room for n more entries. */
int kvx_map_reserve(struct kvx_index *, size_t n) KVX_MUST_CHECK;
/* The position whose engine column says `hash`, or 0. */
uint64_t kvx_map_find(const struct kvx_index *, uint64_t hash);
/* Enters hash -> pos if the hash names nothing yet and returns 0; else the position it names. The column must
 * hold the hash already, and room be reserved. KVX_MAP_NONE when a cluster became so long that the table
 * would have to grow and could not: the hash is then not entered. */
uint64_t kvx_map_put(struct kvx_index *, uint64_t hash, uint64_t pos);
/* Removes hash -> pos if it is there. */
void kvx_map_erase(struct kvx_index *, uint64_t hash, uint64_t pos);
void kvx_map_prefetch(const struct kvx_index *, uint64_t hash);
bool kvx_map_valid(const struct kvx_index *);

#endif /* INDEX_ENGINE_MAP_H */
