#include "partitions.h"

struct kvx_instance *kvx_table_find(const struct kvx_service *s, const struct kvx_partition *p,
                                    struct kvx_bytes id)
{
    return kvx_instance_map_find(&s->by_name, p, id);
}

void kvx_table_each(struct kvx_service *s, void (*visit)(void *user, struct kvx_worker *), void *user)
{
    for (size_t i = 0; i < s->n_instances; i++)
        for (size_t k = 0; k < s->instances[i]->n; k++)
            visit(user, s->instances[i]->workers[k]);
}

/* Where the rank is, or would be. */
static size_t rank_place(const struct kvx_instance *instance, uint32_t dp_rank)
{
    size_t low = 0, high = instance->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (instance->workers[middle]->dp_rank < dp_rank)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct kvx_worker *kvx_instance_rank(const struct kvx_instance *instance, uint32_t dp_rank)
{
    size_t i = rank_place(instance, dp_rank);
    return i < instance->n && instance->workers[i]->dp_rank == dp_rank ? instance->workers[i] : NULL;
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
    kvx_feed_drop(kvx_worker_feed(w));
    kvx_feed_drop(w->feed_before);
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

static struct kvx_instance *instance_add(struct kvx_service *s, struct kvx_partition *p,
                                         const struct kvx_instance_id *id)
{
    const struct kvx_allocator *a = s->config.allocator;
    if (!list_room(a, (void ***)&s->instances, s->n_instances, &s->cap_instances) ||
        !kvx_instance_map_room(&s->by_name, a))
        return NULL;
    struct kvx_instance *instance = kvx_alloc_zeroed(a, sizeof(*instance));
    if (!instance)
        return NULL;
    instance->id = kvx_text_copy(a, id->text);
    if (!instance->id) {
        kvx_dealloc(a, instance, sizeof(*instance));
        return NULL;
    }
    instance->partition = p;
    instance->numeric = id->numeric;
    instance->serial = s->next_serial++;
    s->instances[s->n_instances++] = instance;
    kvx_instance_map_put(&s->by_name, instance);
    return instance;
}

static size_t instance_place(const struct kvx_service *s, const struct kvx_instance *instance)
{
    size_t low = 0, high = s->n_instances;
    while (s->instances[low] != instance) {
        size_t middle = low + (high - low) / 2;
        if (s->instances[middle]->serial <= instance->serial)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void instance_remove_if_empty(struct kvx_service *s, struct kvx_instance *instance)
{
    const struct kvx_allocator *a = s->config.allocator;
    if (instance->n)
        return;
    size_t i = instance_place(s, instance);
    kvx_instance_map_take(&s->by_name, instance);
    s->n_instances--;
    memmove(&s->instances[i], &s->instances[i + 1], (s->n_instances - i) * sizeof(s->instances[0]));
    kvx_dealloc(a, instance->workers, instance->cap * sizeof(instance->workers[0]));
    kvx_text_free(a, instance->id);
    kvx_dealloc(a, instance, sizeof(*instance));
}

static void instance_insert(struct kvx_instance *instance, struct kvx_worker *w)
{
    size_t i = rank_place(instance, w->dp_rank);
    memmove(&instance->workers[i + 1], &instance->workers[i],
            (instance->n++ - i) * sizeof(instance->workers[0]));
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
    w->partition = instance->partition;
    w->fed.index = instance->partition->index;
    w->numeric = instance->numeric;
    w->serial = instance->serial;
    w->dp_rank = dp_rank;
    w->learned = learned;
    atomic_init(&w->feed, feed);
    kvx_feed_hold(feed);
    atomic_init(&w->references, 1);
    return w;
}

static int index_add(struct kvx_worker *w)
{
    struct kvx_index *index = w->fed.index;
    kvx_worker_hold(w); /* the index's, for the label */
    kvx_index_lock(index);
    int status = kvx_worker_feed(w)->kind == KVX_KIND_POOL ? kvx_pool_add(index, w, &w->fed.ref)
                                                           : kvx_worker_add(index, w, &w->fed.ref);
    atomic_store_explicit(&w->fed.generation, w->fed.ref.generation, memory_order_relaxed);
    kvx_index_unlock(index);
    if (status < 0)
        kvx_worker_drop(w);
    return status;
}

int kvx_table_add(struct kvx_service *s, struct kvx_partition *p, const struct kvx_instance_id *id,
                  uint32_t dp_rank, struct kvx_feed *feed, bool learned, struct kvx_worker **out,
                  struct kvx_error *e)
{
    const struct kvx_allocator *a = s->config.allocator;
    int status = KVX_NOMEM;
    if (s->n_workers >= KVX_WORKERS_MAX)
        return kvx_fail(e, KVX_UNAVAILABLE, "the limit of %d workers is reached", (int)KVX_WORKERS_MAX);
    struct kvx_instance *instance = kvx_table_find(s, p, id->text);
    if (!instance)
        instance = instance_add(s, p, id);
    if (!instance)
        return kvx_fail(e, status, "out of memory");

    struct kvx_worker *w = NULL;
    if (list_room(a, (void ***)&instance->workers, instance->n, &instance->cap))
        w = worker_new(s, instance, dp_rank, feed, learned);
    if (!w) {
        kvx_fail(e, status, "out of memory");
        goto fail_worker;
    }
    status = index_add(w);
    if (status < 0) {
        kvx_fail(e, status, "%s",
                 status == KVX_UNAVAILABLE
                     ? "too many removed workers wait to be swept out of the index; try again"
                     : "out of memory");
        goto fail_index;
    }
    instance_insert(instance, w);
    s->n_workers++;
    p->n_workers++;
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
    struct kvx_partition *p = w->partition;
    struct kvx_instance *instance = kvx_table_find(s, p, kvx_worker_id(w));
    size_t i = rank_place(instance, w->dp_rank);
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
    p->n_workers--;
    kvx_partition_leave_if_empty(s, p);
    kvx_worker_drop(w);
}
