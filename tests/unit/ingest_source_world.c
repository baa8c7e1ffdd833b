#include "ingest_source_world.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* Long enough for a busy machine, and met only when a test fails. */
#define PATIENCE_NS KVX_SECONDS(20)

void world_open(struct world *w, uint32_t threads, const struct kvx_ingest_tunables *tunables)
{
    *w = (struct world){0};
    failing_allocator_init(&w->memory);
    struct kvx_service_config service = {.allocator = &w->memory.allocator,
                                         .metrics = &w->metrics,
                                         .block_size = ENGINE_BLOCK_SIZE,
                                         .ready_timeout_ns = KVX_SECONDS(30),
                                         .pending_blocks_max = KVX_PENDING_BLOCKS_DEFAULT,
                                         .pending_bytes_max = KVX_PENDING_BYTES_DEFAULT};
    struct kvx_ingest_config ingest = {.threads = threads,
                                       .allocator = &w->memory.allocator,
                                       .metrics = &w->metrics,
                                       .tunables = {.reconnect_ms = 10,
                                                    .reconnect_max_ms = 50,
                                                    .stale_ms = 300,
                                                    .first_connection_ms = 200,
                                                    .replay_silence_ms = 400,
                                                    .replay_pause_ms = 100,
                                                    .replay_deadline_ms = 10000}};
    if (tunables)
        ingest.tunables = *tunables;
    assert_int_equal(kvx_service_new(&w->service, &service, &w->error), 0);
    assert_int_equal(kvx_ingest_new(&w->ingest, &ingest, &w->error), 0);
    struct kvx_source_driver driver = kvx_ingest_driver(w->ingest);
    kvx_service_attach(w->service, &driver);
    kvx_service_started(w->service);
    assert_int_equal(kvx_caller_new(&w->caller, w->service), 0);
    kvx_arena_init(&w->arena, &w->memory.allocator, 1 << 24);
}

void world_close(struct world *w)
{
    kvx_service_close_sources(w->service);
    kvx_ingest_free(w->ingest);
    kvx_arena_reset(&w->arena);
    kvx_caller_free(w->caller);
    kvx_service_free(w->service);
    kvx_metrics_free(&w->metrics);
    assert_int_equal(atomic_load(&w->memory.live), 0);
}

int world_register(struct world *w, const char *id, uint32_t rank, const char *endpoint, const char *replay)
{
    struct kvx_register_args args = {.instance = {kvx_bytes_of(id), false},
                                     .dp_rank = rank,
                                     .endpoint = kvx_bytes_of(endpoint),
                                     .replay_endpoint = kvx_bytes_of(replay ? replay : "")};
    return kvx_service_register(w->service, &args, &w->error);
}

void world_follow(struct world *w, const char *id, const struct engine *e)
{
    if (world_register(w, id, 0, e->endpoint, e->has_router ? e->replay_endpoint : NULL))
        fail_msg("%s", w->error.text);
}

int world_unregister(struct world *w, const char *id)
{
    struct kvx_unregister_args args = {.instance = {kvx_bytes_of(id), false}};
    const struct kvx_removed_worker *removed;
    size_t n;
    return kvx_service_unregister(w->service, &w->arena, &args, &removed, &n, &w->error);
}

unsigned world_score(struct world *w, const char *id, uint32_t rank, uint64_t family, size_t n)
{
    unsigned score = 0;
    struct kvx_query_result result;
    uint64_t *local = malloc(n * sizeof *local);
    assert_non_null(local);
    engine_local_hashes(family, n, local);
    struct kvx_query_args args = {.form = KVX_PROMPT_LOCAL_HASHES, .hashes = local, .n_hashes = n};
    assert_int_equal(kvx_service_query(w->service, w->caller, &w->arena, &args, &result, &w->error), 0);
    for (size_t i = 0; i < result.n; i++)
        if (kvx_bytes_is(result.hits[i].instance.text, id) && result.hits[i].dp_rank == rank)
            score = result.hits[i].blocks[KVX_TIER_DEVICE];
    kvx_arena_reset(&w->arena);
    free(local);
    return score;
}

static const struct kvx_partition_choice everywhere = {.any_model = true, .any_tenant = true};

bool world_worker(struct world *w, const char *id, uint32_t rank, struct kvx_worker_info *out)
{
    const struct kvx_worker_info *list;
    size_t n;
    bool found = false;
    assert_int_equal(kvx_service_list_workers(w->service, &w->arena, &everywhere, &list, &n, &w->error), 0);
    for (size_t i = 0; i < n && !found; i++) {
        found = kvx_bytes_is(list[i].instance.text, id) && list[i].dp_rank == rank;
        if (found)
            *out = list[i]; /* its texts die with the arena: numbers only */
    }
    kvx_arena_reset(&w->arena);
    return found;
}

uint64_t world_count(struct world *w, enum kvx_counter c)
{
    return atomic_load(&w->metrics.counter[c]);
}

/* What a reader of a failed test wants to know. */
static void print_state(struct world *w)
{
    const struct kvx_worker_info *list;
    size_t n;
    static const char *const names[] = {
#define COUNTER_NAME(id, family, labels) #id,
        KVX_COUNTERS(COUNTER_NAME)
#undef COUNTER_NAME
    };
    assert_int_equal(kvx_service_list_workers(w->service, &w->arena, &everywhere, &list, &n, &w->error), 0);
    for (size_t i = 0; i < n; i++)
        print_error("%.*s:%u %s %s last %llu missing %llu batches %llu\n", (int)list[i].instance.text.len,
                    list[i].instance.text.data, list[i].dp_rank, kvx_source_state_name(list[i].state),
                    kvx_source_reason_name(list[i].reason), (unsigned long long)list[i].last_sequence,
                    (unsigned long long)list[i].missing_batches, (unsigned long long)list[i].batches);
    kvx_arena_reset(&w->arena);
    for (int c = 0; c < KVX_COUNTER_COUNT; c++)
        if (world_count(w, (enum kvx_counter)c))
            print_error("%s %llu\n", names[c], (unsigned long long)world_count(w, (enum kvx_counter)c));
}

static void pause_or_fail(struct world *w, uint64_t since_ns, const char *what)
{
    if (kvx_now_ns() - since_ns > PATIENCE_NS) {
        print_state(w);
        fail_msg("in vain: %s", what);
    }
    usleep(2000);
}

void wait_score(struct world *w, const char *id, uint32_t rank, uint64_t family, size_t n, unsigned score)
{
    uint64_t since = kvx_now_ns();
    unsigned is;
    while ((is = world_score(w, id, rank, family, n)) != score) {
        char what[120];
        snprintf(what, sizeof what, "score of %s:%u is %u, should be %u", id, rank, is, score);
        pause_or_fail(w, since, what);
    }
}

static void state_of(struct world *w, const char *id, uint32_t rank, char *out, size_t size)
{
    struct kvx_worker_info info;
    if (!world_worker(w, id, rank, &info))
        snprintf(out, size, "unknown");
    else
        snprintf(out, size, "%s%s%s", kvx_source_state_name(info.state), info.reason ? "/" : "",
                 kvx_source_reason_name(info.reason));
}

void wait_state(struct world *w, const char *id, uint32_t rank, const char *state)
{
    uint64_t since = kvx_now_ns();
    char is[64], what[160];
    for (;;) {
        state_of(w, id, rank, is, sizeof is);
        if (strcmp(is, state) == 0)
            return;
        snprintf(what, sizeof what, "%s:%u is %s, should be %s", id, rank, is, state);
        pause_or_fail(w, since, what);
    }
}

void wait_sequence(struct world *w, const char *id, uint32_t rank, uint64_t last)
{
    uint64_t since = kvx_now_ns();
    struct kvx_worker_info info;
    while (!world_worker(w, id, rank, &info) || !info.has_sequence || info.last_sequence != last) {
        char what[120];
        snprintf(what, sizeof what, "sequence of %s:%u to become %llu", id, rank, (unsigned long long)last);
        pause_or_fail(w, since, what);
    }
}

void wait_count(struct world *w, enum kvx_counter c, uint64_t at_least)
{
    uint64_t since = kvx_now_ns();
    while (world_count(w, c) < at_least)
        pause_or_fail(w, since, "counter");
}

uint64_t wait_subscribed(struct world *w, const char *id, struct engine *e, uint64_t seq)
{
    uint64_t since = kvx_now_ns();
    struct kvx_worker_info info;
    do {
        engine_empty(e, seq++);
        pause_or_fail(w, since, "a subscription");
    } while (!world_worker(w, id, 0, &info) || !info.has_sequence || info.last_sequence + 1 < seq - 50);
    wait_sequence(w, id, 0, seq - 1);
    return seq;
}
