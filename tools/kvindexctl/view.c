#include "view.h"

#include "table.h"

#include <stdio.h>
#include <stdlib.h>

void ctl_age(char out[24], uint64_t then, uint64_t now)
{
    static const struct {
        uint64_t ms;
        const char *unit;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
    snprintf(out, 24, "-");
    if (then == 0 || then > now)
        return;
    size_t i = 0;
    while (i < 4 && now - then < units[i].ms)
        i++;
    snprintf(out, 24, "%llu%s", (unsigned long long)((now - then) / units[i].ms), units[i].unit);
}

/* ---- Workers ---- */

static void state_cell(struct ctl_table *t, const struct kvindex_worker *w)
{
    char text[64];
    const char *reason = kvindex_reason_name(w->reason);
    snprintf(text, sizeof(text), *reason ? "%s (%s)" : "%s", kvindex_state_name(w->state), reason);
    ctl_table_text(t, text);
}

void ctl_view_workers(struct kvx_buf *out, const struct kvindex_workers *workers, uint64_t now)
{
    static const struct ctl_column columns[] = {
        {"INSTANCE", false}, {"RANK", true},    {"STATE", false},     {"SINCE", true},     {"BLOCKS", true},
        {"SEQUENCE", true},  {"MISSING", true}, {"LAST EVENT", true}, {"ENDPOINT", false}, {0}};
    struct ctl_table t;
    char age[24];
    ctl_table_init(&t, columns, out->allocator);
    for (size_t i = 0; i < workers->n; i++) {
        const struct kvindex_worker *w = &workers->items[i];
        ctl_table_text(&t, w->instance_id);
        ctl_table_u64(&t, w->dp_rank);
        state_cell(&t, w);
        ctl_age(age, w->since_unix_ms, now);
        ctl_table_text(&t, age);
        ctl_table_u64(&t, w->device_blocks);
        if (w->has_sequence)
            ctl_table_u64(&t, w->last_sequence);
        else
            ctl_table_text(&t, "-");
        ctl_table_u64(&t, w->missing_batches);
        ctl_age(age, w->last_event_unix_ms, now);
        ctl_table_text(&t, age);
        ctl_table_text(&t, w->endpoint);
    }
    ctl_table_print(&t, out);
    ctl_table_free(&t);
}

/* Keys begin with the character that stands before them: `{` or `,`. */
static void json_text(struct kvx_buf *out, const char *key, const char *value)
{
    kvx_buf_text(out, key);
    kvx_buf_json(out, kvx_bytes_of(value));
}

static void json_u64(struct kvx_buf *out, const char *key, uint64_t value)
{
    kvx_buf_text(out, key);
    kvx_buf_u64(out, value);
}

static void json_bool(struct kvx_buf *out, const char *key, bool value)
{
    kvx_buf_text(out, key);
    kvx_buf_text(out, value ? "true" : "false");
}

/* `null` when there is none. */
static void json_maybe_u64(struct kvx_buf *out, const char *key, bool present, uint64_t value)
{
    kvx_buf_text(out, key);
    if (present)
        kvx_buf_u64(out, value);
    else
        kvx_buf_text(out, "null");
}

static void json_worker(struct kvx_buf *out, const struct kvindex_worker *w)
{
    json_text(out, "{\"instance_id\":", w->instance_id);
    json_u64(out, ",\"dp_rank\":", w->dp_rank);
    json_text(out, ",\"endpoint\":", w->endpoint);
    json_text(out, ",\"replay_endpoint\":", w->replay_endpoint);
    json_bool(out, ",\"learned\":", w->learned);
    json_text(out, ",\"state\":", kvindex_state_name(w->state));
    json_text(out, ",\"reason\":", kvindex_reason_name(w->reason));
    json_u64(out, ",\"since_unix_ms\":", w->since_unix_ms);
    json_maybe_u64(out, ",\"last_sequence\":", w->has_sequence, w->last_sequence);
    json_u64(out, ",\"missing_batches\":", w->missing_batches);
    json_u64(out, ",\"applied_batches\":", w->applied_batches);
    json_u64(out, ",\"restarts\":", w->restarts);
    json_u64(out, ",\"last_event_unix_ms\":", w->last_event_unix_ms);
    json_u64(out, ",\"block_size_tokens\":", w->block_size_tokens);
    json_text(out, ",\"model\":", w->model);
    json_text(out, ",\"tenant\":", w->tenant);
    json_u64(out, ",\"held_blocks\":{\"device\":", w->device_blocks);
    json_u64(out, ",\"host\":", w->host_blocks);
    json_u64(out, ",\"disk\":", w->disk_blocks);
    json_u64(out, ",\"external\":", w->external_blocks);
    kvx_buf_text(out, "}}");
}

void ctl_json_workers(struct kvx_buf *out, const struct kvindex_workers *workers)
{
    kvx_buf_char(out, '[');
    for (size_t i = 0; i < workers->n; i++) {
        if (i)
            kvx_buf_char(out, ',');
        json_worker(out, &workers->items[i]);
    }
    kvx_buf_text(out, "]\n");
}

/* ---- Queries ---- */

/* Most blocks first; equal ones in the server's order, which their addresses keep. */
static int better(const void *a, const void *b)
{
    const struct kvindex_hit *x = *(const struct kvindex_hit *const *)a,
                             *y = *(const struct kvindex_hit *const *)b;
    if (x->device_blocks != y->device_blocks)
        return x->device_blocks > y->device_blocks ? -1 : 1;
    if (x->through_external_blocks != y->through_external_blocks)
        return x->through_external_blocks > y->through_external_blocks ? -1 : 1;
    return x < y ? -1 : x > y;
}

static void hit_row(struct ctl_table *t, const struct kvindex_hit *h)
{
    ctl_table_text(t, h->instance_id);
    ctl_table_u64(t, h->dp_rank);
    ctl_table_u64(t, h->device_blocks);
    ctl_table_u64(t, h->through_host_blocks);
    ctl_table_u64(t, h->through_disk_blocks);
    ctl_table_u64(t, h->through_external_blocks);
    ctl_table_u64(t, h->total_blocks);
    ctl_table_text(t, kvindex_state_name(h->state));
}

void ctl_view_result(struct kvx_buf *out, const struct kvindex_result *result)
{
    static const struct ctl_column columns[] = {{"INSTANCE", false}, {"RANK", true},   {"DEVICE", true},
                                                {"+HOST", true},     {"+DISK", true},  {"+EXTERNAL", true},
                                                {"HOLDS", true},     {"STATE", false}, {0}};
    struct ctl_table t;
    size_t size = result->n * sizeof(const struct kvindex_hit *);
    kvx_buf_printf(out, "%llu blocks of %u tokens, held by %zu workers\n",
                   (unsigned long long)result->asked_blocks, result->block_size_tokens, result->n);
    if (result->n == 0)
        return;
    const struct kvindex_hit **sorted = kvx_alloc(out->allocator, size);
    if (!sorted) {
        out->failed = true;
        return;
    }
    for (size_t i = 0; i < result->n; i++)
        sorted[i] = &result->hits[i];
    qsort(sorted, result->n, sizeof(*sorted), better);
    ctl_table_init(&t, columns, out->allocator);
    for (size_t i = 0; i < result->n; i++)
        hit_row(&t, sorted[i]);
    ctl_table_print(&t, out);
    ctl_table_free(&t);
    kvx_dealloc(out->allocator, sorted, size);
}

void ctl_json_result(struct kvx_buf *out, const struct kvindex_result *result)
{
    json_u64(out, "{\"asked_blocks\":", result->asked_blocks);
    json_u64(out, ",\"block_size_tokens\":", result->block_size_tokens);
    kvx_buf_text(out, ",\"hits\":[");
    for (size_t i = 0; i < result->n; i++) {
        const struct kvindex_hit *h = &result->hits[i];
        json_text(out, i ? ",{\"instance_id\":" : "{\"instance_id\":", h->instance_id);
        json_u64(out, ",\"dp_rank\":", h->dp_rank);
        json_u64(out, ",\"device_blocks\":", h->device_blocks);
        json_u64(out, ",\"through_host_blocks\":", h->through_host_blocks);
        json_u64(out, ",\"through_disk_blocks\":", h->through_disk_blocks);
        json_u64(out, ",\"through_external_blocks\":", h->through_external_blocks);
        json_u64(out, ",\"total_blocks\":", h->total_blocks);
        json_text(out, ",\"state\":", kvindex_state_name(h->state));
        kvx_buf_char(out, '}');
    }
    kvx_buf_text(out, "]}\n");
}

/* ---- Health ---- */

void ctl_view_health(struct kvx_buf *out, const struct kvindex_health *h)
{
    kvx_buf_text(out, h->ready ? "ready" : h->draining ? "shutting down" : "not ready");
    kvx_buf_printf(out, ", %llu workers", (unsigned long long)h->workers);
    for (size_t i = 0; i < h->n_states; i++)
        kvx_buf_printf(out, "%s%llu %s", i ? ", " : ": ", (unsigned long long)h->states[i].workers,
                       kvindex_state_name(h->states[i].state));
    kvx_buf_char(out, '\n');
    for (size_t i = 0; i < h->n_reasons; i++) {
        kvx_buf_text(out, "  ");
        ctl_print_safe(out, h->reasons[i]);
        kvx_buf_char(out, '\n');
    }
}

void ctl_json_health(struct kvx_buf *out, const struct kvindex_health *h)
{
    json_bool(out, "{\"ready\":", h->ready);
    json_bool(out, ",\"draining\":", h->draining);
    kvx_buf_text(out, ",\"reasons\":[");
    for (size_t i = 0; i < h->n_reasons; i++)
        json_text(out, i ? "," : "", h->reasons[i]);
    json_u64(out, "],\"workers\":", h->workers);
    kvx_buf_text(out, ",\"workers_by_state\":{");
    for (size_t i = 0; i < h->n_states; i++) {
        json_text(out, i ? "," : "", kvindex_state_name(h->states[i].state));
        json_u64(out, ":", h->states[i].workers);
    }
    kvx_buf_text(out, "}}\n");
}

/* ---- Dump ---- */

static void json_hashes(struct kvx_buf *out, const char *key, const uint64_t *hashes, size_t n)
{
    kvx_buf_text(out, key);
    kvx_buf_char(out, '[');
    for (size_t i = 0; i < n; i++)
        json_u64(out, i ? "," : "", hashes[i]);
    kvx_buf_char(out, ']');
}

void ctl_json_stored(struct kvx_buf *out, const struct kvindex_stored *s)
{
    json_u64(out, "{\"event_id\":", s->event_id);
    json_text(out, ",\"instance_id\":", s->instance_id);
    json_u64(out, ",\"dp_rank\":", s->dp_rank);
    json_text(out, ",\"tier\":", kvindex_tier_name(s->tier));
    json_maybe_u64(out, ",\"parent_engine_hash\":", s->has_parent, s->parent_engine_hash);
    json_hashes(out, ",\"local_hashes\":", s->local_hashes, s->n);
    json_hashes(out, ",\"engine_hashes\":", s->engine_hashes, s->n);
    kvx_buf_text(out, "}\n");
}
