/* The literal reference's map from 64-bit keys to small records, chained. Not thread-safe. Aborts when out of
 * memory. */
#ifndef REFERENCE_MAP_H
#define REFERENCE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ref_node {
    struct ref_node *next;
    uint64_t key;
    uint64_t *values; /* position -> engine hashes; engine hash -> positions */
    uint32_t count, cap;
    unsigned tiers; /* positions only */
};
/* Zeroed is empty. */
struct ref_map {
    struct ref_node **heads;
    size_t size, count;
};

/* Returns `p`; aborts when it is NULL. */
void *ref_need(void *p);

struct ref_node *ref_map_get(const struct ref_map *, uint64_t key); /* NULL: not there */
struct ref_node *ref_map_put(struct ref_map *, uint64_t key);       /* the one that is there, or a new one */
void ref_map_drop(struct ref_map *, struct ref_node *);
void ref_map_clear(struct ref_map *);

bool ref_node_has(const struct ref_node *, uint64_t value); /* of NULL: false */
void ref_node_add(struct ref_node *, uint64_t value);
void ref_node_take(struct ref_node *, uint64_t value);

#endif /* REFERENCE_MAP_H */
