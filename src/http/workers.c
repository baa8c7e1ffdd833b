#include "workers.h"

#include <assert.h>

enum {
    ARENA_MAX = 64 << 20,  /* of one request: its arrays, hashes and answer */
    ARENA_KEEP = 1 << 20,  /* kept between requests */
    ANSWER_MAX = 64 << 20, /* an answer in one piece; dumps are streamed */
    ANSWER_KEEP = 1 << 20,
};

int workers_init(struct workers *w, const struct kvx_allocator *allocator, struct kvx_service *service,
                 uint32_t n, struct kvx_error *e)
{
    *w = (struct workers){.allocator = allocator, .n = n};
    w->all = kvx_alloc_zeroed(allocator, n * sizeof(*w->all));
    if (!w->all)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    pthread_mutex_init(&w->lock, NULL);
    for (uint32_t i = 0; i < n; i++) {
        struct worker *worker = &w->all[i];
        kvx_arena_init(&worker->arena, allocator, ARENA_MAX);
        kvx_buf_init(&worker->answer, allocator, ANSWER_MAX);
        int r = kvx_caller_new(&worker->caller, service);
        if (r) {
            workers_fini(w);
            return kvx_fail(e, r, "no memory for the REST server's threads");
        }
        worker->next = w->free;
        w->free = worker;
    }
    return 0;
}

void workers_fini(struct workers *w)
{
    if (!w->all)
        return;
    for (uint32_t i = 0; i < w->n && w->all[i].caller; i++) {
        kvx_caller_free(w->all[i].caller);
        kvx_arena_reset(&w->all[i].arena);
        kvx_buf_free(&w->all[i].answer);
    }
    pthread_mutex_destroy(&w->lock);
    kvx_dealloc(w->allocator, w->all, w->n * sizeof(*w->all));
    w->all = NULL;
}

struct worker *worker_take(struct workers *w)
{
    pthread_mutex_lock(&w->lock);
    struct worker *worker = w->free;
    assert(worker); /* no more threads than workers, and each holds at most one */
    w->free = worker->next;
    pthread_mutex_unlock(&w->lock);
    return worker;
}

void worker_give(struct workers *w, struct worker *worker)
{
    kvx_arena_recycle(&worker->arena, ARENA_KEEP);
    if (worker->answer.cap > ANSWER_KEEP)
        kvx_buf_free(&worker->answer);
    else
        kvx_buf_clear(&worker->answer);
    pthread_mutex_lock(&w->lock);
    worker->next = w->free;
    w->free = worker;
    pthread_mutex_unlock(&w->lock);
}
