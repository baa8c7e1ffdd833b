/* Queries: what a question says reaches the service, and which hits come back. */
#include "base/block_hash.h"
#include "rpc_bytes_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The hits of the last answer as "a0=5 b1=2 "; the result is that of either query. */
static void expect_hits(struct bytes_test *t, const char *text)
{
    char got[256] = "";
    Kvindex__V1__QueryByHashResponse *r = answered(t, &kvindex__v1__query_by_hash_response__descriptor);
    for (size_t i = 0; i < r->result->n_hits; i++) {
        const Kvindex__V1__Hit *h = r->result->hits[i];
        size_t used = strlen(got);
        snprintf(got + used, sizeof(got) - used, "%s%u=%u ", h->worker->instance_id, h->worker->dp_rank,
                 h->device_blocks);
    }
    assert_string_equal(got, text);
    done(r);
}

static void which_hits(void **state)
{
    struct bytes_test *t = *state;
    uint64_t hashes[] = {100, 101, 102, 103, 104, 105};
    Kvindex__V1__QueryByHashRequest q = KVINDEX__V1__QUERY_BY_HASH_REQUEST__INIT;
    Kvindex__V1__Candidate one = KVINDEX__V1__CANDIDATE__INIT, other = KVINDEX__V1__CANDIDATE__INIT;
    Kvindex__V1__Candidate *candidates[] = {&one, &other};
    fill(t);
    q.block_hashes = hashes;
    q.n_block_hashes = 6;
    q.model = (char *)"m";
    ok(t, "QueryByHash", &q.base);
    expect_hits(t, "a0=2 b0=5 b1=3 ");
    q.every_worker = true;
    ok(t, "QueryByHash", &q.base);
    expect_hits(t, "a0=2 b0=5 b1=3 c0=0 ");
    q.max_hits = 2;
    ok(t, "QueryByHash", &q.base);
    expect_hits(t, "b0=5 b1=3 ");
    q.max_hits = 0;
    q.candidates = candidates;
    q.n_candidates = 2;
    one.instance_id = (char *)"c";
    refused(t, "QueryByHash", &q.base, KVX_INVALID, "`candidates[1].instance_id` is missing");
    other.instance_id = (char *)"b";
    ok(t, "QueryByHash", &q.base);
    expect_hits(t, "b0=5 b1=3 c0=0 ");
    other.rank_case = KVINDEX__V1__CANDIDATE__RANK_DP_RANK;
    other.dp_rank = 1;
    q.every_worker = false;
    ok(t, "QueryByHash", &q.base);
    expect_hits(t, "b1=3 ");
    other.instance_id = (char *)"nobody";
    ok(t, "QueryByHash", &q.base);
    expect_hits(t, "");
}

static void either_form_of_hashes(void **state)
{
    struct bytes_test *t = *state;
    uint64_t local[] = {100, 101, 102}, sequence[] = {100, 0, 0};
    Kvindex__V1__QueryByHashRequest q = KVINDEX__V1__QUERY_BY_HASH_REQUEST__INIT;
    fill(t);
    for (size_t i = 1; i < 3; i++)
        sequence[i] = kvx_sequence_hash(sequence[i - 1], local[i]);
    q.model = (char *)"m";
    q.sequence_hashes = sequence;
    q.n_sequence_hashes = 3;
    ok(t, "QueryByHash", &q.base);
    expect_hits(t, "a0=2 b0=3 b1=3 ");
    q.block_hashes = local;
    q.n_block_hashes = 3;
    refused(t, "QueryByHash", &q.base, KVX_INVALID, "`block_hashes` and `sequence_hashes`");
    q.n_sequence_hashes = q.n_block_hashes = 0;
    ok(t, "QueryByHash", &q.base);
    expect_hits(t, "");
}

static void what_must_exist(void **state)
{
    struct bytes_test *t = *state;
    Kvindex__V1__QueryRequest q = KVINDEX__V1__QUERY_REQUEST__INIT;
    Kvindex__V1__QueryByHashRequest h = KVINDEX__V1__QUERY_BY_HASH_REQUEST__INIT;
    ok(t, "Query", &q.base); /* nothing is registered, nothing is named */
    q.tenant = (char *)"default";
    refused(t, "Query", &q.base, KVX_NOT_FOUND, "default");
    q.tenant = (char *)"";
    q.model = h.model = (char *)"other";
    refused(t, "Query", &q.base, KVX_NOT_FOUND, "other");
    refused(t, "QueryByHash", &h.base, KVX_NOT_FOUND, "other");
    register_worker(t, "a", "other", "");
    ok(t, "Query", &q.base);
    Kvindex__V1__RegisterRequest r = registration("a", "other", "");
    r.block_size_tokens = 32;
    ok(t, "Register", &r.base);
    refused(t, "Query", &q.base, KVX_INVALID, "`block_size`");
    q.block_size_tokens = 32;
    ok(t, "Query", &q.base);
    Kvindex__V1__QueryResponse *m = answered(t, &kvindex__v1__query_response__descriptor);
    assert_int_equal(m->result->block_size_tokens, 32);
    done(m);
    q.block_size_tokens = 64;
    refused(t, "Query", &q.base, KVX_NOT_FOUND, "64");
}

static void expect_score_of_tokens(struct bytes_test *t, const Kvindex__V1__QueryRequest *q, uint64_t asked,
                                   const char *hits)
{
    ok(t, "Query", &q->base);
    Kvindex__V1__QueryResponse *m = answered(t, &kvindex__v1__query_response__descriptor);
    assert_int_equal(m->result->asked_blocks, asked);
    done(m);
    expect_hits(t, hits);
}

static void what_is_hashed(void **state)
{
    struct bytes_test *t = *state;
    uint32_t tokens[33];
    Kvindex__V1__QueryRequest q = KVINDEX__V1__QUERY_REQUEST__INIT;
    for (uint32_t i = 0; i < 33; i++)
        tokens[i] = i + 1;
    q.token_ids = tokens;
    q.n_token_ids = 32;
    register_worker(t, "plain", "", "");
    register_worker(t, "pairs", "", "");
    register_worker(t, "lora", "", "");
    uint64_t seed = kvx_block_seed(kvx_bytes_of("adapter"), kvx_bytes_of("salt"));
    store(t, 0, KVX_TIER_DEVICE, kvx_block_hash(KVX_HASH_SEED, tokens, 16, NULL, 0), 1);
    store(t, 1, KVX_TIER_DEVICE, kvx_block_hash(KVX_HASH_SEED, tokens, 17, NULL, 0), 1);
    store(t, 2, KVX_TIER_DEVICE, kvx_block_hash(seed, tokens, 16, NULL, 0), 1);
    expect_score_of_tokens(t, &q, 2, "plain0=1 ");
    q.bigrams = true;
    expect_score_of_tokens(t, &q, 1, "pairs0=1 "); /* the second block's last pair is not there */
    q.n_token_ids = 33;
    expect_score_of_tokens(t, &q, 2, "pairs0=1 ");
    q.bigrams = false;
    q.lora_name = (char *)"adapter";
    expect_score_of_tokens(t, &q, 2, "");
    q.cache_salt = (char *)"salt";
    expect_score_of_tokens(t, &q, 2, "lora0=1 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(which_hits),
        TEST(either_form_of_hashes),
        TEST(what_must_exist),
        TEST(what_is_hashed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
