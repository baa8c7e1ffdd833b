/* A query as all dialects see it, and what their answers are made of. */
#ifndef QUESTION_H
#define QUESTION_H

#include "openapi_types.h"
#include "route.h"

/* The fields of both query operations; what a request does not have is empty. */
struct question {
    enum kvx_prompt_form form; /* of the prompt: tokens or hashes */
    struct kvx_http_query_request_token_ids tokens;
    bool has_seq_hashes, has_block_hash;
    struct kvx_http_hashes block_hashes, seq_hashes, block_hash;
    struct kvx_bytes model_name, routing_group; /* nvidia */
    bool has_model, has_modelname;              /* mooncake */
    struct kvx_bytes model, modelname, tenant_id;
    bool has_additionalsalt;
    struct kvx_bytes additionalsalt;
    uint32_t block_size; /* tokens; 0: not said */
    struct kvx_bytes lora_name, cache_salt;
    bool has_cache_salt, has_lora_id;
    bool has_instance_id;
    struct kvx_json_id instance_id;
    bool has_candidates;
    struct kvx_http_candidates candidates;
    uint32_t max_hits; /* 0: all */
};

int no_memory(struct kvx_http_call *);
struct kvx_instance_id instance_of(const struct kvx_json_id *);
struct kvx_json_id id_of(const struct kvx_instance_id *);
/* A map key for a rank; empty when there is no memory. */
struct kvx_bytes rank_key(struct kvx_http_call *, uint32_t rank);

/* Puts the hits of each instance side by side, instances in the order of their best hit. */
int hits_group(struct kvx_http_call *, struct kvx_query_result *);
/* One past the last hit of the instance whose first hit is `i`. */
size_t hits_end(const struct kvx_query_result *, size_t i);

/* An instance through the tiers, in tokens, each the greatest over its ranks. */
struct instance_tokens {
    struct kvx_http_counts_by_rank_entry *ranks; /* device, one entry a hit */
    uint64_t gpu, cpu, disk;
};
int tokens_of(struct kvx_http_call *, const struct kvx_hit *, size_t n, uint32_t block_size,
              enum kvx_reach disk, struct instance_tokens *);

#endif /* QUESTION_H */
