#include "tracker_script.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void applied(struct kvx_tracker *t, struct kvx_track_verdict v, struct kvx_track_batch b, uint64_t ms)
{
    if (v.action == KVX_TRACK_APPLY)
        kvx_tracker_applied(t, b, (struct kvx_track_time){ms != 0, ms});
}

static struct kvx_track_verdict live(struct kvx_tracker *t, struct kvx_track_batch b)
{
    struct kvx_track_verdict v = kvx_tracker_read(t, b);
    assert_int_equal(v.action, KVX_TRACK_QUEUE);
    struct kvx_track_verdict next = kvx_tracker_next(t, b);
    next.restart |= v.restart;
    next.end_replay |= v.end_replay;
    if (v.ask) {
        next.ask = true;
        next.ask_from = v.ask_from;
    }
    return next;
}

static struct kvx_track_verdict run_step(struct kvx_tracker *t, const struct script_step *s)
{
    struct kvx_track_batch b = {s->seq, (s->seq + 1) * 1000003 + s->life};
    struct kvx_track_time time = {s->ms != 0, s->ms};
    struct kvx_track_verdict v = {.action = s->action};
    switch (s->in) {
    case IN_CONNECT:
        return kvx_tracker_connected(t);
    case IN_DISCONNECT:
        kvx_tracker_disconnected(t, KVX_MS(s->ms));
        return v;
    case IN_TICK:
        kvx_tracker_tick(t, KVX_MS(s->ms));
        return v;
    case IN_READ:
        return kvx_tracker_read(t, b);
    case IN_NEXT:
        v = kvx_tracker_next(t, b);
        applied(t, v, b, s->ms);
        return v;
    case IN_LIVE:
        v = live(t, b);
        applied(t, v, b, s->ms);
        return v;
    case IN_OVERFLOW:
        kvx_tracker_overflow(t);
        return v;
    case IN_DRAINED:
        return kvx_tracker_drained(t);
    case IN_FROM_ONE:
        kvx_tracker_may_begin_at_one(t);
        return v;
    case IN_UNSEQUENCED:
        kvx_tracker_unsequenced(t);
        return v;
    case IN_REPLY:
        if (!kvx_tracker_wants_time(t, s->seq))
            time.known = false; /* then the verdict must not depend on it */
        v = kvx_tracker_reply(t, b, time);
        applied(t, v, b, s->ms);
        return v;
    case IN_MARKED:
        return kvx_tracker_round_over(t, KVX_ROUND_MARKED);
    case IN_SILENT:
        return kvx_tracker_round_over(t, KVX_ROUND_SILENT);
    case IN_DEADLINE:
        return kvx_tracker_round_over(t, KVX_ROUND_DEADLINE);
    case IN_FAILED:
        return kvx_tracker_round_over(t, KVX_ROUND_FAILED);
    case IN_LOST:
        kvx_tracker_lost(t, (enum kvx_source_reason)s->seq);
        return v;
    case IN_CLEARED:
        kvx_tracker_cleared(t);
        return v;
    case IN_EMPTIED:
        return kvx_tracker_emptied(t);
    case IN_END:
        break;
    }
    return v;
}

static void check_flag(const char *where, const char *what, uint64_t is, uint64_t should)
{
    if (is != should)
        fail_msg("%s: %s is %llu, should be %llu", where, what, (unsigned long long)is,
                 (unsigned long long)should);
}

static void check_state(const char *where, const struct kvx_tracker *t, const char *should)
{
    char is[64];
    enum kvx_source_reason reason = kvx_tracker_reason(t);
    snprintf(is, sizeof is, "%s%s%s", kvx_source_state_name(kvx_tracker_state(t)), reason ? "/" : "",
             kvx_source_reason_name(reason));
    if (strcmp(is, should) != 0)
        fail_msg("%s: state is %s, should be %s", where, is, should);
}

void script_run(const struct script *script)
{
    struct kvx_tracker t;
    kvx_tracker_init(&t, script->replay, SCRIPT_MAX_JUMP, KVX_MS(SCRIPT_STALE_MS));
    for (size_t i = 0; script->steps[i].in != IN_END; i++) {
        const struct script_step *s = &script->steps[i];
        char where[160];
        snprintf(where, sizeof where, "%s, step %zu", script->name, i + 1);
        struct kvx_track_verdict v = run_step(&t, s);
        check_flag(where, "action", v.action, s->action);
        check_flag(where, "restart", v.restart, s->restart);
        check_flag(where, "gap", v.gap, s->gap);
        check_flag(where, "ask", v.ask, s->ask);
        if (s->ask)
            check_flag(where, "ask_from", v.ask_from, s->from);
        check_flag(where, "missing", v.missing, s->missing);
        check_flag(where, "end_replay", v.end_replay, s->end);
        check_flag(where, "complete", v.complete, s->complete);
        if (s->state)
            check_state(where, &t, s->state);
    }
}
