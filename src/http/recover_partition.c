#include "recover_partition.h"

enum { NAME_MAX_BYTES = 4096 }; /* longer than any name that can be registered */

static const char *const member_names[KVX_DUMP_MEMBERS] = {
    [KVX_DUMP_BLOCK_SIZE] = "block_size", [KVX_DUMP_MODEL] = "model_name", [KVX_DUMP_GROUP] = "routing_group",
    [KVX_DUMP_SALT] = "additional_salt",  [KVX_DUMP_EVENTS] = "events",    [KVX_DUMP_ERROR] = "error",
};

void kvx_dump_partition_init(struct kvx_dump_partition *p, const struct kvx_allocator *allocator,
                             size_t value_bytes_max)
{
    *p = (struct kvx_dump_partition){0};
    kvx_arena_init(&p->arena, allocator, 1 << 20);
    kvx_buf_init(&p->kept, allocator, value_bytes_max);
}

void kvx_dump_partition_free(struct kvx_dump_partition *p)
{
    kvx_arena_reset(&p->arena);
    kvx_buf_free(&p->kept);
}

/* A JSON string that outlives its text. */
static int keep_string(struct kvx_dump_partition *p, struct kvx_bytes text, struct kvx_bytes *out,
                       struct kvx_error *e)
{
    struct kvx_json_cursor c;
    struct kvx_bytes value = {0};
    if (text.len > NAME_MAX_BYTES)
        return kvx_fail(e, KVX_INVALID, "a name of more than %d bytes", (int)NAME_MAX_BYTES);
    kvx_json_begin(&c, text, e);
    int r = kvx_json_string(&c, &p->arena, &value);
    if (r || (r = kvx_json_finish(&c)) != 0)
        return r;
    char *copy = kvx_arena_text(&p->arena, value);
    if (!copy)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    *out = (struct kvx_bytes){copy, value.len};
    return 0;
}

int kvx_dump_partition_begin(struct kvx_dump_partition *p, struct kvx_bytes key, struct kvx_error *e)
{
    kvx_arena_recycle(&p->arena, 65536);
    kvx_buf_clear(&p->kept);
    memset(p->said, 0, sizeof(p->said));
    p->seen = 0;
    p->block_size = 0;
    p->usable = p->settled = false;
    return keep_string(p, key, &p->key, e);
}

int kvx_dump_partition_member(struct kvx_dump_partition *p, struct kvx_bytes key, struct kvx_error *e)
{
    struct kvx_bytes name = {0};
    unsigned i = 0;
    int r = keep_string(p, key, &name, e);
    if (r)
        return r;
    while (i < KVX_DUMP_MEMBERS && !kvx_bytes_is(name, member_names[i]))
        i++;
    p->member = (enum kvx_dump_member)i;
    if (i == KVX_DUMP_UNKNOWN)
        return 0;
    if (p->seen & 1u << i)
        return kvx_fail(e, KVX_INVALID, "`%s` is there twice", member_names[i]);
    p->seen |= 1u << i;
    return 0;
}

static bool has(const struct kvx_dump_partition *p, enum kvx_dump_member member)
{
    return p->seen >> member & 1;
}

bool kvx_dump_partition_streams(const struct kvx_dump_partition *p)
{
    return p->member == KVX_DUMP_EVENTS && has(p, KVX_DUMP_BLOCK_SIZE);
}

/* The names as far as they are said now: the members first, else the key, split at its last `:`. */
static int name(const struct kvx_dump_partition *p, struct kvx_partition_choice *out, struct kvx_error *e)
{
    const char *colon = p->key.len ? memrchr(p->key.data, ':', p->key.len) : NULL;
    if (!colon && !(p->said[KVX_DUMP_MODEL].data && p->said[KVX_DUMP_GROUP].data))
        return kvx_fail(e, KVX_INVALID,
                        "the key of a partition is not MODEL:GROUP, and `model_name` and "
                        "`routing_group` do not come before `events`");
    struct kvx_partition_choice c = {
        .model = p->said[KVX_DUMP_MODEL],
        .tenant = p->said[KVX_DUMP_GROUP],
        .has_salt = true,
        .additional_salt = p->said[KVX_DUMP_SALT],
        .block_size = (uint32_t)p->block_size,
    };
    if (!c.model.data)
        c.model = (struct kvx_bytes){p->key.data, (size_t)(colon - p->key.data)};
    if (!c.tenant.data)
        c.tenant = (struct kvx_bytes){colon + 1, (size_t)(p->key.data + p->key.len - colon - 1)};
    *out = c;
    return 0;
}

int kvx_dump_partition_settle(struct kvx_dump_partition *p, struct kvx_error *e)
{
    int r = name(p, &p->choice, e);
    /* In a choice an empty name is the default's, and no block size is any: never that. */
    p->usable = p->choice.model.len && p->choice.tenant.len && p->choice.block_size;
    p->settled = true;
    return r;
}

/* What was said after the events were stored must not say that they belong elsewhere. */
static int still_the_same(const struct kvx_dump_partition *p, struct kvx_error *e)
{
    struct kvx_partition_choice now = {0};
    int r = name(p, &now, e);
    if (r)
        return r;
    if (!kvx_bytes_equal(now.model, p->choice.model) || !kvx_bytes_equal(now.tenant, p->choice.tenant) ||
        !kvx_bytes_equal(now.additional_salt, p->choice.additional_salt))
        return kvx_fail(e, KVX_INVALID, "`%s` comes after `events` and contradicts what came before",
                        member_names[p->member]);
    return 0;
}

static int read_name(struct kvx_dump_partition *p, struct kvx_bytes text, struct kvx_error *e)
{
    struct kvx_bytes *said = &p->said[p->member];
    if (kvx_bytes_is(text, "null"))
        return 0;
    if (!text.len || text.data[0] != '"')
        return kvx_fail(e, KVX_INVALID, "`%s`: expected a string", member_names[p->member]);
    int r = keep_string(p, text, said, e);
    return r || !p->settled ? r : still_the_same(p, e);
}

static int read_error(struct kvx_dump_partition *p, struct kvx_bytes text, struct kvx_error *e)
{
    enum { SHOWN = 200 };
    struct kvx_json_cursor c;
    kvx_json_begin(&c, text, e);
    int r = kvx_json_skip(&c);
    if (r || (r = kvx_json_finish(&c)) != 0)
        return r;
    return kvx_fail(e, KVX_UNAVAILABLE, "the peer could not dump partition `%.*s`: %.*s",
                    (int)(p->key.len < SHOWN ? p->key.len : SHOWN), p->key.data,
                    (int)(text.len < SHOWN ? text.len : SHOWN), text.data);
}

int kvx_dump_partition_value(struct kvx_dump_partition *p, struct kvx_bytes text, struct kvx_error *e)
{
    struct kvx_json_cursor c;
    kvx_json_begin(&c, text, e);
    int r;
    switch (p->member) {
    case KVX_DUMP_MODEL:
    case KVX_DUMP_GROUP:
    case KVX_DUMP_SALT:
        return read_name(p, text, e);
    case KVX_DUMP_BLOCK_SIZE:
        r = kvx_dump_number(&c, "block_size", UINT32_MAX, &p->block_size);
        break;
    case KVX_DUMP_EVENTS: /* before the block size, or no array */
        kvx_buf_bytes(&p->kept, text.data, text.len);
        if (!kvx_buf_ok(&p->kept))
            return kvx_fail(e, KVX_NOMEM, "out of memory");
        p->kept_events = (struct kvx_bytes){p->kept.data, p->kept.len};
        return 0;
    case KVX_DUMP_ERROR:
        return read_error(p, text, e);
    default:
        r = kvx_json_skip(&c);
        break;
    }
    return r ? r : kvx_json_finish(&c);
}

int kvx_dump_partition_end(struct kvx_dump_partition *p, bool *kept, struct kvx_error *e)
{
    static const enum kvx_dump_member needed[] = {KVX_DUMP_BLOCK_SIZE, KVX_DUMP_EVENTS};
    for (size_t i = 0; i < 2; i++)
        if (!has(p, needed[i]))
            return kvx_fail(e, KVX_INVALID, "`%s` is missing in a partition", member_names[needed[i]]);
    *kept = !p->settled;
    return p->settled ? 0 : kvx_dump_partition_settle(p, e);
}
