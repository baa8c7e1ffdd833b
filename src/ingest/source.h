/* One source: its sockets, its tracker, the queue between them and the index. Made by any thread, then owned
 * by one ingest thread until it is freed there. */
#ifndef INGEST_SOURCE_H
#define INGEST_SOURCE_H

#include "apply.h"
#include "live_queue.h"
#include "loop.h"
#include "replay.h"
#include "timers.h"
#include "tracker.h"

struct kvx_source {
    struct kvx_loop *loop;
    struct kvx_source *prev, *next;                 /* in loop->sources; the loop's thread */
    struct kvx_source *ready_next;                  /* in loop->ready, if is_ready; the loop's thread */
    struct kvx_source *opening_next, *closing_next; /* under loop->lock */
    bool is_ready;

    char *endpoint, *replay_endpoint; /* the second may be NULL */
    struct kvx_feed *feed;            /* ours; released when the source is freed by its loop */
    struct kvx_source_status *status; /* the feed's */
    struct kvx_apply apply;

    void *sub, *monitor; /* monitor: NULL for inproc */
    int sub_fd, monitor_fd;
    struct kvx_replay replay;
    struct kvx_live_queue queue;
    struct kvx_tracker tracker;
    struct kvx_timer timer;
    uint64_t first_connection_ns; /* readiness waits until then; 0: no longer */
    uint64_t reconnect_ns;        /* a lost connection that has not come back by then is made anew; 0: none */

    bool asks; /* a replay from `ask_from` waits until the source is held no longer */
    uint64_t ask_from;

    uint64_t batches, restarts, last_event_ns;
    enum kvx_source_state shown_state; /* as last written to the status and the log */
    enum kvx_source_reason shown_reason;
    bool told_block_size;
    struct kvx_log_limit state_limit[KVX_SOURCE_STATE_COUNT], link_limit[2];
    struct kvx_log_limit restart_limit, gap_limit, replay_limit, backlog_limit, frame_limit, failure_limit;
};

/* Makes the sockets and connects; does not take the feed over yet. */
int kvx_source_new(struct kvx_source **out, struct kvx_loop *, const struct kvx_source_spec *,
                   struct kvx_error *) KVX_MUST_CHECK;
void kvx_source_free(struct kvx_source *);

/* ---- The loop's thread. ---- */

/* The source begins to work. */
void kvx_source_adopt(struct kvx_source *);
/* A bounded amount of work. True if there is more to do at once. */
bool kvx_source_serve(struct kvx_source *, uint64_t now_ns);
/* The loop holds its sources no longer. */
void kvx_source_released(struct kvx_source *, uint64_t now_ns);
/* Frees it; its last act is kvx_feed_release. */
void kvx_source_retire(struct kvx_source *);

#endif /* INGEST_SOURCE_H */
