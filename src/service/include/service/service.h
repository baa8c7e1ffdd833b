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
    uint32_t block_size;   /* tokens a block of model and tenant `default`; 0: the first registration says */
    uint32_t max_inflight; /* requests at once, over all protocols; 0: no limit */
    uint64_t ready_timeout_ns;   /* how long a first replay may hold back readiness */
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

/* A partition is one index: blocks mean the same in it. Its name is all four together. */
struct kvx_partition_name {
    struct kvx_bytes model, tenant; /* never empty: `default` when nothing was said */
    struct kvx_bytes additional_salt;
    uint32_t block_size; /* tokens */
};

/* Which partition is meant. What is not said fits any, so that several partitions may fit. */
struct kvx_partition_choice {
    struct kvx_bytes model;  /* empty: `default` */
    struct kvx_bytes tenant; /* tenant or routing group; empty: `default`, or any one with `any_tenant` */
    struct kvx_bytes additional_salt;
    bool any_model, any_tenant;
    bool has_salt;           /* false: any; the one without a salt if several fit */
    uint32_t block_size;     /* tokens; 0: any */
    const char *tenant_word; /* what the caller calls a tenant, for messages; NULL: `tenant` */
};

/* ---- Register: subscribe to one worker's events. Never waits for the worker. ---- */
#define KVX_SOURCE_KINDS(X)                                  \
    X(ENGINE, "engine", "an engine; its blocks are its own") \
    X(POOL, "pool", "a store that all workers of the partition can load from")
enum kvx_source_kind {
#define KVX_SOURCE_KIND_ENUM(id, name, text) KVX_KIND_##id,
    KVX_SOURCE_KINDS(KVX_SOURCE_KIND_ENUM)
#undef KVX_SOURCE_KIND_ENUM
};
const char *kvx_source_kind_name(enum kvx_source_kind);

struct kvx_register_args {
    struct kvx_partition_choice partition; /* no salt means an empty one here */
    struct kvx_instance_id instance;
    uint32_t dp_rank;
    struct kvx_bytes endpoint;
    struct kvx_bytes replay_endpoint; /* empty: none */
    struct kvx_bytes lora_name;       /* of events that name no adapter themselves; empty: the base model */
    enum kvx_source_kind kind;
    bool one_block_size; /* a second block size of this model and tenant is a conflict, not a partition */
    bool one_partition;  /* so is an instance that is registered in another partition */
};
/* KVX_INVALID (no block size known, bad endpoint, bad id), KVX_EXISTS (that instance and rank in the
 * partition), KVX_CONFLICT (one_block_size, one_partition), KVX_UNAVAILABLE, KVX_NOMEM. Without a block size
 * the one of the partition that fits is taken, or the daemon's default for model and tenant `default`. */
int kvx_service_register(struct kvx_service *, const struct kvx_register_args *,
                         struct kvx_error *) KVX_MUST_CHECK;

/* ---- Unregister: stop, and remove the blocks. ---- */
struct kvx_unregister_args {
    struct kvx_partition_choice partition; /* in every partition that fits */
    struct kvx_instance_id instance;
    bool has_dp_rank; /* false: all ranks of the instance */
    uint32_t dp_rank;
};
struct kvx_removed_worker {
    struct kvx_instance_id instance;
    struct kvx_bytes tenant;
    uint32_t dp_rank;
};
/* KVX_NOT_FOUND. When it returns 0 no later answer shows the workers. `removed`: the registered ones. */
int kvx_service_unregister(struct kvx_service *, struct kvx_arena *, const struct kvx_unregister_args *,
                           const struct kvx_removed_worker **removed, size_t *n,
                           struct kvx_error *) KVX_MUST_CHECK;

/* ---- ListWorkers ---- */
struct kvx_worker_info {
    struct kvx_instance_id instance;
    uint32_t dp_rank;
    enum kvx_source_kind kind;
    /* not registered: seen only inside batches of another rank's source, whose endpoint this is, or in a
     * peer's dump, and then it has none */
    bool learned;
    struct kvx_bytes endpoint, replay_endpoint, lora_name;
    struct kvx_partition_name partition;
    enum kvx_source_state state;
    enum kvx_source_reason reason; /* of DEGRADED */
    uint64_t since_ms;             /* wall clock of the last change of state, since 1970 */
    bool has_sequence;
    uint64_t last_sequence; /* highest applied */
    uint64_t missing_batches, batches, restarts;
    uint64_t last_event_ms; /* 0: none yet */
    uint64_t held_blocks[KVX_TIER_COUNT];
};
/* Of the partitions that fit. In order of first registration of the instance in its partition, then by rank.
 */
int kvx_service_list_workers(struct kvx_service *, struct kvx_arena *, const struct kvx_partition_choice *,
                             const struct kvx_worker_info **out, size_t *n,
                             struct kvx_error *) KVX_MUST_CHECK;

/* ---- ListPartitions ---- */
struct kvx_partition_info {
    struct kvx_partition_name name;
    uint64_t workers; /* registered and learned, pools not counted */
    uint64_t pools;
    uint64_t held_blocks[KVX_TIER_COUNT]; /* (worker, block) pairs */
    uint64_t pool_blocks[KVX_TIER_COUNT]; /* (pool, block) pairs */
    uint64_t positions;                   /* distinct prefixes known */
    uint64_t bytes;                       /* memory of the index */
};
/* In order of creation. */
int kvx_service_list_partitions(struct kvx_service *, struct kvx_arena *,
                                const struct kvx_partition_info **out, size_t *n,
                                struct kvx_error *) KVX_MUST_CHECK;

/* ---- Query and QueryByHash ---- */
enum kvx_prompt_form { KVX_PROMPT_TOKENS, KVX_PROMPT_LOCAL_HASHES, KVX_PROMPT_SEQUENCE_HASHES };
struct kvx_candidate {
    struct kvx_bytes instance; /* numbers in decimal */
    bool has_dp_rank;          /* false: all its ranks */
    uint32_t dp_rank;
};
struct kvx_query_args {
    struct kvx_partition_choice partition;
    enum kvx_prompt_form form;
    const uint32_t *tokens; /* KVX_PROMPT_TOKENS: n_tokens of them; only whole blocks count */
    size_t n_tokens;
    const uint64_t *hashes; /* the other forms: n_hashes of them, one a block */
    size_t n_hashes;
    /* KVX_PROMPT_TOKENS only, empty: none. Hashes have them inside already. */
    struct kvx_bytes lora_name, cache_salt;
    bool bigrams; /* KVX_PROMPT_TOKENS: a block's hash also covers the token behind it (EAGLE) */
    const struct kvx_candidate *candidates; /* NULL: all workers */
    size_t n_candidates;
    size_t max_hits;   /* the best ones only, best first; 0: all */
    bool every_worker; /* also workers that hold nothing of it, with zeros */
    bool must_exist;   /* an unknown partition is KVX_NOT_FOUND; else it is an empty answer */
};
struct kvx_hit {
    struct kvx_instance_id instance;
    uint32_t dp_rank;
    uint32_t blocks[KVX_REACH_COUNT]; /* as kvx_match.blocks */
    uint64_t total_blocks;            /* blocks the worker holds on the device in all */
    enum kvx_source_state state;
};
struct kvx_query_result {
    /* Grouped by instance, ranks ascending; or best first with max_hits: by blocks on the device, then
     * through host, disk and external memory. Each holds at least the first block somewhere, or every_worker.
     */
    const struct kvx_hit *hits;
    size_t n;
    size_t blocks_asked;     /* whole blocks of the prompt */
    uint32_t block_size;     /* tokens; 0: no partition */
    struct kvx_bytes tenant; /* of the partition; empty: no partition */
};
/* KVX_NOT_FOUND with must_exist, the message names the known partitions; KVX_INVALID when several fit;
 * KVX_NOMEM. */
int kvx_service_query(struct kvx_service *, struct kvx_caller *, struct kvx_arena *,
                      const struct kvx_query_args *, struct kvx_query_result *,
                      struct kvx_error *) KVX_MUST_CHECK;

/* ---- Dump: the partitions that fit as store events, in slices; what workers hold, not pools. ---- */
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
/* What a dump is handed to. Both run where nothing may block: they must only copy. */
struct kvx_dump_sink {
    /* A partition begins; also one that holds nothing. All records up to the next call are of it. */
    void (*partition)(void *user, const struct kvx_partition_name *);
    void (*record)(void *user, const struct kvx_dump_record *);
    void *user;
};
struct kvx_service_dump;
/* Of the partitions that exist now and fit. */
int kvx_service_dump_open(struct kvx_service *, const struct kvx_partition_choice *,
                          struct kvx_service_dump **out, struct kvx_error *) KVX_MUST_CHECK;
/* Hands over records until at least `blocks` blocks were handed over, and never parts of two partitions.
 * Returns 1 when there is more, 0 at the end, negative on failure. Not bound to the caller that opened it. */
int kvx_service_dump_next(struct kvx_service_dump *, struct kvx_caller *, size_t blocks,
                          const struct kvx_dump_sink *, struct kvx_error *) KVX_MUST_CHECK;
void kvx_service_dump_close(struct kvx_service_dump *);

/* ---- Peers: other indexers that a starting one may recover from. The list is remembered, nothing more. ----
 */
/* `url`: http://host[:port][/path]. KVX_INVALID. Adding one twice is no error. */
int kvx_service_add_peer(struct kvx_service *, struct kvx_bytes url, struct kvx_error *) KVX_MUST_CHECK;
int kvx_service_remove_peer(struct kvx_service *, struct kvx_bytes url, struct kvx_error *) KVX_MUST_CHECK;
/* In the order they were added. */
int kvx_service_list_peers(struct kvx_service *, struct kvx_arena *, const struct kvx_bytes **out, size_t *n,
                           struct kvx_error *) KVX_MUST_CHECK;

/* What a peer's dump says that one worker holds: consecutive blocks below one parent. */
struct kvx_recovered_run {
    struct kvx_partition_choice partition; /* with a block size */
    struct kvx_bytes instance;             /* numbers in decimal */
    uint32_t dp_rank;
    enum kvx_tier tier;
    bool has_parent;
    uint64_t parent;
    size_t n;
    const uint64_t *local, *engine;
};
/* Stores it, before the workers' own events are read. A worker that is not registered yet waits, `learned`
 * and degraded, for its registration, which keeps its blocks. KVX_CONFLICT: another block size than here;
 * KVX_NOMEM, KVX_UNAVAILABLE (too many workers or partitions), KVX_INVALID, KVX_TOO_LARGE as kvx_index_store.
 */
int kvx_service_recover(struct kvx_service *, const struct kvx_recovered_run *,
                        struct kvx_error *) KVX_MUST_CHECK;
/* While something is recovered, requests are refused with KVX_UNAVAILABLE and readiness gives the reason: a
 * worker that registers midway would be connected too late for what the peer has said, and scores would be
 * those of half an index. `from` names the peer, "" none yet, NULL: it is over; borrowed until the next call.
 */
void kvx_service_recovering(struct kvx_service *, const char *from);
/* Takes it all back: every worker holds nothing, as before. KVX_NOMEM, KVX_UNAVAILABLE leave some blocks. */
int kvx_service_recover_undo(struct kvx_service *, struct kvx_error *) KVX_MUST_CHECK;

/* ---- GetHealth ---- */
struct kvx_health {
    bool ready; /* false only while starting, during a first replay (at most ready_timeout) or draining */
    bool draining;
    size_t n_reasons;
    const struct kvx_bytes *reasons; /* sentences; also for workers that are not EXACT while ready */
    uint64_t workers;                /* pools too: their sources must be followed like any other */
    uint64_t workers_by_state[KVX_SOURCE_STATE_COUNT];
};
int kvx_service_health(struct kvx_service *, struct kvx_arena *, struct kvx_health *,
                       struct kvx_error *) KVX_MUST_CHECK;

/* Appends the Prometheus page: counters, request histograms and the gauges of sources and index. */
int kvx_service_metrics(struct kvx_service *, struct kvx_arena *, struct kvx_buf *) KVX_MUST_CHECK;

#endif /* SERVICE_SERVICE_H */
