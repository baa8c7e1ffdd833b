/* Scripts for the sequence tracker: a list of inputs, each with the verdict and the state it must lead to. */
#ifndef TRACKER_SCRIPT_H
#define TRACKER_SCRIPT_H

#include "tracker.h"

#include <stdbool.h>
#include <stdint.h>

enum script_input {
    IN_END = 0,  /* ends a script */
    IN_FROM_ONE, /* a pool: its numbers may begin at 1 */
    IN_CONNECT,
    IN_DISCONNECT, /* at `ms` */
    IN_TICK,       /* at `ms` */
    IN_READ,
    IN_NEXT,
    IN_LIVE, /* READ, which must say QUEUE, then NEXT */
    IN_OVERFLOW,
    IN_DRAINED,
    IN_UNSEQUENCED,
    IN_REPLY,
    IN_MARKED,
    IN_SILENT,
    IN_DEADLINE,
    IN_FAILED,
    IN_LOST, /* seq: the reason */
    IN_CLEARED,
    IN_EMPTIED,
};

struct script_step {
    enum script_input in;
    uint64_t seq;
    enum kvx_track_action action;
    bool restart, ask, gap, end, complete;
    uint64_t from;     /* with ask */
    uint64_t missing;  /* given up in this step */
    uint64_t life;     /* whose bytes: batches with the same number and life have the same digest */
    uint64_t ms;       /* a batch's time, 0: unknown; for TICK and DISCONNECT the clock */
    const char *state; /* "exact", "degraded/gap": checked after the step; NULL: not */
};

struct script {
    const char *name;
    bool replay;
    struct script_step steps[24];
};

enum { SCRIPT_MAX_JUMP = 1000, SCRIPT_STALE_MS = 15000 };

/* Runs a script from a new tracker; an APPLY is followed by kvx_tracker_applied. Fails the test with the
 * script's name and step. */
void script_run(const struct script *);

/* Short words for the tables. APPLY is 0: the default. */
/* clang-format off */
#define NOTHING .action = KVX_TRACK_NOTHING
#define QUEUE .action = KVX_TRACK_QUEUE
#define SKIP .action = KVX_TRACK_SKIP
#define WAIT .action = KVX_TRACK_WAIT
#define MALFORMED .action = KVX_TRACK_MALFORMED
#define ASK(n) .ask = true, .from = (n)
#define CONNECTED {.in = IN_CONNECT, NOTHING}
#define CONNECTED_ASKS(n) {.in = IN_CONNECT, NOTHING, ASK(n)}
/* clang-format on */

/* test_TABLE runs every script of a table. */
#define RUN_ALL(table)                                                  \
    static void test_##table(void **state)                              \
    {                                                                   \
        (void)state;                                                    \
        for (size_t i = 0; i < sizeof(table) / sizeof((table)[0]); i++) \
            script_run(&(table)[i]);                                    \
    }

#endif /* TRACKER_SCRIPT_H */
