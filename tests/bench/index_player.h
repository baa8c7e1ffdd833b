/* An index and its workers, and records of a workload played through it. */
#ifndef INDEX_PLAYER_H
#define INDEX_PLAYER_H

#include "index/index.h"
#include "index_workload.h"

#include <stdbool.h>

struct player {
    uint32_t workers;
    bool pool; /* an empty one: every block is known by its sequence hash too */
    struct kvx_rcu *rcu;
    struct kvx_rcu_reader *reader;
    struct kvx_lookup *lookup;
    struct kvx_index *ix;
    struct kvx_worker_ref *refs, pool_ref; /* labels are the addresses of refs */
    uint64_t touched;                      /* only so that reading is not left out */
    uint64_t checksum;                     /* sum of score * (worker + 1) over all answers */
    uint64_t pending, unknown;             /* of the events */
};

/* Exits with a message, as everything here does that fails. */
void require(bool ok, const char *what);

void player_init(struct player *, uint32_t workers, bool pool);
void player_fini(struct player *);
/* An empty index, in place of the one before. */
void player_restart(struct player *);

/* One thread. */
void player_query(struct player *, const struct workload_record *);
/* One thread, perhaps another one than the queries'. */
void player_event(struct player *, const struct workload_record *);

/* Records as a caller would hand them over: decoded just now, their columns aligned, one after another. */
struct window {
    struct workload_record *records;
    uint64_t *words;
    size_t count, cap, used, words_cap;
    bool own_hashes; /* each worker's engine hashes are its own */
};

void window_fini(struct window *);
void window_clear(struct window *);
void window_add(struct window *, const struct workload_record *);
/* Fills it with queries, and the events up to the next query, from offset `at` on. Returns where the next one
 * begins. */
size_t window_fill(struct window *, const struct workload *, size_t at);
/* Fills it with all queries of the workload in random order. */
void window_shuffle(struct window *, const struct workload *);

struct lookup_times {
    uint64_t p50, p99; /* nanoseconds */
    size_t count;
};
/* Asks the window's queries in its order, `passes` times over, or until `more` says that it is enough. Warm:
 * each one's hashes are in the cache, as for a caller that has just made them. */
struct lookup_times player_lookups(struct player *, const struct window *, bool warm, size_t passes,
                                   bool (*more)(void *), void *user);

#endif /* INDEX_PLAYER_H */
