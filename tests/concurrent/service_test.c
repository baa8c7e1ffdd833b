/* Partitions that come and go under everybody's hands: threads that register and unregister, sources that
 * learn ranks and partitions, a peer's dump, readers of every kind, housekeeping. Meant for ThreadSanitizer;
 * true without it as well. */
#include "base/clock.h"
#include "failing_allocator.h"
#include "service/service.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { INSTANCES = 4, MODELS = 3, BLOCKS = 4, SOURCES_MAX = 64, FEEDERS = 2, ADMINS = 2, READERS = 2 };
static const uint64_t run_ns = KVX_MS(700);

static const char *const ids[INSTANCES] = {"0", "1", "2", "3"};
static const char *const models[MODELS] = {"m0", "m1", "m2"};

/* Thread number i % FEEDERS brings the events of source i. */
struct kvx_source {
    _Atomic(struct kvx_feed *) feed; /* NULL: free */
    _Atomic bool closed;
    unsigned instance;
};

struct shared {
    struct failing_allocator memory;
    struct kvx_metrics metrics;
    struct kvx_service *service;
    struct kvx_source sources[SOURCES_MAX];
    _Atomic bool stop, last; /* last: nobody opens a source any more */
    _Atomic uint64_t registered, learned, hits, dumped;
    const char *_Atomic failure; /* threads other than the test's cannot assert */
};

struct role {
    struct shared *shared;
    unsigned number;
    uint64_t random;
    pthread_t thread;
};

static unsigned pick(struct role *r, unsigned n)
{
    r->random ^= r->random << 13;
    r->random ^= r->random >> 7;
    r->random ^= r->random << 17;
    return (unsigned)(r->random >> 20) % n;
}

/* What an instance stores, everywhere the same; nobody else stores it. */
static void blocks_of(unsigned instance, uint64_t out[BLOCKS])
{
    for (unsigned i = 0; i < BLOCKS; i++)
        out[i] = 1000 * (instance + 1) + i;
}

static struct kvx_partition_choice choice(unsigned model)
{
    return (struct kvx_partition_choice){.model = kvx_bytes_of(models[model]), .block_size = 16};
}

/* ---- Sources ---- */

static int open_source(void *self, const struct kvx_source_spec *spec, struct kvx_source **out,
                       struct kvx_error *e)
{
    struct shared *s = self;
    for (unsigned i = 0; i < SOURCES_MAX; i++) {
        struct kvx_source *source = &s->sources[i];
        if (atomic_load(&source->feed))
            continue;
        atomic_store(&source->closed, false);
        source->instance = (unsigned)(kvx_feed_instance(spec->feed)[0] - '0');
        *out = source;
        atomic_store(&source->feed, spec->feed);
        return KVX_OK;
    }
    return kvx_fail(e, KVX_UNAVAILABLE, "no source is free");
}

static void close_source(void *self, struct kvx_source *source)
{
    (void)self;
    atomic_store(&source->closed, true);
}

static void bring_events(struct role *r, struct kvx_source *source)
{
    struct shared *s = r->shared;
    struct kvx_feed_worker *worker;
    struct kvx_store_result result;
    uint64_t hashes[BLOCKS];
    blocks_of(source->instance, hashes);
    const struct kvx_feed_scope scope = {.model = kvx_bytes_of(models[pick(r, MODELS)])};
    bool ranked = pick(r, 2);
    if (kvx_feed_worker(atomic_load(&source->feed), pick(r, 2) ? &scope : NULL, ranked, pick(r, 3), &worker))
        return;
    atomic_fetch_add(&s->learned, ranked);
    kvx_index_lock(worker->index);
    int status = kvx_index_store(
        worker->index,
        &(struct kvx_store){.worker = worker->ref, .n = BLOCKS, .local = hashes, .engine = hashes}, &result);
    kvx_index_unlock(worker->index);
    if (status && status != KVX_STALE)
        s->failure = "a store failed";
}

static void *feed(void *arg)
{
    struct role *r = arg;
    struct shared *s = r->shared;
    for (bool open = true, last = false; open || !last;) {
        last = atomic_load(&s->last); /* before looking: what is seen then is all */
        open = false;
        for (unsigned i = r->number; i < SOURCES_MAX; i += FEEDERS) {
            struct kvx_source *source = &s->sources[i];
            struct kvx_feed *f = atomic_load(&source->feed);
            if (!f)
                continue;
            open = true;
            bring_events(r, source);
            if (!atomic_load(&source->closed))
                continue;
            kvx_feed_release(f);
            atomic_store(&source->feed, NULL);
        }
    }
    return NULL;
}

/* ---- Those who change what is there ---- */

static void change(struct role *r, struct kvx_arena *arena, unsigned instance, unsigned model)
{
    struct shared *s = r->shared;
    const struct kvx_removed_worker *removed;
    size_t n;
    struct kvx_error e;
    uint64_t hashes[BLOCKS];
    const struct kvx_instance_id id = {kvx_bytes_of(ids[instance]), true};
    const struct kvx_register_args entering = {.partition = choice(model),
                                               .instance = id,
                                               .dp_rank = pick(r, 3),
                                               .endpoint = kvx_bytes_of("tcp://127.0.0.1:1")};
    const struct kvx_unregister_args leaving = {
        .partition = choice(model), .instance = id, .has_dp_rank = pick(r, 2), .dp_rank = pick(r, 3)};
    blocks_of(instance, hashes);
    const struct kvx_recovered_run run = {.partition = choice(model),
                                          .instance = id.text,
                                          .dp_rank = pick(r, 3),
                                          .n = BLOCKS,
                                          .local = hashes,
                                          .engine = hashes};
    unsigned what = pick(r, 8);
    int status = what == 0  ? kvx_service_recover(s->service, &run, &e)
                 : what < 5 ? kvx_service_register(s->service, &entering, &e)
                            : kvx_service_unregister(s->service, arena, &leaving, &removed, &n, &e);
    atomic_fetch_add(&s->registered, what > 0 && what < 5 && !status);
    if (status && status != KVX_EXISTS && status != KVX_NOT_FOUND && status != KVX_UNAVAILABLE)
        s->failure = "a change failed";
}

/* Instance 0 stays in the first partition. */
static void *administer(void *arg)
{
    struct role *r = arg;
    struct kvx_arena arena;
    kvx_arena_init(&arena, &kvx_system_allocator, 1 << 20);
    while (!atomic_load(&r->shared->stop)) {
        unsigned instance = pick(r, INSTANCES), model = pick(r, MODELS);
        if (instance || model)
            change(r, &arena, instance, model);
        kvx_arena_reset(&arena);
    }
    return NULL;
}

static void *keep_house(void *arg)
{
    struct role *r = arg;
    while (!atomic_load(&r->shared->stop))
        if (!kvx_service_housekeeping(r->shared->service))
            usleep(200);
    return NULL;
}

/* ---- Those who look ---- */

static void see_partition(void *user, const struct kvx_partition_name *name)
{
    struct shared *s = user;
    if (name->block_size != 16 || name->model.len != 2)
        s->failure = "a dump names a partition that never was";
}

static void see_record(void *user, const struct kvx_dump_record *record)
{
    struct shared *s = user;
    atomic_fetch_add(&s->dumped, record->n);
    uint64_t instance = (uint8_t)record->instance.text.data[0];
    if (record->local[0] / 1000 != instance - '0' + 1)
        s->failure = "a dump gives a worker the blocks of another";
}

static void dump(struct shared *s, struct kvx_caller *caller)
{
    const struct kvx_partition_choice all = {.any_model = true, .any_tenant = true};
    const struct kvx_dump_sink sink = {see_partition, see_record, s};
    struct kvx_service_dump *d;
    struct kvx_error e;
    int status = kvx_service_dump_open(s->service, &all, &d, &e);
    if (status)
        return;
    while ((status = kvx_service_dump_next(d, caller, 8, &sink, &e)) == 1)
        usleep(50); /* partitions go meanwhile */
    if (status)
        s->failure = "a dump failed";
    kvx_service_dump_close(d);
}

static void check_hits(struct shared *s, const struct kvx_query_result *result, unsigned instance, bool first)
{
    bool found = false;
    for (size_t i = 0; i < result->n; i++) {
        const struct kvx_hit *hit = &result->hits[i];
        bool own = kvx_bytes_is(hit->instance.text, ids[instance]);
        uint32_t blocks = hit->blocks[KVX_REACH_DEVICE];
        found |= own && hit->dp_rank == 0 && blocks == BLOCKS;
        if (blocks > BLOCKS || (blocks && !own))
            s->failure = "a worker has the blocks of another";
    }
    atomic_fetch_add(&s->hits, result->n);
    if (first && !found)
        s->failure = "a worker that stays was not found";
}

static void query(struct role *r, struct kvx_caller *caller, struct kvx_arena *arena)
{
    unsigned instance = pick(r, INSTANCES), model = pick(r, MODELS);
    uint64_t hashes[BLOCKS];
    const struct kvx_candidate candidate = {.instance = kvx_bytes_of(ids[instance])};
    struct kvx_query_args args = {.partition = choice(model),
                                  .form = KVX_PROMPT_LOCAL_HASHES,
                                  .hashes = hashes,
                                  .n_hashes = BLOCKS,
                                  .must_exist = pick(r, 2),
                                  .every_worker = pick(r, 2)};
    struct kvx_query_result result;
    struct kvx_error e;
    blocks_of(instance, hashes);
    if (pick(r, 4) == 0) {
        args.form = KVX_PROMPT_SEQUENCE_HASHES;
        args.n_hashes = 1; /* of a first block it is the local one */
    }
    if (pick(r, 2)) {
        args.candidates = &candidate;
        args.n_candidates = 1;
    }
    int status = kvx_service_query(r->shared->service, caller, arena, &args, &result, &e);
    if (!status)
        check_hits(r->shared, &result, instance, !instance && !model && args.n_hashes == BLOCKS);
    else if (status != KVX_NOT_FOUND && status != KVX_UNAVAILABLE)
        r->shared->failure = "a query failed";
}

static void list(struct shared *s, struct kvx_arena *arena)
{
    const struct kvx_partition_choice all = {.any_model = true, .any_tenant = true};
    const struct kvx_worker_info *workers;
    const struct kvx_partition_info *partitions;
    struct kvx_health health;
    struct kvx_buf page;
    struct kvx_error e;
    size_t n;
    kvx_buf_init(&page, &kvx_system_allocator, 1 << 20);
    if (kvx_service_list_workers(s->service, arena, &all, &workers, &n, &e) ||
        kvx_service_list_partitions(s->service, arena, &partitions, &n, &e) ||
        kvx_service_health(s->service, arena, &health, &e) || kvx_service_metrics(s->service, arena, &page))
        s->failure = "a listing failed";
    kvx_buf_free(&page);
}

static void *read_answers(void *arg)
{
    struct role *r = arg;
    struct shared *s = r->shared;
    struct kvx_caller *caller;
    struct kvx_arena arena;
    kvx_arena_init(&arena, &kvx_system_allocator, 1 << 20);
    if (kvx_caller_new(&caller, s->service)) {
        s->failure = "no caller";
        return NULL;
    }
    while (!atomic_load(&s->stop)) {
        unsigned what = pick(r, 32);
        if (what == 0)
            dump(s, caller);
        else if (what == 1)
            list(s, &arena);
        else
            query(r, caller, &arena);
        kvx_arena_reset(&arena);
    }
    kvx_caller_free(caller);
    return NULL;
}

/* ---- All together ---- */

static void begin(struct shared *s)
{
    struct kvx_error e;
    struct kvx_source_driver driver = {.self = s, .open = open_source, .close = close_source};
    failing_allocator_init(&s->memory);
    const struct kvx_service_config config = {.allocator = &s->memory.allocator,
                                              .metrics = &s->metrics,
                                              .pending_blocks_max = 100,
                                              .pending_bytes_max = 1 << 20};
    assert_int_equal(kvx_service_new(&s->service, &config, &e), 0);
    kvx_service_attach(s->service, &driver);
    const struct kvx_register_args stays = {.partition = choice(0),
                                            .instance = {kvx_bytes_of("0"), true},
                                            .endpoint = kvx_bytes_of("tcp://127.0.0.1:1")};
    assert_int_equal(kvx_service_register(s->service, &stays, &e), 0);
    struct kvx_feed_worker *worker;
    struct kvx_store_result result;
    uint64_t hashes[BLOCKS];
    blocks_of(0, hashes);
    assert_int_equal(kvx_feed_worker(s->sources[0].feed, NULL, false, 0, &worker), 0);
    kvx_index_lock(worker->index);
    const struct kvx_store first = {.worker = worker->ref, .n = BLOCKS, .local = hashes, .engine = hashes};
    assert_int_equal(kvx_index_store(worker->index, &first, &result), 0);
    kvx_index_unlock(worker->index);
}

static void partitions_come_and_go(void **state)
{
    (void)state;
    static struct shared s;
    static const struct {
        unsigned n;
        void *(*run)(void *);
    } kinds[] = {{FEEDERS, feed}, {ADMINS, administer}, {READERS, read_answers}, {1, keep_house}};
    struct role roles[FEEDERS + ADMINS + READERS + 1];
    unsigned n = 0;
    begin(&s);
    for (unsigned kind = 0; kind < 4; kind++)
        for (unsigned i = 0; i < kinds[kind].n; i++, n++) {
            roles[n] = (struct role){.shared = &s, .number = i, .random = 0x9e3779b97f4a7c15 * (n + 1)};
            assert_int_equal(pthread_create(&roles[n].thread, NULL, kinds[kind].run, &roles[n]), 0);
        }
    for (uint64_t end = kvx_now_ns() + run_ns; kvx_now_ns() < end && !s.failure;)
        usleep(1000);
    atomic_store(&s.stop, true);
    for (unsigned i = FEEDERS; i < n; i++)
        pthread_join(roles[i].thread, NULL);
    kvx_service_close_sources(s.service);
    atomic_store(&s.last, true);
    for (unsigned i = 0; i < FEEDERS; i++)
        pthread_join(roles[i].thread, NULL);
    printf("%llu registered, %llu ranks stored, %llu hits, %llu blocks dumped\n",
           (unsigned long long)s.registered, (unsigned long long)s.learned, (unsigned long long)s.hits,
           (unsigned long long)s.dumped);
    if (s.failure)
        fail_msg("%s", s.failure);
    assert_true(s.registered && s.learned && s.hits && s.dumped);
    kvx_service_free(s.service);
    kvx_metrics_free(&s.metrics);
    assert_int_equal(s.memory.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(partitions_come_and_go)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
