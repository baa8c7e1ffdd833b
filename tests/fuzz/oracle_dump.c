#include "oracle_dump.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static void put_name(struct kvx_buf *out, struct kvx_bytes name)
{
    kvx_buf_json(out, name.data ? name : kvx_bytes_of(""));
    kvx_buf_char(out, ' ');
}

void oracle_dump_run(struct kvx_buf *out, const struct kvx_recovered_run *run)
{
    put_name(out, run->partition.model);
    put_name(out, run->partition.tenant);
    put_name(out, run->partition.additional_salt);
    put_name(out, run->instance);
    kvx_buf_printf(out, "%u %u %u", run->partition.block_size, run->dp_rank, (unsigned)run->tier);
    if (run->has_parent)
        kvx_buf_printf(out, " below %" PRIu64, run->parent);
    for (size_t i = 0; i < run->n; i++)
        kvx_buf_printf(out, " %" PRIu64 "=%" PRIu64, run->local[i], run->engine[i]);
    kvx_buf_char(out, '\n');
}

/* Where the events of a partition go, and how their runs are gathered. */
struct place {
    struct kvx_buf *out;
    struct kvx_partition_choice choice;
    bool usable;
};

static bool number(const json_t *v, uint64_t max, uint64_t *out)
{
    if (!json_is_integer(v) || json_integer_value(v) < 0 || (uint64_t)json_integer_value(v) > max)
        return false;
    *out = (uint64_t)json_integer_value(v);
    return true;
}

static struct kvx_bytes text_of(const json_t *string)
{
    return (struct kvx_bytes){json_string_value(string), json_string_length(string)};
}

/* "worker_id" as text; `digits` has room for a number's. */
static bool instance(const json_t *v, char digits[24], struct kvx_bytes *out)
{
    uint64_t n;
    if (json_is_string(v)) {
        *out = text_of(v);
        return out->len > 0;
    }
    if (!number(v, UINT64_MAX, &n))
        return false;
    *out = (struct kvx_bytes){digits, (size_t)sprintf(digits, "%" PRIu64, n)};
    return true;
}

/* *known: the tier is one of ours. */
static bool tier(const json_t *v, enum kvx_tier *out, bool *known)
{
    static const char *const names[] = {"device", "host_pinned", "disk", "external"};
    *out = KVX_TIER_DEVICE;
    *known = true;
    if (!v)
        return true;
    if (!json_is_string(v))
        return false;
    for (unsigned i = 0; i < 4; i++)
        if (kvx_bytes_is(text_of(v), names[i])) {
            *out = (enum kvx_tier)i;
            return true;
        }
    *known = false;
    return true;
}

static bool stored(const json_t *v, const struct place *place, struct kvx_recovered_run *run, bool wanted)
{
    const json_t *blocks = json_object_get(v, "blocks"), *parent = json_object_get(v, "parent_hash");
    if (!json_is_object(v) || !json_is_array(blocks))
        return false;
    run->has_parent = parent && !json_is_null(parent);
    if (run->has_parent && !number(parent, UINT64_MAX, &run->parent))
        return false;
    size_t n = json_array_size(blocks);
    uint64_t *local = calloc(n + 1, sizeof(*local)), *engine = calloc(n + 1, sizeof(*engine));
    bool good = true;
    for (size_t i = 0; i < n && good; i++) {
        const json_t *block = json_array_get(blocks, i);
        good = number(json_object_get(block, "block_hash"), UINT64_MAX, &engine[i]) &&
               number(json_object_get(block, "tokens_hash"), UINT64_MAX, &local[i]);
    }
    run->n = n;
    run->local = local;
    run->engine = engine;
    if (good && n && wanted && place->usable)
        oracle_dump_run(place->out, run);
    free(local);
    free(engine);
    return good;
}

static bool event(const json_t *v, const struct place *place)
{
    const json_t *inner = json_object_get(v, "event"), *data = json_object_get(inner, "data");
    const json_t *rank = json_object_get(inner, "dp_rank"), *domain = json_object_get(v, "residency_domain");
    struct kvx_recovered_run run = {.partition = place->choice};
    uint64_t n = 0;
    bool known;
    char digits[24];
    if (!data || (rank && !number(rank, UINT32_MAX, &n)) || (domain && !json_is_string(domain)) ||
        !instance(json_object_get(v, "worker_id"), digits, &run.instance) ||
        !tier(json_object_get(v, "storage_tier"), &run.tier, &known))
        return false;
    run.dp_rank = (uint32_t)n;
    if (json_is_string(data))
        return true;
    const json_t *store = json_object_get(data, "stored");
    if (!json_is_object(data) || (store && json_object_get(data, "removed")))
        return false;
    bool wanted = known && (!domain || kvx_bytes_is(text_of(domain), "worker"));
    return !store || stored(store, place, &run, wanted);
}

static bool events(const json_t *v, const struct place *place)
{
    size_t i;
    const json_t *item;
    if (!json_is_array(v))
        return false;
    json_array_foreach(v, i, item)
    {
        if (!event(item, place))
            return false;
    }
    return true;
}

/* A name a partition says plainly; NULL when it does not. */
static bool said(const json_t *partition, const char *key, const json_t **out)
{
    const json_t *v = json_object_get(partition, key);
    *out = json_is_string(v) ? v : NULL;
    return !v || json_is_null(v) || *out;
}

static bool partition(const char *key, const json_t *v, struct kvx_buf *out)
{
    const json_t *model, *group, *salt;
    struct place place = {.out = out};
    const char *colon = strrchr(key, ':');
    uint64_t size;
    if (json_object_get(v, "error") || !said(v, "model_name", &model) || !said(v, "routing_group", &group) ||
        !said(v, "additional_salt", &salt) || (!colon && !(model && group)) ||
        !number(json_object_get(v, "block_size"), UINT32_MAX, &size))
        return false;
    place.choice.model = model ? text_of(model) : (struct kvx_bytes){key, (size_t)(colon - key)};
    place.choice.tenant = group ? text_of(group) : kvx_bytes_of(colon + 1);
    if (salt)
        place.choice.additional_salt = text_of(salt);
    place.choice.block_size = (uint32_t)size;
    place.usable = size && place.choice.model.len && place.choice.tenant.len;
    return events(json_object_get(v, "events"), &place);
}

static bool partitions(json_t *tree, struct kvx_buf *out)
{
    const char *key;
    json_t *v;
    json_object_foreach(tree, key, v)
    {
        if (!partition(key, v, out))
            return false;
    }
    return true;
}

enum oracle_verdict oracle_dump(struct kvx_bytes text, struct kvx_buf *runs)
{
    json_error_t error;
    if (text.len && memchr(text.data, 0, text.len))
        return ORACLE_BAD; /* jansson passes over one behind a number */
    json_t *tree = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &error);
    if (!tree)
        return ORACLE_SILENT;
    struct place plain = {
        .out = runs,
        .choice = {.model = kvx_bytes_of("m"), .tenant = kvx_bytes_of("g"), .block_size = 16},
        .usable = true,
    };
    bool good = json_is_array(tree) ? events(tree, &plain) : partitions(tree, runs);
    json_decref(tree);
    return good ? ORACLE_GOOD : ORACLE_BAD;
}
