#include "retire.h"

#include <string.h>

void kvx_retire_fini(struct kvx_retire *r, struct kvx_memory *m)
{
    kvx_block_free(m, KVX_FOR_OTHER, r->items, r->cap * sizeof(*r->items));
    *r = (struct kvx_retire){0};
}

int kvx_retire_reserve(struct kvx_retire *r, struct kvx_memory *m, size_t n)
{
    if (r->cap - r->tail >= n)
        return KVX_OK;
    size_t waiting = r->tail - r->head;
    if (r->head >= n && r->head >= r->cap / 2) {
        memmove(r->items, r->items + r->head, waiting * sizeof(*r->items));
    } else {
        size_t cap = r->cap ? r->cap * 2 : 64;
        while (cap - waiting < n)
            cap *= 2;
        struct kvx_retired *items = kvx_block_alloc(m, KVX_FOR_OTHER, cap * sizeof(*items));
        if (!items)
            return KVX_NOMEM;
        if (waiting)
            memcpy(items, r->items + r->head, waiting * sizeof(*items));
        kvx_block_free(m, KVX_FOR_OTHER, r->items, r->cap * sizeof(*items));
        r->items = items;
        r->cap = cap;
    }
    r->sealed -= r->head;
    r->tail = waiting;
    r->head = 0;
    return KVX_OK;
}

void kvx_retire_block(struct kvx_retire *r, enum kvx_purpose purpose, void *p, size_t size)
{
    r->items[r->tail++] =
        (struct kvx_retired){.p = p, .size = size, .kind = KVX_RETIRED_BLOCK, .purpose = (uint8_t)purpose};
}

void kvx_retire_cell(struct kvx_retire *r, enum kvx_purpose purpose, void *p, size_t size)
{
    r->items[r->tail++] =
        (struct kvx_retired){.p = p, .size = size, .kind = KVX_RETIRED_CELL, .purpose = (uint8_t)purpose};
}

void kvx_retire_twin(struct kvx_retire *r, enum kvx_purpose purpose, void *p, size_t size)
{
    r->items[r->tail++] =
        (struct kvx_retired){.p = p, .size = size, .kind = KVX_RETIRED_TWIN, .purpose = (uint8_t)purpose};
}

void kvx_retire_ids(struct kvx_retire *r, enum kvx_retired_kind kind, uint32_t first)
{
    r->items[r->tail++] = (struct kvx_retired){.first = first, .kind = (uint8_t)kind};
}

void kvx_retire_seal(struct kvx_retire *r, struct kvx_rcu *rcu)
{
    if (r->sealed == r->tail)
        return;
    uint64_t tag = kvx_rcu_tag(rcu);
    while (r->sealed < r->tail)
        r->items[r->sealed++].tag = tag;
}

bool kvx_retire_pop(struct kvx_retire *r, uint64_t passed, struct kvx_retired *out)
{
    if (r->head == r->sealed || r->items[r->head].tag >= passed)
        return false;
    *out = r->items[r->head++];
    if (r->head == r->tail)
        r->head = r->tail = r->sealed = 0;
    return true;
}
