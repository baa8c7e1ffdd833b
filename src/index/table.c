#include "table.h"

#include "retire.h"

#include <string.h>

enum { LINE = 64 };

void kvx_table_init(struct kvx_table *t, enum kvx_purpose purpose, size_t element_size, uint32_t segment_bits)
{
    *t = (struct kvx_table){
        .segment_bits = segment_bits, .element_size = (uint32_t)element_size, .purpose = purpose};
}

static size_t segment_size(const struct kvx_table *t)
{
    return ((size_t)t->element_size << t->segment_bits) + LINE;
}

/* The directory holds two arrays: the aligned segments, then what the allocator returned for them. */
static size_t directory_size(uint32_t cap)
{
    return (size_t)cap * 2 * sizeof(void *);
}

void kvx_table_fini(struct kvx_table *t, struct kvx_memory *m)
{
    void **directory = atomic_load_explicit(&t->directory, memory_order_relaxed);
    for (uint32_t i = 0; i < t->segments; i++)
        kvx_block_free(m, t->purpose, directory[t->directory_cap + i], segment_size(t));
    kvx_block_free(m, t->purpose, directory, directory_size(t->directory_cap));
}

static int grow_directory(struct kvx_table *t, struct kvx_memory *m, struct kvx_retire *retire)
{
    uint32_t cap = t->directory_cap ? t->directory_cap * 2 : 8;
    void **old = atomic_load_explicit(&t->directory, memory_order_relaxed);
    if (old && kvx_retire_reserve(retire, m, 1))
        return KVX_NOMEM;
    void **directory = kvx_block_zeroed(m, t->purpose, directory_size(cap));
    if (!directory)
        return KVX_NOMEM;
    if (old) {
        memcpy(directory, old, t->segments * sizeof(void *));
        memcpy(directory + cap, old + t->directory_cap, t->segments * sizeof(void *));
    }
    atomic_store_explicit(&t->directory, directory, memory_order_release);
    if (old)
        kvx_retire_block(retire, t->purpose, old, directory_size(t->directory_cap));
    t->directory_cap = cap;
    return KVX_OK;
}

int kvx_table_reserve(struct kvx_table *t, struct kvx_memory *m, struct kvx_retire *retire)
{
    if (t->count < t->segments << t->segment_bits)
        return KVX_OK;
    if (t->segments == t->directory_cap && grow_directory(t, m, retire))
        return KVX_NOMEM;
    void *memory = kvx_block_zeroed(m, t->purpose, segment_size(t));
    if (!memory)
        return KVX_NOMEM;
    void **directory = atomic_load_explicit(&t->directory, memory_order_relaxed);
    directory[t->segments] = (char *)memory + (LINE - (uintptr_t)memory % LINE);
    directory[t->directory_cap + t->segments] = memory;
    t->segments++;
    return KVX_OK;
}
