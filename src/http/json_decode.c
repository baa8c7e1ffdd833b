#include "json_decode.h"

#include "json_bulk.h"
#include "json_read.h"

#include <inttypes.h>
#include <stdio.h>

/* One object that is being read; objects inside it have decoders of their own. */
struct decoder {
    struct kvx_json_cursor *c;
    struct kvx_arena *arena;
    const struct kvx_json_type *type;
    char *out;
    uint64_t seen; /* one bit a field of the table */
};

#define NAME(f) (int)(f)->name.len, (f)->name.data

static int wrong_type(struct decoder *d, const struct kvx_json_field *f, const char *wanted)
{
    const char *found = kvx_json_next_name(d->c);
    int r = kvx_json_skip(d->c); /* broken JSON is the better message */
    return r ? r : kvx_fail(d->c->error, KVX_INVALID, "`%.*s`: expected %s, not %s", NAME(f), wanted, found);
}

static bool at_number(struct decoder *d)
{
    char next = kvx_json_peek(d->c);
    return next == '-' || (next >= '0' && next <= '9');
}

static int read_number(struct decoder *d, const struct kvx_json_field *f, const char *wanted,
                       struct kvx_json_integer *literal, uint64_t *out)
{
    if (!at_number(d))
        return wrong_type(d, f, wanted);
    int r = kvx_json_integer(d->c, literal);
    if (r < 0)
        return r;
    if (r == 0)
        return kvx_fail(d->c->error, KVX_INVALID, "`%.*s`: expected %s without fraction or exponent", NAME(f),
                        wanted);
    if (!kvx_json_number_fits(literal, f->type, out))
        return kvx_json_out_of_range(d->c->error, f->name, -1, literal, f->type);
    return 0;
}

static int read_text(struct decoder *d, const struct kvx_json_field *f, uint64_t min, uint64_t max,
                     struct kvx_bytes *out)
{
    struct kvx_bytes text = {0};
    if (kvx_json_peek(d->c) != '"')
        return wrong_type(d, f, "a string");
    int r = kvx_json_string(d->c, d->arena, &text);
    if (r == 0)
        r = kvx_json_check_length(f->name, text, min, max, d->c->error);
    if (r == 0)
        *out = text;
    return r;
}

static int read_id(struct decoder *d, const struct kvx_json_field *f, struct kvx_json_id *out)
{
    struct kvx_json_id id = {.numeric = true};
    struct kvx_json_integer literal = {0};
    uint64_t value = 0;
    if (kvx_json_peek(d->c) == '"') {
        int r = read_text(d, f, f->type->text_min, f->type->text_max, &id.text);
        id.numeric = false;
        if (r == 0)
            *out = id;
        return r;
    }
    int r = read_number(d, f, "an integer or a string", &literal, &value);
    if (r)
        return r;
    id.text = literal.literal; /* strict JSON has no leading zeros: this is the one way to write the number */
    if (literal.negative)      /* -0 */
        id.text = (struct kvx_bytes){id.text.data + 1, id.text.len - 1};
    *out = id;
    return 0;
}

static int read_enum(struct decoder *d, const struct kvx_json_field *f, void *out)
{
    struct kvx_bytes text = {0};
    int r = read_text(d, f, 0, UINT64_MAX, &text);
    return r ? r : kvx_json_find_name(f, text, out, d->c->error);
}

static int read_object(struct kvx_json_cursor *, struct kvx_arena *, const struct kvx_json_type *, char *out);

/* The items' own errors name the field inside them: say in which item it is. */
static int at_item(struct kvx_error *e, const struct kvx_json_field *f, size_t index, int code)
{
    char inner[KVX_ERROR_TEXT_MAX];
    if (code != KVX_INVALID || e->text[0] != '`')
        return code; /* a byte's place says enough */
    memcpy(inner, e->text, sizeof(inner));
    return kvx_fail(e, code, "`%.*s`[%zu]: %s", NAME(f), index, inner);
}

/* Room for one more item. */
static bool grow(struct decoder *d, const struct kvx_json_type *type, char **items, size_t n, size_t *cap)
{
    if (n < *cap)
        return true;
    size_t more = *cap ? 2 * *cap : 8;
    char *moved = kvx_arena_array(d->arena, more, type->item_size);
    if (!moved)
        return false;
    if (n)
        memcpy(moved, *items, n * type->item_size);
    *items = moved;
    *cap = more;
    return true;
}

static int read_item(struct decoder *d, const struct kvx_json_field *f, size_t index, char *out)
{
    if (kvx_json_peek(d->c) == '{')
        return at_item(d->c->error, f, index, read_object(d->c, d->arena, f->type->item, out));
    const char *found = kvx_json_next_name(d->c);
    int r = kvx_json_skip(d->c);
    return r ? r
             : kvx_fail(d->c->error, KVX_INVALID, "`%.*s`[%zu]: expected an object, not %s", NAME(f), index,
                        found);
}

/* An array of objects. */
static int read_array(struct decoder *d, const struct kvx_json_field *f, struct kvx_json_list *out)
{
    const struct kvx_json_type *type = f->type;
    char *items = NULL;
    size_t n = 0, cap = 0;
    if (kvx_json_peek(d->c) != '[')
        return wrong_type(d, f, "an array");
    d->c->p++;
    if (!kvx_json_take(d->c, ']')) {
        do {
            if (n == type->max)
                return kvx_fail(d->c->error, KVX_INVALID, "`%.*s`: more than %" PRIu64 " items", NAME(f),
                                type->max);
            if (!grow(d, type, &items, n, &cap))
                return kvx_fail(d->c->error, KVX_NOMEM, "out of memory");
            int r = read_item(d, f, n, items + n * type->item_size);
            if (r)
                return r;
            n++;
        } while (kvx_json_take(d->c, ','));
        if (!kvx_json_take(d->c, ']'))
            return kvx_json_syntax(d->c, "expected `,` or `]`");
    }
    if (n < type->min)
        return kvx_fail(d->c->error, KVX_INVALID, "`%.*s`: fewer than %" PRIu64 " items", NAME(f), type->min);
    *out = (struct kvx_json_list){items, n};
    return 0;
}

static int read_value(struct decoder *d, const struct kvx_json_field *f, void *out)
{
    struct kvx_json_integer literal = {0};
    uint64_t value = 0;
    int r;
    switch (f->type->kind) {
    case KVX_JSON_BOOL:
        if (kvx_json_peek(d->c) != 't' && kvx_json_peek(d->c) != 'f')
            return wrong_type(d, f, "a boolean");
        return kvx_json_boolean(d->c, out);
    case KVX_JSON_U32:
        r = read_number(d, f, "an integer", &literal, &value);
        if (r == 0)
            *(uint32_t *)out = (uint32_t)value;
        return r;
    case KVX_JSON_U64:
    case KVX_JSON_WIDE:
        r = read_number(d, f, "an integer", &literal, &value);
        if (r == 0)
            *(uint64_t *)out = value;
        return r;
    case KVX_JSON_TEXT:
        return read_text(d, f, f->type->min, f->type->max, out);
    case KVX_JSON_ENUM:
        return read_enum(d, f, out);
    case KVX_JSON_ID:
        return read_id(d, f, out);
    case KVX_JSON_BULK:
        return kvx_json_bulk(d->c, d->arena, f->type, f->name, out);
    case KVX_JSON_ARRAY:
        return read_array(d, f, out);
    default:
        return kvx_fail(d->c->error, KVX_INTERNAL, "`%.*s`: no decoder for its type", NAME(f));
    }
}

static int read_field(struct decoder *d, size_t i)
{
    const struct kvx_json_field *f = &d->type->fields[i];
    if (d->seen >> i & 1)
        return kvx_fail(d->c->error, KVX_INVALID, "`%.*s` appears twice", NAME(f));
    d->seen |= UINT64_C(1) << i;
    if (f->nullable && kvx_json_peek(d->c) == 'n')
        return kvx_json_skip(d->c);
    int r = read_value(d, f, d->out + f->offset);
    if (r == 0 && f->has_offset != KVX_JSON_ALWAYS)
        *(bool *)(d->out + f->has_offset) = true;
    return r;
}

static int read_member(struct decoder *d)
{
    struct kvx_bytes name = {0};
    int r = kvx_json_string(d->c, d->arena, &name);
    if (r)
        return r;
    if (!kvx_json_take(d->c, ':'))
        return kvx_json_syntax(d->c, "expected `:`");
    for (size_t i = 0; i < d->type->n_fields; i++)
        if (kvx_bytes_equal(name, d->type->fields[i].name))
            return read_field(d, i);
    return kvx_json_skip(d->c);
}

static int read_members(struct decoder *d)
{
    d->c->p++; /* the brace */
    if (kvx_json_take(d->c, '}'))
        return 0;
    for (;;) {
        int r = read_member(d);
        if (r)
            return r;
        if (kvx_json_take(d->c, '}'))
            return 0;
        if (!kvx_json_take(d->c, ','))
            return kvx_json_syntax(d->c, "expected `,` or `}`");
    }
}

void kvx_json_defaults(const struct kvx_json_type *type, void *out)
{
    memset(out, 0, type->size);
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct kvx_json_field *f = &type->fields[i];
        if (f->value && f->type->kind == KVX_JSON_U32)
            *(uint32_t *)((char *)out + f->offset) = (uint32_t)f->value;
        else if (f->value && f->type->kind == KVX_JSON_U64)
            *(uint64_t *)((char *)out + f->offset) = f->value;
    }
}

/* The cursor stands at the opening brace. Objects hold objects as deep as the document says. */
static int read_object(struct kvx_json_cursor *c, struct kvx_arena *arena, const struct kvx_json_type *type,
                       char *out)
{
    struct decoder d = {.c = c, .arena = arena, .type = type, .out = out};
    kvx_json_defaults(type, out);
    int r = read_members(&d);
    if (r)
        return r;
    for (size_t i = 0; i < type->n_fields; i++)
        if (type->fields[i].required && !(d.seen >> i & 1))
            return kvx_fail(c->error, KVX_INVALID, "`%.*s` is required", NAME(&type->fields[i]));
    return 0;
}

int kvx_json_decode(const struct kvx_json_type *type, struct kvx_bytes body, struct kvx_arena *arena,
                    void *out, struct kvx_error *e)
{
    struct kvx_json_cursor c;
    kvx_json_begin(&c, body, e);
    if (kvx_json_peek(&c) != '{') {
        const char *found = kvx_json_next_name(&c);
        int r = kvx_json_skip(&c); /* broken JSON is the better message */
        return r ? r : kvx_fail(e, KVX_INVALID, "the body must be an object, not %s", found);
    }
    int r = read_object(&c, arena, type, out);
    return r ? r : kvx_json_finish(&c);
}
