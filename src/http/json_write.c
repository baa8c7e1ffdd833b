#include "json_write.h"

static void write_list(struct kvx_buf *b, const struct kvx_json_type *t, const struct kvx_json_list *list)
{
    const char *item = list->items;
    kvx_buf_char(b, '[');
    for (size_t i = 0; i < list->n; i++, item += t->item_size) {
        if (i)
            kvx_buf_char(b, ',');
        kvx_json_write(b, t->item, item);
    }
    kvx_buf_char(b, ']');
}

static void write_map(struct kvx_buf *b, const struct kvx_json_type *t, const struct kvx_json_list *list)
{
    const char *entry = list->items;
    kvx_buf_char(b, '{');
    for (size_t i = 0; i < list->n; i++, entry += t->item_size) {
        if (i)
            kvx_buf_char(b, ',');
        kvx_buf_json(b, *(const struct kvx_bytes *)(const void *)entry);
        kvx_buf_char(b, ':');
        kvx_json_write(b, t->item, entry + t->value_offset);
    }
    kvx_buf_char(b, '}');
}

static void write_object(struct kvx_buf *b, const struct kvx_json_type *t, const char *value)
{
    char separator = '{';
    for (size_t i = 0; i < t->n_fields; i++) {
        const struct kvx_json_field *f = &t->fields[i];
        bool has = f->has_offset == KVX_JSON_ALWAYS || *(const bool *)(value + f->has_offset);
        if (!has && !f->required)
            continue;
        kvx_buf_char(b, separator);
        separator = ',';
        kvx_buf_bytes(b, f->lead.data, f->lead.len);
        if (has)
            kvx_json_write(b, f->type, value + f->offset);
        else
            kvx_buf_bytes(b, "null", 4);
    }
    if (separator == '{')
        kvx_buf_char(b, '{');
    kvx_buf_char(b, '}');
}

static void write_name(struct kvx_buf *b, const struct kvx_json_type *t, const void *value)
{
    unsigned i;
    memcpy(&i, value, sizeof(i));
    kvx_buf_json(b, i < t->n_names ? t->names[i] : (struct kvx_bytes){0});
}

static void write_variant(struct kvx_buf *b, const struct kvx_json_type *t, const char *value)
{
    unsigned which;
    memcpy(&which, value, sizeof(which));
    kvx_json_write(b, t->choices[which < t->n_choices ? which : 0], value + t->value_offset);
}

void kvx_json_write(struct kvx_buf *b, const struct kvx_json_type *t, const void *value)
{
    const struct kvx_json_id *id;
    switch (t->kind) {
    case KVX_JSON_NULL:
    case KVX_JSON_RAW:
        kvx_buf_bytes(b, "null", 4);
        break;
    case KVX_JSON_BOOL:
        kvx_buf_text(b, *(const bool *)value ? "true" : "false");
        break;
    case KVX_JSON_U32:
        kvx_buf_u64(b, *(const uint32_t *)value);
        break;
    case KVX_JSON_U64:
    case KVX_JSON_WIDE:
        kvx_buf_u64(b, *(const uint64_t *)value);
        break;
    case KVX_JSON_TEXT:
        kvx_buf_json(b, *(const struct kvx_bytes *)value);
        break;
    case KVX_JSON_ENUM:
        write_name(b, t, value);
        break;
    case KVX_JSON_ID:
        id = value;
        if (id->numeric)
            kvx_buf_bytes(b, id->text.data, id->text.len);
        else
            kvx_buf_json(b, id->text);
        break;
    case KVX_JSON_ARRAY:
    case KVX_JSON_BULK:
        write_list(b, t, value);
        break;
    case KVX_JSON_MAP:
        write_map(b, t, value);
        break;
    case KVX_JSON_OBJECT:
        write_object(b, t, value);
        break;
    case KVX_JSON_VARIANT:
        write_variant(b, t, value);
        break;
    }
}
