#include "frames.h"

#include "tracker.h"

enum { KEPT = 3 };

/* A message of any number of frames, of which the first three, or the last three, are kept. */
struct multipart {
    zmq_msg_t frame[KEPT];
    size_t count; /* received in all */
};

static void multipart_free(struct multipart *m)
{
    for (size_t i = 0; i < KEPT; i++)
        zmq_msg_close(&m->frame[i]);
}

/* False when nothing is there. ZMQ delivers all frames of a message or none. */
static bool multipart_receive(void *socket, struct multipart *m, bool keep_last)
{
    m->count = 0;
    for (size_t i = 0; i < KEPT; i++)
        zmq_msg_init(&m->frame[i]);
    zmq_msg_t frame;
    bool more = true;
    while (more) {
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&frame);
            return false;
        }
        more = zmq_msg_more(&frame);
        size_t slot = m->count < KEPT || keep_last ? m->count % KEPT : KEPT;
        m->count++;
        if (slot < KEPT)
            zmq_msg_move(&m->frame[slot], &frame);
        zmq_msg_close(&frame);
    }
    return true;
}

static bool sequence_of(zmq_msg_t *frame, uint64_t *seq)
{
    if (zmq_msg_size(frame) != 8)
        return false;
    const uint8_t *b = zmq_msg_data(frame);
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | b[i];
    *seq = value;
    return true;
}

enum kvx_frames kvx_frames_live(void *socket, uint64_t *seq, zmq_msg_t *payload)
{
    struct multipart m;
    enum kvx_frames result = KVX_FRAMES_NONE;
    if (!multipart_receive(socket, &m, false))
        goto out;
    if (m.count < 3) {
        zmq_msg_move(payload, &m.frame[m.count - 1]);
        result = KVX_FRAMES_UNSEQUENCED;
    } else if (!sequence_of(&m.frame[1], seq)) {
        result = KVX_FRAMES_BAD_SEQUENCE;
    } else {
        zmq_msg_move(payload, &m.frame[2]);
        result = KVX_FRAMES_BATCH;
    }
out:
    multipart_free(&m);
    return result;
}

enum kvx_frames kvx_frames_reply(void *socket, uint64_t *seq, zmq_msg_t *payload)
{
    struct multipart m;
    enum kvx_frames result = KVX_FRAMES_NONE;
    if (!multipart_receive(socket, &m, true))
        goto out;
    if (m.count < 2) {
        result = KVX_FRAMES_BAD_COUNT;
    } else if (!sequence_of(&m.frame[(m.count - 2) % KEPT], seq)) {
        result = KVX_FRAMES_BAD_SEQUENCE;
    } else {
        zmq_msg_move(payload, &m.frame[(m.count - 1) % KEPT]);
        result = *seq == KVX_SEQUENCE_END ? KVX_FRAMES_END : KVX_FRAMES_BATCH;
    }
out:
    multipart_free(&m);
    return result;
}

int kvx_frames_ask(void *dealer, uint64_t start)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(start >> (56 - 8 * i));
    if (zmq_send(dealer, "", 0, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
        return -1;
    return zmq_send(dealer, bytes, sizeof bytes, ZMQ_DONTWAIT) < 0 ? -1 : 0;
}
