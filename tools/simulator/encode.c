#include "encode.h"
#include "base/clock.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

static bool is_map(const struct sim_encoder *e)
{
    return e->format == SIM_VLLM_MAP || e->format == SIM_SGLANG_MAP;
}

static bool is_vllm(const struct sim_encoder *e)
{
    return e->format == SIM_VLLM_MAP || e->format == SIM_VLLM_ARRAY;
}

uint64_t sim_engine_hash(struct sim_digest digest, uint64_t salt)
{
    return salt ? sim_mix(digest.low ^ sim_mix(salt)) : digest.low;
}

static void text(msgpack_packer *p, const char *s)
{
    msgpack_pack_str(p, strlen(s));
    msgpack_pack_str_body(p, s, strlen(s));
}

/* A map has keys where an array has positions. */
static void key(const struct sim_encoder *e, msgpack_packer *p, const char *name)
{
    if (is_map(e))
        text(p, name);
}

static void begin_event(struct sim_encoder *e, msgpack_packer *p, size_t fields, const char *tag)
{
    if (is_map(e))
        msgpack_pack_map(p, fields);
    else
        msgpack_pack_array(p, fields);
    key(e, p, "type");
    text(p, tag);
    e->n_events++;
}

static void pack_hash(const struct sim_encoder *e, msgpack_packer *p, struct sim_digest digest, uint64_t salt)
{
    uint64_t hash = sim_engine_hash(digest, salt);
    if (e->byte_hashes) {
        unsigned char bytes[32];
        uint64_t words[4] = {sim_mix(hash), digest.high, sim_mix(digest.high), hash};
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (unsigned char)(words[i / 8] >> (56 - 8 * (i % 8)));
        msgpack_pack_bin(p, sizeof bytes);
        msgpack_pack_bin_body(p, bytes, sizeof bytes);
    } else if (is_vllm(e)) {
        msgpack_pack_uint64(p, hash);
    } else {
        msgpack_pack_int64(p, (int64_t)hash);
    }
}

static void pack_hashes(const struct sim_encoder *e, msgpack_packer *p, const struct sim_digest *digests,
                        size_t n, uint64_t salt)
{
    key(e, p, "block_hashes");
    msgpack_pack_array(p, n);
    for (size_t i = 0; i < n; i++)
        pack_hash(e, p, digests[i], salt);
}

/* The fields that only vLLM has, after its `medium`. */
static void pack_vllm_tail(const struct sim_encoder *e, msgpack_packer *p, size_t n)
{
    key(e, p, "lora_name");
    msgpack_pack_nil(p);
    key(e, p, "extra_keys");
    msgpack_pack_array(p, n);
    for (size_t i = 0; i < n; i++)
        msgpack_pack_nil(p);
    key(e, p, "group_idx");
    msgpack_pack_uint32(p, 0);
    key(e, p, "kv_cache_spec_kind");
    text(p, "full_attention");
    if (!is_map(e))
        msgpack_pack_nil(p); /* kv_cache_spec_sliding_window; a map leaves it out */
}

static void stored_event(struct sim_encoder *e, const struct sim_prompt *prompt, size_t first, size_t n,
                         uint64_t salt)
{
    static const size_t fields[] = {
        [SIM_VLLM_MAP] = 11, [SIM_VLLM_ARRAY] = 12, [SIM_SGLANG_ARRAY] = 7, [SIM_SGLANG_MAP] = 7};
    msgpack_packer p;
    msgpack_packer_init(&p, &e->events, msgpack_sbuffer_write);
    begin_event(e, &p, fields[e->format], "BlockStored");
    pack_hashes(e, &p, prompt->digests + first, n, salt);
    key(e, &p, "parent_block_hash");
    if (first > 0)
        pack_hash(e, &p, prompt->digests[first - 1], salt);
    else
        msgpack_pack_nil(&p);
    key(e, &p, "token_ids");
    size_t n_tokens = n * e->block_size;
    msgpack_pack_array(&p, n_tokens);
    for (size_t i = 0; i < n_tokens; i++)
        msgpack_pack_uint32(&p, prompt->tokens[first * e->block_size + i]);
    key(e, &p, "block_size");
    msgpack_pack_uint32(&p, e->block_size);
    key(e, &p, "lora_id");
    msgpack_pack_nil(&p);
    key(e, &p, "medium");
    text(&p, "GPU");
    if (is_vllm(e))
        pack_vllm_tail(e, &p, n);
}

void sim_encode_stored(struct sim_encoder *e, const struct sim_prompt *prompt, size_t first, size_t n,
                       uint64_t salt)
{
    if (e->format != SIM_SGLANG_ARRAY) {
        stored_event(e, prompt, first, n, salt);
        return;
    }
    for (size_t i = 0; i < n; i++)
        stored_event(e, prompt, first + i, 1, salt);
}

static void removed_event(struct sim_encoder *e, const struct sim_digest *digests, size_t n, uint64_t salt)
{
    msgpack_packer p;
    msgpack_packer_init(&p, &e->events, msgpack_sbuffer_write);
    begin_event(e, &p, is_vllm(e) ? 4 : 3, "BlockRemoved");
    pack_hashes(e, &p, digests, n, salt);
    key(e, &p, "medium");
    text(&p, "GPU");
    if (is_vllm(e)) {
        key(e, &p, "group_idx");
        msgpack_pack_uint32(&p, 0);
    }
}

void sim_encode_removed(struct sim_encoder *e, const struct sim_digest *digests, size_t n, uint64_t salt)
{
    /* vLLM and older SGLang announce each evicted block by itself; newer SGLang a radix node at once. */
    size_t each = e->format == SIM_SGLANG_MAP ? n : 1;
    for (size_t i = 0; i < n; i += each)
        removed_event(e, digests + i, each, salt);
}

void sim_encode_cleared(struct sim_encoder *e)
{
    msgpack_packer p;
    msgpack_packer_init(&p, &e->events, msgpack_sbuffer_write);
    begin_event(e, &p, 1, "AllBlocksCleared");
}

char *sim_encode_finish(struct sim_encoder *e, size_t *len)
{
    if (!e->n_events)
        return NULL;
    msgpack_sbuffer out;
    msgpack_packer p;
    msgpack_sbuffer_init(&out);
    msgpack_packer_init(&p, &out, msgpack_sbuffer_write);
    msgpack_pack_array(&p, 3);
    msgpack_pack_double(&p, (double)kvx_wall_ns() * 1e-9);
    msgpack_pack_array(&p, e->n_events);
    msgpack_sbuffer_write(&out, e->events.data, e->events.size);
    if (e->has_rank)
        msgpack_pack_uint32(&p, e->rank);
    else
        msgpack_pack_nil(&p);
    msgpack_sbuffer_clear(&e->events);
    e->n_events = 0;
    *len = out.size;
    /* Queued batches may be many: give back the slack of the buffer's doubling. */
    char *payload = msgpack_sbuffer_release(&out);
    return sim_grow(payload, *len, 1);
}

void sim_encoder_init(struct sim_encoder *e)
{
    msgpack_sbuffer_init(&e->events);
    e->n_events = 0;
}

void sim_encoder_free(struct sim_encoder *e)
{
    msgpack_sbuffer_destroy(&e->events);
}
