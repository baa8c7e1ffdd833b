/* Stores: which blocks have tokens that can be hashed, and what to do with the others. */
#include "extra_keys.h"

static struct kvx_candidate *candidate_next(struct kvx_decoder *d)
{
    struct kvx_candidate *grown =
        kvx_scratch_grow(d->allocator, d->candidates, &d->candidate_cap, d->candidate_n + 1, sizeof *grown);
    if (!grown)
        return NULL;
    d->candidates = grown;
    return &d->candidates[d->candidate_n];
}

int kvx_candidate_add(struct kvx_decoder *d, struct kvx_draft *draft, struct kvx_event event, size_t at)
{
    struct kvx_candidate *c = candidate_next(d);
    if (!c)
        return KVX_NOMEM;
    *c = (struct kvx_candidate){event, at};
    d->candidate_n++;
    draft->n++;
    return KVX_OK;
}

/* The parent's hash, or none: nil and the integer 0 both mean the root. False: not a hash. */
static bool parent_of(const struct kvx_fields *f, struct kvx_event *event)
{
    const struct kvx_value *v = &f->field[KVX_FIELD_PARENT_HASH];
    if (v->type == KVX_WIRE_NIL)
        v = &f->field[KVX_FIELD_PARENT_BLOCK_HASH];
    event->has_parent = v->type != KVX_WIRE_NIL && !(v->type == KVX_WIRE_INT && v->u == 0);
    event->parent = 0;
    return !event->has_parent || kvx_hash_of(v, &event->parent);
}

static bool contains(const uint64_t *hashes, uint32_t n, uint64_t hash)
{
    uint64_t found = 0;
    for (uint32_t i = 0; i < n; i++)
        found |= hashes[i] == hash;
    return found != 0;
}

/* What the event says of its block size: 0 when it says nothing. */
static uint32_t block_size_of(const struct kvx_fields *f)
{
    const struct kvx_value *v = &f->field[KVX_FIELD_BLOCK_SIZE];
    if (v->type != KVX_WIRE_INT || v->negative)
        return 0;
    return v->u > UINT32_MAX ? UINT32_MAX : (uint32_t)v->u;
}

/* A run without a parent begins at the root, unless the event itself says that it lies further on. */
static bool is_placed(const struct kvx_fields *f, const struct kvx_event *event)
{
    const struct kvx_value *tokens = &f->field[KVX_FIELD_TOKEN_OFFSET];
    const struct kvx_value *blocks = &f->field[KVX_FIELD_BASE_BLOCK];
    bool further = (tokens->type == KVX_WIRE_INT && tokens->u) || (blocks->type == KVX_WIRE_INT && blocks->u);
    return event->has_parent || !further;
}

/* Leading blocks of the store that have all their tokens. A store with more tokens than its hashes cover
 * hides blocks, and nothing says which. */
static uint32_t whole_blocks(const struct kvx_decoder *d, const struct kvx_fields *f,
                             const struct kvx_event *event, uint32_t n)
{
    uint32_t size = d->context->block_size;
    const struct kvx_tokens *t = &d->tokens;
    if (!size || t->form == KVX_TOKENS_UNUSABLE || block_size_of(f) != size || !is_placed(f, event) ||
        t->count > (uint64_t)n * size)
        return 0;
    return t->count / size;
}

/* Local hashes of the first `whole` blocks. Returns how many of them were understood, from the first on. */
static uint32_t hash_blocks(const struct kvx_decoder *d, struct kvx_keys *k, uint32_t whole, uint64_t *local)
{
    uint32_t size = d->context->block_size;
    const struct kvx_tokens *t = &d->tokens;
    bool plain = t->form == KVX_TOKENS_PLAIN;
    uint64_t seed = kvx_block_seed(k->lora, k->salt);
    if (plain && !k->per_block)
        return (uint32_t)kvx_block_hashes(seed, t->at, (size_t)whole * size, size, local);
    struct kvx_block_keys keys = {.n = 0};
    for (uint32_t i = 0; i < whole; i++) {
        if (k->per_block && !kvx_keys_next(k, i == 0, &keys))
            return i;
        if (i == 0)
            seed = kvx_block_seed(k->lora, k->salt); /* the first block may have named the salt */
        /* a bigram block ends with the token that follows it */
        local[i] = kvx_block_hash(seed, t->at + (size_t)i * size, (size_t)size + !plain, keys.mm, keys.n);
    }
    return whole;
}

/* `whole` blocks to be stored under the event's parent, the others to be marked resident. */
static int store_blocks(struct kvx_decoder *d, const struct kvx_fields *f, struct kvx_event event, uint32_t n,
                        uint32_t whole, struct kvx_draft *draft)
{
    uint64_t *local = kvx_scratch_grow(d->allocator, d->local, &d->local_cap, d->hashes + n, sizeof *local);
    if (!local)
        return KVX_NOMEM;
    d->local = local;
    struct kvx_keys keys;
    uint32_t understood = kvx_keys_start(&keys, f, n) ? hash_blocks(d, &keys, whole, local + d->hashes) : 0;
    if (understood < whole)
        draft->counter = KVX_COUNT_EVENT_EXTRA_KEYS;
    if (understood == 0)
        return KVX_OK;
    event.kind = KVX_EVENT_STORE;
    event.n = understood;
    size_t at = d->hashes;
    d->hashes += understood;
    int code = kvx_candidate_add(d, draft, event, at);
    if (code || understood < whole || n == whole)
        return code;
    d->hashes += n - whole;
    draft->unusable = n - whole;
    struct kvx_event rest = {.kind = KVX_EVENT_RESIDE, .tiers = event.tiers, .n = n - whole};
    return kvx_candidate_add(d, draft, rest, at + whole);
}

int kvx_store_judge(struct kvx_decoder *d, const struct kvx_fields *f, enum kvx_tier tier, uint32_t n,
                    struct kvx_draft *draft)
{
    struct kvx_event event = {.kind = KVX_EVENT_RESIDE, .tiers = KVX_TIER_BIT(tier), .n = n};
    uint32_t size = block_size_of(f);
    if (size != 0 && size != d->context->block_size) {
        draft->counter = KVX_COUNT_EVENT_BLOCK_SIZE;
        draft->foreign_block_size = size;
        return KVX_OK;
    }
    struct kvx_event placed = event;
    if (!parent_of(f, &placed)) {
        draft->counter = KVX_COUNT_EVENT_BAD_HASH;
        return KVX_OK;
    }
    if (placed.has_parent && contains(d->engine + d->hashes, n, placed.parent)) {
        draft->counter = KVX_COUNT_EVENT_SELF_PARENT;
        return KVX_OK;
    }
    uint32_t whole = whole_blocks(d, f, &placed, n);
    if (whole > 0)
        return store_blocks(d, f, placed, n, whole, draft);
    if (d->tokens.count > 0)
        draft->unusable = n;
    size_t at = d->hashes;
    d->hashes += n;
    return kvx_candidate_add(d, draft, event, at);
}
