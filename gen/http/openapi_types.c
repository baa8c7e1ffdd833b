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

const struct kvx_json_type kvx_http_type_register_request_dp_rank = {
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
    .min = 0u,
    .max = 1024u,
};

const struct kvx_json_type kvx_http_type_register_request_lora_name = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_register_request_model_name = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 1u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_register_request_routing_group = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 1u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_register_request_additional_salt = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_register_request_modelname = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 1u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_register_request_model = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 1u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_register_request_tenant_id = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_register_request_additionalsalt = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 256u,
};

static const struct kvx_bytes names_publisher_type[] = {
    {"vLLM", 4},
    {"SGLang", 6},
    {"Mooncake", 8},
};
const struct kvx_json_type kvx_http_type_publisher_type = {
    .kind = KVX_JSON_ENUM,
    .size = sizeof(enum kvx_http_publisher_type),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .names = names_publisher_type,
    .n_names = 3,
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
        .type = &kvx_http_type_register_request_dp_rank,
        .offset = offsetof(struct kvx_http_register_request, dp_rank),
        .has_offset = offsetof(struct kvx_http_register_request, has_dp_rank),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_OPTIONAL, KVX_JSON_OPTIONAL, KVX_JSON_REQUIRED},
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
        .roles = {KVX_JSON_OPTIONAL, KVX_JSON_REQUIRED, KVX_JSON_REQUIRED},
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
        .roles = {KVX_JSON_OPTIONAL, KVX_JSON_OPTIONAL, KVX_JSON_OPTIONAL},
    },
    {
        .name = {"lora_name", 9},
        .lead = {"\"lora_name\":", 12},
        .type = &kvx_http_type_register_request_lora_name,
        .offset = offsetof(struct kvx_http_register_request, lora_name),
        .has_offset = offsetof(struct kvx_http_register_request, has_lora_name),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_OPTIONAL, KVX_JSON_OPTIONAL, KVX_JSON_OPTIONAL},
    },
    {
        .name = {"model_name", 10},
        .lead = {"\"model_name\":", 13},
        .type = &kvx_http_type_register_request_model_name,
        .offset = offsetof(struct kvx_http_register_request, model_name),
        .has_offset = offsetof(struct kvx_http_register_request, has_model_name),
        .required = false,
        .nullable = false,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_REQUIRED, KVX_JSON_FOREIGN},
        .selects = 2,
    },
    {
        .name = {"routing_group", 13},
        .lead = {"\"routing_group\":", 16},
        .type = &kvx_http_type_register_request_routing_group,
        .offset = offsetof(struct kvx_http_register_request, routing_group),
        .has_offset = offsetof(struct kvx_http_register_request, has_routing_group),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_OPTIONAL, KVX_JSON_FOREIGN},
    },
    {
        .name = {"additional_salt", 15},
        .lead = {"\"additional_salt\":", 18},
        .type = &kvx_http_type_register_request_additional_salt,
        .offset = offsetof(struct kvx_http_register_request, additional_salt),
        .has_offset = offsetof(struct kvx_http_register_request, has_additional_salt),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_IGNORED, KVX_JSON_FOREIGN},
    },
    {
        .name = {"modelname", 9},
        .lead = {"\"modelname\":", 12},
        .type = &kvx_http_type_register_request_modelname,
        .offset = offsetof(struct kvx_http_register_request, modelname),
        .has_offset = offsetof(struct kvx_http_register_request, has_modelname),
        .required = false,
        .nullable = false,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_FOREIGN, KVX_JSON_OPTIONAL},
        .selects = 3,
    },
    {
        .name = {"model", 5},
        .lead = {"\"model\":", 8},
        .type = &kvx_http_type_register_request_model,
        .offset = offsetof(struct kvx_http_register_request, model),
        .has_offset = offsetof(struct kvx_http_register_request, has_model),
        .required = false,
        .nullable = false,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_FOREIGN, KVX_JSON_OPTIONAL},
        .selects = 3,
    },
    {
        .name = {"tenant_id", 9},
        .lead = {"\"tenant_id\":", 12},
        .type = &kvx_http_type_register_request_tenant_id,
        .offset = offsetof(struct kvx_http_register_request, tenant_id),
        .has_offset = offsetof(struct kvx_http_register_request, has_tenant_id),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_IGNORED, KVX_JSON_OPTIONAL},
    },
    {
        .name = {"additionalsalt", 14},
        .lead = {"\"additionalsalt\":", 17},
        .type = &kvx_http_type_register_request_additionalsalt,
        .offset = offsetof(struct kvx_http_register_request, additionalsalt),
        .has_offset = offsetof(struct kvx_http_register_request, has_additionalsalt),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_IGNORED, KVX_JSON_OPTIONAL},
    },
    {
        .name = {"type", 4},
        .lead = {"\"type\":", 7},
        .type = &kvx_http_type_publisher_type,
        .offset = offsetof(struct kvx_http_register_request, type),
        .has_offset = offsetof(struct kvx_http_register_request, has_type),
        .required = false,
        .nullable = false,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_FOREIGN, KVX_JSON_REQUIRED},
    },
};
const struct kvx_json_type kvx_http_type_register_request = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_register_request),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_register_request,
    .n_fields = 14,
};

static const struct kvx_bytes names_registered_status[] = {
    {"registered successfully", 23},
};
const struct kvx_json_type kvx_http_type_registered_status = {
    .kind = KVX_JSON_ENUM,
    .size = sizeof(enum kvx_http_registered_status),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .names = names_registered_status,
    .n_names = 1,
};

static const struct kvx_json_field fields_registered[] = {
    {
        .name = {"status", 6},
        .lead = {"\"status\":", 9},
        .type = &kvx_http_type_registered_status,
        .offset = offsetof(struct kvx_http_registered, status),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"instance_id", 11},
        .lead = {"\"instance_id\":", 14},
        .type = &kvx_http_type_instance_id,
        .offset = offsetof(struct kvx_http_registered, instance_id),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_registered = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_registered),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_registered,
    .n_fields = 2,
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

static const struct kvx_json_type *const choices_register_answer[] = {
    &kvx_http_type_registered,
    &kvx_http_type_status,
};
const struct kvx_json_type kvx_http_type_register_answer = {
    .kind = KVX_JSON_VARIANT,
    .size = sizeof(struct kvx_http_register_answer),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .choices = choices_register_answer,
    .n_choices = 2,
    .value_offset = offsetof(struct kvx_http_register_answer, value),
};

const struct kvx_json_type kvx_http_type_unregister_request_dp_rank = {
    .kind = KVX_JSON_U32,
    .size = sizeof(uint32_t),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_unregister_request_model_name = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 1u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_unregister_request_routing_group = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 1u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_unregister_request_modelname = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 1u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_unregister_request_model = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 1u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_unregister_request_tenant_id = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_unregister_request_block_size = {
    .kind = KVX_JSON_U32,
    .size = sizeof(uint32_t),
    .min = 1u,
    .max = 65536u,
};

const struct kvx_json_type kvx_http_type_unregister_request_additionalsalt = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_unregister_request_lora_name = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 256u,
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
        .roles = {KVX_JSON_OPTIONAL, KVX_JSON_OPTIONAL, KVX_JSON_REQUIRED},
    },
    {
        .name = {"model_name", 10},
        .lead = {"\"model_name\":", 13},
        .type = &kvx_http_type_unregister_request_model_name,
        .offset = offsetof(struct kvx_http_unregister_request, model_name),
        .has_offset = offsetof(struct kvx_http_unregister_request, has_model_name),
        .required = false,
        .nullable = false,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_REQUIRED, KVX_JSON_FOREIGN},
        .selects = 2,
    },
    {
        .name = {"routing_group", 13},
        .lead = {"\"routing_group\":", 16},
        .type = &kvx_http_type_unregister_request_routing_group,
        .offset = offsetof(struct kvx_http_unregister_request, routing_group),
        .has_offset = offsetof(struct kvx_http_unregister_request, has_routing_group),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_OPTIONAL, KVX_JSON_FOREIGN},
    },
    {
        .name = {"modelname", 9},
        .lead = {"\"modelname\":", 12},
        .type = &kvx_http_type_unregister_request_modelname,
        .offset = offsetof(struct kvx_http_unregister_request, modelname),
        .has_offset = offsetof(struct kvx_http_unregister_request, has_modelname),
        .required = false,
        .nullable = false,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_FOREIGN, KVX_JSON_OPTIONAL},
        .selects = 3,
    },
    {
        .name = {"model", 5},
        .lead = {"\"model\":", 8},
        .type = &kvx_http_type_unregister_request_model,
        .offset = offsetof(struct kvx_http_unregister_request, model),
        .has_offset = offsetof(struct kvx_http_unregister_request, has_model),
        .required = false,
        .nullable = false,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_FOREIGN, KVX_JSON_OPTIONAL},
        .selects = 3,
    },
    {
        .name = {"tenant_id", 9},
        .lead = {"\"tenant_id\":", 12},
        .type = &kvx_http_type_unregister_request_tenant_id,
        .offset = offsetof(struct kvx_http_unregister_request, tenant_id),
        .has_offset = offsetof(struct kvx_http_unregister_request, has_tenant_id),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_IGNORED, KVX_JSON_OPTIONAL},
    },
    {
        .name = {"block_size", 10},
        .lead = {"\"block_size\":", 13},
        .type = &kvx_http_type_unregister_request_block_size,
        .offset = offsetof(struct kvx_http_unregister_request, block_size),
        .has_offset = offsetof(struct kvx_http_unregister_request, has_block_size),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_IGNORED, KVX_JSON_REQUIRED},
    },
    {
        .name = {"additionalsalt", 14},
        .lead = {"\"additionalsalt\":", 17},
        .type = &kvx_http_type_unregister_request_additionalsalt,
        .offset = offsetof(struct kvx_http_unregister_request, additionalsalt),
        .has_offset = offsetof(struct kvx_http_unregister_request, has_additionalsalt),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_IGNORED, KVX_JSON_OPTIONAL},
    },
    {
        .name = {"lora_name", 9},
        .lead = {"\"lora_name\":", 12},
        .type = &kvx_http_type_unregister_request_lora_name,
        .offset = offsetof(struct kvx_http_unregister_request, lora_name),
        .has_offset = offsetof(struct kvx_http_unregister_request, has_lora_name),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_IGNORED, KVX_JSON_IGNORED},
    },
    {
        .name = {"type", 4},
        .lead = {"\"type\":", 7},
        .type = &kvx_http_type_publisher_type,
        .offset = offsetof(struct kvx_http_unregister_request, type),
        .has_offset = offsetof(struct kvx_http_unregister_request, has_type),
        .required = false,
        .nullable = false,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_FOREIGN, KVX_JSON_REQUIRED},
    },
};
const struct kvx_json_type kvx_http_type_unregister_request = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_unregister_request),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_unregister_request,
    .n_fields = 11,
};

static const struct kvx_bytes names_unregistered_status[] = {
    {"unregistered successfully", 25},
};
const struct kvx_json_type kvx_http_type_unregistered_status = {
    .kind = KVX_JSON_ENUM,
    .size = sizeof(enum kvx_http_unregistered_status),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .names = names_unregistered_status,
    .n_names = 1,
};

const struct kvx_json_type kvx_http_type_unregistered_removed_instances_item = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_unregistered_removed_instances = {
    .kind = KVX_JSON_ARRAY,
    .size = sizeof(struct kvx_http_unregistered_removed_instances),
    .min = 0u,
    .max = 4294967295u,
    .item = &kvx_http_type_unregistered_removed_instances_item,
    .item_size = sizeof(struct kvx_bytes),
};

static const struct kvx_json_field fields_unregistered[] = {
    {
        .name = {"status", 6},
        .lead = {"\"status\":", 9},
        .type = &kvx_http_type_unregistered_status,
        .offset = offsetof(struct kvx_http_unregistered, status),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"removed_instances", 17},
        .lead = {"\"removed_instances\":", 20},
        .type = &kvx_http_type_unregistered_removed_instances,
        .offset = offsetof(struct kvx_http_unregistered, removed_instances),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_unregistered = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_unregistered),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_unregistered,
    .n_fields = 2,
};

static const struct kvx_json_type *const choices_unregister_answer[] = {
    &kvx_http_type_status,
    &kvx_http_type_unregistered,
};
const struct kvx_json_type kvx_http_type_unregister_answer = {
    .kind = KVX_JSON_VARIANT,
    .size = sizeof(struct kvx_http_unregister_answer),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .choices = choices_unregister_answer,
    .n_choices = 2,
    .value_offset = offsetof(struct kvx_http_unregister_answer, value),
};

const struct kvx_json_type kvx_http_type_name = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 256u,
};

static const struct kvx_json_field fields_list_workers_parameters[] = {
    {
        .name = {"model_name", 10},
        .lead = {"\"model_name\":", 13},
        .type = &kvx_http_type_name,
        .offset = offsetof(struct kvx_http_list_workers_parameters, model_name),
        .has_offset = offsetof(struct kvx_http_list_workers_parameters, has_model_name),
        .required = false,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"routing_group", 13},
        .lead = {"\"routing_group\":", 16},
        .type = &kvx_http_type_name,
        .offset = offsetof(struct kvx_http_list_workers_parameters, routing_group),
        .has_offset = offsetof(struct kvx_http_list_workers_parameters, has_routing_group),
        .required = false,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"tenant_id", 9},
        .lead = {"\"tenant_id\":", 12},
        .type = &kvx_http_type_name,
        .offset = offsetof(struct kvx_http_list_workers_parameters, tenant_id),
        .has_offset = offsetof(struct kvx_http_list_workers_parameters, has_tenant_id),
        .required = false,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_list_workers_parameters = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_list_workers_parameters),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_list_workers_parameters,
    .n_fields = 3,
};

static const struct kvx_bytes names_worker_source[] = {
    {"zmq", 3},
};
const struct kvx_json_type kvx_http_type_worker_source = {
    .kind = KVX_JSON_ENUM,
    .size = sizeof(enum kvx_http_worker_source),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .names = names_worker_source,
    .n_names = 1,
};

static const struct kvx_bytes names_listener_status[] = {
    {"pending", 7},
    {"active", 6},
};
const struct kvx_json_type kvx_http_type_listener_status = {
    .kind = KVX_JSON_ENUM,
    .size = sizeof(enum kvx_http_listener_status),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .names = names_listener_status,
    .n_names = 2,
};

const struct kvx_json_type kvx_http_type_worker_model_name = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_worker_routing_group = {
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

const struct kvx_json_type kvx_http_type_worker_additional_salt = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
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

const struct kvx_json_type kvx_http_type_listener_last_error = {
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

const struct kvx_json_type kvx_http_type_listener_lora_name = {
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
    {"limit", 5},
};
const struct kvx_json_type kvx_http_type_degraded_reason = {
    .kind = KVX_JSON_ENUM,
    .size = sizeof(enum kvx_http_degraded_reason),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .names = names_degraded_reason,
    .n_names = 10,
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
        .name = {"status", 6},
        .lead = {"\"status\":", 9},
        .type = &kvx_http_type_listener_status,
        .offset = offsetof(struct kvx_http_listener, status),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"last_error", 10},
        .lead = {"\"last_error\":", 13},
        .type = &kvx_http_type_listener_last_error,
        .offset = offsetof(struct kvx_http_listener, last_error),
        .has_offset = offsetof(struct kvx_http_listener, has_last_error),
        .required = false,
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
        .name = {"lora_name", 9},
        .lead = {"\"lora_name\":", 12},
        .type = &kvx_http_type_listener_lora_name,
        .offset = offsetof(struct kvx_http_listener, lora_name),
        .has_offset = offsetof(struct kvx_http_listener, has_lora_name),
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
    .n_fields = 15,
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

static const struct kvx_bytes names_source_kind[] = {
    {"engine", 6},
    {"pool", 4},
};
const struct kvx_json_type kvx_http_type_source_kind = {
    .kind = KVX_JSON_ENUM,
    .size = sizeof(enum kvx_http_source_kind),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .names = names_source_kind,
    .n_names = 2,
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
        .name = {"source", 6},
        .lead = {"\"source\":", 9},
        .type = &kvx_http_type_worker_source,
        .offset = offsetof(struct kvx_http_worker, source),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"status", 6},
        .lead = {"\"status\":", 9},
        .type = &kvx_http_type_listener_status,
        .offset = offsetof(struct kvx_http_worker, status),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"model_name", 10},
        .lead = {"\"model_name\":", 13},
        .type = &kvx_http_type_worker_model_name,
        .offset = offsetof(struct kvx_http_worker, model_name),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"routing_group", 13},
        .lead = {"\"routing_group\":", 16},
        .type = &kvx_http_type_worker_routing_group,
        .offset = offsetof(struct kvx_http_worker, routing_group),
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
    {
        .name = {"additional_salt", 15},
        .lead = {"\"additional_salt\":", 18},
        .type = &kvx_http_type_worker_additional_salt,
        .offset = offsetof(struct kvx_http_worker, additional_salt),
        .has_offset = offsetof(struct kvx_http_worker, has_additional_salt),
        .required = false,
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
        .name = {"kind", 4},
        .lead = {"\"kind\":", 7},
        .type = &kvx_http_type_source_kind,
        .offset = offsetof(struct kvx_http_worker, kind),
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
    .n_fields = 10,
};

const struct kvx_json_type kvx_http_type_workers = {
    .kind = KVX_JSON_ARRAY,
    .size = sizeof(struct kvx_http_workers),
    .min = 0u,
    .max = 4294967295u,
    .item = &kvx_http_type_worker,
    .item_size = sizeof(struct kvx_http_worker),
};

const struct kvx_json_type kvx_http_type_service_endpoint = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_service_replayendpoint = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

static const struct kvx_bytes names_service_type[] = {
    {"engine", 6},
    {"Mooncake", 8},
};
const struct kvx_json_type kvx_http_type_service_type = {
    .kind = KVX_JSON_ENUM,
    .size = sizeof(enum kvx_http_service_type),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .names = names_service_type,
    .n_names = 2,
};

const struct kvx_json_type kvx_http_type_service_modelname = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_service_loraname = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_service_tenantid = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_service_instanceid = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_dp_rank = {
    .kind = KVX_JSON_U32,
    .size = sizeof(uint32_t),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_service_additionalsalt = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

static const struct kvx_json_field fields_service[] = {
    {
        .name = {"Endpoint", 8},
        .lead = {"\"Endpoint\":", 11},
        .type = &kvx_http_type_service_endpoint,
        .offset = offsetof(struct kvx_http_service, endpoint),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"ReplayEndpoint", 14},
        .lead = {"\"ReplayEndpoint\":", 17},
        .type = &kvx_http_type_service_replayendpoint,
        .offset = offsetof(struct kvx_http_service, replay_endpoint),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"Type", 4},
        .lead = {"\"Type\":", 7},
        .type = &kvx_http_type_service_type,
        .offset = offsetof(struct kvx_http_service, type),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"ModelName", 9},
        .lead = {"\"ModelName\":", 12},
        .type = &kvx_http_type_service_modelname,
        .offset = offsetof(struct kvx_http_service, model_name),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"LoraName", 8},
        .lead = {"\"LoraName\":", 11},
        .type = &kvx_http_type_service_loraname,
        .offset = offsetof(struct kvx_http_service, lora_name),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"TenantID", 8},
        .lead = {"\"TenantID\":", 11},
        .type = &kvx_http_type_service_tenantid,
        .offset = offsetof(struct kvx_http_service, tenant_id),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"InstanceID", 10},
        .lead = {"\"InstanceID\":", 13},
        .type = &kvx_http_type_service_instanceid,
        .offset = offsetof(struct kvx_http_service, instance_id),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"BlockSize", 9},
        .lead = {"\"BlockSize\":", 12},
        .type = &kvx_http_type_block_size,
        .offset = offsetof(struct kvx_http_service, block_size),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"DPRank", 6},
        .lead = {"\"DPRank\":", 9},
        .type = &kvx_http_type_dp_rank,
        .offset = offsetof(struct kvx_http_service, dprank),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"AdditionalSalt", 14},
        .lead = {"\"AdditionalSalt\":", 17},
        .type = &kvx_http_type_service_additionalsalt,
        .offset = offsetof(struct kvx_http_service, additional_salt),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_service = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_service),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_service,
    .n_fields = 10,
};

const struct kvx_json_type kvx_http_type_services_services = {
    .kind = KVX_JSON_ARRAY,
    .size = sizeof(struct kvx_http_services_services),
    .min = 0u,
    .max = 4294967295u,
    .item = &kvx_http_type_service,
    .item_size = sizeof(struct kvx_http_service),
};

static const struct kvx_json_field fields_services[] = {
    {
        .name = {"count", 5},
        .lead = {"\"count\":", 8},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_services, count),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"services", 8},
        .lead = {"\"services\":", 11},
        .type = &kvx_http_type_services_services,
        .offset = offsetof(struct kvx_http_services, services),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_services = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_services),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_services,
    .n_fields = 2,
};

const struct kvx_json_type kvx_http_type_model_context_model_name = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_model_context_lora_name = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_model_context_additional_salt = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_model_context_tenant_id = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_model_context_instance_id = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

static const struct kvx_json_field fields_model_context[] = {
    {
        .name = {"model_name", 10},
        .lead = {"\"model_name\":", 13},
        .type = &kvx_http_type_model_context_model_name,
        .offset = offsetof(struct kvx_http_model_context, model_name),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"lora_name", 9},
        .lead = {"\"lora_name\":", 12},
        .type = &kvx_http_type_model_context_lora_name,
        .offset = offsetof(struct kvx_http_model_context, lora_name),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"block_size", 10},
        .lead = {"\"block_size\":", 13},
        .type = &kvx_http_type_block_size,
        .offset = offsetof(struct kvx_http_model_context, block_size),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"additional_salt", 15},
        .lead = {"\"additional_salt\":", 18},
        .type = &kvx_http_type_model_context_additional_salt,
        .offset = offsetof(struct kvx_http_model_context, additional_salt),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"tenant_id", 9},
        .lead = {"\"tenant_id\":", 12},
        .type = &kvx_http_type_model_context_tenant_id,
        .offset = offsetof(struct kvx_http_model_context, tenant_id),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"instance_id", 11},
        .lead = {"\"instance_id\":", 14},
        .type = &kvx_http_type_model_context_instance_id,
        .offset = offsetof(struct kvx_http_model_context, instance_id),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_model_context = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_model_context),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_model_context,
    .n_fields = 6,
};

const struct kvx_json_type kvx_http_type_global_view_model_contexts = {
    .kind = KVX_JSON_ARRAY,
    .size = sizeof(struct kvx_http_global_view_model_contexts),
    .min = 0u,
    .max = 4294967295u,
    .item = &kvx_http_type_model_context,
    .item_size = sizeof(struct kvx_http_model_context),
};

const struct kvx_json_type kvx_http_type_counts_by_rank = {
    .kind = KVX_JSON_MAP,
    .size = sizeof(struct kvx_http_counts_by_rank),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .item = &kvx_http_type_count,
    .item_size = sizeof(struct kvx_http_counts_by_rank_entry),
    .value_offset = offsetof(struct kvx_http_counts_by_rank_entry, value),
};

const struct kvx_json_type kvx_http_type_global_view_hashmap = {
    .kind = KVX_JSON_ARRAY,
    .size = sizeof(struct kvx_http_global_view_hashmap),
    .min = 0u,
    .max = 0u,
    .item = &kvx_http_type_counts_by_rank,
    .item_size = sizeof(struct kvx_http_counts_by_rank),
};

const struct kvx_json_type kvx_http_type_partition_model = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_partition_tenant = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_partition_additional_salt = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

static const struct kvx_json_field fields_partition[] = {
    {
        .name = {"model", 5},
        .lead = {"\"model\":", 8},
        .type = &kvx_http_type_partition_model,
        .offset = offsetof(struct kvx_http_partition, model),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"tenant", 6},
        .lead = {"\"tenant\":", 9},
        .type = &kvx_http_type_partition_tenant,
        .offset = offsetof(struct kvx_http_partition, tenant),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"additional_salt", 15},
        .lead = {"\"additional_salt\":", 18},
        .type = &kvx_http_type_partition_additional_salt,
        .offset = offsetof(struct kvx_http_partition, additional_salt),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"block_size", 10},
        .lead = {"\"block_size\":", 13},
        .type = &kvx_http_type_block_size,
        .offset = offsetof(struct kvx_http_partition, block_size),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"workers", 7},
        .lead = {"\"workers\":", 10},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_partition, workers),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"pools", 5},
        .lead = {"\"pools\":", 8},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_partition, pools),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"held_blocks", 11},
        .lead = {"\"held_blocks\":", 14},
        .type = &kvx_http_type_blocks_by_tier,
        .offset = offsetof(struct kvx_http_partition, held_blocks),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"pool_blocks", 11},
        .lead = {"\"pool_blocks\":", 14},
        .type = &kvx_http_type_blocks_by_tier,
        .offset = offsetof(struct kvx_http_partition, pool_blocks),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"positions", 9},
        .lead = {"\"positions\":", 12},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_partition, positions),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"memory_bytes", 12},
        .lead = {"\"memory_bytes\":", 15},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_partition, memory_bytes),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_partition = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_partition),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_partition,
    .n_fields = 10,
};

const struct kvx_json_type kvx_http_type_global_view_partitions = {
    .kind = KVX_JSON_ARRAY,
    .size = sizeof(struct kvx_http_global_view_partitions),
    .min = 0u,
    .max = 4294967295u,
    .item = &kvx_http_type_partition,
    .item_size = sizeof(struct kvx_http_partition),
};

static const struct kvx_json_field fields_global_view[] = {
    {
        .name = {"context_count", 13},
        .lead = {"\"context_count\":", 16},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_global_view, context_count),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"model_contexts", 14},
        .lead = {"\"model_contexts\":", 17},
        .type = &kvx_http_type_global_view_model_contexts,
        .offset = offsetof(struct kvx_http_global_view, model_contexts),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"hashmap", 7},
        .lead = {"\"hashmap\":", 10},
        .type = &kvx_http_type_global_view_hashmap,
        .offset = offsetof(struct kvx_http_global_view, hashmap),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"partitions", 10},
        .lead = {"\"partitions\":", 13},
        .type = &kvx_http_type_global_view_partitions,
        .offset = offsetof(struct kvx_http_global_view, partitions),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_global_view = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_global_view),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_global_view,
    .n_fields = 4,
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

const struct kvx_json_type kvx_http_type_query_request_lora_name = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_query_request_cache_salt = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 1024u,
};

const struct kvx_json_type kvx_http_type_query_request_lora_id = {
    .kind = KVX_JSON_WIDE,
    .size = sizeof(uint64_t),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
};

const struct kvx_json_type kvx_http_type_query_request_model_name = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 1u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_query_request_routing_group = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 1u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_query_request_model = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 1u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_query_request_modelname = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 1u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_query_request_tenant_id = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_query_request_block_size = {
    .kind = KVX_JSON_U32,
    .size = sizeof(uint32_t),
    .min = 1u,
    .max = 65536u,
};

const struct kvx_json_type kvx_http_type_query_request_additionalsalt = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_query_request_instance_id = {
    .kind = KVX_JSON_ID,
    .size = sizeof(struct kvx_json_id),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .text_min = 1u,
    .text_max = 256u,
};

const struct kvx_json_type kvx_http_type_candidate_dp_rank = {
    .kind = KVX_JSON_U32,
    .size = sizeof(uint32_t),
    .min = 0u,
    .max = 4294967295u,
};

static const struct kvx_json_field fields_candidate[] = {
    {
        .name = {"instance_id", 11},
        .lead = {"\"instance_id\":", 14},
        .type = &kvx_http_type_instance_id,
        .offset = offsetof(struct kvx_http_candidate, instance_id),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"dp_rank", 7},
        .lead = {"\"dp_rank\":", 10},
        .type = &kvx_http_type_candidate_dp_rank,
        .offset = offsetof(struct kvx_http_candidate, dp_rank),
        .has_offset = offsetof(struct kvx_http_candidate, has_dp_rank),
        .required = false,
        .nullable = true,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_candidate = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_candidate),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_candidate,
    .n_fields = 2,
};

const struct kvx_json_type kvx_http_type_candidates = {
    .kind = KVX_JSON_ARRAY,
    .size = sizeof(struct kvx_http_candidates),
    .min = 1u,
    .max = 65536u,
    .item = &kvx_http_type_candidate,
    .item_size = sizeof(struct kvx_http_candidate),
};

const struct kvx_json_type kvx_http_type_query_request_max_hits = {
    .kind = KVX_JSON_U32,
    .size = sizeof(uint32_t),
    .min = 0u,
    .max = 4294967295u,
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
    {
        .name = {"lora_name", 9},
        .lead = {"\"lora_name\":", 12},
        .type = &kvx_http_type_query_request_lora_name,
        .offset = offsetof(struct kvx_http_query_request, lora_name),
        .has_offset = offsetof(struct kvx_http_query_request, has_lora_name),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_OPTIONAL, KVX_JSON_OPTIONAL, KVX_JSON_OPTIONAL},
    },
    {
        .name = {"cache_salt", 10},
        .lead = {"\"cache_salt\":", 13},
        .type = &kvx_http_type_query_request_cache_salt,
        .offset = offsetof(struct kvx_http_query_request, cache_salt),
        .has_offset = offsetof(struct kvx_http_query_request, has_cache_salt),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_OPTIONAL, KVX_JSON_OPTIONAL},
    },
    {
        .name = {"lora_id", 7},
        .lead = {"\"lora_id\":", 10},
        .type = &kvx_http_type_query_request_lora_id,
        .offset = offsetof(struct kvx_http_query_request, lora_id),
        .has_offset = offsetof(struct kvx_http_query_request, has_lora_id),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_IGNORED, KVX_JSON_OPTIONAL},
    },
    {
        .name = {"model_name", 10},
        .lead = {"\"model_name\":", 13},
        .type = &kvx_http_type_query_request_model_name,
        .offset = offsetof(struct kvx_http_query_request, model_name),
        .has_offset = offsetof(struct kvx_http_query_request, has_model_name),
        .required = false,
        .nullable = false,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_REQUIRED, KVX_JSON_FOREIGN},
        .selects = 2,
    },
    {
        .name = {"routing_group", 13},
        .lead = {"\"routing_group\":", 16},
        .type = &kvx_http_type_query_request_routing_group,
        .offset = offsetof(struct kvx_http_query_request, routing_group),
        .has_offset = offsetof(struct kvx_http_query_request, has_routing_group),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_OPTIONAL, KVX_JSON_FOREIGN},
    },
    {
        .name = {"model", 5},
        .lead = {"\"model\":", 8},
        .type = &kvx_http_type_query_request_model,
        .offset = offsetof(struct kvx_http_query_request, model),
        .has_offset = offsetof(struct kvx_http_query_request, has_model),
        .required = false,
        .nullable = false,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_FOREIGN, KVX_JSON_OPTIONAL},
        .selects = 3,
    },
    {
        .name = {"modelname", 9},
        .lead = {"\"modelname\":", 12},
        .type = &kvx_http_type_query_request_modelname,
        .offset = offsetof(struct kvx_http_query_request, modelname),
        .has_offset = offsetof(struct kvx_http_query_request, has_modelname),
        .required = false,
        .nullable = false,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_FOREIGN, KVX_JSON_OPTIONAL},
        .selects = 3,
    },
    {
        .name = {"tenant_id", 9},
        .lead = {"\"tenant_id\":", 12},
        .type = &kvx_http_type_query_request_tenant_id,
        .offset = offsetof(struct kvx_http_query_request, tenant_id),
        .has_offset = offsetof(struct kvx_http_query_request, has_tenant_id),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_IGNORED, KVX_JSON_OPTIONAL},
    },
    {
        .name = {"block_size", 10},
        .lead = {"\"block_size\":", 13},
        .type = &kvx_http_type_query_request_block_size,
        .offset = offsetof(struct kvx_http_query_request, block_size),
        .has_offset = offsetof(struct kvx_http_query_request, has_block_size),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_OPTIONAL, KVX_JSON_OPTIONAL, KVX_JSON_REQUIRED},
    },
    {
        .name = {"additionalsalt", 14},
        .lead = {"\"additionalsalt\":", 17},
        .type = &kvx_http_type_query_request_additionalsalt,
        .offset = offsetof(struct kvx_http_query_request, additionalsalt),
        .has_offset = offsetof(struct kvx_http_query_request, has_additionalsalt),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_IGNORED, KVX_JSON_OPTIONAL},
    },
    {
        .name = {"instance_id", 11},
        .lead = {"\"instance_id\":", 14},
        .type = &kvx_http_type_query_request_instance_id,
        .offset = offsetof(struct kvx_http_query_request, instance_id),
        .has_offset = offsetof(struct kvx_http_query_request, has_instance_id),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_FOREIGN, KVX_JSON_OPTIONAL},
    },
    {
        .name = {"candidates", 10},
        .lead = {"\"candidates\":", 13},
        .type = &kvx_http_type_candidates,
        .offset = offsetof(struct kvx_http_query_request, candidates),
        .has_offset = offsetof(struct kvx_http_query_request, has_candidates),
        .required = false,
        .nullable = true,
        .value = 0u,
    },
    {
        .name = {"max_hits", 8},
        .lead = {"\"max_hits\":", 11},
        .type = &kvx_http_type_query_request_max_hits,
        .offset = offsetof(struct kvx_http_query_request, max_hits),
        .has_offset = offsetof(struct kvx_http_query_request, has_max_hits),
        .required = false,
        .nullable = true,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_query_request = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_query_request),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_query_request,
    .n_fields = 14,
};

const struct kvx_json_type kvx_http_type_counts_by_instance = {
    .kind = KVX_JSON_MAP,
    .size = sizeof(struct kvx_http_counts_by_instance),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .item = &kvx_http_type_counts_by_rank,
    .item_size = sizeof(struct kvx_http_counts_by_instance_entry),
    .value_offset = offsetof(struct kvx_http_counts_by_instance_entry, value),
};

const struct kvx_json_type kvx_http_type_frequencies = {
    .kind = KVX_JSON_ARRAY,
    .size = sizeof(struct kvx_http_frequencies),
    .min = 0u,
    .max = 0u,
    .item = &kvx_http_type_count,
    .item_size = sizeof(uint64_t),
};

static const struct kvx_json_field fields_block_scores[] = {
    {
        .name = {"scores", 6},
        .lead = {"\"scores\":", 9},
        .type = &kvx_http_type_counts_by_instance,
        .offset = offsetof(struct kvx_http_block_scores, scores),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"frequencies", 11},
        .lead = {"\"frequencies\":", 14},
        .type = &kvx_http_type_frequencies,
        .offset = offsetof(struct kvx_http_block_scores, frequencies),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"tree_sizes", 10},
        .lead = {"\"tree_sizes\":", 13},
        .type = &kvx_http_type_counts_by_instance,
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

static const struct kvx_json_field fields_instance_tokens[] = {
    {
        .name = {"gpu", 3},
        .lead = {"\"gpu\":", 6},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_instance_tokens, gpu),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"cpu", 3},
        .lead = {"\"cpu\":", 6},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_instance_tokens, cpu),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"disk", 4},
        .lead = {"\"disk\":", 7},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_instance_tokens, disk),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"dp", 2},
        .lead = {"\"dp\":", 5},
        .type = &kvx_http_type_counts_by_rank,
        .offset = offsetof(struct kvx_http_instance_tokens, dp),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"longest_matched", 15},
        .lead = {"\"longest_matched\":", 18},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_instance_tokens, longest_matched),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_instance_tokens = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_instance_tokens),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_instance_tokens,
    .n_fields = 5,
};

const struct kvx_json_type kvx_http_type_token_scores_instances = {
    .kind = KVX_JSON_MAP,
    .size = sizeof(struct kvx_http_token_scores_instances),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .item = &kvx_http_type_instance_tokens,
    .item_size = sizeof(struct kvx_http_token_scores_instances_entry),
    .value_offset = offsetof(struct kvx_http_token_scores_instances_entry, value),
};

static const struct kvx_json_field fields_token_scores[] = {
    {
        .name = {"scores", 6},
        .lead = {"\"scores\":", 9},
        .type = &kvx_http_type_counts_by_instance,
        .offset = offsetof(struct kvx_http_token_scores, scores),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"frequencies", 11},
        .lead = {"\"frequencies\":", 14},
        .type = &kvx_http_type_frequencies,
        .offset = offsetof(struct kvx_http_token_scores, frequencies),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"instances", 9},
        .lead = {"\"instances\":", 12},
        .type = &kvx_http_type_token_scores_instances,
        .offset = offsetof(struct kvx_http_token_scores, instances),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_token_scores = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_token_scores),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_token_scores,
    .n_fields = 3,
};

static const struct kvx_json_field fields_mooncake_instance[] = {
    {
        .name = {"longest_matched", 15},
        .lead = {"\"longest_matched\":", 18},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_mooncake_instance, longest_matched),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"GPU", 3},
        .lead = {"\"GPU\":", 6},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_mooncake_instance, gpu),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"DP", 2},
        .lead = {"\"DP\":", 5},
        .type = &kvx_http_type_counts_by_rank,
        .offset = offsetof(struct kvx_http_mooncake_instance, dp),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"CPU", 3},
        .lead = {"\"CPU\":", 6},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_mooncake_instance, cpu),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"DISK", 4},
        .lead = {"\"DISK\":", 7},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_mooncake_instance, disk),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_mooncake_instance = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_mooncake_instance),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_mooncake_instance,
    .n_fields = 5,
};

const struct kvx_json_type kvx_http_type_mooncake_instances = {
    .kind = KVX_JSON_MAP,
    .size = sizeof(struct kvx_http_mooncake_instances),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .item = &kvx_http_type_mooncake_instance,
    .item_size = sizeof(struct kvx_http_mooncake_instances_entry),
    .value_offset = offsetof(struct kvx_http_mooncake_instances_entry, value),
};

const struct kvx_json_type kvx_http_type_mooncake_scores = {
    .kind = KVX_JSON_MAP,
    .size = sizeof(struct kvx_http_mooncake_scores),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .item = &kvx_http_type_mooncake_instances,
    .item_size = sizeof(struct kvx_http_mooncake_scores_entry),
    .value_offset = offsetof(struct kvx_http_mooncake_scores_entry, value),
};

static const struct kvx_json_type *const choices_query_answer[] = {
    &kvx_http_type_block_scores,
    &kvx_http_type_token_scores,
    &kvx_http_type_mooncake_scores,
};
const struct kvx_json_type kvx_http_type_query_answer = {
    .kind = KVX_JSON_VARIANT,
    .size = sizeof(struct kvx_http_query_answer),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .choices = choices_query_answer,
    .n_choices = 3,
    .value_offset = offsetof(struct kvx_http_query_answer, value),
};

const struct kvx_json_type kvx_http_type_hashes_item = {
    .kind = KVX_JSON_WIDE,
    .size = sizeof(uint64_t),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
};

const struct kvx_json_type kvx_http_type_hashes = {
    .kind = KVX_JSON_BULK,
    .size = sizeof(struct kvx_http_hashes),
    .min = 0u,
    .max = 524288u,
    .item = &kvx_http_type_hashes_item,
    .item_size = sizeof(uint64_t),
};

const struct kvx_json_type kvx_http_type_query_by_hash_request_lora_name = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_query_by_hash_request_cache_salt = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 1024u,
};

const struct kvx_json_type kvx_http_type_query_by_hash_request_model_name = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 1u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_query_by_hash_request_routing_group = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 1u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_query_by_hash_request_model = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 1u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_query_by_hash_request_modelname = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 1u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_query_by_hash_request_tenant_id = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_query_by_hash_request_block_size = {
    .kind = KVX_JSON_U32,
    .size = sizeof(uint32_t),
    .min = 1u,
    .max = 65536u,
};

const struct kvx_json_type kvx_http_type_query_by_hash_request_additionalsalt = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 256u,
};

const struct kvx_json_type kvx_http_type_query_by_hash_request_instance_id = {
    .kind = KVX_JSON_ID,
    .size = sizeof(struct kvx_json_id),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .text_min = 1u,
    .text_max = 256u,
};

const struct kvx_json_type kvx_http_type_query_by_hash_request_max_hits = {
    .kind = KVX_JSON_U32,
    .size = sizeof(uint32_t),
    .min = 0u,
    .max = 4294967295u,
};

static const struct kvx_json_field fields_query_by_hash_request[] = {
    {
        .name = {"block_hashes", 12},
        .lead = {"\"block_hashes\":", 15},
        .type = &kvx_http_type_hashes,
        .offset = offsetof(struct kvx_http_query_by_hash_request, block_hashes),
        .has_offset = offsetof(struct kvx_http_query_by_hash_request, has_block_hashes),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_REQUIRED, KVX_JSON_REQUIRED, KVX_JSON_FOREIGN},
    },
    {
        .name = {"seq_hashes", 10},
        .lead = {"\"seq_hashes\":", 13},
        .type = &kvx_http_type_hashes,
        .offset = offsetof(struct kvx_http_query_by_hash_request, seq_hashes),
        .has_offset = offsetof(struct kvx_http_query_by_hash_request, has_seq_hashes),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_FOREIGN, KVX_JSON_OPTIONAL},
    },
    {
        .name = {"block_hash", 10},
        .lead = {"\"block_hash\":", 13},
        .type = &kvx_http_type_hashes,
        .offset = offsetof(struct kvx_http_query_by_hash_request, block_hash),
        .has_offset = offsetof(struct kvx_http_query_by_hash_request, has_block_hash),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_FOREIGN, KVX_JSON_OPTIONAL},
    },
    {
        .name = {"lora_name", 9},
        .lead = {"\"lora_name\":", 12},
        .type = &kvx_http_type_query_by_hash_request_lora_name,
        .offset = offsetof(struct kvx_http_query_by_hash_request, lora_name),
        .has_offset = offsetof(struct kvx_http_query_by_hash_request, has_lora_name),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_IGNORED, KVX_JSON_IGNORED, KVX_JSON_IGNORED},
    },
    {
        .name = {"cache_salt", 10},
        .lead = {"\"cache_salt\":", 13},
        .type = &kvx_http_type_query_by_hash_request_cache_salt,
        .offset = offsetof(struct kvx_http_query_by_hash_request, cache_salt),
        .has_offset = offsetof(struct kvx_http_query_by_hash_request, has_cache_salt),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_OPTIONAL, KVX_JSON_IGNORED},
    },
    {
        .name = {"model_name", 10},
        .lead = {"\"model_name\":", 13},
        .type = &kvx_http_type_query_by_hash_request_model_name,
        .offset = offsetof(struct kvx_http_query_by_hash_request, model_name),
        .has_offset = offsetof(struct kvx_http_query_by_hash_request, has_model_name),
        .required = false,
        .nullable = false,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_REQUIRED, KVX_JSON_FOREIGN},
        .selects = 2,
    },
    {
        .name = {"routing_group", 13},
        .lead = {"\"routing_group\":", 16},
        .type = &kvx_http_type_query_by_hash_request_routing_group,
        .offset = offsetof(struct kvx_http_query_by_hash_request, routing_group),
        .has_offset = offsetof(struct kvx_http_query_by_hash_request, has_routing_group),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_OPTIONAL, KVX_JSON_FOREIGN},
    },
    {
        .name = {"model", 5},
        .lead = {"\"model\":", 8},
        .type = &kvx_http_type_query_by_hash_request_model,
        .offset = offsetof(struct kvx_http_query_by_hash_request, model),
        .has_offset = offsetof(struct kvx_http_query_by_hash_request, has_model),
        .required = false,
        .nullable = false,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_FOREIGN, KVX_JSON_OPTIONAL},
        .selects = 3,
    },
    {
        .name = {"modelname", 9},
        .lead = {"\"modelname\":", 12},
        .type = &kvx_http_type_query_by_hash_request_modelname,
        .offset = offsetof(struct kvx_http_query_by_hash_request, modelname),
        .has_offset = offsetof(struct kvx_http_query_by_hash_request, has_modelname),
        .required = false,
        .nullable = false,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_FOREIGN, KVX_JSON_OPTIONAL},
        .selects = 3,
    },
    {
        .name = {"tenant_id", 9},
        .lead = {"\"tenant_id\":", 12},
        .type = &kvx_http_type_query_by_hash_request_tenant_id,
        .offset = offsetof(struct kvx_http_query_by_hash_request, tenant_id),
        .has_offset = offsetof(struct kvx_http_query_by_hash_request, has_tenant_id),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_IGNORED, KVX_JSON_OPTIONAL},
    },
    {
        .name = {"block_size", 10},
        .lead = {"\"block_size\":", 13},
        .type = &kvx_http_type_query_by_hash_request_block_size,
        .offset = offsetof(struct kvx_http_query_by_hash_request, block_size),
        .has_offset = offsetof(struct kvx_http_query_by_hash_request, has_block_size),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_OPTIONAL, KVX_JSON_OPTIONAL, KVX_JSON_REQUIRED},
    },
    {
        .name = {"additionalsalt", 14},
        .lead = {"\"additionalsalt\":", 17},
        .type = &kvx_http_type_query_by_hash_request_additionalsalt,
        .offset = offsetof(struct kvx_http_query_by_hash_request, additionalsalt),
        .has_offset = offsetof(struct kvx_http_query_by_hash_request, has_additionalsalt),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_IGNORED, KVX_JSON_OPTIONAL},
    },
    {
        .name = {"instance_id", 11},
        .lead = {"\"instance_id\":", 14},
        .type = &kvx_http_type_query_by_hash_request_instance_id,
        .offset = offsetof(struct kvx_http_query_by_hash_request, instance_id),
        .has_offset = offsetof(struct kvx_http_query_by_hash_request, has_instance_id),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_FOREIGN, KVX_JSON_OPTIONAL},
    },
    {
        .name = {"candidates", 10},
        .lead = {"\"candidates\":", 13},
        .type = &kvx_http_type_candidates,
        .offset = offsetof(struct kvx_http_query_by_hash_request, candidates),
        .has_offset = offsetof(struct kvx_http_query_by_hash_request, has_candidates),
        .required = false,
        .nullable = true,
        .value = 0u,
    },
    {
        .name = {"max_hits", 8},
        .lead = {"\"max_hits\":", 11},
        .type = &kvx_http_type_query_by_hash_request_max_hits,
        .offset = offsetof(struct kvx_http_query_by_hash_request, max_hits),
        .has_offset = offsetof(struct kvx_http_query_by_hash_request, has_max_hits),
        .required = false,
        .nullable = true,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_query_by_hash_request = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_query_by_hash_request),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_query_by_hash_request,
    .n_fields = 15,
};

static const struct kvx_bytes names_dump_format[] = {
    {"array", 5},
    {"partitions", 10},
};
const struct kvx_json_type kvx_http_type_dump_format = {
    .kind = KVX_JSON_ENUM,
    .size = sizeof(enum kvx_http_dump_format),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .names = names_dump_format,
    .n_names = 2,
};

static const struct kvx_json_field fields_dump_parameters[] = {
    {
        .name = {"format", 6},
        .lead = {"\"format\":", 9},
        .type = &kvx_http_type_dump_format,
        .offset = offsetof(struct kvx_http_dump_parameters, format),
        .has_offset = offsetof(struct kvx_http_dump_parameters, has_format),
        .required = false,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"model_name", 10},
        .lead = {"\"model_name\":", 13},
        .type = &kvx_http_type_name,
        .offset = offsetof(struct kvx_http_dump_parameters, model_name),
        .has_offset = offsetof(struct kvx_http_dump_parameters, has_model_name),
        .required = false,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"routing_group", 13},
        .lead = {"\"routing_group\":", 16},
        .type = &kvx_http_type_name,
        .offset = offsetof(struct kvx_http_dump_parameters, routing_group),
        .has_offset = offsetof(struct kvx_http_dump_parameters, has_routing_group),
        .required = false,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_dump_parameters = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_dump_parameters),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_dump_parameters,
    .n_fields = 3,
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

const struct kvx_json_type kvx_http_type_partition_dump_model_name = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_partition_dump_routing_group = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_partition_dump_additional_salt = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

static const struct kvx_json_field fields_partition_dump[] = {
    {
        .name = {"block_size", 10},
        .lead = {"\"block_size\":", 13},
        .type = &kvx_http_type_block_size,
        .offset = offsetof(struct kvx_http_partition_dump, block_size),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"model_name", 10},
        .lead = {"\"model_name\":", 13},
        .type = &kvx_http_type_partition_dump_model_name,
        .offset = offsetof(struct kvx_http_partition_dump, model_name),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"routing_group", 13},
        .lead = {"\"routing_group\":", 16},
        .type = &kvx_http_type_partition_dump_routing_group,
        .offset = offsetof(struct kvx_http_partition_dump, routing_group),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"additional_salt", 15},
        .lead = {"\"additional_salt\":", 18},
        .type = &kvx_http_type_partition_dump_additional_salt,
        .offset = offsetof(struct kvx_http_partition_dump, additional_salt),
        .has_offset = offsetof(struct kvx_http_partition_dump, has_additional_salt),
        .required = false,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"events", 6},
        .lead = {"\"events\":", 9},
        .type = &kvx_http_type_events,
        .offset = offsetof(struct kvx_http_partition_dump, events),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_partition_dump = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_partition_dump),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_partition_dump,
    .n_fields = 5,
};

const struct kvx_json_type kvx_http_type_partition_dumps = {
    .kind = KVX_JSON_MAP,
    .size = sizeof(struct kvx_http_partition_dumps),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .item = &kvx_http_type_partition_dump,
    .item_size = sizeof(struct kvx_http_partition_dumps_entry),
    .value_offset = offsetof(struct kvx_http_partition_dumps_entry, value),
};

static const struct kvx_json_type *const choices_dump_answer[] = {
    &kvx_http_type_events,
    &kvx_http_type_partition_dumps,
};
const struct kvx_json_type kvx_http_type_dump_answer = {
    .kind = KVX_JSON_VARIANT,
    .size = sizeof(struct kvx_http_dump_answer),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .choices = choices_dump_answer,
    .n_choices = 2,
    .value_offset = offsetof(struct kvx_http_dump_answer, value),
};

const struct kvx_json_type kvx_http_type_peer_request_url = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 1u,
    .max = 1024u,
};

static const struct kvx_json_field fields_peer_request[] = {
    {
        .name = {"url", 3},
        .lead = {"\"url\":", 6},
        .type = &kvx_http_type_peer_request_url,
        .offset = offsetof(struct kvx_http_peer_request, url),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_peer_request = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_peer_request),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_peer_request,
    .n_fields = 1,
};

const struct kvx_json_type kvx_http_type_peers_item = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_peers = {
    .kind = KVX_JSON_ARRAY,
    .size = sizeof(struct kvx_http_peers),
    .min = 0u,
    .max = 4294967295u,
    .item = &kvx_http_type_peers_item,
    .item_size = sizeof(struct kvx_bytes),
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
