/* Request memory: allocate freely, free once, never more than a cap. Owned by one thread at a time. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/alloc.h"
#include "base/bytes.h"

struct kvx_arena_block;

/* Embedded; all fields private. `used` counts the bytes taken from the allocator, `cap` bounds them. */
struct kvx_arena {
    const struct kvx_allocator *allocator;
    struct kvx_arena_block *blocks;
    size_t used, cap;
};

/* Takes no memory yet. */
void kvx_arena_init(struct kvx_arena *, const struct kvx_allocator *, size_t cap);
/* Frees everything; the arena is as after init. */
void kvx_arena_reset(struct kvx_arena *);
/* Frees everything but one block of at most `keep` bytes, for the next request on the same thread. */
void kvx_arena_recycle(struct kvx_arena *, size_t keep);

/* 16-byte aligned and uninitialised; NULL when the cap or the memory is exhausted. size 0 gives a valid
 * pointer. */
void *kvx_arena_alloc(struct kvx_arena *, size_t size);
/* The same for n items of `size` bytes, zeroed; NULL also when n * size overflows. */
void *kvx_arena_array(struct kvx_arena *, size_t n, size_t size);
/* A NUL-terminated copy. */
char *kvx_arena_text(struct kvx_arena *, struct kvx_bytes);

#endif /* BASE_ARENA_H */
