#include "json_bulk.h"

#include "json_tokens.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "digits are read eight at a time in little-endian order"
#endif

#include <inttypes.h>
#include <stdio.h>

#if defined(__SSE2__) && !defined(KVX_JSON_PORTABLE)
#include <emmintrin.h>
#endif

enum {
    LITERAL_SHOWN = 40,
    FAST_BYTES = 64 + 16, /* a block, and what a number at its end may be read beyond it */
};

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

/* Bit n of the result: byte n of the 64 at p is a comma. */
static inline uint64_t commas(const char *p)
{
    uint64_t mask = 0;
#if defined(__SSE2__) && !defined(KVX_JSON_PORTABLE)
    const __m128i comma = _mm_set1_epi8(',');
    for (unsigned i = 0; i < 4; i++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
        mask |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, comma)) << 16 * i;
    }
#else
    const uint64_t low7 = UINT64_C(0x7F7F7F7F7F7F7F7F);
    for (unsigned i = 0; i < 8; i++) {
        uint64_t word, zero;
        memcpy(&word, p + 8 * i, 8);
        word ^= UINT64_C(0x2C2C2C2C2C2C2C2C);
        zero = ~(((word & low7) + low7) | word | low7); /* bit 7 of each byte that is 0 */
        mask |= ((zero >> 7) * UINT64_C(0x0102040810204080) >> 56) << 8 * i;
    }
#endif
    return mask;
}

/* The value of n digits (1..8) at p; 8 bytes must be readable. *bad becomes non-zero when one is no digit. */
static inline uint64_t digits(const char *p, unsigned n, uint64_t *bad)
{
    uint64_t x;
    memcpy(&x, p, 8);
    x = (x ^ UINT64_C(0x3030303030303030))
        << (64 - 8 * n); /* digits become 0..9, zeros move in before them */
    *bad |= (((x & UINT64_C(0x7F7F7F7F7F7F7F7F)) + UINT64_C(0x7676767676767676)) | x) &
            UINT64_C(0x8080808080808080);
    x = x * 10 + (x >> 8);
    return ((x & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x000F424000000064) +
            (x >> 16 & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x0000271000000001)) >>
           32;
}

/* The value of 9 to 20 digits; false when they are not all digits or exceed 64 bits. */
static inline bool long_number(const char *p, unsigned n, uint64_t *out)
{
    const uint64_t e8 = 100000000;
    uint64_t bad = 0, low = digits(p + n - 8, 8, &bad), value;
    if (n <= 16) {
        value = digits(p, n - 8, &bad) * e8 + low;
    } else {
        low += digits(p + n - 16, 8, &bad) * e8;
        if (__builtin_mul_overflow(digits(p, n - 16, &bad), e8 * e8, &value) ||
            __builtin_add_overflow(value, low, &value))
            return false;
    }
    *out = value;
    return !bad;
}

/* The integer in [p, end), with at most one space before it; 8 bytes from p must be readable. False for all
 * that is unusual: the careful reader then judges it. */
static inline __attribute__((always_inline)) bool plain_number(const char *p, const char *end, bool wide,
                                                               uint64_t min, uint64_t max, uint64_t *out)
{
    uint64_t value, bad = 0;
    bool negative = false;
    if (*p == ' ')
        p++;
    if (wide && *p == '-') {
        negative = true;
        p++;
    }
    size_t n = (size_t)(end - p);
    if (n - 1 < 8)
        value = digits(p, (unsigned)n, &bad);
    else if (n - 1 >= 20 || !long_number(p, (unsigned)n, &value))
        return false;
    if (bad || (*p == '0' && n > 1) || value < min || value > max)
        return false;
    if (negative && value > UINT64_C(1) << 63)
        return false;
    *out = negative ? 0 - value : value;
    return true;
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

/* Items as machines write them, "123,456" or "123, 456": the commas of 64 bytes at once, so that one number
 * need not wait for the end of the one before. Stops where something is unusual, near the end of the text and
 * near `cap`; the careful loop goes on from there. */
static inline __attribute__((always_inline)) void fast_items(struct bulk *b, bool is_u32, bool wide)
{
    const uint64_t min = wide ? 0 : b->item->min, max = b->item->max;
    const char *block = b->c->p, *first = block; /* of the current number */
    size_t n = b->n;
    for (; b->c->end - block >= FAST_BYTES && b->cap - n >= 64; block += 64) {
        for (uint64_t mask = commas(block); mask; mask &= mask - 1) {
            const char *comma = block + __builtin_ctzll(mask);
            uint64_t value;
            if (!plain_number(first, comma, wide, min, max, &value))
                goto out;
            if (is_u32)
                ((uint32_t *)b->items)[n++] = (uint32_t)value;
            else
                ((uint64_t *)b->items)[n++] = value;
            first = comma + 1;
        }
    }
out:
    b->n = n;
    b->c->p = first;
}

static void fast_run(struct bulk *b)
{
    if (b->item->kind == KVX_JSON_U32) {
        size_t n;
        b->c->p = kvx_json_tokens(b->c->p, b->c->end, b->item->min, b->item->max, (uint32_t *)b->items + b->n,
                                  b->cap - b->n, &n);
        b->n += n;
        fast_items(b, true, false);
    } else if (b->item->kind == KVX_JSON_U64) {
        fast_items(b, false, false);
    } else {
        fast_items(b, false, true);
    }
}

static int read_items(struct bulk *b)
{
    for (;;) {
        fast_run(b);
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
    }
}

int kvx_json_bulk(struct kvx_json_cursor *c, struct kvx_arena *arena, const struct kvx_json_type *type,
                  struct kvx_bytes name, struct kvx_json_list *out)
{
    struct bulk b = {.c = c, .type = type, .item = type->item, .name = name};
    if (!kvx_json_take(c, '[')) {
        const char *found = kvx_json_next_name(c);
        int r = kvx_json_skip(c); /* broken JSON is the better message */
        return r ? r
                 : kvx_fail(c->error, KVX_INVALID, "`%.*s`: expected an array, not %s", (int)name.len,
                            name.data, found);
    }
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
