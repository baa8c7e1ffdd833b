#include "timers.h"

#include <limits.h>
#include <stddef.h>

void kvx_timers_init(struct kvx_timers *ts)
{
    *ts = (struct kvx_timers){.earliest_ns = UINT64_MAX};
}

static void unlink_timer(struct kvx_timers *ts, struct kvx_timer *t)
{
    if (t->prev)
        t->prev->next = t->next;
    else
        ts->armed = t->next;
    if (t->next)
        t->next->prev = t->prev;
    t->prev = t->next = NULL;
    t->deadline_ns = 0;
    if (!ts->armed)
        ts->earliest_ns = UINT64_MAX;
}

void kvx_timers_set(struct kvx_timers *ts, struct kvx_timer *t, uint64_t deadline_ns)
{
    if (t->deadline_ns == deadline_ns)
        return;
    if (t->deadline_ns)
        unlink_timer(ts, t);
    if (!deadline_ns)
        return;
    t->deadline_ns = deadline_ns;
    t->next = ts->armed;
    if (t->next)
        t->next->prev = t;
    ts->armed = t;
    if (deadline_ns < ts->earliest_ns)
        ts->earliest_ns = deadline_ns;
}

struct kvx_timer *kvx_timers_due(struct kvx_timers *ts, uint64_t now_ns)
{
    if (now_ns < ts->earliest_ns)
        return NULL;
    uint64_t earliest = UINT64_MAX;
    for (struct kvx_timer *t = ts->armed; t; t = t->next) {
        if (t->deadline_ns <= now_ns) {
            unlink_timer(ts, t);
            return t;
        }
        if (t->deadline_ns < earliest)
            earliest = t->deadline_ns;
    }
    ts->earliest_ns = earliest;
    return NULL;
}

int kvx_timers_wait_ms(const struct kvx_timers *ts, uint64_t now_ns)
{
    if (ts->earliest_ns == UINT64_MAX)
        return -1;
    if (ts->earliest_ns <= now_ns)
        return 0;
    uint64_t ms = (ts->earliest_ns - now_ns + 999999) / 1000000;
    return ms < INT_MAX ? (int)ms : INT_MAX;
}
