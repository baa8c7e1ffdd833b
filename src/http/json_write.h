/* A generated struct as JSON, by its tables. */
#ifndef JSON_WRITE_H
#define JSON_WRITE_H

#include "base/buf.h"
#include "json_type.h"

/* Appends `value`; failure shows in kvx_buf_ok. The nesting is the document's, so recursion is bounded by it.
 */
void kvx_json_write(struct kvx_buf *, const struct kvx_json_type *, const void *value);

#endif /* JSON_WRITE_H */
