/* One worker's cache in a generated workload: blocks by engine hash, the least recently used evicted first.
 */
#ifndef INDEX_LRU_H
#define INDEX_LRU_H

#include <stdbool.h>
#include <stdint.h>

struct lru_node {
    uint64_t engine;
    uint32_t older, newer, chain;
};

struct lru {
    struct lru_node *nodes;
    uint32_t *heads; /* of chains of nodes that share a place */
    uint32_t size, count, cap, oldest, newest, unused;
};

/* Holds `cap` blocks, and at most `more` beyond that until they are evicted. */
void lru_init(struct lru *, uint32_t cap, uint32_t more);
void lru_fini(struct lru *);
bool lru_has(const struct lru *, uint64_t engine);
void lru_touch(struct lru *, uint64_t engine); /* enters it if it is new */
void lru_remove(struct lru *, uint64_t engine);
uint64_t lru_evict(struct lru *); /* the oldest */

#endif /* INDEX_LRU_H */
