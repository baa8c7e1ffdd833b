/* Private to the service: partition, instances, workers and feeds, and who may touch what.
 *
 * Locks, in this order: `admin` (one registration or unregistration at a time, held while the driver opens or
 * closes a source) -> `table` (the instance table; short, no calls out) -> the index's writer lock. Ingest
 * threads take `table` only when a rank is new to their feed. Queries take none of them.
 *
 * Lifetimes: a worker is counted by the table, by the index as a label, and by each feed that brings events
 * for it; a feed by its driver and by each worker that names it as its source. Closing a source ends in
 * kvx_feed_release, which lets go of the feed's workers, so that the circle opens.
 */
#ifndef SERVICE_PRIVATE_H
#define SERVICE_PRIVATE_H

#include "service/service.h"

#include <pthread.h>

enum { KVX_FEED_RANKS_MAX = 1024 }; /* ranks one source may bring */
enum { KVX_INSTANCE_ID_MAX = 256 }; /* bytes; the schemas say the same */
enum { KVX_WORKERS_MAX = 65536 };   /* registered and learned together */

/* One index and what its blocks mean. The service has one, for model and tenant `default`. */
struct kvx_partition {
    struct kvx_index *index;
    const char *model, *tenant;
    /* tokens; 0 until known. Written under `table`; queries read it alone, relaxed */
    _Atomic uint32_t block_size;
    bool fixed_block_size; /* given at start-up: it stays when the last worker leaves */
};

/* One (instance, rank). Immutable after creation unless a comment says otherwise. */
struct kvx_worker {
    struct kvx_feed_worker fed; /* first member: feeds hand out this address */
    struct kvx_service *service;
    _Atomic uint32_t references;
    _Atomic bool closed; /* unregistered: feeds look again. Release/acquire with the index removal */
    uint64_t serial;     /* of its instance, in order of first registration */
    char *id;            /* instance id, NUL-terminated */
    bool numeric;
    uint32_t dp_rank;
    bool learned;              /* seen only inside batches */
    struct kvx_feed *feed;     /* where its events come from; counted */
    struct kvx_source *source; /* the driver's handle, not for learned workers; under `admin` */
};

struct kvx_feed {
    struct kvx_service *service;
    struct kvx_partition *partition;
    _Atomic uint32_t references;
    _Atomic bool closed; /* written under `table` */
    struct kvx_source_status status;
    uint64_t opened_ns;                    /* monotonic */
    char *id, *endpoint, *replay_endpoint; /* replay_endpoint may be NULL */
    bool numeric;
    uint32_t dp_rank;
    struct kvx_worker **workers; /* the ingest thread's own list, its own worker first; counted */
    size_t n_workers, cap_workers;
};

struct kvx_instance {
    uint64_t serial;
    char *id;
    bool numeric;
    struct kvx_worker **workers; /* ranks ascending */
    size_t n, cap;
};

struct kvx_service {
    struct kvx_service_config config;
    struct kvx_rcu *rcu;
    struct kvx_source_driver driver;
    struct kvx_partition partition;
    pthread_mutex_t admin, table;
    struct kvx_instance **instances; /* under `table`, in order of first registration */
    size_t n_instances, cap_instances, n_workers;
    uint64_t next_serial;
    uint64_t created_ns;
    /* Each is one word that stands alone: relaxed is enough. */
    _Atomic uint32_t inflight;
    _Atomic bool started, draining;
};

struct kvx_caller {
    struct kvx_service *service;
    struct kvx_rcu_reader *reader;
    struct kvx_lookup *lookup;
};

/* ---- table.c: instances and workers. Under `table` unless said otherwise. ---- */

struct kvx_instance *kvx_table_find(struct kvx_service *, struct kvx_bytes id);
struct kvx_worker *kvx_instance_rank(const struct kvx_instance *, uint32_t dp_rank);
/* Creates the instance if needed, the worker and its first generation in the index. The table's reference is
 * the caller's view; nothing is left behind on failure. */
int kvx_table_add(struct kvx_service *, const struct kvx_instance_id *, uint32_t dp_rank, struct kvx_feed *,
                  bool learned, struct kvx_worker **out, struct kvx_error *) KVX_MUST_CHECK;
/* Takes the worker out of the table and out of every answer. */
void kvx_table_remove(struct kvx_service *, struct kvx_worker *);

void kvx_worker_hold(struct kvx_worker *);
void kvx_worker_drop(struct kvx_worker *); /* any thread, no lock needed */
void kvx_worker_label_release(void *label);

/* ---- feed.c ---- */
int kvx_feed_new(struct kvx_service *, const struct kvx_register_args *, struct kvx_feed **out,
                 struct kvx_error *) KVX_MUST_CHECK;
void kvx_feed_hold(struct kvx_feed *);
void kvx_feed_drop(struct kvx_feed *);
/* Puts a worker into the feed's list; before the driver has the feed, or on its ingest thread. */
int kvx_feed_adopt(struct kvx_feed *, struct kvx_worker *) KVX_MUST_CHECK;

static inline struct kvx_bytes kvx_worker_id(const struct kvx_worker *w)
{
    return kvx_bytes_of(w->id);
}

#endif /* SERVICE_PRIVATE_H */
