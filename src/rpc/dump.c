/* Dump: slices of the service's dump as messages of about 64 KiB. */
#include "answers.h"
#include "partition.h"

enum {
    SLICE_BLOCKS = 4000, /* 16 bytes a block, and a little for each run */
    NAME_BYTES = 1 << 20 /* of one partition; the limits of its texts are far below */
};

struct kvx_rpc_kv_indexer_dump {
    struct kvx_service_dump *dump;
    struct kvx_arena names; /* of the current partition: it may go on in the next slice */
    Kvindex__V1__Partition *partition;
    bool complete;
};

int kvx_rpc_kv_indexer_dump_open(struct kvx_rpc_env *env, const Kvindex__V1__DumpRequest *in,
                                 struct kvx_rpc_kv_indexer_dump **out, struct kvx_error *e)
{
    const struct kvx_partition_choice which = kvx_rpc_partitions(in->model, in->tenant);
    struct kvx_rpc_kv_indexer_dump *d = kvx_alloc_zeroed(env->allocator, sizeof(*d));
    if (!d)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    kvx_arena_init(&d->names, env->allocator, NAME_BYTES);
    int status = kvx_service_dump_open(env->service, &which, &d->dump, e);
    if (status < 0) {
        kvx_dealloc(env->allocator, d, sizeof(*d));
        return status;
    }
    *out = d;
    return KVX_OK;
}

void kvx_rpc_kv_indexer_dump_close(struct kvx_rpc_env *env, struct kvx_rpc_kv_indexer_dump *d)
{
    kvx_service_dump_close(d->dump);
    kvx_arena_reset(&d->names);
    kvx_dealloc(env->allocator, d, sizeof(*d));
}

/* Collects the records of one slice. */
struct slice {
    struct kvx_rpc_kv_indexer_dump *dump;
    struct kvx_arena *arena;
    Kvindex__V1__DumpResponse *out;
    size_t room;
    Kvindex__V1__Worker *worker; /* of the last event; runs of one worker follow each other */
    bool begun;                  /* a partition began in this slice, which may hold nothing */
    bool failed;
};

static bool grow(struct slice *s)
{
    size_t room = s->room ? s->room * 2 : 64;
    Kvindex__V1__StoredBlocks **list = kvx_arena_array(s->arena, room, sizeof(*list));
    if (!list)
        return false;
    if (s->out->n_events)
        memcpy(list, s->out->events, s->out->n_events * sizeof(*list));
    s->out->events = list;
    s->room = room;
    return true;
}

static bool set_worker(struct slice *s, const struct kvx_dump_record *r)
{
    Kvindex__V1__Worker *last = s->worker;
    if (!last || last->dp_rank != r->dp_rank || !kvx_bytes_is(r->instance.text, last->instance_id))
        s->worker = kvx_rpc_worker(s->arena, &r->instance, r->dp_rank);
    return s->worker != NULL;
}

static uint64_t *copy_hashes(struct slice *s, const uint64_t *hashes, size_t n)
{
    uint64_t *copy = kvx_arena_alloc(s->arena, n * sizeof(*copy));
    if (copy)
        memcpy(copy, hashes, n * sizeof(*copy));
    return copy;
}

static bool add_record(struct slice *s, const struct kvx_dump_record *r)
{
    if (s->out->n_events == s->room && !grow(s))
        return false;
    Kvindex__V1__StoredBlocks *event = kvx_arena_alloc(s->arena, sizeof(*event));
    if (!event || !set_worker(s, r))
        return false;
    kvindex__v1__stored_blocks__init(event);
    event->event_id = r->event_id;
    event->worker = s->worker;
    event->tier = kvx_rpc_tier(r->tier);
    if (r->has_parent) {
        event->parent_case = KVINDEX__V1__STORED_BLOCKS__PARENT_PARENT_ENGINE_HASH;
        event->parent_engine_hash = r->parent;
    }
    event->n_local_hashes = event->n_engine_hashes = r->n;
    event->local_hashes = copy_hashes(s, r->local, r->n);
    event->engine_hashes = copy_hashes(s, r->engine, r->n);
    s->out->events[s->out->n_events++] = event;
    return event->local_hashes && event->engine_hashes;
}

static void begin_partition(void *user, const struct kvx_partition_name *name)
{
    struct slice *s = user;
    kvx_arena_recycle(&s->dump->names, NAME_BYTES);
    s->dump->partition = kvx_rpc_partition_answer(&s->dump->names, name);
    s->begun = true;
    s->failed = s->failed || !s->dump->partition;
}

static void collect(void *user, const struct kvx_dump_record *record)
{
    struct slice *s = user;
    if (!s->failed)
        s->failed = !add_record(s, record);
}

int kvx_rpc_kv_indexer_dump_next(struct kvx_rpc_env *env, struct kvx_rpc_kv_indexer_dump *d,
                                 Kvindex__V1__DumpResponse *out, struct kvx_error *e)
{
    struct slice s = {.dump = d, .arena = env->arena, .out = out};
    const struct kvx_dump_sink sink = {.partition = begin_partition, .record = collect, .user = &s};
    while (!d->complete && out->n_events == 0 && !s.begun) {
        int status = kvx_service_dump_next(d->dump, env->caller, SLICE_BLOCKS, &sink, e);
        if (status < 0)
            return status;
        if (s.failed)
            return kvx_fail(e, KVX_NOMEM, "out of memory");
        d->complete = status == 0;
    }
    out->partition = d->partition;
    return out->n_events || s.begun ? KVX_RPC_MESSAGE : KVX_RPC_END;
}
