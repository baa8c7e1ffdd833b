#include "replay.h"

#include "base/clock.h"
#include "sockets.h"

int kvx_replay_ask(struct kvx_replay *r, void *zmq_context, const struct kvx_ingest_tunables *t,
                   const char *endpoint, uint64_t start, uint64_t now_ns, struct kvx_error *err)
{
    kvx_replay_close_round(r);
    if (!r->deadline_ns)
        r->deadline_ns = now_ns + KVX_MS(t->replay_deadline_ms);
    void *socket;
    int rc = kvx_socket_dealer(zmq_context, t, endpoint, &socket, err);
    if (rc)
        return rc;
    int fd = kvx_socket_fd(socket);
    if (fd < 0 || kvx_frames_ask(socket, start)) {
        zmq_close(socket);
        return kvx_fail(err, KVX_UNAVAILABLE, "replay_endpoint `%.200s`: cannot send the request", endpoint);
    }
    r->socket = socket;
    r->fd = fd;
    r->silent_ns = now_ns + KVX_MS(t->replay_silence_ms);
    return 0;
}

void kvx_replay_close_round(struct kvx_replay *r)
{
    if (r->socket)
        zmq_close(r->socket);
    r->socket = NULL;
}

void kvx_replay_end(struct kvx_replay *r)
{
    kvx_replay_close_round(r);
    r->deadline_ns = 0;
}

uint64_t kvx_replay_deadline(const struct kvx_replay *r)
{
    if (!r->socket)
        return 0;
    return r->silent_ns < r->deadline_ns ? r->silent_ns : r->deadline_ns;
}
