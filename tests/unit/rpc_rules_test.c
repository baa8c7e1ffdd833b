/* Every kind of limit the generator knows, on the toy schema of its golden test. */
#include "failing_allocator.h"
#include "request.h"
#include "toy_rpc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The toy's handlers; the table wants them, nothing here calls them. */
int kvx_rpc_toy_ask(struct kvx_rpc_env *env, const Toy__V1__AskRequest *in, Toy__V1__AskResponse *out,
                    struct kvx_error *e)
{
    return env && in && out && e ? KVX_OK : KVX_INTERNAL;
}

int kvx_rpc_toy_watch_open(struct kvx_rpc_env *env, const Toy__V1__WatchRequest *in,
                           struct kvx_rpc_toy_watch **out, struct kvx_error *e)
{
    return env && in && out && e ? KVX_OK : KVX_INTERNAL;
}

int kvx_rpc_toy_watch_next(struct kvx_rpc_env *env, struct kvx_rpc_toy_watch *w, Toy__V1__WatchResponse *out,
                           struct kvx_error *e)
{
    return env && w && out && e ? KVX_RPC_END : KVX_INTERNAL;
}

void kvx_rpc_toy_watch_close(struct kvx_rpc_env *env, struct kvx_rpc_toy_watch *w)
{
    assert_true(env && w);
}

int kvx_rpc_toy_talk_answer(struct kvx_rpc_env *env, const Toy__V1__TalkRequest *in,
                            Toy__V1__TalkResponse *out, struct kvx_error *e)
{
    return env && in && out && e ? KVX_OK : KVX_INTERNAL;
}

int kvx_rpc_toy_talk_refuse(struct kvx_rpc_env *env, const Toy__V1__TalkRequest *in,
                            const struct kvx_error *e, Toy__V1__TalkResponse *out)
{
    return env && in && out && e ? KVX_OK : KVX_INTERNAL;
}

/* Packs, decodes and judges; the bytes also pass through the scan. */
static void expect(enum kvx_rpc_operation operation, const ProtobufCMessage *m, int code, const char *text)
{
    uint8_t data[256];
    struct kvx_arena arena;
    ProtobufCMessage *decoded;
    struct kvx_error e = {.text = ""};
    const struct kvx_rpc_rules *rules = toy_rpc_schema.methods[operation].request;
    kvx_arena_init(&arena, &kvx_system_allocator, 0);
    assert_true(protobuf_c_message_get_packed_size(m) <= sizeof(data));
    size_t len = protobuf_c_message_pack(m, data);
    int status = kvx_rpc_unpack(rules, data, len, &arena, &decoded, &e);
    if (status == KVX_OK)
        status = kvx_rpc_check(rules, decoded, &e);
    kvx_arena_reset(&arena);
    if (status != code || strcmp(e.text, text) != 0)
        fail_msg("%d \"%s\", not %d \"%s\"", status, e.text, code, text);
}

static void each_limit_of_a_message(void **state)
{
    (void)state;
    uint32_t numbers[8] = {0};
    Toy__V1__Shared shared = TOY__V1__SHARED__INIT;
    Toy__V1__AskRequest good = TOY__V1__ASK_REQUEST__INIT;
    shared.number = 1;
    good.name = (char *)"name";
    good.numbers = numbers;
    good.n_numbers = 7;
    good.shared = &shared;
    good.choice_case = TOY__V1__ASK_REQUEST__CHOICE_NUMBER;
    good.number = UINT64_C(9223372036854775807);
    expect(KVX_RPC_TOY_ASK, &good.base, KVX_OK, "");

    Toy__V1__AskRequest m = good;
    m.name = (char *)"";
    expect(KVX_RPC_TOY_ASK, &m.base, KVX_INVALID, "`name` is missing");
    m.name = (char *)"12345678901";
    expect(KVX_RPC_TOY_ASK, &m.base, KVX_INVALID, "`name`: 11 bytes, at most 10 are allowed");
    m = good;
    m.n_numbers = 0;
    expect(KVX_RPC_TOY_ASK, &m.base, KVX_INVALID, "`numbers` is missing");
    m.n_numbers = 8;
    expect(KVX_RPC_TOY_ASK, &m.base, KVX_TOO_LARGE, "`numbers`: 8 items, at most 7 are allowed");
    m = good;
    m.shared = NULL;
    expect(KVX_RPC_TOY_ASK, &m.base, KVX_INVALID, "`shared` is missing");
    m.shared = &shared;
    shared.number = 0;
    expect(KVX_RPC_TOY_ASK, &m.base, KVX_INVALID, "`shared.number`: 0 is below 1");
    shared.number = 1;
}

static void ranges_and_choices(void **state)
{
    (void)state;
    uint32_t numbers[1] = {0};
    Toy__V1__Shared shared = TOY__V1__SHARED__INIT;
    Toy__V1__AskRequest good = TOY__V1__ASK_REQUEST__INIT;
    shared.number = UINT32_MAX;
    good.name = (char *)"1234567890";
    good.numbers = numbers;
    good.n_numbers = 1;
    good.shared = &shared;
    good.choice_case = TOY__V1__ASK_REQUEST__CHOICE_RAW;
    good.raw = (ProtobufCBinaryData){3, (uint8_t *)"a\0\xff"}; /* bytes may hold anything */
    good.small = -5;
    good.color = TOY__V1__COLOR__COLOR_RED;
    expect(KVX_RPC_TOY_ASK, &good.base, KVX_OK, "");

    Toy__V1__AskRequest m = good;
    m.small = -6;
    expect(KVX_RPC_TOY_ASK, &m.base, KVX_INVALID, "`small`: -6 is below -5");
    m.small = 6;
    expect(KVX_RPC_TOY_ASK, &m.base, KVX_INVALID, "`small`: 6 is above 5");
    m = good;
    m.color = (Toy__V1__Color)7;
    expect(KVX_RPC_TOY_ASK, &m.base, KVX_INVALID, "`color`: 7 is not known");
    m = good;
    m.raw.len = 4;
    m.raw.data = (uint8_t *)"1234";
    expect(KVX_RPC_TOY_ASK, &m.base, KVX_INVALID, "`raw`: 4 bytes, at most 3 are allowed");
    m = good;
    m.choice_case = TOY__V1__ASK_REQUEST__CHOICE__NOT_SET;
    expect(KVX_RPC_TOY_ASK, &m.base, KVX_INVALID, "`choice` is missing");
    m.choice_case = TOY__V1__ASK_REQUEST__CHOICE_NUMBER;
    m.number = UINT64_MAX; /* beyond what limits can be */
    expect(KVX_RPC_TOY_ASK, &m.base, KVX_INVALID,
           "`number`: 18446744073709551615 is above 9223372036854775807");
}

static void messages_in_a_list(void **state)
{
    (void)state;
    Toy__V1__TalkRequest__Part parts[3] = {TOY__V1__TALK_REQUEST__PART__INIT,
                                           TOY__V1__TALK_REQUEST__PART__INIT,
                                           TOY__V1__TALK_REQUEST__PART__INIT};
    Toy__V1__TalkRequest__Part *list[3] = {&parts[0], &parts[1], &parts[2]};
    Toy__V1__TalkRequest m = TOY__V1__TALK_REQUEST__INIT;
    m.parts = list;
    m.n_parts = 2;
    parts[1].text = (char *)"12345";
    expect(KVX_RPC_TOY_TALK, &m.base, KVX_OK, "");
    parts[1].text = (char *)"123456";
    expect(KVX_RPC_TOY_TALK, &m.base, KVX_INVALID, "`text`: 6 bytes, at most 5 are allowed");
    parts[1].text = (char *)"\xc3\x28";
    expect(KVX_RPC_TOY_TALK, &m.base, KVX_INVALID, "`text`: not UTF-8 text, or contains U+0000");
    parts[1].text = (char *)"";
    m.n_parts = 3;
    expect(KVX_RPC_TOY_TALK, &m.base, KVX_TOO_LARGE, "`parts`: 3 items, at most 2 are allowed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_limit_of_a_message),
        cmocka_unit_test(ranges_and_choices),
        cmocka_unit_test(messages_in_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
