/* Placing a run of blocks below a known position. Writers hold the lock. */
#ifndef INDEX_PLACE_H
#define INDEX_PLACE_H

#include "index_private.h"

struct kvx_run {
    struct kvx_worker *worker;
    enum kvx_tier tier;
    size_t n;
    const uint64_t *local, *engine;
    /* bits of the blocks the worker holds; NULL: all. The others are only on the path */
    const uint64_t *alive;
    size_t added, known; /* counted by kvx_place */
    bool warm;           /* kvx_place's own: the next hashes are on their way */
};

/* Walks or creates the positions below `parent`, and gives the run's alive blocks to its holder. On KVX_NOMEM
 * a prefix of the run has been applied. */
int kvx_place(struct kvx_index *, struct kvx_run *, uint64_t parent) KVX_MUST_CHECK;
/* The worker, which names `pos` already, holds it in `tier` too. 1: newly; 0: it did before. */
int kvx_hold(struct kvx_index *, struct kvx_worker *, uint64_t pos, enum kvx_tier) KVX_MUST_CHECK;

#endif /* INDEX_PLACE_H */
