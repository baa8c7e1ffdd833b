/* The index under a replayed workload, one thread, every event applied before the next record: one line of
 * JSON.
 *
 *     index_bench [OPTION...] [FILE.ops | --branches [N] | --trace [REQUESTS WORKERS BLOCKS [HOLES
 * [HOLDERS]]]]
 *
 * Measured: block operations a second (queried, stored and removed blocks), nanoseconds a block, bytes per
 * holder-block, and lookup times of the workload's own queries in random order afterwards, with their hashes
 * not in the cache, and in it (warm). Then the same
 * records are applied again beside a literal model, and sampled answers are compared: `wrong` must be 0.
 *
 *     --no-check     without the literal model
 *     --own-hashes   every worker gets engine hashes of its own, as vLLM without PYTHONHASHSEED gives them
 *     --pool         the index has an empty pool, so that every block is known by its sequence hash too
 *     --write FILE   writes the generated workload there and measures nothing */
#include "base/clock.h"
#include "index_literal.h"
#include "index_player.h"
#include "need.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
    struct workload work;
    struct player player;
    struct window window;
    bool check;
    uint64_t blocks[3], nanoseconds[2];
} b;

/* Applies the window's records of one kind: queries or events. */
static void replay_kind(bool events)
{
    uint64_t then = kvx_now_ns();
    for (size_t i = 0; i < b.window.count; i++) {
        const struct workload_record *r = &b.window.records[i];
        if ((r->type != WORKLOAD_QUERY) == events)
            (events ? player_event : player_query)(&b.player, r);
    }
    b.nanoseconds[events] += kvx_now_ns() - then;
}

static void replay(void)
{
    for (size_t at = 0; at < b.work.size;) {
        at = window_fill(&b.window, &b.work, at);
        for (size_t i = 0; i < b.window.count; i++)
            b.blocks[b.window.records[i].type] += b.window.records[i].n;
        replay_kind(false);
        replay_kind(true);
    }
}

static uint64_t wrong_scores(const struct literal *literal, uint32_t n, const uint64_t *local)
{
    const struct kvx_match *matches;
    struct kvx_prompt prompt = {.hashes = local, .n = n};
    uint64_t wrong = 0;
    size_t count;
    kvx_rcu_enter(b.player.reader);
    require(kvx_index_match(b.player.ix, b.player.lookup, &prompt, &matches, &count) == 0, "a lookup failed");
    for (uint32_t w = 0; w < b.work.workers; w++) {
        uint32_t got = 0;
        for (size_t i = 0; i < count; i++)
            if (matches[i].label == &b.player.refs[w])
                got = matches[i].blocks[KVX_TIER_DEVICE];
        wrong += got != literal_score(literal, w, n, local);
    }
    kvx_rcu_leave(b.player.reader);
    return wrong;
}

/* Applied to the index and to the model; a query of a workload without samples is asked, one of sixteen. */
static void check_record(struct literal *literal, const struct workload_record *r, uint64_t *answers,
                         uint64_t *wrong)
{
    static uint64_t queries;
    window_clear(&b.window);
    window_add(&b.window, r);
    r = b.window.records;
    if (r->type != WORKLOAD_QUERY)
        player_event(&b.player, r);
    if (r->type == WORKLOAD_STORE)
        literal_store(literal, r->worker, r->parent, r->n, r->first, r->second);
    else if (r->type == WORKLOAD_REMOVE)
        literal_remove(literal, r->worker, r->n, r->first);
    else if (!b.work.samples && queries++ % 16 == 0) {
        *wrong += wrong_scores(literal, r->n, r->first) != 0;
        ++*answers;
    }
}

/* Replays into a fresh index and the literal model. */
static void check(uint64_t *answers, uint64_t *wrong)
{
    struct literal *literal = literal_new();
    struct kvx_index_stats stats;
    size_t sample = 0;
    player_restart(&b.player);
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
        check_record(literal, &r, answers, wrong);
        at += r.size;
    }
    kvx_index_stats(b.player.ix, &stats);
    *wrong += stats.held[KVX_TIER_DEVICE] != literal_held(literal);
    literal_free(literal);
}

/* At least three passes over the queries. */
static struct lookup_times lookups(bool warm)
{
    size_t count = b.window.count;
    return player_lookups(&b.player, &b.window, warm, count < 4000 ? 12000 / (count + 1) + 1 : 3, NULL, NULL);
}

static void measure(void)
{
    struct kvx_index_stats s;
    uint64_t answers = 0, wrong = 0;
    player_restart(&b.player);
    replay();
    kvx_index_stats(b.player.ix, &s);
    window_shuffle(&b.window, &b.work);
    struct lookup_times times = lookups(false), warm = lookups(true);
    uint64_t checksum = b.player.checksum, pending = b.player.pending, unknown = b.player.unknown;
    if (b.check)
        check(&answers, &wrong);
    double events = (double)(b.blocks[WORKLOAD_STORE] + b.blocks[WORKLOAD_REMOVE]);
    double queries = (double)b.blocks[WORKLOAD_QUERY], held = (double)s.held[KVX_TIER_DEVICE];
    printf("{\"index\":\"kvindex\",\"workload\":\"%s\",\"own_hashes\":%s,\"workers\":%u,\"mops\":%.2f,"
           "\"query_ns_per_block\":%.2f,\"event_ns_per_block\":%.2f,\"holder_blocks\":%.0f,\"positions\":"
           "%" PRIu64 ",\"chunks\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"bytes_per_holder_block\":%.2f,",
           b.work.name, b.window.own_hashes ? "true" : "false", b.work.workers,
           (events + queries) * 1e3 / (double)(b.nanoseconds[0] + b.nanoseconds[1]),
           queries > 0 ? (double)b.nanoseconds[0] / queries : 0, (double)b.nanoseconds[1] / events, held,
           s.positions, s.chunks, s.bytes, (double)s.bytes / held);
    printf(
        "\"bytes_by_use\":{\"columns\":%.2f,\"holders\":%.2f,\"map\":%.2f,\"children\":%.2f,\"overlay\":%.2f,"
        "\"sequence\":%.2f,\"other\":%.2f},\"lookup_us\":{\"p50\":%.2f,\"p99\":%.2f,\"warm_p50\":%.2f,"
        "\"warm_p99\":%.2f},\"pending\":%" PRIu64 ",\"unknown\":%" PRIu64,
        (double)s.bytes_columns / held, (double)s.bytes_holders / held, (double)s.bytes_map / held,
        (double)s.bytes_children / held, (double)s.bytes_overlay / held, (double)s.bytes_sequence / held,
        (double)s.bytes_other / held, (double)times.p50 / 1e3, (double)times.p99 / 1e3,
        (double)warm.p50 / 1e3, (double)warm.p99 / 1e3, pending, unknown);
    printf(",\"answers_checked\":%" PRIu64 ",\"wrong\":%" PRIu64 ",\"checksum\":%" PRIu64 "}\n", answers,
           wrong, checksum);
    require(wrong == 0, "the index disagrees with the literal model");
}

static struct workload workload_of(char **args, int count, bool branches)
{
    if (branches)
        return workload_branches(number_or(args, count, 0, 500000), 64, 1);
    if (count == 1)
        return workload_load(args[0]);
    const struct workload_shape shape = {.requests = number_or(args, count, 0, 12000),
                                         .workers = number_or(args, count, 1, 64),
                                         .cache = number_or(args, count, 2, 65536),
                                         .holes_per_thousand = number_or(args, count, 3, 0),
                                         .holders = number_or(args, count, 4, 1)};
    return workload_trace(&shape, 1);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"no-check", no_argument, NULL, 'n'},
                                            {"own-hashes", no_argument, NULL, 'o'},
                                            {"pool", no_argument, NULL, 'p'},
                                            {"write", required_argument, NULL, 'w'},
                                            {"trace", no_argument, NULL, 't'},
                                            {"branches", no_argument, NULL, 'b'},
                                            {NULL, 0, NULL, 0}};
    const char *write = NULL;
    bool branches = false, pool = false;
    b.check = true;
    for (int id; (id = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (id == '?')
            return 2;
        b.check &= id != 'n';
        b.window.own_hashes |= id == 'o';
        pool |= id == 'p';
        branches |= id == 'b';
        if (id == 'w')
            write = optarg;
    }
    b.work = workload_of(argv + optind, argc - optind, branches);
    if (write) {
        workload_write(&b.work, write);
    } else {
        player_init(&b.player, b.work.workers, pool);
        measure();
        player_fini(&b.player);
    }
    workload_free(&b.work);
    window_fini(&b.window);
    return 0;
}
