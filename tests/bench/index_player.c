#include "index_player.h"

#include "base/clock.h"
#include "need.h"

#include <stdio.h>
#include <stdlib.h>

void require(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "index bench: %s\n", what);
    exit(1);
}

void player_init(struct player *p, uint32_t workers, bool pool)
{
    *p = (struct player){.workers = workers, .pool = pool};
    p->refs = need(calloc(workers, sizeof(*p->refs)));
    require(kvx_rcu_new(&p->rcu, &kvx_system_allocator) == 0 && kvx_rcu_reader_new(p->rcu, &p->reader) == 0 &&
                kvx_lookup_new(&p->lookup, &kvx_system_allocator) == 0,
            "no memory");
}

void player_fini(struct player *p)
{
    kvx_index_free(p->ix);
    kvx_lookup_free(p->lookup);
    kvx_rcu_reader_free(p->reader);
    kvx_rcu_free(p->rcu);
    free(p->refs);
}

void player_restart(struct player *p)
{
    struct kvx_index_config config = {.allocator = &kvx_system_allocator,
                                      .rcu = p->rcu,
                                      .pending_blocks_max = KVX_PENDING_BLOCKS_DEFAULT,
                                      .pending_bytes_max = KVX_PENDING_BYTES_DEFAULT,
                                      .unresolved_max = KVX_UNRESOLVED_DEFAULT,
                                      .pool_unresolved_max = KVX_POOL_UNRESOLVED_DEFAULT,
                                      .sweep_backlog_max = KVX_SWEEP_BACKLOG_DEFAULT};
    kvx_index_free(p->ix);
    require(kvx_index_new(&p->ix, &config) == 0, "no index");
    kvx_index_lock(p->ix);
    for (uint32_t i = 0; i < p->workers; i++)
        require(kvx_worker_add(p->ix, &p->refs[i], &p->refs[i]) == 0, "no worker");
    require(!p->pool || kvx_pool_add(p->ix, &p->pool_ref, &p->pool_ref) == 0, "no pool");
    kvx_index_unlock(p->ix);
}

void player_query(struct player *p, const struct workload_record *r)
{
    const struct kvx_match *matches;
    size_t count;
    struct kvx_prompt prompt = {.hashes = r->first, .n = r->n};
    uint64_t sum = 0;
    kvx_rcu_enter(p->reader);
    require(kvx_index_match(p->ix, p->lookup, &prompt, &matches, &count) == 0, "a lookup failed");
    for (size_t i = 0; i < count; i++)
        sum += matches[i].blocks[KVX_TIER_DEVICE] *
               (uint64_t)((struct kvx_worker_ref *)matches[i].label - p->refs + 1);
    kvx_rcu_leave(p->reader);
    p->checksum += sum;
}

void player_event(struct player *p, const struct workload_record *r)
{
    kvx_index_lock(p->ix);
    if (r->type == WORKLOAD_STORE) {
        struct kvx_store_result result;
        struct kvx_store s = {.worker = p->refs[r->worker],
                              .has_parent = r->parent != 0,
                              .parent = r->parent,
                              .n = r->n,
                              .local = r->first,
                              .engine = r->second};
        require(kvx_index_store(p->ix, &s, &result) == 0, "a store failed");
        p->pending += result.pending;
    } else {
        struct kvx_remove_result result;
        require(kvx_index_remove(p->ix, p->refs[r->worker], KVX_TIER_BIT(KVX_TIER_DEVICE), r->n, r->first,
                                 &result) == 0,
                "a removal failed");
        p->unknown += result.unknown;
    }
    kvx_index_unlock(p->ix);
}

static int by_value(const void *a, const void *c)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)c;
    return (x > y) - (x < y);
}

static uint64_t touch(const struct workload_record *r)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < r->n; i++)
        sum += r->first[i];
    return sum;
}

struct lookup_times player_lookups(struct player *p, const struct window *w, bool warm, size_t passes,
                                   bool (*more)(void *), void *user)
{
    size_t most = w->count * passes, n = 0;
    uint64_t *times = need(calloc(most + 1, sizeof(*times)));
    for (; n < most && (!more || more(user)); n++) {
        const struct workload_record *r = &w->records[n % w->count];
        p->touched += warm ? touch(r) : 0;
        uint64_t then = kvx_now_ns();
        player_query(p, r);
        times[n] = kvx_now_ns() - then;
    }
    qsort(times, n, sizeof(*times), by_value);
    struct lookup_times result = {.p50 = times[n / 2], .p99 = times[n / 100 * 99], .count = n};
    free(times);
    return result;
}

/* ---- Windows ---- */

void window_fini(struct window *w)
{
    free(w->records);
    free(w->words);
}

void window_clear(struct window *w)
{
    w->count = w->used = 0;
}

static uint64_t named(const struct window *w, uint32_t worker, uint64_t engine)
{
    return w->own_hashes ? engine ^ (worker + 1) * 0x9E3779B97F4A7C15u : engine;
}

static size_t columns_of(const struct workload_record *r)
{
    return r->type == WORKLOAD_STORE ? 2 : 1;
}

static void reserve(struct window *w, size_t words)
{
    if (w->count == w->cap) {
        w->cap = w->cap * 2 + 64;
        w->records = need(realloc(w->records, w->cap * sizeof(*w->records)));
    }
    if (w->used + words > w->words_cap) {
        w->words_cap = (w->used + words) * 2;
        w->words = need(realloc(w->words, w->words_cap * sizeof(*w->words)));
        uint64_t *next = w->words; /* the records' columns stand there one after another */
        for (size_t i = 0; i < w->count; i++) {
            w->records[i].first = next;
            w->records[i].second = next + w->records[i].n;
            next += columns_of(&w->records[i]) * w->records[i].n;
        }
    }
}

void window_add(struct window *w, const struct workload_record *r)
{
    size_t columns = columns_of(r);
    reserve(w, columns * r->n);
    struct workload_record *copy = &w->records[w->count++];
    uint64_t *words = w->words + w->used;
    *copy = *r;
    copy->parent = r->parent ? named(w, r->worker, r->parent) : 0;
    copy->first = words;
    copy->second = words + r->n;
    memcpy(words, r->first, columns * r->n * sizeof(*words));
    for (size_t i = r->type == WORKLOAD_STORE ? r->n : 0; r->type != WORKLOAD_QUERY && i < columns * r->n;
         i++)
        words[i] = named(w, r->worker, words[i]);
    w->used += columns * r->n;
}

size_t window_fill(struct window *w, const struct workload *work, size_t at)
{
    window_clear(w);
    for (bool events = false; at < work->size;) {
        struct workload_record r = workload_record(work->data + at);
        if (r.type == WORKLOAD_QUERY && events)
            break;
        events = r.type != WORKLOAD_QUERY;
        window_add(w, &r);
        at += r.size;
    }
    return at;
}

void window_shuffle(struct window *w, const struct workload *work)
{
    size_t count = 0, *where = NULL, cap = 0;
    uint64_t random = 88172645463325252u;
    for (size_t at = 0; at < work->size; at += workload_record(work->data + at).size) {
        if (workload_record(work->data + at).type != WORKLOAD_QUERY)
            continue;
        if (count == cap) {
            cap = cap * 2 + 1024;
            where = need(realloc(where, cap * sizeof(*where)));
        }
        where[count++] = at;
    }
    window_clear(w);
    for (size_t left = count; left; left--) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        size_t i = random % left, at = where[i];
        where[i] = where[left - 1];
        struct workload_record r = workload_record(work->data + at);
        window_add(w, &r);
    }
    free(where);
}
