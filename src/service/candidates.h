/* The workers that a query is about: a set that the index asks, worker by worker, during a lookup. */
#ifndef SERVICE_CANDIDATES_H
#define SERVICE_CANDIDATES_H

#include "service_private.h"

struct kvx_candidates {
    const struct kvx_candidate *list;
    uint32_t *slots; /* number in `list` + 1 by hash of id and rank; 0 is empty; each once */
    uint32_t mask;
};

/* From the caller's arena; borrows the list. KVX_INVALID names the candidate that is no id. */
int kvx_candidates_init(struct kvx_candidates *, struct kvx_arena *, const struct kvx_candidate *, size_t n,
                        struct kvx_error *) KVX_MUST_CHECK;
/* For kvx_prompt.wanted: `user` is the set, `label` a struct kvx_worker. */
bool kvx_candidates_wanted(void *user, const void *label);

#endif /* SERVICE_CANDIDATES_H */
