/* One call, from being armed to the event of its last batch.
 *
 * Ownership rule: `outstanding` counts the batches whose event has not come yet (the armed request is one).
 * The core sends exactly one event for each batch it accepted; whoever handles the last one frees the call.
 */
#ifndef RPC_CALL_H
#define RPC_CALL_H

#include "server.h"

enum kvx_rpc_event {
    KVX_RPC_ARRIVED,  /* an armed request became a call, or the server shuts down */
    KVX_RPC_CLOSED,   /* streams: the call is over; `cancelled` says how */
    KVX_RPC_RECEIVED, /* one message, or the end of them */
    KVX_RPC_SENT,     /* one message left us */
    KVX_RPC_FINISHED, /* the status left us */
    KVX_RPC_EVENTS
};

struct kvx_rpc_tag {
    struct kvx_rpc_call *call;
    enum kvx_rpc_event event;
};

struct kvx_rpc_bidi; /* bidi.c */

struct kvx_rpc_call {
    struct kvx_rpc_queue *queue;
    const struct kvx_rpc_method *method; /* NULL: not registered */
    uint32_t slot;
    uint32_t outstanding;
    struct kvx_rpc_tag tags[KVX_RPC_EVENTS];
    grpc_call *core;
    gpr_timespec deadline;
    grpc_metadata_array metadata;
    grpc_call_details details;  /* of an unregistered method */
    grpc_byte_buffer *received; /* the request, or a stream's newest message */
    int cancelled;
    bool admitted;      /* counted by kvx_service_begin */
    bool metadata_sent; /* initial metadata */
    bool closed;        /* KVX_RPC_CLOSED came */
    bool ending;        /* the status is on its way: nothing else may be sent */
    int code;           /* kvx_code for the metrics */
    uint64_t started_ns;
    struct kvx_rpc_call *next, *previous; /* in the queue's list of streams, or of spares */
    bool waiting;                         /* server stream: to be asked again at the next tick */
    void *stream;                         /* server stream: the handler's */
    struct kvx_rpc_bidi *bidi;
};

/* Memory for a call, armed by the caller of this. NULL without memory. */
struct kvx_rpc_call *kvx_rpc_call_new(struct kvx_rpc_queue *, uint32_t slot);
void kvx_rpc_call_free(struct kvx_rpc_call *);

/* Handles one event, and ends the call when it was the last. */
void kvx_rpc_call_event(struct kvx_rpc_call *, enum kvx_rpc_event, bool success);

/* Starts a batch whose event is `event`. False when the core refuses it; nothing is outstanding then. */
bool kvx_rpc_call_batch(struct kvx_rpc_call *, const grpc_op *, size_t n, enum kvx_rpc_event event);
/* Asks for KVX_RPC_CLOSED. */
bool kvx_rpc_call_watch_close(struct kvx_rpc_call *);
/* Sends one message of a stream; takes `message`. */
bool kvx_rpc_call_send(struct kvx_rpc_call *, grpc_byte_buffer *message, bool more_follow);
/* Ends the call: an optional message (taken) and the status of `e`, or OK where `e` is NULL. */
void kvx_rpc_call_finish(struct kvx_rpc_call *, grpc_byte_buffer *message, const struct kvx_error *e);

/* Checks that the call may run: its deadline, the service's limits. */
int kvx_rpc_call_admit(struct kvx_rpc_call *, struct kvx_error *) KVX_MUST_CHECK;
/* Unpacks `received` into the queue's request arena. */
int kvx_rpc_call_request(struct kvx_rpc_call *, ProtobufCMessage **out, struct kvx_error *) KVX_MUST_CHECK;
/* A fresh response in the queue's answer arena; NULL without memory. */
ProtobufCMessage *kvx_rpc_call_response(struct kvx_rpc_call *);
/* Serializes a message into one buffer for the core. */
grpc_byte_buffer *kvx_rpc_pack(const ProtobufCMessage *);
/* After each message: empties both arenas. */
void kvx_rpc_call_memory_done(struct kvx_rpc_call *);

/* unary.c, server_stream.c, bidi.c: the state machines. */
void kvx_rpc_unary_arrived(struct kvx_rpc_call *);
void kvx_rpc_server_stream_arrived(struct kvx_rpc_call *);
void kvx_rpc_server_stream_sent(struct kvx_rpc_call *);
void kvx_rpc_server_stream_tick(struct kvx_rpc_call *, bool closing);
void kvx_rpc_bidi_arrived(struct kvx_rpc_call *);
void kvx_rpc_bidi_received(struct kvx_rpc_call *);
void kvx_rpc_bidi_sent(struct kvx_rpc_call *);
void kvx_rpc_bidi_tick(struct kvx_rpc_call *, bool closing);
void kvx_rpc_bidi_free(struct kvx_rpc_call *);

#endif /* RPC_CALL_H */
