#include "failing_allocator.h"

static void *failing_resize(void *user, void *p, size_t old_size, size_t new_size)
{
    struct failing_allocator *f = user;
    if (new_size > old_size) {
        uint64_t call = atomic_fetch_add(&f->calls, 1) + 1;
        uint64_t fail_at = atomic_load(&f->fail_at);
        if (fail_at && (call == fail_at || (f->fail_after && call > fail_at)))
            return NULL;
    }
    void *moved = kvx_system_allocator.resize(kvx_system_allocator.user, p, old_size, new_size);
    if (moved || !new_size)
        atomic_fetch_add(&f->live, (int64_t)new_size - (int64_t)old_size);
    return moved;
}

void failing_allocator_init(struct failing_allocator *f)
{
    *f = (struct failing_allocator){.allocator = {failing_resize, f}};
}
