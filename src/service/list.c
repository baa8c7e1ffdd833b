/* ListWorkers and ListPartitions. */
#include "partitions.h"

static bool copy_text(struct kvx_arena *arena, const char *text, struct kvx_bytes *out)
{
    if (!text)
        return true;
    out->data = kvx_arena_text(arena, kvx_bytes_of(text));
    out->len = out->data ? strlen(text) : 0;
    return out->data != NULL;
}

static bool copy_name(struct kvx_arena *arena, const struct kvx_partition_name *name,
                      struct kvx_partition_name *out)
{
    out->block_size = name->block_size;
    return copy_text(arena, name->model.data, &out->model) &&
           copy_text(arena, name->tenant.data, &out->tenant) &&
           copy_text(arena, name->additional_salt.data, &out->additional_salt);
}

static void held_by(const struct kvx_worker *w, uint64_t held[KVX_TIER_COUNT])
{
    kvx_index_lock(w->fed.index);
    kvx_worker_held(w->fed.index, w->fed.ref, held);
    kvx_index_unlock(w->fed.index);
}

/* Under `table`. */
static bool describe(const struct kvx_worker *w, struct kvx_arena *arena, struct kvx_worker_info *out)
{
    const struct kvx_feed *feed = kvx_worker_feed(w);
    const struct kvx_source_status *status = &feed->status;
    uint64_t applied = atomic_load_explicit(&status->applied, memory_order_relaxed);
    *out = (struct kvx_worker_info){
        .instance.numeric = w->numeric,
        .dp_rank = w->dp_rank,
        .kind = feed->kind,
        .learned = w->learned,
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
    held_by(w, out->held_blocks);
    return copy_text(arena, w->id, &out->instance.text) && copy_text(arena, feed->endpoint, &out->endpoint) &&
           copy_text(arena, feed->replay_endpoint, &out->replay_endpoint) &&
           copy_text(arena, feed->lora_name, &out->lora_name) &&
           copy_name(arena, &w->partition->name, &out->partition);
}

struct listing {
    const struct kvx_partition_choice *choice;
    struct kvx_arena *arena;
    struct kvx_worker_info *infos;
    size_t n;
    bool ok;
};

static void list_one(void *user, struct kvx_worker *w)
{
    struct listing *l = user;
    if (l->ok && kvx_choice_fits(l->choice, w->partition))
        l->ok = describe(w, l->arena, &l->infos[l->n++]);
}

int kvx_service_list_workers(struct kvx_service *s, struct kvx_arena *arena,
                             const struct kvx_partition_choice *choice, const struct kvx_worker_info **out,
                             size_t *n, struct kvx_error *e)
{
    struct listing l = {.choice = choice, .arena = arena};
    pthread_mutex_lock(&s->table);
    l.infos = kvx_arena_array(arena, s->n_workers, sizeof(*l.infos));
    l.ok = l.infos != NULL;
    kvx_table_each(s, list_one, &l);
    pthread_mutex_unlock(&s->table);
    if (!l.ok)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    *out = l.infos;
    *n = l.n;
    return KVX_OK;
}

/* Under `table`. */
static void count_workers(const struct kvx_service *s, const struct kvx_partition *p,
                          struct kvx_partition_info *out)
{
    for (size_t i = 0; i < s->n_instances; i++)
        for (size_t k = 0; s->instances[i]->partition == p && k < s->instances[i]->n; k++)
            ++*(kvx_worker_feed(s->instances[i]->workers[k])->kind == KVX_KIND_POOL ? &out->pools
                                                                                    : &out->workers);
}

/* Under `table`. */
static bool describe_partition(const struct kvx_service *s, struct kvx_partition *p, struct kvx_arena *arena,
                               struct kvx_partition_info *out)
{
    struct kvx_index_stats stats;
    kvx_index_stats(p->index, &stats);
    *out = (struct kvx_partition_info){.positions = stats.positions, .bytes = stats.bytes};
    memcpy(out->held_blocks, stats.held, sizeof(out->held_blocks));
    memcpy(out->pool_blocks, stats.pool_held, sizeof(out->pool_blocks));
    count_workers(s, p, out);
    return copy_name(arena, &p->name, &out->name);
}

int kvx_service_list_partitions(struct kvx_service *s, struct kvx_arena *arena,
                                const struct kvx_partition_info **out, size_t *n, struct kvx_error *e)
{
    size_t used = 0;
    pthread_mutex_lock(&s->table);
    struct kvx_partition_info *infos = kvx_arena_array(arena, s->n_partitions, sizeof(*infos));
    bool ok = infos != NULL;
    for (struct kvx_partition *p = kvx_partition_first(s); ok && p; p = kvx_partition_next(p))
        ok = describe_partition(s, p, arena, &infos[used++]);
    pthread_mutex_unlock(&s->table);
    if (!ok)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    *out = infos;
    *n = used;
    return KVX_OK;
}
