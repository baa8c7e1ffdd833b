/* A bidirectional stream: one RECV and one SEND in flight, and a ring of built answers between them.
 *
 * The next RECV is posted only while the ring has room. That is the whole back-pressure: a client that does
 * not read its answers is not read from either, and costs us one ring. */
#include "base/clock.h"
#include "call.h"
#include "request.h"

enum { RING = 64, RING_BYTES = 1 << 20 /* beyond this the ring counts as full */ };

struct kvx_rpc_bidi {
    grpc_byte_buffer *ring[RING];
    uint32_t first, n;
    size_t bytes;
    bool receiving, sending;
    bool no_more; /* nothing will be received any more: half-closed, broken, or ended by us */
    bool broken;  /* the client is gone; there is nobody to send a status to */
    bool failed;  /* the stream ends with `error` once the ring is sent */
    struct kvx_error error;
};

void kvx_rpc_bidi_free(struct kvx_rpc_call *c)
{
    struct kvx_rpc_bidi *b = c->bidi;
    if (!b)
        return;
    for (; b->n > 0; b->n--, b->first = (b->first + 1) % RING)
        grpc_byte_buffer_destroy(b->ring[b->first]);
    kvx_dealloc(c->queue->rpc->config.allocator, b, sizeof(*b));
}

static void push(struct kvx_rpc_bidi *b, grpc_byte_buffer *message)
{
    b->ring[(b->first + b->n) % RING] = message;
    b->bytes += grpc_byte_buffer_length(message);
    b->n++;
}

static grpc_byte_buffer *pop(struct kvx_rpc_bidi *b)
{
    grpc_byte_buffer *message = b->ring[b->first];
    b->first = (b->first + 1) % RING;
    b->bytes -= grpc_byte_buffer_length(message);
    b->n--;
    return message;
}

static bool receive(struct kvx_rpc_call *c)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};
    op.data.recv_message.recv_message = &c->received;
    return kvx_rpc_call_batch(c, &op, 1, KVX_RPC_RECEIVED);
}

/* Starts whatever can be started now. */
static void pump(struct kvx_rpc_call *c)
{
    struct kvx_rpc_bidi *b = c->bidi;
    if (b->broken || c->closed || c->ending)
        return;
    if (!b->sending && b->n > 0) {
        bool more_follow = b->n > 1;
        b->sending = kvx_rpc_call_send(c, pop(b), more_follow);
        if (!b->sending)
            grpc_call_cancel(c->core, NULL);
    }
    if (!b->receiving && !b->no_more && b->n < RING && b->bytes < RING_BYTES) {
        b->receiving = receive(c);
        if (!b->receiving)
            grpc_call_cancel(c->core, NULL);
    }
    if (b->no_more && !b->sending && b->n == 0)
        kvx_rpc_call_finish(c, NULL, b->failed ? &b->error : NULL);
}

/* One request to one response; `outcome` is the request's own code. A negative return ends the stream: bytes
 * that are no message say nothing that could be answered. */
static int answer(struct kvx_rpc_call *c, ProtobufCMessage **out, int *outcome, struct kvx_error *e)
{
    const struct kvx_rpc_method *m = c->method;
    ProtobufCMessage *request, *response = kvx_rpc_call_response(c);
    *out = response;
    if (!response)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    int status = kvx_rpc_call_request(c, &request, e);
    if (status < 0 && (!request || m->standard)) /* no id to refuse, or an answer that repeats the bad text */
        return status;
    if (status == KVX_OK && !m->standard)
        status = kvx_service_begin(c->queue->rpc->config.service, e);
    bool admitted = status == KVX_OK && !m->standard;
    if (status == KVX_OK)
        status = kvx_rpc_check(m->request, request, e);
    if (status == KVX_OK)
        status = m->answer(&c->queue->env, request, response, e);
    if (admitted)
        kvx_service_end(c->queue->rpc->config.service);
    *outcome = status;
    if (status < 0) {
        protobuf_c_message_init(m->response, response);
        status = m->refuse(&c->queue->env, request, e, response);
    }
    return status;
}

static void end_with(struct kvx_rpc_bidi *b, const struct kvx_error *e)
{
    b->no_more = true;
    b->failed = true;
    b->error = *e;
}

static void handle_message(struct kvx_rpc_call *c)
{
    struct kvx_error e;
    ProtobufCMessage *response;
    uint64_t started = kvx_now_ns();
    int outcome = KVX_OK, status = answer(c, &response, &outcome, &e);
    if (status < 0) {
        end_with(c->bidi, &e);
    } else {
        push(c->bidi, kvx_rpc_pack(response));
        kvx_metrics_request(c->queue->rpc->stats, c->slot, outcome, kvx_now_ns() - started);
    }
    kvx_rpc_call_memory_done(c);
}

void kvx_rpc_bidi_arrived(struct kvx_rpc_call *c)
{
    struct kvx_error e;
    if (!kvx_rpc_call_watch_close(c)) {
        grpc_call_cancel(c->core, NULL);
        return;
    }
    c->bidi = kvx_alloc_zeroed(c->queue->rpc->config.allocator, sizeof(*c->bidi));
    if (!c->bidi) {
        kvx_fail(&e, KVX_NOMEM, "out of memory");
        kvx_rpc_call_finish(c, NULL, &e);
        return;
    }
    pump(c);
}

void kvx_rpc_bidi_received(struct kvx_rpc_call *c)
{
    struct kvx_rpc_bidi *b = c->bidi;
    b->receiving = false;
    if (!c->received) {
        b->no_more = true;
        b->broken = grpc_call_failed_before_recv_message(c->core);
    } else if (!b->no_more) {
        handle_message(c);
    }
    pump(c);
}

void kvx_rpc_bidi_sent(struct kvx_rpc_call *c)
{
    c->bidi->sending = false;
    pump(c);
}

void kvx_rpc_bidi_tick(struct kvx_rpc_call *c, bool closing)
{
    struct kvx_error e;
    if (!closing || !c->bidi || c->bidi->no_more)
        return;
    kvx_fail(&e, KVX_UNAVAILABLE, "shutting down");
    end_with(c->bidi, &e);
    pump(c);
}
