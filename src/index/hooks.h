/* Tests only: make collisions happen. A mask of all ones changes nothing; with fewer bits more keys share a
 * hash. */
#ifndef INDEX_HOOKS_H
#define INDEX_HOOKS_H

#include <stdint.h>

struct kvx_index_hooks {
    uint64_t engine_mask;   /* the engine-hash map: bits 34 to 63 are both bucket and tag */
    uint64_t child_mask;    /* the child table: bits 32 to 63 are both bucket and tag */
    uint64_t sequence_mask; /* the map by sequence hash, like engine_mask */
    uint64_t pair_mask;     /* buckets of overlays, pending and unresolved blocks */
};

#endif /* INDEX_HOOKS_H */
