/* The sequence tracker, sentence by sentence, as tables. */
#include "tracker_script.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* clang-format off */
#define NOTHING .action = KVX_TRACK_NOTHING
#define QUEUE .action = KVX_TRACK_QUEUE
#define SKIP .action = KVX_TRACK_SKIP
#define WAIT .action = KVX_TRACK_WAIT
#define MALFORMED .action = KVX_TRACK_MALFORMED
/* APPLY is 0: the default */
#define ASK(n) .ask = true, .from = (n)
#define CONNECTED {.in = IN_CONNECT, NOTHING}
#define CONNECTED_ASKS(n) {.in = IN_CONNECT, NOTHING, ASK(n)}

static const struct script without_replay[] = {
    {"from the first batch on", false, {
        {.in = IN_TICK, .ms = 1, .state = "connecting"},
        {.in = IN_CONNECT, NOTHING, .state = "syncing"},
        {.in = IN_LIVE, .seq = 0, .state = "exact"},
        {.in = IN_LIVE, .seq = 1, .state = "exact"},
        {.in = IN_LIVE, .seq = 2, .state = "exact"},
        {.in = IN_DRAINED, NOTHING, .state = "exact"},
    }},
    {"late join", false, {
        CONNECTED,
        {.in = IN_LIVE, .seq = 5, .gap = true, .missing = 5, .state = "degraded/late_join"},
        {.in = IN_LIVE, .seq = 6, .state = "degraded/late_join"},
    }},
    {"gap: applied all the same", false, {
        CONNECTED,
        {.in = IN_LIVE, .seq = 0},
        {.in = IN_LIVE, .seq = 4, .gap = true, .missing = 3, .state = "degraded/gap"},
        {.in = IN_LIVE, .seq = 5, .state = "degraded/gap"},
    }},
    {"the same number with the same bytes is a repetition", false, {
        CONNECTED,
        {.in = IN_LIVE, .seq = 0}, {.in = IN_LIVE, .seq = 1},
        {.in = IN_READ, .seq = 1, SKIP, .state = "exact"},
        {.in = IN_LIVE, .seq = 2, .state = "exact"},
    }},
    {"the same number with other bytes is a restart", false, {
        CONNECTED,
        {.in = IN_LIVE, .seq = 0}, {.in = IN_LIVE, .seq = 1},
        {.in = IN_LIVE, .seq = 1, .life = 2, .restart = true, .gap = true, .missing = 1, .state = "degraded/late_join"},
    }},
    {"a smaller number is a restart; from 0 nothing is missing", false, {
        CONNECTED,
        {.in = IN_LIVE, .seq = 0}, {.in = IN_LIVE, .seq = 7, .gap = true, .missing = 6, .state = "degraded/gap"},
        {.in = IN_LIVE, .seq = 0, .life = 2, .restart = true, .state = "exact"},
        {.in = IN_LIVE, .seq = 1, .life = 2, .state = "exact"},
    }},
    {"a restart, once more", false, {
        CONNECTED,
        {.in = IN_LIVE, .seq = 0}, {.in = IN_LIVE, .seq = 1}, {.in = IN_LIVE, .seq = 2},
        {.in = IN_LIVE, .seq = 0, .life = 2, .restart = true},
        {.in = IN_LIVE, .seq = 1, .life = 2},
        {.in = IN_LIVE, .seq = 0, .life = 3, .restart = true, .state = "exact"},
    }},
    {"a restart behind a lost connection", false, {
        CONNECTED,
        {.in = IN_LIVE, .seq = 0}, {.in = IN_LIVE, .seq = 1}, {.in = IN_LIVE, .seq = 2},
        {.in = IN_DISCONNECT, .ms = 100}, CONNECTED,
        {.in = IN_LIVE, .seq = 1, .life = 2, .restart = true, .gap = true, .missing = 1, .state = "degraded/late_join"},
    }},
    {"an engine that clears its cache misses nothing", false, {
        CONNECTED,
        {.in = IN_LIVE, .seq = 9, .gap = true, .missing = 9, .state = "degraded/late_join"},
        {.in = IN_CLEARED, .state = "exact"},
        {.in = IN_LIVE, .seq = 10, .state = "exact"},
    }},
    {"what was lost is told until a clear", false, {
        CONNECTED,
        {.in = IN_LIVE, .seq = 0},
        {.in = IN_LOST, .seq = KVX_REASON_MEMORY, .state = "degraded/memory"},
        {.in = IN_LOST, .seq = KVX_REASON_PENDING_DROPPED, .state = "degraded/pending_dropped"},
        {.in = IN_LIVE, .seq = 1, .state = "degraded/pending_dropped"},
        {.in = IN_CLEARED, .state = "exact"},
    }},
    {"... or a restart", false, {
        CONNECTED,
        {.in = IN_LIVE, .seq = 0}, {.in = IN_LIVE, .seq = 1},
        {.in = IN_LOST, .seq = KVX_REASON_BAD_BATCH, .state = "degraded/bad_batch"},
        {.in = IN_LIVE, .seq = 0, .life = 2, .restart = true, .state = "exact"},
    }},
    {"no sequence numbers", false, {
        CONNECTED,
        {.in = IN_UNSEQUENCED, .state = "degraded/unsequenced"},
        {.in = IN_CLEARED, .state = "degraded/unsequenced"},
    }},
    {"the queue overflows", false, {
        CONNECTED,
        {.in = IN_LIVE, .seq = 0},
        {.in = IN_READ, .seq = 1, QUEUE}, {.in = IN_OVERFLOW}, {.in = IN_READ, .seq = 2, QUEUE}, {.in = IN_OVERFLOW}, {.in = IN_READ, .seq = 3, QUEUE},
        {.in = IN_NEXT, .seq = 3, .gap = true, .missing = 2, .state = "degraded/backlog"},
    }},
    {"the last batches overflow", false, {
        CONNECTED,
        {.in = IN_LIVE, .seq = 0},
        {.in = IN_READ, .seq = 1, QUEUE}, {.in = IN_READ, .seq = 2, QUEUE}, {.in = IN_OVERFLOW},
        {.in = IN_NEXT, .seq = 1},
        {.in = IN_DRAINED, NOTHING, .gap = true, .missing = 1, .state = "degraded/backlog"},
        {.in = IN_LIVE, .seq = 3, .state = "degraded/backlog"},
    }},
    {"another source of the worker was restarted", false, {
        CONNECTED,
        {.in = IN_LIVE, .seq = 0},
        {.in = IN_EMPTIED, NOTHING, .state = "degraded/two_sources"},
        {.in = IN_LIVE, .seq = 1, .state = "degraded/two_sources"},
        {.in = IN_LIVE, .seq = 0, .life = 2, .restart = true, .state = "exact"},
    }},
};

static const struct script numbers[] = {
    {"2^64-1 is no number", false, {
        CONNECTED,
        {.in = IN_READ, .seq = UINT64_MAX, MALFORMED}, {.in = IN_LIVE, .seq = 0, .state = "exact"}, {.in = IN_READ, .seq = UINT64_MAX, MALFORMED},
        {.in = IN_LIVE, .seq = 1, .state = "exact"},
    }},
    {"2^64-2 does not poison the stream", false, {
        CONNECTED,
        {.in = IN_LIVE, .seq = 0}, {.in = IN_READ, .seq = UINT64_MAX - 1, MALFORMED}, {.in = IN_LIVE, .seq = 1, .state = "exact"},
    }},
    {"a jump as far as allowed", false, {
        CONNECTED,
        {.in = IN_LIVE, .seq = 0},
        {.in = IN_LIVE, .seq = 1 + SCRIPT_MAX_JUMP, .gap = true, .missing = SCRIPT_MAX_JUMP, .state = "degraded/gap"},
    }},
    {"a jump too far", false, {
        CONNECTED,
        {.in = IN_LIVE, .seq = 0}, {.in = IN_READ, .seq = 2 + SCRIPT_MAX_JUMP, MALFORMED}, {.in = IN_LIVE, .seq = 1, .state = "exact"},
    }},
    {"the first number too far", false, {
        CONNECTED, {.in = IN_READ, .seq = SCRIPT_MAX_JUMP + 1, MALFORMED}, {.in = IN_LIVE, .seq = 0, .state = "exact"},
    }},
    {"far behind the replay's number, with batches in the queue", true, {
        CONNECTED_ASKS(0),
        {.in = IN_REPLY, .seq = 0}, {.in = IN_READ, .seq = 900, QUEUE}, {.in = IN_NEXT, .seq = 900, WAIT}, {.in = IN_READ, .seq = 1800, QUEUE},
        {.in = IN_READ, .seq = 3000, MALFORMED},
    }},
    {"a replayed number too far", true, {
        CONNECTED_ASKS(0),
        {.in = IN_REPLY, .seq = 0}, {.in = IN_REPLY, .seq = UINT64_MAX - 1, MALFORMED}, {.in = IN_REPLY, .seq = 1},
        {.in = IN_MARKED, NOTHING, .end = true, .complete = true, .state = "exact"},
    }},
};

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

#define RUN_ALL(table)                                              \
    static void test_##table(void **state)                          \
    {                                                               \
        (void)state;                                                \
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) \
            script_run(&table[i]);                                  \
    }

RUN_ALL(without_replay)
RUN_ALL(numbers)
RUN_ALL(first_replay)
RUN_ALL(rounds)
RUN_ALL(gaps)
RUN_ALL(reconnects)

static void test_deadline(void **state)
{
    (void)state;
    struct kvx_tracker t;
    kvx_tracker_init(&t, false, 10, KVX_MS(100));
    assert_int_equal(kvx_tracker_deadline(&t), 0);
    kvx_tracker_connected(&t);
    assert_int_equal(kvx_tracker_deadline(&t), 0);
    kvx_tracker_disconnected(&t, KVX_MS(5));
    assert_int_equal(kvx_tracker_deadline(&t), KVX_MS(105));
    kvx_tracker_tick(&t, KVX_MS(105));
    assert_int_equal(kvx_tracker_deadline(&t), 0);
}

static void test_first_sync(void **state)
{
    (void)state;
    struct kvx_tracker t;
    kvx_tracker_init(&t, false, 10, 1);
    assert_true(kvx_tracker_first_sync_done(&t)); /* there is nothing to wait for */
    kvx_tracker_init(&t, true, 10, 1);
    assert_false(kvx_tracker_first_sync_done(&t));
    kvx_tracker_connected(&t);
    assert_false(kvx_tracker_first_sync_done(&t));
    kvx_tracker_round_over(&t, KVX_ROUND_MARKED);
    assert_true(kvx_tracker_first_sync_done(&t));
}

/* Any inputs in any order: numbers applied must rise within one life, and every replay must end. */
static void test_random_inputs(void **state)
{
    (void)state;
    uint64_t random = 88172645463325252u;
    for (int round = 0; round < 2000; round++) {
        struct kvx_tracker t;
        kvx_tracker_init(&t, round & 1, 50, 10);
        for (int i = 0; i < 200; i++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            struct kvx_track_batch b = {random >> 8 & 15, random >> 16 & 1};
            struct kvx_track_verdict v = {.action = KVX_TRACK_NOTHING};
            bool had = t.has_applied;
            uint64_t before = t.applied;
            switch (random & 7) {
            case 0:
                v = kvx_tracker_connected(&t);
                break;
            case 1:
                kvx_tracker_disconnected(&t, (uint64_t)i + 1);
                kvx_tracker_tick(&t, (uint64_t)i + 12);
                break;
            case 2:
                v = kvx_tracker_read(&t, b);
                assert_int_not_equal(v.action, KVX_TRACK_APPLY);
                break;
            case 3:
                v = kvx_tracker_next(&t, b);
                break;
            case 4:
            case 5:
                v = kvx_tracker_reply(&t, b, (struct kvx_track_time){true, b.seq});
                break;
            case 6:
                v = kvx_tracker_round_over(&t, (enum kvx_round_end)(random >> 20 & 3));
                break;
            default:
                v = random >> 30 & 1 ? kvx_tracker_drained(&t) : kvx_tracker_emptied(&t);
            }
            if (v.action == KVX_TRACK_APPLY) {
                if (had && !v.restart)
                    assert_true(b.seq > before);
                kvx_tracker_applied(&t, b, (struct kvx_track_time){0});
            }
            assert_true(!v.ask || t.has_replay);
            assert_true(!t.replaying || t.has_replay);
        }
        /* A silent engine brings every replay to its end in two rounds. */
        kvx_tracker_round_over(&t, KVX_ROUND_SILENT);
        kvx_tracker_round_over(&t, KVX_ROUND_SILENT);
        assert_false(t.replaying);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_replay), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_first_replay),   cmocka_unit_test(test_rounds),
        cmocka_unit_test(test_gaps),           cmocka_unit_test(test_reconnects),
        cmocka_unit_test(test_deadline),       cmocka_unit_test(test_first_sync),
        cmocka_unit_test(test_random_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
