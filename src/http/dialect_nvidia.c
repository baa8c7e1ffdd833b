/* NVIDIA's newer indexer: a partition a model and routing group, scores in tokens, the tiers beside them. */
#include "dialect.h"

static const char GROUP[] = "routing_group";

static int nvidia_register(struct kvx_http_call *c, const struct kvx_http_register_request *request,
                           struct kvx_http_register_answer *answer)
{
    const struct kvx_register_args args = {
        .partition = {.model = request->model_name,
                      .tenant = request->routing_group,
                      .block_size = request->block_size,
                      .tenant_word = GROUP},
        .instance = instance_of(&request->instance_id),
        .dp_rank = request->dp_rank,
        .endpoint = request->endpoint,
        .replay_endpoint = request->replay_endpoint,
        .lora_name = request->lora_name,
        .one_block_size = true,
        .one_partition = true,
    };
    return plain_register(c, &args, answer);
}

static int nvidia_unregister(struct kvx_http_call *c, const struct kvx_http_unregister_request *request,
                             struct kvx_http_unregister_answer *answer)
{
    const struct kvx_unregister_args args = {
        .partition = {.model = request->model_name,
                      .tenant = request->routing_group,
                      .any_tenant = request->routing_group.len == 0,
                      .tenant_word = GROUP},
        .instance = instance_of(&request->instance_id),
        .has_dp_rank = request->has_dp_rank,
        .dp_rank = request->dp_rank,
    };
    return plain_unregister(c, &args, answer);
}

static int nvidia_asks(struct kvx_http_call *c, const struct question *q, struct kvx_query_args *args)
{
    if (q->form != KVX_PROMPT_TOKENS && q->has_cache_salt)
        return kvx_fail(c->error, KVX_INVALID,
                        "cache_salt is not accepted by /query_by_hash; block_hashes must already include the "
                        "intended cache salt");
    args->partition = (struct kvx_partition_choice){.model = q->model_name,
                                                    .tenant = q->routing_group,
                                                    .block_size = q->block_size,
                                                    .tenant_word = GROUP};
    args->lora_name = q->lora_name;
    args->cache_salt = q->cache_salt;
    args->hashes = q->block_hashes.items;
    args->n_hashes = q->block_hashes.n;
    args->must_exist = true;
    return 0;
}

/* The ranks of one instance in `scores`: those that hold something on the device. */
static int answer_scores(struct kvx_http_call *c, const struct instance_tokens *tokens, size_t n,
                         struct kvx_http_counts_by_rank *out)
{
    struct kvx_http_counts_by_rank_entry *scores = kvx_arena_array(c->arena, n, sizeof(*scores));
    size_t used = 0;
    if (!scores)
        return no_memory(c);
    for (size_t i = 0; i < n; i++)
        if (tokens->ranks[i].value)
            scores[used++] = tokens->ranks[i];
    *out = (struct kvx_http_counts_by_rank){scores, used};
    return 0;
}

static int nvidia_scores(struct kvx_http_call *c, const struct kvx_query_result *result,
                         struct kvx_http_query_answer *answer)
{
    struct kvx_http_counts_by_instance_entry *scores = kvx_arena_array(c->arena, result->n, sizeof(*scores));
    struct kvx_http_token_scores_instances_entry *instances =
        kvx_arena_array(c->arena, result->n, sizeof(*instances));
    size_t used = 0, n = 0;
    if (!scores || !instances)
        return no_memory(c);
    for (size_t i = 0, end; i < result->n; i = end, n++) {
        struct instance_tokens t;
        end = hits_end(result, i);
        int r = tokens_of(c, result->hits + i, end - i, result->block_size, KVX_REACH_EXTERNAL, &t);
        if (r == 0)
            r = answer_scores(c, &t, end - i, &scores[used].value);
        if (r)
            return r;
        instances[n].key = scores[used].key = result->hits[i].instance.text;
        instances[n].value = (struct kvx_http_instance_tokens){
            .gpu = t.gpu, .cpu = t.cpu, .disk = t.disk, .dp = {t.ranks, end - i}, .longest_matched = t.disk};
        used += scores[used].value.n > 0;
    }
    answer->which = KVX_HTTP_QUERY_ANSWER_TOKEN_SCORES;
    answer->value.token_scores.scores = (struct kvx_http_counts_by_instance){scores, used};
    answer->value.token_scores.instances = (struct kvx_http_token_scores_instances){instances, n};
    return 0;
}

const struct dialect dialect_nvidia = {nvidia_register, nvidia_unregister, nvidia_asks, nvidia_scores};
