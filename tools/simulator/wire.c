#include "wire.h"
#include "memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

static void set_int(void *socket, int option, int value)
{
    if (zmq_setsockopt(socket, option, &value, sizeof value))
        sim_die("socket option %d: %s", option, zmq_strerror(errno));
}

/* Binds to `endpoint` and writes back where the socket really listens. After a restart the old socket may
 * still be on its way out, so a busy address is tried again for two seconds. */
static void bind_socket(void *socket, char *endpoint, size_t size)
{
    for (int tries = 0; zmq_bind(socket, endpoint); tries++) {
        if (errno != EADDRINUSE || tries == 200)
            sim_die("bind %s: %s", endpoint, zmq_strerror(errno));
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    if (zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size))
        sim_die("endpoint: %s", zmq_strerror(errno));
}

static void *open_socket(void *context, int type, int queue)
{
    void *socket = zmq_socket(context, type);
    if (!socket)
        sim_die("socket: %s", zmq_strerror(errno));
    set_int(socket, ZMQ_SNDHWM, queue);
    set_int(socket, ZMQ_LINGER, 0);
    return socket;
}

static void first_endpoint(char *out, size_t size, const char *host, uint32_t port, uint32_t worker)
{
    if (port)
        snprintf(out, size, "tcp://%s:%u", host, port + worker);
    else
        snprintf(out, size, "tcp://%s:*", host);
}

void sim_wire_open(struct sim_wire *w, void *context, const struct sim_options *o, uint32_t worker)
{
    if (!w->endpoint[0]) {
        first_endpoint(w->endpoint, sizeof w->endpoint, o->host, o->port, worker);
        first_endpoint(w->replay_endpoint, sizeof w->replay_endpoint, o->host, o->replay_port, worker);
    }
    w->options = o;
    w->events = open_socket(context, ZMQ_XPUB, o->send_queue);
    set_int(w->events, ZMQ_XPUB_NODROP, o->no_drop);
    set_int(w->events, ZMQ_XPUB_VERBOSER, 1);
    bind_socket(w->events, w->endpoint, sizeof w->endpoint);
    if (o->replay_layout) {
        w->replay = open_socket(context, ZMQ_ROUTER, o->replay_queue);
        bind_socket(w->replay, w->replay_endpoint, sizeof w->replay_endpoint);
    } else {
        w->replay_endpoint[0] = 0;
    }
    w->ring = sim_alloc(o->replay_ring, sizeof *w->ring);
}

void sim_wire_close(struct sim_wire *w)
{
    if (!w->events)
        return;
    zmq_close(w->events);
    if (w->replay)
        zmq_close(w->replay);
    for (uint32_t i = 0; i < w->ring_count; i++)
        free(w->ring[i].payload);
    free(w->ring);
    w->events = w->replay = NULL;
    w->ring = NULL;
    w->ring_next = w->ring_count = w->subscribers = w->lose = 0;
    w->next_sequence = 0;
}

static void big_endian(unsigned char out[8], uint64_t v)
{
    for (int i = 0; i < 8; i++)
        out[i] = (unsigned char)(v >> (56 - 8 * i));
}

static void send_frame(void *socket, const void *data, size_t len, int flags)
{
    while (zmq_send(socket, data, len, flags) < 0) {
        if (errno != EINTR)
            sim_die("send: %s", zmq_strerror(errno));
    }
}

static void send_live(struct sim_wire *w, uint64_t sequence, const char *payload, size_t len)
{
    unsigned char number[8];
    big_endian(number, sequence);
    send_frame(w->events, w->options->topic, strlen(w->options->topic), ZMQ_SNDMORE);
    send_frame(w->events, number, sizeof number, ZMQ_SNDMORE);
    send_frame(w->events, payload, len, 0);
}

void sim_wire_publish(struct sim_wire *w, char *payload, size_t len)
{
    uint64_t sequence = w->next_sequence++;
    if (w->lose)
        w->lose--;
    else
        send_live(w, sequence, payload, len);
    struct sim_sent *slot = &w->ring[w->ring_next];
    if (w->ring_count == w->options->replay_ring)
        free(slot->payload);
    else
        w->ring_count++;
    *slot = (struct sim_sent){sequence, payload, len};
    w->ring_next = (w->ring_next + 1) % w->options->replay_ring;
}

void sim_wire_skip(struct sim_wire *w)
{
    w->next_sequence++;
}

/* One reply: old layout [empty, number, payload], new layout [empty, topic, number, payload]. */
static void send_reply(struct sim_wire *w, zmq_msg_t *identity, const char *topic, uint64_t sequence,
                       const char *payload, size_t len)
{
    unsigned char number[8];
    big_endian(number, sequence);
    send_frame(w->replay, zmq_msg_data(identity), zmq_msg_size(identity), ZMQ_SNDMORE);
    send_frame(w->replay, "", 0, ZMQ_SNDMORE);
    if (w->options->replay_layout == 4)
        send_frame(w->replay, topic, strlen(topic), ZMQ_SNDMORE);
    send_frame(w->replay, number, sizeof number, ZMQ_SNDMORE);
    send_frame(w->replay, payload, len, 0);
}

static void answer_replay(struct sim_wire *w, zmq_msg_t *identity, uint64_t start)
{
    if (w->replay_silent)
        return;
    uint32_t size = w->options->replay_ring;
    uint32_t oldest = w->ring_count == size ? w->ring_next : 0;
    for (uint32_t i = 0; i < w->ring_count; i++) {
        const struct sim_sent *sent = &w->ring[(oldest + i) % size];
        if (sent->sequence >= start)
            send_reply(w, identity, w->options->topic, sent->sequence, sent->payload, sent->len);
    }
    send_reply(w, identity, "", UINT64_MAX, "", 0);
    w->replays++;
}

/* Reads one request [identity, empty, 8 bytes]; anything else is ignored, as engines do. */
static bool read_replay_request(struct sim_wire *w)
{
    zmq_msg_t frames[3], extra;
    size_t n = 0;
    int more = 1;
    for (; more; n++) {
        zmq_msg_t *m = n < 3 ? &frames[n] : &extra;
        zmq_msg_init(m);
        if (zmq_msg_recv(m, w->replay, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(m);
            break;
        }
        more = zmq_msg_more(m);
        if (n >= 3)
            zmq_msg_close(m);
    }
    if (n == 3 && zmq_msg_size(&frames[1]) == 0 && zmq_msg_size(&frames[2]) == 8) {
        const unsigned char *bytes = zmq_msg_data(&frames[2]);
        uint64_t start = 0;
        for (int i = 0; i < 8; i++)
            start = start << 8 | bytes[i];
        answer_replay(w, &frames[0], start);
    }
    for (size_t i = 0; i < n && i < 3; i++)
        zmq_msg_close(&frames[i]);
    return n > 0;
}

void sim_wire_poll(struct sim_wire *w)
{
    if (!w->events)
        return;
    char buffer[256];
    int n;
    while ((n = zmq_recv(w->events, buffer, sizeof buffer, ZMQ_DONTWAIT)) >= 0) {
        if (n > 0 && buffer[0] == 1)
            w->subscribers++;
        else if (n > 0 && w->subscribers > 0)
            w->subscribers--;
    }
    while (w->replay && read_replay_request(w)) {
    }
}
