/* Content-Type and Accept: which encoding a request has, and messages in protobuf through a plug. */
#include "http_fixture.h"

#include "media.h"
#include "openapi_routes.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char PROTOBUF[] = "application/x-protobuf";

/* ---- The choice alone ---- */

static int choose(enum kvx_http_operation operation, const char *type, const char *accept, bool *protobuf)
{
    const struct content_type t = {type != NULL, type};
    struct accept a = {0};
    struct kvx_error e;
    if (accept)
        accept_read(&a, accept);
    return media_choose(&kvx_http_routes[operation], &t, &a, protobuf, &e);
}

static void choices(void **state)
{
    static const struct {
        enum kvx_http_operation operation;
        const char *type, *accept;
        int code;
        bool protobuf;
    } cases[] = {
        {KVX_HTTP_QUERY, NULL, NULL, 0, false},
        {KVX_HTTP_QUERY, "application/json", "*/*", 0, false},
        {KVX_HTTP_QUERY, "application/json", "text/html", 0, false},
        {KVX_HTTP_QUERY, "application/json", "application/x-protobuf", KVX_NOT_ACCEPTABLE, false},
        {KVX_HTTP_QUERY, "application/json", "application/x-protobuf, */*;q=0.1", 0, false},
        {KVX_HTTP_QUERY, "application/json", "application/x-protobuf;q=0", 0, false},
        {KVX_HTTP_QUERY, "application/x-protobuf", NULL, 0, true},
        {KVX_HTTP_QUERY, "Application/X-Protobuf; x=y", "*/*", 0, true},
        {KVX_HTTP_QUERY, "application/x-protobuf", "application/*;q=0.5", 0, true},
        {KVX_HTTP_QUERY, "application/x-protobuf", "application/json", KVX_NOT_ACCEPTABLE, false},
        {KVX_HTTP_QUERY, "application/x-protobuf", "application/x-protobuf;q=0, */*", KVX_NOT_ACCEPTABLE,
         false},
        {KVX_HTTP_QUERY, "application/x-protobuf", "text/html", KVX_NOT_ACCEPTABLE, false},
        {KVX_HTTP_QUERY, "application/x-protobuffer", NULL, KVX_MEDIA_TYPE, false},
        {KVX_HTTP_QUERY, "text/plain", NULL, KVX_MEDIA_TYPE, false},
        {KVX_HTTP_LIST_PEERS, NULL, "application/x-protobuf", 0, true},
        {KVX_HTTP_LIST_PEERS, NULL, "application/json;q=0.5 ,application/x-protobuf ; v=1; q=0.6", 0, true},
        {KVX_HTTP_LIST_PEERS, NULL, "application/json, application/x-protobuf;q=0.999", 0, false},
        {KVX_HTTP_LIST_PEERS, NULL, "application/json, application/x-protobuf", 0, false},
        {KVX_HTTP_LIST_PEERS, NULL, "application/x-protobuf, */*", 0, true},
        {KVX_HTTP_LIST_PEERS, NULL, "*/*", 0, false},
        {KVX_HTTP_LIST_PEERS, "application/x-protobuf", NULL, 0, false}, /* there is no body */
        {KVX_HTTP_DUMP, NULL, "application/x-protobuf", KVX_NOT_ACCEPTABLE, false},
        {KVX_HTTP_DUMP, NULL, "application/x-protobuf, application/json", 0, false},
        {KVX_HTTP_GET_METRICS, NULL, "application/vnd.google.protobuf;q=0.7,text/plain", 0, false},
        {KVX_HTTP_GET_METRICS, NULL, ",, ;q=, application/x-protobuf;q=x", KVX_NOT_ACCEPTABLE, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        bool protobuf = true;
        int code = choose(cases[i].operation, cases[i].type, cases[i].accept, &protobuf);
        if (code != cases[i].code || (code == 0 && protobuf != cases[i].protobuf))
            fail_msg("case %zu: %d, %d", i, code, protobuf);
    }
}

static void two_content_types(void **state)
{
    const struct content_type two = {2, "application/json"};
    struct kvx_error e;
    bool protobuf;
    (void)state;
    assert_int_equal(media_choose(&kvx_http_routes[KVX_HTTP_QUERY], &two, &(struct accept){0}, &protobuf, &e),
                     KVX_MEDIA_TYPE);
}

/* ---- Through the server ---- */

/* Stands for the rpc part: answers the operation's name and the request's bytes. */
struct plug {
    struct kvx_service *service;
    int code;
    bool nothing;
};

static bool plug_has(void *self, const char *operation)
{
    struct plug *p = self;
    return !p->nothing && strcmp(operation, "Dump") != 0;
}

static int plug_answer(void *self, struct kvx_service *s, struct kvx_caller *c, struct kvx_arena *arena,
                       const char *operation, struct kvx_bytes request, struct kvx_buf *answer,
                       struct kvx_error *e)
{
    struct plug *p = self;
    assert_true(s == p->service && c && arena);
    assert_true(strcmp(operation, "GetHealth") == 0 || s->inflight > 0);
    kvx_buf_text(answer, operation);
    kvx_buf_char(answer, '=');
    kvx_buf_bytes(answer, request.data, request.len);
    return p->code ? kvx_fail(e, p->code, "the message is bad") : 0;
}

static struct http_fixture *start_plugged(struct plug *p)
{
    struct http_fixture *f = http_start((struct kvx_http_config){.protobuf = {p, plug_has, plug_answer}});
    p->service = &f->service;
    return f;
}

static struct answer ask(const struct http_fixture *f, const char *method, const char *path, const char *body,
                         size_t len, const char *headers)
{
    char text[1000];
    int fd = client_connect(f->port);
    int n = snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n%s\r\n", method,
                     path, len, headers);
    client_send(fd, text, (size_t)n);
    client_send(fd, body, len);
    struct answer a = client_read(fd, false);
    close(fd);
    return a;
}

static void expect_message(struct answer a, int status, const char *message, size_t len)
{
    assert_int_equal(a.status, status);
    assert_string_equal(answer_field(&a, "Content-Type"), PROTOBUF);
    assert_int_equal(a.len, len);
    assert_memory_equal(a.body, message, len);
    answer_free(&a);
}

#define TYPE "Content-Type: application/x-protobuf\r\n"
#define WANT "Accept: application/x-protobuf\r\n"

static void messages(void **state)
{
    (void)state;
    struct plug p = {0};
    struct http_fixture *f = start_plugged(&p);
    expect_message(ask(f, "POST", "/query", "\0\xff{", 3, TYPE), 200, "Query=\0\xff{", 9);
    expect_message(ask(f, "POST", "/query_by_hash", "", 0, TYPE WANT), 200, "QueryByHash=", 12);
    expect_message(ask(f, "POST", "/register", "x", 1, TYPE), 201, "Register=x", 10);
    expect_message(ask(f, "POST", "/unregister", "x", 1, TYPE), 200, "Unregister=x", 12);
    expect_message(ask(f, "POST", "/register_peer", "x", 1, TYPE), 201, "RegisterPeer=x", 14);
    expect_message(ask(f, "POST", "/deregister_peer", "x", 1, TYPE), 200, "DeregisterPeer=x", 16);
    expect_message(ask(f, "GET", "/workers", "", 0, WANT), 200, "ListWorkers=", 12);
    expect_message(ask(f, "GET", "/workers?unknown=1", "", 0, WANT), 200, "ListWorkers=", 12);
    expect_message(ask(f, "GET", "/global_view", "", 0, WANT), 200, "ListPartitions=", 15);
    expect_message(ask(f, "GET", "/peers", "", 0, WANT), 200, "ListPeers=", 10);
    expect_message(ask(f, "GET", "/health", "", 0, WANT), 200, "GetHealth=", 10);
    expect_answer(ask(f, "GET", "/workers?model_name=a", "", 0, WANT), 400,
                  "{\"error\":\"parameters of the query");
    expect_answer(ask(f, "GET", "/dump", "", 0, WANT), 406,
                  "{\"error\":\"header Accept: the answer is application/json");
    expect_answer(ask(f, "GET", "/services", "", 0, WANT), 406, "header Accept");
    expect_answer(ask(f, "POST", "/query", "{}", 2, WANT), 406, "header Accept");
    expect_answer(ask(f, "POST", "/query", "x", 1, TYPE "Accept: application/json\r\n"), 406,
                  "has that type too");
    expect_answer(ask(f, "POST", "/query", "x", 1, "Content-Type: text/x\r\n"), 415,
                  "must be JSON or protobuf");
    expect_answer(ask(f, "GET", "/workers", "", 0, "Accept: */*\r\n"), 200, "[{");
    http_stop(f);
}

/* Errors are JSON, with the statuses of the table. */
static void failures(void **state)
{
    (void)state;
    struct plug p = {.code = KVX_INVALID};
    struct http_fixture *f = start_plugged(&p);
    expect_answer(ask(f, "POST", "/query", "x", 1, TYPE), 400, "{\"error\":\"the message is bad\"}");
    p.code = KVX_NOT_FOUND;
    expect_answer(ask(f, "POST", "/query", "x", 1, TYPE), 404, "the message is bad");
    p.code = KVX_CONFLICT; /* not in the document for Query */
    expect_answer(ask(f, "POST", "/query", "x", 1, TYPE), 500, "internal error");
    p.code = 0;
    f->service.begin_code = KVX_UNAVAILABLE;
    expect_answer(ask(f, "POST", "/query", "x", 1, TYPE), 503, "too many requests");
    expect_message(ask(f, "GET", "/health", "", 0, WANT), 200, "GetHealth=", 10);
    f->service.begin_code = 0;
    p.nothing = true;
    expect_answer(ask(f, "POST", "/query", "x", 1, TYPE), 415, "this server speaks JSON only");
    expect_alive(f);
    http_stop(f);
}

static void without_a_plug(void **state)
{
    (void)state;
    struct http_fixture *f = http_start((struct kvx_http_config){0});
    expect_answer(ask(f, "POST", "/query", "x", 1, TYPE), 415, "this server speaks JSON only");
    expect_answer(ask(f, "GET", "/peers", "", 0, WANT), 406, "JSON only");
    http_stop(f);
}

static void out_of_memory(void **state)
{
    (void)state;
    struct plug p = {0};
    struct http_fixture *f = start_plugged(&p);
    bool answered = false;
    for (unsigned n = 1; n < 40 && !answered; n++) {
        f->memory.fail_at = atomic_load(&f->memory.calls) + n;
        struct answer a = ask(f, "POST", "/query", "x", 1, TYPE);
        answered = a.status == 200 && f->memory.calls < f->memory.fail_at;
        assert_true(a.status == 200 || a.status == 503);
        answer_free(&a);
        f->memory.fail_at = 0;
        usleep(1000);
    }
    assert_true(answered);
    http_stop(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choices),  cmocka_unit_test(two_content_types), cmocka_unit_test(messages),
        cmocka_unit_test(failures), cmocka_unit_test(without_a_plug),    cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
