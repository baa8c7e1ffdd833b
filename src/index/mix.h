/* Hashing of keys that are hashes already, or small numbers in tests: all input bits reach the top output
 * bits. */
#ifndef INDEX_MIX_H
#define INDEX_MIX_H

#include <stdint.h>

static inline uint64_t kvx_mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0x9fb21c651e98df25u;
    return x ^ x >> 29;
}

#endif /* INDEX_MIX_H */
