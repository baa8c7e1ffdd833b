#include "rpc_client.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc_security.h>
#include <grpc/support/time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static grpc_arg integer(const char *key, int value)
{
    grpc_arg arg = {.type = GRPC_ARG_INTEGER, .key = (char *)key};
    arg.value.integer = value;
    return arg;
}

void rpc_client_open(struct rpc_client *c, uint16_t port, bool compress)
{
    char target[64];
    grpc_arg args[] = {
        integer("grpc.use_local_subchannel_pool", 1),
        integer(GRPC_ARG_ENABLE_HTTP_PROXY, 0),
        integer(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, -1),
        integer(GRPC_COMPRESSION_CHANNEL_DEFAULT_ALGORITHM,
                compress ? GRPC_COMPRESS_GZIP : GRPC_COMPRESS_NONE),
    };
    grpc_init();
    snprintf(target, sizeof(target), "127.0.0.1:%u", port);
    grpc_channel_credentials *plain = grpc_insecure_credentials_create();
    c->channel =
        grpc_channel_create(target, plain, &(grpc_channel_args){sizeof(args) / sizeof(args[0]), args});
    grpc_channel_credentials_release(plain);
    c->cq = grpc_completion_queue_create_for_pluck(NULL);
}

void rpc_client_close(struct rpc_client *c)
{
    grpc_completion_queue_shutdown(c->cq);
    grpc_completion_queue_destroy(c->cq);
    grpc_channel_destroy(c->channel);
    grpc_shutdown();
}

static bool wait_for(struct rpc_client *c, void *tag)
{
    grpc_event e = grpc_completion_queue_pluck(c->cq, tag, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
    return e.type == GRPC_OP_COMPLETE && e.success;
}

static void start(struct rpc_stream *s, const grpc_op *ops, size_t n, void *tag)
{
    if (grpc_call_start_batch(s->call, ops, n, tag, NULL) != GRPC_CALL_OK)
        abort(); /* the tests use the core wrongly */
}

void rpc_stream_open(struct rpc_stream *s, struct rpc_client *c, const char *path, unsigned timeout_ms)
{
    gpr_timespec deadline =
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(timeout_ms, GPR_TIMESPAN));
    *s = (struct rpc_stream){.client = c};
    grpc_metadata_array_init(&s->initial);
    grpc_metadata_array_init(&s->trailing);
    grpc_slice method = grpc_slice_from_copied_string(path);
    s->call = grpc_channel_create_call(c->channel, NULL, GRPC_PROPAGATE_DEFAULTS, c->cq, method, NULL,
                                       deadline, NULL);
    grpc_slice_unref(method);

    grpc_op status = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};
    status.data.recv_status_on_client.trailing_metadata = &s->trailing;
    status.data.recv_status_on_client.status = &s->status;
    status.data.recv_status_on_client.status_details = &s->details;
    grpc_op begin[2] = {{.op = GRPC_OP_SEND_INITIAL_METADATA}, {.op = GRPC_OP_RECV_INITIAL_METADATA}};
    begin[1].data.recv_initial_metadata.recv_initial_metadata = &s->initial;
    start(s, &status, 1, &s->status);
    start(s, &begin[1], 1, &s->initial);
    start(s, &begin[0], 1, &s->call);
    wait_for(c, &s->call);
}

bool rpc_stream_send(struct rpc_stream *s, const void *data, size_t len)
{
    grpc_slice bytes = grpc_slice_from_copied_buffer(data, len);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&bytes, 1);
    grpc_op op = {.op = GRPC_OP_SEND_MESSAGE};
    op.data.send_message.send_message = buffer;
    start(s, &op, 1, buffer);
    bool ok = wait_for(s->client, buffer);
    grpc_byte_buffer_destroy(buffer);
    grpc_slice_unref(bytes);
    return ok;
}

bool rpc_stream_send_message(struct rpc_stream *s, const ProtobufCMessage *m)
{
    size_t len = protobuf_c_message_get_packed_size(m);
    uint8_t *data = malloc(len + 1);
    if (!data)
        abort();
    protobuf_c_message_pack(m, data);
    bool ok = rpc_stream_send(s, data, len);
    free(data);
    return ok;
}

void rpc_stream_half_close(struct rpc_stream *s)
{
    grpc_op op = {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT};
    start(s, &op, 1, &op);
    wait_for(s->client, &op);
}

ProtobufCMessage *rpc_stream_read(struct rpc_stream *s, const ProtobufCMessageDescriptor *type)
{
    grpc_byte_buffer *buffer = NULL;
    grpc_byte_buffer_reader reader;
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};
    op.data.recv_message.recv_message = &buffer;
    start(s, &op, 1, &buffer);
    if (!wait_for(s->client, &buffer) || !buffer)
        return NULL;
    if (!grpc_byte_buffer_reader_init(&reader, buffer))
        abort();
    grpc_slice bytes = grpc_byte_buffer_reader_readall(&reader);
    ProtobufCMessage *m =
        protobuf_c_message_unpack(type, NULL, GRPC_SLICE_LENGTH(bytes), GRPC_SLICE_START_PTR(bytes));
    grpc_slice_unref(bytes);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(buffer);
    return m;
}

void rpc_stream_cancel(struct rpc_stream *s)
{
    grpc_call_cancel(s->call, NULL);
}

int rpc_stream_status(struct rpc_stream *s, char *text, size_t size)
{
    if (!s->finished) {
        wait_for(s->client, &s->initial);
        wait_for(s->client, &s->status);
        s->finished = true;
    }
    if (text)
        snprintf(text, size, "%.*s", (int)GRPC_SLICE_LENGTH(s->details),
                 (const char *)GRPC_SLICE_START_PTR(s->details));
    return (int)s->status;
}

void rpc_stream_close(struct rpc_stream *s)
{
    if (!s->finished) {
        rpc_stream_cancel(s);
        rpc_stream_status(s, NULL, 0);
    }
    grpc_slice_unref(s->details);
    grpc_metadata_array_destroy(&s->initial);
    grpc_metadata_array_destroy(&s->trailing);
    grpc_call_unref(s->call);
}

struct rpc_error rpc_call_bytes(struct rpc_client *c, const char *path, const void *data, size_t len,
                                unsigned timeout_ms, const ProtobufCMessageDescriptor *type,
                                ProtobufCMessage **out)
{
    struct rpc_stream s;
    struct rpc_error error;
    rpc_stream_open(&s, c, path, timeout_ms);
    if (rpc_stream_send(&s, data, len))
        rpc_stream_half_close(&s);
    ProtobufCMessage *m = rpc_stream_read(&s, type);
    error.status = rpc_stream_status(&s, error.text, sizeof(error.text));
    rpc_stream_close(&s);
    if (out)
        *out = m;
    else if (m)
        protobuf_c_message_free_unpacked(m, NULL);
    return error;
}

struct rpc_error rpc_call(struct rpc_client *c, const char *method, const ProtobufCMessage *request,
                          const ProtobufCMessageDescriptor *type, ProtobufCMessage **out)
{
    char path[128];
    size_t len = protobuf_c_message_get_packed_size(request);
    uint8_t *data = malloc(len + 1);
    if (!data)
        abort();
    protobuf_c_message_pack(request, data);
    snprintf(path, sizeof(path), "/kvindex.v1.KvIndexer/%s", method);
    struct rpc_error error = rpc_call_bytes(c, path, data, len, 20000, type, out);
    free(data);
    return error;
}
