/* Register: the only operation that lets a worker come into being on request. */
#include "partitions.h"
#include "registry.h"

#define FAULT_INSTANCE "kvindex-fault-internal"

int kvx_check_id(const struct kvx_instance_id *id, struct kvx_error *e)
{
    if (!id->text.len)
        return kvx_fail(e, KVX_INVALID, "`instance_id`: must not be empty");
    if (id->text.len > KVX_NAME_MAX)
        return kvx_fail(e, KVX_INVALID, "`instance_id`: longer than %d bytes", (int)KVX_NAME_MAX);
    if (!kvx_bytes_is_text(id->text))
        return kvx_fail(e, KVX_INVALID, "`instance_id`: not valid UTF-8 text");
    return KVX_OK;
}

/* Under `table`, before the worker is removed: other sources that feed it must hear that what they brought is
 * gone, or they would go on to call themselves exact. Relaxed: it is a hint that they compare with theirs. */
static void disturb(struct kvx_worker *w)
{
    atomic_fetch_add_explicit(&w->fed.generation, 1, memory_order_relaxed);
}

/* Under `table`. What stands in the way of a registration, if it may: a rank that was learned from another
 * source's batches. The partition stays meanwhile. */
static int make_room(struct kvx_service *s, struct kvx_partition *p, struct kvx_worker *w,
                     struct kvx_error *e)
{
    if (!w->learned)
        return kvx_fail(e, KVX_EXISTS, "instance %s dp_rank %u already registered", w->id, w->dp_rank);
    const char *endpoint = kvx_worker_feed(w)->endpoint;
    kvx_log(s->config.log, KVX_LOG_WARN, "two sources feed one rank", KVX_S("instance", w->id),
            KVX_U("dp_rank", w->dp_rank), KVX_S("endpoint", endpoint ? endpoint : ""));
    disturb(w);
    p->n_workers++; /* as if the new one were there already: it must not leave in between */
    kvx_table_remove(s, w);
    p->n_workers--;
    return KVX_OK;
}

/* Under `table`. A worker that a peer's dump told of gets its source, and keeps its blocks. */
static int add_worker(struct kvx_service *s, const struct kvx_register_args *args, struct kvx_partition *p,
                      struct kvx_feed *feed, struct kvx_worker **out, struct kvx_error *e)
{
    struct kvx_instance *instance = kvx_table_find(s, p, args->instance.text);
    struct kvx_worker *w = instance ? kvx_instance_rank(instance, args->dp_rank) : NULL;
    bool waits = w && kvx_worker_is_recovered(w) && kvx_worker_feed(w)->kind == args->kind;
    int status = w && !waits ? make_room(s, p, w, e) : KVX_OK;
    kvx_recovered_tell(s, feed);
    if (!status && !waits)
        status = kvx_table_add(s, p, &args->instance, args->dp_rank, feed, false, &w, e);
    *out = w;
    if (status)
        return status;
    status = kvx_feed_adopt(feed, w);
    if (status && !waits) {
        p->n_workers++; /* the caller lets it leave */
        kvx_table_remove(s, w);
        p->n_workers--;
    }
    if (status)
        return kvx_fail(e, status, "out of memory");
    if (waits)
        kvx_recovered_joins(w, feed);
    w->learned = false;
    return KVX_OK;
}

/* Under `table`. */
static int enter_partition(struct kvx_service *s, const struct kvx_register_args *args, struct kvx_feed *feed,
                           struct kvx_worker **out, struct kvx_error *e)
{
    struct kvx_partition_name name = {.model = kvx_choice_model(&args->partition),
                                      .tenant = kvx_choice_tenant(&args->partition),
                                      .additional_salt = args->partition.additional_salt};
    struct kvx_partition *p = NULL;
    int status = kvx_admit(s, args, &name.block_size, e);
    if (!status)
        status = kvx_partition_get(s, &name, KVX_PARTITIONS_MAX, &p, e);
    if (!status)
        status = add_worker(s, args, p, feed, out, e);
    if (!status) {
        kvx_partition_hold(p); /* the feed's */
        feed->partition = p;
    } else if (p) {
        kvx_partition_leave_if_empty(s, p);
    }
    return status;
}

void kvx_registry_remove(struct kvx_service *s, struct kvx_worker *w)
{
    struct kvx_feed *feed = kvx_worker_feed(w);
    kvx_feed_hold(feed);
    atomic_store_explicit(&feed->closed, true, memory_order_relaxed);
    for (struct kvx_worker *next; (next = kvx_registry_fed_by(s, feed)) != NULL;) {
        if (atomic_load_explicit(&next->fed.feeds, memory_order_relaxed) > 1)
            disturb(next);
        kvx_table_remove(s, next);
    }
    kvx_feed_drop(feed);
}

struct kvx_worker *kvx_registry_fed_by(const struct kvx_service *s, const struct kvx_feed *feed)
{
    for (const struct kvx_partition *p = kvx_partition_first(s); p; p = kvx_partition_next(p)) {
        const struct kvx_instance *instance = kvx_table_find(s, p, kvx_bytes_of(feed->id));
        for (size_t k = 0; instance && k < instance->n; k++)
            if (kvx_worker_feed(instance->workers[k]) == feed)
                return instance->workers[k];
    }
    return NULL;
}

static struct kvx_source_spec spec_of(struct kvx_feed *feed)
{
    return (struct kvx_source_spec){
        .endpoint = feed->endpoint,
        .replay_endpoint = feed->replay_endpoint,
        .block_size = feed->partition ? feed->partition->name.block_size : 0,
        .lora_name = feed->lora_name,
        .pool = feed->kind == KVX_KIND_POOL,
        .feed = feed,
    };
}

static int open_source(struct kvx_service *s, const struct kvx_register_args *args, struct kvx_error *e)
{
    struct kvx_feed *feed;
    struct kvx_worker *w = NULL;
    int status = kvx_feed_new(s, args, &feed, e);
    if (status < 0)
        return status;
    struct kvx_source_spec spec = spec_of(feed);
    if (s->driver.check)
        status = s->driver.check(s->driver.self, &spec, e);
    if (status)
        goto fail;
    pthread_mutex_lock(&s->table);
    status = enter_partition(s, args, feed, &w, e);
    pthread_mutex_unlock(&s->table);
    if (status)
        goto fail;
    spec = spec_of(feed);
    status = s->driver.open(s->driver.self, &spec, &w->source, e);
    if (status < 0) {
        pthread_mutex_lock(&s->table);
        kvx_registry_remove(s, w);
        pthread_mutex_unlock(&s->table);
        goto fail;
    }
    const struct kvx_partition_name *name = &feed->partition->name;
    kvx_log(s->config.log, KVX_LOG_INFO, "registered", KVX_S("instance", w->id),
            KVX_U("dp_rank", args->dp_rank), KVX_S("endpoint", feed->endpoint),
            KVX_S("kind", kvx_source_kind_name(feed->kind)), KVX_S("model", name->model.data),
            KVX_S("tenant", name->tenant.data), KVX_U("block_size", name->block_size));
    return KVX_OK;

fail:
    kvx_feed_release(feed);
    return status;
}

static int check(const struct kvx_service *s, const struct kvx_register_args *args, struct kvx_error *e)
{
    int status = kvx_check_id(&args->instance, e);
    if (!status)
        status = kvx_choice_check(&args->partition, e);
    if (status < 0)
        return status;
    if (s->config.fault_hook && kvx_bytes_is(args->instance.text, FAULT_INSTANCE))
        return kvx_fail(e, KVX_INTERNAL, "internal error");
    if (!args->endpoint.len || !kvx_bytes_is_text(args->endpoint))
        return kvx_fail(e, KVX_INVALID, "`endpoint`: must be UTF-8 text and not empty");
    if (args->replay_endpoint.len && !kvx_bytes_is_text(args->replay_endpoint))
        return kvx_fail(e, KVX_INVALID, "`replay_endpoint`: must be UTF-8 text");
    if (args->lora_name.len > KVX_NAME_MAX || !kvx_bytes_is_text(args->lora_name))
        return kvx_fail(e, KVX_INVALID, "`lora_name`: must be UTF-8 text of at most %d bytes",
                        (int)KVX_NAME_MAX);
    return KVX_OK;
}

int kvx_service_register(struct kvx_service *s, const struct kvx_register_args *args, struct kvx_error *e)
{
    int status = check(s, args, e);
    if (status < 0)
        return status;
    pthread_mutex_lock(&s->admin);
    status = open_source(s, args, e);
    pthread_mutex_unlock(&s->admin);
    return status;
}
