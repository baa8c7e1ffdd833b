/* Generated from toy.yaml by openapi_generate.py. Do not edit. */
/* The C shapes of requests and answers. */
#ifndef OPENAPI_TYPES_H
#define OPENAPI_TYPES_H

#include "json_type.h"

/* A friend. */
struct kvx_http_friend {
    /* Who. */
    struct kvx_json_id id;
    /* Which. */
    uint32_t rank;
};

/* Friends. */
struct kvx_http_friends {
    const struct kvx_http_friend *items;
    size_t n;
};

/* Numbers. */
struct kvx_http_thing_request_numbers {
    const uint64_t *items;
    size_t n;
};

/* What to make. */
struct kvx_http_thing_request {
    /* Whose. */
    struct kvx_json_id id;
    /* Which. */
    uint32_t rank;
    /* A name. */
    bool has_fancy_name;
    struct kvx_bytes fancy_name;
    /* How. */
    bool has_level;
    uint32_t level;
    /* Another. */
    bool has_other;
    struct kvx_json_id other;
    /* More. */
    bool has_friends;
    struct kvx_http_friends friends;
    /* A note. */
    bool has_note;
    struct kvx_bytes note;
    /* Hurry. */
    bool has_fast;
    bool fast;
    /* Numbers. */
    bool has_numbers;
    struct kvx_http_thing_request_numbers numbers;
};

/* By name. */
struct kvx_http_totals_by_name_entry {
    struct kvx_bytes key;
    uint32_t value;
};
struct kvx_http_totals_by_name {
    const struct kvx_http_totals_by_name_entry *items;
    size_t n;
};

/* Totals. */
struct kvx_http_totals {
    /* All. */
    uint32_t total;
    /* By name. */
    bool has_by_name;
    struct kvx_http_totals_by_name by_name;
};

/* A colour. */
enum kvx_http_colour {
    KVX_HTTP_COLOUR_RED,
    KVX_HTTP_COLOUR_DARK_BLUE,
    KVX_HTTP_COLOUR_COUNT
};

/* A thing. */
struct kvx_http_thing {
    /* Its colour. */
    enum kvx_http_colour colour;
    /* Its processors. */
    uint32_t gpu;
    /* Its size in metres. */
    bool has_size;
    uint32_t size;
};

/* Some things. */
struct kvx_http_things {
    const struct kvx_http_thing *items;
    size_t n;
};

/* Things in an object. */
struct kvx_http_things2 {
    /* The things. */
    struct kvx_http_things things;
};

/* Counts by name. */
struct kvx_http_counts_entry {
    struct kvx_bytes key;
    uint32_t value;
};
struct kvx_http_counts {
    const struct kvx_http_counts_entry *items;
    size_t n;
};

/* One or the other. */
struct kvx_http_answer {
    enum {
        KVX_HTTP_ANSWER_TOTALS,
        KVX_HTTP_ANSWER_THINGS2,
        KVX_HTTP_ANSWER_COUNTS,
    } which;
    union {
        struct kvx_http_totals totals;
        struct kvx_http_things2 things2;
        struct kvx_http_counts counts;
    } value;
};

/* The query string of ListThings. */
struct kvx_http_list_things_parameters {
    /* Only those of this colour. */
    bool has_colour;
    enum kvx_http_colour colour;
    /* At most so many. */
    bool has_most;
    uint32_t most;
    /* Only those like this. */
    bool has_like;
    struct kvx_bytes like;
};

/* One or the other form. */
struct kvx_http_listing {
    enum {
        KVX_HTTP_LISTING_THINGS,
        KVX_HTTP_LISTING_COUNTS,
    } which;
    union {
        struct kvx_http_things things;
        struct kvx_http_counts counts;
    } value;
};

/* Where to. */
struct kvx_http_move_request {
    /* How far. */
    bool has_far;
    uint64_t far;
};

/* The answers of Move, one for each status. */
struct kvx_http_move_answer {
    enum {
        KVX_HTTP_MOVE_ANSWER_TOTALS,
        KVX_HTTP_MOVE_ANSWER_THINGS2,
    } which;
    union {
        struct kvx_http_totals totals;
        struct kvx_http_things2 things2;
    } value;
};

/* An error. */
struct kvx_http_error {
    /* Why. */
    struct kvx_bytes error;
};

/* What decoder and writer need to know of each shape. */
extern const struct kvx_json_type kvx_http_type_id;
extern const struct kvx_json_type kvx_http_type_count;
extern const struct kvx_json_type kvx_http_type_thing_request_fancyname;
extern const struct kvx_json_type kvx_http_type_nullable_id;
extern const struct kvx_json_type kvx_http_type_friend;
extern const struct kvx_json_type kvx_http_type_friends;
extern const struct kvx_json_type kvx_http_type_thing_request_note;
extern const struct kvx_json_type kvx_http_type_thing_request_fast;
extern const struct kvx_json_type kvx_http_type_thing_request_numbers_item;
extern const struct kvx_json_type kvx_http_type_thing_request_numbers;
extern const struct kvx_json_type kvx_http_type_thing_request;
extern const struct kvx_json_type kvx_http_type_totals_by_name;
extern const struct kvx_json_type kvx_http_type_totals;
extern const struct kvx_json_type kvx_http_type_colour;
extern const struct kvx_json_type kvx_http_type_thing_size;
extern const struct kvx_json_type kvx_http_type_thing_nothing;
extern const struct kvx_json_type kvx_http_type_thing;
extern const struct kvx_json_type kvx_http_type_things;
extern const struct kvx_json_type kvx_http_type_things2;
extern const struct kvx_json_type kvx_http_type_counts;
extern const struct kvx_json_type kvx_http_type_answer;
extern const struct kvx_json_type kvx_http_type_list_things_like;
extern const struct kvx_json_type kvx_http_type_list_things_parameters;
extern const struct kvx_json_type kvx_http_type_listing;
extern const struct kvx_json_type kvx_http_type_move_request_far;
extern const struct kvx_json_type kvx_http_type_move_request;
extern const struct kvx_json_type kvx_http_type_move_answer;
extern const struct kvx_json_type kvx_http_type_page;
extern const struct kvx_json_type kvx_http_type_error_error;
extern const struct kvx_json_type kvx_http_type_error;

#endif /* OPENAPI_TYPES_H */
