#include "extra_keys.h"

static struct kvx_bytes text_of(const struct kvx_value *v)
{
    return v->type == KVX_WIRE_STR ? v->bytes : (struct kvx_bytes){NULL, 0};
}

static bool is_text_or_nil(const struct kvx_value *v)
{
    return v->type == KVX_WIRE_STR || v->type == KVX_WIRE_NIL;
}

/* The value of `name` in a map; nil when absent. The last one wins. False: not a map. */
static bool map_get(const struct kvx_value *map, const uint8_t *end, const char *name, struct kvx_value *out)
{
    memset(out, 0, sizeof *out);
    if (map->type != KVX_WIRE_MAP)
        return false;
    struct kvx_cursor c = {map->content, end};
    for (uint32_t i = 0; i < map->count; i++) {
        struct kvx_value key, v;
        if (!kvx_cursor_next(&c, &key) || !kvx_cursor_skip_content(&c, &key, 0) || !kvx_cursor_next(&c, &v) ||
            !kvx_cursor_skip_content(&c, &v, 0))
            return false;
        if (key.type == KVX_WIRE_STR && kvx_bytes_is(key.bytes, name))
            *out = v;
    }
    return true;
}

static bool all_nil(const struct kvx_value *array)
{
    uint32_t i = 0;
    while (i < array->count &&
           array->content[i] == 0xc0) /* nil is one byte, so n entries are n bytes at least */
        i++;
    return i == array->count;
}

/* False: the list is there, but cannot be matched with n blocks. */
static bool list_start(struct kvx_key_list *list, const struct kvx_value *v, const uint8_t *end, uint32_t n)
{
    *list = (struct kvx_key_list){.given = false};
    if (v->type == KVX_WIRE_NIL)
        return true;
    if (v->type != KVX_WIRE_ARRAY)
        return false;
    if (all_nil(v))
        return true;
    *list = (struct kvx_key_list){{v->content, end}, v->count, true};
    return v->count <= n;
}

bool kvx_keys_start(struct kvx_keys *k, const struct kvx_fields *f, uint32_t n, struct kvx_bytes default_lora)
{
    memset(k, 0, sizeof *k);
    struct kvx_value salt = *kvx_field_of(f, KVX_FIELD_CACHE_SALT);
    const struct kvx_value *lora = kvx_field_of(f, KVX_FIELD_LORA_NAME);
    if (lora->type == KVX_WIRE_MAP) { /* SGLang's metadata, which has the place of vLLM's adapter name */
        struct kvx_value inner;
        if (!map_get(lora, f->end, "cache_salt", &inner))
            return false;
        if (inner.type != KVX_WIRE_NIL)
            salt = inner;
    } else if (!is_text_or_nil(lora)) {
        return false;
    }
    k->lora = text_of(lora);
    k->salt = text_of(&salt);
    /* an adapter known by number only is an adapter we cannot name */
    bool by_number = kvx_field_of(f, KVX_FIELD_LORA_ID)->type != KVX_WIRE_NIL;
    if (!is_text_or_nil(&salt) || (by_number && k->lora.len == 0))
        return false;
    if (k->lora.len == 0)
        k->lora = default_lora;
    if (!list_start(&k->extra, kvx_field_of(f, KVX_FIELD_EXTRA_KEYS), f->end, n) ||
        !list_start(&k->mm_infos, kvx_field_of(f, KVX_FIELD_MM_INFOS), f->end, n) ||
        !list_start(&k->mm_keys, kvx_field_of(f, KVX_FIELD_MM_KEYS), f->end, n))
        return false;
    k->per_block = k->extra.given || k->mm_infos.given || k->mm_keys.given;
    return true;
}

/* Inserts in ascending order; there are few. */
static bool add_mm(struct kvx_block_keys *keys, uint64_t hash)
{
    if (keys->n == KVX_BLOCK_ITEMS_MAX)
        return false;
    size_t i = keys->n++;
    for (; i > 0 && keys->mm[i - 1] > hash; i--)
        keys->mm[i] = keys->mm[i - 1];
    keys->mm[i] = hash;
    return true;
}

static bool is_digest(struct kvx_bytes t)
{
    if (t.len != 64)
        return false;
    for (size_t i = 0; i < t.len; i++) {
        char c = (char)(t.data[i] | 0x20);
        if (!(t.data[i] >= '0' && t.data[i] <= '9') && !(c >= 'a' && c <= 'f'))
            return false;
    }
    return true;
}

/* A text that names neither the adapter nor an item is the prompt's salt, which only its first block carries.
 */
static bool take_salt(struct kvx_keys *k, bool first, struct kvx_bytes t)
{
    static const char prefix[] = "dynamo-cache-salt:";
    size_t len = sizeof prefix - 1;
    if (t.len >= len && memcmp(t.data, prefix, len) == 0)
        t = (struct kvx_bytes){t.data + len, t.len - len};
    if (first && k->salt.len == 0)
        k->salt = t;
    return t.len == 0 || kvx_bytes_equal(k->salt, t);
}

/* [identifier, offset] */
static bool read_item(const struct kvx_value *v, const uint8_t *end, struct kvx_block_keys *out)
{
    struct kvx_cursor c = {v->content, end};
    struct kvx_value identifier, offset;
    return v->count == 2 && kvx_cursor_next(&c, &identifier) && identifier.type == KVX_WIRE_STR &&
           identifier.bytes.len > 0 && kvx_cursor_next(&c, &offset) && offset.type == KVX_WIRE_INT &&
           add_mm(out, kvx_multimodal_hash(identifier.bytes));
}

static bool read_extra(struct kvx_keys *k, const struct kvx_value *entry, bool first,
                       struct kvx_block_keys *out)
{
    if (entry->type != KVX_WIRE_ARRAY)
        return false;
    struct kvx_cursor c = {entry->content, k->extra.c.end};
    for (uint32_t i = 0; i < entry->count; i++) {
        struct kvx_value v;
        if (!kvx_cursor_next(&c, &v) || !kvx_cursor_skip_content(&c, &v, 0))
            return false;
        bool understood = false;
        if (v.type == KVX_WIRE_ARRAY)
            understood = read_item(&v, c.end, out);
        else if (v.type == KVX_WIRE_STR && k->lora.len && kvx_bytes_equal(v.bytes, k->lora))
            understood = true;
        else if (v.type == KVX_WIRE_STR && is_digest(v.bytes))
            understood = add_mm(out, kvx_multimodal_hash(v.bytes));
        else if (v.type == KVX_WIRE_STR)
            understood = take_salt(k, first, v.bytes);
        if (!understood)
            return false;
    }
    return true;
}

/* {mm_objects: [{mm_hash, offsets}, ...]} */
static bool read_mm_info(const struct kvx_value *entry, const uint8_t *end, struct kvx_block_keys *out)
{
    struct kvx_value objects;
    if (!map_get(entry, end, "mm_objects", &objects) || objects.type != KVX_WIRE_ARRAY)
        return false;
    struct kvx_cursor c = {objects.content, end};
    for (uint32_t i = 0; i < objects.count; i++) {
        struct kvx_value object, hash;
        if (!kvx_cursor_next(&c, &object) || !kvx_cursor_skip_content(&c, &object, 0) ||
            !map_get(&object, end, "mm_hash", &hash) || hash.type != KVX_WIRE_INT || !add_mm(out, hash.u))
            return false;
    }
    return true;
}

/* [{type: "mm_key", hash: hex, start_offset, uuid?}, ...] */
static bool read_mm_key(const struct kvx_value *entry, const uint8_t *end, struct kvx_block_keys *out)
{
    if (entry->type != KVX_WIRE_ARRAY)
        return false;
    struct kvx_cursor c = {entry->content, end};
    for (uint32_t i = 0; i < entry->count; i++) {
        struct kvx_value object, hash;
        if (!kvx_cursor_next(&c, &object) || !kvx_cursor_skip_content(&c, &object, 0) ||
            !map_get(&object, end, "hash", &hash) || hash.type != KVX_WIRE_STR || hash.bytes.len == 0 ||
            !add_mm(out, kvx_multimodal_hash(hash.bytes)))
            return false;
    }
    return true;
}

/* The next block's entry of a list; nil when the list is absent. False: the list is too short. */
static bool list_next(struct kvx_key_list *list, struct kvx_value *entry)
{
    memset(entry, 0, sizeof *entry);
    if (!list->given)
        return true;
    if (list->left == 0)
        return false;
    list->left--;
    return kvx_cursor_next(&list->c, entry) && kvx_cursor_skip_content(&list->c, entry, 0);
}

bool kvx_keys_next(struct kvx_keys *k, bool first, struct kvx_block_keys *out)
{
    struct kvx_value extra, info, key;
    if (!list_next(&k->extra, &extra) || !list_next(&k->mm_infos, &info) || !list_next(&k->mm_keys, &key))
        return false;
    /* Lists that repeat each other must not count an item twice: the first one that has items for the block
     * wins. */
    struct kvx_block_keys from_keys, from_extra;
    out->n = from_keys.n = from_extra.n = 0;
    if ((info.type != KVX_WIRE_NIL && !read_mm_info(&info, k->mm_infos.c.end, out)) ||
        (key.type != KVX_WIRE_NIL && !read_mm_key(&key, k->mm_keys.c.end, &from_keys)) ||
        (extra.type != KVX_WIRE_NIL && !read_extra(k, &extra, first, &from_extra)))
        return false;
    if (out->n == 0)
        *out = from_keys.n ? from_keys : from_extra;
    return true;
}
