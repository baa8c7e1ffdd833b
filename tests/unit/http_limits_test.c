/* The REST server against clients that are slow, greedy, confused or hostile. */
#include "http_fixture.h"

#include "base/clock.h"
#include "openapi_limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    struct http_fixture *f = http_start((struct kvx_http_config){0});
    for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
        char text[512];
        int fd = client_connect(f->port);
        snprintf(text, sizeof(text),
                 "POST /query HTTP/1.1\r\nHost: x\r\n%s\r\n{}GET /health HTTP/1.1\r\nHost: x\r\n\r\n",
                 heads[i]);
        client_text(fd, text);
        struct answer a = client_read(fd, false);
        assert_string_equal(answer_field(&a, "Connection"), "close");
        expect_answer(a, 400, "{\"error\":\"header ");
        assert_true(client_closed(fd, 2000));
        close(fd);
    }
    expect_alive(f);
    http_stop(f);
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
    struct http_fixture *f = http_start(
        (struct kvx_http_config){.request_timeout_ns = KVX_SECONDS(1), .idle_timeout_ns = KVX_SECONDS(1)});
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        int fd = client_connect(f->port);
        client_text(fd, texts[i]);
        struct answer a = client_read(fd, false);
        assert_true(a.status == 0 || a.status == 400 || a.status == 413);
        answer_free(&a);
        close(fd);
    }
    expect_alive(f);
    http_stop(f);
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
    struct http_fixture *f = http_start((struct kvx_http_config){0});
    /* exactly the limit, and one byte more: read to its end, answered, connection in step */
    for (int more = 0; more < 2; more++) {
        size_t size = KVX_LIMIT_REGISTER_BODY_BYTES - 2 + (size_t)more;
        char *body = filled("{", ' ', size, "}", &len);
        int fd = client_connect(f->port);
        snprintf(head, sizeof(head), "POST /register HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n",
                 len);
        client_text(fd, head);
        client_send(fd, body, len);
        expect_answer(client_read(fd, false), more ? 413 : 400, more ? "larger than 65536" : "is required");
        client_text(fd, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
        expect_answer(client_read(fd, false), 200, "ok");
        close(fd);
        free(body);
    }
    /* announced far beyond the limit: answered before the body, then closed */
    int fd = client_connect(f->port);
    client_text(fd, "POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n");
    expect_answer(client_read(fd, false), 413, "larger than 8388608");
    assert_true(client_closed(fd, 2000));
    close(fd);
    /* a client that asks first is told no before it sends */
    fd = client_connect(f->port);
    client_text(
        fd, "POST /register HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 70000\r\n\r\n");
    expect_answer(client_read(fd, false), 413, "larger");
    close(fd);
    expect_alive(f);
    http_stop(f);
}

static void chunked_bodies(void **state)
{
    char head[64];
    size_t len;
    (void)state;
    struct http_fixture *f = http_start((struct kvx_http_config){0});
    const char *post = "POST /query HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    int fd = client_connect(f->port);
    for (int i = 0; i < 2; i++) {
        client_text(fd, post);
        client_text(fd, "10\r\n{\"token_ids\":[1,\r\n1\r\n7\r\n2\r\n]}\r\n0\r\n\r\n");
        expect_answer(client_read(fd, false), 200, "scores");
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
    expect_answer(client_read(fd, false), 413, "larger than 65536");
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
    expect_alive(f);
    http_stop(f);
}

static void keep_alive_and_pipelining(void **state)
{
    (void)state;
    struct http_fixture *f = http_start((struct kvx_http_config){0});
    int fd = client_connect(f->port);
    const char *query = "POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: 17\r\n\r\n{\"token_ids\":[1]}";
    const char *missing = "POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd";
    for (int i = 0; i < 50; i++) {
        client_text(fd, query);
        client_text(fd, missing);
        client_text(fd, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    for (int i = 0; i < 50; i++) {
        expect_answer(client_read(fd, false), 200, "scores");
        expect_answer(client_read(fd, false), 404, "no such path");
        expect_answer(client_read(fd, false), 200, "ok");
    }
    close(fd);
    http_stop(f);
}

/* Bytes that drip in, and bytes that never come, end the connection within the time-out. */
static void slow_clients(void **state)
{
    (void)state;
    struct http_fixture *f = http_start(
        (struct kvx_http_config){.request_timeout_ns = KVX_MS(400), .idle_timeout_ns = KVX_SECONDS(1)});
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
    expect_alive(f);
    http_stop(f);
}

static void connection_limits(void **state)
{
    int fds[8];
    (void)state;
    struct http_fixture *f = http_start((struct kvx_http_config){.connections_max = 4});
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
    /* the server learns of the closed ones in its own time */
    for (int tries = 0, status = 0; tries < 100 && status != 200; tries++) {
        usleep(50000);
        struct answer a = client_ask(f->port, "/health", NULL, NULL);
        status = a.status;
        answer_free(&a);
    }
    expect_alive(f);
    http_stop(f);
    f = http_start((struct kvx_http_config){.connections_per_ip = 2});
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
    http_stop(f);
}

static void body_memory(void **state)
{
    (void)state;
    struct http_fixture *f = http_start((struct kvx_http_config){.body_memory_max = 100000});
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
    expect_answer(a, 503, "no memory for the body");
    client_text(first, "}");
    expect_answer(client_read(first, false), 400, "`token_ids` is required");
    close(first);
    close(second);
    free(body);
    http_stop(f);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
