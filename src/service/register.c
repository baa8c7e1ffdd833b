/* Register and Unregister: the only operations that change which workers exist. */
#include "service_private.h"

#define FAULT_INSTANCE "kvindex-fault-internal"

static int check_id(const struct kvx_instance_id *id, struct kvx_error *e)
{
    if (!id->text.len)
        return kvx_fail(e, KVX_INVALID, "`instance_id`: must not be empty");
    if (id->text.len > KVX_INSTANCE_ID_MAX)
        return kvx_fail(e, KVX_INVALID, "`instance_id`: longer than %d bytes", (int)KVX_INSTANCE_ID_MAX);
    if (!kvx_bytes_is_text(id->text))
        return kvx_fail(e, KVX_INVALID, "`instance_id`: not valid UTF-8 text");
    return KVX_OK;
}

/* Under `table`. The partition's block size after this registration; nothing is changed yet. */
static int choose_block_size(struct kvx_service *s, uint32_t asked, uint32_t *out, struct kvx_error *e)
{
    uint32_t known = atomic_load_explicit(&s->partition.block_size, memory_order_relaxed);
    if (!asked && !known)
        return kvx_fail(
            e, KVX_INVALID,
            "`block_size`: no block size is known: give it here or start kvindexd with --block-size");
    if (asked && known && asked != known)
        return kvx_fail(e, KVX_CONFLICT, "`block_size`: %u contradicts %u, the block size of model %s", asked,
                        known, s->partition.model);
    *out = known ? known : asked;
    return KVX_OK;
}

/* Under `table`, before the worker is removed: other sources that feed it must hear that what they brought is
 * gone, or they would go on to call themselves exact. Relaxed: it is a hint that they compare with theirs. */
static void disturb(struct kvx_worker *w)
{
    atomic_fetch_add_explicit(&w->fed.generation, 1, memory_order_relaxed);
}

/* Under `table`. A rank that was learned from another source's batches makes way for its own registration. */
static int make_room(struct kvx_service *s, const struct kvx_register_args *args, struct kvx_error *e)
{
    struct kvx_instance *instance = kvx_table_find(s, args->instance.text);
    struct kvx_worker *w = instance ? kvx_instance_rank(instance, args->dp_rank) : NULL;
    if (!w)
        return KVX_OK;
    if (!w->learned)
        return kvx_fail(e, KVX_EXISTS, "instance %s dp_rank %u already registered", w->id, args->dp_rank);
    kvx_log(s->config.log, KVX_LOG_WARN, "two sources feed one rank", KVX_S("instance", w->id),
            KVX_U("dp_rank", args->dp_rank), KVX_S("endpoint", w->feed->endpoint));
    disturb(w);
    kvx_table_remove(s, w);
    return KVX_OK;
}

static int add_worker(struct kvx_service *s, const struct kvx_register_args *args, struct kvx_feed *feed,
                      uint32_t *block_size, struct kvx_worker **out, struct kvx_error *e)
{
    struct kvx_worker *w;
    pthread_mutex_lock(&s->table);
    int status = choose_block_size(s, args->block_size, block_size, e);
    if (!status)
        status = make_room(s, args, e);
    if (!status)
        status = kvx_table_add(s, &args->instance, args->dp_rank, feed, false, &w, e);
    if (!status && kvx_feed_adopt(feed, w) < 0) {
        kvx_table_remove(s, w);
        status = kvx_fail(e, KVX_NOMEM, "out of memory");
    }
    if (!status) {
        atomic_store_explicit(&s->partition.block_size, *block_size, memory_order_relaxed);
        *out = w;
    }
    pthread_mutex_unlock(&s->table);
    return status;
}

/* Under `admin`. Out of the table with the ranks its source taught; the caller closes the source. */
static void remove_worker(struct kvx_service *s, struct kvx_worker *w)
{
    struct kvx_feed *feed = w->feed;
    struct kvx_instance *instance;
    struct kvx_bytes id = kvx_bytes_of(feed->id); /* the feed's, which outlives the worker here */
    kvx_feed_hold(feed);
    pthread_mutex_lock(&s->table);
    atomic_store_explicit(&feed->closed, true, memory_order_relaxed);
    while ((instance = kvx_table_find(s, id)) != NULL) {
        struct kvx_worker *next = NULL;
        for (size_t i = 0; i < instance->n && !next; i++)
            if (instance->workers[i]->feed == feed)
                next = instance->workers[i];
        if (!next)
            break;
        if (atomic_load_explicit(&next->fed.feeds, memory_order_relaxed) > 1)
            disturb(next);
        kvx_table_remove(s, next);
    }
    pthread_mutex_unlock(&s->table);
    kvx_feed_drop(feed);
}

static int open_source(struct kvx_service *s, const struct kvx_register_args *args, struct kvx_error *e)
{
    struct kvx_feed *feed;
    struct kvx_worker *w = NULL;
    uint32_t block_size = 0;
    int status = kvx_feed_new(s, args, &feed, e);
    if (status < 0)
        return status;
    status = add_worker(s, args, feed, &block_size, &w, e);
    if (status)
        goto fail;
    const struct kvx_source_spec spec = {
        .endpoint = feed->endpoint,
        .replay_endpoint = feed->replay_endpoint,
        .block_size = block_size,
        .feed = feed,
    };
    status = s->driver.open(s->driver.self, &spec, &w->source, e);
    if (status < 0) {
        remove_worker(s, w);
        goto fail;
    }
    kvx_log(s->config.log, KVX_LOG_INFO, "registered", KVX_S("instance", w->id),
            KVX_U("dp_rank", args->dp_rank), KVX_S("endpoint", feed->endpoint),
            KVX_U("block_size", block_size));
    return KVX_OK;

fail:
    kvx_feed_release(feed);
    return status;
}

int kvx_service_register(struct kvx_service *s, const struct kvx_register_args *args, struct kvx_error *e)
{
    int status = check_id(&args->instance, e);
    if (status < 0)
        return status;
    if (s->config.fault_hook && kvx_bytes_is(args->instance.text, FAULT_INSTANCE))
        return kvx_fail(e, KVX_INTERNAL, "internal error");
    if (!args->endpoint.len || !kvx_bytes_is_text(args->endpoint))
        return kvx_fail(e, KVX_INVALID, "`endpoint`: must be UTF-8 text and not empty");
    if (args->replay_endpoint.len && !kvx_bytes_is_text(args->replay_endpoint))
        return kvx_fail(e, KVX_INVALID, "`replay_endpoint`: must be UTF-8 text");
    pthread_mutex_lock(&s->admin);
    status = open_source(s, args, e);
    pthread_mutex_unlock(&s->admin);
    return status;
}

/* Under `admin`. */
static void close_worker(struct kvx_service *s, struct kvx_worker *w)
{
    struct kvx_source *source = w->source;
    kvx_log(s->config.log, KVX_LOG_INFO, "unregistered", KVX_S("instance", w->id),
            KVX_U("dp_rank", w->dp_rank));
    remove_worker(s, w); /* first: from here on no answer shows it, whatever the source still brings */
    s->driver.close(s->driver.self, source);
}

/* Under `admin`, which alone adds and removes registered workers, so that the pointer stays good. */
static struct kvx_worker *next_to_close(struct kvx_service *s, const struct kvx_unregister_args *args,
                                        bool *instance_known, bool *learned)
{
    struct kvx_worker *found = NULL;
    pthread_mutex_lock(&s->table);
    struct kvx_instance *instance = kvx_table_find(s, args->instance.text);
    *instance_known = instance != NULL;
    for (size_t i = 0; instance && i < instance->n && !found; i++) {
        struct kvx_worker *w = instance->workers[i];
        if (args->has_dp_rank && w->dp_rank != args->dp_rank)
            continue;
        if (w->learned)
            *learned = true;
        else
            found = w;
    }
    pthread_mutex_unlock(&s->table);
    return found;
}

int kvx_service_unregister(struct kvx_service *s, const struct kvx_unregister_args *args, size_t *removed,
                           struct kvx_error *e)
{
    struct kvx_worker *w;
    bool known = false, learned = false;
    size_t n = 0;
    int status = check_id(&args->instance, e);
    if (status < 0)
        return status;
    pthread_mutex_lock(&s->admin);
    while ((w = next_to_close(s, args, &known, &learned)) != NULL) {
        close_worker(s, w);
        n++;
    }
    pthread_mutex_unlock(&s->admin);
    if (removed)
        *removed = n;
    if (n)
        return KVX_OK;
    int len = (int)args->instance.text.len;
    const char *id = args->instance.text.data;
    if (!known)
        return kvx_fail(e, KVX_NOT_FOUND, "instance %.*s not found", len, id);
    if (learned)
        return kvx_fail(
            e, KVX_NOT_FOUND,
            "instance %.*s dp_rank %u was learned from another rank's events: it goes when that rank is "
            "unregistered",
            len, id, args->dp_rank);
    return kvx_fail(e, KVX_NOT_FOUND, "instance %.*s dp_rank %u not found", len, id, args->dp_rank);
}

void kvx_service_close_sources(struct kvx_service *s)
{
    pthread_mutex_lock(&s->admin);
    pthread_mutex_lock(&s->table);
    for (size_t i = 0; i < s->n_instances; i++)
        for (size_t k = 0; k < s->instances[i]->n; k++) {
            struct kvx_worker *w = s->instances[i]->workers[k];
            if (!w->source)
                continue;
            s->driver.close(s->driver.self, w->source);
            w->source = NULL;
        }
    pthread_mutex_unlock(&s->table);
    pthread_mutex_unlock(&s->admin);
}
