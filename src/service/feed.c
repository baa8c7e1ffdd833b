#include "base/clock.h"
#include "service_private.h"

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

int kvx_feed_new(struct kvx_service *s, const struct kvx_register_args *args, struct kvx_feed **out,
                 struct kvx_error *e)
{
    const struct kvx_allocator *a = s->config.allocator;
    struct kvx_feed *feed = kvx_alloc_zeroed(a, sizeof(*feed));
    if (!feed)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    feed->service = s;
    feed->partition = &s->partition;
    atomic_init(&feed->references, 1);
    feed->opened_ns = kvx_now_ns();
    atomic_init(&feed->status.since_ns, kvx_wall_ns());
    feed->numeric = args->instance.numeric;
    feed->dp_rank = args->dp_rank;
    feed->id = kvx_text_copy(a, args->instance.text);
    feed->endpoint = kvx_text_copy(a, args->endpoint);
    if (args->replay_endpoint.len)
        feed->replay_endpoint = kvx_text_copy(a, args->replay_endpoint);
    if (!feed->id || !feed->endpoint || (args->replay_endpoint.len && !feed->replay_endpoint)) {
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
    atomic_fetch_add_explicit(&w->fed.feeds, 1, memory_order_relaxed);
    feed->workers[feed->n_workers++] = w;
    return KVX_OK;
}

static void disown(struct kvx_worker *w)
{
    atomic_fetch_sub_explicit(&w->fed.feeds, 1, memory_order_relaxed);
    kvx_worker_drop(w);
}

struct kvx_index *kvx_feed_index(const struct kvx_feed *feed)
{
    return feed->partition->index;
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

static struct kvx_worker *listed(struct kvx_feed *feed, uint32_t rank)
{
    for (size_t i = 0; i < feed->n_workers; i++) {
        struct kvx_worker *w = feed->workers[i];
        if (w->dp_rank != rank)
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

/* A rank this feed has not brought before: it may be registered already, by another source, or it is learned.
 */
static int look_up_or_learn(struct kvx_feed *feed, uint32_t rank, struct kvx_worker **out)
{
    struct kvx_service *s = feed->service;
    struct kvx_instance_id id = {kvx_bytes_of(feed->id), feed->numeric};
    struct kvx_worker *w = NULL;
    int status = KVX_OK;
    if (feed->n_workers >= KVX_FEED_RANKS_MAX)
        return KVX_UNAVAILABLE;
    pthread_mutex_lock(&s->table);
    if (atomic_load_explicit(&feed->closed, memory_order_relaxed)) {
        status = KVX_NOT_FOUND;
    } else {
        struct kvx_instance *instance = kvx_table_find(s, id.text);
        w = instance ? kvx_instance_rank(instance, rank) : NULL;
        if (!w)
            status = kvx_table_add(s, &id, rank, feed, true, &w, NULL);
        if (!status)
            status = kvx_feed_adopt(feed, w);
    }
    pthread_mutex_unlock(&s->table);
    if (!status)
        *out = w;
    return status;
}

int kvx_feed_worker(struct kvx_feed *feed, bool has_rank, uint32_t rank, struct kvx_feed_worker **out)
{
    if (atomic_load_explicit(&feed->closed, memory_order_relaxed))
        return KVX_NOT_FOUND;
    rank = has_rank ? rank : feed->dp_rank;
    struct kvx_worker *w = listed(feed, rank);
    if (!w) {
        int status = look_up_or_learn(feed, rank, &w);
        if (status)
            return status;
        if (w->learned && w->feed == feed)
            kvx_log(feed->service->config.log, KVX_LOG_INFO, "a rank was learned from its batches",
                    KVX_S("instance", feed->id), KVX_U("dp_rank", rank), KVX_U("source_rank", feed->dp_rank));
        else
            kvx_log(feed->service->config.log, KVX_LOG_WARN, "two sources feed one rank",
                    KVX_S("instance", feed->id), KVX_U("dp_rank", rank), KVX_S("endpoint", feed->endpoint));
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
    kvx_feed_drop(feed);
}
