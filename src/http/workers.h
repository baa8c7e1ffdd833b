/* What one request in execution needs for itself: a service caller, an arena and an answer buffer.
 *
 * There are as many as serving threads, so one is always free for the thread that asks.
 */
#ifndef WORKERS_H
#define WORKERS_H

#include "base/arena.h"
#include "base/buf.h"
#include "service/service.h"

#include <pthread.h>

struct worker {
    struct worker *next; /* in the free list */
    struct kvx_caller *caller;
    struct kvx_arena arena;
    struct kvx_buf answer;
};

struct workers {
    const struct kvx_allocator *allocator;
    struct worker *all;
    uint32_t n;
    pthread_mutex_t lock; /* the free list; held for a few instructions */
    struct worker *free;
};

int workers_init(struct workers *, const struct kvx_allocator *, struct kvx_service *, uint32_t n,
                 struct kvx_error *) KVX_MUST_CHECK;
void workers_fini(struct workers *);
struct worker *worker_take(struct workers *);
/* Memory beyond what the next request is likely to need goes back. */
void worker_give(struct workers *, struct worker *);

#endif /* WORKERS_H */
