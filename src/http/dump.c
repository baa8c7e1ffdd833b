/* The dump: each record of the service becomes one event of the generated shape, in one array or in an object
 * with an entry a partition. */
#include "json_write.h"
#include "openapi_routes.h"

enum { SLICE_BLOCKS = 2048 }; /* about 200 KB of JSON */

/* A key that was written, so that no other entry gets it. */
struct key {
    struct key *next;
    size_t len;
    char text[];
};

struct dump {
    const struct kvx_allocator *allocator;
    struct kvx_service_dump *records;
    bool by_partition;
    bool begun;     /* there was an item: an event of the array, or a partition */
    bool has_event; /* of the current partition */
    struct key *keys;
};

struct slice {
    struct dump *dump;
    struct kvx_arena *arena;
    struct kvx_buf *out;
    bool failed;
};

static enum kvx_http_storage_tier tier_of(enum kvx_tier tier)
{
    static const enum kvx_http_storage_tier table[] = {
        [KVX_TIER_DEVICE] = KVX_HTTP_STORAGE_TIER_DEVICE,
        [KVX_TIER_HOST] = KVX_HTTP_STORAGE_TIER_HOST_PINNED,
        [KVX_TIER_DISK] = KVX_HTTP_STORAGE_TIER_DISK,
        [KVX_TIER_EXTERNAL] = KVX_HTTP_STORAGE_TIER_EXTERNAL,
    };
    _Static_assert(sizeof(table) / sizeof(*table) == KVX_TIER_COUNT, "every tier has a name");
    return table[tier];
}

static void write_event(struct slice *s, const struct kvx_dump_record *record,
                        const struct kvx_http_stored_block *blocks)
{
    const struct kvx_http_router_event event = {
        .worker_id = {.text = record->instance.text, .numeric = record->instance.numeric},
        .storage_tier = tier_of(record->tier),
        .residency_domain = KVX_HTTP_ROUTER_EVENT_RESIDENCY_DOMAIN_WORKER,
        .event = {.event_id = record->event_id,
                  .dp_rank = record->dp_rank,
                  .data.stored = {.has_parent_hash = record->has_parent,
                                  .parent_hash = record->parent,
                                  .blocks = {blocks, record->n}}},
    };
    bool *begun = s->dump->by_partition ? &s->dump->has_event : &s->dump->begun;
    if (*begun)
        kvx_buf_char(s->out, ',');
    *begun = true;
    kvx_json_write(s->out, &kvx_http_type_router_event, &event);
}

/* Runs inside a read section: formats into memory and touches no socket. */
static void take_record(void *arg, const struct kvx_dump_record *record)
{
    struct slice *s = arg;
    struct kvx_http_stored_block *blocks = kvx_arena_array(s->arena, record->n, sizeof(*blocks));
    if (!blocks) {
        s->failed = true;
        return;
    }
    for (uint32_t i = 0; i < record->n; i++) {
        blocks[i].block_hash = record->engine[i];
        blocks[i].tokens_hash = record->local[i];
    }
    write_event(s, record, blocks);
}

static bool key_taken(const struct dump *d, struct kvx_bytes text)
{
    for (const struct key *k = d->keys; k; k = k->next)
        if (kvx_bytes_equal((struct kvx_bytes){k->text, k->len}, text))
            return true;
    return false;
}

static bool take_key(struct dump *d, struct kvx_bytes text)
{
    struct key *k = kvx_alloc(d->allocator, sizeof(*k) + text.len);
    if (!k)
        return false;
    k->len = text.len;
    memcpy(k->text, text.data, text.len);
    k->next = d->keys;
    d->keys = k;
    return true;
}

static struct kvx_bytes bytes_of(const struct kvx_buf *b)
{
    return (struct kvx_bytes){b->data, b->len};
}

/* `model:tenant`, and of what else tells the partition apart as much as makes the key the only one. A colon
 * in a name can make keys alike that should not be: then colons follow until they differ. */
static void compose_key(const struct dump *d, const struct kvx_partition_name *name, struct kvx_buf *key)
{
    kvx_buf_bytes(key, name->model.data, name->model.len);
    kvx_buf_char(key, ':');
    kvx_buf_bytes(key, name->tenant.data, name->tenant.len);
    if (key_taken(d, bytes_of(key))) {
        kvx_buf_char(key, ':');
        kvx_buf_u64(key, name->block_size);
    }
    if (key_taken(d, bytes_of(key)) && name->additional_salt.len) {
        kvx_buf_char(key, ':');
        kvx_buf_bytes(key, name->additional_salt.data, name->additional_salt.len);
    }
    while (kvx_buf_ok(key) && key_taken(d, bytes_of(key)))
        kvx_buf_char(key, ':');
}

/* The entry up to its events. The members are those of the schema PartitionDump. */
static void begin_entry(struct slice *s, const struct kvx_partition_name *name, struct kvx_bytes key)
{
    if (s->dump->begun)
        kvx_buf_text(s->out, "]},");
    s->dump->begun = true;
    s->dump->has_event = false;
    kvx_buf_json(s->out, key);
    kvx_buf_text(s->out, ":{\"block_size\":");
    kvx_buf_u64(s->out, name->block_size);
    kvx_buf_text(s->out, ",\"model_name\":");
    kvx_buf_json(s->out, name->model);
    kvx_buf_text(s->out, ",\"routing_group\":");
    kvx_buf_json(s->out, name->tenant);
    if (name->additional_salt.len) {
        kvx_buf_text(s->out, ",\"additional_salt\":");
        kvx_buf_json(s->out, name->additional_salt);
    }
    kvx_buf_text(s->out, ",\"events\":[");
}

static void take_partition(void *arg, const struct kvx_partition_name *name)
{
    struct slice *s = arg;
    struct kvx_buf key;
    if (!s->dump->by_partition)
        return;
    kvx_buf_init(&key, s->dump->allocator, 1 << 16);
    compose_key(s->dump, name, &key);
    if (kvx_buf_ok(&key) && take_key(s->dump, bytes_of(&key)))
        begin_entry(s, name, bytes_of(&key));
    else
        s->failed = true;
    kvx_buf_free(&key);
}

static int next_slice(void *state, struct kvx_caller *caller, struct kvx_arena *arena, struct kvx_buf *out,
                      struct kvx_error *e)
{
    struct slice s = {.dump = state, .arena = arena, .out = out};
    const struct kvx_dump_sink sink = {take_partition, take_record, &s};
    int r = kvx_service_dump_next(s.dump->records, caller, SLICE_BLOCKS, &sink, e);
    if (r >= 0 && s.failed)
        r = kvx_fail(e, KVX_NOMEM, "out of memory");
    if (r == 0 && s.dump->by_partition && s.dump->begun)
        kvx_buf_text(out, "]}");
    return r;
}

static void close_dump(void *state)
{
    struct dump *d = state;
    while (d->keys) {
        struct key *k = d->keys;
        d->keys = k->next;
        kvx_dealloc(d->allocator, k, sizeof(*k) + k->len);
    }
    kvx_service_dump_close(d->records);
    kvx_dealloc(d->allocator, d, sizeof(*d));
}

int kvx_http_handle_dump(struct kvx_http_call *c, const struct kvx_http_dump_parameters *request,
                         struct kvx_http_stream *stream)
{
    const struct kvx_partition_choice choice = {.model = request->model_name,
                                                .tenant = request->routing_group,
                                                .any_model = request->model_name.len == 0,
                                                .any_tenant = request->routing_group.len == 0};
    struct dump *d = kvx_alloc(c->allocator, sizeof(*d));
    if (!d)
        return kvx_fail(c->error, KVX_NOMEM, "out of memory");
    *d = (struct dump){.allocator = c->allocator};
    d->by_partition = request->has_format ? request->format == KVX_HTTP_DUMP_FORMAT_PARTITIONS
                                          : c->dump_format == KVX_DUMP_PARTITIONS;
    int r = kvx_service_dump_open(c->service, &choice, &d->records, c->error);
    if (r) {
        kvx_dealloc(c->allocator, d, sizeof(*d));
        return r;
    }
    *stream = (struct kvx_http_stream){.next = next_slice,
                                       .close = close_dump,
                                       .state = d,
                                       .open = d->by_partition ? '{' : '[',
                                       .shut = d->by_partition ? '}' : ']'};
    return 0;
}
