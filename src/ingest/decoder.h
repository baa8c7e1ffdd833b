/* The decoder's inside: what passes between reading an event, judging it, and the end of its batch.
 *
 * Two things are known late: an event's keys come in any order, and the batch's rank follows its events. So
 * an event is first read into fields (values and places in the payload; only tokens are decoded on the way),
 * then judged into operations, and the rule for attention groups, which needs the rank, is applied to all
 * operations at the end.
 *
 * Cache salts cannot wait: what a block hashes to depends on what the events before it have said of its
 * parent, for their rank, and only if their group counts. So where salts are known, or have just come up, the
 * batch is read in the *salted* pass: first only its frame, which gives the rank and shows that nothing is
 * broken, then its events, each decided on at once.
 */
#ifndef INGEST_DECODER_H
#define INGEST_DECODER_H

#include "cursor.h"
#include "groups.h"
#include "ingest/decode.h"
#include "salts.h"

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
    KVX_FIELD_MODEL,        /* these four name the partition, and the rank, of such an event */
    KVX_FIELD_TENANT,
    KVX_FIELD_ADDITIONAL_SALT,
    KVX_FIELD_RANK,
    KVX_FIELD_COUNT,
    KVX_FIELD_NONE = KVX_FIELD_COUNT,
};

/* One event as read. Values point into the payload; absent fields and nil are alike. */
struct kvx_fields {
    enum kvx_tag tag;
    bool rfc;       /* tagged by event_type, as RFC #1527 does */
    uint32_t given; /* 1 << field: which of them are set; clearing all of them for each event takes longer */
    const uint8_t *end; /* of the bytes that containers lie in */
    struct kvx_value field[KVX_FIELD_COUNT];
};
_Static_assert(KVX_FIELD_COUNT <= 32, "`given` has a bit for each");

static inline const struct kvx_value *kvx_field_of(const struct kvx_fields *f, enum kvx_field field)
{
    static const struct kvx_value nil = {.type = KVX_WIRE_NIL};
    return f->given >> field & 1 ? &f->field[field] : &nil;
}

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

/* What became of one engine event, but for the group rule. Small: there is one for every event of a batch. */
struct kvx_draft {
    const struct kvx_feed_scope *scope; /* the event's partition; NULL: the registered one */
    uint32_t rank;                      /* the event's own, if has_rank */
    uint32_t group;
    uint32_t first; /* its operations: so many of d->events */
    uint32_t unusable;
    uint32_t foreign_block_size;
    uint8_t n;
    /* counted unless the group rule skips the event; KVX_COUNTER_COUNT: nothing to count */
    uint8_t counter;
    uint8_t kind; /* enum kvx_group_kind, as the event says */
    uint8_t tiers;
    bool has_rank, has_group, learn;
};
_Static_assert(KVX_COUNTER_COUNT <= UINT8_MAX, "a draft's counter has 8 bits");

/* What the store that was judged last says of salts: these hashes of the engine column belong to this one. */
struct kvx_salt_note {
    size_t at;
    uint32_t n;    /* 0: it says nothing */
    uint64_t salt; /* see salts.h */
};

enum kvx_pass {
    KVX_PASS_PLAIN,  /* no salt is known */
    KVX_PASS_FRAME,  /* only what stands around the events */
    KVX_PASS_SALTED, /* the batch's rank is known already */
};

#define KVX_DROPPED SIZE_MAX

struct kvx_decoder {
    const struct kvx_allocator *allocator;
    const struct kvx_decode_context *context; /* of the running call */
    enum kvx_pass pass;
    bool names_salt; /* some event does: the plain pass will not do */
    bool over_limit;
    struct kvx_feed_scope scopes[KVX_BATCH_SCOPES_MAX]; /* of the batch */
    size_t scope_n;
    struct kvx_tokens tokens;
    /* Engine and local hashes of all operations, side by side. */
    uint64_t *engine, *local;
    size_t hashes, engine_cap, local_cap;
    /* Operations: events that lack their arrays until the batch is complete, and where these begin in the
     * columns; KVX_DROPPED: the group rule does not allow them. */
    struct kvx_event *events;
    size_t *places;
    size_t event_n, event_cap, place_cap;
    struct kvx_draft *drafts;
    size_t draft_n, draft_cap;
    struct kvx_salt_note note;
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

/* The partition that an event names, in d->scopes; NULL when it names none. KVX_INVALID: it names one that
 * cannot be; KVX_TOO_LARGE: one too many. */
int kvx_scope_of(struct kvx_decoder *, const struct kvx_fields *,
                 const struct kvx_feed_scope **out) KVX_MUST_CHECK;
/* One rank in one partition as kvx_salts knows it. */
uint32_t kvx_salt_owner(const struct kvx_feed_scope *, uint32_t rank);
/* The rank that a draft of this batch belongs to; false: the registered one. */
bool kvx_draft_rank(const struct kvx_decoder *, const struct kvx_draft *, const struct kvx_batch *,
                    uint32_t *rank);

/* Tokens a block in the event's partition. */
static inline uint32_t kvx_block_size_in(const struct kvx_decoder *d, const struct kvx_feed_scope *scope)
{
    return scope && scope->block_size ? scope->block_size : d->context->block_size;
}

/* Turns one event into a draft and its operations. KVX_NOMEM. */
int kvx_event_judge(struct kvx_decoder *, const struct kvx_fields *, const struct kvx_batch *) KVX_MUST_CHECK;
/* The same for the blocks of a store, whose hashes are n and stand at d->hashes; completes `draft`. In the
 * salted pass the batch's rank must be known. */
int kvx_store_judge(struct kvx_decoder *, const struct kvx_fields *, enum kvx_tier, uint32_t n,
                    const struct kvx_batch *, struct kvx_draft *draft) KVX_MUST_CHECK;
/* `event` lacks its arrays, its partition and its rank; its hashes begin at `at` in the columns. */
int kvx_operation_add(struct kvx_decoder *, struct kvx_draft *, const struct kvx_event *event,
                      size_t at) KVX_MUST_CHECK;

#endif /* INGEST_DECODER_H */
