/* Counters and request histograms, in the Prometheus text format.
 *
 * Every counter of the project stands in base/metrics_table.h and nowhere else. Counting is one relaxed
 * atomic add: nothing is ordered by it. Gauges (states, sizes) are read from their owners when the page is
 * asked for.
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include "base/alloc.h"
#include "base/buf.h"
#include "base/metrics_table.h"

#include <stdatomic.h>

enum kvx_counter {
#define KVX_COUNTER_ENUM(id, family, labels) KVX_COUNT_##id,
    KVX_COUNTERS(KVX_COUNTER_ENUM)
#undef KVX_COUNTER_ENUM
        KVX_COUNTER_COUNT
};

struct kvx_request_stats; /* one protocol's histograms */

struct kvx_metrics {
    _Atomic uint64_t counter[KVX_COUNTER_COUNT];
    struct kvx_request_stats *requests; /* list, one entry a protocol; set before threads start */
};

static inline void kvx_count(struct kvx_metrics *m, enum kvx_counter c, uint64_t n)
{
    if (n)
        atomic_fetch_add_explicit(&m->counter[c], n, memory_order_relaxed);
}

/* Registers a protocol ("http", "grpc") with its operation names, which must outlive `m`. The handle counts
 * requests of operation i with duration and kvx_code. Before threads start. */
int kvx_metrics_protocol(struct kvx_metrics *m, const struct kvx_allocator *, const char *protocol,
                         const char *const *operations, size_t n,
                         struct kvx_request_stats **out) KVX_MUST_CHECK;
void kvx_metrics_request(struct kvx_request_stats *, size_t operation, int code, uint64_t duration_ns);
void kvx_metrics_free(struct kvx_metrics *); /* the protocols */

/* Appends all counters and histograms. */
void kvx_metrics_write(const struct kvx_metrics *, struct kvx_buf *);
/* Appends "# HELP" and "# TYPE name gauge" lines, for gauges written by their owners. */
void kvx_metrics_gauge_head(struct kvx_buf *, const char *name, const char *help);

#endif /* BASE_METRICS_H */
