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
        bool closed;
    } sources[FIXTURE_SOURCES_MAX];
    size_t n_sources;
};

int fixture_open(struct fixture *, uint32_t block_size); /* a kvx_code */
void fixture_close(struct fixture *);

int fixture_register(struct fixture *, const char *id, uint32_t rank, uint32_t block_size);
int fixture_unregister(struct fixture *, const char *id, int rank); /* rank -1: all */

/* Source i stores n blocks whose local hashes are first, first+1, ...; engine hashes are those plus `naming`.
 */
int fixture_store(struct fixture *, size_t source, bool has_rank, uint32_t rank, uint64_t first, size_t n,
                  uint64_t naming);
/* The score of (id, rank) for the prompt first, first+1, ... of n blocks; -1 when it is not among the hits.
 */
int fixture_score(struct fixture *, const char *id, uint32_t rank, uint64_t first, size_t n);

#endif /* SERVICE_FIXTURE_H */
