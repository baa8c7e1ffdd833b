/* Engine hashes: any 64-bit integer, a digest, or a number in text, reduced to one 64-bit pattern. */
#include "decoder.h"

/* vLLM's integer setting sends the last 8 bytes of the digest, read big-endian: so do we with the bytes. */
static bool hash_of_digest(struct kvx_bytes b, uint64_t *out)
{
    if (b.len == 0)
        return false;
    uint64_t v = 0;
    for (size_t i = b.len > 8 ? b.len - 8 : 0; i < b.len; i++)
        v = v << 8 | (uint8_t)b.data[i];
    *out = v;
    return true;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 16;
}

/* Decimal, signed or unsigned, or 0x and hexadecimal digits. */
static bool hash_of_text(struct kvx_bytes t, uint64_t *out)
{
    uint64_t base = 10, v = 0;
    bool negative = t.len > 1 && t.data[0] == '-';
    size_t i = negative;
    if (t.len > 2 && t.data[0] == '0' && (t.data[1] | 0x20) == 'x') {
        base = 16;
        i = 2;
    }
    if (i == t.len)
        return false;
    for (; i < t.len; i++) {
        uint64_t digit = (uint64_t)digit_of(t.data[i]);
        if (digit >= base || __builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, digit, &v))
            return false;
    }
    if (negative && v > (uint64_t)1 << 63)
        return false;
    *out = negative ? 0 - v : v;
    return true;
}

bool kvx_hash_of(const struct kvx_value *v, uint64_t *out)
{
    switch (v->type) {
    case KVX_WIRE_INT:
        *out = v->u;
        return true;
    case KVX_WIRE_BIN:
        return hash_of_digest(v->bytes, out);
    case KVX_WIRE_STR:
        return hash_of_text(v->bytes, out);
    default:
        return false;
    }
}

int kvx_hashes_read(struct kvx_decoder *d, const struct kvx_value *array, const uint8_t *end)
{
    uint64_t *engine =
        kvx_scratch_grow(d->allocator, d->engine, &d->engine_cap, d->hashes + array->count, sizeof *engine);
    if (!engine)
        return KVX_NOMEM;
    d->engine = engine;
    struct kvx_cursor c = {array->content, end};
    uint64_t *out = engine + d->hashes;
    for (uint32_t i = 0; i < array->count; i++) {
        /* the two nine-byte integers are what nearly all hashes are */
        if (kvx_cursor_left(&c) >= 9 && (*c.p == 0xcf || *c.p == 0xd3)) {
            out[i] = kvx_load_be64(c.p + 1);
            c.p += 9;
            continue;
        }
        struct kvx_value v;
        if (!kvx_cursor_next(&c, &v) || !kvx_hash_of(&v, &out[i]))
            return KVX_INVALID;
    }
    return KVX_OK;
}
