/* An append-only growing byte buffer: the writer behind every JSON answer, the dump and the metrics page.
 *
 * Appending never fails visibly: after the first failed growth (memory or `max`) the buffer ignores what
 * follows and `kvx_buf_ok` is false, so that writers need one check at the end. Owned by one thread at a
 * time.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"

#include <stdarg.h>

struct kvx_buf {
    const struct kvx_allocator *allocator;
    char *data;
    size_t len, cap, max;
    bool failed;
};

void kvx_buf_init(struct kvx_buf *, const struct kvx_allocator *, size_t max);
void kvx_buf_free(struct kvx_buf *);  /* frees the memory; as after init */
void kvx_buf_clear(struct kvx_buf *); /* len = 0, not failed, memory kept */
bool kvx_buf_ok(const struct kvx_buf *);
/* Makes room for n more bytes and returns where they go, or NULL (then failed). Add what was written to
 * `len`. */
char *kvx_buf_reserve(struct kvx_buf *, size_t n);

void kvx_buf_bytes(struct kvx_buf *, const void *data, size_t len);
void kvx_buf_text(struct kvx_buf *, const char *cstring);
void kvx_buf_char(struct kvx_buf *, char);
void kvx_buf_u64(struct kvx_buf *, uint64_t); /* decimal */
void kvx_buf_i64(struct kvx_buf *, int64_t);
void kvx_buf_printf(struct kvx_buf *, const char *format, ...) KVX_PRINTF(2, 3);
/* A JSON string with quotes. Escapes what RFC 8259 wants escaped; bytes that are not UTF-8 become U+FFFD. */
void kvx_buf_json(struct kvx_buf *, struct kvx_bytes);

#endif /* BASE_BUF_H */
