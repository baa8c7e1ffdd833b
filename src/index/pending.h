/* Stores whose parent nobody has named yet. Writers hold the lock. */
#ifndef INDEX_PENDING_H
#define INDEX_PENDING_H

#include "index_private.h"

/* One pending store. A removal deletes single blocks (their bit in `alive`): like a hole, the path keeps
 * them. */
struct kvx_pending_run {
    struct kvx_pending_run *older, *newer;           /* of the same worker */
    struct kvx_pending_run *ready_next, *ready_prev; /* runs whose parent was just named */
    bool ready;
    uint8_t tier;
    uint32_t worker;
    uint64_t serial; /* age */
    uint64_t parent;
    uint32_t n, alive_count;
    size_t size;              /* of this allocation */
    uint64_t *local, *engine; /* n each, inside the allocation */
    uint64_t *alive;          /* bits */
    uint32_t number[];        /* number[i] == i: a block is known by the address of its number */
};

/* Keeps a store; the worker's oldest runs make room. KVX_NOMEM changes nothing. */
int kvx_pending_add(struct kvx_index *, struct kvx_worker *, const struct kvx_store *,
                    struct kvx_store_result *) KVX_MUST_CHECK;
/* Some worker has a new entry for `hash`: the runs that wait for it become ready, oldest first. */
void kvx_pending_trigger(struct kvx_index *, uint64_t hash);
void kvx_pending_not_ready(struct kvx_index *, struct kvx_pending_run *);
void kvx_pending_free(struct kvx_index *, struct kvx_worker *, struct kvx_pending_run *);
/* Deletes the pending blocks with this engine hash; returns how many. */
size_t kvx_pending_remove(struct kvx_index *, struct kvx_worker *, unsigned tiers, uint64_t hash);
void kvx_pending_clear(struct kvx_index *, struct kvx_worker *, unsigned tiers);
/* What a run of n blocks counts against the byte bound. */
uint64_t kvx_pending_bytes(size_t n);

/* Hashes that were announced in a tier before any store made them known. Oldest dropped first. */
struct kvx_unresolved {
    uint64_t hash;
    enum kvx_tier tier;
    struct kvx_unresolved *older, *newer;
};

uint32_t kvx_unresolved_max(const struct kvx_index *, const struct kvx_worker *);
int kvx_unresolved_add(struct kvx_index *, struct kvx_worker *, uint64_t hash, enum kvx_tier,
                       struct kvx_store_result *) KVX_MUST_CHECK;
size_t kvx_unresolved_remove(struct kvx_index *, struct kvx_worker *, unsigned tiers, uint64_t hash);
void kvx_unresolved_clear(struct kvx_index *, struct kvx_worker *, unsigned tiers);

#endif /* INDEX_PENDING_H */
