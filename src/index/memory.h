/* Memory of one index: exact accounting by purpose, and small cells in size classes without a header per
 * cell.
 *
 * All functions run under the index's writer lock. Freed cells go back to their class, blocks to the
 * allocator; a class keeps its slabs until the index is freed.
 */
#ifndef INDEX_MEMORY_H
#define INDEX_MEMORY_H

#include "base/alloc.h"

#include <stdint.h>

enum kvx_purpose {
    KVX_FOR_COLUMNS,
    KVX_FOR_HOLDERS,
    KVX_FOR_MAP,
    KVX_FOR_CHILDREN,
    KVX_FOR_OVERLAY,
    KVX_FOR_PENDING,
    KVX_FOR_SEQUENCE,
    KVX_FOR_OTHER,
    KVX_PURPOSES
};

enum { KVX_CELL_CLASSES = 16, KVX_CELL_MAX = 1024 };

struct kvx_cell_class {
    void *free;       /* a list through the first word of each free cell */
    char *next, *end; /* the rest of the newest slab */
    size_t slab_bytes;
};

struct kvx_twin_class {
    void *free;
    char *next, *end; /* the rest of a page of first halves; the page of their second halves is behind it */
    char *slab_end;
    size_t slab_bytes;
};

struct kvx_memory {
    const struct kvx_allocator *allocator;
    uint64_t total;              /* bytes taken from the allocator */
    uint64_t used[KVX_PURPOSES]; /* blocks and cells in use; the rest of `total` is slab slack */
    struct kvx_cell_class classes[KVX_CELL_CLASSES];
    struct kvx_twin_class twins[KVX_CELL_CLASSES];
    struct kvx_slab *slabs;
};

void kvx_memory_init(struct kvx_memory *, const struct kvx_allocator *);
void kvx_memory_fini(struct kvx_memory *); /* frees the slabs; blocks must be freed before */

/* Blocks. Large ones ask the kernel for huge pages. NULL when out of memory. */
void *kvx_block_alloc(struct kvx_memory *, enum kvx_purpose, size_t size);
void *kvx_block_zeroed(struct kvx_memory *, enum kvx_purpose, size_t size);
void *kvx_block_resize(struct kvx_memory *, enum kvx_purpose, void *p, size_t old_size, size_t new_size);
void kvx_block_free(struct kvx_memory *, enum kvx_purpose, void *p, size_t size);

/* Cells: 16-byte aligned, of exactly the size that kvx_cell_size gives for the wanted one. Sizes above
 * KVX_CELL_MAX become blocks. Free with the size that was asked for. */
size_t kvx_cell_size(size_t size);
void *kvx_cell_alloc(struct kvx_memory *, enum kvx_purpose, size_t size);
void kvx_cell_free(struct kvx_memory *, enum kvx_purpose, void *p, size_t size);

/* Twins: two halves of `size / 2` bytes, KVX_TWIN_DISTANCE bytes apart; 8-byte aligned. So what is read
 * together, the first halves of cells that follow each other, stands together. `size` is kvx_cell_size of the
 * wanted one, at most KVX_CELL_MAX. Freed with the size that was asked for. */
enum { KVX_TWIN_DISTANCE = 4608 }; /* not a multiple of 4096: the halves then compete for cache sets */
void *kvx_twin_alloc(struct kvx_memory *, enum kvx_purpose, size_t size);
void kvx_twin_free(struct kvx_memory *, enum kvx_purpose, void *p, size_t size);

#endif /* INDEX_MEMORY_H */
