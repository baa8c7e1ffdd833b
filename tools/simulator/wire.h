/* One engine's sockets: events out (PUB side), replay on request (ROUTER), and the numbers between them. */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include "options.h"

struct sim_sent {
    uint64_t sequence;
    char *payload;
    size_t len;
};

struct sim_wire {
    const struct sim_options *options;
    void *events, *replay; /* ZMQ sockets; replay may be NULL */
    char endpoint[128], replay_endpoint[128];
    uint64_t next_sequence;
    struct sim_sent *ring; /* the last batches, oldest at ring_next once it is full */
    uint32_t ring_next, ring_count;
    uint32_t subscribers;
    uint32_t lose;      /* so many of the next batches go into the ring but not on the wire */
    bool replay_silent; /* requests are read and not answered */
    uint64_t replays;   /* requests answered */
};

/* Binds. Ports that were chosen freely are kept when the same wire is opened again. */
void sim_wire_open(struct sim_wire *, void *context, const struct sim_options *, uint32_t worker);
/* Closes the sockets and forgets numbers and ring, as the end of the engine's process does. */
void sim_wire_close(struct sim_wire *);
/* Sends the batch under the next number and keeps it for replay. Takes over `payload`, from malloc. */
void sim_wire_publish(struct sim_wire *, char *payload, size_t len);
/* Uses up a number without sending anything, as an engine does when it cannot encode a batch. */
void sim_wire_skip(struct sim_wire *);
/* Reads subscriptions and answers replay requests, without waiting. */
void sim_wire_poll(struct sim_wire *);

#endif /* SIM_WIRE_H */
