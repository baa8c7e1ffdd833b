/* The sequence tracker without a replay, sentence by sentence, as tables; and what must hold for any inputs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tracker_script.h"

#include "base/clock.h"

/* clang-format off */
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
    {"from 1 on, as pools count", false, {
        {.in = IN_FROM_ONE, NOTHING}, CONNECTED,
        {.in = IN_LIVE, .seq = 1, .state = "exact"},
        {.in = IN_LIVE, .seq = 2, .state = "exact"},
        {.in = IN_LIVE, .seq = 4, .gap = true, .missing = 1, .state = "degraded/gap"},
        {.in = IN_LIVE, .seq = 1, .life = 2, .restart = true, .state = "exact"},
        {.in = IN_LIVE, .seq = 2, .life = 2, .state = "exact"},
    }},
    {"from 0 on, where 1 would do", false, {
        {.in = IN_FROM_ONE, NOTHING}, CONNECTED,
        {.in = IN_LIVE, .seq = 0, .state = "exact"},
        {.in = IN_LIVE, .seq = 1, .state = "exact"},
    }},
    {"a pool joined late", false, {
        {.in = IN_FROM_ONE, NOTHING}, CONNECTED,
        {.in = IN_LIVE, .seq = 2, .gap = true, .missing = 2, .state = "degraded/late_join"},
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
/* clang-format on */

RUN_ALL(without_replay)
RUN_ALL(numbers)

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
        cmocka_unit_test(test_deadline),       cmocka_unit_test(test_first_sync),
        cmocka_unit_test(test_random_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
