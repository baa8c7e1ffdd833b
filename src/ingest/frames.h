/* Multipart messages of engines: live batches on a SUB socket, replies on a replay's DEALER. The socket's
 * thread only. */
#ifndef INGEST_FRAMES_H
#define INGEST_FRAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <zmq.h>

enum kvx_frames {
    KVX_FRAMES_NONE,         /* nothing there, or the socket failed */
    KVX_FRAMES_BATCH,        /* `seq` and `payload` */
    KVX_FRAMES_UNSEQUENCED,  /* live only: one or two frames, `payload` */
    KVX_FRAMES_BAD_SEQUENCE, /* the sequence frame is not 8 bytes */
    KVX_FRAMES_BAD_COUNT,    /* replay only: fewer than two frames */
    KVX_FRAMES_END,          /* replay only: the end marker */
};

/* [topic, sequence, payload, ...]. `payload` must be an initialised message; it is replaced when there is a
 * batch. */
enum kvx_frames kvx_frames_live(void *socket, uint64_t *seq, zmq_msg_t *payload);
/* [..., sequence, payload]: the last two frames, whatever precedes them. */
enum kvx_frames kvx_frames_reply(void *socket, uint64_t *seq, zmq_msg_t *payload);
/* [empty, start]. 0 or -1. */
int kvx_frames_ask(void *dealer, uint64_t start);

#endif /* INGEST_FRAMES_H */
