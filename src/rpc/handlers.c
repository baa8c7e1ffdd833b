/* Registration, listings, peers and health of kvindex.v1.KvIndexer: request message to service arguments,
 * service result to response message. Limits were checked by the engine from the schema's tables. */
#include "answers.h"
#include "partition.h"

static int no_memory(struct kvx_error *e)
{
    return kvx_fail(e, KVX_NOMEM, "out of memory");
}

int kvx_rpc_kv_indexer_register(struct kvx_rpc_env *env, const Kvindex__V1__RegisterRequest *in,
                                Kvindex__V1__RegisterResponse *out, struct kvx_error *e)
{
    (void)out; /* an empty message */
    const struct kvx_register_args args = {
        .partition = kvx_rpc_partition(in->model, in->tenant, in->additional_salt, in->block_size_tokens),
        .instance = {.text = kvx_bytes_of(in->instance_id)},
        .dp_rank = in->dp_rank,
        .endpoint = kvx_bytes_of(in->endpoint),
        .replay_endpoint = kvx_bytes_of(in->replay_endpoint),
        .lora_name = kvx_bytes_of(in->lora_name),
        .kind = kvx_rpc_kind(in->kind),
        .one_block_size = *in->model == 0,
    };
    return kvx_service_register(env->service, &args, e);
}

int kvx_rpc_kv_indexer_unregister(struct kvx_rpc_env *env, const Kvindex__V1__UnregisterRequest *in,
                                  Kvindex__V1__UnregisterResponse *out, struct kvx_error *e)
{
    const struct kvx_unregister_args args = {
        .partition = kvx_rpc_partition(in->model, in->tenant, in->additional_salt, in->block_size_tokens),
        .instance = {.text = kvx_bytes_of(in->instance_id)},
        .has_dp_rank = in->rank_case == KVINDEX__V1__UNREGISTER_REQUEST__RANK_DP_RANK,
        .dp_rank = in->rank_case == KVINDEX__V1__UNREGISTER_REQUEST__RANK_DP_RANK ? in->dp_rank : 0,
    };
    const struct kvx_removed_worker *removed;
    size_t n = 0;
    int status = kvx_service_unregister(env->service, env->arena, &args, &removed, &n, e);
    out->removed_workers = n;
    return status;
}

/* ---- Listings ---- */

int kvx_rpc_kv_indexer_list_workers(struct kvx_rpc_env *env, const Kvindex__V1__ListWorkersRequest *in,
                                    Kvindex__V1__ListWorkersResponse *out, struct kvx_error *e)
{
    const struct kvx_partition_choice which = kvx_rpc_partitions(in->model, in->tenant);
    const struct kvx_worker_info *workers;
    size_t n;
    int status = kvx_service_list_workers(env->service, env->arena, &which, &workers, &n, e);
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

int kvx_rpc_kv_indexer_list_partitions(struct kvx_rpc_env *env, const Kvindex__V1__ListPartitionsRequest *in,
                                       Kvindex__V1__ListPartitionsResponse *out, struct kvx_error *e)
{
    (void)in; /* an empty message */
    const struct kvx_partition_info *partitions;
    size_t n;
    int status = kvx_service_list_partitions(env->service, env->arena, &partitions, &n, e);
    if (status < 0)
        return status;
    out->partitions = kvx_rpc_list(env->arena, n, sizeof(*out->partitions[0]));
    out->n_partitions = n;
    if (!out->partitions)
        return no_memory(e);
    for (size_t i = 0; i < n; i++)
        if (!kvx_rpc_partition_status(env->arena, &partitions[i], out->partitions[i]))
            return no_memory(e);
    return KVX_OK;
}

/* ---- Peers ---- */

int kvx_rpc_kv_indexer_register_peer(struct kvx_rpc_env *env, const Kvindex__V1__RegisterPeerRequest *in,
                                     Kvindex__V1__RegisterPeerResponse *out, struct kvx_error *e)
{
    (void)out; /* an empty message */
    return kvx_service_add_peer(env->service, kvx_bytes_of(in->url), e);
}

int kvx_rpc_kv_indexer_deregister_peer(struct kvx_rpc_env *env, const Kvindex__V1__DeregisterPeerRequest *in,
                                       Kvindex__V1__DeregisterPeerResponse *out, struct kvx_error *e)
{
    (void)out; /* an empty message */
    return kvx_service_remove_peer(env->service, kvx_bytes_of(in->url), e);
}

/* NULL without memory. */
static char **texts(struct kvx_arena *arena, const struct kvx_bytes *list, size_t n)
{
    char **out = kvx_arena_array(arena, n, sizeof(*out));
    for (size_t i = 0; out && i < n; i++) {
        out[i] = kvx_arena_text(arena, list[i]);
        if (!out[i])
            return NULL;
    }
    return out;
}

int kvx_rpc_kv_indexer_list_peers(struct kvx_rpc_env *env, const Kvindex__V1__ListPeersRequest *in,
                                  Kvindex__V1__ListPeersResponse *out, struct kvx_error *e)
{
    (void)in; /* an empty message */
    const struct kvx_bytes *urls;
    size_t n;
    int status = kvx_service_list_peers(env->service, env->arena, &urls, &n, e);
    if (status < 0)
        return status;
    out->urls = texts(env->arena, urls, n);
    out->n_urls = n;
    return out->urls ? KVX_OK : no_memory(e);
}

/* ---- Health ---- */

static bool fill_health(struct kvx_arena *arena, const struct kvx_health *h,
                        Kvindex__V1__GetHealthResponse *out)
{
    out->ready = h->ready;
    out->draining = h->draining;
    out->workers = h->workers;
    out->reasons = texts(arena, h->reasons, h->n_reasons);
    out->n_reasons = h->n_reasons;
    out->workers_by_state = kvx_rpc_list(arena, KVX_SOURCE_STATE_COUNT, sizeof(*out->workers_by_state[0]));
    if (!out->reasons || !out->workers_by_state)
        return false;
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
    int status = kvx_service_health(env->service, env->arena, &health, e);
    if (status < 0)
        return status;
    return fill_health(env->arena, &health, out) ? KVX_OK : no_memory(e);
}
