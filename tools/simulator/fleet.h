/* All engines, the work they are given, and its pace. One thread. */
#ifndef SIM_FLEET_H
#define SIM_FLEET_H

#include "engine.h"
#include "workload.h"

#include <time.h>

struct sim_fleet {
    struct sim_options options;
    void *context;
    struct sim_engine *engines;
    struct sim_workload workload;
    struct sim_encoder encoder;
    struct sim_queue queue;
    struct sim_prompt prompt; /* scratch */
    size_t next_request;
    size_t stop_at; /* request at which the current `go` ends */
    bool playing;
    uint64_t random;
    uint64_t started_ns, paced;        /* of the current `go`: when it began, blocks sent since */
    uint64_t last_ns;                  /* of the current `go`: after the last send */
    uint64_t batches, stored, removed; /* sent since the start */
};

/* Opens every engine's sockets. Ends the process on failure. */
void sim_fleet_init(struct sim_fleet *, const struct sim_options *);
void sim_fleet_free(struct sim_fleet *);

/* Plays the next n requests (0: until the end of the workload). */
void sim_fleet_go(struct sim_fleet *, size_t n);
/* Sends what is due. Returns how many nanoseconds to wait before the next call: 0 when there is more to do
 * now, UINT64_MAX when there is nothing to do. */
uint64_t sim_fleet_step(struct sim_fleet *);
bool sim_fleet_idle(const struct sim_fleet *);
/* Sends everything that is queued, at once: afterwards the wire has told all that the caches hold. */
void sim_fleet_flush(struct sim_fleet *);
/* A prompt of the workload's played part, sometimes whole, sometimes cut, sometimes with a foreign tail, of
 * at most max_tokens (0: any length). */
void sim_fleet_sample(struct sim_fleet *, struct sim_prompt *, size_t max_tokens);

#endif /* SIM_FLEET_H */
