/* Events that name their partition, pools and salts, end to end: ZMQ, ingest threads, indexes, answers. */
#include "ingest/decode.h"
#include "ingest_source_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>
#include <msgpack.h>

static struct engine engine, second; /* large; one test at a time */

/* ---- Payloads ---- */

struct payload {
    msgpack_sbuffer bytes;
    msgpack_packer pack;
};

static void begin(struct payload *p, size_t events)
{
    msgpack_sbuffer_init(&p->bytes);
    msgpack_packer_init(&p->pack, &p->bytes, msgpack_sbuffer_write);
    msgpack_pack_array(&p->pack, 3);
    msgpack_pack_double(&p->pack, 1700000000.5);
    msgpack_pack_array(&p->pack, events);
}

/* With the rank 0, as Mooncake does. */
static void publish(struct payload *p, struct engine *e, uint64_t seq)
{
    msgpack_pack_int(&p->pack, 0);
    engine_publish(e, seq, p->bytes.data, p->bytes.size);
    msgpack_sbuffer_destroy(&p->bytes);
}

static void text(struct payload *p, const char *t)
{
    if (t)
        msgpack_pack_str_with_body(&p->pack, t, strlen(t));
    else
        msgpack_pack_nil(&p->pack);
}

static void pair(struct payload *p, const char *key, const char *value)
{
    text(p, key);
    text(p, value);
}

static void number(struct payload *p, const char *key, uint64_t value)
{
    text(p, key);
    msgpack_pack_uint64(&p->pack, value);
}

static void numbers(struct payload *p, const char *key, size_t n, uint64_t first)
{
    text(p, key);
    msgpack_pack_array(&p->pack, n);
    for (size_t i = 0; i < n; i++)
        msgpack_pack_uint64(&p->pack, first + i);
}

/* Blocks of `size` tokens 1, 2, ... with hashes 1, 2, ..., in a partition; NULL and 0: not said. */
static void rfc_store(struct payload *p, const char *model, const char *tenant, const char *salt,
                      uint32_t size, uint64_t rank, size_t blocks)
{
    uint32_t tokens = size ? size : ENGINE_BLOCK_SIZE;
    msgpack_pack_map(&p->pack, 8);
    pair(p, "event_type", "stored");
    pair(p, "model_name", model);
    pair(p, "tenant_id", tenant);
    pair(p, "additional_salt", salt);
    text(p, "block_size");
    if (size)
        msgpack_pack_uint32(&p->pack, size);
    else
        msgpack_pack_nil(&p->pack);
    number(p, "dp_rank", rank);
    numbers(p, "seq_hashes", blocks, 1);
    numbers(p, "token_ids", tokens * blocks, 1);
}

static void rfc_clear(struct payload *p, const char *model, uint64_t rank)
{
    msgpack_pack_map(&p->pack, 3);
    pair(p, "event_type", "cleared");
    pair(p, "model_name", model);
    number(p, "dp_rank", rank);
}

/* A block that a pool stores or gives up, by a hash alone. */
static void object(struct payload *p, const char *what, const char *medium, uint64_t hash)
{
    msgpack_pack_map(&p->pack, 4);
    pair(p, "event_type", what);
    pair(p, "tenant_id", "default");
    pair(p, "medium", medium);
    numbers(p, "seq_hashes", 1, hash);
}

/* ---- Answers ---- */

struct where {
    const char *model, *tenant, *salt; /* salt NULL: any */
    uint32_t block_size;
    const char *lora, *cache_salt;
};

/* Blocks of the prompt 1, 2, ..., 64 that (id, rank) has, through `tier`; -1: not in the answer. */
static int score(struct world *w, struct where at, const char *id, uint32_t rank, enum kvx_tier tier)
{
    uint32_t tokens[64];
    int found = -1;
    for (uint32_t i = 0; i < 64; i++)
        tokens[i] = 1 + i;
    struct kvx_query_args args = {
        .partition = {.model = kvx_bytes_of(at.model ? at.model : ""),
                      .tenant = kvx_bytes_of(at.tenant ? at.tenant : ""),
                      .has_salt = at.salt != NULL,
                      .additional_salt = kvx_bytes_of(at.salt ? at.salt : ""),
                      .block_size = at.block_size},
        .form = KVX_PROMPT_TOKENS,
        .tokens = tokens,
        .n_tokens = 64,
        .lora_name = kvx_bytes_of(at.lora ? at.lora : ""),
        .cache_salt = kvx_bytes_of(at.cache_salt ? at.cache_salt : ""),
    };
    struct kvx_query_result result;
    assert_int_equal(kvx_service_query(w->service, w->caller, &w->arena, &args, &result, &w->error), 0);
    for (size_t i = 0; i < result.n; i++)
        if (kvx_bytes_is(result.hits[i].instance.text, id) && result.hits[i].dp_rank == rank)
            found = (int)result.hits[i].blocks[tier];
    kvx_arena_reset(&w->arena);
    return found;
}

static void open_with_replay(struct world *w)
{
    world_open(w, 1, NULL);
    engine_start(&engine, NULL, NULL, true);
}

static void close_all(struct world *w)
{
    world_close(w);
    engine_stop(&engine);
}

static void register_with(struct world *w, const char *id, const struct engine *e, enum kvx_source_kind kind,
                          const char *lora)
{
    struct kvx_register_args args = {.instance = {kvx_bytes_of(id), false},
                                     .endpoint = kvx_bytes_of(e->endpoint),
                                     .replay_endpoint = kvx_bytes_of(e->has_router ? e->replay_endpoint : ""),
                                     .lora_name = kvx_bytes_of(lora),
                                     .kind = kind};
    assert_int_equal(kvx_service_register(w->service, &args, &w->error), 0);
}

static void test_every_event_to_its_partition(void **state)
{
    (void)state;
    struct world w;
    struct payload p;
    open_with_replay(&w);
    begin(&p, 7);
    rfc_store(&p, NULL, NULL, NULL, 0, 0, 2);
    rfc_store(&p, "m", NULL, NULL, 0, 0, 3);
    rfc_store(&p, "m", "t", NULL, 0, 0, 4);
    rfc_store(&p, "m", "t", "w8a8", 0, 0, 5);
    rfc_store(&p, "m", "t", "w8a8", 8, 0, 6);
    rfc_store(&p, "m", "t", "w8a8", 8, 3, 7);
    rfc_store(&p, "default", "default", "", 4, 1, 1);
    publish(&p, &engine, 0);
    world_follow(&w, "a", &engine);
    wait_sequence(&w, "a", 0, 0);
    assert_int_equal(score(&w, (struct where){.block_size = 4}, "a", 0, KVX_TIER_DEVICE), 2);
    assert_int_equal(score(&w, (struct where){.block_size = 4}, "a", 1, KVX_TIER_DEVICE), 1);
    assert_int_equal(score(&w, (struct where){.model = "m"}, "a", 0, KVX_TIER_DEVICE), 3);
    assert_int_equal(score(&w, (struct where){"m", "t", "", 4, NULL, NULL}, "a", 0, KVX_TIER_DEVICE), 4);
    assert_int_equal(score(&w, (struct where){"m", "t", "w8a8", 4, NULL, NULL}, "a", 0, KVX_TIER_DEVICE), 5);
    assert_int_equal(score(&w, (struct where){"m", "t", "w8a8", 8, NULL, NULL}, "a", 0, KVX_TIER_DEVICE), 6);
    assert_int_equal(score(&w, (struct where){"m", "t", "w8a8", 8, NULL, NULL}, "a", 3, KVX_TIER_DEVICE), 7);
    wait_state(&w, "a", 0, "exact");
    assert_int_equal(world_count(&w, KVX_COUNT_STORED_APPLIED), 7);
    close_all(&w);
}

/* In the order of the batch, though the runs alternate. */
static void test_runs_keep_their_order(void **state)
{
    (void)state;
    struct world w;
    struct payload p;
    open_with_replay(&w);
    begin(&p, 7);
    rfc_store(&p, "m", NULL, NULL, 0, 0, 5);
    rfc_store(&p, NULL, NULL, NULL, 0, 0, 5);
    rfc_clear(&p, "m", 0);
    rfc_store(&p, "m", NULL, NULL, 0, 0, 2);
    rfc_store(&p, "m", NULL, NULL, 0, 1, 3);
    rfc_clear(&p, NULL, 0);
    rfc_clear(&p, "m", 1);
    publish(&p, &engine, 0);
    world_follow(&w, "a", &engine);
    wait_sequence(&w, "a", 0, 0);
    assert_int_equal(score(&w, (struct where){.model = "m"}, "a", 0, KVX_TIER_DEVICE), 2);
    assert_int_equal(score(&w, (struct where){.model = "m"}, "a", 1, KVX_TIER_DEVICE), -1);
    assert_int_equal(score(&w, (struct where){.model = "default"}, "a", 0, KVX_TIER_DEVICE), -1);
    assert_int_equal(world_count(&w, KVX_COUNT_CLEARED_APPLIED), 3);
    close_all(&w);
}

static void test_a_restart_empties_every_partition(void **state)
{
    (void)state;
    struct world w;
    struct payload p;
    open_with_replay(&w);
    world_follow(&w, "a", &engine);
    wait_state(&w, "a", 0, "exact");
    for (uint64_t seq = 0; seq < 3; seq++) {
        begin(&p, 2);
        rfc_store(&p, NULL, NULL, NULL, 0, 0, 2);
        rfc_store(&p, "m", NULL, NULL, 8, 2, 3);
        publish(&p, &engine, seq);
    }
    wait_sequence(&w, "a", 0, 2);
    assert_int_equal(score(&w, (struct where){.model = "m"}, "a", 2, KVX_TIER_DEVICE), 3);
    engine_forget(&engine);
    begin(&p, 1);
    rfc_store(&p, NULL, NULL, NULL, 0, 0, 1);
    publish(&p, &engine, 0);
    wait_count(&w, KVX_COUNT_RESTARTS_SEEN, 1);
    wait_sequence(&w, "a", 0, 0);
    assert_int_equal(score(&w, (struct where){.block_size = 4}, "a", 0, KVX_TIER_DEVICE), 1);
    assert_int_equal(score(&w, (struct where){.model = "m"}, "a", 2, KVX_TIER_DEVICE), -1);
    close_all(&w);
}

/* The source may bring so many ranks and partitions; what lies beyond is counted, and the rest goes on. */
static void test_more_ranks_than_a_source_may_bring(void **state)
{
    (void)state;
    struct world w;
    struct payload p;
    enum { RANKS = 1100 };
    open_with_replay(&w);
    begin(&p, RANKS + 1);
    for (uint64_t rank = 1; rank <= RANKS; rank++)
        rfc_clear(&p, NULL, rank);
    rfc_store(&p, NULL, NULL, NULL, 0, 0, 2);
    publish(&p, &engine, 0);
    world_follow(&w, "a", &engine);
    wait_sequence(&w, "a", 0, 0);
    uint64_t refused = world_count(&w, KVX_COUNT_EVENT_LIMIT);
    assert_true(refused > 0);
    assert_int_equal(world_count(&w, KVX_COUNT_CLEARED_APPLIED), RANKS - refused);
    wait_state(&w, "a", 0, "degraded/limit");
    assert_int_equal(score(&w, (struct where){.block_size = 4}, "a", 0, KVX_TIER_DEVICE), 2);
    close_all(&w);
}

static void test_more_partitions_than_a_batch_may_name(void **state)
{
    (void)state;
    struct world w;
    struct payload p;
    open_with_replay(&w);
    begin(&p, KVX_BATCH_SCOPES_MAX + 1);
    for (unsigned i = 0; i <= KVX_BATCH_SCOPES_MAX; i++) {
        char model[20];
        snprintf(model, sizeof model, "m%u", i);
        rfc_store(&p, model, NULL, NULL, 0, 0, 1);
    }
    publish(&p, &engine, 0);
    world_follow(&w, "a", &engine);
    wait_state(&w, "a", 0, "degraded/limit");
    assert_int_equal(world_count(&w, KVX_COUNT_EVENT_LIMIT), 1);
    assert_int_equal(score(&w, (struct where){.model = "m63"}, "a", 0, KVX_TIER_DEVICE), 1);
    close_all(&w);
}

/* A pool extends what workers hold by their engines' own hashes. */
static void test_a_pool_extends_workers(void **state)
{
    (void)state;
    struct world w;
    struct payload p;
    const struct where here = {.block_size = 4};
    open_with_replay(&w);
    engine_start(&second, NULL, NULL, true);
    register_with(&w, "a", &engine, KVX_KIND_ENGINE, "");
    register_with(&w, "store", &second, KVX_KIND_POOL, "");
    begin(&p, 1);
    rfc_store(&p, NULL, NULL, NULL, 0, 0, 4);
    publish(&p, &engine, 0);
    wait_sequence(&w, "a", 0, 0);
    begin(&p, 4);
    object(&p, "stored", "cpu", 2);
    object(&p, "stored", NULL, 3);
    object(&p, "stored", "GPU", 1); /* no pool has one */
    object(&p, "stored", "disk", 4);
    publish(&p, &second, 0);
    wait_sequence(&w, "store", 0, 0);
    begin(&p, 1); /* the engine forgets the last three, the pool has them still */
    msgpack_pack_map(&p.pack, 2);
    pair(&p, "type", "BlockRemoved");
    numbers(&p, "block_hashes", 3, 2);
    publish(&p, &engine, 1);
    wait_sequence(&w, "a", 0, 1);
    assert_int_equal(score(&w, here, "a", 0, KVX_TIER_DEVICE), 1);
    assert_int_equal(score(&w, here, "a", 0, KVX_TIER_HOST), 3);
    assert_int_equal(score(&w, here, "a", 0, KVX_TIER_DISK), 4);
    assert_int_equal(score(&w, here, "store", 0, KVX_TIER_EXTERNAL), -1);
    assert_int_equal(world_count(&w, KVX_COUNT_EVENT_MEDIUM), 1);
    begin(&p, 1); /* the medium of a removal is not asked */
    object(&p, "removed", "cpu", 4);
    publish(&p, &second, 1);
    wait_sequence(&w, "store", 0, 1);
    assert_int_equal(score(&w, here, "a", 0, KVX_TIER_DISK), 3);
    struct kvx_worker_info info;
    assert_true(world_worker(&w, "store", 0, &info));
    assert_int_equal(info.held_blocks[KVX_TIER_HOST], 2);
    assert_int_equal(info.held_blocks[KVX_TIER_DISK], 0);
    begin(&p, 1);
    rfc_clear(&p, NULL, 7); /* of the pool, whatever rank it says */
    publish(&p, &second, 2);
    wait_sequence(&w, "store", 0, 2);
    assert_true(world_worker(&w, "store", 0, &info));
    assert_int_equal(info.held_blocks[KVX_TIER_HOST], 0);
    assert_false(world_worker(&w, "store", 7, &info));
    engine_stop(&second);
    close_all(&w);
}

static void test_registered_adapter(void **state)
{
    (void)state;
    struct world w;
    struct payload p;
    open_with_replay(&w);
    begin(&p, 1);
    rfc_store(&p, NULL, NULL, NULL, 0, 0, 3);
    publish(&p, &engine, 0);
    register_with(&w, "a", &engine, KVX_KIND_ENGINE, "sql");
    wait_sequence(&w, "a", 0, 0);
    assert_int_equal(score(&w, (struct where){.lora = "sql"}, "a", 0, KVX_TIER_DEVICE), 3);
    assert_int_equal(score(&w, (struct where){0}, "a", 0, KVX_TIER_DEVICE), -1);
    close_all(&w);
}

/* Blocks [first, first + n) of the chain 1, 2, ... under the one before. */
static void vllm_store(struct payload *p, uint64_t first, size_t n, const char *salt)
{
    msgpack_pack_map(&p->pack, 6);
    pair(p, "type", "BlockStored");
    numbers(p, "block_hashes", n, first);
    number(p, "parent_block_hash", first - 1);
    numbers(p, "token_ids", 4 * n, 4 * (first - 1) + 1);
    number(p, "block_size", 4);
    pair(p, "cache_salt", salt);
}

static void test_salts_through_batches_and_restarts(void **state)
{
    (void)state;
    struct world w;
    struct payload p;
    open_with_replay(&w);
    world_follow(&w, "a", &engine);
    wait_state(&w, "a", 0, "exact");
    begin(&p, 1);
    vllm_store(&p, 1, 2, "s");
    publish(&p, &engine, 0);
    begin(&p, 1);
    vllm_store(&p, 3, 2, NULL);
    publish(&p, &engine, 1);
    wait_sequence(&w, "a", 0, 1);
    assert_int_equal(score(&w, (struct where){.cache_salt = "s"}, "a", 0, KVX_TIER_DEVICE), 4);
    assert_int_equal(score(&w, (struct where){0}, "a", 0, KVX_TIER_DEVICE), -1);
    engine_forget(&engine); /* a new life: 1 and 2 have no salt there */
    begin(&p, 2);
    vllm_store(&p, 1, 2, NULL);
    vllm_store(&p, 3, 2, NULL);
    publish(&p, &engine, 0);
    wait_count(&w, KVX_COUNT_RESTARTS_SEEN, 1);
    wait_sequence(&w, "a", 0, 0);
    assert_int_equal(score(&w, (struct where){.cache_salt = "s"}, "a", 0, KVX_TIER_DEVICE), -1);
    assert_int_equal(score(&w, (struct where){0}, "a", 0, KVX_TIER_DEVICE), 4);
    close_all(&w);
}

/* Whatever allocation fails: the source says so, nothing is wrong, and a clear makes it right. */
static void test_partitions_without_memory(void **state)
{
    (void)state;
    struct world w;
    struct payload p;
    uint64_t seq = 0;
    unsigned degraded = 0;
    open_with_replay(&w);
    world_follow(&w, "a", &engine);
    wait_state(&w, "a", 0, "exact");
    for (uint64_t n = 1; n < 60; n++) {
        char model[20];
        snprintf(model, sizeof model, "m%u", (unsigned)n);
        atomic_store(&w.memory.fail_at, atomic_load(&w.memory.calls) + n);
        begin(&p, 3);
        rfc_store(&p, model, NULL, NULL, 0, 0, 3);
        vllm_store(&p, 1, 2, model);
        rfc_store(&p, model, NULL, NULL, 0, 5, 3);
        publish(&p, &engine, seq);
        wait_count(&w, KVX_COUNT_BATCHES_LIVE, seq + 1);
        for (int i = 0; i < 50 && atomic_load(&w.memory.calls) < atomic_load(&w.memory.fail_at); i++)
            usleep(1000);
        atomic_store(&w.memory.fail_at, 0);
        wait_sequence(&w, "a", 0, seq++);
        struct kvx_worker_info info;
        assert_true(world_worker(&w, "a", 0, &info));
        degraded += info.reason == KVX_REASON_MEMORY;
        begin(&p, 2);
        rfc_store(&p, model, NULL, NULL, 0, 0, 3);
        rfc_store(&p, model, NULL, NULL, 0, 5, 3);
        publish(&p, &engine, seq);
        wait_sequence(&w, "a", 0, seq++);
        assert_int_equal(score(&w, (struct where){.model = model}, "a", 0, KVX_TIER_DEVICE), 3);
        assert_int_equal(score(&w, (struct where){.model = model}, "a", 5, KVX_TIER_DEVICE), 3);
    }
    assert_true(degraded > 0);
    close_all(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_event_to_its_partition),
        cmocka_unit_test(test_runs_keep_their_order),
        cmocka_unit_test(test_a_restart_empties_every_partition),
        cmocka_unit_test(test_more_ranks_than_a_source_may_bring),
        cmocka_unit_test(test_more_partitions_than_a_batch_may_name),
        cmocka_unit_test(test_a_pool_extends_workers),
        cmocka_unit_test(test_registered_adapter),
        cmocka_unit_test(test_salts_through_batches_and_restarts),
        cmocka_unit_test(test_partitions_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
