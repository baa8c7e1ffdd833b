#include "partitions.h"

struct kvx_partition *kvx_partition_first(const struct kvx_service *s)
{
    /* acquire, here and below: pairs with the release that put the partition into the list, complete */
    return atomic_load_explicit(&s->partitions, memory_order_acquire);
}

struct kvx_partition *kvx_partition_next(const struct kvx_partition *p)
{
    return atomic_load_explicit(&p->next, memory_order_acquire);
}

static void name_free(struct kvx_service *s, struct kvx_partition *p)
{
    const struct kvx_allocator *a = s->config.allocator;
    kvx_text_free(a, (char *)p->name.model.data);
    kvx_text_free(a, (char *)p->name.tenant.data);
    kvx_text_free(a, (char *)p->name.additional_salt.data);
}

static bool text_copy(struct kvx_service *s, struct kvx_bytes text, struct kvx_bytes *out)
{
    out->data = kvx_text_copy(s->config.allocator, text);
    out->len = text.len;
    return out->data != NULL;
}

static struct kvx_partition *partition_new(struct kvx_service *s, const struct kvx_partition_name *name)
{
    const struct kvx_service_config *c = &s->config;
    struct kvx_partition *p = kvx_alloc_zeroed(c->allocator, sizeof(*p));
    if (!p)
        return NULL;
    const struct kvx_index_config index = {
        .allocator = c->allocator,
        .rcu = s->rcu,
        .pending_blocks_max = c->pending_blocks_max,
        .pending_bytes_max = c->pending_bytes_max,
        .unresolved_max = KVX_UNRESOLVED_DEFAULT,
        .pool_unresolved_max = KVX_POOL_UNRESOLVED_DEFAULT,
        .sweep_backlog_max = KVX_SWEEP_BACKLOG_DEFAULT,
        .label_release = kvx_worker_label_release,
    };
    if (!text_copy(s, name->model, &p->name.model) || !text_copy(s, name->tenant, &p->name.tenant) ||
        !text_copy(s, name->additional_salt, &p->name.additional_salt) ||
        kvx_index_new(&p->index, &index) < 0) {
        name_free(s, p);
        kvx_dealloc(c->allocator, p, sizeof(*p));
        return NULL;
    }
    p->name.block_size = name->block_size;
    p->serial = s->next_serial++;
    return p;
}

static void partition_free(struct kvx_service *s, struct kvx_partition *p)
{
    kvx_index_free(p->index);
    name_free(s, p);
    kvx_dealloc(s->config.allocator, p, sizeof(*p));
}

bool kvx_partition_is(const struct kvx_partition *p, const struct kvx_partition_name *name)
{
    const struct kvx_partition_name *own = &p->name;
    return own->block_size == name->block_size && kvx_bytes_equal(own->model, name->model) &&
           kvx_bytes_equal(own->tenant, name->tenant) &&
           kvx_bytes_equal(own->additional_salt, name->additional_salt);
}

struct kvx_partition *kvx_partition_named(const struct kvx_service *s, const struct kvx_partition_name *name)
{
    struct kvx_partition *p = kvx_partition_first(s);
    while (p && !kvx_partition_is(p, name))
        p = kvx_partition_next(p);
    return p;
}

int kvx_partition_get(struct kvx_service *s, const struct kvx_partition_name *name, size_t max,
                      struct kvx_partition **out, struct kvx_error *e)
{
    _Atomic(struct kvx_partition *) *link = &s->partitions;
    *out = kvx_partition_named(s, name);
    if (*out)
        return KVX_OK;
    if (s->n_partitions >= max)
        return kvx_fail(e, KVX_UNAVAILABLE, "the limit of %zu partitions is reached", max);
    *out = partition_new(s, name);
    if (!*out)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    for (struct kvx_partition *p; (p = atomic_load_explicit(link, memory_order_relaxed)) != NULL;)
        link = &p->next;
    /* release: whoever finds it sees it complete */
    atomic_store_explicit(link, *out, memory_order_release);
    s->n_partitions++;
    return KVX_OK;
}

void kvx_partition_leave_if_empty(struct kvx_service *s, struct kvx_partition *gone)
{
    _Atomic(struct kvx_partition *) *link = &s->partitions;
    struct kvx_partition *p;
    if (gone->n_workers)
        return;
    while ((p = atomic_load_explicit(link, memory_order_relaxed)) != gone)
        link = &p->next;
    /* release: what follows in the list may be newer than what led to it before */
    atomic_store_explicit(link, kvx_partition_next(gone), memory_order_release);
    s->n_partitions--;
    gone->tag = kvx_rcu_tag(s->rcu);
    gone->next_leaving = s->leaving;
    s->leaving = gone;
}

void kvx_partition_hold(struct kvx_partition *p)
{
    /* Relaxed: whoever may call this keeps the partition alive meanwhile. */
    atomic_fetch_add_explicit(&p->references, 1, memory_order_relaxed);
}

void kvx_partition_drop(struct kvx_partition *p)
{
    /* Release: pairs with the acquire before it is freed, which must come after all that was done with it. */
    if (p)
        atomic_fetch_sub_explicit(&p->references, 1, memory_order_release);
}

/* One that nobody can see or count any more; NULL if there is none. */
static struct kvx_partition *take_left(struct kvx_service *s)
{
    struct kvx_partition *found = NULL;
    pthread_mutex_lock(&s->table);
    uint64_t passed = s->leaving ? kvx_rcu_passed(s->rcu) : 0;
    for (struct kvx_partition **link = &s->leaving; *link && !found; link = &(*link)->next_leaving)
        /* In this order: a read section that could still count it has ended when its tag has passed. */
        if (passed > (*link)->tag && !atomic_load_explicit(&(*link)->references, memory_order_acquire)) {
            found = *link;
            *link = found->next_leaving;
            break;
        }
    pthread_mutex_unlock(&s->table);
    return found;
}

/* The first one that is younger than `serial`, counted. */
static struct kvx_partition *hold_after(struct kvx_service *s, uint64_t serial)
{
    pthread_mutex_lock(&s->table);
    struct kvx_partition *p = kvx_partition_first(s);
    while (p && p->serial <= serial)
        p = kvx_partition_next(p);
    if (p)
        kvx_partition_hold(p);
    pthread_mutex_unlock(&s->table);
    return p;
}

bool kvx_partitions_housekeeping(struct kvx_service *s)
{
    bool more = false;
    uint64_t serial = 0;
    for (struct kvx_partition *p; (p = take_left(s)) != NULL;)
        partition_free(s, p);
    for (struct kvx_partition *p; (p = hold_after(s, serial)) != NULL;) {
        more |= kvx_index_sweep(p->index);
        serial = p->serial;
        kvx_partition_drop(p);
    }
    return more;
}

void kvx_partitions_free(struct kvx_service *s)
{
    while (s->leaving) {
        struct kvx_partition *p = s->leaving;
        s->leaving = p->next_leaving;
        partition_free(s, p);
    }
}
