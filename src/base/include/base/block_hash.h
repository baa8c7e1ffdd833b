/* The local hash: XXH3-64 of one block's tokens, the same rule NVIDIA's and Mooncake's indexers use.
 *
 *   seed  = 1337 + (lora ? XXH3-64(lora, seed 0) : 0) + (salt ? XXH3-64(salt, seed 1) : 0)      mod 2^64
 *
 *   local = XXH3-64(tokens as LE32, then the block's multimodal hashes, ascending, as LE64; seed)
 *
 *   sequence(0) = local(0)
 *
 *   sequence(i) = XXH3-64(LE64(sequence(i-1)) || LE64(local(i)); seed 1337)
 *
 * Pure functions; any thread.
 */
#ifndef BASE_BLOCK_HASH_H
#define BASE_BLOCK_HASH_H

#include "base/bytes.h"

#define KVX_HASH_SEED 1337u

/* The seed for a LoRA adapter and a cache salt, both UTF-8; empty means none. */
uint64_t kvx_block_seed(struct kvx_bytes lora, struct kvx_bytes salt);

/* Local hashes of the whole blocks in tokens[0..n): n / block_size of them go to `out`. Returns their number.
 */
size_t kvx_block_hashes(uint64_t seed, const uint32_t *tokens, size_t n, uint32_t block_size, uint64_t *out);

/* One block of n tokens with nmm multimodal hashes, which must be sorted ascending. */
uint64_t kvx_block_hash(uint64_t seed, const uint32_t *tokens, size_t n, const uint64_t *mm, size_t nmm);

/* The multimodal hash of an item's identifier: the first 16 digits of a 64-digit hexadecimal one, else its
 * XXH3-64. */
uint64_t kvx_multimodal_hash(struct kvx_bytes identifier);

uint64_t kvx_sequence_hash(uint64_t previous, uint64_t local);

#endif /* BASE_BLOCK_HASH_H */
