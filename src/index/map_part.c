#include "map_part.h"

#include "index_private.h"

#include <stdbool.h>
#include <string.h>

enum { PART_MIN = 16, PART_MAX = 1024, SLOTS = KVX_BUCKET_SLOTS, LINE = KVX_MAP_LINE };

static size_t bytes_of(uint32_t size)
{
    return ((size_t)size + 2) * LINE; /* a line for the head, one to align */
}

static int part_new(struct kvx_index *ix, const struct kvx_position_map *m, uint32_t size, uint32_t depth,
                    struct kvx_map_part *out)
{
    char *memory = kvx_block_alloc(&ix->memory, m->purpose, bytes_of(size));
    if (!memory)
        return KVX_NOMEM;
    char *line = memory + (LINE - (uintptr_t)memory % LINE);
    *out = (struct kvx_map_part){(uint64_t *)(void *)(line + LINE), size, depth};
    memset(line, 0, ((size_t)size + 1) * LINE);
    kvx_map_head_of(out)->memory = memory;
    return KVX_OK;
}

static void part_free(struct kvx_index *ix, const struct kvx_position_map *m, const struct kvx_map_part *p)
{
    kvx_block_free(&ix->memory, m->purpose, kvx_map_head_of(p)->memory, bytes_of(p->size));
}

int kvx_map_begin(struct kvx_index *ix, struct kvx_position_map *m)
{
    m->parts = kvx_block_alloc(&ix->memory, m->purpose, sizeof(*m->parts));
    if (m->parts && part_new(ix, m, PART_MIN, 0, m->parts) == KVX_OK)
        return KVX_OK;
    kvx_block_free(&ix->memory, m->purpose, m->parts, sizeof(*m->parts));
    m->parts = NULL;
    return KVX_NOMEM;
}

void kvx_map_fini(struct kvx_index *ix, struct kvx_position_map *m)
{
    for (size_t i = 0; m->parts && i < (size_t)1 << m->bits;) {
        size_t places = (size_t)1 << (m->bits - m->parts[i].depth);
        part_free(ix, m, &m->parts[i]);
        i += places;
    }
    kvx_block_free(&ix->memory, m->purpose, m->parts, sizeof(*m->parts) << m->bits);
    m->parts = NULL;
    m->bits = 0;
    m->count = 0;
}

/* Parts that are being filled, and how many slots of each bucket are used: known without looking, which would
 * wait for the last store. Only hashes that were made for it bring about parts with more buckets than that.
 */
enum { COUNTED = PART_MAX * 2 };
struct filling {
    struct kvx_map_part parts[2];
    uint8_t used[2][COUNTED];
};

/* The number of used slots of a bucket that is filled from its beginning on. */
static unsigned used_in(const struct filling *f, unsigned which, uint32_t bucket)
{
    if (bucket < COUNTED)
        return f->used[which][bucket];
    const uint64_t *slots = kvx_map_bucket(&f->parts[which], bucket);
    unsigned used = 0;
    while (used < SLOTS && slots[used])
        used++;
    return used;
}

static void fill(struct filling *f, unsigned which, uint64_t slot)
{
    const struct kvx_map_part *p = &f->parts[which];
    uint32_t at = kvx_map_home(p, slot >> KVX_SLOT_POS_BITS);
    unsigned used;
    while ((used = used_in(f, which, at)) == SLOTS)
        at = kvx_map_behind(p, at);
    kvx_map_bucket(p, at)[used] = slot;
    if (at < COUNTED)
        f->used[which][at]++;
    kvx_map_head_of(p)->count++;
}

/* Moves the entries of `from`; with two parts, by the next bit of their tags. */
static void move_all(const struct kvx_map_part *from, struct filling *f, bool split)
{
    unsigned shift = KVX_SLOT_POS_BITS + KVX_SLOT_TAG_BITS - 1 - from->depth;
    memset(f->used, 0, sizeof(f->used));
    for (size_t i = 0; i < (size_t)from->size * SLOTS; i++) {
        uint64_t slot = from->slots[i];
        if (slot)
            fill(f, split ? (unsigned)(slot >> shift & 1) : 0, slot);
    }
}

/* Twice as many places, so that parts can share one more bit. */
static int double_places(struct kvx_index *ix, struct kvx_position_map *m)
{
    size_t places = (size_t)1 << m->bits;
    struct kvx_map_part *parts = kvx_block_alloc(&ix->memory, m->purpose, places * 2 * sizeof(*parts));
    if (!parts)
        return KVX_NOMEM;
    for (size_t i = 0; i < places; i++)
        parts[2 * i] = parts[2 * i + 1] = m->parts[i];
    kvx_block_free(&ix->memory, m->purpose, m->parts, places * sizeof(*parts));
    m->parts = parts;
    m->bits++;
    return KVX_OK;
}

/* The part goes; what it held is in these, which take its places in equal shares. */
static void replace(struct kvx_index *ix, struct kvx_position_map *m, uint64_t tag,
                    const struct kvx_map_part *parts, unsigned n)
{
    struct kvx_map_part old = *kvx_map_part_of(m, tag);
    unsigned more = m->bits - old.depth;
    size_t first = (size_t)(tag >> (KVX_SLOT_TAG_BITS - old.depth)) << more, places = (size_t)1 << more;
    part_free(ix, m, &old);
    for (size_t i = 0; i < places; i++)
        m->parts[first + i] = parts[i * n / places];
}

static int grow(struct kvx_index *ix, struct kvx_position_map *m, uint64_t tag)
{
    const struct kvx_map_part *old = kvx_map_part_of(m, tag);
    struct filling f;
    if (part_new(ix, m, old->size + old->size / 4, old->depth, &f.parts[0]))
        return KVX_NOMEM;
    move_all(old, &f, false);
    replace(ix, m, tag, f.parts, 1);
    return KVX_OK;
}

static int split(struct kvx_index *ix, struct kvx_position_map *m, uint64_t tag)
{
    const struct kvx_map_part *old = kvx_map_part_of(m, tag);
    struct filling f;
    if (old->depth == m->bits) {
        if (double_places(ix, m))
            return KVX_NOMEM;
        old = kvx_map_part_of(m, tag);
    }
    unsigned shift = KVX_SLOT_POS_BITS + KVX_SLOT_TAG_BITS - 1 - old->depth;
    uint32_t count[2] = {0, 0};
    for (size_t i = 0; i < (size_t)old->size * SLOTS; i++)
        if (old->slots[i])
            count[old->slots[i] >> shift & 1]++;
    for (unsigned i = 0; i < 2; i++) {
        uint32_t size = count[i] / 5 > PART_MIN ? count[i] / 5 : PART_MIN;
        if (part_new(ix, m, size, old->depth + 1, &f.parts[i])) {
            if (i)
                part_free(ix, m, &f.parts[0]);
            return KVX_NOMEM;
        }
    }
    move_all(old, &f, true);
    replace(ix, m, tag, f.parts, 2);
    return KVX_OK;
}

int kvx_map_grow(struct kvx_index *ix, struct kvx_position_map *m, uint64_t tag)
{
    const struct kvx_map_part *p = kvx_map_part_of(m, tag);
    /* hashes that were made to share their first bits get one large part, not many places */
    bool even = m->count >> p->depth > PART_MAX && p->depth < KVX_SLOT_TAG_BITS - 1;
    return p->size >= PART_MAX && even ? split(ix, m, tag) : grow(ix, m, tag);
}
