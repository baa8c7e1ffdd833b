/* From the fields of one event to operations, by its tag, tier and locality. */
#include "decoder.h"
#include "media.h"

enum medium {
    MEDIUM_NONE, /* not said: the device; a pool's is the host's memory */
    MEDIUM_TIER,
    MEDIUM_UNKNOWN,
    MEDIUM_FOREIGN, /* the device, of which a pool cannot speak */
};

static enum medium medium_of(const struct kvx_decoder *d, const struct kvx_value *v, enum kvx_tier *tier)
{
    bool pool = d->context->pool;
    *tier = pool ? KVX_TIER_HOST : KVX_TIER_DEVICE;
    if (v->type == KVX_WIRE_NIL || (v->type == KVX_WIRE_STR && v->bytes.len == 0))
        return MEDIUM_NONE;
    if (v->type != KVX_WIRE_STR || !kvx_medium_tier(v->bytes, tier))
        return MEDIUM_UNKNOWN;
    return pool && *tier == KVX_TIER_DEVICE ? MEDIUM_FOREIGN : MEDIUM_TIER;
}

/* A block that lives elsewhere is not this worker's, whoever reports it. A pool is nobody's: from anywhere.
 */
static bool is_local(const struct kvx_decoder *d, const struct kvx_fields *f)
{
    const struct kvx_value *v = kvx_field_of(f, KVX_FIELD_LOCALITY);
    if (v->type != KVX_WIRE_STR)
        return v->type == KVX_WIRE_NIL;
    return v->bytes.len == 0 || kvx_bytes_is(v->bytes, "LOCAL") ||
           (d->context->pool && kvx_bytes_is(v->bytes, "REMOTE"));
}

static void read_group(const struct kvx_fields *f, struct kvx_draft *draft)
{
    const struct kvx_value *group = kvx_field_of(f, KVX_FIELD_GROUP), *kind = kvx_field_of(f, KVX_FIELD_KIND);
    if (group->type == KVX_WIRE_INT) {
        draft->has_group = true;
        draft->group =
            group->u > UINT32_MAX ? UINT32_MAX : (uint32_t)group->u; /* negative ones too: never group 0 */
    }
    if (kind->type == KVX_WIRE_STR)
        draft->kind = (uint8_t)kvx_group_kind_named(kind->bytes);
}

/* The event's hashes to d->hashes. KVX_INVALID: no list, or no hash in it; `draft` then names the counter. */
static int read_hashes(struct kvx_decoder *d, const struct kvx_fields *f, struct kvx_draft *draft,
                       uint32_t *n)
{
    const struct kvx_value *v = kvx_field_of(f, KVX_FIELD_SEQ_HASHES);
    if (v->type == KVX_WIRE_NIL || (v->type == KVX_WIRE_ARRAY && v->count == 0 &&
                                    kvx_field_of(f, KVX_FIELD_HASHES)->type != KVX_WIRE_NIL))
        v = kvx_field_of(f, KVX_FIELD_HASHES);
    if (v->type != KVX_WIRE_ARRAY) {
        draft->counter = KVX_COUNT_EVENT_MALFORMED;
        return KVX_INVALID;
    }
    int code = kvx_hashes_read(d, v, f->end);
    if (code == KVX_INVALID)
        draft->counter = KVX_COUNT_EVENT_BAD_HASH;
    *n = v->count;
    return code;
}

/* The tiers a removal touches; 0: it cannot be told. Mooncake's pool names the medium after the copies are
 * gone, and always once for all: so what a pool names is not asked, be it a tier or a word we do not know. */
static unsigned removed_tiers(const struct kvx_decoder *d, const struct kvx_fields *f, enum medium medium,
                              enum kvx_tier tier)
{
    if (d->context->pool)
        return medium == MEDIUM_FOREIGN ? 0 : KVX_POOL_TIERS;
    if (medium == MEDIUM_UNKNOWN)
        return 0;
    if (f->rfc && medium == MEDIUM_NONE)
        return KVX_ALL_TIERS;
    bool pool = f->rfc && (kvx_field_of(f, KVX_FIELD_BACKEND)->type != KVX_WIRE_NIL ||
                           kvx_field_of(f, KVX_FIELD_OBJECT)->type != KVX_WIRE_NIL);
    return pool && tier != KVX_TIER_DEVICE ? KVX_ALL_TIERS : KVX_TIER_BIT(tier);
}

static int judge_removed(struct kvx_decoder *d, unsigned tiers, uint32_t n, struct kvx_draft *draft)
{
    size_t at = d->hashes;
    d->hashes += n;
    struct kvx_event event = {.kind = KVX_EVENT_REMOVE, .tiers = tiers, .n = n};
    return kvx_operation_add(d, draft, &event, at);
}

/* A move keeps the block's identity: resident in the new tier first, so that it is never in none. */
static int judge_transferred(struct kvx_decoder *d, const struct kvx_fields *f, uint32_t n,
                             struct kvx_draft *draft)
{
    enum kvx_tier from, to;
    enum medium from_medium = medium_of(d, kvx_field_of(f, KVX_FIELD_FROM_MEDIUM), &from);
    enum medium to_medium = medium_of(d, kvx_field_of(f, KVX_FIELD_TO_MEDIUM), &to);
    bool leaves = from_medium < MEDIUM_UNKNOWN, arrives = to_medium < MEDIUM_UNKNOWN;
    size_t at = d->hashes;
    int code = KVX_OK;
    if (!leaves || !arrives)
        draft->counter = KVX_COUNT_EVENT_MEDIUM;
    if (arrives) {
        struct kvx_event event = {.kind = KVX_EVENT_RESIDE, .tiers = KVX_TIER_BIT(to), .n = n};
        code = kvx_operation_add(d, draft, &event, at);
    }
    if (!code && leaves && !(arrives && from == to)) {
        struct kvx_event event = {.kind = KVX_EVENT_REMOVE, .tiers = KVX_TIER_BIT(from), .n = n};
        code = kvx_operation_add(d, draft, &event, at);
    }
    d->hashes += n;
    return code;
}

static int judge_cleared(struct kvx_decoder *d, const struct kvx_fields *f, struct kvx_draft *draft)
{
    enum kvx_tier tier;
    enum medium medium = medium_of(d, kvx_field_of(f, KVX_FIELD_MEDIUM), &tier);
    if (medium >= MEDIUM_UNKNOWN) {
        draft->counter = KVX_COUNT_EVENT_MEDIUM;
        return KVX_OK;
    }
    unsigned tiers = medium == MEDIUM_NONE ? KVX_ALL_TIERS : KVX_TIER_BIT(tier);
    struct kvx_event event = {.kind = KVX_EVENT_CLEAR, .tiers = tiers};
    draft->has_group = false; /* a clear is of the worker */
    draft->kind = KVX_GROUP_UNKNOWN;
    return kvx_operation_add(d, draft, &event, d->hashes);
}

static int judge_blocks(struct kvx_decoder *d, const struct kvx_fields *f, const struct kvx_batch *batch,
                        struct kvx_draft *draft)
{
    uint32_t n = 0;
    int code = read_hashes(d, f, draft, &n);
    if (code)
        return code == KVX_INVALID ? KVX_OK : code; /* the event is counted, the batch goes on */
    draft->learn = f->tag == KVX_TAG_STORED;
    if (n == 0) {
        /* an object whose key is no number: nothing says which block it is */
        bool object = kvx_field_of(f, KVX_FIELD_OBJECT)->type != KVX_WIRE_NIL;
        draft->counter = object ? KVX_COUNT_EVENT_NO_HASH : KVX_COUNT_EVENT_IGNORED;
        return KVX_OK;
    }
    if (f->tag == KVX_TAG_TRANSFERRED)
        return judge_transferred(d, f, n, draft);
    enum kvx_tier tier;
    enum medium medium = medium_of(d, kvx_field_of(f, KVX_FIELD_MEDIUM), &tier);
    bool stored = f->tag == KVX_TAG_STORED;
    unsigned tiers = stored ? KVX_TIER_BIT(tier) : removed_tiers(d, f, medium, tier);
    if (tiers == 0 || (stored && medium >= MEDIUM_UNKNOWN)) {
        draft->counter = KVX_COUNT_EVENT_MEDIUM;
        return KVX_OK;
    }
    draft->tiers = (uint8_t)KVX_TIER_BIT(tier);
    if (stored)
        return kvx_store_judge(d, f, tier, n, batch, draft);
    return judge_removed(d, tiers, n, draft);
}

/* The partition and rank of an event. KVX_INVALID: it is skipped, and counted. */
static int place_draft(struct kvx_decoder *d, const struct kvx_fields *f, struct kvx_draft *draft)
{
    int code = kvx_scope_of(d, f, &draft->scope);
    if (code) {
        d->over_limit |= code == KVX_TOO_LARGE;
        d->counts[code == KVX_TOO_LARGE ? KVX_COUNT_EVENT_LIMIT : KVX_COUNT_EVENT_MALFORMED]++;
        return KVX_INVALID;
    }
    const struct kvx_value *rank = kvx_field_of(f, KVX_FIELD_RANK);
    draft->has_rank = f->rfc && rank->type == KVX_WIRE_INT && !rank->negative && rank->u <= UINT32_MAX;
    if (draft->has_rank)
        draft->rank = (uint32_t)rank->u;
    return KVX_OK;
}

int kvx_event_judge(struct kvx_decoder *d, const struct kvx_fields *f, const struct kvx_batch *batch)
{
    static const enum kvx_counter not_for_us[] = {
        [KVX_TAG_MALFORMED] = KVX_COUNT_EVENT_MALFORMED,
        [KVX_TAG_UNKNOWN] = KVX_COUNT_EVENT_UNKNOWN_TAG,
        [KVX_TAG_IGNORED] = KVX_COUNT_EVENT_IGNORED,
    };
    if (f->tag < KVX_TAG_STORED) {
        d->counts[not_for_us[f->tag]]++;
        return KVX_OK;
    }
    if (!is_local(d, f)) {
        d->counts[KVX_COUNT_EVENT_LOCALITY]++;
        return KVX_OK;
    }
    struct kvx_draft *grown =
        kvx_scratch_grow(d->allocator, d->drafts, &d->draft_cap, d->draft_n + 1, sizeof *grown);
    if (!grown)
        return KVX_NOMEM;
    d->drafts = grown;
    struct kvx_draft *draft = &d->drafts[d->draft_n];
    *draft = (struct kvx_draft){.counter = KVX_COUNTER_COUNT, .first = (uint32_t)d->event_n};
    d->note = (struct kvx_salt_note){.n = 0};
    if (place_draft(d, f, draft))
        return KVX_OK;
    d->draft_n++;
    read_group(f, draft);
    return f->tag == KVX_TAG_CLEARED ? judge_cleared(d, f, draft) : judge_blocks(d, f, batch, draft);
}
