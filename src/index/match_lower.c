#include "lookup.h"

/* The tiers below the device. Host memory extends what is on the device; the disk extends the host, and
 * external memory the disk. Disk and external in any mixture extend the host too: one after the other is such
 * a mixture, so that this walk begins where the others ended. A pool's blocks count for every worker. */

static bool anyone_uses(const struct kvx_index *ix, enum kvx_tier tier)
{
    /* relaxed: what was stored before this lookup began is counted already */
    return atomic_load_explicit(&ix->held[tier], memory_order_relaxed) != 0;
}

bool kvx_lower_used(const struct kvx_index *ix)
{
    for (unsigned tier = KVX_TIER_DEVICE + 1; tier < KVX_TIER_COUNT; tier++)
        if (anyone_uses(ix, (enum kvx_tier)tier))
            return true;
    return false;
}

void kvx_lower_begin(const struct kvx_question *q)
{
    for (uint32_t i = 0; i < q->l->match_count; i++)
        q->l->by_worker[q->l->matches[i].worker] = i + 1;
}

void kvx_lower_end(const struct kvx_question *q)
{
    for (uint32_t i = 0; i < q->l->match_count; i++)
        q->l->by_worker[q->l->matches[i].worker] = 0;
}

static uint32_t match_new(const struct kvx_question *q, uint32_t worker)
{
    const struct kvx_worker *w = kvx_worker_at(q->ix, worker);
    uint64_t held = atomic_load_explicit(&w->held[KVX_TIER_DEVICE], memory_order_relaxed);
    q->l->matches[q->l->match_count++] = kvx_match_of(w->label, worker, held, 0);
    return q->l->by_worker[worker] = q->l->match_count;
}

void kvx_lower_everyone(const struct kvx_question *q)
{
    /* acquire: the workers below it exist */
    uint32_t ids = atomic_load_explicit(&q->ix->worker_ids, memory_order_acquire);
    for (uint32_t id = 1; id < ids && id < q->l->cap; id++) {
        const struct kvx_worker *w = kvx_worker_at(q->ix, id);
        /* acquire: the label of a live worker is visible, and stays until this section ends */
        if (!q->l->by_worker[id] && atomic_load_explicit(&w->live, memory_order_acquire) &&
            kvx_lookup_wants(q, id))
            match_new(q, id);
    }
}

/* The number of the worker's match, or 0. At the root everyone who is asked about gets one. */
static uint32_t match_of(const struct kvx_question *q, uint32_t worker, uint32_t base)
{
    if (worker >= q->l->cap)
        return 0;
    uint32_t number = q->l->by_worker[worker];
    if (number || base) /* without a match it has nothing at the root */
        return number;
    return kvx_lookup_wants(q, worker) ? match_new(q, worker) : 0;
}

/* Gathers the blocks of each match in the bits of its number, and returns the pools' blocks. */
static uint64_t gather(const struct kvx_question *q, const struct kvx_chunk *c, uint32_t base, unsigned tiers)
{
    struct kvx_lookup *l = q->l;
    struct kvx_holder_view v = kvx_view_of(c);
    uint64_t pools = 0;
    for (uint32_t i = 0; i < v.count; i++) {
        uint32_t holder = v.ids[i];
        if (!(tiers >> (holder & 3) & 1) || holder >> 2 >= l->cap)
            continue;
        uint64_t mask = atomic_load_explicit(&v.masks[i], memory_order_acquire);
        /* after the mask: a slot that is alive here held these bits when they were read */
        const struct kvx_slot *slot = kvx_slot_at(q->ix, holder >> 2);
        if (!mask || atomic_load_explicit(&slot->dead, memory_order_acquire) >> (holder & 3) & 1)
            continue;
        if (slot->pool) {
            pools |= mask;
            continue;
        }
        uint32_t number = match_of(q, slot->worker, base);
        if (!number)
            continue;
        if (!l->bits[number - 1])
            l->touched[l->touched_count++] = number - 1;
        l->bits[number - 1] |= mask;
    }
    return pools;
}

/* Extends one match that stands within [base, base + m). */
static void extend(struct kvx_match *match, uint64_t mask, uint32_t base, unsigned m, enum kvx_reach reach)
{
    uint32_t blocks = match->blocks[reach];
    if (blocks < base || blocks >= base + m)
        return;
    blocks += kvx_run_in(mask, blocks - base, m);
    for (unsigned r = reach; r < KVX_REACH_COUNT; r++)
        match->blocks[r] = blocks;
}

/* Blocks [base, base + m) of the prompt are this chunk's first cells. Returns how far anyone got. */
static uint32_t step(const struct kvx_question *q, const struct kvx_chunk *c, uint32_t base, unsigned m,
                     enum kvx_reach reach, unsigned tiers)
{
    struct kvx_lookup *l = q->l;
    uint32_t farthest = 0;
    uint64_t pools = gather(q, c, base, tiers);
    if (pools & 1 && base == 0)
        kvx_lower_everyone(q);
    uint32_t count = pools ? l->match_count : l->touched_count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = pools ? i : l->touched[i];
        extend(&l->matches[number], l->bits[number] | pools, base, m, reach);
        l->bits[number] = 0;
        if (l->matches[number].blocks[reach] > farthest)
            farthest = l->matches[number].blocks[reach];
    }
    l->touched_count = 0;
    return farthest;
}

/* Extends every match from where it stands through the blocks of `tiers`. */
static void walk(const struct kvx_question *q, enum kvx_reach reach, unsigned tiers)
{
    const struct kvx_match *matches = q->l->matches;
    uint32_t base = 0, farthest = 0;
    for (uint32_t i = 0; i < q->l->match_count; i++)
        farthest = matches[i].blocks[reach] > farthest ? matches[i].blocks[reach] : farthest;
    for (uint32_t id = kvx_walk_on(q, 0, 0, 0); id;) {
        const struct kvx_chunk *c = kvx_chunk_at(q->ix, id);
        unsigned m = kvx_walk_same(q, c, base);
        uint32_t here = step(q, c, base, m, reach, tiers);
        farthest = here > farthest ? here : farthest;
        base += m;
        if (base == q->n || farthest < base)
            return;
        id = kvx_walk_on(q, id, m - 1, base);
    }
}

void kvx_lower_tiers(const struct kvx_question *q)
{
    static const struct {
        enum kvx_reach reach;
        enum kvx_tier tier;
    } order[] = {{KVX_REACH_HOST, KVX_TIER_HOST},
                 {KVX_REACH_DISK, KVX_TIER_DISK},
                 {KVX_REACH_EXTERNAL, KVX_TIER_EXTERNAL}};
    for (unsigned i = 0; i < 3; i++)
        if (anyone_uses(q->ix, order[i].tier))
            walk(q, order[i].reach, KVX_TIER_BIT(order[i].tier));
    if (anyone_uses(q->ix, KVX_TIER_DISK) && anyone_uses(q->ix, KVX_TIER_EXTERNAL))
        walk(q, KVX_REACH_ANY, KVX_TIER_BIT(KVX_TIER_DISK) | KVX_TIER_BIT(KVX_TIER_EXTERNAL));
}
