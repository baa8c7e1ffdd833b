/* One engine's KV cache: a fixed number of blocks, replaced in order of last use. Holds names, not tensors.
 */
#ifndef SIM_CACHE_H
#define SIM_CACHE_H

#include "prompt.h"

#define SIM_NO_ENTRY UINT32_MAX

struct sim_entry {
    struct sim_digest digest, parent;
    bool has_parent;
    uint32_t older, newer; /* SIM_NO_ENTRY at the ends; `newer` also links free entries */
};

struct sim_cache {
    struct sim_entry *entries;
    uint32_t capacity, count;
    uint32_t oldest, newest, free_list;
    uint32_t *slots; /* open addressing by digest, 2^bits of them, at most half full */
    uint32_t slot_mask;
};

void sim_cache_init(struct sim_cache *, uint32_t capacity); /* capacity >= 1 */
void sim_cache_free(struct sim_cache *);
void sim_cache_clear(struct sim_cache *);

uint32_t sim_cache_find(const struct sim_cache *, struct sim_digest); /* SIM_NO_ENTRY when absent */
/* Makes the entry the newest: the last to be evicted. */
void sim_cache_touch(struct sim_cache *, uint32_t entry);
/* Adds a block as the newest. It must be absent and the cache not full. */
void sim_cache_add(struct sim_cache *, struct sim_digest, const struct sim_digest *parent);
void sim_cache_remove(struct sim_cache *, uint32_t entry);

#endif /* SIM_CACHE_H */
