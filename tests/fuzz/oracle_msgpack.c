#include "oracle_msgpack.h"

#include <stdlib.h>

enum { DEPTH_MAX = 16 };

const msgpack_object oracle_nil = {.type = MSGPACK_OBJECT_NIL};

/* ---- Before msgpack-c sees the bytes: it would allocate what a header announces. ---- */

static uint64_t be(const uint8_t *p, unsigned n)
{
    return n ? be(p, n - 1) << 8 | p[n - 1] : 0;
}

/* The end of the value at p, or NULL. `open` containers are around it. */
static const uint8_t *scan(const uint8_t *p, const uint8_t *end, unsigned open)
{
    static const uint8_t fixed[32] = {
        [0x02] = 0, [0x0a] = 4, [0x0b] = 8, [0x0c] = 1, [0x0d] = 2, [0x0e] = 4, [0x0f] = 8, [0x10] = 1,
        [0x11] = 2, [0x12] = 4, [0x13] = 8, [0x14] = 2, [0x15] = 3, [0x16] = 5, [0x17] = 9, [0x18] = 17};
    static const uint8_t length[32] = {
        [0x04] = 1, [0x05] = 2, [0x06] = 4, [0x07] = 1, [0x08] = 2, [0x09] = 4, [0x19] = 1,
        [0x1a] = 2, [0x1b] = 4, [0x1c] = 2, [0x1d] = 4, [0x1e] = 2, [0x1f] = 4};
    if (p == end || *p == 0xc1)
        return NULL;
    uint8_t lead = *p++;
    uint64_t bytes = 0, values = 0;
    bool container = false;
    if (lead >= 0x80 && lead < 0xa0) {
        container = true;
        values = (lead & 15u) * (lead < 0x90 ? 2 : 1);
    } else if (lead >= 0xa0 && lead < 0xc0) {
        bytes = lead & 31u;
    } else if (lead >= 0xc0 && lead < 0xe0) {
        unsigned row = lead & 31u;
        if ((size_t)(end - p) < length[row])
            return NULL;
        uint64_t n = be(p, length[row]);
        p += length[row];
        container = lead >= 0xdc;
        if (container)
            values = lead >= 0xde ? 2 * n : n;
        else
            bytes = fixed[row] + n + (lead >= 0xc7 && lead <= 0xc9);
    }
    if ((size_t)(end - p) < bytes || (container && open == DEPTH_MAX))
        return NULL;
    p += bytes;
    if (values > (size_t)(end - p))
        return NULL;
    for (; values && p; values--)
        p = scan(p, end, open + 1);
    return p;
}

bool oracle_unpack(msgpack_zone *zone, const char *data, size_t size, unsigned open, msgpack_object *out)
{
    const uint8_t *bytes = (const uint8_t *)data;
    if (!size || scan(bytes, bytes + size, open) != bytes + size)
        return false;
    size_t offset = 0;
    if (msgpack_unpack(data, size, &offset, zone, out) != MSGPACK_UNPACK_SUCCESS)
        abort(); /* the scan above knows better than msgpack-c, or worse */
    return true;
}

/* ---- Objects. ---- */

bool oracle_is(const msgpack_object *o, const char *text)
{
    return o->type == MSGPACK_OBJECT_STR && o->via.str.size == strlen(text) &&
           !memcmp(o->via.str.ptr, text, o->via.str.size);
}

const msgpack_object *oracle_get(const msgpack_object *map, const char *key)
{
    const msgpack_object *found = &oracle_nil;
    for (uint32_t i = 0; map->type == MSGPACK_OBJECT_MAP && i < map->via.map.size; i++)
        if (oracle_is(&map->via.map.ptr[i].key, key))
            found = &map->via.map.ptr[i].val;
    return found;
}

const msgpack_object *oracle_at(const msgpack_object *array, uint32_t i)
{
    return i < array->via.array.size ? &array->via.array.ptr[i] : &oracle_nil;
}

bool oracle_is_integer(const msgpack_object *o)
{
    return o->type == MSGPACK_OBJECT_POSITIVE_INTEGER || o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER;
}

bool oracle_is_u32(const msgpack_object *o)
{
    return o->type == MSGPACK_OBJECT_POSITIVE_INTEGER && o->via.u64 <= UINT32_MAX;
}

bool oracle_absent(const msgpack_object *o)
{
    return o->type == MSGPACK_OBJECT_NIL;
}

bool oracle_hash_of(const msgpack_object *o, uint64_t *out)
{
    if (oracle_is_integer(o)) {
        *out = o->via.u64;
        return true;
    }
    if (o->type == MSGPACK_OBJECT_BIN && o->via.bin.size) {
        uint32_t n = o->via.bin.size;
        unsigned used = n < 8 ? n : 8;
        *out = be((const uint8_t *)o->via.bin.ptr + n - used, used);
        return true;
    }
    if (o->type != MSGPACK_OBJECT_STR || !o->via.str.size || o->via.str.size > 300)
        return false;
    char text[301], *end;
    memcpy(text, o->via.str.ptr, o->via.str.size);
    text[o->via.str.size] = 0;
    bool negative = text[0] == '-', hex = text[0] == '0' && (text[1] | 32) == 'x';
    const char *digits = text + (negative ? 1 : hex ? 2 : 0);
    if (strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789") !=
            o->via.str.size - (size_t)(digits - text) ||
        !*digits)
        return false;
    __extension__ unsigned __int128 value = 0, limit = UINT64_MAX;
    for (; *digits && value <= limit; digits++) {
        char one[2] = {*digits, 0};
        value = value * (hex ? 16u : 10u) + strtoul(one, &end, 16);
    }
    if (value > (negative ? limit / 2 + 1 : limit))
        return false;
    *out = negative ? 0 - (uint64_t)value : (uint64_t)value;
    return true;
}
