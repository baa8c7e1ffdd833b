#include "bodies.h"

#include <string.h>

void bodies_init(struct bodies *bs, const struct kvx_allocator *allocator, uint64_t max)
{
    *bs = (struct bodies){.allocator = allocator, .max = max};
    pthread_mutex_init(&bs->lock, NULL);
}

void bodies_fini(struct bodies *bs)
{
    while (bs->n_kept) {
        struct body *b = &bs->kept[--bs->n_kept];
        kvx_dealloc(bs->allocator, b->data, b->cap);
    }
    pthread_mutex_destroy(&bs->lock);
}

static bool reserve(struct bodies *bs, uint64_t more)
{
    uint64_t all = atomic_fetch_add_explicit(&bs->used, more, memory_order_relaxed) + more;
    if (all <= bs->max)
        return true;
    atomic_fetch_sub_explicit(&bs->used, more, memory_order_relaxed);
    return false;
}

/* A kept buffer of at least `cap` bytes for an empty body. */
static bool take_kept(struct bodies *bs, struct body *b, size_t cap)
{
    bool found = false;
    pthread_mutex_lock(&bs->lock);
    for (unsigned i = bs->n_kept; i-- > 0 && !found;) {
        if (bs->kept[i].cap < cap)
            continue;
        *b = bs->kept[i];
        bs->kept[i] = bs->kept[--bs->n_kept];
        found = true;
    }
    pthread_mutex_unlock(&bs->lock);
    return found;
}

bool body_grow(struct bodies *bs, struct body *b, size_t cap)
{
    if (cap <= b->cap)
        return true;
    if (cap >= BODY_KEPT_MIN && !b->cap && take_kept(bs, b, cap)) {
        if (reserve(bs, b->cap))
            return true;
        kvx_dealloc(bs->allocator, b->data, b->cap);
        *b = (struct body){0};
        return false;
    }
    if (!reserve(bs, cap - b->cap))
        return false;
    char *data = kvx_realloc(bs->allocator, b->data, b->cap, cap);
    if (!data) {
        atomic_fetch_sub_explicit(&bs->used, cap - b->cap, memory_order_relaxed);
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

void body_drop(struct bodies *bs, struct body *b)
{
    struct body old = {b->data, 0, b->cap};
    *b = (struct body){0};
    if (!old.data)
        return;
    atomic_fetch_sub_explicit(&bs->used, old.cap, memory_order_relaxed);
    if (old.cap >= BODY_KEPT_MIN && old.cap <= BODY_KEPT_MAX) {
        pthread_mutex_lock(&bs->lock);
        if (bs->n_kept < BODIES_KEPT) {
            bs->kept[bs->n_kept++] = old;
            old.data = NULL;
        }
        pthread_mutex_unlock(&bs->lock);
    }
    if (old.data)
        kvx_dealloc(bs->allocator, old.data, old.cap);
}
