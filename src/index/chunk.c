#include "chunk.h"

#include "naming.h"
#include "sequence.h"

#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { CELL_BYTES = 2 * sizeof(uint64_t) };

/* These two stop before the group of words that holds the first difference, or at the last whole group. */
static unsigned common_words(const uint64_t *a, const uint64_t *b, unsigned n)
{
    unsigned i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t differs = 0;
        for (unsigned k = 0; k < 8; k++)
            differs |= a[i + k] ^ b[i + k];
        if (differs)
            break;
    }
    return i;
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static unsigned common_avx2(const uint64_t *a, const uint64_t *b, unsigned n)
{
    unsigned i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256i *x = (const __m256i *)(const void *)(a + i),
                      *y = (const __m256i *)(const void *)(b + i);
        __m256i first = _mm256_xor_si256(_mm256_loadu_si256(x), _mm256_loadu_si256(y));
        __m256i second = _mm256_xor_si256(_mm256_loadu_si256(x + 1), _mm256_loadu_si256(y + 1));
        __m256i differs = _mm256_or_si256(first, second);
        if (!_mm256_testz_si256(differs, differs))
            break;
    }
    return i;
}
#endif

unsigned kvx_common(const uint64_t *a, const uint64_t *b, unsigned n)
{
#ifdef __x86_64__
    unsigned i = __builtin_cpu_supports("avx2") ? common_avx2(a, b, n) : common_words(a, b, n);
#else
    unsigned i = common_words(a, b, n);
#endif
    while (i < n && a[i] == b[i])
        i++;
    return i;
}

/* Cells come in the memory's size classes: as many blocks as fit into the class. */
static unsigned cap_for(unsigned blocks)
{
    return (unsigned)(kvx_cell_size(blocks * CELL_BYTES) / CELL_BYTES);
}

int kvx_chunk_new(struct kvx_index *ix, uint32_t parent, unsigned offset, unsigned blocks, uint32_t *out)
{
    if (!ix->free_chunks &&
        (ix->chunks.count == KVX_CHUNK_IDS_MAX || kvx_table_reserve(&ix->chunks, &ix->memory, &ix->retire)))
        return KVX_NOMEM;
    unsigned cap = cap_for(blocks);
    uint64_t *cells = kvx_twin_alloc(&ix->memory, KVX_FOR_COLUMNS, cap * CELL_BYTES);
    if (!cells)
        return KVX_NOMEM;
    uint32_t id = ix->free_chunks;
    if (id)
        ix->free_chunks = kvx_chunk_at(ix, id)->link;
    else
        id = ix->chunks.count++;
    struct kvx_chunk *c = kvx_chunk_at(ix, id);
    atomic_store_explicit(&c->cells, cells, memory_order_relaxed);
    atomic_store_explicit(&c->holders, NULL, memory_order_relaxed);
    atomic_store_explicit(&c->only_mask, 0, memory_order_relaxed);
    atomic_store_explicit(&c->len, 0, memory_order_relaxed);
    c->only_holder = KVX_NO_HOLDER;
    c->parent = parent;
    c->parent_offset = (uint8_t)offset;
    c->cap = (uint8_t)cap;
    c->secondary = false;
    c->remembered = false;
    c->first_child = KVX_CHUNK_BLOCKS;
    c->children = c->live = c->link = 0;
    atomic_store_explicit(&c->next, 0, memory_order_relaxed);
    c->serial = ++ix->next_serial;
    ix->chunk_count++;
    *out = id;
    return KVX_OK;
}

void kvx_chunk_publish(struct kvx_index *ix, uint32_t id)
{
    struct kvx_chunk *c = kvx_chunk_at(ix, id);
    kvx_child_add(&ix->children, c->parent, c->parent_offset, kvx_locals(c)[0], id);
    if (kvx_sequence_on(ix))
        kvx_sequence_publish(ix, id);
    struct kvx_chunk *parent = kvx_chunk_at(ix, c->parent);
    parent->children++;
    /* release: a reader that finds the chunk so sees its header and cells */
    if (c->parent_offset == KVX_CHUNK_BLOCKS - 1)
        atomic_store_explicit(&parent->next, id, memory_order_release);
    if (c->parent_offset < parent->first_child)
        parent->first_child = c->parent_offset;
}

int kvx_chunk_grow(struct kvx_index *ix, struct kvx_chunk *c, unsigned blocks)
{
    if (blocks <= c->cap)
        return KVX_OK;
    unsigned cap = cap_for(blocks), len = kvx_chunk_len(c);
    if (kvx_retire_reserve(&ix->retire, &ix->memory, 1))
        return KVX_NOMEM;
    uint64_t *cells = kvx_twin_alloc(&ix->memory, KVX_FOR_COLUMNS, cap * CELL_BYTES);
    if (!cells)
        return KVX_NOMEM;
    uint64_t *old = kvx_locals(c);
    memcpy(cells, old, len * sizeof(*cells));
    memcpy(cells + KVX_TWIN_DISTANCE / sizeof(*cells), kvx_engines(c), len * sizeof(*cells));
    atomic_store_explicit(&c->cells, cells, memory_order_release);
    kvx_retire_twin(&ix->retire, KVX_FOR_COLUMNS, old, c->cap * CELL_BYTES);
    c->cap = (uint8_t)cap;
    return KVX_OK;
}

uint64_t kvx_chunk_append(struct kvx_index *ix, uint32_t id, const struct kvx_cells *cells)
{
    struct kvx_chunk *c = kvx_chunk_at(ix, id);
    unsigned len = kvx_chunk_len(c), count = cells->count;
    memcpy(kvx_locals(c) + len, cells->local, count * sizeof(uint64_t));
    memcpy(kvx_engines(c) + len, cells->engine, count * sizeof(uint64_t));
    const struct kvx_map_run run = {cells->engine, count, cells->more, cells->warm};
    uint64_t taken = kvx_map_put_run(ix, &ix->map, &run, KVX_POS(id, len)) << len;
    if (kvx_sequence_on(ix))
        kvx_sequence_append(ix, id, len, count);
    c->secondary |= taken != 0;
    ix->positions += count;
    atomic_store_explicit(&c->len, (uint8_t)(len + count), memory_order_release);
    return taken;
}

static void unlink_chunk(struct kvx_index *ix, uint32_t id, struct kvx_chunk *c)
{
    unsigned len = kvx_chunk_len(c);
    const uint64_t *engine = kvx_engines(c);
    for (unsigned i = 0; i < len; i++)
        kvx_map_prefetch(&ix->map, engine[i]);
    for (unsigned i = 0; i < len; i++)
        kvx_map_erase(&ix->map, engine[i], KVX_POS(id, i));
    if (c->remembered)
        kvx_names_forget_chunk(ix, id);
    if (kvx_sequence_on(ix))
        kvx_sequence_forget(ix, id);
    kvx_child_remove(&ix->children, c->parent, c->parent_offset, kvx_locals(c)[0], id);
    struct kvx_chunk *parent = kvx_chunk_at(ix, c->parent);
    /* relaxed: as for the child tables */
    if (atomic_load_explicit(&parent->next, memory_order_relaxed) == id)
        atomic_store_explicit(&parent->next, 0, memory_order_relaxed);
    c->serial = 0;
    c->link = ix->dying_chunks;
    ix->dying_chunks = id;
    ix->chunk_count--;
    ix->positions -= len;
}

void kvx_chunk_reclaim(struct kvx_index *ix, uint32_t id)
{
    while (id) {
        struct kvx_chunk *c = kvx_chunk_at(ix, id);
        if (c->live || c->children)
            return;
        unlink_chunk(ix, id, c);
        id = c->parent;
        kvx_chunk_at(ix, id)->children--;
    }
}

void kvx_chunks_free(struct kvx_index *ix, uint32_t first)
{
    while (first) {
        struct kvx_chunk *c = kvx_chunk_at(ix, first);
        uint32_t next = c->link;
        struct kvx_holders *h = atomic_load_explicit(&c->holders, memory_order_relaxed);
        kvx_twin_free(&ix->memory, KVX_FOR_COLUMNS, kvx_locals(c), c->cap * CELL_BYTES);
        if (h)
            kvx_cell_free(&ix->memory, KVX_FOR_HOLDERS, h, kvx_holders_size(h->cap));
        atomic_store_explicit(&c->holders, NULL, memory_order_relaxed); /* a stale name may still lead here */
        c->only_holder = KVX_NO_HOLDER;
        c->link = ix->free_chunks;
        ix->free_chunks = first;
        first = next;
    }
}
