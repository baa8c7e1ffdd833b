/* The three dialects over real sockets with a fake service: what each request means and how each answer
 * looks. */
#include "http_fixture.h"

#include <stdio.h>
#include <string.h>

static const char JSON[] = "application/json";

static int start(void **state)
{
    struct http_fixture *f = http_start((struct kvx_http_config){0});
    f->service.record_queries = true;
    *state = f;
    return 0;
}

static int stop(void **state)
{
    http_stop(*state);
    return 0;
}

static void post(struct http_fixture *f, const char *path, const char *body, int status, const char *part)
{
    expect_answer(client_ask(f->port, path, body, JSON), status, part);
}

#define assert_text(bytes, text) assert_string_equal((bytes).len ? (bytes).data : "", text)

static void first_registrations(void **state)
{
    struct http_fixture *f = *state;
    const struct kvx_register_args *a = &f->service.last.registered;
    post(f, "/register",
         "{\"instance_id\":1,\"endpoint\":\"tcp://a:1\",\"block_size\":16,\"replay_endpoint\":null,"
         "\"lora_name\":\"french\"}",
         201, "{\"status\":\"ok\"}");
    assert_true(a->one_block_size && !a->one_partition && a->kind == KVX_KIND_ENGINE);
    assert_int_equal(a->partition.block_size, 16);
    assert_true(!a->partition.model.len && !a->partition.tenant.len && !a->partition.any_tenant);
    assert_text(a->lora_name, "french");
    assert_int_equal(a->replay_endpoint.len, 0);
    const struct kvx_unregister_args *u = &f->service.last.unregistered;
    post(f, "/unregister", "{\"instance_id\":\"x\",\"dp_rank\":2}", 200, "{\"status\":\"ok\"}");
    assert_true(u->has_dp_rank && u->dp_rank == 2 && !u->partition.any_tenant && !u->partition.any_model);
    assert_int_equal(u->partition.model.len, 0);
}

static void nvidia_registrations(void **state)
{
    struct http_fixture *f = *state;
    const struct kvx_register_args *a = &f->service.last.registered;
    post(f, "/register",
         "{\"instance_id\":1,\"endpoint\":\"tcp://a:1\",\"model_name\":\"llama\",\"block_size\":32,"
         "\"routing_group\":\"blue\",\"tenant_id\":\"ignored\",\"additional_salt\":\"x\",\"additionalsalt\":"
         "\"y\","
         "\"replay_endpoint\":\"tcp://a:2\",\"lora_name\":\"\",\"dp_rank\":3}",
         201, "{\"status\":\"ok\"}");
    assert_text(a->partition.model, "llama");
    assert_text(a->partition.tenant, "blue");
    assert_string_equal(a->partition.tenant_word, "routing_group");
    assert_true(a->one_block_size && a->one_partition && !a->partition.has_salt);
    assert_int_equal(a->partition.additional_salt.len, 0);
    assert_int_equal(a->partition.block_size, 32);
    assert_int_equal(a->dp_rank, 3);
    assert_text(a->replay_endpoint, "tcp://a:2");
    post(f, "/register",
         "{\"instance_id\":1,\"endpoint\":\"tcp://a:1\",\"model_name\":\"llama\",\"block_size\":32,"
         "\"routing_group\":null}",
         201, "ok");
    assert_int_equal(a->partition.tenant.len, 0);
    assert_int_equal(a->dp_rank, 0);

    const struct kvx_unregister_args *u = &f->service.last.unregistered;
    post(f, "/unregister", "{\"instance_id\":1,\"model_name\":\"llama\",\"dp_rank\":3,\"block_size\":7}", 200,
         "{\"status\":\"ok\"}");
    assert_true(u->partition.any_tenant && u->has_dp_rank && u->dp_rank == 3);
    assert_int_equal(u->partition.block_size, 0);
    assert_text(u->partition.model, "llama");
    post(f, "/unregister", "{\"instance_id\":1,\"model_name\":\"llama\",\"routing_group\":\"blue\"}", 200,
         "ok");
    assert_true(!u->partition.any_tenant && !u->has_dp_rank);
    assert_text(u->partition.tenant, "blue");
}

static void mooncake_registrations(void **state)
{
    struct http_fixture *f = *state;
    const struct kvx_register_args *a = &f->service.last.registered;
    post(f, "/register",
         "{\"endpoint\":\"tcp://a:1\",\"replay_endpoint\":\"\",\"type\":\"vLLM\",\"modelname\":\"deepseek\","
         "\"lora_name\":null,\"tenant_id\":\"team\",\"instance_id\":\"node1\",\"block_size\":128,\"dp_rank\":"
         "1,"
         "\"additionalsalt\":\"w8a8\"}",
         200, "{\"status\":\"registered successfully\",\"instance_id\":\"node1\"}");
    assert_text(a->partition.model, "deepseek");
    assert_text(a->partition.tenant, "team");
    assert_text(a->partition.additional_salt, "w8a8");
    assert_true(a->partition.has_salt && !a->one_block_size && !a->one_partition);
    assert_true(a->kind == KVX_KIND_ENGINE && a->partition.block_size == 128 && a->dp_rank == 1);
    post(f, "/register",
         "{\"endpoint\":\"tcp://a:1\",\"type\":\"Mooncake\",\"model\":\"deepseek\",\"tenant_id\":null,"
         "\"instance_id\":7,\"block_size\":128,\"dp_rank\":0}",
         200, "{\"status\":\"registered successfully\",\"instance_id\":7}");
    assert_true(a->kind == KVX_KIND_POOL && a->partition.has_salt);
    assert_int_equal(a->partition.tenant.len, 0);
    assert_int_equal(a->partition.additional_salt.len, 0);

    const struct kvx_unregister_args *u = &f->service.last.unregistered;
    post(f, "/unregister",
         "{\"type\":\"SGLang\",\"modelname\":\"deepseek\",\"lora_name\":\"x\",\"tenant_id\":\"team\","
         "\"instance_id\":\"node1\",\"block_size\":128,\"dp_rank\":0}",
         200,
         "{\"status\":\"unregistered successfully\",\"removed_instances\":[\"node1|default|0\","
         "\"7|team|4294967295\"]}");
    assert_true(u->has_dp_rank && u->dp_rank == 0 && !u->partition.has_salt && !u->partition.any_tenant);
    assert_text(u->partition.tenant, "team");
    assert_int_equal(u->partition.block_size, 128);
    post(f, "/unregister",
         "{\"type\":\"vLLM\",\"modelname\":\"deepseek\",\"instance_id\":\"node1\",\"block_size\":128,"
         "\"dp_rank\":0,\"additionalsalt\":\"\"}",
         200, "removed_instances");
    assert_true(u->partition.has_salt);
}

static void first_queries(void **state)
{
    struct http_fixture *f = *state;
    const struct kvx_query_args *a = &f->service.last.query;
    const char *scores = "{\"scores\":{\"1\":{\"0\":2},\"pod \\\"a\\\"\":{\"1\":1}},\"frequencies\":[],"
                         "\"tree_sizes\":{\"1\":{\"0\":5},\"pod \\\"a\\\"\":{\"1\":18446744073709551615}}}";
    post(f, "/query", "{\"token_ids\":[1],\"lora_name\":\"french\"}", 200, scores);
    assert_true(a->form == KVX_PROMPT_TOKENS && !a->must_exist && !a->every_worker && !a->candidates);
    assert_text(a->lora_name, "french");
    assert_true(!a->partition.model.len && !a->partition.any_model && !a->max_hits);
    post(f, "/query", "{\"token_ids\":[1],\"lora_name\":null,\"block_size\":32,\"max_hits\":0}", 200, scores);
    assert_int_equal(a->lora_name.len, 0);
    assert_int_equal(a->partition.block_size, 32);
    post(f, "/query_by_hash", "{\"block_hashes\":[-1,2],\"lora_name\":\"x\"}", 200, scores);
    assert_true(a->form == KVX_PROMPT_LOCAL_HASHES && a->n_hashes == 2);
    assert_true(f->service.last.hashes[0] == UINT64_MAX && f->service.last.hashes[1] == 2);
    f->service.no_hits = true;
    post(f, "/query", "{\"token_ids\":[1]}", 200, "{\"scores\":{},\"frequencies\":[],\"tree_sizes\":{}}");
}

static const char nvidia_answer[] =
    "{\"scores\":{\"1\":{\"0\":32},\"pod \\\"a\\\"\":{\"1\":16}},\"frequencies\":[],\"instances\":{"
    "\"1\":{\"gpu\":32,\"cpu\":48,\"disk\":64,\"dp\":{\"0\":32,\"7\":0},\"longest_matched\":64},"
    "\"2\":{\"gpu\":0,\"cpu\":16,\"disk\":16,\"dp\":{\"0\":0},\"longest_matched\":16},"
    "\"pod \\\"a\\\"\":{\"gpu\":16,\"cpu\":16,\"disk\":16,\"dp\":{\"1\":16},\"longest_matched\":16}}}";

static void nvidia_queries(void **state)
{
    struct http_fixture *f = *state;
    const struct kvx_query_args *a = &f->service.last.query;
    post(f, "/query",
         "{\"token_ids\":[1],\"model_name\":\"llama\",\"routing_group\":\"blue\",\"tenant_id\":\"ignored\","
         "\"lora_name\":\"french\",\"cache_salt\":\"s\",\"lora_id\":3}",
         200, nvidia_answer);
    assert_true(a->form == KVX_PROMPT_TOKENS && a->must_exist && !a->every_worker);
    assert_text(a->partition.model, "llama");
    assert_text(a->partition.tenant, "blue");
    assert_string_equal(a->partition.tenant_word, "routing_group");
    assert_text(a->lora_name, "french");
    assert_text(a->cache_salt, "s");
    post(f, "/query_by_hash", "{\"block_hashes\":[5],\"model_name\":\"llama\",\"cache_salt\":null}", 200,
         nvidia_answer);
    assert_true(a->form == KVX_PROMPT_LOCAL_HASHES && a->n_hashes == 1 && !a->cache_salt.len);
    const char *refusal =
        "{\"error\":\"cache_salt is not accepted by /query_by_hash; block_hashes must already "
        "include the intended cache salt\"}";
    post(f, "/query_by_hash", "{\"block_hashes\":[5],\"model_name\":\"llama\",\"cache_salt\":\"\"}", 400,
         refusal);
    post(f, "/query_by_hash", "{\"block_hashes\":[5],\"model_name\":\"llama\",\"cache_salt\":\"x\"}", 400,
         refusal);
    f->service.no_hits = true;
    post(f, "/query", "{\"token_ids\":[],\"model_name\":\"m\"}", 200,
         "{\"scores\":{},\"frequencies\":[],\"instances\":{}}");
    f->service.call_code = KVX_NOT_FOUND;
    post(f, "/query", "{\"token_ids\":[],\"model_name\":\"m\"}", 404, "fault");
}

static const char mooncake_answer[] =
    "{\"team "
    "\\\"x\\\"\":{\"1\":{\"longest_matched\":96,\"GPU\":32,\"DP\":{\"0\":32,\"7\":0},\"CPU\":48,\"DISK\":96},"
    "\"2\":{\"longest_matched\":16,\"GPU\":0,\"DP\":{\"0\":0},\"CPU\":16,\"DISK\":16},"
    "\"pod \\\"a\\\"\":{\"longest_matched\":16,\"GPU\":16,\"DP\":{\"1\":16},\"CPU\":16,\"DISK\":16}}}";

static void mooncake_queries(void **state)
{
    struct http_fixture *f = *state;
    const struct kvx_query_args *a = &f->service.last.query;
    post(f, "/query",
         "{\"model\":\"deepseek\",\"lora_name\":\"french\",\"token_ids\":[1,15,100],\"block_size\":128,"
         "\"tenant_id\":\"team\",\"instance_id\":\"node1\",\"cache_salt\":\"s\",\"lora_id\":null}",
         200, mooncake_answer);
    assert_true(a->form == KVX_PROMPT_TOKENS && a->must_exist && a->every_worker && a->n_tokens == 3);
    assert_text(a->partition.model, "deepseek");
    assert_text(a->partition.tenant, "team");
    assert_int_equal(a->partition.block_size, 128);
    assert_text(a->lora_name, "french");
    assert_text(a->cache_salt, "s");
    assert_int_equal(a->n_candidates, 1);
    assert_string_equal(f->service.last.candidates[0].instance.data, "node1");
    assert_false(f->service.last.candidates[0].has_dp_rank || a->partition.has_salt);
    post(f, "/query",
         "{\"modelname\":\"deepseek\",\"token_ids\":[1],\"block_size\":16,\"instance_id\":null,"
         "\"additionalsalt\":\"\",\"lora_name\":\"\",\"tenant_id\":\"\"}",
         200, mooncake_answer);
    assert_true(a->partition.has_salt && !a->candidates && !a->partition.tenant.len && !a->lora_name.len);
    post(f, "/query", "{\"model\":\"m\",\"token_ids\":[],\"block_size\":16,\"instance_id\":7}", 200, "GPU");
    assert_string_equal(f->service.last.candidates[0].instance.data, "7");
    f->service.no_hits = true;
    post(f, "/query", "{\"model\":\"m\",\"token_ids\":[],\"block_size\":16}", 200, "{\"team \\\"x\\\"\":{}}");
}

static void mooncake_hashes(void **state)
{
    struct http_fixture *f = *state;
    const struct kvx_query_args *a = &f->service.last.query;
    static const char *const fields[] = {"seq_hashes", "block_hash"};
    for (size_t i = 0; i < 2; i++) {
        char body[200];
        snprintf(body, sizeof(body),
                 "{\"model\":\"m\",\"%s\":[18446744073709551615,-2],\"block_size\":16,\"cache_salt\":\"\"}",
                 fields[i]);
        post(f, "/query_by_hash", body, 200, mooncake_answer);
        assert_true(a->form == KVX_PROMPT_SEQUENCE_HASHES && a->n_hashes == 2);
        assert_true(f->service.last.hashes[0] == UINT64_MAX && f->service.last.hashes[1] == UINT64_MAX - 1);
        assert_true(a->every_worker && a->must_exist);
    }
}

static void candidates(void **state)
{
    struct http_fixture *f = *state;
    const struct kvx_query_args *a = &f->service.last.query;
    const struct kvx_candidate *c = f->service.last.candidates;
    static const char *const rest[] = {"\"token_ids\":[1]", "\"token_ids\":[1],\"model_name\":\"m\"",
                                       "\"token_ids\":[1],\"model\":\"m\",\"block_size\":16"};
    for (size_t i = 0; i < 3; i++) {
        char body[300];
        snprintf(
            body, sizeof(body),
            "{%s,\"candidates\":[ {\"instance_id\":18446744073709551615} , {\"dp_rank\":4294967295,"
            "\"instance_id\":\"p\\u0061\",\"x\":[{}]},{\"instance_id\":1,\"dp_rank\":null}],\"max_hits\":2}",
            rest[i]);
        post(f, "/query", body, 200, "{");
        assert_true(a->n_candidates == 3 && a->max_hits == 2);
        assert_string_equal(c[0].instance.data, "18446744073709551615");
        assert_string_equal(c[1].instance.data, "pa");
        assert_true(!c[0].has_dp_rank && c[1].has_dp_rank && c[1].dp_rank == 4294967295u &&
                    !c[2].has_dp_rank);
    }
    post(f, "/query_by_hash", "{\"block_hashes\":[],\"candidates\":[{\"instance_id\":1}]}", 200, "scores");
    assert_int_equal(a->n_candidates, 1);
}

/* As encoders write what is not there. */
static void null_is_as_good_as_none(void **state)
{
    struct http_fixture *f = *state;
    const struct kvx_query_args *a = &f->service.last.query;
    post(f, "/query", "{\"token_ids\":[1],\"candidates\":null,\"max_hits\":null}", 200, "scores");
    assert_true(a->n_candidates == 0 && a->max_hits == 0);
    post(f, "/query_by_hash", "{\"model\":\"m\",\"block_size\":16,\"seq_hashes\":[7],\"block_hash\":null}",
         200, mooncake_answer);
    assert_true(a->n_hashes == 1 && f->service.last.hashes[0] == 7);
    post(f, "/query_by_hash", "{\"block_hashes\":[7],\"seq_hashes\":null,\"model\":\"m\",\"block_size\":16}",
         400, "`block_hashes` is of another dialect than `model`");
    post(f, "/query_by_hash", "{\"block_hashes\":null}", 400, "`block_hashes` is required");
    post(f, "/query", "{\"token_ids\":null}", 400, "`token_ids`: expected an array, not null");
}

/* Best first, the hits of one instance are not side by side; in the answer they are. */
static void best_hits_are_grouped(void **state)
{
    struct http_fixture *f = *state;
    post(f, "/query", "{\"token_ids\":[1],\"max_hits\":4}", 200,
         "{\"scores\":{\"1\":{\"0\":2},\"pod \\\"a\\\"\":{\"1\":1}},");
    post(f, "/query", "{\"token_ids\":[1],\"model_name\":\"m\",\"max_hits\":4}", 200,
         "\"instances\":{\"1\":{\"gpu\":32,\"cpu\":48,\"disk\":64,\"dp\":{\"0\":32,\"7\":0},\"longest_"
         "matched\":64},"
         "\"pod \\\"a\\\"\":{\"gpu\":16,\"cpu\":16,\"disk\":16,\"dp\":{\"1\":16},\"longest_matched\":16},"
         "\"2\":{\"gpu\":0,");
    f->service.no_hits = true;
    post(f, "/query", "{\"token_ids\":[1],\"max_hits\":4}", 200, "{\"scores\":{},");
}

static void refusals(void **state)
{
#define R "\"instance_id\":1,\"endpoint\":\"tcp://a:1\""
#define Q "\"token_ids\":[1]"
    static const struct {
        const char *path, *body, *text;
    } cases[] = {
        /* two dialects */
        {"/register", "{" R ",\"model_name\":\"a\",\"modelname\":\"b\"}",
         "`model_name` and `modelname` are of two dialects"},
        {"/query", "{" Q ",\"model\":\"a\",\"model_name\":\"b\"}",
         "`model_name` and `model` are of two dialects"},
        {"/unregister", "{\"instance_id\":1,\"model\":\"a\",\"model_name\":\"b\"}",
         "`model_name` and `model` are of two dialects"},
        {"/query_by_hash", "{\"block_hashes\":[],\"model\":\"a\",\"model_name\":\"b\"}", "two dialects"},
        {"/query", "{" Q ",\"model\":\"a\",\"block_size\":16,\"routing_group\":\"g\"}",
         "`routing_group` is of another dialect than `model`"},
        {"/register", "{" R ",\"model_name\":\"a\",\"block_size\":16,\"type\":\"vLLM\"}",
         "`type` is of another dialect than `model_name`"},
        {"/query", "{" Q ",\"model_name\":\"a\",\"instance_id\":\"b\"}",
         "`instance_id` is of another dialect than `model_name`"},
        {"/query_by_hash", "{\"seq_hashes\":[],\"model_name\":\"a\",\"block_hashes\":[]}",
         "`seq_hashes` is of another dialect than `model_name`"},
        {"/query_by_hash", "{\"block_hashes\":[],\"model\":\"a\",\"block_size\":16}",
         "`block_hashes` is of another dialect than `model`"},
        /* fields that need a model */
        {"/query", "{" Q ",\"routing_group\":\"g\"}", "`routing_group` needs `model_name` beside it"},
        {"/query", "{" Q ",\"cache_salt\":\"\"}", "`cache_salt` needs `model_name` beside it"},
        {"/query", "{" Q ",\"tenant_id\":\"g\"}", "`tenant_id` needs `model` beside it"},
        {"/query_by_hash", "{\"seq_hashes\":[1]}", "needs `model` beside it"},
        {"/register", "{" R ",\"tenant_id\":\"g\"}", "`tenant_id` needs `modelname` beside it"},
        {"/register", "{" R ",\"additional_salt\":\"g\"}", "`additional_salt` is of no use without a model"},
        {"/register", "{" R ",\"type\":\"vLLM\"}", "`type` needs `modelname` beside it"},
        /* fields that the dialect requires */
        {"/register", "{" R ",\"model_name\":\"a\"}", "`block_size` is required beside `model_name`"},
        {"/register", "{" R ",\"modelname\":\"a\",\"type\":\"vLLM\",\"block_size\":16}",
         "`dp_rank` is required beside `modelname`"},
        {"/register", "{" R ",\"modelname\":\"a\",\"type\":\"vLLM\",\"dp_rank\":0}",
         "`block_size` is required beside `modelname`"},
        {"/register", "{" R ",\"modelname\":\"a\",\"dp_rank\":0,\"block_size\":16}",
         "`type` is required beside `modelname`"},
        {"/unregister", "{\"instance_id\":1,\"modelname\":\"a\",\"dp_rank\":0,\"type\":\"vLLM\"}",
         "`block_size` is required beside `modelname`"},
        {"/unregister", "{\"instance_id\":1,\"modelname\":\"a\",\"block_size\":16,\"type\":\"vLLM\"}",
         "`dp_rank` is required beside `modelname`"},
        {"/query", "{" Q ",\"model\":\"a\"}", "`block_size` is required beside `model`"},
        {"/query", "{" Q ",\"model\":\"a\",\"block_size\":null}", "`block_size` is required beside `model`"},
        {"/query_by_hash", "{}", "`block_hashes` is required"},
        {"/query_by_hash", "{\"model_name\":\"a\"}", "`block_hashes` is required beside `model_name`"},
        {"/query_by_hash", "{\"model\":\"a\",\"block_size\":16}", "`seq_hashes` is required beside `model`"},
        /* fields that exclude each other */
        {"/query", "{" Q ",\"model\":\"a\",\"modelname\":\"a\",\"block_size\":16}",
         "`model` and `modelname` are the same"},
        {"/register",
         "{" R ",\"model\":\"a\",\"modelname\":\"a\",\"type\":\"vLLM\",\"block_size\":1,\"dp_rank\":0}",
         "`model` and `modelname` are the same"},
        {"/unregister",
         "{\"instance_id\":1,\"model\":\"a\",\"modelname\":\"a\",\"type\":\"vLLM\",\"block_size\":1,\"dp_"
         "rank\":0}",
         "`model` and `modelname` are the same"},
        {"/query_by_hash", "{\"model\":\"a\",\"block_size\":16,\"seq_hashes\":[],\"block_hash\":[]}",
         "`seq_hashes` and `block_hash` are the same"},
        {"/query", "{" Q ",\"model\":\"a\",\"block_size\":16,\"lora_id\":3,\"lora_name\":\"x\"}",
         "`lora_id` and `lora_name` exclude each other"},
        {"/query", "{" Q ",\"model\":\"a\",\"block_size\":16,\"lora_id\":-3}", "`lora_id` is deprecated"},
        {"/query",
         "{" Q
         ",\"model\":\"a\",\"block_size\":16,\"instance_id\":\"a\",\"candidates\":[{\"instance_id\":1}]}",
         "`instance_id` and `candidates` exclude each other"},
        /* values */
        {"/query", "{" Q ",\"model_name\":null}", "`model_name`: expected a string, not null"},
        {"/query", "{" Q ",\"model_name\":\"\"}", "`model_name`: 0 bytes, but 1..256 are allowed"},
        {"/register", "{" R ",\"modelname\":\"a\",\"dp_rank\":0,\"block_size\":16,\"type\":\"TRT\"}",
         "`type`: not one of the known values, which are vLLM, SGLang, Mooncake"},
        {"/query", "{" Q ",\"max_hits\":4294967296}", "`max_hits`: 4294967296 is not in 0..4294967295"},
        {"/query", "{" Q ",\"candidates\":[]}", "`candidates`: fewer than 1 items"},
        {"/query", "{" Q ",\"candidates\":{}}", "`candidates`: expected an array, not an object"},
        {"/query", "{" Q ",\"candidates\":[7]}", "`candidates`[0]: expected an object, not a number"},
        {"/query", "{" Q ",\"candidates\":[{\"instance_id\":1},{\"dp_rank\":1}]}",
         "`candidates`[1]: `instance_id` is required"},
        {"/query", "{" Q ",\"candidates\":[{\"instance_id\":1,\"dp_rank\":-1}]}",
         "`candidates`[0]: `dp_rank`: -1 is not in 0..4294967295"},
        {"/query", "{" Q ",\"candidates\":[{\"instance_id\":1 \"dp_rank\":1}]}", "is not valid JSON: byte"},
        {"/query", "{" Q ",\"candidates\":[{\"instance_id\":1}{}]}", "expected `,` or `]`"},
        {"/query", "{" Q ",\"candidates\":[{\"instance_id\":1},]}", "is not valid JSON"},
        {"/query", "{" Q ",\"candidates\":[{\"instance_id\":1},tru]}", "is not valid JSON"},
    };
    struct http_fixture *f = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        post(f, cases[i].path, cases[i].body, 400, cases[i].text);
        post(f, cases[i].path, cases[i].body, 400, "{\"error\":\"");
    }
}

static void too_many_candidates(void **state)
{
    enum { LIMIT = 65536 };
    static char body[(LIMIT + 1) * 18 + 100];
    static const char item[] = "{\"instance_id\":1},";
    struct http_fixture *f = *state;
    for (size_t n = LIMIT; n <= LIMIT + 1; n++) {
        char *p = body + sprintf(body, "{\"token_ids\":[],\"candidates\":[");
        for (size_t i = 0; i < n; i++, p += sizeof(item) - 1)
            memcpy(p, item, sizeof(item) - 1);
        memcpy(p - 1, "]}", 3);
        if (n == LIMIT)
            post(f, "/query", body, 200, "scores");
        else
            post(f, "/query", body, 400, "`candidates`: more than 65536 items");
    }
    assert_int_equal(f->service.last.query.n_candidates, LIMIT);
}

int main(void)
{
#define DIALECT_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {
        DIALECT_TEST(first_registrations),
        DIALECT_TEST(nvidia_registrations),
        DIALECT_TEST(mooncake_registrations),
        DIALECT_TEST(first_queries),
        DIALECT_TEST(nvidia_queries),
        DIALECT_TEST(mooncake_queries),
        DIALECT_TEST(mooncake_hashes),
        DIALECT_TEST(candidates),
        DIALECT_TEST(null_is_as_good_as_none),
        DIALECT_TEST(best_hits_are_grouped),
        DIALECT_TEST(refusals),
        DIALECT_TEST(too_many_candidates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
