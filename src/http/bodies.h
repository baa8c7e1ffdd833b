/* Memory for request bodies: a bound over all requests, and a few buffers kept for the next ones.
 *
 * A body of a query is some 50 KB and lives for microseconds; giving it back to the C library each time costs
 * page faults on every request. Any thread.
 */
#ifndef BODIES_H
#define BODIES_H

#include "base/alloc.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    BODIES_KEPT = 16,
    BODY_KEPT_MIN = 32 << 10, /* smaller ones cost nothing to allocate */
    BODY_KEPT_MAX = 256 << 10,
};

struct body {
    char *data;
    size_t len, cap;
};

struct bodies {
    const struct kvx_allocator *allocator;
    uint64_t max;
    _Atomic uint64_t used; /* bytes of all bodies in use; relaxed, a counter */
    pthread_mutex_t lock;  /* the kept buffers */
    struct body kept[BODIES_KEPT];
    unsigned n_kept;
};

void bodies_init(struct bodies *, const struct kvx_allocator *, uint64_t max);
/* All bodies must be dropped. */
void bodies_fini(struct bodies *);
/* Grows a body to `cap` bytes or some more; its content stays. False when memory or the bound is exhausted.
 */
bool body_grow(struct bodies *, struct body *, size_t cap);
void body_drop(struct bodies *, struct body *);

#endif /* BODIES_H */
