#include "index_workload.h"

#include "index_lru.h"
#include "need.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { IDS_MAX = 247, BLOCKS_PER_ID = 32, WINDOW = 64 };

static uint64_t draw(uint64_t *random, uint64_t below)
{
    return workload_mix((*random)++) % below;
}

/* ---- Files ---- */

static char *read_file(const char *path, size_t *size, bool must)
{
    FILE *f = fopen(path, "rb");
    if (!f && !must)
        return NULL;
    if (!f || fseek(f, 0, SEEK_END)) {
        perror(path);
        exit(1);
    }
    *size = (size_t)ftell(f);
    rewind(f);
    char *data = need(malloc(*size + 1));
    if (fread(data, 1, *size, f) != *size) {
        perror(path);
        exit(1);
    }
    fclose(f);
    return data;
}

struct workload workload_load(const char *path)
{
    struct workload w = {.name = path};
    char *samples = need(malloc(strlen(path) + 5));
    sprintf(samples, "%s.chk", path);
    w.data = read_file(path, &w.size, true);
    w.samples = read_file(samples, &w.samples_size, false);
    free(samples);
    for (size_t at = 0; at < w.size;) {
        struct workload_record r =
            w.size - at >= 17 ? workload_record(w.data + at) : (struct workload_record){.n = 0};
        if (r.size == 0 || r.size > w.size - at || r.type > WORKLOAD_REMOVE) {
            fprintf(stderr, "%s: no record at offset %zu\n", path, at);
            exit(1);
        }
        w.workers = r.worker >= w.workers ? r.worker + 1 : w.workers;
        at += r.size;
    }
    return w;
}

void workload_write(const struct workload *w, const char *path)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(w->data, 1, w->size, f) != w->size || fclose(f)) {
        perror(path);
        exit(1);
    }
}

void workload_free(struct workload *w)
{
    free(w->data);
    free(w->samples);
}

static void put(struct workload *w, size_t *cap, enum workload_type type, uint32_t worker, uint64_t parent,
                uint32_t n, const uint64_t *first, const uint64_t *second)
{
    size_t size = 17 + (second ? 16u : 8u) * (size_t)n;
    if (!w->data || w->size + size > *cap) {
        *cap = (w->size + size) * 2;
        w->data = need(realloc(w->data, *cap));
    }
    char *p = w->data + w->size;
    *p = (char)type;
    memcpy(p + 1, &worker, sizeof(worker));
    memcpy(p + 5, &n, sizeof(n));
    memcpy(p + 9, &parent, sizeof(parent));
    memcpy(p + 17, first, n * sizeof(*first));
    if (second)
        memcpy(p + 17 + n * sizeof(*first), second, n * sizeof(*second));
    w->size += size;
}

/* ---- Trace-like requests ---- */

struct request {
    uint32_t n, ids[IDS_MAX];
};

/* Log-normal with median 14 and mean 24. */
static uint32_t draw_length(uint64_t *random)
{
    double u = ((double)draw(random, 1u << 30) + 1) / (1u << 30),
           v = (double)draw(random, 1u << 30) / (1u << 30);
    double normal = sqrt(-2 * log(u)) * cos(2 * 3.14159265358979 * v), length = 14 * exp(1.038 * normal);
    return length < 1 ? 1 : length > IDS_MAX ? IDS_MAX : (uint32_t)length;
}

static struct request *make_requests(uint32_t count, uint64_t *random)
{
    struct request *r = need(calloc(count, sizeof(*r)));
    uint64_t ids = 0, reused = 0;
    uint32_t next = 1; /* id 0 is the block that every request begins with */
    for (uint32_t i = 0; i < count; i++) {
        r[i].n = draw_length(random);
        uint32_t from = 1;
        if (i && (double)reused < 0.366 * (double)ids) { /* continue one of the last requests */
            const struct request *old = &r[i - 1 - draw(random, i < 2000 ? i : 2000)];
            from = old->n < r[i].n ? old->n : r[i].n;
            memcpy(r[i].ids, old->ids, from * sizeof(uint32_t));
        }
        for (uint32_t k = from; k < r[i].n; k++)
            r[i].ids[k] = next++;
        ids += r[i].n;
        reused += i ? from : 0;
    }
    return r;
}

/* An id stands for a whole prefix, so its blocks' engine hashes follow from the id alone. */
static uint32_t expand(const struct request *r, uint64_t *local, uint64_t *engine)
{
    for (uint32_t i = 0; i < r->n * BLOCKS_PER_ID; i++) {
        uint64_t block = (uint64_t)r->ids[i / BLOCKS_PER_ID] * BLOCKS_PER_ID + i % BLOCKS_PER_ID;
        local[i] = workload_mix(block ^ 0x5555555555u);
        engine[i] = workload_mix(block ^ 0xAAAAAAAAAAu);
    }
    return r->n * BLOCKS_PER_ID;
}

/* A block that was evicted from within its chain, and comes back, alone, when its worker has served some more
 * requests: only if its parent is still there. */
struct hole {
    uint64_t local, engine, parent;
    uint32_t due;
};

enum { HOLES_MAX = 4096, HOLE_LASTS = 8, THOUSAND = 1000 };

struct engine {
    struct lru cache;
    uint32_t served, holes_first, holes_count;
    struct hole *holes; /* a ring, by time */
};

struct play {
    struct workload *work;
    size_t cap;
    uint64_t random;
    uint32_t holes; /* of a thousand blocks */
    uint32_t holders;
    struct engine *engines;
};

static void refill_holes(struct play *p, uint32_t worker)
{
    struct engine *e = &p->engines[worker];
    for (; e->holes_count && e->holes[e->holes_first].due <= e->served; e->holes_count--) {
        const struct hole *h = &e->holes[e->holes_first];
        e->holes_first = (e->holes_first + 1) % HOLES_MAX;
        if (lru_has(&e->cache, h->engine) || (h->parent && !lru_has(&e->cache, h->parent)))
            continue;
        put(p->work, &p->cap, WORKLOAD_STORE, worker, h->parent, 1, &h->local, &h->engine);
        lru_touch(&e->cache, h->engine);
    }
}

/* Some of the blocks [from, n - 1) that were just stored. */
static void make_holes(struct play *p, uint32_t worker, uint32_t from, uint32_t n, const uint64_t *local,
                       const uint64_t *engine)
{
    static uint64_t removed[IDS_MAX * BLOCKS_PER_ID];
    struct engine *e = &p->engines[worker];
    uint32_t count = 0;
    for (uint32_t i = from; p->holes && i + 1 < n && e->holes_count < HOLES_MAX; i++) {
        if (draw(&p->random, THOUSAND) >= p->holes || !lru_has(&e->cache, engine[i]))
            continue;
        lru_remove(&e->cache, engine[i]);
        removed[count++] = engine[i];
        e->holes[(e->holes_first + e->holes_count++) % HOLES_MAX] =
            (struct hole){local[i], engine[i], i ? engine[i - 1] : 0, e->served + HOLE_LASTS};
    }
    if (count)
        put(p->work, &p->cap, WORKLOAD_REMOVE, worker, 0, count, removed, NULL);
}

static void serve(struct play *p, uint32_t worker, uint32_t n, const uint64_t *local, const uint64_t *engine)
{
    static uint64_t evicted[IDS_MAX * BLOCKS_PER_ID];
    struct engine *e = &p->engines[worker];
    uint32_t held = 0, count = 0;
    e->served++;
    refill_holes(p, worker);
    while (held < n && lru_has(&e->cache, engine[held]))
        held++;
    for (uint32_t i = n; i-- > 0;)
        lru_touch(&e->cache, engine[i]);
    if (held < n)
        put(p->work, &p->cap, WORKLOAD_STORE, worker, held ? engine[held - 1] : 0, n - held, local + held,
            engine + held);
    while (e->cache.count > e->cache.cap)
        evicted[count++] = lru_evict(&e->cache);
    if (count)
        put(p->work, &p->cap, WORKLOAD_REMOVE, worker, 0, count, evicted, NULL);
    make_holes(p, worker, held, n, local, engine);
}

static void play_requests(struct play *p, const struct request *r, uint32_t requests)
{
    static uint64_t local[IDS_MAX * BLOCKS_PER_ID], engine[IDS_MAX * BLOCKS_PER_ID];
    for (uint32_t from = 0; from < requests; from += WINDOW) {
        uint32_t to = from + WINDOW < requests ? from + WINDOW : requests;
        for (uint32_t i = from; i < to; i++)
            put(p->work, &p->cap, WORKLOAD_QUERY, 0, 0, expand(&r[i], local, engine), local, NULL);
        for (uint32_t i = from; i < to; i++) {
            uint32_t worker = (uint32_t)draw(&p->random, p->work->workers), n = expand(&r[i], local, engine);
            for (uint32_t k = 0; k < p->holders; k++)
                serve(p, (worker + k) % p->work->workers, n, local, engine);
        }
    }
}

struct workload workload_trace(const struct workload_shape *shape, uint64_t seed)
{
    struct workload w = {.name = "trace", .workers = shape->workers};
    struct play p = {.work = &w,
                     .random = workload_mix(seed),
                     .holes = shape->holes_per_thousand,
                     .holders = shape->holders ? shape->holders : 1};
    struct request *r = make_requests(shape->requests, &p.random);
    p.engines = need(calloc(shape->workers, sizeof(*p.engines)));
    for (uint32_t i = 0; i < shape->workers; i++) {
        lru_init(&p.engines[i].cache, shape->cache, IDS_MAX * BLOCKS_PER_ID);
        p.engines[i].holes = need(calloc(HOLES_MAX, sizeof(struct hole)));
    }
    play_requests(&p, r, shape->requests);
    for (uint32_t i = 0; i < shape->workers; i++) {
        lru_fini(&p.engines[i].cache);
        free(p.engines[i].holes);
    }
    free(p.engines);
    free(r);
    return w;
}

struct workload workload_branches(uint32_t branches, uint32_t workers, uint64_t seed)
{
    enum { TRUNK = 64, TRUNKS = 512 };
    struct workload w = {.name = "branches", .workers = workers};
    uint64_t random = workload_mix(seed), local[TRUNK + 3], engine[TRUNK + 3];
    size_t cap = 0;
    for (uint32_t t = 0; t < TRUNKS; t++) {
        for (uint32_t i = 0; i < TRUNK; i++) {
            local[i] = workload_mix(t * TRUNK + i);
            engine[i] = workload_mix(local[i]);
        }
        put(&w, &cap, WORKLOAD_STORE, t % workers, 0, TRUNK, local, engine);
    }
    for (uint32_t b = 0; b < branches; b++) {
        uint32_t t = (uint32_t)draw(&random, TRUNKS), at = (uint32_t)draw(&random, TRUNK - 1);
        uint32_t n = 1 + (uint32_t)draw(&random, 3);
        for (uint32_t i = 0; i <= at; i++)
            local[i] = workload_mix(t * TRUNK + i);
        uint64_t parent = workload_mix(local[at]);
        for (uint32_t i = 0; i < n; i++) {
            local[at + 1 + i] = workload_mix(((uint64_t)b << 8) + i + ((uint64_t)1 << 48));
            engine[i] = workload_mix(local[at + 1 + i]);
        }
        put(&w, &cap, WORKLOAD_STORE, t % workers, parent, n, local + at + 1, engine);
        if (b % 8 == 0)
            put(&w, &cap, WORKLOAD_QUERY, 0, 0, at + 1 + n, local, NULL);
    }
    return w;
}
