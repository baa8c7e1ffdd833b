/* A request body into its generated struct: presence, types, ranges and lengths by the field tables. */
#ifndef JSON_DECODE_H
#define JSON_DECODE_H

#include "base/arena.h"
#include "base/err.h"
#include "json_type.h"

/* `out` has room for type->size bytes and is overwritten. What it points to lies in `arena` or in `body`, so
 * both must outlive it. KVX_INVALID with the field's name and place, or KVX_NOMEM. Fields the table does not
 * know are checked for syntax and ignored; a known field may appear once. */
int kvx_json_decode(const struct kvx_json_type *type, struct kvx_bytes body, struct kvx_arena *arena,
                    void *out, struct kvx_error *) KVX_MUST_CHECK;

/* What a struct is before anything was read into it: zeros and defaults. */
void kvx_json_defaults(const struct kvx_json_type *type, void *out);

/* json_check.c: the rules that bodies and query strings share. */

/* KVX_INVALID unless the text has `min` to `max` bytes, of which the document's lengths are. */
int kvx_json_check_length(struct kvx_bytes name, struct kvx_bytes text, uint64_t min, uint64_t max,
                          struct kvx_error *) KVX_MUST_CHECK;
/* The number of an ENUM field's value, into `out` (an enum); KVX_INVALID names the values there are. */
int kvx_json_find_name(const struct kvx_json_field *, struct kvx_bytes text, void *out,
                       struct kvx_error *) KVX_MUST_CHECK;

#endif /* JSON_DECODE_H */
