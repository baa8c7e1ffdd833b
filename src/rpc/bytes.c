#include "rpc/bytes.h"

#include "env.h"
#include "kvindex_rpc.h"
#include "request.h"

static const struct kvx_rpc_method *find(const char *operation)
{
    const struct kvx_rpc_schema *schema = &kvindex_rpc_schema;
    for (size_t i = 0; i < schema->n_methods; i++) {
        const struct kvx_rpc_method *m = &schema->methods[i];
        if (m->kind == KVX_RPC_UNARY && !m->standard && strcmp(schema->operations[i], operation) == 0)
            return m;
    }
    return NULL;
}

bool kvx_rpc_has(void *self, const char *operation)
{
    (void)self;
    return find(operation) != NULL;
}

static int decode(const struct kvx_rpc_method *m, struct kvx_bytes request, struct kvx_arena *arena,
                  ProtobufCMessage **out, struct kvx_error *e)
{
    size_t max = kvindex_rpc_schema.max_message_bytes;
    if (request.len > max)
        return kvx_fail(e, KVX_TOO_LARGE, "the request has %zu bytes, at most %zu are allowed", request.len,
                        max);
    int status = kvx_rpc_unpack(m->request, (const uint8_t *)request.data, request.len, arena, out, e);
    return status < 0 ? status : kvx_rpc_check(m->request, *out, e);
}

static int pack(const ProtobufCMessage *m, struct kvx_buf *answer, struct kvx_error *e)
{
    size_t len = protobuf_c_message_get_packed_size(m);
    if (len == 0)
        return KVX_OK;
    char *where = kvx_buf_reserve(answer, len);
    if (!where)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    answer->len += protobuf_c_message_pack(m, (uint8_t *)where);
    return KVX_OK;
}

static int run(const struct kvx_rpc_method *m, struct kvx_rpc_env *env, struct kvx_bytes request,
               struct kvx_buf *answer, struct kvx_error *e)
{
    ProtobufCMessage *in = NULL, *out;
    int status = decode(m, request, env->arena, &in, e);
    if (status < 0)
        return status;
    env->arena->cap = env->arena->used + KVX_RPC_ANSWER_MEMORY;
    out = kvx_arena_alloc(env->arena, m->response->sizeof_message);
    if (!out)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    protobuf_c_message_init(m->response, out);
    status = m->answer(env, in, out, e);
    return status < 0 ? status : pack(out, answer, e);
}

int kvx_rpc_answer_bytes(void *self, struct kvx_service *service, struct kvx_caller *caller,
                         struct kvx_arena *arena, const char *operation, struct kvx_bytes request,
                         struct kvx_buf *answer, struct kvx_error *e)
{
    (void)self;
    const struct kvx_rpc_method *m = find(operation);
    if (!m)
        return kvx_fail(e, KVX_UNIMPLEMENTED, "unknown operation %.200s", operation);
    struct kvx_rpc_env env = {
        .service = service,
        .caller = caller,
        .arena = arena,
        .allocator = arena->allocator,
        .schema = &kvindex_rpc_schema,
    };
    size_t cap = arena->cap;
    int status = run(m, &env, request, answer, e);
    arena->cap = cap;
    return status;
}
