/* A strict JSON reader (RFC 8259) over bytes in memory: the words of the language, one function each.
 *
 * No value is built: callers pick what they want and skip the rest, so a body costs no memory beyond the
 * values kept. Strings must be UTF-8; NUL and lone surrogates are refused. A cursor belongs to one thread.
 */
#ifndef JSON_READ_H
#define JSON_READ_H

#include "base/arena.h"
#include "base/err.h"

enum { KVX_JSON_DEPTH_MAX = 256 }; /* arrays and objects inside each other */

struct kvx_json_cursor {
    const char *start, *p, *end;
    struct kvx_error *error;
};

/* An integer of any size: `magnitude` is exact unless `huge`. */
struct kvx_json_integer {
    struct kvx_bytes literal; /* as written */
    uint64_t magnitude;
    bool negative, huge;
};

void kvx_json_begin(struct kvx_json_cursor *, struct kvx_bytes, struct kvx_error *);
/* Fails with "byte N: text". */
int kvx_json_syntax(struct kvx_json_cursor *, const char *text);
static inline void kvx_json_space(struct kvx_json_cursor *c)
{
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\n' || *c->p == '\r' || *c->p == '\t'))
        c->p++;
}
/* The next byte that is not space, or 0 at the end. */
char kvx_json_peek(struct kvx_json_cursor *);
/* Takes that byte when it is `wanted`. */
bool kvx_json_take(struct kvx_json_cursor *, char wanted);
/* Nothing but space may be left. */
int kvx_json_finish(struct kvx_json_cursor *);

/* A string. Without escapes `out` borrows from the input, else it is unescaped into the arena. */
int kvx_json_string(struct kvx_json_cursor *, struct kvx_arena *, struct kvx_bytes *out) KVX_MUST_CHECK;
/* A number that has neither fraction nor exponent: 1 and `out` filled; 0 for any other number, skipped. */
int kvx_json_integer(struct kvx_json_cursor *, struct kvx_json_integer *out) KVX_MUST_CHECK;
int kvx_json_boolean(struct kvx_json_cursor *, bool *out) KVX_MUST_CHECK;
/* Checks and passes any value. */
int kvx_json_skip(struct kvx_json_cursor *) KVX_MUST_CHECK;
/* "an array", "a string", ...: what the next value is, for messages. */
const char *kvx_json_next_name(struct kvx_json_cursor *);

#endif /* JSON_READ_H */
