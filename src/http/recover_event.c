#include "recover_event.h"

#include <inttypes.h>

void kvx_peer_event_reader_init(struct kvx_peer_event_reader *r, const struct kvx_allocator *allocator,
                                size_t text_bytes_max)
{
    *r = (struct kvx_peer_event_reader){.allocator = allocator};
    /* Unescaped keys only, each rounded up. */
    kvx_arena_init(&r->arena, allocator, text_bytes_max * 4 + 65536);
}

void kvx_peer_event_reader_free(struct kvx_peer_event_reader *r)
{
    kvx_arena_reset(&r->arena);
    kvx_dealloc(r->allocator, r->local.items, r->local.cap * sizeof(uint64_t));
    kvx_dealloc(r->allocator, r->engine.items, r->engine.cap * sizeof(uint64_t));
    r->local = r->engine = (struct kvx_hash_list){0};
    r->n = 0;
}

/* The members of an object that matter; all others are checked and passed. */
struct members {
    const char *object; /* its name, for messages */
    const char *const *names;
    size_t n;
    unsigned seen; /* one bit a name */
    bool begun;
};

static int wrong_type(struct kvx_json_cursor *c, const char *name, const char *wanted)
{
    const char *found = kvx_json_next_name(c);
    int r = kvx_json_skip(c); /* broken JSON is the better message */
    return r ? r : kvx_fail(c->error, KVX_INVALID, "`%s`: expected %s, not %s", name, wanted, found);
}

static int enter_or_go_on(struct kvx_json_cursor *c, struct members *m, bool *ended)
{
    if (!m->begun && !kvx_json_take(c, '{'))
        return wrong_type(c, m->object, "an object");
    *ended = kvx_json_take(c, '}');
    if (m->begun && !*ended && !kvx_json_take(c, ','))
        return kvx_json_syntax(c, "expected `,` or `}`");
    m->begun = true;
    return 0;
}

/* 1: the value of names[*which] is next; 0: the object has ended. */
static int next_member(struct kvx_json_cursor *c, struct kvx_arena *arena, struct members *m, size_t *which)
{
    for (;;) {
        struct kvx_bytes key = {0};
        bool ended = false;
        int r = enter_or_go_on(c, m, &ended);
        if (r || ended)
            return r;
        if ((r = kvx_json_string(c, arena, &key)) != 0)
            return r;
        if (!kvx_json_take(c, ':'))
            return kvx_json_syntax(c, "expected `:`");
        size_t i = 0;
        while (i < m->n && !kvx_bytes_is(key, m->names[i]))
            i++;
        if (i < m->n) {
            if (m->seen & 1u << i)
                return kvx_fail(c->error, KVX_INVALID, "`%s` is there twice", m->names[i]);
            m->seen |= 1u << i;
            *which = i;
            return 1;
        }
        if ((r = kvx_json_skip(c)) != 0)
            return r;
    }
}

/* Names with a bit in `required` must have been there. */
static int require(struct kvx_json_cursor *c, const struct members *m, unsigned required)
{
    for (size_t i = 0; i < m->n; i++)
        if (required & ~m->seen & 1u << i)
            return kvx_fail(c->error, KVX_INVALID, "`%s` is missing in `%s`", m->names[i], m->object);
    return 0;
}

static bool at_number(struct kvx_json_cursor *c)
{
    char next = kvx_json_peek(c);
    return next == '-' || (next >= '0' && next <= '9');
}

int kvx_dump_number(struct kvx_json_cursor *c, const char *name, uint64_t max, uint64_t *out)
{
    struct kvx_json_integer v = {0};
    if (!at_number(c))
        return wrong_type(c, name, "an integer");
    int r = kvx_json_integer(c, &v);
    if (r < 0)
        return r;
    if (r == 0 || v.huge || (v.negative && v.magnitude) || v.magnitude > max)
        return kvx_fail(c->error, KVX_INVALID, "`%s`: expected an integer in 0..%" PRIu64, name, max);
    *out = v.magnitude;
    return 0;
}

static int read_text(struct kvx_json_cursor *c, struct kvx_arena *arena, const char *name,
                     struct kvx_bytes *out)
{
    return kvx_json_peek(c) == '"' ? kvx_json_string(c, arena, out) : wrong_type(c, name, "a string");
}

static int read_instance(struct kvx_json_cursor *c, struct kvx_arena *arena, struct kvx_bytes *out)
{
    uint64_t ignored;
    if (!at_number(c))
        return read_text(c, arena, "worker_id", out);
    const char *first = c->p;
    int r = kvx_dump_number(c, "worker_id", UINT64_MAX, &ignored);
    if (r)
        return r;
    first += *first == '-'; /* -0 */
    *out = (struct kvx_bytes){first, (size_t)(c->p - first)};
    return 0;
}

static int read_tier(struct kvx_json_cursor *c, struct kvx_arena *arena, struct kvx_peer_event *out)
{
    static const char *const names[KVX_TIER_COUNT] = {
        [KVX_TIER_DEVICE] = "device",
        [KVX_TIER_HOST] = "host_pinned",
        [KVX_TIER_DISK] = "disk",
        [KVX_TIER_EXTERNAL] = "external",
    };
    struct kvx_bytes name = {0};
    int r = read_text(c, arena, "storage_tier", &name);
    if (r)
        return r;
    for (unsigned i = 0; i < KVX_TIER_COUNT; i++)
        if (kvx_bytes_is(name, names[i])) {
            out->tier = (enum kvx_tier)i;
            return 0;
        }
    out->kind = KVX_PEER_FOREIGN;
    return 0;
}

static int read_domain(struct kvx_json_cursor *c, struct kvx_arena *arena, struct kvx_peer_event *out)
{
    struct kvx_bytes name = {0};
    int r = read_text(c, arena, "residency_domain", &name);
    if (r == 0 && !kvx_bytes_is(name, "worker"))
        out->kind = KVX_PEER_FOREIGN;
    return r;
}

/* Makes room for hash n of a list. */
static int room(const struct kvx_allocator *a, struct kvx_hash_list *list, size_t n)
{
    if (n < list->cap)
        return 0;
    size_t cap = list->cap ? list->cap * 2 : 256;
    uint64_t *grown = kvx_realloc(a, list->items, list->cap * sizeof(*grown), cap * sizeof(*grown));
    if (!grown)
        return KVX_NOMEM;
    *list = (struct kvx_hash_list){grown, cap};
    return 0;
}

static int read_block(struct kvx_peer_event_reader *r, struct kvx_json_cursor *c)
{
    static const char *const names[] = {"block_hash", "tokens_hash"};
    struct members m = {.object = "blocks", .names = names, .n = 2};
    uint64_t hashes[2] = {0};
    size_t which = 0;
    int status;
    while ((status = next_member(c, &r->arena, &m, &which)) > 0)
        if ((status = kvx_dump_number(c, names[which], UINT64_MAX, &hashes[which])) != 0)
            return status;
    if (status || (status = require(c, &m, 3)) != 0)
        return status;
    if (room(r->allocator, &r->engine, r->n) || room(r->allocator, &r->local, r->n))
        return kvx_fail(c->error, KVX_NOMEM, "out of memory");
    r->engine.items[r->n] = hashes[0];
    r->local.items[r->n] = hashes[1];
    r->n++;
    return 0;
}

static int read_blocks(struct kvx_peer_event_reader *r, struct kvx_json_cursor *c)
{
    if (!kvx_json_take(c, '['))
        return wrong_type(c, "blocks", "an array");
    for (bool first = true; !kvx_json_take(c, ']'); first = false) {
        if (!first && !kvx_json_take(c, ','))
            return kvx_json_syntax(c, "expected `,` or `]`");
        int status = read_block(r, c);
        if (status)
            return status;
    }
    return 0;
}

static int read_stored(struct kvx_peer_event_reader *r, struct kvx_json_cursor *c, struct kvx_peer_event *out)
{
    static const char *const names[] = {"parent_hash", "blocks"};
    struct members m = {.object = "stored", .names = names, .n = 2};
    size_t which = 0;
    int status;
    while ((status = next_member(c, &r->arena, &m, &which)) > 0) {
        if (which == 1)
            status = read_blocks(r, c);
        else if (kvx_json_peek(c) == 'n')
            status = kvx_json_skip(c);
        else if ((status = kvx_dump_number(c, "parent_hash", UINT64_MAX, &out->parent)) == 0)
            out->has_parent = true;
        if (status)
            return status;
    }
    return status ? status : require(c, &m, 2);
}

/* {"stored": ...}, {"removed": ...} or "cleared". */
static int read_data(struct kvx_peer_event_reader *r, struct kvx_json_cursor *c, struct kvx_peer_event *out)
{
    static const char *const names[] = {"stored", "removed"};
    struct members m = {.object = "data", .names = names, .n = 2};
    size_t which = 0;
    int status;
    if (kvx_json_peek(c) == '"') {
        out->kind = KVX_PEER_OTHER;
        return kvx_json_skip(c);
    }
    while ((status = next_member(c, &r->arena, &m, &which)) > 0)
        if ((status = which == 0 ? read_stored(r, c, out) : kvx_json_skip(c)) != 0)
            return status;
    if (m.seen == 3)
        return kvx_fail(c->error, KVX_INVALID, "`data`: both `stored` and `removed`");
    if (!(m.seen & 1))
        out->kind = KVX_PEER_OTHER;
    return status;
}

static int read_inner(struct kvx_peer_event_reader *r, struct kvx_json_cursor *c, struct kvx_peer_event *out)
{
    static const char *const names[] = {"dp_rank", "data"};
    struct members m = {.object = "event", .names = names, .n = 2};
    uint64_t rank = 0;
    size_t which = 0;
    int status;
    while ((status = next_member(c, &r->arena, &m, &which)) > 0) {
        status = which == 0 ? kvx_dump_number(c, "dp_rank", UINT32_MAX, &rank) : read_data(r, c, out);
        if (status)
            return status;
    }
    out->dp_rank = (uint32_t)rank;
    return status ? status : require(c, &m, 2);
}

static int read_member(struct kvx_peer_event_reader *r, struct kvx_json_cursor *c, size_t which,
                       struct kvx_peer_event *whole, struct kvx_peer_event *inner)
{
    switch (which) {
    case 0:
        return read_instance(c, &r->arena, &whole->instance);
    case 1:
        return read_tier(c, &r->arena, whole);
    case 2:
        return read_domain(c, &r->arena, whole);
    default:
        return read_inner(r, c, inner);
    }
}

int kvx_peer_event_read(struct kvx_peer_event_reader *r, struct kvx_json_cursor *c,
                        struct kvx_peer_event *out)
{
    static const char *const names[] = {"worker_id", "storage_tier", "residency_domain", "event"};
    struct members m = {.object = "events", .names = names, .n = 4};
    /* Apart, since the members come in any order and each of both may say what kind of event this is. */
    struct kvx_peer_event whole = {.kind = KVX_PEER_STORED, .tier = KVX_TIER_DEVICE}, inner = {0};
    size_t which = 0;
    int status;
    kvx_arena_recycle(&r->arena, 65536);
    r->n = 0;
    while ((status = next_member(c, &r->arena, &m, &which)) > 0)
        if ((status = read_member(r, c, which, &whole, &inner)) != 0)
            return status;
    if (status || (status = require(c, &m, 1u << 0 | 1u << 3)) != 0)
        return status;
    if (!whole.instance.len)
        return kvx_fail(c->error, KVX_INVALID, "`worker_id` is empty");
    inner.instance = whole.instance;
    inner.tier = whole.tier;
    if (whole.kind == KVX_PEER_FOREIGN)
        inner.kind = KVX_PEER_FOREIGN;
    inner.n = r->n;
    inner.local = r->local.items;
    inner.engine = r->engine.items;
    *out = inner;
    return 0;
}
