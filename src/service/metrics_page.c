/* The metrics page: the counters, and the gauges of index and sources. */
#include "base/clock.h"
#include "service_private.h"

static const char *const tier_names[KVX_TIER_COUNT] = {"device", "host_pinned", "disk", "external"};

static void gauge(struct kvx_buf *b, const char *name, const char *help, uint64_t value)
{
    kvx_metrics_gauge_head(b, name, help);
    kvx_buf_printf(b, "%s %llu\n", name, (unsigned long long)value);
}

static void write_index(const struct kvx_index_stats *st, struct kvx_buf *b)
{
    const struct {
        const char *part;
        uint64_t bytes;
    } parts[] = {
        {"columns", st->bytes_columns},   {"holders", st->bytes_holders}, {"engine_map", st->bytes_map},
        {"children", st->bytes_children}, {"overlay", st->bytes_overlay}, {"pending", st->bytes_pending},
        {"other", st->bytes_other},
    };
    kvx_metrics_gauge_head(b, "kvindex_index_bytes", "Memory of the index, by what it is for");
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        kvx_buf_printf(b, "kvindex_index_bytes{part=\"%s\"} %llu\n", parts[i].part,
                       (unsigned long long)parts[i].bytes);
    kvx_metrics_gauge_head(b, "kvindex_held_blocks", "Blocks held by workers, by tier");
    for (int t = 0; t < KVX_TIER_COUNT; t++)
        kvx_buf_printf(b, "kvindex_held_blocks{tier=\"%s\"} %llu\n", tier_names[t],
                       (unsigned long long)st->held[t]);
    gauge(b, "kvindex_index_positions", "Distinct prefixes in the tree", st->positions);
    gauge(b, "kvindex_index_chunks", "Chunks of consecutive blocks", st->chunks);
    gauge(b, "kvindex_overlay_entries", "Engine hashes that differ from the shared ones",
          st->overlay_entries);
    gauge(b, "kvindex_pending_blocks", "Stored blocks that wait for an unknown parent", st->pending_blocks);
    gauge(b, "kvindex_unresolved_blocks", "Token-less blocks that wait to become known", st->unresolved);
    gauge(b, "kvindex_sweep_backlog", "Ended worker generations that wait to be swept", st->dead_generations);
}

struct sources {
    uint64_t by_state[KVX_SOURCE_STATE_COUNT], workers, learned;
};

/* Under `table`. */
static void write_worker(const struct kvx_worker *w, struct kvx_buf *b)
{
    kvx_buf_text(b, "kvindex_source_last_sequence{instance=");
    kvx_buf_json(b,
                 kvx_worker_id(w)); /* Prometheus labels escape like JSON strings for what an id can hold */
    kvx_buf_printf(b, ",dp_rank=\"%u\"} %llu\n", w->dp_rank,
                   (unsigned long long)atomic_load_explicit(&w->feed->status.applied, memory_order_relaxed));
}

static void write_sources(struct kvx_service *s, struct kvx_buf *b)
{
    struct sources n = {0};
    kvx_metrics_gauge_head(b, "kvindex_source_last_sequence",
                           "One more than the highest sequence number applied, by worker; 0: none yet");
    pthread_mutex_lock(&s->table);
    for (size_t i = 0; i < s->n_instances; i++)
        for (size_t k = 0; k < s->instances[i]->n; k++) {
            const struct kvx_worker *w = s->instances[i]->workers[k];
            n.workers++;
            n.learned += w->learned;
            if (w->learned)
                continue;
            n.by_state[atomic_load_explicit(&w->feed->status.state, memory_order_relaxed)]++;
            write_worker(w, b);
        }
    pthread_mutex_unlock(&s->table);
    kvx_metrics_gauge_head(b, "kvindex_sources", "Sources, by state");
    for (int i = 0; i < KVX_SOURCE_STATE_COUNT; i++)
        kvx_buf_printf(b, "kvindex_sources{state=\"%s\"} %llu\n",
                       kvx_source_state_name((enum kvx_source_state)i), (unsigned long long)n.by_state[i]);
    gauge(b, "kvindex_workers", "Workers in the answers, learned ones included", n.workers);
    gauge(b, "kvindex_workers_learned", "Workers seen only inside batches of another rank's source",
          n.learned);
}

int kvx_service_metrics(struct kvx_service *s, struct kvx_caller *c, struct kvx_buf *b)
{
    struct kvx_index_stats stats;
    (void)c; /* statistics are taken under the writer lock */
    kvx_metrics_write(s->config.metrics, b);
    write_sources(s, b);
    kvx_index_stats(s->partition.index, &stats);
    write_index(&stats, b);
    gauge(b, "kvindex_requests_inflight", "Requests being answered",
          atomic_load_explicit(&s->inflight, memory_order_relaxed));
    gauge(b, "kvindex_uptime_seconds", "Since the service was made",
          (kvx_now_ns() - s->created_ns) / KVX_SECONDS(1));
    return kvx_buf_ok(b) ? KVX_OK : KVX_NOMEM;
}
