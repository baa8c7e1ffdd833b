/* The map of instances against a list of flags: what is in it is found, also after others have gone. */
#include "failing_allocator.h"
#include "instance_map.h"
#include "partitions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { IDS = 300, PARTITIONS = 3, N = IDS * PARTITIONS, STEPS = 30000 };

static struct kvx_partition partitions[PARTITIONS] = {{.serial = 1}, {.serial = 2}, {.serial = UINT64_MAX}};

struct world {
    struct failing_allocator memory;
    struct kvx_instance_map map;
    struct kvx_instance instances[N];
    char ids[N][16];
    bool there[N];
};

static void build(struct world *w)
{
    *w = (struct world){0};
    failing_allocator_init(&w->memory);
    for (size_t i = 0; i < N; i++) {
        snprintf(w->ids[i], sizeof(w->ids[i]), "%zu", i / PARTITIONS);
        w->instances[i].id = w->ids[i];
        w->instances[i].partition = &partitions[i % PARTITIONS];
    }
}

static const struct kvx_instance *find(const struct world *w, size_t i)
{
    return kvx_instance_map_find(&w->map, w->instances[i].partition, kvx_bytes_of(w->ids[i]));
}

/* xorshift64*: the same steps in every run. */
static size_t draw(uint64_t *random, size_t below)
{
    *random ^= *random >> 12;
    *random ^= *random << 25;
    *random ^= *random >> 27;
    return (size_t)((*random * UINT64_C(2685821657736338717)) >> 32) % below;
}

static void what_is_there_is_found(void **state)
{
    static struct world w;
    uint64_t random = 7;
    size_t n = 0;
    (void)state;
    build(&w);
    assert_null(find(&w, 0));
    for (unsigned step = 0; step < STEPS; step++) {
        size_t i = draw(&random, N);
        bool fill = step / 3000 % 2 == 0; /* in turns: mostly there, mostly gone */
        if (w.there[i] && (!fill || draw(&random, 4) == 0)) {
            kvx_instance_map_take(&w.map, &w.instances[i]);
            w.there[i] = false;
            n--;
        } else if (!w.there[i] && (fill || draw(&random, 4) == 0)) {
            assert_true(kvx_instance_map_room(&w.map, &w.memory.allocator));
            kvx_instance_map_put(&w.map, &w.instances[i]);
            w.there[i] = true;
            n++;
        }
        size_t k = draw(&random, N);
        assert_ptr_equal(find(&w, k), w.there[k] ? &w.instances[k] : NULL);
        assert_true(w.map.n == n && 2 * n <= w.map.cap);
    }
    for (size_t i = 0; i < N; i++)
        assert_ptr_equal(find(&w, i), w.there[i] ? &w.instances[i] : NULL);
    kvx_instance_map_free(&w.map, &w.memory.allocator);
    assert_int_equal(w.memory.live, 0);
}

static void without_memory_it_stays_as_it_is(void **state)
{
    static struct world w;
    (void)state;
    build(&w);
    for (size_t i = 0; i < 8; i++) {
        assert_true(kvx_instance_map_room(&w.map, &w.memory.allocator));
        kvx_instance_map_put(&w.map, &w.instances[i]);
    }
    w.memory.fail_at = w.memory.calls + 1;
    assert_false(kvx_instance_map_room(&w.map, &w.memory.allocator));
    for (size_t i = 0; i < 9; i++)
        assert_ptr_equal(find(&w, i), i < 8 ? &w.instances[i] : NULL);
    kvx_instance_map_free(&w.map, &w.memory.allocator);
    assert_int_equal(w.memory.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_there_is_found),
        cmocka_unit_test(without_memory_it_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
