/* The literal model that judges the index benchmark in the same run: the set of (worker, prefix) pairs,
 * nothing else. Engine hashes name one prefix each here (see index_workload.h), which keeps it small enough
 * for millions of blocks. */
#ifndef INDEX_LITERAL_H
#define INDEX_LITERAL_H

#include <stdint.h>

struct literal;
struct literal *literal_new(void); /* exits when out of memory, as all of these do */
void literal_free(struct literal *);
void literal_store(struct literal *, uint32_t worker, uint64_t parent, uint32_t n, const uint64_t *local,
                   const uint64_t *engine);
void literal_remove(struct literal *, uint32_t worker, uint32_t n, const uint64_t *engine);
uint32_t literal_score(const struct literal *, uint32_t worker, uint32_t n, const uint64_t *local);
uint64_t literal_held(const struct literal *);

#endif /* INDEX_LITERAL_H */
