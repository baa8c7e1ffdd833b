/* The allocator every long-lived structure takes: one function, exact sizes.
 *
 * Because the caller names the old size, accounting is exact and costs no header per block. Tests pass an
 * allocator that fails the n-th call, so that every out-of-memory path runs.
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include "base/bytes.h"

#include <stddef.h>

/* `resize(user, NULL, 0, n)` allocates n bytes, uninitialised; `resize(user, p, old, 0)` frees p and returns
 * NULL; otherwise it moves or grows p. NULL for a non-zero size means out of memory: p is then unchanged. The
 * functions of one allocator may be called from any thread. */
struct kvx_allocator {
    void *(*resize)(void *user, void *p, size_t old_size, size_t new_size);
    void *user;
};

extern const struct kvx_allocator kvx_system_allocator; /* the C library's, stateless */

void *kvx_alloc(const struct kvx_allocator *a, size_t size);
void *kvx_alloc_zeroed(const struct kvx_allocator *a, size_t size);
void *kvx_realloc(const struct kvx_allocator *a, void *p, size_t old_size, size_t new_size);
void kvx_dealloc(const struct kvx_allocator *a, void *p, size_t size); /* p may be NULL */

/* A NUL-terminated copy of a text without NUL, for kvx_text_free; NULL when out of memory. */
char *kvx_text_copy(const struct kvx_allocator *a, struct kvx_bytes text);
void kvx_text_free(const struct kvx_allocator *a, char *text); /* may be NULL */

/* a * b, or 0 when that overflows. */
size_t kvx_size_mul(size_t a, size_t b);

#endif /* BASE_ALLOC_H */
