#include "sequence.h"

#include "chunk.h"

static uint64_t *first_of(const struct kvx_index *ix, uint32_t chunk)
{
    return kvx_table_at(&ix->sequence.first, chunk, KVX_CHUNK_SEGMENT_BITS, sizeof(uint64_t));
}

/* What follows the chunk's first block, up to `offset`. */
static uint64_t advance(const struct kvx_chunk *c, uint64_t hash, unsigned offset)
{
    const uint64_t *local = kvx_locals(c);
    for (unsigned i = 1; i <= offset; i++)
        hash = kvx_sequence_hash(hash, local[i]);
    return hash;
}

uint64_t kvx_sequence_at(const struct kvx_index *ix, uint64_t pos)
{
    if (!pos)
        return 0;
    uint32_t id = KVX_POS_CHUNK(pos);
    return advance(kvx_chunk_at(ix, id), *first_of(ix, id), KVX_POS_OFFSET(pos));
}

static uint64_t parent_of(const struct kvx_chunk *c)
{
    return KVX_POS(c->parent, c->parent_offset);
}

static uint64_t compute_first(const struct kvx_index *ix, const struct kvx_chunk *c)
{
    uint64_t parent = parent_of(c);
    return kvx_sequence_after(parent, kvx_sequence_at(ix, parent), kvx_locals(c)[0]);
}

void kvx_sequence_init(struct kvx_index *ix)
{
    struct kvx_sequence *s = &ix->sequence;
    kvx_table_init(&s->first, KVX_FOR_SEQUENCE, sizeof(uint64_t), KVX_CHUNK_SEGMENT_BITS);
    s->children =
        (struct kvx_child_map){.mask = ix->hooks.child_mask, .purpose = KVX_FOR_SEQUENCE, .sequence = true};
    s->map = (struct kvx_position_map){
        .mask = ix->hooks.sequence_mask, .purpose = KVX_FOR_SEQUENCE, .sequence = true};
}

void kvx_sequence_fini(struct kvx_index *ix)
{
    struct kvx_sequence *s = &ix->sequence;
    kvx_map_fini(ix, &s->map);
    kvx_child_fini(ix, &s->children);
    kvx_table_fini(&s->first, &ix->memory);
    kvx_sequence_init(ix);
}

int kvx_sequence_reserve(struct kvx_index *ix)
{
    struct kvx_sequence *s = &ix->sequence;
    if (!kvx_sequence_on(ix))
        return KVX_OK;
    s->first.count = ix->chunks.count;
    if (kvx_table_reserve(&s->first, &ix->memory, &ix->retire) || kvx_child_reserve(ix, &s->children))
        return KVX_NOMEM;
    return KVX_OK;
}

/* The hashes of cells [from, from + n), whose slots in the map are on their way to the cache. */
static void blocks_of(const struct kvx_index *ix, uint32_t id, unsigned from, unsigned n,
                      uint64_t out[KVX_CHUNK_BLOCKS])
{
    const uint64_t *local = kvx_locals(kvx_chunk_at(ix, id));
    out[0] = kvx_sequence_at(ix, KVX_POS(id, from));
    for (unsigned i = 1; i < n; i++)
        out[i] = kvx_sequence_hash(out[i - 1], local[from + i]);
    for (unsigned i = 0; i < n; i++)
        kvx_map_prefetch(&ix->sequence.map, out[i]);
}

/* KVX_NOMEM if one of them found no room. */
static int enter_blocks(struct kvx_index *ix, uint32_t id, unsigned from, unsigned n)
{
    struct kvx_sequence *s = &ix->sequence;
    uint64_t hash[KVX_CHUNK_BLOCKS];
    int rc = KVX_OK;
    blocks_of(ix, id, from, n, hash);
    for (unsigned i = 0; i < n; i++) {
        uint64_t named = kvx_map_put(ix, &s->map, hash[i], KVX_POS(id, from + i));
        s->missing += named != 0;
        rc = named == KVX_MAP_NONE ? KVX_NOMEM : rc;
    }
    return rc;
}

void kvx_sequence_append(struct kvx_index *ix, uint32_t id, unsigned from, unsigned n)
{
    if (!from)
        *first_of(ix, id) = compute_first(ix, kvx_chunk_at(ix, id));
    if (ix->sequence.blocks)
        (void)enter_blocks(ix, id, from, n); /* those that are not in count as missing */
}

void kvx_sequence_publish(struct kvx_index *ix, uint32_t id)
{
    const struct kvx_chunk *c = kvx_chunk_at(ix, id);
    kvx_child_add(&ix->sequence.children, c->parent, c->parent_offset, *first_of(ix, id), id);
}

void kvx_sequence_forget(struct kvx_index *ix, uint32_t id)
{
    struct kvx_sequence *s = &ix->sequence;
    const struct kvx_chunk *c = kvx_chunk_at(ix, id);
    kvx_child_remove(&s->children, c->parent, c->parent_offset, *first_of(ix, id), id);
    if (!s->blocks)
        return;
    uint64_t hash[KVX_CHUNK_BLOCKS];
    unsigned len = kvx_chunk_len(c);
    blocks_of(ix, id, 0, len, hash);
    for (unsigned i = 0; i < len; i++)
        s->missing -= !kvx_map_erase(&s->map, hash[i], KVX_POS(id, i));
}

/* ---- Turning it on ---- */

/* The first blocks' hashes of a chunk and of all above it that have none yet; 0 is "none". The way down is
 * kept in the chunks' links, which only chunks that are not in use need. */
static void fill_first(struct kvx_index *ix, uint32_t id)
{
    uint32_t below = 0;
    while (id && !*first_of(ix, id)) {
        struct kvx_chunk *c = kvx_chunk_at(ix, id);
        c->link = below;
        below = id;
        id = c->parent;
    }
    while (below) {
        struct kvx_chunk *c = kvx_chunk_at(ix, below);
        *first_of(ix, below) = compute_first(ix, c);
        below = c->link;
        c->link = 0;
    }
}

static int enable_chunks(struct kvx_index *ix)
{
    struct kvx_sequence *s = &ix->sequence;
    for (s->first.count = 0; s->first.count < ix->chunks.count; s->first.count++)
        if (kvx_table_reserve(&s->first, &ix->memory, &ix->retire))
            return KVX_NOMEM;
    for (uint32_t id = 1; id < ix->chunks.count; id++) {
        if (!kvx_chunk_at(ix, id)->serial)
            continue;
        if (kvx_child_reserve(ix, &s->children))
            return KVX_NOMEM;
        fill_first(ix, id);
        kvx_sequence_publish(ix, id);
    }
    return KVX_OK;
}

static int enable_blocks(struct kvx_index *ix)
{
    struct kvx_sequence *s = &ix->sequence;
    s->missing = 0;
    for (uint32_t id = 1; id < ix->chunks.count; id++)
        if (kvx_chunk_at(ix, id)->serial && enter_blocks(ix, id, 0, kvx_chunk_len(kvx_chunk_at(ix, id)))) {
            kvx_map_fini(ix, &s->map);
            return KVX_NOMEM;
        }
    s->blocks = true;
    return KVX_OK;
}

int kvx_sequence_enable(struct kvx_index *ix, bool blocks)
{
    struct kvx_sequence *s = &ix->sequence;
    bool on = kvx_sequence_on(ix);
    int rc = on ? KVX_OK : enable_chunks(ix);
    if (!rc && blocks && !s->blocks)
        rc = enable_blocks(ix);
    if (rc) {
        if (!on)
            kvx_sequence_fini(ix);
        return rc;
    }
    /* release: a reader that sees it finds a complete child table */
    atomic_store_explicit(&s->on, true, memory_order_release);
    return KVX_OK;
}

int kvx_index_sequences(struct kvx_index *ix)
{
    kvx_index_lock(ix);
    int rc = kvx_sequence_enable(ix, false);
    kvx_index_unlock(ix);
    return rc;
}

/* ---- Validation ---- */

const char *kvx_sequence_check_chunk(const struct kvx_index *ix, uint32_t id)
{
    const struct kvx_chunk *c = kvx_chunk_at(ix, id);
    uint64_t first = *first_of(ix, id), parent = parent_of(c);
    if (first != compute_first(ix, c))
        return "a chunk's sequence hash is wrong";
    if (kvx_child_find(ix, &ix->sequence.children, c->parent, c->parent_offset, first,
                       kvx_sequence_at(ix, parent)) != id)
        return "a chunk is not in the child table of sequence hashes";
    return NULL;
}

const char *kvx_sequence_check(const struct kvx_index *ix)
{
    const struct kvx_sequence *s = &ix->sequence;
    if (!kvx_sequence_on(ix))
        return s->children.live || s->map.count ? "sequence hashes are off and kept" : NULL;
    if (s->children.live != ix->chunk_count || s->children.used < s->children.live)
        return "the child table of sequence hashes is miscounted";
    if (!s->blocks)
        return s->map.count ? "positions are mapped without a pool" : NULL;
    if (s->map.count + s->missing != ix->positions)
        return "the map of sequence hashes is miscounted";
    return kvx_map_valid(ix, &s->map) ? NULL
                                      : "the map of sequence hashes holds a wrong or unreachable entry";
}
