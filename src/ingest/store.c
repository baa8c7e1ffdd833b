/* Stores: which blocks have tokens that can be hashed, and what to do with the others. */
#include "extra_keys.h"

int kvx_operation_add(struct kvx_decoder *d, struct kvx_draft *draft, const struct kvx_event *event,
                      size_t at)
{
    struct kvx_event *events =
        kvx_scratch_grow(d->allocator, d->events, &d->event_cap, d->event_n + 1, sizeof *events);
    if (!events)
        return KVX_NOMEM;
    d->events = events;
    size_t *places = kvx_scratch_grow(d->allocator, d->places, &d->place_cap, d->event_n + 1, sizeof *places);
    if (!places)
        return KVX_NOMEM;
    d->places = places;
    events[d->event_n] = *event;
    events[d->event_n].scope = draft->scope;
    places[d->event_n++] = at;
    draft->n++;
    return KVX_OK;
}

/* The parent's hash, or none: nil and the integer 0 both mean the root. False: not a hash. */
static bool parent_of(const struct kvx_fields *f, struct kvx_event *event)
{
    const struct kvx_value *v = kvx_field_of(f, KVX_FIELD_PARENT_HASH);
    if (v->type == KVX_WIRE_NIL)
        v = kvx_field_of(f, KVX_FIELD_PARENT_BLOCK_HASH);
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
    const struct kvx_value *v = kvx_field_of(f, KVX_FIELD_BLOCK_SIZE);
    if (v->type != KVX_WIRE_INT || v->negative)
        return 0;
    return v->u > UINT32_MAX ? UINT32_MAX : (uint32_t)v->u;
}

/* A run without a parent begins at the root, unless the event itself says that it lies further on. */
static bool is_placed(const struct kvx_fields *f, const struct kvx_event *event)
{
    const struct kvx_value *tokens = kvx_field_of(f, KVX_FIELD_TOKEN_OFFSET);
    const struct kvx_value *blocks = kvx_field_of(f, KVX_FIELD_BASE_BLOCK);
    bool further = (tokens->type == KVX_WIRE_INT && tokens->u) || (blocks->type == KVX_WIRE_INT && blocks->u);
    return event->has_parent || !further;
}

/* Leading blocks of the store that have all their tokens. A store with more tokens than its hashes cover
 * hides blocks, and nothing says which. */
static uint32_t whole_blocks(const struct kvx_decoder *d, const struct kvx_fields *f,
                             const struct kvx_event *event, uint32_t n, const struct kvx_draft *draft)
{
    uint32_t size = kvx_block_size_in(d, draft->scope);
    const struct kvx_tokens *t = &d->tokens;
    /* what an RFC #1527 event does not say is as registered; others must say it */
    bool sized = size != 0 && (f->rfc || block_size_of(f) == size);
    if (!sized || t->form == KVX_TOKENS_UNUSABLE || !is_placed(f, event) || t->count > (uint64_t)n * size)
        return 0;
    return t->count / size;
}

/* The salt of a store's blocks, whose own keys are read: the one it names, else its parent's. What is stored
 * again in a lower tier may say nothing of itself but tokens; its first block is then known by its hash. */
static uint64_t salt_of(struct kvx_decoder *d, const struct kvx_keys *k, const struct kvx_event *event,
                        const struct kvx_batch *batch, const struct kvx_draft *draft)
{
    d->names_salt |= k->salt.len > 0;
    if (k->salt.len)
        return kvx_salt_named(k->salt);
    if (d->pass != KVX_PASS_SALTED)
        return 0;
    uint32_t rank;
    kvx_draft_rank(d, draft, batch, &rank);
    uint32_t owner = kvx_salt_owner(draft->scope, rank);
    uint64_t salt = event->has_parent ? kvx_salts_find(d->context->salts, owner, event->parent) : 0;
    if (salt == 0 && event->tiers != KVX_TIER_BIT(KVX_TIER_DEVICE))
        salt = kvx_salts_find(d->context->salts, owner, d->engine[d->hashes]);
    return salt;
}

/* Local hashes of the first `whole` blocks. Returns how many of them were understood, from the first on;
 * d->note.salt is known if that is not 0, or if it is ambiguous. */
static uint32_t hash_blocks(struct kvx_decoder *d, struct kvx_keys *k, const struct kvx_event *event,
                            uint32_t whole, const struct kvx_batch *batch, struct kvx_draft *draft)
{
    uint32_t size = kvx_block_size_in(d, draft->scope);
    uint64_t *local = d->local + d->hashes;
    const struct kvx_tokens *t = &d->tokens;
    bool plain = t->form == KVX_TOKENS_PLAIN;
    struct kvx_block_keys keys;
    keys.n = 0;                                         /* and no more: the array is large */
    if (k->per_block && !kvx_keys_next(k, true, &keys)) /* may name the salt */
        return 0;
    d->note.salt = salt_of(d, k, event, batch, draft);
    if (d->note.salt == KVX_SALT_AMBIGUOUS)
        return 0;
    uint64_t seed = kvx_block_seed(k->lora, (struct kvx_bytes){NULL, 0}) + d->note.salt;
    if (plain && !k->per_block)
        return (uint32_t)kvx_block_hashes(seed, t->at, (size_t)whole * size, size, local);
    for (uint32_t i = 0; i < whole; i++) {
        if (i > 0 && k->per_block && !kvx_keys_next(k, false, &keys))
            return i;
        /* a bigram block ends with the token that follows it */
        local[i] = kvx_block_hash(seed, t->at + (size_t)i * size, (size_t)size + !plain, keys.mm, keys.n);
    }
    return whole;
}

/* `whole` blocks to be stored under the event's parent, the others to be marked resident. */
static int store_blocks(struct kvx_decoder *d, const struct kvx_fields *f, struct kvx_event event, uint32_t n,
                        uint32_t whole, const struct kvx_batch *batch, struct kvx_draft *draft)
{
    uint64_t *local = kvx_scratch_grow(d->allocator, d->local, &d->local_cap, d->hashes + n, sizeof *local);
    if (!local)
        return KVX_NOMEM;
    d->local = local;
    struct kvx_keys keys;
    uint32_t understood = 0;
    size_t at = d->hashes;
    if (kvx_keys_start(&keys, f, n, d->context->lora_name))
        understood = hash_blocks(d, &keys, &event, whole, batch, draft);
    d->note.at = at;
    d->note.n = d->note.salt ? n : understood;
    d->hashes += n;
    if (understood < whole)
        draft->counter =
            d->note.salt == KVX_SALT_AMBIGUOUS ? KVX_COUNT_EVENT_SALT_AMBIGUOUS : KVX_COUNT_EVENT_EXTRA_KEYS;
    if (understood == 0)
        return KVX_OK;
    event.kind = KVX_EVENT_STORE;
    event.n = understood;
    int code = kvx_operation_add(d, draft, &event, at);
    if (code || understood < whole || n == whole)
        return code;
    draft->unusable = n - whole;
    struct kvx_event rest = {.kind = KVX_EVENT_RESIDE, .tiers = event.tiers, .n = n - whole};
    return kvx_operation_add(d, draft, &rest, at + whole);
}

int kvx_store_judge(struct kvx_decoder *d, const struct kvx_fields *f, enum kvx_tier tier, uint32_t n,
                    const struct kvx_batch *batch, struct kvx_draft *draft)
{
    struct kvx_event event = {.kind = KVX_EVENT_RESIDE, .tiers = KVX_TIER_BIT(tier), .n = n};
    uint32_t size = block_size_of(f);
    if (size != 0 && size != kvx_block_size_in(d, draft->scope)) {
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
    uint32_t whole = whole_blocks(d, f, &placed, n, draft);
    if (whole > 0)
        return store_blocks(d, f, placed, n, whole, batch, draft);
    if (d->tokens.count > 0)
        draft->unusable = n;
    size_t at = d->hashes;
    d->hashes += n;
    return kvx_operation_add(d, draft, &event, at);
}
