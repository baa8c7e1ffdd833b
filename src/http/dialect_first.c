/* The first version of NVIDIA's indexer: one partition, scores in blocks of the device. */
#include "dialect.h"

static int first_register(struct kvx_http_call *c, const struct kvx_http_register_request *request,
                          struct kvx_http_register_answer *answer)
{
    const struct kvx_register_args args = {
        .partition.block_size = request->block_size,
        .instance = instance_of(&request->instance_id),
        .dp_rank = request->dp_rank,
        .endpoint = request->endpoint,
        .replay_endpoint = request->replay_endpoint,
        .lora_name = request->lora_name,
        .one_block_size = true,
    };
    return plain_register(c, &args, answer);
}

static int first_unregister(struct kvx_http_call *c, const struct kvx_http_unregister_request *request,
                            struct kvx_http_unregister_answer *answer)
{
    const struct kvx_unregister_args args = {
        .instance = instance_of(&request->instance_id),
        .has_dp_rank = request->has_dp_rank,
        .dp_rank = request->dp_rank,
    };
    return plain_unregister(c, &args, answer);
}

static int first_asks(struct kvx_http_call *c, const struct question *q, struct kvx_query_args *args)
{
    (void)c; /* nothing here can fail */
    args->partition.block_size = q->block_size;
    args->lora_name = q->lora_name;
    args->hashes = q->block_hashes.items;
    args->n_hashes = q->block_hashes.n;
    return 0;
}

/* One instance's entries in both maps; hits[0..n) are its ranks. */
static int answer_instance(struct kvx_http_call *c, const struct kvx_hit *hits, size_t n,
                           struct kvx_http_counts_by_instance_entry *score,
                           struct kvx_http_counts_by_instance_entry *size)
{
    struct kvx_http_counts_by_rank_entry *scores = kvx_arena_array(c->arena, n, sizeof(*scores));
    struct kvx_http_counts_by_rank_entry *sizes = kvx_arena_array(c->arena, n, sizeof(*sizes));
    size_t used = 0;
    if (!scores || !sizes)
        return no_memory(c);
    for (size_t i = 0; i < n; i++) {
        if (hits[i].blocks[KVX_REACH_DEVICE] == 0)
            continue; /* this dialect knows the device only */
        struct kvx_bytes key = rank_key(c, hits[i].dp_rank);
        if (!key.data)
            return no_memory(c);
        scores[used].key = sizes[used].key = key;
        scores[used].value = hits[i].blocks[KVX_REACH_DEVICE];
        sizes[used++].value = hits[i].total_blocks;
    }
    score->key = size->key = hits[0].instance.text;
    score->value = (struct kvx_http_counts_by_rank){scores, used};
    size->value = (struct kvx_http_counts_by_rank){sizes, used};
    return 0;
}

static int first_scores(struct kvx_http_call *c, const struct kvx_query_result *result,
                        struct kvx_http_query_answer *answer)
{
    struct kvx_http_counts_by_instance_entry *scores = kvx_arena_array(c->arena, result->n, sizeof(*scores));
    struct kvx_http_counts_by_instance_entry *sizes = kvx_arena_array(c->arena, result->n, sizeof(*sizes));
    size_t used = 0;
    if (!scores || !sizes)
        return no_memory(c);
    for (size_t i = 0, end; i < result->n; i = end) {
        end = hits_end(result, i);
        int r = answer_instance(c, result->hits + i, end - i, &scores[used], &sizes[used]);
        if (r)
            return r;
        used += scores[used].value.n > 0;
    }
    answer->which = KVX_HTTP_QUERY_ANSWER_BLOCK_SCORES;
    answer->value.block_scores.scores = (struct kvx_http_counts_by_instance){scores, used};
    answer->value.block_scores.tree_sizes = (struct kvx_http_counts_by_instance){sizes, used};
    return 0;
}

const struct dialect dialect_first = {first_register, first_unregister, first_asks, first_scores};
