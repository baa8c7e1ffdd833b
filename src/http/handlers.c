/* One function per operation: generated request -> service arguments -> service result -> generated answer.
 */
#include "openapi_routes.h"

#include <stdio.h>

static int no_memory(struct kvx_http_call *c)
{
    return kvx_fail(c->error, KVX_NOMEM, "out of memory");
}

static struct kvx_instance_id instance_of(const struct kvx_json_id *id)
{
    return (struct kvx_instance_id){.text = id->text, .numeric = id->numeric};
}

static struct kvx_json_id id_of(const struct kvx_instance_id *instance)
{
    return (struct kvx_json_id){.text = instance->text, .numeric = instance->numeric};
}

int kvx_http_handle_register(struct kvx_http_call *c, const struct kvx_http_register_request *request,
                             struct kvx_http_status *answer)
{
    const struct kvx_register_args args = {
        .instance = instance_of(&request->instance_id),
        .dp_rank = request->dp_rank,
        .endpoint = request->endpoint,
        .replay_endpoint = request->replay_endpoint,
        .block_size = request->has_block_size ? request->block_size : 0,
    };
    answer->status = KVX_HTTP_STATUS_STATUS_OK;
    return kvx_service_register(c->service, &args, c->error);
}

int kvx_http_handle_unregister(struct kvx_http_call *c, const struct kvx_http_unregister_request *request,
                               struct kvx_http_status *answer)
{
    const struct kvx_unregister_args args = {
        .instance = instance_of(&request->instance_id),
        .has_dp_rank = request->has_dp_rank,
        .dp_rank = request->dp_rank,
    };
    answer->status = KVX_HTTP_STATUS_STATUS_OK;
    return kvx_service_unregister(c->service, &args, NULL, c->error);
}

/* A map key for a rank; empty when there is no memory. */
static struct kvx_bytes rank_key(struct kvx_http_call *c, uint32_t rank)
{
    char digits[10], *p = digits + sizeof(digits);
    do
        *--p = (char)('0' + rank % 10);
    while (rank /= 10);
    size_t len = (size_t)(digits + sizeof(digits) - p);
    char *text = kvx_arena_alloc(c->arena, len);
    if (!text)
        return (struct kvx_bytes){0};
    memcpy(text, p, len);
    return (struct kvx_bytes){text, len};
}

/* One instance's entries in both maps; hits[0..n) are its ranks. */
static int answer_instance(struct kvx_http_call *c, const struct kvx_hit *hits, size_t n,
                           struct kvx_http_blocks_by_instance_entry *score,
                           struct kvx_http_blocks_by_instance_entry *size)
{
    struct kvx_http_blocks_by_rank_entry *scores = kvx_arena_array(c->arena, n, sizeof(*scores));
    struct kvx_http_blocks_by_rank_entry *sizes = kvx_arena_array(c->arena, n, sizeof(*sizes));
    size_t used = 0;
    if (!scores || !sizes)
        return no_memory(c);
    for (size_t i = 0; i < n; i++) {
        if (hits[i].blocks[KVX_TIER_DEVICE] == 0)
            continue; /* this dialect knows the device only */
        struct kvx_bytes key = rank_key(c, hits[i].dp_rank);
        if (!key.data)
            return no_memory(c);
        scores[used].key = sizes[used].key = key;
        scores[used].value = hits[i].blocks[KVX_TIER_DEVICE];
        sizes[used++].value = hits[i].total_blocks;
    }
    score->key = size->key = hits[0].instance.text;
    score->value = (struct kvx_http_blocks_by_rank){scores, used};
    size->value = (struct kvx_http_blocks_by_rank){sizes, used};
    return 0;
}

static int answer_scores(struct kvx_http_call *c, const struct kvx_query_result *result,
                         struct kvx_http_query_answer *answer)
{
    struct kvx_http_blocks_by_instance_entry *scores = kvx_arena_array(c->arena, result->n, sizeof(*scores));
    struct kvx_http_blocks_by_instance_entry *sizes = kvx_arena_array(c->arena, result->n, sizeof(*sizes));
    size_t used = 0;
    if (!scores || !sizes)
        return no_memory(c);
    for (size_t i = 0, end; i < result->n; i = end) {
        for (end = i + 1; end < result->n; end++)
            if (!kvx_bytes_equal(result->hits[end].instance.text, result->hits[i].instance.text))
                break;
        int r = answer_instance(c, result->hits + i, end - i, &scores[used], &sizes[used]);
        if (r)
            return r;
        used += scores[used].value.n > 0;
    }
    answer->which = KVX_HTTP_QUERY_ANSWER_BLOCK_SCORES;
    answer->value.block_scores.scores = (struct kvx_http_blocks_by_instance){scores, used};
    answer->value.block_scores.tree_sizes = (struct kvx_http_blocks_by_instance){sizes, used};
    return 0;
}

int kvx_http_handle_query(struct kvx_http_call *c, const struct kvx_http_query_request *request,
                          struct kvx_http_query_answer *answer)
{
    const struct kvx_query_args args = {.tokens = request->token_ids.items, .n_tokens = request->token_ids.n};
    struct kvx_query_result result;
    int r = kvx_service_query(c->service, c->caller, c->arena, &args, &result, c->error);
    return r ? r : answer_scores(c, &result, answer);
}

int kvx_http_handle_query_by_hash(struct kvx_http_call *c,
                                  const struct kvx_http_query_by_hash_request *request,
                                  struct kvx_http_query_answer *answer)
{
    const struct kvx_query_args args = {.block_hashes = request->block_hashes.items,
                                        .n_hashes = request->block_hashes.n};
    struct kvx_query_result result;
    int r = kvx_service_query_by_hash(c->service, c->caller, c->arena, &args, &result, c->error);
    return r ? r : answer_scores(c, &result, answer);
}

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
    };
    _Static_assert(sizeof(table) / sizeof(*table) == KVX_SOURCE_REASON_COUNT, "every reason has a name");
    return table[reason];
}

static struct kvx_http_listener listener_of(const struct kvx_worker_info *w)
{
    return (struct kvx_http_listener){
        .endpoint = w->endpoint,
        .has_replay_endpoint = w->replay_endpoint.len > 0,
        .replay_endpoint = w->replay_endpoint,
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
        .held_blocks = {.device = w->held_blocks[KVX_TIER_DEVICE],
                        .host_pinned = w->held_blocks[KVX_TIER_HOST],
                        .disk = w->held_blocks[KVX_TIER_DISK],
                        .external = w->held_blocks[KVX_TIER_EXTERNAL]},
        .learned = w->learned,
    };
}

/* infos[0..n) are the ranks of one instance. */
static int answer_worker(struct kvx_http_call *c, const struct kvx_worker_info *infos, size_t n,
                         struct kvx_http_worker *worker)
{
    struct kvx_http_worker_endpoints_entry *endpoints = kvx_arena_array(c->arena, n, sizeof(*endpoints));
    struct kvx_http_worker_listeners_entry *listeners = kvx_arena_array(c->arena, n, sizeof(*listeners));
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
        .endpoints = {endpoints, registered},
        .listeners = {listeners, n},
        .model = infos[0].model,
        .tenant = infos[0].tenant,
        .block_size = infos[0].block_size,
    };
    return 0;
}

int kvx_http_handle_list_workers(struct kvx_http_call *c, struct kvx_http_workers *answer)
{
    const struct kvx_worker_info *infos;
    size_t n, used = 0;
    int r = kvx_service_list_workers(c->service, c->caller, c->arena, &infos, &n, c->error);
    if (r)
        return r;
    struct kvx_http_worker *workers = kvx_arena_array(c->arena, n, sizeof(*workers));
    if (!workers)
        return no_memory(c);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n; end++)
            if (!kvx_bytes_equal(infos[end].instance.text, infos[i].instance.text))
                break;
        r = answer_worker(c, infos + i, end - i, &workers[used++]);
        if (r)
            return r;
    }
    *answer = (struct kvx_http_workers){workers, used};
    return 0;
}

int kvx_http_handle_get_health(struct kvx_http_call *c, struct kvx_http_status *answer)
{
    (void)c; /* being able to answer is the answer */
    answer->status = KVX_HTTP_STATUS_STATUS_OK;
    return 0;
}

int kvx_http_handle_get_ready(struct kvx_http_call *c, struct kvx_http_ready *answer)
{
    struct kvx_health health;
    int r = kvx_service_health(c->service, c->caller, c->arena, &health, c->error);
    if (r)
        return r;
    if (!health.ready)
        c->status = (unsigned)kvx_code_http(KVX_UNAVAILABLE);
    *answer = (struct kvx_http_ready){
        .ready = health.ready,
        .draining = health.draining,
        .reasons = {health.reasons, health.n_reasons},
        .workers = health.workers,
        .workers_by_state = {.connecting = health.workers_by_state[KVX_SOURCE_CONNECTING],
                             .syncing = health.workers_by_state[KVX_SOURCE_SYNCING],
                             .exact = health.workers_by_state[KVX_SOURCE_EXACT],
                             .degraded = health.workers_by_state[KVX_SOURCE_DEGRADED],
                             .stale = health.workers_by_state[KVX_SOURCE_STALE]},
    };
    return 0;
}

int kvx_http_handle_get_metrics(struct kvx_http_call *c, struct kvx_buf *page)
{
    int r = kvx_service_metrics(c->service, c->caller, page);
    return r ? kvx_fail(c->error, r, "the metrics page cannot be written: %s", kvx_code_text(r)) : 0;
}

int kvx_http_handle_get_openapi(struct kvx_http_call *c, struct kvx_buf *document)
{
    (void)c; /* the document is constant */
    kvx_buf_bytes(document, kvx_http_document.data, kvx_http_document.len);
    return 0;
}
