/* Unary calls over real sockets: every operation, every row of the error table that gRPC has. */
#include "base/block_hash.h"
#include "rpc_server_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect(struct rpc_error e, int status, const char *text)
{
    if (e.status != status || !strstr(e.text, text))
        fail_msg("status %d \"%s\", not %d \"%s\"", e.status, e.text, status, text);
}

static void registration(void **state)
{
    struct rpc_fixture *f = *state;
    ProtobufCMessage *m;
    Kvindex__V1__UnregisterRequest u = KVINDEX__V1__UNREGISTER_REQUEST__INIT;
    Kvindex__V1__ListWorkersRequest l = KVINDEX__V1__LIST_WORKERS_REQUEST__INIT;
    expect(rpc_register(f, "1", 0), GRPC_STATUS_OK, "");
    expect(rpc_register(f, "1", 0), GRPC_STATUS_ALREADY_EXISTS, "instance 1 dp_rank 0 already registered");
    expect(rpc_register(f, "2", 32), GRPC_STATUS_FAILED_PRECONDITION, "32");
    expect(rpc_register(f, "", 0), GRPC_STATUS_INVALID_ARGUMENT, "`instance_id` is missing");
    expect(rpc_register(f, "3", 65537), GRPC_STATUS_INVALID_ARGUMENT, "`block_size_tokens`");
    expect(rpc_register(f, "kvindex-fault-internal", 0), GRPC_STATUS_INTERNAL, "");
    f->base.refuse_open = true;
    expect(rpc_register(f, "3", 0), GRPC_STATUS_INVALID_ARGUMENT, "`endpoint`");
    f->base.refuse_open = false;

    expect(rpc_call(&f->client, "ListWorkers", &l.base, &kvindex__v1__list_workers_response__descriptor, &m),
           GRPC_STATUS_OK, "");
    const Kvindex__V1__ListWorkersResponse *list = (const void *)m;
    assert_int_equal(list->n_workers, 1);
    const Kvindex__V1__WorkerStatus *w = list->workers[0];
    assert_string_equal(w->worker->instance_id, "1");
    assert_string_equal(w->endpoint, "tcp://127.0.0.1:5557");
    assert_string_equal(w->replay_endpoint, "");
    assert_string_equal(w->model, "default");
    assert_int_equal(w->state, KVINDEX__V1__SOURCE_STATE__SOURCE_STATE_CONNECTING);
    assert_int_equal(w->sequence_case, KVINDEX__V1__WORKER_STATUS__SEQUENCE__NOT_SET);
    assert_int_equal(w->block_size_tokens, 16);
    protobuf_c_message_free_unpacked(m, NULL);

    u.instance_id = (char *)"1";
    u.rank_case = KVINDEX__V1__UNREGISTER_REQUEST__RANK_DP_RANK;
    u.dp_rank = 3;
    expect(rpc_call(&f->client, "Unregister", &u.base, &kvindex__v1__unregister_response__descriptor, NULL),
           GRPC_STATUS_NOT_FOUND, "1");
    u.rank_case = KVINDEX__V1__UNREGISTER_REQUEST__RANK__NOT_SET;
    expect(rpc_call(&f->client, "Unregister", &u.base, &kvindex__v1__unregister_response__descriptor, &m),
           GRPC_STATUS_OK, "");
    assert_int_equal(((Kvindex__V1__UnregisterResponse *)m)->removed_workers, 1);
    protobuf_c_message_free_unpacked(m, NULL);
}

static void scores(void **state)
{
    struct rpc_fixture *f = *state;
    int blocks;
    rpc_fill(f, 100, 40);
    assert_int_equal(rpc_score(f, "a", 100, 50, &blocks), GRPC_STATUS_OK);
    assert_int_equal(blocks, 40);
    assert_int_equal(rpc_score(f, "a", 99, 50, &blocks), GRPC_STATUS_OK);
    assert_int_equal(blocks, -1);
}

static void scores_of_tokens(void **state)
{
    struct rpc_fixture *f = *state;
    ProtobufCMessage *m;
    uint32_t tokens[40];
    Kvindex__V1__QueryRequest in = KVINDEX__V1__QUERY_REQUEST__INIT;
    for (uint32_t i = 0; i < 40; i++)
        tokens[i] = i + 1;
    rpc_fill(f, kvx_block_hash(KVX_HASH_SEED, tokens, 16, NULL, 0), 1);
    in.token_ids = tokens;
    in.n_token_ids = 40;
    expect(rpc_call(&f->client, "Query", &in.base, &kvindex__v1__query_response__descriptor, &m),
           GRPC_STATUS_OK, "");
    const Kvindex__V1__QueryResult *result = ((Kvindex__V1__QueryResponse *)m)->result;
    assert_int_equal(result->asked_blocks, 2);
    assert_int_equal(result->block_size_tokens, 16);
    assert_int_equal(result->n_hits, 1);
    assert_int_equal(result->hits[0]->device_blocks, 1);
    assert_int_equal(result->hits[0]->through_external_blocks, 1);
    assert_int_equal(result->hits[0]->total_blocks, 1);
    assert_int_equal(result->hits[0]->state, KVINDEX__V1__SOURCE_STATE__SOURCE_STATE_CONNECTING);
    protobuf_c_message_free_unpacked(m, NULL);
}

static void health_of_the_service(void **state)
{
    struct rpc_fixture *f = *state;
    ProtobufCMessage *m;
    Kvindex__V1__GetHealthRequest in = KVINDEX__V1__GET_HEALTH_REQUEST__INIT;
    rpc_register(f, "x", 0);
    expect(rpc_call(&f->client, "GetHealth", &in.base, &kvindex__v1__get_health_response__descriptor, &m),
           GRPC_STATUS_OK, "");
    const Kvindex__V1__GetHealthResponse *h = (const void *)m;
    assert_false(h->draining);
    assert_int_equal(h->workers, 1);
    assert_int_equal(h->n_workers_by_state, 1);
    assert_int_equal(h->workers_by_state[0]->state, KVINDEX__V1__SOURCE_STATE__SOURCE_STATE_CONNECTING);
    assert_true(h->n_reasons >= 1);
    protobuf_c_message_free_unpacked(m, NULL);
}

static struct rpc_error raw(struct rpc_fixture *f, const char *path, const void *data, size_t len)
{
    return rpc_call_bytes(&f->client, path, data, len, 20000, &kvindex__v1__query_response__descriptor, NULL);
}

static void bad_calls_cost_a_status(void **state)
{
    struct rpc_fixture *f = *state;
    int blocks;
    size_t size = 8 * 1024 * 1024 + 1;
    uint8_t *large = calloc(1, size);
    assert_non_null(large);
    expect(raw(f, RPC_PATH("Nothing"), "", 0), GRPC_STATUS_UNIMPLEMENTED, "/kvindex.v1.KvIndexer/Nothing");
    expect(raw(f, "/no.Service/Method", "", 0), GRPC_STATUS_UNIMPLEMENTED, "/no.Service/Method");
    expect(raw(f, RPC_PATH("Query"), "\x0a\xff", 2), GRPC_STATUS_INVALID_ARGUMENT, "malformed QueryRequest");
    expect(raw(f, RPC_PATH("Query"), "\x0a\x01x", 3), GRPC_STATUS_INVALID_ARGUMENT, "`token_ids`");
    expect(raw(f, RPC_PATH("Query"), large, size), GRPC_STATUS_RESOURCE_EXHAUSTED, "");
    free(large);
    assert_int_equal(rpc_score(f, "a", 1, 1, &blocks), GRPC_STATUS_OK);
}

/* A small message can stand for gigabytes, before any limit of ours sees it. */
static void compressed_requests_are_refused(void **state)
{
    struct rpc_fixture *f = *state;
    struct rpc_client packed;
    size_t size = 1 << 20;
    uint8_t *zeros = calloc(1, size);
    assert_non_null(zeros);
    rpc_client_open(&packed, kvx_rpc_port(f->rpc), true);
    struct rpc_error e = rpc_call_bytes(&packed, RPC_PATH("Query"), zeros, size, 20000,
                                        &kvindex__v1__query_response__descriptor, NULL);
    assert_int_equal(e.status, GRPC_STATUS_UNIMPLEMENTED);
    rpc_client_close(&packed);
    free(zeros);
}

static bool counted_now(struct rpc_fixture *f, const char *line)
{
    struct kvx_buf page;
    kvx_buf_init(&page, &kvx_system_allocator, 1 << 20);
    kvx_metrics_write(&f->base.metrics, &page);
    kvx_buf_char(&page, 0);
    bool found = kvx_buf_ok(&page) && strstr(page.data, line) != NULL;
    kvx_buf_free(&page);
    return found;
}

/* Calls are counted when their answer has left, a moment later. */
static bool counted(struct rpc_fixture *f, const char *line)
{
    for (int tries = 0; tries < 400; tries++, nanosleep(&(struct timespec){0, 5000000}, NULL))
        if (counted_now(f, line))
            return true;
    return false;
}

/* While a dump waits for the index, the only thread looks at nothing else; the call behind it comes too late.
 */
static void a_passed_deadline(void **state)
{
    struct rpc_fixture *f = *state;
    struct kvx_rpc *single;
    struct rpc_client client;
    struct rpc_stream dump;
    int blocks;
    const struct kvx_rpc_config config = {
        .bind = "127.0.0.1",
        .threads = 1,
        .service = f->base.service,
        .metrics = &f->base.metrics,
        .allocator = &f->memory.allocator,
    };
    assert_int_equal(kvx_rpc_new(&single, &config, &f->base.error), KVX_OK);
    rpc_client_open(&client, kvx_rpc_port(single), false);
    rpc_fill(f, 1, 1);
    struct kvx_feed_worker *worker;
    assert_int_equal(kvx_feed_worker(f->base.sources[0].feed, NULL, false, 0, &worker), KVX_OK);
    struct kvx_index *index = worker->index;
    kvx_index_lock(index);
    rpc_stream_open(&dump, &client, RPC_PATH("Dump"), 20000);
    assert_true(rpc_stream_send(&dump, "", 0));
    rpc_stream_half_close(&dump);
    nanosleep(&(struct timespec){0, 200000000}, NULL);
    struct rpc_error e = rpc_call_bytes(&client, RPC_PATH("Query"), "", 0, 200,
                                        &kvindex__v1__query_response__descriptor, NULL);
    kvx_index_unlock(index);
    assert_int_equal(e.status, GRPC_STATUS_DEADLINE_EXCEEDED);
    rpc_stream_close(&dump);
    rpc_client_close(&client);
    kvx_rpc_free(single);
    assert_int_equal(rpc_score(f, "a", 1, 1, &blocks), GRPC_STATUS_OK);
    assert_int_equal(blocks, 1);
}

/* What a client is told and what the metrics say must agree. */
static void failures_are_counted(void **state)
{
    struct rpc_fixture *f = *state;
    int blocks;
    rpc_register(f, "", 0);
    rpc_score(f, "a", 1, 1, &blocks);
    assert_true(counted(f, "kvindex_request_errors_total{protocol=\"grpc\",operation=\"Register\"} 1\n"));
    assert_true(counted(f, "_count{protocol=\"grpc\",operation=\"QueryByHash\"} 1\n"));
}

/* Every allocation of the server fails once while calls come in: each ends with a status, and the server
 * lives. */
static void memory_failures_end_in_a_status(void **state)
{
    struct rpc_fixture *f = *state;
    int blocks;
    rpc_fill(f, 1, 100);
    for (uint64_t n = 1; n < 40; n++) {
        for (int both = 0; both < 2; both++) {
            struct failing_allocator *a = both ? &f->base.memory : &f->memory;
            a->fail_at = a->calls + n;
            int status = rpc_score(f, "a", 1, 700, &blocks);
            assert_true(status == GRPC_STATUS_OK || status == GRPC_STATUS_UNAVAILABLE);
            a->fail_at = 0;
            assert_int_equal(rpc_score(f, "a", 1, 700, &blocks), GRPC_STATUS_OK);
            assert_int_equal(blocks, 100);
        }
    }
}

static void a_taken_port_is_an_error(void **state)
{
    struct rpc_fixture *f = *state;
    struct kvx_rpc *second;
    struct kvx_rpc_config config = {
        .bind = "127.0.0.1",
        .port = kvx_rpc_port(f->rpc),
        .threads = 1,
        .service = f->base.service,
        .metrics = &f->base.metrics,
        .allocator = &f->memory.allocator,
    };
    assert_int_equal(kvx_rpc_new(&second, &config, &f->base.error), KVX_INVALID);
    assert_non_null(strstr(f->base.error.text, "cannot listen on 127.0.0.1"));
    config.port = 0;
    config.bind = "nonsense";
    assert_int_equal(kvx_rpc_new(&second, &config, &f->base.error), KVX_INVALID);
}

/* A server that cannot get memory while it starts leaves nothing behind. */
static void starting_without_memory(void **state)
{
    struct rpc_fixture *f = *state;
    struct failing_allocator *memory = &f->base.memory; /* nobody else uses it meanwhile */
    struct kvx_rpc *second;
    const struct kvx_rpc_config config = {
        .bind = "127.0.0.1",
        .threads = 2,
        .service = f->base.service,
        .metrics = &f->base.metrics,
        .allocator = &memory->allocator,
    };
    int status = KVX_NOMEM;
    uint64_t failures = 0;
    for (; status == KVX_NOMEM; failures++) {
        memory->fail_at = memory->calls + failures + 1;
        status = kvx_rpc_new(&second, &config, &f->base.error);
    }
    assert_int_equal(status, KVX_OK);
    assert_true(failures > 3); /* the server, its histograms, its queues and their callers */
    kvx_rpc_free(second);
    memory->fail_at = 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rpc_fixture_open, rpc_fixture_close)
    const struct CMUnitTest tests[] = {
        TEST(registration),
        TEST(scores),
        TEST(scores_of_tokens),
        TEST(health_of_the_service),
        TEST(bad_calls_cost_a_status),
        TEST(compressed_requests_are_refused),
        TEST(a_passed_deadline),
        TEST(failures_are_counted),
        TEST(memory_failures_end_in_a_status),
        TEST(a_taken_port_is_an_error),
        TEST(starting_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
