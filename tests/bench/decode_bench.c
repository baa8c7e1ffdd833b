/* What decoding and hashing of engine events costs: nanoseconds of CPU time per stored block of 16 tokens.
 *
 * The payloads are vLLM's in both encodings, 128 blocks a batch in events of different lengths, token ids
 * drawn from a vocabulary of 128,000 with small ids more frequent. Every payload's result is checked before
 * it is timed. "salts known" is the same for a source that has stored something under a cache salt, so that
 * parents must be looked up and each batch is walked twice. The baseline in the same run is msgpack-c
 * building its object tree from the same bytes, which neither hashes nor interprets.
 */
#include "base/block_hash.h"
#include "ingest/decode.h"
#include "salts.h"

#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BLOCK = 16, BATCH_BLOCKS = 128, PAYLOADS = 64, ROUNDS_MIN = 3 };

struct payload {
    msgpack_sbuffer bytes;
    uint32_t tokens[BATCH_BLOCKS * BLOCK];
};

static uint64_t random_state = 88172645463325252u;

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Log-uniform over the vocabulary: three quarters below 32,768, as in text. */
static uint32_t random_token(void)
{
    unsigned bits = 6 + (unsigned)(random_next() % 12);
    return (uint32_t)(random_next() % ((uint64_t)1 << bits)) % 128000;
}

static void pack_text(msgpack_packer *p, const char *text)
{
    msgpack_pack_str_with_body(p, text, strlen(text));
}

static void pack_hashes(msgpack_packer *p, uint32_t first, uint32_t n)
{
    msgpack_pack_array(p, n);
    for (uint32_t i = 0; i < n; i++)
        msgpack_pack_uint64(p, (first + i + 1) * 0x9e3779b97f4a7c15u);
}

static void pack_tokens(msgpack_packer *p, const uint32_t *tokens, uint32_t n)
{
    msgpack_pack_array(p, n * BLOCK);
    for (uint32_t i = 0; i < n * BLOCK; i++)
        msgpack_pack_uint32(p, tokens[i]);
}

static void pack_nils(msgpack_packer *p, uint32_t n)
{
    msgpack_pack_array(p, n);
    for (uint32_t i = 0; i < n; i++)
        msgpack_pack_nil(p);
}

static void pack_map_event(msgpack_packer *p, const uint32_t *tokens, uint32_t first, uint32_t n)
{
    msgpack_pack_map(p, 11);
    pack_text(p, "type");
    pack_text(p, "BlockStored");
    pack_text(p, "block_hashes");
    pack_hashes(p, first, n);
    pack_text(p, "parent_block_hash");
    msgpack_pack_uint64(p, 0xdab89baa7b5857c0);
    pack_text(p, "token_ids");
    pack_tokens(p, tokens, n);
    pack_text(p, "block_size");
    msgpack_pack_int(p, BLOCK);
    pack_text(p, "lora_id");
    msgpack_pack_nil(p);
    pack_text(p, "medium");
    pack_text(p, "GPU");
    pack_text(p, "lora_name");
    msgpack_pack_nil(p);
    pack_text(p, "extra_keys");
    pack_nils(p, n);
    pack_text(p, "group_idx");
    msgpack_pack_int(p, 0);
    pack_text(p, "kv_cache_spec_kind");
    pack_text(p, "full_attention");
}

static void pack_array_event(msgpack_packer *p, const uint32_t *tokens, uint32_t first, uint32_t n)
{
    msgpack_pack_array(p, 12);
    pack_text(p, "BlockStored");
    pack_hashes(p, first, n);
    msgpack_pack_uint64(p, 0xdab89baa7b5857c0);
    pack_tokens(p, tokens, n);
    msgpack_pack_int(p, BLOCK);
    msgpack_pack_nil(p);
    pack_text(p, "GPU");
    msgpack_pack_nil(p);
    pack_nils(p, n);
    msgpack_pack_int(p, 0);
    pack_text(p, "full_attention");
    msgpack_pack_nil(p);
}

static void make_payload(struct payload *out, bool maps, uint32_t event_blocks)
{
    msgpack_packer p;
    msgpack_sbuffer_init(&out->bytes);
    msgpack_packer_init(&p, &out->bytes, msgpack_sbuffer_write);
    for (size_t i = 0; i < BATCH_BLOCKS * BLOCK; i++)
        out->tokens[i] = random_token();
    msgpack_pack_array(&p, 3);
    msgpack_pack_double(&p, 1700000000.5);
    msgpack_pack_array(&p, BATCH_BLOCKS / event_blocks);
    for (uint32_t at = 0; at < BATCH_BLOCKS; at += event_blocks)
        (maps ? pack_map_event : pack_array_event)(&p, out->tokens + at * BLOCK, at, event_blocks);
    msgpack_pack_int(&p, 0);
}

static struct kvx_bytes bytes_of(const struct payload *p)
{
    return (struct kvx_bytes){p->bytes.data, p->bytes.size};
}

static void check(const struct kvx_batch *batch, const struct payload *p)
{
    uint32_t at = 0;
    for (size_t i = 0; i < batch->n; i++) {
        const struct kvx_event *e = &batch->events[i];
        for (uint32_t b = 0; b < e->n; b++, at++) {
            uint64_t local = kvx_block_hash(KVX_HASH_SEED, p->tokens + at * BLOCK, BLOCK, NULL, 0);
            if (e->kind != KVX_EVENT_STORE || e->engine[b] != (at + 1) * 0x9e3779b97f4a7c15u ||
                e->local[b] != local) {
                fprintf(stderr, "block %u is decoded wrongly\n", at);
                exit(1);
            }
        }
    }
    if (at != BATCH_BLOCKS) {
        fprintf(stderr, "%u of %d blocks\n", at, BATCH_BLOCKS);
        exit(1);
    }
}

static double cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void decode(struct kvx_decoder *d, const struct kvx_decode_context *context, const struct payload *p,
                   struct kvx_batch *batch)
{
    enum kvx_counter reason;
    if (kvx_decode(d, context, bytes_of(p), batch, &reason)) {
        fprintf(stderr, "a good payload is refused\n");
        exit(1);
    }
}

static void build_tree(const struct payload *p)
{
    msgpack_unpacked u;
    msgpack_unpacked_init(&u);
    if (msgpack_unpack_next(&u, p->bytes.data, p->bytes.size, NULL) != MSGPACK_UNPACK_SUCCESS)
        exit(1);
    msgpack_unpacked_destroy(&u);
}

/* The best of the rounds, in nanoseconds per block: what the code costs, not what the machine's other users
 * do. */
static double time_rounds(int rounds, struct kvx_decoder *d, const struct kvx_decode_context *context,
                          const struct payload *payloads)
{
    double best = 0;
    struct kvx_batch batch;
    for (int round = 0; round < rounds; round++) {
        double begin = cpu_ns();
        for (int again = 0; again < 20; again++)
            for (int i = 0; i < PAYLOADS; i++) {
                if (d)
                    decode(d, context, &payloads[i], &batch);
                else
                    build_tree(&payloads[i]);
            }
        double ns = (cpu_ns() - begin) / (20.0 * PAYLOADS * BATCH_BLOCKS);
        best = round == 0 || ns < best ? ns : best;
    }
    return best;
}

int main(int argc, char **argv)
{
    static struct payload payloads[PAYLOADS];
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 10;
    struct kvx_decoder *d;
    struct kvx_groups *groups;
    struct kvx_salts *salts;
    const uint64_t salted_hash = 1;
    uint64_t dropped = 0;
    if (kvx_decoder_new(&d, &kvx_system_allocator) || kvx_groups_new(&groups, &kvx_system_allocator) ||
        kvx_salts_new(&salts, &kvx_system_allocator) ||
        kvx_salts_learn(salts, 0, &salted_hash, 1, 5, &dropped))
        return 1;
    struct kvx_decode_context context = {.block_size = BLOCK, .groups = groups};
    struct kvx_decode_context salted = {.block_size = BLOCK, .groups = groups, .salts = salts};
    printf("%-6s %-14s %12s %14s %14s %14s %16s\n", "form", "blocks/event", "bytes/block", "ns/block",
           "M blocks/s", "salts known", "msgpack-c tree");
    for (int maps = 0; maps < 2; maps++)
        for (uint32_t blocks = BATCH_BLOCKS; blocks > 0; blocks = blocks == 1 ? 0 : blocks == 8 ? 1 : 8) {
            struct kvx_batch batch;
            for (int i = 0; i < PAYLOADS; i++) {
                make_payload(&payloads[i], maps, blocks);
                decode(d, &context, &payloads[i], &batch);
                check(&batch, &payloads[i]);
            }
            double ns = time_rounds(rounds < ROUNDS_MIN ? ROUNDS_MIN : rounds, d, &context, payloads);
            double with_salts = time_rounds(rounds < ROUNDS_MIN ? ROUNDS_MIN : rounds, d, &salted, payloads);
            double tree = time_rounds(rounds < ROUNDS_MIN ? ROUNDS_MIN : rounds, NULL, NULL, payloads);
            printf("%-6s %-14u %12.1f %14.1f %14.2f %11.1f ns %13.1f ns\n", maps ? "maps" : "arrays", blocks,
                   (double)payloads[0].bytes.size / BATCH_BLOCKS, ns, 1e3 / ns, with_salts, tree);
            for (int i = 0; i < PAYLOADS; i++)
                msgpack_sbuffer_destroy(&payloads[i].bytes);
        }
    kvx_salts_free(salts);
    kvx_groups_free(groups);
    kvx_decoder_free(d);
    return 0;
}
