/* A forward-only msgpack reader over borrowed bytes: no object tree, no allocation.
 *
 * Every announced length and element count is checked against the bytes that are left before it is believed,
 * so a count bounds the memory that a caller may reserve for it. Containers nest at most KVX_DEPTH_MAX deep.
 * A function that returns false has met broken msgpack; the cursor is then of no further use. Owned by one
 * thread at a time.
 */
#ifndef INGEST_CURSOR_H
#define INGEST_CURSOR_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

/* Real payloads nest six containers; the outermost one counts as 1. */
enum { KVX_DEPTH_MAX = 16 };

struct kvx_cursor {
    const uint8_t *p, *end;
};

enum kvx_wire {
    KVX_WIRE_NIL,
    KVX_WIRE_BOOL,
    KVX_WIRE_INT,
    KVX_WIRE_FLOAT,
    KVX_WIRE_STR,
    KVX_WIRE_BIN,
    KVX_WIRE_EXT,
    KVX_WIRE_ARRAY, /* the elements follow at the cursor */
    KVX_WIRE_MAP,   /* so do the pairs */
};

/* All zero is nil. */
struct kvx_value {
    enum kvx_wire type;
    bool negative;  /* INT: `u` is the two's complement of a negative number */
    uint32_t count; /* ARRAY: elements; MAP: pairs */
    union {
        uint64_t u;             /* INT: 64-bit pattern; BOOL: 0 or 1 */
        double f;               /* FLOAT */
        struct kvx_bytes bytes; /* STR, BIN, EXT: borrowed */
        const uint8_t *content; /* ARRAY, MAP: where the first element or key begins */
    };
};

static inline struct kvx_cursor kvx_cursor_of(struct kvx_bytes b)
{
    const uint8_t *p = (const uint8_t *)b.data;
    return (struct kvx_cursor){p, p ? p + b.len : p};
}

static inline size_t kvx_cursor_left(const struct kvx_cursor *c)
{
    return (size_t)(c->end - c->p);
}

static inline uint64_t kvx_load_be64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap64(v);
}

/* Reads one scalar whole, or the header of one container. */
bool kvx_cursor_next_any(struct kvx_cursor *, struct kvx_value *out);

/* The same; the forms that most keys and values have are read in line. */
static inline bool kvx_cursor_next(struct kvx_cursor *c, struct kvx_value *out)
{
    if (c->p == c->end)
        return false;
    uint8_t lead = *c->p;
    size_t len = lead & 31u;
    if ((lead & 0xe0) == 0xa0 && kvx_cursor_left(c) > len) {
        out->type = KVX_WIRE_STR;
        out->bytes = (struct kvx_bytes){(const char *)c->p + 1, len};
        c->p += 1 + len;
        return true;
    }
    if (lead == 0xc0) {
        out->type = KVX_WIRE_NIL;
        c->p++;
        return true;
    }
    return kvx_cursor_next_any(c, out);
}

/* Skips `count` whole values; `depth` containers are open around them. */
bool kvx_cursor_skip(struct kvx_cursor *, uint64_t count, unsigned depth);

/* Skips what belongs to a value whose header was just read: the content of a container, nothing for a scalar.
 * `depth` containers are open around the value itself. */
bool kvx_cursor_skip_inside(struct kvx_cursor *, const struct kvx_value *container, unsigned depth);
static inline bool kvx_cursor_skip_content(struct kvx_cursor *c, const struct kvx_value *v, unsigned depth)
{
    return v->type < KVX_WIRE_ARRAY || kvx_cursor_skip_inside(c, v, depth);
}

#endif /* INGEST_CURSOR_H */
