/* The REST server over real sockets with a fake service: every operation, every error it can answer. */
#include "http_fixture.h"

#include "base/clock.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char JSON[] = "application/json";

static int start(void **state)
{
    *state = http_start((struct kvx_http_config){0});
    return 0;
}

static int stop(void **state)
{
    struct http_fixture *f = *state;
    kvx_http_quiesce(f->http);
    assert_true(kvx_http_drain(f->http, kvx_now_ns() + KVX_SECONDS(5)));
    http_stop(f);
    return 0;
}

static void post(struct http_fixture *f, const char *path, const char *body, int status, const char *part)
{
    expect_answer(client_ask(f->port, path, body, JSON), status, part);
}

static void get(struct http_fixture *f, const char *path, int status, const char *part)
{
    expect_answer(client_ask(f->port, path, NULL, NULL), status, part);
}

static void operations(void **state)
{
    struct http_fixture *f = *state;
    post(f, "/register",
         "{\"instance_id\":1,\"endpoint\":\"tcp://127.0.0.1:5557\",\"dp_rank\":3,\"block_size\":16}", 201,
         "{\"status\":\"ok\"}");
    assert_string_equal(f->service.last.instance, "1");
    assert_true(f->service.last.registered.instance.numeric);
    assert_string_equal(f->service.last.registered.endpoint.data, "tcp://127.0.0.1:5557");
    assert_int_equal(f->service.last.registered.dp_rank, 3);
    assert_int_equal(f->service.last.registered.partition.block_size, 16);
    post(f, "/register",
         "{\"instance_id\":\"18446744073709551615\",\"endpoint\":\"ipc://x\",\"block_size\":null}", 201,
         "ok");
    assert_false(f->service.last.registered.instance.numeric);
    assert_int_equal(f->service.last.registered.dp_rank, 0);
    assert_int_equal(f->service.last.registered.partition.block_size, 0);
    post(f, "/unregister", "{\"instance_id\":18446744073709551615}", 200, "ok");
    assert_string_equal(f->service.last.instance, "18446744073709551615");
    assert_false(f->service.last.unregistered.has_dp_rank);
    post(f, "/unregister", "{\"instance_id\":1,\"dp_rank\":4294967295}", 200, "ok");
    assert_true(f->service.last.unregistered.has_dp_rank);
    assert_int_equal(f->service.last.unregistered.dp_rank, 4294967295u);
    const char *scores = "{\"scores\":{\"1\":{\"0\":2},\"pod \\\"a\\\"\":{\"1\":1}},\"frequencies\":[],"
                         "\"tree_sizes\":{\"1\":{\"0\":5},\"pod \\\"a\\\"\":{\"1\":18446744073709551615}}}";
    post(f, "/query", "{\"token_ids\":[1,2,4294967295]}", 200, scores);
    assert_int_equal(f->service.n_tokens, 3);
    assert_int_equal(f->service.last_token, 4294967295u);
    post(f, "/query_by_hash", "{\"block_hashes\":[-1583300653928780152,18446744073709551615]}", 200, scores);
    assert_true(f->service.first_hash == UINT64_C(16863443419780771464));
    post(f, "/query", "{\"token_ids\":[]}", 200, scores);
    assert_int_equal(f->service.begun, 7);
}

static void reading_operations(void **state)
{
    struct http_fixture *f = *state;
    get(f, "/workers", 200,
        "[{\"instance_id\":1,\"source\":\"zmq\",\"status\":\"active\",\"model_name\":\"default\","
        "\"routing_group\":\"default\",\"block_size\":16,\"endpoints\":{\"0\":\"tcp://"
        "a:1\"},\"listeners\":{\"0\":"
        "{\"endpoint\":\"tcp://"
        "a:1\",\"status\":\"active\",\"state\":\"exact\",\"since_ms\":7,\"last_sequence\":41,"
        "\"missing_batches\":0,\"batches\":0,\"restarts\":0,\"last_event_ms\":9,\"held_blocks\":{\"device\":"
        "5,"
        "\"host_pinned\":1,\"disk\":0,\"external\":0},\"learned\":false},\"3\":{\"endpoint\":\"tcp://a:1\","
        "\"status\":\"active\",\"state\":\"degraded\",\"reason\":\"gap\",\"since_ms\":0,");
    get(f, "/workers?x=y", 200,
        "{\"instance_id\":\"pod "
        "\\\"a\\\"\",\"source\":\"zmq\",\"status\":\"active\",\"model_name\":\"default\","
        "\"routing_group\":\"default\",\"block_size\":16,\"endpoints\":{\"4294967295\":\"tcp://"
        "a:1\"},\"listeners\":"
        "{\"4294967295\":{\"endpoint\":\"tcp://a:1\",\"status\":\"active\",\"last_error\":\"the connection "
        "or its "
        "heartbeat was "
        "lost\",\"replay_endpoint\":\"tcp://a:2\",\"lora_name\":\"french\",\"state\":\"stale\",");
    get(f, "/health", 200, "{\"status\":\"ok\"}");
    get(f, "/ready", 200, "{\"ready\":true,\"draining\":false,\"reasons\":[],\"workers\":3,");
    f->service.not_ready = true;
    struct answer a = client_ask(f->port, "/ready", NULL, NULL);
    assert_string_equal(answer_field(&a, "Retry-After"), "1");
    expect_answer(a, 503, "\"reasons\":[\"starting\"]");
    a = client_ask(f->port, "/metrics", NULL, NULL);
    assert_string_equal(answer_field(&a, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    expect_answer(a, 200, "# TYPE x gauge\nx 1\n");
    get(f, "/openapi.json", 200, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"kvindex\"");
}

/* All blocks of a dump of n events. */
static void check_dump(struct answer *a, unsigned n)
{
    json_error_t error;
    json_t *array = json_loadb(a->body, a->len, JSON_DECODE_INT_AS_REAL, &error), *event;
    size_t i;
    if (!array)
        fail_msg("%s at %d", error.text, error.position);
    assert_int_equal(json_array_size(array), n);
    json_array_foreach(array, i, event)
    {
        json_t *body = json_object_get(event, "event");
        json_t *stored = json_object_get(json_object_get(body, "data"), "stored");
        assert_true(json_number_value(json_object_get(body, "event_id")) == (double)i);
        assert_string_equal(json_string_value(json_object_get(event, "residency_domain")), "worker");
        assert_int_equal(json_array_size(json_object_get(stored, "blocks")), 64);
        assert_true(json_is_null(json_object_get(stored, "parent_hash")) == (i == 0));
        assert_true(json_is_null(json_object_get(stored, "start_position")));
    }
    json_decref(array);
}

static void dumps(void **state)
{
    static const unsigned sizes[] = {0, 1, 31, 32, 33, 700};
    struct http_fixture *f = *state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        f->service.dump_events = sizes[i];
        struct answer a = client_ask(f->port, "/dump", NULL, NULL);
        assert_int_equal(a.status, 200);
        check_dump(&a, sizes[i]);
        answer_free(&a);
    }
    f->service.dump_events = 1;
    get(f, "/dump", 200,
        "[{\"worker_id\":1,\"storage_tier\":\"host_pinned\",\"residency_domain\":\"worker\",\"event\":{"
        "\"event_id\":0,"
        "\"dp_rank\":2,\"data\":{\"stored\":{\"parent_hash\":null,\"start_position\":null,\"blocks\":"
        "[{\"block_hash\":18446744069414584319,\"tokens_hash\":4294967296,\"mm_extra_info\":null},");
    f->service.dump_events = 200;
    f->service.dump_fail_at = 150;
    struct answer a = client_ask(f->port, "/dump", NULL, NULL);
    assert_int_equal(a.status, -1); /* never a complete body that lacks events */
    answer_free(&a);
    f->service.call_code = KVX_UNAVAILABLE;
    get(f, "/dump", 503, "fault");
}

/* A reader that goes away in the middle of a dump. */
static void abandoned_dump(void **state)
{
    struct http_fixture *f = *state;
    f->service.dump_events = 20000;
    for (int i = 0; i < 5; i++) {
        int fd = client_connect(f->port);
        char bytes[1000];
        client_text(fd, "GET /dump HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_true(read(fd, bytes, sizeof(bytes)) > 0);
        close(fd);
    }
    for (int i = 0; i < 500 && f->service.dumps_open; i++)
        usleep(10000);
    assert_int_equal(f->service.dumps_open, 0);
    f->service.dump_events = 1;
    get(f, "/dump", 200, "worker_id");
}

static void bad_fields(void **state)
{
    static const struct {
        const char *path, *body, *text;
    } cases[] = {
        {"/register", "", "byte 0"},
        {"/register", "[]", "the body must be an object, not an array"},
        {"/register", "{\"instance_id\":1}", "`endpoint` is required"},
        {"/register", "{\"endpoint\":\"tcp://a:1\"}", "`instance_id` is required"},
        {"/register", "{\"instance_id\":1.0,\"endpoint\":\"a\"}",
         "`instance_id`: expected an integer or a string"},
        {"/register", "{\"instance_id\":-1,\"endpoint\":\"a\"}",
         "`instance_id`: -1 is not in 0..18446744073709551615"},
        {"/register", "{\"instance_id\":18446744073709551616,\"endpoint\":\"a\"}",
         "18446744073709551616 is not in"},
        {"/register", "{\"instance_id\":\"\",\"endpoint\":\"a\"}", "`instance_id`: 0 bytes"},
        {"/register", "{\"instance_id\":true,\"endpoint\":\"a\"}", "an integer or a string, not a boolean"},
        {"/register", "{\"instance_id\":1,\"endpoint\":5}", "`endpoint`: expected a string, not a number"},
        {"/register", "{\"instance_id\":1,\"endpoint\":\"a\",\"dp_rank\":4294967296}",
         "`dp_rank`: 4294967296 is not in 0..4294967295"},
        {"/register", "{\"instance_id\":1,\"endpoint\":\"a\",\"dp_rank\":\"0\"}",
         "`dp_rank`: expected an integer, not a string"},
        {"/register", "{\"instance_id\":1,\"endpoint\":\"a\",\"block_size\":0}",
         "`block_size`: 0 is not in 1..65536"},
        {"/register", "{\"instance_id\":1,\"endpoint\":\"a\",\"block_size\":65537}",
         "65537 is not in 1..65536"},
        {"/register", "{\"instance_id\":1,\"endpoint\":\"a\",\"instance\\u005fid\":2}",
         "`instance_id` appears twice"},
        {"/register", "{\"instance_id\":1,\"endpoint\":\"a\"} x", "expected the end"},
        {"/register", "{\"instance_id\":01,\"endpoint\":\"a\"}", "must not start with 0"},
        {"/register", "{\"instance_id\":1,\"endpoint\":\"\\ud800\"}", "surrogate"},
        {"/register", "{\"instance_id\":1,\"endpoint\":\"\xff\"}", "UTF-8"},
        {"/unregister", "{\"instance_id\":{}}", "an integer or a string, not an object"},
        {"/unregister", "{\"instance_id\":1,\"dp_rank\":\"0\"}",
         "`dp_rank`: expected an integer, not a string"},
        {"/query", "{}", "`token_ids` is required"},
        {"/query", "{\"token_ids\":null}", "`token_ids`: expected an array, not null"},
        {"/query", "{\"token_ids\":}", "byte 13: expected a value"},
        {"/query", "{\"token_ids\":nul}", "byte 13: expected a value"},
        {"/query", "{\"token_ids\":[1,2,-3]}", "`token_ids`[2]: -3 is not in 0..4294967295"},
        {"/query", "{\"token_ids\":[1,4294967296]}", "`token_ids`[1]: 4294967296 is not in"},
        {"/query", "{\"token_ids\":[1,2.5]}", "`token_ids`[1]: expected an integer without fraction"},
        {"/query", "{\"token_ids\":[1e3]}", "`token_ids`[0]: expected an integer without fraction"},
        {"/query", "{\"token_ids\":[\"1\"]}", "`token_ids`[0]: expected an integer, not a string"},
        {"/query", "{\"token_ids\":[1,]}", "is not valid JSON"},
        {"/query", "{\"token_ids\":[1 2]}", "expected `,` or `]`"},
        {"/query", "{\"token_ids\":[1", "is not valid JSON"},
        {"/query", "{\"token_ids\":[007]}", "must not start with 0"},
        {"/query", "{\"token_ids\":[1],\"token\\u005fids\":[2]}", "`token_ids` appears twice"},
        {"/query_by_hash", "{\"block_hashes\":[-9223372036854775809]}",
         "`block_hashes`[0]: -9223372036854775809 is not in -9223372036854775808..18446744073709551615"},
        {"/query_by_hash", "{\"block_hashes\":[18446744073709551616]}", "18446744073709551616 is not in"},
    };
    struct http_fixture *f = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        post(f, cases[i].path, cases[i].body, 400, cases[i].text);
    post(f, "/query", "{\"x\":{\"token_ids\":[\"no\"]},\"token_ids\":[5],\"y\":99999999999999999999}", 200,
         "scores");
    assert_int_equal(f->service.last_token, 5);
}

static void routes(void **state)
{
    static const char *const unknown[] = {
        "/",         "/nothing", "/workers/",      "//workers", "/work%65rs", "/a%2Fb",
        "/query%00", "/./query", "/dump/../query", "/Query",    "/%2e%2e/etc"};
    struct http_fixture *f = *state;
    for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
        get(f, unknown[i], 404, "{\"error\":\"no such path");
    struct answer a = client_ask(f->port, "/query", NULL, NULL);
    assert_string_equal(answer_field(&a, "Allow"), "POST");
    expect_answer(a, 405, "method GET is not allowed");
    a = client_ask(f->port, "/workers", "{}", JSON);
    assert_string_equal(answer_field(&a, "Allow"), "GET, HEAD");
    expect_answer(a, 405, "error");
    get(f, "http://host:1/health", 200, "ok");
    int fd = client_connect(f->port);
    client_text(fd, "BREW /query HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_answer(client_read(fd, false), 405, "BREW");
    client_text(fd, "HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n");
    a = client_read(fd, true);
    assert_int_equal(a.status, 200);
    assert_string_equal(answer_field(&a, "Content-Length"), "15");
    answer_free(&a);
    client_text(fd, "GET /health HTTP/1.1\r\nHost: x\r\n\r\nHEAD /dump HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_answer(client_read(fd, false), 200, "{\"status\":\"ok\"}");
    a = client_read(fd, true);
    assert_int_equal(a.status, 200);
    answer_free(&a);
    assert_true(client_closed(fd, 10000)); /* not a byte of a body, which the next answer would follow */
    close(fd);
}

static void media_types(void **state)
{
    struct http_fixture *f = *state;
    const char *body = "{\"token_ids\":[]}";
    expect_answer(client_ask(f->port, "/query", body, NULL), 200, "scores");
    expect_answer(client_ask(f->port, "/query", body, "application/json; charset=utf-8"), 200, "scores");
    expect_answer(client_ask(f->port, "/query", body, "Application/JSON"), 200, "scores");
    expect_answer(client_ask(f->port, "/query", body, "application/x-www-form-urlencoded"), 415,
                  "Content-Type: application/json");
    expect_answer(client_ask(f->port, "/query", body, "application/jsonp"), 415, "error");
    expect_answer(client_ask(f->port, "/query", body, "text/plain"), 415, "error");
}

/* Every code an operation can end with. */
static void service_errors(void **state)
{
    static const struct {
        int code, status;
    } rows[] = {{KVX_INVALID, 400},     {KVX_EXISTS, 409}, {KVX_CONFLICT, 409},
                {KVX_UNAVAILABLE, 503}, {KVX_NOMEM, 503},  {KVX_INTERNAL, 500}};
    struct http_fixture *f = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        f->service.call_code = rows[i].code;
        struct answer a = client_ask(f->port, "/register", "{\"instance_id\":1,\"endpoint\":\"a\"}", JSON);
        const char *retry = answer_field(&a, "Retry-After");
        assert_true((retry != NULL) == (rows[i].status == 503));
        expect_answer(a, rows[i].status, "{\"error\":\"fault: ");
    }
    f->service.call_code = KVX_NOT_FOUND;
    post(f, "/unregister", "{\"instance_id\":1}", 404, "fault");
    post(f, "/query", "{\"token_ids\":[]}", 404, "fault");
    f->service.call_code = KVX_CONFLICT;
    post(f, "/query", "{\"token_ids\":[]}", 500, "internal error"); /* 409 is not in the document for Query */
    f->service.call_code = KVX_INTERNAL;
    get(f, "/metrics", 500, "metrics");
    get(f, "/workers", 500, "fault");
    f->service.call_code = 0;
    f->service.begin_code = KVX_UNAVAILABLE;
    struct answer a = client_ask(f->port, "/query", "{\"token_ids\":[]}", JSON);
    assert_string_equal(answer_field(&a, "Retry-After"), "1");
    expect_answer(a, 503, "too many requests");
    get(f, "/dump", 503, "too many requests");
    get(f, "/health", 200, "ok"); /* these answer always */
    get(f, "/ready", 200, "ready");
    get(f, "/metrics", 200, "x 1");
    get(f, "/openapi.json", 200, "openapi");
    f->service.begin_code = 0;
    post(f, "/query", "{\"token_ids\":[]}", 200, "scores");
}

static void request_metrics(void **state)
{
    struct http_fixture *f = *state;
    struct kvx_buf page;
    post(f, "/query", "{\"token_ids\":[]}", 200, "scores");
    post(f, "/query", "{}", 400, "required");
    get(f, "/dump", 200, "[]");
    usleep(20000); /* a stream is counted when its connection is done with it */
    kvx_buf_init(&page, &kvx_system_allocator, 1 << 20);
    kvx_metrics_write(&f->metrics, &page);
    kvx_buf_char(&page, 0);
    assert_non_null(strstr(page.data, "operation=\"Query\""));
    assert_non_null(strstr(page.data, "operation=\"Dump\""));
    kvx_buf_free(&page);
}

int main(void)
{
#define SERVER_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {
        SERVER_TEST(operations),     SERVER_TEST(reading_operations), SERVER_TEST(dumps),
        SERVER_TEST(abandoned_dump), SERVER_TEST(bad_fields),         SERVER_TEST(routes),
        SERVER_TEST(media_types),    SERVER_TEST(service_errors),     SERVER_TEST(request_metrics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
