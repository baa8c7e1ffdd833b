/* Ends of the server's life with calls open, many times over. */
#include "rpc_server_fixture.h"

#include <pthread.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROUNDS = 20, STREAMS = 12, CALLERS = 12, CONNECT_TRIES = 500 };

/* Asks until the server is gone; every answer must be right, and every failure one that a shutdown explains.
 * Before the first answer a connection may fail to come about under load: then it is tried again. */
struct caller {
    pthread_t thread;
    uint16_t port;
    _Atomic int answered;
    _Atomic bool ended;
    int wrong;
};

static void *call_until_refused(void *arg)
{
    struct caller *c = arg;
    struct rpc_fixture view = {0};
    int status = GRPC_STATUS_OK, blocks;
    rpc_client_open(&view.client, c->port, false);
    for (int tries = 0; status == GRPC_STATUS_OK; tries++) {
        status = rpc_score(&view, "a", 1, 1000, &blocks);
        if (status == GRPC_STATUS_UNAVAILABLE && atomic_load(&c->answered) == 0 && tries < CONNECT_TRIES) {
            nanosleep(&(struct timespec){0, 10000000}, NULL);
            status = GRPC_STATUS_OK;
            continue;
        }
        if (status == GRPC_STATUS_OK) {
            c->wrong += blocks != 100;
            atomic_fetch_add(&c->answered, 1);
        }
    }
    c->wrong += status != GRPC_STATUS_UNAVAILABLE && status != GRPC_STATUS_CANCELLED;
    atomic_store(&c->ended, true);
    rpc_client_close(&view.client);
    return NULL;
}

static void open_streams(struct rpc_fixture *f, struct rpc_stream *streams)
{
    static const char *const paths[3] = {RPC_PATH("QueryStream"), RPC_PATH("Dump"),
                                         "/grpc.health.v1.Health/Watch"};
    for (int i = 0; i < STREAMS; i++) {
        rpc_stream_open(&streams[i], &f->client, paths[i % 3], 60000);
        if (i % 3 == 0)
            continue; /* an open stream without a question */
        assert_true(rpc_stream_send(&streams[i], "", 0));
        rpc_stream_half_close(&streams[i]);
    }
}

static void shut_down_once(uint64_t grace_ns)
{
    void *state;
    struct rpc_stream streams[STREAMS];
    struct caller callers[CALLERS];
    assert_int_equal(rpc_fixture_open(&state), 0);
    struct rpc_fixture *f = state;
    rpc_fill(f, 1, 100);
    for (uint64_t i = 1; i < 4096; i++) /* 16 MiB of dump: more than one stream's window takes */
        assert_int_equal(fixture_store(&f->base, 0, false, 0, i * 1000, 256, 5), KVX_OK);
    open_streams(f, streams);
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){.port = kvx_rpc_port(f->rpc)};
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call_until_refused, &callers[i]), 0);
    }
    for (int i = 0; i < CALLERS; i++)
        while (atomic_load(&callers[i].answered) == 0 && !atomic_load(&callers[i].ended))
            nanosleep(&(struct timespec){0, 1000000}, NULL);
    for (int i = 0; i < CALLERS; i++)
        assert_true(atomic_load(&callers[i].answered) > 0);
    uint64_t start = kvx_now_ns();
    kvx_rpc_drain(f->rpc, start + grace_ns);
    assert_true(kvx_now_ns() - start < grace_ns + KVX_SECONDS(3));
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(callers[i].thread, NULL);
        assert_int_equal(callers[i].wrong, 0);
    }
    for (int i = 0; i < STREAMS; i++)
        rpc_stream_close(&streams[i]);
    assert_int_equal(rpc_fixture_close(&state), 0);
}

static void with_grace(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS / 2; i++)
        shut_down_once(KVX_MS(100));
}

static void without_grace(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS / 2; i++)
        shut_down_once(0);
}

/* Streams that wait are told why, and need no cancelling. */
static void waiting_streams_are_told(void **state)
{
    struct rpc_fixture *f = *state;
    struct rpc_stream watch, questions;
    char text[KVX_ERROR_TEXT_MAX];
    rpc_stream_open(&watch, &f->client, "/grpc.health.v1.Health/Watch", 60000);
    assert_true(rpc_stream_send(&watch, "", 0));
    rpc_stream_half_close(&watch);
    rpc_stream_open(&questions, &f->client, RPC_PATH("QueryStream"), 60000);
    ProtobufCMessage *m = rpc_stream_read(&watch, &grpc__health__v1__health_check_response__descriptor);
    assert_non_null(m);
    protobuf_c_message_free_unpacked(m, NULL);
    uint64_t start = kvx_now_ns();
    kvx_rpc_drain(f->rpc, start + KVX_SECONDS(30));
    assert_true(kvx_now_ns() - start < KVX_SECONDS(5)); /* far from the deadline */
    Grpc__Health__V1__HealthCheckResponse *last =
        (void *)rpc_stream_read(&watch, &grpc__health__v1__health_check_response__descriptor);
    assert_non_null(last);
    assert_int_equal(last->status, GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING);
    protobuf_c_message_free_unpacked(&last->base, NULL);
    assert_int_equal(rpc_stream_status(&watch, text, sizeof(text)), GRPC_STATUS_UNAVAILABLE);
    assert_string_equal(text, "shutting down");
    assert_int_equal(rpc_stream_status(&questions, text, sizeof(text)), GRPC_STATUS_UNAVAILABLE);
    assert_string_equal(text, "shutting down");
    rpc_stream_close(&watch);
    rpc_stream_close(&questions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_grace),
        cmocka_unit_test(without_grace),
        cmocka_unit_test_setup_teardown(waiting_streams_are_told, rpc_fixture_open, rpc_fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
