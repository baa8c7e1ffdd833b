/* Live batches of one source between its socket and the index, in order, within a bound of bytes. One thread.
 */
#ifndef INGEST_LIVE_QUEUE_H
#define INGEST_LIVE_QUEUE_H

#include "base/alloc.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <zmq.h>

struct kvx_live_batch {
    zmq_msg_t payload; /* owned */
    bool sequenced;
    uint64_t seq, digest; /* if sequenced */
};

struct kvx_live_queue {
    const struct kvx_allocator *allocator;
    struct kvx_live_batch *ring; /* capacity is 0 or a power of two */
    size_t capacity, head, count;
    uint64_t bytes, bytes_max; /* payloads, and an allowance for what else a message costs */
};

void kvx_live_queue_init(struct kvx_live_queue *, const struct kvx_allocator *, uint64_t bytes_max);
void kvx_live_queue_free(struct kvx_live_queue *);
void kvx_live_queue_clear(struct kvx_live_queue *);

/* Takes over the payload, and leaves an empty one, on success. KVX_TOO_LARGE at the bound, KVX_NOMEM. */
int kvx_live_queue_push(struct kvx_live_queue *, struct kvx_live_batch *) KVX_MUST_CHECK;
/* The oldest, or NULL. Valid until the next call that changes the queue. */
struct kvx_live_batch *kvx_live_queue_head(struct kvx_live_queue *);
/* Drops the oldest; the queue is not empty. */
void kvx_live_queue_pop(struct kvx_live_queue *);

#endif /* INGEST_LIVE_QUEUE_H */
