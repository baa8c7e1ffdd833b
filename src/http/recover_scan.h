/* Cuts one JSON value out of a stream that comes in chunks of any size.
 *
 * Finds only where the value ends: it counts brackets and knows strings, and leaves it to the reader of the
 * complete text to say whether it is valid JSON. A value within one chunk is not copied. One thread.
 */
#ifndef RECOVER_SCAN_H
#define RECOVER_SCAN_H

#include "base/buf.h"
#include "json_read.h"

struct kvx_value_scan {
    struct kvx_buf kept; /* of earlier chunks */
    size_t bytes_max;
    unsigned depth;
    bool scalar, in_string, escaped; /* where in the value the last chunk ended */
};

void kvx_value_scan_init(struct kvx_value_scan *, const struct kvx_allocator *, size_t bytes_max);
void kvx_value_scan_free(struct kvx_value_scan *);
/* A value begins with `first`, the next byte that will be passed. */
void kvx_value_scan_begin(struct kvx_value_scan *, char first);
/* Passes bytes up to `end` and moves *p behind them. 1: the value is complete, `out` has it until the next
 * begin or until the chunk goes; 0: it goes on in the next chunk. KVX_TOO_LARGE, KVX_INVALID (nested too
 * deeply), KVX_NOMEM. */
int kvx_value_scan_pass(struct kvx_value_scan *, const char **p, const char *end, struct kvx_bytes *out,
                        struct kvx_error *) KVX_MUST_CHECK;

#endif /* RECOVER_SCAN_H */
