/* A growing array whose elements never move: readers index it while the writer adds segments.
 *
 * Ids are published with release stores elsewhere (child table, holder lists, slot count); a reader that
 * acquired an id loads the directory afterwards and therefore finds the id's segment in it. Elements start
 * zeroed, on cache lines.
 */
#ifndef INDEX_TABLE_H
#define INDEX_TABLE_H

#include "memory.h"

#include <stdatomic.h>

struct kvx_retire;

struct kvx_table {
    _Atomic(void **) directory; /* segments; the array is replaced as a whole when it grows */
    uint32_t directory_cap, segments;
    uint32_t segment_bits; /* log2 of the elements in a segment */
    uint32_t element_size;
    uint32_t count; /* ids handed out: 0 to count - 1 */
    enum kvx_purpose purpose;
};

void kvx_table_init(struct kvx_table *, enum kvx_purpose, size_t element_size, uint32_t segment_bits);
void kvx_table_fini(struct kvx_table *, struct kvx_memory *);
/* Makes sure that id `count` exists. The old directory is retired when it is replaced. */
int kvx_table_reserve(struct kvx_table *, struct kvx_memory *, struct kvx_retire *);

/* For many elements at once, whose ids are known before. */
static inline void **kvx_table_directory(const struct kvx_table *t)
{
    return atomic_load_explicit(&t->directory, memory_order_acquire);
}

static inline void *kvx_table_in(void **directory, uint32_t id, uint32_t segment_bits, size_t element_size)
{
    return (char *)directory[id >> segment_bits] + (id & ((1u << segment_bits) - 1)) * element_size;
}

static inline void *kvx_table_at(const struct kvx_table *t, uint32_t id, uint32_t segment_bits,
                                 size_t element_size)
{
    return kvx_table_in(kvx_table_directory(t), id, segment_bits, element_size);
}

#endif /* INDEX_TABLE_H */
