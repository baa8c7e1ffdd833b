/* The REST server against clients that are slow, greedy, confused or hostile, and its shutdown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "failing_allocator.h"
#include "http/http.h"
#include "http_client.h"
#include "http_fake_service.h"
#include "openapi_limits.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct fixture {
    struct kvx_service service;
    struct kvx_metrics metrics;
    struct failing_allocator memory;
    struct kvx_http *http;
    uint16_t port;
};

/* A server with short time-outs, started by each test with what it is about. */
static struct fixture *start(struct kvx_http_config config)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct kvx_error e;
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

static void stop(struct fixture *f)
{
    kvx_http_free(f->http);
    kvx_metrics_free(&f->metrics);
    assert_int_equal(f->service.inflight, 0);
    assert_int_equal(f->service.dumps_open, 0);
    assert_int_equal(f->memory.live, 0);
    free(f);
}

static void expect(struct answer a, int status, const char *part)
{
    if (a.status != status || !a.body || !strstr(a.body, part))
        fail_msg("got %d %s %s, wanted %d with %s", a.status, a.head, a.body ? a.body : "-", status, part);
    answer_free(&a);
}

static void still_answers(struct fixture *f)
{
    expect(client_ask(f->port, "/query", "{\"token_ids\":[1]}", "application/json"), 200, "scores");
}

/* What two servers in a row could read differently is refused, and the connection ends. */
static void smuggling(void **state)
{
    static const char *const heads[] = {
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
        "Content-Length: 2\r\nContent-Length: 4\r\n",
        "Content-Length: 2\r\nContent-Length: 2\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Host: y\r\n",
    };
    (void)state;
    struct fixture *f = start((struct kvx_http_config){0});
    for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
        char text[512];
        int fd = client_connect(f->port);
        snprintf(text, sizeof(text),
                 "POST /query HTTP/1.1\r\nHost: x\r\n%s\r\n{}GET /health HTTP/1.1\r\nHost: x\r\n\r\n",
                 heads[i]);
        client_text(fd, text);
        struct answer a = client_read(fd, false);
        assert_string_equal(answer_field(&a, "Connection"), "close");
        expect(a, 400, "{\"error\":\"header ");
        assert_true(client_closed(fd, 2000));
        close(fd);
    }
    still_answers(f);
    stop(f);
}

static void broken_heads(void **state)
{
    static const char *const texts[] = {
        "GET /health HTTP/1.1\r\n\r\n", /* no Host */
        "POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "GARBAGE\r\n\r\n",
        "\x16\x03\x01\x02\r\n\r\n",
    };
    (void)state;
    struct fixture *f = start(
        (struct kvx_http_config){.request_timeout_ns = KVX_SECONDS(1), .idle_timeout_ns = KVX_SECONDS(1)});
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        int fd = client_connect(f->port);
        client_text(fd, texts[i]);
        struct answer a = client_read(fd, false);
        assert_true(a.status == 0 || a.status == 400 || a.status == 413);
        answer_free(&a);
        close(fd);
    }
    still_answers(f);
    stop(f);
}

static char *filled(const char *head, char fill, size_t len, const char *tail, size_t *total)
{
    size_t h = strlen(head), t = strlen(tail);
    char *text = malloc(h + len + t + 1);
    snprintf(text, h + 1, "%s", head);
    memset(text + h, fill, len);
    memcpy(text + h + len, tail, t + 1);
    *total = h + len + t;
    return text;
}

static void body_limits(void **state)
{
    char head[256];
    size_t len;
    (void)state;
    struct fixture *f = start((struct kvx_http_config){0});
    /* exactly the limit, and one byte more: read to its end, answered, connection in step */
    for (int more = 0; more < 2; more++) {
        size_t size = KVX_LIMIT_REGISTER_BODY_BYTES - 2 + (size_t)more;
        char *body = filled("{", ' ', size, "}", &len);
        int fd = client_connect(f->port);
        snprintf(head, sizeof(head), "POST /register HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n",
                 len);
        client_text(fd, head);
        client_send(fd, body, len);
        expect(client_read(fd, false), more ? 413 : 400, more ? "larger than 65536" : "is required");
        client_text(fd, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
        expect(client_read(fd, false), 200, "ok");
        close(fd);
        free(body);
    }
    /* announced far beyond the limit: answered before the body, then closed */
    int fd = client_connect(f->port);
    client_text(fd, "POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n");
    expect(client_read(fd, false), 413, "larger than 8388608");
    assert_true(client_closed(fd, 2000));
    close(fd);
    /* a client that asks first is told no before it sends */
    fd = client_connect(f->port);
    client_text(
        fd, "POST /register HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 70000\r\n\r\n");
    expect(client_read(fd, false), 413, "larger");
    close(fd);
    still_answers(f);
    stop(f);
}

static void chunked_bodies(void **state)
{
    char head[64];
    size_t len;
    (void)state;
    struct fixture *f = start((struct kvx_http_config){0});
    const char *post = "POST /query HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    int fd = client_connect(f->port);
    for (int i = 0; i < 2; i++) {
        client_text(fd, post);
        client_text(fd, "10\r\n{\"token_ids\":[1,\r\n1\r\n7\r\n2\r\n]}\r\n0\r\n\r\n");
        expect(client_read(fd, false), 200, "scores");
        assert_int_equal(f->service.n_tokens, 2);
        assert_int_equal(f->service.last_token, 7);
    }
    close(fd);
    /* longer than the limit by a little: answered when it ends */
    fd = client_connect(f->port);
    client_text(fd, "POST /register HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    char *piece = filled("", ' ', 1000, "\r\n", &len);
    snprintf(head, sizeof(head), "%zx\r\n", len - 2);
    for (int i = 0; i < 100; i++) {
        client_text(fd, head);
        client_send(fd, piece, len);
    }
    client_text(fd, "0\r\n\r\n");
    expect(client_read(fd, false), 413, "larger than 65536");
    close(fd);
    /* without end: cut off */
    fd = client_connect(f->port);
    client_text(fd, "POST /register HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 20000; i++) {
        client_text(fd, head);
        client_send(fd, piece, len);
    }
    assert_true(client_closed(fd, 2000));
    close(fd);
    free(piece);
    still_answers(f);
    stop(f);
}

static void keep_alive_and_pipelining(void **state)
{
    (void)state;
    struct fixture *f = start((struct kvx_http_config){0});
    int fd = client_connect(f->port);
    const char *query = "POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: 17\r\n\r\n{\"token_ids\":[1]}";
    const char *missing = "POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd";
    for (int i = 0; i < 50; i++) {
        client_text(fd, query);
        client_text(fd, missing);
        client_text(fd, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    for (int i = 0; i < 50; i++) {
        expect(client_read(fd, false), 200, "scores");
        expect(client_read(fd, false), 404, "no such path");
        expect(client_read(fd, false), 200, "ok");
    }
    close(fd);
    stop(f);
}

/* Bytes that drip in, and bytes that never come, end the connection within the time-out. */
static void slow_clients(void **state)
{
    (void)state;
    struct fixture *f =
        start((struct kvx_http_config){.request_timeout_ns = KVX_MS(400), .idle_timeout_ns = KVX_SECONDS(1)});
    int silent = client_connect(f->port), body = client_connect(f->port), head = client_connect(f->port);
    client_text(body, "POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
    client_text(head, "GET /health HTTP/1.1\r\nX-A: ");
    uint64_t begun = kvx_now_ns();
    bool body_closed = false, head_closed = false;
    while (kvx_now_ns() - begun < KVX_SECONDS(5) && !(body_closed && head_closed)) {
        client_text(body, "1");
        client_text(head, "y");
        body_closed = body_closed || client_closed(body, 20);
        head_closed = head_closed || client_closed(head, 20);
    }
    assert_true(body_closed && head_closed);
    assert_true(client_closed(silent, 3000));
    close(silent), close(body), close(head);
    still_answers(f);
    stop(f);
}

static void connection_limits(void **state)
{
    int fds[8];
    (void)state;
    struct fixture *f = start((struct kvx_http_config){.connections_max = 4});
    for (int i = 0; i < 8; i++) {
        fds[i] = client_connect(f->port);
        usleep(20000);
    }
    int closed = 0;
    for (int i = 0; i < 8; i++)
        closed += client_closed(fds[i], 100);
    assert_int_equal(closed, 4);
    for (int i = 0; i < 8; i++)
        close(fds[i]);
    usleep(50000);
    still_answers(f);
    stop(f);
    f = start((struct kvx_http_config){.connections_per_ip = 2});
    for (int i = 0; i < 4; i++) {
        fds[i] = client_connect(f->port);
        usleep(20000);
    }
    closed = 0;
    for (int i = 0; i < 4; i++) {
        closed += client_closed(fds[i], 100);
        close(fds[i]);
    }
    assert_int_equal(closed, 2);
    stop(f);
}

static void body_memory(void **state)
{
    (void)state;
    struct fixture *f = start((struct kvx_http_config){.body_memory_max = 100000});
    char head[] = "POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n";
    size_t len;
    char *body = filled("{", ' ', 69998, "}", &len);
    int first = client_connect(f->port), second = client_connect(f->port);
    client_text(first, head);
    client_send(first, body, len - 1);
    usleep(50000);
    client_text(second, head);
    client_send(second, body, len);
    struct answer a = client_read(second, false);
    assert_non_null(answer_field(&a, "Retry-After"));
    expect(a, 503, "no memory for the body");
    client_text(first, "}");
    expect(client_read(first, false), 400, "`token_ids` is required");
    close(first);
    close(second);
    free(body);
    stop(f);
}

static void *ask_slowly(void *arg)
{
    struct fixture *f = arg;
    struct answer a = client_ask(f->port, "/query", "{\"token_ids\":[1]}", NULL);
    int status = a.status;
    bool closes = a.status == 200 && answer_field(&a, "Connection") != NULL;
    answer_free(&a);
    return (void *)(intptr_t)(closes ? status : -status);
}

/* Requests in flight are answered, new connections are not served, open ones are told to go. */
static void shutdown_in_flight(void **state)
{
    pthread_t threads[2];
    (void)state;
    struct fixture *f = start((struct kvx_http_config){0});
    f->service.delay_ms = 300;
    int idle = client_connect(f->port);
    client_text(idle, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(client_read(idle, false), 200, "ok");
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, ask_slowly, f);
    for (int i = 0; i < 200 && !f->service.inflight; i++)
        usleep(5000);
    usleep(100000); /* the second is read by now, or waits behind the first on one thread */
    kvx_http_quiesce(f->http);
    assert_false(kvx_http_drain(f->http, kvx_now_ns() + KVX_MS(10)));
    assert_true(kvx_http_drain(f->http, kvx_now_ns() + KVX_SECONDS(5)));
    for (int i = 0; i < 2; i++) {
        void *status;
        pthread_join(threads[i], &status);
        assert_int_equal((intptr_t)status, 200);
    }
    assert_int_equal(client_connect(f->port), -1);
    client_text(idle, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    struct answer last = client_read(idle, false);
    assert_string_equal(answer_field(&last, "Connection"), "close");
    expect(last, 200, "ok");
    stop(f);
    close(idle);
}

/* A request whose body is still arriving has begun and is answered; one that begins later is refused. */
static void shutdown_in_the_middle_of_a_body(void **state)
{
    static const char head[] = "POST /query HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                               "Content-Length: 19\r\n\r\n{\"token_ids\":";
    (void)state;
    struct fixture *f = start((struct kvx_http_config){.late_after_ns = 1});
    int begun = client_connect(f->port), later = client_connect(f->port);
    client_text(later, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(client_read(later, false), 200, "ok");
    client_text(begun, head);
    while (kvx_http_drain(f->http, 0)) /* until its first line has arrived */
        usleep(1000);
    kvx_http_quiesce(f->http);
    client_text(begun, "[1,2]}");
    expect(client_read(begun, false), 200, "scores");
    client_text(later, "GET /workers HTTP/1.1\r\nHost: x\r\n\r\n");
    struct answer refused = client_read(later, false);
    assert_string_equal(answer_field(&refused, "Connection"), "close");
    assert_non_null(answer_field(&refused, "Retry-After"));
    expect(refused, 503, "shutting down");
    stop(f);
    close(begun);
    close(later);
}

/* Stopped with a dump half read: nothing leaks, nothing waits. */
static void shutdown_with_stream(void **state)
{
    char bytes[100];
    (void)state;
    struct fixture *f = start((struct kvx_http_config){0});
    f->service.dump_events = 100000;
    int fd = client_connect(f->port);
    client_text(fd, "GET /dump HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(read(fd, bytes, sizeof(bytes)) > 0);
    kvx_http_quiesce(f->http);
    assert_false(kvx_http_drain(f->http, kvx_now_ns() + KVX_MS(50)));
    uint64_t begun = kvx_now_ns();
    stop(f);
    assert_true(kvx_now_ns() - begun < KVX_SECONDS(2));
    close(fd);
}

/* The n-th allocation of a request fails, for each n: a clean answer or a closed connection, and the next
 * request is served. */
static void out_of_memory(void **state)
{
    static const struct {
        const char *path, *body, *part;
    } cases[] = {
        {"/query", "{\"token_ids\":[1,2,3],\"a\\u0062\":1}", "scores"},
        {"/register", "{\"instance_id\":\"a\\u0062\",\"endpoint\":\"tcp:\\/\\/x:1\"}", "ok"},
        {"/workers", NULL, "instance_id"},
        {"/dump", NULL, "worker_id"},
        {"/openapi.json", NULL, "openapi"},
    };
    (void)state;
    struct fixture *f = start((struct kvx_http_config){0});
    f->service.dump_events = 2;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int answered = 0, refused = 0;
        for (unsigned n = 1; n < 40 && !answered; n++) {
            f->memory.fail_at = atomic_load(&f->memory.calls) + n;
            struct answer a = client_ask(f->port, cases[i].path, cases[i].body, NULL);
            if (a.status == 200 || a.status == 201)
                answered += strstr(a.body, cases[i].part) != NULL && f->memory.calls < f->memory.fail_at;
            else if (a.status == 503)
                refused += strstr(a.body, "memory") != NULL;
            else
                assert_true(a.status == -1); /* a stream that was broken off */
            answer_free(&a);
            f->memory.fail_at = 0;
            usleep(1000);
        }
        assert_int_equal(answered, 1);
        assert_true(refused > 0);
        still_answers(f);
    }
    stop(f);
}

/* 100,000 requests, good and bad, leave no memory behind (and none that only the sanitizer would see). */
static void many_requests(void **state)
{
    static const char pair[] =
        "POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: 17\r\n\r\n{\"token_ids\":[1]}"
        "POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: 17\r\n\r\n{\"token_ids\":[1,}";
    enum { PAIRS = 50, ROUNDS = 1000 };
    static char text[PAIRS * sizeof(pair)], bytes[1 << 16];
    size_t len = 0, size = 0;
    int64_t live = 0;
    (void)state;
    struct fixture *f = start((struct kvx_http_config){0});
    int fd = client_connect(f->port);
    for (int i = 0; i < PAIRS; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", pair);
    for (int round = 0; round < ROUNDS; round++) {
        client_send(fd, text, len);
        if (round == 0) { /* all rounds' answers are as long as the first one's */
            for (int i = 0; i < 2 * PAIRS; i++) {
                struct answer a = client_read(fd, false);
                assert_int_equal(a.status, i % 2 ? 400 : 200);
                size += strlen(a.head) + 2 + a.len;
                answer_free(&a);
            }
            live = f->memory.live;
            continue;
        }
        for (size_t left = size; left;) {
            ssize_t n = read(fd, bytes, left < sizeof(bytes) ? left : sizeof(bytes));
            assert_true(n > 0);
            left -= (size_t)n;
        }
    }
    for (int i = 0; i < 400 && f->memory.live > live; i++)
        usleep(5000); /* the last request ends just after its answer was read */
    assert_true(f->memory.live <= live);
    assert_int_equal(f->service.begun, 2 * PAIRS * ROUNDS);
    close(fd);
    stop(f);
}

static void start_out_of_memory(void **state)
{
    (void)state;
    for (unsigned n = 1;; n++) {
        struct failing_allocator memory;
        struct kvx_service service = {0};
        struct kvx_metrics metrics = {0};
        struct kvx_error e;
        struct kvx_http *http = NULL;
        failing_allocator_init(&memory);
        memory.fail_at = n;
        const struct kvx_http_config config = {.allocator = &memory.allocator,
                                               .service = &service,
                                               .metrics = &metrics,
                                               .bind = "127.0.0.1",
                                               .threads = 2};
        int r = kvx_http_new(&http, &config, &e);
        kvx_http_free(http);
        kvx_metrics_free(&metrics);
        assert_int_equal(memory.live, 0);
        if (r == 0)
            break;
        assert_int_equal(r, KVX_NOMEM);
    }
}

static void taken_port(void **state)
{
    (void)state;
    struct fixture *f = start((struct kvx_http_config){0});
    struct kvx_metrics metrics = {0};
    struct kvx_error e;
    struct kvx_http *http;
    struct kvx_http_config config = {.allocator = &kvx_system_allocator,
                                     .service = &f->service,
                                     .metrics = &metrics,
                                     .bind = "127.0.0.1",
                                     .port = f->port};
    assert_int_equal(kvx_http_new(&http, &config, &e), KVX_UNAVAILABLE);
    assert_non_null(strstr(e.text, "Address already in use"));
    kvx_metrics_free(&metrics);
    metrics = (struct kvx_metrics){0};
    config.bind = "256.1.1.1";
    assert_int_equal(kvx_http_new(&http, &config, &e), KVX_INVALID);
    assert_non_null(strstr(e.text, "256.1.1.1"));
    kvx_metrics_free(&metrics);
    stop(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smuggling),
        cmocka_unit_test(broken_heads),
        cmocka_unit_test(body_limits),
        cmocka_unit_test(chunked_bodies),
        cmocka_unit_test(keep_alive_and_pipelining),
        cmocka_unit_test(slow_clients),
        cmocka_unit_test(connection_limits),
        cmocka_unit_test(body_memory),
        cmocka_unit_test(shutdown_in_flight),
        cmocka_unit_test(shutdown_in_the_middle_of_a_body),
        cmocka_unit_test(shutdown_with_stream),
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(start_out_of_memory),
        cmocka_unit_test(many_requests),
        cmocka_unit_test(taken_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
