/* Whose event it is: the partition and the rank that RFC #1527 lets every event name for itself. */
#include "decoder.h"

#include <xxhash.h>

/* What the API allows: a partition with a longer name, or with other blocks, could never be asked for. */
enum { NAME_BYTES_MAX = 256, BLOCK_SIZE_MAX = 65536 };

/* False: not a name. Nil and an empty text say nothing. */
static bool read_name(const struct kvx_value *v, struct kvx_bytes *out)
{
    if (v->type == KVX_WIRE_NIL)
        return true;
    if (v->type != KVX_WIRE_STR || v->bytes.len > NAME_BYTES_MAX || !kvx_bytes_is_text(v->bytes))
        return false;
    *out = v->bytes;
    return true;
}

static bool read_block_size(const struct kvx_value *v, uint32_t registered, uint32_t *out)
{
    if (v->type == KVX_WIRE_NIL)
        return true;
    if (v->type != KVX_WIRE_INT || v->negative || v->u < 1 || v->u > BLOCK_SIZE_MAX)
        return false;
    *out = v->u == registered ? 0 : (uint32_t)v->u;
    return true;
}

static bool same(const struct kvx_feed_scope *a, const struct kvx_feed_scope *b)
{
    return a->block_size == b->block_size && a->has_salt == b->has_salt &&
           kvx_bytes_equal(a->model, b->model) && kvx_bytes_equal(a->tenant, b->tenant) &&
           kvx_bytes_equal(a->additional_salt, b->additional_salt);
}

int kvx_scope_of(struct kvx_decoder *d, const struct kvx_fields *f, const struct kvx_feed_scope **out)
{
    *out = NULL;
    if (!f->rfc)
        return KVX_OK;
    struct kvx_feed_scope scope = {.has_salt =
                                       kvx_field_of(f, KVX_FIELD_ADDITIONAL_SALT)->type != KVX_WIRE_NIL};
    if (!read_name(kvx_field_of(f, KVX_FIELD_MODEL), &scope.model) ||
        !read_name(kvx_field_of(f, KVX_FIELD_TENANT), &scope.tenant) ||
        !read_name(kvx_field_of(f, KVX_FIELD_ADDITIONAL_SALT), &scope.additional_salt) ||
        !read_block_size(kvx_field_of(f, KVX_FIELD_BLOCK_SIZE), d->context->block_size, &scope.block_size))
        return KVX_INVALID;
    if (scope.model.len == 0 && scope.tenant.len == 0 && !scope.has_salt && scope.block_size == 0)
        return KVX_OK;
    /* from the end: an engine's next event mostly is of the same one */
    for (size_t i = d->scope_n; i-- > 0;)
        if (same(&d->scopes[i], &scope)) {
            *out = &d->scopes[i];
            return KVX_OK;
        }
    if (d->scope_n == KVX_BATCH_SCOPES_MAX)
        return KVX_TOO_LARGE;
    d->scopes[d->scope_n] = scope;
    *out = &d->scopes[d->scope_n++];
    return KVX_OK;
}

uint32_t kvx_salt_owner(const struct kvx_feed_scope *scope, uint32_t rank)
{
    if (!scope)
        return rank;
    uint64_t h = XXH3_64bits_withSeed(scope->model.data, scope->model.len, scope->block_size);
    h = XXH3_64bits_withSeed(scope->tenant.data, scope->tenant.len, h);
    h = XXH3_64bits_withSeed(scope->additional_salt.data, scope->additional_salt.len, h + scope->has_salt);
    return (uint32_t)(h >> 32) ^ rank;
}

/* A pool has no ranks; Mooncake writes 0 everywhere. */
bool kvx_draft_rank(const struct kvx_decoder *d, const struct kvx_draft *draft, const struct kvx_batch *batch,
                    uint32_t *rank)
{
    bool named = !d->context->pool && (draft->has_rank || batch->has_rank);
    *rank = !named ? d->context->registered_rank : draft->has_rank ? draft->rank : batch->rank;
    return named;
}
