/* From one batch's payload to the index: decode, then all events of one worker in a row under one hold of its
 * index's writer lock. Engines mostly send batches for one worker.
 *
 * Owned by the source's ingest thread. Remembers the generation of every worker the source feeds: a batch
 * decoded for a generation that another source has ended meanwhile is dropped under the lock.
 */
#ifndef INGEST_APPLY_H
#define INGEST_APPLY_H

#include "ingest/decode.h"
#include "service/source.h"

/* One of the feed's workers and the generation of it that this source knew last. */
struct kvx_known_worker {
    struct kvx_feed_worker *worker; /* valid until the next call on the feed; then a name to compare only */
    uint32_t generation;
};

struct kvx_apply {
    const struct kvx_allocator *allocator;
    struct kvx_metrics *metrics;
    struct kvx_feed *feed; /* borrowed */
    struct kvx_groups *groups;
    struct kvx_salts *salts;
    uint32_t block_size; /* of the registered partition */
    bool pool;
    char *lora_name;                 /* or NULL */
    struct kvx_known_worker *known;  /* in the feed's order */
    struct kvx_feed_worker **listed; /* scratch for the feed's list */
    size_t known_count, capacity;    /* the capacity of both */
};

struct kvx_apply_result {
    bool has_time;
    uint64_t time_ms;
    unsigned lost; /* 1 << enum kvx_source_reason: what of the batch did not reach the index, and why */
    bool cleared;  /* the source's only worker holds nothing any more */
    bool emptied;  /* another source has begun a new generation of a worker of ours */
    uint32_t foreign_block_size; /* 0: none */
};

/* KVX_NOMEM; kvx_apply_free in either case. */
int kvx_apply_init(struct kvx_apply *, const struct kvx_allocator *, struct kvx_metrics *,
                   const struct kvx_source_spec *) KVX_MUST_CHECK;
void kvx_apply_free(struct kvx_apply *);

void kvx_apply_batch(struct kvx_apply *, struct kvx_decoder *, struct kvx_bytes payload,
                     struct kvx_apply_result *);
/* The time of a batch, without applying it. */
bool kvx_apply_time(struct kvx_apply *, struct kvx_decoder *, struct kvx_bytes payload, uint64_t *time_ms);
/* The engine was restarted: new generations for all workers of the source. Returns KVX_REASON_MEMORY if that
 * was not possible everywhere, else KVX_REASON_NONE. */
enum kvx_source_reason kvx_apply_restart(struct kvx_apply *);

#endif /* INGEST_APPLY_H */
