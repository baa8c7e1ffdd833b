/* The service: one function per API operation, on plain structs, for every protocol alike.
 *
 * The protocols (http, rpc) translate their messages to these arguments and these results back; every rule
 * about workers, partitions and answers lives here. All functions may be called from any thread; each serving
 * thread brings a `kvx_caller` of its own. Texts in arguments are borrowed for the call. Texts and arrays in
 * results come from the caller's `arena` argument and live as long as it does.
 */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/metrics.h"
#include "index/index.h"
#include "service/source.h"

struct kvx_service;
struct kvx_caller; /* a serving thread's reader and scratch space */

struct kvx_service_config {
    const struct kvx_allocator *allocator;
    struct kvx_log *log; /* may be NULL */
    struct kvx_metrics *metrics;
    uint32_t block_size;       /* tokens a block for the default partition; 0: the first registration says */
    uint32_t max_inflight;     /* requests at once, over all protocols; 0: no limit */
    uint64_t ready_timeout_ns; /* how long a first replay may hold back readiness */
    uint32_t pending_blocks_max; /* see kvx_index_config */
    uint64_t pending_bytes_max;
    bool fault_hook; /* tests: an instance named "kvindex-fault-internal" makes register fail inside */
};

int kvx_service_new(struct kvx_service **out, const struct kvx_service_config *,
                    struct kvx_error *) KVX_MUST_CHECK;
/* All protocols and the driver must be stopped. */
void kvx_service_free(struct kvx_service *);
/* Where registrations open their sources. Once, before the first registration. */
void kvx_service_attach(struct kvx_service *, const struct kvx_source_driver *);
/* Startup is complete: readiness now depends on the sources alone. */
void kvx_service_started(struct kvx_service *);
/* From now on not ready. The protocols refuse what arrives later, and answer what has begun. */
void kvx_service_drain(struct kvx_service *);
/* Closes every source; the driver may still be finishing them when this returns. */
void kvx_service_close_sources(struct kvx_service *);
/* Sweeps removed generations and the like; call from one thread, every few milliseconds while it returns
 * true, else about every 50 ms. */
bool kvx_service_housekeeping(struct kvx_service *);

int kvx_caller_new(struct kvx_caller **out, struct kvx_service *) KVX_MUST_CHECK;
void kvx_caller_free(struct kvx_caller *);

/* Around every request: KVX_UNAVAILABLE when over max_inflight (counted), else 0 and one kvx_service_end. */
int kvx_service_begin(struct kvx_service *, struct kvx_error *) KVX_MUST_CHECK;
void kvx_service_end(struct kvx_service *);

/* An engine deployment. 1 and "1" are one id; `numeric` says how it was first written. */
struct kvx_instance_id {
    struct kvx_bytes text; /* decimal without leading zeros when numeric */
    bool numeric;
};

/* ---- Register: subscribe to one worker's events. Never waits for the worker. ---- */
struct kvx_register_args {
    struct kvx_instance_id instance;
    uint32_t dp_rank;
    struct kvx_bytes endpoint;
    struct kvx_bytes replay_endpoint; /* empty: none */
    uint32_t block_size;              /* 0: the partition's, or the daemon's default */
};
/* KVX_INVALID (no block size known, bad endpoint, bad id), KVX_EXISTS (that instance and rank), KVX_CONFLICT
 * (another block size than the partition's), KVX_UNAVAILABLE, KVX_NOMEM. */
int kvx_service_register(struct kvx_service *, const struct kvx_register_args *,
                         struct kvx_error *) KVX_MUST_CHECK;

/* ---- Unregister: stop, and remove the blocks. ---- */
struct kvx_unregister_args {
    struct kvx_instance_id instance;
    bool has_dp_rank; /* false: all ranks of the instance */
    uint32_t dp_rank;
};
/* KVX_NOT_FOUND. When it returns 0 no later answer shows the worker. `removed` (may be NULL): how many ranks.
 */
int kvx_service_unregister(struct kvx_service *, const struct kvx_unregister_args *, size_t *removed,
                           struct kvx_error *) KVX_MUST_CHECK;

/* ---- ListWorkers ---- */
struct kvx_worker_info {
    struct kvx_instance_id instance;
    uint32_t dp_rank;
    bool learned; /* seen only inside batches of another rank's source; endpoint is that source's */
    struct kvx_bytes endpoint, replay_endpoint;
    struct kvx_bytes model, tenant;
    uint32_t block_size; /* tokens */
    enum kvx_source_state state;
    enum kvx_source_reason reason; /* of DEGRADED */
    uint64_t since_ms;             /* wall clock of the last change of state, since 1970 */
    bool has_sequence;
    uint64_t last_sequence; /* highest applied */
    uint64_t missing_batches, batches, restarts;
    uint64_t last_event_ms; /* 0: none yet */
    uint64_t held_blocks[KVX_TIER_COUNT];
};
/* In order of first registration of the instance, then by rank. */
int kvx_service_list_workers(struct kvx_service *, struct kvx_caller *, struct kvx_arena *,
                             const struct kvx_worker_info **out, size_t *n,
                             struct kvx_error *) KVX_MUST_CHECK;

/* ---- Query and QueryByHash ---- */
struct kvx_query_args {
    const uint32_t *tokens; /* Query: n_tokens of them; only whole blocks count */
    size_t n_tokens;
    const uint64_t *block_hashes; /* QueryByHash: local hashes, n_hashes of them */
    size_t n_hashes;
};
struct kvx_hit {
    struct kvx_instance_id instance;
    uint32_t dp_rank;
    uint32_t blocks[KVX_TIER_COUNT]; /* cumulative, as kvx_match.blocks */
    uint64_t total_blocks;           /* blocks the worker holds on the device in all */
    enum kvx_source_state state;
};
struct kvx_query_result {
    /* grouped by instance, ranks ascending; each holds at least the first block somewhere */
    const struct kvx_hit *hits;
    size_t n;
    size_t blocks_asked; /* whole blocks of the prompt */
    uint32_t block_size; /* tokens; 0 before the first registration */
};
int kvx_service_query(struct kvx_service *, struct kvx_caller *, struct kvx_arena *,
                      const struct kvx_query_args *, struct kvx_query_result *,
                      struct kvx_error *) KVX_MUST_CHECK;
int kvx_service_query_by_hash(struct kvx_service *, struct kvx_caller *, struct kvx_arena *,
                              const struct kvx_query_args *, struct kvx_query_result *,
                              struct kvx_error *) KVX_MUST_CHECK;

/* ---- Dump: the whole index as store events, in slices. ---- */
struct kvx_dump_record {
    uint64_t event_id; /* 0, 1, ... of this dump */
    struct kvx_instance_id instance;
    uint32_t dp_rank;
    enum kvx_tier tier;
    bool has_parent;
    uint64_t parent; /* that worker's own engine hash */
    uint32_t n;
    const uint64_t *local, *engine;
};
struct kvx_service_dump;
int kvx_service_dump_open(struct kvx_service *, struct kvx_caller *, struct kvx_service_dump **out,
                          struct kvx_error *) KVX_MUST_CHECK;
/* Hands over records until at least `blocks` blocks were handed over. `emit` runs inside a read section: it
 * must only copy. Returns 1 when there is more, 0 at the end, negative on failure. Not bound to the caller
 * that opened it. */
int kvx_service_dump_next(struct kvx_service_dump *, struct kvx_caller *, size_t blocks,
                          void (*emit)(void *user, const struct kvx_dump_record *), void *user,
                          struct kvx_error *) KVX_MUST_CHECK;
void kvx_service_dump_close(struct kvx_service_dump *);

/* ---- GetHealth ---- */
struct kvx_health {
    bool ready; /* false only while starting, during a first replay (at most ready_timeout) or draining */
    bool draining;
    size_t n_reasons;
    const struct kvx_bytes *reasons; /* sentences; also for workers that are not EXACT while ready */
    uint64_t workers;
    uint64_t workers_by_state[KVX_SOURCE_STATE_COUNT];
};
int kvx_service_health(struct kvx_service *, struct kvx_caller *, struct kvx_arena *, struct kvx_health *,
                       struct kvx_error *) KVX_MUST_CHECK;

/* Appends the Prometheus page: counters, request histograms and the gauges of sources and index. */
int kvx_service_metrics(struct kvx_service *, struct kvx_caller *, struct kvx_buf *) KVX_MUST_CHECK;

#endif /* SERVICE_SERVICE_H */
