/* Partitions: how they begin and end, which one is meant, who is in them, and what a query may ask. */
#include "service_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static struct fixture fix; /* cmocka's setup and teardown share it */

#define TEXT(literal)                  \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }
#define LLAMA .model = TEXT("llama")

static const struct kvx_partition_choice everything = {.any_model = true, .any_tenant = true},
                                         llama = {LLAMA}, llama_16 = {LLAMA, .block_size = 16},
                                         llama_32 = {LLAMA, .block_size = 32},
                                         team = {LLAMA, .tenant = TEXT("team"), .block_size = 16},
                                         salted = {LLAMA, .has_salt = true, .additional_salt = TEXT("w8a8"),
                                                   .block_size = 16};

static int set_up(void **state)
{
    (void)state;
    memset(&fix, 0, sizeof(fix));
    failing_allocator_init(&fix.memory);
    return fixture_open(&fix, 0);
}

static int tear_down(void **state)
{
    (void)state;
    fixture_close(&fix);
    return fix.memory.live != 0; /* every byte came back */
}

static size_t partitions(void)
{
    const struct kvx_partition_info *infos;
    size_t n;
    assert_int_equal(kvx_service_list_partitions(fix.service, &fix.arena, &infos, &n, &fix.error), 0);
    return n;
}

static int ask(const struct kvx_partition_choice *partition, uint64_t first, size_t n)
{
    int status =
        fixture_query(&fix, &(struct kvx_query_args){.partition = *partition, .must_exist = true}, first, n);
    return status ? status : (int)fix.result.n;
}

static void each_name_is_an_index_of_its_own(void **state)
{
    (void)state;
    static const struct kvx_partition_choice *const names[] = {&llama_16, &llama_32, &team, &salted};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(fixture_register_in(&fix, "a", 0, names[i], KVX_KIND_ENGINE), 0);
        assert_int_equal(fix.sources[i].block_size, names[i]->block_size);
        assert_int_equal(fixture_store(&fix, i, false, 0, 100 * (i + 1), i + 1, 0), 0);
    }
    assert_int_equal(partitions(), 4);
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 4; k++) {
            struct kvx_partition_choice exactly = *names[i];
            exactly.has_salt = true;
            assert_int_equal(ask(&exactly, 100 * (k + 1), k + 1), i == k);
        }
    assert_int_equal(fixture_register_in(&fix, "a", 0, &team, KVX_KIND_ENGINE), KVX_EXISTS);
    assert_int_equal(fixture_unregister_in(&fix, "a", -1, &team), 0);
    assert_int_equal(fix.n_removed, 1);
    assert_true(kvx_bytes_is(fix.removed[0].tenant, "team"));
    assert_int_equal(partitions(), 3); /* it went with its last worker */
    assert_int_equal(ask(&team, 300, 1), KVX_NOT_FOUND);
    assert_int_equal(fixture_unregister_in(&fix, "a", -1, &everything), 0);
    assert_int_equal(fix.n_removed, 3);
    assert_int_equal(partitions(), 0);
    while (kvx_service_housekeeping(fix.service))
        ;
}

static void a_choice_means_one_partition_or_says_why_not(void **state)
{
    (void)state;
    assert_int_equal(ask(&llama, 100, 1), KVX_NOT_FOUND);
    assert_string_equal(fix.error.text, "no indexer for model=llama tenant=default; known: none");
    assert_int_equal(fixture_register_in(&fix, "a", 0, &salted, KVX_KIND_ENGINE), 0);
    assert_int_equal(ask(&llama, 100, 1), 0); /* the only one */
    assert_int_equal(fixture_register_in(&fix, "a", 0, &llama_16, KVX_KIND_ENGINE), 0);
    assert_int_equal(fixture_store(&fix, 1, false, 0, 100, 1, 0), 0);
    assert_int_equal(ask(&llama, 100, 1), 1); /* the one without a salt */
    assert_int_equal(fixture_register_in(&fix, "a", 0, &llama_32, KVX_KIND_ENGINE), 0);
    assert_int_equal(ask(&llama, 100, 1), KVX_INVALID);
    assert_non_null(strstr(fix.error.text, "`block_size`"));
    assert_non_null(strstr(fix.error.text, "llama/default block_size 32"));
    assert_int_equal(ask(&llama_16, 100, 1), 1);
    const struct kvx_partition_choice other = {
        .model = TEXT("gpt"), .tenant = TEXT("x"), .block_size = 8, .tenant_word = "routing_group"};
    assert_int_equal(ask(&other, 100, 1), KVX_NOT_FOUND);
    assert_non_null(strstr(fix.error.text, "no indexer for model=gpt routing_group=x block_size=8; known: "));
    assert_non_null(strstr(fix.error.text, "llama/default block_size 16 additional_salt w8a8"));
    assert_int_equal(fixture_query(&fix, &(struct kvx_query_args){.partition = other}, 100, 1), 0);
    assert_int_equal(fix.result.n, 0); /* it need not exist */
}

static void one_block_size_where_that_is_the_rule(void **state)
{
    (void)state;
    struct kvx_register_args args = {
        .partition = {LLAMA, .block_size = 16, .tenant_word = "routing_group"},
        .instance = {TEXT("1"), true},
        .endpoint = TEXT("tcp://h:1"),
        .one_block_size = true,
        .one_partition = true,
    };
    assert_int_equal(kvx_service_register(fix.service, &args, &fix.error), 0);
    args.dp_rank = 1;
    args.partition.block_size = 32;
    assert_int_equal(kvx_service_register(fix.service, &args, &fix.error), KVX_CONFLICT);
    assert_non_null(strstr(fix.error.text, "block_size mismatch for model=llama routing_group=default: "
                                           "existing=16, requested=32"));
    args.partition.block_size = 0;
    assert_int_equal(kvx_service_register(fix.service, &args, &fix.error), 0);
    args.partition.model = kvx_bytes_of("gpt");
    args.partition.block_size = 16;
    assert_int_equal(kvx_service_register(fix.service, &args, &fix.error), KVX_EXISTS);
    assert_string_equal(fix.error.text,
                        "instance 1 is already registered for model=llama routing_group=default");
    assert_int_equal(partitions(), 1); /* nothing is left of what was refused */
    args.one_partition = false;
    assert_int_equal(kvx_service_register(fix.service, &args, &fix.error), 0);
    args.partition.block_size = 65537;
    assert_int_equal(kvx_service_register(fix.service, &args, &fix.error), KVX_INVALID);
    char long_name[258] = {0};
    memset(long_name, 'm', 257);
    args.partition.model = kvx_bytes_of(long_name);
    assert_int_equal(kvx_service_register(fix.service, &args, &fix.error), KVX_INVALID);
    assert_non_null(strstr(fix.error.text, "`model`"));
}

static void events_may_name_their_partition(void **state)
{
    (void)state;
    const struct kvx_feed_scope elsewhere = {.model = TEXT("llama"), .block_size = 32},
                                here = {.tenant = TEXT("default")};
    const struct kvx_worker_info *infos;
    size_t n;
    assert_int_equal(fixture_register(&fix, "1", 0, 16), 0);
    assert_int_equal(fixture_store_in(&fix, 0, &elsewhere, KVX_TIER_DEVICE, 100, 3), 0);
    assert_int_equal(fixture_store_in(&fix, 0, &here, KVX_TIER_DEVICE, 500, 2), 0);
    assert_int_equal(partitions(), 2);
    assert_int_equal(ask(&llama, 100, 3), 1);
    assert_int_equal(fix.result.block_size, 32);
    assert_int_equal(fixture_score(&fix, "1", 0, 500, 2), 2);
    assert_int_equal(fixture_score(&fix, "1", 0, 100, 3), -1);
    assert_int_equal(kvx_service_list_workers(fix.service, &fix.arena, &llama, &infos, &n, &fix.error), 0);
    assert_int_equal(n, 1);
    assert_true(infos[0].learned);
    assert_int_equal(infos[0].partition.block_size, 32);
    assert_int_equal(fixture_unregister_in(&fix, "1", -1, &llama), KVX_NOT_FOUND);
    assert_non_null(strstr(fix.error.text, "learned"));
    assert_int_equal(fixture_unregister(&fix, "1", -1), 0);
    assert_int_equal(partitions(), 0); /* the learned worker went with its source */
    assert_int_equal(fixture_store_in(&fix, 0, &elsewhere, KVX_TIER_DEVICE, 100, 3), KVX_NOT_FOUND);
}

/* One engine that makes names up does not keep others from being registered. */
static void events_cannot_take_all_partitions(void **state)
{
    (void)state;
    struct kvx_feed_scope scope = {.model = TEXT("made-up"), .block_size = 1};
    assert_int_equal(fixture_register_in(&fix, "a", 0, &llama_16, KVX_KIND_ENGINE), 0);
    while (scope.block_size < 1024 && fixture_store_in(&fix, 0, &scope, KVX_TIER_DEVICE, 100, 1) == 0)
        scope.block_size++;
    assert_int_equal(fixture_store_in(&fix, 0, &scope, KVX_TIER_DEVICE, 100, 1), KVX_UNAVAILABLE);
    assert_int_equal(partitions(), 768);
    assert_int_equal(fixture_register_in(&fix, "b", 0, &llama_32, KVX_KIND_ENGINE), 0);
    scope = (struct kvx_feed_scope){.block_size = 32}; /* there already */
    assert_int_equal(fixture_store_in(&fix, 0, &scope, KVX_TIER_DEVICE, 100, 1), 0);
}

static void unregistering_says_where_an_instance_is(void **state)
{
    (void)state;
    assert_int_equal(fixture_register_in(&fix, "a", 3, &team, KVX_KIND_ENGINE), 0);
    assert_int_equal(fixture_unregister_in(&fix, "a", -1, &llama), KVX_NOT_FOUND);
    assert_string_equal(fix.error.text, "instance a is registered for model=llama tenant=team block_size=16");
    assert_int_equal(fixture_unregister_in(&fix, "a", 1, &team), KVX_NOT_FOUND);
    assert_string_equal(fix.error.text, "instance a dp_rank 1 not found");
    const struct kvx_partition_choice with_salt = {LLAMA, .additional_salt = {"w8", 2}, .has_salt = true,
                                                   .block_size = 16};
    struct kvx_partition_choice without_salt = with_salt;
    without_salt.additional_salt.len = 0;
    assert_int_equal(fixture_register_in(&fix, "s", 0, &with_salt, KVX_KIND_ENGINE), 0);
    assert_int_equal(fixture_unregister_in(&fix, "s", 0, &without_salt), KVX_NOT_FOUND);
    assert_string_equal(
        fix.error.text,
        "instance s is registered for model=llama tenant=default block_size=16 additional_salt=w8");
    assert_int_equal(fixture_unregister_in(&fix, "s", 0, &with_salt), 0);
    assert_int_equal(fixture_unregister_in(&fix, "b", -1, &team), KVX_NOT_FOUND);
    assert_string_equal(fix.error.text, "instance b not found");
    const struct kvx_feed_scope elsewhere = {.tenant = TEXT("other")};
    const struct kvx_partition_choice other = {LLAMA, .tenant = TEXT("other")};
    assert_int_equal(fixture_store_in(&fix, 0, &elsewhere, KVX_TIER_DEVICE, 100, 1), 0);
    assert_int_equal(fixture_unregister_in(&fix, "a", 3, &other), KVX_NOT_FOUND);
    assert_non_null(strstr(fix.error.text, "instance a dp_rank 3 was learned"));
    assert_int_equal(fixture_unregister_in(&fix, "a", -1, &other), KVX_NOT_FOUND);
    assert_null(strstr(fix.error.text, "dp_rank")); /* none was asked for */
    const struct kvx_partition_choice any_tenant = {LLAMA, .any_tenant = true};
    assert_int_equal(fixture_unregister_in(&fix, "a", 3, &any_tenant), 0);
    assert_int_equal(fix.removed[0].dp_rank, 3);
}

static void pools_extend_the_workers_of_their_partition(void **state)
{
    (void)state;
    assert_int_equal(fixture_register_in(&fix, "a", 0, &llama_16, KVX_KIND_ENGINE), 0);
    assert_int_equal(fixture_register_in(&fix, "b", 0, &llama_16, KVX_KIND_ENGINE), 0);
    assert_int_equal(fixture_register_in(&fix, "store", 0, &llama_16, KVX_KIND_POOL), 0);
    assert_true(fix.sources[2].pool && !fix.sources[0].pool);
    assert_int_equal(fixture_store(&fix, 0, false, 0, 100, 2, 0), 0);
    assert_int_equal(fixture_store_in(&fix, 2, NULL, KVX_TIER_HOST, 100, 5), 0);
    assert_int_equal(ask(&llama, 100, 8), 2); /* both workers, not the pool */
    assert_int_equal(fix.result.hits[0].blocks[KVX_TIER_DEVICE], 2);
    assert_int_equal(fix.result.hits[0].blocks[KVX_TIER_HOST], 5);
    assert_int_equal(fix.result.hits[1].blocks[KVX_TIER_DEVICE], 0);
    assert_int_equal(fix.result.hits[1].blocks[KVX_TIER_EXTERNAL], 5);
    const struct kvx_partition_info *infos;
    size_t n;
    assert_int_equal(kvx_service_list_partitions(fix.service, &fix.arena, &infos, &n, &fix.error), 0);
    assert_int_equal(infos[0].workers, 2);
    assert_int_equal(infos[0].pools, 1);
    assert_int_equal(infos[0].pool_blocks[KVX_TIER_HOST], 5);
    assert_int_equal(fixture_unregister_in(&fix, "store", -1, &llama), 0);
    assert_int_equal(ask(&llama, 100, 8), 1);
}

static void candidates_and_the_best(void **state)
{
    (void)state;
    static const char *const ids[] = {"a", "b", "c", "d"};
    struct kvx_candidate some[] = {{.instance = TEXT("b")},
                                   {.instance = TEXT("d"), .has_dp_rank = true, .dp_rank = 1},
                                   {.instance = TEXT("nobody")},
                                   {.instance = TEXT("c"), .has_dp_rank = true, .dp_rank = 0}};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(fixture_register(&fix, ids[i], 0, 16), 0);
        assert_int_equal(fixture_store(&fix, i, false, 0, 100, i + 1, 0), 0);
    }
    struct kvx_query_args args = {.candidates = some, .n_candidates = 4};
    assert_int_equal(fixture_query(&fix, &args, 100, 4), 0);
    assert_int_equal(fix.result.n, 2);
    assert_true(kvx_bytes_is(fix.result.hits[0].instance.text, "b"));
    assert_true(kvx_bytes_is(fix.result.hits[1].instance.text, "c"));
    args.max_hits = 1;
    assert_int_equal(fixture_query(&fix, &args, 100, 4), 0);
    assert_int_equal(fix.result.n, 1);
    assert_true(kvx_bytes_is(fix.result.hits[0].instance.text, "c"));
    args = (struct kvx_query_args){.max_hits = 3};
    assert_int_equal(fixture_query(&fix, &args, 100, 3), 0);
    assert_true(kvx_bytes_is(fix.result.hits[0].instance.text, "c")); /* 3 like d, and registered before */
    assert_true(kvx_bytes_is(fix.result.hits[1].instance.text, "d"));
    assert_true(kvx_bytes_is(fix.result.hits[2].instance.text, "b"));
    args = (struct kvx_query_args){.every_worker = true};
    assert_int_equal(fixture_query(&fix, &args, 999, 3), 0);
    assert_int_equal(fix.result.n, 4);
    assert_int_equal(fix.result.hits[3].blocks[KVX_TIER_EXTERNAL], 0);
    assert_int_equal(fixture_query(&fix, &args, 999, 0), 0);
    assert_int_equal(fix.result.n, 4); /* also for a prompt without a block */
    some[2].instance.len = 0;
    args = (struct kvx_query_args){.candidates = some, .n_candidates = 4};
    assert_int_equal(fixture_query(&fix, &args, 100, 4), KVX_INVALID);
    assert_non_null(strstr(fix.error.text, "`candidates`[2]"));
}

static void peers_are_remembered(void **state)
{
    (void)state;
    static const char *const bad[] = {"",           "peer",         "ftp://x",    "http://",   "http:///x",
                                      "http://a b", "http://u:p@a", "http://a?x", "http://a#x"};
    const struct kvx_bytes *urls;
    size_t n;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(kvx_service_add_peer(fix.service, kvx_bytes_of(bad[i]), &fix.error), KVX_INVALID);
        assert_non_null(strstr(fix.error.text, "`url`"));
    }
    assert_int_equal(kvx_service_add_peer(fix.service, kvx_bytes_of("http://a:1"), &fix.error), 0);
    assert_int_equal(kvx_service_add_peer(fix.service, kvx_bytes_of("http://b:1"), &fix.error), 0);
    assert_int_equal(kvx_service_add_peer(fix.service, kvx_bytes_of("http://a:1"), &fix.error), 0);
    assert_int_equal(kvx_service_list_peers(fix.service, &fix.arena, &urls, &n, &fix.error), 0);
    assert_int_equal(n, 2);
    assert_true(kvx_bytes_is(urls[0], "http://a:1"));
    assert_int_equal(kvx_service_remove_peer(fix.service, kvx_bytes_of("http://a:1"), &fix.error), 0);
    assert_int_equal(kvx_service_remove_peer(fix.service, kvx_bytes_of("http://a:1"), &fix.error),
                     KVX_NOT_FOUND);
    assert_string_equal(fix.error.text, "peer not found");
}

/* All ranks of one instance, again and again: the cost must not grow with the square of the list. */
static void many_equal_candidates_are_few(void **state)
{
    (void)state;
    static struct kvx_candidate list[65536]; /* as many as the schemas allow */
    const clock_t bound = CLOCKS_PER_SEC;
    for (size_t i = 0; i < 65536; i++)
        list[i] = (struct kvx_candidate){TEXT("a"), i % 2 != 0, (uint32_t)(i % 4096)};
    assert_int_equal(fixture_register(&fix, "b", 0, 16), 0);
    assert_int_equal(fixture_store(&fix, 0, false, 0, 100, 1, 0), 0);
    struct kvx_query_args args = {.candidates = list, .n_candidates = 65536};
    clock_t begin = clock();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fixture_query(&fix, &args, 100, 1), 0);
        assert_int_equal(fix.result.n, 0);
        kvx_arena_reset(&fix.arena);
    }
    assert_true(clock() - begin < bound);
    list[65535] = (struct kvx_candidate){TEXT("b"), true, 0};
    assert_int_equal(fixture_query(&fix, &args, 100, 1), 0);
    assert_int_equal(fix.result.n, 1);
}

static void recovery_fills_registered_workers(void **state)
{
    (void)state;
    uint64_t hashes[] = {100, 101, 102};
    const struct kvx_recovered_run run = {
        .partition = llama_16, .instance = TEXT("a"), .n = 3, .local = hashes, .engine = hashes};
    assert_int_equal(fixture_register_in(&fix, "a", 0, &llama_16, KVX_KIND_ENGINE), 0);
    assert_int_equal(kvx_service_recover(fix.service, &run, &fix.error), 0);
    assert_true(atomic_load(&kvx_feed_status(fix.sources[0].feed)->recovered));
    assert_int_equal(ask(&llama, 100, 3), 1);
    assert_int_equal(kvx_service_recover_undo(fix.service, &fix.error), 0);
    assert_int_equal(ask(&llama, 100, 3), 0);
    assert_int_equal(fixture_store(&fix, 0, false, 0, 100, 1, 0), 0); /* its own events go on */
    assert_int_equal(ask(&llama, 100, 3), 1);
    struct kvx_recovered_run bad = run;
    bad.partition.block_size = 32;
    assert_int_equal(kvx_service_recover(fix.service, &bad, &fix.error), KVX_CONFLICT);
    bad.partition.block_size = 0;
    assert_int_equal(kvx_service_recover(fix.service, &bad, &fix.error), KVX_INVALID);
    bad = run;
    bad.instance.len = 0;
    assert_int_equal(kvx_service_recover(fix.service, &bad, &fix.error), KVX_INVALID);
    assert_int_equal(partitions(), 1);
}

static void recovered_workers_wait_for_their_registration(void **state)
{
    (void)state;
    uint64_t hashes[] = {100, 101, 102};
    struct kvx_recovered_run run = {
        .partition = llama_16, .instance = TEXT("7"), .n = 3, .local = hashes, .engine = hashes};
    const struct kvx_worker_info *infos;
    size_t n;
    for (run.dp_rank = 0; run.dp_rank < 3; run.dp_rank++)
        assert_int_equal(kvx_service_recover(fix.service, &run, &fix.error), 0);
    assert_int_equal(ask(&llama, 100, 3), 3);
    assert_int_equal(kvx_service_list_workers(fix.service, &fix.arena, &llama, &infos, &n, &fix.error), 0);
    assert_int_equal(n, 3);
    assert_true(infos[0].learned && infos[0].instance.numeric && !infos[0].endpoint.len);
    assert_int_equal(infos[0].state, KVX_SOURCE_DEGRADED);
    assert_int_equal(infos[0].reason, KVX_REASON_LATE_JOIN);

    assert_int_equal(fixture_register_in(&fix, "7", 0, &llama_16, KVX_KIND_ENGINE), 0);
    assert_int_equal(ask(&llama, 100, 3), 3); /* with its blocks */
    assert_int_equal(fixture_store(&fix, 0, false, 0, 500, 2, 0), 0);
    assert_int_equal(ask(&llama, 500, 2), 1);
    assert_int_equal(fixture_register_in(&fix, "7", 0, &llama_16, KVX_KIND_ENGINE), KVX_EXISTS);
    assert_int_equal(kvx_service_list_workers(fix.service, &fix.arena, &llama, &infos, &n, &fix.error), 0);
    assert_false(infos[0].learned);
    assert_int_equal(infos[0].state, KVX_SOURCE_CONNECTING);
    assert_true(infos[0].endpoint.len > 0);

    fix.refuse_open = true; /* a source that cannot be opened leaves nothing */
    assert_int_equal(fixture_register_in(&fix, "7", 1, &llama_16, KVX_KIND_ENGINE), KVX_INVALID);
    fix.refuse_open = false;
    assert_int_equal(ask(&llama, 100, 3), 2);
    assert_int_equal(fixture_register_in(&fix, "7", 2, &llama_16, KVX_KIND_POOL), 0); /* another kind: anew */
    assert_int_equal(ask(&llama, 100, 3), 1);
    run.dp_rank = 5;
    assert_int_equal(kvx_service_recover(fix.service, &run, &fix.error), 0);
    assert_int_equal(fixture_unregister_in(&fix, "7", 5, &llama), 0); /* nobody else would */
    assert_int_equal(kvx_service_recover(fix.service, &run, &fix.error), 0);
    assert_int_equal(kvx_service_recover_undo(fix.service, &fix.error), 0);
    assert_int_equal(fixture_unregister_in(&fix, "7", -1, &llama), 0);
    assert_int_equal(fix.n_removed, 2);
    assert_int_equal(partitions(), 0);
}

/* (7, 1) has no source of its own: its events come by that of (7, 0). */
static void recovered_ranks_join_the_source_that_brings_them(void **state)
{
    (void)state;
    uint64_t hashes[] = {100, 101, 102};
    struct kvx_recovered_run run = {
        .partition = llama_16, .instance = TEXT("7"), .n = 3, .local = hashes, .engine = hashes};
    const struct kvx_worker_info *infos;
    size_t n;
    for (run.dp_rank = 0; run.dp_rank < 3; run.dp_rank++)
        assert_int_equal(kvx_service_recover(fix.service, &run, &fix.error), 0);
    assert_int_equal(fixture_register_in(&fix, "7", 0, &llama_16, KVX_KIND_ENGINE), 0);
    struct kvx_source_status *status = kvx_feed_status(fix.sources[0].feed);
    assert_true(atomic_load(&status->recovered));
    atomic_store(&status->state, KVX_SOURCE_EXACT);
    assert_int_equal(fixture_store(&fix, 0, true, 1, 500, 1, 0), 0);
    assert_int_equal(ask(&llama, 100, 3), 3); /* nothing was lost */
    assert_int_equal(kvx_service_list_workers(fix.service, &fix.arena, &llama, &infos, &n, &fix.error), 0);
    assert_int_equal(n, 3);
    assert_true(infos[1].learned && infos[1].endpoint.len);
    assert_int_equal(infos[1].state, KVX_SOURCE_EXACT);
    assert_int_equal(infos[1].held_blocks[KVX_TIER_DEVICE], 4);

    atomic_store(&status->recovered, false); /* the stream began at 0: what is recovered is of another life */
    assert_int_equal(fixture_store(&fix, 0, true, 2, 500, 1, 0), 0);
    assert_int_equal(ask(&llama, 100, 3), 2);
    assert_int_equal(ask(&llama, 500, 1), 2);
    assert_int_equal(fixture_unregister_in(&fix, "7", 1, &llama), KVX_NOT_FOUND);
    assert_int_equal(fixture_unregister_in(&fix, "7", 0, &llama), 0); /* they go with it */
    assert_int_equal(partitions(), 0);
}

static void a_dump_may_hold_several_block_sizes(void **state)
{
    (void)state;
    uint64_t hash = 100;
    struct kvx_recovered_run run = {
        .partition = llama_16, .instance = TEXT("7"), .n = 1, .local = &hash, .engine = &hash};
    assert_int_equal(kvx_service_recover(fix.service, &run, &fix.error), 0);
    run.partition = llama_32;
    assert_int_equal(kvx_service_recover(fix.service, &run, &fix.error), 0);
    run.partition.block_size = 64;
    assert_int_equal(fixture_register_in(&fix, "7", 0, &llama_16, KVX_KIND_ENGINE), 0);
    assert_int_equal(fixture_register_in(&fix, "7", 0, &llama_32, KVX_KIND_ENGINE), 0);
    assert_int_equal(kvx_service_recover(fix.service, &run, &fix.error), KVX_CONFLICT);
    run.partition = llama_32;
    assert_int_equal(kvx_service_recover(fix.service, &run, &fix.error), 0);
    assert_int_equal(ask(&llama_32, 100, 1), 1);
}

static void a_dump_tells_every_source_of_an_instance(void **state)
{
    (void)state;
    uint64_t hash = 100;
    struct kvx_recovered_run run = {
        .partition = llama_16, .instance = TEXT("7"), .dp_rank = 1, .n = 1, .local = &hash, .engine = &hash};
    assert_int_equal(fixture_register_in(&fix, "7", 0, &llama_16, KVX_KIND_ENGINE), 0);
    assert_int_equal(kvx_service_recover(fix.service, &run, &fix.error), 0);
    assert_int_equal(fixture_register_in(&fix, "7", 2, &llama_16, KVX_KIND_ENGINE), 0);
    assert_true(atomic_load(&kvx_feed_status(fix.sources[0].feed)->recovered));
    assert_true(atomic_load(&kvx_feed_status(fix.sources[1].feed)->recovered));
}

/* Events that name the partition in which a worker of the other kind has the same id and rank. */
static void pools_and_engines_are_not_mixed_up(void **state)
{
    (void)state;
    const struct kvx_feed_scope here = {.model = TEXT("llama"), .block_size = 16};
    assert_int_equal(fixture_register_in(&fix, "a", 0, &llama_16, KVX_KIND_ENGINE), 0);
    assert_int_equal(fixture_register(&fix, "a", 0, 16), 0);
    assert_int_equal(fixture_register_in(&fix, "a", 0, &team, KVX_KIND_POOL), 0);
    const struct kvx_feed_scope no_tenant = {.tenant = TEXT("default")};
    assert_int_equal(fixture_store_in(&fix, 2, &no_tenant, KVX_TIER_HOST, 100, 1), KVX_CONFLICT);
    assert_int_equal(fixture_store_in(&fix, 1, &here, KVX_TIER_DEVICE, 100, 1), 0); /* engines may share */
    assert_int_equal(ask(&llama_16, 100, 1), 1);
    assert_int_equal(fix.result.hits[0].blocks[KVX_TIER_HOST], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_name_is_an_index_of_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_choice_means_one_partition_or_says_why_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_block_size_where_that_is_the_rule, set_up, tear_down),
        cmocka_unit_test_setup_teardown(events_may_name_their_partition, set_up, tear_down),
        cmocka_unit_test_setup_teardown(events_cannot_take_all_partitions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unregistering_says_where_an_instance_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pools_extend_the_workers_of_their_partition, set_up, tear_down),
        cmocka_unit_test_setup_teardown(candidates_and_the_best, set_up, tear_down),
        cmocka_unit_test_setup_teardown(peers_are_remembered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_equal_candidates_are_few, set_up, tear_down),
        cmocka_unit_test_setup_teardown(recovery_fills_registered_workers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(recovered_workers_wait_for_their_registration, set_up, tear_down),
        cmocka_unit_test_setup_teardown(recovered_ranks_join_the_source_that_brings_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_dump_may_hold_several_block_sizes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_dump_tells_every_source_of_an_instance, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pools_and_engines_are_not_mixed_up, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
