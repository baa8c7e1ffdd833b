/* Inside the client library: the client, one operation over the wire, and answers that own their message. */
#ifndef KVINDEX_PRIVATE_H
#define KVINDEX_PRIVATE_H

#include "kvindex/client.h"
#include "kvindex/v1/kvindex.pb-c.h"

#include <grpc/grpc.h>
#include <pthread.h>

struct kvindex_call;

struct kvindex_client {
    grpc_channel *channel; /* has its own locks */
    struct kvindex_allocator allocator;
    unsigned timeout_ms, attempts;
    pthread_mutex_t lock; /* guards what follows; innermost, except that the core is called under it */
    pthread_cond_t cancelled;
    uint64_t cancellations; /* how often everything was cancelled: an operation ends when this has changed */
    struct kvindex_call *calls;
};

/* Fills `e` (may be NULL) and returns `code`. */
int kvindex_fail(struct kvindex_error *e, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int kvindex_no_memory(struct kvindex_error *e);

/* ---- Operations (operation.c) ---- */

struct kvindex_method {
    const char *path;
    const ProtobufCMessageDescriptor *answer;
    bool read; /* changes nothing, so that it may be tried again */
};
#define KVINDEX_METHOD(name, type, reads)                                                 \
    {                                                                                     \
        "/kvindex.v1.KvIndexer/" name, &kvindex__v1__##type##_response__descriptor, reads \
    }

/* One answer; the caller frees it with `kvindex_message_free`. */
int kvindex_unary(struct kvindex_client *, const struct kvindex_method *, const ProtobufCMessage *request,
                  ProtobufCMessage **answer, struct kvindex_error *);

/* Many answers: `take` is called for each and may end the stream early with KVINDEX_OK and `*stop`, or fail
 * with another code. Tried again only while nothing was taken. */
typedef int kvindex_take_fn(void *user, const ProtobufCMessage *, bool *stop, struct kvindex_error *);
int kvindex_stream(struct kvindex_client *, const struct kvindex_method *, const ProtobufCMessage *request,
                   kvindex_take_fn *, void *user, struct kvindex_error *);

void kvindex_message_free(const struct kvindex_allocator *, ProtobufCMessage *);

/* A text for a message; NULL is "". protobuf-c's structs are not const; packing only reads them. */
char *kvindex_text(const char *);

/* ---- One attempt (call.c) ---- */

struct kvindex_call {
    struct kvindex_client *client;
    grpc_call *call;
    grpc_completion_queue *queue;
    grpc_metadata_array initial, trailing;
    grpc_status_code status;
    grpc_slice details;
    grpc_byte_buffer *received;
    struct kvindex_call *previous, *next; /* in the client's list */
};

/* CANCELLED when the client was cancelled since `cancellations` was read. On success, close it. */
int kvindex_call_open(struct kvindex_call *, struct kvindex_client *, const char *path,
                      uint64_t cancellations, gpr_timespec deadline, struct kvindex_error *);
void kvindex_call_close(struct kvindex_call *);

/* Sends the request and waits for answer and status; the answer is then in `received`. */
int kvindex_call_unary(struct kvindex_call *, grpc_slice request, struct kvindex_error *);

/* A stream of answers: begin, then receive until it says false, then finish for the status. Between receiving
 * and finishing, kvindex_call_stop ends it early. */
void kvindex_call_begin(struct kvindex_call *, grpc_slice request);
/* False at the end of the stream, and when nothing came within `timeout_ms` (then `*timed_out`). */
bool kvindex_call_receive(struct kvindex_call *, unsigned timeout_ms, bool *timed_out);
void kvindex_call_stop(struct kvindex_call *);
int kvindex_call_finish(struct kvindex_call *, struct kvindex_error *);

/* Unpacks what was received and forgets the bytes. */
int kvindex_call_unpack(struct kvindex_call *, const ProtobufCMessageDescriptor *, ProtobufCMessage **out,
                        struct kvindex_error *);

gpr_timespec kvindex_after_ms(unsigned ms);

/* ---- Answers that own their message (answers.c) ---- */

/* The beginning of every object handed out: the plain structs follow and point into the message. */
struct kvindex_owner {
    struct kvindex_allocator allocator;
    ProtobufCMessage *message;
};

int kvindex_answer_workers(struct kvindex_client *, ProtobufCMessage *, const struct kvindex_workers **out,
                           struct kvindex_error *);
/* `message` owns `result`. */
int kvindex_answer_result(struct kvindex_client *, ProtobufCMessage *message,
                          const Kvindex__V1__QueryResult *result, const struct kvindex_result **out,
                          struct kvindex_error *);
int kvindex_answer_partitions(struct kvindex_client *, ProtobufCMessage *,
                              const struct kvindex_partitions **out, struct kvindex_error *);
int kvindex_answer_peers(struct kvindex_client *, ProtobufCMessage *, const struct kvindex_peers **out,
                         struct kvindex_error *);
/* Borrows the texts; NULL, as of older servers, has none. */
struct kvindex_partition kvindex_partition_of(const Kvindex__V1__Partition *);
int kvindex_answer_health(struct kvindex_client *, ProtobufCMessage *, const struct kvindex_health **out,
                          struct kvindex_error *);

#endif /* KVINDEX_PRIVATE_H */
