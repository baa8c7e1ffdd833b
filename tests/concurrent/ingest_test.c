/* Sources under contention: two ingest threads, engines that publish all the time, a thread that registers
 * and unregisters, readers that check what they see. Meant for ThreadSanitizer; true without it as well. */
#include "base/clock.h"
#include "ingest_source_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

enum { ENGINES = 3, READERS = 2, BATCHES = 4000 };

static struct engine engines[ENGINES];

struct shared {
    struct world w;
    _Atomic bool stop;
    _Atomic unsigned published[ENGINES]; /* blocks; an engine only ever appends to one chain */
    uint64_t local[ENGINES][BATCHES];    /* of those chains */
    _Atomic uint64_t lookups;
    const char *_Atomic failure; /* threads other than the test's cannot assert */
};

struct role {
    struct shared *shared;
    unsigned number;
    pthread_t thread;
};

static void *publish(void *arg)
{
    struct role *r = arg;
    struct engine *e = &engines[r->number];
    for (uint64_t i = 0; i < BATCHES; i++) {
        /* First: a reader may see the block as soon as it is sent. */
        atomic_store(&r->shared->published[r->number], (unsigned)i + 1);
        e->off_air = i % 101 == 50;
        engine_store(e, i, r->number, i, 1);
        if (i % 16 == 0)
            usleep(1000);
    }
    return NULL;
}

/* Engine 0 stays registered, so its score may only rise, and never beyond what was published. */
static void *read_scores(void *arg)
{
    struct role *r = arg;
    struct shared *s = r->shared;
    static const char *const ids[ENGINES] = {"e0", "e1", "e2"};
    struct kvx_caller *caller;
    struct kvx_arena arena;
    struct kvx_error err;
    unsigned last = 0;
    kvx_arena_init(&arena, &kvx_system_allocator, 1 << 24);
    if (kvx_caller_new(&caller, s->w.service)) {
        s->failure = "no caller";
        return NULL;
    }
    while (!atomic_load(&s->stop)) {
        for (unsigned k = 0; k < ENGINES; k++) {
            struct kvx_query_args args = {
                .form = KVX_PROMPT_LOCAL_HASHES, .hashes = s->local[k], .n_hashes = BATCHES};
            struct kvx_query_result result;
            if (kvx_service_query(s->w.service, caller, &arena, &args, &result, &err)) {
                s->failure = "a query failed";
                break;
            }
            unsigned most = atomic_load(&s->published[k]);
            for (size_t i = 0; i < result.n; i++) {
                unsigned score = result.hits[i].blocks[KVX_TIER_DEVICE];
                if (!kvx_bytes_is(result.hits[i].instance.text, ids[k]))
                    s->failure = "a worker has another engine's blocks";
                if (score > most)
                    s->failure = "a block that was never stored";
                if (k == 0 && score < last)
                    s->failure = "a block was lost";
                if (k == 0)
                    last = score;
            }
            kvx_arena_reset(&arena);
            atomic_fetch_add(&s->lookups, 1);
        }
    }
    kvx_caller_free(caller);
    return NULL;
}

static void *come_and_go(void *arg)
{
    struct role *r = arg;
    struct shared *s = r->shared;
    struct kvx_error err;
    struct kvx_instance_id id = {kvx_bytes_of("e2"), false};
    struct kvx_register_args in = {.instance = id,
                                   .endpoint = kvx_bytes_of(engines[2].endpoint),
                                   .replay_endpoint = kvx_bytes_of(engines[2].replay_endpoint)};
    struct kvx_unregister_args out = {.instance = id};
    struct kvx_arena arena;
    kvx_arena_init(&arena, &kvx_system_allocator, 1 << 20);
    while (!atomic_load(&s->stop)) {
        if (kvx_service_register(s->w.service, &in, &err))
            s->failure = "cannot register";
        usleep(5000);
        const struct kvx_removed_worker *removed;
        size_t n;
        kvx_arena_reset(&arena);
        if (kvx_service_unregister(s->w.service, &arena, &out, &removed, &n, &err))
            s->failure = "cannot unregister";
    }
    kvx_arena_reset(&arena);
    if (kvx_service_register(s->w.service, &in, &err))
        s->failure = "cannot register";
    return NULL;
}

/* Sources stop and go on, and nothing is lost by it. */
static void *hold_and_release(void *arg)
{
    struct role *r = arg;
    struct shared *s = r->shared;
    while (!atomic_load(&s->stop)) {
        kvx_ingest_hold(s->w.ingest, true);
        usleep(3000);
        kvx_ingest_hold(s->w.ingest, false);
        usleep(20000);
    }
    return NULL;
}

static void start(struct role *r, struct shared *s, unsigned number, void *(*run)(void *))
{
    r->shared = s;
    r->number = number;
    assert_int_equal(pthread_create(&r->thread, NULL, run, r), 0);
}

static void test_everything_at_once(void **state)
{
    (void)state;
    static struct shared s;
    struct role publishers[ENGINES], readers[READERS], visitor, holder;
    world_open(&s.w, 2, NULL);
    for (unsigned i = 0; i < ENGINES; i++) {
        engine_start(&engines[i], NULL, NULL, true);
        engine_local_hashes(i, BATCHES, s.local[i]);
    }
    world_follow(&s.w, "e0", &engines[0]);
    world_follow(&s.w, "e1", &engines[1]);
    for (unsigned i = 0; i < READERS; i++)
        start(&readers[i], &s, i, read_scores);
    start(&visitor, &s, 0, come_and_go);
    start(&holder, &s, 0, hold_and_release);
    for (unsigned i = 0; i < ENGINES; i++)
        start(&publishers[i], &s, i, publish);
    for (unsigned i = 0; i < ENGINES; i++)
        pthread_join(publishers[i].thread, NULL);
    wait_score(&s.w, "e0", 0, 0, BATCHES, BATCHES);
    atomic_store(&s.stop, true);
    pthread_join(visitor.thread, NULL);
    pthread_join(holder.thread, NULL);
    for (unsigned i = 0; i < READERS; i++)
        pthread_join(readers[i].thread, NULL);
    if (s.failure)
        fail_msg("%s", s.failure);
    assert_true(atomic_load(&s.lookups) > ENGINES);
    static const char *const ids[ENGINES] = {"e0", "e1", "e2"};
    for (unsigned i = 0; i < ENGINES; i++) {
        wait_score(&s.w, ids[i], 0, i, BATCHES, BATCHES);
        wait_state(&s.w, ids[i], 0, "exact");
    }
    world_close(&s.w);
    for (unsigned i = 0; i < ENGINES; i++)
        engine_stop(&engines[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_everything_at_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
