#include "chunk.h"
#include "sequence.h"
#include "worker.h"

static void init_parts(struct kvx_index *ix, const struct kvx_index_config *config)
{
    static const struct kvx_index_hooks none = {~(uint64_t)0, ~(uint64_t)0, ~(uint64_t)0, ~(uint64_t)0};
    ix->config = *config;
    ix->hooks = config->hooks ? *config->hooks : none;
    ix->map = (struct kvx_position_map){.mask = ix->hooks.engine_mask, .purpose = KVX_FOR_MAP};
    ix->children = (struct kvx_child_map){.mask = ix->hooks.child_mask, .purpose = KVX_FOR_CHILDREN};
    kvx_sequence_init(ix);
    kvx_memory_init(&ix->memory, config->allocator);
    kvx_table_init(&ix->chunks, KVX_FOR_OTHER, sizeof(struct kvx_chunk), KVX_CHUNK_SEGMENT_BITS);
    kvx_table_init(&ix->slots, KVX_FOR_OTHER, sizeof(struct kvx_slot), KVX_SLOT_SEGMENT_BITS);
    kvx_table_init(&ix->workers, KVX_FOR_OTHER, sizeof(struct kvx_worker), KVX_WORKER_SEGMENT_BITS);
    kvx_pairs_init(&ix->waiting, KVX_FOR_PENDING, ix->hooks.pair_mask);
}

static void free_parts(struct kvx_index *ix)
{
    kvx_pairs_fini(&ix->waiting, &ix->memory);
    kvx_sequence_fini(ix);
    kvx_map_fini(ix, &ix->map);
    kvx_child_fini(ix, &ix->children);
    kvx_table_fini(&ix->workers, &ix->memory);
    kvx_table_fini(&ix->slots, &ix->memory);
    kvx_table_fini(&ix->chunks, &ix->memory);
    kvx_retire_fini(&ix->retire, &ix->memory);
    kvx_memory_fini(&ix->memory);
}

int kvx_index_new(struct kvx_index **out, const struct kvx_index_config *config)
{
    struct kvx_index *ix = kvx_alloc_zeroed(config->allocator, sizeof(*ix));
    if (!ix)
        return KVX_NOMEM;
    init_parts(ix, config);
    if (pthread_mutex_init(&ix->lock, NULL))
        goto fail;
    /* id 0 means "none" everywhere; chunk 0 is the root */
    struct kvx_table *tables[] = {&ix->chunks, &ix->slots, &ix->workers};
    for (unsigned i = 0; i < 3; i++) {
        if (kvx_table_reserve(tables[i], &ix->memory, &ix->retire))
            goto fail_lock;
        tables[i]->count = 1;
    }
    *out = ix;
    return KVX_OK;
fail_lock:
    pthread_mutex_destroy(&ix->lock);
fail:
    free_parts(ix);
    kvx_dealloc(config->allocator, ix, sizeof(*ix));
    return KVX_NOMEM;
}

/* Lists of ids wait for the grace period as one item each. Without memory for the items they wait for the
 * next turn. */
static void retire_dying(struct kvx_index *ix)
{
    if (!(ix->dying_chunks | ix->dying_slots | ix->dying_workers) ||
        kvx_retire_reserve(&ix->retire, &ix->memory, 3))
        return;
    if (ix->dying_chunks)
        kvx_retire_ids(&ix->retire, KVX_RETIRED_CHUNKS, ix->dying_chunks);
    if (ix->dying_slots)
        kvx_retire_ids(&ix->retire, KVX_RETIRED_SLOTS, ix->dying_slots);
    if (ix->dying_workers)
        kvx_retire_ids(&ix->retire, KVX_RETIRED_WORKERS, ix->dying_workers);
    ix->dying_chunks = ix->dying_slots = ix->dying_workers = 0;
}

static void release(struct kvx_index *ix, const struct kvx_retired *item)
{
    switch ((enum kvx_retired_kind)item->kind) {
    case KVX_RETIRED_BLOCK:
        kvx_block_free(&ix->memory, (enum kvx_purpose)item->purpose, item->p, item->size);
        break;
    case KVX_RETIRED_CELL:
        kvx_cell_free(&ix->memory, (enum kvx_purpose)item->purpose, item->p, item->size);
        break;
    case KVX_RETIRED_TWIN:
        kvx_twin_free(&ix->memory, (enum kvx_purpose)item->purpose, item->p, item->size);
        break;
    case KVX_RETIRED_CHUNKS:
        kvx_chunks_free(ix, item->first);
        break;
    case KVX_RETIRED_SLOTS:
        kvx_slots_free(ix, item->first);
        break;
    case KVX_RETIRED_WORKERS:
        kvx_workers_free(ix, item->first);
        break;
    }
}

void kvx_index_free(struct kvx_index *ix)
{
    if (!ix)
        return;
    const struct kvx_allocator *allocator = ix->config.allocator;
    struct kvx_retired item;
    kvx_retire_seal(&ix->retire, ix->config.rcu);
    while (kvx_retire_pop(&ix->retire, UINT64_MAX, &item))
        release(ix, &item);
    kvx_workers_free(ix, ix->dying_workers);
    for (uint32_t id = 1; id < ix->workers.count; id++) {
        struct kvx_worker *w = kvx_worker_at(ix, id);
        if (!w->generation)
            continue;
        kvx_worker_forget(ix, w);
        if (ix->config.label_release)
            ix->config.label_release(w->label);
    }
    for (uint32_t id = 1; id < ix->chunks.count; id++) { /* large holder lists are blocks of their own */
        struct kvx_chunk *c = kvx_chunk_at(ix, id);
        struct kvx_holders *h = atomic_load_explicit(&c->holders, memory_order_relaxed);
        if (h)
            kvx_cell_free(&ix->memory, KVX_FOR_HOLDERS, h, kvx_holders_size(h->cap));
    }
    free_parts(ix);
    pthread_mutex_destroy(&ix->lock);
    kvx_dealloc(allocator, ix, sizeof(*ix));
}

void kvx_index_lock(struct kvx_index *ix)
{
    pthread_mutex_lock(&ix->lock);
}

void kvx_index_unlock(struct kvx_index *ix)
{
    struct kvx_retired item;
    retire_dying(ix);
    kvx_retire_seal(&ix->retire, ix->config.rcu);
    if (ix->retire.head != ix->retire.tail) {
        uint64_t passed = kvx_rcu_passed(ix->config.rcu);
        while (kvx_retire_pop(&ix->retire, passed, &item))
            release(ix, &item);
    }
    pthread_mutex_unlock(&ix->lock);
}
