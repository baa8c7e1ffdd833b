/* Every allocation of a small life of the service fails once: each failure is a clean KVX_NOMEM, and no byte
 * is lost. */
#include "service_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void count_blocks(void *user, const struct kvx_dump_record *record)
{
    *(size_t *)user += record->n;
}

static int life(struct fixture *f)
{
    const struct kvx_worker_info *infos;
    struct kvx_health health;
    struct kvx_service_dump *dump;
    size_t n, blocks = 0;
    int status;
    if ((status = fixture_register(f, "1", 0, 16)) < 0 || (status = fixture_register(f, "two", 1, 0)) < 0)
        return status;
    if ((status = fixture_store(f, 0, false, 0, 100, 80, 0)) < 0 ||
        (status = fixture_store(f, 1, true, 5, 100, 3, 9)) < 0)
        return status;
    status = fixture_score(f, "1", 0, 100, 80);
    if (status < 0)
        return status;
    assert_int_equal(status, 80);
    if ((status = kvx_service_list_workers(f->service, f->caller, &f->arena, &infos, &n, &f->error)) < 0 ||
        (status = kvx_service_health(f->service, f->caller, &f->arena, &health, &f->error)) < 0 ||
        (status = kvx_service_dump_open(f->service, f->caller, &dump, &f->error)) < 0)
        return status;
    while ((status = kvx_service_dump_next(dump, f->caller, 16, count_blocks, &blocks, &f->error)) == 1)
        ;
    kvx_service_dump_close(dump);
    if (!status)
        assert_int_equal(blocks, 83);
    return status < 0 ? status : fixture_unregister(f, "1", -1);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static struct fixture f;
    int status = KVX_NOMEM;
    uint64_t n = 0;
    while (status) {
        memset(&f, 0, sizeof(f));
        failing_allocator_init(&f.memory);
        f.memory.fail_at = ++n;
        status = fixture_open(&f, 0);
        if (!status) {
            status = life(&f);
            fixture_close(&f);
        }
        assert_int_equal(f.memory.live, 0);
        assert_true(status == KVX_OK || status == KVX_NOMEM);
    }
    assert_true(n > 20); /* the life does allocate */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
