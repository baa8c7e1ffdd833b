#include "instance_map.h"

#include "partitions.h"

/* FNV-1a, with the partition's number in front. */
static uint64_t hash_of(const struct kvx_partition *p, struct kvx_bytes id)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ p->serial * UINT64_C(0x9e3779b97f4a7c15);
    for (size_t i = 0; i < id.len; i++)
        h = (h ^ (unsigned char)id.data[i]) * UINT64_C(0x100000001b3);
    return h ^ h >> 32;
}

static size_t home_of(const struct kvx_instance_map *m, const struct kvx_instance *instance)
{
    return (size_t)hash_of(instance->partition, kvx_bytes_of(instance->id)) & (m->cap - 1);
}

void kvx_instance_map_free(struct kvx_instance_map *m, const struct kvx_allocator *a)
{
    kvx_dealloc(a, m->slots, m->cap * sizeof(m->slots[0]));
    *m = (struct kvx_instance_map){0};
}

struct kvx_instance *kvx_instance_map_find(const struct kvx_instance_map *m, const struct kvx_partition *p,
                                           struct kvx_bytes id)
{
    if (!m->cap)
        return NULL;
    size_t i = (size_t)hash_of(p, id) & (m->cap - 1);
    for (; m->slots[i]; i = (i + 1) & (m->cap - 1))
        if (m->slots[i]->partition == p && kvx_bytes_is(id, m->slots[i]->id))
            return m->slots[i];
    return NULL;
}

void kvx_instance_map_put(struct kvx_instance_map *m, struct kvx_instance *instance)
{
    size_t i = home_of(m, instance);
    while (m->slots[i])
        i = (i + 1) & (m->cap - 1);
    m->slots[i] = instance;
    m->n++;
}

bool kvx_instance_map_room(struct kvx_instance_map *m, const struct kvx_allocator *a)
{
    struct kvx_instance_map grown = {.cap = m->cap ? m->cap * 2 : 16};
    if (2 * (m->n + 1) <= m->cap)
        return true;
    grown.slots = kvx_alloc_zeroed(a, grown.cap * sizeof(grown.slots[0]));
    if (!grown.slots)
        return false;
    for (size_t i = 0; i < m->cap; i++)
        if (m->slots[i])
            kvx_instance_map_put(&grown, m->slots[i]);
    kvx_instance_map_free(m, a);
    *m = grown;
    return true;
}

/* Those behind the gap move up, if their home is not behind it: a search must not end too early. */
void kvx_instance_map_take(struct kvx_instance_map *m, const struct kvx_instance *instance)
{
    size_t mask = m->cap - 1, gap = home_of(m, instance);
    while (m->slots[gap] != instance)
        gap = (gap + 1) & mask;
    for (size_t i = (gap + 1) & mask; m->slots[i]; i = (i + 1) & mask)
        if (((i - home_of(m, m->slots[i])) & mask) >= ((i - gap) & mask)) {
            m->slots[gap] = m->slots[i];
            gap = i;
        }
    m->slots[gap] = NULL;
    m->n--;
}
