/* The requests to play: a trace file, or a look-alike of it. */
#ifndef SIM_WORKLOAD_H
#define SIM_WORKLOAD_H

#include "prompt.h"

struct sim_request {
    size_t first_id, n_ids; /* into ids */
    size_t n_tokens;
};

struct sim_workload {
    struct sim_request *requests;
    size_t n_requests, cap_requests;
    uint64_t *ids; /* one names a prefix that ends in 512 more tokens */
    size_t n_ids, cap_ids;
};

/* Reads at most `limit` requests (0: all) of a trace in Mooncake's JSON Lines format. Ends the process with
 * file and line when a line is malformed. */
void sim_workload_load(struct sim_workload *, const char *path, size_t limit);
/* Makes n requests with the statistics of Mooncake's conversation trace: length in ids log-normal (median 14,
 * mean 24, 90 % below 54), every prompt beginning with the same id, 37 % of all ids seen before. */
void sim_workload_generate(struct sim_workload *, size_t n, uint64_t seed);
void sim_workload_prompt(const struct sim_workload *, size_t request, struct sim_prompt *);
void sim_workload_free(struct sim_workload *);

#endif /* SIM_WORKLOAD_H */
