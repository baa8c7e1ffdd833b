/* Reading one event into fields: positional arrays, maps, and either of them wrapped in bytes. */
#include "decoder.h"

#define TAG(text, tag)              \
    {                               \
        text, sizeof(text) - 1, tag \
    }

static enum kvx_tag tag_named(struct kvx_bytes name)
{
    static const struct {
        const char *name;
        size_t len;
        enum kvx_tag tag;
    } tags[] = {
        TAG("BlockStored", KVX_TAG_STORED),
        TAG("BlockRemoved", KVX_TAG_REMOVED),
        TAG("AllBlocksCleared", KVX_TAG_CLEARED),
        TAG("BlockTransferred", KVX_TAG_TRANSFERRED),
        TAG("TierBlocksCleared", KVX_TAG_CLEARED),
        TAG("Ignored", KVX_TAG_IGNORED),
        /* RFC #1527 */
        TAG("stored", KVX_TAG_STORED),
        TAG("removed", KVX_TAG_REMOVED),
        TAG("cleared", KVX_TAG_CLEARED),
    };
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (name.len == tags[i].len && memcmp(name.data, tags[i].name, name.len) == 0)
            return tags[i].tag;
    return KVX_TAG_UNKNOWN;
}
#undef TAG

static enum kvx_tag tag_of(const struct kvx_value *v)
{
    return v->type == KVX_WIRE_STR || v->type == KVX_WIRE_BIN ? tag_named(v->bytes) : KVX_TAG_MALFORMED;
}

#define IS(text) (memcmp(key.data, (text), sizeof(text) - 1) == 0)

/* Grouped by length, which is what makes this cheap: an event has about a dozen keys. */
static enum kvx_field field_named(struct kvx_bytes key)
{
    switch (key.len) {
    case 4:
        return IS("type") ? KVX_FIELD_TYPE : KVX_FIELD_NONE;
    case 6:
        return IS("medium") ? KVX_FIELD_MEDIUM : KVX_FIELD_NONE;
    case 7:
        return IS("lora_id")   ? KVX_FIELD_LORA_ID
               : IS("mm_keys") ? KVX_FIELD_MM_KEYS
               : IS("dp_rank") ? KVX_FIELD_RANK
                               : KVX_FIELD_NONE;
    case 8:
        return IS("locality") ? KVX_FIELD_LOCALITY : KVX_FIELD_NONE;
    case 9:
        if (IS("token_ids"))
            return KVX_FIELD_TOKENS;
        if (IS("lora_name"))
            return KVX_FIELD_LORA_NAME;
        if (IS("to_medium"))
            return KVX_FIELD_TO_MEDIUM;
        return IS("group_idx") ? KVX_FIELD_GROUP : IS("tenant_id") ? KVX_FIELD_TENANT : KVX_FIELD_NONE;
    case 10:
        if (IS("block_size"))
            return KVX_FIELD_BLOCK_SIZE;
        if (IS("extra_keys"))
            return KVX_FIELD_EXTRA_KEYS;
        if (IS("cache_salt"))
            return KVX_FIELD_CACHE_SALT;
        if (IS("event_type"))
            return KVX_FIELD_EVENT_TYPE;
        if (IS("backend_id"))
            return KVX_FIELD_BACKEND;
        if (IS("object_key"))
            return KVX_FIELD_OBJECT;
        if (IS("model_name"))
            return KVX_FIELD_MODEL;
        return IS("seq_hashes") ? KVX_FIELD_SEQ_HASHES : KVX_FIELD_NONE;
    case 11:
        return IS("from_medium")   ? KVX_FIELD_FROM_MEDIUM
               : IS("parent_hash") ? KVX_FIELD_PARENT_HASH
                                   : KVX_FIELD_NONE;
    case 12:
        return IS("block_hashes")   ? KVX_FIELD_HASHES
               : IS("token_offset") ? KVX_FIELD_TOKEN_OFFSET
                                    : KVX_FIELD_NONE;
    case 14:
        return IS("base_block_idx")   ? KVX_FIELD_BASE_BLOCK
               : IS("block_mm_infos") ? KVX_FIELD_MM_INFOS
                                      : KVX_FIELD_NONE;
    case 15:
        return IS("additional_salt") ? KVX_FIELD_ADDITIONAL_SALT : KVX_FIELD_NONE;
    case 17:
        return IS("parent_block_hash") ? KVX_FIELD_PARENT_BLOCK_HASH : KVX_FIELD_NONE;
    case 18:
        return IS("kv_cache_spec_kind") ? KVX_FIELD_KIND : KVX_FIELD_NONE;
    default:
        return KVX_FIELD_NONE;
    }
}
#undef IS

/* Positions from 9 on mean different things to different engines; the value's type decides. */
static enum kvx_field stored_tail(uint32_t position, enum kvx_wire type)
{
    switch (type) {
    case KVX_WIRE_INT:
        return position == 9 ? KVX_FIELD_GROUP : position == 12 ? KVX_FIELD_TOKEN_OFFSET : KVX_FIELD_NONE;
    case KVX_WIRE_STR:
        return position < 12 ? KVX_FIELD_KIND : position == 12 ? KVX_FIELD_LOCALITY : KVX_FIELD_NONE;
    case KVX_WIRE_ARRAY:
        return KVX_FIELD_MM_INFOS;
    default:
        return KVX_FIELD_NONE;
    }
}

static enum kvx_field field_at(enum kvx_tag tag, uint32_t position, enum kvx_wire type)
{
    static const uint8_t stored[] = {
        KVX_FIELD_TYPE,   KVX_FIELD_HASHES,     KVX_FIELD_PARENT_BLOCK_HASH,
        KVX_FIELD_TOKENS, KVX_FIELD_BLOCK_SIZE, KVX_FIELD_LORA_ID,
        KVX_FIELD_MEDIUM, KVX_FIELD_LORA_NAME,  KVX_FIELD_EXTRA_KEYS,
    };
    static const uint8_t removed[] = {KVX_FIELD_TYPE, KVX_FIELD_HASHES, KVX_FIELD_MEDIUM, KVX_FIELD_GROUP};
    static const uint8_t cleared[] = {KVX_FIELD_TYPE, KVX_FIELD_MEDIUM};
    static const uint8_t transferred[] = {KVX_FIELD_TYPE, KVX_FIELD_HASHES, KVX_FIELD_FROM_MEDIUM,
                                          KVX_FIELD_TO_MEDIUM, KVX_FIELD_GROUP};
    const uint8_t *fields = stored;
    size_t n = sizeof stored;
    if (tag == KVX_TAG_STORED) {
        if (position >= n)
            return stored_tail(position, type);
    } else if (tag == KVX_TAG_REMOVED) {
        fields = removed;
        n = sizeof removed;
    } else if (tag == KVX_TAG_CLEARED) {
        fields = cleared;
        n = sizeof cleared;
    } else {
        fields = transferred;
        n = tag == KVX_TAG_TRANSFERRED ? sizeof transferred : 0;
    }
    if (position >= n)
        return KVX_FIELD_NONE;
    /* an encoder that drops unset fields moves the group index to the medium's place */
    if (fields[position] == KVX_FIELD_MEDIUM && type == KVX_WIRE_INT)
        return KVX_FIELD_NONE;
    return (enum kvx_field)fields[position];
}

/* One value of an event at nesting `depth`, its header read: decodes tokens, remembers the rest. */
static inline int keep(struct kvx_decoder *d, struct kvx_cursor *c, enum kvx_field field,
                       const struct kvx_value *v, unsigned depth, struct kvx_fields *out)
{
    if (field != KVX_FIELD_NONE) {
        out->given |= UINT32_C(1) << field;
        out->field[field] = *v;
    }
    if (field == KVX_FIELD_TOKENS)
        return kvx_tokens_read(d, c, v, depth);
    return kvx_cursor_skip_content(c, v, depth) ? KVX_OK : KVX_INVALID;
}

static int read_array(struct kvx_decoder *d, struct kvx_cursor *c, uint32_t count, unsigned depth,
                      struct kvx_fields *out)
{
    for (uint32_t i = 0; i < count; i++) {
        struct kvx_value v;
        if (!kvx_cursor_next(c, &v))
            return KVX_INVALID;
        if (i == 0)
            out->tag = tag_of(&v);
        if (out->tag < KVX_TAG_STORED) /* nothing in it is for us */
            return kvx_cursor_skip_content(c, &v, depth) && kvx_cursor_skip(c, count - 1 - i, depth)
                       ? KVX_OK
                       : KVX_INVALID;
        int code = keep(d, c, field_at(out->tag, i, v.type), &v, depth, out);
        if (code)
            return code;
    }
    return KVX_OK;
}

static int read_map(struct kvx_decoder *d, struct kvx_cursor *c, uint32_t count, unsigned depth,
                    struct kvx_fields *out)
{
    for (uint32_t i = 0; i < count; i++) {
        struct kvx_value key, v;
        if (!kvx_cursor_next(c, &key) || !kvx_cursor_skip_content(c, &key, depth) || !kvx_cursor_next(c, &v))
            return KVX_INVALID;
        enum kvx_field field = key.type == KVX_WIRE_STR ? field_named(key.bytes) : KVX_FIELD_NONE;
        int code = keep(d, c, field, &v, depth, out);
        if (code)
            return code;
    }
    const struct kvx_value *rfc = kvx_field_of(out, KVX_FIELD_EVENT_TYPE);
    out->rfc = rfc->type != KVX_WIRE_NIL;
    out->tag = tag_of(out->rfc ? rfc : kvx_field_of(out, KVX_FIELD_TYPE));
    return KVX_OK;
}

static int read_body(struct kvx_decoder *d, struct kvx_cursor *c, const struct kvx_value *head,
                     unsigned depth, struct kvx_fields *out)
{
    out->end = c->end;
    if (head->type == KVX_WIRE_ARRAY)
        return read_array(d, c, head->count, depth + 1, out);
    if (head->type == KVX_WIRE_MAP)
        return read_map(d, c, head->count, depth + 1, out);
    out->tag = KVX_TAG_MALFORMED;
    return kvx_cursor_skip_content(c, head, depth) ? KVX_OK : KVX_INVALID;
}

/* An event inside a byte string. What is broken in there costs the event, not the batch. */
static int read_wrapped(struct kvx_decoder *d, struct kvx_bytes inner, unsigned depth, struct kvx_fields *out)
{
    struct kvx_cursor c = kvx_cursor_of(inner);
    struct kvx_value head;
    int code = kvx_cursor_next(&c, &head) ? read_body(d, &c, &head, depth, out) : KVX_INVALID;
    if (code == KVX_NOMEM)
        return code;
    if (code || kvx_cursor_left(&c))
        out->tag = KVX_TAG_MALFORMED;
    return KVX_OK;
}

int kvx_event_read(struct kvx_decoder *d, struct kvx_cursor *c, unsigned depth, struct kvx_fields *out)
{
    out->tag = KVX_TAG_MALFORMED;
    out->rfc = false;
    out->given = 0;
    out->end = NULL;
    d->tokens.count = 0;
    d->tokens.form = KVX_TOKENS_PLAIN;
    struct kvx_value head;
    if (!kvx_cursor_next(c, &head))
        return KVX_INVALID;
    if (head.type != KVX_WIRE_STR && head.type != KVX_WIRE_BIN)
        return read_body(d, c, &head, depth, out);
    enum kvx_tag bare = head.type == KVX_WIRE_STR ? tag_named(head.bytes) : KVX_TAG_UNKNOWN;
    if (bare != KVX_TAG_UNKNOWN) { /* a tag alone is an event without fields */
        out->tag = bare;
        return KVX_OK;
    }
    return read_wrapped(d, head.bytes, depth, out);
}
