/* Bytes of a gRPC request: the first one chooses the operation, the rest is the message.
 *
 * What passes the scan and the limits must be safe to hand to a handler: whole texts, within their limits,
 * and a message that survives being packed and decoded again. */
#include "base/arena.h"
#include "fuzz.h"
#include "kvindex_rpc.h"
#include "request.h"

#include <stdlib.h>

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void require_text(const char *text, size_t max)
{
    struct kvx_bytes bytes = kvx_bytes_of(text);
    require(bytes.len <= max && kvx_bytes_is_text(bytes));
}

static void require_limits(enum kvx_rpc_operation operation, const ProtobufCMessage *m)
{
    if (operation == KVX_RPC_KV_INDEXER_REGISTER) {
        const Kvindex__V1__RegisterRequest *r = (const void *)m;
        require_text(r->instance_id, 256);
        require_text(r->endpoint, 1024);
        require_text(r->replay_endpoint, 1024);
        require(*r->instance_id && *r->endpoint && r->block_size_tokens <= 65536);
    } else if (operation == KVX_RPC_KV_INDEXER_UNREGISTER) {
        require_text(((const Kvindex__V1__UnregisterRequest *)m)->instance_id, 256);
    } else if (operation == KVX_RPC_KV_INDEXER_QUERY_STREAM) {
        const Kvindex__V1__QueryStreamRequest *q = (const void *)m;
        require(q->question_case != KVINDEX__V1__QUERY_STREAM_REQUEST__QUESTION__NOT_SET);
        require(q->query != NULL); /* the two questions share their place */
    } else if (operation == KVX_RPC_SERVER_REFLECTION_SERVER_REFLECTION_INFO) {
        require_text(((const Grpc__Reflection__V1__ServerReflectionRequest *)m)->host, SIZE_MAX);
    }
}

/* Returns the code; the message is checked and packed again while the arena holds it. */
static int decode(enum kvx_rpc_operation operation, const uint8_t *data, size_t size, uint8_t **packed,
                  size_t *len)
{
    const struct kvx_rpc_rules *rules = kvindex_rpc_schema.methods[operation].request;
    struct kvx_arena arena;
    ProtobufCMessage *m;
    kvx_arena_init(&arena, &kvx_system_allocator, 0);
    struct kvx_error e = {.text = ""};
    int status = kvx_rpc_unpack(rules, data, size, &arena, &m, &e);
    require(arena.used <= KVX_RPC_REQUEST_MEMORY(size));
    if (status == KVX_OK)
        status = kvx_rpc_check(rules, m, &e);
    require(status == KVX_OK || (e.code == status && e.text[0]));
    if (status == KVX_OK) {
        require_limits(operation, m);
        *len = protobuf_c_message_get_packed_size(m);
        *packed = malloc(*len + 1);
        require(*packed && protobuf_c_message_pack(m, *packed) == *len);
    }
    kvx_arena_reset(&arena);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *first, *second;
    size_t first_len, second_len;
    if (size == 0)
        return 0;
    enum kvx_rpc_operation operation = (enum kvx_rpc_operation)(data[0] % KVX_RPC_OPERATION_COUNT);
    if (decode(operation, data + 1, size - 1, &first, &first_len) != KVX_OK)
        return 0;
    /* Packing may shorten a message, and with it the memory it is allowed. */
    int again = decode(operation, first, first_len, &second, &second_len);
    require(again == KVX_OK || (again == KVX_TOO_LARGE && first_len < size - 1));
    if (again == KVX_OK) {
        require(first_len == second_len && memcmp(first, second, first_len) == 0);
        free(second);
    }
    free(first);
    return 0;
}
