/* Any payload: the decoder and the slow one on msgpack-c's object trees must say the same, event by event and
 * counter by counter; twice in a row, because attention groups and salts are learned, for two block sizes,
 * with a registered adapter, and from a pool. */
#include "fuzz.h"
#include "oracle_decode.h"

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: the decoders disagree: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static void compare_scope(const struct kvx_feed_scope *a, const struct kvx_feed_scope *b)
{
    CHECK(!a == !b);
    if (!a)
        return;
    CHECK(kvx_bytes_equal(a->model, b->model) && kvx_bytes_equal(a->tenant, b->tenant));
    CHECK(a->has_salt == b->has_salt && kvx_bytes_equal(a->additional_salt, b->additional_salt));
    CHECK(a->block_size == b->block_size);
}

static void compare_event(const struct kvx_event *a, const struct kvx_event *b)
{
    CHECK(a->kind == b->kind);
    CHECK(a->tiers == b->tiers);
    CHECK(a->n == b->n);
    CHECK(a->has_rank == b->has_rank && a->rank == b->rank);
    compare_scope(a->scope, b->scope);
    CHECK(a->has_parent == b->has_parent && a->parent == b->parent);
    for (uint32_t i = 0; i < a->n; i++) {
        CHECK(a->engine[i] == b->engine[i]);
        CHECK(a->kind != KVX_EVENT_STORE || a->local[i] == b->local[i]);
    }
}

static void compare(const struct kvx_batch *a, const struct kvx_batch *b)
{
    CHECK(a->has_time == b->has_time && a->time_ms == b->time_ms);
    CHECK(a->has_rank == b->has_rank && a->rank == b->rank);
    CHECK(a->foreign_block_size == b->foreign_block_size);
    CHECK(a->over_limit == b->over_limit);
    CHECK(a->unusable_blocks == b->unusable_blocks);
    CHECK(a->n == b->n);
    for (size_t i = 0; i < a->n; i++)
        compare_event(&a->events[i], &b->events[i]);
}

static void decode_both(struct kvx_decoder *d, struct kvx_decode_context *context, struct oracle *oracle,
                        const uint8_t *data, size_t size)
{
    struct kvx_batch batch;
    enum kvx_counter reason = KVX_COUNTER_COUNT;
    memset(context->metrics, 0, sizeof *context->metrics);
    int code = kvx_decode(d, context, (struct kvx_bytes){(const char *)data, size}, &batch, &reason);
    enum kvx_counter refused = oracle_decode(oracle, data, size);
    CHECK(code == (refused ? KVX_INVALID : KVX_OK));
    CHECK(!refused || reason == refused);
    if (!refused)
        compare(&batch, &oracle->batch);
    for (int i = 0; i < KVX_COUNTER_COUNT && !refused; i++)
        CHECK(context->metrics->counter[i] == oracle->counts[i]);
    oracle_done(oracle);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        uint32_t block_size;
        const char *lora;
        bool pool;
    } rounds[] = {{4, "", false}, {4, "", false}, {16, "", false}, {4, "sql", false}, {4, "", true}};
    struct kvx_decoder *decoder;
    struct kvx_groups *groups;
    struct kvx_salts *salts;
    struct kvx_metrics metrics;
    struct oracle oracle = {.registered_rank = 1};
    CHECK(kvx_decoder_new(&decoder, &kvx_system_allocator) == KVX_OK);
    CHECK(kvx_groups_new(&groups, &kvx_system_allocator) == KVX_OK);
    CHECK(kvx_salts_new(&salts, &kvx_system_allocator) == KVX_OK);
    for (size_t i = 0; i < sizeof rounds / sizeof *rounds; i++) {
        struct kvx_decode_context context = {.block_size = rounds[i].block_size,
                                             .registered_rank = 1,
                                             .lora_name = kvx_bytes_of(rounds[i].lora),
                                             .pool = rounds[i].pool,
                                             .groups = groups,
                                             .salts = salts,
                                             .metrics = &metrics};
        oracle.block_size = rounds[i].block_size;
        oracle.lora_name = context.lora_name;
        oracle.pool = rounds[i].pool;
        decode_both(decoder, &context, &oracle, data, size);
    }
    oracle_forget(&oracle);
    kvx_salts_free(salts);
    kvx_groups_free(groups);
    kvx_decoder_free(decoder);
    return 0;
}
