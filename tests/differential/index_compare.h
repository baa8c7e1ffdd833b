/* What the index answers against what the reference says; a difference ends the program. */
#ifndef INDEX_COMPARE_H
#define INDEX_COMPARE_H

#include "index_world.h"

/* The matches of one prompt, drawn, cut and sometimes changed. */
void compare_match(struct world *);
/* Counters, and the index's own invariants. */
void compare_state(struct world *);
/* Each block held exactly once, named as the engine named it, below a parent told before. */
void compare_dump(struct world *);

#endif /* INDEX_COMPARE_H */
