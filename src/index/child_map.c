#include "chunk.h"
#include "mix.h"
#include "sequence.h"

enum { TABLE_MIN = 64 };
#define REMOVED ((uint64_t)1 << 32)

static uint64_t hash_of(const struct kvx_child_map *m, uint32_t parent, unsigned offset, uint64_t first)
{
    return (kvx_mix(first ^ kvx_mix(KVX_POS(parent, offset) + 1)) & m->mask) >> 32;
}

static uint64_t home_in(const struct kvx_child_table *t, uint64_t hash)
{
    return hash * t->size >> 32;
}

static size_t table_bytes(uint64_t size)
{
    return sizeof(struct kvx_child_table) + (size_t)size * sizeof(uint64_t);
}

static struct kvx_child_table *current(const struct kvx_child_map *m)
{
    /* acquire: pairs with the release in kvx_child_reserve, so that the copied slots are visible */
    return atomic_load_explicit(&m->table, memory_order_acquire);
}

void kvx_child_fini(struct kvx_index *ix, struct kvx_child_map *m)
{
    struct kvx_child_table *t = current(m);
    if (t)
        kvx_block_free(&ix->memory, m->purpose, t, table_bytes(t->size));
    atomic_store_explicit(&m->table, NULL, memory_order_relaxed);
    m->live = m->used = 0;
}

static void put(struct kvx_child_table *t, uint64_t slot)
{
    uint64_t i = home_in(t, slot >> 32);
    while ((uint32_t)atomic_load_explicit(&t->slots[i], memory_order_relaxed))
        i = i + 1 == t->size ? 0 : i + 1;
    /* release: a reader that finds the chunk sees its header and cells */
    atomic_store_explicit(&t->slots[i], slot, memory_order_release);
}

int kvx_child_reserve(struct kvx_index *ix, struct kvx_child_map *m)
{
    struct kvx_child_table *old = current(m);
    if (old && m->used + 1 <= old->size - old->size / 4)
        return KVX_OK;
    if (kvx_retire_reserve(&ix->retire, &ix->memory, 1))
        return KVX_NOMEM;
    uint64_t size = m->live * 9 / 5 > TABLE_MIN ? m->live * 9 / 5 : TABLE_MIN;
    struct kvx_child_table *t = kvx_block_zeroed(&ix->memory, m->purpose, table_bytes(size));
    if (!t)
        return KVX_NOMEM;
    t->size = size;
    for (uint64_t i = 0; old && i < old->size; i++) {
        uint64_t slot = atomic_load_explicit(&old->slots[i], memory_order_relaxed);
        if ((uint32_t)slot)
            put(t, slot);
    }
    atomic_store_explicit(&m->table, t, memory_order_release);
    m->used = m->live;
    if (old)
        kvx_retire_block(&ix->retire, m->purpose, old, table_bytes(old->size));
    return KVX_OK;
}

static bool is_child(const struct kvx_index *ix, const struct kvx_child_map *m, uint32_t id, uint64_t pos,
                     uint64_t first, uint64_t above)
{
    const struct kvx_chunk *c = kvx_chunk_at(ix, id);
    __builtin_prefetch(c + 1); /* mostly the chunk that follows this one: created right after it */
    if (KVX_POS(c->parent, c->parent_offset) != pos)
        return false;
    uint64_t local = kvx_locals(c)[0];
    return first == (m->sequence ? kvx_sequence_after(pos, above, local) : local);
}

uint32_t kvx_child_find(const struct kvx_index *ix, const struct kvx_child_map *m, uint32_t parent,
                        unsigned offset, uint64_t first, uint64_t above)
{
    uint32_t next = kvx_chunk_next(ix, parent, offset);
    if (next && is_child(ix, m, next, KVX_POS(parent, offset), first, above))
        return next;
    const struct kvx_child_table *t = current(m);
    if (!t)
        return 0;
    uint64_t hash = hash_of(m, parent, offset, first);
    for (uint64_t i = home_in(t, hash);;) {
        uint64_t slot = atomic_load_explicit(&t->slots[i], memory_order_acquire);
        if (!slot)
            return 0;
        if (slot >> 32 == hash && (uint32_t)slot &&
            is_child(ix, m, (uint32_t)slot, KVX_POS(parent, offset), first, above))
            return (uint32_t)slot;
        i = i + 1 == t->size ? 0 : i + 1;
    }
}

void kvx_child_prefetch(const struct kvx_child_map *m, uint32_t parent, unsigned offset, uint64_t first)
{
    const struct kvx_child_table *t = current(m);
    if (t)
        __builtin_prefetch(&t->slots[home_in(t, hash_of(m, parent, offset, first))]);
}

uint32_t kvx_child_guess(const struct kvx_index *ix, const struct kvx_child_map *m, uint32_t parent,
                         unsigned offset, uint64_t first)
{
    const struct kvx_child_table *t = current(m);
    if (!t)
        return 0;
    uint64_t hash = hash_of(m, parent, offset, first), at = home_in(t, hash);
    for (unsigned i = 0; i < 4 && at < t->size; i++, at++) {
        uint64_t slot = atomic_load_explicit(&t->slots[at], memory_order_acquire);
        if (slot >> 32 != hash || !(uint32_t)slot)
            continue;
        const struct kvx_chunk *c = kvx_chunk_at(ix, (uint32_t)slot);
        __builtin_prefetch(c);
        __builtin_prefetch(c + 1);
        return (uint32_t)slot;
    }
    return 0;
}

void kvx_child_add(struct kvx_child_map *m, uint32_t parent, unsigned offset, uint64_t first, uint32_t chunk)
{
    struct kvx_child_table *t = current(m);
    uint64_t hash = hash_of(m, parent, offset, first);
    uint64_t i = home_in(t, hash), slot;
    while ((uint32_t)(slot = atomic_load_explicit(&t->slots[i], memory_order_relaxed)))
        i = i + 1 == t->size ? 0 : i + 1;
    /* release: as in put */
    atomic_store_explicit(&t->slots[i], hash << 32 | chunk, memory_order_release);
    m->live++;
    m->used += slot != REMOVED;
}

void kvx_child_remove(struct kvx_child_map *m, uint32_t parent, unsigned offset, uint64_t first,
                      uint32_t chunk)
{
    struct kvx_child_table *t = current(m);
    uint64_t i = home_in(t, hash_of(m, parent, offset, first));
    while ((uint32_t)atomic_load_explicit(&t->slots[i], memory_order_relaxed) != chunk)
        i = i + 1 == t->size ? 0 : i + 1;
    /* relaxed: a reader that still finds the chunk finds nothing held in it; its memory waits for it */
    atomic_store_explicit(&t->slots[i], REMOVED, memory_order_relaxed);
    m->live--;
}
