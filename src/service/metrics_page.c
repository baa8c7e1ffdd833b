/* The metrics page: the counters, and the gauges of partitions and sources. */
#include "base/clock.h"
#include "partitions.h"

static const char *const tier_names[KVX_TIER_COUNT] = {"device", "host_pinned", "disk", "external"};

static void gauge(struct kvx_buf *b, const char *name, const char *help, uint64_t value)
{
    kvx_metrics_gauge_head(b, name, help);
    kvx_buf_printf(b, "%s %llu\n", name, (unsigned long long)value);
}

/* Prometheus labels escape like JSON strings for what names can hold. */
static void write_name(const struct kvx_partition_name *name, struct kvx_buf *b)
{
    kvx_buf_text(b, "model=");
    kvx_buf_json(b, name->model);
    kvx_buf_text(b, ",tenant=");
    kvx_buf_json(b, name->tenant);
    kvx_buf_text(b, ",additional_salt=");
    kvx_buf_json(b, name->additional_salt);
    kvx_buf_printf(b, ",block_size=\"%u\"", name->block_size);
}

/* One gauge of each partition. */
struct partition_gauge {
    const char *name, *help;
    size_t offset; /* of the uint64_t in struct kvx_index_stats */
};
#define GAUGE(name, field, help)                            \
    {                                                       \
        name, help, offsetof(struct kvx_index_stats, field) \
    }
static const struct partition_gauge gauges[] = {
    GAUGE("kvindex_workers", workers, "Workers in the answers, learned ones included"),
    GAUGE("kvindex_index_positions", positions, "Distinct prefixes in the tree"),
    GAUGE("kvindex_index_chunks", chunks, "Chunks of consecutive blocks"),
    GAUGE("kvindex_overlay_entries", overlay_entries, "Engine hashes that differ from the shared ones"),
    GAUGE("kvindex_pending_blocks", pending_blocks, "Stored blocks that wait for an unknown parent"),
    GAUGE("kvindex_unresolved_blocks", unresolved, "Token-less blocks that wait to become known"),
    GAUGE("kvindex_sweep_backlog", dead_generations, "Ended worker generations that wait to be swept"),
};
static const struct partition_gauge parts[] = {
    GAUGE("columns", bytes_columns, ""),   GAUGE("holders", bytes_holders, ""),
    GAUGE("engine_map", bytes_map, ""),    GAUGE("children", bytes_children, ""),
    GAUGE("overlay", bytes_overlay, ""),   GAUGE("pending", bytes_pending, ""),
    GAUGE("sequence", bytes_sequence, ""), GAUGE("other", bytes_other, ""),
};
#undef GAUGE

static uint64_t value_of(const struct kvx_index_stats *st, const struct partition_gauge *g)
{
    return *(const uint64_t *)(const void *)((const char *)st + g->offset);
}

/* Prometheus wants all series of a family together, so the partitions are walked once a family. */
struct page {
    struct kvx_partition **partitions; /* counted */
    struct kvx_index_stats *stats;
    size_t n;
    struct kvx_buf *out;
};

static void write_gauge(const struct page *page, const struct partition_gauge *g)
{
    kvx_metrics_gauge_head(page->out, g->name, g->help);
    for (size_t i = 0; i < page->n; i++) {
        kvx_buf_printf(page->out, "%s{", g->name);
        write_name(&page->partitions[i]->name, page->out);
        kvx_buf_printf(page->out, "} %llu\n", (unsigned long long)value_of(&page->stats[i], g));
    }
}

/* A count for each tier; `offset` is that of an array in struct kvx_index_stats. */
static void write_tiers(const struct page *page, const char *name, const char *help, size_t offset)
{
    kvx_metrics_gauge_head(page->out, name, help);
    for (size_t i = 0; i < page->n; i++)
        for (size_t t = 0; t < KVX_TIER_COUNT; t++) {
            const struct partition_gauge count = {.offset = offset + t * sizeof(uint64_t)};
            kvx_buf_printf(page->out, "%s{tier=\"%s\",", name, tier_names[t]);
            write_name(&page->partitions[i]->name, page->out);
            kvx_buf_printf(page->out, "} %llu\n", (unsigned long long)value_of(&page->stats[i], &count));
        }
}

static void write_partitions(const struct page *page)
{
    struct kvx_buf *b = page->out;
    gauge(b, "kvindex_partitions", "Partitions: model, tenant, additional salt, block size", page->n);
    for (size_t g = 0; g < sizeof(gauges) / sizeof(gauges[0]); g++)
        write_gauge(page, &gauges[g]);
    write_tiers(page, "kvindex_held_blocks", "Blocks held by workers, by tier",
                offsetof(struct kvx_index_stats, held));
    write_tiers(page, "kvindex_pool_blocks", "Blocks held by shared pools, by tier",
                offsetof(struct kvx_index_stats, pool_held));
    kvx_metrics_gauge_head(b, "kvindex_index_bytes", "Memory of the index, by what it is for");
    for (size_t i = 0; i < page->n; i++)
        for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++) {
            kvx_buf_printf(b, "kvindex_index_bytes{part=\"%s\",", parts[k].name);
            write_name(&page->partitions[i]->name, b);
            kvx_buf_printf(b, "} %llu\n", (unsigned long long)value_of(&page->stats[i], &parts[k]));
        }
}

/* Under `table`: the partitions there are, counted. */
static bool hold_partitions(struct kvx_service *s, struct kvx_arena *arena, struct page *page)
{
    page->partitions = kvx_arena_array(arena, s->n_partitions, sizeof(*page->partitions));
    page->stats = kvx_arena_array(arena, s->n_partitions, sizeof(*page->stats));
    if (!page->partitions || !page->stats)
        return false;
    for (struct kvx_partition *p = kvx_partition_first(s); p; p = kvx_partition_next(p)) {
        kvx_partition_hold(p);
        page->partitions[page->n++] = p;
    }
    return true;
}

struct sources {
    uint64_t by_state[KVX_SOURCE_STATE_COUNT], learned, pools;
    struct kvx_buf *out;
};

/* Under `table`. */
static void write_source(void *user, struct kvx_worker *w)
{
    struct sources *n = user;
    n->learned += w->learned;
    n->pools += kvx_worker_feed(w)->kind == KVX_KIND_POOL && !w->learned;
    if (w->learned)
        return;
    n->by_state[atomic_load_explicit(&kvx_worker_feed(w)->status.state, memory_order_relaxed)]++;
    kvx_buf_text(n->out, "kvindex_source_last_sequence{instance=");
    kvx_buf_json(n->out, kvx_worker_id(w));
    kvx_buf_printf(n->out, ",dp_rank=\"%u\",", w->dp_rank);
    write_name(&w->partition->name, n->out);
    kvx_buf_printf(
        n->out, "} %llu\n",
        (unsigned long long)atomic_load_explicit(&kvx_worker_feed(w)->status.applied, memory_order_relaxed));
}

static void write_sources(struct kvx_service *s, struct kvx_buf *b)
{
    struct sources n = {.out = b};
    kvx_metrics_gauge_head(b, "kvindex_source_last_sequence",
                           "One more than the highest sequence number applied, by worker; 0: none yet");
    pthread_mutex_lock(&s->table);
    kvx_table_each(s, write_source, &n);
    pthread_mutex_unlock(&s->table);
    kvx_metrics_gauge_head(b, "kvindex_sources", "Sources, by state");
    for (int i = 0; i < KVX_SOURCE_STATE_COUNT; i++)
        kvx_buf_printf(b, "kvindex_sources{state=\"%s\"} %llu\n",
                       kvx_source_state_name((enum kvx_source_state)i), (unsigned long long)n.by_state[i]);
    gauge(b, "kvindex_workers_learned", "Workers seen only inside batches of another rank's source",
          n.learned);
    gauge(b, "kvindex_pools", "Shared pools whose events are followed", n.pools);
}

int kvx_service_metrics(struct kvx_service *s, struct kvx_arena *arena, struct kvx_buf *b)
{
    struct page page = {.out = b};
    pthread_mutex_lock(&s->table);
    bool ok = hold_partitions(s, arena, &page);
    pthread_mutex_unlock(&s->table);
    if (!ok)
        return KVX_NOMEM;
    kvx_metrics_write(s->config.metrics, b);
    write_sources(s, b);
    for (size_t i = 0; i < page.n; i++)
        kvx_index_stats(page.partitions[i]->index, &page.stats[i]);
    write_partitions(&page);
    for (size_t i = 0; i < page.n; i++)
        kvx_partition_drop(page.partitions[i]);
    gauge(b, "kvindex_requests_inflight", "Requests being answered",
          atomic_load_explicit(&s->inflight, memory_order_relaxed));
    gauge(b, "kvindex_uptime_seconds", "Since the service was made",
          (kvx_now_ns() - s->created_ns) / KVX_SECONDS(1));
    return kvx_buf_ok(b) ? KVX_OK : KVX_NOMEM;
}
