/* Replays end to end: late joins, gaps, restarts, in every layout, from engines that lose replies or keep
 * silent. */
#include "base/clock.h"
#include "ingest_source_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct engine engine;

static void late_join(enum engine_layout layout)
{
    struct world w;
    world_open(&w, 1, NULL);
    engine_start(&engine, NULL, NULL, true);
    engine.layout = layout;
    for (uint64_t i = 0; i < 50; i++)
        engine_store(&engine, i, 1, i, 1);
    engine_remove(&engine, 50, 1, 40);
    world_follow(&w, "a", &engine);
    wait_score(&w, "a", 0, 1, 50, 40); /* without any traffic */
    wait_state(&w, "a", 0, "exact");
    wait_sequence(&w, "a", 0, 50);
    engine_store(&engine, 51, 1, 40, 1);
    wait_score(&w, "a", 0, 1, 50, 50);
    wait_state(&w, "a", 0, "exact");
    assert_int_equal(world_count(&w, KVX_COUNT_GAPS_SEEN), 0);
    assert_int_equal(world_count(&w, KVX_COUNT_REPLAY_COMPLETE), 1);
    world_close(&w);
    engine_stop(&engine);
}

static void test_late_join_old_layout(void **state)
{
    (void)state;
    late_join(LAYOUT_OLD);
}

static void test_late_join_topic_layout(void **state)
{
    (void)state;
    late_join(LAYOUT_TOPIC);
}

static void test_late_join_marker_with_payload(void **state)
{
    (void)state;
    late_join(LAYOUT_ATOM);
}

/* Batches that were not heard live are fetched when the next one shows the gap. */
static void test_gap(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, 1, NULL);
    engine_start(&engine, NULL, NULL, true);
    engine_store(&engine, 0, 1, 0, 1);
    world_follow(&w, "a", &engine);
    wait_state(&w, "a", 0, "exact");
    engine.off_air = true;
    for (uint64_t i = 1; i < 30; i++)
        engine_store(&engine, i, 1, i, 1);
    engine.off_air = false;
    engine_store(&engine, 30, 1, 30, 1);
    wait_score(&w, "a", 0, 1, 31, 31);
    wait_state(&w, "a", 0, "exact");
    assert_int_equal(atomic_load(&engine.last_start), 1);
    assert_int_equal(world_count(&w, KVX_COUNT_GAPS_SEEN), 1);
    assert_int_equal(world_count(&w, KVX_COUNT_GAPS_MISSING), 0);
    world_close(&w);
    engine_stop(&engine);
}

/* A number that no batch ever had. */
static void test_gap_that_nobody_can_fill(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, 1, NULL);
    engine_start(&engine, NULL, NULL, true);
    engine_store(&engine, 0, 1, 0, 1);
    world_follow(&w, "a", &engine);
    wait_state(&w, "a", 0, "exact");
    engine_store(&engine, 2, 1, 1, 1);
    wait_score(&w, "a", 0, 1, 2, 2);
    wait_state(&w, "a", 0, "degraded/gap");
    struct kvx_worker_info info;
    assert_true(world_worker(&w, "a", 0, &info));
    assert_int_equal(info.missing_batches, 1);
    engine_clear(&engine, 3);
    wait_state(&w, "a", 0, "exact");
    world_close(&w);
    engine_stop(&engine);
}

static void lossy(bool no_marker)
{
    struct world w;
    world_open(&w, 1, NULL);
    engine_start(&engine, NULL, NULL, true);
    engine.lose_every = 10;
    engine.no_marker = no_marker;
    for (uint64_t i = 0; i < 45; i++)
        engine_store(&engine, i, 1, i, 1);
    world_follow(&w, "a", &engine);
    wait_score(&w, "a", 0, 1, 45, 45);
    wait_state(&w, "a", 0,
               no_marker ? "degraded/gap" : "exact"); /* who knows what follows, without a marker? */
    assert_true(atomic_load(&engine.requests) >= 5);
    struct kvx_worker_info info;
    assert_true(world_worker(&w, "a", 0, &info));
    assert_int_equal(info.missing_batches, 0);
    engine_store(&engine, 45, 1, 45, 1);
    wait_score(&w, "a", 0, 1, 46, 46);
    wait_state(&w, "a", 0, "exact"); /* the next number does */
    world_close(&w);
    engine_stop(&engine);
}

static void test_lossy_replay(void **state)
{
    (void)state;
    lossy(false);
}

static void test_lossy_replay_without_markers(void **state)
{
    (void)state;
    lossy(true);
}

/* A ROUTER that drops what its send queue cannot hold, as libzmq does by default: holes where nobody can
 * foresee them. */
static void test_replay_larger_than_the_send_queue(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, 1, NULL);
    engine_start_lossy(&engine, 200);
    for (uint64_t i = 0; i < 4000; i++)
        engine_store(&engine, i, 1, i * 20, 20);
    world_follow(&w, "a", &engine);
    wait_score(&w, "a", 0, 1, 80000, 80000);
    wait_state(&w, "a", 0, "exact");
    assert_true(atomic_load(&engine.requests) > 1);
    world_close(&w);
    engine_stop(&engine);
}

static void test_silent_peer(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, 1, NULL);
    engine_start(&engine, NULL, NULL, true);
    engine.silent = true;
    for (uint64_t i = 0; i < 5; i++)
        engine_store(&engine, i, 1, i, 1);
    world_follow(&w, "a", &engine);
    wait_state(&w, "a", 0, "syncing");
    wait_state(&w, "a", 0, "degraded/late_join");
    struct kvx_health health;
    assert_int_equal(kvx_service_health(w.service, &w.arena, &health, &w.error), 0);
    assert_true(health.ready);
    assert_int_equal(world_count(&w, KVX_COUNT_REPLAY_TIMEOUT), 1);
    engine_store(&engine, 5, 2, 0, 2); /* waits for one more try, then is applied */
    wait_score(&w, "a", 0, 2, 2, 2);
    wait_state(&w, "a", 0, "degraded/late_join");
    engine_store(&engine, 6, 2, 2, 2); /* waits for nothing */
    wait_score(&w, "a", 0, 2, 4, 4);
    assert_int_equal(world_count(&w, KVX_COUNT_REPLAY_TIMEOUT), 2);
    world_close(&w);
    engine_stop(&engine);
}

static void test_memory_of_the_engine_begins_later(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, 1, NULL);
    engine_start(&engine, NULL, NULL, true);
    engine_store(&engine, 1000, 1, 0, 3);
    world_follow(&w, "a", &engine);
    wait_score(&w, "a", 0, 1, 3, 3);
    wait_state(&w, "a", 0, "degraded/late_join");
    world_close(&w);
    engine_stop(&engine);
}

static void test_restart_while_connected(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, 1, NULL);
    engine_start(&engine, NULL, NULL, true);
    for (uint64_t i = 0; i < 10; i++)
        engine_store(&engine, i, 1, i, 1);
    world_follow(&w, "a", &engine);
    wait_score(&w, "a", 0, 1, 10, 10);
    engine_store(&engine, 10, 1, 10, 1); /* so that a live number is known */
    wait_score(&w, "a", 0, 1, 11, 11);
    engine_forget(&engine);
    engine.naming = 77;
    engine.off_air = true; /* its first batches are not heard */
    engine_store(&engine, 0, 2, 0, 1);
    engine_store(&engine, 1, 2, 1, 1);
    engine.off_air = false;
    engine_store(&engine, 2, 2, 2, 1);
    wait_score(&w, "a", 0, 2, 3, 3);
    assert_int_equal(world_score(&w, "a", 0, 1, 11), 0);
    wait_state(&w, "a", 0, "exact");
    world_close(&w);
    engine_stop(&engine);
}

/* The engine dies and comes back, with the given number of new batches, before we are connected again. */
static void restart_while_disconnected(uint64_t batches, uint64_t time_ms)
{
    struct world w;
    char endpoint[96], replay[96];
    world_open(&w, 1, NULL);
    engine_start(&engine, NULL, NULL, true);
    snprintf(endpoint, sizeof endpoint, "%s", engine.endpoint);
    snprintf(replay, sizeof replay, "%s", engine.replay_endpoint);
    for (uint64_t i = 0; i < 5; i++)
        engine_store(&engine, i, 1, i, 1);
    world_follow(&w, "a", &engine);
    wait_score(&w, "a", 0, 1, 5, 5);
    wait_state(&w, "a", 0, "exact");
    engine_stop(&engine);
    wait_state(&w, "a", 0, "stale");
    engine_start(&engine, endpoint, replay, true);
    engine.time_ms = time_ms;
    engine.naming = 12345;
    for (uint64_t i = 0; i < batches; i++)
        engine_store(&engine, i, 2, i, 1);
    if (batches)
        wait_score(&w, "a", 0, 2, batches, (unsigned)batches);
    else
        wait_state(&w, "a", 0, "degraded/gap"); /* no sign of life from the engine itself yet */
    if (batches) {
        assert_int_equal(world_score(&w, "a", 0, 1, 5), 0);
        wait_state(&w, "a", 0, "exact");
        assert_int_equal(world_count(&w, KVX_COUNT_RESTARTS_SEEN), 1);
    }
    engine_store(&engine, batches, 2, batches, 1);
    wait_score(&w, "a", 0, 2, batches + 1, (unsigned)batches + 1);
    assert_int_equal(world_score(&w, "a", 0, 1, 5), 0);
    wait_state(&w, "a", 0, "exact");
    world_close(&w);
    engine_stop(&engine);
}

static void test_restart_while_disconnected_fewer_batches(void **state)
{
    (void)state;
    restart_while_disconnected(3, 1700000000000);
}

static void test_restart_while_disconnected_same_number(void **state)
{
    (void)state;
    restart_while_disconnected(5, 1700000000000);
}

static void test_restart_while_disconnected_more_batches(void **state)
{
    (void)state;
    restart_while_disconnected(9, 1700000000000);
}

static void test_reconnect_to_the_same_engine(void **state)
{
    (void)state;
    struct world w;
    char endpoint[96], replay[96];
    world_open(&w, 1, NULL);
    engine_start(&engine, NULL, NULL, true);
    snprintf(endpoint, sizeof endpoint, "%s", engine.endpoint);
    snprintf(replay, sizeof replay, "%s", engine.replay_endpoint);
    for (uint64_t i = 0; i < 5; i++)
        engine_store(&engine, i, 1, i, 1);
    world_follow(&w, "a", &engine);
    wait_state(&w, "a", 0, "exact");
    wait_score(&w, "a", 0, 1, 5, 5);
    engine_stop(&engine);
    wait_count(&w, KVX_COUNT_DISCONNECTED, 1);
    engine_start(&engine, endpoint, replay, true); /* with the same history, and two batches more */
    for (uint64_t i = 0; i < 7; i++)
        engine_store(&engine, i, 1, i, 1);
    wait_score(&w, "a", 0, 1, 7, 7);
    wait_state(&w, "a", 0, "exact");
    assert_int_equal(atomic_load(&engine.last_start), 4); /* the last batch we had, to compare */
    assert_int_equal(world_count(&w, KVX_COUNT_RESTARTS_SEEN), 0);
    world_close(&w);
    engine_stop(&engine);
}

/* Live batches wait for a replay that does not come, and only some of them fit. */
static void test_queue_overflow(void **state)
{
    (void)state;
    struct world w;
    struct kvx_ingest_tunables tunables = {
        .reconnect_ms = 10, .replay_silence_ms = 700, .queue_bytes_max = 4000};
    world_open(&w, 1, &tunables);
    engine_start(&engine, NULL, NULL, true);
    engine.silent = true;
    engine_store(&engine, 0, 1, 0, 1);
    world_follow(&w, "a", &engine);
    wait_state(&w, "a", 0, "degraded/late_join");
    for (uint64_t i = 1; i < 101; i++)
        engine_store(&engine, i, 2, i - 1, 1);
    wait_sequence(&w, "a", 0, 100);
    wait_state(&w, "a", 0, "degraded/late_join");
    unsigned score = world_score(&w, "a", 0, 2, 100);
    assert_true(score >= 5 && score < 40); /* the oldest were kept */
    /* The engine speaks again: the next gap is filled, the lost batches were given up. */
    pthread_mutex_lock(&engine.lock);
    engine.silent = false;
    pthread_mutex_unlock(&engine.lock);
    engine.off_air = true;
    engine_store(&engine, 101, 3, 0, 1);
    engine.off_air = false;
    engine_store(&engine, 102, 3, 1, 1);
    wait_score(&w, "a", 0, 3, 2, 2);
    world_close(&w);
    engine_stop(&engine);
}

/* Traffic all the time, a late join, and batches that are not heard now and then. */
static void test_traffic_with_losses(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, 2, NULL);
    engine_start(&engine, NULL, NULL, true);
    engine.lose_every = 100;
    for (uint64_t i = 0; i < 1500; i++) {
        if (i == 700)
            world_follow(&w, "a", &engine);
        engine.off_air = i % 97 == 5;
        engine_store(&engine, i, 1, i, 1);
        if (i % 50 == 0)
            usleep(2000);
    }
    wait_score(&w, "a", 0, 1, 1500, 1500);
    wait_state(&w, "a", 0, "exact");
    assert_int_equal(world_count(&w, KVX_COUNT_GAPS_MISSING), 0);
    world_close(&w);
    engine_stop(&engine);
}

/* However the ingest is stopped, in the middle of whatever: quickly, and without a leak. */
static void test_stop_at_any_time(void **state)
{
    (void)state;
    for (unsigned pause = 0; pause < 12; pause++) {
        struct world w;
        world_open(&w, 2, NULL);
        engine_start(&engine, NULL, NULL, true);
        engine.silent = pause & 1;
        for (uint64_t i = 0; i < 300; i++)
            engine_store(&engine, i, 1, i, 1);
        world_follow(&w, "a", &engine);
        usleep(pause * 1500);
        uint64_t before = kvx_now_ns();
        world_close(&w);
        assert_true(kvx_now_ns() - before < KVX_SECONDS(2));
        engine_stop(&engine);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_late_join_old_layout),
        cmocka_unit_test(test_late_join_topic_layout),
        cmocka_unit_test(test_late_join_marker_with_payload),
        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_gap_that_nobody_can_fill),
        cmocka_unit_test(test_lossy_replay),
        cmocka_unit_test(test_lossy_replay_without_markers),
        cmocka_unit_test(test_replay_larger_than_the_send_queue),
        cmocka_unit_test(test_silent_peer),
        cmocka_unit_test(test_memory_of_the_engine_begins_later),
        cmocka_unit_test(test_restart_while_connected),
        cmocka_unit_test(test_restart_while_disconnected_fewer_batches),
        cmocka_unit_test(test_restart_while_disconnected_same_number),
        cmocka_unit_test(test_restart_while_disconnected_more_batches),
        cmocka_unit_test(test_reconnect_to_the_same_engine),
        cmocka_unit_test(test_queue_overflow),
        cmocka_unit_test(test_traffic_with_losses),
        cmocka_unit_test(test_stop_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
