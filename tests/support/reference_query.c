/* What the literal reference is asked. */
#include "reference_private.h"

#include <stdlib.h>

/* Does the worker, or any pool, hold it in one of these tiers? */
static bool reaches(const struct reference *r, uint32_t worker, unsigned tiers, uint64_t key)
{
    for (unsigned t = 0; t < REF_TIERS; t++)
        for (uint32_t i = 0; tiers >> t & 1 && i < r->holders; i++)
            if ((i == worker || i >= r->workers) && reference_holds(r, i, t, key))
                return true;
    return false;
}

static size_t extend(const struct reference *r, uint32_t worker, unsigned tiers, const uint64_t *keys,
                     size_t from, size_t n)
{
    while (from < n && reaches(r, worker, tiers, keys[from]))
        from++;
    return from;
}

void reference_match(const struct reference *r, uint32_t worker, const uint64_t *local, size_t n,
                     uint32_t blocks[REF_REACHES])
{
    enum { DEVICE = 1, HOST = 2, DISK = 4, EXTERNAL = 8 };
    uint64_t *keys = ref_need(malloc((n + 1) * sizeof(uint64_t)));
    for (size_t i = 0; i < n; i++)
        keys[i] = reference_key(i ? keys[i - 1] : 0, local[i]);
    size_t device = extend(r, worker, DEVICE, keys, 0, n), host = extend(r, worker, HOST, keys, device, n);
    blocks[0] = (uint32_t)device;
    blocks[1] = (uint32_t)host;
    blocks[2] = (uint32_t)extend(r, worker, DISK, keys, host, n);
    blocks[3] = (uint32_t)extend(r, worker, EXTERNAL, keys, blocks[2], n);
    blocks[4] = (uint32_t)extend(r, worker, DISK | EXTERNAL, keys, host, n);
    free(keys);
}

size_t reference_held(const struct reference *r, uint32_t worker, unsigned tier)
{
    return r->w[worker].held[tier];
}

size_t reference_pending(const struct reference *r)
{
    size_t blocks = 0;
    for (size_t i = 0; i < r->pending_count; i++)
        blocks += r->pending[i]->alive;
    return blocks;
}

size_t reference_unresolved(const struct reference *r)
{
    return r->unresolved_count;
}

bool reference_holds(const struct reference *r, uint32_t worker, unsigned tier, uint64_t key)
{
    const struct ref_node *n = ref_map_get(&r->w[worker].positions, key);
    return n && n->tiers >> tier & 1;
}

bool reference_names(const struct reference *r, uint32_t worker, uint64_t engine, uint64_t key)
{
    return ref_node_has(ref_map_get(&r->w[worker].names, engine), key);
}

size_t reference_named(const struct reference *r, uint32_t worker, uint64_t engine)
{
    const struct ref_node *n = ref_map_get(&r->w[worker].names, engine);
    return n ? n->count : 0;
}

const uint64_t *reference_ever_named(const struct reference *r, uint64_t engine, size_t *count)
{
    const struct ref_node *n = ref_map_get(&r->ever, engine);
    *count = n ? n->count : 0;
    return n ? n->values : NULL;
}
