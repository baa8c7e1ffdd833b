/* Requests from bytes to checked messages: the wire, the limits, the memory. */
#include "failing_allocator.h"
#include "kvindex_rpc.h"
#include "request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct failing_allocator memory;
static struct kvx_arena arena;
static struct kvx_error error;

static int set_up(void **state)
{
    (void)state;
    failing_allocator_init(&memory);
    kvx_arena_init(&arena, &memory.allocator, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kvx_arena_reset(&arena);
    return memory.live != 0;
}

static const struct kvx_rpc_rules *rules_of(enum kvx_rpc_operation operation)
{
    return kvindex_rpc_schema.methods[operation].request;
}

static int decode_bytes(enum kvx_rpc_operation operation, const void *data, size_t len,
                        ProtobufCMessage **out)
{
    kvx_arena_reset(&arena);
    error.text[0] = 0;
    int status = kvx_rpc_unpack(rules_of(operation), data, len, &arena, out, &error);
    return status < 0 ? status : kvx_rpc_check(rules_of(operation), *out, &error);
}

static int decode(enum kvx_rpc_operation operation, const ProtobufCMessage *m, ProtobufCMessage **out)
{
    size_t len = protobuf_c_message_get_packed_size(m);
    uint8_t *data = malloc(len + 1);
    assert_non_null(data);
    protobuf_c_message_pack(m, data);
    int status = decode_bytes(operation, data, len, out);
    free(data);
    return status;
}

/* Bytes of a Register or other small request, written out. */
static void expect_bytes(enum kvx_rpc_operation operation, const char *bytes, size_t len, int code,
                         const char *text)
{
    ProtobufCMessage *m;
    assert_int_equal(decode_bytes(operation, bytes, len, &m), code);
    if (!strstr(error.text, text))
        fail_msg("\"%s\" does not contain \"%s\"", error.text, text);
}
#define EXPECT(operation, bytes, code, text) expect_bytes(operation, bytes, sizeof(bytes) - 1, code, text)

static void the_wire_is_checked(void **state)
{
    (void)state;
    enum kvx_rpc_operation r = KVX_RPC_KV_INDEXER_REGISTER, q = KVX_RPC_KV_INDEXER_QUERY,
                           u = KVX_RPC_KV_INDEXER_UNREGISTER, l = KVX_RPC_KV_INDEXER_LIST_WORKERS;
    EXPECT(u, "\x0a\x01x", KVX_OK, "");
    EXPECT(u, "\x0a\x01x\x10\x05", KVX_OK, "");
    EXPECT(u, "\x0a", KVX_INVALID, "ends inside a field");
    EXPECT(u, "\x0a\x02x", KVX_INVALID, "ends inside a field");
    EXPECT(u, "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", KVX_INVALID, "ends inside a field");
    EXPECT(u, "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", KVX_INVALID, "ends inside a field");
    EXPECT(u, "\x02\x00", KVX_INVALID, "field number");
    EXPECT(u, "\x80", KVX_INVALID, "field number");
    EXPECT(u, "\x0b\x0c", KVX_INVALID, "wire type");
    EXPECT(u, "\x0f", KVX_INVALID, "wire type");
    EXPECT(u, "\x08\x01", KVX_INVALID, "`instance_id`: came as another type");
    EXPECT(u, "\x0a\x01x\x15\x01\x00\x00\x00", KVX_INVALID, "`dp_rank`: came as another type");
    EXPECT(u, "\x0a\x01x\x12\x01\x01", KVX_INVALID, "`dp_rank`: not a list");
    EXPECT(r, "\x0a\x01\xff", KVX_INVALID, "`instance_id`: not UTF-8");
    EXPECT(r,
           "\x0a\x03"
           "a\0b",
           KVX_INVALID, "`instance_id`: not UTF-8");
    EXPECT(q, "\x0a\x03\x01\x02\x03", KVX_INVALID, "`token_ids`: the packed list ends inside a number");
    EXPECT(q, "\x0a\x04\x01\x02\x03\x04", KVX_OK, "");
    EXPECT(q, "\x0d\x01\x02\x03\x04", KVX_OK, "");
    EXPECT(l, "", KVX_OK, "");
    EXPECT(l, "\x0a\x01x\x11\x01\x02\x03\x04\x05\x06\x07\x08\x18\x05\x25\x01\x02\x03\x04", KVX_OK,
           ""); /* unknown */
}

static void register_limits(void **state)
{
    (void)state;
    ProtobufCMessage *m;
    char longest[1026];
    Kvindex__V1__RegisterRequest r = KVINDEX__V1__REGISTER_REQUEST__INIT;
    memset(longest, 'x', sizeof(longest));
    longest[1025] = 0;
    const struct {
        size_t id, endpoint, replay;
        uint32_t block_size;
        int code;
        const char *text;
    } rows[] = {
        {1, 1, 0, 0, KVX_OK, ""},
        {256, 1024, 1024, 65536, KVX_OK, ""},
        {0, 1, 0, 0, KVX_INVALID, "`instance_id` is missing"},
        {257, 1, 0, 0, KVX_INVALID, "`instance_id`: 257 bytes, at most 256 are allowed"},
        {1, 0, 0, 0, KVX_INVALID, "`endpoint` is missing"},
        {1, 1025, 0, 0, KVX_INVALID, "`endpoint`: 1025 bytes, at most 1024 are allowed"},
        {1, 1, 1025, 0, KVX_INVALID, "`replay_endpoint`: 1025 bytes"},
        {1, 1, 0, 65537, KVX_INVALID, "`block_size_tokens`: 65537 is above 65536"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        r.instance_id = longest + 1025 - rows[i].id;
        r.endpoint = longest + 1025 - rows[i].endpoint;
        r.replay_endpoint = longest + 1025 - rows[i].replay;
        r.block_size_tokens = rows[i].block_size;
        assert_int_equal(decode(KVX_RPC_KV_INDEXER_REGISTER, &r.base, &m), rows[i].code);
        if (!strstr(error.text, rows[i].text))
            fail_msg("row %zu: %s", i, error.text);
    }
}

static void item_limits(void **state)
{
    (void)state;
    ProtobufCMessage *m;
    Kvindex__V1__QueryRequest q = KVINDEX__V1__QUERY_REQUEST__INIT;
    Kvindex__V1__QueryByHashRequest h = KVINDEX__V1__QUERY_BY_HASH_REQUEST__INIT;
    Kvindex__V1__QueryStreamRequest s = KVINDEX__V1__QUERY_STREAM_REQUEST__INIT;
    uint64_t *numbers = calloc(1048577, sizeof(*numbers));
    assert_non_null(numbers);
    q.token_ids = (uint32_t *)numbers;
    h.block_hashes = numbers;
    q.n_token_ids = 1048576;
    h.n_block_hashes = 524288;
    assert_int_equal(decode(KVX_RPC_KV_INDEXER_QUERY, &q.base, &m), KVX_OK);
    assert_int_equal(((Kvindex__V1__QueryRequest *)m)->n_token_ids, 1048576);
    assert_int_equal(decode(KVX_RPC_KV_INDEXER_QUERY_BY_HASH, &h.base, &m), KVX_OK);
    q.n_token_ids++;
    h.n_block_hashes++;
    assert_int_equal(decode(KVX_RPC_KV_INDEXER_QUERY, &q.base, &m), KVX_TOO_LARGE);
    assert_string_equal(error.text, "`token_ids`: 1048577 items, at most 1048576 are allowed");
    assert_int_equal(decode(KVX_RPC_KV_INDEXER_QUERY_BY_HASH, &h.base, &m), KVX_TOO_LARGE);

    assert_int_equal(decode(KVX_RPC_KV_INDEXER_QUERY_STREAM, &s.base, &m), KVX_INVALID);
    assert_string_equal(error.text, "`question` is missing");
    s.question_case = KVINDEX__V1__QUERY_STREAM_REQUEST__QUESTION_QUERY;
    s.query = &q;
    assert_int_equal(decode(KVX_RPC_KV_INDEXER_QUERY_STREAM, &s.base, &m), KVX_TOO_LARGE);
    assert_string_equal(error.text, "`query.token_ids`: 1048577 items, at most 1048576 are allowed");
    q.n_token_ids = 5;
    assert_int_equal(decode(KVX_RPC_KV_INDEXER_QUERY_STREAM, &s.base, &m), KVX_OK);
    free(numbers);
}

/* The longest prompt in the longest form: each number with a key of its own. */
static void an_unpacked_list_fits_its_memory(void **state)
{
    (void)state;
    ProtobufCMessage *m;
    enum { N = 1048576 };
    static const uint8_t number[5] = {0x0d, 1, 2, 3, 4};
    uint8_t *data = malloc(N * 5);
    assert_non_null(data);
    for (size_t i = 0; i < N; i++)
        memcpy(data + i * 5, number, sizeof(number));
    assert_int_equal(decode_bytes(KVX_RPC_KV_INDEXER_QUERY, data, N * 5, &m), KVX_OK);
    assert_int_equal(((Kvindex__V1__QueryRequest *)m)->n_token_ids, N);
    assert_int_equal(((Kvindex__V1__QueryRequest *)m)->token_ids[N - 1], 0x04030201);
    assert_true(arena.used <= kvx_rpc_request_memory((size_t)N * 5));
    free(data);
}

/* As many candidates as there may be, of few bytes each: what protobuf-c makes of them is many times as
 * large. */
static void many_candidates_fit_their_memory(void **state)
{
    (void)state;
    ProtobufCMessage *m;
    enum { N = 65536 };
    static const struct {
        const char *bytes;
        size_t len;
    } each[] = {{"\x82\x02\x03\x0a\x01x", 6},
                {"\x82\x02\x05\x0a\x01x\x10\x01", 8},
                {"\x82\x02\x07\x0a\x05"
                 "12345",
                 10}};
    uint8_t *data = malloc((size_t)(N + 1) * 10);
    assert_non_null(data);
    for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
        for (size_t k = 0; k <= N; k++)
            memcpy(data + k * each[i].len, each[i].bytes, each[i].len);
        int status = decode_bytes(KVX_RPC_KV_INDEXER_QUERY_BY_HASH, data, N * each[i].len, &m);
        if (status != KVX_OK)
            fail_msg("row %zu: %s", i, error.text);
        const Kvindex__V1__QueryByHashRequest *q = (const void *)m;
        assert_int_equal(q->n_candidates, N);
        assert_int_equal(q->candidates[N - 1]->rank_case, i == 1 ? KVINDEX__V1__CANDIDATE__RANK_DP_RANK : 0);
        assert_int_equal(decode_bytes(KVX_RPC_KV_INDEXER_QUERY_BY_HASH, data, (N + 1) * each[i].len, &m),
                         KVX_TOO_LARGE);
        assert_string_equal(error.text, "`candidates`: 65537 items, at most 65536 are allowed");
    }
    free(data);
}

/* Unknown fields are kept by protobuf-c, one allocation each: the cap bounds what they cost. */
static void unknown_fields_are_bounded(void **state)
{
    (void)state;
    ProtobufCMessage *m;
    enum { BYTES = 1 << 20 };
    static const uint8_t unknown[2] = {0x78, 1};
    uint8_t *data = malloc(BYTES);
    assert_non_null(data);
    for (size_t i = 0; i < BYTES; i += 2)
        memcpy(data + i, unknown, sizeof(unknown));
    assert_int_equal(decode_bytes(KVX_RPC_KV_INDEXER_LIST_WORKERS, data, 1000, &m), KVX_OK);
    assert_int_equal(decode_bytes(KVX_RPC_KV_INDEXER_LIST_WORKERS, data, BYTES, &m), KVX_TOO_LARGE);
    assert_non_null(strstr(error.text, "memory"));
    assert_true(arena.used <= kvx_rpc_request_memory((size_t)BYTES));
    free(data);
}

static void every_allocation_can_fail(void **state)
{
    (void)state;
    ProtobufCMessage *m;
    uint64_t hashes[2000] = {0};
    Kvindex__V1__QueryByHashRequest h = KVINDEX__V1__QUERY_BY_HASH_REQUEST__INIT;
    Kvindex__V1__QueryStreamRequest s = KVINDEX__V1__QUERY_STREAM_REQUEST__INIT;
    h.block_hashes = hashes;
    h.n_block_hashes = 2000;
    s.question_case = KVINDEX__V1__QUERY_STREAM_REQUEST__QUESTION_QUERY_BY_HASH;
    s.query_by_hash = &h;
    int status = KVX_NOMEM;
    uint64_t failures = 0;
    for (; status == KVX_NOMEM; failures++) {
        memory.calls = 0;
        memory.fail_at = failures + 1;
        status = decode(KVX_RPC_KV_INDEXER_QUERY_STREAM, &s.base, &m);
    }
    assert_int_equal(status, KVX_OK);
    assert_true(failures > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_wire_is_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(register_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(item_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unpacked_list_fits_its_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_candidates_fit_their_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unknown_fields_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_allocation_can_fail, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
