/* The structures inside the index, each alone. */
#include "chunk.h"
#include "index/rcu.h"
#include "index_fixture.h"
#include "pairs.h"
#include "retire.h"

static void test_rcu_waits_for_the_readers_that_were_inside(void **state)
{
    struct index_fixture *f = *state;
    struct kvx_rcu_reader *other;
    assert_int_equal(kvx_rcu_reader_new(f->rcu, &other), 0);
    kvx_rcu_enter(f->reader);
    uint64_t tag = kvx_rcu_tag(f->rcu);
    assert_true(kvx_rcu_passed(f->rcu) <= tag);
    kvx_rcu_enter(other); /* later than the tag: it cannot see what was unlinked */
    assert_true(kvx_rcu_passed(f->rcu) <= tag);
    kvx_rcu_leave(f->reader);
    assert_true(kvx_rcu_passed(f->rcu) > tag);
    uint64_t next = kvx_rcu_tag(f->rcu);
    assert_true(next > tag);
    assert_true(kvx_rcu_passed(f->rcu) <= next);
    kvx_rcu_leave(other);
    assert_true(kvx_rcu_passed(f->rcu) > next);
    kvx_rcu_reader_free(other);
}

static void test_retired_memory_waits_its_turn(void **state)
{
    struct index_fixture *f = *state;
    struct kvx_memory m;
    struct kvx_retire r = {0};
    struct kvx_retired item;
    kvx_memory_init(&m, &f->memory.allocator);
    for (unsigned turn = 0; turn < 50; turn++) {
        kvx_rcu_enter(f->reader);
        for (unsigned i = 0; i < 10; i++) {
            assert_int_equal(kvx_retire_reserve(&r, &m, 1), 0);
            kvx_retire_block(&r, KVX_FOR_OTHER, kvx_block_alloc(&m, KVX_FOR_OTHER, 10 + turn), 10 + turn);
        }
        assert_false(kvx_retire_pop(&r, UINT64_MAX, &item)); /* not sealed */
        kvx_retire_seal(&r, f->rcu);
        assert_false(kvx_retire_pop(&r, kvx_rcu_passed(f->rcu), &item));
        kvx_rcu_leave(f->reader);
        uint64_t passed = kvx_rcu_passed(f->rcu);
        for (unsigned i = 0; i < 10; i++) {
            assert_true(kvx_retire_pop(&r, passed, &item));
            assert_int_equal(item.size, 10 + turn);
            kvx_block_free(&m, KVX_FOR_OTHER, item.p, item.size);
        }
        assert_false(kvx_retire_pop(&r, UINT64_MAX, &item));
    }
    kvx_retire_fini(&r, &m);
    assert_int_equal(m.total, 0);
    kvx_memory_fini(&m);
}

static void test_cells_are_reused_and_accounted(void **state)
{
    struct index_fixture *f = *state;
    struct kvx_memory m;
    kvx_memory_init(&m, &f->memory.allocator);
    for (size_t size = 1; size <= 2000; size += 37) {
        void *a = kvx_cell_alloc(&m, KVX_FOR_COLUMNS, size), *b = kvx_cell_alloc(&m, KVX_FOR_COLUMNS, size);
        assert_true(a && b && a != b && (uintptr_t)a % 16 == 0);
        assert_true(kvx_cell_size(size) >= size && kvx_cell_size(size) < size + size / 2 + 16);
        assert_int_equal(m.used[KVX_FOR_COLUMNS], 2 * kvx_cell_size(size));
        memset(a, 1, size);
        memset(b, 2, size);
        kvx_cell_free(&m, KVX_FOR_COLUMNS, a, size);
        if (size <= KVX_CELL_MAX)
            assert_ptr_equal(kvx_cell_alloc(&m, KVX_FOR_COLUMNS, size), a);
        else
            a = NULL;
        kvx_cell_free(&m, KVX_FOR_COLUMNS, a, size);
        kvx_cell_free(&m, KVX_FOR_COLUMNS, b, size);
        assert_int_equal(m.used[KVX_FOR_COLUMNS], 0);
    }
    kvx_memory_fini(&m);
    assert_int_equal(m.total, 0);
}

static unsigned count_first(const struct kvx_pairs *p, uint64_t key)
{
    unsigned n = 0;
    for (uint32_t i = kvx_pairs_first(p, key); i; i = kvx_pairs_next(p, i))
        n++;
    return n;
}

static unsigned count_second(const struct kvx_pairs *p, uint64_t key)
{
    unsigned n = 0;
    for (uint32_t i = kvx_pairs_second(p, key); i; i = kvx_pairs_next_second(p, i))
        n++;
    return n;
}

static void pairs_with_mask(struct index_fixture *f, uint64_t mask)
{
    struct kvx_memory m;
    struct kvx_pairs p;
    kvx_memory_init(&m, &f->memory.allocator);
    kvx_pairs_init(&p, KVX_FOR_OVERLAY, mask);
    assert_int_equal(count_first(&p, 1), 0);
    for (uint64_t i = 1; i <= 300; i++) {
        assert_int_equal(kvx_pairs_reserve(&p, &m, 1), 0);
        kvx_pairs_add(&p, i % 20, i);
    }
    assert_true(kvx_pairs_valid(&p));
    assert_int_equal(count_first(&p, 7), 15);
    assert_int_equal(count_second(&p, 7), 1);
    for (uint32_t next, i = kvx_pairs_first(&p, 7); i; i = next) {
        next = kvx_pairs_next(&p, i);
        kvx_pairs_remove(&p, i);
    }
    assert_int_equal(count_first(&p, 7), 0);
    assert_int_equal(kvx_pairs_find(&p, 7, 7), 0);
    assert_int_not_equal(kvx_pairs_find(&p, 8, 8), 0);
    assert_int_equal(p.count, 285);
    kvx_pairs_add(&p, 7, 1000);
    kvx_pairs_add(&p, 8, 1000);
    assert_int_equal(count_second(&p, 1000), 2);
    assert_true(kvx_pairs_valid(&p));
    kvx_pairs_fini(&p, &m);
    assert_int_equal(m.total, 0);
    kvx_memory_fini(&m);
}

static void test_pairs_are_found_by_either_word(void **state)
{
    pairs_with_mask(*state, ~(uint64_t)0);
    pairs_with_mask(*state, 0);
}

/* A map over one chunk's column after another, so that every key can be verified. */
static void test_the_engine_map_grows_and_shrinks(void **state)
{
    struct index_fixture *f = *state;
    unsigned *a = &f->labels[0];
    struct kvx_worker_ref w = fixture_worker(f, a);
    for (uint64_t naming = 1; naming < 200; naming++) {
        uint64_t local[64], engine[64];
        for (unsigned i = 0; i < 64; i++) {
            local[i] = naming << 8 | i;
            engine[i] = naming << 40 | i;
        }
        struct kvx_store s = {.worker = w, .n = 64, .local = local, .engine = engine};
        struct kvx_store_result result;
        kvx_index_lock(f->ix);
        assert_int_equal(kvx_index_store(f->ix, &s, &result), 0);
        kvx_index_unlock(f->ix);
    }
    fixture_validate(f);
    assert_int_equal(f->ix->map.count, 199 * 64);
    assert_int_equal(kvx_map_find(f->ix, &f->ix->map, 12345), 0);
    uint64_t pos = kvx_map_find(f->ix, &f->ix->map, (uint64_t)77 << 40 | 5);
    assert_int_equal(kvx_engine_at(f->ix, pos), (uint64_t)77 << 40 | 5);
    kvx_map_erase(&f->ix->map, (uint64_t)77 << 40 | 5, pos + 1); /* another position: nothing happens */
    assert_int_equal(kvx_map_find(f->ix, &f->ix->map, (uint64_t)77 << 40 | 5), pos);
    kvx_index_lock(f->ix);
    for (uint64_t naming = 1; naming < 200; naming++)
        for (unsigned i = 0; i < 64; i++) {
            uint64_t engine = naming << 40 | i;
            struct kvx_remove_result result;
            assert_int_equal(kvx_index_remove(f->ix, w, 1, 1, &engine, &result), 0);
            assert_int_equal(result.removed, 1);
        }
    kvx_index_unlock(f->ix);
    assert_int_equal(f->ix->map.count, 0);
    assert_true(kvx_map_valid(f->ix, &f->ix->map));
}

static void test_common_counts_equal_words(void **state)
{
    (void)state; /* cmocka's signature */
    uint64_t a[70], b[70];
    for (unsigned n = 0; n <= 64; n++)
        for (unsigned differ = 0; differ <= n; differ++) {
            for (unsigned i = 0; i < 70; i++)
                a[i] = b[i] = i * 11;
            b[differ] ^= (uint64_t)1 << (differ % 64);
            assert_int_equal(kvx_common(a, b, n), differ < n ? differ : n);
        }
}

/* A chunk with more and more holders, then fewer: no holder is lost, and the list gives its memory back. */
static void test_holder_lists_grow_and_compact(void **state)
{
    struct index_fixture *f = *state;
    struct kvx_worker_ref w[100];
    for (unsigned i = 0; i < 100; i++) {
        w[i] = fixture_worker(f, &f->labels[i % 2]);
        fixture_store(f, w[i], i % 3 ? KVX_TIER_DEVICE : KVX_TIER_DISK, 1000, 1, 1 + i % 60);
        fixture_validate(f);
    }
    uint64_t most = fixture_stats(f).bytes_holders;
    for (unsigned i = 0; i < 99; i++) {
        assert_int_equal(fixture_remove(f, w[i], KVX_ALL_TIERS, 1000, 1, 1 + i % 60).removed, 1 + i % 60);
        fixture_validate(f);
    }
    assert_true(fixture_stats(f).bytes_holders < most / 4);
    assert_int_equal(fixture_stats(f).held[KVX_TIER_DISK], 1 + 99 % 60);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_rcu_waits_for_the_readers_that_were_inside),
        TEST(test_retired_memory_waits_its_turn),
        TEST(test_cells_are_reused_and_accounted),
        TEST(test_pairs_are_found_by_either_word),
        TEST(test_the_engine_map_grows_and_shrinks),
        TEST(test_common_counts_equal_words),
        TEST(test_holder_lists_grow_and_compact),
    };
    return cmocka_run_group_tests_name("index structures", tests, NULL, NULL);
}
