/* The index of one partition: for every worker and tier, exactly which prefixes (positions) it holds.
 *
 * Vocabulary: a *local hash* names one block's content without its position; an *engine hash* is the opaque
 * name an engine gives a block in its events; a *position* is one node of the prefix tree, a whole prefix
 * ending in one block.
 *
 * Concurrency: one writer at a time (kvx_index_lock), any number of readers beside it. Readers take no lock
 * and write nothing shared. For each worker a lookup counts every position that the worker held during the
 * whole lookup, and none that it held at no moment of the lookup. A lookup that starts after a change
 * returned sees the change.
 *
 * Memory: every byte comes from the given allocator and is reported by kvx_index_stats. An operation that
 * runs out of memory returns KVX_NOMEM, leaves the index valid, and has applied a prefix of its blocks at
 * most (never a block whose parent position it does not have).
 */
#ifndef INDEX_INDEX_H
#define INDEX_INDEX_H

#include "base/alloc.h"
#include "base/err.h"
#include "index/rcu.h"

#include <stdbool.h>
#include <stdint.h>

enum kvx_tier { KVX_TIER_DEVICE, KVX_TIER_HOST, KVX_TIER_DISK, KVX_TIER_EXTERNAL, KVX_TIER_COUNT };
#define KVX_TIER_BIT(tier) (1u << (tier))
#define KVX_ALL_TIERS ((1u << KVX_TIER_COUNT) - 1)

struct kvx_index;
struct kvx_index_hooks; /* tests only: index/hooks.h */

struct kvx_index_config {
    const struct kvx_allocator *allocator;
    struct kvx_rcu *rcu;
    /* stored blocks whose parent is unknown, kept per worker; oldest dropped first */
    uint32_t pending_blocks_max;
    uint64_t pending_bytes_max;   /* the same in bytes of memory; both bounds hold */
    uint32_t unresolved_max;      /* token-less hashes kept per worker until their block becomes known */
    uint32_t pool_unresolved_max; /* the same per pool, which announces far more than a worker */
    /* dead generations that may wait for their sweep before a new one is refused */
    uint32_t sweep_backlog_max;
    /* called once per label, after the last reader that could see it has left */
    void (*label_release)(void *label);
    const struct kvx_index_hooks *hooks; /* NULL outside tests */
};

#define KVX_PENDING_BLOCKS_DEFAULT 65536u
#define KVX_PENDING_BYTES_DEFAULT (16u << 20)
#define KVX_UNRESOLVED_DEFAULT 65536u
#define KVX_POOL_UNRESOLVED_DEFAULT 1048576u
#define KVX_SWEEP_BACKLOG_DEFAULT 1024u

int kvx_index_new(struct kvx_index **out, const struct kvx_index_config *) KVX_MUST_CHECK;
void kvx_index_free(struct kvx_index *); /* no reader or writer may be inside */

/* ---- Writing. Everything in this part is called between lock and unlock, by any thread. ---- */

void kvx_index_lock(struct kvx_index *);
/* Also frees what earlier writers retired and no reader can see any more. */
void kvx_index_unlock(struct kvx_index *);

/* One life of a worker: all operations name the generation they were decoded for, and are refused with
 * KVX_STALE (nothing applied) when the worker has begun a newer one or is gone. `id` is dense and is reused
 * only after a grace period; `generation` never repeats within one index. */
struct kvx_worker_ref {
    uint32_t id;
    uint32_t generation;
};

/* A new worker that holds nothing. `label` is the caller's; lookups hand it back (see kvx_match).
 * KVX_UNAVAILABLE when the sweep backlog is full. */
int kvx_worker_add(struct kvx_index *, void *label, struct kvx_worker_ref *out) KVX_MUST_CHECK;
/* The same for a shared pool: a holder that no request can be sent to, whose blocks extend every worker below
 * the device. It is in no answer and no dump itself, and its names place no other holder's stores. All
 * operations below take it like a worker, but for two: in the device tier it stores nothing, and
 * kvx_index_reside reads its hashes differently. Turns sequence hashes on, block by block: see
 * kvx_index_sequences. */
int kvx_pool_add(struct kvx_index *, void *label, struct kvx_worker_ref *out) KVX_MUST_CHECK;
/* The worker leaves every answer with this call; its memory is reclaimed by kvx_index_sweep. KVX_STALE if
 * `ref` is not the current generation. Never needs memory. */
int kvx_worker_remove(struct kvx_index *, struct kvx_worker_ref ref);
/* A new generation that holds nothing, in all tiers; pending and unresolved blocks are dropped too.
 * KVX_UNAVAILABLE when the sweep backlog is full and KVX_NOMEM leave the old generation as it was. */
int kvx_worker_restart(struct kvx_index *, struct kvx_worker_ref ref,
                       struct kvx_worker_ref *out) KVX_MUST_CHECK;
/* The worker holds nothing in the tiers of `tiers` (KVX_TIER_BIT) any more; its generation stays.
 * KVX_UNAVAILABLE when the sweep backlog is full and KVX_NOMEM leave all its blocks as they were. */
int kvx_worker_clear_tiers(struct kvx_index *, struct kvx_worker_ref ref, unsigned tiers) KVX_MUST_CHECK;

/* A run of consecutive blocks. n >= 1. Without a parent the run starts at the root. */
struct kvx_store {
    struct kvx_worker_ref worker;
    enum kvx_tier tier;
    bool has_parent;
    uint64_t parent; /* engine hash, in this worker's naming; see kvx_index_store */
    size_t n;
    const uint64_t *local;  /* n local hashes */
    const uint64_t *engine; /* n engine hashes */
};

/* What became of a store, in blocks; they add up to `n` of the store plus what it resolved. */
struct kvx_store_result {
    size_t added;   /* newly held */
    size_t known;   /* held already */
    size_t pending; /* kept until the parent is known */
    /* earlier pending blocks, of any worker, and unresolved ones that this store made known */
    size_t resolved;
    size_t dropped; /* pending blocks of this worker pushed out by the bounds */
};

/* KVX_TOO_LARGE when the parent hash names more than 64 positions of the worker: no engine does that, and
 * each store would multiply. KVX_INVALID for n == 0, an unknown tier, or a pool in the device tier. Parents:
 * the worker's own entries for the engine hash first; else those of other workers, if all positions known for
 * it are one; else the store is pending. An own hash that names several positions places the run under each.
 */
int kvx_index_store(struct kvx_index *, const struct kvx_store *, struct kvx_store_result *) KVX_MUST_CHECK;

/* Token-less residency: the blocks this worker already names by these engine hashes are now (also) in `tier`.
 * Hashes it does not know are kept as unresolved, within the bound, and applied when a store makes them
 * known.
 *
 * From a pool a hash names the position that has it as its sequence hash, if any holder holds that; else what
 * the pool itself names so already; else the one position that workers name so. From then on the pool names
 * it so, and keeps it, whatever the workers lose; removals are by its own names only. Else the hash is
 * unresolved, until a store by anyone puts a block where one of these rules finds it. KVX_INVALID for an
 * unknown tier, and for a pool in the device tier. */
int kvx_index_reside(struct kvx_index *, struct kvx_worker_ref, enum kvx_tier, size_t n,
                     const uint64_t *engine, struct kvx_store_result *) KVX_MUST_CHECK;

struct kvx_remove_result {
    size_t removed; /* (position, tier) pairs no longer held */
    size_t several; /* hashes that named more than one position: all of them were removed */
    size_t pending; /* pending or unresolved blocks deleted */
    size_t unknown; /* hashes this worker does not name, or not in this tier */
};
/* Removes every position each engine hash names for this worker, from the tiers of `tiers` only. Never needs
 * memory. */
int kvx_index_remove(struct kvx_index *, struct kvx_worker_ref, unsigned tiers, size_t n,
                     const uint64_t *engine, struct kvx_remove_result *);

/* ---- Reading. Any thread, with a reader of its own. ---- */

/* A reader's scratch space for one index; owned by one thread. Grows with the number of workers. */
struct kvx_lookup;
int kvx_lookup_new(struct kvx_lookup **out, const struct kvx_allocator *) KVX_MUST_CHECK;
void kvx_lookup_free(struct kvx_lookup *);

/* How far a prompt reaches, step by step. */
enum kvx_reach {
    KVX_REACH_DEVICE,   /* leading blocks on the device */
    KVX_REACH_HOST,     /* these extended block by block through host memory */
    KVX_REACH_DISK,     /* that extended through disk */
    KVX_REACH_EXTERNAL, /* that extended through external memory: NVIDIA's order of tiers */
    KVX_REACH_ANY,      /* the host's extended through disk and external memory in any mixture: Mooncake's */
    KVX_REACH_COUNT
};

/* One worker's share of a prompt. Numbers are blocks. */
struct kvx_match {
    void *label;     /* as given to kvx_worker_add */
    uint32_t worker; /* kvx_worker_ref.id */
    /* By how far it reaches, non-decreasing. Below the device, a pool's blocks count like the worker's own.
     */
    uint32_t blocks[KVX_REACH_COUNT];
    uint64_t held_blocks; /* positions this worker holds on the device in all */
};

/* What is asked. */
struct kvx_prompt {
    const uint64_t *hashes; /* n of them, from the prompt's first block on */
    size_t n;
    bool sequence;     /* they are sequence hashes (base/block_hash.h), not local ones */
    bool every_worker; /* also answer for workers that hold nothing of it, with zeros */
    /* NULL, or which workers are asked about, by label. Called inside the lookup, at most once a worker, only
     * for workers that come into question. The others cost nothing further down the prompt. */
    bool (*wanted)(void *user, const void *label);
    void *user;
};

/* The workers that hold at least the first block in some tier, or reach it through a pool
 * (blocks[KVX_REACH_ANY] >= 1), in no particular order. `matches` and the labels in it are valid until
 * the caller leaves the read section (kvx_rcu_enter on the index's domain) or uses `lookup` again. KVX_NOMEM
 * when the scratch cannot grow; KVX_UNAVAILABLE when sequence hashes are asked for and not turned on: call
 * kvx_index_sequences outside the section and ask again. A worker is in the answer once; one that is removed
 * and added again while the lookup runs is two workers. */
int kvx_index_match(const struct kvx_index *, struct kvx_lookup *, const struct kvx_prompt *,
                    const struct kvx_match **matches, size_t *count) KVX_MUST_CHECK;

/* Lets prompts be asked for by sequence hash, from now on: costs memory for each chunk, and time for what is
 * in the index already. Nothing to do when it is on. Takes the writer lock inside. KVX_NOMEM leaves it off.
 */
int kvx_index_sequences(struct kvx_index *) KVX_MUST_CHECK;

/* How many positions the worker holds in each tier, for listings; 0 for a generation that has ended. Under
 * the lock. */
void kvx_worker_held(const struct kvx_index *, struct kvx_worker_ref, uint64_t held[KVX_TIER_COUNT]);

/* The whole index as store events: each (worker, tier)'s blocks in runs. A block held during the whole dump
 * appears exactly once per holder, one never held does not appear, and an event precedes those that name its
 * blocks as parent. Each step takes the writer lock briefly, so that names and masks agree. Takes 16 bytes a
 * chunk of memory. */
struct kvx_dump;
struct kvx_dump_event {
    void *label; /* valid inside the caller's read section only */
    enum kvx_tier tier;
    bool has_parent;
    uint64_t parent;                /* engine hash in that worker's naming */
    uint32_t n;                     /* blocks, 1 to 64 */
    const uint64_t *local, *engine; /* n each, copied: valid until the next call on this dump */
};
int kvx_dump_new(struct kvx_index *, struct kvx_dump **out) KVX_MUST_CHECK;
void kvx_dump_free(struct kvx_dump *);
/* Call inside a read section, which may be left and entered again between calls. 1 and an event, or 0 at the
 * end. */
int kvx_dump_next(struct kvx_dump *, struct kvx_dump_event *) KVX_MUST_CHECK;

/* ---- Housekeeping. ---- */

/* One slice of at most about a millisecond of writer lock (taken inside): reclaims what dead generations
 * left. Returns true while there is more to do. */
bool kvx_index_sweep(struct kvx_index *);

struct kvx_index_stats {
    uint64_t workers;                   /* live, without pools */
    uint64_t held[KVX_TIER_COUNT];      /* holder-blocks: (worker, position) pairs of live workers */
    uint64_t pool_held[KVX_TIER_COUNT]; /* the same of pools */
    uint64_t positions;                 /* distinct positions in the tree, held or not */
    uint64_t chunks;
    uint64_t overlay_entries; /* hashes kept per worker or pool because they differ from the shared column */
    uint64_t pending_blocks, unresolved;
    uint64_t dead_generations; /* the sweep backlog */
    uint64_t bytes;            /* everything allocated, retired memory included */
    uint64_t bytes_columns, bytes_holders, bytes_map, bytes_children, bytes_overlay, bytes_pending,
        bytes_sequence, bytes_other;
};
/* Any thread; takes the writer lock briefly. */
void kvx_index_stats(struct kvx_index *, struct kvx_index_stats *);
/* True if every invariant holds; else false and a static sentence. For tests: walks everything under the
 * writer lock. */
bool kvx_index_validate(struct kvx_index *, const char **reason);

#endif /* INDEX_INDEX_H */
