/* How the REST server begins and ends. */
#include "http_fixture.h"

#include "base/clock.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

static void taken_port(void **state)
{
    (void)state;
    struct http_fixture *f = http_start((struct kvx_http_config){0});
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
    http_stop(f);
}

static void *ask_slowly(void *arg)
{
    struct http_fixture *f = arg;
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
    struct http_fixture *f = http_start((struct kvx_http_config){0});
    f->service.delay_ms = 300;
    int idle = client_connect(f->port);
    client_text(idle, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_answer(client_read(idle, false), 200, "ok");
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
    expect_answer(last, 200, "ok");
    http_stop(f);
    close(idle);
}

/* A request whose body is still arriving has begun and is answered; one that begins later is refused. */
static void shutdown_in_the_middle_of_a_body(void **state)
{
    static const char head[] = "POST /query HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                               "Content-Length: 19\r\n\r\n{\"token_ids\":";
    (void)state;
    struct http_fixture *f = http_start((struct kvx_http_config){.late_after_ns = 1});
    int begun = client_connect(f->port), later = client_connect(f->port);
    client_text(later, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_answer(client_read(later, false), 200, "ok");
    assert_true(kvx_http_drain(f->http, kvx_now_ns() + KVX_SECONDS(5))); /* what ended counts no more */
    client_text(begun, head);
    while (kvx_http_drain(f->http, 0)) /* until its first line has arrived */
        usleep(1000);
    kvx_http_quiesce(f->http);
    client_text(begun, "[1,2]}");
    expect_answer(client_read(begun, false), 200, "scores");
    client_text(later, "GET /workers HTTP/1.1\r\nHost: x\r\n\r\n");
    struct answer refused = client_read(later, false);
    assert_string_equal(answer_field(&refused, "Connection"), "close");
    assert_non_null(answer_field(&refused, "Retry-After"));
    expect_answer(refused, 503, "shutting down");
    http_stop(f);
    close(begun);
    close(later);
}

/* Stopped with a dump half read: nothing leaks, nothing waits. */
static void shutdown_with_stream(void **state)
{
    char bytes[100];
    (void)state;
    struct http_fixture *f = http_start((struct kvx_http_config){0});
    f->service.dump_events = 100000;
    int fd = client_connect(f->port);
    client_text(fd, "GET /dump HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(read(fd, bytes, sizeof(bytes)) > 0);
    kvx_http_quiesce(f->http);
    assert_false(kvx_http_drain(f->http, kvx_now_ns() + KVX_MS(50)));
    uint64_t begun = kvx_now_ns();
    http_stop(f);
    assert_true(kvx_now_ns() - begun < KVX_SECONDS(2));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taken_port),
        cmocka_unit_test(shutdown_in_flight),
        cmocka_unit_test(shutdown_in_the_middle_of_a_body),
        cmocka_unit_test(shutdown_with_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
