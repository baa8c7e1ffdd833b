/* Lists of numbers as people and programs write them: separated by commas or white space, or a JSON array. */
#ifndef CTL_NUMBERS_H
#define CTL_NUMBERS_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"

/* How many a list may have: more than a server takes, so that its own limit is the one that is named. */
enum { CTL_NUMBERS_MAX = 4 << 20 };

/* Embedded. Tokens are kept in `tokens`, hashes in `hashes`; the other is NULL. */
struct ctl_numbers {
    const struct kvx_allocator *allocator;
    uint32_t *tokens;
    uint64_t *hashes;
    size_t n, cap;
};

/* Token ids: 0 to 2^32-1. Hashes: -2^63 to 2^64-1, a negative one being the same 64 bits with a sign. `place`
 * begins the message of an error, which also names line and column. Free it also after a failure. */
int ctl_numbers_parse(struct ctl_numbers *, const struct kvx_allocator *, bool hashes, struct kvx_bytes text,
                      const char *place, struct kvx_error *) KVX_MUST_CHECK;
void ctl_numbers_free(struct ctl_numbers *);

#endif /* CTL_NUMBERS_H */
