/* A completion queue and its thread: arming, events, and the tick that looks at waiting streams. */
#include "base/clock.h"
#include "call.h"

#include <grpc/support/time.h>

/* Requests armed at once for each method and queue. A call that finds none armed waits in the core until one
 * is, so this only has to cover what arrives between two turns of the loop. */
enum { ARMED = 16 };

int kvx_rpc_queue_init(struct kvx_rpc_queue *q, struct kvx_rpc *rpc, struct kvx_error *e)
{
    const struct kvx_rpc_config *c = &rpc->config;
    *q = (struct kvx_rpc_queue){.rpc = rpc};
    kvx_arena_init(&q->request, c->allocator, 0);
    kvx_arena_init(&q->answer, c->allocator, 0);
    q->env = (struct kvx_rpc_env){
        .service = c->service,
        .arena = &q->answer,
        .allocator = c->allocator,
        .schema = rpc->schema,
        .phase = &rpc->phase,
        .poll_ns = c->poll_ns,
    };
    if (kvx_caller_new(&q->env.caller, c->service) < 0)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    q->cq = grpc_completion_queue_create_for_next(NULL);
    return KVX_OK;
}

void kvx_rpc_queue_fini(struct kvx_rpc_queue *q)
{
    grpc_completion_queue_destroy(q->cq);
    while (q->spare) {
        struct kvx_rpc_call *c = q->spare;
        q->spare = c->next;
        kvx_dealloc(q->rpc->config.allocator, c, sizeof(*c));
    }
    kvx_arena_reset(&q->request);
    kvx_arena_reset(&q->answer);
    kvx_caller_free(q->env.caller);
}

static grpc_call_error request_call(struct kvx_rpc_queue *q, struct kvx_rpc_call *c)
{
    struct kvx_rpc *rpc = q->rpc;
    struct kvx_rpc_tag *tag = &c->tags[KVX_RPC_ARRIVED];
    if (!c->method)
        return grpc_server_request_call(rpc->server, &c->core, &c->details, &c->metadata, q->cq, q->cq, tag);
    grpc_byte_buffer **payload = c->method->kind == KVX_RPC_BIDI ? NULL : &c->received;
    return grpc_server_request_registered_call(rpc->server, rpc->registered[c->slot], &c->core, &c->deadline,
                                               &c->metadata, payload, q->cq, q->cq, tag);
}

static bool closing(const struct kvx_rpc *rpc)
{
    return atomic_load_explicit(&rpc->phase, memory_order_seq_cst) == KVX_RPC_CLOSING;
}

void kvx_rpc_queue_arm(struct kvx_rpc_queue *q, uint32_t slot)
{
    struct kvx_rpc *rpc = q->rpc;
    atomic_fetch_add_explicit(&rpc->calls, 1, memory_order_seq_cst);
    if (closing(rpc))
        goto not_counted;
    struct kvx_rpc_call *c = kvx_rpc_call_new(q, slot);
    if (!c)
        goto unarmed;
    if (request_call(q, c) != GRPC_CALL_OK)
        goto refused;
    c->outstanding = 1;
    return;

refused:
    kvx_rpc_call_free(c);
unarmed: /* the next tick tries again */
    q->unarmed[slot]++;
    q->n_unarmed++;
not_counted:
    atomic_fetch_sub_explicit(&rpc->calls, 1, memory_order_seq_cst);
}

static void arm_missing(struct kvx_rpc_queue *q)
{
    for (uint32_t slot = 0; slot < KVX_RPC_SLOTS; slot++) {
        uint32_t n = q->unarmed[slot];
        q->unarmed[slot] = 0;
        q->n_unarmed -= n;
        while (n-- > 0)
            kvx_rpc_queue_arm(q, slot);
    }
}

static void tick(struct kvx_rpc_queue *q)
{
    bool end = closing(q->rpc);
    if (q->n_unarmed > 0 && !end)
        arm_missing(q);
    for (struct kvx_rpc_call *c = q->streams, *next; c; c = next) {
        next = c->next; /* a tick starts batches only; no call ends before their events */
        if (c->method->kind == KVX_RPC_SERVER_STREAM)
            kvx_rpc_server_stream_tick(c, end);
        else
            kvx_rpc_bidi_tick(c, end);
    }
}

void *kvx_rpc_queue_run(void *queue)
{
    struct kvx_rpc_queue *q = queue;
    while (sem_wait(&q->rpc->gate) != 0) /* interrupted by a signal */
        ;
    for (uint32_t slot = 0; slot < KVX_RPC_SLOTS; slot++) {
        q->unarmed[slot] = ARMED;
        q->n_unarmed += ARMED;
    }
    gpr_timespec wake = gpr_now(GPR_CLOCK_MONOTONIC);
    for (;;) {
        uint64_t now = kvx_now_ns();
        if (now >= q->next_tick_ns) {
            tick(q);
            q->next_tick_ns = now + q->rpc->config.poll_ns;
            wake = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                gpr_time_from_nanos((int64_t)q->rpc->config.poll_ns, GPR_TIMESPAN));
        }
        grpc_event event = grpc_completion_queue_next(q->cq, wake, NULL);
        if (event.type == GRPC_QUEUE_SHUTDOWN)
            return NULL;
        if (event.type == GRPC_OP_COMPLETE) {
            struct kvx_rpc_tag *tag = event.tag;
            kvx_rpc_call_event(tag->call, tag->event, event.success);
        }
    }
}
