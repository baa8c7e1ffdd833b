#include "base/clock.h"
#include "service_private.h"

static int index_open(struct kvx_service *s)
{
    const struct kvx_service_config *c = &s->config;
    struct kvx_partition *p = &s->partition;
    p->model = "default";
    p->tenant = "default";
    p->fixed_block_size = c->block_size != 0;
    atomic_init(&p->block_size, c->block_size);
    return kvx_index_new(&p->index, &(struct kvx_index_config){
                                        .allocator = c->allocator,
                                        .rcu = s->rcu,
                                        .pending_blocks_max = c->pending_blocks_max,
                                        .pending_bytes_max = c->pending_bytes_max,
                                        .unresolved_max = KVX_UNRESOLVED_DEFAULT,
                                        .sweep_backlog_max = KVX_SWEEP_BACKLOG_DEFAULT,
                                        .label_release = kvx_worker_label_release,
                                    });
}

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
    if (index_open(s) < 0)
        goto fail_index;
    *out = s;
    return KVX_OK;

fail_index:
    kvx_rcu_free(s->rcu);
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
    while (s->n_instances)
        kvx_table_remove(s, s->instances[0]->workers[0]);
    kvx_dealloc(s->config.allocator, s->instances, s->cap_instances * sizeof(s->instances[0]));
    kvx_index_free(s->partition.index);
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
    return kvx_index_sweep(s->partition.index);
}

int kvx_service_begin(struct kvx_service *s, struct kvx_error *e)
{
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
