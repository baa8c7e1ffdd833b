/* The deadlines of one ingest thread's sources, in one place. Intrusive, so arming a timer cannot fail. One
 * thread.
 *
 * Only sources that wait for something (a replay, a lost connection) are armed, so a list that is walked when
 * the earliest deadline has come is enough; between deadlines it costs one comparison.
 */
#ifndef INGEST_TIMERS_H
#define INGEST_TIMERS_H

#include <stdint.h>

struct kvx_timer {
    struct kvx_timer *prev, *next; /* in kvx_timers.armed while deadline_ns != 0 */
    uint64_t deadline_ns;
};

struct kvx_timers {
    struct kvx_timer *armed;
    uint64_t earliest_ns; /* no armed deadline is before it; UINT64_MAX when nothing is armed */
};

void kvx_timers_init(struct kvx_timers *);
/* deadline 0 disarms. */
void kvx_timers_set(struct kvx_timers *, struct kvx_timer *, uint64_t deadline_ns);
/* Disarms one timer that is due and returns it, or NULL. */
struct kvx_timer *kvx_timers_due(struct kvx_timers *, uint64_t now_ns);
/* Milliseconds until something is due, rounded up; -1: nothing is armed. For epoll_wait. */
int kvx_timers_wait_ms(const struct kvx_timers *, uint64_t now_ns);

#endif /* INGEST_TIMERS_H */
