/* Workers, their generations and slots. Writers hold the lock. */
#ifndef INDEX_WORKER_H
#define INDEX_WORKER_H

#include "index_private.h"

/* The worker if `ref` is its current generation, else NULL. */
struct kvx_worker *kvx_worker_get(const struct kvx_index *, struct kvx_worker_ref ref);
/* The blocks a worker's holder gained or, negative, lost. */
void kvx_held_add(struct kvx_index *, struct kvx_worker *, enum kvx_tier, int64_t blocks);
/* Frees everything a worker owns besides its masks: overlay, pending and unresolved blocks. */
void kvx_worker_forget(struct kvx_index *, struct kvx_worker *);
/* After the grace period: lists of slots and workers become free; labels are released. */
void kvx_slots_free(struct kvx_index *, uint32_t first);
void kvx_workers_free(struct kvx_index *, uint32_t first);

#endif /* INDEX_WORKER_H */
