/* Inside a position map: tags, homes, and the growth of its parts. */
#ifndef INDEX_MAP_PART_H
#define INDEX_MAP_PART_H

#include "bucket.h"
#include "mix.h"
#include "position_map.h"

enum { KVX_MAP_LINE = 64 };
#define KVX_MAP_POS_MASK (((uint64_t)1 << KVX_SLOT_POS_BITS) - 1)

/* The line before a part's slots. */
struct kvx_map_head {
    uint64_t count;
    void *memory; /* what the part was allocated as */
};

static inline struct kvx_map_head *kvx_map_head_of(const struct kvx_map_part *p)
{
    return (struct kvx_map_head *)(void *)(p->slots - KVX_BUCKET_SLOTS);
}

static inline uint64_t kvx_map_tag(const struct kvx_position_map *m, uint64_t hash)
{
    return (kvx_mix(hash) & m->mask) >> KVX_SLOT_POS_BITS;
}

static inline struct kvx_map_part *kvx_map_part_of(const struct kvx_position_map *m, uint64_t tag)
{
    return &m->parts[tag >> (KVX_SLOT_TAG_BITS - m->bits)];
}

/* The bits of the tag behind those the part's entries share, as a share of its buckets. */
static inline uint32_t kvx_map_home(const struct kvx_map_part *p, uint64_t tag)
{
    uint64_t rest = tag << p->depth & (((uint64_t)1 << KVX_SLOT_TAG_BITS) - 1);
    return (uint32_t)(rest * p->size >> KVX_SLOT_TAG_BITS);
}

static inline uint64_t *kvx_map_bucket(const struct kvx_map_part *p, uint32_t bucket)
{
    return p->slots + (size_t)bucket * KVX_BUCKET_SLOTS;
}

static inline uint32_t kvx_map_behind(const struct kvx_map_part *p, uint32_t bucket)
{
    return bucket + 1 == p->size ? 0 : bucket + 1;
}

/* At most 27 of 32 slots should be used. */
static inline bool kvx_map_part_full(const struct kvx_map_part *p)
{
    return kvx_map_head_of(p)->count * 4 >= (uint64_t)p->size * 27;
}

/* The first part. */
int kvx_map_begin(struct kvx_index *, struct kvx_position_map *) KVX_MUST_CHECK;
/* Grows the part of this tag, or splits it. KVX_NOMEM leaves everything as it was. */
int kvx_map_grow(struct kvx_index *, struct kvx_position_map *, uint64_t tag) KVX_MUST_CHECK;

#endif /* INDEX_MAP_PART_H */
