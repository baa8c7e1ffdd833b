#include "pairs.h"

#include "mix.h"

#include <string.h>

void kvx_pairs_init(struct kvx_pairs *p, enum kvx_purpose purpose, uint64_t mask)
{
    *p = (struct kvx_pairs){.purpose = purpose, .mask = mask};
}

void kvx_pairs_fini(struct kvx_pairs *p, struct kvx_memory *m)
{
    if (p->items) {
        size_t heads = sizeof(uint32_t) << p->bits;
        kvx_block_free(m, p->purpose, p->items, p->cap * sizeof(*p->items));
        kvx_block_free(m, p->purpose, p->by_first, heads);
        kvx_block_free(m, p->purpose, p->by_second, heads);
    }
    kvx_pairs_init(p, p->purpose, p->mask);
}

static uint32_t *head_of(const struct kvx_pairs *p, uint32_t *heads, uint64_t key)
{
    return &heads[(kvx_mix(key) & p->mask) >> (64 - p->bits)];
}

static void link_pair(struct kvx_pairs *p, uint32_t index)
{
    struct kvx_pair *pair = &p->items[index - 1];
    uint32_t *head = head_of(p, p->by_first, pair->first);
    pair->next_first = *head;
    *head = index;
    head = head_of(p, p->by_second, pair->second);
    pair->next_second = *head;
    *head = index;
}

/* Free pairs have second == 0 and are in no chain; positions, runs and blocks are never 0. */
static int grow_heads(struct kvx_pairs *p, struct kvx_memory *m, uint64_t want)
{
    unsigned bits = p->bits ? p->bits : 3;
    while (want > (uint64_t)1 << bits)
        bits++;
    if (bits == p->bits)
        return KVX_OK;
    size_t size = sizeof(uint32_t) << bits;
    uint32_t *by_first = kvx_block_zeroed(m, p->purpose, size);
    uint32_t *by_second = kvx_block_zeroed(m, p->purpose, size);
    if (!by_first || !by_second) {
        kvx_block_free(m, p->purpose, by_first, size);
        kvx_block_free(m, p->purpose, by_second, size);
        return KVX_NOMEM;
    }
    if (p->bits) {
        kvx_block_free(m, p->purpose, p->by_first, sizeof(uint32_t) << p->bits);
        kvx_block_free(m, p->purpose, p->by_second, sizeof(uint32_t) << p->bits);
    }
    p->by_first = by_first;
    p->by_second = by_second;
    p->bits = bits;
    for (uint32_t i = 1; i <= p->used; i++)
        if (p->items[i - 1].second)
            link_pair(p, i);
    return KVX_OK;
}

int kvx_pairs_reserve(struct kvx_pairs *p, struct kvx_memory *m, size_t n)
{
    uint64_t want = p->count + (uint64_t)n;
    if (want <= p->cap && p->bits && want <= (uint64_t)1 << p->bits)
        return KVX_OK;
    if (want > UINT32_MAX / 2)
        return KVX_NOMEM;
    if (want > p->cap) {
        uint64_t cap = p->cap + p->cap / 4 + 8;
        cap = cap < want ? want : cap;
        struct kvx_pair *items =
            kvx_block_resize(m, p->purpose, p->items, p->cap * sizeof(*items), (size_t)cap * sizeof(*items));
        if (!items)
            return KVX_NOMEM;
        p->items = items;
        p->cap = (uint32_t)cap;
    }
    if (grow_heads(p, m, want)) {
        if (!p->bits) { /* without heads the set has no items either: fini looks at one of them only */
            kvx_block_free(m, p->purpose, p->items, p->cap * sizeof(*p->items));
            p->items = NULL;
            p->cap = 0;
        }
        return KVX_NOMEM;
    }
    return KVX_OK;
}

void kvx_pairs_add(struct kvx_pairs *p, uint64_t first, uint64_t second)
{
    uint32_t index = p->free;
    if (index)
        p->free = p->items[index - 1].next_first;
    else
        index = ++p->used;
    p->items[index - 1] = (struct kvx_pair){.first = first, .second = second};
    link_pair(p, index);
    p->count++;
}

void kvx_pairs_remove(struct kvx_pairs *p, uint32_t index)
{
    struct kvx_pair *pair = &p->items[index - 1];
    uint32_t *link = head_of(p, p->by_first, pair->first);
    while (*link != index)
        link = &p->items[*link - 1].next_first;
    *link = pair->next_first;
    link = head_of(p, p->by_second, pair->second);
    while (*link != index)
        link = &p->items[*link - 1].next_second;
    *link = pair->next_second;
    *pair = (struct kvx_pair){.next_first = p->free};
    p->free = index;
    p->count--;
}

static uint32_t skip_first(const struct kvx_pairs *p, uint32_t i, uint64_t key)
{
    while (i && p->items[i - 1].first != key)
        i = p->items[i - 1].next_first;
    return i;
}

static uint32_t skip_second(const struct kvx_pairs *p, uint32_t i, uint64_t key)
{
    while (i && p->items[i - 1].second != key)
        i = p->items[i - 1].next_second;
    return i;
}

uint32_t kvx_pairs_first(const struct kvx_pairs *p, uint64_t first)
{
    return p->count ? skip_first(p, *head_of(p, p->by_first, first), first) : 0;
}

uint32_t kvx_pairs_next(const struct kvx_pairs *p, uint32_t index)
{
    return skip_first(p, p->items[index - 1].next_first, p->items[index - 1].first);
}

uint32_t kvx_pairs_second(const struct kvx_pairs *p, uint64_t second)
{
    return p->count ? skip_second(p, *head_of(p, p->by_second, second), second) : 0;
}

uint32_t kvx_pairs_next_second(const struct kvx_pairs *p, uint32_t index)
{
    return skip_second(p, p->items[index - 1].next_second, p->items[index - 1].second);
}

uint32_t kvx_pairs_find(const struct kvx_pairs *p, uint64_t first, uint64_t second)
{
    for (uint32_t i = kvx_pairs_second(p, second); i; i = kvx_pairs_next_second(p, i))
        if (p->items[i - 1].first == first)
            return i;
    return 0;
}

static uint64_t chained(const struct kvx_pairs *p, const uint32_t *heads, bool first)
{
    uint64_t n = 0;
    for (uint64_t b = 0; p->bits && b < (uint64_t)1 << p->bits; b++)
        for (uint32_t i = heads[b]; i && n <= p->count; n++) {
            const struct kvx_pair *pair = &p->items[i - 1];
            if (!pair->second ||
                head_of(p, (uint32_t *)(uintptr_t)heads, first ? pair->first : pair->second) != &heads[b])
                return UINT64_MAX;
            i = first ? pair->next_first : pair->next_second;
        }
    return n;
}

bool kvx_pairs_valid(const struct kvx_pairs *p)
{
    return chained(p, p->by_first, true) == p->count && chained(p, p->by_second, false) == p->count;
}
