#include "base/arena.h"

struct kvx_arena_block {
    struct kvx_arena_block *next;
    size_t size, used; /* of `data`; the header is not counted */
    _Alignas(16) char data[];
};

enum { FIRST_BLOCK = 4096 };

void kvx_arena_init(struct kvx_arena *a, const struct kvx_allocator *allocator, size_t cap)
{
    *a = (struct kvx_arena){.allocator = allocator, .cap = cap};
}

static size_t block_bytes(const struct kvx_arena_block *b)
{
    return sizeof(*b) + b->size;
}

void kvx_arena_reset(struct kvx_arena *a)
{
    kvx_arena_recycle(a, 0);
}

void kvx_arena_recycle(struct kvx_arena *a, size_t keep)
{
    struct kvx_arena_block *kept = NULL;
    while (a->blocks) {
        struct kvx_arena_block *b = a->blocks;
        a->blocks = b->next;
        if (block_bytes(b) <= keep && (!kept || b->size > kept->size)) {
            struct kvx_arena_block *smaller = kept;
            kept = b;
            b = smaller;
        }
        if (b) {
            a->used -= block_bytes(b);
            kvx_dealloc(a->allocator, b, block_bytes(b));
        }
    }
    if (kept) {
        kept->next = NULL;
        kept->used = 0;
        a->blocks = kept;
    }
}

/* Blocks double, so that a request of any size costs a handful of them. */
static struct kvx_arena_block *add_block(struct kvx_arena *a, size_t need)
{
    size_t size = a->blocks ? a->blocks->size * 2 : FIRST_BLOCK;
    size_t room = a->cap > a->used ? a->cap - a->used : 0;
    if (size < need)
        size = need;
    if (room < sizeof(struct kvx_arena_block) + need)
        return NULL;
    if (size > room - sizeof(struct kvx_arena_block))
        size = (room - sizeof(struct kvx_arena_block)) & ~(size_t)15;

    struct kvx_arena_block *b = kvx_alloc(a->allocator, sizeof(*b) + size);
    if (!b)
        return NULL;
    b->size = size;
    b->used = 0;
    b->next = a->blocks;
    a->blocks = b;
    a->used += block_bytes(b);
    return b;
}

void *kvx_arena_alloc(struct kvx_arena *a, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size_t rounded = (size + 15) & ~(size_t)15;
    struct kvx_arena_block *b = a->blocks;
    if (!b || b->size - b->used < rounded) {
        b = add_block(a, rounded);
        if (!b)
            return NULL;
    }
    void *p = b->data + b->used;
    b->used += rounded;
    return p;
}

void *kvx_arena_array(struct kvx_arena *a, size_t n, size_t size)
{
    size_t bytes = kvx_size_mul(n, size);
    if (n && size && !bytes)
        return NULL;
    void *p = kvx_arena_alloc(a, bytes);
    if (p)
        memset(p, 0, bytes);
    return p;
}

char *kvx_arena_text(struct kvx_arena *a, struct kvx_bytes text)
{
    char *p = kvx_arena_alloc(a, text.len + 1);
    if (!p)
        return NULL;
    if (text.len)
        memcpy(p, text.data, text.len);
    p[text.len] = 0;
    return p;
}
