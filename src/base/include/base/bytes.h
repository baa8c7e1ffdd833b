/* A borrowed run of bytes: pointer and length, never NUL-terminated, valid as long as its owner says. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct kvx_bytes {
    const char *data;
    size_t len;
};

static inline struct kvx_bytes kvx_bytes_of(const char *cstring)
{
    return (struct kvx_bytes){cstring, strlen(cstring)};
}

static inline bool kvx_bytes_equal(struct kvx_bytes a, struct kvx_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool kvx_bytes_is(struct kvx_bytes a, const char *cstring)
{
    return kvx_bytes_equal(a, kvx_bytes_of(cstring));
}

/* A number from 0 to `max` in decimal, without sign, leading zeros or anything else. */
bool kvx_bytes_u64(struct kvx_bytes, uint64_t max, uint64_t *out);

/* True for well-formed UTF-8 without NUL: what may become a C string. */
bool kvx_bytes_is_text(struct kvx_bytes a);

#endif /* BASE_BYTES_H */
