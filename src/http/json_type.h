/* What the JSON decoder and writer know of a C shape: the generated tables are made of these.
 *
 * Constant data; any thread.
 */
#ifndef JSON_TYPE_H
#define JSON_TYPE_H

#include "base/bytes.h"

enum kvx_json_kind {
    KVX_JSON_NULL,    /* no C value */
    KVX_JSON_RAW,     /* any object, written by hand */
    KVX_JSON_BOOL,    /* bool */
    KVX_JSON_U32,     /* uint32_t */
    KVX_JSON_U64,     /* uint64_t */
    KVX_JSON_WIDE,    /* uint64_t; negative numbers from -2^63 as their two's complement */
    KVX_JSON_TEXT,    /* struct kvx_bytes */
    KVX_JSON_ENUM,    /* an enum that counts from 0 */
    KVX_JSON_ID,      /* struct kvx_json_id */
    KVX_JSON_ARRAY,   /* struct kvx_json_list of items */
    KVX_JSON_BULK,    /* the same, of integers, many of them */
    KVX_JSON_MAP,     /* struct kvx_json_list of entries {struct kvx_bytes key; value} */
    KVX_JSON_OBJECT,  /* a struct */
    KVX_JSON_VARIANT, /* {int which; union} of objects */
};

/* An integer or a string; `text` is the number in decimal, or the string. */
struct kvx_json_id {
    struct kvx_bytes text;
    bool numeric;
};

/* How each generated {const T *items; size_t n} lies in memory. */
struct kvx_json_list {
    const void *items;
    size_t n;
};

struct kvx_json_type {
    enum kvx_json_kind kind;
    size_t size;                 /* bytes of the C value */
    uint64_t min, max;           /* a number's value, a text's bytes, an array's items */
    uint64_t text_min, text_max; /* ID: bytes of the string form */
    const struct kvx_json_type *item;
    size_t item_size;    /* bytes of an array's item or a map's entry */
    size_t value_offset; /* MAP: of the value in its entry; VARIANT: of the union */
    const struct kvx_json_field *fields;
    size_t n_fields;               /* at most 64 */
    const struct kvx_bytes *names; /* ENUM */
    size_t n_names;
    const struct kvx_json_type *const *choices; /* VARIANT */
    size_t n_choices;
};

#define KVX_JSON_ALWAYS SIZE_MAX

/* What a field of a request is in one dialect. */
enum kvx_json_role { KVX_JSON_OPTIONAL, KVX_JSON_REQUIRED, KVX_JSON_IGNORED, KVX_JSON_FOREIGN };
enum { KVX_JSON_DIALECTS_MAX = 4 };

struct kvx_json_field {
    struct kvx_bytes name;
    struct kvx_bytes lead; /* the name as it is written: "name": */
    const struct kvx_json_type *type;
    size_t offset;
    size_t has_offset; /* of the bool that says whether there is a value, or KVX_JSON_ALWAYS */
    bool required;
    bool nullable;  /* null is a way to say that there is no value */
    uint64_t value; /* of a number that is not there and not required: its default, or 0 */
    uint8_t roles[KVX_JSON_DIALECTS_MAX]; /* enum kvx_json_role, by dialect */
    uint8_t selects;                      /* 1 + the dialect that the field's presence means; 0: none */
};

#endif /* JSON_TYPE_H */
