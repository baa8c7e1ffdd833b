#include "source_report.h"

#include "base/clock.h"

/* One line of each kind a source and this long. */
#define LOG_EVERY_NS KVX_SECONDS(10)

/* A line about the source: who it is, then what the caller adds. */
#define REPORT(s, level, message, ...)                                                              \
    kvx_log((s)->loop->config.log, level, message, KVX_S("instance", kvx_feed_instance((s)->feed)), \
            KVX_U("dp_rank", kvx_feed_rank((s)->feed)),                                             \
            KVX_S("endpoint", (s)->endpoint) __VA_OPT__(, ) __VA_ARGS__)

static void store(_Atomic uint64_t *field, uint64_t value)
{
    atomic_store_explicit(field, value, memory_order_relaxed);
}

static bool due(struct kvx_log_limit *limit, uint64_t *suppressed)
{
    return kvx_log_due(limit, LOG_EVERY_NS, suppressed);
}

static void report_state(struct kvx_source *s, enum kvx_source_state state, enum kvx_source_reason reason)
{
    struct kvx_source_status *status = s->status;
    uint64_t suppressed;
    if (state != s->shown_state)
        store(&status->since_ns, kvx_wall_ns());
    s->shown_state = state;
    s->shown_reason = reason;
    atomic_store_explicit(&status->state, (int)state, memory_order_relaxed);
    atomic_store_explicit(&status->reason, (int)reason, memory_order_relaxed);
    bool bad = state == KVX_SOURCE_DEGRADED || state == KVX_SOURCE_STALE;
    if (due(&s->state_limit[state], &suppressed))
        REPORT(s, bad ? KVX_LOG_WARN : KVX_LOG_INFO, "source state changed",
               KVX_S("state", kvx_source_state_name(state)), KVX_S("reason", kvx_source_reason_name(reason)),
               KVX_U("missing", s->tracker.missing), KVX_U("suppressed", suppressed));
}

void kvx_report_status(struct kvx_source *s)
{
    const struct kvx_tracker *t = &s->tracker;
    struct kvx_source_status *status = s->status;
    store(&status->applied, t->has_applied ? t->applied + 1 : 0);
    store(&status->missing, t->missing);
    store(&status->batches, s->batches);
    store(&status->restarts, s->restarts);
    store(&status->last_event_ns, s->last_event_ns);
    if (kvx_tracker_first_sync_done(t) || (!t->ever_connected && !s->first_connection_ns))
        atomic_store_explicit(&status->first_sync_done, true, memory_order_relaxed);
    enum kvx_source_state state = kvx_tracker_state(t);
    enum kvx_source_reason reason = kvx_tracker_reason(t);
    if (state != s->shown_state || reason != s->shown_reason)
        report_state(s, state, reason);
}

void kvx_report_link(struct kvx_source *s, bool up)
{
    uint64_t suppressed;
    if (due(&s->link_limit[up], &suppressed))
        REPORT(s, KVX_LOG_INFO, up ? "connected" : "connection lost", KVX_U("suppressed", suppressed));
}

void kvx_report_restart(struct kvx_source *s)
{
    uint64_t suppressed;
    if (due(&s->restart_limit, &suppressed))
        REPORT(s, KVX_LOG_WARN, "the engine was restarted: its blocks are forgotten",
               KVX_U("restarts", s->restarts), KVX_U("suppressed", suppressed));
}

void kvx_report_gap(struct kvx_source *s, const struct kvx_track_verdict *v)
{
    uint64_t suppressed;
    const struct kvx_tracker *t = &s->tracker;
    if (!due(&s->gap_limit, &suppressed))
        return;
    REPORT(s, KVX_LOG_WARN,
           v->ask ? "gap in the event stream: asking for a replay" : "gap in the event stream",
           KVX_U("from", t->has_applied ? t->applied + 1 : 0), KVX_U("given_up", v->missing),
           KVX_U("suppressed", suppressed));
}

void kvx_report_replay(struct kvx_source *s, bool complete)
{
    uint64_t suppressed;
    if (due(&s->replay_limit, &suppressed))
        REPORT(s, complete ? KVX_LOG_INFO : KVX_LOG_WARN, complete ? "replay complete" : "replay incomplete",
               KVX_S("replay_endpoint", s->replay_endpoint),
               KVX_U("next_sequence", s->tracker.has_applied ? s->tracker.applied + 1 : 0),
               KVX_U("missing", s->tracker.missing), KVX_U("suppressed", suppressed));
}

void kvx_report_backlog(struct kvx_source *s)
{
    uint64_t suppressed;
    if (due(&s->backlog_limit, &suppressed))
        REPORT(s, KVX_LOG_WARN, "live batches dropped: the queue is at its limit",
               KVX_U("queued", s->queue.count), KVX_U("bytes", s->queue.bytes),
               KVX_U("suppressed", suppressed));
}

void kvx_report_block_size(struct kvx_source *s, uint32_t theirs)
{
    if (s->told_block_size)
        return;
    s->told_block_size = true;
    REPORT(s, KVX_LOG_WARN, "the engine's block size is not the partition's: such blocks are not indexed",
           KVX_U("engine_block_size", theirs), KVX_U("block_size", s->apply.block_size));
}

void kvx_report_frame(struct kvx_source *s, bool is_number, uint64_t seq)
{
    uint64_t suppressed;
    if (!due(&s->frame_limit, &suppressed))
        return;
    if (is_number)
        REPORT(s, KVX_LOG_WARN, "message dropped: impossible sequence number", KVX_U("sequence", seq),
               KVX_U("suppressed", suppressed));
    else
        REPORT(s, KVX_LOG_WARN, "message dropped: the sequence frame is not 8 bytes",
               KVX_U("suppressed", suppressed));
}

void kvx_report_failure(struct kvx_source *s, const char *what, const struct kvx_error *err)
{
    uint64_t suppressed;
    if (due(&s->failure_limit, &suppressed))
        REPORT(s, KVX_LOG_ERROR, what, KVX_S("error", err->text), KVX_U("suppressed", suppressed));
}
