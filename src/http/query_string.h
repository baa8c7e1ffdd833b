/* The query string of a request into its generated struct, by the same tables as a body. */
#ifndef QUERY_STRING_H
#define QUERY_STRING_H

#include "base/arena.h"
#include "base/err.h"
#include "json_type.h"

/* `target` is the request target as it was sent; what follows its first `?` are `name=value` pairs, escaped
 * as in HTML forms. `out` has room for type->size bytes and is overwritten; what it points to lies in `arena`
 * or in `target`. KVX_INVALID names the parameter, KVX_NOMEM. Unknown parameters are ignored, known ones may
 * appear once. */
int kvx_http_query_string(const struct kvx_json_type *type, struct kvx_bytes target, struct kvx_arena *arena,
                          void *out, struct kvx_error *) KVX_MUST_CHECK;
/* True when there is a parameter that the table knows. */
bool kvx_http_query_known(const struct kvx_json_type *type, struct kvx_bytes target);

#endif /* QUERY_STRING_H */
