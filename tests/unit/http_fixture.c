#include "http_fixture.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct http_fixture *http_start(struct kvx_http_config config)
{
    struct http_fixture *f = calloc(1, sizeof(*f));
    struct kvx_error e;
    assert_non_null(f);
    failing_allocator_init(&f->memory);
    config.allocator = &f->memory.allocator;
    config.service = &f->service;
    config.metrics = &f->metrics;
    config.bind = "127.0.0.1";
    config.threads = 2;
    assert_int_equal(kvx_http_new(&f->http, &config, &e), 0);
    f->port = kvx_http_port(f->http);
    return f;
}

void http_stop(struct http_fixture *f)
{
    kvx_http_free(f->http);
    kvx_metrics_free(&f->metrics);
    assert_int_equal(f->service.inflight, 0);
    assert_int_equal(f->service.dumps_open, 0);
    assert_int_equal(f->memory.live, 0);
    free(f);
}

void expect_answer(struct answer a, int status, const char *part)
{
    if (a.status != status || !a.body || !strstr(a.body, part))
        fail_msg("got %d %s %s, wanted %d with %s", a.status, a.head, a.body ? a.body : "-", status, part);
    const char *type = answer_field(&a, "Content-Type");
    assert_non_null(type);
    if (strcmp(type, "application/json") == 0 && a.len) {
        json_error_t error;
        json_t *json = json_loadb(a.body, a.len, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &error);
        if (!json)
            fail_msg("not JSON: %s in %s", error.text, a.body);
        json_decref(json);
    }
    answer_free(&a);
}

void expect_alive(const struct http_fixture *f)
{
    expect_answer(client_ask(f->port, "/query", "{\"token_ids\":[1]}", "application/json"), 200, "scores");
}
