/* The hot spot of every query: long arrays of integers, straight from the body into C arrays. */
#ifndef JSON_BULK_H
#define JSON_BULK_H

#include "json_read.h"
#include "json_type.h"

/* Reads the array at the cursor into `arena`: uint32_t or uint64_t items as `type` says, within its limits.
 * `name` is the field's, for messages. */
int kvx_json_bulk(struct kvx_json_cursor *, struct kvx_arena *arena, const struct kvx_json_type *type,
                  struct kvx_bytes name, struct kvx_json_list *out) KVX_MUST_CHECK;

/* Fails with "`name`: 7 is not in 0..5"; `index` < 0 means that the field is no array. */
int kvx_json_out_of_range(struct kvx_error *, struct kvx_bytes name, int64_t index,
                          const struct kvx_json_integer *, const struct kvx_json_type *);
/* True when the number fits `type` (U32, U64 or WIDE); `out` is then its value. */
bool kvx_json_number_fits(const struct kvx_json_integer *, const struct kvx_json_type *, uint64_t *out);

#endif /* JSON_BULK_H */
