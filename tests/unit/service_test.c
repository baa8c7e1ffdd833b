#include "service_fixture.h"

#include "base/block_hash.h"
#include "service/worker_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct fixture fix; /* cmocka's setup and teardown share it */
static const struct kvx_partition_choice everything = {.any_model = true, .any_tenant = true};

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

static void registration_rules(void **state)
{
    (void)state;
    assert_int_equal(fixture_register(&fix, "1", 0, 0), KVX_INVALID);
    assert_non_null(strstr(fix.error.text, "`block_size`"));
    assert_non_null(strstr(fix.error.text, "--block-size"));
    assert_int_equal(fixture_register(&fix, "1", 0, 16), 0);
    assert_int_equal(fix.sources[0].block_size, 16);
    assert_int_equal(fixture_register(&fix, "1", 0, 16), KVX_EXISTS);
    assert_string_equal(fix.error.text, "instance 1 dp_rank 0 already registered");
    assert_int_equal(fixture_register(&fix, "2", 0, 32), KVX_CONFLICT);
    assert_int_equal(fixture_register(&fix, "2", 0, 0), 0); /* the partition's size */
    assert_int_equal(fixture_register(&fix, "", 0, 16), KVX_INVALID);
    assert_int_equal(fixture_register(&fix, "bad\xff", 0, 16), KVX_INVALID);
    assert_int_equal(fixture_register(&fix, "kvindex-fault-internal", 0, 16), KVX_INTERNAL);
    fix.refuse_open = true;
    assert_int_equal(fixture_register(&fix, "3", 0, 16), KVX_INVALID);
    fix.refuse_open = false;
    assert_int_equal(fixture_unregister(&fix, "3", -1),
                     KVX_NOT_FOUND); /* a failed registration leaves nothing */
    assert_string_equal(fix.error.text, "instance 3 not found");
}

static void the_block_size_goes_with_the_last_worker(void **state)
{
    (void)state;
    assert_int_equal(fixture_register(&fix, "a", 0, 16), 0);
    assert_int_equal(fixture_unregister(&fix, "a", -1), 0);
    assert_int_equal(fixture_register(&fix, "a", 0, 32), 0);
}

static void scores_and_removal(void **state)
{
    (void)state;
    assert_int_equal(fixture_register(&fix, "1", 0, 16), 0);
    assert_int_equal(fixture_register(&fix, "2", 1, 16), 0);
    assert_int_equal(fixture_store(&fix, 0, false, 0, 100, 5, 0), 0);
    assert_int_equal(fixture_store(&fix, 1, false, 0, 100, 3, 7000),
                     0); /* other engine hashes for the same tokens */
    assert_int_equal(fixture_score(&fix, "1", 0, 100, 8), 5);
    assert_int_equal(fixture_score(&fix, "2", 1, 100, 8), 3);
    assert_int_equal(fixture_score(&fix, "2", 0, 100, 8), -1);
    assert_int_equal(fixture_unregister(&fix, "1", 7), KVX_NOT_FOUND);
    assert_string_equal(fix.error.text, "instance 1 dp_rank 7 not found");
    assert_int_equal(fixture_unregister(&fix, "1", 0), 0);
    assert_true(fix.sources[0].closed);
    assert_int_equal(fixture_score(&fix, "1", 0, 100, 8), -1);
    assert_int_equal(fixture_score(&fix, "2", 1, 100, 8), 3);
    assert_int_equal(fixture_store(&fix, 0, false, 0, 100, 5, 0),
                     KVX_NOT_FOUND); /* late events of a closed source */
    assert_int_equal(fixture_register(&fix, "1", 0, 16), 0);
    assert_int_equal(fixture_score(&fix, "1", 0, 100, 8), -1); /* a new life */
    while (kvx_service_housekeeping(fix.service))
        ;
    assert_int_equal(fixture_score(&fix, "2", 1, 100, 8), 3);
}

static void ranks_learned_from_batches(void **state)
{
    (void)state;
    const struct kvx_worker_info *infos;
    size_t n;
    assert_int_equal(fixture_register(&fix, "1", 0, 16), 0);
    assert_int_equal(fixture_store(&fix, 0, true, 3, 100, 4, 0), 0);
    assert_int_equal(fixture_store(&fix, 0, true, 0, 100, 2, 0), 0);
    assert_int_equal(fixture_score(&fix, "1", 3, 100, 4), 4);
    assert_int_equal(fixture_score(&fix, "1", 0, 100, 4), 2);
    assert_int_equal(kvx_service_list_workers(fix.service, &fix.arena, &everything, &infos, &n, &fix.error),
                     0);
    assert_int_equal(n, 2);
    assert_false(infos[0].learned);
    assert_true(infos[1].learned);
    assert_int_equal(infos[1].dp_rank, 3);
    assert_int_equal(infos[1].held_blocks[KVX_TIER_DEVICE], 4);
    assert_int_equal(fixture_unregister(&fix, "1", 3), KVX_NOT_FOUND);
    assert_non_null(strstr(fix.error.text, "learned"));
    assert_int_equal(fixture_register(&fix, "1", 3, 16), 0); /* now it has a source of its own */
    assert_int_equal(fixture_store(&fix, 0, true, 3, 500, 1, 0), 0);
    assert_int_equal(fixture_score(&fix, "1", 3, 500, 1), 1); /* both sources feed it */
    assert_int_equal(fixture_unregister(&fix, "1", -1), 0);
    assert_int_equal(fixture_score(&fix, "1", 0, 100, 4), -1);
    assert_int_equal(fixture_score(&fix, "1", 3, 100, 4), -1);
    assert_int_equal(fixture_store(&fix, 0, true, 3, 100, 4, 0), KVX_NOT_FOUND);
}

static void a_source_takes_its_learned_ranks_along(void **state)
{
    (void)state;
    assert_int_equal(fixture_register(&fix, "1", 0, 16), 0);
    assert_int_equal(fixture_register(&fix, "1", 1, 16), 0);
    assert_int_equal(fixture_store(&fix, 0, true, 9, 100, 4, 0), 0);
    assert_int_equal(fixture_store(&fix, 1, false, 0, 100, 4, 0), 0);
    assert_int_equal(fixture_unregister(&fix, "1", 0), 0);
    assert_int_equal(fixture_score(&fix, "1", 9, 100, 4), -1);
    assert_int_equal(fixture_score(&fix, "1", 1, 100, 4), 4);
}

static void queries_by_tokens(void **state)
{
    (void)state;
    uint32_t tokens[40];
    uint64_t local[2];
    struct kvx_query_result result;
    struct kvx_feed_worker *worker;
    struct kvx_store_result stored;
    for (uint32_t i = 0; i < 40; i++)
        tokens[i] = i + 1;
    const struct kvx_query_args args = {.tokens = tokens, .n_tokens = 40};
    assert_int_equal(kvx_service_query(fix.service, fix.caller, &fix.arena, &args, &result, &fix.error), 0);
    assert_int_equal(result.n, 0); /* nothing registered: an empty answer */
    assert_int_equal(fixture_register(&fix, "1", 0, 16), 0);
    assert_int_equal(kvx_block_hashes(KVX_HASH_SEED, tokens, 40, 16, local), 2);
    assert_int_equal(kvx_feed_worker(fix.sources[0].feed, NULL, false, 0, &worker), 0);
    struct kvx_index *index = worker->index;
    const struct kvx_store store = {.worker = worker->ref, .n = 2, .local = local, .engine = local};
    kvx_index_lock(index);
    assert_int_equal(kvx_index_store(index, &store, &stored), 0);
    kvx_index_unlock(index);
    assert_int_equal(kvx_service_query(fix.service, fix.caller, &fix.arena, &args, &result, &fix.error), 0);
    assert_int_equal(result.n, 1);
    assert_int_equal(result.blocks_asked, 2);
    assert_int_equal(result.block_size, 16);
    assert_int_equal(result.hits[0].blocks[KVX_TIER_DEVICE], 2);
    assert_int_equal(result.hits[0].total_blocks, 2);
    assert_true(result.hits[0].instance.numeric);
    const struct kvx_query_args few = {.tokens = tokens, .n_tokens = 15};
    assert_int_equal(kvx_service_query(fix.service, fix.caller, &fix.arena, &few, &result, &fix.error), 0);
    assert_int_equal(result.n, 0);
}

static void answers_are_grouped_by_instance(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        uint32_t rank;
    } order[] = {{"b", 1}, {"b", 4}, {"a", 0}, {"a", 2}};
    assert_int_equal(fixture_register(&fix, "b", 4, 16), 0);
    assert_int_equal(fixture_register(&fix, "a", 2, 16), 0);
    assert_int_equal(fixture_register(&fix, "a", 0, 16), 0);
    assert_int_equal(fixture_register(&fix, "b", 1, 16), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(fixture_store(&fix, i, false, 0, 100, 1, 0), 0);
    assert_int_equal(fixture_query(&fix, &(struct kvx_query_args){0}, 100, 1), 0);
    assert_int_equal(fix.result.n, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(kvx_bytes_is(fix.result.hits[i].instance.text, order[i].id));
        assert_int_equal(fix.result.hits[i].dp_rank, order[i].rank);
    }
}

struct dumped {
    size_t partitions, events, blocks, foreign;
};

static void count_partition(void *user, const struct kvx_partition_name *name)
{
    struct dumped *d = user;
    assert_true(kvx_bytes_is(name->model, "default"));
    d->partitions++;
}

static void count_dumped(void *user, const struct kvx_dump_record *record)
{
    struct dumped *d = user;
    assert_int_equal(record->event_id, d->events++);
    d->blocks += record->n;
    for (uint32_t i = 0; i < record->n; i++)
        d->foreign +=
            kvx_bytes_is(record->instance.text, "2") != (record->engine[i] == record->local[i] + 7000);
}

static void dump_in_slices(void **state)
{
    (void)state;
    struct kvx_service_dump *dump;
    struct dumped d = {0};
    int more;
    assert_int_equal(fixture_register(&fix, "1", 0, 16), 0);
    assert_int_equal(fixture_register(&fix, "2", 0, 16), 0);
    assert_int_equal(fixture_store(&fix, 0, false, 0, 100, 200, 0), 0);
    assert_int_equal(fixture_store(&fix, 1, false, 0, 100, 150, 7000), 0);
    assert_int_equal(kvx_service_dump_open(fix.service, &everything, &dump, &fix.error), 0);
    const struct kvx_dump_sink sink = {count_partition, count_dumped, &d};
    while ((more = kvx_service_dump_next(dump, fix.caller, 10, &sink, &fix.error)) == 1)
        ;
    assert_int_equal(more, 0);
    assert_int_equal(d.partitions, 1);
    assert_int_equal(d.blocks, 350);
    assert_int_equal(d.foreign, 0);
    kvx_service_dump_close(dump);
}

static void readiness(void **state)
{
    (void)state;
    struct kvx_health health;
    assert_int_equal(kvx_service_health(fix.service, &fix.arena, &health, &fix.error), 0);
    assert_true(health.ready);
    const struct kvx_register_args args = {
        .instance = {kvx_bytes_of("1"), true},
        .endpoint = kvx_bytes_of("tcp://127.0.0.1:5557"),
        .replay_endpoint = kvx_bytes_of("tcp://127.0.0.1:5558"),
        .partition.block_size = 16,
    };
    assert_int_equal(kvx_service_register(fix.service, &args, &fix.error), 0);
    assert_int_equal(kvx_service_health(fix.service, &fix.arena, &health, &fix.error), 0);
    assert_false(health.ready); /* a first replay is outstanding */
    assert_int_equal(health.n_reasons, 1);
    assert_true(kvx_bytes_is(health.reasons[0], "worker 1 dp_rank 0 is connecting"));
    struct kvx_source_status *status = kvx_feed_status(fix.sources[0].feed);
    atomic_store(&status->first_sync_done, true);
    atomic_store(&status->state, KVX_SOURCE_DEGRADED);
    atomic_store(&status->reason, KVX_REASON_GAP);
    assert_int_equal(kvx_service_health(fix.service, &fix.arena, &health, &fix.error), 0);
    assert_true(health.ready); /* a worker's state is a reason, not a refusal */
    assert_int_equal(health.workers_by_state[KVX_SOURCE_DEGRADED], 1);
    assert_non_null(strstr(health.reasons[0].data, "degraded: batches are missing"));
    assert_int_equal(kvx_service_begin(fix.service, &fix.error), 0);
    kvx_service_end(fix.service);
    kvx_service_drain(fix.service);
    assert_int_equal(kvx_service_health(fix.service, &fix.arena, &health, &fix.error), 0);
    assert_false(health.ready);
}

static void requests_at_once_are_bounded(void **state)
{
    (void)state;
    for (int i = 0; i < FIXTURE_INFLIGHT_MAX; i++)
        assert_int_equal(kvx_service_begin(fix.service, &fix.error), 0);
    assert_int_equal(kvx_service_begin(fix.service, &fix.error), KVX_UNAVAILABLE);
    assert_non_null(strstr(fix.error.text, "--max-inflight"));
    assert_int_equal(fix.metrics.counter[KVX_COUNT_SHED_INFLIGHT], 1);
    kvx_service_end(fix.service);
    assert_int_equal(kvx_service_begin(fix.service, &fix.error), 0);
    for (int i = 0; i < FIXTURE_INFLIGHT_MAX; i++)
        kvx_service_end(fix.service);
}

#define DEFAULT_LABELS "model=\"default\",tenant=\"default\",additional_salt=\"\",block_size=\"16\""

static void the_metrics_page_shows_the_index(void **state)
{
    (void)state;
    struct kvx_buf page;
    assert_int_equal(fixture_register(&fix, "a\"b", 2, 16), 0);
    assert_int_equal(fixture_store(&fix, 0, false, 0, 100, 5, 0), 0);
    kvx_buf_init(&page, &fix.memory.allocator, 1 << 20);
    assert_int_equal(kvx_service_metrics(fix.service, &fix.arena, &page), 0);
    kvx_buf_char(&page, 0);
    assert_non_null(strstr(page.data, "kvindex_held_blocks{tier=\"device\"," DEFAULT_LABELS "} 5\n"));
    assert_non_null(strstr(
        page.data, "kvindex_source_last_sequence{instance=\"a\\\"b\",dp_rank=\"2\"," DEFAULT_LABELS "} 0\n"));
    assert_non_null(strstr(page.data, "kvindex_sources{state=\"connecting\"} 1\n"));
    kvx_buf_free(&page);
}

static void worker_lists(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",       "x",   "1", "=tcp://h:1", "1=", "1:=t", "1:x=tcp://h", "1=tcp://h:1,", "1:4294967296=t",
        "1:01=t", ":2=t"};
    const struct kvx_partition_choice by_default = {.block_size = 16};
    const struct kvx_worker_info *infos;
    size_t n;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(kvx_service_register_list(fix.service, &by_default, bad[i], &fix.error),
                         KVX_INVALID);
        fixture_unregister(&fix, "1", -1); /* the good entry before a bad one */
    }
    assert_int_equal(fixture_register(&fix, "first", 0, 16), 0);
    assert_int_equal(kvx_service_register_list(fix.service, &by_default,
                                               " 1 = tcp://h:1 ,2:3=tcp://h:2,node-a=ipc:///x", &fix.error),
                     0);
    assert_int_equal(kvx_service_list_workers(fix.service, &fix.arena, &everything, &infos, &n, &fix.error),
                     0);
    assert_int_equal(n, 4);
    assert_true(kvx_bytes_is(infos[1].endpoint, "tcp://h:1") && infos[1].instance.numeric);
    assert_true(infos[2].dp_rank == 3 && kvx_bytes_is(infos[2].instance.text, "2"));
    assert_false(infos[3].instance.numeric);
    assert_int_equal(kvx_service_register_list(fix.service, &by_default, "1=tcp://h:1", &fix.error),
                     KVX_EXISTS);
    assert_non_null(strstr(fix.error.text, "worker entry `1=tcp://h:1`"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(registration_rules, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_block_size_goes_with_the_last_worker, set_up, tear_down),
        cmocka_unit_test_setup_teardown(scores_and_removal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ranks_learned_from_batches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_source_takes_its_learned_ranks_along, set_up, tear_down),
        cmocka_unit_test_setup_teardown(queries_by_tokens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers_are_grouped_by_instance, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dump_in_slices, set_up, tear_down),
        cmocka_unit_test_setup_teardown(readiness, set_up, tear_down),
        cmocka_unit_test_setup_teardown(requests_at_once_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_metrics_page_shows_the_index, set_up, tear_down),
        cmocka_unit_test_setup_teardown(worker_lists, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
