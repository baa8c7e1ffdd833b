/* The server as a whole: start, limits, shutdown. */
#include "base/clock.h"
#include "listen.h"
#include "server.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static const char memory_text[] = "{\"error\":\"out of memory\"}";

static void fill_defaults(struct kvx_http_config *c)
{
    c->threads = c->threads ? c->threads : 1;
    c->connections_max = c->connections_max ? c->connections_max : 4096;
    c->connections_per_ip = c->connections_per_ip ? c->connections_per_ip : 1024;
    c->idle_timeout_ns = c->idle_timeout_ns ? c->idle_timeout_ns : KVX_SECONDS(60);
    c->request_timeout_ns = c->request_timeout_ns ? c->request_timeout_ns : KVX_SECONDS(30);
    c->stream_timeout_ns = c->stream_timeout_ns ? c->stream_timeout_ns : KVX_SECONDS(600);
    c->late_after_ns = c->late_after_ns ? c->late_after_ns : KVX_SECONDS(1);
    c->body_memory_max = c->body_memory_max ? c->body_memory_max : UINT64_C(256) << 20;
    c->connection_memory = c->connection_memory ? c->connection_memory : 32 << 10;
}

static enum MHD_Result accept_policy(void *arg, const struct sockaddr *address, socklen_t len)
{
    struct kvx_http *h = arg;
    uint64_t held;
    (void)address, (void)len; /* the limit per address is the library's */
    if (!connections_full(&h->connections))
        return MHD_YES;
    if (kvx_log_due(&h->log_limit, KVX_SECONDS(10), &held))
        kvx_log(h->config.log, KVX_LOG_WARN, "too many REST connections; new ones are closed",
                KVX_U("limit", h->config.connections_max), KVX_U("more", held));
    return MHD_NO;
}

static void notify_connection(void *arg, struct MHD_Connection *mhd, void **context,
                              enum MHD_ConnectionNotificationCode code)
{
    struct kvx_http *h = arg;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        connection_close(&h->connections, *context);
        *context = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    *context = info ? connection_open(&h->connections, info->connect_fd) : NULL;
}

static void library_log(void *arg, const char *format, va_list arguments)
{
    struct kvx_http *h = arg;
    char text[256];
    if (!kvx_log_enabled(h->config.log, KVX_LOG_DEBUG))
        return;
    int len = vsnprintf(text, sizeof(text), format, arguments);
    while (len > 0 && (size_t)len < sizeof(text) && text[len - 1] == '\n')
        text[--len] = 0;
    kvx_log(h->config.log, KVX_LOG_DEBUG, "libmicrohttpd", KVX_S("text", text));
}

static unsigned whole_seconds(uint64_t ns)
{
    return (unsigned)((ns + KVX_SECONDS(1) - 1) / KVX_SECONDS(1));
}

static int start_library(struct kvx_http *h, struct kvx_error *e)
{
    const struct kvx_http_config *c = &h->config;
    uint64_t slots =
        (uint64_t)c->connections_max * c->threads + c->threads; /* ours is the limit that counts */
    const struct MHD_OptionItem pool[] = {
        {c->threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)c->threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    h->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG, 0, accept_policy, h,
        request_continue, h, MHD_OPTION_EXTERNAL_LOGGER, library_log, h, MHD_OPTION_LISTEN_SOCKET,
        h->listener, MHD_OPTION_CONNECTION_LIMIT, slots > UINT32_MAX / 2 ? UINT32_MAX / 2 : (unsigned)slots,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, c->connections_per_ip, MHD_OPTION_CONNECTION_TIMEOUT,
        whole_seconds(c->idle_timeout_ns), MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)c->connection_memory,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, request_begin, h,
        MHD_OPTION_NOTIFY_COMPLETED, request_end, h, MHD_OPTION_NOTIFY_CONNECTION, notify_connection, h,
        MHD_OPTION_ARRAY, pool, MHD_OPTION_END);
    return h->daemon ? 0 : kvx_fail(e, KVX_UNAVAILABLE, "the REST server cannot start its threads");
}

static int prepare_answers(struct kvx_http *h, struct kvx_error *e)
{
    h->out_of_memory = MHD_create_response_from_buffer(
        sizeof(memory_text) - 1, (void *)(uintptr_t)memory_text, MHD_RESPMEM_PERSISTENT);
    if (h->out_of_memory &&
        MHD_add_response_header(h->out_of_memory, "Content-Type", "application/json") == MHD_YES &&
        MHD_add_response_header(h->out_of_memory, "Retry-After", "1") == MHD_YES)
        return 0;
    if (h->out_of_memory)
        MHD_destroy_response(h->out_of_memory);
    return kvx_fail(e, KVX_NOMEM, "out of memory");
}

int kvx_http_new(struct kvx_http **out, const struct kvx_http_config *config, struct kvx_error *e)
{
    struct kvx_http *h = kvx_alloc_zeroed(config->allocator, sizeof(*h));
    if (!h)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    h->config = *config;
    fill_defaults(&h->config);
    config = &h->config;
    h->port = config->port;
    bodies_init(&h->bodies, config->allocator, config->body_memory_max);
    uint64_t grace = config->idle_timeout_ns + config->request_timeout_ns;
    uint64_t tick =
        config->request_timeout_ns / 4 < KVX_SECONDS(1) ? config->request_timeout_ns / 4 : KVX_SECONDS(1);
    int r = kvx_metrics_protocol(config->metrics, config->allocator, "http", kvx_http_operation_names,
                                 KVX_HTTP_OPERATION_COUNT, &h->stats);
    if (r) {
        kvx_fail(e, r, "out of memory");
        goto free_server;
    }
    if ((r = prepare_answers(h, e)) != 0)
        goto free_server;
    if ((r = workers_init(&h->workers, config->allocator, config->service, config->threads, e)) != 0)
        goto free_answers;
    if ((r = connections_init(&h->connections, config->allocator, config->connections_max, grace, tick, e)) !=
        0)
        goto free_workers;
    if ((r = listen_open(config->bind, &h->port, &h->listener, e)) != 0)
        goto free_connections;
    if ((r = start_library(h, e)) != 0)
        goto close_listener;
    *out = h;
    return 0;
close_listener:
    close(h->listener);
free_connections:
    connections_fini(&h->connections);
free_workers:
    workers_fini(&h->workers);
free_answers:
    MHD_destroy_response(h->out_of_memory);
free_server:
    bodies_fini(&h->bodies);
    kvx_dealloc(config->allocator, h, sizeof(*h));
    return r;
}

uint16_t kvx_http_port(const struct kvx_http *h)
{
    return h->port;
}

void kvx_http_quiesce(struct kvx_http *h)
{
    if (atomic_exchange_explicit(&h->quiesced_ns, kvx_now_ns(), memory_order_relaxed))
        return;
    MHD_quiesce_daemon(h->daemon); /* hands the listening socket back to us */
    shutdown(h->listener, SHUT_RD);
}

bool kvx_http_drain(struct kvx_http *h, uint64_t deadline_ns)
{
    static const struct timespec pause = {0, 2000000};
    while (atomic_load_explicit(&h->requests, memory_order_relaxed)) {
        if (kvx_now_ns() >= deadline_ns)
            return false;
        nanosleep(&pause, NULL);
    }
    return true;
}

void kvx_http_free(struct kvx_http *h)
{
    if (!h)
        return;
    kvx_http_quiesce(h);
    MHD_stop_daemon(h->daemon);
    close(h->listener); /* only now: the library's threads may still have used it */
    connections_fini(&h->connections);
    workers_fini(&h->workers);
    MHD_destroy_response(h->out_of_memory);
    bodies_fini(&h->bodies);
    kvx_dealloc(h->config.allocator, h, sizeof(*h));
}
