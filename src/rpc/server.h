/* The server's own structures: one kvx_rpc, a queue for each thread, a call for each armed or running
 * request.
 *
 * Threads: every field of a queue and of its calls belongs to the queue's thread once the server serves. What
 * threads share is atomic and stands in struct kvx_rpc.
 */
#ifndef RPC_SERVER_H
#define RPC_SERVER_H

#include "env.h"
#include "kvindex_rpc.h"
#include "rpc/rpc.h"

#include <grpc/grpc.h>
#include <pthread.h>
#include <semaphore.h>

enum {
    /* The slot after the last operation stands for all paths that are not registered. */
    KVX_RPC_UNREGISTERED = KVX_RPC_OPERATION_COUNT,
    KVX_RPC_SLOTS
};

struct kvx_rpc_queue;
struct kvx_rpc_call;

struct kvx_rpc {
    struct kvx_rpc_config config;
    const struct kvx_rpc_schema *schema;
    struct kvx_request_stats *stats;
    grpc_server *server;
    grpc_completion_queue *control; /* for the end of the shutdown; polled by the controlling thread only */
    void *registered[KVX_RPC_OPERATION_COUNT];
    struct kvx_rpc_queue *queues; /* config.threads of them */
    uint32_t n_queues, n_threads; /* initialised, started */
    uint16_t port;
    bool listening, closed;
    sem_t gate; /* threads pass it once the server serves, or has failed to */
    /* Sequentially consistent both: a thread counts a call and then looks at the phase; the controlling
     * thread sets the phase and then looks at the count. So either it sees the call or the thread sees the
     * end. */
    _Atomic int phase;      /* enum kvx_rpc_phase */
    _Atomic uint32_t calls; /* armed and running */
};

struct kvx_rpc_queue {
    struct kvx_rpc *rpc;
    grpc_completion_queue *cq;
    pthread_t thread;
    struct kvx_rpc_env env;
    struct kvx_arena request, answer;
    struct kvx_rpc_call *streams;    /* running streams */
    struct kvx_rpc_call *spare;      /* ended calls kept for reuse */
    uint32_t n_spare, n_unarmed;     /* of all slots together */
    uint32_t unarmed[KVX_RPC_SLOTS]; /* requests that should be armed and are not */
    uint64_t next_tick_ns;
};

/* queue.c */
int kvx_rpc_queue_init(struct kvx_rpc_queue *, struct kvx_rpc *, struct kvx_error *) KVX_MUST_CHECK;
void kvx_rpc_queue_fini(struct kvx_rpc_queue *);
/* The thread: from the gate until the completion queue is shut down and empty. */
void *kvx_rpc_queue_run(void *queue);
/* Asks the core for one more call of this slot, or counts it as unarmed. */
void kvx_rpc_queue_arm(struct kvx_rpc_queue *, uint32_t slot);

/* core_log.c: the core's log lines go to `log` (process-wide, as the core's log is); NULL: to stderr. */
void kvx_rpc_core_log(struct kvx_log *log);

#endif /* RPC_SERVER_H */
