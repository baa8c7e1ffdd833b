/* Sources that are held: connected, but nothing read, until they are released. */
#include "base/clock.h"
#include "ingest_source_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct engine engine; /* large; one test at a time */

static void open_held(struct world *w, bool with_replay)
{
    world_open(w, 2, NULL);
    kvx_ingest_hold(w->ingest, true);
    engine_start(&engine, NULL, NULL, with_replay);
}

static void close_all(struct world *w)
{
    world_close(w);
    engine_stop(&engine);
}

static bool is_ready(struct world *w)
{
    struct kvx_health health;
    assert_int_equal(kvx_service_health(w->service, &w->arena, &health, &w->error), 0);
    bool ready = health.ready;
    kvx_arena_reset(&w->arena);
    return ready;
}

/* Long past every time-out of the tests' tunables that could matter. */
static void wait_held(void)
{
    usleep(700000);
}

static void test_nothing_is_read_until_released(void **state)
{
    (void)state;
    struct world w;
    open_held(&w, false);
    world_follow(&w, "a", &engine);
    wait_count(&w, KVX_COUNT_CONNECTED, 1);
    usleep(100000); /* the subscription has reached the engine */
    for (uint64_t i = 0; i < 20; i++)
        engine_store(&engine, i, 1, i, 1);
    wait_held();
    assert_int_equal(world_count(&w, KVX_COUNT_BATCHES_LIVE), 0);
    assert_int_equal(world_score(&w, "a", 0, 1, 20), 0);
    kvx_ingest_hold(w.ingest, false);
    wait_score(&w, "a", 0, 1, 20, 20);
    wait_state(&w, "a", 0, "exact"); /* nothing was lost */
    assert_int_equal(world_count(&w, KVX_COUNT_BATCHES_LIVE), 20);
    close_all(&w);
}

/* The first replay holds up readiness as long as it is held itself, and is asked for once. */
static void test_the_first_replay_waits(void **state)
{
    (void)state;
    struct world w;
    open_held(&w, true);
    for (uint64_t i = 0; i < 5; i++)
        engine_store(&engine, i, 1, i, 1);
    world_follow(&w, "a", &engine);
    wait_state(&w, "a", 0, "syncing");
    wait_held();
    assert_int_equal(atomic_load(&engine.requests), 0);
    assert_int_equal(world_count(&w, KVX_COUNT_REPLAY_STARTED), 0);
    wait_state(&w, "a", 0, "syncing");
    assert_false(is_ready(&w));
    kvx_ingest_hold(w.ingest, false);
    wait_score(&w, "a", 0, 1, 5, 5);
    wait_state(&w, "a", 0, "exact");
    assert_true(is_ready(&w));
    assert_int_equal(world_count(&w, KVX_COUNT_REPLAY_STARTED), 1);
    assert_int_equal(world_count(&w, KVX_COUNT_REPLAY_TIMEOUT), 0);
    close_all(&w);
}

/* An engine that nobody reaches does not hold up readiness, but not before the release. */
static void test_an_engine_that_is_not_there(void **state)
{
    (void)state;
    struct world w;
    char endpoint[96], replay[96];
    open_held(&w, true);
    snprintf(endpoint, sizeof endpoint, "%s", engine.endpoint);
    snprintf(replay, sizeof replay, "%s", engine.replay_endpoint);
    engine_stop(&engine);
    assert_int_equal(world_register(&w, "a", 0, endpoint, replay), 0);
    wait_held();
    assert_false(is_ready(&w));
    kvx_ingest_hold(w.ingest, false);
    for (int i = 0; i < 2000 && !is_ready(&w); i++)
        usleep(2000);
    assert_true(is_ready(&w));
    world_close(&w);
}

/* In the middle of things: what runs stops, connections are followed, and all goes on. */
static void test_hold_while_events_come(void **state)
{
    (void)state;
    struct world w;
    char endpoint[96], replay[96];
    world_open(&w, 1, NULL);
    engine_start(&engine, NULL, NULL, true);
    world_follow(&w, "a", &engine);
    wait_state(&w, "a", 0, "exact");
    engine_store(&engine, 0, 1, 0, 2);
    wait_score(&w, "a", 0, 1, 2, 2);
    kvx_ingest_hold(w.ingest, true);
    kvx_ingest_hold(w.ingest, true); /* as often as one likes */
    usleep(50000);
    engine_store(&engine, 1, 1, 2, 2);
    snprintf(endpoint, sizeof endpoint, "%s", engine.endpoint);
    snprintf(replay, sizeof replay, "%s", engine.replay_endpoint);
    engine_stop(&engine);
    wait_state(&w, "a", 0, "stale"); /* its loss is seen */
    engine_start(&engine, endpoint, replay, true);
    engine_store(&engine, 0, 1, 0, 1); /* another life */
    wait_state(&w, "a", 0, "syncing");
    assert_int_equal(world_score(&w, "a", 0, 1, 4), 2);
    kvx_ingest_hold(w.ingest, false);
    wait_score(&w, "a", 0, 1, 4, 1);
    wait_state(&w, "a", 0, "exact");
    close_all(&w);
}

/* A replay that is under way does not time out meanwhile. */
static void test_hold_during_a_replay(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, 1, NULL);
    engine_start(&engine, NULL, NULL, true);
    engine.silent = true;
    for (uint64_t i = 0; i < 5; i++)
        engine_store(&engine, i, 1, i, 1);
    world_follow(&w, "a", &engine);
    wait_count(&w, KVX_COUNT_REPLAY_STARTED, 1);
    kvx_ingest_hold(w.ingest, true);
    wait_held();
    assert_int_equal(world_count(&w, KVX_COUNT_REPLAY_TIMEOUT), 0);
    wait_state(&w, "a", 0, "syncing");
    kvx_ingest_hold(w.ingest, false);
    wait_count(&w, KVX_COUNT_REPLAY_TIMEOUT, 1);
    close_all(&w);
}

static void test_sources_come_and_go_while_held(void **state)
{
    (void)state;
    struct world w;
    open_held(&w, true);
    engine_store(&engine, 0, 1, 0, 3);
    for (int i = 0; i < 20; i++) {
        world_follow(&w, "a", &engine);
        usleep(5000);
        assert_int_equal(world_unregister(&w, "a"), 0);
    }
    world_follow(&w, "a", &engine);
    kvx_ingest_hold(w.ingest, false);
    wait_score(&w, "a", 0, 1, 3, 3);
    kvx_ingest_hold(w.ingest, true); /* and closed while held */
    close_all(&w);
}

/* Unread messages must not keep the thread awake. */
static void test_holding_costs_nothing(void **state)
{
    (void)state;
    struct world w;
    struct timespec before, after;
    open_held(&w, true);
    world_follow(&w, "a", &engine);
    wait_state(&w, "a", 0, "syncing");
    usleep(100000);
    for (uint64_t i = 0; i < 100; i++)
        engine_store(&engine, i, 1, i, 1);
    usleep(100000);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    usleep(500000);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    double used = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
    assert_true(used < 0.1); /* a spinning thread takes the half second */
    kvx_ingest_hold(w.ingest, false);
    wait_score(&w, "a", 0, 1, 100, 100);
    close_all(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_read_until_released),
        cmocka_unit_test(test_the_first_replay_waits),
        cmocka_unit_test(test_an_engine_that_is_not_there),
        cmocka_unit_test(test_hold_while_events_come),
        cmocka_unit_test(test_hold_during_a_replay),
        cmocka_unit_test(test_sources_come_and_go_while_held),
        cmocka_unit_test(test_holding_costs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
