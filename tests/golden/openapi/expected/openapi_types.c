/* Generated from toy.yaml by openapi_generate.py. Do not edit. */
#include "openapi_types.h"

const struct kvx_json_type kvx_http_type_id = {
    .kind = KVX_JSON_ID,
    .size = sizeof(struct kvx_json_id),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .text_min = 1u,
    .text_max = 9u,
};

const struct kvx_json_type kvx_http_type_count = {
    .kind = KVX_JSON_U32,
    .size = sizeof(uint32_t),
    .min = 0u,
    .max = 4294967295u,
};

const struct kvx_json_type kvx_http_type_thing_request_fancyname = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 5u,
};

const struct kvx_json_type kvx_http_type_nullable_id = {
    .kind = KVX_JSON_ID,
    .size = sizeof(struct kvx_json_id),
    .min = 0u,
    .max = UINT64_C(4294967296),
    .text_min = 0u,
    .text_max = 9u,
};

static const struct kvx_json_field fields_friend[] = {
    {
        .name = {"id", 2},
        .lead = {"\"id\":", 5},
        .type = &kvx_http_type_id,
        .offset = offsetof(struct kvx_http_friend, id),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"rank", 4},
        .lead = {"\"rank\":", 7},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_friend, rank),
        .has_offset = KVX_JSON_ALWAYS,
        .required = false,
        .nullable = false,
        .value = 2u,
    },
};
const struct kvx_json_type kvx_http_type_friend = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_friend),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_friend,
    .n_fields = 2,
};

const struct kvx_json_type kvx_http_type_friends = {
    .kind = KVX_JSON_ARRAY,
    .size = sizeof(struct kvx_http_friends),
    .min = 1u,
    .max = 4u,
    .item = &kvx_http_type_friend,
    .item_size = sizeof(struct kvx_http_friend),
};

const struct kvx_json_type kvx_http_type_thing_request_note = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 20u,
};

const struct kvx_json_type kvx_http_type_thing_request_fast = {
    .kind = KVX_JSON_BOOL,
    .size = sizeof(bool),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
};

const struct kvx_json_type kvx_http_type_thing_request_numbers_item = {
    .kind = KVX_JSON_WIDE,
    .size = sizeof(uint64_t),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
};

const struct kvx_json_type kvx_http_type_thing_request_numbers = {
    .kind = KVX_JSON_BULK,
    .size = sizeof(struct kvx_http_thing_request_numbers),
    .min = 1u,
    .max = 100u,
    .item = &kvx_http_type_thing_request_numbers_item,
    .item_size = sizeof(uint64_t),
};

static const struct kvx_json_field fields_thing_request[] = {
    {
        .name = {"id", 2},
        .lead = {"\"id\":", 5},
        .type = &kvx_http_type_id,
        .offset = offsetof(struct kvx_http_thing_request, id),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"rank", 4},
        .lead = {"\"rank\":", 7},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_thing_request, rank),
        .has_offset = KVX_JSON_ALWAYS,
        .required = false,
        .nullable = false,
        .value = 3u,
    },
    {
        .name = {"fancyName", 9},
        .lead = {"\"fancyName\":", 12},
        .type = &kvx_http_type_thing_request_fancyname,
        .offset = offsetof(struct kvx_http_thing_request, fancy_name),
        .has_offset = offsetof(struct kvx_http_thing_request, has_fancy_name),
        .required = false,
        .nullable = false,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_REQUIRED},
        .selects = 2,
    },
    {
        .name = {"level", 5},
        .lead = {"\"level\":", 8},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_thing_request, level),
        .has_offset = offsetof(struct kvx_http_thing_request, has_level),
        .required = false,
        .nullable = false,
        .value = 4u,
        .roles = {KVX_JSON_OPTIONAL, KVX_JSON_IGNORED},
    },
    {
        .name = {"other", 5},
        .lead = {"\"other\":", 8},
        .type = &kvx_http_type_nullable_id,
        .offset = offsetof(struct kvx_http_thing_request, other),
        .has_offset = offsetof(struct kvx_http_thing_request, has_other),
        .required = false,
        .nullable = true,
        .value = 0u,
        .roles = {KVX_JSON_FOREIGN, KVX_JSON_OPTIONAL},
    },
    {
        .name = {"friends", 7},
        .lead = {"\"friends\":", 10},
        .type = &kvx_http_type_friends,
        .offset = offsetof(struct kvx_http_thing_request, friends),
        .has_offset = offsetof(struct kvx_http_thing_request, has_friends),
        .required = false,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"note", 4},
        .lead = {"\"note\":", 7},
        .type = &kvx_http_type_thing_request_note,
        .offset = offsetof(struct kvx_http_thing_request, note),
        .has_offset = offsetof(struct kvx_http_thing_request, has_note),
        .required = false,
        .nullable = true,
        .value = 0u,
    },
    {
        .name = {"fast", 4},
        .lead = {"\"fast\":", 7},
        .type = &kvx_http_type_thing_request_fast,
        .offset = offsetof(struct kvx_http_thing_request, fast),
        .has_offset = offsetof(struct kvx_http_thing_request, has_fast),
        .required = false,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"numbers", 7},
        .lead = {"\"numbers\":", 10},
        .type = &kvx_http_type_thing_request_numbers,
        .offset = offsetof(struct kvx_http_thing_request, numbers),
        .has_offset = offsetof(struct kvx_http_thing_request, has_numbers),
        .required = false,
        .nullable = true,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_thing_request = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_thing_request),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_thing_request,
    .n_fields = 9,
};

const struct kvx_json_type kvx_http_type_totals_by_name = {
    .kind = KVX_JSON_MAP,
    .size = sizeof(struct kvx_http_totals_by_name),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .item = &kvx_http_type_count,
    .item_size = sizeof(struct kvx_http_totals_by_name_entry),
    .value_offset = offsetof(struct kvx_http_totals_by_name_entry, value),
};

static const struct kvx_json_field fields_totals[] = {
    {
        .name = {"total", 5},
        .lead = {"\"total\":", 8},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_totals, total),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"by_name", 7},
        .lead = {"\"by_name\":", 10},
        .type = &kvx_http_type_totals_by_name,
        .offset = offsetof(struct kvx_http_totals, by_name),
        .has_offset = offsetof(struct kvx_http_totals, has_by_name),
        .required = false,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_totals = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_totals),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_totals,
    .n_fields = 2,
};

static const struct kvx_bytes names_colour[] = {
    {"red", 3},
    {"dark-blue", 9},
};
const struct kvx_json_type kvx_http_type_colour = {
    .kind = KVX_JSON_ENUM,
    .size = sizeof(enum kvx_http_colour),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .names = names_colour,
    .n_names = 2,
};

const struct kvx_json_type kvx_http_type_thing_size = {
    .kind = KVX_JSON_U32,
    .size = sizeof(uint32_t),
    .min = 1u,
    .max = 5u,
};

const struct kvx_json_type kvx_http_type_thing_nothing = {
    .kind = KVX_JSON_NULL,
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
};

static const struct kvx_json_field fields_thing[] = {
    {
        .name = {"colour", 6},
        .lead = {"\"colour\":", 9},
        .type = &kvx_http_type_colour,
        .offset = offsetof(struct kvx_http_thing, colour),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"GPU", 3},
        .lead = {"\"GPU\":", 6},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_thing, gpu),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"size", 4},
        .lead = {"\"size\":", 7},
        .type = &kvx_http_type_thing_size,
        .offset = offsetof(struct kvx_http_thing, size),
        .has_offset = offsetof(struct kvx_http_thing, has_size),
        .required = true,
        .nullable = true,
        .value = 0u,
    },
    {
        .name = {"nothing", 7},
        .lead = {"\"nothing\":", 10},
        .type = &kvx_http_type_thing_nothing,
        .offset = 0,
        .has_offset = KVX_JSON_ALWAYS,
        .required = false,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_thing = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_thing),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_thing,
    .n_fields = 4,
};

const struct kvx_json_type kvx_http_type_things = {
    .kind = KVX_JSON_ARRAY,
    .size = sizeof(struct kvx_http_things),
    .min = 0u,
    .max = 4294967295u,
    .item = &kvx_http_type_thing,
    .item_size = sizeof(struct kvx_http_thing),
};

static const struct kvx_json_field fields_things2[] = {
    {
        .name = {"things", 6},
        .lead = {"\"things\":", 9},
        .type = &kvx_http_type_things,
        .offset = offsetof(struct kvx_http_things2, things),
        .has_offset = KVX_JSON_ALWAYS,
        .required = true,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_things2 = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_things2),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_things2,
    .n_fields = 1,
};

const struct kvx_json_type kvx_http_type_counts = {
    .kind = KVX_JSON_MAP,
    .size = sizeof(struct kvx_http_counts),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .item = &kvx_http_type_count,
    .item_size = sizeof(struct kvx_http_counts_entry),
    .value_offset = offsetof(struct kvx_http_counts_entry, value),
};

static const struct kvx_json_type *const choices_answer[] = {
    &kvx_http_type_totals,
    &kvx_http_type_things2,
    &kvx_http_type_counts,
};
const struct kvx_json_type kvx_http_type_answer = {
    .kind = KVX_JSON_VARIANT,
    .size = sizeof(struct kvx_http_answer),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .choices = choices_answer,
    .n_choices = 3,
    .value_offset = offsetof(struct kvx_http_answer, value),
};

const struct kvx_json_type kvx_http_type_list_things_like = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 5u,
};

static const struct kvx_json_field fields_list_things_parameters[] = {
    {
        .name = {"colour", 6},
        .lead = {"\"colour\":", 9},
        .type = &kvx_http_type_colour,
        .offset = offsetof(struct kvx_http_list_things_parameters, colour),
        .has_offset = offsetof(struct kvx_http_list_things_parameters, has_colour),
        .required = false,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"most", 4},
        .lead = {"\"most\":", 7},
        .type = &kvx_http_type_count,
        .offset = offsetof(struct kvx_http_list_things_parameters, most),
        .has_offset = offsetof(struct kvx_http_list_things_parameters, has_most),
        .required = false,
        .nullable = false,
        .value = 0u,
    },
    {
        .name = {"like", 4},
        .lead = {"\"like\":", 7},
        .type = &kvx_http_type_list_things_like,
        .offset = offsetof(struct kvx_http_list_things_parameters, like),
        .has_offset = offsetof(struct kvx_http_list_things_parameters, has_like),
        .required = false,
        .nullable = false,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_list_things_parameters = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_list_things_parameters),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_list_things_parameters,
    .n_fields = 3,
};

static const struct kvx_json_type *const choices_listing[] = {
    &kvx_http_type_things,
    &kvx_http_type_counts,
};
const struct kvx_json_type kvx_http_type_listing = {
    .kind = KVX_JSON_VARIANT,
    .size = sizeof(struct kvx_http_listing),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .choices = choices_listing,
    .n_choices = 2,
    .value_offset = offsetof(struct kvx_http_listing, value),
};

const struct kvx_json_type kvx_http_type_move_request_far = {
    .kind = KVX_JSON_WIDE,
    .size = sizeof(uint64_t),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
};

static const struct kvx_json_field fields_move_request[] = {
    {
        .name = {"far", 3},
        .lead = {"\"far\":", 6},
        .type = &kvx_http_type_move_request_far,
        .offset = offsetof(struct kvx_http_move_request, far),
        .has_offset = offsetof(struct kvx_http_move_request, has_far),
        .required = false,
        .nullable = true,
        .value = 0u,
    },
};
const struct kvx_json_type kvx_http_type_move_request = {
    .kind = KVX_JSON_OBJECT,
    .size = sizeof(struct kvx_http_move_request),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .fields = fields_move_request,
    .n_fields = 1,
};

static const struct kvx_json_type *const choices_move_answer[] = {
    &kvx_http_type_totals,
    &kvx_http_type_things2,
};
const struct kvx_json_type kvx_http_type_move_answer = {
    .kind = KVX_JSON_VARIANT,
    .size = sizeof(struct kvx_http_move_answer),
    .min = 0u,
    .max = UINT64_C(18446744073709551615),
    .choices = choices_move_answer,
    .n_choices = 2,
    .value_offset = offsetof(struct kvx_http_move_answer, value),
};

const struct kvx_json_type kvx_http_type_page = {
    .kind = KVX_JSON_TEXT,
    .size = sizeof(struct kvx_bytes),
    .min = 0u,
    .max = 4294967295u,
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
