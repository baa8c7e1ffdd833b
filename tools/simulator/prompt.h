/* A prompt as an engine sees it: tokens, whole blocks, and one digest per block that names the whole prefix.
 *
 * The digest is XXH3-128 over (digest of the block before, tokens): the rule real engines use, with a
 * function that the indexer does not use, so that nothing here can agree with it by sharing a mistake.
 */
#ifndef SIM_PROMPT_H
#define SIM_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIM_VOCABULARY = 128256, SIM_TRACE_BLOCK = 512 };

struct sim_digest {
    uint64_t low, high;
};

static inline bool sim_digest_equal(struct sim_digest a, struct sim_digest b)
{
    return a.low == b.low && a.high == b.high;
}

/* Reused from prompt to prompt; zero-initialise, free with sim_prompt_free. */
struct sim_prompt {
    uint32_t *tokens;
    size_t n_tokens, cap_tokens;
    struct sim_digest *digests; /* one per whole block */
    size_t n_blocks, cap_blocks;
    uint32_t block_size;
};

void sim_prompt_free(struct sim_prompt *);
/* Empties the prompt and makes room for n tokens, which the caller then writes to `tokens`. */
void sim_prompt_resize(struct sim_prompt *, size_t n);
/* The tokens of a trace request: each id stands for 512 tokens, of which the first n_tokens in all are used.
 */
void sim_prompt_from_ids(struct sim_prompt *, const uint64_t *ids, size_t n_ids, size_t n_tokens);
/* Computes the digests once the tokens are there. */
void sim_prompt_hash(struct sim_prompt *, uint32_t block_size);
/* Cuts the prompt to its first n blocks (and drops a ragged tail). */
void sim_prompt_cut(struct sim_prompt *, size_t n_blocks);

uint64_t sim_mix(uint64_t); /* a bijection that scatters its argument (the finaliser of splitmix64) */

#endif /* SIM_PROMPT_H */
