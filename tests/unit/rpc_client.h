/* A gRPC client on the C core, for tests: every step waits until it is done. One thread at a time for each
 * client. */
#ifndef RPC_CLIENT_H
#define RPC_CLIENT_H

#include "base/err.h"

#include <grpc/grpc.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

struct rpc_client {
    grpc_channel *channel;
    grpc_completion_queue *cq;
};

/* A connection of its own to 127.0.0.1:port. `compress` sends with gzip. */
void rpc_client_open(struct rpc_client *, uint16_t port, bool compress);
void rpc_client_close(struct rpc_client *);

struct rpc_stream {
    struct rpc_client *client;
    grpc_call *call;
    grpc_metadata_array initial, trailing;
    grpc_status_code status;
    grpc_slice details;
    bool finished; /* `status` is known */
};

void rpc_stream_open(struct rpc_stream *, struct rpc_client *, const char *path, unsigned timeout_ms);
/* False when the call is over. */
bool rpc_stream_send(struct rpc_stream *, const void *data, size_t len);
bool rpc_stream_send_message(struct rpc_stream *, const ProtobufCMessage *);
void rpc_stream_half_close(struct rpc_stream *);
/* The next message, unpacked; NULL at the end of the stream. Free with protobuf_c_message_free_unpacked. */
ProtobufCMessage *rpc_stream_read(struct rpc_stream *, const ProtobufCMessageDescriptor *);
void rpc_stream_cancel(struct rpc_stream *);
/* Waits for the status; the text stays valid until the stream is closed. */
int rpc_stream_status(struct rpc_stream *, char *text, size_t size);
void rpc_stream_close(struct rpc_stream *); /* cancels what still runs */

/* One unary call: the status, and on OK the response in `*out` (unless NULL). */
struct rpc_error {
    int status;
    char text[KVX_ERROR_TEXT_MAX];
};
struct rpc_error rpc_call_bytes(struct rpc_client *, const char *path, const void *data, size_t len,
                                unsigned timeout_ms, const ProtobufCMessageDescriptor *,
                                ProtobufCMessage **out);
struct rpc_error rpc_call(struct rpc_client *, const char *method, const ProtobufCMessage *request,
                          const ProtobufCMessageDescriptor *, ProtobufCMessage **out);

#endif /* RPC_CLIENT_H */
