/* Partitions: one index each, and the list of them that queries walk without a lock.
 *
 * A partition is in the list while it has workers. Writers change the list under `table`; readers walk it
 * inside a read section. One that has lost its last worker leaves the list and is freed by housekeeping once
 * no read section can see it and nobody counts it any more: feeds count the partitions of their workers,
 * dumps those they walk.
 */
#ifndef SERVICE_PARTITIONS_H
#define SERVICE_PARTITIONS_H

#include "service_private.h"

struct kvx_partition {
    struct kvx_index *index;
    struct kvx_partition_name name; /* its texts are NUL-terminated, and the partition's */
    uint64_t serial;                /* in order of creation */
    size_t n_workers;               /* and pools, in the table; under `table` */
    _Atomic uint32_t references;
    _Atomic(struct kvx_partition *) next; /* shared; kept while it leaves, for readers that stand on it */
    struct kvx_partition *next_leaving;   /* under `table` */
    uint64_t tag;                         /* of the grace period after it left the list */
};

/* The first one, the next one. Inside a read section, or under `table`. */
struct kvx_partition *kvx_partition_first(const struct kvx_service *);
struct kvx_partition *kvx_partition_next(const struct kvx_partition *);

/* What a choice says, with its defaults. */
struct kvx_bytes kvx_choice_model(const struct kvx_partition_choice *);
struct kvx_bytes kvx_choice_tenant(const struct kvx_partition_choice *);
const char *kvx_choice_tenant_word(const struct kvx_partition_choice *);
bool kvx_choice_fits(const struct kvx_partition_choice *, const struct kvx_partition *);
/* The daemon's, tokens, if model and tenant `default` are meant and it has one; else 0. */
uint32_t kvx_default_block_size(const struct kvx_service *, const struct kvx_partition_choice *);
/* KVX_INVALID names the field whose text is too long or no text. */
int kvx_choice_check(const struct kvx_partition_choice *, struct kvx_error *) KVX_MUST_CHECK;

/* The one that is meant. `*fitting`: how many fit; NULL is returned for none, and for several of which none
 * or more than one is without a salt. As for kvx_partition_first. */
struct kvx_partition *kvx_partition_find(const struct kvx_service *, const struct kvx_partition_choice *,
                                         size_t *fitting);
/* The messages for NULL. They name the partitions there are. */
int kvx_partition_unknown(const struct kvx_service *, const struct kvx_partition_choice *,
                          struct kvx_error *);
int kvx_partition_several(const struct kvx_service *, const struct kvx_partition_choice *,
                          struct kvx_error *);

bool kvx_partition_is(const struct kvx_partition *, const struct kvx_partition_name *);
/* Under `table`: the partition with exactly this name, or NULL. */
struct kvx_partition *kvx_partition_named(const struct kvx_service *, const struct kvx_partition_name *);
/* The same, made if there is none and there are fewer than `max`; it stays when a worker is added to it, else
 * let it leave. KVX_UNAVAILABLE, KVX_NOMEM. */
int kvx_partition_get(struct kvx_service *, const struct kvx_partition_name *, size_t max,
                      struct kvx_partition **out, struct kvx_error *) KVX_MUST_CHECK;
/* Under `table`: takes it out of the list if it has no workers. */
void kvx_partition_leave_if_empty(struct kvx_service *, struct kvx_partition *);

void kvx_partition_hold(struct kvx_partition *); /* inside a read section, under `table`, or holding it */
void kvx_partition_drop(struct kvx_partition *); /* any thread */

/* Housekeeping: frees those that have left, sweeps the others. True while there is more to sweep. One thread.
 */
bool kvx_partitions_housekeeping(struct kvx_service *);
/* At the end: all workers are gone, and all feeds and dumps. */
void kvx_partitions_free(struct kvx_service *);

#endif /* SERVICE_PARTITIONS_H */
