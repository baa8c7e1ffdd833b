/* The command line of kvindex-simulator. */
#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include "encode.h"

struct sim_options {
    uint32_t workers;
    uint32_t capacity; /* blocks a worker */
    uint32_t block_size;
    const char *trace; /* NULL: generate */
    size_t requests;   /* 0: the whole trace, or 1,000 generated ones */
    bool round_robin;
    enum sim_format format;
    bool hash_per_worker, byte_hashes;
    bool has_rank;
    uint32_t rank;
    const char *host, *topic;
    uint32_t port, replay_port; /* of worker 0; 0: any */
    int replay_layout;          /* frames a data reply has for a DEALER: 3 or 4; 0: no replay */
    uint32_t replay_ring;       /* batches kept */
    int replay_queue, send_queue;
    bool no_drop;
    double rate; /* blocks stored or removed a second, all workers together; 0: as fast as possible */
    uint64_t seed;
    bool loop, go, prepare, no_stdin;
};

/* Fills the options, or prints help and exits with 0, or prints what is wrong and exits with 2. */
void sim_options_parse(struct sim_options *, int argc, char **argv);

#endif /* SIM_OPTIONS_H */
