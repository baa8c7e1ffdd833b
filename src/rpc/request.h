/* From the bytes of a request to a checked protobuf-c message. Pure; any thread with its own arena. */
#ifndef RPC_REQUEST_H
#define RPC_REQUEST_H

#include "rpc/method.h"

/* Memory for the largest answer: a list of hundreds of thousands of workers. */
enum { KVX_RPC_ANSWER_MEMORY = 256 << 20 };

/* Memory one request of that many bytes may take, in bytes. protobuf-c turns a number of a list that came
 * unpacked (5 bytes) into 36 and a candidate (6 bytes) into 140, in slabs that double, and an arena may waste
 * as much again; only the small things are so many times their size. */
static inline size_t kvx_rpc_request_memory(size_t message_bytes)
{
    const size_t times = 48, most = (size_t)192 << 20;
    return (message_bytes < most / times ? message_bytes * times : most) + 65536;
}

/* Looks through the wire format before anything is allocated: structure and wire types, else KVX_INVALID. The
 * first text that is bad (UTF-8, no NUL, `max_bytes`) is told in `text`, whose code must be 0 before, and
 * does not end the look. */
int kvx_rpc_scan(const struct kvx_rpc_rules *, const uint8_t *data, size_t len, struct kvx_error *text,
                 struct kvx_error *) KVX_MUST_CHECK;

/* Scans and unpacks into the arena, whose cap becomes kvx_rpc_request_memory of `len` above what it has now.
 * KVX_INVALID, KVX_TOO_LARGE (more memory than that), KVX_NOMEM. After a failure `*out` is NULL, except when
 * only a text is bad: then the message is there to be refused by its id, and its texts must not be read. */
int kvx_rpc_unpack(const struct kvx_rpc_rules *, const uint8_t *data, size_t len, struct kvx_arena *,
                   ProtobufCMessage **out, struct kvx_error *) KVX_MUST_CHECK;

/* The limits of an unpacked message: what is required, item counts, ranges, enum values. KVX_INVALID,
 * KVX_TOO_LARGE. */
int kvx_rpc_check(const struct kvx_rpc_rules *, const ProtobufCMessage *, struct kvx_error *) KVX_MUST_CHECK;

#endif /* RPC_REQUEST_H */
