/* Unary operations of kvindex.v1.KvIndexer without a connection: from the bytes of a request message to the
 * bytes of its response, for HTTP bodies of type application/x-protobuf.
 *
 * The same tables, limits and handlers as over gRPC. Any thread, each with its own caller and arena; `self`
 * is not used: it makes these functions fit where a plug-in is expected.
 */
#ifndef RPC_BYTES_H
#define RPC_BYTES_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct kvx_service;
struct kvx_caller;

/* Whether there is a unary operation of that name, for example "Query". Streams are not offered here. */
bool kvx_rpc_has(void *self, const char *operation);

/* Answers one request: appends the serialized response to `answer`. The caller has counted the request with
 * kvx_service_begin. The arena is used on top of what it holds, within bounds of its own; its cap is as
 * before when this returns. KVX_UNIMPLEMENTED: no such operation; else as the service function, and
 * KVX_INVALID, KVX_TOO_LARGE, KVX_NOMEM. */
int kvx_rpc_answer_bytes(void *self, struct kvx_service *, struct kvx_caller *, struct kvx_arena *,
                         const char *operation, struct kvx_bytes request, struct kvx_buf *answer,
                         struct kvx_error *) KVX_MUST_CHECK;

#endif /* RPC_BYTES_H */
