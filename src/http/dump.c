/* The dump: each record of the service becomes one event of the generated shape. */
#include "json_write.h"
#include "openapi_routes.h"

enum { SLICE_BLOCKS = 2048 }; /* about 200 KB of JSON */

struct dump {
    const struct kvx_allocator *allocator;
    struct kvx_service_dump *records;
    bool begun;
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
    if (s->dump->begun)
        kvx_buf_char(s->out, ',');
    s->dump->begun = true;
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

static int next_slice(void *state, struct kvx_caller *caller, struct kvx_arena *arena, struct kvx_buf *out,
                      struct kvx_error *e)
{
    struct slice s = {.dump = state, .arena = arena, .out = out};
    int r = kvx_service_dump_next(s.dump->records, caller, SLICE_BLOCKS, take_record, &s, e);
    if (r >= 0 && s.failed)
        r = kvx_fail(e, KVX_NOMEM, "out of memory");
    return r;
}

static void close_dump(void *state)
{
    struct dump *d = state;
    kvx_service_dump_close(d->records);
    kvx_dealloc(d->allocator, d, sizeof(*d));
}

int kvx_http_handle_dump(struct kvx_http_call *c, struct kvx_http_stream *stream)
{
    struct dump *d = kvx_alloc(c->allocator, sizeof(*d));
    if (!d)
        return kvx_fail(c->error, KVX_NOMEM, "out of memory");
    *d = (struct dump){.allocator = c->allocator};
    int r = kvx_service_dump_open(c->service, c->caller, &d->records, c->error);
    if (r) {
        kvx_dealloc(c->allocator, d, sizeof(*d));
        return r;
    }
    *stream = (struct kvx_http_stream){next_slice, close_dump, d};
    return 0;
}
