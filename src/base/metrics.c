#include "base/metrics.h"

#include "base/err.h"

#include <stdio.h>

/* Buckets double from 10 us, which separates a cache-hot query from a slow dump in 20 steps. */
enum { BUCKETS = 20, FIRST_BUCKET_US = 10 };

struct operation_stats {
    _Atomic uint64_t bucket[BUCKETS + 1]; /* the last is +Inf */
    _Atomic uint64_t sum_ns;
    _Atomic uint64_t failed; /* requests that ended in an error */
};

struct kvx_request_stats {
    struct kvx_request_stats *next;
    const struct kvx_allocator *allocator;
    const char *protocol;
    const char *const *names;
    size_t n;
    struct operation_stats operation[];
};

static size_t stats_bytes(size_t n)
{
    return sizeof(struct kvx_request_stats) + n * sizeof(struct operation_stats);
}

int kvx_metrics_protocol(struct kvx_metrics *m, const struct kvx_allocator *allocator, const char *protocol,
                         const char *const *operations, size_t n, struct kvx_request_stats **out)
{
    struct kvx_request_stats *s = kvx_alloc_zeroed(allocator, stats_bytes(n));
    if (!s)
        return KVX_NOMEM;
    s->allocator = allocator;
    s->protocol = protocol;
    s->names = operations;
    s->n = n;
    s->next = m->requests;
    m->requests = s;
    *out = s;
    return KVX_OK;
}

void kvx_metrics_free(struct kvx_metrics *m)
{
    while (m->requests) {
        struct kvx_request_stats *s = m->requests;
        m->requests = s->next;
        kvx_dealloc(s->allocator, s, stats_bytes(s->n));
    }
}

void kvx_metrics_request(struct kvx_request_stats *s, size_t operation, int code, uint64_t duration_ns)
{
    struct operation_stats *o = &s->operation[operation];
    size_t bucket = 0;
    for (uint64_t limit = FIRST_BUCKET_US * 1000u; bucket < BUCKETS && duration_ns > limit; limit *= 2)
        bucket++;
    atomic_fetch_add_explicit(&o->bucket[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&o->sum_ns, duration_ns, memory_order_relaxed);
    if (code != KVX_OK)
        atomic_fetch_add_explicit(&o->failed, 1, memory_order_relaxed);
}

static uint64_t read_counter(const _Atomic uint64_t *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}

static void write_head(struct kvx_buf *b, const char *name, const char *type, const char *help)
{
    kvx_buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void kvx_metrics_gauge_head(struct kvx_buf *b, const char *name, const char *help)
{
    write_head(b, name, "gauge", help);
}

static void write_series(struct kvx_buf *b, const char *name, const char *labels, uint64_t value)
{
    if (*labels)
        kvx_buf_printf(b, "%s{%s} %llu\n", name, labels, (unsigned long long)value);
    else
        kvx_buf_printf(b, "%s %llu\n", name, (unsigned long long)value);
}

enum family {
#define KVX_FAMILY_ENUM(id, name, help) FAMILY_##id,
    KVX_FAMILIES(KVX_FAMILY_ENUM)
#undef KVX_FAMILY_ENUM
        FAMILY_COUNT
};

static void write_counters(const struct kvx_metrics *m, struct kvx_buf *b)
{
    static const struct {
        const char *name, *help;
    } families[FAMILY_COUNT] = {
#define KVX_FAMILY_ROW(id, name, help) {"kvindex_" name, help},
        KVX_FAMILIES(KVX_FAMILY_ROW)
#undef KVX_FAMILY_ROW
    };
    static const struct {
        enum family family;
        const char *labels;
    } series[KVX_COUNTER_COUNT] = {
#define KVX_COUNTER_ROW(id, family, labels) {FAMILY_##family, labels},
        KVX_COUNTERS(KVX_COUNTER_ROW)
#undef KVX_COUNTER_ROW
    };
    for (int f = 0; f < FAMILY_COUNT; f++) {
        write_head(b, families[f].name, "counter", families[f].help);
        for (int i = 0; i < KVX_COUNTER_COUNT; i++)
            if ((int)series[i].family == f)
                write_series(b, families[f].name, series[i].labels, read_counter(&m->counter[i]));
    }
}

static void write_histogram(struct kvx_buf *b, const char *labels, const struct operation_stats *o)
{
    uint64_t count = 0, limit_us = FIRST_BUCKET_US;
    for (size_t i = 0; i < BUCKETS; i++, limit_us *= 2) {
        count += read_counter(&o->bucket[i]);
        kvx_buf_printf(b, "kvindex_request_duration_seconds_bucket{%s,le=\"%g\"} %llu\n", labels,
                       (double)limit_us / 1e6, (unsigned long long)count);
    }
    count += read_counter(&o->bucket[BUCKETS]);
    kvx_buf_printf(b, "kvindex_request_duration_seconds_bucket{%s,le=\"+Inf\"} %llu\n", labels,
                   (unsigned long long)count);
    kvx_buf_printf(b, "kvindex_request_duration_seconds_sum{%s} %.9f\n", labels,
                   (double)read_counter(&o->sum_ns) / 1e9);
    kvx_buf_printf(b, "kvindex_request_duration_seconds_count{%s} %llu\n", labels, (unsigned long long)count);
}

static void write_requests(const struct kvx_metrics *m, struct kvx_buf *b)
{
    char labels[256];
    write_head(b, "kvindex_request_duration_seconds", "histogram",
               "Time to answer a request, by protocol and operation");
    for (const struct kvx_request_stats *s = m->requests; s; s = s->next)
        for (size_t i = 0; i < s->n; i++) {
            snprintf(labels, sizeof(labels), "protocol=\"%s\",operation=\"%s\"", s->protocol, s->names[i]);
            write_histogram(b, labels, &s->operation[i]);
        }
    write_head(b, "kvindex_request_errors_total", "counter",
               "Requests that ended in an error, by protocol and operation");
    for (const struct kvx_request_stats *s = m->requests; s; s = s->next)
        for (size_t i = 0; i < s->n; i++) {
            snprintf(labels, sizeof(labels), "protocol=\"%s\",operation=\"%s\"", s->protocol, s->names[i]);
            write_series(b, "kvindex_request_errors_total", labels, read_counter(&s->operation[i].failed));
        }
}

void kvx_metrics_write(const struct kvx_metrics *m, struct kvx_buf *b)
{
    write_counters(m, b);
    write_requests(m, b);
}
