/* ListWorkers and the dump: what is registered, and what every worker holds. */
#include "service_private.h"

static bool copy_text(struct kvx_arena *arena, const char *text, struct kvx_bytes *out)
{
    if (!text)
        return true;
    out->data = kvx_arena_text(arena, kvx_bytes_of(text));
    out->len = out->data ? strlen(text) : 0;
    return out->data != NULL;
}

/* Under `table` and the index lock. */
static bool describe(const struct kvx_worker *w, struct kvx_arena *arena, struct kvx_worker_info *out)
{
    const struct kvx_feed *feed = w->feed;
    const struct kvx_source_status *status = &feed->status;
    uint64_t applied = atomic_load_explicit(&status->applied, memory_order_relaxed);
    *out = (struct kvx_worker_info){
        .instance.numeric = w->numeric,
        .dp_rank = w->dp_rank,
        .learned = w->learned,
        .block_size = atomic_load_explicit(&feed->partition->block_size, memory_order_relaxed),
        .state = (enum kvx_source_state)atomic_load_explicit(&status->state, memory_order_relaxed),
        .reason = (enum kvx_source_reason)atomic_load_explicit(&status->reason, memory_order_relaxed),
        .since_ms = atomic_load_explicit(&status->since_ns, memory_order_relaxed) / 1000000u,
        .has_sequence = applied != 0,
        .last_sequence = applied ? applied - 1 : 0,
        .missing_batches = atomic_load_explicit(&status->missing, memory_order_relaxed),
        .batches = atomic_load_explicit(&status->batches, memory_order_relaxed),
        .restarts = atomic_load_explicit(&status->restarts, memory_order_relaxed),
        .last_event_ms = atomic_load_explicit(&status->last_event_ns, memory_order_relaxed) / 1000000u,
    };
    kvx_worker_held(feed->partition->index, w->fed.ref, out->held_blocks);
    return copy_text(arena, w->id, &out->instance.text) && copy_text(arena, feed->endpoint, &out->endpoint) &&
           copy_text(arena, feed->replay_endpoint, &out->replay_endpoint) &&
           copy_text(arena, feed->partition->model, &out->model) &&
           copy_text(arena, feed->partition->tenant, &out->tenant);
}

int kvx_service_list_workers(struct kvx_service *s, struct kvx_caller *c, struct kvx_arena *arena,
                             const struct kvx_worker_info **out, size_t *n, struct kvx_error *e)
{
    size_t count = 0;
    bool ok = true;
    (void)c; /* listing reads the table, not the tree */
    pthread_mutex_lock(&s->table);
    struct kvx_worker_info *infos = kvx_arena_array(arena, s->n_workers, sizeof(*infos));
    ok = infos != NULL;
    kvx_index_lock(s->partition.index);
    for (size_t i = 0; ok && i < s->n_instances; i++)
        for (size_t k = 0; ok && k < s->instances[i]->n; k++)
            ok = describe(s->instances[i]->workers[k], arena, &infos[count++]);
    kvx_index_unlock(s->partition.index);
    pthread_mutex_unlock(&s->table);
    if (!ok)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    *out = infos;
    *n = count;
    return KVX_OK;
}

struct kvx_service_dump {
    struct kvx_service *service;
    struct kvx_dump *dump;
    uint64_t next_event_id;
};

int kvx_service_dump_open(struct kvx_service *s, struct kvx_caller *c, struct kvx_service_dump **out,
                          struct kvx_error *e)
{
    (void)c; /* a dump begins under the writer lock */
    const struct kvx_allocator *a = s->config.allocator;
    struct kvx_service_dump *d = kvx_alloc_zeroed(a, sizeof(*d));
    if (!d)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    d->service = s;
    if (kvx_dump_new(s->partition.index, &d->dump) < 0) {
        kvx_dealloc(a, d, sizeof(*d));
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    }
    *out = d;
    return KVX_OK;
}

int kvx_service_dump_next(struct kvx_service_dump *d, struct kvx_caller *c, size_t blocks,
                          void (*emit)(void *user, const struct kvx_dump_record *), void *user,
                          struct kvx_error *e)
{
    struct kvx_dump_event event;
    size_t handed = 0;
    int status = 1;
    kvx_rcu_enter(c->reader);
    while (handed < blocks && (status = kvx_dump_next(d->dump, &event)) == 1) {
        const struct kvx_worker *w = event.label;
        emit(user, &(struct kvx_dump_record){
                       .event_id = d->next_event_id++,
                       .instance = {kvx_worker_id(w), w->numeric},
                       .dp_rank = w->dp_rank,
                       .tier = event.tier,
                       .has_parent = event.has_parent,
                       .parent = event.parent,
                       .n = event.n,
                       .local = event.local,
                       .engine = event.engine,
                   });
        handed += event.n;
    }
    kvx_rcu_leave(c->reader);
    return status < 0 ? kvx_fail(e, status, "out of memory") : status;
}

void kvx_service_dump_close(struct kvx_service_dump *d)
{
    if (!d)
        return;
    kvx_dump_free(d->dump);
    kvx_dealloc(d->service->config.allocator, d, sizeof(*d));
}
