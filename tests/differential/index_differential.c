/* The index against the literal reference: long random histories, every answer compared.
 *
 *     index_differential [BLOCK_OPERATIONS [SEED [ROUND]]]
 *
 * A round is one index with its own seed, population and collision hooks; a failure prints what to repeat.
 * Block operations are stored, removed, resided and queried blocks. */
#include "failing_allocator.h"
#include "hooks.h"
#include "index/index.h"
#include "reference_index.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WORKERS = 6,
    PROMPTS = 48,
    PROMPT_MAX = 220,
    RUN_MAX = 110,
    PENDING_MAX = 150,
    UNRESOLVED_MAX = 40,
    PARENTS_MAX = 64
};

struct prompt {
    size_t n;
    uint64_t local[PROMPT_MAX], key[PROMPT_MAX];
};

enum naming { SHARED, PRIVATE, IGNORES_PREFIX, FEW, NAMINGS };

struct world {
    uint64_t seed, random;
    unsigned round;
    struct failing_allocator memory;
    struct kvx_rcu *rcu;
    struct kvx_rcu_reader *reader;
    bool reading;
    struct kvx_lookup *lookup;
    struct kvx_index *ix;
    struct reference *ref;
    struct kvx_worker_ref worker[WORKERS];
    enum naming naming[WORKERS];
    uint64_t process[WORKERS]; /* seed of a private naming; changes now and then */
    size_t prompts, alphabet;
    struct prompt prompt[PROMPTS];
    bool unambiguous; /* in this round an engine hash names one position at most, so that dumps can be checked
                         exactly */
    uint64_t stored, removed, queried, steps, step_limit;
};

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

static uint64_t draw(struct world *w, uint64_t below)
{
    w->random += 0x9E3779B97F4A7C15u;
    return mix(w->random) % below;
}

static void fail(const struct world *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "seed %" PRIu64 " round %u step %" PRIu64 ": ", w->seed, w->round, w->steps);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

#define CHECK_EQUAL(w, what, got, want)                                              \
    do {                                                                             \
        uint64_t got_ = (got), want_ = (want);                                       \
        if (got_ != want_)                                                           \
            fail(w, "%s: index %" PRIu64 ", reference %" PRIu64, what, got_, want_); \
    } while (0)

/* ---- Prompts and names ---- */

static void new_prompt(struct world *w)
{
    size_t slot = w->prompts < PROMPTS ? w->prompts++ : draw(w, PROMPTS);
    struct prompt p = {0};
    if (w->prompts > 1) {
        const struct prompt *old = &w->prompt[draw(w, w->prompts - 1)];
        p.n = draw(w, old->n + 1);
        memcpy(p.local, old->local, p.n * sizeof(uint64_t));
    }
    size_t n = p.n + 1 + draw(w, 1 + draw(w, PROMPT_MAX));
    for (n = n > PROMPT_MAX ? PROMPT_MAX : n; p.n < n; p.n++)
        p.local[p.n] = mix(1000 + draw(w, w->alphabet));
    if (!p.n)
        p.local[p.n++] = mix(1000);
    for (size_t i = 0; i < p.n; i++)
        p.key[i] = reference_key(i ? p.key[i - 1] : 0, p.local[i]);
    w->prompt[slot] = p;
}

static uint64_t name_of(const struct world *w, unsigned worker, const struct prompt *p, size_t i)
{
    switch (w->naming[worker]) {
    case PRIVATE:
        return mix(p->key[i] ^ w->process[worker]);
    case IGNORES_PREFIX:
        return mix(p->local[i] * 31 + (i > 1 ? p->local[i - 1] * 7 + p->local[i - 2] : i) + 5);
    case FEW:
        return mix(p->key[i] % 61);
    default:
        return mix(p->key[i]);
    }
}

/* ---- Comparing ---- */

static void compare_match(struct world *w)
{
    const struct prompt *p = &w->prompt[draw(w, w->prompts)];
    struct prompt q = *p;
    if (draw(w, 4) == 0)
        q.local[draw(w, q.n)] ^= 1;
    size_t n = draw(w, 3) ? q.n : draw(w, q.n + 1), count;
    const struct kvx_match *matches;
    bool entered = !w->reading;
    if (entered)
        kvx_rcu_enter(w->reader);
    if (kvx_index_match(w->ix, w->lookup, q.local, n, &matches, &count))
        fail(w, "match failed");
    size_t expected = 0;
    for (unsigned i = 0; i < WORKERS; i++) {
        uint32_t want[REF_TIERS];
        reference_match(w->ref, i, q.local, n, want);
        const struct kvx_match *m = NULL;
        for (size_t k = 0; k < count; k++)
            if (matches[k].label == &w->worker[i]) {
                if (m)
                    fail(w, "worker %u has two matches", i);
                m = &matches[k];
            }
        if (!want[REF_TIERS - 1] != !m)
            fail(w, "worker %u is %s the answer", i, m ? "wrongly in" : "missing from");
        for (unsigned t = 0; m && t < REF_TIERS; t++)
            CHECK_EQUAL(w, "blocks", m->blocks[t], want[t]);
        if (m) {
            CHECK_EQUAL(w, "held_blocks", m->held_blocks, reference_held(w->ref, i, KVX_TIER_DEVICE));
            CHECK_EQUAL(w, "worker id", m->worker, w->worker[i].id);
        }
        expected += m != NULL;
    }
    CHECK_EQUAL(w, "matches", count, expected);
    if (entered)
        kvx_rcu_leave(w->reader);
    w->queried += n;
}

static void compare_state(struct world *w)
{
    struct kvx_index_stats s;
    kvx_index_stats(w->ix, &s);
    for (unsigned t = 0; t < REF_TIERS; t++) {
        uint64_t held = 0;
        for (unsigned i = 0; i < WORKERS; i++)
            held += reference_held(w->ref, i, t);
        CHECK_EQUAL(w, "held blocks", s.held[t], held);
    }
    CHECK_EQUAL(w, "pending blocks", s.pending_blocks, reference_pending(w->ref));
    CHECK_EQUAL(w, "unresolved blocks", s.unresolved, reference_unresolved(w->ref));
    CHECK_EQUAL(w, "workers", s.workers, WORKERS);
    const char *reason;
    if (!kvx_index_validate(w->ix, &reason))
        fail(w, "invalid: %s", reason);
}

/* The (worker, tier, key) triples that a dump has told so far. */
struct told {
    uint64_t *slots;
    size_t size, count;
};

static bool tell(struct told *t, uint64_t worker, unsigned tier, uint64_t key, bool add)
{
    uint64_t id = mix(key * 64 + worker * 8 + tier) | 1;
    size_t i = id % t->size;
    while (t->slots[i] && t->slots[i] != id)
        i = (i + 1) % t->size;
    if (t->slots[i])
        return false;
    if (add) {
        t->slots[i] = id;
        t->count++;
    }
    return true;
}

/* Do the event's blocks stand below `key`, held and named as it says, and untold? Where a hash names several
 * positions, the parent in the event does not tell which one is meant: then "untold" cannot be asked. */
static bool event_fits(const struct world *w, unsigned worker, const struct kvx_dump_event *e, uint64_t key,
                       struct told *t, bool add)
{
    for (uint32_t i = 0; i < e->n; i++) {
        key = reference_key(key, e->local[i]);
        if (!reference_holds(w->ref, worker, e->tier, key) ||
            !reference_names(w->ref, worker, e->engine[i], key) ||
            (!tell(t, worker, e->tier, key, add) && w->unambiguous))
            return false;
    }
    return true;
}

static bool parent_told(const struct world *w, unsigned worker, uint64_t key, struct told *t)
{
    for (unsigned tier = 0; tier < REF_TIERS; tier++)
        if (reference_holds(w->ref, worker, tier, key) && tell(t, worker, tier, key, false))
            return false;
    return true;
}

/* The parent's engine hash may have named several positions: the event must fit below one whose own event
 * came before. */
static void check_event(const struct world *w, const struct kvx_dump_event *e, struct told *t)
{
    unsigned worker = (unsigned)((struct kvx_worker_ref *)e->label - w->worker);
    uint64_t root = 0;
    size_t count = 1;
    const uint64_t *keys = e->has_parent ? reference_ever_named(w->ref, e->parent, &count) : &root;
    for (size_t i = 0; i < count; i++)
        if (event_fits(w, worker, e, keys[i], t, false) &&
            (!keys[i] || !w->unambiguous || parent_told(w, worker, keys[i], t))) {
            event_fits(w, worker, e, keys[i], t, true);
            return;
        }
    fail(w, "dump: an event of worker %u fits below no parent told before", worker);
}

static void compare_dump(struct world *w)
{
    struct kvx_dump *d;
    struct kvx_dump_event e;
    uint64_t held = 0;
    for (unsigned i = 0; i < WORKERS; i++)
        for (unsigned t = 0; t < REF_TIERS; t++)
            held += reference_held(w->ref, i, t);
    struct told t = {.size = held * 2 + 1};
    t.slots = calloc(t.size, sizeof(uint64_t));
    int rc = kvx_dump_new(w->ix, w->reader, &d);
    if (!t.slots || rc)
        fail(w, "dump failed");
    bool entered = !w->reading;
    if (entered)
        kvx_rcu_enter(w->reader);
    uint64_t blocks = 0;
    for (; (rc = kvx_dump_next(d, &e)) == 1; blocks += e.n)
        check_event(w, &e, &t);
    if (entered)
        kvx_rcu_leave(w->reader);
    CHECK_EQUAL(w, "dump's end", (uint64_t)rc, 0);
    CHECK_EQUAL(w, "dumped blocks", blocks, held);
    if (w->unambiguous)
        CHECK_EQUAL(w, "different dumped blocks", t.count, held);
    kvx_dump_free(d);
    free(t.slots);
}

/* ---- Steps ---- */

static unsigned draw_tier(struct world *w)
{
    return draw(w, 4) ? KVX_TIER_DEVICE : (unsigned)draw(w, REF_TIERS);
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
    unsigned worker = (unsigned)draw(w, WORKERS), tier = draw_tier(w);
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
        fail(w, "store failed: %d", rc);
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
    unsigned worker = (unsigned)draw(w, WORKERS);
    unsigned tiers = draw(w, 3) ? KVX_ALL_TIERS : (unsigned)draw(w, KVX_ALL_TIERS + 1);
    struct part part = draw_part(w, worker, draw(w, 2) ? RUN_MAX : 4);
    struct kvx_remove_result got;
    struct reference_counts want;
    if (kvx_index_remove(w->ix, w->worker[worker], tiers, part.n, part.engine, &got))
        fail(w, "remove failed");
    reference_remove(w->ref, worker, tiers, part.n, part.engine, &want);
    CHECK_EQUAL(w, "removed", got.removed, want.removed);
    CHECK_EQUAL(w, "several", got.several, want.several);
    CHECK_EQUAL(w, "pending removed", got.pending, want.pending_removed);
    CHECK_EQUAL(w, "unknown", got.unknown, want.unknown);
    w->removed += part.n;
}

static void step_reside(struct world *w)
{
    unsigned worker = (unsigned)draw(w, WORKERS), tier = (unsigned)draw(w, REF_TIERS);
    struct part part = draw_part(w, worker, 20);
    struct kvx_store_result got;
    struct reference_counts want;
    if (kvx_index_reside(w->ix, w->worker[worker], (enum kvx_tier)tier, part.n, part.engine, &got))
        fail(w, "reside failed");
    reference_reside(w->ref, worker, tier, part.n, part.engine, &want);
    CHECK_EQUAL(w, "added", got.added, want.added);
    CHECK_EQUAL(w, "known", got.known, want.known);
    CHECK_EQUAL(w, "unresolved", got.pending, want.pending);
    CHECK_EQUAL(w, "dropped", got.dropped, want.dropped);
    w->stored += part.n;
}

static void add_worker(struct world *w, unsigned worker)
{
    int rc = kvx_worker_add(w->ix, &w->worker[worker], &w->worker[worker]);
    while (rc == KVX_UNAVAILABLE) { /* the backlog of the sweep is full */
        kvx_index_unlock(w->ix);
        kvx_index_sweep(w->ix);
        kvx_index_lock(w->ix);
        rc = kvx_worker_add(w->ix, &w->worker[worker], &w->worker[worker]);
    }
    if (rc)
        fail(w, "worker_add failed: %d", rc);
}

/* A worker ends or begins anew; what was decoded for its old generation is refused. */
static void step_worker(struct world *w)
{
    unsigned worker = (unsigned)draw(w, WORKERS), kind = (unsigned)draw(w, 4);
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
        fail(w, "ending a generation failed: %d", rc);
    reference_clear(w->ref, worker, kind < 2 ? tiers : KVX_ALL_TIERS);
    if (kind < 2)
        return;
    struct kvx_remove_result ignored;
    if (kvx_index_remove(w->ix, old, KVX_ALL_TIERS, 0, NULL, &ignored) != KVX_STALE)
        fail(w, "an old generation was not refused");
    if (kind == 3)
        add_worker(w, worker);
    w->process[worker] = draw(w, UINT64_MAX);
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
    kvx_index_unlock(w->ix);
    if (dice >= 8160 && dice < 9600)
        compare_match(w);
    else if (dice >= 9600 && dice < 9650)
        w->process[draw(w, WORKERS)] ^= 1; /* the engine renames its blocks */
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
        {~(uint64_t)0, ~(uint64_t)0, ~(uint64_t)0},  /* none */
        {(uint64_t)0x3f << 34, ~(uint64_t)0, 0},     /* equal buckets in the map and in the pairs */
        {~(uint64_t)0, 0, ~(uint64_t)0},             /* one bucket and one tag in the child table */
        {0, (uint64_t)0xf << 32, (uint64_t)7 << 61}, /* one tag for all engine hashes */
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
                                      .sweep_backlog_max = 1 + (uint32_t)draw(w, 20),
                                      .hooks = &hooks[kind]};
    if (kvx_rcu_new(&w->rcu, &w->memory.allocator) || kvx_rcu_reader_new(w->rcu, &w->reader) ||
        kvx_lookup_new(&w->lookup, &w->memory.allocator))
        fail(w, "setup failed");
    config.rcu = w->rcu;
    if (kvx_index_new(&w->ix, &config))
        fail(w, "setup failed");
    w->ref = reference_new(WORKERS, PENDING_MAX, UNRESOLVED_MAX, PARENTS_MAX);
    w->prompts = 0;
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
