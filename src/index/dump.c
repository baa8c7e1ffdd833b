#include "chunk.h"
#include "naming.h"

#include <stdlib.h>
#include <string.h>

/* Chunks in order of creation, so parents first. A chunk's masks are copied in one step; its runs are told by
 * their first offset, so that within a chunk too a block comes before those that follow it, whatever their
 * tiers. */
struct dumped_chunk {
    uint64_t serial; /* tells a chunk from a later one with the same id */
    uint32_t id;
};

struct dumped_holder {
    uint64_t blocks; /* not told yet */
    uint32_t holder;
    uint32_t generation; /* tells the worker from a later one with the same holder id */
};

struct kvx_dump {
    struct kvx_index *ix;
    struct dumped_chunk *chunks;
    size_t cap, count, at;
    struct dumped_holder *holders; /* of chunk `at`, once `copied` */
    uint32_t holders_cap, holders_count;
    bool copied;
    uint64_t local[KVX_CHUNK_BLOCKS], engine[KVX_CHUNK_BLOCKS];
};

enum { IDS_PER_LOCK = 4096 };

static int by_serial(const void *a, const void *b)
{
    uint64_t x = ((const struct dumped_chunk *)a)->serial, y = ((const struct dumped_chunk *)b)->serial;
    return (x > y) - (x < y);
}

/* The chunks that exist now; what is created while this runs was not held during the whole dump. */
static void collect(struct kvx_dump *d, uint64_t newest)
{
    struct kvx_index *ix = d->ix;
    for (uint32_t id = 1;;) {
        kvx_index_lock(ix);
        uint32_t ids = ix->chunks.count;
        for (uint32_t end = id + IDS_PER_LOCK; id < end && id < ids && d->count < d->cap; id++) {
            const struct kvx_chunk *c = kvx_chunk_at(ix, id);
            if (c->serial && c->serial <= newest && c->live)
                d->chunks[d->count++] = (struct dumped_chunk){c->serial, id};
        }
        kvx_index_unlock(ix);
        if (id >= ids || d->count == d->cap)
            break;
    }
    if (d->chunks)
        qsort(d->chunks, d->count, sizeof(*d->chunks), by_serial);
}

int kvx_dump_new(struct kvx_index *ix, struct kvx_dump **out)
{
    const struct kvx_allocator *a = ix->config.allocator;
    struct kvx_dump *d = kvx_alloc_zeroed(a, sizeof(*d));
    if (!d)
        return KVX_NOMEM;
    kvx_index_lock(ix);
    uint64_t newest = ix->next_serial;
    d->cap = ix->chunk_count;
    kvx_index_unlock(ix);
    d->ix = ix;
    d->chunks = d->cap ? kvx_alloc(a, d->cap * sizeof(*d->chunks)) : NULL;
    if (d->cap && !d->chunks) {
        kvx_dealloc(a, d, sizeof(*d));
        return KVX_NOMEM;
    }
    collect(d, newest);
    *out = d;
    return KVX_OK;
}

void kvx_dump_free(struct kvx_dump *d)
{
    if (!d)
        return;
    const struct kvx_allocator *a = d->ix->config.allocator;
    kvx_dealloc(a, d->holders, d->holders_cap * sizeof(*d->holders));
    kvx_dealloc(a, d->chunks, d->cap * sizeof(*d->chunks));
    kvx_dealloc(a, d, sizeof(*d));
}

/* The worker behind a holder id, if the holder is alive and no pool. */
static const struct kvx_worker *worker_of(const struct kvx_index *ix, uint32_t holder)
{
    const struct kvx_slot *slot = kvx_slot_at(ix, holder >> 2);
    if (slot->pool || atomic_load_explicit(&slot->dead, memory_order_relaxed) >> (holder & 3) & 1)
        return NULL;
    return kvx_worker_at(ix, slot->worker);
}

static int copy_holders(struct kvx_dump *d, struct kvx_chunk *c)
{
    uint32_t n = kvx_entry_count(c);
    if (n > d->holders_cap) {
        struct dumped_holder *holders = kvx_realloc(d->ix->config.allocator, d->holders,
                                                    d->holders_cap * sizeof(*holders), n * sizeof(*holders));
        if (!holders)
            return KVX_NOMEM;
        d->holders = holders;
        d->holders_cap = n;
    }
    d->holders_count = 0;
    for (uint32_t i = 0; i < n; i++) {
        _Atomic uint64_t *mask;
        uint32_t holder = kvx_entry(c, i, &mask);
        uint64_t blocks = atomic_load_explicit(mask, memory_order_relaxed);
        const struct kvx_worker *w = blocks ? worker_of(d->ix, holder) : NULL;
        if (w)
            d->holders[d->holders_count++] = (struct dumped_holder){blocks, holder, w->generation};
    }
    d->copied = true;
    return KVX_OK;
}

/* The holder whose next run starts first and whose worker still lives, or NULL. */
static struct dumped_holder *next_holder(struct kvx_dump *d)
{
    struct dumped_holder *best = NULL;
    int first = KVX_CHUNK_BLOCKS;
    for (uint32_t i = 0; i < d->holders_count; i++) {
        struct dumped_holder *h = &d->holders[i];
        if (!h->blocks || __builtin_ctzll(h->blocks) >= first)
            continue;
        const struct kvx_worker *w = worker_of(d->ix, h->holder);
        if (!w || w->generation != h->generation) {
            h->blocks = 0;
            continue;
        }
        best = h;
        first = __builtin_ctzll(h->blocks);
    }
    return best;
}

static void fill_event(struct kvx_dump *d, uint32_t id, const struct kvx_chunk *c, struct dumped_holder *h,
                       struct kvx_dump_event *e)
{
    const struct kvx_index *ix = d->ix;
    const struct kvx_worker *w = worker_of(ix, h->holder);
    unsigned start = (unsigned)__builtin_ctzll(h->blocks);
    uint64_t missing = ~(h->blocks >> start);
    unsigned n = missing ? (unsigned)__builtin_ctzll(missing) : KVX_CHUNK_BLOCKS;
    uint64_t parent = start ? KVX_POS(id, start - 1) : KVX_POS(c->parent, c->parent_offset);
    memcpy(d->local, kvx_locals(c) + start, n * sizeof(*d->local));
    for (unsigned i = 0; i < n; i++)
        d->engine[i] = kvx_name_of(ix, w, KVX_POS(id, start + i));
    *e = (struct kvx_dump_event){.label = w->label,
                                 .tier = (enum kvx_tier)(h->holder & 3),
                                 .has_parent = parent != 0,
                                 .parent = parent ? kvx_name_of(ix, w, parent) : 0,
                                 .n = n,
                                 .local = d->local,
                                 .engine = d->engine};
    h->blocks &= ~kvx_bits(start, n);
}

int kvx_dump_next(struct kvx_dump *d, struct kvx_dump_event *e)
{
    int rc = 0;
    kvx_index_lock(d->ix);
    for (; d->at < d->count; d->at++, d->copied = false) {
        uint32_t id = d->chunks[d->at].id;
        struct kvx_chunk *c = kvx_chunk_at(d->ix, id);
        if (c->serial != d->chunks[d->at].serial)
            continue; /* reclaimed, so nothing here was held during the whole dump */
        if (!d->copied && (rc = copy_holders(d, c)))
            break;
        struct dumped_holder *h = next_holder(d);
        if (!h)
            continue;
        fill_event(d, id, c, h, e);
        rc = 1;
        break;
    }
    kvx_index_unlock(d->ix);
    return rc;
}
