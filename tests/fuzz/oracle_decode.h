/* A second decoder of event payloads: slow, simple, on msgpack-c's object trees. It shares with the first one
 * its vocabulary, the hash function and the table of media, and no code that reads msgpack or judges an
 * event. */
#ifndef ORACLE_DECODE_H
#define ORACLE_DECODE_H

#include "ingest/decode.h"
#include "oracle_msgpack.h"

enum { ORACLE_GROUPS_MAX = 4096 }; /* as many as the decoder remembers */

struct oracle_group {
    uint32_t rank, group;
    bool full;
};

/* One hash that was stored with a salt, by one rank of one partition. */
struct oracle_salt {
    struct oracle_salt *next;
    char *owner; /* in words */
    uint64_t hash;
    char *salt; /* NULL: with several, or nobody can tell */
    size_t len;
};

struct oracle {
    uint32_t block_size, registered_rank;
    struct kvx_bytes lora_name;
    bool pool;
    /* learned; stays from call to call */
    struct oracle_group groups[ORACLE_GROUPS_MAX];
    size_t n_groups;
    struct oracle_salt *salts;
    /* of the last call; memory in `unpacked.zone` */
    msgpack_unpacked unpacked;
    struct kvx_batch batch;
    struct kvx_event *events;
    size_t events_cap;
    uint64_t counts[KVX_COUNTER_COUNT];
    const struct kvx_feed_scope *scopes[KVX_BATCH_SCOPES_MAX];
    size_t n_scopes;
    /* the event at hand */
    const struct kvx_feed_scope *scope;
    bool has_rank;
    uint32_t rank;
};

/* 0, or the counter that names why the batch is refused. Call oracle_done afterwards in either case. */
enum kvx_counter oracle_decode(struct oracle *, const uint8_t *data, size_t size);
void oracle_done(struct oracle *);
/* Forgets what was learned. */
void oracle_forget(struct oracle *);

/* oracle_keys.c: the local hashes of the first `whole` blocks; returns how many are understood. `pairs`:
 * bigrams. */
struct oracle_keys {
    const msgpack_object *lora, *lora_id, *salt, *extra, *mm_infos, *mm_keys; /* nil when absent */
    struct kvx_bytes default_lora;
    const struct oracle_salt *inherited; /* for blocks that name no salt; NULL: none */
    struct kvx_bytes found;              /* out: the salt that was used */
    bool ambiguous;                      /* out: it would be one of several */
};
uint32_t oracle_hash(struct oracle_keys *, const uint32_t *tokens, bool pairs, uint32_t block_size,
                     uint32_t n, uint32_t whole, uint64_t *local);

/* oracle_salts.c. */
const struct oracle_salt *oracle_salt_find(const struct oracle *, uint64_t hash);
/* The event at hand stores this hash with a salt; empty: without; `ambiguous`: nobody can tell. */
void oracle_salt_learn(struct oracle *, uint64_t hash, struct kvx_bytes salt, bool ambiguous);
void oracle_salt_clear(struct oracle *); /* of its owner */

/* oracle_scope.c: whose event a map is; to o->scope, o->has_rank, o->rank. Returns what to count when it is
 * nobody's, else KVX_COUNTER_COUNT. `rfc`: it is one of RFC #1527, else only the batch says something. */
enum kvx_counter oracle_place(struct oracle *, const msgpack_object *map, bool rfc);

#endif /* ORACLE_DECODE_H */
