/* The index against the literal reference: long random histories, every answer compared.
 *
 *     index_differential [BLOCK_OPERATIONS [SEED [ROUND]]]
 *
 * A round is one index with its own seed, population and collision hooks; a failure prints what to repeat.
 * Block operations are stored, removed, resided and queried blocks. */
#include "hooks.h"
#include "index_compare.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- Steps ---- */

static unsigned draw_tier(struct world *w, unsigned holder)
{
    if (holder >= WORKERS)
        return 1 + (unsigned)draw(w, REF_TIERS - 1);
    return draw(w, 4) ? KVX_TIER_DEVICE : (unsigned)draw(w, REF_TIERS);
}

/* A worker, or now and then a pool. */
static unsigned draw_holder(struct world *w, unsigned one_in)
{
    return w->pools && draw(w, one_in) == 0 ? WORKERS + (unsigned)draw(w, w->pools)
                                            : (unsigned)draw(w, WORKERS);
}

/* A part of a prompt, and its names as this worker gives them. */
struct part {
    size_t from, n;
    const struct prompt *p;
    uint64_t engine[PROMPT_MAX];
};

static struct part draw_part(struct world *w, unsigned worker, size_t max)
{
    struct part part = {.p = &w->prompt[draw(w, w->prompts)]};
    part.from = draw(w, 2) ? 0 : draw(w, part.p->n);
    size_t left = part.p->n - part.from;
    part.n = 1 + draw(w, left < max ? left : max);
    for (size_t i = 0; i < part.n; i++)
        part.engine[i] = name_of(w, worker, part.p, part.from + i);
    return part;
}

static void step_store(struct world *w)
{
    unsigned worker = draw_holder(w, 20), tier = draw_tier(w, worker);
    struct part part = draw_part(w, worker, draw(w, 4) ? RUN_MAX : 3);
    uint64_t parent = part.from ? name_of(w, worker, part.p, part.from - 1) : 0;
    if (!w->unambiguous && draw(w, 300) == 0) /* a run may contain its own parent, or a hash twice */
        part.engine[draw(w, part.n)] = draw(w, 2) ? parent : part.engine[0];
    struct kvx_store s = {.worker = w->worker[worker],
                          .tier = (enum kvx_tier)tier,
                          .has_parent = part.from > 0,
                          .parent = parent,
                          .n = part.n,
                          .local = part.p->local + part.from,
                          .engine = part.engine};
    struct kvx_store_result got;
    struct reference_counts want;
    int rc = kvx_index_store(w->ix, &s, &got);
    if (rc == KVX_TOO_LARGE && reference_named(w->ref, worker, parent) > PARENTS_MAX)
        return;
    if (rc)
        world_fail(w, "store failed: %d", rc);
    reference_store(w->ref, worker, tier, s.has_parent, parent, s.n, s.local, s.engine, &want);
    CHECK_EQUAL(w, "added", got.added, want.added);
    CHECK_EQUAL(w, "known", got.known, want.known);
    CHECK_EQUAL(w, "pending", got.pending, want.pending);
    CHECK_EQUAL(w, "resolved", got.resolved, want.resolved);
    CHECK_EQUAL(w, "dropped", got.dropped, want.dropped);
    w->stored += part.n;
}

static void step_remove(struct world *w)
{
    unsigned worker = draw_holder(w, 5);
    unsigned tiers = draw(w, 3) ? KVX_ALL_TIERS : (unsigned)draw(w, KVX_ALL_TIERS + 1);
    struct part part = draw_part(w, worker, draw(w, 2) ? RUN_MAX : 4);
    struct kvx_remove_result got;
    struct reference_counts want;
    if (kvx_index_remove(w->ix, w->worker[worker], tiers, part.n, part.engine, &got))
        world_fail(w, "remove failed");
    reference_remove(w->ref, worker, tiers, part.n, part.engine, &want);
    CHECK_EQUAL(w, "removed", got.removed, want.removed);
    CHECK_EQUAL(w, "several", got.several, want.several);
    CHECK_EQUAL(w, "pending removed", got.pending, want.pending_removed);
    CHECK_EQUAL(w, "unknown", got.unknown, want.unknown);
    w->removed += part.n;
}

static void step_reside(struct world *w)
{
    unsigned worker = draw_holder(w, 2),
             tier = worker < WORKERS ? (unsigned)draw(w, REF_TIERS) : draw_tier(w, worker);
    struct part part = draw_part(w, worker, worker < WORKERS ? 20 : RUN_MAX);
    if (worker >= WORKERS && draw(w, 4) == 0) { /* a pool names a block as some worker does */
        unsigned other = (unsigned)draw(w, WORKERS);
        for (size_t i = 0; i < part.n; i++)
            part.engine[i] = name_of(w, other, part.p, part.from + i);
    }
    struct kvx_store_result got;
    struct reference_counts want;
    if (kvx_index_reside(w->ix, w->worker[worker], (enum kvx_tier)tier, part.n, part.engine, &got))
        world_fail(w, "reside failed");
    reference_reside(w->ref, worker, tier, part.n, part.engine, &want);
    CHECK_EQUAL(w, "added", got.added, want.added);
    CHECK_EQUAL(w, "known", got.known, want.known);
    CHECK_EQUAL(w, "unresolved", got.pending, want.pending);
    CHECK_EQUAL(w, "resolved", got.resolved, want.resolved);
    CHECK_EQUAL(w, "dropped", got.dropped, want.dropped);
    w->stored += part.n;
}

static int add_holder(struct world *w, unsigned worker)
{
    struct kvx_worker_ref *ref = &w->worker[worker];
    w->sequences |= worker >= WORKERS;
    return worker < WORKERS ? kvx_worker_add(w->ix, ref, ref) : kvx_pool_add(w->ix, ref, ref);
}

static void add_worker(struct world *w, unsigned worker)
{
    int rc = add_holder(w, worker);
    while (rc == KVX_UNAVAILABLE) { /* the backlog of the sweep is full */
        kvx_index_unlock(w->ix);
        kvx_index_sweep(w->ix);
        kvx_index_lock(w->ix);
        rc = add_holder(w, worker);
    }
    if (rc)
        world_fail(w, "worker_add failed: %d", rc);
}

/* A worker ends or begins anew; what was decoded for its old generation is refused. */
static void step_worker(struct world *w)
{
    unsigned worker = draw_holder(w, 4), kind = (unsigned)draw(w, 4);
    unsigned tiers = (unsigned)draw(w, KVX_ALL_TIERS + 1);
    struct kvx_worker_ref old = w->worker[worker];
    int rc = KVX_OK;
    if (kind < 2)
        rc = kvx_worker_clear_tiers(w->ix, old, tiers);
    else if (kind == 2)
        rc = kvx_worker_restart(w->ix, old, &w->worker[worker]);
    else
        rc = kvx_worker_remove(w->ix, old);
    if (rc == KVX_UNAVAILABLE && kind < 3)
        return;
    if (rc)
        world_fail(w, "ending a generation failed: %d", rc);
    reference_clear(w->ref, worker, kind < 2 ? tiers : KVX_ALL_TIERS);
    if (kind < 2)
        return;
    struct kvx_remove_result ignored;
    if (kvx_index_remove(w->ix, old, KVX_ALL_TIERS, 0, NULL, &ignored) != KVX_STALE)
        world_fail(w, "an old generation was not refused");
    if (kind == 3)
        add_worker(w, worker);
    w->process[worker] = draw(w, UINT64_MAX);
}

/* The next pool comes, into an index that knows blocks already. */
static void step_pool(struct world *w)
{
    unsigned pool = WORKERS + w->pools;
    if (pool == HOLDERS)
        return;
    w->naming[pool] =
        draw(w, 2) ? BY_SEQUENCE : (enum naming)draw(w, w->unambiguous ? IGNORES_PREFIX : NAMINGS);
    add_worker(w, pool);
    w->pools++;
}

static void step_sequences(struct world *w)
{
    if (kvx_index_sequences(w->ix))
        world_fail(w, "sequence hashes cannot be turned on");
    w->sequences = true;
}

/* Sometimes the reader stays in its section over many steps, so that memory and ids must wait. */
static void step_reader(struct world *w)
{
    if (w->reading)
        kvx_rcu_leave(w->reader);
    else
        kvx_rcu_enter(w->reader);
    w->reading = !w->reading;
}

static void step(struct world *w)
{
    uint64_t dice = draw(w, 10000);
    kvx_index_lock(w->ix);
    if (dice < 4600)
        step_store(w);
    else if (dice < 7600)
        step_remove(w);
    else if (dice < 8100)
        step_reside(w);
    else if (dice < 8160)
        step_worker(w);
    else if (dice < 8170)
        step_pool(w);
    kvx_index_unlock(w->ix);
    if (dice >= 8180 && dice < 9600)
        compare_match(w);
    else if (dice >= 8170 && dice < 8174)
        step_sequences(w);
    else if (dice >= 9600 && dice < 9650)
        w->process[draw(w, HOLDERS)] ^= 1; /* the engine renames its blocks */
    else if (dice >= 9650 && dice < 9750)
        kvx_index_sweep(w->ix);
    else if (dice >= 9750 && dice < 9900)
        new_prompt(w);
    else if (dice >= 9900 && dice < 9990)
        step_reader(w);
    else if (dice >= 9990 && dice < 9996)
        compare_state(w);
    else if (dice >= 9996)
        compare_dump(w);
}

/* ---- Rounds ---- */

static void start_round(struct world *w)
{
    static const struct kvx_index_hooks hooks[] = {
        {~(uint64_t)0, ~(uint64_t)0, ~(uint64_t)0, ~(uint64_t)0}, /* none */
        /* equal buckets in the maps and in the pairs */
        {(uint64_t)0x3f << 34, ~(uint64_t)0, (uint64_t)0xff << 34, 0},
        {~(uint64_t)0, 0, ~(uint64_t)0, ~(uint64_t)0}, /* one bucket and one tag in the child tables */
        /* one tag for all engine hashes, few for sequence hashes */
        {0, (uint64_t)0xf << 32, (uint64_t)0x7f << 57, (uint64_t)7 << 61},
    };
    unsigned kind =
        w->round % 4; /* each group of four: one long round, then one with each kind of collision */
    bool collide = kind != 0;
    w->random = mix(w->seed * 1000003 + w->round);
    failing_allocator_init(&w->memory);
    w->alphabet = draw(w, 2) ? 2 + draw(w, 4) : 1000;
    w->unambiguous = w->round / 4 % 2;
    w->step_limit = collide ? 1500 : 15000;
    struct kvx_index_config config = {.allocator = &w->memory.allocator,
                                      .pending_blocks_max = PENDING_MAX,
                                      .pending_bytes_max = KVX_PENDING_BYTES_DEFAULT,
                                      .unresolved_max = UNRESOLVED_MAX,
                                      .pool_unresolved_max = POOL_UNRESOLVED_MAX,
                                      .sweep_backlog_max = 1 + (uint32_t)draw(w, 20),
                                      .hooks = &hooks[kind]};
    if (kvx_rcu_new(&w->rcu, &w->memory.allocator) || kvx_rcu_reader_new(w->rcu, &w->reader) ||
        kvx_lookup_new(&w->lookup, &w->memory.allocator))
        world_fail(w, "setup failed");
    config.rcu = w->rcu;
    if (kvx_index_new(&w->ix, &config))
        world_fail(w, "setup failed");
    w->ref = reference_new(WORKERS, POOLS, PENDING_MAX, UNRESOLVED_MAX, POOL_UNRESOLVED_MAX, PARENTS_MAX);
    w->prompts = w->pools = 0;
    w->sequences = false;
    for (unsigned i = 0; i < (collide ? 6u : 12u); i++)
        new_prompt(w);
    kvx_index_lock(w->ix);
    for (unsigned i = 0; i < WORKERS; i++) {
        w->naming[i] = draw(w, 2) ? SHARED : (enum naming)draw(w, w->unambiguous ? IGNORES_PREFIX : NAMINGS);
        w->process[i] = draw(w, UINT64_MAX);
        add_worker(w, i);
    }
    kvx_index_unlock(w->ix);
}

static void end_round(struct world *w)
{
    compare_state(w);
    compare_dump(w);
    if (w->reading)
        step_reader(w);
    while (kvx_index_sweep(w->ix)) {
    }
    compare_state(w);
    kvx_index_free(w->ix);
    kvx_lookup_free(w->lookup);
    kvx_rcu_reader_free(w->reader);
    kvx_rcu_free(w->rcu);
    reference_free(w->ref);
    CHECK_EQUAL(w, "bytes left", (uint64_t)w->memory.live, 0);
}

int main(int argc, char **argv)
{
    static struct world w;
    uint64_t target = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
    w.seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    unsigned only = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
    unsigned rounds = 0;
    for (w.round = only; w.stored + w.removed < target; w.round++, rounds++) {
        start_round(&w);
        for (w.steps = 0; w.steps < w.step_limit; w.steps++)
            step(&w);
        end_round(&w);
        if (argc > 3)
            break;
    }
    printf("seed %" PRIu64 ": %" PRIu64 " block operations agree in %u rounds (stored %" PRIu64
           ", removed %" PRIu64 ", queried %" PRIu64 ")\n",
           w.seed, w.stored + w.removed + w.queried, rounds, w.stored, w.removed, w.queried);
    return 0;
}
