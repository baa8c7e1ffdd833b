/* Every allocation of a fixed history fails once, and from some point on for good: the index stays valid, the
 * same call succeeds when it is repeated, and the end is what the reference says. */
#include "index_fixture.h"
#include "reference_index.h"

enum { STEPS = 160, WORKERS = 3, POOL = WORKERS, HOLDERS, PROMPT = 150, SEQUENCES_AT = 20, POOL_AT = 50 };

struct history {
    struct index_fixture f;
    struct reference *ref;
    struct kvx_worker_ref worker[HOLDERS];
    unsigned label[HOLDERS];
    bool pool; /* there is one */
    uint64_t random;
    bool keep_failing; /* a call that fails for lack of memory is not repeated */
    bool lost;         /* such a call happened: the reference knows more than the index */
};

static uint64_t draw(struct history *h, uint64_t below)
{
    h->random = h->random * 6364136223846793005u + 1442695040888963407u;
    return (h->random >> 33) % below;
}

static void valid(struct history *h)
{
    fixture_validate(&h->f);
}

/* Calls once, and once more when memory ran out and comes back. True when it took effect. */
#define ATTEMPT(h, call)                                  \
    ({                                                    \
        int rc_ = (call);                                 \
        if (rc_ == KVX_NOMEM) {                           \
            kvx_index_unlock((h)->f.ix);                  \
            valid(h);                                     \
            kvx_index_lock((h)->f.ix);                    \
            rc_ = (h)->keep_failing ? KVX_NOMEM : (call); \
        }                                                 \
        (h)->lost |= rc_ != 0;                            \
        rc_ == 0;                                         \
    })

/* Local hashes of a prompt: the first 40 blocks are common to all branches. */
static void prompt_of(uint64_t branch, uint64_t local[PROMPT])
{
    for (uint64_t i = 0; i < PROMPT; i++)
        local[i] = i < 40 ? i : branch * 1000 + i;
}

/* The pool announces a part of a prompt by sequence hash or by the engine hashes of worker 0, or removes it.
 */
static void step_pool(struct history *h, unsigned number)
{
    uint64_t local[PROMPT], hash[PROMPT], from = draw(h, 2) ? 0 : draw(h, PROMPT),
                                          n = 1 + draw(h, PROMPT - from);
    prompt_of(draw(h, 3), local);
    for (uint64_t i = 0; i < PROMPT; i++)
        hash[i] = number % 3 ? reference_sequence(i > 0, i ? hash[i - 1] : 0, local[i]) : 10000 + local[i];
    struct reference_counts ignored;
    struct kvx_store_result result;
    struct kvx_remove_result removed;
    kvx_index_lock(h->f.ix);
    if (draw(h, 4) == 0) {
        assert_int_equal(
            kvx_index_remove(h->f.ix, h->worker[POOL], KVX_ALL_TIERS, n / 2 + 1, hash + from, &removed), 0);
        reference_remove(h->ref, POOL, KVX_ALL_TIERS, n / 2 + 1, hash + from, &ignored);
    } else if (ATTEMPT(h, kvx_index_reside(h->f.ix, h->worker[POOL], KVX_TIER_EXTERNAL, n, hash + from,
                                           &result))) {
        reference_reside(h->ref, POOL, KVX_TIER_EXTERNAL, n, hash + from, &ignored);
    }
    kvx_index_unlock(h->f.ix);
}

static void turn_on(struct history *h, unsigned number)
{
    kvx_index_lock(h->f.ix);
    if (number == POOL_AT)
        h->pool = ATTEMPT(h, kvx_pool_add(h->f.ix, &h->label[POOL], &h->worker[POOL]));
    kvx_index_unlock(h->f.ix);
    if (number == SEQUENCES_AT && kvx_index_sequences(h->f.ix)) {
        valid(h);
        h->lost |= kvx_index_sequences(h->f.ix) != 0;
    }
}

static void step(struct history *h, unsigned number)
{
    turn_on(h, number);
    if (h->pool && number % 2)
        step_pool(h, number);
    unsigned worker = (unsigned)draw(h, WORKERS);
    uint64_t branch = draw(h, 3), from = draw(h, 2) ? 0 : draw(h, PROMPT), n = 1 + draw(h, PROMPT - from);
    uint64_t local[PROMPT], engine[PROMPT], naming = worker == 2 ? 900000 : 0;
    for (uint64_t i = 0; i < n; i++) {
        local[i] = from + i < 40 ? from + i : branch * 1000 + from + i;
        engine[i] = naming + 10000 + local[i];
    }
    uint64_t before = from - 1 < 40 ? from - 1 : branch * 1000 + from - 1;
    struct reference_counts ignored;
    struct kvx_store_result result;
    struct kvx_remove_result removed;
    unsigned tier = draw(h, 3) ? 0 : 1;
    struct kvx_store s = {.worker = h->worker[worker],
                          .tier = (enum kvx_tier)tier,
                          .has_parent = from > 0,
                          .parent = naming + 10000 + before,
                          .n = n,
                          .local = local,
                          .engine = engine};
    kvx_index_lock(h->f.ix);
    switch (number % 8) {
    case 5:
        assert_int_equal(kvx_index_remove(h->f.ix, s.worker, KVX_ALL_TIERS, n / 2 + 1, engine, &removed), 0);
        reference_remove(h->ref, worker, KVX_ALL_TIERS, n / 2 + 1, engine, &ignored);
        break;
    case 6:
        if (ATTEMPT(h, kvx_index_reside(h->f.ix, s.worker, KVX_TIER_DISK, n / 4 + 1, engine, &result)))
            reference_reside(h->ref, worker, KVX_TIER_DISK, n / 4 + 1, engine, &ignored);
        break;
    case 7:
        if (number % 3 == 0 && ATTEMPT(h, kvx_worker_restart(h->f.ix, s.worker, &h->worker[worker])))
            reference_clear(h->ref, worker, KVX_ALL_TIERS);
        else if (number % 3 == 1 && ATTEMPT(h, kvx_worker_clear_tiers(h->f.ix, s.worker, 1)))
            reference_clear(h->ref, worker, 1);
        break;
    default:
        if (ATTEMPT(h, kvx_index_store(h->f.ix, &s, &result)))
            reference_store(h->ref, worker, tier, s.has_parent, s.parent, n, local, engine, &ignored);
    }
    kvx_index_unlock(h->f.ix);
    if (number % 16 == 0)
        kvx_index_sweep(h->f.ix);
}

static void compare(struct history *h)
{
    for (uint64_t branch = 0; branch < 3; branch++) {
        uint64_t local[PROMPT];
        prompt_of(branch, local);
        const struct kvx_match *matches;
        size_t count;
        kvx_rcu_enter(h->f.reader);
        struct kvx_prompt prompt = {.hashes = local, .n = PROMPT};
        int rc = kvx_index_match(h->f.ix, h->f.lookup, &prompt, &matches, &count);
        if (rc == KVX_NOMEM && !h->keep_failing)
            rc = kvx_index_match(h->f.ix, h->f.lookup, &prompt, &matches, &count);
        for (unsigned w = 0; w < WORKERS && !rc; w++) {
            uint32_t want[REF_REACHES], got[REF_REACHES] = {0};
            reference_match(h->ref, w, local, PROMPT, want);
            for (size_t i = 0; i < count; i++)
                if (matches[i].label == &h->label[w])
                    memcpy(got, matches[i].blocks, sizeof(got));
            if (!h->lost)
                assert_memory_equal(got, want, sizeof(got));
        }
        kvx_rcu_leave(h->f.reader);
        assert_true(rc == 0 || h->keep_failing);
    }
}

static bool start(struct history *h)
{
    struct index_fixture *f = &h->f;
    if (kvx_rcu_new(&f->rcu, &f->memory.allocator) || kvx_rcu_reader_new(f->rcu, &f->reader) ||
        kvx_lookup_new(&f->lookup, &f->memory.allocator))
        return false;
    struct kvx_index_config config = fixture_config(f);
    config.pending_blocks_max = 300;
    if (kvx_index_new(&f->ix, &config))
        return false;
    bool ok = true;
    kvx_index_lock(f->ix);
    for (unsigned w = 0; w < WORKERS && ok; w++)
        ok = kvx_worker_add(f->ix, &h->label[w], &h->worker[w]) == 0;
    kvx_index_unlock(f->ix);
    return ok;
}

/* Returns whether the failing allocation was reached. */
static bool run(uint64_t fail_at, bool keep_failing)
{
    struct history h = {.random = 42, .keep_failing = keep_failing};
    failing_allocator_init(&h.f.memory);
    h.f.memory.fail_at = fail_at;
    h.f.memory.fail_after = keep_failing;
    h.ref = reference_new(WORKERS, 1, 300, 4, 6, 64);
    if (start(&h)) {
        for (unsigned i = 0; i < STEPS; i++)
            step(&h, i);
        compare(&h);
        valid(&h);
        struct kvx_dump *dump;
        if (kvx_dump_new(h.f.ix, &dump) == 0) {
            struct kvx_dump_event e;
            kvx_rcu_enter(h.f.reader);
            for (int rc; (rc = kvx_dump_next(dump, &e)) != 0;)
                if (rc < 0 && keep_failing)
                    break;
            kvx_rcu_leave(h.f.reader);
            kvx_dump_free(dump);
        }
    }
    kvx_index_free(h.f.ix);
    kvx_lookup_free(h.f.lookup);
    kvx_rcu_reader_free(h.f.reader);
    kvx_rcu_free(h.f.rcu);
    reference_free(h.ref);
    assert_int_equal(h.f.memory.live, 0);
    return fail_at && h.f.memory.calls >= fail_at;
}

static void test_each_allocation_fails_once(void **state)
{
    (void)state; /* cmocka's signature */
    uint64_t n = 1;
    while (run(n, false))
        n++;
    assert_true(n > 100);
}

static void test_memory_ends_for_good(void **state)
{
    (void)state; /* cmocka's signature */
    for (uint64_t n = 1; run(n, true); n++) {
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_allocation_fails_once),
        cmocka_unit_test(test_memory_ends_for_good),
    };
    return cmocka_run_group_tests_name("index memory", tests, NULL, NULL);
}
