/* Query, QueryByHash and QueryStream of kvindex.v1.KvIndexer. */
#include "answers.h"
#include "partition.h"

/* NULL without memory. */
static const struct kvx_candidate *candidates(struct kvx_arena *arena, Kvindex__V1__Candidate *const *list,
                                              size_t n)
{
    struct kvx_candidate *out = kvx_arena_alloc(arena, n * sizeof(*out)); /* n is limited by the schema */
    for (size_t i = 0; out && i < n; i++) {
        bool has_rank = list[i]->rank_case == KVINDEX__V1__CANDIDATE__RANK_DP_RANK;
        out[i] = (struct kvx_candidate){.instance = kvx_bytes_of(list[i]->instance_id),
                                        .has_dp_rank = has_rank,
                                        .dp_rank = has_rank ? list[i]->dp_rank : 0};
    }
    return out;
}

static int answer(struct kvx_rpc_env *env, struct kvx_query_args *args, Kvindex__V1__Candidate *const *list,
                  size_t n_list, Kvindex__V1__QueryResult **out, struct kvx_error *e)
{
    struct kvx_query_result result;
    if (n_list) {
        args->candidates = candidates(env->arena, list, n_list);
        args->n_candidates = n_list;
        if (!args->candidates)
            return kvx_fail(e, KVX_NOMEM, "out of memory");
    }
    int status = kvx_service_query(env->service, env->caller, env->arena, args, &result, e);
    if (status < 0)
        return status;
    *out = kvx_rpc_query_result(env->arena, &result);
    return *out ? KVX_OK : kvx_fail(e, KVX_NOMEM, "out of memory");
}

static int query(struct kvx_rpc_env *env, const Kvindex__V1__QueryRequest *in, Kvindex__V1__QueryResult **out,
                 struct kvx_error *e)
{
    struct kvx_query_args args = {
        .partition = kvx_rpc_partition(in->model, in->tenant, in->additional_salt, in->block_size_tokens),
        .form = KVX_PROMPT_TOKENS,
        .tokens = in->token_ids,
        .n_tokens = in->n_token_ids,
        .lora_name = kvx_bytes_of(in->lora_name),
        .cache_salt = kvx_bytes_of(in->cache_salt),
        .bigrams = in->bigrams,
        .max_hits = in->max_hits,
        .every_worker = in->every_worker,
        .must_exist = *in->model || *in->tenant,
    };
    return answer(env, &args, in->candidates, in->n_candidates, out, e);
}

static int query_by_hash(struct kvx_rpc_env *env, const Kvindex__V1__QueryByHashRequest *in,
                         Kvindex__V1__QueryResult **out, struct kvx_error *e)
{
    if (in->n_block_hashes && in->n_sequence_hashes)
        return kvx_fail(e, KVX_INVALID, "`block_hashes` and `sequence_hashes` are both given; one is wanted");
    bool sequence = in->n_sequence_hashes > 0;
    struct kvx_query_args args = {
        .partition = kvx_rpc_partition(in->model, in->tenant, in->additional_salt, in->block_size_tokens),
        .form = sequence ? KVX_PROMPT_SEQUENCE_HASHES : KVX_PROMPT_LOCAL_HASHES,
        .hashes = sequence ? in->sequence_hashes : in->block_hashes,
        .n_hashes = sequence ? in->n_sequence_hashes : in->n_block_hashes,
        .max_hits = in->max_hits,
        .every_worker = in->every_worker,
        .must_exist = *in->model || *in->tenant,
    };
    return answer(env, &args, in->candidates, in->n_candidates, out, e);
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
