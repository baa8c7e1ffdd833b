/* Generated from kvindex.v1.yaml by openapi_generate.py. Do not edit. */
#include "openapi_types.h"

const struct kvx_json_type kvx_http_type_instance_id = {
    .kind = KVX_JSON_ID,
    .size = sizeof(struct kvx_json_id),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .text_min = 1u,
    .text_max = 256u,
};

const struct kvx_json_type kvx_http_type_register_request_endpoint = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 1u,
    .max = 1024u,
};

const struct kvx_json_type kvx_http_type_dp_rank = {
    .kind = KVX_JSON_U32,
    .size = sizeof(uint32_t),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_register_request_block_size = {
    .kind = KVX_JSON_U32,
    .size = sizeof(uint32_t),
    .min = 1u,
    .max = 65536u,
};

const struct kvx_json_type kvx_http_type_register_request_replay_endpoint = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 1u,
    .max = 1024u,
};

static const struct kvx_json_field fields_register_request[] = {
    {
        .name = {"instance_id", 11},
        .lead = {"\"instance_id\":", 14},
        .type = &kvx_http_type_instance_id,
        .offset = offsetof(struct kvx_http_register_request, instance_id),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"endpoint", 8},
        .lead = {"\"endpoint\":", 11},
        .type = &kvx_http_type_register_request_endpoint,
        .offset = offsetof(struct kvx_http_register_request, endpoint),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"dp_rank", 7},
        .lead = {"\"dp_rank\":", 10},
        .type = &kvx_http_type_dp_rank,
        .offset = offsetof(struct kvx_http_register_request, dp_rank),
        .has_offset = KVX_JSON_ALWAYS,
        .required = false,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"block_size", 10},
        .lead = {"\"block_size\":", 13},
        .type = &kvx_http_type_register_request_block_size,
        .offset = offsetof(struct kvx_http_register_request, block_size),
        .has_offset = offsetof(struct kvx_http_register_request, has_block_size),
        .required = false,
        .nullable = true,
        .value = 0u,
    },
    {
        .name = {"replay_endpoint", 15},
        .lead = {"\"replay_endpoint\":", 18},
        .type = &kvx_http_type_register_request_replay_endpoint,
        .offset = offsetof(struct kvx_http_register_request, replay_endpoint),
        .has_offset = offsetof(struct kvx_http_register_request, has_replay_endpoint),
        .required = false,
        .nullable = true,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_register_request = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_register_request),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_register_request,
    .n_fields = 5,
};

static const struct kvx_bytes names_status_status[] = {
    {"ok", 2},
};
const struct kvx_json_type kvx_http_type_status_status = {
    .kind = KVX_JSON_ENUM,
    .size = sizeof(enum kvx_http_status_status),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .names = names_status_status,
    .n_names = 1,
};

static const struct kvx_json_field fields_status[] = {
    {
        .name = {"status", 6},
        .lead = {"\"status\":", 9},
        .type = &kvx_http_type_status_status,
        .offset = offsetof(struct kvx_http_status, status),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_status = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_status),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_status,
    .n_fields = 1,
};

const struct kvx_json_type kvx_http_type_unregister_request_dp_rank = {
    .kind = KVX_JSON_U32,
    .size = sizeof(uint32_t),
    .min = 0u,
    .max = 4294967295u,
};

static const struct kvx_json_field fields_unregister_request[] = {
    {
        .name = {"instance_id", 11},
        .lead = {"\"instance_id\":", 14},
        .type = &kvx_http_type_instance_id,
        .offset = offsetof(struct kvx_http_unregister_request, instance_id),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"dp_rank", 7},
        .lead = {"\"dp_rank\":", 10},
        .type = &kvx_http_type_unregister_request_dp_rank,
        .offset = offsetof(struct kvx_http_unregister_request, dp_rank),
        .has_offset = offsetof(struct kvx_http_unregister_request, has_dp_rank),
        .required = false,
        .nullable = true,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_unregister_request = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_unregister_request),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_unregister_request,
    .n_fields = 2,
};

const struct kvx_json_type kvx_http_type_worker_endpoints_value = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_worker_endpoints = {
    .kind = KVX_JSON_MAP,
    .size = sizeof(struct kvx_http_worker_endpoints),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .item = &kvx_http_type_worker_endpoints_value,
    .item_size = sizeof(struct kvx_http_worker_endpoints_entry),
    .value_offset = offsetof(struct kvx_http_worker_endpoints_entry, value),
};

const struct kvx_json_type kvx_http_type_listener_endpoint = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_listener_replay_endpoint = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

static const struct kvx_bytes names_source_state[] = {
    {"connecting", 10},
    {"syncing", 7},
    {"exact", 5},
    {"degraded", 8},
    {"stale", 5},
};
const struct kvx_json_type kvx_http_type_source_state = {
    .kind = KVX_JSON_ENUM,
    .size = sizeof(enum kvx_http_source_state),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .names = names_source_state,
    .n_names = 5,
};

static const struct kvx_bytes names_degraded_reason[] = {
    {"late_join", 9},
    {"gap", 3},
    {"pending_dropped", 15},
    {"memory", 6},
    {"backlog", 7},
    {"two_sources", 11},
    {"unsequenced", 11},
    {"block_size", 10},
    {"bad_batch", 9},
};
const struct kvx_json_type kvx_http_type_degraded_reason = {
    .kind = KVX_JSON_ENUM,
    .size = sizeof(enum kvx_http_degraded_reason),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .names = names_degraded_reason,
    .n_names = 9,
};

const struct kvx_json_type kvx_http_type_count = {
    .kind = KVX_JSON_U64,
    .size = sizeof(uint64_t),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
};

static const struct kvx_json_field fields_blocks_by_tier[] = {
    {
        .name = {"device", 6},
        .lead = {"\"device\":", 9},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_blocks_by_tier, device),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"host_pinned", 11},
        .lead = {"\"host_pinned\":", 14},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_blocks_by_tier, host_pinned),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"disk", 4},
        .lead = {"\"disk\":", 7},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_blocks_by_tier, disk),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"external", 8},
        .lead = {"\"external\":", 11},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_blocks_by_tier, external),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_blocks_by_tier = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_blocks_by_tier),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_blocks_by_tier,
    .n_fields = 4,
};

const struct kvx_json_type kvx_http_type_listener_learned = {
    .kind = KVX_JSON_BOOL,
    .size = sizeof(bool),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
};

static const struct kvx_json_field fields_listener[] = {
    {
        .name = {"endpoint", 8},
        .lead = {"\"endpoint\":", 11},
        .type = &kvx_http_type_listener_endpoint,
        .offset = offsetof(struct kvx_http_listener, endpoint),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"replay_endpoint", 15},
        .lead = {"\"replay_endpoint\":", 18},
        .type = &kvx_http_type_listener_replay_endpoint,
        .offset = offsetof(struct kvx_http_listener, replay_endpoint),
        .has_offset = offsetof(struct kvx_http_listener, has_replay_endpoint),
        .required = false,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"state", 5},
        .lead = {"\"state\":", 8},
        .type = &kvx_http_type_source_state,
        .offset = offsetof(struct kvx_http_listener, state),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"reason", 6},
        .lead = {"\"reason\":", 9},
        .type = &kvx_http_type_degraded_reason,
        .offset = offsetof(struct kvx_http_listener, reason),
        .has_offset = offsetof(struct kvx_http_listener, has_reason),
        .required = false,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"since_ms", 8},
        .lead = {"\"since_ms\":", 11},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_listener, since_ms),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"last_sequence", 13},
        .lead = {"\"last_sequence\":", 16},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_listener, last_sequence),
        .has_offset = offsetof(struct kvx_http_listener, has_last_sequence),
        .required = false,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"missing_batches", 15},
        .lead = {"\"missing_batches\":", 18},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_listener, missing_batches),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"batches", 7},
        .lead = {"\"batches\":", 10},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_listener, batches),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"restarts", 8},
        .lead = {"\"restarts\":", 11},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_listener, restarts),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"last_event_ms", 13},
        .lead = {"\"last_event_ms\":", 16},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_listener, last_event_ms),
        .has_offset = offsetof(struct kvx_http_listener, has_last_event_ms),
        .required = false,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"held_blocks", 11},
        .lead = {"\"held_blocks\":", 14},
        .type = &kvx_http_type_blocks_by_tier,
        .offset = offsetof(struct kvx_http_listener, held_blocks),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"learned", 7},
        .lead = {"\"learned\":", 10},
        .type = &kvx_http_type_listener_learned,
        .offset = offsetof(struct kvx_http_listener, learned),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_listener = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_listener),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_listener,
    .n_fields = 12,
};

const struct kvx_json_type kvx_http_type_worker_listeners = {
    .kind = KVX_JSON_MAP,
    .size = sizeof(struct kvx_http_worker_listeners),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .item = &kvx_http_type_listener,
    .item_size = sizeof(struct kvx_http_worker_listeners_entry),
    .value_offset = offsetof(struct kvx_http_worker_listeners_entry, value),
};

const struct kvx_json_type kvx_http_type_worker_model = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_worker_tenant = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_block_size = {
    .kind = KVX_JSON_U32,
    .size = sizeof(uint32_t),
    .min = 1u,
    .max = 65536u,
};

static const struct kvx_json_field fields_worker[] = {
    {
        .name = {"instance_id", 11},
        .lead = {"\"instance_id\":", 14},
        .type = &kvx_http_type_instance_id,
        .offset = offsetof(struct kvx_http_worker, instance_id),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"endpoints", 9},
        .lead = {"\"endpoints\":", 12},
        .type = &kvx_http_type_worker_endpoints,
        .offset = offsetof(struct kvx_http_worker, endpoints),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"listeners", 9},
        .lead = {"\"listeners\":", 12},
        .type = &kvx_http_type_worker_listeners,
        .offset = offsetof(struct kvx_http_worker, listeners),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"model", 5},
        .lead = {"\"model\":", 8},
        .type = &kvx_http_type_worker_model,
        .offset = offsetof(struct kvx_http_worker, model),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"tenant", 6},
        .lead = {"\"tenant\":", 9},
        .type = &kvx_http_type_worker_tenant,
        .offset = offsetof(struct kvx_http_worker, tenant),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"block_size", 10},
        .lead = {"\"block_size\":", 13},
        .type = &kvx_http_type_block_size,
        .offset = offsetof(struct kvx_http_worker, block_size),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_worker = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_worker),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_worker,
    .n_fields = 6,
};

const struct kvx_json_type kvx_http_type_workers = {
    .kind = KVX_JSON_ARRAY,
    .size = sizeof(struct kvx_http_workers),
    .min = 0u,
    .max = 4294967295u,
    .item = &kvx_http_type_worker,
    .item_size = sizeof(struct kvx_http_worker),
};

const struct kvx_json_type kvx_http_type_query_request_token_ids_item = {
    .kind = KVX_JSON_U32,
    .size = sizeof(uint32_t),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_query_request_token_ids = {
    .kind = KVX_JSON_BULK,
    .size = sizeof(struct kvx_http_query_request_token_ids),
    .min = 0u,
    .max = 1048576u,
    .item = &kvx_http_type_query_request_token_ids_item,
    .item_size = sizeof(uint32_t),
};

static const struct kvx_json_field fields_query_request[] = {
    {
        .name = {"token_ids", 9},
        .lead = {"\"token_ids\":", 12},
        .type = &kvx_http_type_query_request_token_ids,
        .offset = offsetof(struct kvx_http_query_request, token_ids),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_query_request = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_query_request),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_query_request,
    .n_fields = 1,
};

const struct kvx_json_type kvx_http_type_blocks_by_rank = {
    .kind = KVX_JSON_MAP,
    .size = sizeof(struct kvx_http_blocks_by_rank),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .item = &kvx_http_type_count,
    .item_size = sizeof(struct kvx_http_blocks_by_rank_entry),
    .value_offset = offsetof(struct kvx_http_blocks_by_rank_entry, value),
};

const struct kvx_json_type kvx_http_type_blocks_by_instance = {
    .kind = KVX_JSON_MAP,
    .size = sizeof(struct kvx_http_blocks_by_instance),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .item = &kvx_http_type_blocks_by_rank,
    .item_size = sizeof(struct kvx_http_blocks_by_instance_entry),
    .value_offset = offsetof(struct kvx_http_blocks_by_instance_entry, value),
};

const struct kvx_json_type kvx_http_type_block_scores_frequencies = {
    .kind = KVX_JSON_ARRAY,
    .size = sizeof(struct kvx_http_block_scores_frequencies),
    .min = 0u,
    .max = 0u,
    .item = &kvx_http_type_count,
    .item_size = sizeof(uint64_t),
};

static const struct kvx_json_field fields_block_scores[] = {
    {
        .name = {"scores", 6},
        .lead = {"\"scores\":", 9},
        .type = &kvx_http_type_blocks_by_instance,
        .offset = offsetof(struct kvx_http_block_scores, scores),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"frequencies", 11},
        .lead = {"\"frequencies\":", 14},
        .type = &kvx_http_type_block_scores_frequencies,
        .offset = offsetof(struct kvx_http_block_scores, frequencies),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"tree_sizes", 10},
        .lead = {"\"tree_sizes\":", 13},
        .type = &kvx_http_type_blocks_by_instance,
        .offset = offsetof(struct kvx_http_block_scores, tree_sizes),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_block_scores = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_block_scores),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_block_scores,
    .n_fields = 3,
};

static const struct kvx_json_type *const choices_query_answer[] = {
    &kvx_http_type_block_scores,
};
const struct kvx_json_type kvx_http_type_query_answer = {
    .kind = KVX_JSON_VARIANT,
    .size = sizeof(struct kvx_http_query_answer),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .choices = choices_query_answer,
    .n_choices = 1,
    .value_offset = offsetof(struct kvx_http_query_answer, value),
};

const struct kvx_json_type kvx_http_type_query_by_hash_request_block_hashes_item = {
    .kind = KVX_JSON_WIDE,
    .size = sizeof(uint64_t),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
};

const struct kvx_json_type kvx_http_type_query_by_hash_request_block_hashes = {
    .kind = KVX_JSON_BULK,
    .size = sizeof(struct kvx_http_query_by_hash_request_block_hashes),
    .min = 0u,
    .max = 524288u,
    .item = &kvx_http_type_query_by_hash_request_block_hashes_item,
    .item_size = sizeof(uint64_t),
};

static const struct kvx_json_field fields_query_by_hash_request[] = {
    {
        .name = {"block_hashes", 12},
        .lead = {"\"block_hashes\":", 15},
        .type = &kvx_http_type_query_by_hash_request_block_hashes,
        .offset = offsetof(struct kvx_http_query_by_hash_request, block_hashes),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_query_by_hash_request = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_query_by_hash_request),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_query_by_hash_request,
    .n_fields = 1,
};

static const struct kvx_bytes names_storage_tier[] = {
    {"device", 6},
    {"host_pinned", 11},
    {"disk", 4},
    {"external", 8},
};
const struct kvx_json_type kvx_http_type_storage_tier = {
    .kind = KVX_JSON_ENUM,
    .size = sizeof(enum kvx_http_storage_tier),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .names = names_storage_tier,
    .n_names = 4,
};

static const struct kvx_bytes names_router_event_residency_domain[] = {
    {"worker", 6},
};
const struct kvx_json_type kvx_http_type_router_event_residency_domain = {
    .kind = KVX_JSON_ENUM,
    .size = sizeof(enum kvx_http_router_event_residency_domain),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .names = names_router_event_residency_domain,
    .n_names = 1,
};

const struct kvx_json_type kvx_http_type_stored_blocks_parent_hash = {
    .kind = KVX_JSON_U64,
    .size = sizeof(uint64_t),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
};

const struct kvx_json_type kvx_http_type_stored_blocks_start_position = {
    .kind = KVX_JSON_NULL,
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
};

const struct kvx_json_type kvx_http_type_hash = {
    .kind = KVX_JSON_U64,
    .size = sizeof(uint64_t),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
};

const struct kvx_json_type kvx_http_type_stored_block_mm_extra_info = {
    .kind = KVX_JSON_NULL,
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
};

static const struct kvx_json_field fields_stored_block[] = {
    {
        .name = {"block_hash", 10},
        .lead = {"\"block_hash\":", 13},
        .type = &kvx_http_type_hash,
        .offset = offsetof(struct kvx_http_stored_block, block_hash),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"tokens_hash", 11},
        .lead = {"\"tokens_hash\":", 14},
        .type = &kvx_http_type_hash,
        .offset = offsetof(struct kvx_http_stored_block, tokens_hash),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"mm_extra_info", 13},
        .lead = {"\"mm_extra_info\":", 16},
        .type = &kvx_http_type_stored_block_mm_extra_info,
        .offset = 0,
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_stored_block = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_stored_block),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_stored_block,
    .n_fields = 3,
};

const struct kvx_json_type kvx_http_type_stored_blocks_blocks = {
    .kind = KVX_JSON_ARRAY,
    .size = sizeof(struct kvx_http_stored_blocks_blocks),
    .min = 0u,
    .max = 4294967295u,
    .item = &kvx_http_type_stored_block,
    .item_size = sizeof(struct kvx_http_stored_block),
};

static const struct kvx_json_field fields_stored_blocks[] = {
    {
        .name = {"parent_hash", 11},
        .lead = {"\"parent_hash\":", 14},
        .type = &kvx_http_type_stored_blocks_parent_hash,
        .offset = offsetof(struct kvx_http_stored_blocks, parent_hash),
        .has_offset = offsetof(struct kvx_http_stored_blocks, has_parent_hash),
        .required = true,
        .nullable = true,
        .value = 0u,
    },
    {
        .name = {"start_position", 14},
        .lead = {"\"start_position\":", 17},
        .type = &kvx_http_type_stored_blocks_start_position,
        .offset = 0,
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"blocks", 6},
        .lead = {"\"blocks\":", 9},
        .type = &kvx_http_type_stored_blocks_blocks,
        .offset = offsetof(struct kvx_http_stored_blocks, blocks),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_stored_blocks = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_stored_blocks),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_stored_blocks,
    .n_fields = 3,
};

static const struct kvx_json_field fields_kv_event_data[] = {
    {
        .name = {"stored", 6},
        .lead = {"\"stored\":", 9},
        .type = &kvx_http_type_stored_blocks,
        .offset = offsetof(struct kvx_http_kv_event_data, stored),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_kv_event_data = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_kv_event_data),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_kv_event_data,
    .n_fields = 1,
};

static const struct kvx_json_field fields_kv_event[] = {
    {
        .name = {"event_id", 8},
        .lead = {"\"event_id\":", 11},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_kv_event, event_id),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"dp_rank", 7},
        .lead = {"\"dp_rank\":", 10},
        .type = &kvx_http_type_dp_rank,
        .offset = offsetof(struct kvx_http_kv_event, dp_rank),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"data", 4},
        .lead = {"\"data\":", 7},
        .type = &kvx_http_type_kv_event_data,
        .offset = offsetof(struct kvx_http_kv_event, data),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_kv_event = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_kv_event),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_kv_event,
    .n_fields = 3,
};

static const struct kvx_json_field fields_router_event[] = {
    {
        .name = {"worker_id", 9},
        .lead = {"\"worker_id\":", 12},
        .type = &kvx_http_type_instance_id,
        .offset = offsetof(struct kvx_http_router_event, worker_id),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"storage_tier", 12},
        .lead = {"\"storage_tier\":", 15},
        .type = &kvx_http_type_storage_tier,
        .offset = offsetof(struct kvx_http_router_event, storage_tier),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"residency_domain", 16},
        .lead = {"\"residency_domain\":", 19},
        .type = &kvx_http_type_router_event_residency_domain,
        .offset = offsetof(struct kvx_http_router_event, residency_domain),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"event", 5},
        .lead = {"\"event\":", 8},
        .type = &kvx_http_type_kv_event,
        .offset = offsetof(struct kvx_http_router_event, event),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_router_event = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_router_event),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_router_event,
    .n_fields = 4,
};

const struct kvx_json_type kvx_http_type_events = {
    .kind = KVX_JSON_ARRAY,
    .size = sizeof(struct kvx_http_events),
    .min = 0u,
    .max = 4294967295u,
    .item = &kvx_http_type_router_event,
    .item_size = sizeof(struct kvx_http_router_event),
};

const struct kvx_json_type kvx_http_type_ready_ready = {
    .kind = KVX_JSON_BOOL,
    .size = sizeof(bool),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
};

const struct kvx_json_type kvx_http_type_ready_draining = {
    .kind = KVX_JSON_BOOL,
    .size = sizeof(bool),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
};

const struct kvx_json_type kvx_http_type_ready_reasons_item = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_ready_reasons = {
    .kind = KVX_JSON_ARRAY,
    .size = sizeof(struct kvx_http_ready_reasons),
    .min = 0u,
    .max = 4294967295u,
    .item = &kvx_http_type_ready_reasons_item,
    .item_size = sizeof(struct kvx_bytes),
};

static const struct kvx_json_field fields_workers_by_state[] = {
    {
        .name = {"connecting", 10},
        .lead = {"\"connecting\":", 13},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_workers_by_state, connecting),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"syncing", 7},
        .lead = {"\"syncing\":", 10},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_workers_by_state, syncing),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"exact", 5},
        .lead = {"\"exact\":", 8},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_workers_by_state, exact),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"degraded", 8},
        .lead = {"\"degraded\":", 11},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_workers_by_state, degraded),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"stale", 5},
        .lead = {"\"stale\":", 8},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_workers_by_state, stale),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_workers_by_state = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_workers_by_state),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_workers_by_state,
    .n_fields = 5,
};

static const struct kvx_json_field fields_ready[] = {
    {
        .name = {"ready", 5},
        .lead = {"\"ready\":", 8},
        .type = &kvx_http_type_ready_ready,
        .offset = offsetof(struct kvx_http_ready, ready),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"draining", 8},
        .lead = {"\"draining\":", 11},
        .type = &kvx_http_type_ready_draining,
        .offset = offsetof(struct kvx_http_ready, draining),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"reasons", 7},
        .lead = {"\"reasons\":", 10},
        .type = &kvx_http_type_ready_reasons,
        .offset = offsetof(struct kvx_http_ready, reasons),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"workers", 7},
        .lead = {"\"workers\":", 10},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_ready, workers),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"workers_by_state", 16},
        .lead = {"\"workers_by_state\":", 19},
        .type = &kvx_http_type_workers_by_state,
        .offset = offsetof(struct kvx_http_ready, workers_by_state),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_ready = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_ready),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_ready,
    .n_fields = 5,
};

const struct kvx_json_type kvx_http_type_metrics_page = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_openapi_document = {
    .kind = KVX_JSON_RAW,
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
};

const struct kvx_json_type kvx_http_type_error_error = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

static const struct kvx_json_field fields_error[] = {
    {
        .name = {"error", 5},
        .lead = {"\"error\":", 8},
        .type = &kvx_http_type_error_error,
        .offset = offsetof(struct kvx_http_error, error),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_error = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_error),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_error,
    .n_fields = 1,
};
