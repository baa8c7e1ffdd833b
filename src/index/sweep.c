#include "chunk.h"
#include "naming.h"
#include "worker.h"

#include "base/clock.h"

/* Dead generations are cleaned by passes over all chunks, one slice at a time. A pass cleans the masks of
 * every dead holder it meets; a slot that died before the pass began is clean when it ends. */
enum { CHUNKS_PER_LOOK = 32 };
#define SLICE_NS (KVX_MS(1) * 3 / 4)

/* A cleared tier of a worker that lives on: names of blocks it holds in no other tier ended with the clear.
 */
static void drop_stale_names(struct kvx_index *ix, const struct kvx_slot *slot, uint32_t chunk, uint64_t bits)
{
    struct kvx_worker *w = kvx_worker_at(ix, slot->worker);
    if (!w->generation || !w->overlay.count)
        return;
    bits &= ~kvx_worker_mask(w, kvx_chunk_at(ix, chunk));
    for (; bits; bits &= bits - 1)
        kvx_names_drop(ix, w, KVX_POS(chunk, (unsigned)__builtin_ctzll(bits)));
}

static void sweep_chunk(struct kvx_index *ix, uint32_t id)
{
    struct kvx_chunk *c = kvx_chunk_at(ix, id);
    if (!c->serial)
        return;
    uint32_t n = kvx_entry_count(c);
    bool cleared = false;
    for (uint32_t i = 0; i < n; i++) {
        _Atomic uint64_t *mask;
        uint32_t holder = kvx_entry(c, i, &mask);
        uint64_t bits = atomic_load_explicit(mask, memory_order_relaxed);
        const struct kvx_slot *slot = bits ? kvx_slot_at(ix, holder >> 2) : NULL;
        if (!slot || !(atomic_load_explicit(&slot->dead, memory_order_relaxed) >> (holder & 3) & 1))
            continue;
        drop_stale_names(ix, slot, id, bits);
        kvx_mask_set(c, mask, 0);
        cleared = true;
    }
    if (!cleared)
        return;
    kvx_holders_compact(ix, c);
    kvx_chunk_reclaim(ix, id);
}

/* After a pass: slots without a living tier can go; the dead tiers of the others are clean but stay dead. */
static void end_pass(struct kvx_index *ix)
{
    ix->sweeping = false;
    for (uint32_t id = 1; id < ix->slots.count; id++) {
        struct kvx_slot *slot = kvx_slot_at(ix, id);
        uint32_t dead = atomic_load_explicit(&slot->dead, memory_order_relaxed);
        if (!slot->sweep_pass || slot->sweep_pass > ix->sweep_pass)
            continue;
        slot->sweep_pass = 0;
        ix->dead_slots--;
        if (dead != slot->used)
            continue;
        slot->used = 0;
        slot->link = ix->dying_slots;
        ix->dying_slots = id;
    }
}

bool kvx_index_sweep(struct kvx_index *ix)
{
    kvx_index_lock(ix);
    uint64_t end = kvx_now_ns() + SLICE_NS;
    if (!ix->sweeping && ix->dead_slots) {
        ix->sweeping = true;
        ix->sweep_pass++;
        ix->sweep_next = 1;
    }
    while (ix->sweeping) {
        for (unsigned i = 0; i < CHUNKS_PER_LOOK && ix->sweep_next < ix->chunks.count; i++)
            sweep_chunk(ix, ix->sweep_next++);
        if (ix->sweep_next >= ix->chunks.count)
            end_pass(ix);
        if (kvx_now_ns() >= end)
            break;
    }
    bool more = ix->dead_slots > 0;
    kvx_index_unlock(ix);
    return more;
}
