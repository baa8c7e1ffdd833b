/* A set of pairs of 64-bit words that can be searched by either word: one worker's overlay (engine hash,
 * position), the runs that wait for a parent (engine hash, run), and so on. Chained, so that a walk survives
 * the removal of other pairs.
 *
 * Walk: for (i = kvx_pairs_first(p, key); i; i = kvx_pairs_next(p, i)). Take the next index before removing
 * pair i. All under the writer lock.
 */
#ifndef INDEX_PAIRS_H
#define INDEX_PAIRS_H

#include "base/err.h"
#include "memory.h"

#include <stdbool.h>

struct kvx_pair {
    uint64_t first, second;
    uint32_t next_first, next_second; /* chains; next_first also links free pairs */
};

/* Zero-initialised but for the two settings. Indices start at 1; 0 ends a chain. */
struct kvx_pairs {
    enum kvx_purpose purpose;
    uint64_t mask; /* hooks: ~0 outside tests */
    struct kvx_pair *items;
    uint32_t *by_first, *by_second; /* 1 << bits chain heads each */
    uint32_t count, cap, used;      /* used: items ever handed out, the free ones included */
    uint32_t free;
    unsigned bits;
};

void kvx_pairs_init(struct kvx_pairs *, enum kvx_purpose, uint64_t mask);
void kvx_pairs_fini(struct kvx_pairs *, struct kvx_memory *); /* empty afterwards, and usable */
/* Room for n more pairs. */
int kvx_pairs_reserve(struct kvx_pairs *, struct kvx_memory *, size_t n) KVX_MUST_CHECK;
/* The pair must not be in the set yet, and room for it reserved. */
void kvx_pairs_add(struct kvx_pairs *, uint64_t first, uint64_t second);
void kvx_pairs_remove(struct kvx_pairs *, uint32_t index);

uint32_t kvx_pairs_first(const struct kvx_pairs *, uint64_t first);
uint32_t kvx_pairs_next(const struct kvx_pairs *, uint32_t index);
uint32_t kvx_pairs_second(const struct kvx_pairs *, uint64_t second);
uint32_t kvx_pairs_next_second(const struct kvx_pairs *, uint32_t index);
uint32_t kvx_pairs_find(const struct kvx_pairs *, uint64_t first, uint64_t second);
bool kvx_pairs_valid(const struct kvx_pairs *);

#endif /* INDEX_PAIRS_H */
