#include "oracle_decode.h"

#include "media.h" /* the table of names; checked by a test of its own */

#include <stdlib.h>

/* One event, whatever its encoding. */
struct view {
    const msgpack_object *o; /* ARRAY or MAP */
    const msgpack_object *tag;
    bool rfc;
};

/* ---- Fields, by name in maps and by position in arrays. ---- */

enum tag { MALFORMED, UNKNOWN, IGNORED, STORED, REMOVED, CLEARED, TRANSFERRED };

static enum tag tag_of(const msgpack_object *o)
{
    msgpack_object text = *o;
    if (o->type == MSGPACK_OBJECT_BIN) {
        text.type = MSGPACK_OBJECT_STR;
        text.via.str.ptr = o->via.bin.ptr;
        text.via.str.size = o->via.bin.size;
    }
    if (text.type != MSGPACK_OBJECT_STR)
        return MALFORMED;
    if (oracle_is(&text, "BlockStored") || oracle_is(&text, "stored"))
        return STORED;
    if (oracle_is(&text, "BlockRemoved") || oracle_is(&text, "removed"))
        return REMOVED;
    if (oracle_is(&text, "AllBlocksCleared") || oracle_is(&text, "TierBlocksCleared") ||
        oracle_is(&text, "cleared"))
        return CLEARED;
    if (oracle_is(&text, "BlockTransferred"))
        return TRANSFERRED;
    return oracle_is(&text, "Ignored") ? IGNORED : UNKNOWN;
}

static const struct {
    enum tag tag;
    const char *name;
    uint32_t position;
} positions[] = {
    {STORED, "block_hashes", 1},      {STORED, "parent_block_hash", 2}, {STORED, "token_ids", 3},
    {STORED, "block_size", 4},        {STORED, "lora_id", 5},           {STORED, "medium", 6},
    {STORED, "lora_name", 7},         {STORED, "extra_keys", 8},        {REMOVED, "block_hashes", 1},
    {REMOVED, "medium", 2},           {REMOVED, "group_idx", 3},        {CLEARED, "medium", 1},
    {TRANSFERRED, "block_hashes", 1}, {TRANSFERRED, "from_medium", 2},  {TRANSFERRED, "to_medium", 3},
    {TRANSFERRED, "group_idx", 4},
};

/* What stands from position 9 of a store on is known by its type. */
static const msgpack_object *tail_field(const msgpack_object *array, const char *name)
{
    const msgpack_object *found = &oracle_nil;
    for (uint32_t i = 9; i < array->via.array.size; i++) {
        const msgpack_object *o = &array->via.array.ptr[i];
        bool text = o->type == MSGPACK_OBJECT_STR;
        if ((!strcmp(name, "group_idx") && i == 9 && oracle_is_integer(o)) ||
            (!strcmp(name, "kv_cache_spec_kind") && i < 12 && text) ||
            (!strcmp(name, "locality") && i == 12 && text) ||
            (!strcmp(name, "token_offset") && i == 12 && oracle_is_integer(o)) ||
            (!strcmp(name, "block_mm_infos") && o->type == MSGPACK_OBJECT_ARRAY))
            found = o;
    }
    return found;
}

static const msgpack_object *field(const struct view *v, const char *name)
{
    if (v->o->type == MSGPACK_OBJECT_MAP)
        return oracle_get(v->o, name);
    enum tag tag = tag_of(v->tag);
    for (size_t i = 0; i < sizeof positions / sizeof *positions; i++) {
        if (positions[i].tag != tag || strcmp(positions[i].name, name) != 0)
            continue;
        const msgpack_object *o = oracle_at(v->o, positions[i].position);
        return !strcmp(name, "medium") && oracle_is_integer(o) ? &oracle_nil : o;
    }
    return tag == STORED ? tail_field(v->o, name) : &oracle_nil;
}

/* ---- Values. ---- */

/* A pool cannot have said DEVICE_OF_A_POOL. */
enum medium { NO_MEDIUM, A_TIER, NOT_KNOWN, DEVICE_OF_A_POOL };

static enum medium medium_of(const struct oracle *oracle, const msgpack_object *o, enum kvx_tier *tier)
{
    *tier = oracle->pool ? KVX_TIER_HOST : KVX_TIER_DEVICE;
    if (oracle_absent(o) || oracle_is(o, ""))
        return NO_MEDIUM;
    if (o->type != MSGPACK_OBJECT_STR ||
        !kvx_medium_tier((struct kvx_bytes){o->via.str.ptr, o->via.str.size}, tier))
        return NOT_KNOWN;
    return oracle->pool && *tier == KVX_TIER_DEVICE ? DEVICE_OF_A_POOL : A_TIER;
}

/* ---- Groups. ---- */

enum kind { KIND_UNKNOWN, KIND_FULL, KIND_PARTIAL };

static enum kind kind_of(const msgpack_object *o)
{
    if (o->type != MSGPACK_OBJECT_STR || oracle_is(o, "") || oracle_is(o, "unknown"))
        return KIND_UNKNOWN;
    bool full = oracle_is(o, "full_attention") || oracle_is(o, "mla_attention") ||
                oracle_is(o, "sink_full_attention");
    return full ? KIND_FULL : KIND_PARTIAL;
}

static uint32_t group_of(const msgpack_object *o)
{
    return oracle_is_u32(o) ? (uint32_t)o->via.u64 : UINT32_MAX;
}

/* May this event count, leaving tiers aside? Learns from it first. */
static bool group_allows(struct oracle *o, const struct view *v, bool learn)
{
    const msgpack_object *group = field(v, "group_idx");
    enum kind kind = kind_of(field(v, "kv_cache_spec_kind"));
    uint32_t rank = o->rank;
    if (!oracle_is_integer(group))
        return kind != KIND_PARTIAL;
    struct oracle_group *known = NULL;
    for (size_t i = 0; i < o->n_groups; i++)
        if (o->groups[i].rank == rank && o->groups[i].group == group_of(group))
            known = &o->groups[i];
    if (learn && kind != KIND_UNKNOWN) {
        if (!known && o->n_groups < ORACLE_GROUPS_MAX)
            known = &o->groups[o->n_groups++];
        if (known)
            *known = (struct oracle_group){rank, group_of(group), kind == KIND_FULL};
    }
    if (kind != KIND_UNKNOWN)
        return kind == KIND_FULL;
    return known ? known->full : group_of(group) == 0;
}

/* ---- Events. ---- */

struct verdict {
    bool allowed, skipped;
};

static void emit(struct oracle *o, struct verdict *v, struct kvx_event event)
{
    bool storage = event.tiers & (KVX_TIER_BIT(KVX_TIER_DISK) | KVX_TIER_BIT(KVX_TIER_EXTERNAL));
    if (!v->allowed && !storage) {
        v->skipped = true;
        return;
    }
    if (o->batch.n == o->events_cap) {
        o->events_cap = 2 * o->events_cap + 16;
        o->events = realloc(o->events, o->events_cap * sizeof *o->events);
    }
    event.scope = o->scope;
    event.has_rank = o->has_rank;
    event.rank = o->rank;
    o->events[o->batch.n++] = event;
}

/* Tokens of an event: flattened, when they are pairs. NULL: unusable. */
static uint32_t *tokens_of(struct oracle *o, const msgpack_object *list, bool *pairs)
{
    uint32_t n = list->via.array.size;
    uint32_t *out = msgpack_zone_malloc(o->unpacked.zone, (n + 1) * sizeof *out);
    *pairs = list->via.array.ptr[0].type == MSGPACK_OBJECT_ARRAY;
    for (uint32_t i = 0; i < n; i++) {
        const msgpack_object *t = &list->via.array.ptr[i];
        if (*pairs) {
            if (t->type != MSGPACK_OBJECT_ARRAY || t->via.array.size != 2 ||
                !oracle_is_u32(oracle_at(t, 0)) || !oracle_is_u32(oracle_at(t, 1)))
                return NULL;
            out[i + 1] = (uint32_t)oracle_at(t, 1)->via.u64;
            t = oracle_at(t, 0);
        }
        if (!oracle_is_u32(t))
            return NULL;
        out[i] = (uint32_t)t->via.u64;
    }
    return out;
}

static bool says_further_on(const struct view *v)
{
    const msgpack_object *tokens = field(v, "token_offset"), *blocks = field(v, "base_block_idx");
    return (oracle_is_integer(tokens) && tokens->via.u64) || (oracle_is_integer(blocks) && blocks->via.u64);
}

static uint32_t block_size_of(const struct oracle *o)
{
    return o->scope && o->scope->block_size ? o->scope->block_size : o->block_size;
}

static struct oracle_keys keys_of(const struct oracle *o, const struct view *v, const struct kvx_event *event)
{
    struct oracle_keys keys = {.lora = field(v, "lora_name"),
                               .lora_id = field(v, "lora_id"),
                               .salt = field(v, "cache_salt"),
                               .extra = field(v, "extra_keys"),
                               .mm_infos = field(v, "block_mm_infos"),
                               .mm_keys = field(v, "mm_keys"),
                               .default_lora = o->lora_name};
    if (event->has_parent)
        keys.inherited = oracle_salt_find(o, event->parent);
    if (!keys.inherited && event->tiers != KVX_TIER_BIT(KVX_TIER_DEVICE))
        keys.inherited = oracle_salt_find(o, event->engine[0]);
    return keys;
}

/* The store's blocks that have usable tokens, and their local hashes. *whole: how many have tokens at all. */
static uint32_t hash_store(struct oracle *o, const struct view *v, const struct kvx_event *event, uint32_t n,
                           uint64_t *local, uint32_t *whole, struct oracle_keys *keys)
{
    uint32_t block = block_size_of(o);
    const msgpack_object *list = field(v, "token_ids"), *size = field(v, "block_size");
    bool pairs;
    *whole = 0;
    bool sized = v->rfc || (oracle_is_u32(size) && size->via.u64 == block);
    if (list->type != MSGPACK_OBJECT_ARRAY || !list->via.array.size || !sized ||
        (!event->has_parent && says_further_on(v)) || list->via.array.size > (uint64_t)n * block)
        return 0;
    uint32_t *tokens = tokens_of(o, list, &pairs);
    if (!tokens)
        return 0;
    *whole = list->via.array.size / block;
    return oracle_hash(keys, tokens, pairs, block, n, *whole, local);
}

/* What the store, which counts, says of salts: all its blocks have the one that was found. */
static void learn_salts(struct oracle *o, const struct kvx_event *event, const struct oracle_keys *keys,
                        uint32_t understood)
{
    uint32_t n = keys->ambiguous || keys->found.len ? event->n : understood;
    for (uint32_t i = 0; i < n; i++)
        oracle_salt_learn(o, event->engine[i], keys->found, keys->ambiguous);
}

static enum kvx_counter store(struct oracle *o, const struct view *v, struct verdict *verdict,
                              struct kvx_event event)
{
    const msgpack_object *size = field(v, "block_size"), *tokens = field(v, "token_ids");
    if (size->type == MSGPACK_OBJECT_POSITIVE_INTEGER && size->via.u64 && size->via.u64 != block_size_of(o)) {
        bool storage = event.tiers & (KVX_TIER_BIT(KVX_TIER_DISK) | KVX_TIER_BIT(KVX_TIER_EXTERNAL));
        if (verdict->allowed || storage)
            o->batch.foreign_block_size = oracle_is_u32(size) ? (uint32_t)size->via.u64 : UINT32_MAX;
        return KVX_COUNT_EVENT_BLOCK_SIZE;
    }
    const msgpack_object *parent = field(v, "parent_hash");
    if (oracle_absent(parent))
        parent = field(v, "parent_block_hash");
    event.has_parent = !oracle_absent(parent) && !(oracle_is_integer(parent) && parent->via.u64 == 0);
    if (event.has_parent && !oracle_hash_of(parent, &event.parent))
        return KVX_COUNT_EVENT_BAD_HASH;
    for (uint32_t i = 0; i < event.n && event.has_parent; i++)
        if (event.engine[i] == event.parent)
            return KVX_COUNT_EVENT_SELF_PARENT;

    uint32_t n = event.n, whole;
    uint64_t *local = msgpack_zone_malloc(o->unpacked.zone, n * sizeof *local);
    struct oracle_keys keys = keys_of(o, v, &event);
    uint32_t understood = hash_store(o, v, &event, n, local, &whole, &keys);
    if (verdict->allowed || (event.tiers & (KVX_TIER_BIT(KVX_TIER_DISK) | KVX_TIER_BIT(KVX_TIER_EXTERNAL))))
        learn_salts(o, &event, &keys, understood);
    struct kvx_event reside = {
        .kind = KVX_EVENT_RESIDE, .tiers = event.tiers, .n = n - whole, .engine = event.engine + whole};
    event.kind = KVX_EVENT_STORE;
    event.n = understood;
    event.local = local;
    if (understood)
        emit(o, verdict, event);
    if (understood < whole)
        return keys.ambiguous ? KVX_COUNT_EVENT_SALT_AMBIGUOUS : KVX_COUNT_EVENT_EXTRA_KEYS;
    if (reside.n) {
        bool given =
            tokens->type == MSGPACK_OBJECT_ARRAY ? tokens->via.array.size > 0 : !oracle_absent(tokens);
        emit(o, verdict, reside);
        if (given && !verdict->skipped)
            o->batch.unusable_blocks += reside.n;
    }
    return KVX_COUNTER_COUNT;
}

static enum kvx_counter transfer(struct oracle *o, const struct view *v, struct verdict *verdict,
                                 struct kvx_event event)
{
    enum kvx_tier from, to;
    bool leaves = medium_of(o, field(v, "from_medium"), &from) < NOT_KNOWN,
         arrives = medium_of(o, field(v, "to_medium"), &to) < NOT_KNOWN;
    event.kind = KVX_EVENT_RESIDE;
    event.tiers = KVX_TIER_BIT(to);
    if (arrives)
        emit(o, verdict, event);
    event.kind = KVX_EVENT_REMOVE;
    event.tiers = KVX_TIER_BIT(from);
    if (leaves && !(arrives && to == from))
        emit(o, verdict, event);
    if (!leaves && !arrives)
        verdict->skipped = !verdict->allowed;
    return leaves && arrives ? KVX_COUNTER_COUNT : KVX_COUNT_EVENT_MEDIUM;
}

/* An event that names blocks. Returns what to count, unless the group rule skips it. */
static enum kvx_counter blocks(struct oracle *o, const struct view *v, struct verdict *verdict)
{
    const msgpack_object *list = field(v, "seq_hashes"), *legacy = field(v, "block_hashes");
    if (oracle_absent(list) ||
        (list->type == MSGPACK_OBJECT_ARRAY && !list->via.array.size && !oracle_absent(legacy)))
        list = legacy;
    uint32_t n = list->type == MSGPACK_OBJECT_ARRAY ? list->via.array.size : 0;
    uint64_t *engine = msgpack_zone_malloc(o->unpacked.zone, (n + 1) * sizeof *engine);
    bool good = list->type == MSGPACK_OBJECT_ARRAY;
    enum kvx_counter bad = good ? KVX_COUNT_EVENT_BAD_HASH : KVX_COUNT_EVENT_MALFORMED;
    for (uint32_t i = 0; i < n && good; i++)
        good = oracle_hash_of(&list->via.array.ptr[i], &engine[i]);
    verdict->allowed = group_allows(o, v, good && tag_of(v->tag) == STORED);
    if (!good || !n) {
        verdict->skipped = !verdict->allowed;
        enum kvx_counter nothing =
            oracle_absent(field(v, "object_key")) ? KVX_COUNT_EVENT_IGNORED : KVX_COUNT_EVENT_NO_HASH;
        return good ? nothing : bad;
    }
    struct kvx_event event = {.kind = KVX_EVENT_REMOVE, .n = n, .engine = engine};
    if (tag_of(v->tag) == TRANSFERRED)
        return transfer(o, v, verdict, event);
    enum kvx_tier tier;
    enum medium medium = medium_of(o, field(v, "medium"), &tier);
    bool removal_from_a_pool = o->pool && tag_of(v->tag) == REMOVED;
    if (removal_from_a_pool ? medium == DEVICE_OF_A_POOL : medium >= NOT_KNOWN) {
        verdict->skipped = !verdict->allowed;
        return KVX_COUNT_EVENT_MEDIUM;
    }
    event.tiers = KVX_TIER_BIT(tier);
    if (tag_of(v->tag) == STORED) {
        size_t before = o->batch.n;
        enum kvx_counter counter = store(o, v, verdict, event);
        if (o->batch.n == before && tier <= KVX_TIER_HOST)
            verdict->skipped = !verdict->allowed;
        return counter;
    }
    if (o->pool)
        event.tiers = KVX_POOL_TIERS;
    bool pool = !oracle_absent(field(v, "backend_id")) || !oracle_absent(field(v, "object_key"));
    if (!o->pool && v->rfc && (medium == NO_MEDIUM || (pool && tier != KVX_TIER_DEVICE)))
        event.tiers = KVX_ALL_TIERS;
    emit(o, verdict, event);
    return KVX_COUNTER_COUNT;
}

static enum kvx_counter clear(struct oracle *o, const struct view *v, struct verdict *verdict)
{
    enum kvx_tier tier;
    enum medium medium = medium_of(o, field(v, "medium"), &tier);
    verdict->allowed = true;
    if (medium >= NOT_KNOWN)
        return KVX_COUNT_EVENT_MEDIUM;
    struct kvx_event event = {.kind = KVX_EVENT_CLEAR,
                              .tiers = medium == A_TIER ? KVX_TIER_BIT(tier) : KVX_ALL_TIERS};
    emit(o, verdict, event);
    if (medium == NO_MEDIUM)
        oracle_salt_clear(o);
    return KVX_COUNTER_COUNT;
}

static bool is_near(const struct oracle *o, const msgpack_object *locality)
{
    return oracle_absent(locality) || oracle_is(locality, "") || oracle_is(locality, "LOCAL") ||
           (o->pool && oracle_is(locality, "REMOTE"));
}

static void judge(struct oracle *o, const struct view *v)
{
    static const enum kvx_counter skipped[] = {KVX_COUNT_EVENT_MALFORMED, KVX_COUNT_EVENT_UNKNOWN_TAG,
                                               KVX_COUNT_EVENT_IGNORED};
    enum tag tag = tag_of(v->tag);
    enum kvx_counter counter;
    if (tag < STORED) {
        counter = skipped[tag];
    } else if (!is_near(o, field(v, "locality"))) {
        counter = KVX_COUNT_EVENT_LOCALITY;
    } else if ((counter = oracle_place(o, v->o, v->rfc)) == KVX_COUNTER_COUNT) {
        struct verdict verdict = {.allowed = false};
        counter = tag == CLEARED ? clear(o, v, &verdict) : blocks(o, v, &verdict);
        if (verdict.skipped)
            counter = KVX_COUNT_EVENT_GROUP;
    }
    if (counter != KVX_COUNTER_COUNT)
        o->counts[counter]++;
}

static void event(struct oracle *o, const msgpack_object *e)
{
    static const msgpack_object nothing = {.type = MSGPACK_OBJECT_MAP};
    msgpack_object inner, lone;
    struct view v = {.o = e, .tag = &oracle_nil};
    bool text = e->type == MSGPACK_OBJECT_STR;
    if (text && tag_of(e) != UNKNOWN) {
        lone = (msgpack_object){.type = MSGPACK_OBJECT_ARRAY, .via.array = {1, (msgpack_object *)e}};
        v.o = &lone;
    } else if (text || e->type == MSGPACK_OBJECT_BIN) {
        bool whole = text ? oracle_unpack(o->unpacked.zone, e->via.str.ptr, e->via.str.size, 2, &inner)
                          : oracle_unpack(o->unpacked.zone, e->via.bin.ptr, e->via.bin.size, 2, &inner);
        v.o = whole ? &inner : &oracle_nil;
    }
    if (v.o->type == MSGPACK_OBJECT_ARRAY)
        v.tag = oracle_at(v.o, 0);
    else if (v.o->type != MSGPACK_OBJECT_MAP)
        v.o = &nothing;
    if (v.o->type == MSGPACK_OBJECT_MAP) {
        v.rfc = !oracle_absent(oracle_get(v.o, "event_type"));
        v.tag = oracle_get(v.o, v.rfc ? "event_type" : "type");
    }
    judge(o, &v);
}

/* ---- Batches. ---- */

static void read_time(struct kvx_batch *b, const msgpack_object *o)
{
    double seconds = -1;
    if (o->type == MSGPACK_OBJECT_FLOAT32 || o->type == MSGPACK_OBJECT_FLOAT64)
        seconds = o->via.f64;
    if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
        b->has_time = true;
        b->time_ms = o->via.u64 <= 100000000000 ? 1000 * o->via.u64 : o->via.u64;
    } else if (seconds >= 0 && seconds < 9e18) {
        b->has_time = true;
        b->time_ms = seconds <= 1e11 ? (uint64_t)(1000 * seconds) : (uint64_t)seconds;
    }
}

static const msgpack_object *last_of(const msgpack_object *map, const char *a, const char *b)
{
    const msgpack_object *found = &oracle_nil;
    for (uint32_t i = 0; i < map->via.map.size; i++)
        if (oracle_is(&map->via.map.ptr[i].key, a) || oracle_is(&map->via.map.ptr[i].key, b))
            found = &map->via.map.ptr[i].val;
    return found;
}

enum kvx_counter oracle_decode(struct oracle *o, const uint8_t *data, size_t size)
{
    msgpack_object batch;
    memset(&o->batch, 0, sizeof o->batch);
    memset(o->counts, 0, sizeof o->counts);
    o->n_scopes = 0;
    msgpack_unpacked_init(&o->unpacked);
    o->unpacked.zone = msgpack_zone_new(MSGPACK_ZONE_CHUNK_SIZE);
    if (!oracle_unpack(o->unpacked.zone, (const char *)data, size, 0, &batch))
        return KVX_COUNT_PAYLOAD_BROKEN;
    const msgpack_object *time = &oracle_nil, *events = &oracle_nil, *rank = &oracle_nil;
    if (batch.type == MSGPACK_OBJECT_ARRAY && batch.via.array.size >= 2) {
        time = oracle_at(&batch, 0);
        events = oracle_at(&batch, 1);
        rank = oracle_at(&batch, 2);
    } else if (batch.type == MSGPACK_OBJECT_MAP) {
        time = oracle_get(&batch, "ts");
        events = oracle_get(&batch, "events");
        rank = last_of(&batch, "data_parallel_rank", "attn_dp_rank");
    }
    if (events->type != MSGPACK_OBJECT_ARRAY)
        return KVX_COUNT_PAYLOAD_SHAPE;
    read_time(&o->batch, time);
    o->batch.has_rank = oracle_is_u32(rank);
    o->batch.rank = o->batch.has_rank ? (uint32_t)rank->via.u64 : 0;
    for (uint32_t i = 0; i < events->via.array.size; i++)
        event(o, &events->via.array.ptr[i]);
    o->batch.events = o->events;
    return 0;
}

void oracle_done(struct oracle *o)
{
    msgpack_unpacked_destroy(&o->unpacked);
    free(o->events);
    o->events = NULL;
    o->events_cap = 0;
}
