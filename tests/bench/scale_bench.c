/* How the index's cost grows: one line of JSON for each number of workers and of holder-blocks.
 *
 *     scale_bench [GIB [SECONDS]]
 *
 * Documents of 8,192 blocks (131,072 tokens) are stored in batches of 128 blocks, each whole by one worker
 * and its first half by another: 1.5 holders a block where there are two workers. One prompt of 32 blocks is
 * held by all workers. Lookups are prompts of 8 to 8,192 blocks of random documents, and that one prompt;
 * every timed answer is compared with what was stored. A cell that would not fit into GIB, or would take
 * longer than SECONDS to fill, is left out and says so. */
#include "base/clock.h"
#include "index_player.h"
#include "need.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

enum { DOCUMENT = 8192, BATCH = 128, COMMON = 32, LOOKUPS = 2000 };

/* 0 blocks: the one prompt that everybody holds. */
static const struct length {
    const char *name;
    uint32_t blocks;
} lengths[] = {
    {"128 tokens", 8},
    {"2,048 tokens", 128},
    {"16,384 tokens", 1024},
    {"131,072 tokens", DOCUMENT},
    {"512 tokens, held by all", 0},
};
enum { N_LENGTHS = sizeof(lengths) / sizeof(lengths[0]) };

struct cell {
    uint32_t workers;
    uint64_t documents;
    struct player player;
    uint64_t stored, fill_ns, random, wrong, answers;
};

/* Document 0 is the common prompt. */
static void hashes(uint64_t document, uint32_t first, uint32_t n, uint64_t *local, uint64_t *engine)
{
    for (uint32_t i = 0; i < n; i++) {
        local[i] = workload_mix(document << 16 | (first + i));
        if (engine)
            engine[i] = local[i] ^ 0x5555555555555555u;
    }
}

static uint32_t first_holder(const struct cell *c, uint64_t document)
{
    assert(c->workers > 0);
    return (uint32_t)(document % c->workers);
}

static uint32_t second_holder(const struct cell *c, uint64_t document)
{
    assert(c->workers > 0);
    return (uint32_t)((document * 7 + 1 + document / c->workers) % c->workers);
}

/* Blocks of a document that a worker holds. */
static uint32_t held(const struct cell *c, uint64_t document, uint32_t worker)
{
    if (document == 0)
        return COMMON;
    if (worker == first_holder(c, document))
        return DOCUMENT;
    return worker == second_holder(c, document) ? DOCUMENT / 2 : 0;
}

static void store(struct cell *c, uint64_t document, uint32_t worker, uint32_t blocks)
{
    uint64_t local[BATCH], engine[BATCH], parent = 0;
    for (uint32_t at = 0; at < blocks; at += BATCH) {
        uint32_t n = blocks - at < BATCH ? blocks - at : BATCH;
        hashes(document, at, n, local, engine);
        const struct workload_record r = {.type = WORKLOAD_STORE,
                                          .worker = worker,
                                          .n = n,
                                          .parent = parent,
                                          .first = local,
                                          .second = engine};
        uint64_t then = kvx_now_ns();
        player_event(&c->player, &r);
        c->fill_ns += kvx_now_ns() - then;
        parent = engine[n - 1];
        c->stored += n;
    }
}

/* Documents of different workers take turns, as events of a fleet do. False when the time is up. */
static bool fill(struct cell *c, uint64_t holder_blocks, double seconds)
{
    uint64_t until = kvx_now_ns() + (uint64_t)(seconds * 1e9);
    for (uint32_t w = 0; w < c->workers; w++)
        store(c, 0, w, COMMON);
    while (c->stored < holder_blocks) {
        uint64_t document = ++c->documents;
        uint32_t one = first_holder(c, document), two = second_holder(c, document);
        store(c, document, one, DOCUMENT);
        if (two != one)
            store(c, document, two, DOCUMENT / 2);
        if (kvx_now_ns() > until)
            return false;
    }
    return true;
}

static void judge(struct cell *c, uint64_t document, uint32_t n, const struct kvx_match *matches,
                  size_t count)
{
    uint32_t want = document == 0                                             ? c->workers
                    : first_holder(c, document) == second_holder(c, document) ? 1
                                                                              : 2;
    bool wrong = false;
    for (size_t i = 0; i < count; i++) {
        uint32_t worker = (uint32_t)((const struct kvx_worker_ref *)matches[i].label - c->player.refs);
        uint32_t blocks = held(c, document, worker);
        wrong |= matches[i].blocks[KVX_TIER_DEVICE] != (blocks < n ? blocks : n);
    }
    c->wrong += wrong || count != want;
    c->answers++;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void measure(struct cell *c, const struct length *length)
{
    static uint64_t times[LOOKUPS], local[DOCUMENT];
    uint32_t n = length->blocks ? length->blocks : COMMON;
    for (size_t i = 0; i < LOOKUPS; i++) {
        uint64_t document = length->blocks ? 1 + workload_mix(c->random++) % c->documents : 0;
        const struct kvx_match *matches;
        size_t count;
        hashes(document, 0, n, local, NULL);
        struct kvx_prompt prompt = {.hashes = local, .n = n};
        uint64_t then = kvx_now_ns();
        kvx_rcu_enter(c->player.reader);
        int status = kvx_index_match(c->player.ix, c->player.lookup, &prompt, &matches, &count);
        times[i] = kvx_now_ns() - then;
        require(status == 0, "a lookup failed");
        judge(c, document, n, matches, count);
        kvx_rcu_leave(c->player.reader);
    }
    qsort(times, LOOKUPS, sizeof(*times), by_value);
    const uint64_t *p50 = &times[LOOKUPS / 2], *p99 = &times[LOOKUPS / 100 * 99];
    printf("%s\"%s\":{\"p50_us\":%.2f,\"p99_us\":%.2f}", length == lengths ? "" : ",", length->name,
           (double)*p50 / 1e3, (double)*p99 / 1e3);
}

static void run(uint32_t workers, uint64_t holder_blocks, double gib, double seconds, double *bytes_each)
{
    static struct cell cell;
    struct kvx_index_stats stats;
    cell = (struct cell){.workers = workers, .random = 1};
    printf("{\"workers\":%u,\"wanted_holder_blocks\":%" PRIu64, workers, holder_blocks);
    /* Growing a table needs the old one beside the new one. */
    if ((double)holder_blocks * *bytes_each * 2 > gib * (double)(1 << 30)) {
        printf(",\"left_out\":\"would need %.1f GiB\"}\n",
               (double)holder_blocks * *bytes_each * 2 / (double)(1 << 30));
        return;
    }
    player_init(&cell.player, workers, false);
    player_restart(&cell.player);
    if (!fill(&cell, holder_blocks, seconds)) {
        printf(",\"left_out\":\"%" PRIu64 " holder-blocks after %.0f s\"}\n", cell.stored, seconds);
        player_fini(&cell.player);
        return;
    }
    kvx_index_stats(cell.player.ix, &stats);
    *bytes_each = (double)stats.bytes / (double)stats.held[KVX_TIER_DEVICE];
    printf(",\"holder_blocks\":%" PRIu64
           ",\"bytes_per_holder_block\":%.2f,\"store_ns_per_block\":%.1f,\"lookups\":{",
           stats.held[KVX_TIER_DEVICE], *bytes_each, (double)cell.fill_ns / (double)cell.stored);
    for (size_t i = 0; i < N_LENGTHS; i++)
        measure(&cell, &lengths[i]);
    printf("},\"answers_checked\":%" PRIu64 ",\"wrong\":%" PRIu64 "}\n", cell.answers,
           cell.wrong + (stats.held[KVX_TIER_DEVICE] != cell.stored));
    fflush(stdout);
    player_fini(&cell.player);
    require(cell.wrong == 0 && stats.held[KVX_TIER_DEVICE] == cell.stored, "the index is wrong");
}

int main(int argc, char **argv)
{
    static const uint32_t workers[] = {1, 8, 64, 1000};
    static const uint64_t holder_blocks[] = {1000000, 10000000, 100000000};
    double gib = argc > 1 ? strtod(argv[1], NULL) : 8, seconds = argc > 2 ? strtod(argv[2], NULL) : 60;
    double bytes_each = 25;
    for (size_t w = 0; w < sizeof(workers) / sizeof(workers[0]); w++)
        for (size_t n = 0; n < sizeof(holder_blocks) / sizeof(holder_blocks[0]); n++)
            run(workers[w], holder_blocks[n], gib, seconds, &bytes_each);
    return 0;
}
