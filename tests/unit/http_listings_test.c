/* Listings, peers, parameters of the query string and both forms of the dump. */
#include "http_fixture.h"

#include <jansson.h>
#include <string.h>

static const char JSON[] = "application/json";

static int start(void **state)
{
    *state = http_start((struct kvx_http_config){0});
    return 0;
}

static int stop(void **state)
{
    http_stop(*state);
    return 0;
}

static void get(struct http_fixture *f, const char *path, int status, const char *part)
{
    expect_answer(client_ask(f->port, path, NULL, NULL), status, part);
}

#define assert_text(bytes, text) assert_string_equal((bytes).len ? (bytes).data : "", text)

static void worker_filters(void **state)
{
    struct http_fixture *f = *state;
    const struct kvx_partition_choice *c = &f->service.last.listed;
    get(f, "/workers", 200, "\"kind\":\"engine\"");
    assert_true(c->any_model && c->any_tenant);
    get(f, "/workers?model_name=a%2Fb%20+%c3%a9&routing_group=blue&tenant_id=x&more", 200, "[{");
    assert_true(!c->any_model && !c->any_tenant);
    assert_text(c->model, "a/b  \xc3\xa9");
    assert_text(c->tenant, "blue");
    get(f, "/workers?tenant_id=x&model_name=#&model_name=y", 200, "[{");
    assert_true(c->any_model && c->any_tenant);
    /* one entry for each partition, and what only pools and salts have */
    get(f, "/workers", 200,
        "{\"instance_id\":\"pool\",\"source\":\"zmq\",\"status\":\"active\",\"model_name\":\"llama\","
        "\"routing_group\":\"blue\",\"block_size\":128,\"additional_salt\":\"w8a8\",\"endpoints\":{\"0\":"
        "\"tcp://m:1\"},");
    get(f, "/workers", 200, "\"learned\":false}},\"kind\":\"pool\"},{\"instance_id\":\"pool\"");
}

static void bad_parameters(void **state)
{
    static const struct {
        const char *path, *text;
    } cases[] = {
        {"/workers?model_name=a&model_name=b", "`model_name` appears twice"},
        {"/workers?model_name=%", "`model_name`: `%` needs two hexadecimal digits"},
        {"/workers?model_name=%4", "`model_name`: `%` needs two hexadecimal digits"},
        {"/workers?model_name=%4x", "`model_name`: `%` needs two hexadecimal digits"},
        {"/workers?model_name=%g1", "`model_name`: `%` needs two hexadecimal digits"},
        {"/workers?model_name=%00", "`model_name`: not UTF-8, or with a NUL"},
        {"/workers?routing_group=%ff", "`routing_group`: not UTF-8, or with a NUL"},
        {"/dump?format=xml", "`format`: not one of the known values, which are array, partitions"},
        {"/dump?format=", "`format`: not one of the known values"},
        {"/dump?format", "`format`: not one of the known values"},
    };
    struct http_fixture *f = *state;
    char path[400] = "/workers?model_name=";
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        get(f, cases[i].path, 400, cases[i].text);
    memset(path + strlen(path), 'a', 257);
    get(f, path, 400, "`model_name`: 257 bytes, but 0..256 are allowed");
    path[strlen(path) - 1] = 0;
    get(f, path, 200, "[{");
    assert_int_equal(f->service.last.listed.model.len, 256);
}

static void services(void **state)
{
    struct http_fixture *f = *state;
    get(f, "/services", 200,
        "{\"count\":4,\"services\":[{\"Endpoint\":\"tcp://a:1\",\"ReplayEndpoint\":\"\",\"Type\":\"engine\","
        "\"ModelName\":\"default\",\"LoraName\":\"\",\"TenantID\":\"default\",\"InstanceID\":\"1\","
        "\"BlockSize\":16,"
        "\"DPRank\":0,\"AdditionalSalt\":\"\"},{\"Endpoint\":\"tcp://a:1\",\"ReplayEndpoint\":\"tcp://a:2\","
        "\"Type\":\"engine\",\"ModelName\":\"default\",\"LoraName\":\"french\",");
    get(f, "/services", 200,
        "{\"Endpoint\":\"tcp://m:1\",\"ReplayEndpoint\":\"\",\"Type\":\"Mooncake\",\"ModelName\":\"llama\","
        "\"LoraName\":\"\",\"TenantID\":\"blue\",\"InstanceID\":\"pool\",\"BlockSize\":128,\"DPRank\":0,"
        "\"AdditionalSalt\":\"w8a8\"}");
    assert_true(f->service.last.listed.any_model && f->service.last.listed.any_tenant);
}

static void global_view(void **state)
{
    struct http_fixture *f = *state;
    get(f, "/global_view", 200,
        "{\"context_count\":4,\"model_contexts\":[{\"model_name\":\"default\",\"lora_name\":\"\",\"block_"
        "size\":16,"
        "\"additional_salt\":\"\",\"tenant_id\":\"default\",\"instance_id\":\"1\"},{\"model_name\":"
        "\"default\","
        "\"lora_name\":\"french\",");
    get(f, "/global_view", 200,
        "\"hashmap\":[],\"partitions\":[{\"model\":\"llama\",\"tenant\":\"blue\",\"additional_salt\":"
        "\"w8a8\","
        "\"block_size\":128,\"workers\":2,\"pools\":1,\"held_blocks\":{\"device\":4,\"host_pinned\":3,"
        "\"disk\":2,"
        "\"external\":1},\"pool_blocks\":{\"device\":0,\"host_pinned\":9,\"disk\":8,\"external\":7},"
        "\"positions\":18446744073709551615,\"memory_bytes\":65536},{\"model\":\"default\",");
    f->service.call_code = KVX_INTERNAL;
    get(f, "/global_view", 500, "fault");
    get(f, "/services", 500, "fault");
}

static void peers(void **state)
{
    struct http_fixture *f = *state;
    const char *body = "{\"url\":\"http://a:1\"}";
    expect_answer(client_ask(f->port, "/register_peer", body, JSON), 201, "{\"status\":\"ok\"}");
    assert_string_equal(f->service.last.url, "+http://a:1");
    expect_answer(client_ask(f->port, "/deregister_peer", body, JSON), 200, "{\"status\":\"ok\"}");
    assert_string_equal(f->service.last.url, "-http://a:1");
    get(f, "/peers", 200, "[\"http://a:1\",\"http://b:2\"]");
    expect_answer(client_ask(f->port, "/register_peer", "{}", JSON), 400, "`url` is required");
    expect_answer(client_ask(f->port, "/register_peer", "{\"url\":\"\"}", JSON), 400, "`url`: 0 bytes");
    f->service.call_code = KVX_NOT_FOUND;
    expect_answer(client_ask(f->port, "/deregister_peer", body, JSON), 404, "fault");
    f->service.call_code = KVX_INVALID;
    expect_answer(client_ask(f->port, "/register_peer", body, JSON), 400, "fault");
    f->service.call_code = KVX_NOMEM;
    get(f, "/peers", 503, "fault");
}

static json_t *dumped(struct http_fixture *f, const char *path)
{
    json_error_t error;
    struct answer a = client_ask(f->port, path, NULL, NULL);
    assert_int_equal(a.status, 200);
    json_t *json = json_loadb(a.body, a.len, JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES, &error);
    if (!json)
        fail_msg("%s in %s", error.text, a.body);
    answer_free(&a);
    return json;
}

static void dump_by_partition(void **state)
{
    static const struct {
        const char *key, *group, *salt;
        int block_size;
    } want[] = {
        {"llama:blue", "blue", NULL, 16},           {"llama:blue:32", "blue", NULL, 32},
        {"llama:blue:32:w\"8", "blue", "w\"8", 32}, {"llama:blue:32:w4", "blue", "w4", 32},
        {"llama:blue:32:16", "blue:32", NULL, 16},  {"default:default", "default", NULL, 16},
    };
    struct http_fixture *f = *state;
    f->service.dump_partitions = true;
    f->service.dump_events = 70;
    json_t *json = dumped(f, "/dump?format=partitions");
    assert_int_equal(json_object_size(json), 6);
    for (size_t i = 0; i < 6; i++) {
        json_t *entry = json_object_get(json, want[i].key), *salt = json_object_get(entry, "additional_salt");
        if (!entry)
            fail_msg("no %s", want[i].key);
        assert_true(json_number_value(json_object_get(entry, "block_size")) == want[i].block_size);
        assert_string_equal(json_string_value(json_object_get(entry, "routing_group")), want[i].group);
        assert_true(json_is_string(json_object_get(entry, "model_name")));
        assert_true((salt != NULL) == (want[i].salt != NULL));
        if (salt)
            assert_string_equal(json_string_value(salt), want[i].salt);
        assert_int_equal(json_array_size(json_object_get(entry, "events")), i == 5 ? 70 : 0);
    }
    json_decref(json);
    json = dumped(f, "/dump?format=array");
    assert_int_equal(json_array_size(json), 70); /* no trace of the partitions */
    json_decref(json);
    f->service.dump_fail_at = 60;
    struct answer a = client_ask(f->port, "/dump?format=partitions", NULL, NULL);
    assert_int_equal(a.status, -1);
    answer_free(&a);
}

static void dump_choice(void **state)
{
    struct http_fixture *f = *state;
    const struct kvx_partition_choice *c = &f->service.last.dumped;
    get(f, "/dump", 200, "[]");
    assert_true(c->any_model && c->any_tenant && !c->has_salt);
    get(f, "/dump?format=partitions&model_name=m&routing_group=g", 200,
        "{\"default:default\":{\"block_size\":16,\"model_name\":\"default\",\"routing_group\":\"default\","
        "\"events\":"
        "[]}}");
    assert_true(!c->any_model && !c->any_tenant);
    assert_text(c->model, "m");
    assert_text(c->tenant, "g");
    http_stop(f);
    f = *state = http_start((struct kvx_http_config){.dump_format = KVX_DUMP_PARTITIONS});
    get(f, "/dump", 200, "{\"default:default\"");
    get(f, "/dump?format=array", 200, "[]");
}

int main(void)
{
#define LISTING_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {
        LISTING_TEST(worker_filters), LISTING_TEST(bad_parameters), LISTING_TEST(services),
        LISTING_TEST(global_view),    LISTING_TEST(peers),          LISTING_TEST(dump_by_partition),
        LISTING_TEST(dump_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
