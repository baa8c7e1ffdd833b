/* Tables for people. */
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
        {"SEQUENCE", true},  {"MISSING", true}, {"LAST EVENT", true}, {"KIND", false},     {"MODEL", false},
        {"TENANT", false},   {"SALT", false},   {"BLOCK SIZE", true}, {"ENDPOINT", false}, {0}};
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
        ctl_table_text(&t, kvindex_kind_name(w->kind));
        ctl_table_text(&t, w->model);
        ctl_table_text(&t, w->tenant);
        ctl_table_text(&t, *w->additional_salt ? w->additional_salt : "-");
        ctl_table_u64(&t, w->block_size_tokens);
        ctl_table_text(&t, *w->endpoint ? w->endpoint : "-");
    }
    ctl_table_print(&t, out);
    ctl_table_free(&t);
}

/* ---- Partitions and peers ---- */

/* "850 B", "1.5 KiB", "12.0 MiB" and so on. */
static void size_cell(struct ctl_table *t, uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    char text[32];
    size_t unit = 0;
    uint64_t tenths = bytes > UINT64_MAX / 10 ? UINT64_MAX : bytes * 10;
    for (; tenths >= 10240 && unit < 4; unit++)
        tenths /= 1024;
    if (unit == 0)
        snprintf(text, sizeof(text), "%llu B", (unsigned long long)bytes);
    else
        snprintf(text, sizeof(text), "%llu.%u %s", (unsigned long long)(tenths / 10), (unsigned)(tenths % 10),
                 units[unit]);
    ctl_table_text(t, text);
}

static uint64_t sum(const struct kvindex_tier_blocks *t)
{
    return t->device + t->host + t->disk + t->external;
}

void ctl_view_partitions(struct kvx_buf *out, const struct kvindex_partitions *partitions)
{
    static const struct ctl_column columns[] = {{"MODEL", false},   {"TENANT", false},
                                                {"SALT", false},    {"BLOCK SIZE", true},
                                                {"WORKERS", true},  {"POOLS", true},
                                                {"PREFIXES", true}, {"DEVICE", true},
                                                {"HOST", true},     {"DISK", true},
                                                {"EXTERNAL", true}, {"IN POOLS", true},
                                                {"MEMORY", true},   {0}};
    struct ctl_table t;
    ctl_table_init(&t, columns, out->allocator);
    for (size_t i = 0; i < partitions->n; i++) {
        const struct kvindex_partition_status *p = &partitions->items[i];
        ctl_table_text(&t, p->partition.model);
        ctl_table_text(&t, p->partition.tenant);
        ctl_table_text(&t, *p->partition.additional_salt ? p->partition.additional_salt : "-");
        ctl_table_u64(&t, p->partition.block_size_tokens);
        ctl_table_u64(&t, p->workers);
        ctl_table_u64(&t, p->pools);
        ctl_table_u64(&t, p->positions);
        ctl_table_u64(&t, p->held_blocks.device);
        ctl_table_u64(&t, p->held_blocks.host);
        ctl_table_u64(&t, p->held_blocks.disk);
        ctl_table_u64(&t, p->held_blocks.external);
        ctl_table_u64(&t, sum(&p->pool_blocks));
        size_cell(&t, p->memory_bytes);
    }
    ctl_table_print(&t, out);
    ctl_table_free(&t);
}

void ctl_view_peers(struct kvx_buf *out, const struct kvindex_peers *peers)
{
    for (size_t i = 0; i < peers->n; i++) {
        ctl_print_safe(out, peers->urls[i]);
        kvx_buf_char(out, '\n');
    }
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
    kvx_buf_printf(out, "%llu blocks of %u tokens, %zu workers\n", (unsigned long long)result->asked_blocks,
                   result->block_size_tokens, result->n);
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
