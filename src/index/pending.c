#include "pending.h"

#include "worker.h"

#include <string.h>

static size_t alive_words(size_t n)
{
    return (n + 63) / 64;
}

static size_t run_size(size_t n)
{
    size_t numbers = (n * sizeof(uint32_t) + 7) / 8 * 8;
    return sizeof(struct kvx_pending_run) + numbers + (2 * n + alive_words(n)) * sizeof(uint64_t);
}

uint64_t kvx_pending_bytes(size_t n)
{
    /* the run, and for each block a pair with its two chain heads */
    return run_size(n) + n * (sizeof(struct kvx_pair) + 2 * sizeof(uint32_t));
}

static struct kvx_pending_run *run_new(struct kvx_index *ix, const struct kvx_store *s)
{
    struct kvx_pending_run *run = kvx_block_zeroed(&ix->memory, KVX_FOR_PENDING, run_size(s->n));
    if (!run)
        return NULL;
    size_t numbers = (s->n * sizeof(uint32_t) + 7) / 8 * 8;
    run->local = (uint64_t *)(void *)((char *)run->number + numbers);
    run->engine = run->local + s->n;
    run->alive = run->engine + s->n;
    for (uint32_t i = 0; i < s->n; i++)
        run->number[i] = i;
    memcpy(run->local, s->local, s->n * sizeof(uint64_t));
    memcpy(run->engine, s->engine, s->n * sizeof(uint64_t));
    memset(run->alive, 0xff, alive_words(s->n) * sizeof(uint64_t));
    run->size = run_size(s->n);
    run->n = run->alive_count = (uint32_t)s->n;
    run->tier = (uint8_t)s->tier;
    run->worker = s->worker.id;
    run->parent = s->parent;
    run->serial = ++ix->next_run;
    return run;
}

int kvx_pending_add(struct kvx_index *ix, struct kvx_worker *w, const struct kvx_store *s,
                    struct kvx_store_result *result)
{
    uint64_t bytes = kvx_pending_bytes(s->n);
    if (s->n > ix->config.pending_blocks_max || bytes > ix->config.pending_bytes_max) {
        result->dropped += s->n;
        return KVX_OK;
    }
    if (kvx_pairs_reserve(&w->pending_blocks, &ix->memory, s->n) ||
        kvx_pairs_reserve(&ix->waiting, &ix->memory, 1))
        return KVX_NOMEM;
    struct kvx_pending_run *run = run_new(ix, s);
    if (!run)
        return KVX_NOMEM;
    while (w->pending_count + s->n > ix->config.pending_blocks_max ||
           w->pending_bytes + bytes > ix->config.pending_bytes_max) {
        result->dropped += w->oldest->alive_count;
        kvx_pending_free(ix, w, w->oldest);
    }
    for (size_t i = 0; i < s->n; i++)
        kvx_pairs_add(&w->pending_blocks, s->engine[i], (uintptr_t)&run->number[i]);
    kvx_pairs_add(&ix->waiting, run->parent, (uintptr_t)run);
    run->older = w->newest;
    if (w->newest)
        w->newest->newer = run;
    else
        w->oldest = run;
    w->newest = run;
    w->pending_count += run->n;
    w->pending_bytes += bytes;
    ix->pending_blocks += run->n;
    result->pending += s->n;
    return KVX_OK;
}

/* Merges two lists that are sorted by age. */
static struct kvx_pending_run *merge(struct kvx_pending_run *a, struct kvx_pending_run *b)
{
    struct kvx_pending_run *first = NULL, **link = &first;
    while (a && b) {
        struct kvx_pending_run **older = a->serial < b->serial ? &a : &b;
        *link = *older;
        link = &(*link)->ready_next;
        *older = *link;
    }
    *link = a ? a : b;
    return first;
}

/* Merge sort without memory: lists of 1, 2, 4 ... runs, like a binary counter. */
static struct kvx_pending_run *sorted_by_age(struct kvx_pending_run *list)
{
    struct kvx_pending_run *counter[32] = {NULL}, *sorted = NULL;
    while (list) {
        struct kvx_pending_run *one = list;
        list = list->ready_next;
        one->ready_next = NULL;
        unsigned i = 0;
        for (; counter[i]; i++) {
            one = merge(counter[i], one);
            counter[i] = NULL;
        }
        counter[i] = one;
    }
    for (unsigned i = 0; i < 32; i++)
        sorted = merge(counter[i], sorted);
    return sorted;
}

void kvx_pending_trigger(struct kvx_index *ix, uint64_t hash)
{
    struct kvx_pending_run *found = NULL;
    for (uint32_t i = kvx_pairs_first(&ix->waiting, hash); i; i = kvx_pairs_next(&ix->waiting, i)) {
        struct kvx_pending_run *run = (struct kvx_pending_run *)(uintptr_t)ix->waiting.items[i - 1].second;
        if (run->ready)
            continue;
        run->ready = true;
        run->ready_next = found;
        found = run;
    }
    for (struct kvx_pending_run *next, *run = sorted_by_age(found); run; run = next) {
        next = run->ready_next;
        run->ready_next = NULL;
        run->ready_prev = ix->ready_last;
        if (ix->ready_last)
            ix->ready_last->ready_next = run;
        else
            ix->ready_first = run;
        ix->ready_last = run;
    }
}

void kvx_pending_not_ready(struct kvx_index *ix, struct kvx_pending_run *run)
{
    if (!run->ready)
        return;
    *(run->ready_prev ? &run->ready_prev->ready_next : &ix->ready_first) = run->ready_next;
    *(run->ready_next ? &run->ready_next->ready_prev : &ix->ready_last) = run->ready_prev;
    run->ready_prev = run->ready_next = NULL;
    run->ready = false;
}

void kvx_pending_free(struct kvx_index *ix, struct kvx_worker *w, struct kvx_pending_run *run)
{
    kvx_pending_not_ready(ix, run);
    for (uint32_t i = 0; i < run->n; i++)
        if (run->alive[i / 64] >> i % 64 & 1)
            kvx_pairs_remove(&w->pending_blocks,
                             kvx_pairs_second(&w->pending_blocks, (uintptr_t)&run->number[i]));
    kvx_pairs_remove(&ix->waiting, kvx_pairs_second(&ix->waiting, (uintptr_t)run));
    *(run->older ? &run->older->newer : &w->oldest) = run->newer;
    *(run->newer ? &run->newer->older : &w->newest) = run->older;
    w->pending_count -= run->alive_count;
    w->pending_bytes -= kvx_pending_bytes(run->n);
    ix->pending_blocks -= run->alive_count;
    kvx_block_free(&ix->memory, KVX_FOR_PENDING, run, run->size);
}

size_t kvx_pending_remove(struct kvx_index *ix, struct kvx_worker *w, unsigned tiers, uint64_t hash)
{
    size_t removed = 0;
    for (uint32_t next, i = kvx_pairs_first(&w->pending_blocks, hash); i; i = next) {
        next = kvx_pairs_next(&w->pending_blocks, i);
        uint32_t *number = (uint32_t *)(uintptr_t)w->pending_blocks.items[i - 1].second;
        struct kvx_pending_run *run =
            (struct kvx_pending_run *)(void *)((char *)(number - *number) -
                                               offsetof(struct kvx_pending_run, number));
        if (!(tiers & KVX_TIER_BIT(run->tier)))
            continue;
        kvx_pairs_remove(&w->pending_blocks, i);
        run->alive[*number / 64] &= ~((uint64_t)1 << *number % 64);
        run->alive_count--;
        w->pending_count--;
        ix->pending_blocks--;
        removed++;
        if (!run->alive_count) /* no pair of it is left, so `next` stays valid */
            kvx_pending_free(ix, w, run);
    }
    return removed;
}

void kvx_pending_clear(struct kvx_index *ix, struct kvx_worker *w, unsigned tiers)
{
    for (struct kvx_pending_run *next, *run = w->oldest; run; run = next) {
        next = run->newer;
        if (tiers & KVX_TIER_BIT(run->tier))
            kvx_pending_free(ix, w, run);
    }
    if (!w->oldest)
        kvx_pairs_fini(&w->pending_blocks, &ix->memory);
}
