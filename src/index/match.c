#include "lookup.h"
#include "sequence.h"

/* A lookup walks the prompt's path once for the device, and once for each lower tier that anybody uses
 * (match_lower.c). */

enum { LOOKUP_MIN = 64, LOOKUP_WORDS = 5 };

static size_t item_bytes(void)
{
    return LOOKUP_WORDS * sizeof(uint32_t) + sizeof(uint64_t) + sizeof(struct kvx_match);
}

int kvx_lookup_new(struct kvx_lookup **out, const struct kvx_allocator *allocator)
{
    struct kvx_lookup *l = kvx_alloc_zeroed(allocator, sizeof(*l));
    if (!l)
        return KVX_NOMEM;
    l->allocator = allocator;
    *out = l;
    return KVX_OK;
}

void kvx_lookup_free(struct kvx_lookup *l)
{
    if (!l)
        return;
    kvx_dealloc(l->allocator, l->matches, l->cap * item_bytes());
    kvx_dealloc(l->allocator, l, sizeof(*l));
}

/* One allocation: matches, bits, then five arrays of words. */
static int lookup_fit(struct kvx_lookup *l, uint32_t slots)
{
    if (slots <= l->cap)
        return KVX_OK;
    uint32_t cap = slots + slots / 2 > LOOKUP_MIN ? slots + slots / 2 : LOOKUP_MIN;
    struct kvx_match *matches = kvx_alloc_zeroed(l->allocator, cap * item_bytes());
    if (!matches)
        return KVX_NOMEM;
    kvx_dealloc(l->allocator, l->matches, l->cap * item_bytes());
    l->matches = matches;
    l->bits = (uint64_t *)(void *)(matches + cap);
    l->depth = (uint32_t *)(void *)(l->bits + cap);
    l->touched = l->depth + cap;
    l->by_worker = l->touched + cap;
    l->verdict = l->by_worker + cap;
    l->asked = l->verdict + cap;
    l->cap = cap;
    return KVX_OK;
}

/* ---- The path ---- */

uint32_t kvx_walk_on_sequence(const struct kvx_question *q, uint32_t parent, unsigned offset, uint32_t base)
{
    return kvx_child_find(q->ix, &q->ix->sequence.children, parent, offset, q->hashes[base],
                          base ? q->hashes[base - 1] : 0);
}

/* The hash asked for before a block is that of the position before it, once that one is known to match. So a
 * block is compared by one hash of its own. */
unsigned kvx_walk_same_sequence(const struct kvx_question *q, const uint64_t *local, uint32_t base,
                                unsigned cells)
{
    unsigned i = base == 0;
    if (i && local[0] != q->hashes[0])
        return 0;
    while (i < cells && kvx_sequence_hash(q->hashes[base + i - 1], local[i]) == q->hashes[base + i])
        i++;
    return i;
}

/* ---- Whom it is about ---- */

bool kvx_lookup_wants(const struct kvx_question *q, uint32_t worker)
{
    enum { UNKNOWN, YES, NO };
    struct kvx_lookup *l = q->l;
    if (!q->filtered)
        return true;
    if (l->verdict[worker] == UNKNOWN) {
        bool yes = q->prompt->wanted(q->prompt->user, kvx_worker_at(q->ix, worker)->label);
        l->verdict[worker] = yes ? YES : NO;
        l->asked[l->asked_count++] = worker;
    }
    return l->verdict[worker] == YES;
}

static void forget_verdicts(struct kvx_lookup *l)
{
    while (l->asked_count)
        l->verdict[l->asked[--l->asked_count]] = 0;
}

/* May this slot begin? Its worker's label may be looked at only while it is known to have lived during the
 * lookup. */
static bool begins(const struct kvx_question *q, uint32_t id)
{
    if (!q->filtered)
        return true;
    const struct kvx_slot *slot = kvx_slot_at(q->ix, id);
    /* acquire: pairs with the release of a death; who is alive here has not ended before this section */
    if (atomic_load_explicit(&slot->dead, memory_order_acquire) & KVX_TIER_BIT(KVX_TIER_DEVICE))
        return false;
    return slot->worker < q->l->cap && kvx_lookup_wants(q, slot->worker);
}

/* ---- The device ---- */

static const struct kvx_child_map *children_of(const struct kvx_question *q)
{
    return q->sequence ? &q->ix->sequence.children : &q->ix->children;
}

/* The prompt's first m blocks are held by these entries' holders so far. Returns whether any device prefix
 * reaches the end. */
static bool begin_device(const struct kvx_question *q, const struct kvx_holder_view *v, uint32_t from,
                         uint32_t to, unsigned m)
{
    struct kvx_lookup *l = q->l;
    uint32_t *depth = l->depth, *touched = l->touched, cap = l->cap, n = l->touched_count;
    bool alive = false;
    for (uint32_t i = from; i < to; i++) {
        uint32_t holder = v->ids[i], slot = holder >> 2;
        unsigned run = kvx_run_in(atomic_load_explicit(&v->masks[i], memory_order_acquire), 0, m);
        if ((holder & 3) != KVX_TIER_DEVICE || slot >= cap || !run || !begins(q, slot))
            continue;
        touched[n++] = slot;
        depth[slot] = run;
        alive |= run == m;
    }
    l->touched_count = n;
    return alive;
}

/* The prompt's first m blocks are this chunk's first cells. Here most workers are met: meanwhile the chunk
 * that the walk goes on with is fetched, step by step. */
static bool first_device_step(const struct kvx_question *q, uint32_t id, const struct kvx_chunk *c,
                              unsigned m)
{
    struct kvx_holder_view v = kvx_view_of(c);
    uint32_t third = v.count / 3, next = 0;
    bool alive = begin_device(q, &v, 0, third, m);
    if (m < q->n)
        next = kvx_child_guess(q->ix, children_of(q), id, m - 1, q->hashes[m]);
    alive |= begin_device(q, &v, third, 2 * third, m);
    if (next)
        kvx_chunk_fetch(kvx_chunk_at(q->ix, next), 1);
    return begin_device(q, &v, 2 * third, v.count, m) || alive;
}

/* Blocks [base, base + m) of the prompt are the first cells of a chunk, base > 0: a slot whose depth is the
 * base has been touched. */
static bool device_step(const struct kvx_question *q, const struct kvx_chunk *c, uint32_t base, unsigned m)
{
    struct kvx_lookup *l = q->l;
    uint32_t *depth = l->depth, cap = l->cap; /* not read again after each store */
    struct kvx_holder_view v = kvx_view_of(c);
    bool alive = false;
    for (uint32_t i = 0; i < v.count; i++) {
        uint32_t holder = v.ids[i], slot = holder >> 2;
        if ((holder & 3) != KVX_TIER_DEVICE || slot >= cap || depth[slot] != base)
            continue;
        unsigned run = kvx_run_in(atomic_load_explicit(&v.masks[i], memory_order_acquire), 0, m);
        if (!run)
            continue;
        depth[slot] = base + run;
        alive |= run == m;
    }
    return alive;
}

/* Fetches the chunks that will be walked after this one, two of them. `ahead` is where the last call stopped:
 * the next one, if the walk went straight on. */
static uint32_t fetch_ahead(const struct kvx_index *ix, uint32_t id, uint32_t ahead, uint32_t blocks)
{
    uint32_t next = blocks > KVX_CHUNK_BLOCKS ? kvx_chunk_next(ix, id, KVX_CHUNK_BLOCKS - 1) : 0;
    if (!next)
        return 0;
    if (ahead != next)
        kvx_chunk_fetch_next(ix, id, 1);
    return blocks > 2 * KVX_CHUNK_BLOCKS ? kvx_chunk_fetch_next(ix, next, 1) : 0;
}

/* The device prefix of every worker. */
static void device_walk(const struct kvx_question *q)
{
    const struct kvx_index *ix = q->ix;
    uint32_t base = 0, ahead = 0;
    for (uint32_t id = kvx_walk_on(q, 0, 0, 0); id;) {
        const struct kvx_chunk *c = kvx_chunk_at(ix, id);
        __builtin_prefetch(atomic_load_explicit(&c->holders, memory_order_relaxed));
        ahead = fetch_ahead(ix, id, ahead, q->n - base);
        unsigned m = kvx_walk_same(q, c, base);
        if (base + m < q->n && m < KVX_CHUNK_BLOCKS)
            kvx_child_prefetch(children_of(q), id, m - 1, q->hashes[base + m]);
        if (!(base ? device_step(q, c, base, m) : first_device_step(q, id, c, m)))
            return;
        base += m;
        if (base == q->n)
            return;
        id = kvx_walk_on(q, id, m - 1, base);
    }
}

/* Turns depths into matches and clears them. A slot that is dead by now is left out: its worker held nothing
 * at some moment of this lookup. Two living slots of one worker and tier cannot both have been seen: the
 * older one's death was stored before the newer one's first mask, and is loaded here after all masks. */
static void collect_device(const struct kvx_question *q)
{
    struct kvx_lookup *l = q->l;
    uint32_t *touched = l->touched, *depths = l->depth, cap = l->cap;
    struct kvx_match *match = l->matches + l->match_count;
    void **slots = kvx_table_directory(&q->ix->slots); /* once, after all ids were read */
    for (uint32_t i = 0, n = l->touched_count; i < n; i++) {
        uint32_t id = touched[i], depth = depths[id];
        const struct kvx_slot *slot = kvx_table_in(slots, id, KVX_SLOT_SEGMENT_BITS, sizeof(struct kvx_slot));
        depths[id] = 0;
        if (atomic_load_explicit(&slot->dead, memory_order_acquire) & KVX_TIER_BIT(KVX_TIER_DEVICE) ||
            slot->worker >= cap)
            continue;
        *match++ = kvx_match_of(slot->label, slot->worker,
                                atomic_load_explicit(&slot->held, memory_order_relaxed), depth);
    }
    l->match_count = (uint32_t)(match - l->matches);
    l->touched_count = 0;
}

/* Workers that were met in a lower tier, but hold nothing of the prompt from its beginning on. */
static void drop_empty(struct kvx_lookup *l)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < l->match_count; i++)
        if (l->matches[i].blocks[KVX_REACH_ANY])
            l->matches[kept++] = l->matches[i];
    l->match_count = kept;
}

static void answer(const struct kvx_question *q)
{
    bool lower = q->n && kvx_lower_used(q->ix);
    if (q->n) {
        device_walk(q);
        collect_device(q);
    }
    if (lower || q->prompt->every_worker) {
        kvx_lower_begin(q);
        if (q->prompt->every_worker)
            kvx_lower_everyone(q);
        if (lower)
            kvx_lower_tiers(q);
        kvx_lower_end(q);
    }
    if (lower && !q->prompt->every_worker)
        drop_empty(q->l);
    forget_verdicts(q->l);
}

int kvx_index_match(const struct kvx_index *ix, struct kvx_lookup *l, const struct kvx_prompt *prompt,
                    const struct kvx_match **matches, size_t *count)
{
    if (prompt->sequence && !kvx_sequence_on(ix))
        return KVX_UNAVAILABLE;
    /* acquire: the slots below the count are visible. Later ones belong to workers that came after this
     * lookup began. */
    if (lookup_fit(l, atomic_load_explicit(&ix->slot_count, memory_order_acquire)))
        return KVX_NOMEM;
    struct kvx_question q = {.ix = ix,
                             .l = l,
                             .prompt = prompt,
                             .hashes = prompt->hashes,
                             .n = prompt->n > UINT32_MAX ? UINT32_MAX : (uint32_t)prompt->n,
                             .sequence = prompt->sequence,
                             .filtered = prompt->wanted != NULL};
    l->match_count = 0;
    answer(&q);
    *matches = l->matches;
    *count = l->match_count;
    return KVX_OK;
}
