/* One replay connection: asks an engine for its kept batches and hands them over one by one. A replay is
 * several rounds; each has a connection of its own, so that leftovers of an earlier one cannot mix in. The
 * ingest thread only. */
#ifndef INGEST_REPLAY_H
#define INGEST_REPLAY_H

#include "frames.h"
#include "ingest/ingest.h"

struct kvx_replay {
    void *socket; /* NULL: no round is open */
    int fd;
    uint64_t silent_ns;   /* the round is over then, unless something comes: see the tunables */
    uint64_t deadline_ns; /* the replay is over then; 0: no replay is running */
};

/* Opens a round: everything from `start`. Closes an earlier one. The deadline is set by the first round. */
int kvx_replay_ask(struct kvx_replay *, void *zmq_context, const struct kvx_ingest_tunables *,
                   const char *endpoint, uint64_t start, uint64_t now_ns, struct kvx_error *) KVX_MUST_CHECK;
/* Ends the round. The owner stops waiting for `fd` before. */
void kvx_replay_close_round(struct kvx_replay *);
/* Ends the replay. */
void kvx_replay_end(struct kvx_replay *);
/* When to look at the clock next; 0: no round is open. */
uint64_t kvx_replay_deadline(const struct kvx_replay *);

#endif /* INGEST_REPLAY_H */
