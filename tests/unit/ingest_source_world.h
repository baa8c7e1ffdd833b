/* The real service with the real ingest, on short times, and ways to wait for what an engine's events lead
 * to. */
#ifndef INGEST_SOURCE_WORLD_H
#define INGEST_SOURCE_WORLD_H

#include "failing_allocator.h"
#include "ingest/ingest.h"
#include "ingest_source_engine.h"
#include "service/service.h"

struct world {
    struct failing_allocator memory;
    struct kvx_metrics metrics;
    struct kvx_service *service;
    struct kvx_ingest *ingest;
    struct kvx_caller *caller;
    struct kvx_arena arena;
    struct kvx_error error;
};

/* NULL: the tests' tunables. */
void world_open(struct world *, uint32_t threads, const struct kvx_ingest_tunables *);
/* Also checks that nothing leaked. */
void world_close(struct world *);

int world_register(struct world *, const char *id, uint32_t rank, const char *endpoint, const char *replay);
void world_follow(struct world *, const char *id, const struct engine *); /* rank 0, must succeed */
int world_unregister(struct world *, const char *id);

/* The score of (id, rank) for the first n blocks of a family; 0 when it is not among the hits. */
unsigned world_score(struct world *, const char *id, uint32_t rank, uint64_t family, size_t n);
/* The worker's line of the list; false when it is not there. */
bool world_worker(struct world *, const char *id, uint32_t rank, struct kvx_worker_info *);
uint64_t world_count(struct world *, enum kvx_counter);

/* Wait until it is so; fail the test when it does not happen in time. */
void wait_score(struct world *, const char *id, uint32_t rank, uint64_t family, size_t n, unsigned score);
void wait_state(struct world *, const char *id, uint32_t rank, const char *state); /* "degraded/gap" */
void wait_sequence(struct world *, const char *id, uint32_t rank, uint64_t last);
void wait_count(struct world *, enum kvx_counter, uint64_t at_least);
/* The engine has at least one subscriber: publishes empty batches numbered from `seq` on until one arrives;
 * returns the next number. For sources without replay. */
uint64_t wait_subscribed(struct world *, const char *id, struct engine *, uint64_t seq);

#endif /* INGEST_SOURCE_WORLD_H */
