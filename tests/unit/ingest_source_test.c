/* Sources end to end: a played engine, ZMQ, the ingest threads, the index, the service's answers. */
#include "ingest_source_world.h"

#include "endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct engine engine, second; /* large; one test at a time */

static void test_live_events(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, 1, NULL);
    engine_start(&engine, NULL, NULL, false);
    world_follow(&w, "a", &engine);
    uint64_t seq = wait_subscribed(&w, "a", &engine, 0);
    engine_store(&engine, seq++, 1, 0, 3);
    engine_store(&engine, seq++, 1, 3, 2);
    wait_score(&w, "a", 0, 1, 5, 5);
    engine_remove(&engine, seq++, 1, 2);
    wait_score(&w, "a", 0, 1, 5, 2);
    engine_store(&engine, seq++, 1, 2, 1);
    wait_score(&w, "a", 0, 1, 5, 5);
    engine_clear(&engine, seq++);
    wait_score(&w, "a", 0, 1, 5, 0);
    wait_state(&w, "a", 0, "exact"); /* whatever was missed at first: nothing is held now */
    assert_int_equal(world_count(&w, KVX_COUNT_STORED_APPLIED), 3);
    assert_int_equal(world_count(&w, KVX_COUNT_REMOVED_APPLIED), 1);
    assert_int_equal(world_count(&w, KVX_COUNT_CLEARED_APPLIED), 1);
    world_close(&w);
    engine_stop(&engine);
}

static void test_engine_comes_later(void **state)
{
    (void)state;
    struct world w;
    char endpoint[96], replay[96];
    engine_start(&engine, NULL, NULL, true); /* for its free ports */
    snprintf(endpoint, sizeof endpoint, "%s", engine.endpoint);
    snprintf(replay, sizeof replay, "%s", engine.replay_endpoint);
    engine_stop(&engine);
    world_open(&w, 1, NULL);
    assert_int_equal(world_register(&w, "a", 0, endpoint, replay), 0);
    wait_state(&w, "a", 0, "connecting");
    struct kvx_health health;
    usleep(400000); /* by then the engine holds up readiness no longer */
    assert_int_equal(kvx_service_health(w.service, &w.arena, &health, &w.error), 0);
    assert_true(health.ready);
    engine_start(&engine, endpoint, replay, true);
    engine_store(&engine, 0, 1, 0, 4);
    wait_score(&w, "a", 0, 1, 4, 4);
    wait_state(&w, "a", 0, "exact");
    world_close(&w);
    engine_stop(&engine);
}

static void test_ipc(void **state)
{
    (void)state;
    struct world w;
    char folder[] = "/tmp/kvx-source-XXXXXX", endpoint[96], replay[96];
    assert_non_null(mkdtemp(folder));
    snprintf(endpoint, sizeof endpoint, "ipc://%s/pub", folder);
    snprintf(replay, sizeof replay, "ipc://%s/replay", folder);
    world_open(&w, 1, NULL);
    engine_start(&engine, endpoint, replay, true);
    engine_store(&engine, 0, 1, 0, 4);
    world_follow(&w, "a", &engine);
    wait_score(&w, "a", 0, 1, 4, 4);
    wait_state(&w, "a", 0, "exact");
    world_close(&w);
    engine_stop(&engine);
    unlink(endpoint + 6);
    unlink(replay + 6);
    assert_int_equal(rmdir(folder), 0);
}

static void test_late_join_without_replay(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, 1, NULL);
    engine_start(&engine, NULL, NULL, false);
    world_follow(&w, "a", &engine);
    uint64_t seq = wait_subscribed(&w, "a", &engine, 700);
    wait_state(&w, "a", 0, "degraded/late_join");
    engine_store(&engine, seq++, 1, 0, 3);
    wait_score(&w, "a", 0, 1, 3, 3);
    engine_store(&engine, seq + 9, 1, 3, 1);
    wait_score(&w, "a", 0, 1, 4, 4);
    struct kvx_worker_info info;
    assert_true(world_worker(&w, "a", 0, &info));
    assert_true(info.missing_batches >= 709);
    world_close(&w);
    engine_stop(&engine);
}

static void test_restart_while_connected(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, 1, NULL);
    engine_start(&engine, NULL, NULL, false);
    world_follow(&w, "a", &engine);
    uint64_t seq = wait_subscribed(&w, "a", &engine, 0);
    engine_store(&engine, seq++, 1, 0, 3);
    wait_score(&w, "a", 0, 1, 3, 3);
    engine_forget(&engine);
    engine_store(&engine, 0, 2, 0, 2);
    wait_score(&w, "a", 0, 2, 2, 2);
    assert_int_equal(world_score(&w, "a", 0, 1, 3), 0);
    wait_state(&w, "a", 0, "exact");
    struct kvx_worker_info info;
    assert_true(world_worker(&w, "a", 0, &info));
    assert_int_equal(info.restarts, 1);
    assert_int_equal(world_count(&w, KVX_COUNT_RESTARTS_SEEN), 1);
    world_close(&w);
    engine_stop(&engine);
}

static void send_odd_frames(struct engine *e)
{
    const uint8_t number[9] = {0}, end[8] = {255, 255, 255, 255, 255, 255, 255, 255};
    const size_t lengths[] = {0, 7, 9};
    for (size_t i = 0; i < 3; i++)
        engine_frames(e, 3, (const void *[]){"t", number, "x"}, (size_t[]){1, lengths[i], 1});
    engine_frames(e, 3, (const void *[]){"t", end, "x"}, (size_t[]){1, 8, 1});
}

static void test_odd_messages(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, 1, NULL);
    engine_start(&engine, NULL, NULL, false);
    world_follow(&w, "a", &engine);
    uint64_t seq = wait_subscribed(&w, "a", &engine, 0);
    engine_clear(&engine, seq++);
    wait_state(&w, "a", 0, "exact");
    uint64_t gaps = world_count(&w, KVX_COUNT_GAPS_SEEN);
    send_odd_frames(&engine); /* dropped: the sequence goes on as if they had not come */
    engine_empty(&engine, seq++);
    wait_sequence(&w, "a", 0, seq - 1);
    wait_state(&w, "a", 0, "exact");
    assert_int_equal(world_count(&w, KVX_COUNT_FRAME_SEQUENCE), 4);
    /* An empty and a broken payload use up their numbers. */
    engine_publish(&engine, seq++, "", 0);
    engine_publish(&engine, seq++, "\xc1", 1);
    wait_sequence(&w, "a", 0, seq - 1);
    wait_state(&w, "a", 0, "degraded/bad_batch");
    /* A topic with a NUL, and one frame too many. */
    size_t len;
    void *payload = engine_store_payload(&engine, 1, 0, 2, &len);
    uint8_t number[8] = {0};
    for (int i = 0; i < 8; i++)
        number[i] = (uint8_t)(seq >> (56 - 8 * i));
    engine_frames(&engine, 4, (const void *[]){"kv\0x", number, payload, "?"}, (size_t[]){4, 8, len, 1});
    wait_score(&w, "a", 0, 1, 2, 2);
    assert_int_equal(world_count(&w, KVX_COUNT_GAPS_SEEN), gaps);
    free(payload);
    world_close(&w);
    engine_stop(&engine);
}

static void test_unsequenced(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, 1, NULL);
    engine_start(&engine, NULL, NULL, false);
    world_follow(&w, "a", &engine);
    size_t len;
    void *payload = engine_store_payload(&engine, 1, 0, 2, &len);
    while (world_score(&w, "a", 0, 1, 2) != 2) { /* one frame */
        engine_frames(&engine, 1, (const void *[]){payload}, &len);
        usleep(5000);
    }
    wait_state(&w, "a", 0, "degraded/unsequenced");
    free(payload);
    payload = engine_store_payload(&engine, 1, 2, 2, &len); /* two frames */
    engine_frames(&engine, 2, (const void *[]){"topic", payload}, (size_t[]){5, len});
    wait_score(&w, "a", 0, 1, 4, 4);
    free(payload);
    world_close(&w);
    engine_stop(&engine);
}

static void test_two_ranks_on_one_source(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, 1, NULL);
    engine_start(&engine, NULL, NULL, false);
    world_follow(&w, "a", &engine);
    uint64_t seq = wait_subscribed(&w, "a", &engine, 0);
    engine_store(&engine, seq++, 1, 0, 2);
    engine.rank = 3;
    engine_store(&engine, seq++, 2, 0, 4);
    wait_score(&w, "a", 3, 2, 4, 4);
    wait_score(&w, "a", 0, 1, 2, 2);
    assert_int_equal(world_score(&w, "a", 0, 2, 4), 0);
    struct kvx_worker_info info;
    assert_true(world_worker(&w, "a", 3, &info));
    assert_true(info.learned);
    /* A restart of the engine ends the life of both. */
    engine.rank = -1;
    engine_forget(&engine);
    engine_store(&engine, 0, 5, 0, 1);
    wait_score(&w, "a", 0, 5, 1, 1);
    assert_int_equal(world_score(&w, "a", 0, 1, 2), 0);
    assert_int_equal(world_score(&w, "a", 3, 2, 4), 0);
    assert_int_equal(world_unregister(&w, "a"), 0);
    assert_false(world_worker(&w, "a", 3, &info));
    world_close(&w);
    engine_stop(&engine);
}

/* Two sources bring events of one rank. When one engine restarts, the rank is emptied; the other source
 * repairs its part by a replay. */
static void test_two_sources_of_one_rank(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, 2, NULL);
    engine_start(&engine, NULL, NULL, true);
    engine_start(&second, NULL, NULL, true);
    engine_store(&engine, 0, 1, 0, 3);
    second.rank = 0;
    engine_store(&second, 0, 2, 0, 3);
    world_follow(&w, "a", &engine);
    assert_int_equal(world_register(&w, "a", 1, second.endpoint, second.replay_endpoint), 0);
    wait_score(&w, "a", 0, 1, 3, 3);
    wait_score(&w, "a", 0, 2, 3, 3);
    wait_state(&w, "a", 0, "exact");
    engine_forget(&second);
    engine_store(&second, 0, 3, 0, 2);
    wait_score(&w, "a", 0, 3, 2, 2);
    assert_int_equal(world_score(&w, "a", 0, 2, 3), 0);
    engine_store(&engine, 1, 1, 3, 1); /* its next batch lets the first source see it */
    wait_score(&w, "a", 0, 1, 4, 4);
    wait_state(&w, "a", 0, "exact");
    assert_int_equal(world_score(&w, "a", 0, 3, 2), 2);
    world_close(&w);
    engine_stop(&engine);
    engine_stop(&second);
}

/* The blocks that a source brought for a learned rank go when the rank is registered, or unregistered again:
 * the source brings them back by a replay. */
static void test_learned_rank_changes_hands(void **state)
{
    (void)state;
    struct world w;
    const struct kvx_unregister_args rank_1 = {
        .instance = {kvx_bytes_of("a"), false}, .has_dp_rank = true, .dp_rank = 1};
    world_open(&w, 1, NULL);
    engine_start(&engine, NULL, NULL, true);
    engine_start(&second, NULL, NULL, false);
    engine.rank = 1;
    engine_store(&engine, 0, 1, 0, 3);
    world_follow(&w, "a", &engine);
    wait_score(&w, "a", 1, 1, 3, 3);
    assert_int_equal(world_register(&w, "a", 1, second.endpoint, NULL), 0);
    assert_int_equal(world_score(&w, "a", 1, 1, 3), 0);
    engine_empty(&engine, 1); /* its next batch lets the source see it */
    wait_score(&w, "a", 1, 1, 3, 3);
    const struct kvx_removed_worker *removed;
    size_t n;
    assert_int_equal(kvx_service_unregister(w.service, &w.arena, &rank_1, &removed, &n, &w.error), 0);
    assert_int_equal(world_score(&w, "a", 1, 1, 3), 0);
    engine_empty(&engine, 2);
    wait_score(&w, "a", 1, 1, 3, 3);
    world_close(&w);
    engine_stop(&engine);
    engine_stop(&second);
}

static void test_unregister_during_traffic(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, 2, NULL);
    engine_start(&engine, NULL, NULL, true);
    for (int round = 0; round < 10; round++) {
        world_follow(&w, "a", &engine);
        for (uint64_t i = 0; i < 200; i++)
            engine_store(&engine, (uint64_t)round * 200 + i, 1, i, 1);
        if (round & 1)
            usleep(3000);
        assert_int_equal(world_unregister(&w, "a"), 0);
        assert_int_equal(world_score(&w, "a", 0, 1, 1), 0);
    }
    world_follow(&w, "a", &engine);
    wait_score(&w, "a", 0, 1, 200, 200);
    wait_state(&w, "a", 0, "exact");
    world_close(&w);
    engine_stop(&engine);
}

static void test_lost_connection(void **state)
{
    (void)state;
    struct world w;
    char endpoint[96];
    world_open(&w, 1, NULL);
    engine_start(&engine, NULL, NULL, false);
    snprintf(endpoint, sizeof endpoint, "%s", engine.endpoint);
    world_follow(&w, "a", &engine);
    uint64_t seq = wait_subscribed(&w, "a", &engine, 0);
    engine_store(&engine, seq, 1, 0, 2);
    wait_score(&w, "a", 0, 1, 2, 2);
    engine_stop(&engine);
    wait_state(&w, "a", 0, "stale");
    assert_int_equal(world_score(&w, "a", 0, 1, 2), 2); /* its blocks stay in the answers */
    engine_start(&engine, endpoint, NULL, false);
    while (world_score(&w, "a", 0, 1, 2) != 0) { /* numbers begin again: restarted meanwhile */
        engine_forget(&engine);
        engine_empty(&engine, 0);
        usleep(5000);
    }
    wait_state(&w, "a", 0, "exact");
    world_close(&w);
    engine_stop(&engine);
}

static void test_foreign_block_size(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, 1, NULL);
    engine_start(&engine, NULL, NULL, false);
    world_follow(&w, "a", &engine);
    uint64_t seq = wait_subscribed(&w, "a", &engine, 0);
    /* [0, [["BlockStored", [1], nil, [1,2], 2, nil, "GPU"]], nil] */
    static const char two_tokens[] = "\x93\x00\x91\x97\xab"
                                     "BlockStored"
                                     "\x91\x01\xc0\x92\x01\x02\x02\xc0\xa3"
                                     "GPU\xc0";
    engine_clear(&engine, seq++);
    engine_publish(&engine, seq++, two_tokens, sizeof two_tokens - 1);
    wait_state(&w, "a", 0, "degraded/block_size");
    assert_int_equal(world_count(&w, KVX_COUNT_EVENT_BLOCK_SIZE), 1);
    world_close(&w);
    engine_stop(&engine);
}

static void test_endpoints(void **state)
{
    (void)state;
    static const struct {
        const char *endpoint, *error; /* NULL: good */
    } cases[] = {
        {"tcp://127.0.0.1:5557", NULL},
        {"tcp://[::1]:5557", NULL},
        {"tcp://host.example:0", NULL},
        {"ipc:///tmp/x", NULL},
        {"inproc://x", NULL},
        {"127.0.0.1:5557", "`endpoint`: invalid ZMQ endpoint `127.0.0.1:5557`: missing scheme"},
        {"://x:1", "`endpoint`: invalid ZMQ endpoint `://x:1`: missing scheme"},
        {"", "`endpoint`: invalid ZMQ endpoint ``: missing scheme"},
        {"tcp://", "`endpoint`: invalid ZMQ endpoint `tcp://`: missing address"},
        {"ipc://", "`endpoint`: invalid ZMQ endpoint `ipc://`: missing address"},
        {"tcp://host", "`endpoint`: invalid ZMQ endpoint `tcp://host`: missing TCP port"},
        {"tcp://host:", "`endpoint`: invalid ZMQ endpoint `tcp://host:`: missing TCP port"},
        {"tcp://:5557", "`endpoint`: invalid ZMQ endpoint `tcp://:5557`: missing TCP host"},
        {"tcp://[]:1", "`endpoint`: invalid ZMQ endpoint `tcp://[]:1`: missing TCP host"},
        {"tcp://[::1:5557", "`endpoint`: invalid ZMQ endpoint `tcp://[::1:5557`: missing closing `]`"},
        {"tcp://[::1]", "`endpoint`: invalid ZMQ endpoint `tcp://[::1]`: missing TCP port"},
        {"tcp://::1:5557",
         "`endpoint`: invalid ZMQ endpoint `tcp://::1:5557`: an IPv6 host must stand in brackets"},
        {"tcp://h:65536",
         "`endpoint`: invalid ZMQ endpoint `tcp://h:65536`: invalid TCP port: not a number from 0 to 65535"},
        {"tcp://h:5x",
         "`endpoint`: invalid ZMQ endpoint `tcp://h:5x`: invalid TCP port: not a number from 0 to 65535"},
        {"tcp://h:-1",
         "`endpoint`: invalid ZMQ endpoint `tcp://h:-1`: invalid TCP port: not a number from 0 to 65535"},
        {"tcp://h:000080",
         "`endpoint`: invalid ZMQ endpoint `tcp://h:000080`: invalid TCP port: not a number from 0 to 65535"},
        {"tcp://*:5557", "`endpoint`: invalid ZMQ endpoint `tcp://*:5557`: a wildcard host can be bound, but "
                         "not connected to"},
        {"udp://h:1", "`endpoint`: invalid ZMQ endpoint `udp://h:1`: unsupported scheme `udp`"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct kvx_error e = {0};
        int rc = kvx_endpoint_check(cases[i].endpoint, false, &e);
        assert_int_equal(rc, cases[i].error ? KVX_INVALID : 0);
        assert_string_equal(e.text, cases[i].error ? cases[i].error : "");
    }
    struct kvx_error e = {0};
    assert_int_equal(kvx_endpoint_check("udp://h:1", true, &e), KVX_INVALID);
    assert_string_equal(e.text, "`replay_endpoint`: invalid replay endpoint `udp://h:1`: "
                                "invalid ZMQ endpoint `udp://h:1`: unsupported scheme `udp`");
}

static void test_refused_registrations(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, 1, NULL);
    assert_int_equal(world_register(&w, "a", 0, "udp://h:1", NULL), KVX_INVALID);
    assert_non_null(strstr(w.error.text, "endpoint"));
    assert_int_equal(world_register(&w, "a", 0, "tcp://127.0.0.1:1", "tcp://127.0.0.1"), KVX_INVALID);
    assert_non_null(strstr(w.error.text, "replay_endpoint"));
    char path[400];
    snprintf(path, sizeof path, "ipc:///%0300d", 0); /* the syntax is right, the system says no */
    assert_int_equal(world_register(&w, "a", 0, path, NULL), KVX_INVALID);
    struct kvx_worker_info info;
    assert_false(world_worker(&w, "a", 0, &info));
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_endpoints),
        cmocka_unit_test(test_refused_registrations),
        cmocka_unit_test(test_live_events),
        cmocka_unit_test(test_engine_comes_later),
        cmocka_unit_test(test_ipc),
        cmocka_unit_test(test_late_join_without_replay),
        cmocka_unit_test(test_restart_while_connected),
        cmocka_unit_test(test_odd_messages),
        cmocka_unit_test(test_unsequenced),
        cmocka_unit_test(test_two_ranks_on_one_source),
        cmocka_unit_test(test_two_sources_of_one_rank),
        cmocka_unit_test(test_learned_rank_changes_hands),
        cmocka_unit_test(test_unregister_during_traffic),
        cmocka_unit_test(test_lost_connection),
        cmocka_unit_test(test_foreign_block_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
