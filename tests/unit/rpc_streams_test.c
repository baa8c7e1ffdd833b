/* Streams over real sockets: many questions in flight, health watching, reflection. */
#include "rpc_server_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define QUERY_STREAM RPC_PATH("QueryStream")
#define REFLECTION_V1 "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
#define REFLECTION_V1ALPHA "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"

typedef Grpc__Reflection__V1__ServerReflectionRequest reflection_request;
typedef Grpc__Reflection__V1__ServerReflectionResponse reflection_response;
typedef Grpc__Reflection__V1__ServerReflectionRequest__MessageRequestCase request_kind;

/* ---- QueryStream ---- */

static bool ask(struct rpc_stream *s, uint64_t id, uint64_t first, size_t n)
{
    uint64_t hashes[64];
    Kvindex__V1__QueryByHashRequest h = KVINDEX__V1__QUERY_BY_HASH_REQUEST__INIT;
    Kvindex__V1__QueryStreamRequest q = KVINDEX__V1__QUERY_STREAM_REQUEST__INIT;
    for (size_t i = 0; i < n; i++)
        hashes[i] = first + i;
    h.block_hashes = hashes;
    h.n_block_hashes = n;
    q.request_id = id;
    if (n > 0) {
        q.question_case = KVINDEX__V1__QUERY_STREAM_REQUEST__QUESTION_QUERY_BY_HASH;
        q.query_by_hash = &h;
    }
    return rpc_stream_send_message(s, &q.base);
}

static Kvindex__V1__QueryStreamResponse *next_answer(struct rpc_stream *s)
{
    return (Kvindex__V1__QueryStreamResponse *)rpc_stream_read(
        s, &kvindex__v1__query_stream_response__descriptor);
}

static void a_thousand_questions_in_flight(void **state)
{
    struct rpc_fixture *f = *state;
    struct rpc_stream s;
    enum { N = 1000 };
    rpc_fill(f, 1, 64);
    rpc_stream_open(&s, &f->client, QUERY_STREAM, 60000);
    for (uint64_t i = 0; i < N; i++)
        assert_true(ask(&s, i * 3, 1, i % 65));
    rpc_stream_half_close(&s);
    for (uint64_t i = 0; i < N; i++) {
        Kvindex__V1__QueryStreamResponse *a = next_answer(&s);
        assert_non_null(a);
        assert_int_equal(a->request_id, i * 3);
        if (i % 65 == 0) { /* no question in it */
            assert_int_equal(a->outcome_case, KVINDEX__V1__QUERY_STREAM_RESPONSE__OUTCOME_ERROR);
            assert_int_equal(a->error->code, GRPC_STATUS_INVALID_ARGUMENT);
            assert_string_equal(a->error->message, "`question` is missing");
        } else {
            assert_int_equal(a->outcome_case, KVINDEX__V1__QUERY_STREAM_RESPONSE__OUTCOME_RESULT);
            assert_int_equal(a->result->n_hits, 1);
            assert_int_equal(a->result->hits[0]->device_blocks, i % 65);
        }
        protobuf_c_message_free_unpacked(&a->base, NULL);
    }
    assert_null(next_answer(&s));
    assert_int_equal(rpc_stream_status(&s, NULL, 0), GRPC_STATUS_OK);
    rpc_stream_close(&s);
}

/* What a question says of itself counts as in a unary call, and its failure is its own. */
static void questions_of_every_kind(void **state)
{
    struct rpc_fixture *f = *state;
    struct rpc_stream s;
    uint64_t hashes[] = {1, 2};
    uint32_t tokens[16] = {1};
    Kvindex__V1__QueryRequest t = KVINDEX__V1__QUERY_REQUEST__INIT;
    Kvindex__V1__QueryByHashRequest h = KVINDEX__V1__QUERY_BY_HASH_REQUEST__INIT;
    Kvindex__V1__QueryStreamRequest q = KVINDEX__V1__QUERY_STREAM_REQUEST__INIT;
    Kvindex__V1__Candidate candidate = KVINDEX__V1__CANDIDATE__INIT, *candidates[] = {&candidate};
    rpc_fill(f, 1, 2);
    t.token_ids = tokens;
    t.n_token_ids = 16;
    t.every_worker = true;
    h.block_hashes = hashes;
    h.n_block_hashes = 2;
    rpc_stream_open(&s, &f->client, QUERY_STREAM, 20000);
    for (q.request_id = 0; q.request_id < 5; q.request_id++) {
        q.question_case = KVINDEX__V1__QUERY_STREAM_REQUEST__QUESTION_QUERY_BY_HASH;
        q.query_by_hash = &h;
        h.n_sequence_hashes = q.request_id == 0 ? 2 : 0;
        h.sequence_hashes = hashes;
        h.model = (char *)(q.request_id == 1 ? "unknown" : "");
        h.candidates = candidates;
        h.n_candidates = q.request_id == 2;
        candidate.instance_id = (char *)"nobody";
        if (q.request_id == 3) {
            q.question_case = KVINDEX__V1__QUERY_STREAM_REQUEST__QUESTION_QUERY;
            q.query = &t;
        }
        assert_true(rpc_stream_send_message(&s, &q.base));
    }
    for (uint64_t i = 0; i < 5; i++) {
        Kvindex__V1__QueryStreamResponse *a = next_answer(&s);
        assert_non_null(a);
        assert_int_equal(a->request_id, i);
        if (i < 2) {
            assert_int_equal(a->outcome_case, KVINDEX__V1__QUERY_STREAM_RESPONSE__OUTCOME_ERROR);
            assert_int_equal(a->error->code, i == 0 ? GRPC_STATUS_INVALID_ARGUMENT : GRPC_STATUS_NOT_FOUND);
        } else {
            assert_int_equal(a->outcome_case, KVINDEX__V1__QUERY_STREAM_RESPONSE__OUTCOME_RESULT);
            assert_int_equal(a->result->n_hits, i == 2 ? 0 : 1);
        }
        if (i > 2)
            assert_int_equal(a->result->hits[0]->device_blocks, i == 3 ? 0 : 2);
        protobuf_c_message_free_unpacked(&a->base, NULL);
    }
    rpc_stream_close(&s);
}

/* A text that is too long or no text is refused by its id: other questions on the stream go on. */
static void a_bad_text_is_refused_alone(void **state)
{
    struct rpc_fixture *f = *state;
    struct rpc_stream s;
    char long_name[257 + 1] = "";
    uint64_t hash = 1;
    Kvindex__V1__QueryByHashRequest h = KVINDEX__V1__QUERY_BY_HASH_REQUEST__INIT;
    Kvindex__V1__QueryStreamRequest q = KVINDEX__V1__QUERY_STREAM_REQUEST__INIT;
    static const char nul[] = "\x08\x02\x1a\x06\x82\x01\x03"
                              "a\0b"; /* model "a<NUL>b", behind request_id 2 */
    rpc_fill(f, 1, 2);
    memset(long_name, 'm', sizeof(long_name) - 1);
    h.block_hashes = &hash;
    h.n_block_hashes = 1;
    h.model = long_name;
    q.request_id = 1;
    q.question_case = KVINDEX__V1__QUERY_STREAM_REQUEST__QUESTION_QUERY_BY_HASH;
    q.query_by_hash = &h;
    rpc_stream_open(&s, &f->client, QUERY_STREAM, 20000);
    assert_true(rpc_stream_send_message(&s, &q.base));
    assert_true(rpc_stream_send(&s, nul, sizeof(nul) - 1));
    assert_true(ask(&s, 3, 1, 2));
    static const char *const texts[] = {"`model`: 257 bytes, at most 256 are allowed",
                                        "`model`: not UTF-8 text, or contains U+0000"};
    for (uint64_t id = 1; id <= 3; id++) {
        Kvindex__V1__QueryStreamResponse *a = next_answer(&s);
        assert_non_null(a);
        assert_int_equal(a->request_id, id);
        if (id < 3) {
            assert_int_equal(a->outcome_case, KVINDEX__V1__QUERY_STREAM_RESPONSE__OUTCOME_ERROR);
            assert_int_equal(a->error->code, GRPC_STATUS_INVALID_ARGUMENT);
            assert_string_equal(a->error->message, texts[id - 1]);
        } else {
            assert_int_equal(a->outcome_case, KVINDEX__V1__QUERY_STREAM_RESPONSE__OUTCOME_RESULT);
            assert_int_equal(a->result->hits[0]->device_blocks, 2);
        }
        protobuf_c_message_free_unpacked(&a->base, NULL);
    }
    rpc_stream_close(&s);
}

/* Bytes that are no message have no request_id to answer to. */
static void a_malformed_message_ends_the_stream(void **state)
{
    struct rpc_fixture *f = *state;
    struct rpc_stream s;
    char text[KVX_ERROR_TEXT_MAX];
    rpc_fill(f, 1, 2);
    rpc_stream_open(&s, &f->client, QUERY_STREAM, 20000);
    assert_true(ask(&s, 1, 1, 2));
    assert_true(rpc_stream_send(&s, "\x08", 1));
    Kvindex__V1__QueryStreamResponse *a = next_answer(&s);
    assert_non_null(a); /* what was asked before is answered */
    protobuf_c_message_free_unpacked(&a->base, NULL);
    assert_null(next_answer(&s));
    assert_int_equal(rpc_stream_status(&s, text, sizeof(text)), GRPC_STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(text, "malformed QueryStreamRequest"));
    rpc_stream_close(&s);
}

static void memory_failures_in_a_stream(void **state)
{
    struct rpc_fixture *f = *state;
    struct rpc_stream s;
    char text[KVX_ERROR_TEXT_MAX];
    rpc_fill(f, 1, 64);
    int ended = 0, refused = 0;
    for (uint64_t n = 1; n < 30; n++) {
        rpc_stream_open(&s, &f->client, QUERY_STREAM, 20000);
        f->memory.fail_at = f->memory.calls + n;
        f->base.memory.fail_at = f->base.memory.calls + n;
        for (uint64_t i = 0; i < 5 && ask(&s, i, 1, 60); i++) {
            Kvindex__V1__QueryStreamResponse *a = next_answer(&s);
            if (!a)
                break;
            refused += a->outcome_case == KVINDEX__V1__QUERY_STREAM_RESPONSE__OUTCOME_ERROR;
            protobuf_c_message_free_unpacked(&a->base, NULL);
        }
        f->memory.fail_at = f->base.memory.fail_at = 0;
        rpc_stream_half_close(&s);
        int status = rpc_stream_status(&s, text, sizeof(text));
        assert_true(status == GRPC_STATUS_OK || status == GRPC_STATUS_UNAVAILABLE);
        ended += status != GRPC_STATUS_OK;
        rpc_stream_close(&s);
    }
    assert_true(ended + refused > 0);
}

/* ---- Health ---- */

static void open_watch(struct rpc_stream *s, struct rpc_fixture *f, const char *service)
{
    Grpc__Health__V1__HealthCheckRequest in = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    in.service = (char *)service;
    rpc_stream_open(s, &f->client, "/grpc.health.v1.Health/Watch", 20000);
    assert_true(rpc_stream_send_message(s, &in.base));
    rpc_stream_half_close(s);
}

static int next_health(struct rpc_stream *s)
{
    Grpc__Health__V1__HealthCheckResponse *m =
        (void *)rpc_stream_read(s, &grpc__health__v1__health_check_response__descriptor);
    int status = m ? (int)m->status : -1;
    if (m)
        protobuf_c_message_free_unpacked(&m->base, NULL);
    return status;
}

static int check_health(struct rpc_fixture *f, const char *service)
{
    uint8_t bytes[64];
    ProtobufCMessage *m;
    Grpc__Health__V1__HealthCheckRequest in = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    in.service = (char *)service;
    size_t len = protobuf_c_message_pack(&in.base, bytes);
    struct rpc_error e = rpc_call_bytes(&f->client, "/grpc.health.v1.Health/Check", bytes, len, 20000,
                                        &grpc__health__v1__health_check_response__descriptor, &m);
    if (e.status != GRPC_STATUS_OK)
        return -e.status;
    int status = (int)((Grpc__Health__V1__HealthCheckResponse *)m)->status;
    protobuf_c_message_free_unpacked(m, NULL);
    return status;
}

enum { SERVING = 1, NOT_SERVING = 2, SERVICE_UNKNOWN = 3 }; /* of grpc.health.v1 */

static void health_is_watched(void **state)
{
    struct rpc_fixture *f = *state;
    struct rpc_stream known, unknown;
    assert_int_equal(check_health(f, ""), SERVING);
    assert_int_equal(check_health(f, "kvindex.v1.KvIndexer"), SERVING);
    assert_int_equal(check_health(f, "nothing"), -GRPC_STATUS_NOT_FOUND);
    open_watch(&known, f, "kvindex.v1.KvIndexer");
    open_watch(&unknown, f, "nothing");
    assert_int_equal(next_health(&known), SERVING);
    assert_int_equal(next_health(&unknown), SERVICE_UNKNOWN);
    kvx_service_drain(f->base.service);
    assert_int_equal(next_health(&known), NOT_SERVING);
    assert_int_equal(check_health(f, ""), NOT_SERVING); /* answered although the service drains */
    rpc_stream_cancel(&unknown);
    assert_int_equal(next_health(&unknown), -1); /* other services' changes are not its */
    rpc_stream_close(&known);
    rpc_stream_close(&unknown);
}

/* ---- Reflection ---- */

static reflection_response *reflect(struct rpc_fixture *f, const char *path, const reflection_request *in)
{
    struct rpc_stream s;
    rpc_stream_open(&s, &f->client, path, 20000);
    assert_true(rpc_stream_send_message(&s, &in->base));
    reflection_response *out =
        (void *)rpc_stream_read(&s, &grpc__reflection__v1__server_reflection_response__descriptor);
    assert_non_null(out);
    rpc_stream_half_close(&s);
    assert_null(rpc_stream_read(&s, &grpc__reflection__v1__server_reflection_response__descriptor));
    assert_int_equal(rpc_stream_status(&s, NULL, 0), GRPC_STATUS_OK);
    rpc_stream_close(&s);
    return out;
}

static void done(reflection_response *r)
{
    protobuf_c_message_free_unpacked(&r->base, NULL);
}

#define ASK(name) GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##name
#define TOLD(name) GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##name

static void expect_file(struct rpc_fixture *f, const char *path, request_kind kind, const char *name,
                        const char *in_file)
{
    reflection_request in = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;
    in.message_request_case = kind;
    in.file_containing_symbol = (char *)name; /* the same place as file_by_filename in the union */
    reflection_response *r = reflect(f, path, &in);
    if (in_file) {
        assert_int_equal(r->message_response_case, TOLD(FILE_DESCRIPTOR_RESPONSE));
        assert_int_equal(r->file_descriptor_response->n_file_descriptor_proto, 1);
        const ProtobufCBinaryData *file = &r->file_descriptor_response->file_descriptor_proto[0];
        assert_int_equal(file->data[1], strlen(in_file)); /* field 1, the file's name */
        assert_memory_equal(file->data + 2, in_file, strlen(in_file));
    } else {
        assert_int_equal(r->message_response_case, TOLD(ERROR_RESPONSE));
        assert_int_equal(r->error_response->error_code, GRPC_STATUS_NOT_FOUND);
    }
    done(r);
}

static void the_schema_is_reflected(void **state)
{
    struct rpc_fixture *f = *state;
    static const char ours[] = "kvindex/v1/kvindex.proto", health[] = "grpc/health/v1/health.proto";
    for (int alpha = 0; alpha < 2; alpha++) {
        const char *path = alpha ? REFLECTION_V1ALPHA : REFLECTION_V1;
        reflection_request in = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;
        in.message_request_case = ASK(LIST_SERVICES);
        in.list_services = (char *)"";
        reflection_response *r = reflect(f, path, &in);
        assert_int_equal(r->message_response_case, TOLD(LIST_SERVICES_RESPONSE));
        assert_int_equal(r->list_services_response->n_service, 4);
        assert_string_equal(r->list_services_response->service[0]->name, "kvindex.v1.KvIndexer");
        done(r);

        expect_file(f, path, ASK(FILE_BY_FILENAME), ours, ours);
        expect_file(f, path, ASK(FILE_BY_FILENAME), "no.proto", NULL);
        expect_file(f, path, ASK(FILE_CONTAINING_SYMBOL), "kvindex.v1.KvIndexer", ours);
        expect_file(f, path, ASK(FILE_CONTAINING_SYMBOL), "kvindex.v1.KvIndexer.Query", ours);
        expect_file(f, path, ASK(FILE_CONTAINING_SYMBOL), ".kvindex.v1.Hit", ours);
        expect_file(f, path, ASK(FILE_CONTAINING_SYMBOL), "grpc.health.v1.HealthCheckResponse.ServingStatus",
                    health);
        expect_file(f, path, ASK(FILE_CONTAINING_SYMBOL), "kvindex.v2.Hit.x", NULL);

        in.message_request_case = ASK(ALL_EXTENSION_NUMBERS_OF_TYPE);
        r = reflect(f, path, &in);
        assert_int_equal(r->message_response_case, TOLD(ERROR_RESPONSE));
        assert_int_equal(r->error_response->error_code, GRPC_STATUS_UNIMPLEMENTED);
        done(r);
        in.message_request_case = ASK(_NOT_SET);
        r = reflect(f, path, &in);
        assert_int_equal(r->error_response->error_code, GRPC_STATUS_INVALID_ARGUMENT);
        done(r);
    }
}

/* Counts one request in; an answered one may not have ended yet. */
static void begin_one(struct kvx_service *service)
{
    struct kvx_error e;
    for (int i = 0; i < 2000; i++) {
        if (kvx_service_begin(service, &e) == 0)
            return;
        usleep(1000);
    }
    fail_msg("%s", e.text);
}

/* A service that is over its limit of requests says so per question, and keeps the stream. */
static void a_stream_while_the_service_is_full(void **state)
{
    struct rpc_fixture *f = *state;
    struct rpc_stream s;
    int blocks;
    rpc_fill(f, 1, 2);
    rpc_stream_open(&s, &f->client, QUERY_STREAM, 20000);
    for (int i = 0; i < FIXTURE_INFLIGHT_MAX; i++)
        begin_one(f->base.service);
    assert_true(ask(&s, 1, 1, 2));
    Kvindex__V1__QueryStreamResponse *a = next_answer(&s);
    assert_int_equal(a->request_id, 1);
    assert_int_equal(a->outcome_case, KVINDEX__V1__QUERY_STREAM_RESPONSE__OUTCOME_ERROR);
    assert_int_equal(a->error->code, GRPC_STATUS_UNAVAILABLE);
    protobuf_c_message_free_unpacked(&a->base, NULL);
    assert_int_equal(rpc_score(f, "a", 1, 1, &blocks), GRPC_STATUS_UNAVAILABLE);
    for (int i = 0; i < FIXTURE_INFLIGHT_MAX; i++)
        kvx_service_end(f->base.service);
    assert_true(ask(&s, 2, 1, 2));
    a = next_answer(&s);
    assert_int_equal(a->outcome_case, KVINDEX__V1__QUERY_STREAM_RESPONSE__OUTCOME_RESULT);
    protobuf_c_message_free_unpacked(&a->base, NULL);
    rpc_stream_close(&s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rpc_fixture_open, rpc_fixture_close)
    const struct CMUnitTest tests[] = {
        TEST(a_thousand_questions_in_flight), TEST(questions_of_every_kind),
        TEST(a_bad_text_is_refused_alone),    TEST(a_malformed_message_ends_the_stream),
        TEST(memory_failures_in_a_stream),    TEST(health_is_watched),
        TEST(the_schema_is_reflected),        TEST(a_stream_while_the_service_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
