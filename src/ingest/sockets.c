#include "sockets.h"

#include "endpoint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

/* Replayed batches that may wait for us: bounds memory. What the engine cannot send meanwhile it drops, and
 * the next round asks for it. */
enum { REPLAY_BATCHES_MAX = 256 };

/* An address that does not answer at all is given up after this long, and tried again. */
enum { CONNECT_TIMEOUT_MS = 5000 };

static int zmq_failure(struct kvx_error *err, const char *what, const char *endpoint)
{
    int e = zmq_errno();
    if (e == EMFILE || e == ENFILE)
        return kvx_fail(err, KVX_UNAVAILABLE, "%s `%.200s`: out of sockets or file descriptors (%s)", what,
                        endpoint, zmq_strerror(e));
    if (e == ENOMEM)
        return kvx_fail(err, KVX_NOMEM, "%s `%.200s`: out of memory", what, endpoint);
    return kvx_fail(err, KVX_INVALID, "`%s`: invalid ZMQ endpoint `%.200s`: %s", what, endpoint,
                    zmq_strerror(e));
}

static int set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value);
}

static int set_common(void *socket, const struct kvx_ingest_tunables *t, const char *endpoint)
{
    int64_t bytes_max = (int64_t)t->message_bytes_max;
    /* The peer forgets us when three heartbeats have not come. */
    int rc = set_int(socket, ZMQ_LINGER, 0) || set_int(socket, ZMQ_RECONNECT_IVL, (int)t->reconnect_ms) ||
             set_int(socket, ZMQ_RECONNECT_IVL_MAX, (int)t->reconnect_max_ms) ||
             set_int(socket, ZMQ_HEARTBEAT_IVL, (int)t->heartbeat_ms) ||
             set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, (int)t->heartbeat_timeout_ms) ||
             set_int(socket, ZMQ_HEARTBEAT_TTL, 3 * (int)t->heartbeat_ms) ||
             set_int(socket, ZMQ_TCP_KEEPALIVE, 1) ||
             set_int(socket, ZMQ_CONNECT_TIMEOUT, CONNECT_TIMEOUT_MS) ||
             zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes_max, sizeof bytes_max) ||
             (kvx_endpoint_is_ipv6(endpoint) && set_int(socket, ZMQ_IPV6, 1));
    return rc ? -1 : 0;
}

/* A PAIR that receives the monitor events of `subscriber`. */
static void *open_monitor(void *zmq_context, void *subscriber)
{
    char address[64];
    snprintf(address, sizeof address, "inproc://kvx-monitor-%p", subscriber);
    if (zmq_socket_monitor(subscriber, address, ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED))
        return NULL;
    void *monitor = zmq_socket(zmq_context, ZMQ_PAIR);
    if (!monitor)
        return NULL;
    /* Without a limit: ZMQ's I/O thread would wait for us otherwise. */
    if (set_int(monitor, ZMQ_LINGER, 0) || set_int(monitor, ZMQ_RCVHWM, 0) || zmq_connect(monitor, address)) {
        int e = errno;
        zmq_close(monitor);
        errno = e;
        return NULL;
    }
    return monitor;
}

/* ZMQ counts messages, we bound bytes: so many large batches fit into the bound of the queue. */
static int unread_batches_max(const struct kvx_ingest_tunables *t)
{
    enum { LARGE_BATCH_BYTES = 64 << 10, LEAST = 64, MOST = 1 << 20 };
    uint64_t n = t->queue_bytes_max / LARGE_BATCH_BYTES;
    return n < LEAST ? LEAST : n > MOST ? MOST : (int)n;
}

int kvx_socket_subscribe(void *zmq_context, const struct kvx_ingest_tunables *t, const char *endpoint,
                         void **subscriber, void **monitor_out, struct kvx_error *err)
{
    void *monitor = NULL;
    int rc = 0;
    void *sub = zmq_socket(zmq_context, ZMQ_SUB);
    if (!sub)
        return zmq_failure(err, "endpoint", endpoint);
    if (set_common(sub, t, endpoint) || set_int(sub, ZMQ_RCVHWM, unread_batches_max(t)) ||
        zmq_setsockopt(sub, ZMQ_SUBSCRIBE, "", 0))
        goto fail;
    if (!kvx_endpoint_is_inproc(endpoint)) {
        monitor = open_monitor(zmq_context, sub);
        if (!monitor)
            goto fail;
    }
    if (zmq_connect(sub, endpoint))
        goto fail;
    *subscriber = sub;
    *monitor_out = monitor;
    return 0;
fail:
    rc = zmq_failure(err, "endpoint", endpoint);
    kvx_socket_unsubscribe(sub, monitor);
    return rc;
}

bool kvx_socket_reconnect(void *subscriber, const char *endpoint)
{
    /* Fails when ZMQ has given it up, which is as good. */
    zmq_disconnect(subscriber, endpoint);
    return zmq_connect(subscriber, endpoint) == 0;
}

void kvx_socket_unsubscribe(void *subscriber, void *monitor)
{
    /* The sending end of the monitor goes first: ZMQ's I/O thread sends there with a blocking call, and would
     * hang for ever, with all its connections, once nobody is at the receiving end. */
    zmq_socket_monitor(subscriber, NULL, 0);
    if (monitor)
        zmq_close(monitor);
    zmq_close(subscriber);
}

int kvx_socket_dealer(void *zmq_context, const struct kvx_ingest_tunables *t, const char *endpoint,
                      void **dealer, struct kvx_error *err)
{
    void *socket = zmq_socket(zmq_context, ZMQ_DEALER);
    if (!socket)
        return zmq_failure(err, "replay_endpoint", endpoint);
    if (set_common(socket, t, endpoint) || set_int(socket, ZMQ_RCVHWM, REPLAY_BATCHES_MAX) ||
        zmq_connect(socket, endpoint)) {
        int rc = zmq_failure(err, "replay_endpoint", endpoint);
        zmq_close(socket);
        return rc;
    }
    *dealer = socket;
    return 0;
}

int kvx_socket_fd(void *socket)
{
    int fd = -1;
    size_t size = sizeof fd;
    return zmq_getsockopt(socket, ZMQ_FD, &fd, &size) ? -1 : fd;
}

bool kvx_socket_readable(void *socket)
{
    int events = 0;
    size_t size = sizeof events;
    return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN);
}

/* Two frames: a 16-bit event and a 32-bit value in host order; the endpoint. */
enum kvx_link_change kvx_socket_monitor_next(void *monitor)
{
    while (kvx_socket_readable(monitor)) {
        uint8_t head[6] = {0};
        char address[1];
        if (zmq_recv(monitor, head, sizeof head, ZMQ_DONTWAIT) < 0)
            return KVX_LINK_NONE;
        int more = 0;
        size_t size = sizeof more;
        if (zmq_getsockopt(monitor, ZMQ_RCVMORE, &more, &size) == 0 && more &&
            zmq_recv(monitor, address, sizeof address, ZMQ_DONTWAIT) < 0)
            return KVX_LINK_NONE;
        uint16_t event;
        memcpy(&event, head, sizeof event);
        if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
            return KVX_LINK_UP;
        if (event == ZMQ_EVENT_DISCONNECTED)
            return KVX_LINK_DOWN;
    }
    return KVX_LINK_NONE;
}
