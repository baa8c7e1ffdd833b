/* From the bytes of a request to a checked protobuf-c message. Pure; any thread with its own arena. */
#ifndef RPC_REQUEST_H
#define RPC_REQUEST_H

#include "rpc/method.h"

/* Memory one request may take. protobuf-c notes 32 bytes for each number of a list that came unpacked (5
 * bytes on the wire) in slabs that double, and an arena may waste as much again. */
#define KVX_RPC_REQUEST_MEMORY(message_bytes) (24u * (message_bytes) + 65536u)

/* Looks through the wire format before anything is allocated: structure, wire types, texts (UTF-8, no NUL,
 * `max_bytes`). KVX_INVALID. */
int kvx_rpc_scan(const struct kvx_rpc_rules *, const uint8_t *data, size_t len,
                 struct kvx_error *) KVX_MUST_CHECK;

/* Scans and unpacks into the arena, which must be at its start. The arena's cap becomes
 * KVX_RPC_REQUEST_MEMORY of `len`. KVX_INVALID, KVX_TOO_LARGE (more memory than that), KVX_NOMEM. */
int kvx_rpc_unpack(const struct kvx_rpc_rules *, const uint8_t *data, size_t len, struct kvx_arena *,
                   ProtobufCMessage **out, struct kvx_error *) KVX_MUST_CHECK;

/* The limits of an unpacked message: what is required, item counts, ranges, enum values. KVX_INVALID,
 * KVX_TOO_LARGE. */
int kvx_rpc_check(const struct kvx_rpc_rules *, const ProtobufCMessage *, struct kvx_error *) KVX_MUST_CHECK;

#endif /* RPC_REQUEST_H */
