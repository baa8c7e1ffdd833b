/* The literal reference from inside. */
#ifndef REFERENCE_PRIVATE_H
#define REFERENCE_PRIVATE_H

#include "reference_index.h"
#include "reference_map.h"

struct pending {
    uint32_t worker;
    unsigned tier;
    uint64_t parent;
    size_t n, alive;
    uint64_t *local, *engine;
    bool *dead;
    bool ready;
};
struct unresolved {
    uint32_t worker;
    unsigned tier;
    uint64_t engine;
};
struct ref_worker {
    struct ref_map positions, names;
    size_t held[REF_TIERS];
};
struct reference {
    uint32_t workers, holders; /* holders: workers, then pools */
    size_t pending_max, unresolved_max, pool_unresolved_max, parents_max;
    struct ref_worker *w;
    struct ref_map ever, ever_pairs;      /* engine hash -> keys; (engine hash, key) */
    struct ref_map sequence, by_sequence; /* key -> its sequence hash, and back */
    struct pending **pending;             /* by age */
    size_t pending_count, pending_cap;
    struct pending **ready; /* in the order in which their parents were named */
    size_t ready_count, ready_cap;
    struct unresolved *unresolved; /* by age */
    size_t unresolved_count, unresolved_cap;
};

#endif /* REFERENCE_PRIVATE_H */
