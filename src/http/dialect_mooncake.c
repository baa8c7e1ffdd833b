/* Mooncake's RFC 1403: partitions by model, tenant, block size and salt; tokens through the tiers, of every
 * instance. */
#include "dialect.h"

#include <stdio.h>

/* `model` and `modelname` are one field in two spellings; the dialect was chosen because one is there. */
static int model_of(struct kvx_http_call *c, bool has_model, bool has_modelname, struct kvx_bytes model,
                    struct kvx_bytes modelname, struct kvx_bytes *out)
{
    if (has_model && has_modelname)
        return kvx_fail(c->error, KVX_INVALID, "`model` and `modelname` are the same: send one of them");
    *out = has_model ? model : modelname;
    return 0;
}

static int mooncake_register(struct kvx_http_call *c, const struct kvx_http_register_request *request,
                             struct kvx_http_register_answer *answer)
{
    struct kvx_register_args args = {
        .partition = {.tenant = request->tenant_id,
                      .additional_salt = request->additionalsalt,
                      .has_salt = true,
                      .block_size = request->block_size},
        .instance = instance_of(&request->instance_id),
        .dp_rank = request->dp_rank,
        .endpoint = request->endpoint,
        .replay_endpoint = request->replay_endpoint,
        .lora_name = request->lora_name,
        .kind = request->type == KVX_HTTP_PUBLISHER_TYPE_MOONCAKE ? KVX_KIND_POOL : KVX_KIND_ENGINE,
    };
    int r = model_of(c, request->has_model, request->has_modelname, request->model, request->modelname,
                     &args.partition.model);
    if (r)
        return r;
    answer->which = KVX_HTTP_REGISTER_ANSWER_REGISTERED;
    answer->value.registered = (struct kvx_http_registered){
        .status = KVX_HTTP_REGISTERED_STATUS_REGISTERED_SUCCESSFULLY, .instance_id = request->instance_id};
    return kvx_service_register(c->service, &args, c->error);
}

/* Each as `instance|tenant|rank`. */
static int name_removed(struct kvx_http_call *c, const struct kvx_removed_worker *removed, size_t n,
                        struct kvx_http_unregistered_removed_instances *out)
{
    struct kvx_bytes *names = kvx_arena_array(c->arena, n, sizeof(*names));
    if (!names)
        return no_memory(c);
    for (size_t i = 0; i < n; i++) {
        const struct kvx_bytes instance = removed[i].instance.text, tenant = removed[i].tenant;
        size_t room = instance.len + tenant.len + sizeof("||4294967295");
        char *text = kvx_arena_alloc(c->arena, room);
        if (!text)
            return no_memory(c);
        int len = snprintf(text, room, "%.*s|%.*s|%u", (int)instance.len, instance.data, (int)tenant.len,
                           tenant.data, removed[i].dp_rank);
        names[i] = (struct kvx_bytes){text, (size_t)len};
    }
    *out = (struct kvx_http_unregistered_removed_instances){names, n};
    return 0;
}

static int mooncake_unregister(struct kvx_http_call *c, const struct kvx_http_unregister_request *request,
                               struct kvx_http_unregister_answer *answer)
{
    struct kvx_unregister_args args = {
        .partition = {.tenant = request->tenant_id,
                      .additional_salt = request->additionalsalt,
                      .has_salt = request->has_additionalsalt,
                      .block_size = request->block_size},
        .instance = instance_of(&request->instance_id),
        .has_dp_rank = true,
        .dp_rank = request->dp_rank,
    };
    const struct kvx_removed_worker *removed;
    size_t n;
    int r = model_of(c, request->has_model, request->has_modelname, request->model, request->modelname,
                     &args.partition.model);
    if (r == 0)
        r = kvx_service_unregister(c->service, c->arena, &args, &removed, &n, c->error);
    if (r)
        return r;
    answer->which = KVX_HTTP_UNREGISTER_ANSWER_UNREGISTERED;
    answer->value.unregistered.status = KVX_HTTP_UNREGISTERED_STATUS_UNREGISTERED_SUCCESSFULLY;
    return name_removed(c, removed, n, &answer->value.unregistered.removed_instances);
}

static int hashes_of(struct kvx_http_call *c, const struct question *q, struct kvx_query_args *args)
{
    if (q->has_seq_hashes && q->has_block_hash)
        return kvx_fail(c->error, KVX_INVALID,
                        "`seq_hashes` and `block_hash` are the same: send one of them");
    if (!q->has_seq_hashes && !q->has_block_hash)
        return kvx_fail(c->error, KVX_INVALID, "`seq_hashes` is required beside `model`");
    const struct kvx_http_hashes hashes = q->has_seq_hashes ? q->seq_hashes : q->block_hash;
    args->form = KVX_PROMPT_SEQUENCE_HASHES;
    args->hashes = hashes.items;
    args->n_hashes = hashes.n;
    return 0;
}

/* Numbers of adapters cannot be hashed, and nothing here knows their names. */
static int check_adapter(struct kvx_http_call *c, const struct question *q)
{
    if (q->has_lora_id && q->lora_name.len)
        return kvx_fail(c->error, KVX_INVALID,
                        "`lora_id` and `lora_name` exclude each other: send `lora_name`");
    if (q->has_lora_id)
        return kvx_fail(c->error, KVX_INVALID,
                        "`lora_id` is deprecated and says nothing here: adapters are known by `lora_name`");
    return 0;
}

static int restrict_to_instance(struct kvx_http_call *c, const struct question *q,
                                struct kvx_query_args *args)
{
    if (!q->has_instance_id)
        return 0;
    if (q->has_candidates)
        return kvx_fail(c->error, KVX_INVALID, "`instance_id` and `candidates` exclude each other");
    struct kvx_candidate *only = kvx_arena_array(c->arena, 1, sizeof(*only));
    if (!only)
        return no_memory(c);
    only->instance = q->instance_id.text;
    args->candidates = only;
    args->n_candidates = 1;
    return 0;
}

static int mooncake_asks(struct kvx_http_call *c, const struct question *q, struct kvx_query_args *args)
{
    args->partition = (struct kvx_partition_choice){.tenant = q->tenant_id,
                                                    .additional_salt = q->additionalsalt,
                                                    .has_salt = q->has_additionalsalt,
                                                    .block_size = q->block_size};
    int r = model_of(c, q->has_model, q->has_modelname, q->model, q->modelname, &args->partition.model);
    if (r == 0)
        r = q->form == KVX_PROMPT_TOKENS ? check_adapter(c, q) : hashes_of(c, q, args);
    if (r == 0)
        r = restrict_to_instance(c, q, args);
    args->lora_name = q->lora_name;
    args->cache_salt = q->cache_salt;
    args->must_exist = true;
    args->every_worker = true;
    return r;
}

static int mooncake_scores(struct kvx_http_call *c, const struct kvx_query_result *result,
                           struct kvx_http_query_answer *answer)
{
    struct kvx_http_mooncake_instances_entry *instances =
        kvx_arena_array(c->arena, result->n, sizeof(*instances));
    struct kvx_http_mooncake_scores_entry *tenant = kvx_arena_array(c->arena, 1, sizeof(*tenant));
    size_t n = 0;
    if (!instances || !tenant)
        return no_memory(c);
    for (size_t i = 0, end; i < result->n; i = end) {
        struct instance_tokens t;
        end = hits_end(result, i);
        int r = tokens_of(c, result->hits + i, end - i, result->block_size, KVX_REACH_ANY, &t);
        if (r)
            return r;
        instances[n].key = result->hits[i].instance.text;
        instances[n++].value = (struct kvx_http_mooncake_instance){
            .longest_matched = t.disk, .gpu = t.gpu, .dp = {t.ranks, end - i}, .cpu = t.cpu, .disk = t.disk};
    }
    *tenant = (struct kvx_http_mooncake_scores_entry){.key = result->tenant, .value = {instances, n}};
    answer->which = KVX_HTTP_QUERY_ANSWER_MOONCAKE_SCORES;
    answer->value.mooncake_scores = (struct kvx_http_mooncake_scores){tenant, 1};
    return 0;
}

const struct dialect dialect_mooncake = {mooncake_register, mooncake_unregister, mooncake_asks,
                                         mooncake_scores};
