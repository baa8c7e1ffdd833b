#include "query_string.h"

#include "json_bulk.h"
#include "json_decode.h"

#define NAME(f) (int)(f)->name.len, (f)->name.data

/* The parameters that are left, and the next one of them. */
struct pairs {
    struct kvx_bytes rest;
    struct kvx_bytes name, value; /* escaped */
};

static struct kvx_bytes parameters_of(struct kvx_bytes target)
{
    const char *end = target.data + target.len;
    const char *hash = memchr(target.data, '#', target.len);
    if (hash)
        end = hash;
    const char *mark = memchr(target.data, '?', (size_t)(end - target.data));
    return mark ? (struct kvx_bytes){mark + 1, (size_t)(end - mark - 1)} : (struct kvx_bytes){end, 0};
}

/* Cuts `*rest` at the first `mark`: what is before it comes back, what is behind it stays. */
static struct kvx_bytes cut(struct kvx_bytes *rest, char mark)
{
    const char *at = memchr(rest->data, mark, rest->len), *end = rest->data + rest->len;
    struct kvx_bytes before = {rest->data, at ? (size_t)(at - rest->data) : rest->len};
    *rest = at ? (struct kvx_bytes){at + 1, (size_t)(end - at - 1)} : (struct kvx_bytes){end, 0};
    return before;
}

static bool next_pair(struct pairs *p)
{
    if (!p->rest.len)
        return false;
    p->value = cut(&p->rest, '&');
    p->name = cut(&p->value, '=');
    return true;
}

static const struct kvx_json_field *find(const struct kvx_json_type *type, struct kvx_bytes name)
{
    for (size_t i = 0; i < type->n_fields; i++)
        if (kvx_bytes_equal(type->fields[i].name, name))
            return &type->fields[i];
    return NULL;
}

static unsigned hex(char c)
{
    return c >= '0' && c <= '9'   ? (unsigned)(c - '0')
           : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
           : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                  : 16;
}

static int unescape(const struct kvx_json_field *f, struct kvx_bytes from, struct kvx_arena *arena,
                    struct kvx_bytes *out, struct kvx_error *e)
{
    char *text = kvx_arena_alloc(arena, from.len), *o = text; /* escapes only shrink */
    if (!text)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    for (size_t i = 0; i < from.len; i++) {
        if (from.data[i] != '%') {
            *o++ = from.data[i] == '+' ? ' ' : from.data[i];
            continue;
        }
        unsigned high = i + 2 < from.len ? hex(from.data[i + 1]) : 16;
        unsigned low = high < 16 ? hex(from.data[i + 2]) : 16;
        if (low == 16)
            return kvx_fail(e, KVX_INVALID, "`%.*s`: `%%` needs two hexadecimal digits behind it", NAME(f));
        *o++ = (char)(high << 4 | low);
        i += 2;
    }
    *out = (struct kvx_bytes){text, (size_t)(o - text)};
    if (!kvx_bytes_is_text(*out))
        return kvx_fail(e, KVX_INVALID, "`%.*s`: not UTF-8, or with a NUL", NAME(f));
    return 0;
}

static int read_number(const struct kvx_json_field *f, struct kvx_bytes text, void *out, struct kvx_error *e)
{
    struct kvx_json_cursor c;
    struct kvx_json_integer literal = {0};
    uint64_t value = 0;
    kvx_json_begin(&c, text, e);
    if (text.len == 0 || text.data[0] == ' ' || kvx_json_integer(&c, &literal) != 1 || c.p != c.end)
        return kvx_fail(e, KVX_INVALID, "`%.*s`: expected an integer", NAME(f));
    if (!kvx_json_number_fits(&literal, f->type, &value))
        return kvx_json_out_of_range(e, f->name, -1, &literal, f->type);
    if (f->type->kind == KVX_JSON_U32)
        *(uint32_t *)out = (uint32_t)value;
    else
        *(uint64_t *)out = value;
    return 0;
}

static int read_value(const struct kvx_json_field *f, struct kvx_bytes escaped, struct kvx_arena *arena,
                      void *out, struct kvx_error *e)
{
    struct kvx_bytes text = {0};
    int r = unescape(f, escaped, arena, &text, e);
    if (r)
        return r;
    switch (f->type->kind) {
    case KVX_JSON_TEXT:
        r = kvx_json_check_length(f->name, text, f->type->min, f->type->max, e);
        if (r == 0)
            *(struct kvx_bytes *)out = text;
        return r;
    case KVX_JSON_ENUM:
        return kvx_json_find_name(f, text, out, e);
    case KVX_JSON_U32:
    case KVX_JSON_U64:
        return read_number(f, text, out, e);
    default:
        return kvx_fail(e, KVX_INTERNAL, "`%.*s`: no decoder for its type", NAME(f));
    }
}

int kvx_http_query_string(const struct kvx_json_type *type, struct kvx_bytes target, struct kvx_arena *arena,
                          void *out, struct kvx_error *e)
{
    struct pairs p = {.rest = parameters_of(target)};
    kvx_json_defaults(type, out);
    while (next_pair(&p)) {
        const struct kvx_json_field *f = find(type, p.name);
        if (!f)
            continue;
        bool *has = (bool *)((char *)out + f->has_offset);
        if (*has)
            return kvx_fail(e, KVX_INVALID, "`%.*s` appears twice", NAME(f));
        int r = read_value(f, p.value, arena, (char *)out + f->offset, e);
        if (r)
            return r;
        *has = true;
    }
    return 0;
}

bool kvx_http_query_known(const struct kvx_json_type *type, struct kvx_bytes target)
{
    struct pairs p = {.rest = parameters_of(target)};
    while (next_pair(&p))
        if (find(type, p.name))
            return true;
    return false;
}
