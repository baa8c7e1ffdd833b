/* Workers as people write them: ID, or ID:RANK. */
#ifndef CTL_CANDIDATES_H
#define CTL_CANDIDATES_H

#include "base/arena.h"
#include "base/err.h"
#include "kvindex/client.h"

/* What follows the last colon is the rank when it is digits, and says "all ranks" when it is nothing; else
 * the colon belongs to the id. The result lives in the arena. KVX_INVALID names --candidate; KVX_NOMEM. */
int ctl_candidates_parse(const char *const *texts, size_t n, struct kvx_arena *,
                         const struct kvindex_candidate **out, struct kvx_error *) KVX_MUST_CHECK;

/* A whole number of at most 32 bits. */
bool ctl_rank_parse(const char *text, uint32_t *rank);

#endif /* CTL_CANDIDATES_H */
