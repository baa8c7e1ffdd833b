#include "base/block_hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "tokens are hashed as little-endian bytes in place");

uint64_t kvx_block_seed(struct kvx_bytes lora, struct kvx_bytes salt)
{
    uint64_t seed = KVX_HASH_SEED;
    if (lora.len)
        seed += XXH3_64bits_withSeed(lora.data, lora.len, 0);
    if (salt.len)
        seed += XXH3_64bits_withSeed(salt.data, salt.len, 1);
    return seed;
}

size_t kvx_block_hashes(uint64_t seed, const uint32_t *tokens, size_t n, uint32_t block_size, uint64_t *out)
{
    size_t blocks = n / block_size, bytes = (size_t)block_size * sizeof(*tokens);
    for (size_t i = 0; i < blocks; i++)
        out[i] = XXH3_64bits_withSeed(tokens + i * block_size, bytes, seed);
    return blocks;
}

uint64_t kvx_block_hash(uint64_t seed, const uint32_t *tokens, size_t n, const uint64_t *mm, size_t nmm)
{
    if (!nmm)
        return XXH3_64bits_withSeed(tokens, n * sizeof(*tokens), seed);
    XXH3_state_t state;
    XXH3_INITSTATE(&state); /* 0.8.1 reads the old seed on reset */
    XXH3_64bits_reset_withSeed(&state, seed);
    XXH3_64bits_update(&state, tokens, n * sizeof(*tokens));
    XXH3_64bits_update(&state, mm, nmm * sizeof(*mm));
    return XXH3_64bits_digest(&state);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

uint64_t kvx_multimodal_hash(struct kvx_bytes id)
{
    enum { HEX_IDENTIFIER = 64, USED_DIGITS = 16 };
    uint64_t value = 0;
    bool hex = id.len == HEX_IDENTIFIER;
    for (size_t i = 0; hex && i < id.len; i++) {
        int digit = hex_digit(id.data[i]);
        hex = digit >= 0;
        if (i < USED_DIGITS)
            value = value << 4 | (uint64_t)digit;
    }
    return hex ? value : XXH3_64bits(id.data, id.len);
}

uint64_t kvx_sequence_hash(uint64_t previous, uint64_t local)
{
    uint64_t pair[2] = {previous, local};
    return XXH3_64bits_withSeed(pair, sizeof(pair), KVX_HASH_SEED);
}
