#include "groups.h"

struct group {
    uint64_t key; /* rank, then group */
    enum kvx_group_kind kind;
};

struct kvx_groups {
    const struct kvx_allocator *allocator;
    struct group *sorted; /* by key; few: ranks times groups */
    size_t n, cap;
};

int kvx_groups_new(struct kvx_groups **out, const struct kvx_allocator *a)
{
    struct kvx_groups *g = kvx_alloc_zeroed(a, sizeof *g);
    if (!g)
        return KVX_NOMEM;
    g->allocator = a;
    *out = g;
    return KVX_OK;
}

void kvx_groups_free(struct kvx_groups *g)
{
    if (!g)
        return;
    kvx_dealloc(g->allocator, g->sorted, g->cap * sizeof *g->sorted);
    kvx_dealloc(g->allocator, g, sizeof *g);
}

void kvx_groups_forget(struct kvx_groups *g)
{
    g->n = 0;
}

enum kvx_group_kind kvx_group_kind_named(struct kvx_bytes name)
{
    if (kvx_bytes_is(name, "full_attention") || kvx_bytes_is(name, "mla_attention") ||
        kvx_bytes_is(name, "sink_full_attention"))
        return KVX_GROUP_FULL;
    return name.len == 0 || kvx_bytes_is(name, "unknown") ? KVX_GROUP_UNKNOWN : KVX_GROUP_PARTIAL;
}

/* The first entry that is not below `key`. */
static size_t find(const struct kvx_groups *g, uint64_t key)
{
    size_t low = 0, high = g->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (g->sorted[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint64_t key_of(uint32_t rank, uint32_t group)
{
    return (uint64_t)rank << 32 | group;
}

int kvx_groups_learn(struct kvx_groups *g, uint32_t rank, uint32_t group, enum kvx_group_kind kind)
{
    uint64_t key = key_of(rank, group);
    size_t at = find(g, key);
    if (at < g->n && g->sorted[at].key == key) {
        g->sorted[at].kind = kind;
        return KVX_OK;
    }
    if (g->n == KVX_GROUPS_MAX)
        return KVX_OK;
    if (g->n == g->cap) {
        size_t cap = g->cap ? 2 * g->cap : 16;
        struct group *grown =
            kvx_realloc(g->allocator, g->sorted, g->cap * sizeof *grown, cap * sizeof *grown);
        if (!grown)
            return KVX_NOMEM;
        g->sorted = grown;
        g->cap = cap;
    }
    memmove(g->sorted + at + 1, g->sorted + at, (g->n - at) * sizeof *g->sorted);
    g->sorted[at] = (struct group){key, kind};
    g->n++;
    return KVX_OK;
}

enum kvx_group_kind kvx_groups_kind(const struct kvx_groups *g, uint32_t rank, uint32_t group)
{
    uint64_t key = key_of(rank, group);
    size_t at = find(g, key);
    return at < g->n && g->sorted[at].key == key ? g->sorted[at].kind : KVX_GROUP_UNKNOWN;
}
