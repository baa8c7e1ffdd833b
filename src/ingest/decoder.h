/* The decoder's inside: what passes between reading an event, judging it, and the end of its batch.
 *
 * Two things are known late: an event's keys come in any order, and the batch's rank follows its events. So
 * an event is first read into fields (values and places in the payload; only tokens are decoded on the way),
 * then judged into candidates, and the rule for attention groups, which needs the rank, is applied to all
 * candidates at the end.
 */
#ifndef INGEST_DECODER_H
#define INGEST_DECODER_H

#include "cursor.h"
#include "groups.h"
#include "ingest/decode.h"

enum kvx_tag {
    KVX_TAG_MALFORMED, /* not an event at all */
    KVX_TAG_UNKNOWN,
    KVX_TAG_IGNORED,
    KVX_TAG_STORED,
    KVX_TAG_REMOVED,
    KVX_TAG_CLEARED,
    KVX_TAG_TRANSFERRED,
};

enum kvx_field {
    KVX_FIELD_TYPE,
    KVX_FIELD_EVENT_TYPE,
    KVX_FIELD_HASHES,
    KVX_FIELD_SEQ_HASHES,
    KVX_FIELD_PARENT_BLOCK_HASH,
    KVX_FIELD_PARENT_HASH,
    KVX_FIELD_TOKENS, /* decoded while it is read: see struct kvx_tokens */
    KVX_FIELD_BLOCK_SIZE,
    KVX_FIELD_LORA_ID,
    KVX_FIELD_LORA_NAME, /* or SGLang's metadata map */
    KVX_FIELD_CACHE_SALT,
    KVX_FIELD_EXTRA_KEYS,
    KVX_FIELD_MM_INFOS,
    KVX_FIELD_MM_KEYS,
    KVX_FIELD_MEDIUM,
    KVX_FIELD_FROM_MEDIUM,
    KVX_FIELD_TO_MEDIUM,
    KVX_FIELD_LOCALITY,
    KVX_FIELD_GROUP,
    KVX_FIELD_KIND,
    KVX_FIELD_TOKEN_OFFSET, /* how far from the prompt's begin the first block lies, in tokens */
    KVX_FIELD_BASE_BLOCK,   /* and in blocks */
    KVX_FIELD_BACKEND,      /* the pool that an RFC #1527 event speaks of */
    KVX_FIELD_OBJECT,       /* and the object in it */
    KVX_FIELD_COUNT,
    KVX_FIELD_NONE = KVX_FIELD_COUNT,
};

/* One event as read. Values point into the payload; absent fields and nil are alike. */
struct kvx_fields {
    enum kvx_tag tag;
    bool rfc;           /* tagged by event_type, as RFC #1527 does */
    const uint8_t *end; /* of the bytes that containers lie in */
    struct kvx_value field[KVX_FIELD_COUNT];
};

enum kvx_token_form {
    KVX_TOKENS_PLAIN,
    KVX_TOKENS_BIGRAM,   /* `at` holds the first numbers of all pairs, then the last second one: count + 1 */
    KVX_TOKENS_UNUSABLE, /* strings, negative numbers, or no list at all */
};

/* The tokens of the event that was read last. */
struct kvx_tokens {
    enum kvx_token_form form;
    uint32_t count; /* as announced */
    uint32_t *at;
    size_t cap;
};

/* An operation for the index, if its attention group allows it. */
struct kvx_candidate {
    struct kvx_event event; /* without the arrays */
    size_t at;              /* where its hashes begin in the columns */
};

/* What became of one engine event, but for the group rule. */
struct kvx_draft {
    /* counted unless the group rule skips the event; KVX_COUNTER_COUNT: nothing to count */
    enum kvx_counter counter;
    enum kvx_group_kind kind; /* as the event says */
    bool has_group, learn;
    uint32_t group;
    unsigned tiers;
    uint32_t first, n; /* its candidates */
    uint32_t unusable;
    uint32_t foreign_block_size;
};

struct kvx_decoder {
    const struct kvx_allocator *allocator;
    const struct kvx_decode_context *context; /* of the running call */
    struct kvx_tokens tokens;
    /* Engine and local hashes of all candidates, side by side. */
    uint64_t *engine, *local;
    size_t hashes, engine_cap, local_cap;
    struct kvx_candidate *candidates;
    size_t candidate_n, candidate_cap;
    struct kvx_draft *drafts;
    size_t draft_n, draft_cap;
    struct kvx_event *events;
    size_t event_cap;
    uint64_t counts[KVX_COUNTER_COUNT]; /* of the running call; published when the batch is good */
};

/* `array`, moved if it has to grow to hold `need` items; the old content stays. NULL for lack of memory, and
 * nothing has changed then. */
void *kvx_scratch_grow(const struct kvx_allocator *, void *array, size_t *cap, size_t need,
                       size_t item) KVX_MUST_CHECK;

/* Reads the next event, `depth` containers being open around it. KVX_INVALID: the payload is broken. */
int kvx_event_read(struct kvx_decoder *, struct kvx_cursor *, unsigned depth,
                   struct kvx_fields *out) KVX_MUST_CHECK;

/* Reads the content of a token list whose header is `head` into `d->tokens`. KVX_INVALID as above. */
int kvx_tokens_read(struct kvx_decoder *d, struct kvx_cursor *, const struct kvx_value *head,
                    unsigned depth) KVX_MUST_CHECK;

/* Appends the hashes of an array to the engine column, from d->hashes on, without claiming them: the caller
 * adds to d->hashes what it keeps. KVX_INVALID: one of them is no hash. */
int kvx_hashes_read(struct kvx_decoder *d, const struct kvx_value *array, const uint8_t *end) KVX_MUST_CHECK;
/* The 64-bit pattern of one hash in any form; false if it is none. */
bool kvx_hash_of(const struct kvx_value *, uint64_t *out);

/* Turns one event into a draft and its candidates. KVX_NOMEM. */
int kvx_event_judge(struct kvx_decoder *, const struct kvx_fields *) KVX_MUST_CHECK;
/* The same for the blocks of a store, whose hashes are n and stand at d->hashes; completes `draft`. */
int kvx_store_judge(struct kvx_decoder *, const struct kvx_fields *, enum kvx_tier, uint32_t n,
                    struct kvx_draft *draft) KVX_MUST_CHECK;
int kvx_candidate_add(struct kvx_decoder *, struct kvx_draft *, struct kvx_event, size_t at) KVX_MUST_CHECK;

#endif /* INGEST_DECODER_H */
