#include "live_queue.h"

enum { FIRST_CAPACITY = 16, KEPT_CAPACITY = 1024, MESSAGE_OVERHEAD = 160 };

void kvx_live_queue_init(struct kvx_live_queue *q, const struct kvx_allocator *allocator, uint64_t bytes_max)
{
    *q = (struct kvx_live_queue){.allocator = allocator, .bytes_max = bytes_max};
}

void kvx_live_queue_free(struct kvx_live_queue *q)
{
    kvx_live_queue_clear(q);
    kvx_dealloc(q->allocator, q->ring, q->capacity * sizeof *q->ring);
    q->ring = NULL;
    q->capacity = 0;
}

void kvx_live_queue_clear(struct kvx_live_queue *q)
{
    while (q->count)
        kvx_live_queue_pop(q);
}

static uint64_t cost(struct kvx_live_batch *b)
{
    return zmq_msg_size(&b->payload) + MESSAGE_OVERHEAD;
}

/* Into a larger ring. A zmq_msg_t may not be copied as bytes, so each is moved by libzmq. */
static int grow(struct kvx_live_queue *q)
{
    size_t capacity = q->capacity ? q->capacity * 2 : FIRST_CAPACITY;
    size_t size = kvx_size_mul(capacity, sizeof *q->ring);
    struct kvx_live_batch *ring = size ? kvx_alloc(q->allocator, size) : NULL;
    if (!ring)
        return KVX_NOMEM;
    for (size_t i = 0; i < q->count; i++) {
        struct kvx_live_batch *from = &q->ring[(q->head + i) & (q->capacity - 1)];
        ring[i] =
            (struct kvx_live_batch){.sequenced = from->sequenced, .seq = from->seq, .digest = from->digest};
        zmq_msg_init(&ring[i].payload);
        zmq_msg_move(&ring[i].payload, &from->payload);
        zmq_msg_close(&from->payload);
    }
    kvx_dealloc(q->allocator, q->ring, q->capacity * sizeof *q->ring);
    q->ring = ring;
    q->capacity = capacity;
    q->head = 0;
    return 0;
}

int kvx_live_queue_push(struct kvx_live_queue *q, struct kvx_live_batch *b)
{
    /* One batch always fits, however large. */
    if (q->count && q->bytes + cost(b) > q->bytes_max)
        return KVX_TOO_LARGE;
    if (q->count == q->capacity) {
        int rc = grow(q);
        if (rc)
            return rc;
    }
    q->bytes += cost(b);
    struct kvx_live_batch *slot = &q->ring[(q->head + q->count) & (q->capacity - 1)];
    *slot = (struct kvx_live_batch){.sequenced = b->sequenced, .seq = b->seq, .digest = b->digest};
    zmq_msg_init(&slot->payload);
    zmq_msg_move(&slot->payload, &b->payload);
    q->count++;
    return 0;
}

struct kvx_live_batch *kvx_live_queue_head(struct kvx_live_queue *q)
{
    return q->count ? &q->ring[q->head] : NULL;
}

void kvx_live_queue_pop(struct kvx_live_queue *q)
{
    struct kvx_live_batch *b = &q->ring[q->head];
    q->bytes -= cost(b);
    zmq_msg_close(&b->payload);
    q->head = (q->head + 1) & (q->capacity - 1);
    q->count--;
    if (q->count == 0 && q->capacity > KEPT_CAPACITY) {
        /* A burst must not keep its memory for ever. */
        kvx_dealloc(q->allocator, q->ring, q->capacity * sizeof *q->ring);
        q->ring = NULL;
        q->capacity = q->head = 0;
    }
}
