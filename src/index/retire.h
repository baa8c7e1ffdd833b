/* What the writer has unlinked and readers may still see: memory, and ids that must not be used again yet.
 *
 * Items wait in order. kvx_retire_seal, at the end of a writer's turn, gives the turn's items one tag;
 * kvx_retire_poll frees what no reader can see any more. Nothing here waits. All under the writer lock.
 */
#ifndef INDEX_RETIRE_H
#define INDEX_RETIRE_H

#include "base/err.h"
#include "index/rcu.h"
#include "memory.h"

#include <stdbool.h>

enum kvx_retired_kind {
    KVX_RETIRED_BLOCK,
    KVX_RETIRED_CELL,
    KVX_RETIRED_TWIN,
    KVX_RETIRED_CHUNKS,
    KVX_RETIRED_SLOTS,
    KVX_RETIRED_WORKERS
};

struct kvx_retired {
    uint64_t tag; /* 0: not sealed yet */
    void *p;      /* blocks, cells and twins */
    size_t size;
    uint32_t first; /* ids: head of a list through the objects' link fields */
    uint8_t kind, purpose;
};

struct kvx_retire {
    struct kvx_retired *items; /* items[head..tail) wait, oldest first */
    size_t head, tail, cap;
    size_t sealed; /* items before this index have a tag */
};

void kvx_retire_fini(struct kvx_retire *, struct kvx_memory *);
/* Room for n more items, so that the calls below cannot fail. */
int kvx_retire_reserve(struct kvx_retire *, struct kvx_memory *, size_t n) KVX_MUST_CHECK;
void kvx_retire_block(struct kvx_retire *, enum kvx_purpose, void *p, size_t size);
void kvx_retire_cell(struct kvx_retire *, enum kvx_purpose, void *p, size_t size);
void kvx_retire_twin(struct kvx_retire *, enum kvx_purpose, void *p, size_t size);
void kvx_retire_ids(struct kvx_retire *, enum kvx_retired_kind, uint32_t first);

void kvx_retire_seal(struct kvx_retire *, struct kvx_rcu *);
/* Takes the oldest item if its tag is below `passed`. */
bool kvx_retire_pop(struct kvx_retire *, uint64_t passed, struct kvx_retired *out);

#endif /* INDEX_RETIRE_H */
