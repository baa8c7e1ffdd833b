#include "source.h"

#include "base/clock.h"
#include "endpoint.h"
#include "frames.h"
#include "sockets.h"
#include "source_report.h"

#include <xxhash.h>
#include <zmq.h>

/* What one visit may do before others have their turn. */
enum { READS_MAX = 512, APPLIES_MAX = 32, REPLIES_MAX = 32 };

/* How far reading runs ahead of applying. */
enum { READ_AHEAD_BYTES = 1 << 20 };

int kvx_source_new(struct kvx_source **out, struct kvx_loop *loop, const struct kvx_source_spec *spec,
                   struct kvx_error *err)
{
    const struct kvx_allocator *a = loop->config.allocator;
    const struct kvx_ingest_tunables *t = &loop->config.tunables;
    struct kvx_source *s = kvx_alloc_zeroed(a, sizeof *s);
    if (!s)
        return kvx_fail(err, KVX_NOMEM, "out of memory");
    s->loop = loop;
    s->feed = spec->feed;
    s->status = kvx_feed_status(spec->feed);
    kvx_live_queue_init(&s->queue, a, t->queue_bytes_max);
    kvx_tracker_init(&s->tracker, spec->replay_endpoint != NULL, t->jump_max, KVX_MS(t->stale_ms));
    if (spec->pool)
        kvx_tracker_may_begin_at_one(&s->tracker);
    int rc = kvx_fail(err, KVX_NOMEM, "out of memory");
    s->endpoint = kvx_text_copy(a, kvx_bytes_of(spec->endpoint));
    if (spec->replay_endpoint)
        s->replay_endpoint = kvx_text_copy(a, kvx_bytes_of(spec->replay_endpoint));
    if (!s->endpoint || (spec->replay_endpoint && !s->replay_endpoint))
        goto fail;
    if (kvx_apply_init(&s->apply, a, loop->config.metrics, spec))
        goto fail;
    rc = kvx_socket_subscribe(loop->zmq_context, t, s->endpoint, &s->sub, &s->monitor, err);
    if (rc)
        goto fail;
    s->sub_fd = kvx_socket_fd(s->sub);
    s->monitor_fd = s->monitor ? kvx_socket_fd(s->monitor) : -1;
    *out = s;
    return 0;
fail:
    kvx_source_free(s);
    return rc;
}

void kvx_source_free(struct kvx_source *s)
{
    const struct kvx_allocator *a = s->loop->config.allocator;
    kvx_replay_end(&s->replay);
    if (s->sub)
        kvx_socket_unsubscribe(s->sub, s->monitor);
    kvx_live_queue_free(&s->queue);
    kvx_apply_free(&s->apply);
    kvx_text_free(a, s->endpoint);
    kvx_text_free(a, s->replay_endpoint);
    kvx_dealloc(a, s, sizeof *s);
}

static struct kvx_metrics *metrics_of(struct kvx_source *s)
{
    return s->loop->config.metrics;
}

static struct kvx_bytes payload_of(zmq_msg_t *payload)
{
    return (struct kvx_bytes){zmq_msg_data(payload), zmq_msg_size(payload)};
}

static uint64_t digest_of(zmq_msg_t *payload)
{
    return XXH3_64bits(zmq_msg_data(payload), zmq_msg_size(payload));
}

static void close_round(struct kvx_source *s)
{
    if (s->replay.socket)
        kvx_loop_unwatch(s->loop, s->replay.fd);
    kvx_replay_close_round(&s->replay);
}

static void end_replay(struct kvx_source *s, bool complete)
{
    close_round(s);
    s->asks = false;
    kvx_replay_end(&s->replay);
    kvx_count(metrics_of(s), complete ? KVX_COUNT_REPLAY_COMPLETE : KVX_COUNT_REPLAY_INCOMPLETE, 1);
    kvx_report_replay(s, complete);
}

static void follow(struct kvx_source *s, struct kvx_track_verdict v, uint64_t now_ns);

static void ask_replay(struct kvx_source *s, uint64_t from, uint64_t now_ns)
{
    struct kvx_error err;
    s->asks = s->loop->held;
    s->ask_from = from;
    if (s->asks) {
        close_round(s);
        return;
    }
    if (!s->replay.deadline_ns)
        kvx_count(metrics_of(s), KVX_COUNT_REPLAY_STARTED, 1);
    close_round(s);
    int rc = kvx_replay_ask(&s->replay, s->loop->zmq_context, &s->loop->config.tunables, s->replay_endpoint,
                            from, now_ns, &err);
    if (rc == 0 && kvx_loop_watch(s->loop, s, s->replay.fd)) {
        kvx_replay_close_round(&s->replay);
        rc = kvx_fail(&err, KVX_UNAVAILABLE, "epoll is out of memory");
    }
    if (rc) {
        kvx_report_failure(s, "cannot ask for a replay", &err);
        follow(s, kvx_tracker_round_over(&s->tracker, KVX_ROUND_FAILED), now_ns);
    }
}

static void restart(struct kvx_source *s)
{
    kvx_live_queue_clear(&s->queue);
    enum kvx_source_reason lost = kvx_apply_restart(&s->apply);
    if (lost != KVX_REASON_NONE)
        kvx_tracker_lost(&s->tracker, lost);
    s->restarts++;
    kvx_count(metrics_of(s), KVX_COUNT_RESTARTS_SEEN, 1);
    kvx_report_restart(s);
}

/* Carries out all of a verdict but its action. */
static void follow(struct kvx_source *s, struct kvx_track_verdict v, uint64_t now_ns)
{
    if (v.gap) {
        kvx_count(metrics_of(s), KVX_COUNT_GAPS_SEEN, 1);
        kvx_report_gap(s, &v);
    }
    kvx_count(metrics_of(s), KVX_COUNT_GAPS_MISSING, v.missing);
    if (v.end_replay)
        end_replay(s, v.complete);
    if (v.restart)
        restart(s);
    if (v.ask)
        ask_replay(s, v.ask_from, now_ns);
}

/* A stream that begins at 0 tells everything itself, and what a peer said of an earlier life is not true any
 * more. */
static void forget_recovered(struct kvx_source *s, const struct kvx_track_batch *batch)
{
    struct kvx_source_status *status = kvx_feed_status(s->apply.feed);
    /* relaxed: set before this thread had the source, or while ingest was held */
    if (batch && batch->seq == 0 && atomic_load_explicit(&status->recovered, memory_order_relaxed)) {
        atomic_store_explicit(&status->recovered, false, memory_order_relaxed);
        enum kvx_source_reason lost = kvx_apply_restart(&s->apply);
        if (lost != KVX_REASON_NONE)
            kvx_tracker_lost(&s->tracker, lost);
    }
}

static void apply_payload(struct kvx_source *s, zmq_msg_t *payload, const struct kvx_track_batch *batch,
                          uint64_t now_ns)
{
    struct kvx_apply_result r;
    forget_recovered(s, batch);
    kvx_apply_batch(&s->apply, s->loop->decoder, payload_of(payload), &r);
    if (batch)
        kvx_tracker_applied(&s->tracker, *batch, (struct kvx_track_time){r.has_time, r.time_ms});
    if (r.cleared)
        kvx_tracker_cleared(&s->tracker);
    for (int reason = KVX_REASON_NONE + 1; r.lost >> reason; reason++)
        if (r.lost & (1u << reason))
            kvx_tracker_lost(&s->tracker, (enum kvx_source_reason)reason);
    if (r.foreign_block_size)
        kvx_report_block_size(s, r.foreign_block_size);
    s->batches++;
    s->last_event_ns = kvx_wall_ns();
    if (r.emptied)
        follow(s, kvx_tracker_emptied(&s->tracker), now_ns);
    kvx_report_status(s);
}

static void queue_live(struct kvx_source *s, struct kvx_live_batch *b)
{
    int rc = kvx_live_queue_push(&s->queue, b);
    if (rc == 0)
        return;
    /* The numbers will show the hole when the queue has been worked off, and a replay may fill it. */
    if (b->sequenced)
        kvx_tracker_overflow(&s->tracker);
    else
        kvx_tracker_lost(&s->tracker, rc == KVX_NOMEM ? KVX_REASON_MEMORY : KVX_REASON_BACKLOG);
    kvx_report_backlog(s);
}

/* One message from the SUB socket. False when nothing is there. */
static bool read_live(struct kvx_source *s, uint64_t now_ns)
{
    struct kvx_live_batch b = {0};
    zmq_msg_init(&b.payload);
    enum kvx_frames kind = kvx_frames_live(s->sub, &b.seq, &b.payload);
    struct kvx_track_verdict v = {.action = KVX_TRACK_SKIP};
    if (kind == KVX_FRAMES_BATCH) {
        b.sequenced = true;
        b.digest = digest_of(&b.payload);
        v = kvx_tracker_read(&s->tracker, (struct kvx_track_batch){b.seq, b.digest});
        follow(s, v, now_ns);
        kvx_count(metrics_of(s), KVX_COUNT_BATCHES_LIVE, 1);
        kvx_count(metrics_of(s), KVX_COUNT_DUPLICATES_SKIPPED, v.action == KVX_TRACK_SKIP);
    } else if (kind == KVX_FRAMES_UNSEQUENCED) {
        kvx_tracker_unsequenced(&s->tracker);
        kvx_count(metrics_of(s), KVX_COUNT_BATCHES_LIVE, 1);
        v.action = KVX_TRACK_QUEUE;
    }
    if (v.action == KVX_TRACK_QUEUE)
        queue_live(s, &b);
    if (kind == KVX_FRAMES_BAD_SEQUENCE || v.action == KVX_TRACK_MALFORMED) {
        kvx_count(metrics_of(s), KVX_COUNT_FRAME_SEQUENCE, 1);
        kvx_report_frame(s, kind == KVX_FRAMES_BATCH, b.seq);
    }
    zmq_msg_close(&b.payload);
    return kind != KVX_FRAMES_NONE;
}

/* One reply of the running replay. False when nothing is there. */
static bool read_reply(struct kvx_source *s, uint64_t now_ns)
{
    uint64_t seq = 0;
    zmq_msg_t payload;
    zmq_msg_init(&payload);
    enum kvx_frames kind = kvx_frames_reply(s->replay.socket, &seq, &payload);
    if (kind != KVX_FRAMES_NONE)
        s->replay.silent_ns = now_ns + KVX_MS(s->loop->config.tunables.replay_pause_ms);
    if (kind == KVX_FRAMES_BATCH) {
        struct kvx_track_batch batch = {seq, digest_of(&payload)};
        struct kvx_track_time time = {0};
        if (kvx_tracker_wants_time(&s->tracker, seq))
            time.known = kvx_apply_time(&s->apply, s->loop->decoder, payload_of(&payload), &time.ms);
        struct kvx_track_verdict v = kvx_tracker_reply(&s->tracker, batch, time);
        follow(s, v, now_ns);
        kvx_count(metrics_of(s), KVX_COUNT_BATCHES_REPLAY, 1);
        kvx_count(metrics_of(s), KVX_COUNT_DUPLICATES_SKIPPED, v.action == KVX_TRACK_SKIP);
        kvx_count(metrics_of(s), KVX_COUNT_FRAME_SEQUENCE, v.action == KVX_TRACK_MALFORMED);
        if (v.action == KVX_TRACK_APPLY)
            apply_payload(s, &payload, &batch, now_ns);
    } else if (kind == KVX_FRAMES_END) {
        follow(s, kvx_tracker_round_over(&s->tracker, KVX_ROUND_MARKED), now_ns);
    } else if (kind != KVX_FRAMES_NONE) {
        kvx_count(metrics_of(s),
                  kind == KVX_FRAMES_BAD_COUNT ? KVX_COUNT_FRAME_COUNT : KVX_COUNT_FRAME_SEQUENCE, 1);
    }
    zmq_msg_close(&payload);
    return kind != KVX_FRAMES_NONE;
}

/* Longer than ZMQ's own attempts are apart, so that they come first. */
static uint64_t reconnect_pause(const struct kvx_source *s)
{
    return 2 * KVX_MS(s->loop->config.tunables.reconnect_max_ms);
}

static void reconnect(struct kvx_source *s, uint64_t now_ns)
{
    /* Disconnecting drops what came and was not read yet; and ZMQ, which has looked at its first frame
     * already, would abort for want of the others. Its own attempts go on meanwhile. */
    bool done = !kvx_socket_readable(s->sub) && kvx_socket_reconnect(s->sub, s->endpoint);
    s->reconnect_ns = done ? 0 : now_ns + reconnect_pause(s);
}

static void read_monitor(struct kvx_source *s, uint64_t now_ns)
{
    enum kvx_link_change change;
    while (s->monitor && (change = kvx_socket_monitor_next(s->monitor)) != KVX_LINK_NONE) {
        kvx_report_link(s, change == KVX_LINK_UP);
        s->reconnect_ns = change == KVX_LINK_UP ? 0 : now_ns + reconnect_pause(s);
        if (change == KVX_LINK_UP) {
            kvx_count(metrics_of(s), KVX_COUNT_CONNECTED, 1);
            follow(s, kvx_tracker_connected(&s->tracker), now_ns);
        } else {
            kvx_count(metrics_of(s), KVX_COUNT_DISCONNECTED, 1);
            kvx_tracker_disconnected(&s->tracker, now_ns);
        }
    }
}

/* Works off the queue's head. False when it is empty or has to wait for a replay; a replay that could not
 * even be asked for is over already. */
static bool apply_live(struct kvx_source *s, uint64_t now_ns)
{
    struct kvx_live_batch *b = kvx_live_queue_head(&s->queue);
    if (!b) {
        struct kvx_track_verdict v = kvx_tracker_drained(&s->tracker);
        follow(s, v, now_ns);
        return v.ask && !s->tracker.replaying;
    }
    struct kvx_track_batch batch = {b->seq, b->digest};
    struct kvx_track_verdict v = {.action = KVX_TRACK_APPLY};
    if (b->sequenced) {
        v = kvx_tracker_next(&s->tracker, batch);
        follow(s, v, now_ns);
    }
    if (v.action == KVX_TRACK_WAIT)
        return !s->tracker.replaying;
    if (v.action == KVX_TRACK_APPLY) {
        apply_payload(s, &b->payload, b->sequenced ? &batch : NULL, now_ns);
    } else {
        kvx_count(metrics_of(s), KVX_COUNT_DUPLICATES_SKIPPED, 1);
    }
    kvx_live_queue_pop(&s->queue);
    return true;
}

static void check_time(struct kvx_source *s, uint64_t now_ns)
{
    kvx_tracker_tick(&s->tracker, now_ns);
    uint64_t deadline = kvx_replay_deadline(&s->replay);
    if (deadline && now_ns >= deadline) {
        bool all = now_ns >= s->replay.deadline_ns;
        kvx_count(metrics_of(s), KVX_COUNT_REPLAY_TIMEOUT, 1);
        follow(s, kvx_tracker_round_over(&s->tracker, all ? KVX_ROUND_DEADLINE : KVX_ROUND_SILENT), now_ns);
    }
    if (s->first_connection_ns && now_ns >= s->first_connection_ns)
        s->first_connection_ns = 0;
    if (s->reconnect_ns && now_ns >= s->reconnect_ns)
        reconnect(s, now_ns);
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return !a || (b && b < a) ? b : a;
}

void kvx_source_adopt(struct kvx_source *s)
{
    s->first_connection_ns = kvx_now_ns() + KVX_MS(s->loop->config.tunables.first_connection_ms);
    if (kvx_loop_watch(s->loop, s, s->sub_fd) || (s->monitor && kvx_loop_watch(s->loop, s, s->monitor_fd))) {
        struct kvx_error err;
        kvx_fail(&err, KVX_NOMEM, "epoll is out of memory");
        kvx_tracker_lost(&s->tracker, KVX_REASON_MEMORY);
        kvx_report_failure(s, "cannot wait for events", &err);
    }
    if (!s->monitor)
        follow(s, kvx_tracker_connected(&s->tracker), kvx_now_ns());
    kvx_report_status(s);
}

/* Batches that we are too slow for stay where nothing is lost: in the socket, then in the engine's send
 * queue. Only while a replay runs is everything read, up to the queue's bound: an unread socket would look
 * dead to its heartbeat. */
static bool wants_more(const struct kvx_source *s)
{
    return s->tracker.replaying || s->queue.bytes < READ_AHEAD_BYTES;
}

/* Only the connection is looked after. */
static void serve_held(struct kvx_source *s, uint64_t now_ns)
{
    read_monitor(s, now_ns);
    /* takes the news off the descriptors, so that they are quiet until there are more */
    (void)kvx_socket_readable(s->sub);
    if (s->replay.socket)
        (void)kvx_socket_readable(s->replay.socket);
    kvx_tracker_tick(&s->tracker, now_ns);
    if (s->reconnect_ns && now_ns >= s->reconnect_ns)
        reconnect(s, now_ns);
    kvx_report_status(s);
    kvx_timers_set(&s->loop->timers, &s->timer, sooner(s->reconnect_ns, kvx_tracker_deadline(&s->tracker)));
}

void kvx_source_released(struct kvx_source *s, uint64_t now_ns)
{
    if (s->replay.deadline_ns)
        s->replay.deadline_ns += now_ns - s->loop->held_since_ns;
    s->replay.silent_ns = now_ns + KVX_MS(s->loop->config.tunables.replay_silence_ms);
    if (s->asks)
        ask_replay(s, s->ask_from, now_ns);
}

bool kvx_source_serve(struct kvx_source *s, uint64_t now_ns)
{
    if (s->loop->held) {
        serve_held(s, now_ns);
        return false;
    }
    int reads = 0, replies = 0, applies = 0;
    /* First, so that a connection is known before its first batch. */
    read_monitor(s, now_ns);
    while (reads < READS_MAX && wants_more(s) && kvx_socket_readable(s->sub) && read_live(s, now_ns))
        reads++;
    while (replies < REPLIES_MAX && s->replay.socket && kvx_socket_readable(s->replay.socket) &&
           read_reply(s, now_ns))
        replies++;
    check_time(s, now_ns);
    while (applies < APPLIES_MAX && apply_live(s, now_ns))
        applies++;
    kvx_report_status(s);
    kvx_timers_set(&s->loop->timers, &s->timer,
                   sooner(sooner(s->first_connection_ns, s->reconnect_ns),
                          sooner(kvx_tracker_deadline(&s->tracker), kvx_replay_deadline(&s->replay))));
    /* Whatever was done above may have consumed the descriptor's news: done only when all sockets say so. */
    return applies == APPLIES_MAX || kvx_socket_readable(s->sub) ||
           (s->monitor && kvx_socket_readable(s->monitor)) ||
           (s->replay.socket && kvx_socket_readable(s->replay.socket));
}

void kvx_source_retire(struct kvx_source *s)
{
    struct kvx_feed *feed = s->feed;
    kvx_timers_set(&s->loop->timers, &s->timer, 0);
    close_round(s);
    kvx_loop_unwatch(s->loop, s->sub_fd);
    if (s->monitor)
        kvx_loop_unwatch(s->loop, s->monitor_fd);
    kvx_source_free(s);
    kvx_feed_release(feed);
}
