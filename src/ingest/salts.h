/* Which engine hashes a source has stored with a cache salt, so that their children inherit it.
 *
 * vLLM names the salt on the first block of a prompt only; what follows must not be indexed as if it had
 * none. SGLang's hashes ignore salts, so that one hash may be stored with several: it is then *ambiguous*,
 * and a store below it that names no salt itself cannot be indexed. A salted hash that is stored without a
 * salt becomes ambiguous too. Hashes stored without a salt only are not remembered: an unknown parent means
 * none.
 *
 * Bounded: beyond KVX_SALTED_HASHES_MAX hashes the one that was stored or gone on from the longest time ago
 * is dropped: its engine has used as many other salted blocks since. What it then still stores below that one
 * cannot be told from blocks without a salt. About 11 MB when full, nothing before the first salt. Owned by
 * one thread at a time.
 */
#ifndef INGEST_SALTS_H
#define INGEST_SALTS_H

#include "ingest/decode.h"

enum { KVX_SALTED_HASHES_MAX = 262144 };

/* A salt is known by what it adds to the seed of local hashes; 0: none. */
uint64_t kvx_salt_named(struct kvx_bytes name);
/* Stands for several salts. */
#define KVX_SALT_AMBIGUOUS UINT64_MAX

size_t kvx_salts_count(const struct kvx_salts *);
/* The salt that `owner` has stored this hash with: 0 when none is remembered, or KVX_SALT_AMBIGUOUS. */
uint64_t kvx_salts_find(struct kvx_salts *, uint32_t owner, uint64_t hash);
/* `owner` has stored these hashes with this salt (0: without one; KVX_SALT_AMBIGUOUS: nobody can tell). Adds
 * to *dropped how many others were dropped for them. KVX_NOMEM: nothing has changed. */
int kvx_salts_learn(struct kvx_salts *, uint32_t owner, const uint64_t *hashes, uint32_t n, uint64_t salt,
                    uint64_t *dropped) KVX_MUST_CHECK;
/* `owner` holds nothing any more. */
void kvx_salts_clear(struct kvx_salts *, uint32_t owner);

#endif /* INGEST_SALTS_H */
