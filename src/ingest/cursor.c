#include "cursor.h"

#include <assert.h>

static bool load_be(struct kvx_cursor *c, unsigned width, uint64_t *out)
{
    if (kvx_cursor_left(c) < width)
        return false;
    uint64_t v = 0;
    for (unsigned i = 0; i < width; i++)
        v = v << 8 | c->p[i];
    c->p += width;
    *out = v;
    return true;
}

static bool read_bytes(struct kvx_cursor *c, enum kvx_wire type, uint64_t len, struct kvx_value *out)
{
    if (kvx_cursor_left(c) < len)
        return false;
    out->type = type;
    out->bytes = (struct kvx_bytes){(const char *)c->p, (size_t)len};
    c->p += len;
    return true;
}

/* An element takes one byte at least, a pair two. */
static bool read_count(struct kvx_cursor *c, enum kvx_wire type, uint64_t count, struct kvx_value *out)
{
    if (count * (type == KVX_WIRE_MAP ? 2 : 1) > kvx_cursor_left(c))
        return false;
    out->type = type;
    out->count = (uint32_t)count;
    out->content = c->p;
    return true;
}

static bool read_int(struct kvx_value *out, uint64_t bits, bool is_signed)
{
    out->type = KVX_WIRE_INT;
    out->u = bits;
    out->negative = is_signed && (int64_t)bits < 0;
    return true;
}

static bool read_float(struct kvx_cursor *c, unsigned width, struct kvx_value *out)
{
    uint64_t bits;
    if (!load_be(c, width, &bits))
        return false;
    out->type = KVX_WIRE_FLOAT;
    if (width == 4) {
        uint32_t narrow = (uint32_t)bits;
        float f;
        memcpy(&f, &narrow, sizeof f);
        out->f = (double)f;
    } else {
        memcpy(&out->f, &bits, sizeof out->f);
    }
    return true;
}

static bool read_signed(struct kvx_cursor *c, unsigned width, struct kvx_value *out)
{
    uint64_t v;
    if (!load_be(c, width, &v))
        return false;
    assert(width >= 1 && width <= 8);
    uint64_t sign = UINT64_C(1) << (8 * width - 1);
    return read_int(out, (v ^ sign) - sign, true); /* extends the sign */
}

/* The lead bytes c0 to df, which announce their length or value in bytes of their own. */
static bool read_long_form(struct kvx_cursor *c, uint8_t lead, struct kvx_value *out)
{
    uint64_t v = 0;
    switch (lead) {
    case 0xc0:
        out->type = KVX_WIRE_NIL;
        return true;
    case 0xc2:
    case 0xc3:
        out->type = KVX_WIRE_BOOL;
        out->u = lead & 1u;
        return true;
    case 0xc4:
    case 0xc5:
    case 0xc6:
        return load_be(c, 1u << (lead - 0xc4), &v) && read_bytes(c, KVX_WIRE_BIN, v, out);
    case 0xc7:
    case 0xc8:
    case 0xc9: /* the type byte goes with the content */
        return load_be(c, 1u << (lead - 0xc7), &v) && read_bytes(c, KVX_WIRE_EXT, v + 1, out);
    case 0xca:
    case 0xcb:
        return read_float(c, lead == 0xca ? 4 : 8, out);
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
        return load_be(c, 1u << (lead - 0xcc), &v) && read_int(out, v, false);
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
        return read_signed(c, 1u << (lead - 0xd0), out);
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
        return read_bytes(c, KVX_WIRE_EXT, 1 + (1u << (lead - 0xd4)), out);
    case 0xd9:
    case 0xda:
    case 0xdb:
        return load_be(c, 1u << (lead - 0xd9), &v) && read_bytes(c, KVX_WIRE_STR, v, out);
    case 0xdc:
    case 0xdd:
        return load_be(c, 2u << (lead - 0xdc), &v) && read_count(c, KVX_WIRE_ARRAY, v, out);
    case 0xde:
    case 0xdf:
        return load_be(c, 2u << (lead - 0xde), &v) && read_count(c, KVX_WIRE_MAP, v, out);
    default: /* c1 is reserved */
        return false;
    }
}

bool kvx_cursor_next_any(struct kvx_cursor *c, struct kvx_value *out)
{
    if (c->p == c->end)
        return false;
    uint8_t lead = *c->p++;
    if (lead < 0x80)
        return read_int(out, lead, false);
    if (lead < 0x90)
        return read_count(c, KVX_WIRE_MAP, lead & 15u, out);
    if (lead < 0xa0)
        return read_count(c, KVX_WIRE_ARRAY, lead & 15u, out);
    if (lead < 0xc0)
        return read_bytes(c, KVX_WIRE_STR, lead & 31u, out);
    if (lead >= 0xe0)
        return read_int(out, (uint64_t)(int64_t)(int8_t)lead, true);
    return read_long_form(c, lead, out);
}

bool kvx_cursor_skip(struct kvx_cursor *c, uint64_t count, unsigned depth)
{
    uint64_t left[KVX_DEPTH_MAX + 1]; /* values still to skip, per open container */
    unsigned open = 0;
    left[0] = count;
    for (;;) {
        while (left[open] == 0) {
            if (open == 0)
                return true;
            open--;
        }
        left[open]--;
        struct kvx_value v;
        if (!kvx_cursor_next(c, &v))
            return false;
        if (v.type < KVX_WIRE_ARRAY)
            continue;
        if (depth + open + 1 > KVX_DEPTH_MAX)
            return false;
        left[++open] = (uint64_t)v.count * (v.type == KVX_WIRE_MAP ? 2 : 1);
    }
}

bool kvx_cursor_skip_inside(struct kvx_cursor *c, const struct kvx_value *v, unsigned depth)
{
    if (depth + 1 > KVX_DEPTH_MAX)
        return false;
    return kvx_cursor_skip(c, (uint64_t)v->count * (v->type == KVX_WIRE_MAP ? 2 : 1), depth + 1);
}
