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

struct oracle {
    uint32_t block_size, registered_rank;
    /* learned; stays from call to call */
    struct oracle_group groups[ORACLE_GROUPS_MAX];
    size_t n_groups;
    /* of the last call; memory in `unpacked.zone` */
    msgpack_unpacked unpacked;
    struct kvx_batch batch;
    struct kvx_event *events;
    size_t events_cap;
    uint64_t counts[KVX_COUNTER_COUNT];
};

/* 0, or the counter that names why the batch is refused. Call oracle_done afterwards in either case. */
enum kvx_counter oracle_decode(struct oracle *, const uint8_t *data, size_t size);
void oracle_done(struct oracle *);

/* oracle_keys.c: the local hashes of the first `whole` blocks; returns how many are understood. `pairs`:
 * bigrams. */
struct oracle_keys {
    const msgpack_object *lora, *lora_id, *salt, *extra, *mm_infos, *mm_keys; /* nil when absent */
};
uint32_t oracle_hash(const struct oracle_keys *, const uint32_t *tokens, bool pairs, uint32_t block_size,
                     uint32_t n, uint32_t whole, uint64_t *local);

#endif /* ORACLE_DECODE_H */
