/* Long arrays of small integers, eight at a time: how token ids arrive. */
#ifndef JSON_TOKENS_H
#define JSON_TOKENS_H

#include <stddef.h>
#include <stdint.h>

/* Reads items of the form "123,456," or "123, 456,", each of at most 8 bytes with its space, from `p` on into
 * `out`, as many as fit in `room`. `end` is that of the text; the last bytes before it are left to others.
 * Stops at the first group of eight that has anything else in it, also a number outside min..max, and where
 * the machine cannot do it (it needs AVX2): then at once. Returns where the next item begins; *n is how many
 * were read. */
const char *kvx_json_tokens(const char *p, const char *end, uint64_t min, uint64_t max, uint32_t *out,
                            size_t room, size_t *n);

#endif /* JSON_TOKENS_H */
