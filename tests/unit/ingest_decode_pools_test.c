/* What a shared store's events mean: which tier, and that nothing of it lies on a device. */
#include "ingest_decode_fixture.h"

static int setup(void **state)
{
    decoding_setup(state);
    struct decoding *d = *state;
    d->context.pool = true;
    d->context.registered_rank = 6;
    return 0;
}

/* As Mooncake's master sends it; NULL: nil. */
static void pack_object(struct decoding *d, const char *what, const char *medium, size_t hashes)
{
    pack_map(d, 8);
    pack_key(d, "event_type");
    pack_text(d, what);
    pack_key(d, "model_name");
    pack_nil(d);
    pack_key(d, "block_size");
    pack_nil(d);
    pack_key(d, "dp_rank");
    pack_nil(d);
    pack_key(d, "object_key");
    pack_text(d, "42");
    pack_key(d, "seq_hashes");
    pack_uints(d, hashes, 42);
    pack_key(d, "token_ids");
    pack_nil(d);
    pack_key(d, "medium");
    if (medium)
        pack_text(d, medium);
    else
        pack_nil(d);
}

static void stores_are_residency(void **state)
{
    struct decoding *d = *state;
    static const struct {
        const char *medium;
        enum kvx_tier tier;
    } media[] = {{"cpu", KVX_TIER_HOST},
                 {"disk", KVX_TIER_DISK},
                 {NULL, KVX_TIER_HOST},
                 {"", KVX_TIER_HOST},
                 {"SHARED_STORAGE", KVX_TIER_EXTERNAL}};
    batch_begin(d, 5);
    for (size_t i = 0; i < 5; i++)
        pack_object(d, "stored", media[i].medium, 1);
    batch_decode(d, 0);
    for (size_t i = 0; i < 5; i++) {
        expect_reside(d, media[i].tier, 1);
        expect_scope(d, NULL);
        expect_event_rank(d, -1); /* the batch's 0 is no rank of a pool */
        expect_hash(d, 42);
    }
    expect_end(d);
    expect_rank(d, 0);
    assert_int_equal(d->batch.unusable_blocks, 0);
    expect_nothing_counted(d);
}

static void a_pool_has_no_device(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 6);
    pack_object(d, "stored", "GPU", 1);
    pack_object(d, "stored", "cuda:0", 1);
    pack_object(d, "stored", "TAPE", 1);
    pack_object(d, "removed", "GPU", 1);
    pack_array(d, 2);
    pack_text(d, "AllBlocksCleared");
    pack_text(d, "GPU");
    pack_stored(d, 1, 1, 1);
    pack_key(d, "medium");
    pack_text(d, "GPU");
    batch_decode(d, 0);
    expect_end(d);
    expect_counted(d, KVX_COUNT_EVENT_MEDIUM, 6);
}

/* Mooncake names the medium after the copies are gone, so whatever it says is not asked. */
static void removals_are_from_everywhere(void **state)
{
    struct decoding *d = *state;
    static const char *const media[] = {"cpu", "disk", NULL, "OBJ", "TAPE"};
    batch_begin(d, 6);
    for (size_t i = 0; i < 5; i++)
        pack_object(d, "removed", media[i], 1);
    pack_array(d, 3); /* llm-d's form */
    pack_text(d, "BlockRemoved");
    pack_uints(d, 1, 42);
    pack_text(d, "OBJECT_STORE");
    batch_decode(d, 0);
    for (size_t i = 0; i < 6; i++) {
        expect_remove(d, KVX_POOL_TIERS, 1);
        expect_hash(d, 42);
    }
    expect_end(d);
    expect_nothing_counted(d);
    assert_int_equal(KVX_POOL_TIERS, KVX_TIER_BIT(KVX_TIER_HOST) | KVX_TIER_BIT(KVX_TIER_DISK) |
                                         KVX_TIER_BIT(KVX_TIER_EXTERNAL));
}

static void clears(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 2);
    pack_object(d, "cleared", NULL, 0);
    pack_object(d, "cleared", "disk", 0);
    batch_decode(d, 0);
    expect_clear(d, KVX_ALL_TIERS);
    expect_clear(d, KVX_TIER_BIT(KVX_TIER_DISK));
    expect_end(d);
}

static void objects_without_a_hash(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 2);
    pack_object(d, "stored", "cpu", 0);
    pack_object(d, "removed", "cpu", 0);
    batch_decode(d, 0);
    expect_end(d);
    expect_counted(d, KVX_COUNT_EVENT_NO_HASH, 2);
}

static void remote_blocks_are_in_reach(void **state)
{
    struct decoding *d = *state;
    static const char *const values[] = {"REMOTE", "LOCAL", "NEARBY"};
    for (int pool = 1; pool >= 0; pool--) {
        d->context.pool = pool;
        batch_begin(d, 3);
        for (size_t i = 0; i < 3; i++) {
            pack_removed(d, 1, i, 2);
            pack_key(d, "medium");
            pack_text(d, "CPU");
            pack_key(d, "locality");
            pack_text(d, values[i]);
        }
        batch_decode(d, 0);
        assert_int_equal(d->batch.n, pool ? 2 : 1);
        expect_remove(d, pool ? KVX_POOL_TIERS : KVX_TIER_BIT(KVX_TIER_HOST), 1);
        expect_hash(d, pool ? 0 : 1);
        d->event = d->batch.n;
        d->block = 1;
        expect_counted(d, KVX_COUNT_EVENT_LOCALITY, pool ? 1 : 2);
    }
}

/* A publisher that knows the tokens places its blocks itself. */
static void stores_with_tokens(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 1);
    pack_stored(d, 2, 1, 1);
    pack_key(d, "medium");
    pack_text(d, "DISK");
    batch_decode(d, 0);
    expect_store(d, KVX_TIER_DISK, ROOT, 2);
    expect_block(d, 1, PLAIN(1, 4));
    expect_block(d, 2, PLAIN(5, 4));
    expect_end(d);
}

static void moves_between_tiers(void **state)
{
    struct decoding *d = *state;
    static const char *const moves[][2] = {{"CPU", "DISK"}, {"CPU", "GPU"}, {"GPU", "CPU"}};
    batch_begin(d, 3);
    for (size_t i = 0; i < 3; i++) {
        pack_array(d, 4);
        pack_text(d, "BlockTransferred");
        pack_uints(d, 1, i);
        pack_text(d, moves[i][0]);
        pack_text(d, moves[i][1]);
    }
    batch_decode(d, 0);
    expect_reside(d, KVX_TIER_DISK, 1);
    expect_hash(d, 0);
    expect_remove(d, KVX_TIER_BIT(KVX_TIER_HOST), 1);
    expect_hash(d, 0);
    expect_remove(d, KVX_TIER_BIT(KVX_TIER_HOST), 1);
    expect_hash(d, 1);
    expect_reside(d, KVX_TIER_HOST, 1);
    expect_hash(d, 2);
    expect_end(d);
    expect_counted(d, KVX_COUNT_EVENT_MEDIUM, 2);
}

/* llm-d's storage backend: arrays inside byte strings, parent 0, no tokens, block size 0. */
static void wrapped_storage_events(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 1);
    msgpack_sbuffer inner;
    msgpack_packer p;
    msgpack_sbuffer_init(&inner);
    msgpack_packer_init(&p, &inner, msgpack_sbuffer_write);
    msgpack_pack_array(&p, 7);
    msgpack_pack_str_with_body(&p, "BlockStored", 11);
    msgpack_pack_array(&p, 1);
    msgpack_pack_uint64(&p, 42);
    msgpack_pack_int(&p, 0);
    msgpack_pack_array(&p, 0);
    msgpack_pack_int(&p, 0);
    msgpack_pack_nil(&p);
    msgpack_pack_str_with_body(&p, "SHARED_STORAGE", 14);
    msgpack_pack_bin_with_body(&d->pack, inner.data, inner.size);
    msgpack_sbuffer_destroy(&inner);
    batch_decode(d, -1);
    expect_reside(d, KVX_TIER_EXTERNAL, 1);
    expect_hash(d, 42);
    expect_end(d);
    expect_nothing_counted(d);
}

static void pools_name_partitions_too(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 1);
    pack_map(d, 4);
    pack_key(d, "event_type");
    pack_text(d, "stored");
    pack_key(d, "seq_hashes");
    pack_uints(d, 1, 42);
    pack_key(d, "tenant_id");
    pack_text(d, "t");
    pack_key(d, "dp_rank");
    pack_uint(d, 3);
    batch_decode(d, 0);
    expect_reside(d, KVX_TIER_HOST, 1);
    expect_scope(d, "-|t|-|-");
    expect_event_rank(d, -1);
    expect_hash(d, 42);
    expect_end(d);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, decoding_teardown)
    const struct CMUnitTest tests[] = {
        TEST(stores_are_residency),         TEST(a_pool_has_no_device),
        TEST(removals_are_from_everywhere), TEST(clears),
        TEST(objects_without_a_hash),       TEST(remote_blocks_are_in_reach),
        TEST(stores_with_tokens),           TEST(moves_between_tiers),
        TEST(wrapped_storage_events),       TEST(pools_name_partitions_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
