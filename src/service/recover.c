/* What a peer's dump says that workers hold. A worker that is not registered waits for its registration: it
 * is in the answers, as learned, and keeps its blocks when it gets its source. */
#include "partitions.h"
#include "registry.h"

static struct kvx_feed *recovered_feed(struct kvx_service *s, const struct kvx_instance_id *id, uint32_t rank,
                                       struct kvx_error *e)
{
    struct kvx_feed *feed;
    const struct kvx_register_args args = {.instance = *id, .dp_rank = rank};
    if (kvx_feed_new(s, &args, &feed, e) < 0)
        return NULL;
    feed->recovered = true;
    atomic_store_explicit(&feed->status.state, KVX_SOURCE_DEGRADED, memory_order_relaxed);
    atomic_store_explicit(&feed->status.reason, KVX_REASON_LATE_JOIN, memory_order_relaxed);
    return feed;
}

bool kvx_worker_is_recovered(const struct kvx_worker *w)
{
    return kvx_worker_feed(w)->recovered;
}

void kvx_recovered_joins(struct kvx_worker *w, struct kvx_feed *feed)
{
    w->feed_before = kvx_worker_feed(w);
    kvx_feed_hold(feed);
    atomic_store_explicit(&w->feed, feed, memory_order_release);
}

void kvx_recovered_tell(const struct kvx_service *s, struct kvx_feed *feed)
{
    for (const struct kvx_partition *p = kvx_partition_first(s); p; p = kvx_partition_next(p)) {
        const struct kvx_instance *instance = kvx_table_find(s, p, kvx_bytes_of(feed->id));
        for (size_t k = 0; instance && k < instance->n; k++)
            if (kvx_worker_is_recovered(instance->workers[k]))
                /* relaxed: the driver does not have the feed yet, or ingest is held */
                atomic_store_explicit(&feed->status.recovered, true, memory_order_relaxed);
    }
}

/* Under `table`: all sources of an instance, since any of them may bring the rank's events. */
static void tell_sources(struct kvx_service *s, struct kvx_bytes id)
{
    for (const struct kvx_partition *p = kvx_partition_first(s); p; p = kvx_partition_next(p)) {
        const struct kvx_instance *instance = kvx_table_find(s, p, id);
        for (size_t k = 0; instance && k < instance->n; k++)
            atomic_store_explicit(&kvx_worker_feed(instance->workers[k])->status.recovered, true,
                                  memory_order_relaxed);
    }
}

/* Under `table`. */
static int find_or_add(struct kvx_service *s, struct kvx_partition *p, const struct kvx_recovered_run *run,
                       struct kvx_worker **out, struct kvx_error *e)
{
    uint64_t number;
    struct kvx_instance_id id = {run->instance, kvx_bytes_u64(run->instance, UINT64_MAX, &number)};
    struct kvx_instance *instance = kvx_table_find(s, p, run->instance);
    *out = instance ? kvx_instance_rank(instance, run->dp_rank) : NULL;
    if (*out)
        return KVX_OK;
    struct kvx_feed *feed = recovered_feed(s, &id, run->dp_rank, e);
    if (!feed)
        return KVX_NOMEM;
    int status = kvx_table_add(s, p, &id, run->dp_rank, feed, true, out, e);
    kvx_feed_drop(feed); /* the worker keeps it */
    if (!status)
        tell_sources(s, run->instance);
    return status;
}

/* Under `table`. Is something in the partition that no dump has told of? */
static bool is_registered(const struct kvx_service *s, const struct kvx_partition *p)
{
    for (size_t i = 0; i < s->n_instances; i++)
        for (size_t k = 0; s->instances[i]->partition == p && k < s->instances[i]->n; k++)
            if (!kvx_worker_is_recovered(s->instances[i]->workers[k]))
                return true;
    return false;
}

/* Under `table`: the run's partition. What is registered here decides the block sizes, if anything is. */
static int partition_of(struct kvx_service *s, const struct kvx_recovered_run *run,
                        struct kvx_partition **out, struct kvx_error *e)
{
    struct kvx_partition_choice any_size = run->partition;
    const struct kvx_partition_name name = {kvx_choice_model(&run->partition),
                                            kvx_choice_tenant(&run->partition),
                                            run->partition.additional_salt, run->partition.block_size};
    any_size.block_size = 0;
    any_size.has_salt = true;
    if (!name.block_size)
        return kvx_fail(e, KVX_INVALID, "`block_size`: 0 is not in 1..%d", (int)KVX_BLOCK_SIZE_MAX);
    *out = kvx_partition_named(s, &name);
    if (*out)
        return KVX_OK;
    for (const struct kvx_partition *p = kvx_partition_first(s); p; p = kvx_partition_next(p))
        if (kvx_choice_fits(&any_size, p) && is_registered(s, p))
            return kvx_fail(e, KVX_CONFLICT, "block_size %u of the dump, but %u here", name.block_size,
                            p->name.block_size);
    return kvx_partition_get(s, &name, KVX_PARTITIONS_MAX, out, e);
}

/* Under `table`. */
static int store(struct kvx_service *s, const struct kvx_recovered_run *run, struct kvx_error *e)
{
    struct kvx_store_result result;
    struct kvx_partition *p = NULL;
    struct kvx_worker *w = NULL;
    int status = partition_of(s, run, &p, e);
    if (status)
        return status;
    status = find_or_add(s, p, run, &w, e);
    if (status) {
        kvx_partition_leave_if_empty(s, p);
        return status;
    }
    /* relaxed: ingest is held meanwhile, or the source not yet open */
    atomic_store_explicit(&kvx_worker_feed(w)->status.recovered, true, memory_order_relaxed);
    kvx_index_lock(w->fed.index);
    status = kvx_index_store(w->fed.index,
                             &(struct kvx_store){.worker = w->fed.ref,
                                                 .tier = run->tier,
                                                 .has_parent = run->has_parent,
                                                 .parent = run->parent,
                                                 .n = run->n,
                                                 .local = run->local,
                                                 .engine = run->engine},
                             &result);
    kvx_index_unlock(w->fed.index);
    return status < 0 ? kvx_fail(e, status, "%s", kvx_code_text(status)) : KVX_OK;
}

int kvx_service_recover(struct kvx_service *s, const struct kvx_recovered_run *run, struct kvx_error *e)
{
    const struct kvx_instance_id id = {run->instance, false};
    int status = kvx_check_id(&id, e);
    if (!status)
        status = kvx_choice_check(&run->partition, e);
    if (status)
        return status;
    pthread_mutex_lock(&s->table);
    status = store(s, run, e);
    pthread_mutex_unlock(&s->table);
    return status;
}

void kvx_service_recovering(struct kvx_service *s, const char *from)
{
    pthread_mutex_lock(&s->table);
    s->recovering_from = from;
    pthread_mutex_unlock(&s->table);
    /* Relaxed: set before the protocols listen; and a request let in late only has to try again. */
    atomic_store_explicit(&s->recovering, from != NULL, memory_order_relaxed);
}

int kvx_worker_forget_blocks(struct kvx_worker *w)
{
    struct kvx_worker_ref ref;
    kvx_index_lock(w->fed.index);
    int status = kvx_worker_restart(w->fed.index, w->fed.ref, &ref);
    if (!status) {
        w->fed.ref = ref;
        atomic_store_explicit(&w->fed.generation, ref.generation, memory_order_relaxed);
    }
    kvx_index_unlock(w->fed.index);
    return status;
}

static void forget_blocks(void *user, struct kvx_worker *w)
{
    int *status = user, rc = kvx_worker_forget_blocks(w);
    *status = *status ? *status : rc;
}

/* From the end, for the instance goes with its last worker. */
static void remove_recovered(struct kvx_service *s, const struct kvx_instance *instance)
{
    for (size_t i = instance->n; i-- > 0;)
        if (kvx_worker_is_recovered(instance->workers[i]))
            kvx_table_remove(s, instance->workers[i]);
}

int kvx_service_recover_undo(struct kvx_service *s, struct kvx_error *e)
{
    int status = KVX_OK;
    pthread_mutex_lock(&s->table);
    for (size_t i = s->n_instances;
         i-- > 0;) /* from the end: the removed ones are behind what is still seen */
        remove_recovered(s, s->instances[i]);
    kvx_table_each(s, forget_blocks, &status);
    pthread_mutex_unlock(&s->table);
    return status ? kvx_fail(e, status, "what a peer said could not be taken back: %s", kvx_code_text(status))
                  : KVX_OK;
}
