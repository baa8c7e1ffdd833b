/* A service with a fake driver: sources that only remember their feeds, so that a test is the engine. */
#ifndef SERVICE_FIXTURE_H
#define SERVICE_FIXTURE_H

#include "failing_allocator.h"
#include "service/service.h"

enum { FIXTURE_SOURCES_MAX = 64, FIXTURE_INFLIGHT_MAX = 256 };

struct fixture {
    struct failing_allocator memory;
    struct kvx_metrics metrics;
    struct kvx_service *service;
    struct kvx_caller *caller;
    struct kvx_arena arena;
    struct kvx_error error;
    bool refuse_open; /* the next open fails, as a bad endpoint does */
    struct fake_source {
        struct kvx_feed *feed; /* NULL once closed and released */
        uint32_t block_size;
        bool closed, pool;
    } sources[FIXTURE_SOURCES_MAX];
    size_t n_sources;
    /* of the last fixture_query, and of the last fixture_unregister */
    struct kvx_query_result result;
    const struct kvx_removed_worker *removed;
    size_t n_removed;
};

int fixture_open(struct fixture *, uint32_t block_size); /* a kvx_code */
void fixture_close(struct fixture *);

int fixture_register(struct fixture *, const char *id, uint32_t rank, uint32_t block_size);
int fixture_unregister(struct fixture *, const char *id, int rank); /* rank -1: all */
/* The same in other partitions than the default one, without one_block_size. */
int fixture_register_in(struct fixture *, const char *id, uint32_t rank, const struct kvx_partition_choice *,
                        enum kvx_source_kind);
int fixture_unregister_in(struct fixture *, const char *id, int rank, const struct kvx_partition_choice *);

/* Source i stores n blocks whose local hashes are first, first+1, ...; engine hashes are those plus `naming`.
 */
int fixture_store(struct fixture *, size_t source, bool has_rank, uint32_t rank, uint64_t first, size_t n,
                  uint64_t naming);
/* The same with equal engine hashes, of events that name a partition (or NULL), in a tier. */
int fixture_store_in(struct fixture *, size_t source, const struct kvx_feed_scope *, enum kvx_tier,
                     uint64_t first, size_t n);
/* Asks for the local hashes first, first+1, ..., unless `args` is of another form than tokens. */
int fixture_query(struct fixture *, const struct kvx_query_args *, uint64_t first, size_t n);
/* The score of (id, rank) for the prompt first, first+1, ... of n blocks; -1 when it is not among the hits.
 */
int fixture_score(struct fixture *, const char *id, uint32_t rank, uint64_t first, size_t n);

#endif /* SERVICE_FIXTURE_H */
