/* A server stream: one message in flight; the next one is made when it has left. */
#include "call.h"
#include "request.h"

static void advance(struct kvx_rpc_call *c)
{
    struct kvx_error e;
    ProtobufCMessage *response = kvx_rpc_call_response(c);
    int step = response ? c->method->next(&c->queue->env, c->stream, response, &e)
                        : kvx_fail(&e, KVX_NOMEM, "out of memory");
    c->waiting = step == KVX_RPC_WAIT;
    if (step == KVX_RPC_MESSAGE) {
        if (!kvx_rpc_call_send(c, kvx_rpc_pack(response), false))
            grpc_call_cancel(c->core, NULL);
    } else if (step != KVX_RPC_WAIT) {
        kvx_rpc_call_finish(c, NULL, step < 0 ? &e : NULL);
    }
    kvx_rpc_call_memory_done(c);
}

static int open_stream(struct kvx_rpc_call *c, struct kvx_error *e)
{
    ProtobufCMessage *request;
    int status = kvx_rpc_call_admit(c, e);
    if (status == KVX_OK)
        status = kvx_rpc_call_request(c, &request, e);
    if (status == KVX_OK)
        status = kvx_rpc_check(c->method->request, request, e);
    if (status == KVX_OK)
        status = c->method->open(&c->queue->env, request, &c->stream, e);
    kvx_rpc_call_memory_done(c);
    return status;
}

void kvx_rpc_server_stream_arrived(struct kvx_rpc_call *c)
{
    struct kvx_error e;
    if (!kvx_rpc_call_watch_close(c))
        grpc_call_cancel(c->core, NULL);
    else if (open_stream(c, &e) < 0)
        kvx_rpc_call_finish(c, NULL, &e);
    else
        advance(c);
}

void kvx_rpc_server_stream_sent(struct kvx_rpc_call *c)
{
    if (!c->closed && !c->ending)
        advance(c);
}

void kvx_rpc_server_stream_tick(struct kvx_rpc_call *c, bool closing)
{
    struct kvx_error e;
    if (!c->waiting || c->closed || c->ending)
        return;
    if (closing) {
        kvx_fail(&e, KVX_UNAVAILABLE, "shutting down");
        kvx_rpc_call_finish(c, NULL, &e);
    } else {
        advance(c);
    }
}
