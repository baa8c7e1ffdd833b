/* The index under a replayed workload, one thread, every event applied before the next record: one line of
 * JSON.
 *
 *     index_bench [--own-hashes] [--pool] [--no-check] [FILE.ops | --trace [REQUESTS WORKERS BLOCKS] |
 * --branches [N]]
 *
 * Measured: block operations a second (queried, stored and removed blocks), nanoseconds a block, bytes per
 * holder-block, and lookup times of the workload's own queries in random order afterwards. Then the same
 * records are applied again beside a literal model, and sampled answers are compared: `wrong` must be 0. With
 * --own-hashes every worker gets engine hashes of its own, as vLLM without PYTHONHASHSEED gives them; with
 * --pool the index has an empty pool, so that every block is known by its sequence hash too. */
#include "base/clock.h"
#include "index/index.h"
#include "index_literal.h"
#include "index_workload.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
    struct workload work;
    bool own_hashes, pool, check;
    struct kvx_worker_ref pool_ref;
    struct kvx_rcu *rcu;
    struct kvx_rcu_reader *reader;
    struct kvx_lookup *lookup;
    struct kvx_index *ix;
    struct kvx_worker_ref *workers;
    struct window {
        struct workload_record *records;
        uint64_t *words; /* their columns, aligned */
        size_t count, cap, used, words_cap;
    } window;
    uint64_t blocks[3], nanoseconds[2];
    uint64_t checksum, pending, unknown;
} b;

static void require(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "index_bench: %s\n", what);
    exit(1);
}

static void start(void)
{
    struct kvx_index_config config = {.allocator = &kvx_system_allocator,
                                      .rcu = b.rcu,
                                      .pending_blocks_max = KVX_PENDING_BLOCKS_DEFAULT,
                                      .pending_bytes_max = KVX_PENDING_BYTES_DEFAULT,
                                      .unresolved_max = KVX_UNRESOLVED_DEFAULT,
                                      .pool_unresolved_max = KVX_POOL_UNRESOLVED_DEFAULT,
                                      .sweep_backlog_max = KVX_SWEEP_BACKLOG_DEFAULT};
    require(kvx_index_new(&b.ix, &config) == 0, "no index");
    kvx_index_lock(b.ix);
    for (uint32_t i = 0; i < b.work.workers; i++)
        require(kvx_worker_add(b.ix, &b.workers[i], &b.workers[i]) == 0, "no worker");
    require(!b.pool || kvx_pool_add(b.ix, &b.pool_ref, &b.pool_ref) == 0, "no pool");
    kvx_index_unlock(b.ix);
}

static size_t query(const uint64_t *local, uint32_t n, const struct kvx_match **matches)
{
    size_t count;
    struct kvx_prompt prompt = {.hashes = local, .n = n};
    require(kvx_index_match(b.ix, b.lookup, &prompt, matches, &count) == 0, "a lookup failed");
    return count;
}

/* ---- A window: queries, then the events between them and the next queries, as a caller would hand them
 * over: aligned, decoded just now, each worker's engine hashes its own if asked for. Outside the clock. ----
 */

static uint64_t named(uint32_t worker, uint64_t engine)
{
    return b.own_hashes ? engine ^ (worker + 1) * 0x9E3779B97F4A7C15u : engine;
}

static size_t columns_of(const struct workload_record *r)
{
    return r->type == WORKLOAD_STORE ? 2 : 1;
}

static void window_reserve(struct window *w, size_t words)
{
    if (w->count == w->cap) {
        w->cap = w->cap * 2 + 64;
        w->records = realloc(w->records, w->cap * sizeof(*w->records));
    }
    if (w->used + words > w->words_cap) {
        w->words_cap = (w->used + words) * 2;
        w->words = realloc(w->words, w->words_cap * sizeof(*w->words));
        uint64_t *next = w->words; /* the records' columns stand there one after another */
        for (size_t i = 0; i < w->count; i++) {
            w->records[i].first = next;
            w->records[i].second = next + w->records[i].n;
            next += columns_of(&w->records[i]) * w->records[i].n;
        }
    }
    require(w->records && w->words, "no memory");
}

static void window_add(struct window *w, const struct workload_record *r)
{
    size_t columns = columns_of(r);
    window_reserve(w, columns * r->n);
    struct workload_record *copy = &w->records[w->count++];
    uint64_t *words = w->words + w->used;
    *copy = *r;
    copy->parent = r->parent ? named(r->worker, r->parent) : 0;
    copy->first = words;
    copy->second = words + r->n;
    memcpy(words, r->first, columns * r->n * sizeof(*words));
    for (size_t i = r->type == WORKLOAD_STORE ? r->n : 0; r->type != WORKLOAD_QUERY && i < columns * r->n;
         i++)
        words[i] = named(r->worker, words[i]);
    w->used += columns * r->n;
}

/* Fills the window from offset `at` on. Returns where the next one begins. */
static size_t window_fill(struct window *w, size_t at)
{
    w->count = w->used = 0;
    for (bool events = false; at < b.work.size;) {
        struct workload_record r = workload_record(b.work.data + at);
        if (r.type == WORKLOAD_QUERY && events)
            break;
        events = r.type != WORKLOAD_QUERY;
        window_add(w, &r);
        at += r.size;
    }
    return at;
}

static void apply(const struct workload_record *r)
{
    if (r->type == WORKLOAD_QUERY) {
        const struct kvx_match *matches;
        kvx_rcu_enter(b.reader);
        size_t count = query(r->first, r->n, &matches);
        for (size_t i = 0; i < count; i++)
            b.checksum += matches[i].blocks[KVX_TIER_DEVICE];
        kvx_rcu_leave(b.reader);
        return;
    }
    kvx_index_lock(b.ix);
    if (r->type == WORKLOAD_STORE) {
        struct kvx_store_result result;
        struct kvx_store s = {.worker = b.workers[r->worker],
                              .has_parent = r->parent != 0,
                              .parent = r->parent,
                              .n = r->n,
                              .local = r->first,
                              .engine = r->second};
        require(kvx_index_store(b.ix, &s, &result) == 0, "a store failed");
        b.pending += result.pending;
    } else {
        struct kvx_remove_result result;
        require(kvx_index_remove(b.ix, b.workers[r->worker], KVX_TIER_BIT(KVX_TIER_DEVICE), r->n, r->first,
                                 &result) == 0,
                "a removal failed");
        b.unknown += result.unknown;
    }
    kvx_index_unlock(b.ix);
}

/* Applies the window's records of one kind: queries or events. */
static void replay_kind(bool events)
{
    uint64_t then = kvx_now_ns();
    for (size_t i = 0; i < b.window.count; i++)
        if ((b.window.records[i].type != WORKLOAD_QUERY) == events)
            apply(&b.window.records[i]);
    b.nanoseconds[events] += kvx_now_ns() - then;
}

static void replay(void)
{
    for (size_t at = 0; at < b.work.size;) {
        at = window_fill(&b.window, at);
        for (size_t i = 0; i < b.window.count; i++)
            b.blocks[b.window.records[i].type] += b.window.records[i].n;
        replay_kind(false);
        replay_kind(true);
    }
}

static int by_value(const void *a, const void *c)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)c;
    return (x > y) - (x < y);
}

/* The window's records become all queries of the workload in random order. */
static void window_shuffle(struct window *w)
{
    size_t count = 0, *where = NULL, cap = 0;
    uint64_t random = 88172645463325252u;
    for (size_t at = 0; at < b.work.size; at += workload_record(b.work.data + at).size) {
        if (workload_record(b.work.data + at).type != WORKLOAD_QUERY)
            continue;
        if (count == cap) {
            cap = cap * 2 + 1024;
            where = realloc(where, cap * sizeof(*where));
            require(where != NULL, "no memory");
        }
        where[count++] = at;
    }
    w->count = w->used = 0;
    for (size_t left = count; left; left--) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        size_t i = random % left, at = where[i];
        where[i] = where[left - 1];
        struct workload_record r = workload_record(b.work.data + at);
        window_add(w, &r);
    }
    free(where);
}

/* At least three passes over the queries in random order; their hashes lie in the order of the asking. */
static void measure_lookups(uint64_t *p50, uint64_t *p99)
{
    struct window *w = &b.window;
    window_shuffle(w);
    size_t total = w->count * (w->count < 4000 ? 12000 / (w->count + 1) + 1 : 3);
    uint64_t *times = calloc(total + 1, sizeof(*times));
    require(times != NULL, "no memory");
    for (size_t i = 0; i < total; i++) {
        const struct workload_record *r = &w->records[i % w->count];
        const struct kvx_match *matches;
        uint64_t then = kvx_now_ns();
        kvx_rcu_enter(b.reader);
        b.checksum += query(r->first, r->n, &matches);
        kvx_rcu_leave(b.reader);
        times[i] = kvx_now_ns() - then;
    }
    qsort(times, total, sizeof(*times), by_value);
    *p50 = total ? times[total / 2] : 0;
    *p99 = total ? times[total / 100 * 99] : 0;
    free(times);
}

static uint64_t wrong_scores(const struct literal *literal, uint32_t n, const uint64_t *local)
{
    const struct kvx_match *matches;
    uint64_t wrong = 0;
    kvx_rcu_enter(b.reader);
    size_t count = query(local, n, &matches);
    for (uint32_t w = 0; w < b.work.workers; w++) {
        uint32_t got = 0;
        for (size_t i = 0; i < count; i++)
            if (matches[i].label == &b.workers[w])
                got = matches[i].blocks[KVX_TIER_DEVICE];
        wrong += got != literal_score(literal, w, n, local);
    }
    kvx_rcu_leave(b.reader);
    return wrong;
}

/* Replays into a fresh index and the literal model. Asks the workload's samples, or else every query of a
 * sixteenth. */
static void check(uint64_t *answers, uint64_t *wrong)
{
    struct literal *literal = literal_new();
    size_t sample = 0;
    uint64_t queries = 0;
    start();
    for (size_t at = 0;;) {
        for (uint64_t offset; b.work.samples && sample < b.work.samples_size; (*answers)++) {
            uint32_t n;
            memcpy(&offset, b.work.samples + sample, sizeof(offset));
            memcpy(&n, b.work.samples + sample + 8, sizeof(n));
            if (at < offset)
                break;
            *wrong +=
                wrong_scores(literal, n, (const uint64_t *)(const void *)(b.work.samples + sample + 16)) != 0;
            sample += 16 + 8 * (size_t)n;
        }
        if (at == b.work.size)
            break;
        struct workload_record r = workload_record(b.work.data + at);
        b.window.count = b.window.used = 0;
        window_add(&b.window, &r);
        apply(b.window.records);
        if (r.type == WORKLOAD_STORE)
            literal_store(literal, r.worker, r.parent, r.n, r.first, r.second);
        else if (r.type == WORKLOAD_REMOVE)
            literal_remove(literal, r.worker, r.n, r.first);
        else if (!b.work.samples && queries++ % 16 == 0) {
            *wrong += wrong_scores(literal, r.n, r.first) != 0;
            ++*answers;
        }
        at += r.size;
    }
    struct kvx_index_stats stats;
    kvx_index_stats(b.ix, &stats);
    *wrong += stats.held[KVX_TIER_DEVICE] != literal_held(literal);
    kvx_index_free(b.ix);
    literal_free(literal);
}

static void report(void)
{
    struct kvx_index_stats s;
    uint64_t p50, p99, answers = 0, wrong = 0;
    start();
    replay();
    kvx_index_stats(b.ix, &s);
    measure_lookups(&p50, &p99);
    kvx_index_free(b.ix);
    if (b.check)
        check(&answers, &wrong);
    double events = (double)(b.blocks[WORKLOAD_STORE] + b.blocks[WORKLOAD_REMOVE]);
    double queries = (double)b.blocks[WORKLOAD_QUERY], held = (double)s.held[KVX_TIER_DEVICE];
    printf("{\"index\":\"kvindex\",\"workload\":\"%s\",\"own_hashes\":%s,\"workers\":%u,\"mops\":%.2f,"
           "\"query_ns_per_block\":%.2f,\"event_ns_per_block\":%.2f,\"holder_blocks\":%.0f,\"positions\":"
           "%" PRIu64 ",\"chunks\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"bytes_per_holder_block\":%.2f,",
           b.work.name, b.own_hashes ? "true" : "false", b.work.workers,
           (events + queries) * 1e3 / (double)(b.nanoseconds[0] + b.nanoseconds[1]),
           queries > 0 ? (double)b.nanoseconds[0] / queries : 0, (double)b.nanoseconds[1] / events, held,
           s.positions, s.chunks, s.bytes, (double)s.bytes / held);
    printf(
        "\"bytes_by_use\":{\"columns\":%.2f,\"holders\":%.2f,\"map\":%.2f,\"children\":%.2f,\"overlay\":%.2f,"
        "\"sequence\":%.2f,\"other\":%.2f},\"lookup_us\":{\"p50\":%.2f,\"p99\":%.2f},\"pending\":%" PRIu64
        ",\"unknown\":%" PRIu64,
        (double)s.bytes_columns / held, (double)s.bytes_holders / held, (double)s.bytes_map / held,
        (double)s.bytes_children / held, (double)s.bytes_overlay / held, (double)s.bytes_sequence / held,
        (double)s.bytes_other / held, (double)p50 / 1e3, (double)p99 / 1e3, b.pending, b.unknown);
    printf(",\"answers_checked\":%" PRIu64 ",\"wrong\":%" PRIu64 ",\"checksum\":%" PRIu64 "}\n", answers,
           wrong, b.checksum);
    require(wrong == 0, "the index disagrees with the literal model");
}

static uint32_t number(char **args, int count, int i, uint32_t otherwise)
{
    return i < count ? (uint32_t)strtoul(args[i], NULL, 10) : otherwise;
}

static bool read_flag(const char *arg)
{
    b.own_hashes |= !strcmp(arg, "--own-hashes");
    b.pool |= !strcmp(arg, "--pool");
    b.check &= strcmp(arg, "--no-check") != 0;
    return !strcmp(arg, "--own-hashes") || !strcmp(arg, "--pool") || !strcmp(arg, "--no-check");
}

int main(int argc, char **argv)
{
    int i = 1;
    b.check = true;
    for (; i < argc && read_flag(argv[i]); i++) {
    }
    if (i >= argc || !strcmp(argv[i], "--trace"))
        b.work = workload_trace(number(argv, argc, i + 1, 12000), number(argv, argc, i + 2, 64),
                                number(argv, argc, i + 3, 65536), 1);
    else if (!strcmp(argv[i], "--branches"))
        b.work = workload_branches(number(argv, argc, i + 1, 500000), 64, 1);
    else
        b.work = workload_load(argv[i]);
    b.workers = calloc(b.work.workers, sizeof(*b.workers));
    require(b.workers && kvx_rcu_new(&b.rcu, &kvx_system_allocator) == 0 &&
                kvx_rcu_reader_new(b.rcu, &b.reader) == 0 &&
                kvx_lookup_new(&b.lookup, &kvx_system_allocator) == 0,
            "no memory");
    report();
    kvx_lookup_free(b.lookup);
    kvx_rcu_reader_free(b.reader);
    kvx_rcu_free(b.rcu);
    workload_free(&b.work);
    free(b.workers);
    free(b.window.records);
    free(b.window.words);
    return 0;
}
