#include "call.h"

#include "base/clock.h"
#include "request.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>

enum {
    SPARE_CALLS_MAX = 256, /* kept per queue: more than are armed */
    ARENA_KEEP = 64u << 10 /* bytes an idle queue keeps for the next request, and as many for the answer */
};

struct kvx_rpc_call *kvx_rpc_call_new(struct kvx_rpc_queue *q, uint32_t slot)
{
    struct kvx_rpc_call *c = q->spare;
    if (c) {
        q->spare = c->next;
        q->n_spare--;
    } else {
        c = kvx_alloc(q->rpc->config.allocator, sizeof(*c));
        if (!c)
            return NULL;
    }
    *c = (struct kvx_rpc_call){.queue = q, .slot = slot};
    if (slot != KVX_RPC_UNREGISTERED)
        c->method = &q->rpc->schema->methods[slot];
    for (int i = 0; i < KVX_RPC_EVENTS; i++)
        c->tags[i] = (struct kvx_rpc_tag){c, (enum kvx_rpc_event)i};
    grpc_metadata_array_init(&c->metadata);
    grpc_call_details_init(&c->details);
    return c;
}

void kvx_rpc_call_free(struct kvx_rpc_call *c)
{
    struct kvx_rpc_queue *q = c->queue;
    kvx_rpc_bidi_free(c);
    if (c->received)
        grpc_byte_buffer_destroy(c->received);
    grpc_metadata_array_destroy(&c->metadata);
    grpc_call_details_destroy(&c->details);
    if (c->core)
        grpc_call_unref(c->core);
    if (q->n_spare < SPARE_CALLS_MAX) {
        c->next = q->spare;
        q->spare = c;
        q->n_spare++;
    } else {
        kvx_dealloc(q->rpc->config.allocator, c, sizeof(*c));
    }
}

static void list_add(struct kvx_rpc_call *c)
{
    struct kvx_rpc_queue *q = c->queue;
    c->next = q->streams;
    if (c->next)
        c->next->previous = c;
    q->streams = c;
}

static void list_remove(struct kvx_rpc_call *c)
{
    if (c->next)
        c->next->previous = c->previous;
    if (c->previous)
        c->previous->next = c->next;
    else
        c->queue->streams = c->next;
}

static bool is_stream(const struct kvx_rpc_call *c)
{
    return c->method && c->method->kind != KVX_RPC_UNARY;
}

/* Bidirectional streams count their messages one by one, and a health watch has no duration worth knowing; of
 * them only failures count. */
static void count_request(struct kvx_rpc_call *c)
{
    bool lasting = is_stream(c) && (c->method->standard || c->method->kind == KVX_RPC_BIDI);
    if (!c->method || (lasting && c->code == KVX_OK))
        return;
    int code = c->cancelled && c->code == KVX_OK ? KVX_CANCELLED : c->code;
    kvx_metrics_request(c->queue->rpc->stats, c->slot, code, kvx_now_ns() - c->started_ns);
}

/* The last event was handled. */
static void call_end(struct kvx_rpc_call *c, bool ran)
{
    struct kvx_rpc *rpc = c->queue->rpc;
    if (ran) {
        if (is_stream(c))
            list_remove(c);
        if (c->stream)
            c->method->close(&c->queue->env, c->stream);
        if (c->admitted)
            kvx_service_end(rpc->config.service);
        count_request(c);
    }
    kvx_rpc_call_free(c);
    atomic_fetch_sub_explicit(&rpc->calls, 1, memory_order_seq_cst);
}

static void refuse_unknown(struct kvx_rpc_call *c)
{
    struct kvx_error e;
    struct kvx_bytes path = {(const char *)GRPC_SLICE_START_PTR(c->details.method),
                             GRPC_SLICE_LENGTH(c->details.method)};
    kvx_fail(&e, KVX_UNIMPLEMENTED, "unknown method %.*s", path.len > 200 ? 200 : (int)path.len, path.data);
    kvx_rpc_call_finish(c, NULL, &e);
}

static void arrived(struct kvx_rpc_call *c)
{
    c->started_ns = kvx_now_ns();
    if (is_stream(c))
        list_add(c);
    if (!c->method)
        refuse_unknown(c);
    else if (c->method->kind == KVX_RPC_UNARY)
        kvx_rpc_unary_arrived(c);
    else if (c->method->kind == KVX_RPC_SERVER_STREAM)
        kvx_rpc_server_stream_arrived(c);
    else
        kvx_rpc_bidi_arrived(c);
}

static void sent(struct kvx_rpc_call *c)
{
    if (c->method->kind == KVX_RPC_SERVER_STREAM)
        kvx_rpc_server_stream_sent(c);
    else
        kvx_rpc_bidi_sent(c);
}

void kvx_rpc_call_event(struct kvx_rpc_call *c, enum kvx_rpc_event event, bool success)
{
    bool ran = event != KVX_RPC_ARRIVED || success;
    if (event == KVX_RPC_ARRIVED) {
        kvx_rpc_queue_arm(c->queue, c->slot);
        if (success)
            arrived(c);
    } else if (event == KVX_RPC_CLOSED) {
        c->closed = true;
    } else if (event == KVX_RPC_RECEIVED) {
        kvx_rpc_bidi_received(c);
    } else if (event == KVX_RPC_SENT && success) {
        sent(c);
    }
    if (--c->outstanding == 0) /* only now: what ran above could count on the call */
        call_end(c, ran);
}

bool kvx_rpc_call_batch(struct kvx_rpc_call *c, const grpc_op *ops, size_t n, enum kvx_rpc_event event)
{
    if (grpc_call_start_batch(c->core, ops, n, &c->tags[event], NULL) != GRPC_CALL_OK)
        return false;
    c->outstanding++;
    return true;
}

bool kvx_rpc_call_watch_close(struct kvx_rpc_call *c)
{
    grpc_op op = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER};
    op.data.recv_close_on_server.cancelled = &c->cancelled;
    return kvx_rpc_call_batch(c, &op, 1, KVX_RPC_CLOSED);
}

bool kvx_rpc_call_send(struct kvx_rpc_call *c, grpc_byte_buffer *message, bool more_follow)
{
    grpc_op ops[2] = {{.op = GRPC_OP_SEND_MESSAGE}, {.op = GRPC_OP_SEND_INITIAL_METADATA}};
    ops[0].flags = more_follow ? GRPC_WRITE_BUFFER_HINT : 0;
    ops[0].data.send_message.send_message = message;
    bool ok = kvx_rpc_call_batch(c, ops, c->metadata_sent ? 1 : 2, KVX_RPC_SENT);
    c->metadata_sent = true;
    grpc_byte_buffer_destroy(message); /* the batch has taken its contents */
    return ok;
}

void kvx_rpc_call_finish(struct kvx_rpc_call *c, grpc_byte_buffer *message, const struct kvx_error *e)
{
    grpc_op ops[4] = {{.op = GRPC_OP_SEND_STATUS_FROM_SERVER}};
    size_t n = 1;
    grpc_slice text = e ? grpc_slice_from_copied_string(e->text) : grpc_empty_slice();
    c->code = e ? e->code : KVX_OK;
    c->ending = true;
    ops[0].data.send_status_from_server.status = (grpc_status_code)kvx_code_grpc(c->code);
    ops[0].data.send_status_from_server.status_details = e ? &text : NULL;
    if (!c->metadata_sent)
        ops[n++].op = GRPC_OP_SEND_INITIAL_METADATA;
    if (message) {
        ops[n].op = GRPC_OP_SEND_MESSAGE;
        ops[n++].data.send_message.send_message = message;
    }
    if (!is_stream(c)) { /* streams have asked already */
        ops[n].op = GRPC_OP_RECV_CLOSE_ON_SERVER;
        ops[n++].data.recv_close_on_server.cancelled = &c->cancelled;
    }
    if (!kvx_rpc_call_batch(c, ops, n, KVX_RPC_FINISHED))
        grpc_call_cancel(c->core, NULL); /* the client must not wait for an answer that cannot come */
    c->metadata_sent = true;
    grpc_slice_unref(text);
    if (message)
        grpc_byte_buffer_destroy(message);
}

/* ---- Requests and responses ---- */

int kvx_rpc_call_admit(struct kvx_rpc_call *c, struct kvx_error *e)
{
    if (gpr_time_cmp(c->deadline, gpr_now(c->deadline.clock_type)) < 0)
        return kvx_fail(e, KVX_CANCELLED, "the deadline passed before the call was looked at");
    if (c->method->standard)
        return KVX_OK;
    int status = kvx_service_begin(c->queue->rpc->config.service, e);
    c->admitted = status == KVX_OK;
    return status;
}

int kvx_rpc_call_request(struct kvx_rpc_call *c, ProtobufCMessage **out, struct kvx_error *e)
{
    grpc_byte_buffer_reader reader;
    *out = NULL;
    if (!c->received)
        return kvx_fail(e, KVX_INVALID, "the call ended without a request message");
    if (!grpc_byte_buffer_reader_init(&reader, c->received))
        return kvx_fail(e, KVX_INVALID, "the request message cannot be decompressed");
    grpc_slice bytes = grpc_byte_buffer_reader_readall(&reader);
    int status = kvx_rpc_unpack(c->method->request, GRPC_SLICE_START_PTR(bytes), GRPC_SLICE_LENGTH(bytes),
                                &c->queue->request, out, e);
    grpc_slice_unref(bytes);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(c->received);
    c->received = NULL;
    return status;
}

ProtobufCMessage *kvx_rpc_call_response(struct kvx_rpc_call *c)
{
    c->queue->answer.cap = KVX_RPC_ANSWER_MEMORY;
    ProtobufCMessage *m = kvx_arena_alloc(&c->queue->answer, c->method->response->sizeof_message);
    if (m)
        protobuf_c_message_init(c->method->response, m);
    return m;
}

grpc_byte_buffer *kvx_rpc_pack(const ProtobufCMessage *m)
{
    grpc_slice bytes = grpc_slice_malloc(protobuf_c_message_get_packed_size(m));
    protobuf_c_message_pack(m, GRPC_SLICE_START_PTR(bytes));
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&bytes, 1);
    grpc_slice_unref(bytes);
    return buffer;
}

void kvx_rpc_call_memory_done(struct kvx_rpc_call *c)
{
    kvx_arena_recycle(&c->queue->request, ARENA_KEEP);
    kvx_arena_recycle(&c->queue->answer, ARENA_KEEP);
}
