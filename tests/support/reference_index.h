/* The literal reference of the index: for each worker and tier a set of whole-prefix keys, for each worker a
 * multimap engine hash -> keys, and the rules for pending and unresolved blocks written down as they read.
 * Slow and plain on purpose; it shares no code with the index, and is the judge in its tests.
 *
 * A key is a 64-bit hash of the whole prefix; tests are far too small for collisions. Not thread-safe. Aborts
 * when out of memory. */
#ifndef REFERENCE_INDEX_H
#define REFERENCE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REF_TIERS = 4, REF_REACHES = 5 };

struct reference;
struct reference_counts {
    size_t added, known, pending, resolved, dropped;   /* stores */
    size_t removed, several, pending_removed, unknown; /* removals */
};

/* Holders 0 to workers - 1 are workers, the `pools` after them shared pools. A pending store is not placed
 * under more than `parents_max` positions; it waits on. */
struct reference *reference_new(uint32_t workers, uint32_t pools, size_t pending_blocks_max,
                                size_t unresolved_max, size_t pool_unresolved_max, size_t parents_max);
void reference_free(struct reference *);

/* The key of the block with this local hash behind `parent`; 0 is the root. */
uint64_t reference_key(uint64_t parent, uint64_t local);
/* The sequence hash of the block with this local hash; `above` is that of the block before, if there is one.
 */
uint64_t reference_sequence(bool has_parent, uint64_t above, uint64_t local);

void reference_store(struct reference *, uint32_t worker, unsigned tier, bool has_parent, uint64_t parent,
                     size_t n, const uint64_t *local, const uint64_t *engine, struct reference_counts *);
void reference_reside(struct reference *, uint32_t worker, unsigned tier, size_t n, const uint64_t *engine,
                      struct reference_counts *);
void reference_remove(struct reference *, uint32_t worker, unsigned tiers, size_t n, const uint64_t *engine,
                      struct reference_counts *);
void reference_clear(struct reference *, uint32_t worker,
                     unsigned tiers); /* these tiers; all of them: a restart */

/* blocks[t]: cumulative leading blocks through tier t, pools included; the external tier's begin where the
 * host ends and go through disk and external. */
void reference_match(const struct reference *, uint32_t worker, const uint64_t *local, size_t n,
                     uint32_t blocks[REF_REACHES]);
size_t reference_held(const struct reference *, uint32_t worker, unsigned tier);
size_t reference_pending(const struct reference *);
size_t reference_unresolved(const struct reference *);
bool reference_holds(const struct reference *, uint32_t worker, unsigned tier, uint64_t key);
bool reference_names(const struct reference *, uint32_t worker, uint64_t engine, uint64_t key);
size_t reference_named(const struct reference *, uint32_t worker, uint64_t engine); /* how many positions */
/* Every position that any store has ever put under this engine hash. */
const uint64_t *reference_ever_named(const struct reference *, uint64_t engine, size_t *count);

#endif /* REFERENCE_INDEX_H */
