/* One function per operation: generated request -> service arguments -> service result -> generated answer.
 * What the dialects differ in is in their files, listings are in listings.c, the dump is in dump.c. */
#include "dialect.h"

static const struct dialect *const dialects[] = {
    [KVX_HTTP_DIALECT_FIRST] = &dialect_first,
    [KVX_HTTP_DIALECT_NVIDIA] = &dialect_nvidia,
    [KVX_HTTP_DIALECT_MOONCAKE] = &dialect_mooncake,
};
_Static_assert(sizeof(dialects) / sizeof(*dialects) == KVX_HTTP_DIALECT_COUNT, "every dialect has a file");

/* The dialect of a request, or NULL with the call's error filled. */
static const struct dialect *speak(struct kvx_http_call *c, const struct kvx_json_type *type,
                                   const void *request)
{
    enum kvx_http_dialect dialect;
    return dialect_of(type, request, &dialect, c->error) == 0 ? dialects[dialect] : NULL;
}

int kvx_http_handle_register(struct kvx_http_call *c, const struct kvx_http_register_request *request,
                             struct kvx_http_register_answer *answer)
{
    const struct dialect *d = speak(c, &kvx_http_type_register_request, request);
    return d ? d->registers(c, request, answer) : c->error->code;
}

int kvx_http_handle_unregister(struct kvx_http_call *c, const struct kvx_http_unregister_request *request,
                               struct kvx_http_unregister_answer *answer)
{
    const struct dialect *d = speak(c, &kvx_http_type_unregister_request, request);
    return d ? d->unregisters(c, request, answer) : c->error->code;
}

static int take_candidates(struct kvx_http_call *c, const struct question *q, struct kvx_query_args *args)
{
    size_t n = q->candidates.n;
    struct kvx_candidate *candidates = kvx_arena_array(c->arena, n, sizeof(*candidates));
    if (!candidates)
        return no_memory(c);
    for (size_t i = 0; i < n; i++)
        candidates[i] = (struct kvx_candidate){.instance = q->candidates.items[i].instance_id.text,
                                               .has_dp_rank = q->candidates.items[i].has_dp_rank,
                                               .dp_rank = q->candidates.items[i].dp_rank};
    args->candidates = candidates;
    args->n_candidates = n;
    return 0;
}

static int ask(struct kvx_http_call *c, const struct dialect *d, const struct question *q,
               struct kvx_http_query_answer *answer)
{
    struct kvx_query_args args = {
        .form = q->form, .tokens = q->tokens.items, .n_tokens = q->tokens.n, .max_hits = q->max_hits};
    struct kvx_query_result result;
    int r = d->asks(c, q, &args);
    if (r == 0 && q->has_candidates)
        r = take_candidates(c, q, &args);
    if (r == 0)
        r = kvx_service_query(c->service, c->caller, c->arena, &args, &result, c->error);
    if (r == 0 && q->max_hits)
        r = hits_group(c, &result);
    return r ? r : d->scores(c, &result, answer);
}

/* The fields that both query requests have. */
#define SELECTION(r)                                                                                   \
    .model_name = (r)->model_name, .routing_group = (r)->routing_group, .has_model = (r)->has_model,   \
    .has_modelname = (r)->has_modelname, .model = (r)->model, .modelname = (r)->modelname,             \
    .tenant_id = (r)->tenant_id, .has_additionalsalt = (r)->has_additionalsalt,                        \
    .additionalsalt = (r)->additionalsalt, .block_size = (r)->block_size, .lora_name = (r)->lora_name, \
    .cache_salt = (r)->cache_salt, .has_cache_salt = (r)->has_cache_salt,                              \
    .has_instance_id = (r)->has_instance_id, .instance_id = (r)->instance_id,                          \
    .has_candidates = (r)->has_candidates, .candidates = (r)->candidates, .max_hits = (r)->max_hits

int kvx_http_handle_query(struct kvx_http_call *c, const struct kvx_http_query_request *request,
                          struct kvx_http_query_answer *answer)
{
    const struct dialect *d = speak(c, &kvx_http_type_query_request, request);
    const struct question q = {.form = KVX_PROMPT_TOKENS,
                               .tokens = request->token_ids,
                               .has_lora_id = request->has_lora_id,
                               SELECTION(request)};
    return d ? ask(c, d, &q, answer) : c->error->code;
}

int kvx_http_handle_query_by_hash(struct kvx_http_call *c,
                                  const struct kvx_http_query_by_hash_request *request,
                                  struct kvx_http_query_answer *answer)
{
    const struct dialect *d = speak(c, &kvx_http_type_query_by_hash_request, request);
    const struct question q = {.form = KVX_PROMPT_LOCAL_HASHES,
                               .block_hashes = request->block_hashes,
                               .has_seq_hashes = request->has_seq_hashes,
                               .has_block_hash = request->has_block_hash,
                               .seq_hashes = request->seq_hashes,
                               .block_hash = request->block_hash,
                               SELECTION(request)};
    return d ? ask(c, d, &q, answer) : c->error->code;
}

int kvx_http_handle_register_peer(struct kvx_http_call *c, const struct kvx_http_peer_request *request,
                                  struct kvx_http_status *answer)
{
    answer->status = KVX_HTTP_STATUS_STATUS_OK;
    return kvx_service_add_peer(c->service, request->url, c->error);
}

int kvx_http_handle_deregister_peer(struct kvx_http_call *c, const struct kvx_http_peer_request *request,
                                    struct kvx_http_status *answer)
{
    answer->status = KVX_HTTP_STATUS_STATUS_OK;
    return kvx_service_remove_peer(c->service, request->url, c->error);
}

int kvx_http_handle_list_peers(struct kvx_http_call *c, struct kvx_http_peers *answer)
{
    return kvx_service_list_peers(c->service, c->arena, &answer->items, &answer->n, c->error);
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
    int r = kvx_service_health(c->service, c->arena, &health, c->error);
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
    int r = kvx_service_metrics(c->service, c->arena, page);
    return r ? kvx_fail(c->error, r, "the metrics page cannot be written: %s", kvx_code_text(r)) : 0;
}

int kvx_http_handle_get_openapi(struct kvx_http_call *c, struct kvx_buf *document)
{
    (void)c; /* the document is constant */
    kvx_buf_bytes(document, kvx_http_document.data, kvx_http_document.len);
    return 0;
}
