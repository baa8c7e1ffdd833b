/* What sources do at their limits: memory, open files, threads; and their small parts by themselves. */
#include "base/clock.h"
#include "ingest_source_world.h"
#include "live_queue.h"
#include "timers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct engine engine;

/* The n-th allocation from now on fails, and no other. */
static void fail_nth(struct world *w, uint64_t n)
{
    atomic_store(&w->memory.fail_at, atomic_load(&w->memory.calls) + n);
}

static void test_registration_without_memory(void **state)
{
    (void)state;
    struct world w;
    int rc;
    world_open(&w, 1, NULL);
    uint64_t n = 0;
    do {
        fail_nth(&w, ++n);
        rc = world_register(&w, "a", 0, "tcp://127.0.0.1:1", "tcp://127.0.0.1:2");
        atomic_store(&w.memory.fail_at, 0);
        assert_true(rc == 0 || rc == KVX_NOMEM);
        struct kvx_worker_info info;
        assert_int_equal(world_worker(&w, "a", 0, &info), rc == 0);
    } while (rc);
    assert_true(n > 5);
    world_close(&w);
}

static void test_ingest_without_memory(void **state)
{
    (void)state;
    struct failing_allocator memory;
    struct kvx_metrics metrics = {0};
    struct kvx_ingest_config config = {.threads = 3, .allocator = &memory.allocator, .metrics = &metrics};
    struct kvx_ingest *ingest;
    int rc;
    uint64_t n = 0;
    do {
        failing_allocator_init(&memory);
        atomic_store(&memory.fail_at, ++n);
        rc = kvx_ingest_new(&ingest, &config, NULL);
        if (rc == 0)
            kvx_ingest_free(ingest);
        assert_true(rc == 0 || rc == KVX_NOMEM);
        assert_int_equal(atomic_load(&memory.live), 0);
    } while (rc);
    assert_true(n > 3);
}

static uint64_t stores_lost(struct world *w)
{
    return world_count(w, KVX_COUNT_EVENT_NOMEM) + world_count(w, KVX_COUNT_PAYLOAD_MEMORY);
}

/* Asks counters only: a listing would take the allocation that is to fail. */
static uint64_t stores_done(struct world *w)
{
    return world_count(w, KVX_COUNT_STORED_APPLIED) + stores_lost(w);
}

enum { STORES = 60 };

/* Stores into an empty world of which the n-th allocation fails. Whether the source says so; it is right
 * again after a clear. */
static bool degrades_without_memory(uint64_t n)
{
    struct world w;
    struct kvx_worker_info info;
    world_open(&w, 1, NULL);
    engine_start(&engine, NULL, NULL, false);
    world_follow(&w, "a", &engine);
    uint64_t seq = wait_subscribed(&w, "a", &engine, 0);
    engine_clear(&engine, seq++); /* what was missed before the subscription is a reason too */
    wait_sequence(&w, "a", 0, seq - 1);
    wait_state(&w, "a", 0, "exact");
    uint64_t done = stores_done(&w);
    fail_nth(&w, n);
    for (uint64_t i = 0; i < STORES; i++)
        engine_store(&engine, seq++, 100 + i, 0, 5);
    for (int i = 0; i < 300 && stores_done(&w) < done + STORES; i++)
        usleep(1000);
    atomic_store(&w.memory.fail_at, 0);
    wait_sequence(&w, "a", 0, seq - 1);
    assert_true(world_worker(&w, "a", 0, &info));
    /* a batch for whose place in the queue there was no memory is a hole in the sequence */
    bool lost = stores_lost(&w) || stores_done(&w) < done + STORES;
    assert_int_equal(info.reason != KVX_REASON_NONE, lost);
    engine_clear(&engine, seq++);
    engine_store(&engine, seq++, 1, 0, 5);
    wait_sequence(&w, "a", 0, seq - 1);
    wait_state(&w, "a", 0, "exact");
    wait_score(&w, "a", 0, 1, 5, 5);
    world_close(&w);
    engine_stop(&engine);
    return lost;
}

/* Whatever allocation fails while events come in: the source goes on, and says so. */
static void test_events_without_memory(void **state)
{
    (void)state;
    unsigned degraded = 0;
    for (uint64_t n = 1; n < 20; n++)
        degraded += degrades_without_memory(n);
    assert_true(degraded > 3);
}

/* Runs in a process of its own, because limits cannot be raised again. */
static int few_files(void)
{
    struct rlimit limit = {200, 200};
    struct kvx_metrics metrics = {0};
    struct kvx_ingest_config config = {.threads = 1, .allocator = &kvx_system_allocator, .metrics = &metrics};
    struct kvx_service_config service_config = {
        .allocator = &kvx_system_allocator, .metrics = &metrics, .block_size = 4};
    struct kvx_ingest *ingest;
    struct kvx_service *service;
    struct kvx_error err = {0};
    if (setrlimit(RLIMIT_NOFILE, &limit) || kvx_service_new(&service, &service_config, &err) ||
        kvx_ingest_new(&ingest, &config, &err))
        return 1;
    struct kvx_source_driver driver = kvx_ingest_driver(ingest);
    kvx_service_attach(service, &driver);
    int rc = 0;
    uint32_t rank = 0;
    for (; rc == 0 && rank < 100; rank++) {
        struct kvx_register_args args = {.instance = {kvx_bytes_of("a"), false},
                                         .dp_rank = rank,
                                         .endpoint = kvx_bytes_of("tcp://127.0.0.1:1")};
        rc = kvx_service_register(service, &args, &err);
    }
    kvx_service_close_sources(service);
    kvx_ingest_free(ingest);
    kvx_service_free(service);
    bool clear = strstr(err.text, "too many sources: ") && strstr(err.text, "200 files") &&
                 strstr(err.text, "ulimit -n");
    return rc == KVX_UNAVAILABLE && rank > 5 && clear ? 0 : 2;
}

static void test_few_files(void **state)
{
    (void)state;
    int status = -1;
    pid_t child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0)
        _exit(few_files());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_soft_limit_is_raised(void **state)
{
    (void)state;
    struct rlimit before, after, low;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = before;
    low.rlim_cur = 300;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    struct world w;
    world_open(&w, 1, NULL);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &after), 0);
    assert_true(after.rlim_cur == before.rlim_max);
    world_close(&w);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void test_threads(void **state)
{
    (void)state;
    struct kvx_metrics metrics = {0};
    struct kvx_ingest_config config = {.allocator = &kvx_system_allocator, .metrics = &metrics};
    struct kvx_ingest *ingest;
    struct kvx_error err;
    assert_int_equal(kvx_ingest_new(&ingest, &config, &err), KVX_INVALID);
    assert_non_null(strstr(err.text, "threads"));
    config.threads = 100000;
    assert_int_equal(kvx_ingest_new(&ingest, &config, &err), KVX_INVALID);
    kvx_ingest_free(NULL);
}

static void test_many_sources(void **state)
{
    (void)state;
    enum { SOURCES = 100 };
    struct world w;
    char id[16];
    world_open(&w, 3, NULL);
    engine_start(&engine, NULL, NULL, true);
    engine_store(&engine, 0, 1, 0, 3);
    for (int i = 0; i < SOURCES; i++) {
        snprintf(id, sizeof id, "w%d", i);
        world_follow(&w, id, &engine);
    }
    for (int i = 0; i < SOURCES; i++) {
        snprintf(id, sizeof id, "w%d", i);
        wait_state(&w, id, 0, "exact");
        wait_score(&w, id, 0, 1, 3, 3);
    }
    engine_store(&engine, 1, 1, 3, 1);
    for (int i = 0; i < SOURCES; i++) {
        snprintf(id, sizeof id, "w%d", i);
        wait_score(&w, id, 0, 1, 4, 4);
    }
    assert_int_equal(world_count(&w, KVX_COUNT_CONNECTED), SOURCES);
    world_close(&w);
    engine_stop(&engine);
}

static int push(struct kvx_live_queue *q, uint64_t seq, size_t size)
{
    struct kvx_live_batch b = {.sequenced = true, .seq = seq};
    assert_int_equal(zmq_msg_init_size(&b.payload, size), 0);
    memset(zmq_msg_data(&b.payload), (int)seq, size);
    int rc = kvx_live_queue_push(q, &b);
    zmq_msg_close(&b.payload);
    return rc;
}

/* ZMQ breaks with a peer for good that sends a frame above the limit; the source must not. */
static void test_oversize_frame(void **state)
{
    (void)state;
    struct world w;
    const struct kvx_ingest_tunables tunables = {
        .reconnect_ms = 10, .reconnect_max_ms = 50, .stale_ms = 60000, .message_bytes_max = 4096};
    static const char oversize[8192];
    world_open(&w, 1, &tunables);
    engine_start(&engine, NULL, NULL, false);
    world_follow(&w, "a", &engine);
    uint64_t seq = wait_subscribed(&w, "a", &engine, 0);
    for (int round = 0; round < 2; round++) {
        engine_publish(&engine, seq++, oversize, sizeof oversize);
        wait_count(&w, KVX_COUNT_DISCONNECTED, (uint64_t)round + 1);
        unsigned want = (unsigned)round + 1, tries = 0;
        do { /* nobody hears it before the connection is back */
            engine_store(&engine, seq++, 1, (uint64_t)round, 1);
            usleep(10000);
        } while (world_score(&w, "a", 0, 1, want) != want && ++tries < 1000);
        wait_score(&w, "a", 0, 1, want, want);
    }
    world_close(&w);
    engine_stop(&engine);
}

static void test_live_queue(void **state)
{
    (void)state;
    struct failing_allocator memory;
    failing_allocator_init(&memory);
    struct kvx_live_queue q;
    kvx_live_queue_init(&q, &memory.allocator, 1 << 20);
    uint64_t in = 0, out = 0;
    for (int round = 0; round < 3000; round++) {
        assert_int_equal(push(&q, in++, 20), 0);
        if (round % 3 == 0) {
            struct kvx_live_batch *b = kvx_live_queue_head(&q);
            assert_int_equal(b->seq, out);
            assert_int_equal(zmq_msg_size(&b->payload), 20);
            assert_int_equal(*(uint8_t *)zmq_msg_data(&b->payload), (uint8_t)out);
            kvx_live_queue_pop(&q);
            out++;
        }
    }
    for (; kvx_live_queue_head(&q); out++) {
        assert_int_equal(kvx_live_queue_head(&q)->seq, out);
        kvx_live_queue_pop(&q);
    }
    assert_int_equal(in, out);
    assert_int_equal(q.bytes, 0);
    assert_int_equal(atomic_load(&memory.live), 0); /* a burst does not keep its memory */
    /* The bound, and that one batch always fits. */
    assert_int_equal(push(&q, 0, 2 << 20), 0);
    assert_int_equal(push(&q, 1, 1), KVX_TOO_LARGE);
    kvx_live_queue_clear(&q);
    assert_int_equal(push(&q, 2, 1), 0);
    /* No memory to grow: nothing is lost. */
    atomic_store(&memory.fail_at, atomic_load(&memory.calls) + 1);
    int rc = 0;
    for (in = 3; rc == 0; in++)
        rc = push(&q, in, 1);
    assert_int_equal(rc, KVX_NOMEM);
    assert_int_equal(kvx_live_queue_head(&q)->seq, 2);
    assert_int_equal(q.count, in - 3);
    kvx_live_queue_free(&q);
    assert_int_equal(atomic_load(&memory.live), 0);
}

static void test_timers(void **state)
{
    (void)state;
    struct kvx_timers ts;
    struct kvx_timer t[3] = {{0}};
    kvx_timers_init(&ts);
    assert_int_equal(kvx_timers_wait_ms(&ts, 5), -1);
    assert_null(kvx_timers_due(&ts, UINT64_MAX - 1));
    kvx_timers_set(&ts, &t[0], KVX_MS(30));
    kvx_timers_set(&ts, &t[1], KVX_MS(10));
    kvx_timers_set(&ts, &t[2], KVX_MS(20));
    assert_int_equal(kvx_timers_wait_ms(&ts, 0), 10);
    assert_int_equal(kvx_timers_wait_ms(&ts, KVX_MS(10) - 1), 1); /* rounded up, never a busy loop */
    assert_int_equal(kvx_timers_wait_ms(&ts, KVX_MS(10)), 0);
    assert_null(kvx_timers_due(&ts, KVX_MS(10) - 1));
    assert_ptr_equal(kvx_timers_due(&ts, KVX_MS(10)), &t[1]);
    assert_null(kvx_timers_due(&ts, KVX_MS(10)));
    assert_int_equal(kvx_timers_wait_ms(&ts, KVX_MS(10)), 10);
    kvx_timers_set(&ts, &t[2], 0);
    kvx_timers_set(&ts, &t[0], KVX_MS(40)); /* moved */
    assert_null(kvx_timers_due(&ts, KVX_MS(39)));
    assert_ptr_equal(kvx_timers_due(&ts, KVX_MS(40)), &t[0]);
    assert_int_equal(kvx_timers_wait_ms(&ts, KVX_MS(40)), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few_files), /* first: it forks */
        cmocka_unit_test(test_oversize_frame),
        cmocka_unit_test(test_live_queue),
        cmocka_unit_test(test_timers),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_soft_limit_is_raised),
        cmocka_unit_test(test_registration_without_memory),
        cmocka_unit_test(test_ingest_without_memory),
        cmocka_unit_test(test_events_without_memory),
        cmocka_unit_test(test_many_sources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
