#include "index_literal.h"

#include "need.h"

#include <stdio.h>
#include <stdlib.h>

/* Open addressing; a removed key leaves the mark 1. Values are optional. */
struct table {
    uint64_t *keys, *values;
    uint64_t mask, used, live;
};

struct literal {
    struct table prefixes; /* engine hash -> prefix */
    struct table held;     /* (worker, prefix) */
};

enum { EMPTY, REMOVED };

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

/* A prefix is named by a hash over its local hashes; two of 64 bits that are equal are not expected in a
 * benchmark. */
static uint64_t extend(uint64_t prefix, uint64_t local)
{
    return mix(prefix * 0x9E3779B97F4A7C15u + local + 1) | 2;
}

static uint64_t pair(uint32_t worker, uint64_t prefix)
{
    return mix(prefix + (uint64_t)(worker + 1) * 0xD6E8FEB86659FD93u) | 2;
}

static uint64_t slot_of(const struct table *t, uint64_t key)
{
    uint64_t i = mix(key) & t->mask;
    while (t->keys[i] != EMPTY && t->keys[i] != key)
        i = (i + 1) & t->mask;
    return i;
}

static void table_grow(struct table *t, int with_values)
{
    struct table big = {.mask = 0xffff};
    while (big.mask < t->live * 4)
        big.mask = big.mask * 2 + 1;
    big.keys = need(calloc(big.mask + 1, sizeof(uint64_t)));
    big.values = with_values ? need(calloc(big.mask + 1, sizeof(uint64_t))) : NULL;
    for (uint64_t i = 0; t->keys && i <= t->mask; i++)
        if (t->keys[i] > REMOVED) {
            uint64_t to = slot_of(&big, t->keys[i]);
            big.keys[to] = t->keys[i];
            if (with_values)
                big.values[to] = t->values[i];
        }
    big.used = big.live = t->live;
    free(t->keys);
    free(t->values);
    *t = big;
}

static uint64_t table_put(struct table *t, uint64_t key, int with_values)
{
    if (!t->keys || t->used * 2 > t->mask)
        table_grow(t, with_values);
    uint64_t i = slot_of(t, key);
    if (t->keys[i] == EMPTY) {
        t->keys[i] = key;
        t->used++;
        t->live++;
    }
    return i;
}

struct literal *literal_new(void)
{
    struct literal *l = need(calloc(1, sizeof(*l)));
    table_grow(&l->prefixes, 1);
    table_grow(&l->held, 0);
    return l;
}

void literal_free(struct literal *l)
{
    free(l->prefixes.keys);
    free(l->prefixes.values);
    free(l->held.keys);
    free(l);
}

void literal_store(struct literal *l, uint32_t worker, uint64_t parent, uint32_t n, const uint64_t *local,
                   const uint64_t *engine)
{
    uint64_t prefix = 0;
    if (parent && !(prefix = l->prefixes.values[slot_of(&l->prefixes, mix(parent) | 2)])) {
        fprintf(stderr, "index_bench: a store's parent was never stored\n");
        exit(1);
    }
    for (uint32_t i = 0; i < n; i++) {
        prefix = extend(prefix, local[i]);
        uint64_t at = table_put(&l->prefixes, mix(engine[i]) | 2, 1);
        l->prefixes.values[at] = prefix;
        table_put(&l->held, pair(worker, prefix), 0);
    }
}

void literal_remove(struct literal *l, uint32_t worker, uint32_t n, const uint64_t *engine)
{
    for (uint32_t i = 0; i < n; i++) {
        uint64_t prefix = l->prefixes.values[slot_of(&l->prefixes, mix(engine[i]) | 2)];
        uint64_t at = slot_of(&l->held, pair(worker, prefix));
        if (l->held.keys[at] != EMPTY) {
            l->held.keys[at] = REMOVED;
            l->held.live--;
        }
    }
}

uint32_t literal_score(const struct literal *l, uint32_t worker, uint32_t n, const uint64_t *local)
{
    uint64_t prefix = 0;
    for (uint32_t i = 0; i < n; i++) {
        prefix = extend(prefix, local[i]);
        if (l->held.keys[slot_of(&l->held, pair(worker, prefix))] == EMPTY)
            return i;
    }
    return n;
}

uint64_t literal_held(const struct literal *l)
{
    return l->held.live;
}
