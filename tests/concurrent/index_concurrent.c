/* Readers beside a writer, checked against two bounds: for each worker a lookup counts every position that
 * the worker held during the whole lookup, and none that it held at no moment of it. The same for dumps.
 *
 *     index_concurrent [SECONDS [SEED]]
 *
 * The writer numbers its operations and publishes, before each one, what every worker holds after it. A
 * reader notes the last finished operation before its lookup and the last begun one after it; the states
 * between are the moments. */
#include "base/clock.h"
#include "index/index.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    WORKERS = 3,
    TIERS = 2, /* device and host */
    SHARED = 40,
    TAILS = 3,
    TAIL = 110,
    PROMPT = SHARED + TAIL,
    POSITIONS = SHARED + TAILS * TAIL,
    WORDS = (POSITIONS + 63) / 64,
    STATES = 1 << 14,
    READERS = 2,
    LIVES = 64
};

/* What each worker holds after one operation. Relaxed atomics: `begun` and `done` order them. */
struct state {
    _Atomic uint64_t held[WORKERS][TIERS][WORDS];
};

static struct {
    struct kvx_index *ix;
    struct kvx_rcu *rcu;
    struct kvx_worker_ref worker[WORKERS]; /* the writer's */
    unsigned label[WORKERS][LIVES];        /* each registration of a worker has a label of its own */
    unsigned life[WORKERS];                /* the writer's */
    uint64_t now[WORKERS][TIERS][WORDS];   /* the writer's */
    struct state *states;                  /* STATES of them, by operation number */
    _Atomic uint64_t begun, done;
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

/* Position number of block i of a prompt; its local hash is the number + 1. */
static unsigned position(unsigned tail, unsigned i)
{
    return i < SHARED ? i : SHARED + tail * TAIL + (i - SHARED);
}

static uint64_t engine_of(unsigned worker, unsigned pos)
{
    return (worker == WORKERS - 1 ? 1000000u : 1000u) + pos;
}

static bool bit(const uint64_t *words, unsigned pos)
{
    return words[pos / 64] >> pos % 64 & 1;
}

/* ---- The writer ---- */

static void begin_operation(void)
{
    uint64_t number = atomic_load(&t.begun) + 1;
    struct state *s = &t.states[number % STATES];
    for (unsigned w = 0; w < WORKERS; w++)
        for (unsigned tier = 0; tier < TIERS; tier++)
            for (unsigned i = 0; i < WORDS; i++)
                atomic_store_explicit(&s->held[w][tier][i], t.now[w][tier][i], memory_order_relaxed);
    atomic_store(&t.begun, number);
}

static void store(unsigned worker, uint64_t *random)
{
    unsigned tail = (unsigned)draw(random, TAILS),
             from = draw(random, 2) ? 0 : (unsigned)draw(random, PROMPT);
    unsigned tier = draw(random, 3) == 0;
    unsigned before = from ? position(tail, from - 1) : 0;
    if (from && !bit(t.now[worker][0], before) && !bit(t.now[worker][1], before))
        from = 0; /* the parent has to be known */
    unsigned n = 1 + (unsigned)draw(random, PROMPT - from);
    uint64_t local[PROMPT], engine[PROMPT];
    for (unsigned i = 0; i < n; i++) {
        unsigned pos = position(tail, from + i);
        local[i] = pos + 1;
        engine[i] = engine_of(worker, pos);
        t.now[worker][tier][pos / 64] |= (uint64_t)1 << pos % 64;
    }
    begin_operation();
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

static void remove_blocks(unsigned worker, uint64_t *random)
{
    unsigned tail = (unsigned)draw(random, TAILS),
             from = draw(random, 3) ? (unsigned)draw(random, PROMPT) : 0;
    unsigned n = 1 + (unsigned)draw(random, draw(random, 2) ? 3 : PROMPT - from);
    n = n > PROMPT - from ? PROMPT - from : n;
    unsigned tiers = 1 + (unsigned)draw(random, 3);
    uint64_t engine[PROMPT];
    for (unsigned i = 0; i < n; i++) {
        unsigned pos = position(tail, from + i);
        engine[i] = engine_of(worker, pos);
        for (unsigned tier = 0; tier < TIERS; tier++)
            if (tiers >> tier & 1)
                t.now[worker][tier][pos / 64] &= ~((uint64_t)1 << pos % 64);
    }
    begin_operation();
    struct kvx_remove_result result;
    require(kvx_index_remove(t.ix, t.worker[worker], tiers, n, engine, &result) == 0, "a removal failed");
}

static int add_worker(unsigned worker)
{
    return kvx_worker_add(t.ix, &t.label[worker][t.life[worker]++ % LIVES], &t.worker[worker]);
}

static void end_generation(unsigned worker, uint64_t *random)
{
    unsigned tiers = draw(random, 2) ? 1 + (unsigned)draw(random, 3) : 3;
    for (unsigned tier = 0; tier < TIERS; tier++)
        if (tiers >> tier & 1)
            memset(t.now[worker][tier], 0, sizeof(t.now[worker][tier]));
    begin_operation();
    int rc;
    if (tiers != 3)
        rc = kvx_worker_clear_tiers(t.ix, t.worker[worker], tiers);
    else if (draw(random, 2))
        rc = kvx_worker_restart(t.ix, t.worker[worker], &t.worker[worker]);
    else
        rc = kvx_worker_remove(t.ix, t.worker[worker]) || add_worker(worker);
    require(rc == 0, "a generation could not end");
}

static void *writer(void *argument)
{
    uint64_t random = *(uint64_t *)argument;
    while (!atomic_load(&t.stop)) {
        unsigned worker = (unsigned)draw(&random, WORKERS), dice = (unsigned)draw(&random, 100);
        kvx_index_lock(t.ix);
        if (dice < 55)
            store(worker, &random);
        else if (dice < 94)
            remove_blocks(worker, &random);
        else
            end_generation(worker, &random);
        kvx_index_unlock(t.ix);
        atomic_store(&t.done, atomic_load(&t.begun));
        if (dice % 8 == 0)
            kvx_index_sweep(t.ix);
    }
    return NULL;
}

/* ---- Readers ---- */

/* What was held in all and in any of the states from `done` to `begun`. False if they were overwritten
 * meanwhile. */
struct moments {
    uint64_t all[WORKERS][TIERS][WORDS], any[WORKERS][TIERS][WORDS];
};

static bool moments_between(uint64_t done, uint64_t begun, struct moments *m)
{
    if (begun - done >= STATES / 2)
        return false;
    memset(m->all, 0xff, sizeof(m->all));
    memset(m->any, 0, sizeof(m->any));
    for (uint64_t number = done; number <= begun; number++) {
        struct state *s = &t.states[number % STATES];
        for (unsigned w = 0; w < WORKERS; w++)
            for (unsigned tier = 0; tier < TIERS; tier++)
                for (unsigned i = 0; i < WORDS; i++) {
                    uint64_t word = atomic_load_explicit(&s->held[w][tier][i], memory_order_relaxed);
                    m->all[w][tier][i] &= word;
                    m->any[w][tier][i] |= word;
                }
    }
    atomic_thread_fence(memory_order_acquire);
    return atomic_load(&t.begun) - done < STATES - 1;
}

static unsigned run_from(const uint64_t *words, unsigned tail, unsigned from, unsigned n)
{
    while (from < n && bit(words, position(tail, from)))
        from++;
    return from;
}

static void check_worker(const struct moments *m, unsigned w, const struct kvx_match *match, unsigned tail,
                         unsigned n)
{
    static const struct kvx_match none;
    const uint32_t *blocks = match ? match->blocks : none.blocks;
    unsigned device_low = run_from(m->all[w][0], tail, 0, n),
             device_high = run_from(m->any[w][0], tail, 0, n);
    require(blocks[0] >= device_low, "a lookup missed a block held all the time");
    require(blocks[0] <= device_high, "a lookup counted a block held at no moment");
    unsigned low = run_from(m->all[w][1], tail, device_low, n), high = 0;
    for (unsigned g = 0; g <= device_high; g++) {
        unsigned reach = run_from(m->any[w][1], tail, g, n);
        high = reach > high ? reach : high;
    }
    require(blocks[1] >= low, "a lookup missed a host block held all the time");
    require(blocks[1] <= high, "a lookup counted a host block held at no moment");
    require(blocks[2] == blocks[1] && blocks[3] == blocks[1], "tiers without blocks extended a match");
    if (low != high)
        atomic_fetch_add_explicit(&t.uncertain, 1, memory_order_relaxed);
}

static size_t worker_of(const void *label)
{
    size_t w = (size_t)((const unsigned *)label - &t.label[0][0]) / LIVES;
    require(w < WORKERS, "an answer has a label that was never given");
    return w;
}

static void look(struct kvx_rcu_reader *reader, struct kvx_lookup *lookup, uint64_t *random)
{
    unsigned tail = (unsigned)draw(random, TAILS), n = 1 + (unsigned)draw(random, PROMPT);
    uint64_t local[PROMPT];
    for (unsigned i = 0; i < n; i++)
        local[i] = position(tail, i) + 1;
    const struct kvx_match *matches;
    struct kvx_match found[2 * WORKERS];
    size_t count;
    uint64_t done = atomic_load(&t.done);
    kvx_rcu_enter(reader);
    require(kvx_index_match(t.ix, lookup, local, n, &matches, &count) == 0, "a lookup failed");
    require(count <= 2 * WORKERS, "an answer has too many workers");
    memcpy(found, matches, count * sizeof(*found));
    kvx_rcu_leave(reader);
    uint64_t begun = atomic_load(&t.begun);
    struct moments m;
    if (!moments_between(done, begun, &m)) {
        atomic_fetch_add(&t.skipped, 1);
        return;
    }
    bool present[WORKERS] = {false};
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++)
            require(found[k].label != found[i].label, "a worker is in an answer twice");
        size_t w = worker_of(found[i].label);
        check_worker(&m, (unsigned)w, &found[i], tail, n);
        present[w] = true;
    }
    for (unsigned w = 0; w < WORKERS; w++)
        if (!present[w])
            check_worker(&m, w, NULL, tail, n);
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
    uint64_t done = atomic_load(&t.done);
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
    uint64_t begun = atomic_load(&t.begun);
    struct moments m;
    if (!moments_between(done, begun, &m)) {
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
    t.states = calloc(STATES, sizeof(*t.states));
    require(t.states && kvx_rcu_new(&t.rcu, &kvx_system_allocator) == 0, "no memory");
    struct kvx_index_config config = {.allocator = &kvx_system_allocator,
                                      .rcu = t.rcu,
                                      .pending_blocks_max = 100,
                                      .pending_bytes_max = KVX_PENDING_BYTES_DEFAULT,
                                      .unresolved_max = 100,
                                      .sweep_backlog_max = KVX_SWEEP_BACKLOG_DEFAULT};
    require(kvx_index_new(&t.ix, &config) == 0, "no index");
    kvx_index_lock(t.ix);
    for (unsigned w = 0; w < WORKERS; w++)
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
           t.seed, atomic_load(&t.done), atomic_load(&t.lookups), atomic_load(&t.dumps),
           atomic_load(&t.uncertain), atomic_load(&t.skipped));
    require(atomic_load(&t.lookups) > 0 && atomic_load(&t.dumps) > 0, "nothing was checked");
    kvx_index_free(t.ix);
    kvx_rcu_free(t.rcu);
    free(t.states);
    return 0;
}
