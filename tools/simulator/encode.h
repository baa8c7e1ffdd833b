/* Event batches on the wire, in the four shapes that engines really send.
 *
 *   vllm-map      vLLM since 0.24: events are maps
 *   vllm-array    vLLM 0.22: events are arrays of 12 and 4 elements
 *   sglang-array  SGLang 0.5.18: arrays of 7 and 3 elements, one event per page, signed hashes
 *   sglang-map    SGLang since September 2026: maps without lora_name, signed hashes
 */
#ifndef SIM_ENCODE_H
#define SIM_ENCODE_H

#include "prompt.h"

#include <msgpack.h>

enum sim_format { SIM_VLLM_MAP, SIM_VLLM_ARRAY, SIM_SGLANG_ARRAY, SIM_SGLANG_MAP };

/* One batch under construction. */
struct sim_encoder {
    enum sim_format format;
    bool byte_hashes; /* 32-byte strings, as vLLM sends with integer hashes switched off */
    bool has_rank;
    uint32_t rank;
    uint32_t block_size;
    msgpack_sbuffer events;
    uint32_t n_events;
};

/* What an engine calls a block: `salt` is 0 when all engines agree, else the engine's own. */
uint64_t sim_engine_hash(struct sim_digest, uint64_t salt);

void sim_encoder_init(struct sim_encoder *); /* the settings above are the caller's to fill in */
void sim_encoder_free(struct sim_encoder *);

/* Blocks first..first+n-1 of the prompt, which are consecutive; the parent is the block before them. */
void sim_encode_stored(struct sim_encoder *, const struct sim_prompt *, size_t first, size_t n,
                       uint64_t salt);
void sim_encode_removed(struct sim_encoder *, const struct sim_digest *, size_t n, uint64_t salt);
void sim_encode_cleared(struct sim_encoder *);

/* Ends the batch: a payload for the caller to free, and an empty encoder. NULL when there are no events. */
char *sim_encode_finish(struct sim_encoder *, size_t *len);

#endif /* SIM_ENCODE_H */
