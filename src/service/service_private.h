/* Private to the service: partitions, instances, workers and feeds, and who may touch what.
 *
 * Locks, in this order: `admin` (one registration or unregistration at a time, held while the driver opens or
 * closes a source) -> `table` (partitions and workers; short, no calls out) -> an index's writer lock. Ingest
 * threads take `table` only when a rank or a partition is new to their feed. Queries take none of them.
 *
 * Lifetimes: a worker is counted by the table, by the index as a label, and by each feed that brings events
 * for it; a feed by its driver and by each worker that names it as its source. Closing a source ends in
 * kvx_feed_release, which lets go of the feed's workers, so that the circle opens. Partitions: partitions.h.
 */
#ifndef SERVICE_PRIVATE_H
#define SERVICE_PRIVATE_H

#include "instance_map.h"
#include "service/service.h"

#include <pthread.h>

enum { KVX_FEED_RANKS_MAX = 1024 }; /* workers one source may bring, over all partitions */
/* What events name may not take the room of registrations. */
enum { KVX_PARTITIONS_MAX = 1024, KVX_PARTITIONS_BY_EVENTS_MAX = 768 };
enum { KVX_WORKERS_MAX = 65536 }; /* registered and learned together */
enum { KVX_PEERS_MAX = 64 };
enum { KVX_NAME_MAX = 256 }; /* bytes of an id, model, tenant, salt or adapter; the schemas say the same */
enum { KVX_BLOCK_SIZE_MAX = 65536 };

struct kvx_partition;

/* One (instance, rank) of one partition. Immutable after creation unless a comment says otherwise. */
struct kvx_worker {
    struct kvx_feed_worker fed; /* first member: feeds hand out this address */
    struct kvx_service *service;
    struct kvx_partition *partition; /* lives while the worker is in the table or in a feed's list */
    _Atomic uint32_t references;
    _Atomic bool closed; /* unregistered: feeds look again. Release/acquire with the index removal */
    uint64_t serial;     /* of its instance, in order of first registration */
    char *id;            /* instance id, NUL-terminated */
    bool numeric;
    uint32_t dp_rank;
    bool learned; /* not registered: from batches, or a peer's dump; under `table` */
    /* where its events come from; counted. Changes once, under `table`, if a peer's dump told of the worker
     * before its events came: the feed it had until then is kept for queries that still look at it */
    _Atomic(struct kvx_feed *) feed;
    struct kvx_feed *feed_before;
    struct kvx_source *source; /* the driver's handle, not for learned workers; under `admin` */
};

struct kvx_feed {
    struct kvx_service *service;
    struct kvx_partition *partition; /* as registered; counted until kvx_feed_release */
    enum kvx_source_kind kind;
    _Atomic uint32_t references;
    _Atomic bool closed; /* written under `table` */
    bool recovered;      /* stands for a peer's dump: no driver has it. Under `table` */
    struct kvx_source_status status;
    uint64_t opened_ns;                                /* monotonic */
    char *id, *endpoint, *replay_endpoint, *lora_name; /* the last two may be NULL */
    bool numeric;
    uint32_t dp_rank;
    struct kvx_worker **workers; /* the ingest thread's own list, its own worker first; counted */
    size_t n_workers, cap_workers;
};

/* The ranks of one id in one partition. */
struct kvx_instance {
    struct kvx_partition *partition;
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
    pthread_mutex_t admin, table;
    /* Shared: readers walk the list in read sections, it is changed under `table`. */
    _Atomic(struct kvx_partition *) partitions;
    struct kvx_partition *leaving; /* under `table`: out of the list, not yet free */
    size_t n_partitions;
    struct kvx_instance **instances; /* under `table`, in order of first registration: serials ascend */
    size_t n_instances, cap_instances, n_workers;
    struct kvx_instance_map by_name; /* the same instances; under `table` */
    char *peers[KVX_PEERS_MAX];      /* under `table` */
    size_t n_peers;
    uint64_t next_serial; /* of partitions and instances */
    uint64_t created_ns;
    /* Each is one word that stands alone: relaxed is enough. */
    _Atomic uint32_t inflight;
    _Atomic bool started, draining, recovering;
    const char *recovering_from; /* under `table`; NULL: not recovering */
};

struct kvx_caller {
    struct kvx_service *service;
    struct kvx_rcu_reader *reader;
    struct kvx_lookup *lookup;
};

/* ---- table.c: instances and workers. Under `table` unless said otherwise. ---- */

struct kvx_instance *kvx_table_find(const struct kvx_service *, const struct kvx_partition *,
                                    struct kvx_bytes id);
struct kvx_worker *kvx_instance_rank(const struct kvx_instance *, uint32_t dp_rank);
/* Creates the instance if needed, the worker and its first generation in the index. The table's reference is
 * the caller's view; nothing is left behind on failure. */
int kvx_table_add(struct kvx_service *, struct kvx_partition *, const struct kvx_instance_id *,
                  uint32_t dp_rank, struct kvx_feed *, bool learned, struct kvx_worker **out,
                  struct kvx_error *) KVX_MUST_CHECK;
/* Takes the worker out of the table and out of every answer; its partition too if it was the last one. */
void kvx_table_remove(struct kvx_service *, struct kvx_worker *);
/* Calls `visit` for every worker, in the order of listings. */
void kvx_table_each(struct kvx_service *, void (*visit)(void *user, struct kvx_worker *), void *user);

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

/* ---- recover.c: workers that only a peer's dump has told of. Under `table`. ---- */

bool kvx_worker_is_recovered(const struct kvx_worker *);
/* From now on the worker's events come from this feed, which has adopted it. */
void kvx_recovered_joins(struct kvx_worker *, struct kvx_feed *);
/* Tells the feed if a dump has told of any rank of its instance. */
void kvx_recovered_tell(const struct kvx_service *, struct kvx_feed *);
/* A new generation, which holds nothing. KVX_NOMEM, KVX_UNAVAILABLE. */
int kvx_worker_forget_blocks(struct kvx_worker *) KVX_MUST_CHECK;

/* Any thread that keeps the worker alive. */
static inline struct kvx_feed *kvx_worker_feed(const struct kvx_worker *w)
{
    /* acquire: pairs with the release that gave the worker another feed, complete */
    return atomic_load_explicit(&w->feed, memory_order_acquire);
}

static inline struct kvx_bytes kvx_worker_id(const struct kvx_worker *w)
{
    return kvx_bytes_of(w->id);
}

#endif /* SERVICE_PRIVATE_H */
