#include "request.h"

#include <stdio.h>

/* protobuf-c's view of an arena: never frees, remembers why it had nothing to give. */
struct arena_allocator {
    ProtobufCAllocator base;
    struct kvx_arena *arena;
    bool over_cap, out_of_memory;
};

enum { BLOCK_OVERHEAD = 64 }; /* what an arena needs besides the bytes asked for, generously */

static void *take(void *user, size_t size)
{
    struct arena_allocator *a = user;
    void *p = kvx_arena_alloc(a->arena, size);
    if (!p) {
        size_t room = a->arena->cap > a->arena->used ? a->arena->cap - a->arena->used : 0;
        bool over = room < size + BLOCK_OVERHEAD;
        a->over_cap = a->over_cap || over;
        a->out_of_memory = a->out_of_memory || !over;
    }
    return p;
}

static void give_back(void *user, void *p)
{
    (void)user; /* the whole arena is emptied at once, after the answer */
    (void)p;
}

int kvx_rpc_unpack(const struct kvx_rpc_rules *rules, const uint8_t *data, size_t len,
                   struct kvx_arena *arena, ProtobufCMessage **out, struct kvx_error *e)
{
    struct arena_allocator allocator = {.base = {take, give_back, &allocator}, .arena = arena};
    struct kvx_error text = {.code = KVX_OK};
    *out = NULL;
    int status = kvx_rpc_scan(rules, data, len, &text, e);
    if (status < 0)
        return status;
    arena->cap = arena->used + kvx_rpc_request_memory(len);
    ProtobufCMessage *m = protobuf_c_message_unpack(rules->message, &allocator.base, len, data);
    if (allocator.out_of_memory)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    if (allocator.over_cap)
        return kvx_fail(e, KVX_TOO_LARGE, "the request takes more than %zu bytes of memory",
                        kvx_rpc_request_memory(len));
    if (!m)
        return kvx_fail(e, KVX_INVALID, "malformed %s message", rules->message->short_name);
    *out = m;
    return text.code ? kvx_fail(e, text.code, "%s", text.text) : KVX_OK;
}

/* ---- Limits ---- */

/* Where a field stands: names from the request's top, for error texts. */
struct path {
    const struct path *above;
    const char *name;
    size_t item; /* the place in the list of that name, from 1; 0: not in a list */
};

/* "`query.candidates[7].instance_id`" into `text`, as far as it fits. */
static const char *path_text(const struct path *p, char *text, size_t size)
{
    const struct path *parts[16];
    size_t n = 0, used = 0;
    for (; p && n < 16; p = p->above)
        parts[n++] = p;
    text[0] = 0;
    while (n-- > 0 && used < size) {
        char place[24] = "";
        if (parts[n]->item)
            snprintf(place, sizeof(place), "[%zu]", parts[n]->item - 1);
        used += (size_t)snprintf(text + used, size - used, "%s%s%s", used ? "." : "", parts[n]->name, place);
    }
    return text;
}

enum { PATH_TEXT = 160 };

static const void *member(const ProtobufCMessage *m, size_t offset)
{
    return (const char *)m + offset;
}

/* Limits are below 2^63; an unsigned value beyond them all is `huge`. */
static int64_t number(const ProtobufCFieldDescriptor *f, const void *at, bool *huge)
{
    *huge = false;
    switch (f->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return *(const int32_t *)at;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return *(const uint32_t *)at;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        *huge = *(const uint64_t *)at > INT64_MAX;
        return *huge ? INT64_MAX : (int64_t) * (const uint64_t *)at;
    default:
        return *(const int64_t *)at;
    }
}

static int check_range(const struct path *p, const struct kvx_rpc_field_rule *r,
                       const ProtobufCFieldDescriptor *f, const void *at, struct kvx_error *e)
{
    char text[PATH_TEXT];
    bool huge;
    int64_t value = number(f, at, &huge);
    if (r->has_min && value < r->min)
        return kvx_fail(e, KVX_INVALID, "`%s`: %lld is below %lld", path_text(p, text, sizeof(text)),
                        (long long)value, (long long)r->min);
    if (r->has_max && huge)
        return kvx_fail(e, KVX_INVALID, "`%s`: %llu is above %lld", path_text(p, text, sizeof(text)),
                        (unsigned long long)*(const uint64_t *)at, (long long)r->max);
    if (r->has_max && value > r->max)
        return kvx_fail(e, KVX_INVALID, "`%s`: %lld is above %lld", path_text(p, text, sizeof(text)),
                        (long long)value, (long long)r->max);
    return KVX_OK;
}

static int missing(const struct path *p, struct kvx_error *e)
{
    char text[PATH_TEXT];
    return kvx_fail(e, KVX_INVALID, "`%s` is missing", path_text(p, text, sizeof(text)));
}

static int check_message(const struct kvx_rpc_rules *, const ProtobufCMessage *, const struct path *,
                         struct kvx_error *);

static int check_single(const struct kvx_rpc_field_rule *r, const ProtobufCFieldDescriptor *f, const void *at,
                        const struct path *p, struct kvx_error *e)
{
    char text[PATH_TEXT];
    if (f->type == PROTOBUF_C_TYPE_STRING)
        return r->required && !**(char *const *)at ? missing(p, e) : KVX_OK;
    if (f->type == PROTOBUF_C_TYPE_BYTES)
        return r->required && !((const ProtobufCBinaryData *)at)->len ? missing(p, e) : KVX_OK;
    if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
        const ProtobufCMessage *inner = *(ProtobufCMessage *const *)at;
        if (!inner)
            return r->required ? missing(p, e) : KVX_OK;
        return check_message(r->message, inner, p, e);
    }
    if (f->type == PROTOBUF_C_TYPE_ENUM &&
        !protobuf_c_enum_descriptor_get_value(f->descriptor, *(const int *)at))
        return kvx_fail(e, KVX_INVALID, "`%s`: %d is not known", path_text(p, text, sizeof(text)),
                        *(const int *)at);
    return r->has_min || r->has_max ? check_range(p, r, f, at, e) : KVX_OK;
}

static size_t item_size(const ProtobufCFieldDescriptor *f)
{
    if (f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_MESSAGE)
        return sizeof(void *);
    return f->type == PROTOBUF_C_TYPE_ENUM ? sizeof(int) : 0; /* 0: items have no limits of their own */
}

static int check_list(const struct kvx_rpc_field_rule *r, const ProtobufCFieldDescriptor *f,
                      const ProtobufCMessage *m, const struct path *p, struct kvx_error *e)
{
    char text[PATH_TEXT];
    size_t n = *(const size_t *)member(m, f->quantifier_offset), size = item_size(f);
    if (r->max_items && n > r->max_items)
        return kvx_fail(e, KVX_TOO_LARGE, "`%s`: %zu items, at most %u are allowed",
                        path_text(p, text, sizeof(text)), n, r->max_items);
    if (r->required && n == 0)
        return missing(p, e);
    const char *items = *(char *const *)member(m, f->offset);
    struct kvx_rpc_field_rule each = {.message = r->message};
    int status = KVX_OK;
    struct path place = *p;
    for (size_t i = 0; size && i < n && status == KVX_OK; i++) {
        place.item = i + 1;
        status = check_single(&each, f, items + i * size, &place, e);
    }
    return status;
}

static int check_message(const struct kvx_rpc_rules *rules, const ProtobufCMessage *m,
                         const struct path *above, struct kvx_error *e)
{
    int status = KVX_OK;
    for (size_t i = 0; i < rules->n_oneofs && status == KVX_OK; i++) {
        struct path p = {above, rules->oneofs[i].name, 0};
        if (*(const int *)member(m, rules->oneofs[i].case_offset) == 0)
            status = missing(&p, e);
    }
    for (unsigned i = 0; i < rules->message->n_fields && status == KVX_OK; i++) {
        const ProtobufCFieldDescriptor *f = &rules->message->fields[i];
        struct path p = {above, f->name, 0};
        bool other = (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
                     *(const uint32_t *)member(m, f->quantifier_offset) != f->id;
        if (other)
            continue;
        if (f->label == PROTOBUF_C_LABEL_REPEATED)
            status = check_list(&rules->fields[i], f, m, &p, e);
        else
            status = check_single(&rules->fields[i], f, member(m, f->offset), &p, e);
    }
    return status;
}

int kvx_rpc_check(const struct kvx_rpc_rules *rules, const ProtobufCMessage *m, struct kvx_error *e)
{
    return check_message(rules, m, NULL, e);
}
