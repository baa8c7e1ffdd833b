#include "salts.h"

#include "base/block_hash.h"

enum { FIRST_CAPACITY = 64, NONE = 0 };

/* One remembered hash. Entry 0 is the ring's joint: the most recent one is before it, the oldest behind. */
struct entry {
    uint64_t hash, salt;
    uint32_t owner;
    uint32_t before, behind;
};

struct kvx_salts {
    const struct kvx_allocator *allocator;
    struct entry *entries; /* the used ones have the numbers 1 to count */
    uint32_t *table;       /* numbers, or NONE; twice as many as entries, linear probing */
    size_t capacity;       /* of entries, a power of two; 0: no memory is held */
    size_t count;
};

int kvx_salts_new(struct kvx_salts **out, const struct kvx_allocator *a)
{
    struct kvx_salts *s = kvx_alloc_zeroed(a, sizeof *s);
    if (!s)
        return KVX_NOMEM;
    s->allocator = a;
    *out = s;
    return KVX_OK;
}

void kvx_salts_forget(struct kvx_salts *s)
{
    if (s->capacity == 0)
        return;
    kvx_dealloc(s->allocator, s->entries, (s->capacity + 1) * sizeof *s->entries);
    kvx_dealloc(s->allocator, s->table, 2 * s->capacity * sizeof *s->table);
    *s = (struct kvx_salts){.allocator = s->allocator};
}

void kvx_salts_free(struct kvx_salts *s)
{
    if (!s)
        return;
    kvx_salts_forget(s);
    kvx_dealloc(s->allocator, s, sizeof *s);
}

uint64_t kvx_salt_named(struct kvx_bytes name)
{
    return kvx_block_seed((struct kvx_bytes){NULL, 0}, name) - KVX_HASH_SEED;
}

size_t kvx_salts_count(const struct kvx_salts *s)
{
    return s->count;
}

/* ---- The table. ---- */

static size_t home_of(const struct kvx_salts *s, uint32_t owner, uint64_t hash)
{
    /* engine hashes are digests, or small numbers */
    uint64_t h = (hash ^ owner * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xd6e8feb86659fd93);
    return (h ^ h >> 32) & (2 * s->capacity - 1);
}

/* The slot with the hash's entry, or the empty one where it would be. The table exists and is never full. */
static uint32_t *slot_of(const struct kvx_salts *s, uint32_t owner, uint64_t hash)
{
    size_t at = home_of(s, owner, hash);
    while (s->table[at] != NONE &&
           (s->entries[s->table[at]].hash != hash || s->entries[s->table[at]].owner != owner))
        at = (at + 1) & (2 * s->capacity - 1);
    return &s->table[at];
}

/* Empties a slot and moves those behind it that would not be found any more. */
static void empty_slot(struct kvx_salts *s, uint32_t *slot)
{
    size_t mask = 2 * s->capacity - 1, hole = (size_t)(slot - s->table);
    for (size_t at = (hole + 1) & mask; s->table[at] != NONE; at = (at + 1) & mask) {
        const struct entry *e = &s->entries[s->table[at]];
        size_t home = home_of(s, e->owner, e->hash);
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        s->table[hole] = s->table[at];
        hole = at;
    }
    s->table[hole] = NONE;
}

/* ---- The ring. ---- */

static void unlink_entry(struct kvx_salts *s, uint32_t number)
{
    struct entry *e = &s->entries[number];
    s->entries[e->before].behind = e->behind;
    s->entries[e->behind].before = e->before;
}

static void link_most_recent(struct kvx_salts *s, uint32_t number)
{
    struct entry *e = &s->entries[number], *joint = &s->entries[0];
    e->behind = 0;
    e->before = joint->before;
    s->entries[e->before].behind = number;
    joint->before = number;
}

/* Drops an entry; the last one takes its number, so that they stay dense. */
static void drop(struct kvx_salts *s, uint32_t number)
{
    uint32_t last = (uint32_t)s->count--;
    empty_slot(s, slot_of(s, s->entries[number].owner, s->entries[number].hash));
    unlink_entry(s, number);
    if (number == last)
        return;
    struct entry *e = &s->entries[number];
    *e = s->entries[last];
    *slot_of(s, e->owner, e->hash) = number;
    s->entries[e->before].behind = number;
    s->entries[e->behind].before = number;
}

/* ---- Room. ---- */

static int grow(struct kvx_salts *s, size_t capacity)
{
    uint32_t *table = kvx_alloc_zeroed(s->allocator, 2 * capacity * sizeof *table);
    struct entry *entries = table ? kvx_alloc(s->allocator, (capacity + 1) * sizeof *entries) : NULL;
    if (!entries) {
        kvx_dealloc(s->allocator, table, 2 * capacity * sizeof *table);
        return KVX_NOMEM;
    }
    entries[0] = (struct entry){0};
    if (s->capacity)
        memcpy(entries, s->entries, (s->count + 1) * sizeof *entries);
    size_t count = s->count;
    kvx_salts_forget(s);
    *s = (struct kvx_salts){s->allocator, entries, table, capacity, count};
    for (uint32_t i = 1; i <= count; i++)
        *slot_of(s, entries[i].owner, entries[i].hash) = i;
    return KVX_OK;
}

/* For n more, as far as the bound allows. */
static int reserve(struct kvx_salts *s, uint32_t n)
{
    size_t need = s->count + n, capacity = s->capacity ? s->capacity : FIRST_CAPACITY;
    if (need > KVX_SALTED_HASHES_MAX)
        need = KVX_SALTED_HASHES_MAX;
    while (capacity < need)
        capacity *= 2;
    return capacity == s->capacity ? KVX_OK : grow(s, capacity);
}

/* ---- What others ask for. ---- */

uint64_t kvx_salts_find(struct kvx_salts *s, uint32_t owner, uint64_t hash)
{
    uint32_t number = s->count ? *slot_of(s, owner, hash) : NONE;
    if (number == NONE)
        return 0;
    unlink_entry(s, number);
    link_most_recent(s, number);
    return s->entries[number].salt;
}

static void learn(struct kvx_salts *s, uint32_t owner, uint64_t hash, uint64_t salt, uint64_t *dropped)
{
    uint32_t *slot = slot_of(s, owner, hash);
    if (*slot != NONE) {
        struct entry *e = &s->entries[*slot];
        if (e->salt != salt)
            e->salt = KVX_SALT_AMBIGUOUS;
        unlink_entry(s, *slot);
        link_most_recent(s, *slot);
        return;
    }
    if (salt == 0)
        return;
    if (s->count == KVX_SALTED_HASHES_MAX) {
        drop(s, s->entries[0].behind);
        ++*dropped;
        slot = slot_of(s, owner, hash);
    }
    uint32_t number = (uint32_t)++s->count;
    *slot = number;
    s->entries[number] = (struct entry){.hash = hash, .salt = salt, .owner = owner};
    link_most_recent(s, number);
}

int kvx_salts_learn(struct kvx_salts *s, uint32_t owner, const uint64_t *hashes, uint32_t n, uint64_t salt,
                    uint64_t *dropped)
{
    int code = salt ? reserve(s, n) : KVX_OK;
    for (uint32_t i = 0; !code && s->capacity && i < n; i++)
        learn(s, owner, hashes[i], salt, dropped);
    return code;
}

void kvx_salts_clear(struct kvx_salts *s, uint32_t owner)
{
    for (uint32_t i = 1; i <= s->count;) {
        if (s->entries[i].owner == owner)
            drop(s, i); /* another one has its number now */
        else
            i++;
    }
    if (s->count == 0)
        kvx_salts_forget(s);
}
