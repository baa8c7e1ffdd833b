#include "decoder.h"

void *kvx_scratch_grow(const struct kvx_allocator *a, void *array, size_t *cap, size_t need, size_t item)
{
    if (array && need <= *cap)
        return array;
    size_t grown = 2 * *cap > need ? 2 * *cap : need;
    if (grown < 64)
        grown = 64;
    size_t size = kvx_size_mul(grown, item);
    void *moved = size ? kvx_realloc(a, array, *cap * item, size) : NULL;
    if (moved)
        *cap = grown;
    return moved;
}

int kvx_decoder_new(struct kvx_decoder **out, const struct kvx_allocator *a)
{
    struct kvx_decoder *d = kvx_alloc_zeroed(a, sizeof *d);
    if (!d)
        return KVX_NOMEM;
    d->allocator = a;
    *out = d;
    return KVX_OK;
}

void kvx_decoder_free(struct kvx_decoder *d)
{
    if (!d)
        return;
    const struct kvx_allocator *a = d->allocator;
    kvx_dealloc(a, d->events, d->event_cap * sizeof *d->events);
    kvx_dealloc(a, d->drafts, d->draft_cap * sizeof *d->drafts);
    kvx_dealloc(a, d->places, d->place_cap * sizeof *d->places);
    kvx_dealloc(a, d->local, d->local_cap * sizeof *d->local);
    kvx_dealloc(a, d->engine, d->engine_cap * sizeof *d->engine);
    kvx_dealloc(a, d->tokens.at, d->tokens.cap * sizeof *d->tokens.at);
    kvx_dealloc(a, d, sizeof *d);
}

/* Seconds or milliseconds since 1970, as an integer or a float: values beyond 10^11 are milliseconds. */
static void read_time(const struct kvx_value *v, struct kvx_batch *out)
{
    static const double ms_from = 1e11, too_late = 9e18;
    out->has_time = false;
    if (v->type == KVX_WIRE_INT && !v->negative) {
        out->has_time = true;
        out->time_ms = v->u > (uint64_t)ms_from ? v->u : v->u * 1000;
    } else if (v->type == KVX_WIRE_FLOAT && v->f >= 0 && v->f < too_late) {
        out->has_time = true;
        out->time_ms = (uint64_t)(v->f > ms_from ? v->f : v->f * 1000);
    }
}

static void read_rank(const struct kvx_value *v, struct kvx_batch *out)
{
    out->has_rank = v->type == KVX_WIRE_INT && !v->negative && v->u <= UINT32_MAX;
    out->rank = out->has_rank ? (uint32_t)v->u : 0;
}

/* The rule for attention groups: full attention counts, by the event's own word or by what was learned; where
 * nothing is known, only the first group does. */
static bool group_allows(const struct kvx_draft *draft, uint32_t rank, const struct kvx_groups *groups)
{
    enum kvx_group_kind kind = (enum kvx_group_kind)draft->kind;
    if (kind == KVX_GROUP_UNKNOWN && draft->has_group)
        kind = kvx_groups_kind(groups, rank, draft->group);
    if (kind == KVX_GROUP_UNKNOWN)
        return !draft->has_group || draft->group == 0;
    return kind == KVX_GROUP_FULL;
}

/* Storage tiers hold whole prefixes only, whatever group announces them. */
static bool tiers_bypass_groups(unsigned tiers)
{
    return (tiers & (KVX_TIER_BIT(KVX_TIER_DISK) | KVX_TIER_BIT(KVX_TIER_EXTERNAL))) != 0;
}

/* What an event that counts says of salts, for those that follow. */
static int remember_salts(struct kvx_decoder *d, const struct kvx_draft *draft, uint32_t rank)
{
    struct kvx_salts *salts = d->context->salts;
    uint32_t owner = kvx_salt_owner(draft->scope, rank);
    const struct kvx_event *event = &d->events[draft->first];
    if (draft->n && event->kind == KVX_EVENT_CLEAR && event->tiers == KVX_ALL_TIERS)
        kvx_salts_clear(salts, owner);
    if (d->note.n == 0)
        return KVX_OK;
    return kvx_salts_learn(salts, owner, d->engine + d->note.at, d->note.n, d->note.salt,
                           &d->counts[KVX_COUNT_SALTS_DROPPED]);
}

/* Applies the rules that need the rank, and counts the event. */
static int decide(struct kvx_decoder *d, const struct kvx_draft *draft, struct kvx_batch *out)
{
    struct kvx_groups *groups = d->context->groups;
    uint32_t rank;
    bool has_rank = kvx_draft_rank(d, draft, out, &rank);
    if (draft->learn && draft->has_group && draft->kind != KVX_GROUP_UNKNOWN) {
        int code = kvx_groups_learn(groups, rank, draft->group, (enum kvx_group_kind)draft->kind);
        if (code)
            return code;
    }
    bool allowed = group_allows(draft, rank, groups), storage = tiers_bypass_groups(draft->tiers);
    bool skipped = !allowed && draft->n == 0 && !storage;
    for (uint32_t i = draft->first; i < draft->first + draft->n; i++) {
        struct kvx_event *event = &d->events[i];
        event->has_rank = has_rank;
        event->rank = rank;
        if (!allowed && !tiers_bypass_groups(event->tiers)) {
            d->places[i] = KVX_DROPPED;
            skipped = true;
        }
    }
    if (d->pass == KVX_PASS_SALTED && (allowed || storage)) {
        int code = remember_salts(d, draft, rank);
        if (code)
            return code;
    }
    if (skipped) {
        d->counts[KVX_COUNT_EVENT_GROUP]++;
        return KVX_OK;
    }
    if (draft->counter != KVX_COUNTER_COUNT)
        d->counts[draft->counter]++;
    if (draft->foreign_block_size)
        out->foreign_block_size = draft->foreign_block_size;
    out->unusable_blocks += draft->unusable;
    return KVX_OK;
}

static int read_events(struct kvx_decoder *d, struct kvx_cursor *c, const struct kvx_value *list,
                       struct kvx_batch *out)
{
    struct kvx_fields fields;
    if (list->type != KVX_WIRE_ARRAY)
        return KVX_INVALID;
    if (d->pass == KVX_PASS_FRAME)
        return kvx_cursor_skip_content(c, list, 1) ? KVX_OK : KVX_INVALID;
    for (uint32_t i = 0; i < list->count; i++) {
        size_t drafts = d->draft_n;
        int code = kvx_event_read(d, c, 2, &fields);
        if (!code)
            code = kvx_event_judge(d, &fields, out);
        if (!code && d->pass == KVX_PASS_SALTED && d->draft_n > drafts)
            code = decide(d, &d->drafts[drafts], out);
        if (code)
            return code;
    }
    return KVX_OK;
}

/* [time, events, rank?, ...] */
static int read_array(struct kvx_decoder *d, struct kvx_cursor *c, uint32_t count, struct kvx_batch *out)
{
    struct kvx_value v;
    if (count < 2 || !kvx_cursor_next(c, &v) || !kvx_cursor_skip_content(c, &v, 1))
        return KVX_INVALID;
    read_time(&v, out);
    if (!kvx_cursor_next(c, &v))
        return KVX_INVALID;
    int code = read_events(d, c, &v, out);
    if (code || count == 2)
        return code;
    if (!kvx_cursor_next(c, &v) || !kvx_cursor_skip_content(c, &v, 1))
        return KVX_INVALID;
    read_rank(&v, out);
    return kvx_cursor_skip(c, count - 3, 1) ? KVX_OK : KVX_INVALID;
}

/* {ts, events, data_parallel_rank}, in any order */
static int read_map(struct kvx_decoder *d, struct kvx_cursor *c, uint32_t count, struct kvx_batch *out)
{
    struct kvx_value key, v, events = {.type = KVX_WIRE_NIL};
    for (uint32_t i = 0; i < count; i++) {
        if (!kvx_cursor_next(c, &key) || !kvx_cursor_skip_content(c, &key, 1) || !kvx_cursor_next(c, &v) ||
            !kvx_cursor_skip_content(c, &v, 1))
            return KVX_INVALID;
        if (key.type != KVX_WIRE_STR)
            continue;
        if (kvx_bytes_is(key.bytes, "ts"))
            read_time(&v, out);
        else if (kvx_bytes_is(key.bytes, "events"))
            events = v;
        else if (kvx_bytes_is(key.bytes, "data_parallel_rank") || kvx_bytes_is(key.bytes, "attn_dp_rank"))
            read_rank(&v, out);
    }
    if (events.type != KVX_WIRE_ARRAY)
        return KVX_INVALID;
    struct kvx_cursor inside = {events.content, c->end};
    return read_events(d, &inside, &events, out);
}

static int read_batch(struct kvx_decoder *d, struct kvx_bytes payload, struct kvx_batch *out)
{
    struct kvx_cursor c = kvx_cursor_of(payload);
    struct kvx_value head;
    if (!kvx_cursor_next(&c, &head))
        return KVX_INVALID;
    int code = KVX_INVALID;
    if (head.type == KVX_WIRE_ARRAY)
        code = read_array(d, &c, head.count, out);
    else if (head.type == KVX_WIRE_MAP)
        code = read_map(d, &c, head.count, out);
    return !code && kvx_cursor_left(&c) ? KVX_INVALID : code;
}

/* Which of the two a refused payload is: not msgpack, or msgpack that is no batch. */
static enum kvx_counter refusal(struct kvx_bytes payload)
{
    struct kvx_cursor c = kvx_cursor_of(payload);
    return kvx_cursor_skip(&c, 1, 0) && kvx_cursor_left(&c) == 0 ? KVX_COUNT_PAYLOAD_SHAPE
                                                                 : KVX_COUNT_PAYLOAD_BROKEN;
}

/* What is left of the operations, with their arrays. */
static void finish_batch(struct kvx_decoder *d, struct kvx_batch *out)
{
    for (size_t i = 0; i < d->event_n; i++) {
        size_t at = d->places[i];
        if (at == KVX_DROPPED)
            continue;
        struct kvx_event *event = &d->events[out->n];
        if (out->n != i)
            *event = d->events[i];
        event->engine = event->n ? d->engine + at : NULL;
        event->local = event->kind == KVX_EVENT_STORE ? d->local + at : NULL;
        out->n++;
    }
    out->events = d->events;
    out->over_limit = d->over_limit;
}

static int run_pass(struct kvx_decoder *d, enum kvx_pass pass, struct kvx_bytes payload,
                    struct kvx_batch *out)
{
    d->pass = pass;
    d->hashes = d->event_n = d->draft_n = d->scope_n = 0;
    d->names_salt = d->over_limit = false;
    memset(d->counts, 0, sizeof d->counts);
    return read_batch(d, payload, out);
}

static int decode_plain(struct kvx_decoder *d, struct kvx_bytes payload, struct kvx_batch *out)
{
    int code = run_pass(d, KVX_PASS_PLAIN, payload, out);
    if (d->names_salt && d->context->salts)
        return code;
    for (size_t i = 0; !code && i < d->draft_n; i++)
        code = decide(d, &d->drafts[i], out);
    return code;
}

static int decode_salted(struct kvx_decoder *d, struct kvx_bytes payload, struct kvx_batch *out)
{
    int code = run_pass(d, KVX_PASS_FRAME, payload, out);
    return code ? code : run_pass(d, KVX_PASS_SALTED, payload, out);
}

int kvx_decode(struct kvx_decoder *d, const struct kvx_decode_context *context, struct kvx_bytes payload,
               struct kvx_batch *out, enum kvx_counter *reason)
{
    int code = KVX_OK;
    struct kvx_batch batch = {.n = 0};
    d->context = context;
    bool salted = context->salts && kvx_salts_count(context->salts) > 0;
    if (!salted) {
        code = decode_plain(d, payload, &batch);
        salted = context->salts && d->names_salt;
    }
    if (!code && salted)
        code = decode_salted(d, payload, &batch);
    if (code) {
        *reason = code == KVX_NOMEM ? KVX_COUNT_PAYLOAD_MEMORY : refusal(payload);
        return code;
    }
    finish_batch(d, &batch);
    if (context->metrics)
        for (int i = 0; i < KVX_COUNTER_COUNT; i++)
            kvx_count(context->metrics, (enum kvx_counter)i, d->counts[i]);
    *out = batch;
    return KVX_OK;
}
