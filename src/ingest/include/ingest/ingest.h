/* Event streams of engines over ZMQ, as sources for the service.
 *
 * A few ingest threads own all sockets; each source belongs to one thread for life. A thread receives
 * batches, decodes and hashes them, keeps the sequence of each source, asks for replays, and applies the
 * events to the index under the writer lock, one lock per batch. Nothing here blocks a thread: connections,
 * replays and time-outs are all events.
 *
 * Ownership: the allocator, log and metrics must outlive the ingest. Threading: the driver's functions may be
 * called from any thread; kvx_ingest_new and kvx_ingest_free from one, when no driver call is under way.
 */
#ifndef INGEST_INGEST_H
#define INGEST_INGEST_H

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "base/metrics.h"
#include "service/source.h"

struct kvx_ingest;

/* Zero means the default. */
struct kvx_ingest_tunables {
    uint32_t heartbeat_ms;         /* ZMQ heartbeat interval; 5000 */
    uint32_t heartbeat_timeout_ms; /* a connection without an answer for so long is lost; 6000 */
    uint32_t reconnect_ms;         /* first pause before connecting again; 100 */
    uint32_t reconnect_max_ms;     /* longest pause, reached by doubling; 5000 */
    uint32_t stale_ms;            /* a source is STALE when its connection has been lost for so long; 15000 */
    uint32_t first_connection_ms; /* an engine not reached by then holds up readiness no longer; 2000 */
    uint32_t replay_silence_ms;   /* a round of a replay ends when no answer has come for so long; 5000 */
    uint32_t replay_pause_ms; /* ... or, once batches have come, nothing for so long: engines send a replay in
                                 one go, and its end marker is lost with whatever else they drop; 500 */
    uint32_t replay_deadline_ms; /* a whole replay, all rounds; 120000 */
    uint64_t message_bytes_max;  /* a larger frame disconnects its sender; 64 MiB */
    uint64_t queue_bytes_max; /* live batches of one source that wait for a replay; unread ones about as much;
                                 64 MiB */
    uint64_t jump_max;        /* a sequence number further ahead than this is malformed; 2^40 */
};

struct kvx_ingest_config {
    uint32_t threads; /* 1 to 1024 */
    const struct kvx_allocator *allocator;
    struct kvx_log *log; /* may be NULL */
    struct kvx_metrics *metrics;
    struct kvx_ingest_tunables tunables;
};

/* Raises this process's soft limit of open files to its hard limit, since each source needs about seven. */
int kvx_ingest_new(struct kvx_ingest **out, const struct kvx_ingest_config *,
                   struct kvx_error *) KVX_MUST_CHECK;
/* Closes every source that is still open, releases their feeds, ends the threads and the ZMQ context. Takes
 * no longer than the batches in hand. */
void kvx_ingest_free(struct kvx_ingest *);

/* While held, sources connect and notice lost connections, but nothing is read, replayed or applied, and the
 * time-outs of replays stand still: what engines send waits in ZMQ's queues, then with the engines. Sources
 * that are opened after this has returned are held from their beginning; open ones stop soon after. Released,
 * all go on where they were. For a recovery from a peer, whose blocks must come before the engines' own news.
 * Any thread; costs nothing when not held. */
void kvx_ingest_hold(struct kvx_ingest *, bool held);

struct kvx_source_driver kvx_ingest_driver(struct kvx_ingest *);

#endif /* INGEST_INGEST_H */
