/* The life of the server: built in one order, taken down in the reverse one. */
#include "server.h"

#include "base/clock.h"
#include "call.h"

#include <grpc/grpc_security.h>
#include <grpc/support/time.h>
#include <stdio.h>

enum {
    DEFAULT_POLL_MS = 100,
    MAX_STREAMS = 1024,             /* calls at once on one connection */
    MAX_METADATA = 16 << 10,        /* bytes */
    KEEPALIVE_TIME_MS = 60000,      /* we ping a silent client after this long */
    KEEPALIVE_TIMEOUT_MS = 20000,   /* and give it up when no answer comes */
    CLIENT_PING_INTERVAL_MS = 10000 /* clients may ping this often, also without a call */
};

static grpc_arg integer(const char *key, size_t value)
{
    grpc_arg arg = {.type = GRPC_ARG_INTEGER, .key = (char *)key};
    arg.value.integer = (int)value;
    return arg;
}

static grpc_server *create_server(const struct kvx_rpc_schema *schema)
{
    grpc_arg args[] = {
        /* Another process must not share our port silently. */
        integer(GRPC_ARG_ALLOW_REUSEPORT, 0),
        integer(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, schema->max_message_bytes),
        integer(GRPC_ARG_MAX_CONCURRENT_STREAMS, MAX_STREAMS),
        integer(GRPC_ARG_MAX_METADATA_SIZE, MAX_METADATA),
        integer(GRPC_ARG_KEEPALIVE_TIME_MS, KEEPALIVE_TIME_MS),
        integer(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, KEEPALIVE_TIMEOUT_MS),
        integer(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1),
        integer(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, CLIENT_PING_INTERVAL_MS),
        /* Only uncompressed requests: a few KiB of gzip can become gigabytes before any limit of ours is
           asked. */
        integer(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1u << GRPC_COMPRESS_NONE),
    };
    return grpc_server_create(&(grpc_channel_args){sizeof(args) / sizeof(args[0]), args}, NULL);
}

static int register_methods(struct kvx_rpc *rpc, struct kvx_error *e)
{
    for (size_t i = 0; i < rpc->schema->n_methods; i++) {
        const struct kvx_rpc_method *m = &rpc->schema->methods[i];
        rpc->registered[i] = grpc_server_register_method(
            rpc->server, m->path, NULL,
            m->kind == KVX_RPC_BIDI ? GRPC_SRM_PAYLOAD_NONE : GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER, 0);
        if (!rpc->registered[i])
            return kvx_fail(e, KVX_INTERNAL, "gRPC does not accept method %s", m->path);
    }
    return KVX_OK;
}

static int listen_on(struct kvx_rpc *rpc, struct kvx_error *e)
{
    const struct kvx_rpc_config *c = &rpc->config;
    char address[256];
    bool v6 = strchr(c->bind, ':') != NULL;
    snprintf(address, sizeof(address), "%s%s%s:%u", v6 ? "[" : "", c->bind, v6 ? "]" : "", c->port);
    grpc_server_credentials *plain = grpc_insecure_server_credentials_create();
    int port = grpc_server_add_http2_port(rpc->server, address, plain);
    grpc_server_credentials_release(plain);
    if (port <= 0)
        return kvx_fail(e, KVX_INVALID, "cannot listen on %s for gRPC", address);
    rpc->port = (uint16_t)port;
    rpc->listening = true;
    return KVX_OK;
}

static int create_queues(struct kvx_rpc *rpc, struct kvx_error *e)
{
    size_t bytes = kvx_size_mul(rpc->config.threads, sizeof(*rpc->queues));
    rpc->queues = bytes ? kvx_alloc(rpc->config.allocator, bytes) : NULL;
    if (!rpc->queues) {
        kvx_fail(e, KVX_NOMEM, "out of memory");
        return KVX_NOMEM;
    }
    for (; rpc->n_queues < rpc->config.threads; rpc->n_queues++) {
        struct kvx_rpc_queue *q = &rpc->queues[rpc->n_queues];
        int status = kvx_rpc_queue_init(q, rpc, e);
        if (status < 0)
            return status;
        grpc_server_register_completion_queue(rpc->server, q->cq, NULL);
    }
    return KVX_OK;
}

static int start_threads(struct kvx_rpc *rpc, struct kvx_error *e)
{
    for (; rpc->n_threads < rpc->n_queues; rpc->n_threads++) {
        struct kvx_rpc_queue *q = &rpc->queues[rpc->n_threads];
        if (pthread_create(&q->thread, NULL, kvx_rpc_queue_run, q) != 0)
            return kvx_fail(e, KVX_UNAVAILABLE, "cannot start gRPC thread %u", rpc->n_threads);
    }
    return KVX_OK;
}

static void set_phase(struct kvx_rpc *rpc, enum kvx_rpc_phase phase)
{
    atomic_store_explicit(&rpc->phase, phase, memory_order_seq_cst);
}

/* Threads start only after every fallible step, and wait at the gate: a server that fails to start has none.
 */
static int start(struct kvx_rpc *rpc, struct kvx_error *e)
{
    int status = kvx_metrics_protocol(rpc->config.metrics, rpc->config.allocator, "grpc",
                                      rpc->schema->operations, rpc->schema->n_methods, &rpc->stats);
    if (status < 0)
        return kvx_fail(e, status, "out of memory");
    status = create_queues(rpc, e);
    if (status == KVX_OK)
        status = register_methods(rpc, e);
    if (status == KVX_OK)
        status = listen_on(rpc, e);
    if (status == KVX_OK)
        status = start_threads(rpc, e);
    if (status < 0)
        return status;
    grpc_server_start(rpc->server);
    set_phase(rpc, KVX_RPC_SERVING);
    for (uint32_t i = 0; i < rpc->n_threads; i++)
        sem_post(&rpc->gate);
    return KVX_OK;
}

int kvx_rpc_new(struct kvx_rpc **out, const struct kvx_rpc_config *config, struct kvx_error *e)
{
    struct kvx_rpc *rpc = kvx_alloc_zeroed(config->allocator, sizeof(*rpc));
    if (!rpc)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    rpc->config = *config;
    rpc->schema = &kvindex_rpc_schema;
    if (!rpc->config.poll_ns)
        rpc->config.poll_ns = KVX_MS(DEFAULT_POLL_MS);
    sem_init(&rpc->gate, 0, 0);
    kvx_rpc_core_log(config->log);
    grpc_init();
    rpc->server = create_server(rpc->schema);
    static const grpc_completion_queue_attributes control = {GRPC_CQ_CURRENT_VERSION, GRPC_CQ_NEXT,
                                                             GRPC_CQ_NON_LISTENING, NULL};
    rpc->control =
        grpc_completion_queue_create(grpc_completion_queue_factory_lookup(&control), &control, NULL);
    grpc_server_register_completion_queue(rpc->server, rpc->control, NULL);
    int status = start(rpc, e);
    if (status < 0) {
        kvx_rpc_free(rpc);
        return status;
    }
    *out = rpc;
    return KVX_OK;
}

uint16_t kvx_rpc_port(const struct kvx_rpc *rpc)
{
    return rpc->port;
}

/* ---- The end ---- */

static void pause_ns(uint64_t ns)
{
    struct timespec t = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
    while (nanosleep(&t, &t) != 0) /* interrupted by a signal */
        ;
}

/* True when the core has told that the server's last call has ended. */
static bool shutdown_done(struct kvx_rpc *rpc, gpr_timespec until)
{
    return grpc_completion_queue_next(rpc->control, until, NULL).type == GRPC_OP_COMPLETE;
}

/* The core's word does not cover our own handling of the last events: the count of calls does. */
static void end_calls(struct kvx_rpc *rpc, uint64_t deadline_ns)
{
    uint64_t now = kvx_now_ns();
    int64_t left = deadline_ns > now ? (int64_t)(deadline_ns - now) : 0;
    grpc_server_shutdown_and_notify(rpc->server, rpc->control, NULL);
    if (!shutdown_done(rpc,
                       gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(left, GPR_TIMESPAN)))) {
        grpc_server_cancel_all_calls(rpc->server);
        while (!shutdown_done(rpc, gpr_inf_future(GPR_CLOCK_MONOTONIC)))
            ;
    }
    while (atomic_load_explicit(&rpc->calls, memory_order_seq_cst) > 0)
        pause_ns(KVX_MS(1));
}

static void drain_queue(grpc_completion_queue *cq)
{
    gpr_timespec never = gpr_inf_future(GPR_CLOCK_MONOTONIC);
    grpc_completion_queue_shutdown(cq);
    while (grpc_completion_queue_next(cq, never, NULL).type != GRPC_QUEUE_SHUTDOWN)
        ;
}

void kvx_rpc_drain(struct kvx_rpc *rpc, uint64_t deadline_ns)
{
    if (rpc->closed)
        return;
    rpc->closed = true;
    bool served = atomic_load_explicit(&rpc->phase, memory_order_seq_cst) == KVX_RPC_SERVING;
    uint64_t now = kvx_now_ns();
    if (served && deadline_ns > now) {
        /* Calls on the wire would end as CANCELLED: let watchers see NOT_SERVING and turn away first. */
        uint64_t notice = 2 * rpc->config.poll_ns;
        set_phase(rpc, KVX_RPC_DRAINING);
        pause_ns(notice < (deadline_ns - now) / 4 ? notice : (deadline_ns - now) / 4);
    }
    set_phase(rpc, KVX_RPC_CLOSING);
    if (!served)
        for (uint32_t i = 0; i < rpc->n_threads; i++)
            sem_post(&rpc->gate);
    if (rpc->listening)
        end_calls(rpc, deadline_ns);
    for (uint32_t i = 0; i < rpc->n_threads; i++) {
        grpc_completion_queue_shutdown(rpc->queues[i].cq);
        pthread_join(rpc->queues[i].thread, NULL);
    }
    for (uint32_t i = rpc->n_threads; i < rpc->n_queues; i++)
        drain_queue(rpc->queues[i].cq);
    drain_queue(rpc->control);
}

void kvx_rpc_free(struct kvx_rpc *rpc)
{
    if (!rpc)
        return;
    kvx_rpc_drain(rpc, 0);
    grpc_server_destroy(rpc->server);
    grpc_completion_queue_destroy(rpc->control);
    for (uint32_t i = 0; i < rpc->n_queues; i++)
        kvx_rpc_queue_fini(&rpc->queues[i]);
    kvx_dealloc(rpc->config.allocator, rpc->queues, rpc->config.threads * sizeof(*rpc->queues));
    grpc_shutdown();
    sem_destroy(&rpc->gate);
    kvx_dealloc(rpc->config.allocator, rpc, sizeof(*rpc));
}
