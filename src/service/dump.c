/* The dump: partition by partition, what the workers hold, as store events in slices. */
#include "partitions.h"

struct kvx_service_dump {
    struct kvx_service *service;
    struct kvx_partition **partitions; /* counted, those from `at` on */
    size_t n, at;
    struct kvx_dump *dump; /* of partition `at`; NULL before it begins */
    uint64_t next_event_id;
};

/* Under `table`: the partitions that fit, counted. */
static void hold_fitting(struct kvx_service_dump *d, const struct kvx_partition_choice *choice)
{
    for (struct kvx_partition *p = kvx_partition_first(d->service); p; p = kvx_partition_next(p))
        if (kvx_choice_fits(choice, p)) {
            kvx_partition_hold(p);
            d->partitions[d->n++] = p;
        }
}

int kvx_service_dump_open(struct kvx_service *s, const struct kvx_partition_choice *choice,
                          struct kvx_service_dump **out, struct kvx_error *e)
{
    const struct kvx_allocator *a = s->config.allocator;
    int status = kvx_choice_check(choice, e);
    if (status < 0)
        return status;
    /* room for as many as there can be: the list may grow until `table` is taken */
    size_t size = sizeof(struct kvx_service_dump) + KVX_PARTITIONS_MAX * sizeof(struct kvx_partition *);
    struct kvx_service_dump *d = kvx_alloc_zeroed(a, size);
    if (!d)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    d->service = s;
    d->partitions = (struct kvx_partition **)(void *)(d + 1);
    pthread_mutex_lock(&s->table);
    hold_fitting(d, choice);
    pthread_mutex_unlock(&s->table);
    *out = d;
    return KVX_OK;
}

static void hand_over(struct kvx_service_dump *d, const struct kvx_dump_sink *sink,
                      const struct kvx_dump_event *event)
{
    const struct kvx_worker *w = event->label;
    sink->record(sink->user, &(struct kvx_dump_record){
                                 .event_id = d->next_event_id++,
                                 .instance = {kvx_worker_id(w), w->numeric},
                                 .dp_rank = w->dp_rank,
                                 .tier = event->tier,
                                 .has_parent = event->has_parent,
                                 .parent = event->parent,
                                 .n = event->n,
                                 .local = event->local,
                                 .engine = event->engine,
                             });
}

static void end_partition(struct kvx_service_dump *d)
{
    kvx_dump_free(d->dump);
    d->dump = NULL;
    kvx_partition_drop(d->partitions[d->at++]);
}

int kvx_service_dump_next(struct kvx_service_dump *d, struct kvx_caller *c, size_t blocks,
                          const struct kvx_dump_sink *sink, struct kvx_error *e)
{
    struct kvx_dump_event event;
    size_t handed = 0;
    int status = 1;
    if (d->at == d->n)
        return 0;
    struct kvx_partition *p = d->partitions[d->at];
    if (!d->dump) {
        if (kvx_dump_new(p->index, &d->dump) < 0)
            return kvx_fail(e, KVX_NOMEM, "out of memory");
        sink->partition(sink->user, &p->name);
    }
    kvx_rcu_enter(c->reader);
    while (handed < blocks && (status = kvx_dump_next(d->dump, &event)) == 1) {
        hand_over(d, sink, &event);
        handed += event.n;
    }
    kvx_rcu_leave(c->reader);
    if (status < 0)
        return kvx_fail(e, status, "out of memory");
    if (status == 0)
        end_partition(d);
    return d->at < d->n;
}

void kvx_service_dump_close(struct kvx_service_dump *d)
{
    if (!d)
        return;
    const struct kvx_allocator *a = d->service->config.allocator;
    while (d->at < d->n)
        end_partition(d);
    kvx_dealloc(a, d, sizeof(*d) + KVX_PARTITIONS_MAX * sizeof(d->partitions[0]));
}
