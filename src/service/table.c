#include "service_private.h"

struct kvx_instance *kvx_table_find(struct kvx_service *s, struct kvx_bytes id)
{
    for (size_t i = 0; i < s->n_instances; i++)
        if (kvx_bytes_is(id, s->instances[i]->id))
            return s->instances[i];
    return NULL;
}

struct kvx_worker *kvx_instance_rank(const struct kvx_instance *instance, uint32_t dp_rank)
{
    for (size_t i = 0; i < instance->n; i++)
        if (instance->workers[i]->dp_rank == dp_rank)
            return instance->workers[i];
    return NULL;
}

void kvx_worker_hold(struct kvx_worker *w)
{
    /* Relaxed: whoever adds a reference already has one. */
    atomic_fetch_add_explicit(&w->references, 1, memory_order_relaxed);
}

void kvx_worker_drop(struct kvx_worker *w)
{
    /* Acquire-release: the last one must see what all others did before it frees. */
    if (!w || atomic_fetch_sub_explicit(&w->references, 1, memory_order_acq_rel) != 1)
        return;
    const struct kvx_allocator *a = w->service->config.allocator;
    kvx_feed_drop(w->feed);
    kvx_text_free(a, w->id);
    kvx_dealloc(a, w, sizeof(*w));
}

void kvx_worker_label_release(void *label)
{
    kvx_worker_drop(label);
}

/* Makes room for one more pointer; the list is unchanged on failure. */
static bool list_room(const struct kvx_allocator *a, void ***list, size_t n, size_t *cap)
{
    if (n < *cap)
        return true;
    size_t more = *cap ? *cap * 2 : 4;
    void **grown = kvx_realloc(a, *list, *cap * sizeof(void *), more * sizeof(void *));
    if (!grown)
        return false;
    *list = grown;
    *cap = more;
    return true;
}

static struct kvx_instance *instance_add(struct kvx_service *s, const struct kvx_instance_id *id)
{
    const struct kvx_allocator *a = s->config.allocator;
    if (!list_room(a, (void ***)&s->instances, s->n_instances, &s->cap_instances))
        return NULL;
    struct kvx_instance *instance = kvx_alloc_zeroed(a, sizeof(*instance));
    if (!instance)
        return NULL;
    instance->id = kvx_text_copy(a, id->text);
    if (!instance->id) {
        kvx_dealloc(a, instance, sizeof(*instance));
        return NULL;
    }
    instance->numeric = id->numeric;
    instance->serial = s->next_serial++;
    s->instances[s->n_instances++] = instance;
    return instance;
}

static void instance_remove_if_empty(struct kvx_service *s, struct kvx_instance *instance)
{
    const struct kvx_allocator *a = s->config.allocator;
    if (instance->n)
        return;
    size_t i = 0;
    while (s->instances[i] != instance)
        i++;
    s->n_instances--;
    memmove(&s->instances[i], &s->instances[i + 1], (s->n_instances - i) * sizeof(s->instances[0]));
    kvx_dealloc(a, instance->workers, instance->cap * sizeof(instance->workers[0]));
    kvx_text_free(a, instance->id);
    kvx_dealloc(a, instance, sizeof(*instance));
}

static void instance_insert(struct kvx_instance *instance, struct kvx_worker *w)
{
    size_t i = instance->n++;
    for (; i && instance->workers[i - 1]->dp_rank > w->dp_rank; i--)
        instance->workers[i] = instance->workers[i - 1];
    instance->workers[i] = w;
}

/* A worker with one reference, for the table, that the index does not know yet. */
static struct kvx_worker *worker_new(struct kvx_service *s, const struct kvx_instance *instance,
                                     uint32_t dp_rank, struct kvx_feed *feed, bool learned)
{
    const struct kvx_allocator *a = s->config.allocator;
    struct kvx_worker *w = kvx_alloc_zeroed(a, sizeof(*w));
    if (!w)
        return NULL;
    w->id = kvx_text_copy(a, kvx_bytes_of(instance->id));
    if (!w->id) {
        kvx_dealloc(a, w, sizeof(*w));
        return NULL;
    }
    w->service = s;
    w->numeric = instance->numeric;
    w->serial = instance->serial;
    w->dp_rank = dp_rank;
    w->learned = learned;
    w->feed = feed;
    kvx_feed_hold(feed);
    atomic_init(&w->references, 1);
    return w;
}

static int index_add(struct kvx_partition *p, struct kvx_worker *w)
{
    kvx_worker_hold(w); /* the index's, for the label */
    kvx_index_lock(p->index);
    int status = kvx_worker_add(p->index, w, &w->fed.ref);
    atomic_store_explicit(&w->fed.generation, w->fed.ref.generation, memory_order_relaxed);
    kvx_index_unlock(p->index);
    if (status < 0)
        kvx_worker_drop(w);
    return status;
}

int kvx_table_add(struct kvx_service *s, const struct kvx_instance_id *id, uint32_t dp_rank,
                  struct kvx_feed *feed, bool learned, struct kvx_worker **out, struct kvx_error *e)
{
    const struct kvx_allocator *a = s->config.allocator;
    int status = KVX_NOMEM;
    if (s->n_workers >= KVX_WORKERS_MAX)
        return kvx_fail(e, KVX_UNAVAILABLE, "the limit of %d workers is reached", (int)KVX_WORKERS_MAX);
    struct kvx_instance *instance = kvx_table_find(s, id->text);
    if (!instance)
        instance = instance_add(s, id);
    if (!instance)
        return kvx_fail(e, status, "out of memory");

    struct kvx_worker *w = NULL;
    if (list_room(a, (void ***)&instance->workers, instance->n, &instance->cap))
        w = worker_new(s, instance, dp_rank, feed, learned);
    if (!w) {
        kvx_fail(e, status, "out of memory");
        goto fail_worker;
    }
    status = index_add(feed->partition, w);
    if (status < 0) {
        kvx_fail(e, status, "%s",
                 status == KVX_UNAVAILABLE
                     ? "too many removed workers wait to be swept out of the index; try again"
                     : "out of memory");
        goto fail_index;
    }
    instance_insert(instance, w);
    s->n_workers++;
    *out = w;
    return KVX_OK;

fail_index:
    kvx_worker_drop(w);
fail_worker:
    instance_remove_if_empty(s, instance);
    return status;
}

void kvx_table_remove(struct kvx_service *s, struct kvx_worker *w)
{
    struct kvx_partition *p = w->feed->partition;
    struct kvx_instance *instance = kvx_table_find(s, kvx_worker_id(w));
    size_t i = 0;
    while (instance->workers[i] != w)
        i++;
    instance->n--;
    memmove(&instance->workers[i], &instance->workers[i + 1],
            (instance->n - i) * sizeof(instance->workers[0]));
    instance_remove_if_empty(s, instance);
    s->n_workers--;

    kvx_index_lock(p->index);
    int status = kvx_worker_remove(p->index, w->fed.ref);
    kvx_index_unlock(p->index);
    if (status <
        0) /* `fed.ref` always names the current generation: anything else is a bug worth hearing of */
        kvx_log(s->config.log, KVX_LOG_ERROR, "the index did not know a registered worker",
                KVX_S("instance", w->id), KVX_U("dp_rank", w->dp_rank));
    atomic_store_explicit(&w->closed, true, memory_order_release);
    if (!s->n_workers && !p->fixed_block_size)
        atomic_store_explicit(&p->block_size, 0, memory_order_relaxed);
    kvx_worker_drop(w);
}
