/* A unary call: two events, its arrival with the request and the end of its one batch. */
#include "call.h"
#include "request.h"

static int answer(struct kvx_rpc_call *c, grpc_byte_buffer **message, struct kvx_error *e)
{
    ProtobufCMessage *request, *response;
    int status = kvx_rpc_call_admit(c, e);
    if (status == KVX_OK)
        status = kvx_rpc_call_request(c, &request, e);
    if (status == KVX_OK)
        status = kvx_rpc_check(c->method->request, request, e);
    if (status != KVX_OK)
        return status;
    response = kvx_rpc_call_response(c);
    if (!response)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    status = c->method->answer(&c->queue->env, request, response, e);
    if (status == KVX_OK)
        *message = kvx_rpc_pack(response);
    return status;
}

void kvx_rpc_unary_arrived(struct kvx_rpc_call *c)
{
    struct kvx_error e;
    grpc_byte_buffer *message = NULL;
    int status = answer(c, &message, &e);
    kvx_rpc_call_finish(c, message, status < 0 ? &e : NULL);
    kvx_rpc_call_memory_done(c);
}
