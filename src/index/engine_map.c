#include "chunk.h"
#include "mix.h"

enum { POS_BITS = 38, TAG_BITS = 26, REGIONS = 16, REGION_MIN = 64 };
#define POS_MASK (((uint64_t)1 << POS_BITS) - 1)
#define TAG_MASK (((uint64_t)1 << TAG_BITS) - 1)

static uint64_t hash_of(const struct kvx_engine_map *m, uint64_t key)
{
    return kvx_mix(key) & m->mask;
}

static uint64_t tag_of(uint64_t hash)
{
    return hash >> 34 & TAG_MASK;
}

static uint64_t home_in(uint64_t region, uint64_t top, uint64_t tag)
{
    return top * region + (tag * region >> TAG_BITS);
}

/* Where the slot at `at` wants to be. An entry stands less than a region behind its home (put sees to it), so
 * its top bits are those of the region it stands in or of the one before. `standing` is at / region. */
static uint64_t home_of(uint64_t region, uint64_t slot, uint64_t at, uint64_t standing, uint64_t *top)
{
    uint64_t tag = slot >> POS_BITS;
    *top = standing;
    uint64_t home = home_in(region, standing, tag);
    if (home <= at)
        return home;
    *top = (standing + REGIONS - 1) % REGIONS;
    return home_in(region, *top, tag);
}

void kvx_map_fini(struct kvx_index *ix)
{
    struct kvx_engine_map *m = &ix->map;
    kvx_block_free(&ix->memory, KVX_FOR_MAP, m->slots, m->region * REGIONS * sizeof(*m->slots));
    m->slots = NULL;
    m->region = m->count = 0;
}

/* Moves every slot into `slots`; false when one would stand a region or more behind its home. */
static bool move_all(const struct kvx_engine_map *m, uint64_t *slots, uint64_t region)
{
    uint64_t size = region * REGIONS;
    uint64_t at = 0;
    for (uint64_t standing = 0; standing < REGIONS; standing++) {
        for (uint64_t end = at + m->region; at < end; at++) {
            uint64_t slot = m->slots[at];
            if (!slot)
                continue;
            uint64_t top;
            home_of(m->region, slot, at, standing, &top);
            uint64_t home = home_in(region, top, slot >> POS_BITS), to = home;
            while (slots[to])
                to = to + 1 == size ? 0 : to + 1;
            if ((to >= home ? to - home : to + size - home) >= region)
                return false;
            slots[to] = slot;
        }
    }
    return true;
}

static int grow(struct kvx_index *ix, uint64_t region)
{
    struct kvx_engine_map *m = &ix->map;
    for (;;) {
        if (region > UINT32_MAX)
            return KVX_NOMEM;
        size_t bytes = (size_t)region * REGIONS * sizeof(*m->slots);
        uint64_t *slots = kvx_block_zeroed(&ix->memory, KVX_FOR_MAP, bytes);
        if (!slots)
            return KVX_NOMEM;
        if (!m->slots || move_all(m, slots, region)) {
            kvx_block_free(&ix->memory, KVX_FOR_MAP, m->slots, m->region * REGIONS * sizeof(*m->slots));
            m->slots = slots;
            m->region = region;
            return KVX_OK;
        }
        kvx_block_free(&ix->memory, KVX_FOR_MAP, slots, bytes);
        region *= 2;
    }
}

int kvx_map_reserve(struct kvx_index *ix, size_t n)
{
    struct kvx_engine_map *m = &ix->map;
    uint64_t want = m->count + n;
    if (want <= m->region * (REGIONS * 13 / 16))
        return KVX_OK;
    uint64_t region = m->region ? m->region : REGION_MIN;
    while (want > region * (REGIONS * 13 / 16))
        region += (region / 3 + 7) & ~(uint64_t)7;
    return grow(ix, region);
}

uint64_t kvx_map_find(const struct kvx_index *ix, uint64_t key)
{
    const struct kvx_engine_map *m = &ix->map;
    if (!m->count)
        return 0;
    uint64_t hash = hash_of(m, key), tag = tag_of(hash), size = m->region * REGIONS;
    for (uint64_t i = home_in(m->region, hash >> 60, tag);;) {
        uint64_t slot = m->slots[i];
        if (!slot)
            return 0;
        if (slot >> POS_BITS == tag && kvx_engine_at(ix, slot & POS_MASK) == key)
            return slot & POS_MASK;
        i = i + 1 == size ? 0 : i + 1;
    }
}

uint64_t kvx_map_put(struct kvx_index *ix, uint64_t key, uint64_t pos)
{
    struct kvx_engine_map *m = &ix->map;
    uint64_t hash = hash_of(m, key), tag = tag_of(hash);
    for (;;) {
        uint64_t size = m->region * REGIONS;
        uint64_t i = home_in(m->region, hash >> 60, tag), moved = 0;
        for (; m->slots[i]; moved++) {
            uint64_t slot = m->slots[i];
            if (slot >> POS_BITS == tag && kvx_engine_at(ix, slot & POS_MASK) == key)
                return slot & POS_MASK;
            i = i + 1 == size ? 0 : i + 1;
        }
        if (moved < m->region) {
            m->slots[i] = tag << POS_BITS | pos;
            m->count++;
            return 0;
        }
        if (grow(ix, m->region * 2))
            return KVX_MAP_NONE;
    }
}

void kvx_map_erase(struct kvx_index *ix, uint64_t key, uint64_t pos)
{
    struct kvx_engine_map *m = &ix->map;
    if (!m->count)
        return;
    uint64_t hash = hash_of(m, key), wanted = tag_of(hash) << POS_BITS | pos, size = m->region * REGIONS;
    uint64_t hole = home_in(m->region, hash >> 60, tag_of(hash));
    while (m->slots[hole] != wanted) {
        if (!m->slots[hole])
            return;
        hole = hole + 1 == size ? 0 : hole + 1;
    }
    m->count--;
    uint64_t at = hole, standing = at / m->region, end = (standing + 1) * m->region, top;
    for (;;) {
        m->slots[hole] = 0;
        uint64_t home;
        do {
            if (++at == end) {
                standing = (standing + 1) % REGIONS;
                at = standing * m->region;
                end = at + m->region;
            }
            if (!m->slots[at])
                return;
            home = home_of(m->region, m->slots[at], at, standing, &top);
        } while (hole <= at ? hole < home && home <= at : hole < home || home <= at);
        m->slots[hole] = m->slots[at];
        hole = at;
    }
}

void kvx_map_prefetch(const struct kvx_index *ix, uint64_t key)
{
    const struct kvx_engine_map *m = &ix->map;
    uint64_t hash = hash_of(m, key);
    __builtin_prefetch(&m->slots[home_in(m->region, hash >> 60, tag_of(hash))], 1);
}

bool kvx_map_valid(const struct kvx_index *ix)
{
    const struct kvx_engine_map *m = &ix->map;
    uint64_t n = 0;
    for (uint64_t at = 0; at < m->region * REGIONS; at++) {
        uint64_t pos = m->slots[at] & POS_MASK;
        if (!m->slots[at])
            continue;
        struct kvx_chunk *c =
            KVX_POS_CHUNK(pos) < ix->chunks.count ? kvx_chunk_at(ix, KVX_POS_CHUNK(pos)) : NULL;
        if (!c || !c->serial || KVX_POS_OFFSET(pos) >= kvx_chunk_len(c) ||
            kvx_map_find(ix, kvx_engine_at(ix, pos)) != pos)
            return false;
        n++;
    }
    return n == m->count;
}
