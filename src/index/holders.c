#include "chunk.h"

enum { ENTRY_BYTES = sizeof(uint64_t) + sizeof(uint32_t), COMPACT_MIN = 8 };

size_t kvx_holders_size(uint32_t cap)
{
    return sizeof(struct kvx_holders) + (size_t)cap * ENTRY_BYTES;
}

static struct kvx_holders *list_of(const struct kvx_chunk *c)
{
    return atomic_load_explicit(&c->holders, memory_order_relaxed); /* the writer's own stores */
}

static void append(struct kvx_holders *h, uint32_t holder, uint64_t mask)
{
    uint32_t n = atomic_load_explicit(&h->count, memory_order_relaxed);
    uint32_t *ids = (uint32_t *)(void *)(h->masks + h->cap);
    atomic_store_explicit(&h->masks[n], mask, memory_order_relaxed);
    ids[n] = holder;
    atomic_store_explicit(&h->count, n + 1, memory_order_release);
}

uint32_t kvx_entry_count(const struct kvx_chunk *c)
{
    struct kvx_holders *h = list_of(c);
    if (h)
        return atomic_load_explicit(&h->count, memory_order_relaxed);
    return c->only_holder != KVX_NO_HOLDER;
}

uint32_t kvx_entry(struct kvx_chunk *c, uint32_t i, _Atomic uint64_t **mask)
{
    struct kvx_holders *h = list_of(c);
    *mask = h ? &h->masks[i] : &c->only_mask;
    return h ? kvx_holder_ids(h)[i] : c->only_holder;
}

_Atomic uint64_t *kvx_mask_find(const struct kvx_chunk *c, uint32_t holder)
{
    struct kvx_holders *h = list_of(c);
    if (!h)
        return c->only_holder == holder ? (_Atomic uint64_t *)(uintptr_t)&c->only_mask : NULL;
    const uint32_t *ids = kvx_holder_ids(h);
    uint32_t n = atomic_load_explicit(&h->count, memory_order_relaxed);
    for (uint32_t i = 0; i < n; i++)
        if (ids[i] == holder)
            return &h->masks[i];
    return NULL;
}

/* A fresh list with the present holders and room for `more`. Readers of the old one still see it as it is
 * now. */
static struct kvx_holders *rebuild(struct kvx_index *ix, struct kvx_chunk *c, uint32_t more)
{
    struct kvx_holders *old = list_of(c);
    uint32_t cap = c->live + more;
    cap = (uint32_t)((kvx_cell_size(kvx_holders_size(cap)) - sizeof(*old)) / ENTRY_BYTES);
    if (old && kvx_retire_reserve(&ix->retire, &ix->memory, 1))
        return NULL;
    struct kvx_holders *h = kvx_cell_alloc(&ix->memory, KVX_FOR_HOLDERS, kvx_holders_size(cap));
    if (!h)
        return NULL;
    atomic_init(&h->count, 0);
    h->cap = cap;
    uint32_t n = kvx_entry_count(c);
    for (uint32_t i = 0; i < n; i++) {
        _Atomic uint64_t *mask;
        uint32_t holder = kvx_entry(c, i, &mask);
        uint64_t bits = atomic_load_explicit(mask, memory_order_relaxed);
        if (bits)
            append(h, holder, bits);
    }
    atomic_store_explicit(&c->holders, h, memory_order_release);
    if (old)
        kvx_retire_cell(&ix->retire, KVX_FOR_HOLDERS, old, kvx_holders_size(old->cap));
    return h;
}

_Atomic uint64_t *kvx_mask_ensure(struct kvx_index *ix, struct kvx_chunk *c, uint32_t holder)
{
    _Atomic uint64_t *mask = kvx_mask_find(c, holder);
    if (mask)
        return mask;
    struct kvx_holders *h = list_of(c);
    if (!h && c->only_holder == KVX_NO_HOLDER) {
        c->only_holder = holder;
        return &c->only_mask;
    }
    if (!h || atomic_load_explicit(&h->count, memory_order_relaxed) == h->cap) {
        h = rebuild(ix, c, 1 + c->live / 4);
        if (!h)
            return NULL;
    }
    append(h, holder, 0);
    return &h->masks[atomic_load_explicit(&h->count, memory_order_relaxed) - 1];
}

void kvx_mask_set(struct kvx_chunk *c, _Atomic uint64_t *mask, uint64_t value)
{
    uint64_t before = atomic_load_explicit(mask, memory_order_relaxed);
    c->live += (before == 0) & (value != 0);
    c->live -= (before != 0) & (value == 0);
    /* release: a reader that sees the bits sees the holder's id and, through a worker's new holder, the old
     * one's death */
    atomic_store_explicit(mask, value, memory_order_release);
}

void kvx_holders_compact(struct kvx_index *ix, struct kvx_chunk *c)
{
    struct kvx_holders *h = list_of(c);
    if (!h || h->cap < COMPACT_MIN || c->live > h->cap / 4)
        return;
    (void)rebuild(ix, c, 1); /* without memory the list stays as it is, which costs space and nothing else */
}
