#include "tracker.h"

#define BIT(reason) (1u << KVX_REASON_##reason)

void kvx_tracker_init(struct kvx_tracker *t, bool has_replay, uint64_t max_jump, uint64_t stale_after_ns)
{
    *t = (struct kvx_tracker){
        .has_replay = has_replay, .max_jump = max_jump, .stale_after_ns = stale_after_ns};
}

static uint64_t expected(const struct kvx_tracker *t)
{
    return t->has_applied ? t->applied + 1 : 0;
}

void kvx_tracker_may_begin_at_one(struct kvx_tracker *t)
{
    t->from_one = true;
}

static bool begins(const struct kvx_tracker *t, uint64_t seq)
{
    return !t->has_applied && (seq == 0 || (t->from_one && seq == 1));
}

/* Is there a hole before this number? */
static bool is_ahead(const struct kvx_tracker *t, uint64_t seq)
{
    return seq > expected(t) && !begins(t, seq);
}

static struct kvx_track_verdict verdict(enum kvx_track_action action)
{
    return (struct kvx_track_verdict){.action = action};
}

/* A number further than `max_jump` ahead of all that was seen. Believing it once would make every later,
 * honest number look like a restart. */
static bool absurd(const struct kvx_tracker *t, uint64_t seq)
{
    uint64_t seen = t->has_live && (!t->has_applied || t->live > t->applied) ? t->live : expected(t);
    return seq == KVX_SEQUENCE_END || (seq > seen && seq - seen > t->max_jump);
}

static void ask(struct kvx_tracker *t, struct kvx_track_verdict *v, uint64_t from)
{
    if (!t->replaying)
        t->from_start = !t->has_applied;
    t->replaying = true;
    t->round_begun = false;
    t->progress = false;
    v->ask = true;
    v->ask_from = from;
}

/* Counts batches [expected, seq) as missing for good. */
static void give_up(struct kvx_tracker *t, struct kvx_track_verdict *v, uint64_t seq)
{
    v->missing = seq - expected(t);
    t->missing += v->missing;
    if (t->backlog)
        t->reasons |= BIT(BACKLOG);
    else
        t->reasons |= t->has_applied ? BIT(GAP) : BIT(LATE_JOIN);
}

/* The engine is new, or our copy of it is empty: forget its numbers. What cannot be seen stays unseen. */
static void forget(struct kvx_tracker *t)
{
    t->has_applied = false;
    t->applied_time.known = false;
    t->confirm = KVX_CONFIRM_NONE;
    t->replaying = t->waiting = t->gave_up = t->backlog = t->unconfirmed = t->synced = false;
    t->reasons &= BIT(UNSEQUENCED);
    t->missing = 0;
}

static void restart(struct kvx_tracker *t, struct kvx_track_verdict *v)
{
    forget(t);
    t->has_live = false;
    v->restart = true;
}

static void finish(struct kvx_tracker *t, struct kvx_track_verdict *v, bool complete)
{
    t->replaying = false;
    t->confirm = KVX_CONFIRM_NONE;
    t->gave_up = t->waiting && !complete && is_ahead(t, t->head);
    t->waiting = false;
    v->end_replay = true;
    v->complete = complete;
    if (!complete) {
        if (!t->has_applied)
            t->reasons |= BIT(LATE_JOIN);
        else
            t->unconfirmed = true;
        return;
    }
    t->unconfirmed = false;
    if (t->from_start && t->missing == 0)
        t->reasons &= BIT(UNSEQUENCED) | BIT(BLOCK_SIZE) | BIT(BAD_BATCH) | BIT(MEMORY) |
                      BIT(PENDING_DROPPED) | BIT(LIMIT);
    t->synced = true;
}

struct kvx_track_verdict kvx_tracker_connected(struct kvx_tracker *t)
{
    struct kvx_track_verdict v = verdict(KVX_TRACK_NOTHING);
    t->connected = t->ever_connected = true;
    t->stale = false;
    if (!t->has_replay)
        return v;
    t->confirm = t->has_applied ? KVX_CONFIRM_LAST : KVX_CONFIRM_NONE;
    ask(t, &v, t->has_applied ? t->applied : 0);
    return v;
}

void kvx_tracker_disconnected(struct kvx_tracker *t, uint64_t now_ns)
{
    if (t->connected)
        t->lost_ns = now_ns;
    t->connected = false;
}

uint64_t kvx_tracker_deadline(const struct kvx_tracker *t)
{
    return t->ever_connected && !t->connected && !t->stale ? t->lost_ns + t->stale_after_ns : 0;
}

void kvx_tracker_tick(struct kvx_tracker *t, uint64_t now_ns)
{
    uint64_t deadline = kvx_tracker_deadline(t);
    if (deadline && now_ns >= deadline)
        t->stale = true;
}

struct kvx_track_verdict kvx_tracker_read(struct kvx_tracker *t, struct kvx_track_batch b)
{
    struct kvx_track_verdict v = verdict(KVX_TRACK_QUEUE);
    if (absurd(t, b.seq))
        return verdict(KVX_TRACK_MALFORMED);
    if (t->has_live && b.seq == t->live && b.digest == t->live_digest)
        return verdict(KVX_TRACK_SKIP);
    /* A number above `live` but not above `applied` is a batch that the replay has brought already, unless it
     * is the last of them with other bytes. */
    bool back = t->has_live && b.seq <= t->live;
    bool differs = t->has_applied && b.seq == t->applied && b.digest != t->applied_digest;
    if (back || differs) {
        v.end_replay = t->replaying;
        restart(t, &v);
        /* Who sees batch 0 live has missed nothing. */
        if (t->has_replay && b.seq > 0)
            ask(t, &v, 0);
    }
    t->has_live = true;
    t->live = b.seq;
    t->live_digest = b.digest;
    return v;
}

void kvx_tracker_overflow(struct kvx_tracker *t)
{
    t->backlog = true;
}

/* There is a hole before `seq`: true if a replay was asked for and everything has to wait for it. */
static bool hole_before(struct kvx_tracker *t, uint64_t seq, struct kvx_track_verdict *v)
{
    v->gap = !t->gave_up;
    if (t->has_replay && !t->gave_up) {
        t->waiting = true;
        t->head = seq;
        ask(t, v, expected(t));
        return true;
    }
    give_up(t, v, seq);
    return false;
}

struct kvx_track_verdict kvx_tracker_next(struct kvx_tracker *t, struct kvx_track_batch b)
{
    struct kvx_track_verdict v = verdict(KVX_TRACK_APPLY);
    if (t->replaying) {
        if (t->confirm != KVX_CONFIRM_NONE || is_ahead(t, b.seq)) {
            t->waiting = true;
            t->head = b.seq;
            v.action = KVX_TRACK_WAIT;
            return v;
        }
        finish(t, &v, true); /* the live batches go on where the replay is now */
    }
    if (t->has_applied && b.seq <= t->applied)
        v.action = KVX_TRACK_SKIP;
    else if (is_ahead(t, b.seq) && hole_before(t, b.seq, &v))
        v.action = KVX_TRACK_WAIT;
    return v;
}

struct kvx_track_verdict kvx_tracker_drained(struct kvx_tracker *t)
{
    struct kvx_track_verdict v = verdict(KVX_TRACK_NOTHING);
    bool behind = t->has_live && (!t->has_applied || t->live > t->applied);
    if (t->replaying || (!behind && !t->backlog))
        return v;
    if (behind && hole_before(t, t->live + 1, &v))
        return v;
    if (behind) {
        t->has_applied = true;
        t->applied = t->live;
        t->applied_digest = t->live_digest;
        t->applied_time.known = false;
    }
    t->backlog = t->gave_up = false;
    return v;
}

void kvx_tracker_unsequenced(struct kvx_tracker *t)
{
    t->reasons |= BIT(UNSEQUENCED);
}

bool kvx_tracker_wants_time(const struct kvx_tracker *t, uint64_t seq)
{
    return t->replaying && t->confirm != KVX_CONFIRM_NONE && t->has_applied && seq > t->applied &&
           t->applied_time.known;
}

/* A replayed batch while it is open whether the engine is still the one we knew. True if the verdict is
 * final. */
static bool confirm(struct kvx_tracker *t, struct kvx_track_batch b, struct kvx_track_time time,
                    struct kvx_track_verdict *v)
{
    bool renewed;
    if (b.seq < t->applied) {
        t->found_older = true;
        v->action = KVX_TRACK_SKIP;
        return true;
    }
    if (b.seq == t->applied)
        renewed = b.digest != t->applied_digest;
    else
        renewed = time.known && t->applied_time.known && time.ms < t->applied_time.ms;
    t->confirm = KVX_CONFIRM_NONE;
    t->found_older = false;
    if (!renewed && b.seq > t->applied)
        return false; /* the engine's memory begins behind it: a gap */
    v->action = KVX_TRACK_SKIP;
    if (renewed) {
        restart(t, v);
        ask(t, v, 0);
    }
    return true;
}

struct kvx_track_verdict kvx_tracker_reply(struct kvx_tracker *t, struct kvx_track_batch b,
                                           struct kvx_track_time time)
{
    struct kvx_track_verdict v = verdict(KVX_TRACK_APPLY);
    if (!t->replaying)
        return verdict(KVX_TRACK_SKIP);
    if (absurd(t, b.seq))
        return verdict(KVX_TRACK_MALFORMED);
    if (t->confirm != KVX_CONFIRM_NONE && confirm(t, b, time, &v))
        return v;
    if (t->has_applied && b.seq <= t->applied) {
        v.action = KVX_TRACK_SKIP;
        return v;
    }
    if (is_ahead(t, b.seq)) {
        /* Later in a round this is a batch lost on the way: ask again. At its beginning the engine has it no
         * more. */
        if (t->round_begun) {
            ask(t, &v, expected(t));
            v.action = KVX_TRACK_SKIP;
            return v;
        }
        v.gap = !t->waiting; /* else it was reported when the live batch came */
        give_up(t, &v, b.seq);
    }
    t->round_begun = t->progress = true;
    return v;
}

struct kvx_track_verdict kvx_tracker_round_over(struct kvx_tracker *t, enum kvx_round_end end)
{
    struct kvx_track_verdict v = verdict(KVX_TRACK_NOTHING);
    if (!t->replaying)
        return v;
    bool answered = end == KVX_ROUND_MARKED;
    if (answered && t->confirm == KVX_CONFIRM_LAST) {
        /* It does not hold the last batch it sent us: look at what it does hold. */
        t->confirm = KVX_CONFIRM_SEARCH;
        t->found_older = false;
        ask(t, &v, 0);
    } else if (answered && t->confirm == KVX_CONFIRM_SEARCH && t->found_older) {
        restart(t, &v);
        ask(t, &v, 0);
    } else if (t->confirm != KVX_CONFIRM_NONE) {
        finish(t, &v, false);
    } else if (t->progress && end != KVX_ROUND_DEADLINE &&
               (!answered || (t->waiting && is_ahead(t, t->head)))) {
        ask(t, &v, expected(t));
    } else {
        finish(t, &v, answered && !(t->waiting && is_ahead(t, t->head)));
    }
    return v;
}

void kvx_tracker_applied(struct kvx_tracker *t, struct kvx_track_batch b, struct kvx_track_time time)
{
    bool first = begins(t, b.seq);
    /* The engine's own numbers close the question that a failed replay left open. */
    if (!t->replaying && b.seq == expected(t))
        t->unconfirmed = false;
    if (first) {
        t->reasons &= ~(BIT(LATE_JOIN) | BIT(GAP));
        t->missing = 0;
        t->synced = true;
    }
    t->has_applied = true;
    t->applied = b.seq;
    t->applied_digest = b.digest;
    t->applied_time = time;
    t->gave_up = false;
}

void kvx_tracker_lost(struct kvx_tracker *t, enum kvx_source_reason reason)
{
    t->reasons |= 1u << reason;
}

void kvx_tracker_cleared(struct kvx_tracker *t)
{
    t->reasons &= BIT(UNSEQUENCED);
    t->unconfirmed = false;
    t->missing = 0;
    t->synced = true;
}

struct kvx_track_verdict kvx_tracker_emptied(struct kvx_tracker *t)
{
    struct kvx_track_verdict v = verdict(KVX_TRACK_NOTHING);
    if (t->has_replay) {
        v.end_replay = t->replaying;
        forget(t);
        ask(t, &v, 0);
    }
    t->reasons |= BIT(TWO_SOURCES);
    return v;
}

enum kvx_source_state kvx_tracker_state(const struct kvx_tracker *t)
{
    if (!t->ever_connected)
        return KVX_SOURCE_CONNECTING;
    if (t->stale)
        return KVX_SOURCE_STALE;
    if (t->replaying)
        return KVX_SOURCE_SYNCING;
    if (t->reasons || t->unconfirmed)
        return KVX_SOURCE_DEGRADED;
    return t->synced ? KVX_SOURCE_EXACT : KVX_SOURCE_SYNCING;
}

enum kvx_source_reason kvx_tracker_reason(const struct kvx_tracker *t)
{
    if (kvx_tracker_state(t) != KVX_SOURCE_DEGRADED)
        return KVX_REASON_NONE;
    for (int reason = KVX_REASON_NONE + 1; reason < KVX_SOURCE_REASON_COUNT; reason++)
        if (t->reasons & (1u << reason))
            return (enum kvx_source_reason)reason;
    return KVX_REASON_GAP;
}

bool kvx_tracker_first_sync_done(const struct kvx_tracker *t)
{
    return !t->has_replay || (t->ever_connected && !t->replaying);
}
