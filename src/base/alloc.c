#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *system_resize(void *user, void *p, size_t old_size, size_t new_size)
{
    (void)user;
    (void)old_size;
    if (!new_size) {
        free(p);
        return NULL;
    }
    return realloc(p, new_size);
}

const struct kvx_allocator kvx_system_allocator = {system_resize, NULL};

void *kvx_alloc(const struct kvx_allocator *a, size_t size)
{
    return a->resize(a->user, NULL, 0, size);
}

void *kvx_alloc_zeroed(const struct kvx_allocator *a, size_t size)
{
    void *p = kvx_alloc(a, size);
    if (p)
        memset(p, 0, size);
    return p;
}

void *kvx_realloc(const struct kvx_allocator *a, void *p, size_t old_size, size_t new_size)
{
    return a->resize(a->user, p, old_size, new_size);
}

void kvx_dealloc(const struct kvx_allocator *a, void *p, size_t size)
{
    if (p)
        a->resize(a->user, p, size, 0);
}

char *kvx_text_copy(const struct kvx_allocator *a, struct kvx_bytes text)
{
    char *copy = kvx_alloc(a, text.len + 1);
    if (!copy)
        return NULL;
    if (text.len)
        memcpy(copy, text.data, text.len);
    copy[text.len] = 0;
    return copy;
}

void kvx_text_free(const struct kvx_allocator *a, char *text)
{
    if (text)
        kvx_dealloc(a, text, strlen(text) + 1);
}

size_t kvx_size_mul(size_t a, size_t b)
{
    size_t product;
    return __builtin_mul_overflow(a, b, &product) ? 0 : product;
}
