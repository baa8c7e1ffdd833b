/* One simulated engine: a cache that serves prompts, and the events that tell of it. */
#ifndef SIM_ENGINE_H
#define SIM_ENGINE_H

#include "cache.h"
#include "wire.h"

struct sim_engine {
    uint32_t number; /* worker 0, 1, ... */
    struct sim_cache cache;
    struct sim_cache pinned; /* blocks that are never evicted; no memory before the first */
    struct sim_wire wire;
    uint64_t salt;     /* of its hashes; 0: the fleet's common ones */
    uint32_t restarts; /* each life hashes differently when hashes are per worker */
    bool up;
};

/* A batch that was encoded and not yet sent. */
struct sim_batch {
    struct sim_engine *engine;
    char *payload;
    size_t len;
    uint32_t stored, removed; /* blocks */
};

/* Batches in order of sending. */
struct sim_queue {
    struct sim_batch *batches;
    size_t first, n, cap; /* first: how many are already sent */
};

void sim_queue_free(struct sim_queue *);
/* Sends the oldest batch; false when there is none. `sent` says what it was, without its payload. */
bool sim_queue_send(struct sim_queue *, struct sim_batch *sent);

void sim_engine_start(struct sim_engine *, void *context, const struct sim_options *);
/* The process ends: sockets, sequence, ring and cache are gone. */
void sim_engine_stop(struct sim_engine *);
void sim_engine_free(struct sim_engine *);

/* Runs a prompt through the cache: evicts what is in the way, stores what is missing, and queues a batch for
 * every 128 new blocks. A prompt longer than the cache is cut. */
void sim_engine_serve(struct sim_engine *, struct sim_encoder *, struct sim_prompt *, struct sim_queue *);
/* Stores a prompt that is never evicted, at once and ahead of what is queued; none of its blocks may be held.
 * False when one is, or when the room for such blocks is full. */
bool sim_engine_pin(struct sim_engine *, struct sim_encoder *, struct sim_prompt *);
/* Blocks held, pinned ones too. */
uint32_t sim_engine_held(const struct sim_engine *);
/* Drops one block, wherever it is; false when it is not held. */
bool sim_engine_drop(struct sim_engine *, struct sim_encoder *, struct sim_digest, struct sim_queue *);
void sim_engine_clear(struct sim_engine *, struct sim_encoder *, struct sim_queue *);
/* How many leading blocks of the prompt the engine holds: the literal truth that an indexer must find. */
size_t sim_engine_score(const struct sim_engine *, const struct sim_prompt *);

#endif /* SIM_ENGINE_H */
