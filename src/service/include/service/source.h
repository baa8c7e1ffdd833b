/* Where the service meets the event streams of engines, without knowing ZMQ.
 *
 * A *source* is one endpoint with its own sequence numbers. The service opens it through a
 * `kvx_source_driver` that `main` plugs in (the ingest part); the driver's threads bring events back through
 * a `kvx_feed`. So the service depends on no transport, and tests drive a feed directly.
 */
#ifndef SERVICE_SOURCE_H
#define SERVICE_SOURCE_H

#include "base/err.h"
#include "index/index.h"

#include <stdatomic.h>
#include <stdbool.h>

struct kvx_feed;
struct kvx_source; /* the driver's */

/* How far a source can be trusted. */
#define KVX_SOURCE_STATES(X)                                                                           \
    X(CONNECTING, "connecting", "no connection yet")                                                   \
    X(SYNCING, "syncing",                                                                              \
      "connected; a replay is running, or nothing has shown yet where the stream begins")              \
    X(EXACT, "exact", "every event since the engine's start, or since a complete replay, was applied") \
    X(DEGRADED, "degraded", "events are missing; the reason says why")                                 \
    X(STALE, "stale", "the connection or its heartbeat was lost; blocks stay in the answers")

enum kvx_source_state {
#define KVX_SOURCE_STATE_ENUM(id, name, text) KVX_SOURCE_##id,
    KVX_SOURCE_STATES(KVX_SOURCE_STATE_ENUM)
#undef KVX_SOURCE_STATE_ENUM
        KVX_SOURCE_STATE_COUNT
};

/* Why a source is DEGRADED. */
#define KVX_SOURCE_REASONS(X)                                                                              \
    X(NONE, "", "")                                                                                        \
    X(LATE_JOIN, "late_join", "joined after the engine's first event and could not replay from the start") \
    X(GAP, "gap", "batches are missing and no replay supplied them")                                       \
    X(PENDING_DROPPED, "pending_dropped", "blocks whose parent is unknown were dropped at their limit")    \
    X(MEMORY, "memory", "an event was lost for want of memory")                                            \
    X(BACKLOG, "backlog", "the ingest backlog reached its limit")                                          \
    X(TWO_SOURCES, "two_sources", "two sources feed one rank and one of them restarted")                   \
    X(UNSEQUENCED, "unsequenced", "the engine sends no sequence numbers, so gaps cannot be seen")          \
    X(BLOCK_SIZE, "block_size", "the engine's block size is not the partition's")                          \
    X(BAD_BATCH, "bad_batch", "a batch could not be decoded")                                              \
    X(LIMIT, "limit", "the engine named more ranks or partitions than one source may bring")

enum kvx_source_reason {
#define KVX_SOURCE_REASON_ENUM(id, name, text) KVX_REASON_##id,
    KVX_SOURCE_REASONS(KVX_SOURCE_REASON_ENUM)
#undef KVX_SOURCE_REASON_ENUM
        KVX_SOURCE_REASON_COUNT
};

const char *kvx_source_state_name(enum kvx_source_state);
const char *kvx_source_reason_name(enum kvx_source_reason);
const char *kvx_source_reason_text(enum kvx_source_reason);

/* Written by the source's ingest thread, read by any thread for answers and metrics. Each field stands alone,
 * so relaxed atomics are enough: a reader may see a state that is a moment older than the number beside it.
 */
struct kvx_source_status {
    _Atomic int state;              /* enum kvx_source_state */
    _Atomic int reason;             /* enum kvx_source_reason */
    _Atomic uint64_t since_ns;      /* wall clock of the last change of state */
    _Atomic uint64_t applied;       /* highest sequence number applied + 1; 0: none */
    _Atomic uint64_t missing;       /* batches known to be missing */
    _Atomic uint64_t batches;       /* applied in all */
    _Atomic uint64_t restarts;      /* of the engine, as seen here */
    _Atomic uint64_t last_event_ns; /* wall clock when the last batch was applied; 0: none */
    _Atomic bool first_sync_done;   /* the first replay has ended, or there is none to wait for */
    _Atomic bool recovered; /* a peer has said what its workers hold: forget it when the stream begins at 0 */
};

struct kvx_source_spec {
    const char *endpoint;        /* tcp://host:port, ipc://..., inproc://... */
    const char *replay_endpoint; /* or NULL */
    uint32_t block_size;         /* tokens a block, the partition's */
    const char *lora_name;       /* of events that name no adapter themselves; or NULL */
    bool pool;                   /* a shared store: no event of it speaks of a device */
    struct kvx_feed *feed;       /* the source takes over this reference */
};

/* Implemented by the ingest part. All functions may be called from any thread. */
struct kvx_source_driver {
    void *self;
    /* Checks the endpoints' syntax; looks at nothing else. May be NULL. */
    int (*check)(void *self, const struct kvx_source_spec *, struct kvx_error *);
    /* Starts to connect; never waits for the engine. On failure the caller keeps the feed's reference. */
    int (*open)(void *self, const struct kvx_source_spec *, struct kvx_source **out, struct kvx_error *);
    /* The source stops soon after; its last act is kvx_feed_release. Does not wait. `source` is invalid
     * afterwards. */
    void (*close)(void *self, struct kvx_source *source);
};

/* ---- What the source's ingest thread calls. One thread per feed at a time. ---- */

/* One (instance, rank) in one partition as the feed sees it. `ref` may be read and changed only under the
 * index's writer lock: two sources may feed one rank. */
struct kvx_feed_worker {
    struct kvx_worker_ref ref;
    /* of ref, for decoding outside the lock: what a batch is compared with under it */
    _Atomic uint32_t generation;
    _Atomic uint32_t feeds;  /* feeds that bring events for it; above 1 two sources feed one rank */
    struct kvx_index *index; /* its partition's; constant */
};

struct kvx_source_status *kvx_feed_status(struct kvx_feed *);
const char *kvx_feed_instance(const struct kvx_feed *); /* id as shown to people, for logs */
uint32_t kvx_feed_rank(const struct kvx_feed *);        /* as registered */

/* What an event itself says of its partition. What it does not say is as registered. */
struct kvx_feed_scope {
    struct kvx_bytes model, tenant; /* empty: not said */
    bool has_salt;
    struct kvx_bytes additional_salt;
    uint32_t block_size; /* tokens; 0: not said */
};

/* The worker for events: the registered rank when they name none, else their own rank, in the registered
 * partition (`scope` NULL) or in the one the events name, which begins to exist with its first worker. A
 * worker that was not registered becomes `learned` at its first sight. KVX_NOT_FOUND once the source was
 * unregistered: drop the events. KVX_CONFLICT: it is there already, and one is a pool, the other an engine.
 * KVX_NOMEM; KVX_UNAVAILABLE: too many ranks or partitions. Call without an index lock. The pointer is valid
 * until the next call on this feed. */
int kvx_feed_worker(struct kvx_feed *, const struct kvx_feed_scope *, bool has_rank, uint32_t rank,
                    struct kvx_feed_worker **out) KVX_MUST_CHECK;
/* Every worker this feed has brought events for, for restarts: fills at most `max`, returns how many there
 * are. */
size_t kvx_feed_workers(struct kvx_feed *, struct kvx_feed_worker **out, size_t max);
/* The source is done; the feed may be freed. */
void kvx_feed_release(struct kvx_feed *);

#endif /* SERVICE_SOURCE_H */
