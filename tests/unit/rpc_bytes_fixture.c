#include "rpc_bytes_fixture.h"

#include "rpc/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int open_test(void **state)
{
    struct bytes_test *t = calloc(1, sizeof(*t));
    if (!t)
        return 1;
    failing_allocator_init(&t->base.memory);
    kvx_buf_init(&t->answer, &t->base.memory.allocator, 1 << 20);
    *state = t;
    return fixture_open(&t->base, 16);
}

int close_test(void **state)
{
    struct bytes_test *t = *state;
    kvx_buf_free(&t->answer);
    fixture_close(&t->base);
    bool leak = t->base.memory.live != 0;
    free(t);
    return leak;
}

int call_bytes(struct bytes_test *t, const char *operation, const void *data, size_t len)
{
    struct kvx_bytes request = {data, len};
    t->base.error.text[0] = 0;
    kvx_buf_clear(&t->answer);
    size_t cap = t->base.arena.cap;
    int status = kvx_rpc_answer_bytes(NULL, t->base.service, t->base.caller, &t->base.arena, operation,
                                      request, &t->answer, &t->base.error);
    assert_int_equal(t->base.arena.cap, cap);
    kvx_arena_reset(&t->base.arena);
    return status;
}

int call(struct bytes_test *t, const char *operation, const ProtobufCMessage *in)
{
    uint8_t *data = malloc(protobuf_c_message_get_packed_size(in) + 1);
    assert_non_null(data);
    int status = call_bytes(t, operation, data, protobuf_c_message_pack(in, data));
    free(data);
    return status;
}

void refused(struct bytes_test *t, const char *operation, const ProtobufCMessage *in, int code,
             const char *text)
{
    int status = call(t, operation, in);
    if (status != code || !strstr(t->base.error.text, text))
        fail_msg("%s: %d \"%s\", not %d \"%s\"", operation, status, t->base.error.text, code, text);
    assert_int_equal(t->answer.len, 0);
}

void ok(struct bytes_test *t, const char *operation, const ProtobufCMessage *in)
{
    if (call(t, operation, in) != KVX_OK)
        fail_msg("%s: %s", operation, t->base.error.text);
}

/* The last answer; free it with protobuf_c_message_free_unpacked. */
void *answered(struct bytes_test *t, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *m = protobuf_c_message_unpack(type, NULL, t->answer.len,
                                                    (const uint8_t *)(t->answer.len ? t->answer.data : ""));
    assert_non_null(m);
    return m;
}

void done(void *message)
{
    protobuf_c_message_free_unpacked(message, NULL);
}

Kvindex__V1__RegisterRequest registration(const char *id, const char *model, const char *tenant)
{
    Kvindex__V1__RegisterRequest r = KVINDEX__V1__REGISTER_REQUEST__INIT;
    r.instance_id = (char *)id;
    r.endpoint = (char *)"tcp://127.0.0.1:5557";
    r.block_size_tokens = 16;
    r.model = (char *)model;
    r.tenant = (char *)tenant;
    return r;
}

void register_worker(struct bytes_test *t, const char *id, const char *model, const char *tenant)
{
    const Kvindex__V1__RegisterRequest r = registration(id, model, tenant);
    ok(t, "Register", &r.base);
}

void store(struct bytes_test *t, size_t source, enum kvx_tier tier, uint64_t first, size_t n)
{
    assert_int_equal(fixture_store_in(&t->base, source, NULL, tier, first, n), KVX_OK);
}

void fill(struct bytes_test *t)
{
    Kvindex__V1__RegisterRequest r = registration("b", "m", "");
    register_worker(t, "a", "m", "");
    ok(t, "Register", &r.base);
    r.dp_rank = 1;
    ok(t, "Register", &r.base);
    register_worker(t, "c", "m", "");
    store(t, 0, KVX_TIER_DEVICE, 100, 2);
    store(t, 1, KVX_TIER_DEVICE, 100, 5);
    store(t, 2, KVX_TIER_DEVICE, 100, 3);
}
