/* The index from inside: what all its files share.
 *
 * chunk: up to 64 consecutive positions; columns of local and engine hashes, the holders' presence masks.
 *
 * position: chunk id << 6 | offset. 0 is the root, the position before every first block.
 *
 * slot: four holders, one per tier; holder id = slot << 2 | tier. A worker's generation uses one slot, or
 * several after single tiers were cleared.
 *
 * Everything is written under the writer lock. What readers touch is marked "shared"; the rest is the
 * writer's alone.
 */
#ifndef INDEX_PRIVATE_H
#define INDEX_PRIVATE_H

#include "index/index.h"

#include "child_map.h"
#include "hooks.h"
#include "memory.h"
#include "pairs.h"
#include "position_map.h"
#include "retire.h"
#include "table.h"

#include <assert.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>

enum {
    KVX_CHUNK_BLOCKS = 64,
    KVX_CHUNK_SEGMENT_BITS = 10,
    KVX_CHUNK_IDS_MAX = 1 << 28, /* 17 billion positions; their headers alone would take 17 GB */
    KVX_SLOT_SEGMENT_BITS = 4,
    KVX_WORKER_SEGMENT_BITS = 4,
    KVX_NO_HOLDER = 0xffffffff,
    KVX_PARENT_POSITIONS_MAX = 64 /* own positions one parent hash may name; more is refused, not amplified */
};

/* A chunk's holders when they are more than one: masks, then ids. Replaced as a whole when full; an old list
 * stays as it was at that moment. An entry's id never changes while the list lives; a zero mask means "not a
 * holder". */
struct kvx_holders {
    _Atomic uint32_t count; /* shared; entries below it are complete (release) */
    uint32_t cap;
    _Atomic uint64_t masks[]; /* shared; bit o: the position at offset o is held */
};

/* One cache line. */
struct kvx_chunk {
    _Atomic(uint64_t *)
        cells; /* shared: cap local hashes, and as a twin cap engine hashes; replaced when it grows */
    _Atomic(struct kvx_holders *) holders; /* shared: NULL while one holder is enough */
    _Atomic uint64_t only_mask;            /* shared: that holder's mask; meaningless once `holders` is set */
    uint32_t only_holder;                  /* shared: written once, before the first non-zero only_mask */
    uint32_t parent;       /* shared, constant: the chunk of the position before the first block */
    uint8_t parent_offset; /* shared, constant */
    _Atomic uint8_t len;   /* shared: cells below it are complete (release) */
    uint8_t cap;
    bool secondary;        /* some engine hash of this chunk names another position in the engine map */
    bool remembered;       /* some worker's overlay keeps a name of a position here that it lost */
    uint8_t first_child;   /* no child ever hung before this offset */
    uint32_t children;     /* chunks that hang here */
    uint32_t live;         /* holders with a non-zero mask */
    uint32_t link;         /* list of free or dying chunks */
    _Atomic uint32_t next; /* shared: a chunk that hangs behind the last block of this full one, or 0 */
    uint64_t serial;       /* order of creation: a parent's is smaller; 0: not in use */
};

/* A slot's dead tiers are in no answer; their masks are cleared by the sweep. */
struct kvx_slot {
    _Atomic uint32_t dead; /* shared: tier bits; a set bit stays until the slot is free */
    uint32_t worker;       /* shared, constant while the slot is used */
    void *label;           /* shared, constant: that worker's; here too because answers need it for each */
    _Atomic uint64_t held; /* shared, relaxed: that worker's blocks on the device, a figure for answers */
    bool pool;             /* shared, constant: that worker is a pool */
    uint32_t sweep_pass;   /* clean once this pass has ended */
    uint32_t used;         /* tier bits that ever belonged to the worker; 0: free or retired */
    uint32_t link;
};

struct kvx_pending_run;
struct kvx_unresolved;

/* Pools too: see pool.h. */
struct kvx_worker {
    alignas(64)            /* what a match needs is in one cache line */
        _Atomic bool live; /* shared: it is a worker, and current; never part of a plain write to the struct
                            */
    bool pool;             /* constant while the generation lasts */
    uint32_t next_pool;    /* the list of pools */
    void *label;           /* shared, constant while a slot of the worker can be seen */
    uint32_t generation;   /* 0: not in use */
    uint32_t link;
    _Atomic uint64_t held[KVX_TIER_COUNT]; /* shared, relaxed: a figure for answers */
    uint32_t slot[KVX_TIER_COUNT];
    unsigned tiers; /* tier bits this generation stored into since they were last cleared */
    /* (engine hash, position): all names of those positions that have any entry here */
    struct kvx_pairs overlay;
    struct kvx_pending_run *oldest, *newest;
    struct kvx_pairs pending_blocks; /* (engine hash, address of the block's number in its run) */
    uint32_t pending_count;          /* blocks not yet deleted */
    uint64_t pending_bytes;
    struct kvx_unresolved *unresolved_oldest, *unresolved_newest;
    struct kvx_pairs unresolved; /* (engine hash, struct kvx_unresolved *) */
};

/* See sequence.h. */
struct kvx_sequence {
    _Atomic bool on;               /* shared; never turned off */
    bool blocks;                   /* the map is kept too */
    struct kvx_table first;        /* uint64_t by chunk id: the sequence hash of its first block */
    struct kvx_child_map children; /* by sequence hash */
    struct kvx_position_map map;   /* by sequence hash */
    uint64_t missing;              /* positions that memory ran out for: no pool can name them */
};

struct kvx_index {
    struct kvx_index_config config;
    struct kvx_index_hooks hooks;
    pthread_mutex_t lock; /* the writer lock: everything below but the shared words */
    struct kvx_memory memory;
    struct kvx_retire retire;

    struct kvx_table chunks; /* struct kvx_chunk; id 0 is the root and holds nothing */
    uint32_t free_chunks, dying_chunks;
    uint64_t next_serial;
    uint64_t chunk_count, positions;

    struct kvx_position_map map;   /* by engine hash */
    struct kvx_child_map children; /* by local hash */
    struct kvx_sequence sequence;

    struct kvx_table slots;      /* struct kvx_slot */
    _Atomic uint32_t slot_count; /* shared: slots below it exist */
    uint32_t free_slots, dying_slots;
    _Atomic uint64_t held[KVX_TIER_COUNT]; /* shared, relaxed: 0 lets readers skip a tier */

    uint64_t pool_held[KVX_TIER_COUNT]; /* the part of it that pools hold */

    struct kvx_table workers;    /* struct kvx_worker */
    _Atomic uint32_t worker_ids; /* shared: workers below it exist */
    uint32_t pools;              /* list */
    uint32_t free_workers, dying_workers;
    uint32_t next_generation;
    uint64_t worker_count;    /* without pools */
    uint64_t overlay_entries; /* of live workers, and of live pools, which have one for nearly every block */
    uint64_t pool_overlay_entries;

    uint32_t dead_slots; /* slots with dead tiers that wait for the sweep */
    uint32_t sweep_pass, sweep_next;
    bool sweeping;

    struct kvx_pairs waiting; /* (parent's engine hash, struct kvx_pending_run *), all workers */
    struct kvx_pending_run *ready_first, *ready_last;
    uint64_t next_run, pending_blocks, unresolved_count;
};

#define KVX_POS(chunk, offset) ((uint64_t)(chunk) << 6 | (offset))
#define KVX_POS_CHUNK(pos) ((uint32_t)((pos) >> 6))
#define KVX_POS_OFFSET(pos) ((unsigned)((pos)&63))

static inline struct kvx_chunk *kvx_chunk_at(const struct kvx_index *ix, uint32_t id)
{
    return kvx_table_at(&ix->chunks, id, KVX_CHUNK_SEGMENT_BITS, sizeof(struct kvx_chunk));
}

static inline struct kvx_slot *kvx_slot_at(const struct kvx_index *ix, uint32_t id)
{
    return kvx_table_at(&ix->slots, id, KVX_SLOT_SEGMENT_BITS, sizeof(struct kvx_slot));
}

static inline struct kvx_worker *kvx_worker_at(const struct kvx_index *ix, uint32_t id)
{
    return kvx_table_at(&ix->workers, id, KVX_WORKER_SEGMENT_BITS, sizeof(struct kvx_worker));
}

static inline void kvx_overlay_count(struct kvx_index *ix, const struct kvx_worker *w, int64_t added)
{
    *(w->pool ? &ix->pool_overlay_entries : &ix->overlay_entries) += (uint64_t)added;
}

static inline uint32_t kvx_holder_of(const struct kvx_worker *w, enum kvx_tier tier)
{
    return w->slot[tier] << 2 | (uint32_t)tier;
}

/* Bits from `start` on, `count` of them (1 to 64). */
static inline uint64_t kvx_bits(unsigned start, unsigned count)
{
    return (~(uint64_t)0 >> (64 - count)) << start;
}

#endif /* INDEX_PRIVATE_H */
