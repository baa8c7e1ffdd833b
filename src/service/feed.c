#include "base/clock.h"
#include "partitions.h"

static const char *const state_names[] = {
#define KVX_STATE_NAME(id, name, text) name,
    KVX_SOURCE_STATES(KVX_STATE_NAME)
#undef KVX_STATE_NAME
};

static const char *const reason_names[] = {
#define KVX_REASON_NAME(id, name, text) name,
    KVX_SOURCE_REASONS(KVX_REASON_NAME)
#undef KVX_REASON_NAME
};

static const char *const reason_texts[] = {
#define KVX_REASON_TEXT(id, name, text) text,
    KVX_SOURCE_REASONS(KVX_REASON_TEXT)
#undef KVX_REASON_TEXT
};

static const char *const kind_names[] = {
#define KVX_KIND_NAME(id, name, text) name,
    KVX_SOURCE_KINDS(KVX_KIND_NAME)
#undef KVX_KIND_NAME
};

const char *kvx_source_kind_name(enum kvx_source_kind kind)
{
    return kind_names[kind];
}

const char *kvx_source_state_name(enum kvx_source_state state)
{
    return state_names[state];
}

const char *kvx_source_reason_name(enum kvx_source_reason reason)
{
    return reason_names[reason];
}

const char *kvx_source_reason_text(enum kvx_source_reason reason)
{
    return reason_texts[reason];
}

/* A copy, or NULL for an empty text; `*ok` becomes false when there is no memory. */
static char *copy_some(const struct kvx_allocator *a, struct kvx_bytes text, bool *ok)
{
    char *copy = text.len ? kvx_text_copy(a, text) : NULL;
    *ok = *ok && (copy || !text.len);
    return copy;
}

int kvx_feed_new(struct kvx_service *s, const struct kvx_register_args *args, struct kvx_feed **out,
                 struct kvx_error *e)
{
    const struct kvx_allocator *a = s->config.allocator;
    struct kvx_feed *feed = kvx_alloc_zeroed(a, sizeof(*feed));
    bool ok = true;
    if (!feed)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    feed->service = s;
    feed->kind = args->kind;
    atomic_init(&feed->references, 1);
    feed->opened_ns = kvx_now_ns();
    atomic_init(&feed->status.since_ns, kvx_wall_ns());
    feed->numeric = args->instance.numeric;
    feed->dp_rank = args->dp_rank;
    feed->id = copy_some(a, args->instance.text, &ok);
    feed->endpoint = copy_some(a, args->endpoint, &ok);
    feed->replay_endpoint = copy_some(a, args->replay_endpoint, &ok);
    feed->lora_name = copy_some(a, args->lora_name, &ok);
    if (!ok) {
        kvx_feed_drop(feed);
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    }
    *out = feed;
    return KVX_OK;
}

void kvx_feed_hold(struct kvx_feed *feed)
{
    atomic_fetch_add_explicit(&feed->references, 1, memory_order_relaxed);
}

void kvx_feed_drop(struct kvx_feed *feed)
{
    if (!feed || atomic_fetch_sub_explicit(&feed->references, 1, memory_order_acq_rel) != 1)
        return;
    const struct kvx_allocator *a = feed->service->config.allocator;
    kvx_dealloc(a, feed->workers, feed->cap_workers * sizeof(feed->workers[0]));
    kvx_text_free(a, feed->id);
    kvx_text_free(a, feed->endpoint);
    kvx_text_free(a, feed->replay_endpoint);
    kvx_text_free(a, feed->lora_name);
    kvx_dealloc(a, feed, sizeof(*feed));
}

int kvx_feed_adopt(struct kvx_feed *feed, struct kvx_worker *w)
{
    if (feed->n_workers == feed->cap_workers) {
        const struct kvx_allocator *a = feed->service->config.allocator;
        size_t cap = feed->cap_workers ? feed->cap_workers * 2 : 1;
        void *grown = kvx_realloc(a, feed->workers, feed->cap_workers * sizeof(feed->workers[0]),
                                  cap * sizeof(feed->workers[0]));
        if (!grown)
            return KVX_NOMEM;
        feed->workers = grown;
        feed->cap_workers = cap;
    }
    kvx_worker_hold(w);
    kvx_partition_hold(w->partition);
    atomic_fetch_add_explicit(&w->fed.feeds, 1, memory_order_relaxed);
    feed->workers[feed->n_workers++] = w;
    return KVX_OK;
}

static void disown(struct kvx_worker *w)
{
    atomic_fetch_sub_explicit(&w->fed.feeds, 1, memory_order_relaxed);
    kvx_partition_drop(w->partition);
    kvx_worker_drop(w);
}

struct kvx_source_status *kvx_feed_status(struct kvx_feed *feed)
{
    return &feed->status;
}

const char *kvx_feed_instance(const struct kvx_feed *feed)
{
    return feed->id;
}

uint32_t kvx_feed_rank(const struct kvx_feed *feed)
{
    return feed->dp_rank;
}

/* What a scope means for this feed. Texts are borrowed. */
static struct kvx_partition_name name_of(const struct kvx_feed *feed, const struct kvx_feed_scope *scope)
{
    struct kvx_partition_name name = feed->partition->name;
    if (scope && scope->model.len)
        name.model = scope->model;
    if (scope && scope->tenant.len)
        name.tenant = scope->tenant;
    if (scope && scope->has_salt)
        name.additional_salt = scope->additional_salt;
    if (scope && scope->block_size)
        name.block_size = scope->block_size;
    return name;
}

static struct kvx_worker *listed(struct kvx_feed *feed, const struct kvx_partition_name *name, uint32_t rank)
{
    for (size_t i = 0; i < feed->n_workers; i++) {
        struct kvx_worker *w = feed->workers[i];
        if (w->dp_rank != rank || !kvx_partition_is(w->partition, name))
            continue;
        /* Acquire pairs with kvx_table_remove: a closed worker's generation has ended in the index. */
        if (!atomic_load_explicit(&w->closed, memory_order_acquire))
            return w;
        feed->workers[i] = feed->workers[--feed->n_workers];
        disown(w);
        return NULL;
    }
    return NULL;
}

/* Under `table`. A rank that a peer's dump told of goes on with this feed; with its blocks, unless the stream
 * has begun at 0 meanwhile, for then they are of an earlier life of the engine. */
static int join_recovered(struct kvx_feed *feed, struct kvx_worker *w)
{
    /* relaxed: only the thread that calls this takes the flag back */
    bool keep = atomic_load_explicit(&feed->status.recovered, memory_order_relaxed);
    if (!keep && kvx_worker_forget_blocks(w))
        return KVX_NOMEM;
    kvx_recovered_joins(w, feed);
    return KVX_OK;
}

/* Under `table`. A worker this feed has not brought before: it may be there already, by another source, or it
 * is learned now. */
static int find_or_learn(struct kvx_feed *feed, const struct kvx_partition_name *name, uint32_t rank,
                         struct kvx_worker **out)
{
    struct kvx_service *s = feed->service;
    struct kvx_instance_id id = {kvx_bytes_of(feed->id), feed->numeric};
    struct kvx_partition *p;
    if (atomic_load_explicit(&feed->closed, memory_order_relaxed))
        return KVX_NOT_FOUND;
    int status = kvx_partition_get(s, name, KVX_PARTITIONS_BY_EVENTS_MAX, &p, NULL);
    if (status)
        return status;
    struct kvx_instance *instance = kvx_table_find(s, p, id.text);
    *out = instance ? kvx_instance_rank(instance, rank) : NULL;
    if (!*out)
        status = kvx_table_add(s, p, &id, rank, feed, true, out, NULL);
    else if (kvx_worker_feed(*out)->kind != feed->kind)
        status = KVX_CONFLICT; /* a pool's blocks are not an engine's, whatever their ids */
    else if (kvx_worker_is_recovered(*out))
        status = join_recovered(feed, *out);
    if (status)
        kvx_partition_leave_if_empty(s, p);
    else if (kvx_feed_adopt(feed, *out) < 0)
        status = KVX_NOMEM; /* in the table all the same: the next batch finds it there */
    return status;
}

static void log_first_sight(const struct kvx_feed *feed, const struct kvx_worker *w)
{
    struct kvx_log *log = feed->service->config.log;
    if (kvx_worker_feed(w) == feed)
        kvx_log(log, KVX_LOG_INFO, "a rank was learned from its batches", KVX_S("instance", feed->id),
                KVX_U("dp_rank", w->dp_rank), KVX_U("source_rank", feed->dp_rank),
                KVX_S("model", w->partition->name.model.data),
                KVX_S("tenant", w->partition->name.tenant.data),
                KVX_U("block_size", w->partition->name.block_size));
    else
        kvx_log(log, KVX_LOG_WARN, "two sources feed one rank", KVX_S("instance", feed->id),
                KVX_U("dp_rank", w->dp_rank), KVX_S("endpoint", feed->endpoint));
}

int kvx_feed_worker(struct kvx_feed *feed, const struct kvx_feed_scope *scope, bool has_rank, uint32_t rank,
                    struct kvx_feed_worker **out)
{
    if (atomic_load_explicit(&feed->closed, memory_order_relaxed))
        return KVX_NOT_FOUND;
    const struct kvx_partition_name name = name_of(feed, scope);
    rank = has_rank ? rank : feed->dp_rank;
    struct kvx_worker *w = listed(feed, &name, rank);
    if (!w) {
        if (feed->n_workers >= KVX_FEED_RANKS_MAX)
            return KVX_UNAVAILABLE;
        pthread_mutex_lock(&feed->service->table);
        int status = find_or_learn(feed, &name, rank, &w);
        pthread_mutex_unlock(&feed->service->table);
        if (status)
            return status;
        log_first_sight(feed, w);
    }
    *out = &w->fed;
    return KVX_OK;
}

size_t kvx_feed_workers(struct kvx_feed *feed, struct kvx_feed_worker **out, size_t max)
{
    for (size_t i = 0; i < feed->n_workers && i < max; i++)
        out[i] = &feed->workers[i]->fed;
    return feed->n_workers;
}

void kvx_feed_release(struct kvx_feed *feed)
{
    while (feed->n_workers)
        disown(feed->workers[--feed->n_workers]);
    kvx_partition_drop(feed->partition);
    kvx_feed_drop(feed);
}
