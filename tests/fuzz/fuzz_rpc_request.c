/* Bytes of a gRPC request: the first one chooses the operation, the rest is the message.
 *
 * What passes the scan and the limits must be safe to hand to a handler: whole texts, within their limits,
 * and a message that survives being packed and decoded again. Unary requests are then answered, by a service
 * with one worker that holds something. */
#include "base/arena.h"
#include "base/block_hash.h"
#include "fuzz.h"
#include "kvindex_rpc.h"
#include "request.h"
#include "rpc/bytes.h"
#include "service/service.h"

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
        require_text(r->model, 256);
        require_text(r->lora_name, 256);
        require(r->kind >= 0 && r->kind <= KVINDEX__V1__SOURCE_KIND__SOURCE_KIND_POOL);
    } else if (operation == KVX_RPC_KV_INDEXER_UNREGISTER) {
        require_text(((const Kvindex__V1__UnregisterRequest *)m)->instance_id, 256);
    } else if (operation == KVX_RPC_KV_INDEXER_QUERY_BY_HASH) {
        const Kvindex__V1__QueryByHashRequest *q = (const void *)m;
        require(q->n_candidates <= 65536);
        for (size_t i = 0; i < q->n_candidates; i++) {
            require_text(q->candidates[i]->instance_id, 256);
            require(*q->candidates[i]->instance_id);
        }
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
    require(arena.used <= kvx_rpc_request_memory(size));
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

/* ---- The service ---- */

enum { FEEDS_MAX = 2 }; /* ours, and the one that the input may register */

struct sources {
    struct kvx_feed *feeds[FEEDS_MAX];
    size_t n;
};

static int open_source(void *self, const struct kvx_source_spec *spec, struct kvx_source **out,
                       struct kvx_error *e)
{
    struct sources *s = self;
    (void)e;
    require(s->n < FEEDS_MAX && spec->endpoint[0]);
    s->feeds[s->n] = spec->feed;
    *out = (struct kvx_source *)&s->feeds[s->n++];
    return KVX_OK;
}

static void close_source(void *self, struct kvx_source *source)
{
    (void)self;
    (void)source;
}

/* Worker "w" of the default partition holds one block of the tokens 1 to 16, and the blocks 1 and 2. */
static void fill(struct kvx_service *service, struct sources *sources)
{
    const struct kvx_register_args args = {.instance = {kvx_bytes_of("w"), false},
                                           .endpoint = kvx_bytes_of("tcp://h:1")};
    struct kvx_feed_worker *worker;
    struct kvx_store_result result;
    struct kvx_error e;
    uint32_t tokens[16];
    for (uint32_t i = 0; i < 16; i++)
        tokens[i] = i + 1;
    const uint64_t prompt[] = {kvx_block_hash(KVX_HASH_SEED, tokens, 16, NULL, 0)}, pair[] = {1, 2};
    require(kvx_service_register(service, &args, &e) == KVX_OK);
    require(kvx_feed_worker(sources->feeds[0], NULL, false, 0, &worker) == KVX_OK);
    kvx_index_lock(worker->index);
    struct kvx_store store = {.worker = worker->ref, .n = 1, .local = prompt, .engine = prompt};
    require(kvx_index_store(worker->index, &store, &result) == KVX_OK);
    store.n = 2;
    store.local = store.engine = pair;
    require(kvx_index_store(worker->index, &store, &result) == KVX_OK);
    kvx_index_unlock(worker->index);
}

/* The answer must be a message of its type; a failure must say what it is. */
static void ask(struct kvx_service *service, const struct kvx_rpc_method *m, const char *name,
                struct kvx_bytes request)
{
    struct kvx_arena arena;
    struct kvx_buf answer;
    struct kvx_caller *caller;
    struct kvx_error e = {.text = ""};
    kvx_arena_init(&arena, &kvx_system_allocator, 0);
    kvx_buf_init(&answer, &kvx_system_allocator, 1 << 24);
    require(kvx_caller_new(&caller, service) == KVX_OK);
    int status = kvx_rpc_answer_bytes(NULL, service, caller, &arena, name, request, &answer, &e);
    require(status == KVX_OK || (status == e.code && e.text[0] && answer.len == 0));
    require(status != KVX_INTERNAL && status != KVX_NOMEM && kvx_bytes_is_text(kvx_bytes_of(e.text)));
    if (status == KVX_OK) {
        ProtobufCMessage *out = protobuf_c_message_unpack(m->response, NULL, answer.len,
                                                          (const uint8_t *)(answer.len ? answer.data : ""));
        require(out != NULL);
        protobuf_c_message_free_unpacked(out, NULL);
    }
    kvx_caller_free(caller);
    kvx_buf_free(&answer);
    kvx_arena_reset(&arena);
}

static void serve(enum kvx_rpc_operation operation, struct kvx_bytes request)
{
    static struct kvx_metrics metrics;
    struct sources sources = {.n = 0};
    const struct kvx_source_driver driver = {.self = &sources, .open = open_source, .close = close_source};
    const struct kvx_service_config config = {
        .allocator = &kvx_system_allocator, .metrics = &metrics, .block_size = 16, .pending_blocks_max = 10};
    struct kvx_service *service;
    struct kvx_error e;
    require(kvx_service_new(&service, &config, &e) == KVX_OK);
    kvx_service_attach(service, &driver);
    kvx_service_started(service);
    fill(service, &sources);
    ask(service, &kvindex_rpc_schema.methods[operation], kvindex_rpc_schema.operations[operation], request);
    kvx_service_close_sources(service);
    for (size_t i = 0; i < sources.n; i++)
        kvx_feed_release(sources.feeds[i]);
    kvx_service_free(service);
    kvx_metrics_free(&metrics);
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
    if (kvx_rpc_has(NULL, kvindex_rpc_schema.operations[operation]))
        serve(operation, (struct kvx_bytes){(const char *)data + 1, size - 1});
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
