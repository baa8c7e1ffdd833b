/* Engine hashes in one worker's naming: in meaning a multimap engine hash -> positions per worker.
 *
 * Its compression: a worker that holds a position (in any tier) and has no overlay pair there names it by the
 * engine column, provided the shared map leads from that hash to this position. A position with overlay pairs
 * is named by exactly these. Pairs at positions the worker does not hold are stale (a tier was cleared, or
 * the name is kept for dumps); they name nothing and go when the position is held again, swept or reclaimed.
 * Writers hold the lock. */
#ifndef INDEX_NAMING_H
#define INDEX_NAMING_H

#include "index_private.h"

/* What the worker holds in this chunk, in any tier. */
uint64_t kvx_worker_mask(const struct kvx_worker *, const struct kvx_chunk *);
bool kvx_worker_holds(const struct kvx_index *, const struct kvx_worker *, uint64_t pos);

/* The positions a hash names: for (pos = kvx_names_first(...); pos; pos = kvx_names_next(...)). Names must
 * not change meanwhile. */
struct kvx_names {
    uint64_t hash;
    uint32_t pair; /* where the walk stands in the overlay */
    bool overlay;  /* false: it stands at the position the shared map names */
};
uint64_t kvx_names_first(const struct kvx_index *, const struct kvx_worker *, uint64_t hash,
                         struct kvx_names *);
uint64_t kvx_names_next(const struct kvx_index *, const struct kvx_worker *, struct kvx_names *);

/* Does some live holder, worker or pool, hold it in some tier? */
bool kvx_held_by_anyone(const struct kvx_index *, uint64_t pos);

/* The one position that workers name by this hash, or 0: none or several. Pools' names are their own. */
uint64_t kvx_names_anyone(const struct kvx_index *, uint64_t hash);

/* Makes `hash` a name of `pos`. `held`: the worker held the position before. 1: a new entry; 0: known. */
int kvx_name_add(struct kvx_index *, struct kvx_worker *, uint64_t pos, uint64_t hash,
                 bool held) KVX_MUST_CHECK;
/* Ends all overlay entries at a position. */
void kvx_names_drop(struct kvx_index *, struct kvx_worker *, uint64_t pos);
void kvx_names_drop_others(struct kvx_index *, struct kvx_worker *, uint64_t pos, uint32_t keep_pair);
void kvx_pair_drop(struct kvx_index *, struct kvx_worker *, uint32_t pair);
/* The worker has lost `pos`, whose last name is this pair. The name is kept while the worker may hold a
 * position directly below, because a dump gives that one its parent's true name; it names nothing any more.
 * Pools are in no dump. */
void kvx_name_lose(struct kvx_index *, struct kvx_worker *, uint64_t pos, uint32_t pair);
/* The worker has lost `pos`: names that were kept for its sake go. */
void kvx_names_lost(struct kvx_index *, struct kvx_worker *, uint64_t pos);
/* The chunk goes, and all names that were kept here with it. */
void kvx_names_forget_chunk(struct kvx_index *, uint32_t chunk);
/* A name for the dump: the worker's own, also of a position it lost while it holds the next; else the
 * column's. */
uint64_t kvx_name_of(const struct kvx_index *, const struct kvx_worker *, uint64_t pos);

#endif /* INDEX_NAMING_H */
