/* An allocator that fails its n-th call, and one that counts what is live: for out-of-memory and leak tests.
 */
#ifndef FAILING_ALLOCATOR_H
#define FAILING_ALLOCATOR_H

#include "base/alloc.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct failing_allocator {
    struct kvx_allocator allocator; /* pass &f.allocator */
    _Atomic uint64_t calls;         /* allocations and growths so far */
    _Atomic uint64_t fail_at;       /* the call (from 1) that fails; 0: none */
    _Atomic int64_t live;           /* bytes allocated and not freed */
    bool fail_after;                /* every later call fails too */
};

void failing_allocator_init(struct failing_allocator *);

#endif /* FAILING_ALLOCATOR_H */
