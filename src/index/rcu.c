#include "index/rcu.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>

/* `section` is 0 outside a read section, else the epoch at its start.
 *
 * Why this is enough: a reader's enter and a writer's scan are both read-modify-write operations on
 * `section`, so one of them comes first. If the scan is first, the enter reads from it (acquire of release)
 * and the reader sees all that the writer unlinked before. If the enter is first, the scan sees the reader's
 * epoch and waits for it. Leaving is a release store that the next scan acquires, so everything the reader
 * did happens before the free. */
struct kvx_rcu_reader {
    alignas(64) _Atomic uint64_t section; /* written by one thread; a cache line of its own */
    struct kvx_rcu *rcu;
    struct kvx_rcu_reader *prev, *next;
    void *memory; /* what the allocator returned; the struct is aligned inside it */
};

struct kvx_rcu {
    alignas(64) _Atomic uint64_t epoch; /* starts at 1, only grows */
    const struct kvx_allocator *allocator;
    void *memory;
    pthread_mutex_t lock; /* protects the list of readers, nothing else */
    struct kvx_rcu_reader *readers;
};

enum { LINE = 64 };

/* The allocator promises no more than malloc's alignment. */
static void *alloc_lines(const struct kvx_allocator *a, size_t size, void **memory)
{
    *memory = kvx_alloc_zeroed(a, size + LINE);
    if (!*memory)
        return NULL;
    return (char *)*memory + (LINE - (uintptr_t)*memory % LINE);
}

int kvx_rcu_new(struct kvx_rcu **out, const struct kvx_allocator *allocator)
{
    void *memory;
    struct kvx_rcu *rcu = alloc_lines(allocator, sizeof(*rcu), &memory);
    if (!rcu)
        return KVX_NOMEM;
    if (pthread_mutex_init(&rcu->lock, NULL)) {
        kvx_dealloc(allocator, memory, sizeof(*rcu) + LINE);
        return KVX_NOMEM;
    }
    atomic_init(&rcu->epoch, 1);
    rcu->allocator = allocator;
    rcu->memory = memory;
    *out = rcu;
    return KVX_OK;
}

void kvx_rcu_free(struct kvx_rcu *rcu)
{
    if (!rcu)
        return;
    pthread_mutex_destroy(&rcu->lock);
    kvx_dealloc(rcu->allocator, rcu->memory, sizeof(*rcu) + LINE);
}

int kvx_rcu_reader_new(struct kvx_rcu *rcu, struct kvx_rcu_reader **out)
{
    void *memory;
    struct kvx_rcu_reader *r = alloc_lines(rcu->allocator, sizeof(*r), &memory);
    if (!r)
        return KVX_NOMEM;
    atomic_init(&r->section, 0);
    r->rcu = rcu;
    r->memory = memory;
    pthread_mutex_lock(&rcu->lock);
    r->next = rcu->readers;
    if (r->next)
        r->next->prev = r;
    rcu->readers = r;
    pthread_mutex_unlock(&rcu->lock);
    *out = r;
    return KVX_OK;
}

void kvx_rcu_reader_free(struct kvx_rcu_reader *r)
{
    if (!r)
        return;
    struct kvx_rcu *rcu = r->rcu;
    pthread_mutex_lock(&rcu->lock);
    if (r->prev)
        r->prev->next = r->next;
    else
        rcu->readers = r->next;
    if (r->next)
        r->next->prev = r->prev;
    pthread_mutex_unlock(&rcu->lock);
    kvx_dealloc(rcu->allocator, r->memory, sizeof(*r) + LINE);
}

void kvx_rcu_enter(struct kvx_rcu_reader *r)
{
    /* The acquire pairs with the tag's increment: a reader of epoch e sees all that was unlinked under tags
     * below e. */
    uint64_t epoch = atomic_load_explicit(&r->rcu->epoch, memory_order_acquire);
    atomic_exchange_explicit(&r->section, epoch, memory_order_acq_rel);
}

void kvx_rcu_leave(struct kvx_rcu_reader *r)
{
    atomic_store_explicit(&r->section, 0, memory_order_release);
}

uint64_t kvx_rcu_tag(struct kvx_rcu *rcu)
{
    return atomic_fetch_add_explicit(&rcu->epoch, 1, memory_order_acq_rel);
}

uint64_t kvx_rcu_passed(struct kvx_rcu *rcu)
{
    /* A tag equal to the current epoch has not been handed out yet. */
    uint64_t passed = atomic_load_explicit(&rcu->epoch, memory_order_acquire);
    pthread_mutex_lock(&rcu->lock);
    for (struct kvx_rcu_reader *r = rcu->readers; r; r = r->next) {
        uint64_t section = atomic_fetch_add_explicit(&r->section, 0, memory_order_acq_rel);
        if (section && section < passed)
            passed = section;
    }
    pthread_mutex_unlock(&rcu->lock);
    return passed;
}
