#include "answers.h"

#include "partition.h"

/* The schema's enums are the service's, shifted by the UNSPECIFIED that proto3 wants first. */
#define SAME_STATE(name) \
    _Static_assert((int)KVINDEX__V1__SOURCE_STATE__SOURCE_STATE_##name == (int)KVX_SOURCE_##name + 1, #name)
SAME_STATE(CONNECTING);
SAME_STATE(SYNCING);
SAME_STATE(EXACT);
SAME_STATE(DEGRADED);
SAME_STATE(STALE);
_Static_assert(KVX_SOURCE_STATE_COUNT == 5, "every state stands in the schema");

#define SAME_REASON(name) \
    _Static_assert((int)KVINDEX__V1__SOURCE_REASON__SOURCE_REASON_##name == (int)KVX_REASON_##name, #name)
SAME_REASON(LATE_JOIN);
SAME_REASON(GAP);
SAME_REASON(PENDING_DROPPED);
SAME_REASON(MEMORY);
SAME_REASON(BACKLOG);
SAME_REASON(TWO_SOURCES);
SAME_REASON(UNSEQUENCED);
SAME_REASON(BLOCK_SIZE);
SAME_REASON(BAD_BATCH);
SAME_REASON(LIMIT);
_Static_assert(KVX_REASON_NONE == 0 && KVX_SOURCE_REASON_COUNT == 11, "every reason stands in the schema");

#define SAME_TIER(name) _Static_assert((int)KVINDEX__V1__TIER__TIER_##name == (int)KVX_TIER_##name + 1, #name)
SAME_TIER(DEVICE);
SAME_TIER(HOST);
SAME_TIER(DISK);
SAME_TIER(EXTERNAL);
_Static_assert(KVX_TIER_COUNT == 4, "every tier stands in the schema");

#define SAME_KIND(name) \
    _Static_assert((int)KVINDEX__V1__SOURCE_KIND__SOURCE_KIND_##name == (int)KVX_KIND_##name + 1, #name)
SAME_KIND(ENGINE);
SAME_KIND(POOL);
enum {
#define KIND(id, name, text) KIND_##id,
    KVX_SOURCE_KINDS(KIND)
#undef KIND
        KINDS
};
_Static_assert(KINDS == 2, "every kind stands in the schema");

Kvindex__V1__SourceState kvx_rpc_state(enum kvx_source_state state)
{
    return (Kvindex__V1__SourceState)((int)state + 1);
}

Kvindex__V1__SourceReason kvx_rpc_reason(enum kvx_source_reason reason)
{
    return (Kvindex__V1__SourceReason)reason;
}

Kvindex__V1__Tier kvx_rpc_tier(enum kvx_tier tier)
{
    return (Kvindex__V1__Tier)((int)tier + 1);
}

enum kvx_source_kind kvx_rpc_kind(Kvindex__V1__SourceKind kind)
{
    if (kind == KVINDEX__V1__SOURCE_KIND__SOURCE_KIND_UNSPECIFIED)
        return KVX_KIND_ENGINE;
    return (enum kvx_source_kind)((int)kind - 1);
}

void *kvx_rpc_list(struct kvx_arena *arena, size_t n, size_t size)
{
    char **list = kvx_arena_array(arena, n, sizeof(*list));
    char *items = kvx_arena_array(arena, n, size);
    if (!list || !items)
        return NULL;
    for (size_t i = 0; i < n; i++)
        list[i] = items + i * size;
    return list;
}

static bool fill_worker(struct kvx_arena *arena, const struct kvx_instance_id *id, uint32_t dp_rank,
                        Kvindex__V1__Worker *w)
{
    kvindex__v1__worker__init(w);
    w->instance_id = kvx_arena_text(arena, id->text);
    w->dp_rank = dp_rank;
    return w->instance_id != NULL;
}

Kvindex__V1__Worker *kvx_rpc_worker(struct kvx_arena *arena, const struct kvx_instance_id *id,
                                    uint32_t dp_rank)
{
    Kvindex__V1__Worker *w = kvx_arena_alloc(arena, sizeof(*w));
    return w && fill_worker(arena, id, dp_rank, w) ? w : NULL;
}

static bool fill_hit(struct kvx_arena *arena, const struct kvx_hit *hit, Kvindex__V1__Hit *out,
                     Kvindex__V1__Worker *worker)
{
    kvindex__v1__hit__init(out);
    out->worker = worker;
    out->device_blocks = hit->blocks[KVX_REACH_DEVICE];
    out->through_host_blocks = hit->blocks[KVX_REACH_HOST];
    out->through_disk_blocks = hit->blocks[KVX_REACH_DISK];
    out->through_external_blocks = hit->blocks[KVX_REACH_ANY];
    out->total_blocks = hit->total_blocks;
    out->state = kvx_rpc_state(hit->state);
    return fill_worker(arena, &hit->instance, hit->dp_rank, worker);
}

Kvindex__V1__QueryResult *kvx_rpc_query_result(struct kvx_arena *arena, const struct kvx_query_result *result)
{
    Kvindex__V1__QueryResult *out = kvx_arena_alloc(arena, sizeof(*out));
    Kvindex__V1__Hit **hits = kvx_rpc_list(arena, result->n, sizeof(**hits));
    Kvindex__V1__Worker *workers = kvx_arena_array(arena, result->n, sizeof(*workers));
    if (!out || !hits || !workers)
        return NULL;
    kvindex__v1__query_result__init(out);
    out->asked_blocks = result->blocks_asked;
    out->block_size_tokens = result->block_size;
    out->n_hits = result->n;
    out->hits = hits;
    for (size_t i = 0; i < result->n; i++)
        if (!fill_hit(arena, &result->hits[i], hits[i], &workers[i]))
            return NULL;
    return out;
}

static Kvindex__V1__TierBlocks *tier_blocks(struct kvx_arena *arena, const uint64_t held[KVX_TIER_COUNT])
{
    Kvindex__V1__TierBlocks *out = kvx_arena_alloc(arena, sizeof(*out));
    if (!out)
        return NULL;
    kvindex__v1__tier_blocks__init(out);
    out->device_blocks = held[KVX_TIER_DEVICE];
    out->host_blocks = held[KVX_TIER_HOST];
    out->disk_blocks = held[KVX_TIER_DISK];
    out->external_blocks = held[KVX_TIER_EXTERNAL];
    return out;
}

bool kvx_rpc_worker_status(struct kvx_arena *arena, const struct kvx_worker_info *info,
                           Kvindex__V1__WorkerStatus *out)
{
    kvindex__v1__worker_status__init(out);
    out->worker = kvx_rpc_worker(arena, &info->instance, info->dp_rank);
    out->endpoint = kvx_arena_text(arena, info->endpoint);
    out->replay_endpoint = kvx_arena_text(arena, info->replay_endpoint);
    out->learned = info->learned;
    out->state = kvx_rpc_state(info->state);
    out->reason = kvx_rpc_reason(info->reason);
    out->since_unix_ms = info->since_ms;
    if (info->has_sequence) {
        out->sequence_case = KVINDEX__V1__WORKER_STATUS__SEQUENCE_LAST_SEQUENCE;
        out->last_sequence = info->last_sequence;
    }
    out->missing_batches = info->missing_batches;
    out->applied_batches = info->batches;
    out->restarts = info->restarts;
    out->last_event_unix_ms = info->last_event_ms;
    out->block_size_tokens = info->partition.block_size;
    out->model = kvx_arena_text(arena, info->partition.model);
    out->tenant = kvx_arena_text(arena, info->partition.tenant);
    out->additional_salt = kvx_arena_text(arena, info->partition.additional_salt);
    out->lora_name = kvx_arena_text(arena, info->lora_name);
    out->kind = (Kvindex__V1__SourceKind)((int)info->kind + 1);
    out->held_blocks = tier_blocks(arena, info->held_blocks);
    return out->worker && out->endpoint && out->replay_endpoint && out->model && out->tenant &&
           out->additional_salt && out->lora_name && out->held_blocks;
}

bool kvx_rpc_partition_status(struct kvx_arena *arena, const struct kvx_partition_info *info,
                              Kvindex__V1__PartitionStatus *out)
{
    kvindex__v1__partition_status__init(out);
    out->partition = kvx_rpc_partition_answer(arena, &info->name);
    out->workers = info->workers;
    out->pools = info->pools;
    out->held_blocks = tier_blocks(arena, info->held_blocks);
    out->pool_blocks = tier_blocks(arena, info->pool_blocks);
    out->positions = info->positions;
    out->memory_bytes = info->bytes;
    return out->partition && out->held_blocks && out->pool_blocks;
}
