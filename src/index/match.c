#include "chunk.h"

#include <string.h>

/* A lookup walks the prompt's path once per tier that anybody uses. `depth[slot]` is how far a slot's worker
 * has come; all are 0 between lookups. Reads only shared words; writes only its own scratch. */
struct kvx_lookup {
    const struct kvx_allocator *allocator;
    uint32_t cap;              /* slots there is room for */
    uint32_t *depth, *touched; /* by slot; slots with a depth above 0 */
    uint32_t *by_worker;       /* worker -> its match + 1, used when lower tiers exist; 0 between lookups */
    struct kvx_match *matches;
    uint32_t touched_count, match_count;
};

enum { LOOKUP_MIN = 64 };

static size_t item_bytes(void)
{
    return 3 * sizeof(uint32_t) + sizeof(struct kvx_match);
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

/* One allocation: matches, then three arrays of words. */
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
    l->depth = (uint32_t *)(void *)(matches + cap);
    l->touched = l->depth + cap;
    l->by_worker = l->touched + cap;
    l->cap = cap;
    return KVX_OK;
}

/* What a reader sees of a chunk's holders at one moment. */
struct holder_view {
    const _Atomic uint64_t *masks;
    const uint32_t *ids;
    uint32_t count;
};

static struct holder_view view_of(const struct kvx_chunk *c)
{
    /* acquire: pairs with the list's publication; its count then covers complete entries only */
    const struct kvx_holders *h = atomic_load_explicit(&c->holders, memory_order_acquire);
    if (h)
        return (struct holder_view){h->masks, kvx_holder_ids(h),
                                    atomic_load_explicit(&h->count, memory_order_acquire)};
    /* only_holder was written before the first non-zero mask was released */
    bool any = atomic_load_explicit(&c->only_mask, memory_order_acquire) != 0;
    return (struct holder_view){&c->only_mask, &c->only_holder, any};
}

/* The number of blocks from `from` on that a mask holds without a gap, at most `to - from`. */
static unsigned run_in(uint64_t mask, unsigned from, unsigned to)
{
    uint64_t missing = ~mask >> from;
    unsigned run = missing ? (unsigned)__builtin_ctzll(missing) : 64 - from;
    return run < to - from ? run : to - from;
}

/* Blocks [base, base + m) of the prompt are this chunk's cells [start, start + m) with start = 0. Returns
 * whether any device prefix reaches the end. */
static bool device_step(struct kvx_lookup *l, const struct kvx_chunk *c, uint32_t base, unsigned m)
{
    struct holder_view v = view_of(c);
    bool alive = false;
    for (uint32_t i = 0; i < v.count; i++) {
        uint32_t holder = v.ids[i], slot = holder >> 2;
        if ((holder & 3) != KVX_TIER_DEVICE || slot >= l->cap || l->depth[slot] != base)
            continue;
        uint64_t mask = atomic_load_explicit(&v.masks[i], memory_order_acquire);
        unsigned run = run_in(mask, 0, m);
        if (!run)
            continue;
        if (base == 0)
            l->touched[l->touched_count++] = slot;
        l->depth[slot] = base + run;
        alive |= run == m;
    }
    return alive;
}

/* The device prefix of every worker. At base > 0, a slot with depth == base has been touched. */
static void device_walk(const struct kvx_index *ix, struct kvx_lookup *l, const uint64_t *local, uint32_t n)
{
    uint32_t base = 0;
    for (uint32_t id = kvx_child_find(ix, 0, 0, local[0]); id;) {
        const struct kvx_chunk *c = kvx_chunk_at(ix, id);
        uint32_t cells = kvx_chunk_len(c), left = n - base;
        __builtin_prefetch(atomic_load_explicit(&c->holders, memory_order_relaxed));
        unsigned m = kvx_common(kvx_locals(c), local + base, cells < left ? cells : left);
        if (base + m < n)
            kvx_child_prefetch(ix, id, m - 1, local[base + m]);
        if (!device_step(l, c, base, m))
            return;
        base += m;
        if (base == n)
            return;
        id = kvx_child_find(ix, id, m - 1, local[base]);
    }
}

static void add_match(const struct kvx_index *ix, struct kvx_lookup *l, uint32_t worker, uint32_t depth)
{
    const struct kvx_worker *w = kvx_worker_at(ix, worker);
    struct kvx_match *m = &l->matches[l->match_count++];
    m->label = w->label;
    m->worker = worker;
    for (unsigned tier = 0; tier < KVX_TIER_COUNT; tier++)
        m->blocks[tier] = depth;
    m->held_blocks = atomic_load_explicit(&w->held[KVX_TIER_DEVICE], memory_order_relaxed);
}

/* Turns depths into matches and clears them. A slot that is dead by now is left out: its worker held nothing
 * at some moment of this lookup. Two living slots of one worker and tier cannot both have been seen: the
 * older one's death was stored before the newer one's first mask, and is loaded here after all masks. */
static void collect_device(const struct kvx_index *ix, struct kvx_lookup *l)
{
    for (uint32_t i = 0; i < l->touched_count; i++) {
        uint32_t id = l->touched[i], depth = l->depth[id];
        const struct kvx_slot *slot = kvx_slot_at(ix, id);
        l->depth[id] = 0;
        if (atomic_load_explicit(&slot->dead, memory_order_acquire) & KVX_TIER_BIT(KVX_TIER_DEVICE))
            continue;
        add_match(ix, l, slot->worker, depth);
    }
    l->touched_count = 0;
}

/* ---- Lower tiers ---- */

static struct kvx_match *match_of(const struct kvx_index *ix, struct kvx_lookup *l, uint32_t worker,
                                  uint32_t base)
{
    uint32_t number = l->by_worker[worker];
    if (!number) {
        if (base) /* without a match it has nothing at the root */
            return NULL;
        add_match(ix, l, worker, 0);
        number = l->by_worker[worker] = l->match_count;
    }
    return &l->matches[number - 1];
}

/* Extends the workers that stand within [base, base + m) through their blocks in `tier`. Returns how far
 * anyone got. */
static uint32_t lower_step(const struct kvx_index *ix, struct kvx_lookup *l, const struct kvx_chunk *c,
                           uint32_t base, unsigned m, enum kvx_tier tier)
{
    struct holder_view v = view_of(c);
    uint32_t reach = 0;
    for (uint32_t i = 0; i < v.count; i++) {
        uint32_t holder = v.ids[i];
        if ((holder & 3) != (uint32_t)tier || holder >> 2 >= l->cap)
            continue;
        uint64_t mask = atomic_load_explicit(&v.masks[i], memory_order_acquire);
        /* after the mask: a slot that is alive here held these bits when they were read */
        const struct kvx_slot *slot = kvx_slot_at(ix, holder >> 2);
        if (!mask || atomic_load_explicit(&slot->dead, memory_order_acquire) & KVX_TIER_BIT(tier))
            continue;
        if (base == 0 && !(mask & 1) && !l->by_worker[slot->worker])
            continue;
        struct kvx_match *match = match_of(ix, l, slot->worker, base);
        if (!match || match->blocks[tier] < base || match->blocks[tier] >= base + m)
            continue;
        uint32_t blocks = match->blocks[tier] + run_in(mask, match->blocks[tier] - base, m);
        for (unsigned t = tier; t < KVX_TIER_COUNT; t++)
            match->blocks[t] = blocks;
        reach = blocks > reach ? blocks : reach;
    }
    return reach;
}

static void lower_walk(const struct kvx_index *ix, struct kvx_lookup *l, const uint64_t *local, uint32_t n,
                       enum kvx_tier tier)
{
    uint32_t base = 0, reach = 0;
    for (uint32_t i = 0; i < l->match_count; i++)
        reach = l->matches[i].blocks[tier] > reach ? l->matches[i].blocks[tier] : reach;
    for (uint32_t id = kvx_child_find(ix, 0, 0, local[0]); id;) {
        const struct kvx_chunk *c = kvx_chunk_at(ix, id);
        uint32_t cells = kvx_chunk_len(c), left = n - base;
        unsigned m = kvx_common(kvx_locals(c), local + base, cells < left ? cells : left);
        uint32_t here = lower_step(ix, l, c, base, m, tier);
        reach = here > reach ? here : reach;
        base += m;
        if (base == n || reach < base)
            return;
        id = kvx_child_find(ix, id, m - 1, local[base]);
    }
}

static void lower_tiers(const struct kvx_index *ix, struct kvx_lookup *l, const uint64_t *local, uint32_t n)
{
    for (uint32_t i = 0; i < l->match_count; i++)
        l->by_worker[l->matches[i].worker] = i + 1;
    for (unsigned tier = KVX_TIER_DEVICE + 1; tier < KVX_TIER_COUNT; tier++)
        if (atomic_load_explicit(&ix->held[tier], memory_order_relaxed))
            lower_walk(ix, l, local, n, (enum kvx_tier)tier);
    for (uint32_t i = 0; i < l->match_count; i++)
        l->by_worker[l->matches[i].worker] = 0;
}

static bool lower_tiers_used(const struct kvx_index *ix)
{
    uint64_t held = 0;
    for (unsigned tier = KVX_TIER_DEVICE + 1; tier < KVX_TIER_COUNT; tier++)
        held |= atomic_load_explicit(&ix->held[tier], memory_order_relaxed);
    return held != 0;
}

int kvx_index_match(const struct kvx_index *ix, struct kvx_lookup *l, const uint64_t *local, size_t n,
                    const struct kvx_match **matches, size_t *count)
{
    /* acquire: the slots below the count are visible. Later ones belong to workers that came after this
     * lookup began. */
    if (lookup_fit(l, atomic_load_explicit(&ix->slot_count, memory_order_acquire)))
        return KVX_NOMEM;
    if (n > UINT32_MAX)
        n = UINT32_MAX;
    l->match_count = 0;
    if (n) {
        device_walk(ix, l, local, (uint32_t)n);
        collect_device(ix, l);
        if (lower_tiers_used(ix))
            lower_tiers(ix, l, local, (uint32_t)n);
    }
    *matches = l->matches;
    *count = l->match_count;
    return KVX_OK;
}
