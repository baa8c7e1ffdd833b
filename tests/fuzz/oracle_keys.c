#include "oracle_decode.h"

#include "base/block_hash.h"

#include <ctype.h>
#include <stdlib.h>

enum { ITEMS_MAX = 64 };

struct items {
    size_t n;
    uint64_t hash[ITEMS_MAX];
};

static struct kvx_bytes text(const msgpack_object *o)
{
    return o->type == MSGPACK_OBJECT_STR ? (struct kvx_bytes){o->via.str.ptr, o->via.str.size}
                                         : (struct kvx_bytes){"", 0};
}

static bool text_or_nil(const msgpack_object *o)
{
    return o->type == MSGPACK_OBJECT_STR || o->type == MSGPACK_OBJECT_NIL;
}

static bool push(struct items *items, uint64_t hash)
{
    if (items->n == ITEMS_MAX)
        return false;
    items->hash[items->n++] = hash;
    return true;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool is_digest(struct kvx_bytes t)
{
    size_t digits = 0;
    while (digits < t.len && isxdigit((unsigned char)t.data[digits]))
        digits++;
    return t.len == 64 && digits == 64;
}

/* A text in a block's keys, by exclusion: the adapter, an item, a salt. */
static bool one_text(struct kvx_bytes t, struct kvx_bytes lora, struct kvx_bytes *salt, bool first,
                     struct items *out)
{
    if (lora.len && kvx_bytes_equal(t, lora))
        return true;
    if (is_digest(t))
        return push(out, kvx_multimodal_hash(t));
    struct kvx_bytes prefix = kvx_bytes_of("dynamo-cache-salt:");
    if (t.len >= prefix.len && !memcmp(t.data, prefix.data, prefix.len)) {
        t.data += prefix.len;
        t.len -= prefix.len;
    }
    if (t.len == 0 || kvx_bytes_equal(t, *salt))
        return true;
    if (!first || salt->len)
        return false;
    *salt = t;
    return true;
}

static bool extra_of(const msgpack_object *entry, struct kvx_bytes lora, struct kvx_bytes *salt, bool first,
                     struct items *out)
{
    if (entry->type == MSGPACK_OBJECT_NIL)
        return true;
    if (entry->type != MSGPACK_OBJECT_ARRAY)
        return false;
    for (uint32_t i = 0; i < entry->via.array.size; i++) {
        const msgpack_object *o = &entry->via.array.ptr[i];
        bool good = false;
        if (o->type == MSGPACK_OBJECT_STR)
            good = one_text(text(o), lora, salt, first, out);
        else if (o->type == MSGPACK_OBJECT_ARRAY && o->via.array.size == 2)
            good = text(&o->via.array.ptr[0]).len > 0 && oracle_is_integer(&o->via.array.ptr[1]) &&
                   push(out, kvx_multimodal_hash(text(&o->via.array.ptr[0])));
        if (!good)
            return false;
    }
    return true;
}

static bool mm_info_of(const msgpack_object *entry, struct items *out)
{
    if (entry->type == MSGPACK_OBJECT_NIL)
        return true;
    const msgpack_object *objects = oracle_get(entry, "mm_objects");
    if (objects->type != MSGPACK_OBJECT_ARRAY)
        return false;
    for (uint32_t i = 0; i < objects->via.array.size; i++) {
        const msgpack_object *hash = oracle_get(&objects->via.array.ptr[i], "mm_hash");
        if (!oracle_is_integer(hash) || !push(out, hash->via.u64))
            return false;
    }
    return true;
}

static bool mm_key_of(const msgpack_object *entry, struct items *out)
{
    if (entry->type == MSGPACK_OBJECT_NIL)
        return true;
    if (entry->type != MSGPACK_OBJECT_ARRAY)
        return false;
    for (uint32_t i = 0; i < entry->via.array.size; i++) {
        struct kvx_bytes hash = text(oracle_get(&entry->via.array.ptr[i], "hash"));
        if (!hash.len || !push(out, kvx_multimodal_hash(hash)))
            return false;
    }
    return true;
}

/* Entry i of a list: nil when the list is absent or has nothing but nils; NULL when it is too short. */
static const msgpack_object *entry_of(const msgpack_object *list, uint32_t i)
{
    bool something = false;
    for (uint32_t k = 0; list->type == MSGPACK_OBJECT_ARRAY && k < list->via.array.size; k++)
        something = something || list->via.array.ptr[k].type != MSGPACK_OBJECT_NIL;
    if (!something)
        return &oracle_nil;
    return i < list->via.array.size ? &list->via.array.ptr[i] : NULL;
}

static bool list_fits(const msgpack_object *list, uint32_t n)
{
    if (list->type == MSGPACK_OBJECT_NIL)
        return true;
    if (list->type != MSGPACK_OBJECT_ARRAY)
        return false;
    bool too_long = list->via.array.size > n;
    return !too_long || entry_of(list, n) == &oracle_nil; /* nothing but nils, however many */
}

static bool block_items(const struct oracle_keys *k, uint32_t i, struct kvx_bytes lora,
                        struct kvx_bytes *salt, struct items *out)
{
    const msgpack_object *extra = entry_of(k->extra, i), *info = entry_of(k->mm_infos, i),
                         *key = entry_of(k->mm_keys, i);
    struct items from_info = {0}, from_key = {0}, from_extra = {0};
    if (!extra || !info || !key || !mm_info_of(info, &from_info) || !mm_key_of(key, &from_key) ||
        !extra_of(extra, lora, salt, i == 0, &from_extra))
        return false;
    *out = from_info.n ? from_info : from_key.n ? from_key : from_extra;
    qsort(out->hash, out->n, sizeof *out->hash, ascending);
    return true;
}

uint32_t oracle_hash(struct oracle_keys *k, const uint32_t *tokens, bool pairs, uint32_t block_size,
                     uint32_t n, uint32_t whole, uint64_t *local)
{
    const msgpack_object *salt_object = k->salt;
    bool metadata = k->lora->type == MSGPACK_OBJECT_MAP;
    if (metadata && oracle_get(k->lora, "cache_salt")->type != MSGPACK_OBJECT_NIL)
        salt_object = oracle_get(k->lora, "cache_salt");
    struct kvx_bytes lora = text(k->lora), salt = text(salt_object);
    if ((!metadata && !text_or_nil(k->lora)) || !text_or_nil(salt_object))
        return 0;
    if (lora.len == 0 && k->lora_id->type != MSGPACK_OBJECT_NIL)
        return 0;
    if (lora.len == 0)
        lora = k->default_lora;
    if (!list_fits(k->extra, n) || !list_fits(k->mm_infos, n) || !list_fits(k->mm_keys, n))
        return 0;
    for (uint32_t i = 0; i < whole; i++) {
        struct items items;
        if (!block_items(k, i, lora, &salt, &items))
            return i;
        if (i == 0 && salt.len == 0 && k->inherited) {
            k->ambiguous = k->inherited->salt == NULL;
            k->found = (struct kvx_bytes){k->inherited->salt, k->inherited->len};
        } else if (i == 0) {
            k->found = salt;
        }
        if (k->ambiguous)
            return 0;
        local[i] = kvx_block_hash(kvx_block_seed(lora, k->found), tokens + (size_t)i * block_size,
                                  (size_t)block_size + pairs, items.hash, items.n);
    }
    return whole;
}
