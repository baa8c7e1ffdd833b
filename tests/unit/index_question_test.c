/* What may be asked, and shared pools: one rule a test. */
#include "base/block_hash.h"
#include "index_fixture.h"

#include <time.h>

#define DEVICE KVX_TIER_DEVICE
#define HOST KVX_TIER_HOST
#define DISK KVX_TIER_DISK
#define EXTERNAL KVX_TIER_EXTERNAL

enum { PROMPT_MAX = 256 };

/* The sequence hashes of the prompt 1, 2, 3, ... */
static void sequences(uint64_t out[PROMPT_MAX])
{
    for (uint64_t i = 0; i < PROMPT_MAX; i++)
        out[i] = i ? kvx_sequence_hash(out[i - 1], i + 1) : 1;
}

static size_t ask(struct index_fixture *f, const struct kvx_prompt *prompt, struct kvx_match out[8])
{
    const struct kvx_match *matches;
    size_t count;
    kvx_rcu_enter(f->reader);
    assert_int_equal(kvx_index_match(f->ix, f->lookup, prompt, &matches, &count), 0);
    assert_true(count <= 8);
    memcpy(out, matches, count * sizeof(*out));
    kvx_rcu_leave(f->reader);
    return count;
}

static struct kvx_store_result announce(struct index_fixture *f, struct kvx_worker_ref w, enum kvx_tier tier,
                                        const uint64_t *hashes, size_t n)
{
    struct kvx_store_result result;
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_index_reside(f->ix, w, tier, n, hashes, &result), 0);
    kvx_index_unlock(f->ix);
    return result;
}

static struct kvx_remove_result withdraw(struct index_fixture *f, struct kvx_worker_ref w, unsigned tiers,
                                         const uint64_t *hashes, size_t n)
{
    struct kvx_remove_result result;
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_index_remove(f->ix, w, tiers, n, hashes, &result), 0);
    kvx_index_unlock(f->ix);
    return result;
}

static void test_sequence_hashes_are_off_until_asked_for(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0];
    struct kvx_worker_ref w = fixture_worker(f, a);
    uint64_t sequence[PROMPT_MAX];
    sequences(sequence);
    fixture_store(f, w, DEVICE, 1000, 1, 150);
    assert_int_equal(fixture_stats(f).bytes_sequence, 0);
    struct kvx_prompt prompt = {.hashes = sequence, .n = 200, .sequence = true};
    const struct kvx_match *matches;
    size_t count;
    kvx_rcu_enter(f->reader);
    assert_int_equal(kvx_index_match(f->ix, f->lookup, &prompt, &matches, &count), KVX_UNAVAILABLE);
    kvx_rcu_leave(f->reader);
    assert_int_equal(kvx_index_sequences(f->ix), 0);
    assert_int_equal(kvx_index_sequences(f->ix), 0);
    assert_true(fixture_stats(f).bytes_sequence > 0);
    fixture_store(f, w, HOST, 1000, 151, 180); /* grows a chunk and adds one */
    struct kvx_match m[8];
    assert_int_equal(ask(f, &prompt, m), 1);
    assert_int_equal(m[0].blocks[DEVICE], 150);
    assert_int_equal(m[0].blocks[HOST], 180);
    sequence[99] ^= 1;
    assert_int_equal(ask(f, &prompt, m), 1);
    assert_int_equal(m[0].blocks[EXTERNAL], 99);
    prompt.hashes = sequence + 1; /* a true hash, of another position */
    assert_int_equal(ask(f, &prompt, m), 0);
}

/* Many children below one block: each is found by its own sequence hash, also after others have gone. */
static void test_a_branch_is_found_by_sequence_hash(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0];
    struct kvx_worker_ref w = fixture_worker(f, a);
    fixture_store(f, w, DEVICE, 1000, 1, 3);
    assert_int_equal(kvx_index_sequences(f->ix), 0);
    uint64_t sequence[PROMPT_MAX];
    sequences(sequence);
    for (uint64_t child = 100; child < 400; child++) {
        uint64_t engine = 5000 + child;
        struct kvx_store s = {
            .worker = w, .has_parent = true, .parent = 1002, .n = 1, .local = &child, .engine = &engine};
        struct kvx_store_result result;
        struct kvx_remove_result removed;
        kvx_index_lock(f->ix);
        assert_int_equal(kvx_index_store(f->ix, &s, &result), 0);
        engine = 5000 + child - 50;
        assert_int_equal(kvx_index_remove(f->ix, w, KVX_ALL_TIERS, 1, &engine, &removed), 0);
        kvx_index_unlock(f->ix);
    }
    for (uint64_t child = 100; child < 400; child++) {
        uint64_t asked[3] = {sequence[0], sequence[1], kvx_sequence_hash(sequence[1], child)};
        struct kvx_prompt prompt = {.hashes = asked, .n = 3, .sequence = true};
        struct kvx_match m[8];
        assert_int_equal(ask(f, &prompt, m), 1);
        assert_int_equal(m[0].blocks[DEVICE], child < 350 ? 2 : 3);
    }
}

struct filter {
    const void *label;
    unsigned calls;
};

static bool is_label(void *user, const void *label)
{
    struct filter *filter = user;
    filter->calls++;
    return label == filter->label;
}

static void test_answers_are_about_the_wanted(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0], *b = &f->labels[1];
    struct kvx_worker_ref w = fixture_worker(f, a), v = fixture_worker(f, b);
    fixture_store(f, w, DEVICE, 1000, 1, 10);
    fixture_store(f, v, DEVICE, 1000, 1, 100);
    fixture_store(f, v, HOST, 1000, 1, 100);
    fixture_store(f, w, DISK, 1000, 1, 12);
    uint64_t local[PROMPT_MAX];
    for (uint64_t i = 0; i < PROMPT_MAX; i++)
        local[i] = i + 1;
    struct filter filter = {.label = a};
    struct kvx_prompt prompt = {.hashes = local, .n = 200, .wanted = is_label, .user = &filter};
    struct kvx_match m[8];
    assert_int_equal(ask(f, &prompt, m), 1);
    assert_ptr_equal(m[0].label, a);
    assert_int_equal(m[0].blocks[DEVICE], 10);
    assert_int_equal(m[0].blocks[DISK], 12);
    assert_int_equal(filter.calls, 2);
    filter = (struct filter){.label = NULL};
    prompt.every_worker = true;
    assert_int_equal(ask(f, &prompt, m), 0);
    assert_int_equal(filter.calls, 2);
}

static void test_every_worker_can_be_asked_for(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0], *b = &f->labels[1];
    struct kvx_worker_ref w = fixture_worker(f, a), v = fixture_worker(f, b);
    fixture_store(f, w, DEVICE, 1000, 1, 10);
    fixture_store(f, v, DEVICE, 2000, 3, 5); /* waits for its parent: nothing is held */
    fixture_pool(f, &f->labels[2]);
    uint64_t local[2] = {1, 2};
    struct kvx_prompt prompt = {.hashes = local, .n = 2, .every_worker = true};
    struct kvx_match m[8];
    assert_int_equal(ask(f, &prompt, m), 2); /* the pool is no worker */
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(m[i].blocks[EXTERNAL], m[i].label == a ? 2 : 0);
    prompt = (struct kvx_prompt){.every_worker = true};
    assert_int_equal(ask(f, &prompt, m), 2);
    assert_int_equal(m[0].held_blocks + m[1].held_blocks, 10);
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_worker_remove(f->ix, v), 0);
    kvx_index_unlock(f->ix);
    assert_int_equal(ask(f, &prompt, m), 1);
    assert_ptr_equal(m[0].label, a);
}

/* One after the other, as NVIDIA counts, and in any mixture, as Mooncake does. */
static void test_disk_and_external_mix(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0];
    struct kvx_worker_ref w = fixture_worker(f, a);
    fixture_store(f, w, HOST, 1000, 1, 2);
    fixture_store(f, w, DISK, 1000, 3, 3);
    fixture_store(f, w, EXTERNAL, 1000, 4, 4);
    fixture_store(f, w, DISK, 1000, 5, 6);
    fixture_store(f, w, EXTERNAL, 1000, 7, 70);
    fixture_store(f, w, DISK, 1000, 71, 71);
    fixture_store(f, w, HOST, 1000, 72, 72); /* the host does not extend them */
    struct kvx_match m = fixture_match(f, a, 100);
    assert_int_equal(m.blocks[DEVICE], 0);
    assert_int_equal(m.blocks[HOST], 2);
    assert_int_equal(m.blocks[DISK], 3);
    assert_int_equal(m.blocks[KVX_REACH_EXTERNAL], 4);
    assert_int_equal(m.blocks[KVX_REACH_ANY], 71);
}

/* CPU time of telling the index 4,000 hashes of a pool that nobody knows. */
static clock_t unknown_hashes(struct index_fixture *f, struct kvx_worker_ref pool, uint64_t from)
{
    static uint64_t hashes[4000];
    struct kvx_store_result result;
    for (size_t i = 0; i < 4000; i++)
        hashes[i] = from + i * UINT64_C(0x9e3779b97f4a7c15);
    kvx_index_lock(f->ix);
    clock_t begin = clock();
    assert_int_equal(kvx_index_reside(f->ix, pool, HOST, 4000, hashes, &result), 0);
    clock_t end = clock();
    kvx_index_unlock(f->ix);
    return end - begin;
}

/* A pool has names of its own for nearly all it holds. They must not make every hash a search through all
 * workers, of which none has any. */
static void test_names_of_pools_cost_workers_nothing(void **state)
{
    struct index_fixture *f = *state;
    struct kvx_worker_ref w = {0}, pool;
    for (int i = 0; i < 4000; i++)
        w = fixture_worker(f, &f->labels[0]);
    pool = fixture_pool(f, &f->labels[2]);
    fixture_store(f, w, DEVICE, 1000, 1, 4);
    uint64_t sequence[PROMPT_MAX];
    sequences(sequence);
    clock_t before = unknown_hashes(f, pool, 1 << 20);
    assert_true(announce(f, pool, HOST, sequence, 4).added > 0);
    clock_t after = unknown_hashes(f, pool, 1 << 30);
    assert_true(after < 10 * before + CLOCKS_PER_SEC / 100);
    fixture_validate(f);
}

static void test_a_pool_extends_every_worker(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0], *b = &f->labels[1];
    struct kvx_worker_ref w = fixture_worker(f, a), pool;
    fixture_worker(f, b);
    fixture_store(f, w, DEVICE, 1000, 1, 4);
    pool = fixture_pool(f, &f->labels[2]);
    uint64_t sequence[PROMPT_MAX];
    sequences(sequence);
    fixture_store(f, w, DEVICE, 1000, 5, 80);
    fixture_remove(f, w, KVX_ALL_TIERS, 1000, 3, 3);
    assert_int_equal(fixture_match(f, a, 80).blocks[EXTERNAL], 2);
    assert_null(fixture_match(f, b, 80).label);
    /* block 3 is held by nobody: only a path */
    struct kvx_store_result result = announce(f, pool, HOST, sequence, 70);
    assert_int_equal(result.added, 69);
    assert_int_equal(result.pending, 1);
    assert_int_equal(fixture_store(f, w, HOST, 1000, 3, 3).resolved, 1);
    struct kvx_match m = fixture_match(f, a, 80);
    assert_int_equal(m.blocks[DEVICE], 2);
    assert_int_equal(m.blocks[HOST], 70);
    m = fixture_match(f, b, 80); /* it holds nothing itself */
    assert_ptr_equal(m.label, b);
    assert_int_equal(m.blocks[DEVICE], 0);
    assert_int_equal(m.blocks[HOST], 70);
    assert_int_equal(m.blocks[DISK], 70);
    assert_null(fixture_match(f, &f->labels[2], 80).label);
    assert_int_equal(fixture_stats(f).workers, 2);
    assert_int_equal(fixture_stats(f).held[HOST], 1);
    uint64_t held[KVX_TIER_COUNT];
    kvx_index_lock(f->ix);
    kvx_worker_held(f->ix, pool, held);
    kvx_index_unlock(f->ix);
    assert_int_equal(held[HOST], 70);
}

/* What a pool holds stays when every worker has lost it, until the pool removes it by its own name. */
static void test_a_pool_keeps_what_workers_lose(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0];
    struct kvx_worker_ref w = fixture_worker(f, a), pool = fixture_pool(f, &f->labels[2]);
    uint64_t sequence[PROMPT_MAX], engine[10];
    sequences(sequence);
    for (uint64_t i = 0; i < 10; i++)
        engine[i] = 1001 + i;
    fixture_store(f, w, DEVICE, 1000, 1, 10);
    assert_int_equal(announce(f, pool, DISK, sequence, 10).added, 10);
    assert_int_equal(announce(f, pool, DISK, sequence, 10).known, 10);
    fixture_remove(f, w, KVX_ALL_TIERS, 1000, 1, 10);
    assert_int_equal(fixture_match(f, a, 10).blocks[HOST], 0);
    assert_int_equal(fixture_match(f, a, 10).blocks[DISK], 10);
    assert_int_equal(withdraw(f, pool, KVX_ALL_TIERS, engine, 10).unknown, 10); /* that is not its name */
    assert_int_equal(announce(f, pool, HOST, sequence, 1).added, 1);
    assert_int_equal(withdraw(f, pool, KVX_TIER_BIT(DISK), sequence, 10).removed, 10);
    assert_int_equal(fixture_match(f, a, 10).blocks[EXTERNAL], 1);
    assert_int_equal(withdraw(f, pool, KVX_ALL_TIERS, sequence, 1).removed, 1);
    assert_int_equal(fixture_stats(f).chunks, 0);
    assert_int_equal(fixture_stats(f).overlay_entries, 0);
}

static void test_a_pool_names_blocks_as_workers_do(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0], *b = &f->labels[1];
    struct kvx_worker_ref w = fixture_worker(f, a), v = fixture_worker(f, b),
                          pool = fixture_pool(f, &f->labels[2]);
    uint64_t engine[3] = {1001, 1002, 1003}, other = 77;
    assert_int_equal(announce(f, pool, HOST, engine, 3).pending, 3); /* before anybody has them */
    struct kvx_store s = {.worker = v, .n = 1, .local = &other, .engine = &engine[2]};
    struct kvx_store_result result;
    struct kvx_remove_result removed;
    assert_int_equal(fixture_store(f, w, DEVICE, 1000, 1, 2).resolved, 2);
    assert_int_equal(fixture_match(f, b, 3).blocks[HOST], 2);
    assert_int_equal(withdraw(f, pool, KVX_TIER_BIT(DISK), engine + 2, 1).unknown, 1); /* another tier */
    assert_int_equal(withdraw(f, pool, KVX_ALL_TIERS, engine + 2, 1).pending, 1);
    /* a hash of two positions names neither for a pool */
    fixture_store(f, w, DEVICE, 1000, 3, 3);
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_index_store(f->ix, &s, &result), 0);
    kvx_index_unlock(f->ix);
    assert_int_equal(announce(f, pool, HOST, engine + 2, 1).pending, 1);
    assert_int_equal(fixture_match(f, b, 3).blocks[HOST], 2);
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_index_remove(f->ix, v, KVX_ALL_TIERS, 1, engine + 2, &removed), 0);
    kvx_index_unlock(f->ix);
    assert_int_equal(fixture_store(f, w, HOST, 1000, 3, 3).resolved, 1); /* by now it names one */
    assert_int_equal(fixture_match(f, b, 3).blocks[HOST], 3);
    /* what it names already, it names also when no worker does any more */
    fixture_remove(f, w, KVX_ALL_TIERS, 1000, 1, 3);
    assert_int_equal(announce(f, pool, DISK, engine, 3).added, 3);
}

static void test_a_pool_is_bounded_and_ends(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0];
    struct kvx_worker_ref w = fixture_worker(f, a), pool = fixture_pool(f, &f->labels[2]);
    uint64_t sequence[PROMPT_MAX];
    sequences(sequence);
    assert_int_equal(announce(f, pool, HOST, sequence, 9).dropped, 3); /* its own bound: 6 */
    assert_int_equal(fixture_stats(f).unresolved, 6);
    assert_int_equal(fixture_store(f, w, DEVICE, 1000, 1, 9).resolved, 6);
    announce(f, pool, EXTERNAL, sequence, 9);
    fixture_remove(f, w, KVX_ALL_TIERS, 1000, 1, 9);
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_worker_clear_tiers(f->ix, pool, KVX_TIER_BIT(EXTERNAL)), 0);
    kvx_index_unlock(f->ix);
    assert_null(fixture_match(f, a, 9).label); /* the oldest were dropped: blocks 1 to 3 */
    announce(f, pool, HOST, sequence, 9);
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_worker_restart(f->ix, pool, &pool), 0);
    kvx_index_unlock(f->ix);
    assert_int_equal(fixture_stats(f).unresolved, 0);
    while (kvx_index_sweep(f->ix)) {
    }
    assert_int_equal(fixture_stats(f).positions, 0);
    fixture_store(f, w, DEVICE, 1000, 1, 9);
    announce(f, pool, HOST, sequence, 9);
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_worker_remove(f->ix, pool), 0);
    kvx_index_unlock(f->ix);
    assert_int_equal(fixture_match(f, a, 9).blocks[HOST], 9);
    fixture_remove(f, w, KVX_ALL_TIERS, 1000, 1, 9);
    assert_null(fixture_match(f, a, 9).label);
    while (kvx_index_sweep(f->ix)) {
    }
    assert_int_equal(fixture_stats(f).workers, 1);
    assert_int_equal(f->labels[2], 1);
}

static void test_a_pool_stores_below_the_device(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0];
    fixture_worker(f, a);
    struct kvx_worker_ref pool = fixture_pool(f, &f->labels[2]);
    assert_int_equal(fixture_store(f, pool, EXTERNAL, 5000, 4, 6).pending, 3);
    assert_int_equal(fixture_store(f, pool, HOST, 5000, 1, 3).resolved, 3);
    struct kvx_match m = fixture_match(f, a, 9);
    assert_int_equal(m.blocks[DEVICE], 0);
    assert_int_equal(m.blocks[HOST], 3);
    assert_int_equal(m.blocks[DISK], 3);
    assert_int_equal(m.blocks[EXTERNAL], 6);
    uint64_t one = 1;
    struct kvx_store s = {.worker = pool, .tier = DEVICE, .n = 1, .local = &one, .engine = &one};
    struct kvx_store_result result;
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_index_store(f->ix, &s, &result), KVX_INVALID);
    assert_int_equal(kvx_index_reside(f->ix, pool, DEVICE, 1, &one, &result), KVX_INVALID);
    kvx_index_unlock(f->ix);
    struct kvx_dump *dump;
    struct kvx_dump_event e;
    assert_int_equal(kvx_dump_new(f->ix, &dump), 0);
    kvx_rcu_enter(f->reader);
    assert_int_equal(kvx_dump_next(dump, &e), 0); /* no worker holds anything */
    kvx_rcu_leave(f->reader);
    kvx_dump_free(dump);
}

/* A name that a pool takes is a parent for its own stores, and for nobody else's. */
static void test_a_pools_names_are_its_own(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0];
    struct kvx_worker_ref w = fixture_worker(f, a), pool = fixture_pool(f, &f->labels[2]);
    uint64_t sequence[PROMPT_MAX], local = 3, engine = 9;
    sequences(sequence);
    fixture_store(f, w, DEVICE, 1000, 1, 2);
    struct kvx_store s = {.worker = pool,
                          .tier = HOST,
                          .has_parent = true,
                          .parent = sequence[1],
                          .n = 1,
                          .local = &local,
                          .engine = &engine};
    struct kvx_store_result result;
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_index_store(f->ix, &s, &result), 0);
    assert_int_equal(result.pending, 1);
    kvx_index_unlock(f->ix);
    assert_int_equal(announce(f, pool, HOST, sequence + 1, 1).resolved, 1);
    assert_int_equal(fixture_match(f, a, 3).blocks[HOST], 3);
    s.worker = w;
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_index_store(f->ix, &s, &result), 0);
    kvx_index_unlock(f->ix);
    assert_int_equal(result.pending, 1);
}

static void test_accounting_has_a_place_for_it(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0];
    struct kvx_worker_ref w = fixture_worker(f, a);
    fixture_store(f, w, DEVICE, 1000, 1, 200);
    assert_int_equal(kvx_index_sequences(f->ix), 0);
    uint64_t chunks = fixture_stats(f).bytes_sequence;
    fixture_pool(f, &f->labels[2]);
    struct kvx_index_stats s = fixture_stats(f);
    assert_true(s.bytes_sequence >= chunks + 200 * 8);
    assert_int_equal(s.bytes, s.bytes_columns + s.bytes_holders + s.bytes_map + s.bytes_children +
                                  s.bytes_overlay + s.bytes_pending + s.bytes_sequence + s.bytes_other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sequence_hashes_are_off_until_asked_for),
        TEST(test_a_branch_is_found_by_sequence_hash),
        TEST(test_answers_are_about_the_wanted),
        TEST(test_every_worker_can_be_asked_for),
        TEST(test_disk_and_external_mix),
        TEST(test_names_of_pools_cost_workers_nothing),
        TEST(test_a_pool_extends_every_worker),
        TEST(test_a_pool_keeps_what_workers_lose),
        TEST(test_a_pool_names_blocks_as_workers_do),
        TEST(test_a_pool_is_bounded_and_ends),
        TEST(test_a_pool_stores_below_the_device),
        TEST(test_a_pools_names_are_its_own),
        TEST(test_accounting_has_a_place_for_it),
    };
    return cmocka_run_group_tests_name("index questions and pools", tests, NULL, NULL);
}
