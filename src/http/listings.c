/* Listings of workers, registrations and partitions. */
#include "dialect.h"

static enum kvx_http_source_state state_of(enum kvx_source_state state)
{
    static const enum kvx_http_source_state table[] = {
        [KVX_SOURCE_CONNECTING] = KVX_HTTP_SOURCE_STATE_CONNECTING,
        [KVX_SOURCE_SYNCING] = KVX_HTTP_SOURCE_STATE_SYNCING,
        [KVX_SOURCE_EXACT] = KVX_HTTP_SOURCE_STATE_EXACT,
        [KVX_SOURCE_DEGRADED] = KVX_HTTP_SOURCE_STATE_DEGRADED,
        [KVX_SOURCE_STALE] = KVX_HTTP_SOURCE_STATE_STALE,
    };
    _Static_assert(sizeof(table) / sizeof(*table) == KVX_SOURCE_STATE_COUNT, "every state has a name");
    return table[state];
}

/* NVIDIA's word for a subscription in effect, whether or not anybody publishes; ranks that only a peer's dump
 * named have none. */
static enum kvx_http_listener_status status_of(const struct kvx_worker_info *w)
{
    return w->endpoint.len ? KVX_HTTP_LISTENER_STATUS_ACTIVE : KVX_HTTP_LISTENER_STATUS_PENDING;
}

static enum kvx_http_degraded_reason reason_of(enum kvx_source_reason reason)
{
    static const enum kvx_http_degraded_reason table[] = {
        [KVX_REASON_LATE_JOIN] = KVX_HTTP_DEGRADED_REASON_LATE_JOIN,
        [KVX_REASON_GAP] = KVX_HTTP_DEGRADED_REASON_GAP,
        [KVX_REASON_PENDING_DROPPED] = KVX_HTTP_DEGRADED_REASON_PENDING_DROPPED,
        [KVX_REASON_MEMORY] = KVX_HTTP_DEGRADED_REASON_MEMORY,
        [KVX_REASON_BACKLOG] = KVX_HTTP_DEGRADED_REASON_BACKLOG,
        [KVX_REASON_TWO_SOURCES] = KVX_HTTP_DEGRADED_REASON_TWO_SOURCES,
        [KVX_REASON_UNSEQUENCED] = KVX_HTTP_DEGRADED_REASON_UNSEQUENCED,
        [KVX_REASON_BLOCK_SIZE] = KVX_HTTP_DEGRADED_REASON_BLOCK_SIZE,
        [KVX_REASON_BAD_BATCH] = KVX_HTTP_DEGRADED_REASON_BAD_BATCH,
        [KVX_REASON_LIMIT] = KVX_HTTP_DEGRADED_REASON_LIMIT,
    };
    _Static_assert(sizeof(table) / sizeof(*table) == KVX_SOURCE_REASON_COUNT, "every reason has a name");
    return table[reason];
}

static struct kvx_http_blocks_by_tier tiers_of(const uint64_t held[KVX_TIER_COUNT])
{
    return (struct kvx_http_blocks_by_tier){.device = held[KVX_TIER_DEVICE],
                                            .host_pinned = held[KVX_TIER_HOST],
                                            .disk = held[KVX_TIER_DISK],
                                            .external = held[KVX_TIER_EXTERNAL]};
}

static struct kvx_http_listener listener_of(const struct kvx_worker_info *w)
{
    return (struct kvx_http_listener){
        .endpoint = w->endpoint,
        .status = status_of(w),
        .has_last_error = w->state == KVX_SOURCE_STALE,
        .last_error = kvx_bytes_of("the connection or its heartbeat was lost"),
        .has_replay_endpoint = w->replay_endpoint.len > 0,
        .replay_endpoint = w->replay_endpoint,
        .has_lora_name = w->lora_name.len > 0,
        .lora_name = w->lora_name,
        .state = state_of(w->state),
        .has_reason = w->state == KVX_SOURCE_DEGRADED && w->reason != KVX_REASON_NONE,
        .reason = reason_of(w->reason),
        .since_ms = w->since_ms,
        .has_last_sequence = w->has_sequence,
        .last_sequence = w->last_sequence,
        .missing_batches = w->missing_batches,
        .batches = w->batches,
        .restarts = w->restarts,
        .has_last_event_ms = w->last_event_ms > 0,
        .last_event_ms = w->last_event_ms,
        .held_blocks = tiers_of(w->held_blocks),
        .learned = w->learned,
    };
}

/* `pending` when one of them is. */
static enum kvx_http_listener_status worst_status(const struct kvx_worker_info *infos, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (status_of(&infos[i]) == KVX_HTTP_LISTENER_STATUS_PENDING)
            return KVX_HTTP_LISTENER_STATUS_PENDING;
    return KVX_HTTP_LISTENER_STATUS_ACTIVE;
}

/* infos[0..n) are the ranks of one instance in one partition. */
static int answer_worker(struct kvx_http_call *c, const struct kvx_worker_info *infos, size_t n,
                         struct kvx_http_worker *worker)
{
    struct kvx_http_worker_endpoints_entry *endpoints = kvx_arena_array(c->arena, n, sizeof(*endpoints));
    struct kvx_http_worker_listeners_entry *listeners = kvx_arena_array(c->arena, n, sizeof(*listeners));
    const struct kvx_partition_name *partition = &infos[0].partition;
    size_t registered = 0;
    if (!endpoints || !listeners)
        return no_memory(c);
    for (size_t i = 0; i < n; i++) {
        struct kvx_bytes key = rank_key(c, infos[i].dp_rank);
        if (!key.data)
            return no_memory(c);
        listeners[i].key = key;
        listeners[i].value = listener_of(&infos[i]);
        if (infos[i].learned)
            continue;
        endpoints[registered].key = key;
        endpoints[registered++].value = infos[i].endpoint;
    }
    *worker = (struct kvx_http_worker){
        .instance_id = id_of(&infos[0].instance),
        .source = KVX_HTTP_WORKER_SOURCE_ZMQ,
        .status = worst_status(infos, n),
        .model_name = partition->model,
        .routing_group = partition->tenant,
        .block_size = partition->block_size,
        .has_additional_salt = partition->additional_salt.len > 0,
        .additional_salt = partition->additional_salt,
        .endpoints = {endpoints, registered},
        .listeners = {listeners, n},
        .kind = infos[0].kind == KVX_KIND_POOL ? KVX_HTTP_SOURCE_KIND_POOL : KVX_HTTP_SOURCE_KIND_ENGINE,
    };
    return 0;
}

static bool same_entry(const struct kvx_worker_info *a, const struct kvx_worker_info *b)
{
    return kvx_bytes_equal(a->instance.text, b->instance.text) && a->kind == b->kind &&
           a->partition.block_size == b->partition.block_size &&
           kvx_bytes_equal(a->partition.model, b->partition.model) &&
           kvx_bytes_equal(a->partition.tenant, b->partition.tenant) &&
           kvx_bytes_equal(a->partition.additional_salt, b->partition.additional_salt);
}

int kvx_http_handle_list_workers(struct kvx_http_call *c,
                                 const struct kvx_http_list_workers_parameters *request,
                                 struct kvx_http_workers *answer)
{
    const struct kvx_partition_choice choice = {.model = request->model_name,
                                                .tenant = request->routing_group,
                                                .any_model = request->model_name.len == 0,
                                                .any_tenant = request->routing_group.len == 0};
    const struct kvx_worker_info *infos;
    size_t n, used = 0;
    int r = kvx_service_list_workers(c->service, c->arena, &choice, &infos, &n, c->error);
    if (r)
        return r;
    struct kvx_http_worker *workers = kvx_arena_array(c->arena, n, sizeof(*workers));
    if (!workers)
        return no_memory(c);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n; end++)
            if (!same_entry(&infos[end], &infos[i]))
                break;
        r = answer_worker(c, infos + i, end - i, &workers[used++]);
        if (r)
            return r;
    }
    *answer = (struct kvx_http_workers){workers, used};
    return 0;
}

static int list_all(struct kvx_http_call *c, const struct kvx_worker_info **infos, size_t *n)
{
    const struct kvx_partition_choice all = {.any_model = true, .any_tenant = true};
    return kvx_service_list_workers(c->service, c->arena, &all, infos, n, c->error);
}

int kvx_http_handle_list_services(struct kvx_http_call *c, struct kvx_http_services *answer)
{
    const struct kvx_worker_info *infos;
    size_t n, used = 0;
    int r = list_all(c, &infos, &n);
    if (r)
        return r;
    struct kvx_http_service *services = kvx_arena_array(c->arena, n, sizeof(*services));
    if (!services)
        return no_memory(c);
    for (size_t i = 0; i < n; i++) {
        const struct kvx_worker_info *w = &infos[i];
        if (w->learned)
            continue;
        services[used++] = (struct kvx_http_service){
            .endpoint = w->endpoint,
            .replay_endpoint = w->replay_endpoint,
            .type = w->kind == KVX_KIND_POOL ? KVX_HTTP_SERVICE_TYPE_MOONCAKE : KVX_HTTP_SERVICE_TYPE_ENGINE,
            .model_name = w->partition.model,
            .lora_name = w->lora_name,
            .tenant_id = w->partition.tenant,
            .instance_id = w->instance.text,
            .block_size = w->partition.block_size,
            .dprank = w->dp_rank,
            .additional_salt = w->partition.additional_salt,
        };
    }
    *answer = (struct kvx_http_services){.count = used, .services = {services, used}};
    return 0;
}

static int list_contexts(struct kvx_http_call *c, struct kvx_http_global_view *answer)
{
    const struct kvx_worker_info *infos;
    size_t n, used = 0;
    int r = list_all(c, &infos, &n);
    if (r)
        return r;
    struct kvx_http_model_context *contexts = kvx_arena_array(c->arena, n, sizeof(*contexts));
    if (!contexts)
        return no_memory(c);
    for (size_t i = 0; i < n; i++) {
        const struct kvx_worker_info *w = &infos[i];
        if (i && same_entry(w, w - 1) && kvx_bytes_equal(w->lora_name, w[-1].lora_name))
            continue; /* another rank of it */
        contexts[used++] = (struct kvx_http_model_context){
            .model_name = w->partition.model,
            .lora_name = w->lora_name,
            .block_size = w->partition.block_size,
            .additional_salt = w->partition.additional_salt,
            .tenant_id = w->partition.tenant,
            .instance_id = w->instance.text,
        };
    }
    answer->context_count = used;
    answer->model_contexts = (struct kvx_http_global_view_model_contexts){contexts, used};
    return 0;
}

int kvx_http_handle_list_partitions(struct kvx_http_call *c, struct kvx_http_global_view *answer)
{
    const struct kvx_partition_info *infos;
    size_t n;
    int r = list_contexts(c, answer);
    if (r == 0)
        r = kvx_service_list_partitions(c->service, c->arena, &infos, &n, c->error);
    if (r)
        return r;
    struct kvx_http_partition *partitions = kvx_arena_array(c->arena, n, sizeof(*partitions));
    if (!partitions)
        return no_memory(c);
    for (size_t i = 0; i < n; i++)
        partitions[i] = (struct kvx_http_partition){
            .model = infos[i].name.model,
            .tenant = infos[i].name.tenant,
            .additional_salt = infos[i].name.additional_salt,
            .block_size = infos[i].name.block_size,
            .workers = infos[i].workers,
            .pools = infos[i].pools,
            .held_blocks = tiers_of(infos[i].held_blocks),
            .pool_blocks = tiers_of(infos[i].pool_blocks),
            .positions = infos[i].positions,
            .memory_bytes = infos[i].bytes,
        };
    answer->partitions = (struct kvx_http_global_view_partitions){partitions, n};
    return 0;
}
