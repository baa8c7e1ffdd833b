#include "worker.h"

#include "chunk.h"
#include "pending.h"
#include "sequence.h"

#include <string.h>

struct kvx_worker *kvx_worker_get(const struct kvx_index *ix, struct kvx_worker_ref ref)
{
    if (ref.id >= ix->workers.count)
        return NULL;
    struct kvx_worker *w = kvx_worker_at(ix, ref.id);
    return w->generation && w->generation == ref.generation ? w : NULL;
}

void kvx_held_add(struct kvx_index *ix, struct kvx_worker *w, enum kvx_tier tier, int64_t blocks)
{
    /* relaxed loads and stores: only the writer changes these, readers want a figure */
    _Atomic uint64_t *words[3] = {&w->held[tier], &ix->held[tier], &kvx_slot_at(ix, w->slot[tier])->held};
    for (unsigned i = 0; i < (tier == KVX_TIER_DEVICE ? 3 : 2); i++) {
        uint64_t before = atomic_load_explicit(words[i], memory_order_relaxed);
        atomic_store_explicit(words[i], before + (uint64_t)blocks, memory_order_relaxed);
    }
    if (w->pool)
        ix->pool_held[tier] += (uint64_t)blocks;
}

/* A slot for these tiers of a worker; the other tiers stay unused. */
static int slot_new(struct kvx_index *ix, uint32_t worker, void *label, bool pool, unsigned tiers,
                    uint32_t *out)
{
    uint32_t id = ix->free_slots;
    if (!id &&
        (ix->slots.count >= UINT32_MAX >> 3 || kvx_table_reserve(&ix->slots, &ix->memory, &ix->retire)))
        return KVX_NOMEM;
    if (id)
        ix->free_slots = kvx_slot_at(ix, id)->link;
    else
        id = ix->slots.count++;
    struct kvx_slot *slot = kvx_slot_at(ix, id);
    slot->worker = worker;
    slot->label = label;
    atomic_store_explicit(&slot->held, 0, memory_order_relaxed);
    slot->pool = pool;
    slot->used = tiers;
    slot->link = 0;
    slot->sweep_pass = 0;
    atomic_store_explicit(&slot->dead, 0, memory_order_relaxed);
    /* release: a reader that sizes its scratch by this count finds the slots below it */
    atomic_store_explicit(&ix->slot_count, ix->slots.count, memory_order_release);
    *out = id;
    return KVX_OK;
}

/* The tiers leave every answer now. Their masks are cleared by a pass that starts after this moment. */
static void slot_kill(struct kvx_index *ix, uint32_t id, unsigned tiers)
{
    struct kvx_slot *slot = kvx_slot_at(ix, id);
    uint32_t dead = atomic_load_explicit(&slot->dead, memory_order_relaxed);
    ix->dead_slots += slot->sweep_pass == 0;
    slot->sweep_pass = ix->sweep_pass + 1;
    /* release: readers that see what the worker's next holder stores also see this (they load it last) */
    atomic_store_explicit(&slot->dead, dead | tiers, memory_order_release);
}

void kvx_worker_forget(struct kvx_index *ix, struct kvx_worker *w)
{
    kvx_overlay_count(ix, w, -(int64_t)w->overlay.count);
    kvx_pairs_fini(&w->overlay, &ix->memory);
    kvx_pending_clear(ix, w, KVX_ALL_TIERS);
    kvx_unresolved_clear(ix, w, KVX_ALL_TIERS);
    w->tiers = 0;
}

/* Each slot of the worker dies in the tiers it serves. */
static void kill_tiers(struct kvx_index *ix, struct kvx_worker *w, unsigned tiers)
{
    for (unsigned tier = 0; tier < KVX_TIER_COUNT; tier++)
        if (tiers >> tier & 1) {
            int64_t held = (int64_t)atomic_load_explicit(&w->held[tier], memory_order_relaxed);
            kvx_held_add(ix, w, (enum kvx_tier)tier, -held);
            slot_kill(ix, w->slot[tier], KVX_TIER_BIT(tier));
        }
}

static void worker_init(struct kvx_index *ix, struct kvx_worker *w, void *label, bool pool, uint32_t slot)
{
    /* all but `live`, which readers may be looking at */
    size_t kept = offsetof(struct kvx_worker, pool);
    memset((char *)w + kept, 0, sizeof(*w) - kept);
    w->label = label;
    w->pool = pool;
    w->generation = ++ix->next_generation;
    kvx_pairs_init(&w->overlay, KVX_FOR_OVERLAY, ix->hooks.pair_mask);
    kvx_pairs_init(&w->pending_blocks, KVX_FOR_PENDING, ix->hooks.pair_mask);
    kvx_pairs_init(&w->unresolved, KVX_FOR_PENDING, ix->hooks.pair_mask);
    for (unsigned tier = 0; tier < KVX_TIER_COUNT; tier++)
        w->slot[tier] = slot;
}

static int add(struct kvx_index *ix, void *label, bool pool, struct kvx_worker_ref *out)
{
    if (ix->dead_slots >= ix->config.sweep_backlog_max)
        return KVX_UNAVAILABLE;
    uint32_t id = ix->free_workers;
    if (!id && kvx_table_reserve(&ix->workers, &ix->memory, &ix->retire))
        return KVX_NOMEM;
    uint32_t slot;
    if (slot_new(ix, id ? id : ix->workers.count, label, pool, KVX_ALL_TIERS, &slot))
        return KVX_NOMEM;
    if (id)
        ix->free_workers = kvx_worker_at(ix, id)->link;
    else
        id = ix->workers.count++;
    struct kvx_worker *w = kvx_worker_at(ix, id);
    worker_init(ix, w, label, pool, slot);
    /* release: a reader that sees it alive, or its id below the count, sees the label */
    atomic_store_explicit(&w->live, !pool, memory_order_release);
    atomic_store_explicit(&ix->worker_ids, ix->workers.count, memory_order_release);
    *out = (struct kvx_worker_ref){id, w->generation};
    return KVX_OK;
}

int kvx_worker_add(struct kvx_index *ix, void *label, struct kvx_worker_ref *out)
{
    int rc = add(ix, label, false, out);
    ix->worker_count += rc == KVX_OK;
    return rc;
}

int kvx_pool_add(struct kvx_index *ix, void *label, struct kvx_worker_ref *out)
{
    int rc = kvx_sequence_enable(ix, true);
    rc = rc ? rc : add(ix, label, true, out);
    if (rc)
        return rc;
    kvx_worker_at(ix, out->id)->next_pool = ix->pools;
    ix->pools = out->id;
    return KVX_OK;
}

static void pool_unlink(struct kvx_index *ix, uint32_t id)
{
    uint32_t *link = &ix->pools;
    while (*link != id)
        link = &kvx_worker_at(ix, *link)->next_pool;
    *link = kvx_worker_at(ix, id)->next_pool;
}

int kvx_worker_remove(struct kvx_index *ix, struct kvx_worker_ref ref)
{
    struct kvx_worker *w = kvx_worker_get(ix, ref);
    if (!w)
        return KVX_STALE;
    kill_tiers(ix, w, KVX_ALL_TIERS);
    kvx_worker_forget(ix, w);
    w->generation = 0;
    w->link = ix->dying_workers;
    ix->dying_workers = ref.id;
    if (w->pool)
        pool_unlink(ix, ref.id);
    else
        ix->worker_count--;
    /* relaxed: a reader that still sees it answers for a worker that lived during its lookup */
    atomic_store_explicit(&w->live, false, memory_order_relaxed);
    return KVX_OK;
}

int kvx_worker_restart(struct kvx_index *ix, struct kvx_worker_ref ref, struct kvx_worker_ref *out)
{
    struct kvx_worker *w = kvx_worker_get(ix, ref);
    if (!w)
        return KVX_STALE;
    uint32_t slot;
    if (w->tiers) { /* else there is nothing to leave behind */
        if (ix->dead_slots >= ix->config.sweep_backlog_max)
            return KVX_UNAVAILABLE;
        if (slot_new(ix, ref.id, w->label, w->pool, KVX_ALL_TIERS, &slot))
            return KVX_NOMEM;
        kill_tiers(ix, w, KVX_ALL_TIERS);
        for (unsigned tier = 0; tier < KVX_TIER_COUNT; tier++)
            w->slot[tier] = slot;
    }
    kvx_worker_forget(ix, w);
    w->generation = ++ix->next_generation;
    *out = (struct kvx_worker_ref){ref.id, w->generation};
    return KVX_OK;
}

int kvx_worker_clear_tiers(struct kvx_index *ix, struct kvx_worker_ref ref, unsigned tiers)
{
    struct kvx_worker *w = kvx_worker_get(ix, ref);
    if (!w)
        return KVX_STALE;
    unsigned stored = w->tiers & tiers;
    if (stored) {
        uint32_t slot;
        if (ix->dead_slots >= ix->config.sweep_backlog_max)
            return KVX_UNAVAILABLE;
        if (slot_new(ix, ref.id, w->label, w->pool, stored, &slot))
            return KVX_NOMEM;
        kill_tiers(ix, w, stored);
        for (unsigned tier = 0; tier < KVX_TIER_COUNT; tier++)
            if (stored >> tier & 1)
                w->slot[tier] = slot;
    }
    w->tiers &= ~tiers;
    kvx_pending_clear(ix, w, tiers);
    kvx_unresolved_clear(ix, w, tiers);
    if (!w->tiers) { /* no name is left; otherwise the sweep takes stale names as it meets them */
        kvx_overlay_count(ix, w, -(int64_t)w->overlay.count);
        kvx_pairs_fini(&w->overlay, &ix->memory);
    }
    return KVX_OK;
}

void kvx_slots_free(struct kvx_index *ix, uint32_t first)
{
    while (first) {
        struct kvx_slot *slot = kvx_slot_at(ix, first);
        uint32_t next = slot->link;
        slot->link = ix->free_slots;
        ix->free_slots = first;
        first = next;
    }
}

void kvx_workers_free(struct kvx_index *ix, uint32_t first)
{
    while (first) {
        struct kvx_worker *w = kvx_worker_at(ix, first);
        uint32_t next = w->link;
        if (ix->config.label_release)
            ix->config.label_release(w->label);
        w->label = NULL;
        w->link = ix->free_workers;
        ix->free_workers = first;
        first = next;
    }
}
