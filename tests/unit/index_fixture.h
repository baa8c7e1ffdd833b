/* One index with its RCU domain, a reader and a lookup, over a counting allocator; shared by the index's unit
 * tests. */
#ifndef INDEX_FIXTURE_H
#define INDEX_FIXTURE_H

#include "failing_allocator.h"
#include "index/index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct index_fixture {
    struct failing_allocator memory;
    struct kvx_rcu *rcu;
    struct kvx_rcu_reader *reader;
    struct kvx_lookup *lookup;
    struct kvx_index *ix;
    unsigned labels[3]; /* how often each was released */
};

static inline void fixture_label_release(void *label)
{
    ++*(unsigned *)label;
}

static inline struct kvx_index_config fixture_config(struct index_fixture *f)
{
    return (struct kvx_index_config){.allocator = &f->memory.allocator,
                                     .rcu = f->rcu,
                                     .pending_blocks_max = 8,
                                     .pending_bytes_max = KVX_PENDING_BYTES_DEFAULT,
                                     .unresolved_max = 4,
                                     .pool_unresolved_max = 6,
                                     .sweep_backlog_max = 3,
                                     .label_release = fixture_label_release};
}

static inline int fixture_setup(void **state)
{
    struct index_fixture *f = test_calloc(1, sizeof(*f));
    failing_allocator_init(&f->memory);
    assert_int_equal(kvx_rcu_new(&f->rcu, &f->memory.allocator), 0);
    assert_int_equal(kvx_rcu_reader_new(f->rcu, &f->reader), 0);
    assert_int_equal(kvx_lookup_new(&f->lookup, &f->memory.allocator), 0);
    struct kvx_index_config config = fixture_config(f);
    assert_int_equal(kvx_index_new(&f->ix, &config), 0);
    *state = f;
    return 0;
}

static inline void fixture_validate(struct index_fixture *f)
{
    const char *reason = "";
    if (!kvx_index_validate(f->ix, &reason))
        fail_msg("invalid: %s", reason);
}

static inline int fixture_teardown(void **state)
{
    struct index_fixture *f = *state;
    fixture_validate(f);
    kvx_index_free(f->ix);
    kvx_lookup_free(f->lookup);
    kvx_rcu_reader_free(f->reader);
    kvx_rcu_free(f->rcu);
    assert_int_equal(f->memory.live, 0);
    test_free(f);
    return 0;
}

static inline struct kvx_worker_ref fixture_worker(struct index_fixture *f, unsigned *label)
{
    struct kvx_worker_ref ref;
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_worker_add(f->ix, label, &ref), 0);
    kvx_index_unlock(f->ix);
    return ref;
}

/* Stores blocks first to last of the prompt 1, 2, 3, ... whose engine hashes are `naming` + number; the block
 * before the first is the parent. */
static inline struct kvx_store_result fixture_store(struct index_fixture *f, struct kvx_worker_ref ref,
                                                    enum kvx_tier tier, uint64_t naming, uint64_t first,
                                                    uint64_t last)
{
    uint64_t local[256], engine[256];
    size_t n = (size_t)(last - first + 1);
    for (size_t i = 0; i < n; i++) {
        local[i] = first + i;
        engine[i] = naming + first + i;
    }
    struct kvx_store s = {.worker = ref,
                          .tier = tier,
                          .has_parent = first > 1,
                          .parent = naming + first - 1,
                          .n = n,
                          .local = local,
                          .engine = engine};
    struct kvx_store_result result;
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_index_store(f->ix, &s, &result), 0);
    kvx_index_unlock(f->ix);
    return result;
}

static inline struct kvx_remove_result fixture_remove(struct index_fixture *f, struct kvx_worker_ref ref,
                                                      unsigned tiers, uint64_t naming, uint64_t first,
                                                      uint64_t last)
{
    uint64_t engine[256];
    for (uint64_t i = first; i <= last; i++)
        engine[i - first] = naming + i;
    struct kvx_remove_result result;
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_index_remove(f->ix, ref, tiers, (size_t)(last - first + 1), engine, &result), 0);
    kvx_index_unlock(f->ix);
    return result;
}

/* The match of a worker for the prompt 1 .. n; zeroes when it has none. */
static inline struct kvx_match fixture_match(struct index_fixture *f, const void *label, uint64_t n)
{
    uint64_t local[256];
    for (uint64_t i = 0; i < n; i++)
        local[i] = i + 1;
    struct kvx_prompt prompt = {.hashes = local, .n = (size_t)n};
    const struct kvx_match *matches;
    struct kvx_match found = {0};
    size_t count;
    kvx_rcu_enter(f->reader);
    assert_int_equal(kvx_index_match(f->ix, f->lookup, &prompt, &matches, &count), 0);
    for (size_t i = 0; i < count; i++)
        if (matches[i].label == label)
            found = matches[i];
    kvx_rcu_leave(f->reader);
    return found;
}

static inline struct kvx_worker_ref fixture_pool(struct index_fixture *f, unsigned *label)
{
    struct kvx_worker_ref ref;
    kvx_index_lock(f->ix);
    assert_int_equal(kvx_pool_add(f->ix, label, &ref), 0);
    kvx_index_unlock(f->ix);
    return ref;
}

static inline struct kvx_index_stats fixture_stats(struct index_fixture *f)
{
    struct kvx_index_stats stats;
    kvx_index_stats(f->ix, &stats);
    return stats;
}

#endif /* INDEX_FIXTURE_H */
