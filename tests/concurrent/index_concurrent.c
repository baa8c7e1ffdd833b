/* Readers beside a writer, checked against two bounds: for each worker a lookup counts every position that
 * the worker, or the pool, held during the whole lookup, and none that neither held at any moment of it. The
 * same for dumps, without the pool.
 *
 *     index_concurrent [SECONDS [SEED]]
 *
 * The writer numbers its operations and publishes, before each one, what every worker holds after it. A
 * reader notes the last finished operation before its lookup and the last begun one after it; the states
 * between are the moments. */
#include "base/block_hash.h"
#include "base/clock.h"
#include "index_moments.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { READERS = 2 };

static struct {
    struct kvx_index *ix;
    struct kvx_rcu *rcu;
    struct kvx_worker_ref worker[HOLDERS]; /* the writer's */
    unsigned label[HOLDERS][LIVES];        /* each registration of a holder has a label of its own */
    unsigned life[HOLDERS];                /* the writer's */
    uint64_t now[HOLDERS][TIERS][WORDS];   /* the writer's */
    uint64_t waiting[TIERS][WORDS];        /* the writer's: what the pool announced before anybody had it */
    uint64_t sequence[POSITIONS];          /* sequence hashes */
    struct record record;
    _Atomic bool stop;
    _Atomic uint64_t lookups, dumps, skipped, uncertain;
    uint64_t seed;
} t;

static uint64_t draw(uint64_t *random, uint64_t below)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (*random >> 33) % below;
}

static void require(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "index_concurrent: seed %" PRIu64 ": %s\n", t.seed, what);
    abort();
}

static uint64_t engine_of(unsigned worker, unsigned pos)
{
    return (worker == WORKERS - 1 ? 1000000u : 1000u) + pos;
}

/* ---- The writer ---- */

static void begin_operation(unsigned reborn)
{
    record_begin(&t.record, (const uint64_t(*)[TIERS][WORDS])t.now, t.life, reborn);
}

static bool holds(unsigned holder, unsigned pos)
{
    bool any = false;
    for (unsigned tier = 0; tier < TIERS; tier++)
        any |= bit(t.now[holder][tier], pos);
    return any;
}

static void give(unsigned holder, unsigned tier, unsigned pos)
{
    t.now[holder][tier][pos / 64] |= (uint64_t)1 << pos % 64;
}

/* Somebody holds the block now: the pool's announcements of it take effect. */
static void give_waiting(unsigned pos)
{
    for (unsigned tier = 0; tier < TIERS; tier++)
        if (bit(t.waiting[tier], pos)) {
            t.waiting[tier][pos / 64] &= ~((uint64_t)1 << pos % 64);
            give(POOL, tier, pos);
        }
}

static void store(unsigned worker, uint64_t *random)
{
    unsigned tail = (unsigned)draw(random, TAILS),
             from = draw(random, 2) ? 0 : (unsigned)draw(random, PROMPT);
    unsigned tier = draw(random, 2) ? 0 : (unsigned)draw(random, TIERS);
    unsigned before = from ? position(tail, from - 1) : 0;
    if (from && !holds(worker, before))
        from = 0; /* the parent has to be known */
    unsigned n = 1 + (unsigned)draw(random, PROMPT - from);
    uint64_t local[PROMPT], engine[PROMPT];
    for (unsigned i = 0; i < n; i++) {
        unsigned pos = position(tail, from + i);
        local[i] = pos + 1;
        engine[i] = engine_of(worker, pos);
        give(worker, tier, pos);
        give_waiting(pos);
    }
    begin_operation(HOLDERS);
    struct kvx_store s = {.worker = t.worker[worker],
                          .tier = (enum kvx_tier)tier,
                          .has_parent = from > 0,
                          .parent = engine_of(worker, before),
                          .n = n,
                          .local = local,
                          .engine = engine};
    struct kvx_store_result result;
    require(kvx_index_store(t.ix, &s, &result) == 0 && result.pending == 0, "a store failed");
}

static void announce(uint64_t *random)
{
    unsigned tail = (unsigned)draw(random, TAILS), from = (unsigned)draw(random, PROMPT);
    unsigned n = 1 + (unsigned)draw(random, PROMPT - from), tier = 1 + (unsigned)draw(random, TIERS - 1);
    uint64_t hashes[PROMPT];
    for (unsigned i = 0; i < n; i++) {
        unsigned pos = position(tail, from + i);
        bool known = false;
        for (unsigned holder = 0; holder < HOLDERS; holder++)
            known |= holds(holder, pos);
        hashes[i] = t.sequence[pos];
        if (known)
            give(POOL, tier, pos);
        else
            t.waiting[tier][pos / 64] |= (uint64_t)1 << pos % 64;
    }
    begin_operation(HOLDERS);
    struct kvx_store_result result;
    require(kvx_index_reside(t.ix, t.worker[POOL], (enum kvx_tier)tier, n, hashes, &result) == 0,
            "an announcement failed");
}

static void remove_blocks(unsigned worker, uint64_t *random)
{
    unsigned tail = (unsigned)draw(random, TAILS),
             from = draw(random, 3) ? (unsigned)draw(random, PROMPT) : 0;
    unsigned n = 1 + (unsigned)draw(random, draw(random, 2) ? 3 : PROMPT - from);
    n = n > PROMPT - from ? PROMPT - from : n;
    unsigned tiers = 1 + (unsigned)draw(random, ALL_TIERS);
    uint64_t engine[PROMPT];
    for (unsigned i = 0; i < n; i++) {
        unsigned pos = position(tail, from + i);
        engine[i] = worker == POOL ? t.sequence[pos] : engine_of(worker, pos);
        for (unsigned tier = 0; tier < TIERS; tier++) {
            if (!(tiers >> tier & 1))
                continue;
            t.now[worker][tier][pos / 64] &= ~((uint64_t)1 << pos % 64);
            if (worker == POOL)
                t.waiting[tier][pos / 64] &= ~((uint64_t)1 << pos % 64);
        }
    }
    begin_operation(HOLDERS);
    struct kvx_remove_result result;
    require(kvx_index_remove(t.ix, t.worker[worker], tiers, n, engine, &result) == 0, "a removal failed");
}

static int add_worker(unsigned worker)
{
    void *label = &t.label[worker][t.life[worker]++ % LIVES];
    return worker == POOL ? kvx_pool_add(t.ix, label, &t.worker[worker])
                          : kvx_worker_add(t.ix, label, &t.worker[worker]);
}

static void end_generation(unsigned worker, uint64_t *random)
{
    unsigned tiers = draw(random, 2) ? 1 + (unsigned)draw(random, ALL_TIERS) : ALL_TIERS;
    for (unsigned tier = 0; tier < TIERS; tier++) {
        if (!(tiers >> tier & 1))
            continue;
        memset(t.now[worker][tier], 0, sizeof(t.now[worker][tier]));
        if (worker == POOL)
            memset(t.waiting[tier], 0, sizeof(t.waiting[tier]));
    }
    bool again = tiers == ALL_TIERS && draw(random, 2);
    begin_operation(again ? worker : HOLDERS);
    int rc;
    if (tiers != ALL_TIERS)
        rc = kvx_worker_clear_tiers(t.ix, t.worker[worker], tiers);
    else if (!again)
        rc = kvx_worker_restart(t.ix, t.worker[worker], &t.worker[worker]);
    else
        rc = kvx_worker_remove(t.ix, t.worker[worker]) || add_worker(worker);
    require(rc == 0, "a generation could not end");
}

static void *writer(void *argument)
{
    uint64_t random = *(uint64_t *)argument;
    while (!atomic_load(&t.stop)) {
        unsigned worker = (unsigned)draw(&random, HOLDERS), dice = (unsigned)draw(&random, 100);
        kvx_index_lock(t.ix);
        if (dice < 55 && worker == POOL)
            announce(&random);
        else if (dice < 55)
            store(worker, &random);
        else if (dice < 94)
            remove_blocks(worker, &random);
        else
            end_generation(worker, &random);
        kvx_index_unlock(t.ix);
        atomic_store(&t.record.done, atomic_load(&t.record.begun));
        if (dice % 8 == 0)
            kvx_index_sweep(t.ix);
    }
    return NULL;
}

/* ---- Readers ---- */

/* Do the worker or the pool hold the block in one of these tiers? */
static bool reaches(const uint64_t held[HOLDERS][TIERS][WORDS], unsigned w, unsigned tiers, unsigned pos)
{
    bool any = false;
    for (unsigned tier = 0; tier < TIERS; tier++)
        if (tiers >> tier & 1)
            any |= bit(held[w][tier], pos) || bit(held[POOL][tier], pos);
    return any;
}

struct question {
    unsigned tail, n;
    bool sequence, every_worker, filtered;
    unsigned wanted; /* bits of workers */
};

/* How far a worker gets from block `from` on. */
static unsigned run_from(const uint64_t held[HOLDERS][TIERS][WORDS], unsigned w, unsigned tiers,
                         const struct question *q, unsigned from)
{
    while (from < q->n && reaches(held, w, tiers, position(q->tail, from)))
        from++;
    return from;
}

static void check_worker(const struct moments *m, unsigned w, const struct kvx_match *match,
                         const struct question *q)
{
    static const unsigned tiers[KVX_REACH_COUNT] = {1, 2, 4, 8, 12}; /* what extends which */
    static const unsigned from[KVX_REACH_COUNT] = {0, 0, 1, 2, 1};
    static const struct kvx_match none;
    const uint32_t *blocks = match ? match->blocks : none.blocks;
    unsigned low[KVX_REACH_COUNT], high[KVX_REACH_COUNT];
    for (unsigned r = 0; r < KVX_REACH_COUNT; r++) {
        unsigned start = r ? high[from[r]] : 0;
        low[r] = run_from(m->all, w, tiers[r], q, r ? low[from[r]] : 0);
        high[r] = 0;
        for (unsigned g = 0; g <= start; g++) {
            unsigned reach = run_from(m->any, w, tiers[r], q, g);
            high[r] = reach > high[r] ? reach : high[r];
        }
        require(blocks[r] >= low[r] || !m->lived[w], "a lookup missed a block held all the time");
        require(blocks[r] <= high[r], "a lookup counted a block held at no moment");
        require(!r || blocks[r] >= blocks[r - 1], "a tier ends before the one above");
    }
    if (low[1] != high[1])
        atomic_fetch_add_explicit(&t.uncertain, 1, memory_order_relaxed);
}

static size_t worker_of(const void *label)
{
    size_t w = (size_t)((const unsigned *)label - &t.label[0][0]) / LIVES;
    require(w < WORKERS, "an answer has a label that was never given");
    return w;
}

static bool wanted(void *user, const void *label)
{
    return ((const struct question *)user)->wanted >> worker_of(label) & 1;
}

static struct question draw_question(uint64_t *random)
{
    struct question q = {.tail = (unsigned)draw(random, TAILS), .n = 1 + (unsigned)draw(random, PROMPT)};
    q.sequence = draw(random, 2);
    q.every_worker = draw(random, 3) == 0;
    q.filtered = draw(random, 3) == 0;
    q.wanted = q.filtered ? (unsigned)draw(random, 1u << WORKERS) : ~0u;
    return q;
}

/* Copies the answer and leaves. Returns how many there are. */
static size_t ask(struct kvx_rcu_reader *reader, struct kvx_lookup *lookup, struct question *q,
                  struct kvx_match found[2 * WORKERS])
{
    uint64_t hashes[PROMPT];
    for (unsigned i = 0; i < q->n; i++) {
        unsigned pos = position(q->tail, i);
        hashes[i] = q->sequence ? t.sequence[pos] : pos + 1;
    }
    struct kvx_prompt prompt = {.hashes = hashes,
                                .n = q->n,
                                .sequence = q->sequence,
                                .every_worker = q->every_worker,
                                .wanted = q->filtered ? wanted : NULL,
                                .user = q};
    const struct kvx_match *matches;
    size_t count;
    kvx_rcu_enter(reader);
    require(kvx_index_match(t.ix, lookup, &prompt, &matches, &count) == 0, "a lookup failed");
    require(count <= 2 * WORKERS, "an answer has too many workers");
    memcpy(found, matches, count * sizeof(*found));
    kvx_rcu_leave(reader);
    return count;
}

static void look(struct kvx_rcu_reader *reader, struct kvx_lookup *lookup, uint64_t *random)
{
    struct question q = draw_question(random);
    struct kvx_match found[2 * WORKERS];
    uint64_t done = atomic_load(&t.record.done);
    size_t count = ask(reader, lookup, &q, found);
    uint64_t begun = atomic_load(&t.record.begun);
    struct moments m;
    if (!moments_between(&t.record, done, begun, &m)) {
        atomic_fetch_add(&t.skipped, 1);
        return;
    }
    bool present[WORKERS] = {false};
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++)
            require(found[k].label != found[i].label, "a worker is in an answer twice");
        size_t w = worker_of(found[i].label);
        require(q.wanted >> w & 1, "an answer has a worker that was not asked about");
        require(q.every_worker || found[i].blocks[KVX_REACH_ANY], "an answer has a worker with nothing");
        check_worker(&m, (unsigned)w, &found[i], &q);
        present[w] = true;
    }
    for (unsigned w = 0; w < WORKERS; w++)
        if (!present[w] && q.wanted >> w & 1) {
            require(!q.every_worker || !m.lived[w], "an answer misses a worker");
            check_worker(&m, w, NULL, &q);
        }
    atomic_fetch_add(&t.lookups, 1);
}

static void *reader(void *argument)
{
    uint64_t random = *(uint64_t *)argument;
    struct kvx_rcu_reader *r;
    struct kvx_lookup *lookup;
    require(kvx_rcu_reader_new(t.rcu, &r) == 0 && kvx_lookup_new(&lookup, &kvx_system_allocator) == 0,
            "no memory");
    while (!atomic_load(&t.stop))
        look(r, lookup, &random);
    kvx_lookup_free(lookup);
    kvx_rcu_reader_free(r);
    return NULL;
}

static void dump_once(struct kvx_rcu_reader *r)
{
    static unsigned told[WORKERS][TIERS][POSITIONS];
    struct kvx_dump *dump;
    struct kvx_dump_event e;
    memset(told, 0, sizeof(told));
    uint64_t done = atomic_load(&t.record.done);
    require(kvx_dump_new(t.ix, &dump) == 0, "a dump could not begin");
    for (int rc = 1; rc;) {
        kvx_rcu_enter(r);
        rc = kvx_dump_next(dump, &e);
        require(rc >= 0, "a dump failed");
        size_t w = rc ? worker_of(e.label) : 0;
        for (uint32_t i = 0; rc && i < e.n; i++)
            told[w][e.tier][e.local[i] - 1]++;
        kvx_rcu_leave(r);
    }
    kvx_dump_free(dump);
    uint64_t begun = atomic_load(&t.record.begun);
    struct moments m;
    if (!moments_between(&t.record, done, begun, &m)) {
        atomic_fetch_add(&t.skipped, 1);
        return;
    }
    for (unsigned w = 0; w < WORKERS; w++)
        for (unsigned tier = 0; tier < TIERS; tier++)
            for (unsigned pos = 0; pos < POSITIONS; pos++) {
                require(!bit(m.all[w][tier], pos) || told[w][tier][pos] == 1,
                        "a block held all the time is not dumped once");
                require(!told[w][tier][pos] || bit(m.any[w][tier], pos),
                        "a block held at no moment is in a dump");
            }
    atomic_fetch_add(&t.dumps, 1);
}

static void *dumper(void *argument)
{
    uint64_t random = *(uint64_t *)argument;
    struct kvx_rcu_reader *r;
    require(kvx_rcu_reader_new(t.rcu, &r) == 0, "no memory");
    while (!atomic_load(&t.stop)) {
        struct kvx_index_stats stats;
        dump_once(r);
        if (draw(&random, 4) == 0)
            kvx_index_stats(t.ix, &stats);
    }
    kvx_rcu_reader_free(r);
    return NULL;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 3;
    t.seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    t.record.states = calloc(STATES, sizeof(*t.record.states));
    require(t.record.states && kvx_rcu_new(&t.rcu, &kvx_system_allocator) == 0, "no memory");
    struct kvx_index_config config = {.allocator = &kvx_system_allocator,
                                      .rcu = t.rcu,
                                      .pending_blocks_max = 100,
                                      .pending_bytes_max = KVX_PENDING_BYTES_DEFAULT,
                                      .unresolved_max = 100,
                                      .pool_unresolved_max = TIERS * POSITIONS,
                                      .sweep_backlog_max = KVX_SWEEP_BACKLOG_DEFAULT};
    require(kvx_index_new(&t.ix, &config) == 0, "no index");
    for (unsigned tail = 0; tail < TAILS; tail++)
        for (unsigned i = 0; i < PROMPT; i++) {
            uint64_t *above = i ? &t.sequence[position(tail, i - 1)] : NULL, local = position(tail, i) + 1;
            t.sequence[position(tail, i)] = above ? kvx_sequence_hash(*above, local) : local;
        }
    kvx_index_lock(t.ix);
    for (unsigned w = 0; w < HOLDERS; w++)
        require(add_worker(w) == 0, "no worker");
    kvx_index_unlock(t.ix);

    pthread_t threads[READERS + 2];
    uint64_t seeds[READERS + 2];
    for (unsigned i = 0; i < READERS + 2; i++) {
        seeds[i] = t.seed * 1000 + i;
        void *(*run)(void *) = i == 0 ? writer : i == 1 ? dumper : reader;
        require(pthread_create(&threads[i], NULL, run, &seeds[i]) == 0, "no thread");
    }
    for (uint64_t end = kvx_now_ns() + (uint64_t)(seconds * 1e9); kvx_now_ns() < end;) {
        struct timespec pause = {.tv_nsec = 10000000};
        nanosleep(&pause, NULL);
    }
    atomic_store(&t.stop, true);
    for (unsigned i = 0; i < READERS + 2; i++)
        pthread_join(threads[i], NULL);

    const char *reason = "";
    require(kvx_index_validate(t.ix, &reason), reason);
    printf("seed %" PRIu64 ": %" PRIu64 " operations, %" PRIu64 " lookups and %" PRIu64
           " dumps within the bounds (%" PRIu64 " worker answers had a choice, %" PRIu64 " checks skipped)\n",
           t.seed, atomic_load(&t.record.done), atomic_load(&t.lookups), atomic_load(&t.dumps),
           atomic_load(&t.uncertain), atomic_load(&t.skipped));
    require(atomic_load(&t.lookups) > 0 && atomic_load(&t.dumps) > 0, "nothing was checked");
    kvx_index_free(t.ix);
    kvx_rcu_free(t.rcu);
    free(t.record.states);
    return 0;
}
