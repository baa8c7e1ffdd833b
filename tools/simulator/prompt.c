#include "prompt.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

uint64_t sim_mix(uint64_t x)
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

void sim_prompt_free(struct sim_prompt *p)
{
    free(p->tokens);
    free(p->digests);
    *p = (struct sim_prompt){0};
}

void sim_prompt_resize(struct sim_prompt *p, size_t n)
{
    if (n > p->cap_tokens) {
        p->tokens = sim_grow(p->tokens, n, sizeof *p->tokens);
        p->cap_tokens = n;
    }
    p->n_tokens = n;
    p->n_blocks = 0;
}

void sim_prompt_from_ids(struct sim_prompt *p, const uint64_t *ids, size_t n_ids, size_t n_tokens)
{
    if (n_tokens > n_ids * SIM_TRACE_BLOCK)
        n_tokens = n_ids * SIM_TRACE_BLOCK;
    sim_prompt_resize(p, n_tokens);
    for (size_t i = 0; i < n_tokens; i++) {
        uint64_t position = ids[i / SIM_TRACE_BLOCK] * SIM_TRACE_BLOCK + i % SIM_TRACE_BLOCK;
        p->tokens[i] = (uint32_t)(sim_mix(position) % SIM_VOCABULARY);
    }
}

void sim_prompt_hash(struct sim_prompt *p, uint32_t block_size)
{
    size_t n = p->n_tokens / block_size;
    if (n > p->cap_blocks) {
        p->digests = sim_grow(p->digests, n, sizeof *p->digests);
        p->cap_blocks = n;
    }
    struct sim_digest parent = {0x6b76696e64657800u, 0x73696d756c61746fu};
    for (size_t i = 0; i < n; i++) {
        XXH128_hash_t block =
            XXH3_128bits_withSeed(p->tokens + i * block_size, block_size * sizeof(uint32_t), parent.low);
        uint64_t chain[4] = {parent.low, parent.high, block.low64, block.high64};
        XXH128_hash_t digest = XXH3_128bits(chain, sizeof chain);
        parent = p->digests[i] = (struct sim_digest){digest.low64, digest.high64};
    }
    p->n_blocks = n;
    p->block_size = block_size;
}

void sim_prompt_cut(struct sim_prompt *p, size_t n_blocks)
{
    if (n_blocks >= p->n_blocks)
        return;
    p->n_blocks = n_blocks;
    p->n_tokens = n_blocks * p->block_size;
}
