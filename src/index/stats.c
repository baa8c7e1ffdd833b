#include "worker.h"

void kvx_index_stats(struct kvx_index *ix, struct kvx_index_stats *out)
{
    kvx_index_lock(ix);
    const uint64_t *used = ix->memory.used;
    *out = (struct kvx_index_stats){
        .workers = ix->worker_count,
        .positions = ix->positions,
        .chunks = ix->chunk_count,
        .overlay_entries = ix->overlay_entries + ix->pool_overlay_entries,
        .pending_blocks = ix->pending_blocks,
        .unresolved = ix->unresolved_count,
        .dead_generations = ix->dead_slots,
        .bytes = ix->memory.total + sizeof(*ix),
        .bytes_columns = used[KVX_FOR_COLUMNS],
        .bytes_holders = used[KVX_FOR_HOLDERS],
        .bytes_map = used[KVX_FOR_MAP],
        .bytes_children = used[KVX_FOR_CHILDREN],
        .bytes_overlay = used[KVX_FOR_OVERLAY],
        .bytes_pending = used[KVX_FOR_PENDING],
        .bytes_sequence = used[KVX_FOR_SEQUENCE],
    };
    for (unsigned tier = 0; tier < KVX_TIER_COUNT; tier++) {
        out->pool_held[tier] = ix->pool_held[tier];
        out->held[tier] = atomic_load_explicit(&ix->held[tier], memory_order_relaxed) - ix->pool_held[tier];
    }
    out->bytes_other = out->bytes - out->bytes_columns - out->bytes_holders - out->bytes_map -
                       out->bytes_children - out->bytes_overlay - out->bytes_pending - out->bytes_sequence;
    kvx_index_unlock(ix);
}

void kvx_worker_held(const struct kvx_index *ix, struct kvx_worker_ref ref, uint64_t held[KVX_TIER_COUNT])
{
    const struct kvx_worker *w = kvx_worker_get(ix, ref);
    for (unsigned tier = 0; tier < KVX_TIER_COUNT; tier++)
        held[tier] = w ? atomic_load_explicit(&w->held[tier], memory_order_relaxed) : 0;
}
