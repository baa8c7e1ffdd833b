/* The index's behaviour, one rule a test. Exactness over long histories is the differential test's business.
 */
#include "index_fixture.h"

#define DEVICE KVX_TIER_DEVICE
#define HOST KVX_TIER_HOST
#define DISK KVX_TIER_DISK
#define EXTERNAL KVX_TIER_EXTERNAL

static void test_holes_are_exact(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0];
    struct kvx_worker_ref w = fixture_worker(f, a);
    assert_int_equal(fixture_store(f, w, DEVICE, 1000, 1, 150).added, 150);
    assert_int_equal(fixture_match(f, a, 200).blocks[DEVICE], 150);
    assert_int_equal(fixture_match(f, a, 100).blocks[DEVICE], 100);
    assert_int_equal(fixture_remove(f, w, KVX_ALL_TIERS, 1000, 70, 70).removed, 1);
    assert_int_equal(fixture_match(f, a, 200).blocks[DEVICE], 69);
    assert_int_equal(fixture_match(f, a, 200).held_blocks, 149);
    assert_int_equal(fixture_store(f, w, DEVICE, 1000, 70, 70).added, 1);
    assert_int_equal(fixture_match(f, a, 200).blocks[DEVICE], 150);
    assert_int_equal(fixture_remove(f, w, KVX_ALL_TIERS, 1000, 1, 1).removed, 1);
    assert_null(fixture_match(f, a, 200).label);
}

static void test_workers_name_blocks_differently(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0], *b = &f->labels[1];
    struct kvx_worker_ref wa = fixture_worker(f, a), wb = fixture_worker(f, b);
    fixture_store(f, wa, DEVICE, 1000, 1, 80);
    fixture_store(f, wb, DEVICE, 5000, 1, 80);
    assert_int_equal(fixture_stats(f).positions, 80);
    assert_int_equal(fixture_stats(f).overlay_entries, 80);
    assert_int_equal(fixture_remove(f, wb, KVX_ALL_TIERS, 1000, 1, 80).unknown, 80);
    assert_int_equal(fixture_remove(f, wb, KVX_ALL_TIERS, 5000, 41, 80).removed, 40);
    assert_int_equal(fixture_match(f, a, 80).blocks[DEVICE], 80);
    assert_int_equal(fixture_match(f, b, 80).blocks[DEVICE], 40);
    assert_int_equal(fixture_stats(f).overlay_entries, 40);
}

static void test_tiers_extend_one_after_another(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0], *b = &f->labels[1];
    struct kvx_worker_ref w = fixture_worker(f, a), v = fixture_worker(f, b);
    fixture_store(f, w, DEVICE, 1000, 1, 2);
    fixture_store(f, w, HOST, 1000, 1, 4);
    fixture_store(f, w, DISK, 1000, 5, 6);
    fixture_store(f, w, HOST, 1000, 7, 7); /* the host does not extend the disk */
    fixture_store(f, w, EXTERNAL, 1000, 8, 8);
    fixture_store(f, v, HOST, 1000, 1, 100);
    struct kvx_match m = fixture_match(f, a, 50);
    assert_int_equal(m.blocks[DEVICE], 2);
    assert_int_equal(m.blocks[HOST], 4);
    assert_int_equal(m.blocks[DISK], 6);
    assert_int_equal(m.blocks[EXTERNAL], 6);
    m = fixture_match(f, b, 120);
    assert_int_equal(m.blocks[DEVICE], 0);
    assert_int_equal(m.blocks[HOST], 100);
    assert_int_equal(m.blocks[EXTERNAL], 100);
    assert_int_equal(m.held_blocks, 0);
    assert_int_equal(fixture_remove(f, w, KVX_TIER_BIT(HOST), 1000, 1, 4).removed, 4);
    assert_int_equal(fixture_match(f, a, 50).blocks[EXTERNAL], 2);
    assert_int_equal(fixture_remove(f, w, KVX_TIER_BIT(DISK), 1000, 1, 2).unknown, 2);
}

static void test_a_late_parent_places_what_waits(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0];
    struct kvx_worker_ref w = fixture_worker(f, a);
    assert_int_equal(fixture_store(f, w, DEVICE, 1000, 6, 8).pending, 3);
    assert_int_equal(fixture_store(f, w, DEVICE, 1000, 3, 5).pending, 3);
    assert_int_equal(fixture_remove(f, w, KVX_ALL_TIERS, 1000, 7, 7).pending, 1);
    assert_null(fixture_match(f, a, 10).label);
    struct kvx_store_result result = fixture_store(f, w, DEVICE, 1000, 1, 2);
    assert_int_equal(result.added, 2);
    assert_int_equal(result.resolved, 5);
    assert_int_equal(fixture_match(f, a, 10).blocks[DEVICE], 6);
    fixture_store(f, w, DEVICE, 1000, 7, 7);
    assert_int_equal(fixture_match(f, a, 10).blocks[DEVICE], 8);
}

static void test_others_may_place_a_parent(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0], *b = &f->labels[1];
    struct kvx_worker_ref w = fixture_worker(f, a), v = fixture_worker(f, b);
    fixture_store(f, v, DEVICE, 1000, 1, 4);
    assert_int_equal(fixture_store(f, w, DEVICE, 1000, 5, 6).added, 2);
    assert_null(fixture_match(f, a, 6).label); /* nothing below an unheld parent is credited */
    fixture_store(f, w, DEVICE, 1000, 1, 4);
    assert_int_equal(fixture_match(f, a, 6).blocks[DEVICE], 6);
}

static void test_pending_is_bounded(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0];
    struct kvx_worker_ref w = fixture_worker(f, a);
    fixture_store(f, w, DEVICE, 1000, 10, 13);
    fixture_store(f, w, DEVICE, 2000, 10, 13);
    assert_int_equal(fixture_store(f, w, DEVICE, 3000, 10, 10).dropped, 4); /* the oldest run goes */
    assert_int_equal(fixture_stats(f).pending_blocks, 5);
    assert_int_equal(fixture_store(f, w, DEVICE, 3000, 20, 30).dropped,
                     11); /* larger than the bound itself */
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_worker_clear_tiers(f->ix, w, KVX_TIER_BIT(DEVICE)), 0);
    kvx_index_unlock(f->ix);
    assert_int_equal(fixture_stats(f).pending_blocks, 0);
}

static struct kvx_store_result reside(struct index_fixture *f, struct kvx_worker_ref w, enum kvx_tier tier,
                                      uint64_t from, size_t n)
{
    uint64_t engine[64];
    for (size_t i = 0; i < n; i++)
        engine[i] = from + i;
    struct kvx_store_result result;
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_index_reside(f->ix, w, tier, n, engine, &result), 0);
    kvx_index_unlock(f->ix);
    return result;
}

static void test_residency_without_tokens(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0];
    struct kvx_worker_ref w = fixture_worker(f, a);
    fixture_store(f, w, DEVICE, 1000, 1, 3);
    struct kvx_store_result result =
        reside(f, w, HOST, 1002, 4); /* blocks 2 to 5, of which 2 and 3 are known */
    assert_int_equal(result.added, 2);
    assert_int_equal(result.pending, 2);
    fixture_remove(f, w, KVX_TIER_BIT(DEVICE), 1000, 2, 3);
    assert_int_equal(fixture_match(f, a, 9).blocks[HOST], 3);
    assert_int_equal(fixture_store(f, w, DEVICE, 1000, 4, 5).resolved, 2);
    assert_int_equal(fixture_match(f, a, 9).blocks[HOST], 5);
    assert_int_equal(reside(f, w, DISK, 2000, 6).dropped, 2); /* the bound is 4 */
    assert_int_equal(fixture_stats(f).unresolved, 4);
    assert_int_equal(fixture_remove(f, w, KVX_TIER_BIT(DISK), 0, 2005, 2005).pending, 1);
    assert_int_equal(fixture_stats(f).unresolved, 3);
}

static void test_one_hash_for_several_positions(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0];
    struct kvx_worker_ref w = fixture_worker(f, a);
    uint64_t local[3] = {1, 2, 3}, engine[3] = {7, 7, 8};
    struct kvx_store s = {.worker = w, .n = 3, .local = local, .engine = engine};
    struct kvx_store_result result;
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_index_store(f->ix, &s, &result), 0);
    uint64_t child = 50, name = 60;
    s = (struct kvx_store){
        .worker = w, .has_parent = true, .parent = 7, .n = 1, .local = &child, .engine = &name};
    assert_int_equal(kvx_index_store(f->ix, &s, &result), 0); /* below both */
    assert_int_equal(result.added, 2);
    struct kvx_remove_result removed;
    assert_int_equal(kvx_index_remove(f->ix, w, KVX_ALL_TIERS, 1, &name, &removed), 0);
    assert_int_equal(removed.removed, 2);
    assert_int_equal(removed.several, 1);
    assert_int_equal(kvx_index_remove(f->ix, w, KVX_ALL_TIERS, 1, engine, &removed), 0);
    assert_int_equal(removed.removed, 2);
    kvx_index_unlock(f->ix);
    assert_null(fixture_match(f, a, 3).label);
}

static void test_a_parent_with_very_many_positions_is_refused(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0];
    struct kvx_worker_ref w = fixture_worker(f, a);
    uint64_t local[65], engine[65], child = 9, name = 99;
    for (unsigned i = 0; i < 65; i++) {
        local[i] = i + 1;
        engine[i] = 7;
    }
    struct kvx_store s = {.worker = w, .n = 65, .local = local, .engine = engine};
    struct kvx_store_result result;
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_index_store(f->ix, &s, &result), 0);
    s = (struct kvx_store){
        .worker = w, .has_parent = true, .parent = 7, .n = 1, .local = &child, .engine = &name};
    assert_int_equal(kvx_index_store(f->ix, &s, &result), KVX_TOO_LARGE);
    kvx_index_unlock(f->ix);
}

static void test_generations_refuse_what_is_old(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0];
    struct kvx_worker_ref old = fixture_worker(f, a), now;
    fixture_store(f, old, DEVICE, 1000, 1, 10);
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_worker_restart(f->ix, old, &now), 0);
    assert_int_equal(now.id, old.id);
    assert_int_not_equal(now.generation, old.generation);
    uint64_t one = 1;
    struct kvx_store s = {.worker = old, .n = 1, .local = &one, .engine = &one};
    struct kvx_store_result stored;
    struct kvx_remove_result removed;
    assert_int_equal(kvx_index_store(f->ix, &s, &stored), KVX_STALE);
    assert_int_equal(kvx_index_reside(f->ix, old, HOST, 1, &one, &stored), KVX_STALE);
    assert_int_equal(kvx_index_remove(f->ix, old, KVX_ALL_TIERS, 1, &one, &removed), KVX_STALE);
    assert_int_equal(kvx_worker_clear_tiers(f->ix, old, 1), KVX_STALE);
    assert_int_equal(kvx_worker_remove(f->ix, old), KVX_STALE);
    kvx_index_unlock(f->ix);
    assert_null(fixture_match(f, a, 10).label);
    fixture_store(f, now, DEVICE, 1000, 1, 3);
    assert_int_equal(fixture_match(f, a, 10).blocks[DEVICE], 3);
    assert_int_equal(*a, 0);
}

static void test_the_sweep_returns_everything(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0], *b = &f->labels[1];
    struct kvx_worker_ref w = fixture_worker(f, a), v = fixture_worker(f, b);
    fixture_store(f, w, DEVICE, 1000, 1, 200);
    fixture_store(f, w, HOST, 1000, 1, 100);
    fixture_store(f, v, DEVICE, 1000, 1, 20);
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_worker_remove(f->ix, w), 0);
    kvx_index_unlock(f->ix);
    assert_int_equal(fixture_stats(f).held[DEVICE], 20);
    assert_int_equal(fixture_stats(f).dead_generations, 1);
    while (kvx_index_sweep(f->ix)) {
    }
    assert_int_equal(fixture_stats(f).dead_generations, 0);
    assert_int_equal(fixture_stats(f).positions, 64); /* the chunk that v holds a part of */
    assert_int_equal(fixture_match(f, b, 200).blocks[DEVICE], 20);
    fixture_remove(f, v, KVX_ALL_TIERS, 1000, 1, 20);
    assert_int_equal(fixture_stats(f).positions, 0);
    assert_int_equal(fixture_stats(f).chunks, 0);
}

static void test_the_backlog_is_bounded(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0];
    struct kvx_worker_ref w = fixture_worker(f, a);
    kvx_index_lock(f->ix);
    for (unsigned i = 0; i < 3; i++) {
        kvx_index_unlock(f->ix);
        fixture_store(f, w, DEVICE, 1000, 1, 5);
        kvx_index_lock(f->ix);
        assert_int_equal(kvx_worker_restart(f->ix, w, &w), 0);
    }
    struct kvx_worker_ref other;
    assert_int_equal(kvx_worker_add(f->ix, a, &other), KVX_UNAVAILABLE);
    kvx_index_unlock(f->ix);
    while (kvx_index_sweep(f->ix)) {
    }
    fixture_worker(f, a);
}

/* A reader that saw a worker keeps its label, and its id is not given away, until the reader leaves. */
static void test_ids_and_labels_wait_for_readers(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0], *b = &f->labels[1];
    struct kvx_worker_ref w = fixture_worker(f, a);
    fixture_store(f, w, DEVICE, 1000, 1, 5);
    kvx_rcu_enter(f->reader);
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_worker_remove(f->ix, w), 0);
    kvx_index_unlock(f->ix);
    while (kvx_index_sweep(f->ix)) {
    }
    assert_int_equal(*a, 0);
    assert_int_not_equal(fixture_worker(f, b).id, w.id);
    kvx_rcu_leave(f->reader);
    while (kvx_index_sweep(f->ix)) {
    }
    assert_int_equal(*a, 1);
    assert_int_equal(fixture_worker(f, b).id, w.id);
    assert_int_equal(fixture_stats(f).workers, 2);
}

/* The parent hash in the dump's event of `label` whose run begins with local hash `first`. */
static uint64_t dumped_parent(struct index_fixture *f, const void *label, uint64_t first)
{
    struct kvx_dump *dump;
    struct kvx_dump_event e;
    uint64_t parent = 0;
    assert_int_equal(kvx_dump_new(f->ix, &dump), 0);
    kvx_rcu_enter(f->reader);
    while (kvx_dump_next(dump, &e) == 1)
        if (e.label == label && e.local[0] == first)
            parent = e.parent;
    kvx_rcu_leave(f->reader);
    kvx_dump_free(dump);
    return parent;
}

/* Two workers name the same blocks differently. The name of a lost block stays known as its child's parent,
 * and goes when nothing follows any more. */
static void test_a_dump_names_lost_parents_truly(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0], *b = &f->labels[1];
    struct kvx_worker_ref w = fixture_worker(f, a), v = fixture_worker(f, b);
    fixture_store(f, w, DEVICE, 1000, 1, 4);
    fixture_store(f, v, DEVICE, 5000, 1, 4);
    fixture_remove(f, w, KVX_ALL_TIERS, 1000, 1, 1);
    fixture_remove(f, v, KVX_ALL_TIERS, 5000, 1, 1);
    assert_int_equal(dumped_parent(f, a, 2), 1001);
    assert_int_equal(dumped_parent(f, b, 2), 5001);
    assert_int_equal(fixture_remove(f, v, KVX_ALL_TIERS, 5000, 1, 1).unknown, 1); /* it names nothing */
    assert_int_equal(dumped_parent(f, b, 2), 5001);
    fixture_remove(f, v, KVX_ALL_TIERS, 5000, 2, 2);
    assert_int_equal(dumped_parent(f, b, 3), 5002);
    assert_int_equal(fixture_stats(f).overlay_entries, 3);
    fixture_remove(f, v, KVX_ALL_TIERS, 5000, 3, 4);
    assert_int_equal(fixture_stats(f).overlay_entries, 0);
}

static void test_a_lost_name_goes_with_its_chunk(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0], *b = &f->labels[1];
    struct kvx_worker_ref w = fixture_worker(f, a), v = fixture_worker(f, b);
    fixture_store(f, w, DEVICE, 1000, 1, 65);
    fixture_store(f, v, DEVICE, 5000, 1, 65);
    fixture_remove(f, w, KVX_ALL_TIERS, 1000, 1, 65);
    fixture_remove(f, v, KVX_ALL_TIERS, 5000, 1, 64);
    assert_int_equal(dumped_parent(f, b, 65), 5064);
    fixture_remove(f, v, KVX_ALL_TIERS, 5000, 65, 65);
    assert_int_equal(fixture_stats(f).overlay_entries, 0);
    assert_int_equal(fixture_stats(f).chunks, 0);
}

static void test_a_dump_survives_changes(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0], *b = &f->labels[1];
    struct kvx_worker_ref w = fixture_worker(f, a), v = fixture_worker(f, b);
    fixture_store(f, w, DEVICE, 1000, 1, 130);
    fixture_store(f, v, DEVICE, 1000, 1, 130);
    struct kvx_dump *dump;
    assert_int_equal(kvx_dump_new(f->ix, &dump), 0);
    struct kvx_dump_event e;
    uint64_t next = 1;
    kvx_rcu_enter(f->reader);
    for (int rc; (rc = kvx_dump_next(dump, &e)) != 0;) {
        assert_int_equal(rc, 1);
        if (e.label == b)
            continue; /* its worker is removed after the first event */
        assert_int_equal(e.has_parent, next > 1);
        assert_int_equal(e.parent, next > 1 ? 1000 + next - 1 : 0);
        for (uint32_t i = 0; i < e.n; i++, next++) {
            assert_int_equal(e.local[i], next);
            assert_int_equal(e.engine[i], 1000 + next);
        }
        if (next == 65) {
            kvx_index_lock(f->ix);
            assert_int_equal(kvx_worker_remove(f->ix, v), 0);
            kvx_index_unlock(f->ix);
            while (kvx_index_sweep(f->ix)) {
            }
            fixture_store(f, w, DEVICE, 1000, 131, 140); /* held at the end only */
        }
    }
    kvx_rcu_leave(f->reader);
    kvx_dump_free(dump);
    assert_true(next >= 131);
}

static void test_accounting_adds_up(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0], *b = &f->labels[1];
    struct kvx_worker_ref w = fixture_worker(f, a), v = fixture_worker(f, b);
    fixture_store(f, w, DEVICE, 1000, 1, 200);
    fixture_store(f, v, DEVICE, 9000, 1, 200);
    fixture_store(f, v, DEVICE, 7000, 10, 12);
    struct kvx_index_stats s = fixture_stats(f);
    assert_int_equal(s.bytes, s.bytes_columns + s.bytes_holders + s.bytes_map + s.bytes_children +
                                  s.bytes_overlay + s.bytes_pending + s.bytes_other);
    assert_true(s.bytes_columns >= 200 * 16 && s.bytes_map >= 200 * 8 && s.bytes_overlay >= 200 * 16);
    assert_true(s.bytes <= (uint64_t)f->memory.live);
}

static void test_wrong_input_is_refused(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0];
    struct kvx_worker_ref w = fixture_worker(f, a);
    uint64_t one = 1;
    struct kvx_store_result result;
    struct kvx_store s = {.worker = w, .n = 0, .local = &one, .engine = &one};
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_index_store(f->ix, &s, &result), KVX_INVALID);
    s.n = 1;
    s.tier = KVX_TIER_COUNT;
    assert_int_equal(kvx_index_store(f->ix, &s, &result), KVX_INVALID);
    assert_int_equal(kvx_index_reside(f->ix, w, KVX_TIER_COUNT, 1, &one, &result), KVX_INVALID);
    s.worker.id = 12345;
    assert_int_equal(kvx_index_store(f->ix, &s, &result), KVX_STALE);
    kvx_index_unlock(f->ix);
    assert_null(fixture_match(f, a, 0).label);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_holes_are_exact),
        TEST(test_workers_name_blocks_differently),
        TEST(test_tiers_extend_one_after_another),
        TEST(test_a_late_parent_places_what_waits),
        TEST(test_others_may_place_a_parent),
        TEST(test_pending_is_bounded),
        TEST(test_residency_without_tokens),
        TEST(test_one_hash_for_several_positions),
        TEST(test_a_parent_with_very_many_positions_is_refused),
        TEST(test_generations_refuse_what_is_old),
        TEST(test_the_sweep_returns_everything),
        TEST(test_the_backlog_is_bounded),
        TEST(test_ids_and_labels_wait_for_readers),
        TEST(test_a_dump_names_lost_parents_truly),
        TEST(test_a_lost_name_goes_with_its_chunk),
        TEST(test_a_dump_survives_changes),
        TEST(test_accounting_adds_up),
        TEST(test_wrong_input_is_refused),
    };
    return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
