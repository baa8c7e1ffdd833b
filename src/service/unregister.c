/* Unregister: stops sources, and takes their workers out of every answer. */
#include "partitions.h"
#include "registry.h"

/* What Unregister has seen on its way. */
struct seen {
    bool instance, learned;
};

static bool is_meant(const struct kvx_unregister_args *args, const struct kvx_worker *w, struct seen *seen)
{
    if (!kvx_bytes_is(args->instance.text, w->id) || !kvx_choice_fits(&args->partition, w->partition))
        return false;
    seen->instance = true;
    if (args->has_dp_rank && w->dp_rank != args->dp_rank)
        return false;
    bool follows = w->learned && !kvx_worker_is_recovered(w); /* its source goes with another rank */
    seen->learned |= follows;
    return !follows;
}

/* Under `table`. The registered workers that are meant: the next one, and how many there are. */
static struct kvx_worker *next_meant(struct kvx_service *s, const struct kvx_unregister_args *args, size_t *n,
                                     struct seen *seen)
{
    struct kvx_worker *found = NULL;
    *n = 0;
    for (size_t i = 0; i < s->n_instances; i++)
        for (size_t k = 0; k < s->instances[i]->n; k++) {
            struct kvx_worker *w = s->instances[i]->workers[k];
            if (!is_meant(args, w, seen))
                continue;
            found = found ? found : w;
            ++*n;
        }
    return found;
}

/* Under `table`: nothing that is meant is registered. The message says what is there instead. */
static int not_found(struct kvx_service *s, const struct kvx_unregister_args *args, const struct seen *seen,
                     struct kvx_error *e)
{
    int len = (int)args->instance.text.len;
    const char *id = args->instance.text.data;
    if (seen->learned && !args->has_dp_rank)
        return kvx_fail(
            e, KVX_NOT_FOUND,
            "instance %.*s was learned here from events of a source that is registered elsewhere: "
            "it goes when that one is unregistered",
            len, id);
    if (seen->learned)
        return kvx_fail(e, KVX_NOT_FOUND,
                        "instance %.*s dp_rank %u was learned from another rank's events: it goes when that "
                        "rank is unregistered",
                        len, id, args->dp_rank);
    if (seen->instance)
        return kvx_fail(e, KVX_NOT_FOUND, "instance %.*s dp_rank %u not found", len, id, args->dp_rank);
    for (size_t i = 0; i < s->n_instances; i++)
        if (kvx_bytes_is(args->instance.text, s->instances[i]->id)) {
            const struct kvx_partition_name *name = &s->instances[i]->partition->name;
            return kvx_fail(e, KVX_NOT_FOUND,
                            "instance %.*s is registered for model=%s %s=%s block_size=%u%s%s", len, id,
                            name->model.data, kvx_choice_tenant_word(&args->partition), name->tenant.data,
                            name->block_size, name->additional_salt.len ? " additional_salt=" : "",
                            name->additional_salt.len ? name->additional_salt.data : "");
        }
    return kvx_fail(e, KVX_NOT_FOUND, "instance %.*s not found", len, id);
}

static bool copy_removed(struct kvx_arena *arena, const struct kvx_worker *w, struct kvx_removed_worker *out)
{
    struct kvx_bytes id = kvx_worker_id(w), tenant = w->partition->name.tenant;
    *out = (struct kvx_removed_worker){
        .instance = {{kvx_arena_text(arena, id), id.len}, w->numeric},
        .tenant = {kvx_arena_text(arena, tenant), tenant.len},
        .dp_rank = w->dp_rank,
    };
    return out->instance.text.data && out->tenant.data;
}

/* What is removed, and the sources that are to be closed: as many, NULL where a worker had none. */
struct removal {
    struct kvx_removed_worker *workers;
    struct kvx_source **sources;
    size_t n;
};

/* Under `table`: everything that can fail. */
static int list_meant(struct kvx_service *s, struct kvx_arena *arena, const struct kvx_unregister_args *args,
                      struct removal *out, struct kvx_error *e)
{
    struct seen seen = {false, false};
    size_t used = 0, n;
    if (!next_meant(s, args, &n, &seen))
        return not_found(s, args, &seen, e);
    out->workers = kvx_arena_array(arena, n, sizeof(*out->workers));
    out->sources = kvx_arena_array(arena, n, sizeof(struct kvx_source *));
    bool ok = out->workers && out->sources;
    for (size_t i = 0; ok && i < s->n_instances; i++)
        for (size_t k = 0; ok && k < s->instances[i]->n; k++)
            if (is_meant(args, s->instances[i]->workers[k], &seen))
                ok = copy_removed(arena, s->instances[i]->workers[k], &out->workers[used++]);
    out->n = ok ? n : 0;
    return ok ? KVX_OK : kvx_fail(e, KVX_NOMEM, "out of memory");
}

/* Under `table`. */
static void remove_meant(struct kvx_service *s, const struct kvx_unregister_args *args, struct removal *out)
{
    struct seen seen = {false, false};
    size_t left;
    for (size_t i = 0; i < out->n; i++) {
        struct kvx_worker *w = next_meant(s, args, &left, &seen);
        kvx_log(s->config.log, KVX_LOG_INFO, "unregistered", KVX_S("instance", w->id),
                KVX_U("dp_rank", w->dp_rank), KVX_S("model", w->partition->name.model.data),
                KVX_S("tenant", w->partition->name.tenant.data));
        out->sources[i] = w->source;
        kvx_registry_remove(s, w);
    }
}

int kvx_service_unregister(struct kvx_service *s, struct kvx_arena *arena,
                           const struct kvx_unregister_args *args, const struct kvx_removed_worker **removed,
                           size_t *n, struct kvx_error *e)
{
    struct removal all = {.n = 0};
    int status = kvx_check_id(&args->instance, e);
    if (!status)
        status = kvx_choice_check(&args->partition, e);
    if (status < 0)
        return status;
    pthread_mutex_lock(&s->admin);
    /* In one go: what is meant must not join another source in between. */
    pthread_mutex_lock(&s->table);
    status = list_meant(s, arena, args, &all, e);
    if (!status)
        remove_meant(s, args, &all);
    pthread_mutex_unlock(&s->table);
    /* From here on no answer shows them, whatever the sources still bring. */
    for (size_t i = 0; !status && i < all.n; i++)
        if (all.sources[i])
            s->driver.close(s->driver.self, all.sources[i]);
    pthread_mutex_unlock(&s->admin);
    if (status)
        return status;
    *removed = all.workers;
    *n = all.n;
    return KVX_OK;
}

static void close_source(void *service, struct kvx_worker *w)
{
    struct kvx_service *s = service;
    if (w->source)
        s->driver.close(s->driver.self, w->source);
    w->source = NULL;
}

void kvx_service_close_sources(struct kvx_service *s)
{
    pthread_mutex_lock(&s->admin);
    pthread_mutex_lock(&s->table);
    kvx_table_each(s, close_source, s);
    pthread_mutex_unlock(&s->table);
    pthread_mutex_unlock(&s->admin);
}
