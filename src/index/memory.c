#include "memory.h"

#include <string.h>
#include <sys/mman.h>

/* Every column of 1, 2, 3, 4, 6, 8, 12, 16, 20 ... blocks of 16 bytes has its class. */
static const uint16_t class_sizes[KVX_CELL_CLASSES] = {16,  32,  48,  64,  96,  128, 192, 256,
                                                       320, 384, 448, 512, 640, 768, 896, 1024};

enum { SLAB_MIN = 4 * KVX_TWIN_DISTANCE + 128, SLAB_MAX = 8 << 20, SLAB_SHARE = 32 };
enum { HUGE_PAGE = 2 << 20, ALIGNMENT = 16, LINE = 64 };

struct kvx_slab {
    struct kvx_slab *next;
    size_t size;
};

static unsigned class_of(size_t size)
{
    unsigned c = 0;
    while (class_sizes[c] < size)
        c++;
    return c;
}

size_t kvx_cell_size(size_t size)
{
    return size > KVX_CELL_MAX ? size : class_sizes[class_of(size)];
}

void kvx_memory_init(struct kvx_memory *m, const struct kvx_allocator *allocator)
{
    *m = (struct kvx_memory){.allocator = allocator};
}

void kvx_memory_fini(struct kvx_memory *m)
{
    while (m->slabs) {
        struct kvx_slab *slab = m->slabs;
        m->slabs = slab->next;
        m->total -= slab->size;
        kvx_dealloc(m->allocator, slab, slab->size);
    }
}

/* Random access into hundreds of megabytes costs a TLB miss each on small pages. Only advice: failing is
 * harmless. */
static void advise_huge(void *p, size_t size)
{
    if (size < 2 * (size_t)HUGE_PAGE)
        return;
    uintptr_t from = ((uintptr_t)p + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    uintptr_t to = ((uintptr_t)p + size) / HUGE_PAGE * HUGE_PAGE;
    if (madvise((void *)from, to - from, MADV_HUGEPAGE)) {
        /* the kernel has no huge pages: small ones work as well */
    }
}

void *kvx_block_alloc(struct kvx_memory *m, enum kvx_purpose purpose, size_t size)
{
    void *p = kvx_alloc(m->allocator, size);
    if (!p)
        return NULL;
    advise_huge(p, size);
    m->total += size;
    m->used[purpose] += size;
    return p;
}

void *kvx_block_zeroed(struct kvx_memory *m, enum kvx_purpose purpose, size_t size)
{
    void *p = kvx_block_alloc(m, purpose, size);
    return p ? memset(p, 0, size) : NULL;
}

void *kvx_block_resize(struct kvx_memory *m, enum kvx_purpose purpose, void *p, size_t old_size,
                       size_t new_size)
{
    void *moved = kvx_realloc(m->allocator, p, old_size, new_size);
    if (!moved)
        return NULL;
    m->total += new_size - old_size;
    m->used[purpose] += new_size - old_size;
    return moved;
}

void kvx_block_free(struct kvx_memory *m, enum kvx_purpose purpose, void *p, size_t size)
{
    if (!p)
        return;
    m->total -= size;
    m->used[purpose] -= size;
    kvx_dealloc(m->allocator, p, size);
}

/* A slab is a small part of what its class has, so that slack stays small and slabs become large. Returns its
 * usable memory, on a cache line, and its end. */
static char *slab_new(struct kvx_memory *m, size_t *slab_bytes, char **end)
{
    size_t size = *slab_bytes / SLAB_SHARE & ~(size_t)(ALIGNMENT - 1);
    size = size < SLAB_MIN ? SLAB_MIN : size > SLAB_MAX ? SLAB_MAX : size;
    struct kvx_slab *slab = kvx_alloc(m->allocator, size);
    if (!slab)
        return NULL;
    advise_huge(slab, size);
    slab->next = m->slabs;
    slab->size = size;
    m->slabs = slab;
    m->total += size;
    *slab_bytes += size;
    *end = (char *)slab + size;
    char *first = (char *)(slab + 1);
    return first + (LINE - (uintptr_t)first % LINE);
}

static int class_grow(struct kvx_memory *m, struct kvx_cell_class *class)
{
    char *end, *first = slab_new(m, &class->slab_bytes, &end);
    if (!first)
        return -1;
    class->next = first;
    class->end = end;
    return 0;
}

void *kvx_cell_alloc(struct kvx_memory *m, enum kvx_purpose purpose, size_t size)
{
    if (size > KVX_CELL_MAX)
        return kvx_block_alloc(m, purpose, size);
    unsigned index = class_of(size);
    struct kvx_cell_class *class = &m->classes[index];
    void *p = class->free;
    if (p) {
        memcpy(&class->free, p, sizeof(class->free));
    } else {
        if ((size_t)(class->end - class->next) < class_sizes[index] && class_grow(m, class))
            return NULL;
        p = class->next;
        class->next += class_sizes[index];
    }
    m->used[purpose] += class_sizes[index];
    return p;
}

void kvx_cell_free(struct kvx_memory *m, enum kvx_purpose purpose, void *p, size_t size)
{
    if (!p)
        return;
    if (size > KVX_CELL_MAX) {
        kvx_block_free(m, purpose, p, size);
        return;
    }
    unsigned index = class_of(size);
    memcpy(p, &m->classes[index].free, sizeof(void *));
    m->classes[index].free = p;
    m->used[purpose] -= class_sizes[index];
}

/* The next page of first halves. */
static int twin_grow(struct kvx_memory *m, struct kvx_twin_class *class)
{
    char *page = class->end ? class->end + KVX_TWIN_DISTANCE : NULL;
    if (!page || class->slab_end - page < 2 * KVX_TWIN_DISTANCE)
        page = slab_new(m, &class->slab_bytes, &class->slab_end);
    if (!page)
        return -1;
    class->next = page;
    class->end = page + KVX_TWIN_DISTANCE;
    return 0;
}

void *kvx_twin_alloc(struct kvx_memory *m, enum kvx_purpose purpose, size_t size)
{
    unsigned index = class_of(size);
    size_t half = class_sizes[index] / 2;
    struct kvx_twin_class *class = &m->twins[index];
    void *p = class->free;
    if (p) {
        memcpy(&class->free, p, sizeof(class->free));
    } else {
        if ((size_t)(class->end - class->next) < half && twin_grow(m, class))
            return NULL;
        p = class->next;
        class->next += half;
    }
    m->used[purpose] += class_sizes[index];
    return p;
}

void kvx_twin_free(struct kvx_memory *m, enum kvx_purpose purpose, void *p, size_t size)
{
    if (!p)
        return;
    unsigned index = class_of(size);
    memcpy(p, &m->twins[index].free, sizeof(void *));
    m->twins[index].free = p;
    m->used[purpose] -= class_sizes[index];
}
