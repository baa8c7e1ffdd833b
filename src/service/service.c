#include "base/clock.h"
#include "partitions.h"

int kvx_service_new(struct kvx_service **out, const struct kvx_service_config *config, struct kvx_error *e)
{
    struct kvx_service *s = kvx_alloc_zeroed(config->allocator, sizeof(*s));
    if (!s)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    s->config = *config;
    s->created_ns = kvx_now_ns();
    pthread_mutex_init(&s->admin, NULL);
    pthread_mutex_init(&s->table, NULL);
    if (kvx_rcu_new(&s->rcu, config->allocator) < 0)
        goto fail_rcu;
    s->next_serial = 1;
    *out = s;
    return KVX_OK;

fail_rcu:
    pthread_mutex_destroy(&s->table);
    pthread_mutex_destroy(&s->admin);
    kvx_dealloc(config->allocator, s, sizeof(*s));
    return kvx_fail(e, KVX_NOMEM, "out of memory");
}

void kvx_service_free(struct kvx_service *s)
{
    if (!s)
        return;
    while (s->n_instances) {
        const struct kvx_instance *last = s->instances[s->n_instances - 1];
        kvx_table_remove(s, last->workers[last->n - 1]);
    }
    kvx_instance_map_free(&s->by_name, s->config.allocator);
    kvx_dealloc(s->config.allocator, s->instances, s->cap_instances * sizeof(s->instances[0]));
    kvx_partitions_free(s);
    for (size_t i = 0; i < s->n_peers; i++)
        kvx_text_free(s->config.allocator, s->peers[i]);
    kvx_rcu_free(s->rcu);
    pthread_mutex_destroy(&s->table);
    pthread_mutex_destroy(&s->admin);
    kvx_dealloc(s->config.allocator, s, sizeof(*s));
}

void kvx_service_attach(struct kvx_service *s, const struct kvx_source_driver *driver)
{
    s->driver = *driver;
}

void kvx_service_started(struct kvx_service *s)
{
    atomic_store_explicit(&s->started, true, memory_order_relaxed);
}

void kvx_service_drain(struct kvx_service *s)
{
    atomic_store_explicit(&s->draining, true, memory_order_relaxed);
}

bool kvx_service_housekeeping(struct kvx_service *s)
{
    return kvx_partitions_housekeeping(s);
}

int kvx_service_begin(struct kvx_service *s, struct kvx_error *e)
{
    if (atomic_load_explicit(&s->recovering, memory_order_relaxed)) {
        kvx_count(s->config.metrics, KVX_COUNT_SHED_RECOVERING, 1);
        return kvx_fail(e, KVX_UNAVAILABLE, "recovering from a peer; try again");
    }
    uint32_t before = atomic_fetch_add_explicit(&s->inflight, 1, memory_order_relaxed);
    if (!s->config.max_inflight || before < s->config.max_inflight)
        return KVX_OK;
    kvx_service_end(s);
    kvx_count(s->config.metrics, KVX_COUNT_SHED_INFLIGHT, 1);
    return kvx_fail(e, KVX_UNAVAILABLE, "%u requests are in flight, the limit of --max-inflight; try again",
                    s->config.max_inflight);
}

void kvx_service_end(struct kvx_service *s)
{
    atomic_fetch_sub_explicit(&s->inflight, 1, memory_order_relaxed);
}

int kvx_caller_new(struct kvx_caller **out, struct kvx_service *s)
{
    const struct kvx_allocator *a = s->config.allocator;
    struct kvx_caller *c = kvx_alloc_zeroed(a, sizeof(*c));
    if (!c)
        return KVX_NOMEM;
    c->service = s;
    if (kvx_rcu_reader_new(s->rcu, &c->reader) < 0)
        goto fail_reader;
    if (kvx_lookup_new(&c->lookup, a) < 0)
        goto fail_lookup;
    *out = c;
    return KVX_OK;

fail_lookup:
    kvx_rcu_reader_free(c->reader);
fail_reader:
    kvx_dealloc(a, c, sizeof(*c));
    return KVX_NOMEM;
}

void kvx_caller_free(struct kvx_caller *c)
{
    if (!c)
        return;
    kvx_lookup_free(c->lookup);
    kvx_rcu_reader_free(c->reader);
    kvx_dealloc(c->service->config.allocator, c, sizeof(*c));
}
