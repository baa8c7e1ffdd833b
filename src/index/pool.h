/* Shared pools: holders that no request goes to and that name blocks by sequence hash, or by the engine hash
 * of somebody else. Writers hold the lock. */
#ifndef INDEX_POOL_H
#define INDEX_POOL_H

#include "place.h"

/* The pool holds in `tier` what `hash` names: the held position with that sequence hash; else what the pool
 * itself names so; else the one position that workers name so. 1: it does now; 0: it names nothing. Counts
 * into `result`. */
int kvx_pool_hold(struct kvx_index *, struct kvx_worker *, uint64_t hash, enum kvx_tier,
                  struct kvx_store_result *) KVX_MUST_CHECK;
/* The run was placed below these positions: what pools announced before under a sequence or engine hash of
 * its blocks is tried again. */
int kvx_pools_resolve(struct kvx_index *, const struct kvx_run *, const uint64_t *parents, int n,
                      struct kvx_store_result *) KVX_MUST_CHECK;

#endif /* INDEX_POOL_H */
