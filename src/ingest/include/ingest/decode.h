/* From an event payload (msgpack) to index operations.
 *
 * Reads the payload forms that vLLM, SGLang, TensorRT-LLM, Dynamo's relays, ATOM, TokenSpeed, llm-d and
 * Mooncake's RFC #1527 send: batches as arrays or maps, events as positional arrays of any arity, as maps
 * with any key order, or wrapped in a bin; hashes as signed or unsigned integers, byte strings or decimal
 * strings. Walks the bytes once, builds no object tree, and checks every announced count against the bytes
 * that are left before it allocates anything.
 *
 * A bad event is skipped and counted, the good ones beside it are decoded; a broken payload costs the batch.
 */
#ifndef INGEST_DECODE_H
#define INGEST_DECODE_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/metrics.h"
#include "index/index.h"

#include <stdbool.h>
#include <stdint.h>

enum kvx_event_kind {
    KVX_EVENT_STORE,  /* blocks with tokens: engine and local hashes, under a parent */
    KVX_EVENT_RESIDE, /* engine hashes whose blocks are now (also) in a tier, without tokens or a place */
    KVX_EVENT_REMOVE,
    KVX_EVENT_CLEAR,
};

/* Ready for the index. Arrays belong to the decoder and are valid until its next call. */
struct kvx_event {
    enum kvx_event_kind kind;
    unsigned tiers; /* KVX_TIER_BIT mask: one tier for STORE and RESIDE, one or all for REMOVE and CLEAR */
    bool has_parent;
    uint64_t parent;
    uint32_t n;             /* blocks; 0 for CLEAR */
    const uint64_t *engine; /* n */
    const uint64_t *local;  /* n, STORE only */
};

struct kvx_batch {
    bool has_time;
    uint64_t time_ms; /* since 1970 */
    bool has_rank;
    uint32_t rank;
    size_t n;
    const struct kvx_event *events;
    uint32_t foreign_block_size; /* a store's block size that is not the partition's; 0: none seen */
    uint32_t unusable_blocks;    /* blocks of stores whose tokens could not be used: decoded as RESIDE */
};

/* What a source has learned about the engine's attention groups, per rank: which groups hold full attention.
 * Removals name the group only, so it must be remembered from stores. Starts empty; forget on restart. */
struct kvx_groups;
int kvx_groups_new(struct kvx_groups **out, const struct kvx_allocator *) KVX_MUST_CHECK;
void kvx_groups_free(struct kvx_groups *);
void kvx_groups_forget(struct kvx_groups *);

struct kvx_decode_context {
    uint32_t block_size;      /* the partition's, tokens; at least 1 */
    uint32_t registered_rank; /* used for `groups` when the batch names no rank */
    struct kvx_groups *groups;
    struct kvx_metrics *metrics; /* skipped events are counted here; may be NULL */
};

/* One decoder per ingest thread: scratch memory that grows to what the largest payload needed. */
struct kvx_decoder;
int kvx_decoder_new(struct kvx_decoder **out, const struct kvx_allocator *) KVX_MUST_CHECK;
void kvx_decoder_free(struct kvx_decoder *);

/* Decodes one payload. The events borrow nothing from it. On failure `out` is untouched, no event is counted,
 * nothing is learned of groups that a later call would not learn again, and `reason` is the counter that the
 * caller adds to: KVX_INVALID: broken msgpack, or not a batch; KVX_NOMEM. Events that are skipped are counted
 * here, those in `out` and unusable_blocks by the caller. The decoder, the groups and the payload belong to
 * the calling thread meanwhile. */
int kvx_decode(struct kvx_decoder *, const struct kvx_decode_context *, struct kvx_bytes payload,
               struct kvx_batch *out, enum kvx_counter *reason) KVX_MUST_CHECK;

#endif /* INGEST_DECODE_H */
