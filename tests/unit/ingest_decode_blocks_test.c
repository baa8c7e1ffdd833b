/* Which blocks of a store have usable tokens, where they lie, and what becomes of the others. */
#include "ingest_decode_fixture.h"

#include <stdio.h>

/* A store array of two blocks (hashes 1, 2) with the given tokens and block size. */
static void pack_two_blocks(struct decoding *d, size_t tokens, uint64_t block_size)
{
    pack_array(d, 5);
    pack_text(d, "BlockStored");
    pack_uints(d, 2, 1);
    pack_nil(d);
    pack_uints(d, tokens, 1);
    pack_uint(d, block_size);
}

static void short_last_block_is_resident_only(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 1);
    pack_two_blocks(d, 7, 4);
    batch_decode(d, 0);
    expect_store(d, KVX_TIER_DEVICE, ROOT, 1);
    expect_block(d, 1, PLAIN(1, 4));
    expect_reside(d, KVX_TIER_DEVICE, 1);
    expect_hash(d, 2);
    expect_end(d);
    assert_int_equal(d->batch.unusable_blocks, 1);
}

static void more_tokens_than_blocks_hide_blocks(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 1);
    pack_two_blocks(d, 12, 4);
    batch_decode(d, 0);
    expect_reside(d, KVX_TIER_DEVICE, 2);
    expect_hash(d, 1);
    expect_hash(d, 2);
    expect_end(d);
    assert_int_equal(d->batch.unusable_blocks, 2);
}

static void foreign_block_size_is_named(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 3);
    pack_two_blocks(d, 32, 16);
    pack_two_blocks(d, 8, 4);
    pack_two_blocks(d, 0, 0);
    batch_decode(d, 0);
    expect_store(d, KVX_TIER_DEVICE, ROOT, 2);
    expect_block(d, 1, PLAIN(1, 4));
    expect_block(d, 2, PLAIN(5, 4));
    expect_reside(d, KVX_TIER_DEVICE, 2);
    expect_hash(d, 1);
    expect_hash(d, 2);
    expect_end(d);
    assert_int_equal(d->batch.foreign_block_size, 16);
    assert_int_equal(d->batch.unusable_blocks, 0);
    expect_counted(d, KVX_COUNT_EVENT_BLOCK_SIZE, 1);
}

/* A run that says it begins further on, but names no parent, must not be placed at the root. */
static void offset_without_parent_has_no_place(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 3);
    for (uint64_t parent = 0; parent <= 9; parent += 9) {
        pack_stored(d, 1, 42, 2);
        pack_key(d, "base_block_idx");
        pack_uint(d, 3);
        pack_key(d, "parent_block_hash");
        pack_uint(d, parent);
    }
    pack_stored(d, 1, 42, 1);
    pack_key(d, "token_offset");
    pack_uint(d, 0);
    batch_decode(d, 0);
    expect_reside(d, KVX_TIER_DEVICE, 1);
    expect_hash(d, 42);
    expect_store(d, KVX_TIER_DEVICE, UNDER(9), 1);
    expect_block(d, 42, PLAIN(1, 4));
    expect_store(d, KVX_TIER_DEVICE, ROOT, 1);
    expect_block(d, 42, PLAIN(1, 4));
    expect_end(d);
}

static void token_encodings(void **state)
{
    struct decoding *d = *state;
    static const uint32_t tokens[8] = {1, 200, 60000, 150000, UINT32_MAX, 7, 8, 9};
    /* the same numbers in narrow and in needlessly wide forms */
    decode_hex(d, "930091"
                  "95ab426c6f636b53746f726564"
                  "920102"
                  "c0"
                  "98"
                  "01"
                  "ccc8"
                  "cdea60"
                  "ce000249f0"
                  "ceffffffff"
                  "cf0000000000000007"
                  "d30000000000000008"
                  "d009"
                  "04"
                  "c0");
    expect_store(d, KVX_TIER_DEVICE, ROOT, 2);
    expect_block(d, 1, kvx_block_hash(KVX_HASH_SEED, tokens, 4, NULL, 0));
    expect_block(d, 2, kvx_block_hash(KVX_HASH_SEED, tokens + 4, 4, NULL, 0));
    expect_end(d);
}

static void tokens_that_make_a_store_unusable(void **state)
{
    struct decoding *d = *state;
    static const char *const lists[] = {
        "94010203cf0000000100000000", /* beyond 32 bits */
        "94010203ff",
        "94010203ca3f800000",
        "94010203c0",
        "94010203920304", /* a pair among numbers */
        "94920102030405", /* numbers among pairs */
        "949201029202039203049204a161",
        "9492010292020392030493040506",
        "a161",
        "810102",
        "05",
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        char hex[256];
        snprintf(hex, sizeof hex,
                 "930091"
                 "95ab426c6f636b53746f726564"
                 "912a"
                 "c0"
                 "%s"
                 "04"
                 "c0",
                 lists[i]);
        decode_hex(d, hex);
        expect_reside(d, KVX_TIER_DEVICE, 1);
        expect_hash(d, 42);
        expect_end(d);
        assert_int_equal(d->batch.unusable_blocks, 1);
    }
}

/* Pairs as EAGLE drafts send them; the hashes are published vectors. */
static void bigram_tokens(void **state)
{
    struct decoding *d = *state;
    d->context.block_size = 2;
    batch_begin(d, 1);
    pack_array(d, 5);
    pack_text(d, "BlockStored");
    pack_uints(d, 2, 1);
    pack_nil(d);
    pack_array(d, 4);
    for (uint64_t i = 10; i < 14; i++)
        pack_uints(d, 2, i);
    pack_uint(d, 2);
    batch_decode(d, 0);
    expect_store(d, KVX_TIER_DEVICE, ROOT, 2);
    expect_block(d, 1, 5959138341449004422u);
    expect_block(d, 2, 13917772031453556700u);
    expect_end(d);
}

/* Names of the same thing do not hide each other: a pool event often has one of them as nil. */
static void a_nil_does_not_hide_the_other_name(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 2);
    pack_stored(d, 1, 42, 2);
    pack_key(d, "base_block_idx");
    pack_uint(d, 3);
    pack_key(d, "token_offset");
    pack_nil(d);
    pack_map(d, 5);
    pack_key(d, "event_type");
    pack_text(d, "removed");
    pack_key(d, "seq_hashes");
    pack_uints(d, 1, 42);
    pack_key(d, "medium");
    pack_text(d, "disk");
    pack_key(d, "backend_id");
    pack_text(d, "mooncake-a");
    pack_key(d, "object_key");
    pack_nil(d);
    batch_decode(d, 0);
    expect_reside(d, KVX_TIER_DEVICE, 1);
    expect_hash(d, 42);
    expect_remove(d, KVX_ALL_TIERS, 1);
    expect_hash(d, 42);
    expect_end(d);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, decoding_setup, decoding_teardown)
    const struct CMUnitTest tests[] = {
        TEST(short_last_block_is_resident_only),
        TEST(more_tokens_than_blocks_hide_blocks),
        TEST(foreign_block_size_is_named),
        TEST(offset_without_parent_has_no_place),
        TEST(token_encodings),
        TEST(tokens_that_make_a_store_unusable),
        TEST(bigram_tokens),
        TEST(a_nil_does_not_hide_the_other_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
