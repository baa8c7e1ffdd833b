/* Partitions and ranks that events name, as the second decoder reads them. */
#include "oracle_decode.h"

/* Nil, or a text of at most 256 bytes that could be a name. */
static bool name_of(const msgpack_object *o, struct kvx_bytes *out)
{
    *out = (struct kvx_bytes){"", 0};
    if (o->type == MSGPACK_OBJECT_NIL)
        return true;
    if (o->type != MSGPACK_OBJECT_STR)
        return false;
    *out = (struct kvx_bytes){o->via.str.ptr, o->via.str.size};
    return out->len <= 256 && kvx_bytes_is_text(*out);
}

static bool equal(const struct kvx_feed_scope *a, const struct kvx_feed_scope *b)
{
    return kvx_bytes_equal(a->model, b->model) && kvx_bytes_equal(a->tenant, b->tenant) &&
           a->has_salt == b->has_salt && kvx_bytes_equal(a->additional_salt, b->additional_salt) &&
           a->block_size == b->block_size;
}

enum kvx_counter oracle_place(struct oracle *o, const msgpack_object *map, bool rfc)
{
    const msgpack_object *rank = rfc ? oracle_get(map, "dp_rank") : &oracle_nil;
    bool own = oracle_is_u32(rank);
    o->scope = NULL;
    o->has_rank = !o->pool && (own || o->batch.has_rank);
    o->rank = !o->has_rank ? o->registered_rank : own ? (uint32_t)rank->via.u64 : o->batch.rank;
    if (!rfc)
        return KVX_COUNTER_COUNT;
    const msgpack_object *size = oracle_get(map, "block_size"), *salt = oracle_get(map, "additional_salt");
    struct kvx_feed_scope s = {.has_salt = salt->type != MSGPACK_OBJECT_NIL};
    if (!name_of(oracle_get(map, "model_name"), &s.model) ||
        !name_of(oracle_get(map, "tenant_id"), &s.tenant) || !name_of(salt, &s.additional_salt))
        return KVX_COUNT_EVENT_MALFORMED;
    if (size->type != MSGPACK_OBJECT_NIL) {
        if (size->type != MSGPACK_OBJECT_POSITIVE_INTEGER || size->via.u64 == 0 || size->via.u64 > 65536)
            return KVX_COUNT_EVENT_MALFORMED;
        s.block_size = size->via.u64 == o->block_size ? 0 : (uint32_t)size->via.u64;
    }
    if (!s.model.len && !s.tenant.len && !s.has_salt && !s.block_size)
        return KVX_COUNTER_COUNT;
    for (size_t i = 0; i < o->n_scopes && !o->scope; i++)
        o->scope = equal(o->scopes[i], &s) ? o->scopes[i] : NULL;
    if (!o->scope) {
        if (o->n_scopes == KVX_BATCH_SCOPES_MAX) {
            o->batch.over_limit = true;
            return KVX_COUNT_EVENT_LIMIT;
        }
        struct kvx_feed_scope *kept = msgpack_zone_malloc(o->unpacked.zone, sizeof *kept);
        *kept = s;
        o->scope = o->scopes[o->n_scopes++] = kept;
    }
    return KVX_COUNTER_COUNT;
}
