/* The sequence tracker with a replay, sentence by sentence, as tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tracker_script.h"

/* clang-format off */
static const struct script first_replay[] = {
    {"asked at once, complete without traffic", true, {
        {.in = IN_CONNECT, NOTHING, ASK(0), .state = "syncing"},
        {.in = IN_REPLY, .seq = 0}, {.in = IN_REPLY, .seq = 1, .state = "syncing"},
        {.in = IN_MARKED, NOTHING, .end = true, .complete = true, .state = "exact"},
        {.in = IN_LIVE, .seq = 2, .state = "exact"},
    }},
    {"an engine without history", true, {
        CONNECTED_ASKS(0),
        {.in = IN_MARKED, NOTHING, .end = true, .complete = true, .state = "exact"},
        {.in = IN_LIVE, .seq = 0, .state = "exact"},
    }},
    {"live batches wait, then duplicates of the replay are skipped", true, {
        CONNECTED_ASKS(0),
        {.in = IN_LIVE, .seq = 2, WAIT}, {.in = IN_READ, .seq = 3, QUEUE}, {.in = IN_READ, .seq = 4, QUEUE},
        {.in = IN_REPLY, .seq = 0}, {.in = IN_REPLY, .seq = 1}, {.in = IN_REPLY, .seq = 2}, {.in = IN_REPLY, .seq = 3},
        {.in = IN_MARKED, NOTHING, .end = true, .complete = true, .state = "exact"},
        {.in = IN_NEXT, .seq = 2, SKIP}, {.in = IN_NEXT, .seq = 3, SKIP}, {.in = IN_NEXT, .seq = 4, .state = "exact"},
    }},
    {"the live batches end the replay when it reaches them", true, {
        CONNECTED_ASKS(0),
        {.in = IN_LIVE, .seq = 2, WAIT},
        {.in = IN_REPLY, .seq = 0}, {.in = IN_NEXT, .seq = 2, WAIT}, {.in = IN_REPLY, .seq = 1},
        {.in = IN_NEXT, .seq = 2, .end = true, .complete = true, .state = "exact"},
        {.in = IN_REPLY, .seq = 2, SKIP},
    }},
    {"read live after it was replayed", true, {
        CONNECTED_ASKS(0),
        {.in = IN_REPLY, .seq = 0}, {.in = IN_REPLY, .seq = 1}, {.in = IN_REPLY, .seq = 2},
        {.in = IN_MARKED, NOTHING, .end = true, .complete = true},
        {.in = IN_LIVE, .seq = 1, SKIP}, {.in = IN_LIVE, .seq = 2, SKIP}, {.in = IN_LIVE, .seq = 3, .state = "exact"},
    }},
    {"read live after it was replayed, but with other bytes: restart", true, {
        CONNECTED_ASKS(0),
        {.in = IN_REPLY, .seq = 0}, {.in = IN_REPLY, .seq = 1}, {.in = IN_REPLY, .seq = 2},
        {.in = IN_MARKED, NOTHING, .end = true, .complete = true},
        {.in = IN_LIVE, .seq = 2, WAIT, .life = 2, .restart = true, ASK(0), .state = "syncing"},
    }},
    {"batch 0 live needs no replay", true, {
        CONNECTED_ASKS(0),
        {.in = IN_LIVE, .seq = 0, .end = true, .complete = true, .state = "exact"},
    }},
    {"the engine's memory begins later", true, {
        CONNECTED_ASKS(0),
        {.in = IN_REPLY, .seq = 40, .gap = true, .missing = 40}, {.in = IN_REPLY, .seq = 41},
        {.in = IN_MARKED, NOTHING, .end = true, .complete = true, .state = "degraded/late_join"},
        {.in = IN_LIVE, .seq = 42, .state = "degraded/late_join"},
    }},
    {"a silent peer", true, {
        CONNECTED_ASKS(0),
        {.in = IN_LIVE, .seq = 3, WAIT},
        {.in = IN_SILENT, NOTHING, .end = true, .state = "degraded/late_join"},
        {.in = IN_NEXT, .seq = 3, .missing = 3, .state = "degraded/late_join"},
        {.in = IN_LIVE, .seq = 4, .state = "degraded/late_join"},
    }},
    {"a silent peer, no traffic, then batch 0", true, {
        CONNECTED_ASKS(0),
        {.in = IN_SILENT, NOTHING, .end = true, .state = "degraded/late_join"},
        {.in = IN_LIVE, .seq = 0, .state = "exact"},
    }},
    {"a silent peer, no traffic, then a gap: asked again", true, {
        CONNECTED_ASKS(0),
        {.in = IN_SILENT, NOTHING, .end = true},
        {.in = IN_LIVE, .seq = 2, WAIT, .gap = true, ASK(0), .state = "syncing"},
        {.in = IN_REPLY, .seq = 0}, {.in = IN_REPLY, .seq = 1},
        {.in = IN_NEXT, .seq = 2, .end = true, .complete = true, .state = "exact"},
    }},
    {"no connection can be made", true, {
        CONNECTED_ASKS(0),
        {.in = IN_LIVE, .seq = 3, WAIT},
        {.in = IN_FAILED, NOTHING, .end = true}, {.in = IN_NEXT, .seq = 3, .missing = 3, .state = "degraded/late_join"},
    }},
};

static const struct script rounds[] = {
    {"a batch lost inside a round: asked again from the hole", true, {
        CONNECTED_ASKS(0),
        {.in = IN_REPLY, .seq = 0}, {.in = IN_REPLY, .seq = 1},
        {.in = IN_REPLY, .seq = 3, SKIP, ASK(2)},
        {.in = IN_REPLY, .seq = 2}, {.in = IN_REPLY, .seq = 3},
        {.in = IN_MARKED, NOTHING, .end = true, .complete = true, .state = "exact"},
    }},
    {"a number that no batch has", true, {
        CONNECTED_ASKS(0),
        {.in = IN_REPLY, .seq = 0}, {.in = IN_REPLY, .seq = 2, SKIP, ASK(1)},
        {.in = IN_REPLY, .seq = 2, .gap = true, .missing = 1},
        {.in = IN_MARKED, NOTHING, .end = true, .complete = true, .state = "degraded/gap"},
    }},
    {"no end marker: another round shows that nothing is left", true, {
        CONNECTED_ASKS(0),
        {.in = IN_REPLY, .seq = 0}, {.in = IN_REPLY, .seq = 1},
        {.in = IN_SILENT, NOTHING, ASK(2)},
        {.in = IN_MARKED, NOTHING, .end = true, .complete = true, .state = "exact"},
    }},
    {"a round without progress ends the replay", true, {
        CONNECTED_ASKS(0),
        {.in = IN_REPLY, .seq = 0}, {.in = IN_LIVE, .seq = 5, WAIT},
        {.in = IN_SILENT, NOTHING, ASK(1)},
        {.in = IN_SILENT, NOTHING, .end = true, .state = "degraded/gap"},
        {.in = IN_NEXT, .seq = 5, .missing = 4, .state = "degraded/gap"},
        {.in = IN_LIVE, .seq = 6, .state = "degraded/gap"},
    }},
    {"the marker, but the live batches begin later", true, {
        CONNECTED_ASKS(0),
        {.in = IN_REPLY, .seq = 0}, {.in = IN_LIVE, .seq = 5, WAIT},
        {.in = IN_MARKED, NOTHING, ASK(1)},
        {.in = IN_MARKED, NOTHING, .end = true},
        {.in = IN_NEXT, .seq = 5, .missing = 4, .state = "degraded/gap"},
    }},
    {"the deadline ends the replay in spite of progress", true, {
        CONNECTED_ASKS(0),
        {.in = IN_REPLY, .seq = 0}, {.in = IN_LIVE, .seq = 5, WAIT},
        {.in = IN_DEADLINE, NOTHING, .end = true}, {.in = IN_NEXT, .seq = 5, .missing = 4, .state = "degraded/gap"},
    }},
    {"a failed first replay that lost nothing: the next number says so", true, {
        CONNECTED_ASKS(0),
        {.in = IN_REPLY, .seq = 0}, {.in = IN_REPLY, .seq = 1},
        {.in = IN_SILENT, NOTHING, ASK(2)}, {.in = IN_SILENT, NOTHING, .end = true, .state = "degraded/gap"},
        {.in = IN_LIVE, .seq = 2, .state = "exact"},
    }},
    {"replayed numbers never signal a restart", true, {
        CONNECTED_ASKS(0),
        {.in = IN_REPLY, .seq = 0}, {.in = IN_REPLY, .seq = 1}, {.in = IN_REPLY, .seq = 2},
        {.in = IN_REPLY, .seq = 0, SKIP}, {.in = IN_REPLY, .seq = 1, SKIP, .life = 2}, {.in = IN_REPLY, .seq = 2, SKIP, .life = 2}, {.in = IN_REPLY, .seq = 3},
        {.in = IN_MARKED, NOTHING, .end = true, .complete = true, .state = "exact"},
    }},
    {"replies after the end are ignored", true, {
        CONNECTED_ASKS(0),
        {.in = IN_MARKED, NOTHING, .end = true, .complete = true},
        {.in = IN_REPLY, .seq = 0, SKIP}, {.in = IN_MARKED, NOTHING}, {.in = IN_SILENT, NOTHING, .state = "exact"},
    }},
};

static const struct script gaps[] = {
    {"filled by a replay", true, {
        CONNECTED_ASKS(0),
        {.in = IN_LIVE, .seq = 0, .end = true, .complete = true},
        {.in = IN_LIVE, .seq = 3, WAIT, .gap = true, ASK(1), .state = "syncing"},
        {.in = IN_REPLY, .seq = 1}, {.in = IN_REPLY, .seq = 2},
        {.in = IN_NEXT, .seq = 3, .end = true, .complete = true, .state = "exact"},
        {.in = IN_LIVE, .seq = 4, .state = "exact"},
    }},
    {"filled in part", true, {
        CONNECTED_ASKS(0),
        {.in = IN_LIVE, .seq = 0, .end = true, .complete = true},
        {.in = IN_LIVE, .seq = 5, WAIT, .gap = true, ASK(1)},
        {.in = IN_REPLY, .seq = 3, .missing = 2}, {.in = IN_REPLY, .seq = 4},
        {.in = IN_NEXT, .seq = 5, .end = true, .complete = true, .state = "degraded/gap"},
    }},
    {"not filled; a later gap is asked for again", true, {
        CONNECTED_ASKS(0),
        {.in = IN_LIVE, .seq = 0, .end = true, .complete = true},
        {.in = IN_LIVE, .seq = 2, WAIT, .gap = true, ASK(1)},
        {.in = IN_MARKED, NOTHING, .end = true},
        {.in = IN_NEXT, .seq = 2, .missing = 1, .state = "degraded/gap"},
        {.in = IN_LIVE, .seq = 4, WAIT, .gap = true, ASK(3)},
        {.in = IN_REPLY, .seq = 3}, {.in = IN_NEXT, .seq = 4, .end = true, .complete = true, .state = "degraded/gap"},
    }},
    {"a restart while a replay runs", true, {
        CONNECTED_ASKS(0),
        {.in = IN_LIVE, .seq = 0, .end = true, .complete = true},
        {.in = IN_LIVE, .seq = 7, WAIT, .gap = true, ASK(1)},
        {.in = IN_LIVE, .seq = 2, WAIT, .life = 2, .end = true, .restart = true, ASK(0), .state = "syncing"},
        {.in = IN_REPLY, .seq = 0, .life = 2}, {.in = IN_REPLY, .seq = 1, .life = 2},
        {.in = IN_NEXT, .seq = 2, .life = 2, .end = true, .complete = true, .state = "exact"},
    }},
    {"a restart seen late is repaired by a replay from 0", true, {
        CONNECTED_ASKS(0),
        {.in = IN_LIVE, .seq = 0, .end = true, .complete = true},
        {.in = IN_LIVE, .seq = 9, WAIT, .gap = true, ASK(1)},
        {.in = IN_MARKED, NOTHING, .end = true},
        {.in = IN_NEXT, .seq = 9, .missing = 8, .state = "degraded/gap"},
        {.in = IN_LIVE, .seq = 3, WAIT, .life = 2, .restart = true, ASK(0), .state = "syncing"},
        {.in = IN_REPLY, .seq = 0, .life = 2}, {.in = IN_REPLY, .seq = 1, .life = 2}, {.in = IN_REPLY, .seq = 2, .life = 2}, {.in = IN_REPLY, .seq = 3, .life = 2},
        {.in = IN_MARKED, NOTHING, .end = true, .complete = true, .state = "exact"},
        {.in = IN_NEXT, .seq = 3, SKIP, .life = 2, .state = "exact"},
    }},
    {"what was lost before is forgiven by a replay from 0 only", true, {
        CONNECTED_ASKS(0),
        {.in = IN_LIVE, .seq = 0, .end = true, .complete = true}, {.in = IN_LIVE, .seq = 1}, {.in = IN_LIVE, .seq = 2},
        {.in = IN_LOST, .seq = KVX_REASON_MEMORY},
        {.in = IN_LIVE, .seq = 4, WAIT, .gap = true, ASK(3)}, {.in = IN_REPLY, .seq = 3},
        {.in = IN_NEXT, .seq = 4, .end = true, .complete = true, .state = "degraded/memory"},
        {.in = IN_LIVE, .seq = 1, WAIT, .life = 2, .restart = true, ASK(0)}, {.in = IN_REPLY, .seq = 0, .life = 2},
        {.in = IN_NEXT, .seq = 1, .life = 2, .end = true, .complete = true, .state = "exact"},
    }},
    {"what is lost during a replay from 0 is not", true, {
        CONNECTED_ASKS(0),
        {.in = IN_REPLY, .seq = 0}, {.in = IN_LOST, .seq = KVX_REASON_MEMORY}, {.in = IN_REPLY, .seq = 1},
        {.in = IN_MARKED, NOTHING, .end = true, .complete = true, .state = "degraded/memory"},
    }},
    {"dropped for want of room, fetched again", true, {
        CONNECTED_ASKS(0),
        {.in = IN_LIVE, .seq = 0, .end = true, .complete = true},
        {.in = IN_READ, .seq = 1, QUEUE}, {.in = IN_READ, .seq = 2, QUEUE}, {.in = IN_OVERFLOW}, {.in = IN_READ, .seq = 3, QUEUE}, {.in = IN_OVERFLOW},
        {.in = IN_NEXT, .seq = 1},
        {.in = IN_DRAINED, NOTHING, .gap = true, ASK(2), .state = "syncing"},
        {.in = IN_DRAINED, NOTHING},
        {.in = IN_REPLY, .seq = 2}, {.in = IN_REPLY, .seq = 3},
        {.in = IN_MARKED, NOTHING, .end = true, .complete = true},
        {.in = IN_DRAINED, NOTHING, .state = "exact"}, {.in = IN_LIVE, .seq = 4, .state = "exact"},
    }},
    {"dropped for want of room, and gone", true, {
        CONNECTED_ASKS(0),
        {.in = IN_LIVE, .seq = 0, .end = true, .complete = true},
        {.in = IN_READ, .seq = 1, QUEUE}, {.in = IN_OVERFLOW},
        {.in = IN_DRAINED, NOTHING, .gap = true, ASK(1)},
        {.in = IN_MARKED, NOTHING, .end = true},
        {.in = IN_DRAINED, NOTHING, .missing = 1, .state = "degraded/backlog"},
        {.in = IN_DRAINED, NOTHING},
        {.in = IN_LIVE, .seq = 2, .state = "degraded/backlog"},
    }},
    {"another source emptied the worker: all is fetched again", true, {
        CONNECTED_ASKS(0),
        {.in = IN_LIVE, .seq = 0, .end = true, .complete = true}, {.in = IN_LIVE, .seq = 1},
        {.in = IN_EMPTIED, NOTHING, ASK(0), .state = "syncing"},
        {.in = IN_LIVE, .seq = 2, WAIT}, {.in = IN_REPLY, .seq = 0}, {.in = IN_REPLY, .seq = 1},
        {.in = IN_NEXT, .seq = 2, .end = true, .complete = true, .state = "exact"},
    }},
    {"another source emptied the worker, and it is not all there any more", true, {
        CONNECTED_ASKS(0),
        {.in = IN_LIVE, .seq = 0, .end = true, .complete = true}, {.in = IN_LIVE, .seq = 1},
        {.in = IN_EMPTIED, NOTHING, ASK(0)},
        {.in = IN_REPLY, .seq = 1, .gap = true, .missing = 1},
        {.in = IN_MARKED, NOTHING, .end = true, .complete = true, .state = "degraded/late_join"},
    }},
};

#define LIVE_TO_2 {.in = IN_LIVE, .seq = 0, .end = true, .complete = true}, {.in = IN_LIVE, .seq = 1}, {.in = IN_LIVE, .seq = 2, .ms = 500}
#define RECONNECT {.in = IN_DISCONNECT, .ms = 100, .state = "exact"}, {.in = IN_CONNECT, NOTHING, ASK(2), .state = "syncing"}

static const struct script reconnects[] = {
    {"the same engine, nothing missed", true, {
        CONNECTED_ASKS(0), LIVE_TO_2, RECONNECT,
        {.in = IN_REPLY, .seq = 2, SKIP}, {.in = IN_MARKED, NOTHING, .end = true, .complete = true, .state = "exact"},
    }},
    {"the same engine, batches missed, live ones wait", true, {
        CONNECTED_ASKS(0), LIVE_TO_2, RECONNECT,
        {.in = IN_LIVE, .seq = 3, WAIT}, {.in = IN_REPLY, .seq = 2, SKIP},
        {.in = IN_NEXT, .seq = 3, .end = true, .complete = true, .state = "exact"},
    }},
    {"other bytes under the last number: restart", true, {
        CONNECTED_ASKS(0), LIVE_TO_2, RECONNECT,
        {.in = IN_REPLY, .seq = 2, SKIP, .life = 2, .restart = true, ASK(0)},
        {.in = IN_REPLY, .seq = 0, .life = 2}, {.in = IN_REPLY, .seq = 1, .life = 2}, {.in = IN_REPLY, .seq = 2, .life = 2},
        {.in = IN_MARKED, NOTHING, .end = true, .complete = true, .state = "exact"},
        {.in = IN_LIVE, .seq = 3, .life = 2, .state = "exact"},
    }},
    {"the last number is gone and the time went back: restart", true, {
        CONNECTED_ASKS(0), LIVE_TO_2, RECONNECT,
        {.in = IN_REPLY, .seq = 8, SKIP, .ms = 400, .restart = true, ASK(0)},
        {.in = IN_REPLY, .seq = 5, .gap = true, .missing = 5, .life = 2},
        {.in = IN_MARKED, NOTHING, .end = true, .complete = true, .state = "degraded/late_join"},
    }},
    {"the last number is gone and the time went on: a gap", true, {
        CONNECTED_ASKS(0), LIVE_TO_2, RECONNECT,
        {.in = IN_REPLY, .seq = 8, .ms = 600, .gap = true, .missing = 5},
        {.in = IN_MARKED, NOTHING, .end = true, .complete = true, .state = "degraded/gap"},
    }},
    {"only smaller numbers: restart", true, {
        CONNECTED_ASKS(0), LIVE_TO_2, RECONNECT,
        {.in = IN_MARKED, NOTHING, ASK(0)},
        {.in = IN_REPLY, .seq = 0, SKIP, .life = 2}, {.in = IN_REPLY, .seq = 1, SKIP, .life = 2},
        {.in = IN_MARKED, NOTHING, .restart = true, ASK(0), .state = "syncing"},
        {.in = IN_REPLY, .seq = 0, .life = 2}, {.in = IN_REPLY, .seq = 1, .life = 2},
        {.in = IN_MARKED, NOTHING, .end = true, .complete = true, .state = "exact"},
    }},
    {"nothing at all: open, until the next number", true, {
        CONNECTED_ASKS(0), LIVE_TO_2, RECONNECT,
        {.in = IN_MARKED, NOTHING, ASK(0)}, {.in = IN_MARKED, NOTHING, .end = true, .state = "degraded/gap"},
        {.in = IN_LIVE, .seq = 0, .life = 2, .restart = true, .state = "exact"},
    }},
    {"nothing at all: open, and the next number fits", true, {
        CONNECTED_ASKS(0), LIVE_TO_2, RECONNECT,
        {.in = IN_MARKED, NOTHING, ASK(0)}, {.in = IN_MARKED, NOTHING, .end = true, .state = "degraded/gap"},
        {.in = IN_LIVE, .seq = 3, .state = "exact"},
    }},
    {"a silent peer", true, {
        CONNECTED_ASKS(0), LIVE_TO_2, RECONNECT,
        {.in = IN_LIVE, .seq = 3, WAIT},
        {.in = IN_SILENT, NOTHING, .end = true, .state = "degraded/gap"}, {.in = IN_NEXT, .seq = 3, .state = "exact"},
    }},
    {"a smaller live number decides before the replay does", true, {
        CONNECTED_ASKS(0), LIVE_TO_2, RECONNECT,
        {.in = IN_LIVE, .seq = 1, WAIT, .life = 2, .end = true, .restart = true, ASK(0)},
    }},
    {"reconnected while the first replay runs", true, {
        CONNECTED_ASKS(0),
        {.in = IN_REPLY, .seq = 0}, {.in = IN_DISCONNECT, .ms = 100}, {.in = IN_CONNECT, NOTHING, ASK(0)},
        {.in = IN_REPLY, .seq = 0, SKIP}, {.in = IN_REPLY, .seq = 1},
        {.in = IN_MARKED, NOTHING, .end = true, .complete = true, .state = "exact"},
    }},
    {"stale after 15 s without a connection only", true, {
        CONNECTED_ASKS(0), LIVE_TO_2,
        {.in = IN_TICK, .ms = 1000000, .state = "exact"},
        {.in = IN_DISCONNECT, .ms = 1000000, .state = "exact"},
        {.in = IN_DISCONNECT, .ms = 1009000},
        {.in = IN_TICK, .ms = 1014999, .state = "exact"}, {.in = IN_TICK, .ms = 1015000, .state = "stale"},
        {.in = IN_CONNECT, NOTHING, ASK(2), .state = "syncing"},
        {.in = IN_REPLY, .seq = 2, SKIP}, {.in = IN_MARKED, NOTHING, .end = true, .complete = true, .state = "exact"},
    }},
    {"never connected is not stale", true, {
        {.in = IN_TICK, .ms = 1000000, .state = "connecting"},
        {.in = IN_DISCONNECT, .ms = 1000000}, {.in = IN_TICK, .ms = 2000000, .state = "connecting"},
    }},
};
/* clang-format on */

RUN_ALL(first_replay)
RUN_ALL(rounds)
RUN_ALL(gaps)
RUN_ALL(reconnects)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_replay),
        cmocka_unit_test(test_rounds),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_reconnects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
