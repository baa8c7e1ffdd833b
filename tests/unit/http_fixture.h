/* A REST server with the fake service behind it, on a port of its own. */
#ifndef HTTP_FIXTURE_H
#define HTTP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "failing_allocator.h"
#include "http/http.h"
#include "http_client.h"
#include "http_fake_service.h"

struct http_fixture {
    struct kvx_service service;
    struct kvx_metrics metrics;
    struct failing_allocator memory;
    struct kvx_http *http;
    uint16_t port;
};

/* Two threads on the loopback address; the rest of the config is the test's. */
struct http_fixture *http_start(struct kvx_http_config);
/* Nothing may be left: no request, no dump, no memory. */
void http_stop(struct http_fixture *);

/* Status, a part of the body, and a body that is JSON when it says so. Frees the answer. */
void expect_answer(struct answer, int status, const char *part);
/* The server still serves a good request. */
void expect_alive(const struct http_fixture *);

#endif /* HTTP_FIXTURE_H */
