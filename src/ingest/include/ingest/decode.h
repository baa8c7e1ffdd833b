/* From an event payload (msgpack) to index operations.
 *
 * Reads the payload forms that vLLM, SGLang, TensorRT-LLM, Dynamo's relays, ATOM, TokenSpeed, llm-d and
 * Mooncake's RFC #1527 send: batches as arrays or maps, events as positional arrays of any arity, as maps
 * with any key order, or wrapped in a bin; hashes as signed or unsigned integers, byte strings or decimal
 * strings. Walks the bytes once, builds no object tree, and checks every announced count against the bytes
 * that are left before it allocates anything.
 *
 * A bad event is skipped and counted, the good ones beside it are decoded; a broken payload costs the batch.
 *
 * RFC #1527 events may name the partition they belong to (model, tenant, additional salt, block size) and
 * their rank, one by one. Events in other forms always belong to the registered partition.
 */
#ifndef INGEST_DECODE_H
#define INGEST_DECODE_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/metrics.h"
#include "service/source.h"

#include <stdbool.h>
#include <stdint.h>

enum kvx_event_kind {
    KVX_EVENT_STORE,  /* blocks with tokens: engine and local hashes, under a parent */
    KVX_EVENT_RESIDE, /* engine hashes whose blocks are now (also) in a tier, without tokens or a place */
    KVX_EVENT_REMOVE,
    KVX_EVENT_CLEAR,
};

/* What a pool can hold: everything but device memory. */
#define KVX_POOL_TIERS (KVX_ALL_TIERS & ~KVX_TIER_BIT(KVX_TIER_DEVICE))

/* Partitions that the events of one batch may name; events of further ones are not decoded. */
enum { KVX_BATCH_SCOPES_MAX = 64 };

/* Ready for the index. Arrays and scopes belong to the decoder and are valid until its next call; the texts
 * in scopes are the payload's. */
struct kvx_event {
    enum kvx_event_kind kind;
    /* KVX_TIER_BIT mask: one tier for STORE and RESIDE; one or all (of a pool) for REMOVE; one or all for
     * CLEAR */
    unsigned tiers;
    /* the partition that the event names; NULL: the registered one. Two that say the same are one pointer. */
    const struct kvx_feed_scope *scope;
    uint32_t rank; /* the event's own, else the batch's; without has_rank the registered one */
    bool has_rank, has_parent;
    uint32_t n; /* blocks; 0 for CLEAR */
    uint64_t parent;
    const uint64_t *engine; /* n */
    const uint64_t *local;  /* n, STORE only */
};

struct kvx_batch {
    bool has_time;
    uint64_t time_ms; /* since 1970 */
    bool has_rank;    /* the batch as a whole names one */
    uint32_t rank;
    size_t n;
    const struct kvx_event *events;
    bool over_limit; /* events were skipped: they named one partition more than KVX_BATCH_SCOPES_MAX */
    uint32_t foreign_block_size; /* a store's block size that is not the partition's; 0: none seen */
    uint32_t unusable_blocks;    /* blocks of stores whose tokens could not be used: decoded as RESIDE */
};

/* What a source has learned about the engine's attention groups, per rank: which groups hold full attention.
 * Removals name the group only, so it must be remembered from stores. Starts empty; forget on restart. */
struct kvx_groups;
int kvx_groups_new(struct kvx_groups **out, const struct kvx_allocator *) KVX_MUST_CHECK;
void kvx_groups_free(struct kvx_groups *);
void kvx_groups_forget(struct kvx_groups *);

/* What a source has learned about cache salts: which hashes were stored with which salt (see salts.h). Starts
 * empty; forget on restart. */
struct kvx_salts;
int kvx_salts_new(struct kvx_salts **out, const struct kvx_allocator *) KVX_MUST_CHECK;
void kvx_salts_free(struct kvx_salts *);
void kvx_salts_forget(struct kvx_salts *);

struct kvx_decode_context {
    uint32_t block_size;        /* the registered partition's, tokens; at least 1 */
    uint32_t registered_rank;   /* used for `groups` and `salts` when neither event nor batch names a rank */
    struct kvx_bytes lora_name; /* of events that name no adapter; empty: none */
    bool pool;                  /* a shared store: it has no device memory and no ranks */
    struct kvx_groups *groups;
    struct kvx_salts *salts;     /* NULL: no salt is inherited or remembered */
    struct kvx_metrics *metrics; /* skipped events are counted here; may be NULL */
};

/* One decoder per ingest thread: scratch memory that grows to what the largest payload needed. */
struct kvx_decoder;
int kvx_decoder_new(struct kvx_decoder **out, const struct kvx_allocator *) KVX_MUST_CHECK;
void kvx_decoder_free(struct kvx_decoder *);

/* Decodes one payload. The events borrow nothing from it but the texts of scopes. On failure `out` is
 * untouched, no event is counted, nothing is learned of groups and salts that a later call would not learn
 * again, and `reason` is the counter that the caller adds to: KVX_INVALID: broken msgpack, or not a batch;
 * KVX_NOMEM. Events that are skipped are counted here, those in `out` and unusable_blocks by the caller. The
 * decoder, the context and the payload belong to the calling thread meanwhile. */
int kvx_decode(struct kvx_decoder *, const struct kvx_decode_context *, struct kvx_bytes payload,
               struct kvx_batch *out, enum kvx_counter *reason) KVX_MUST_CHECK;

#endif /* INGEST_DECODE_H */
