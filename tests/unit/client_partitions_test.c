/* What the C client library can say beyond a prompt: partitions, candidates, forms of a prompt, peers. */
#include "base/block_hash.h"
#include "client_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void partitions(void **state)
{
    struct test *t = *state;
    const struct kvindex_registration pool = {.instance_id = "p",
                                              .endpoint = "tcp://127.0.0.1:5557",
                                              .block_size_tokens = 32,
                                              .model = "m",
                                              .tenant = "t",
                                              .additional_salt = "s",
                                              .lora_name = "adapter",
                                              .kind = KVINDEX_KIND_POOL};
    const struct kvindex_partition m = {.model = "m"}, other_tenant = {.tenant = "x"},
                                   other_size = {.model = "m", .tenant = "t", .block_size_tokens = 64},
                                   whole = {"m", "t", "s", 32};
    const struct kvindex_partitions *list;
    const struct kvindex_workers *workers;
    uint64_t removed = 0;
    assert_int_equal(kvindex_list_partitions(t->client, &list, &t->error), KVINDEX_OK);
    assert_int_equal(list->n, 0);
    kvindex_partitions_free(list);
    rpc_fill(t->server, FIRST, BLOCKS);
    assert_int_equal(kvindex_register(t->client, &pool, &t->error), KVINDEX_OK);
    assert_int_equal(fixture_store_in(&t->server->base, 1, NULL, KVX_TIER_DISK, FIRST, 3), KVX_OK);
    assert_int_equal(kvindex_list_partitions(t->client, &list, &t->error), KVINDEX_OK);
    assert_int_equal(list->n, 2);
    const struct kvindex_partition_status *first = &list->items[0], *second = &list->items[1];
    assert_string_equal(first->partition.model, "default");
    assert_true(first->workers == 1 && first->pools == 0 && first->positions == BLOCKS);
    assert_true(first->held_blocks.device == BLOCKS && first->held_blocks.host == 0 &&
                first->memory_bytes > 0);
    assert_string_equal(second->partition.model, "m");
    assert_string_equal(second->partition.tenant, "t");
    assert_string_equal(second->partition.additional_salt, "s");
    assert_int_equal(second->partition.block_size_tokens, 32);
    assert_true(second->workers == 0 && second->pools == 1 && second->held_blocks.device == 0);
    assert_true(second->pool_blocks.disk == 3 && second->pool_blocks.host == 0 &&
                first->pool_blocks.disk == 0);
    kvindex_partitions_free(list);

    assert_int_equal(kvindex_list_workers_in(t->client, &other_tenant, &workers, &t->error), KVINDEX_OK);
    assert_int_equal(workers->n, 0);
    kvindex_workers_free(workers);
    assert_int_equal(kvindex_list_workers_in(t->client, &m, &workers, &t->error), KVINDEX_OK);
    assert_int_equal(workers->n, 1);
    assert_string_equal(workers->items[0].instance_id, "p");
    assert_string_equal(workers->items[0].additional_salt, "s");
    assert_string_equal(workers->items[0].lora_name, "adapter");
    assert_string_equal(kvindex_kind_name(workers->items[0].kind), "pool");
    kvindex_workers_free(workers);

    expect(t, kvindex_unregister(t->client, "p", NULL, NULL, &t->error), KVINDEX_NOT_FOUND, "p");
    expect(t, kvindex_unregister_in(t->client, &other_size, "p", NULL, NULL, &t->error), KVINDEX_NOT_FOUND,
           "p");
    assert_int_equal(kvindex_unregister_in(t->client, &whole, "p", NULL, &removed, &t->error), KVINDEX_OK);
    assert_int_equal(removed, 1);
}

static void peers(void **state)
{
    struct test *t = *state;
    const struct kvindex_peers *list;
    assert_int_equal(kvindex_register_peer(t->client, "http://10.0.0.8:8090", &t->error), KVINDEX_OK);
    assert_int_equal(kvindex_register_peer(t->client, "http://10.0.0.9:8090", &t->error), KVINDEX_OK);
    expect(t, kvindex_register_peer(t->client, NULL, &t->error), KVINDEX_INVALID_ARGUMENT, "`url`");
    assert_int_equal(kvindex_list_peers(t->client, &list, &t->error), KVINDEX_OK);
    assert_int_equal(list->n, 2);
    assert_string_equal(list->urls[0], "http://10.0.0.8:8090");
    assert_string_equal(list->urls[1], "http://10.0.0.9:8090");
    kvindex_peers_free(list);
    assert_int_equal(kvindex_deregister_peer(t->client, "http://10.0.0.8:8090", &t->error), KVINDEX_OK);
    expect(t, kvindex_deregister_peer(t->client, "http://10.0.0.8:8090", &t->error), KVINDEX_NOT_FOUND, "");
}

/* Two workers that hold 3 and 5 blocks of one prompt, a third that holds nothing, in a partition of their
 * own. */
static const struct kvx_partition_choice hidden = {
    .model = {"m", 1}, .tenant = {"t", 1}, .additional_salt = {"s", 1}, .has_salt = true, .block_size = 16};

static void fill_hidden(struct test *t)
{
    static const char *const ids[] = {"a", "b", "c"};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(fixture_register_in(&t->server->base, ids[i], (uint32_t)i, &hidden, KVX_KIND_ENGINE),
                         KVX_OK);
    assert_int_equal(fixture_store(&t->server->base, 0, false, 0, FIRST, 3, NAMING), KVX_OK);
    assert_int_equal(fixture_store(&t->server->base, 1, false, 0, FIRST, 5, NAMING), KVX_OK);
}

/* The ids of the hits, in order. */
static void expect_hits(struct test *t, const struct kvindex_query *q, const char *ids)
{
    const struct kvindex_result *result;
    char got[16] = "";
    if (kvindex_query(t->client, q, &result, &t->error) != KVINDEX_OK)
        fail_msg("%s", t->error.message);
    for (size_t i = 0; i < result->n; i++)
        strncat(got, result->hits[i].instance_id, sizeof(got) - strlen(got) - 1);
    assert_string_equal(got, ids);
    kvindex_result_free(result);
}

static void questions(void **state)
{
    struct test *t = *state;
    const struct kvindex_result *result;
    uint64_t local[4], sequence[4];
    const uint32_t tokens[16] = {1}, rank = 1, other_rank = 7;
    const struct kvindex_candidate candidates[] = {{"b", &rank}, {"c", NULL}}, wrong = {"b", &other_rank};
    struct kvindex_query q = {.block_hashes = local, .n_block_hashes = 4};
    for (uint64_t i = 0; i < 4; i++) {
        local[i] = FIRST + i;
        sequence[i] = i ? kvx_sequence_hash(sequence[i - 1], local[i]) : local[i];
    }
    fill_hidden(t);
    expect_hits(t, &q, "");
    q.partition = (struct kvindex_partition){"m", "t", "s", 16};
    expect_hits(t, &q, "ab");
    q.max_hits = 1;
    expect_hits(t, &q, "b");
    q.max_hits = 0;
    q.every_worker = true;
    expect_hits(t, &q, "abc");
    q.candidates = candidates;
    q.n_candidates = 2;
    expect_hits(t, &q, "bc");
    q.every_worker = false;
    q.candidates = &wrong;
    q.n_candidates = 1;
    expect_hits(t, &q, "");
    q.n_candidates = 0;
    expect(t, kvindex_query(t->client, &q, &result, &t->error), KVINDEX_INVALID_ARGUMENT, "`candidates`");
    q.candidates = NULL;
    q.sequence_hashes = sequence;
    q.n_sequence_hashes = 4;
    expect(t, kvindex_query(t->client, &q, &result, &t->error), KVINDEX_INVALID_ARGUMENT,
           "`sequence_hashes`");
    q.block_hashes = NULL;
    q.n_block_hashes = 0;
    expect_hits(t, &q, "ab");
    q.token_ids = tokens;
    q.n_token_ids = 16;
    expect(t, kvindex_query(t->client, &q, &result, &t->error), KVINDEX_INVALID_ARGUMENT, "`token_ids`");
    q.n_token_ids = 0;
    q.lora_name = "x";
    expect(t, kvindex_query(t->client, &q, &result, &t->error), KVINDEX_INVALID_ARGUMENT, "`lora_name`");
    q = (struct kvindex_query){.partition.model = "unknown"};
    expect(t, kvindex_query(t->client, &q, &result, &t->error), KVINDEX_NOT_FOUND, "unknown");
}

/* What belongs to the hash of a prompt as tokens reaches the server. */
static void hashing(void **state)
{
    struct test *t = *state;
    uint32_t tokens[17];
    struct kvindex_query q = {.token_ids = tokens, .n_token_ids = 17, .partition = {"m", "t", "s", 16}};
    for (uint32_t i = 0; i < 17; i++)
        tokens[i] = i;
    uint64_t seed = kvx_block_seed(kvx_bytes_of("adapter"), kvx_bytes_of("salt"));
    fill_hidden(t);
    const uint64_t pair = kvx_block_hash(KVX_HASH_SEED, tokens, 17, NULL, 0);
    const uint64_t salted = kvx_block_hash(seed, tokens, 16, NULL, 0);
    assert_int_equal(fixture_store(&t->server->base, 0, false, 0, pair, 1, NAMING), KVX_OK);
    assert_int_equal(fixture_store(&t->server->base, 1, false, 0, salted, 1, NAMING), KVX_OK);
    expect_hits(t, &q, "");
    q.bigrams = true;
    expect_hits(t, &q, "a");
    q.bigrams = false;
    q.lora_name = "adapter";
    q.cache_salt = "salt";
    expect_hits(t, &q, "b");
}

static int note_model(void *user, const struct kvindex_stored *s)
{
    char *got = user;
    strncat(got, s->partition.model, 15 - strlen(got));
    return s->partition.block_size_tokens != 16;
}

static void a_dump_of_some_partitions(void **state)
{
    struct test *t = *state;
    const struct kvindex_partition rows[] = {{0}, {.model = "m"}, {.tenant = "t"}, {.model = "x"}};
    static const char *const want[] = {"mmdefault", "mm", "mm", ""};
    fill_hidden(t);
    assert_int_equal(kvindex_register(t->client, &worker_a, &t->error), KVINDEX_OK);
    assert_int_equal(fixture_store(&t->server->base, 3, false, 0, FIRST, 5, NAMING), KVX_OK);
    for (size_t i = 0; i < 4; i++) {
        char got[16] = "";
        assert_int_equal(kvindex_dump_in(t->client, &rows[i], note_model, got, &t->error), KVINDEX_OK);
        assert_string_equal(got, want[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(partitions),
        SERVER_TEST(peers),
        SERVER_TEST(questions),
        SERVER_TEST(hashing),
        SERVER_TEST(a_dump_of_some_partitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
