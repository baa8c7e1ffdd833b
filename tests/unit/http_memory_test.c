/* The REST server's memory: every allocation fails once, and many requests leave nothing behind. */
#include "http_fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The n-th allocation of a request fails, for each n: a clean answer or a closed connection, and the next
 * request is served. */
static void out_of_memory(void **state)
{
    static const struct {
        const char *path, *body, *part;
    } cases[] = {
        {"/query", "{\"token_ids\":[1,2,3],\"a\\u0062\":1}", "scores"},
        {"/register", "{\"instance_id\":\"a\\u0062\",\"endpoint\":\"tcp:\\/\\/x:1\"}", "ok"},
        {"/register",
         "{\"instance_id\":1,\"endpoint\":\"tcp://x:1\",\"model_name\":\"a\\u0062\",\"block_size\":1}", "ok"},
        {"/unregister",
         "{\"instance_id\":1,\"model\":\"\\u0062\",\"type\":\"vLLM\",\"block_size\":1,\"dp_rank\":0}",
         "removed"},
        {"/query", "{\"token_ids\":[],\"model_name\":\"\\u0062\",\"max_hits\":9}", "longest_matched"},
        {"/query", "{\"token_ids\":[],\"model\":\"\\u0062\",\"block_size\":1,\"instance_id\":\"x\"}", "DISK"},
        {"/query", "{\"token_ids\":[],\"candidates\":[{\"instance_id\":1},{\"instance_id\":\"\\u0062\"}]}",
         "scores"},
        {"/query_by_hash", "{\"seq_hashes\":[1],\"model\":\"\\u0062\",\"block_size\":1}", "DISK"},
        {"/workers", NULL, "instance_id"},
        {"/workers?model_name=a", NULL, "instance_id"},
        {"/services", NULL, "Endpoint"},
        {"/global_view", NULL, "partitions"},
        {"/peers", NULL, "http"},
        {"/register_peer", "{\"url\":\"\\u0062\"}", "ok"},
        {"/dump", NULL, "worker_id"},
        {"/dump?format=partitions", NULL, "worker_id"},
        {"/openapi.json", NULL, "openapi"},
    };
    (void)state;
    struct http_fixture *f = http_start((struct kvx_http_config){0});
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
        expect_alive(f);
    }
    http_stop(f);
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
    struct http_fixture *f = http_start((struct kvx_http_config){0});
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
    http_stop(f);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(start_out_of_memory),
        cmocka_unit_test(many_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
