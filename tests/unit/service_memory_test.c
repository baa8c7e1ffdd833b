/* Every allocation of a small life of the service fails once: each failure is a clean KVX_NOMEM, and no byte
 * is lost. */
#include "service_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void begin_partition(void *user, const struct kvx_partition_name *name)
{
    (void)user;
    assert_true(name->block_size == 16 || name->block_size == 32);
}

static void count_blocks(void *user, const struct kvx_dump_record *record)
{
    *(size_t *)user += record->n;
}

/* Workers of two partitions, one of them named by events, a pool, and a peer. */
static int populate(struct fixture *f)
{
    const struct kvx_partition_choice llama = {.model = kvx_bytes_of("llama"), .block_size = 32};
    const struct kvx_feed_scope named = {.model = kvx_bytes_of("llama"), .block_size = 32};
    int status;
    if ((status = fixture_register(f, "1", 0, 16)) < 0 || (status = fixture_register(f, "two", 1, 0)) < 0 ||
        (status = fixture_register_in(f, "store", 0, &llama, KVX_KIND_POOL)) < 0 ||
        (status = kvx_service_add_peer(f->service, kvx_bytes_of("http://peer"), &f->error)) < 0)
        return status;
    if ((status = fixture_store(f, 0, false, 0, 100, 80, 0)) < 0 ||
        (status = fixture_store(f, 1, true, 5, 100, 3, 9)) < 0 ||
        (status = fixture_store_in(f, 1, &named, KVX_TIER_DEVICE, 100, 2)) < 0)
        return status;
    const uint64_t told = 100;
    const struct kvx_recovered_run run = {
        .partition = llama, .instance = kvx_bytes_of("told"), .n = 1, .local = &told, .engine = &told};
    if ((status = kvx_service_recover(f->service, &run, &f->error)) < 0)
        return status;
    return fixture_register_in(f, "told", 0, &llama, KVX_KIND_ENGINE);
}

static int read_everything(struct fixture *f)
{
    const struct kvx_partition_choice everything = {.any_model = true, .any_tenant = true};
    const struct kvx_worker_info *infos;
    const struct kvx_partition_info *partitions;
    const struct kvx_bytes *peers;
    struct kvx_health health;
    struct kvx_service_dump *dump;
    size_t n, blocks = 0;
    int status;
    if ((status = kvx_service_list_workers(f->service, &f->arena, &everything, &infos, &n, &f->error)) < 0 ||
        (status = kvx_service_list_partitions(f->service, &f->arena, &partitions, &n, &f->error)) < 0 ||
        (status = kvx_service_list_peers(f->service, &f->arena, &peers, &n, &f->error)) < 0 ||
        (status = kvx_service_health(f->service, &f->arena, &health, &f->error)) < 0 ||
        (status = kvx_service_dump_open(f->service, &everything, &dump, &f->error)) < 0)
        return status;
    const struct kvx_dump_sink sink = {begin_partition, count_blocks, &blocks};
    while ((status = kvx_service_dump_next(dump, f->caller, 16, &sink, &f->error)) == 1)
        ;
    kvx_service_dump_close(dump);
    if (!status)
        assert_int_equal(blocks, 86);
    return status;
}

static int life(struct fixture *f)
{
    const struct kvx_candidate one = {.instance = kvx_bytes_of("1")};
    const uint64_t sequence = 100; /* of a first block: its local hash */
    int status = populate(f);
    if (status < 0)
        return status;
    status = fixture_score(f, "1", 0, 100, 80);
    if (status < 0)
        return status;
    assert_int_equal(status, 80);
    if ((status =
             fixture_query(f, &(struct kvx_query_args){.candidates = &one, .n_candidates = 1, .max_hits = 1},
                           100, 80)) < 0 ||
        (status = fixture_query(
             f,
             &(struct kvx_query_args){.form = KVX_PROMPT_SEQUENCE_HASHES, .hashes = &sequence, .n_hashes = 1},
             0, 0)) < 0 ||
        (status = read_everything(f)) < 0)
        return status;
    return fixture_unregister(f, "1", -1);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static struct fixture f;
    int status = KVX_NOMEM;
    uint64_t n = 0;
    while (status) {
        memset(&f, 0, sizeof(f));
        failing_allocator_init(&f.memory);
        f.memory.fail_at = ++n;
        status = fixture_open(&f, 0);
        if (!status) {
            status = life(&f);
            fixture_close(&f);
        }
        assert_int_equal(f.memory.live, 0);
        assert_true(status == KVX_OK || status == KVX_NOMEM);
    }
    assert_true(n > 20); /* the life does allocate */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
