/* Media, locality, attention groups: which tier an event speaks of, and whether it counts. */
#include "groups.h"
#include "ingest_decode_fixture.h"
#include "media.h"

#include <stdio.h>

#define DEVICE KVX_TIER_BIT(KVX_TIER_DEVICE)

static void media_table(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum kvx_tier tier;
    } known[] = {
        {"", KVX_TIER_DEVICE},
        {"GPU", KVX_TIER_DEVICE},
        {"gpu", KVX_TIER_DEVICE},
        {"DEVICE", KVX_TIER_DEVICE},
        {"cuda:0", KVX_TIER_DEVICE},
        {"CUDA", KVX_TIER_DEVICE},
        {"hip:1", KVX_TIER_DEVICE},
        {"npu", KVX_TIER_DEVICE},
        {"xpu:7", KVX_TIER_DEVICE},
        {"CPU", KVX_TIER_HOST},
        {"cpu", KVX_TIER_HOST},
        {"CPU_PINNED", KVX_TIER_HOST},
        {"CPU_TIER1", KVX_TIER_HOST},
        {"Host", KVX_TIER_HOST},
        {"DISK", KVX_TIER_DISK},
        {"disk", KVX_TIER_DISK},
        {"CPU_TIER2", KVX_TIER_DISK},
        {"NVME", KVX_TIER_DISK},
        {"STORAGE", KVX_TIER_DISK},
        {"FS", KVX_TIER_DISK},
        {"EXTERNAL", KVX_TIER_EXTERNAL},
        {"REMOTE", KVX_TIER_EXTERNAL},
        {"NETWORK", KVX_TIER_EXTERNAL},
        {"SHARED", KVX_TIER_EXTERNAL},
        {"OBJ", KVX_TIER_EXTERNAL},
        {"SHARED_STORAGE", KVX_TIER_EXTERNAL},
        {"OBJECT_STORE", KVX_TIER_EXTERNAL},
    };
    enum kvx_tier tier;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_true(kvx_medium_tier(kvx_bytes_of(known[i].name), &tier));
        assert_int_equal(tier, known[i].tier);
    }
    static const char *const unknown[] = {"G", "GPUS", "CPU_TIER3", "CPU_", "cud", "TAPE", " GPU", "FS "};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_false(kvx_medium_tier(kvx_bytes_of(unknown[i]), &tier));
    assert_false(kvx_medium_tier((struct kvx_bytes){"GPU\0", 4}, &tier));
    assert_false(kvx_medium_tier((struct kvx_bytes){"C\0U", 3}, &tier));
}

static void a_tier_for_every_event(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 4);
    pack_stored(d, 1, 42, 1);
    pack_key(d, "medium");
    pack_text(d, "CPU_PINNED");
    pack_removed(d, 1, 42, 1);
    pack_key(d, "medium");
    pack_text(d, "STORAGE");
    pack_array(d, 2);
    pack_text(d, "AllBlocksCleared");
    pack_text(d, "DISK");
    pack_map(d, 2);
    pack_key(d, "type");
    pack_text(d, "TierBlocksCleared");
    pack_key(d, "medium");
    pack_text(d, "GPU");
    batch_decode(d, 0);
    expect_store(d, KVX_TIER_HOST, ROOT, 1);
    expect_block(d, 42, PLAIN(1, 4));
    expect_remove(d, KVX_TIER_BIT(KVX_TIER_DISK), 1);
    expect_hash(d, 42);
    expect_clear(d, KVX_TIER_BIT(KVX_TIER_DISK));
    expect_clear(d, DEVICE);
    expect_end(d);
    expect_nothing_counted(d);
}

static void unknown_media_never_count_as_device(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 5);
    pack_stored(d, 1, 42, 1);
    pack_key(d, "medium");
    pack_text(d, "TAPE");
    pack_removed(d, 1, 42, 1);
    pack_key(d, "medium");
    pack_text(d, "TAPE");
    pack_array(d, 2);
    pack_text(d, "AllBlocksCleared");
    pack_text(d, "TAPE");
    pack_removed(d, 1, 42, 1);
    pack_key(d, "medium");
    msgpack_pack_true(&d->pack);
    pack_array(d, 3); /* a positional medium may be displaced by a number, by nothing else */
    pack_text(d, "BlockRemoved");
    pack_uints(d, 1, 42);
    pack_map(d, 0);
    batch_decode(d, 0);
    expect_end(d);
    expect_counted(d, KVX_COUNT_EVENT_MEDIUM, 5);
}

static void pack_transferred(struct decoding *d, const char *from, const char *to, size_t more)
{
    pack_array(d, 4 + more);
    pack_text(d, "BlockTransferred");
    pack_uints(d, 1, 42);
    pack_text(d, from);
    pack_text(d, to);
}

static void transfers(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 4);
    pack_transferred(d, "CPU", "DISK", 0);
    pack_transferred(d, "FS", "STORAGE", 0); /* within one tier */
    pack_transferred(d, "GPU", "TAPE", 0);   /* gone from the device, wherever it went */
    pack_map(d, 4);
    pack_key(d, "from_medium");
    pack_text(d, "TAPE");
    pack_key(d, "to_medium");
    pack_text(d, "GPU");
    pack_key(d, "type");
    pack_text(d, "BlockTransferred");
    pack_key(d, "block_hashes");
    pack_uints(d, 1, 42);
    batch_decode(d, 0);
    expect_reside(d, KVX_TIER_DISK, 1);
    expect_hash(d, 42);
    expect_remove(d, KVX_TIER_BIT(KVX_TIER_HOST), 1);
    expect_hash(d, 42);
    expect_reside(d, KVX_TIER_DISK, 1);
    expect_hash(d, 42);
    expect_remove(d, DEVICE, 1);
    expect_hash(d, 42);
    expect_reside(d, KVX_TIER_DEVICE, 1);
    expect_hash(d, 42);
    expect_end(d);
    expect_counted(d, KVX_COUNT_EVENT_MEDIUM, 2);
}

static void locality(void **state)
{
    struct decoding *d = *state;
    static const char *const values[] = {"LOCAL", "", "REMOTE", "NEARBY"};
    batch_begin(d, 6);
    for (size_t i = 0; i < 4; i++) {
        pack_removed(d, 1, i, 1);
        pack_key(d, "locality");
        pack_text(d, values[i]);
    }
    pack_removed(d, 1, 4, 1);
    pack_key(d, "locality");
    pack_uint(d, 1);
    pack_stored_array(d, 1, 5, 8); /* at position 12 of an array */
    for (int i = 5; i < 12; i++)
        pack_nil(d);
    pack_text(d, "REMOTE");
    batch_decode(d, 0);
    for (uint64_t i = 0; i < 2; i++) {
        expect_remove(d, DEVICE, 1);
        expect_hash(d, i);
    }
    expect_end(d);
    expect_counted(d, KVX_COUNT_EVENT_LOCALITY, 4);
}

static void pack_rfc_removed(struct decoding *d, const char *medium, bool pool)
{
    pack_map(d, 3 + (size_t)pool);
    pack_key(d, "event_type");
    pack_text(d, "removed");
    pack_key(d, "seq_hashes");
    pack_uints(d, 1, 42);
    pack_key(d, "medium");
    if (medium)
        pack_text(d, medium);
    else
        pack_nil(d);
    if (pool) {
        pack_key(d, "backend_id");
        pack_text(d, "mooncake-a");
    }
}

/* Mooncake's pool reports the medium after the copies are gone, so a removal there is one from everywhere. */
static void pool_removals(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 5);
    pack_rfc_removed(d, "cpu", true);
    pack_rfc_removed(d, NULL, true);
    pack_rfc_removed(d, NULL, false);
    pack_rfc_removed(d, "cpu", false);
    pack_rfc_removed(d, "GPU", true);
    batch_decode(d, 0);
    static const unsigned tiers[] = {KVX_ALL_TIERS, KVX_ALL_TIERS, KVX_ALL_TIERS, KVX_TIER_BIT(KVX_TIER_HOST),
                                     DEVICE};
    for (size_t i = 0; i < 5; i++) {
        expect_remove(d, tiers[i], 1);
        expect_hash(d, 42);
    }
    expect_end(d);
}

/* A stored map with a group (below 0: none) and a kind (NULL: none). */
static void pack_group_store(struct decoding *d, int group, const char *kind, const char *medium)
{
    pack_stored(d, 1, 42, 1 + (size_t)(group >= 0) + (size_t)(kind != NULL));
    if (group >= 0) {
        pack_key(d, "group_idx");
        pack_uint(d, (uint64_t)group);
    }
    if (kind) {
        pack_key(d, "kv_cache_spec_kind");
        pack_text(d, kind);
    }
    pack_key(d, "medium");
    pack_text(d, medium);
}

static void pack_group_removal(struct decoding *d, int group, const char *medium)
{
    pack_removed(d, 1, 42, 2);
    pack_key(d, "group_idx");
    pack_uint(d, (uint64_t)group);
    pack_key(d, "medium");
    pack_text(d, medium);
}

/* Decodes what was packed, one event: does it count? */
static bool counts(struct decoding *d, int rank)
{
    batch_decode(d, rank);
    uint64_t skipped = atomic_exchange(&d->metrics.counter[KVX_COUNT_EVENT_GROUP], 0);
    expect_nothing_counted(d);
    assert_int_equal(d->batch.n + skipped, 1);
    return d->batch.n == 1;
}

static bool store_counts(struct decoding *d, int group, const char *kind)
{
    batch_begin(d, 1);
    pack_group_store(d, group, kind, "GPU");
    return counts(d, 0);
}

static bool removal_counts(struct decoding *d, int group, int rank)
{
    batch_begin(d, 1);
    pack_group_removal(d, group, "GPU");
    return counts(d, rank);
}

static void kinds_of_groups(void **state)
{
    struct decoding *d = *state;
    static const char *const full[] = {"full_attention", "mla_attention", "sink_full_attention"};
    static const char *const partial[] = {
        "sliding_window",  "sliding_window_mla", "mamba", "chunked_local_attention", "encoder_only_attention",
        "cross_attention", "brand_new_attention"};
    for (size_t i = 0; i < 3; i++) {
        assert_true(store_counts(d, 7, full[i]));
        assert_true(store_counts(d, -1, full[i]));
    }
    for (size_t i = 0; i < 7; i++) {
        assert_false(store_counts(d, 8, partial[i]));
        assert_false(store_counts(d, -1, partial[i]));
    }
}

static void groups_of_unknown_kind(void **state)
{
    struct decoding *d = *state;
    assert_true(store_counts(d, -1, NULL));
    assert_true(store_counts(d, 0, NULL));
    assert_true(store_counts(d, 0, "unknown"));
    assert_false(store_counts(d, 1, NULL));
    assert_false(store_counts(d, 1, "unknown"));
    assert_true(removal_counts(d, 0, 0));
    assert_false(removal_counts(d, 1, 0));
}

static void removals_follow_what_stores_taught(void **state)
{
    struct decoding *d = *state;
    assert_true(store_counts(d, 1, "full_attention"));
    assert_false(store_counts(d, 0, "sliding_window"));
    assert_true(removal_counts(d, 1, 0));
    assert_false(removal_counts(d, 0, 0));
    assert_true(store_counts(d, 1, NULL)); /* later stores need not repeat the kind */
    assert_false(removal_counts(d, 1, 1)); /* another rank has taught nothing */
    d->context.registered_rank = 0;
    assert_true(removal_counts(d, 1, -1)); /* no rank in the batch: the registered one */
    d->context.registered_rank = 1;
    assert_false(removal_counts(d, 1, -1));
    kvx_groups_forget(d->groups);
    assert_false(removal_counts(d, 1, 0));
    assert_true(removal_counts(d, 0, 0));
}

/* The rank stands behind the events, and an event may rely on one before it in the same batch. */
static void teaching_and_asking_in_one_batch(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 3);
    pack_group_removal(d, 1, "GPU");
    pack_group_store(d, 1, "mla_attention", "GPU");
    pack_group_removal(d, 1, "GPU");
    batch_decode(d, 5);
    expect_store(d, KVX_TIER_DEVICE, ROOT, 1);
    expect_block(d, 42, PLAIN(1, 4));
    expect_remove(d, DEVICE, 1);
    expect_hash(d, 42);
    expect_end(d);
    expect_counted(d, KVX_COUNT_EVENT_GROUP, 1);
    assert_true(removal_counts(d, 1, 5));
}

static void broken_batches_teach_nothing(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 1);
    pack_group_store(d, 1, "full_attention", "GPU");
    decode_bytes_fails(d, d->bytes.data, d->bytes.size, KVX_COUNT_PAYLOAD_BROKEN);
    assert_false(removal_counts(d, 1, 0));
}

static void storage_tiers_bypass_the_rule(void **state)
{
    struct decoding *d = *state;
    static const char *const storage[] = {"DISK", "OBJ"};
    for (size_t i = 0; i < 2; i++) {
        batch_begin(d, 1);
        pack_group_store(d, 3, "mamba", storage[i]);
        assert_true(counts(d, 0));
        batch_begin(d, 1);
        pack_group_removal(d, 3, storage[i]);
        assert_true(counts(d, 0));
    }
    batch_begin(d, 1);
    pack_group_removal(d, 3, "CPU");
    assert_false(counts(d, 0));
}

/* Hashes are equal across groups: a window's block that moves to disk must not take the prefix off the
 * device. */
static void transfer_of_a_partial_group(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 1);
    pack_transferred(d, "GPU", "DISK", 1);
    pack_uint(d, 3);
    batch_decode(d, 0);
    expect_reside(d, KVX_TIER_DISK, 1);
    expect_hash(d, 42);
    expect_end(d);
    expect_counted(d, KVX_COUNT_EVENT_GROUP, 1);
}

/* A skipped group's block size is nobody's concern; its kind is learned all the same. */
static void partial_group_with_foreign_block_size(void **state)
{
    struct decoding *d = *state;
    d->context.block_size = 8;
    assert_false(store_counts(d, 2, "mamba"));
    assert_int_equal(d->batch.foreign_block_size, 0);
    batch_begin(d, 1);
    pack_group_store(d, 2, "full_attention", "GPU");
    batch_decode(d, 0);
    expect_end(d);
    assert_int_equal(d->batch.foreign_block_size, 4);
    expect_counted(d, KVX_COUNT_EVENT_BLOCK_SIZE, 1);
    assert_true(removal_counts(d, 2, 0));
}

static void negative_and_huge_groups_are_not_group_zero(void **state)
{
    struct decoding *d = *state;
    for (int huge = 0; huge < 2; huge++) {
        batch_begin(d, 1);
        pack_removed(d, 1, 42, 1);
        pack_key(d, "group_idx");
        msgpack_pack_int64(&d->pack, huge ? (int64_t)1 << 32 : -1);
        assert_false(counts(d, 0));
    }
}

static void group_table(void **state)
{
    struct decoding *d = *state;
    struct kvx_groups *g = d->groups;
    assert_int_equal(kvx_groups_kind(g, 0, 0), KVX_GROUP_UNKNOWN);
    for (uint32_t i = 0; i < KVX_GROUPS_MAX + 10; i++) { /* in an order that is not sorted */
        uint32_t key = i * 2654435761u % 65537;
        assert_int_equal(kvx_groups_learn(g, key % 7, key, i % 2 ? KVX_GROUP_FULL : KVX_GROUP_PARTIAL),
                         KVX_OK);
    }
    for (uint32_t i = 0; i < KVX_GROUPS_MAX + 10; i++) {
        uint32_t key = i * 2654435761u % 65537;
        enum kvx_group_kind kind = i % 2 ? KVX_GROUP_FULL : KVX_GROUP_PARTIAL;
        assert_int_equal(kvx_groups_kind(g, key % 7, key), i < KVX_GROUPS_MAX ? kind : KVX_GROUP_UNKNOWN);
    }
    assert_int_equal(kvx_groups_learn(g, 0, 0, KVX_GROUP_FULL), KVX_OK); /* known: may change though full */
    assert_int_equal(kvx_groups_kind(g, 0, 0), KVX_GROUP_FULL);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, decoding_setup, decoding_teardown)
    const struct CMUnitTest tests[] = {
        TEST(media_table),
        TEST(a_tier_for_every_event),
        TEST(unknown_media_never_count_as_device),
        TEST(transfers),
        TEST(locality),
        TEST(pool_removals),
        TEST(kinds_of_groups),
        TEST(groups_of_unknown_kind),
        TEST(removals_follow_what_stores_taught),
        TEST(teaching_and_asking_in_one_batch),
        TEST(broken_batches_teach_nothing),
        TEST(storage_tiers_bypass_the_rule),
        TEST(transfer_of_a_partial_group),
        TEST(partial_group_with_foreign_block_size),
        TEST(negative_and_huge_groups_are_not_group_zero),
        TEST(group_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
