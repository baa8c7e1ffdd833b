#include "json_bulk.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "digits are read eight at a time in little-endian order"
#endif

#include <inttypes.h>
#include <stdio.h>

enum { LITERAL_SHOWN = 40 };

int kvx_json_out_of_range(struct kvx_error *e, struct kvx_bytes name, int64_t index,
                          const struct kvx_json_integer *v, const struct kvx_json_type *type)
{
    char place[32] = "";
    if (index >= 0)
        snprintf(place, sizeof(place), "[%" PRId64 "]", index);
    bool cut = v->literal.len > LITERAL_SHOWN;
    return kvx_fail(e, KVX_INVALID, "`%.*s`%s: %.*s%s is not in %s%" PRIu64 "..%" PRIu64, (int)name.len,
                    name.data, place, cut ? LITERAL_SHOWN : (int)v->literal.len, v->literal.data,
                    cut ? "..." : "", type->kind == KVX_JSON_WIDE ? "-" : "",
                    type->kind == KVX_JSON_WIDE ? UINT64_C(1) << 63 : type->min, type->max);
}

bool kvx_json_number_fits(const struct kvx_json_integer *v, const struct kvx_json_type *type, uint64_t *out)
{
    if (v->huge)
        return false;
    if (v->negative && v->magnitude) {
        if (type->kind != KVX_JSON_WIDE || v->magnitude > UINT64_C(1) << 63)
            return false;
        *out = 0 - v->magnitude;
        return true;
    }
    if (v->magnitude > type->max || (type->kind != KVX_JSON_WIDE && v->magnitude < type->min))
        return false;
    *out = v->magnitude;
    return true;
}

/* Bit 7 of each byte that is no decimal digit (exact for bytes below 0x80, and 0x80 and above count as none).
 */
static uint64_t non_digits(uint64_t word)
{
    uint64_t x = word ^ UINT64_C(0x3030303030303030); /* digits become 0..9 */
    return (((x & UINT64_C(0x7F7F7F7F7F7F7F7F)) + UINT64_C(0x7676767676767676)) | x) &
           UINT64_C(0x8080808080808080);
}

/* The value of n digits (1..8) at the low end of `word`, first digit lowest. */
static uint64_t digits_value(uint64_t word, unsigned n)
{
    uint64_t x = (word ^ UINT64_C(0x3030303030303030)) << (64 - 8 * n); /* leading zeros move in */
    x = x * 10 + (x >> 8);
    return ((x & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x000F424000000064) +
            (x >> 16 & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x0000271000000001)) >>
           32;
}

/* Up to 16 digits at p, of which at least 17 bytes are readable: their number, and the value. 0 digits when
 * the number is longer, negative or none at all. */
static inline unsigned short_number(const char *p, uint64_t *out)
{
    uint64_t word;
    memcpy(&word, p, 8);
    uint64_t stop = non_digits(word);
    if (stop) {
        unsigned n = (unsigned)__builtin_ctzll(stop) / 8;
        if (n)
            *out = digits_value(word, n);
        return n;
    }
    uint64_t high = digits_value(word, 8), low = 0;
    memcpy(&word, p + 8, 8);
    stop = non_digits(word);
    if (!stop)
        return 0;
    static const uint64_t ten[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
    unsigned n = (unsigned)__builtin_ctzll(stop) / 8;
    if (n)
        low = digits_value(word, n);
    *out = high * ten[n] + low;
    return 8 + n;
}

struct bulk {
    struct kvx_json_cursor *c;
    const struct kvx_json_type *type, *item;
    struct kvx_bytes name;
    void *items;
    size_t n, cap;
};

static int slow_item(struct bulk *b, uint64_t *out)
{
    struct kvx_json_integer v;
    char next = kvx_json_peek(b->c);
    int name_len = (int)b->name.len;
    if (next != '-' && (next < '0' || next > '9')) {
        const char *found = kvx_json_next_name(b->c);
        int r = kvx_json_skip(b->c); /* broken JSON is the better message */
        return r ? r
                 : kvx_fail(b->c->error, KVX_INVALID, "`%.*s`[%zu]: expected an integer, not %s", name_len,
                            b->name.data, b->n, found);
    }
    int r = kvx_json_integer(b->c, &v);
    if (r < 0)
        return r;
    if (r == 0)
        return kvx_fail(b->c->error, KVX_INVALID,
                        "`%.*s`[%zu]: expected an integer without fraction or exponent", name_len,
                        b->name.data, b->n);
    if (!kvx_json_number_fits(&v, b->item, out))
        return kvx_json_out_of_range(b->c->error, b->name, (int64_t)b->n, &v, b->item);
    return 0;
}

static int too_many(struct bulk *b)
{
    return kvx_fail(b->c->error, KVX_INVALID, "`%.*s`: more than %" PRIu64 " items", (int)b->name.len,
                    b->name.data, b->type->max);
}

static inline void put(struct bulk *b, uint64_t value)
{
    if (b->item->kind == KVX_JSON_U32)
        ((uint32_t *)b->items)[b->n++] = (uint32_t)value;
    else
        ((uint64_t *)b->items)[b->n++] = value;
}

/* Items as machines write them, "123," or "123, ": as long as that lasts. The rest is for the careful loop.
 */
static inline __attribute__((always_inline)) void fast_items(struct bulk *b, bool is_u32)
{
    const char *p = b->c->p, *last = b->c->end - 18;
    const uint64_t min = b->item->kind == KVX_JSON_WIDE ? 0 : b->item->min, max = b->item->max;
    uint32_t *const items32 = b->items;
    uint64_t *const items64 = b->items;
    size_t n = b->n;
    while (p < last && n < b->cap) {
        uint64_t value = 0;
        unsigned digits = short_number(p, &value);
        if (!digits || p[digits] != ',' || (*p == '0' && digits > 1) || value < min || value > max)
            break;
        if (is_u32)
            items32[n++] = (uint32_t)value;
        else
            items64[n++] = value;
        p += digits + 1;
        p += *p == ' ';
    }
    b->n = n;
    b->c->p = p;
}

static int read_items(struct bulk *b)
{
    for (;;) {
        if (b->c->end - b->c->p > 18) {
            if (b->item->kind == KVX_JSON_U32)
                fast_items(b, true);
            else
                fast_items(b, false);
        }
        uint64_t value = 0;
        if (b->n == b->cap && kvx_json_peek(b->c) != ']')
            return too_many(b);
        int r = slow_item(b, &value);
        if (r)
            return r;
        put(b, value);
        if (kvx_json_take(b->c, ']'))
            return 0;
        if (!kvx_json_take(b->c, ','))
            return kvx_json_syntax(b->c, "expected `,` or `]`");
        kvx_json_space(b->c);
    }
}

int kvx_json_bulk(struct kvx_json_cursor *c, struct kvx_arena *arena, const struct kvx_json_type *type,
                  struct kvx_bytes name, struct kvx_json_list *out)
{
    struct bulk b = {.c = c, .type = type, .item = type->item, .name = name};
    if (!kvx_json_take(c, '['))
        return kvx_fail(c->error, KVX_INVALID, "`%.*s`: expected an array, not %s", (int)name.len, name.data,
                        kvx_json_next_name(c));
    size_t most = (size_t)(c->end - c->p) / 2 + 1; /* an item and its comma are two bytes */
    b.cap = most < type->max ? most : (size_t)type->max;
    b.items = kvx_arena_alloc(arena, b.cap * type->item_size);
    if (!b.items)
        return kvx_fail(c->error, KVX_NOMEM, "out of memory");
    if (!kvx_json_take(c, ']')) {
        kvx_json_space(c);
        int r = read_items(&b);
        if (r)
            return r;
    }
    if (b.n < type->min)
        return kvx_fail(c->error, KVX_INVALID, "`%.*s`: fewer than %" PRIu64 " items", (int)name.len,
                        name.data, type->min);
    *out = (struct kvx_json_list){b.items, b.n};
    return 0;
}
