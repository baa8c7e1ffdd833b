/* Decodes a payload and checks what came out, event by event and block by block, in order.
 *
 *     decode_hex(&d, "93cb...");
 *     expect_store(&d, KVX_TIER_DEVICE, ROOT, 1);
 *     expect_block(&d, 0x2a, PLAIN(1, 4));
 *     expect_end(&d);
 */
#ifndef INGEST_DECODE_FIXTURE_H
#define INGEST_DECODE_FIXTURE_H

#include "base/block_hash.h"
#include "failing_allocator.h"
#include "ingest/decode.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <msgpack.h>

struct decoding {
    struct failing_allocator memory;
    struct kvx_decoder *decoder;
    struct kvx_groups *groups;
    struct kvx_salts *salts;
    struct kvx_metrics metrics;
    struct kvx_decode_context context;
    struct kvx_batch batch;
    char *payload;  /* the texts of scopes are in it */
    size_t event;   /* the next one to be checked */
    uint32_t block; /* the next one of the event before */
    msgpack_sbuffer bytes;
    msgpack_packer pack; /* a payload under construction, in `bytes` */
};

int decoding_setup(void **state);    /* *state: a struct decoding for blocks of 4 tokens */
int decoding_teardown(void **state); /* also: nothing leaked */

/* Decode a payload that must be good. */
void decode_hex(struct decoding *, const char *hex);
void decode_bytes(struct decoding *, const void *data, size_t len);
/* Decode a payload that must cost the batch for this reason. */
void decode_hex_fails(struct decoding *, const char *hex, enum kvx_counter reason);
void decode_bytes_fails(struct decoding *, const void *data, size_t len, enum kvx_counter reason);

/* A batch under construction: [0, [n events], rank]; the packer is d->pack. */
void batch_begin(struct decoding *, size_t n);
void batch_decode(struct decoding *, int rank);    /* rank below 0: nil */
void pack_hex(struct decoding *, const char *hex); /* as it stands */
void pack_text(struct decoding *, const char *);
void pack_uint(struct decoding *, uint64_t);
void pack_nil(struct decoding *);
void pack_array(struct decoding *, size_t);
void pack_map(struct decoding *, size_t);
void pack_key(struct decoding *, const char *key);            /* the same as text */
void pack_uints(struct decoding *, size_t n, uint64_t first); /* an array first, first + 1, ... */

/* The first keys of a stored map: type, hashes from `hash` on, no parent, tokens 1, 2, ..., block size 4;
 * `more` keys follow. */
void pack_stored(struct decoding *, size_t blocks, uint64_t hash, size_t more);
/* The same as an array up to its block size; `more` elements follow. */
void pack_stored_array(struct decoding *, size_t blocks, uint64_t hash, size_t more);
/* type and hashes of a removed map */
void pack_removed(struct decoding *, size_t blocks, uint64_t hash, size_t more);

#define ROOT false, 0
#define UNDER(hash) true, (hash)
void expect_store(struct decoding *, enum kvx_tier, bool has_parent, uint64_t parent, uint32_t n);
void expect_reside(struct decoding *, enum kvx_tier, uint32_t n);
void expect_remove(struct decoding *, unsigned tiers, uint32_t n);
void expect_clear(struct decoding *, unsigned tiers);
void expect_block(struct decoding *, uint64_t engine, uint64_t local);
void expect_hash(struct decoding *, uint64_t engine); /* a block without tokens */
void expect_end(struct decoding *);
void expect_rank(struct decoding *, int rank); /* of the batch; below 0: none */
/* Of the event that was asked for last: its rank; below 0: the registered one. */
void expect_event_rank(struct decoding *, int rank);
/* Of the same: its partition as "model|tenant|salt|block size" with "-" for what is not said; NULL: it names
 * none. */
void expect_scope(struct decoding *, const char *text);
/* The counter since the last such question, and no skipped event besides. */
void expect_counted(struct decoding *, enum kvx_counter, uint64_t n);
void expect_nothing_counted(struct decoding *);

/* The local hash of n tokens first, first + 1, ... */
uint64_t hash_of_run(uint64_t seed, uint32_t first, uint32_t n);
uint64_t hash_with_items(uint64_t seed, uint32_t first, uint32_t n, const uint64_t *items, size_t nitems);
#define PLAIN(first, n) hash_of_run(KVX_HASH_SEED, first, n)
#define SEED(lora, salt) kvx_block_seed(kvx_bytes_of(lora), kvx_bytes_of(salt))

#endif /* INGEST_DECODE_FIXTURE_H */
