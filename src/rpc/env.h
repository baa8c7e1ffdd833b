/* What a handler works with: the service, its thread's caller, and memory that lives until its answer is
 * packed. One for each completion queue; used by that queue's thread only. */
#ifndef RPC_ENV_H
#define RPC_ENV_H

#include "rpc/method.h"
#include "service/service.h"

/* The life of the server, in order. */
enum kvx_rpc_phase {
    KVX_RPC_STARTING,
    KVX_RPC_SERVING,
    KVX_RPC_DRAINING, /* still answering; health says NOT_SERVING */
    KVX_RPC_CLOSING   /* no new calls; streams that wait are ended */
};

struct kvx_rpc_env {
    struct kvx_service *service;
    struct kvx_caller *caller;
    struct kvx_arena *arena; /* for answers; emptied after each */
    const struct kvx_allocator *allocator;
    const struct kvx_rpc_schema *schema;
    const _Atomic int *phase; /* enum kvx_rpc_phase */
    uint64_t poll_ns;
    uint64_t ready_checked_ns; /* when `ready` was looked up */
    bool ready;
};

#endif /* RPC_ENV_H */
