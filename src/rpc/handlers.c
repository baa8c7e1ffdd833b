/* The operations of kvindex.v1.KvIndexer: request message to service arguments, service result to response
 * message. Limits were checked by the engine from the schema's tables. */
#include "answers.h"

static int no_memory(struct kvx_error *e)
{
    return kvx_fail(e, KVX_NOMEM, "out of memory");
}

int kvx_rpc_kv_indexer_register(struct kvx_rpc_env *env, const Kvindex__V1__RegisterRequest *in,
                                Kvindex__V1__RegisterResponse *out, struct kvx_error *e)
{
    (void)out; /* an empty message */
    const struct kvx_register_args args = {
        .instance = {.text = kvx_bytes_of(in->instance_id)},
        .dp_rank = in->dp_rank,
        .endpoint = kvx_bytes_of(in->endpoint),
        .replay_endpoint = kvx_bytes_of(in->replay_endpoint),
        .block_size = in->block_size_tokens,
    };
    return kvx_service_register(env->service, &args, e);
}

int kvx_rpc_kv_indexer_unregister(struct kvx_rpc_env *env, const Kvindex__V1__UnregisterRequest *in,
                                  Kvindex__V1__UnregisterResponse *out, struct kvx_error *e)
{
    const struct kvx_unregister_args args = {
        .instance = {.text = kvx_bytes_of(in->instance_id)},
        .has_dp_rank = in->rank_case == KVINDEX__V1__UNREGISTER_REQUEST__RANK_DP_RANK,
        .dp_rank = in->rank_case == KVINDEX__V1__UNREGISTER_REQUEST__RANK_DP_RANK ? in->dp_rank : 0,
    };
    size_t removed = 0;
    int status = kvx_service_unregister(env->service, &args, &removed, e);
    out->removed_workers = removed;
    return status;
}

int kvx_rpc_kv_indexer_list_workers(struct kvx_rpc_env *env, const Kvindex__V1__ListWorkersRequest *in,
                                    Kvindex__V1__ListWorkersResponse *out, struct kvx_error *e)
{
    (void)in; /* an empty message */
    const struct kvx_worker_info *workers;
    size_t n;
    int status = kvx_service_list_workers(env->service, env->caller, env->arena, &workers, &n, e);
    if (status < 0)
        return status;
    out->workers = kvx_rpc_list(env->arena, n, sizeof(*out->workers[0]));
    out->n_workers = n;
    if (!out->workers)
        return no_memory(e);
    for (size_t i = 0; i < n; i++)
        if (!kvx_rpc_worker_status(env->arena, &workers[i], out->workers[i]))
            return no_memory(e);
    return KVX_OK;
}

static int query(struct kvx_rpc_env *env, const Kvindex__V1__QueryRequest *in, Kvindex__V1__QueryResult **out,
                 struct kvx_error *e)
{
    const struct kvx_query_args args = {.tokens = in->token_ids, .n_tokens = in->n_token_ids};
    struct kvx_query_result result;
    int status = kvx_service_query(env->service, env->caller, env->arena, &args, &result, e);
    if (status < 0)
        return status;
    *out = kvx_rpc_query_result(env->arena, &result);
    return *out ? KVX_OK : no_memory(e);
}

static int query_by_hash(struct kvx_rpc_env *env, const Kvindex__V1__QueryByHashRequest *in,
                         Kvindex__V1__QueryResult **out, struct kvx_error *e)
{
    const struct kvx_query_args args = {.block_hashes = in->block_hashes, .n_hashes = in->n_block_hashes};
    struct kvx_query_result result;
    int status = kvx_service_query_by_hash(env->service, env->caller, env->arena, &args, &result, e);
    if (status < 0)
        return status;
    *out = kvx_rpc_query_result(env->arena, &result);
    return *out ? KVX_OK : no_memory(e);
}

int kvx_rpc_kv_indexer_query(struct kvx_rpc_env *env, const Kvindex__V1__QueryRequest *in,
                             Kvindex__V1__QueryResponse *out, struct kvx_error *e)
{
    return query(env, in, &out->result, e);
}

int kvx_rpc_kv_indexer_query_by_hash(struct kvx_rpc_env *env, const Kvindex__V1__QueryByHashRequest *in,
                                     Kvindex__V1__QueryByHashResponse *out, struct kvx_error *e)
{
    return query_by_hash(env, in, &out->result, e);
}

int kvx_rpc_kv_indexer_query_stream_answer(struct kvx_rpc_env *env, const Kvindex__V1__QueryStreamRequest *in,
                                           Kvindex__V1__QueryStreamResponse *out, struct kvx_error *e)
{
    out->request_id = in->request_id;
    out->outcome_case = KVINDEX__V1__QUERY_STREAM_RESPONSE__OUTCOME_RESULT;
    if (in->question_case == KVINDEX__V1__QUERY_STREAM_REQUEST__QUESTION_QUERY)
        return query(env, in->query, &out->result, e);
    return query_by_hash(env, in->query_by_hash, &out->result, e);
}

int kvx_rpc_kv_indexer_query_stream_refuse(struct kvx_rpc_env *env, const Kvindex__V1__QueryStreamRequest *in,
                                           const struct kvx_error *e, Kvindex__V1__QueryStreamResponse *out)
{
    Kvindex__V1__QueryError *error = kvx_arena_alloc(env->arena, sizeof(*error));
    char *text = kvx_arena_text(env->arena, kvx_bytes_of(e->text));
    if (!error || !text)
        return KVX_NOMEM;
    kvindex__v1__query_error__init(error);
    error->code = kvx_code_grpc(e->code);
    error->message = text;
    out->request_id = in->request_id;
    out->outcome_case = KVINDEX__V1__QUERY_STREAM_RESPONSE__OUTCOME_ERROR;
    out->error = error;
    return KVX_OK;
}

static bool fill_health(struct kvx_arena *arena, const struct kvx_health *h,
                        Kvindex__V1__GetHealthResponse *out)
{
    out->ready = h->ready;
    out->draining = h->draining;
    out->workers = h->workers;
    out->reasons = kvx_arena_array(arena, h->n_reasons, sizeof(out->reasons[0]));
    out->workers_by_state = kvx_rpc_list(arena, KVX_SOURCE_STATE_COUNT, sizeof(*out->workers_by_state[0]));
    if (!out->reasons || !out->workers_by_state)
        return false;
    for (size_t i = 0; i < h->n_reasons; i++) {
        out->reasons[i] = kvx_arena_text(arena, h->reasons[i]);
        if (!out->reasons[i])
            return false;
    }
    out->n_reasons = h->n_reasons;
    for (int i = 0; i < KVX_SOURCE_STATE_COUNT; i++) {
        if (!h->workers_by_state[i])
            continue;
        Kvindex__V1__StateCount *count = out->workers_by_state[out->n_workers_by_state++];
        kvindex__v1__state_count__init(count);
        count->state = kvx_rpc_state((enum kvx_source_state)i);
        count->workers = h->workers_by_state[i];
    }
    return true;
}

int kvx_rpc_kv_indexer_get_health(struct kvx_rpc_env *env, const Kvindex__V1__GetHealthRequest *in,
                                  Kvindex__V1__GetHealthResponse *out, struct kvx_error *e)
{
    (void)in; /* an empty message */
    struct kvx_health health;
    int status = kvx_service_health(env->service, env->caller, env->arena, &health, e);
    if (status < 0)
        return status;
    return fill_health(env->arena, &health, out) ? KVX_OK : no_memory(e);
}
