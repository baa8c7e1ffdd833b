#include "cache.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

void sim_cache_clear(struct sim_cache *c)
{
    memset(c->slots, 0xff, ((size_t)c->slot_mask + 1) * sizeof *c->slots);
    for (uint32_t i = 0; i < c->capacity; i++)
        c->entries[i].newer = i + 1 < c->capacity ? i + 1 : SIM_NO_ENTRY;
    c->count = 0;
    c->free_list = 0;
    c->oldest = c->newest = SIM_NO_ENTRY;
}

void sim_cache_init(struct sim_cache *c, uint32_t capacity)
{
    size_t slots = 16;
    while (slots < 2 * (size_t)capacity)
        slots *= 2;
    c->entries = sim_alloc(capacity, sizeof *c->entries);
    c->slots = sim_alloc(slots, sizeof *c->slots);
    c->capacity = capacity;
    c->slot_mask = (uint32_t)(slots - 1);
    sim_cache_clear(c);
}

void sim_cache_free(struct sim_cache *c)
{
    free(c->entries);
    free(c->slots);
    *c = (struct sim_cache){0};
}

/* The slot that holds the digest, or the empty one where it would go. */
static uint32_t slot_of(const struct sim_cache *c, struct sim_digest digest)
{
    uint32_t slot = (uint32_t)digest.high & c->slot_mask;
    while (c->slots[slot] != SIM_NO_ENTRY && !sim_digest_equal(c->entries[c->slots[slot]].digest, digest))
        slot = (slot + 1) & c->slot_mask;
    return slot;
}

uint32_t sim_cache_find(const struct sim_cache *c, struct sim_digest digest)
{
    return c->slots[slot_of(c, digest)];
}

static void unlink_entry(struct sim_cache *c, const struct sim_entry *e)
{
    *(e->older == SIM_NO_ENTRY ? &c->oldest : &c->entries[e->older].newer) = e->newer;
    *(e->newer == SIM_NO_ENTRY ? &c->newest : &c->entries[e->newer].older) = e->older;
}

static void link_newest(struct sim_cache *c, uint32_t entry)
{
    struct sim_entry *e = &c->entries[entry];
    e->older = c->newest;
    e->newer = SIM_NO_ENTRY;
    *(c->newest == SIM_NO_ENTRY ? &c->oldest : &c->entries[c->newest].newer) = entry;
    c->newest = entry;
}

void sim_cache_touch(struct sim_cache *c, uint32_t entry)
{
    unlink_entry(c, &c->entries[entry]);
    link_newest(c, entry);
}

void sim_cache_add(struct sim_cache *c, struct sim_digest digest, const struct sim_digest *parent)
{
    uint32_t entry = c->free_list;
    struct sim_entry *e = &c->entries[entry];
    c->free_list = e->newer;
    e->digest = digest;
    e->has_parent = parent != NULL;
    e->parent = parent ? *parent : (struct sim_digest){0, 0};
    c->slots[slot_of(c, digest)] = entry;
    link_newest(c, entry);
    c->count++;
}

void sim_cache_remove(struct sim_cache *c, uint32_t entry)
{
    struct sim_entry *e = &c->entries[entry];
    uint32_t hole = slot_of(c, e->digest);
    c->slots[hole] = SIM_NO_ENTRY;
    /* Close the hole: move back each entry of the run whose own slot is not behind the hole. */
    for (uint32_t i = (hole + 1) & c->slot_mask; c->slots[i] != SIM_NO_ENTRY; i = (i + 1) & c->slot_mask) {
        uint32_t home = (uint32_t)c->entries[c->slots[i]].digest.high & c->slot_mask;
        if (((i - home) & c->slot_mask) >= ((i - hole) & c->slot_mask)) {
            c->slots[hole] = c->slots[i];
            c->slots[i] = SIM_NO_ENTRY;
            hole = i;
        }
    }
    unlink_entry(c, e);
    e->newer = c->free_list;
    c->free_list = entry;
    c->count--;
}
