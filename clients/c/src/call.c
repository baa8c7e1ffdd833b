/* One attempt of one call. A completion queue of its own lets any thread wait for just its own events. */
#include "private.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/support/time.h>
#include <stdlib.h>

gpr_timespec kvindex_after_ms(unsigned ms)
{
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(ms, GPR_TIMESPAN));
}

static void link_call(struct kvindex_call *call, struct kvindex_client *c)
{
    call->next = c->calls;
    if (c->calls)
        c->calls->previous = call;
    c->calls = call;
}

static void unlink_call(struct kvindex_call *call)
{
    struct kvindex_client *c = call->client;
    pthread_mutex_lock(&c->lock);
    if (call->previous)
        call->previous->next = call->next;
    else
        c->calls = call->next;
    if (call->next)
        call->next->previous = call->previous;
    pthread_mutex_unlock(&c->lock);
}

int kvindex_call_open(struct kvindex_call *call, struct kvindex_client *c, const char *path,
                      uint64_t cancellations, gpr_timespec deadline, struct kvindex_error *e)
{
    *call = (struct kvindex_call){.client = c, .details = grpc_empty_slice()};
    pthread_mutex_lock(&c->lock);
    bool cancelled = c->cancellations != cancellations;
    if (!cancelled) {
        grpc_slice method = grpc_slice_from_static_string(path);
        call->queue = grpc_completion_queue_create_for_pluck(NULL);
        call->call = grpc_channel_create_call(c->channel, NULL, GRPC_PROPAGATE_DEFAULTS, call->queue, method,
                                              NULL, deadline, NULL);
        link_call(call, c);
    }
    pthread_mutex_unlock(&c->lock);
    if (cancelled)
        return kvindex_fail(e, KVINDEX_CANCELLED, "cancelled");
    grpc_metadata_array_init(&call->initial);
    grpc_metadata_array_init(&call->trailing);
    return KVINDEX_OK;
}

void kvindex_call_close(struct kvindex_call *call)
{
    unlink_call(call);
    grpc_slice_unref(call->details);
    grpc_metadata_array_destroy(&call->initial);
    grpc_metadata_array_destroy(&call->trailing);
    if (call->received)
        grpc_byte_buffer_destroy(call->received);
    grpc_call_unref(call->call);
    grpc_completion_queue_shutdown(call->queue);
    grpc_completion_queue_destroy(call->queue);
}

/* A refused batch is a mistake of this file: there is nothing a caller could do about it. */
static void start(struct kvindex_call *call, const grpc_op *ops, size_t n, void *tag)
{
    if (grpc_call_start_batch(call->call, ops, n, tag, NULL) != GRPC_CALL_OK)
        abort();
}

static bool wait_until(struct kvindex_call *call, void *tag, gpr_timespec deadline, bool *timed_out)
{
    grpc_event event = grpc_completion_queue_pluck(call->queue, tag, deadline, NULL);
    *timed_out = event.type == GRPC_QUEUE_TIMEOUT;
    return event.type == GRPC_OP_COMPLETE && event.success;
}

static void wait_for(struct kvindex_call *call, void *tag)
{
    bool timed_out;
    wait_until(call, tag, gpr_inf_future(GPR_CLOCK_MONOTONIC), &timed_out); /* the status tells of success */
}

static grpc_op status_op(struct kvindex_call *call)
{
    grpc_op op = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};
    op.data.recv_status_on_client.trailing_metadata = &call->trailing;
    op.data.recv_status_on_client.status = &call->status;
    op.data.recv_status_on_client.status_details = &call->details;
    return op;
}

static grpc_op receive_op(struct kvindex_call *call)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};
    op.data.recv_message.recv_message = &call->received;
    return op;
}

/* The first four operations of every call. */
static void begin_ops(struct kvindex_call *call, grpc_byte_buffer *request, grpc_op ops[4])
{
    ops[0] = (grpc_op){.op = GRPC_OP_SEND_INITIAL_METADATA};
    ops[1] = (grpc_op){.op = GRPC_OP_SEND_MESSAGE};
    ops[1].data.send_message.send_message = request;
    ops[2] = (grpc_op){.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT};
    ops[3] = (grpc_op){.op = GRPC_OP_RECV_INITIAL_METADATA};
    ops[3].data.recv_initial_metadata.recv_initial_metadata = &call->initial;
}

static int status_of(const struct kvindex_call *call, struct kvindex_error *e)
{
    if (call->status == GRPC_STATUS_OK)
        return KVINDEX_OK;
    return kvindex_fail(e, (int)call->status, "%.*s", (int)GRPC_SLICE_LENGTH(call->details),
                        (const char *)GRPC_SLICE_START_PTR(call->details));
}

int kvindex_call_unary(struct kvindex_call *call, grpc_slice request, struct kvindex_error *e)
{
    grpc_op ops[6];
    grpc_byte_buffer *message = grpc_raw_byte_buffer_create(&request, 1);
    begin_ops(call, message, ops);
    ops[4] = receive_op(call);
    ops[5] = status_op(call);
    start(call, ops, 6, call);
    wait_for(call, call);
    grpc_byte_buffer_destroy(message);
    return status_of(call, e);
}

void kvindex_call_begin(struct kvindex_call *call, grpc_slice request)
{
    grpc_op ops[4], status = status_op(call);
    grpc_byte_buffer *message = grpc_raw_byte_buffer_create(&request, 1);
    begin_ops(call, message, ops);
    start(call, &status, 1, &call->status);
    start(call, ops, 4, &call->initial);
    grpc_byte_buffer_destroy(message); /* the core took its contents with the batch */
}

bool kvindex_call_receive(struct kvindex_call *call, unsigned timeout_ms, bool *timed_out)
{
    bool late;
    grpc_op op = receive_op(call);
    start(call, &op, 1, &call->received);
    bool ok = wait_until(call, &call->received, kvindex_after_ms(timeout_ms), timed_out);
    if (*timed_out) {
        kvindex_call_stop(call);
        ok = wait_until(call, &call->received, gpr_inf_future(GPR_CLOCK_MONOTONIC), &late);
    }
    return ok && call->received && !*timed_out;
}

void kvindex_call_stop(struct kvindex_call *call)
{
    grpc_call_cancel(call->call, NULL);
}

int kvindex_call_finish(struct kvindex_call *call, struct kvindex_error *e)
{
    wait_for(call, &call->initial);
    wait_for(call, &call->status);
    return status_of(call, e);
}

/* protobuf-c says NULL for bad bytes and for no memory alike: remember which it was. */
struct watched {
    const struct kvindex_allocator *allocator;
    bool failed;
};

static void *watched_alloc(void *user, size_t size)
{
    struct watched *w = user;
    void *memory = w->allocator->alloc(w->allocator->user, size);
    w->failed |= !memory;
    return memory;
}

static void watched_free(void *user, void *memory)
{
    struct watched *w = user;
    w->allocator->free(w->allocator->user, memory);
}

int kvindex_call_unpack(struct kvindex_call *call, const ProtobufCMessageDescriptor *type,
                        ProtobufCMessage **out, struct kvindex_error *e)
{
    struct watched watched = {.allocator = &call->client->allocator};
    ProtobufCAllocator allocator = {watched_alloc, watched_free, &watched};
    grpc_byte_buffer_reader reader;
    if (!call->received || !grpc_byte_buffer_reader_init(&reader, call->received))
        return kvindex_fail(e, KVINDEX_INTERNAL, "the server sent no readable answer");
    grpc_slice bytes = grpc_byte_buffer_reader_readall(&reader);
    ProtobufCMessage *message =
        protobuf_c_message_unpack(type, &allocator, GRPC_SLICE_LENGTH(bytes), GRPC_SLICE_START_PTR(bytes));
    grpc_slice_unref(bytes);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(call->received);
    call->received = NULL;
    if (watched.failed) {
        kvindex_message_free(watched.allocator, message);
        return kvindex_no_memory(e);
    }
    if (!message)
        return kvindex_fail(e, KVINDEX_INTERNAL, "the server's answer is malformed");
    *out = message;
    return KVINDEX_OK;
}

void kvindex_message_free(const struct kvindex_allocator *a, ProtobufCMessage *message)
{
    ProtobufCAllocator allocator = {a->alloc, a->free, a->user};
    if (message)
        protobuf_c_message_free_unpacked(message, &allocator);
}
