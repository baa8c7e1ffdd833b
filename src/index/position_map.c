#include "chunk.h"
#include "mix.h"
#include "sequence.h"

#include <string.h>

enum { POS_BITS = 34, TAG_BITS = 30, SIZE_MIN = 1024, SPARE = 256 };
#define POS_MASK (((uint64_t)1 << POS_BITS) - 1)

static_assert(KVX_CHUNK_IDS_MAX <= (uint64_t)1 << (POS_BITS - 6), "a position fits into a slot");

static uint64_t tag_of(const struct kvx_position_map *m, uint64_t hash)
{
    return (kvx_mix(hash) & m->mask) >> POS_BITS;
}

static uint64_t home_of(uint64_t size, uint64_t tag)
{
    return tag * size >> TAG_BITS;
}

static size_t bytes_of(uint64_t size)
{
    return (size_t)(size + SPARE) * sizeof(uint64_t);
}

void kvx_map_fini(struct kvx_index *ix, struct kvx_position_map *m)
{
    if (m->slots)
        kvx_block_free(&ix->memory, m->purpose, m->slots, bytes_of(m->size));
    m->slots = NULL;
    m->size = m->count = 0;
}

/* Slots are in order of their tags, so each goes to its new home or right behind the one before. */
static bool move_all(const struct kvx_position_map *m, uint64_t *slots, uint64_t size)
{
    uint64_t next = 0;
    for (uint64_t at = 0; m->slots && at < m->size + SPARE; at++) {
        uint64_t slot = m->slots[at];
        if (!slot)
            continue;
        uint64_t home = home_of(size, slot >> POS_BITS);
        next = home > next ? home : next;
        if (next >= size + SPARE - 1)
            return false;
        slots[next++] = slot;
    }
    return true;
}

static int grow(struct kvx_index *ix, struct kvx_position_map *m, uint64_t size)
{
    for (; size <= (uint64_t)1 << TAG_BITS; size *= 2) {
        uint64_t *slots = kvx_block_zeroed(&ix->memory, m->purpose, bytes_of(size));
        if (!slots)
            return KVX_NOMEM;
        if (move_all(m, slots, size)) {
            if (m->slots)
                kvx_block_free(&ix->memory, m->purpose, m->slots, bytes_of(m->size));
            m->slots = slots;
            m->size = size;
            return KVX_OK;
        }
        kvx_block_free(&ix->memory, m->purpose, slots, bytes_of(size));
    }
    return KVX_NOMEM;
}

/* At most 13 of 16 slots are used. */
int kvx_map_reserve(struct kvx_index *ix, struct kvx_position_map *m, size_t n)
{
    uint64_t want = m->count + n;
    if (want <= m->size / 16 * 13)
        return KVX_OK;
    uint64_t size = m->size ? m->size : SIZE_MIN;
    while (want > size / 16 * 13)
        size += size / 4;
    return grow(ix, m, size);
}

/* The first slot that is empty or has this tag or a larger one. */
static uint64_t first_of(const struct kvx_position_map *m, uint64_t tag)
{
    uint64_t i = home_of(m->size, tag);
    while (m->slots[i] && m->slots[i] >> POS_BITS < tag)
        i++;
    return i;
}

static uint64_t hash_at(const struct kvx_index *ix, const struct kvx_position_map *m, uint64_t pos)
{
    return m->sequence ? kvx_sequence_at(ix, pos) : kvx_engine_at(ix, pos);
}

/* The position of a slot from `*i` on with this tag and this hash, or 0; `*i` is then behind the slots of the
 * tag. */
static inline uint64_t verified(const struct kvx_index *ix, const struct kvx_position_map *m, uint64_t tag,
                                uint64_t hash, uint64_t *i)
{
    for (; m->slots[*i] && m->slots[*i] >> POS_BITS == tag; ++*i) {
        uint64_t pos = m->slots[*i] & POS_MASK;
        if (hash_at(ix, m, pos) == hash)
            return pos;
    }
    return 0;
}

static __attribute__((noinline)) uint64_t find_sequence(const struct kvx_index *ix,
                                                        const struct kvx_position_map *m, uint64_t tag,
                                                        uint64_t hash, uint64_t i)
{
    return verified(ix, m, tag, hash, &i);
}

uint64_t kvx_map_find(const struct kvx_index *ix, const struct kvx_position_map *m, uint64_t hash)
{
    if (!m->count)
        return 0;
    uint64_t tag = tag_of(m, hash), i = first_of(m, tag);
    if (m->sequence) /* apart: events find engine hashes all the time, in registers alone */
        return find_sequence(ix, m, tag, hash, i);
    for (; m->slots[i] && m->slots[i] >> POS_BITS == tag; i++)
        if (kvx_engine_at(ix, m->slots[i] & POS_MASK) == hash)
            return m->slots[i] & POS_MASK;
    return 0;
}

uint64_t kvx_map_put(struct kvx_index *ix, struct kvx_position_map *m, uint64_t hash, uint64_t pos)
{
    uint64_t tag = tag_of(m, hash);
    for (;;) {
        uint64_t i = first_of(m, tag), found = verified(ix, m, tag, hash, &i), end = i;
        if (found)
            return found;
        while (m->slots[end])
            end++;
        if (end < m->size + SPARE - 1) {
            memmove(&m->slots[i + 1], &m->slots[i], (end - i) * sizeof(*m->slots));
            m->slots[i] = tag << POS_BITS | pos;
            m->count++;
            return 0;
        }
        if (grow(ix, m, m->size + m->size / 4))
            return KVX_MAP_NONE;
    }
}

bool kvx_map_erase(struct kvx_position_map *m, uint64_t hash, uint64_t pos)
{
    if (!m->count)
        return false;
    uint64_t tag = tag_of(m, hash), wanted = tag << POS_BITS | pos, i = first_of(m, tag);
    while (m->slots[i] && m->slots[i] >> POS_BITS == tag && m->slots[i] != wanted)
        i++;
    if (m->slots[i] != wanted)
        return false;
    m->count--;
    for (uint64_t slot; (slot = m->slots[i + 1]) && home_of(m->size, slot >> POS_BITS) <= i; i++)
        m->slots[i] = slot;
    m->slots[i] = 0;
    return true;
}

void kvx_map_prefetch(const struct kvx_position_map *m, uint64_t hash)
{
    if (m->slots)
        __builtin_prefetch(&m->slots[home_of(m->size, tag_of(m, hash))], 1);
}

bool kvx_map_valid(const struct kvx_index *ix, const struct kvx_position_map *m)
{
    uint64_t n = 0;
    for (uint64_t at = 0; m->slots && at < m->size + SPARE; at++) {
        uint64_t pos = m->slots[at] & POS_MASK;
        if (!m->slots[at])
            continue;
        struct kvx_chunk *c =
            KVX_POS_CHUNK(pos) < ix->chunks.count ? kvx_chunk_at(ix, KVX_POS_CHUNK(pos)) : NULL;
        if (!c || !c->serial || KVX_POS_OFFSET(pos) >= kvx_chunk_len(c) ||
            kvx_map_find(ix, m, hash_at(ix, m, pos)) != pos)
            return false;
        n++;
    }
    return n == m->count && (!m->slots || !m->slots[m->size + SPARE - 1]);
}
