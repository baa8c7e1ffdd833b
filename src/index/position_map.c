#include "chunk.h"
#include "map_part.h"
#include "sequence.h"

enum { SLOTS = KVX_BUCKET_SLOTS };

static_assert(KVX_CHUNK_IDS_MAX <= (uint64_t)1 << (KVX_SLOT_POS_BITS - 6), "a position fits into a slot");

static uint64_t hash_at(const struct kvx_index *ix, const struct kvx_position_map *m, uint64_t pos)
{
    return m->sequence ? kvx_sequence_at(ix, pos) : kvx_engine_at(ix, pos);
}

/* The position of the slot among these that has the hash, or 0. */
static inline uint64_t verified(const struct kvx_index *ix, const struct kvx_position_map *m,
                                const uint64_t *bucket, struct kvx_bucket_bits bits, uint64_t hash)
{
    for (unsigned slots = bits.tagged & ~bits.empty; slots; slots &= slots - 1) {
        uint64_t pos = bucket[__builtin_ctz(slots)] & KVX_MAP_POS_MASK;
        if (hash_at(ix, m, pos) == hash)
            return pos;
    }
    return 0;
}

uint64_t kvx_map_find(const struct kvx_index *ix, const struct kvx_position_map *m, uint64_t hash)
{
    if (!m->count)
        return 0;
    uint64_t tag = kvx_map_tag(m, hash);
    const struct kvx_map_part *p = kvx_map_part_of(m, tag);
    for (uint32_t b = kvx_map_home(p, tag);; b = kvx_map_behind(p, b)) {
        const uint64_t *bucket = kvx_map_bucket(p, b);
        struct kvx_bucket_bits bits = kvx_bucket_look(bucket, tag);
        uint64_t pos = verified(ix, m, bucket, bits, hash);
        if (pos || bits.empty)
            return pos;
    }
}

/* Inlined always: a call of a function that only fetches looks useless to gcc, which drops it. */
__attribute__((always_inline)) static inline void fetch(const struct kvx_position_map *m, uint64_t hash)
{
    if (!m->parts)
        return;
    uint64_t tag = kvx_map_tag(m, hash);
    const struct kvx_map_part *p = kvx_map_part_of(m, tag);
    const uint64_t *bucket = kvx_map_bucket(p, kvx_map_home(p, tag));
    __builtin_prefetch(bucket, 1);
    __builtin_prefetch(bucket + SLOTS, 1); /* a fifth of the buckets are full */
}

void kvx_map_prefetch(const struct kvx_position_map *m, uint64_t hash)
{
    fetch(m, hash);
}

/* Room for one more, or KVX_NOMEM. One slot always stays empty. */
static int make_room(struct kvx_index *ix, struct kvx_position_map *m, uint64_t tag)
{
    if (!m->parts && kvx_map_begin(ix, m))
        return KVX_NOMEM;
    const struct kvx_map_part *p = kvx_map_part_of(m, tag);
    if (!kvx_map_part_full(p) || kvx_map_grow(ix, m, tag) == KVX_OK)
        return KVX_OK;
    return kvx_map_head_of(p)->count + 1 < (uint64_t)p->size * SLOTS ? KVX_OK : KVX_NOMEM;
}

static inline uint64_t put(struct kvx_index *ix, struct kvx_position_map *m, uint64_t hash, uint64_t pos)
{
    uint64_t tag = kvx_map_tag(m, hash);
    bool room = make_room(ix, m, tag) == KVX_OK;
    if (!m->parts)
        return KVX_MAP_NONE;
    const struct kvx_map_part *p = kvx_map_part_of(m, tag);
    for (uint32_t b = kvx_map_home(p, tag);; b = kvx_map_behind(p, b)) {
        uint64_t *bucket = kvx_map_bucket(p, b);
        struct kvx_bucket_bits bits = kvx_bucket_look(bucket, tag);
        uint64_t found = verified(ix, m, bucket, bits, hash);
        if (found)
            return found;
        if (!bits.empty)
            continue;
        if (!room)
            return KVX_MAP_NONE;
        bucket[__builtin_ctz(bits.empty)] = tag << KVX_SLOT_POS_BITS | pos;
        kvx_map_head_of(p)->count++;
        m->count++;
        return 0;
    }
}

uint64_t kvx_map_put(struct kvx_index *ix, struct kvx_position_map *m, uint64_t hash, uint64_t pos)
{
    return put(ix, m, hash, pos);
}

uint64_t kvx_map_put_run(struct kvx_index *ix, struct kvx_position_map *m, const struct kvx_map_run *run,
                         uint64_t pos)
{
    enum { AHEAD = 24 }; /* enough to hide a miss, few enough to be in flight together */
    size_t known = run->count + run->more;
    uint64_t taken = 0;
    for (size_t i = 0; !run->warm && i < AHEAD && i < known; i++)
        fetch(m, run->hashes[i]);
    for (unsigned i = 0; i < run->count; i++) {
        if (i + AHEAD < known)
            fetch(m, run->hashes[i + AHEAD]);
        if (put(ix, m, run->hashes[i], pos + i))
            taken |= (uint64_t)1 << i;
    }
    return taken;
}

/* May an entry that is in `from` move to `hole`? Not in front of its home, seen in the ring. */
static bool may_move(const struct kvx_map_part *p, uint64_t slot, uint32_t from, uint32_t hole)
{
    uint32_t home = kvx_map_home(p, slot >> KVX_SLOT_POS_BITS);
    return (hole >= home ? hole - home : hole + p->size - home) <
           (from >= home ? from - home : from + p->size - home);
}

/* A slot of the full bucket `hole` became empty: an entry behind it that was to be there moves up, and so on.
 */
static void close_hole(const struct kvx_map_part *p, uint32_t hole, unsigned slot)
{
    for (uint32_t b = kvx_map_behind(p, hole); b != hole; b = kvx_map_behind(p, b)) {
        uint64_t *bucket = kvx_map_bucket(p, b);
        unsigned empty = kvx_bucket_look(bucket, 0).empty;
        for (unsigned k = 0; k < SLOTS; k++)
            if (bucket[k] && may_move(p, bucket[k], b, hole)) {
                kvx_map_bucket(p, hole)[slot] = bucket[k];
                bucket[k] = 0;
                hole = b;
                slot = k;
                break;
            }
        if (empty)
            return;
    }
}

bool kvx_map_erase(struct kvx_position_map *m, uint64_t hash, uint64_t pos)
{
    if (!m->count)
        return false;
    uint64_t tag = kvx_map_tag(m, hash), wanted = tag << KVX_SLOT_POS_BITS | pos;
    const struct kvx_map_part *p = kvx_map_part_of(m, tag);
    for (uint32_t b = kvx_map_home(p, tag);; b = kvx_map_behind(p, b)) {
        uint64_t *bucket = kvx_map_bucket(p, b);
        struct kvx_bucket_bits bits = kvx_bucket_look(bucket, tag);
        for (unsigned slots = bits.tagged; slots; slots &= slots - 1) {
            unsigned k = (unsigned)__builtin_ctz(slots);
            if (bucket[k] != wanted)
                continue;
            bucket[k] = 0;
            kvx_map_head_of(p)->count--;
            m->count--;
            if (!bits.empty)
                close_hole(p, b, k);
            return true;
        }
        if (bits.empty)
            return false;
    }
}

/* The number of valid entries, or KVX_MAP_NONE if one is wrong or cannot be found. */
static uint64_t check_part(const struct kvx_index *ix, const struct kvx_position_map *m,
                           const struct kvx_map_part *p)
{
    uint64_t n = 0;
    for (size_t at = 0; at < (size_t)p->size * SLOTS; at++) {
        uint64_t pos = p->slots[at] & KVX_MAP_POS_MASK;
        if (!p->slots[at])
            continue;
        struct kvx_chunk *c =
            KVX_POS_CHUNK(pos) < ix->chunks.count ? kvx_chunk_at(ix, KVX_POS_CHUNK(pos)) : NULL;
        if (!c || !c->serial || KVX_POS_OFFSET(pos) >= kvx_chunk_len(c) ||
            kvx_map_find(ix, m, hash_at(ix, m, pos)) != pos)
            return KVX_MAP_NONE;
        n++;
    }
    return n == kvx_map_head_of(p)->count ? n : KVX_MAP_NONE;
}

bool kvx_map_valid(const struct kvx_index *ix, const struct kvx_position_map *m)
{
    uint64_t n = 0;
    for (size_t i = 0; m->parts && i < (size_t)1 << m->bits;) {
        const struct kvx_map_part *p = &m->parts[i];
        uint64_t in_part = check_part(ix, m, p);
        if (in_part == KVX_MAP_NONE)
            return false;
        n += in_part;
        for (size_t end = i + ((size_t)1 << (m->bits - p->depth)); i < end; i++)
            if (m->parts[i].slots != p->slots)
                return false;
    }
    return n == m->count;
}
