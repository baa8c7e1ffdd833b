#include "index_lru.h"

#include "need.h"

#include <stdlib.h>
#include <string.h>

enum { NONE = 0xffffffff };

void lru_init(struct lru *l, uint32_t cap, uint32_t more)
{
    *l = (struct lru){.cap = cap, .size = cap + more + 1, .oldest = NONE, .newest = NONE};
    l->nodes = need(calloc(l->size, sizeof(*l->nodes)));
    l->heads = need(malloc(l->size * sizeof(*l->heads)));
    memset(l->heads, 0xff, l->size * sizeof(*l->heads));
    for (uint32_t i = 0; i < l->size; i++)
        l->nodes[i].chain = i + 1 < l->size ? i + 1 : NONE;
}

void lru_fini(struct lru *l)
{
    free(l->nodes);
    free(l->heads);
}

static uint32_t find(const struct lru *l, uint64_t engine)
{
    uint32_t i = l->heads[engine % l->size];
    while (i != NONE && l->nodes[i].engine != engine)
        i = l->nodes[i].chain;
    return i;
}

bool lru_has(const struct lru *l, uint64_t engine)
{
    return find(l, engine) != NONE;
}

static void unlink_node(struct lru *l, uint32_t i)
{
    struct lru_node *n = &l->nodes[i];
    *(n->older != NONE ? &l->nodes[n->older].newer : &l->oldest) = n->newer;
    *(n->newer != NONE ? &l->nodes[n->newer].older : &l->newest) = n->older;
}

static void append_node(struct lru *l, uint32_t i)
{
    l->nodes[i].older = l->newest;
    l->nodes[i].newer = NONE;
    *(l->newest != NONE ? &l->nodes[l->newest].newer : &l->oldest) = i;
    l->newest = i;
}

void lru_touch(struct lru *l, uint64_t engine)
{
    uint32_t i = find(l, engine);
    if (i != NONE) {
        unlink_node(l, i);
    } else {
        i = l->unused;
        l->unused = l->nodes[i].chain;
        l->nodes[i].engine = engine;
        l->nodes[i].chain = l->heads[engine % l->size];
        l->heads[engine % l->size] = i;
        l->count++;
    }
    append_node(l, i);
}

void lru_remove(struct lru *l, uint64_t engine)
{
    uint32_t i = find(l, engine), *link = &l->heads[engine % l->size];
    while (*link != i)
        link = &l->nodes[*link].chain;
    *link = l->nodes[i].chain;
    unlink_node(l, i);
    l->nodes[i].chain = l->unused;
    l->unused = i;
    l->count--;
}

uint64_t lru_evict(struct lru *l)
{
    uint64_t engine = l->nodes[l->oldest].engine;
    lru_remove(l, engine);
    return engine;
}
