#include "engine.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCKS_A_BATCH = 128, PINNED_BLOCKS = 1 << 15 };

void sim_queue_free(struct sim_queue *q)
{
    for (size_t i = q->first; i < q->n; i++)
        free(q->batches[i].payload);
    free(q->batches);
    *q = (struct sim_queue){0};
}

static void queue_finish(struct sim_queue *q, struct sim_engine *engine, struct sim_encoder *encoder,
                         uint32_t stored, uint32_t removed)
{
    struct sim_batch batch = {engine, NULL, 0, stored, removed};
    batch.payload = sim_encode_finish(encoder, &batch.len);
    if (!batch.payload)
        return;
    if (q->n == q->cap) {
        q->cap = q->cap ? 2 * q->cap : 256;
        q->batches = sim_grow(q->batches, q->cap, sizeof *q->batches);
    }
    q->batches[q->n++] = batch;
}

bool sim_queue_send(struct sim_queue *q, struct sim_batch *sent)
{
    if (q->first == q->n) {
        q->first = q->n = 0;
        return false;
    }
    *sent = q->batches[q->first++];
    sim_wire_publish(&sent->engine->wire, sent->payload, sent->len);
    sent->payload = NULL;
    return true;
}

void sim_engine_start(struct sim_engine *e, void *context, const struct sim_options *o)
{
    if (!e->cache.entries)
        sim_cache_init(&e->cache, o->capacity);
    sim_cache_clear(&e->cache);
    e->salt = o->hash_per_worker ? (uint64_t)e->restarts << 32 | (e->number + 1) : 0;
    sim_wire_open(&e->wire, context, o, e->number);
    e->up = true;
}

static void clear_pinned(struct sim_engine *e)
{
    if (e->pinned.entries)
        sim_cache_clear(&e->pinned);
}

void sim_engine_stop(struct sim_engine *e)
{
    sim_wire_close(&e->wire);
    sim_cache_clear(&e->cache);
    clear_pinned(e);
    e->restarts++;
    e->up = false;
}

void sim_engine_free(struct sim_engine *e)
{
    sim_wire_close(&e->wire);
    sim_cache_free(&e->cache);
    sim_cache_free(&e->pinned);
}

static bool is_held(const struct sim_engine *e, struct sim_digest digest)
{
    return sim_cache_find(&e->cache, digest) != SIM_NO_ENTRY ||
           (e->pinned.entries && sim_cache_find(&e->pinned, digest) != SIM_NO_ENTRY);
}

uint32_t sim_engine_held(const struct sim_engine *e)
{
    return e->cache.count + e->pinned.count;
}

size_t sim_engine_score(const struct sim_engine *e, const struct sim_prompt *p)
{
    size_t n = 0;
    while (n < p->n_blocks && is_held(e, p->digests[n]))
        n++;
    return n;
}

/* Makes the prompt's blocks the newest, its head the very newest: an engine frees a prompt tail first. */
static void touch_prompt(struct sim_engine *e, const struct sim_prompt *p)
{
    for (size_t i = p->n_blocks; i-- > 0;) {
        uint32_t entry = sim_cache_find(&e->cache, p->digests[i]);
        if (entry != SIM_NO_ENTRY)
            sim_cache_touch(&e->cache, entry);
    }
}

/* Evicts the oldest blocks until `room` more fit; returns how many went. */
static uint32_t make_room(struct sim_engine *e, struct sim_encoder *encoder, uint32_t room)
{
    struct sim_digest victims[BLOCKS_A_BATCH];
    uint32_t n = 0;
    while (e->cache.capacity - e->cache.count < room) {
        victims[n++] = e->cache.entries[e->cache.oldest].digest;
        sim_cache_remove(&e->cache, e->cache.oldest);
    }
    sim_encode_removed(encoder, victims, n, e->salt);
    return n;
}

/* Stores the blocks from..to-1 that are missing, one event for each run of them. */
static void store_missing(struct sim_engine *e, struct sim_encoder *encoder, const struct sim_prompt *p,
                          size_t from, size_t to)
{
    size_t run = 0;
    for (size_t i = from; i <= to; i++) {
        if (i < to && sim_cache_find(&e->cache, p->digests[i]) == SIM_NO_ENTRY) {
            sim_cache_add(&e->cache, p->digests[i], i ? &p->digests[i - 1] : NULL);
            run++;
        } else if (run) {
            sim_encode_stored(encoder, p, i - run, run, e->salt);
            run = 0;
        }
    }
}

void sim_engine_serve(struct sim_engine *e, struct sim_encoder *encoder, struct sim_prompt *p,
                      struct sim_queue *queue)
{
    sim_prompt_cut(p, e->cache.capacity);
    touch_prompt(e, p); /* in use from now on: never evicted for its own tail */
    for (size_t at = sim_engine_score(e, p); at < p->n_blocks;) {
        uint32_t missing = 0;
        size_t to = at;
        for (; to < p->n_blocks && missing < BLOCKS_A_BATCH; to++)
            missing += sim_cache_find(&e->cache, p->digests[to]) == SIM_NO_ENTRY;
        uint32_t removed = make_room(e, encoder, missing);
        store_missing(e, encoder, p, at, to);
        queue_finish(queue, e, encoder, missing, removed);
        at = to;
    }
    touch_prompt(e, p);
}

bool sim_engine_pin(struct sim_engine *e, struct sim_encoder *encoder, struct sim_prompt *p)
{
    struct sim_queue queue = {0};
    struct sim_batch sent;
    if (!e->pinned.entries)
        sim_cache_init(&e->pinned, PINNED_BLOCKS);
    if (p->n_blocks > e->pinned.capacity - e->pinned.count)
        return false;
    for (size_t i = 0; i < p->n_blocks; i++)
        if (is_held(e, p->digests[i]))
            return false;
    for (size_t i = 0, n; i < p->n_blocks; i += n) {
        n = p->n_blocks - i < BLOCKS_A_BATCH ? p->n_blocks - i : BLOCKS_A_BATCH;
        for (size_t k = i; k < i + n; k++)
            sim_cache_add(&e->pinned, p->digests[k], k ? &p->digests[k - 1] : NULL);
        sim_encode_stored(encoder, p, i, n, e->salt);
        queue_finish(&queue, e, encoder, (uint32_t)n, 0);
    }
    while (sim_queue_send(&queue, &sent)) {
    }
    sim_queue_free(&queue);
    return true;
}

bool sim_engine_drop(struct sim_engine *e, struct sim_encoder *encoder, struct sim_digest digest,
                     struct sim_queue *queue)
{
    uint32_t entry = sim_cache_find(&e->cache, digest);
    if (entry == SIM_NO_ENTRY)
        return false;
    sim_cache_remove(&e->cache, entry);
    sim_encode_removed(encoder, &digest, 1, e->salt);
    queue_finish(queue, e, encoder, 0, 1);
    return true;
}

void sim_engine_clear(struct sim_engine *e, struct sim_encoder *encoder, struct sim_queue *queue)
{
    sim_cache_clear(&e->cache);
    clear_pinned(e);
    sim_encode_cleared(encoder);
    queue_finish(queue, e, encoder, 0, 0);
}
