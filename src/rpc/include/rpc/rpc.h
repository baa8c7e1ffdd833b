/* The gRPC server: kvindex.v1.KvIndexer, health and reflection on the gRPC C core.
 *
 * N completion queues with one thread each; all events of a call are handled by the thread of its queue, so
 * calls need no locks. The functions below are for one controlling thread (main), except where noted.
 */
#ifndef RPC_RPC_H
#define RPC_RPC_H

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "base/metrics.h"

struct kvx_service;
struct kvx_rpc;

struct kvx_rpc_config {
    const char *bind; /* IPv4 or IPv6 address, without port */
    uint16_t port;    /* 0: any free one */
    uint32_t threads; /* completion queues, each with one thread; at least 1 */
    struct kvx_service *service;
    struct kvx_log *log; /* may be NULL; must outlive the process's last gRPC object */
    struct kvx_metrics *metrics;
    const struct kvx_allocator *allocator;
    uint64_t poll_ns; /* how often health watchers look for a change; 0: 100 ms */
};

/* Listens and serves when it returns. KVX_INVALID when the address cannot be bound. */
int kvx_rpc_new(struct kvx_rpc **out, const struct kvx_rpc_config *, struct kvx_error *) KVX_MUST_CHECK;
/* The port it listens on. */
uint16_t kvx_rpc_port(const struct kvx_rpc *);
/* Ends serving: health says NOT_SERVING, then no new call is accepted, waiting streams are told UNAVAILABLE,
 * calls in flight may finish until `deadline_ns` (kvx_now_ns), the rest is cancelled. Returns when all is
 * over. */
void kvx_rpc_drain(struct kvx_rpc *, uint64_t deadline_ns);
/* Drains without grace if that was not done. NULL is allowed. */
void kvx_rpc_free(struct kvx_rpc *);

#endif /* RPC_RPC_H */
