/* Operation files for the index benchmark, and generators for when none is given.
 *
 * A file is a sequence of little-endian records:
 *     u8 type, u32 worker, u32 n, u64 parent, then columns of n u64 each
 *     type 0, query:  local hashes
 *     type 1, store:  local hashes, engine hashes; parent 0 is the root
 *     type 2, remove: engine hashes
 * An engine hash names one whole prefix, the same for all workers. FILE.chk, if it exists, holds samples for
 * the exactness check: u64 offset in FILE, u32 n, u32 0, n local hashes; a sample is asked when the records
 * that start before the offset have been applied. */
#ifndef INDEX_WORKLOAD_H
#define INDEX_WORKLOAD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum workload_type { WORKLOAD_QUERY, WORKLOAD_STORE, WORKLOAD_REMOVE };

struct workload {
    const char *name;
    char *data, *samples; /* samples: NULL if there are none */
    size_t size, samples_size;
    uint32_t workers;
};

struct workload_record {
    enum workload_type type;
    uint32_t worker, n;
    uint64_t parent;
    const uint64_t *first, *second; /* the columns; not aligned in the file, but x86 and arm64 do not mind */
    size_t size;                    /* of the whole record */
};

static inline struct workload_record workload_record(const char *p)
{
    struct workload_record r = {.type = (enum workload_type) * p};
    memcpy(&r.worker, p + 1, sizeof(r.worker));
    memcpy(&r.n, p + 5, sizeof(r.n));
    memcpy(&r.parent, p + 9, sizeof(r.parent));
    r.first = (const uint64_t *)(const void *)(p + 17);
    r.second = r.first + r.n;
    r.size = 17 + (r.type == WORKLOAD_STORE ? 16u : 8u) * (size_t)r.n;
    return r;
}

/* SplitMix64: different for different numbers, and random to look at. */
static inline uint64_t workload_mix(uint64_t x)
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

/* All of these exit with a message when they cannot do their work. */
struct workload workload_load(const char *path);
void workload_write(const struct workload *, const char *path);

struct workload_shape {
    uint32_t requests, workers;
    uint32_t cache; /* blocks of each worker */
    /* So many of a thousand stored blocks are evicted at once, never the last one of a request, and stored
     * again when their worker has served 8 more requests. */
    uint32_t holes_per_thousand;
    uint32_t holders; /* so many neighbouring workers serve each request; 0: one */
};

/* Requests with the lengths, the prefix reuse and the one common first block of the public Mooncake
 * conversation trace (p50 14, mean 24, at most 247 ids of 32 blocks; 36.6 % of the ids repeat a prefix),
 * served by workers with an LRU cache that evicts a request's last blocks first. Each goes to a random
 * worker. */
struct workload workload_trace(const struct workload_shape *, uint64_t seed);
/* Trunks of 64 blocks, and branches of 1 to 3 new blocks at random places of them: the worst case for chunks.
 */
struct workload workload_branches(uint32_t branches, uint32_t workers, uint64_t seed);
void workload_free(struct workload *);

#endif /* INDEX_WORKLOAD_H */
