#include "reference_private.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct reference *reference_new(uint32_t workers, uint32_t pools, size_t pending_blocks_max,
                                size_t unresolved_max, size_t pool_unresolved_max, size_t parents_max)
{
    struct reference *r = ref_need(calloc(1, sizeof(*r)));
    r->workers = workers;
    r->holders = workers + pools;
    r->pending_max = pending_blocks_max;
    r->unresolved_max = unresolved_max;
    r->pool_unresolved_max = pool_unresolved_max;
    r->parents_max = parents_max;
    r->w = ref_need(calloc(r->holders, sizeof(*r->w)));
    return r;
}

static void pending_free(struct pending *p)
{
    free(p->local);
    free(p->engine);
    free(p->dead);
    free(p);
}

static void forget_ready(struct reference *r, const struct pending *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->ready_count; i++)
        if (r->ready[i] != p)
            r->ready[kept++] = r->ready[i];
    r->ready_count = kept;
}

static void forget_pending(struct reference *r, struct pending *p)
{
    forget_ready(r, p);
    size_t kept = 0;
    for (size_t i = 0; i < r->pending_count; i++)
        if (r->pending[i] != p)
            r->pending[kept++] = r->pending[i];
    r->pending_count = kept;
    pending_free(p);
}

void reference_free(struct reference *r)
{
    while (r->pending_count)
        forget_pending(r, r->pending[0]);
    for (uint32_t i = 0; i < r->holders; i++) {
        ref_map_clear(&r->w[i].positions);
        ref_map_clear(&r->w[i].names);
    }
    ref_map_clear(&r->ever);
    ref_map_clear(&r->ever_pairs);
    ref_map_clear(&r->sequence);
    ref_map_clear(&r->by_sequence);
    free(r->w);
    free(r->pending);
    free(r->ready);
    free(r->unresolved);
    free(r);
}

uint64_t reference_key(uint64_t parent, uint64_t local)
{
    uint64_t x = (parent + 0x632BE59BD9B4E019u) * 0xD6E8FEB86659FD93u ^ local;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    x ^= x >> 31;
    return x ? x : 1;
}

uint64_t reference_sequence(bool has_parent, uint64_t above, uint64_t local)
{
    uint64_t pair[2] = {above, local};
    return has_parent ? XXH3_64bits_withSeed(pair, sizeof(pair), 1337) : local;
}

static void trigger(struct reference *r, uint64_t engine)
{
    for (size_t i = 0; i < r->pending_count; i++) {
        struct pending *p = r->pending[i];
        if (p->parent != engine || p->ready)
            continue;
        p->ready = true;
        if (r->ready_count == r->ready_cap) {
            r->ready_cap = r->ready_cap * 2 + 8;
            r->ready = ref_need(realloc(r->ready, r->ready_cap * sizeof(*r->ready)));
        }
        r->ready[r->ready_count++] = p;
    }
}

/* Returns whether the position was not held in this tier before. */
static bool hold(struct reference *r, uint32_t worker, unsigned tier, uint64_t key)
{
    struct ref_node *n = ref_map_put(&r->w[worker].positions, key);
    bool fresh = !(n->tiers >> tier & 1);
    n->tiers |= 1u << tier;
    r->w[worker].held[tier] += fresh;
    return fresh;
}

static void remember(struct reference *r, uint64_t engine, uint64_t key)
{
    size_t before = r->ever_pairs.count;
    ref_map_put(&r->ever_pairs, reference_key(engine, key));
    if (r->ever_pairs.count != before)
        ref_node_add(ref_map_put(&r->ever, engine), key);
}

static uint64_t sequence_of(const struct reference *r, uint64_t key)
{
    return key ? ref_map_get(&r->sequence, key)->values[0] : 0;
}

/* The position gets its sequence hash when it is first seen. */
static void remember_sequence(struct reference *r, uint64_t parent, uint64_t local, uint64_t key)
{
    if (ref_map_get(&r->sequence, key))
        return;
    uint64_t hash = reference_sequence(parent != 0, sequence_of(r, parent), local);
    ref_node_add(ref_map_put(&r->sequence, key), hash);
    ref_node_add(ref_map_put(&r->by_sequence, hash), key);
}

static void name(struct reference *r, uint32_t worker, uint64_t engine, uint64_t key)
{
    struct ref_worker *w = &r->w[worker];
    struct ref_node *position = ref_map_get(&w->positions, key);
    if (ref_node_has(position, engine))
        return;
    ref_node_add(position, engine);
    ref_node_add(ref_map_put(&w->names, engine), key);
    trigger(r, engine);
}

static void place(struct reference *r, uint32_t worker, unsigned tier, uint64_t key, size_t n,
                  const uint64_t *local, const uint64_t *engine, const bool *dead, struct reference_counts *c)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t parent = key;
        key = reference_key(parent, local[i]);
        remember_sequence(r, parent, local[i], key);
        remember(r, engine[i], key);
        if (dead && dead[i])
            continue;
        bool fresh = hold(r, worker, tier, key);
        c->added += fresh;
        c->known += !fresh;
        name(r, worker, engine[i], key);
    }
}

static void resolve_tiers(struct reference *r, uint32_t worker, size_t n, const uint64_t *engine,
                          struct reference_counts *c)
{
    for (size_t i = 0; worker < r->workers && i < n && r->unresolved_count; i++) {
        const struct ref_node *named = ref_map_get(&r->w[worker].names, engine[i]);
        size_t kept = 0;
        for (size_t u = 0; u < r->unresolved_count; u++) {
            struct unresolved one = r->unresolved[u];
            if (!named || one.worker != worker || one.engine != engine[i]) {
                r->unresolved[kept++] = one;
                continue;
            }
            for (uint32_t k = 0; k < named->count; k++)
                hold(r, worker, one.tier, named->values[k]);
            c->resolved++;
        }
        r->unresolved_count = kept;
    }
}

/* The one position that workers name so. */
static uint64_t named_by_workers(const struct reference *r, uint64_t engine)
{
    uint64_t found = 0;
    for (uint32_t i = 0; i < r->workers; i++) {
        const struct ref_node *other = ref_map_get(&r->w[i].names, engine);
        for (uint32_t k = 0; other && k < other->count; k++) {
            if (found && found != other->values[k])
                return 0;
            found = other->values[k];
        }
    }
    return found;
}

/* The held position with this sequence hash. */
static uint64_t held_sequence(const struct reference *r, uint64_t hash)
{
    const struct ref_node *n = ref_map_get(&r->by_sequence, hash);
    for (uint32_t k = 0; n && k < n->count; k++)
        for (uint32_t i = 0; i < r->holders; i++)
            if (ref_map_get(&r->w[i].positions, n->values[k]))
                return n->values[k];
    return 0;
}

/* What a hash names for a pool: the held position with that sequence hash, else the pool's own names, else
 * the one position workers name so. False: nothing. */
static bool pool_hold(struct reference *r, uint32_t pool, unsigned tier, uint64_t hash,
                      struct reference_counts *c)
{
    uint64_t key = held_sequence(r, hash);
    const struct ref_node *own = key ? NULL : ref_map_get(&r->w[pool].names, hash);
    for (uint32_t k = 0; own && k < own->count; k++) {
        bool fresh = hold(r, pool, tier, own->values[k]);
        c->added += fresh;
        c->known += !fresh;
    }
    if (own)
        return true;
    key = key ? key : named_by_workers(r, hash);
    if (!key)
        return false;
    bool fresh = hold(r, pool, tier, key);
    c->added += fresh;
    c->known += !fresh;
    name(r, pool, hash, key);
    return true;
}

static void resolve_hash(struct reference *r, uint64_t hash, struct reference_counts *c)
{
    struct reference_counts ignored = {0};
    size_t kept = 0;
    for (size_t u = 0; u < r->unresolved_count; u++) {
        struct unresolved one = r->unresolved[u];
        if (one.worker >= r->workers && one.engine == hash &&
            pool_hold(r, one.worker, one.tier, hash, &ignored))
            c->resolved++;
        else
            r->unresolved[kept++] = one;
    }
    r->unresolved_count = kept;
}

/* What pools announced under a sequence or engine hash of blocks that were just placed. */
static void resolve_pools(struct reference *r, uint64_t key, size_t n, const uint64_t *local,
                          const uint64_t *engine, const bool *dead, struct reference_counts *c)
{
    for (size_t i = 0; i < n && r->unresolved_count; i++) {
        key = reference_key(key, local[i]);
        if (dead && dead[i])
            continue;
        resolve_hash(r, sequence_of(r, key), c);
        resolve_hash(r, engine[i], c);
    }
}

/* The positions a parent hash names for a worker: its own, else the one that others name. */
static size_t parents_of(const struct reference *r, uint32_t worker, uint64_t parent, uint64_t **out)
{
    const struct ref_node *own = ref_map_get(&r->w[worker].names, parent);
    if (own) {
        *out = ref_need(malloc(own->count * sizeof(uint64_t)));
        memcpy(*out, own->values, own->count * sizeof(uint64_t));
        return own->count;
    }
    uint64_t found = named_by_workers(r, parent);
    if (!found)
        return 0;
    *out = ref_need(malloc(sizeof(uint64_t)));
    **out = found;
    return 1;
}

static void make_pending(struct reference *r, uint32_t worker, unsigned tier, uint64_t parent, size_t n,
                         const uint64_t *local, const uint64_t *engine, struct reference_counts *c)
{
    if (n > r->pending_max) {
        c->dropped += n;
        return;
    }
    for (;;) {
        size_t blocks = n;
        struct pending *oldest = NULL;
        for (size_t i = 0; i < r->pending_count; i++)
            if (r->pending[i]->worker == worker) {
                blocks += r->pending[i]->alive;
                oldest = oldest ? oldest : r->pending[i];
            }
        if (!oldest || blocks <= r->pending_max)
            break;
        c->dropped += oldest->alive;
        forget_pending(r, oldest);
    }
    struct pending *p = ref_need(calloc(1, sizeof(*p)));
    *p = (struct pending){.worker = worker, .tier = tier, .parent = parent, .n = n, .alive = n};
    p->local = ref_need(malloc(n * sizeof(uint64_t)));
    p->engine = ref_need(malloc(n * sizeof(uint64_t)));
    p->dead = ref_need(calloc(n, sizeof(bool)));
    memcpy(p->local, local, n * sizeof(uint64_t));
    memcpy(p->engine, engine, n * sizeof(uint64_t));
    if (r->pending_count == r->pending_cap) {
        r->pending_cap = r->pending_cap * 2 + 8;
        r->pending = ref_need(realloc(r->pending, r->pending_cap * sizeof(*r->pending)));
    }
    r->pending[r->pending_count++] = p;
    c->pending += n;
}

static void place_ready(struct reference *r, struct reference_counts *c)
{
    while (r->ready_count) {
        struct pending *p = r->ready[0];
        uint64_t *parents = NULL;
        size_t n = parents_of(r, p->worker, p->parent, &parents);
        n = n > r->parents_max ? 0 : n;
        struct reference_counts ignored = {0};
        for (size_t i = 0; i < n; i++)
            place(r, p->worker, p->tier, parents[i], p->n, p->local, p->engine, p->dead, &ignored);
        if (n)
            resolve_tiers(r, p->worker, p->n, p->engine, c);
        for (size_t i = 0; i < n; i++)
            resolve_pools(r, parents[i], p->n, p->local, p->engine, p->dead, c);
        free(parents);
        if (n) {
            c->resolved += p->alive;
            forget_pending(r, p);
        } else {
            p->ready = false;
            forget_ready(r, p);
        }
    }
}

void reference_store(struct reference *r, uint32_t worker, unsigned tier, bool has_parent, uint64_t parent,
                     size_t n, const uint64_t *local, const uint64_t *engine, struct reference_counts *c)
{
    uint64_t root = 0, *parents = &root;
    size_t count = has_parent ? parents_of(r, worker, parent, &parents) : 1;
    *c = (struct reference_counts){0};
    for (size_t i = 0; i < count; i++)
        place(r, worker, tier, parents[i], n, local, engine, NULL, c);
    if (count)
        resolve_tiers(r, worker, n, engine, c);
    for (size_t i = 0; i < count; i++)
        resolve_pools(r, parents[i], n, local, engine, NULL, c);
    if (!count)
        make_pending(r, worker, tier, parent, n, local, engine, c);
    if (count && has_parent)
        free(parents);
    place_ready(r, c);
}

static void make_unresolved(struct reference *r, uint32_t worker, unsigned tier, uint64_t engine,
                            struct reference_counts *c)
{
    size_t own = 0, oldest = SIZE_MAX;
    for (size_t i = 0; i < r->unresolved_count; i++) {
        const struct unresolved *u = &r->unresolved[i];
        if (u->worker != worker)
            continue;
        if (u->tier == tier && u->engine == engine) {
            c->pending++;
            return;
        }
        oldest = own++ ? oldest : i;
    }
    if (own >= (worker < r->workers ? r->unresolved_max : r->pool_unresolved_max)) {
        c->dropped++;
        memmove(&r->unresolved[oldest], &r->unresolved[oldest + 1],
                (--r->unresolved_count - oldest) * sizeof(*r->unresolved));
    }
    if (r->unresolved_count == r->unresolved_cap) {
        r->unresolved_cap = r->unresolved_cap * 2 + 8;
        r->unresolved = ref_need(realloc(r->unresolved, r->unresolved_cap * sizeof(*r->unresolved)));
    }
    r->unresolved[r->unresolved_count++] = (struct unresolved){worker, tier, engine};
    c->pending++;
}

void reference_reside(struct reference *r, uint32_t worker, unsigned tier, size_t n, const uint64_t *engine,
                      struct reference_counts *c)
{
    *c = (struct reference_counts){0};
    for (size_t i = 0; worker >= r->workers && i < n; i++)
        if (!pool_hold(r, worker, tier, engine[i], c))
            make_unresolved(r, worker, tier, engine[i], c);
    for (size_t i = 0; worker < r->workers && i < n; i++) {
        const struct ref_node *named = ref_map_get(&r->w[worker].names, engine[i]);
        if (!named)
            make_unresolved(r, worker, tier, engine[i], c);
        for (uint32_t k = 0; named && k < named->count; k++) {
            bool fresh = hold(r, worker, tier, named->values[k]);
            c->added += fresh;
            c->known += !fresh;
        }
    }
    place_ready(r, c); /* what waited for a name that a pool has just taken */
}

/* Takes a position out of some tiers; with the last one its names end. Returns from how many. */
static size_t release(struct ref_worker *w, uint64_t key, unsigned tiers)
{
    struct ref_node *position = ref_map_get(&w->positions, key);
    size_t released = 0;
    for (unsigned t = 0; t < REF_TIERS; t++)
        if (position->tiers & tiers & 1u << t) {
            released++;
            w->held[t]--;
        }
    position->tiers &= ~tiers;
    if (position->tiers)
        return released;
    for (uint32_t i = 0; i < position->count; i++) {
        struct ref_node *named = ref_map_get(&w->names, position->values[i]);
        ref_node_take(named, key);
        if (!named->count)
            ref_map_drop(&w->names, named);
    }
    ref_map_drop(&w->positions, position);
    return released;
}

static size_t remove_pending(struct reference *r, uint32_t worker, unsigned tiers, uint64_t engine)
{
    size_t removed = 0;
    for (size_t i = 0; i < r->pending_count;) {
        struct pending *p = r->pending[i];
        for (size_t k = 0; p->worker == worker && tiers >> p->tier & 1 && k < p->n; k++)
            if (p->engine[k] == engine && !p->dead[k]) {
                p->dead[k] = true;
                p->alive--;
                removed++;
            }
        if (p->alive)
            i++;
        else
            forget_pending(r, p);
    }
    size_t kept = 0;
    for (size_t i = 0; i < r->unresolved_count; i++) {
        struct unresolved u = r->unresolved[i];
        if (u.worker == worker && tiers >> u.tier & 1 && u.engine == engine)
            removed++;
        else
            r->unresolved[kept++] = u;
    }
    r->unresolved_count = kept;
    return removed;
}

void reference_remove(struct reference *r, uint32_t worker, unsigned tiers, size_t n, const uint64_t *engine,
                      struct reference_counts *c)
{
    struct ref_worker *w = &r->w[worker];
    *c = (struct reference_counts){0};
    for (size_t i = 0; i < n; i++) {
        const struct ref_node *named = ref_map_get(&w->names, engine[i]);
        uint32_t count = named ? named->count : 0;
        uint64_t *keys = ref_need(malloc((count + 1) * sizeof(uint64_t)));
        if (named)
            memcpy(keys, named->values, count * sizeof(uint64_t));
        size_t removed = 0;
        for (uint32_t k = 0; k < count; k++)
            removed += release(w, keys[k], tiers);
        free(keys);
        size_t pending = remove_pending(r, worker, tiers, engine[i]);
        c->removed += removed;
        c->pending_removed += pending;
        c->several += count > 1;
        c->unknown += !removed && !pending;
    }
}

void reference_clear(struct reference *r, uint32_t worker, unsigned tiers)
{
    struct ref_worker *w = &r->w[worker];
    for (size_t b = 0; b < w->positions.size; b++)
        for (struct ref_node *next, *n = w->positions.heads[b]; n; n = next) {
            next = n->next;
            if (n->tiers & tiers)
                release(w, n->key, tiers);
        }
    for (size_t i = 0; i < r->pending_count;)
        if (r->pending[i]->worker == worker && tiers >> r->pending[i]->tier & 1)
            forget_pending(r, r->pending[i]);
        else
            i++;
    size_t kept = 0;
    for (size_t i = 0; i < r->unresolved_count; i++)
        if (r->unresolved[i].worker != worker || !(tiers >> r->unresolved[i].tier & 1))
            r->unresolved[kept++] = r->unresolved[i];
    r->unresolved_count = kept;
}
