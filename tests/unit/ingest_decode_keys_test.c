/* LoRA, cache salts and multimodal items: what enters a block's hash, and what keeps a block out. */
#include "ingest_decode_fixture.h"

#include <stdio.h>

static const char digest_a[] = "00000000000000ff000000000000000000000000000000000000000000000000";
static const char digest_b[] = "0000000000000011AAAAAAAAaaaaaaaa00000000000000000000000000000000";

/* A stored map of n blocks with one more key, whose value follows. */
static void begin_with(struct decoding *d, size_t n, const char *key)
{
    batch_begin(d, 1);
    pack_stored(d, n, 1, 1);
    pack_key(d, key);
}

static void begin_with_keys(struct decoding *d, size_t n, size_t entries)
{
    begin_with(d, n, "extra_keys");
    pack_array(d, entries);
}

static void pack_list_of_text(struct decoding *d, const char *text)
{
    pack_array(d, 1);
    pack_text(d, text);
}

/* Two blocks, hashed under `seed` without items. */
static void expect_two(struct decoding *d, uint64_t seed)
{
    batch_decode(d, 0);
    expect_store(d, KVX_TIER_DEVICE, ROOT, 2);
    expect_block(d, 1, hash_of_run(seed, 1, 4));
    expect_block(d, 2, hash_of_run(seed, 5, 4));
    expect_end(d);
    expect_nothing_counted(d);
}

/* The first `kept` blocks are stored plainly, the others not at all. */
static void expect_kept(struct decoding *d, uint32_t kept)
{
    batch_decode(d, 0);
    if (kept)
        expect_store(d, KVX_TIER_DEVICE, ROOT, kept);
    for (uint32_t i = 0; i < kept; i++)
        expect_block(d, 1 + i, PLAIN(1 + 4 * i, 4));
    expect_end(d);
    assert_int_equal(d->batch.unusable_blocks, 0);
    expect_counted(d, KVX_COUNT_EVENT_EXTRA_KEYS, 1);
}

static void published_vectors(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 3);
    for (int salted = 0; salted < 3; salted++) {
        pack_map(d, 6);
        pack_key(d, "type");
        pack_text(d, "BlockStored");
        pack_key(d, "block_hashes");
        pack_uints(d, 1, 1);
        pack_key(d, "token_ids");
        pack_uints(d, 4, 0);
        pack_key(d, "block_size");
        pack_uint(d, 4);
        pack_key(d, "lora_name");
        pack_text(d, salted == 1 ? "" : "adapter-a");
        pack_key(d, "cache_salt");
        pack_text(d, salted == 0 ? "" : "tenant-a");
    }
    batch_decode(d, 0);
    static const uint64_t hashes[] = {6665157333201000639u, 17009624042690211646u, 8269515957840517240u};
    for (int i = 0; i < 3; i++) {
        expect_store(d, KVX_TIER_DEVICE, ROOT, 1);
        expect_block(d, 1, hashes[i]);
    }
    expect_end(d);
}

static void adapter_name(void **state)
{
    struct decoding *d = *state;
    begin_with(d, 2, "lora_name");
    pack_text(d, "sql");
    expect_two(d, SEED("sql", ""));
    begin_with(d, 2, "lora_name");
    pack_text(d, "");
    expect_two(d, KVX_HASH_SEED);
    begin_with(d, 2, "lora_name");
    pack_uint(d, 3);
    expect_kept(d, 0);
}

static void adapter_known_by_number_only(void **state)
{
    struct decoding *d = *state;
    begin_with(d, 2, "lora_id");
    pack_uint(d, 3);
    expect_kept(d, 0);
    batch_begin(d, 1);
    pack_stored(d, 2, 1, 2);
    pack_key(d, "lora_id");
    pack_uint(d, 3);
    pack_key(d, "lora_name");
    pack_text(d, "sql");
    expect_two(d, SEED("sql", ""));
}

static void salt_as_key(void **state)
{
    struct decoding *d = *state;
    begin_with(d, 2, "cache_salt");
    pack_text(d, "tenant-7");
    expect_two(d, SEED("", "tenant-7"));
    begin_with(d, 2, "cache_salt");
    msgpack_pack_bin_with_body(&d->pack, "x", 1);
    expect_kept(d, 0);
}

/* SGLang's metadata map at the adapter's position. */
static void salt_in_metadata(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 1);
    pack_stored_array(d, 2, 1, 3);
    pack_nil(d);
    pack_nil(d);
    pack_map(d, 2);
    pack_key(d, "session_id");
    pack_text(d, "s");
    pack_key(d, "cache_salt");
    pack_text(d, "tenant-7");
    expect_two(d, SEED("", "tenant-7"));
    batch_begin(d, 1);
    pack_stored_array(d, 2, 1, 3);
    pack_nil(d);
    pack_nil(d);
    pack_map(d, 1);
    pack_key(d, "cache_salt");
    pack_uint(d, 7);
    expect_kept(d, 0);
}

static void salt_in_the_first_blocks_keys(void **state)
{
    struct decoding *d = *state;
    static const char *const texts[] = {"dynamo-cache-salt:tenant-7", "tenant-7"};
    for (size_t i = 0; i < 2; i++) {
        begin_with_keys(d, 2, 2);
        pack_list_of_text(d, texts[i]);
        pack_nil(d);
        expect_two(d, SEED("", "tenant-7"));
        begin_with_keys(d, 2, 2); /* repeated on each block */
        pack_list_of_text(d, texts[i]);
        pack_list_of_text(d, "tenant-7");
        expect_two(d, SEED("", "tenant-7"));
        begin_with_keys(d, 2, 2); /* on a later block alone it is no salt */
        pack_nil(d);
        pack_list_of_text(d, texts[i]);
        expect_kept(d, 1);
    }
}

static void two_salts_contradict(void **state)
{
    struct decoding *d = *state;
    begin_with_keys(d, 2, 2);
    pack_array(d, 2);
    pack_text(d, "a");
    pack_text(d, "b");
    pack_nil(d);
    expect_kept(d, 0);
    batch_begin(d, 1);
    pack_stored(d, 2, 1, 2);
    pack_key(d, "cache_salt");
    pack_text(d, "a");
    pack_key(d, "extra_keys");
    pack_array(d, 2);
    pack_list_of_text(d, "dynamo-cache-salt:b");
    pack_nil(d);
    expect_kept(d, 0);
}

/* vLLM's order: adapter, item, salt. */
static void adapter_item_and_salt_together(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 1);
    pack_stored(d, 2, 1, 2);
    pack_key(d, "extra_keys");
    pack_array(d, 2);
    pack_array(d, 3);
    pack_text(d, "sql");
    pack_array(d, 2);
    pack_text(d, digest_a);
    pack_uint(d, 0);
    pack_text(d, "tenant-7");
    pack_list_of_text(d, "sql");
    pack_key(d, "lora_name");
    pack_text(d, "sql");
    batch_decode(d, 0);
    uint64_t seed = SEED("sql", "tenant-7"), item = 0xff;
    expect_store(d, KVX_TIER_DEVICE, ROOT, 2);
    expect_block(d, 1, hash_with_items(seed, 1, 4, &item, 1));
    expect_block(d, 2, hash_of_run(seed, 5, 4));
    expect_end(d);
    expect_nothing_counted(d);
}

static void items_are_sorted_into_their_block(void **state)
{
    struct decoding *d = *state;
    begin_with_keys(d, 2, 2);
    pack_array(d, 2);
    pack_text(d, digest_a); /* a bare identifier, as vLLM 0.18 sends it */
    pack_array(d, 2);
    pack_text(d, digest_b);
    msgpack_pack_int(&d->pack, -3); /* the item begins before the block */
    pack_array(d, 1);
    pack_array(d, 2);
    pack_text(d, "img-abc");
    pack_uint(d, 0);
    batch_decode(d, 0);
    uint64_t first[] = {0x11, 0xff}, second = kvx_multimodal_hash(kvx_bytes_of("img-abc"));
    expect_store(d, KVX_TIER_DEVICE, ROOT, 2);
    expect_block(d, 1, hash_with_items(KVX_HASH_SEED, 1, 4, first, 2));
    expect_block(d, 2, hash_with_items(KVX_HASH_SEED, 5, 4, &second, 1));
    expect_end(d);
    expect_nothing_counted(d);
}

/* {mm_objects: [{mm_hash: hash}]} */
static void pack_mm_info(struct decoding *d, uint64_t hash)
{
    pack_map(d, 1);
    pack_key(d, "mm_objects");
    pack_array(d, 1);
    pack_map(d, 2);
    pack_key(d, "mm_hash");
    pack_uint(d, hash);
    pack_key(d, "offsets");
    pack_array(d, 1);
    pack_uints(d, 2, 0);
}

static void items_in_block_mm_infos(void **state)
{
    struct decoding *d = *state;
    begin_with(d, 2, "block_mm_infos");
    pack_array(d, 2);
    pack_nil(d);
    pack_mm_info(d, 42);
    batch_decode(d, 0);
    uint64_t item = 42;
    expect_store(d, KVX_TIER_DEVICE, ROOT, 2);
    expect_block(d, 1, PLAIN(1, 4));
    expect_block(d, 2, hash_with_items(KVX_HASH_SEED, 5, 4, &item, 1));
    expect_end(d);
}

/* At any position behind the extra keys; repeated in them, an item counts once. */
static void items_in_the_tail_of_an_array(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 1);
    pack_stored_array(d, 1, 1, 5);
    pack_nil(d);
    pack_nil(d);
    pack_nil(d);
    pack_array(d, 1);
    pack_list_of_text(d, digest_a);
    pack_array(d, 1);
    pack_mm_info(d, 0xff);
    batch_decode(d, 0);
    uint64_t item = 0xff;
    expect_store(d, KVX_TIER_DEVICE, ROOT, 1);
    expect_block(d, 1, hash_with_items(KVX_HASH_SEED, 1, 4, &item, 1));
    expect_end(d);
}

static void items_in_mm_keys(void **state)
{
    struct decoding *d = *state;
    begin_with(d, 1, "mm_keys");
    pack_array(d, 1);
    pack_array(d, 2);
    for (int i = 0; i < 2; i++) {
        pack_map(d, 3);
        pack_key(d, "type");
        pack_text(d, "mm_key");
        pack_key(d, "hash");
        pack_text(d, i ? digest_b : digest_a);
        pack_key(d, "start_offset");
        pack_uint(d, 0);
    }
    batch_decode(d, 0);
    uint64_t items[] = {0x11, 0xff};
    expect_store(d, KVX_TIER_DEVICE, ROOT, 1);
    expect_block(d, 1, hash_with_items(KVX_HASH_SEED, 1, 4, items, 2));
    expect_end(d);
}

static void lists_of_nothing(void **state)
{
    struct decoding *d = *state;
    for (size_t n = 0; n <= 3; n++) { /* any number of nils says nothing */
        begin_with_keys(d, 2, n);
        for (size_t i = 0; i < n; i++)
            pack_nil(d);
        expect_two(d, KVX_HASH_SEED);
    }
    begin_with_keys(d, 2, 2);
    pack_array(d, 0);
    pack_nil(d);
    expect_two(d, KVX_HASH_SEED);
}

static void blocks_before_the_unknown_are_kept(void **state)
{
    struct decoding *d = *state;
    begin_with_keys(d, 3, 3);
    pack_nil(d);
    pack_nil(d);
    pack_array(d, 1); /* a digest of prompt embeddings */
    msgpack_pack_bin_with_body(&d->pack, "0123", 4);
    expect_kept(d, 2);
}

static void lists_that_do_not_fit_the_blocks(void **state)
{
    struct decoding *d = *state;
    begin_with_keys(d, 2, 1); /* too short: nothing is known of the second block */
    pack_array(d, 0);
    expect_kept(d, 1);
    begin_with_keys(d, 2, 3); /* too long: nothing says which are meant */
    pack_array(d, 0);
    pack_nil(d);
    pack_nil(d);
    expect_kept(d, 0);
}

/* The first block's keys, as msgpack in hex. */
static void decode_first_keys(struct decoding *d, const char *key, const char *hex)
{
    begin_with(d, 1, key);
    pack_hex(d, hex);
}

static void keys_that_are_not_understood(void **state)
{
    struct decoding *d = *state;
    static const char *const extra[] = {
        "05",         "a161",         "81a161c0",   /* not a list */
        "91a161",     "9105",         "9181a161c0", /* a list of such */
        "919105",     "9191c0",       "9191c2",     /* elements that are no keys */
        "919191a161", "919192a161c0", "919193a1610000",
        "919192a000", "9191920000", /* items of another shape */
    };
    for (size_t i = 0; i < sizeof extra / sizeof *extra; i++) {
        decode_first_keys(d, "extra_keys", extra[i]);
        expect_kept(d, 0);
    }
    static const char *const infos[] = {
        "05",
        "9105",
        "9180",
        "9181aa6d6d5f6f626a6563747305",
        "9181aa6d6d5f6f626a656374739105",
        "9181aa6d6d5f6f626a656374739180",
        "9181aa6d6d5f6f626a656374739181a76d6d5f68617368a161",
    };
    for (size_t i = 0; i < sizeof infos / sizeof *infos; i++) {
        decode_first_keys(d, "block_mm_infos", infos[i]);
        expect_kept(d, 0);
    }
    static const char *const keys[] = {
        "a161", "9105", "919105", "919180", "919181a46861736805", "919181a468617368a0"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        decode_first_keys(d, "mm_keys", keys[i]);
        expect_kept(d, 0);
    }
}

static void more_items_than_a_block_may_have(void **state)
{
    struct decoding *d = *state;
    for (size_t n = 64; n <= 65; n++) {
        begin_with_keys(d, 1, 1);
        pack_array(d, n);
        for (size_t i = 0; i < n; i++)
            pack_text(d, digest_a);
        batch_decode(d, 0);
        assert_int_equal(d->batch.n, n == 64);
        assert_int_equal(atomic_exchange(&d->metrics.counter[KVX_COUNT_EVENT_EXTRA_KEYS], 0), n != 64);
    }
}

/* Where the tokens do not matter, neither does what belongs to them. */
static void residency_needs_no_keys(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 1);
    pack_map(d, 4);
    pack_key(d, "type");
    pack_text(d, "BlockStored");
    pack_key(d, "block_hashes");
    pack_uints(d, 1, 42);
    pack_key(d, "lora_id");
    pack_uint(d, 3);
    pack_key(d, "medium");
    pack_text(d, "CPU");
    batch_decode(d, 0);
    expect_reside(d, KVX_TIER_HOST, 1);
    expect_hash(d, 42);
    expect_end(d);
    expect_nothing_counted(d);
}

static void bigrams_with_items(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 1);
    pack_map(d, 5);
    pack_key(d, "type");
    pack_text(d, "BlockStored");
    pack_key(d, "block_hashes");
    pack_uints(d, 1, 1);
    pack_key(d, "token_ids");
    pack_array(d, 4);
    for (uint64_t i = 1; i <= 4; i++)
        pack_uints(d, 2, i);
    pack_key(d, "block_size");
    pack_uint(d, 4);
    pack_key(d, "extra_keys");
    pack_array(d, 1);
    pack_list_of_text(d, digest_a);
    batch_decode(d, 0);
    uint64_t item = 0xff;
    expect_store(d, KVX_TIER_DEVICE, ROOT, 1);
    expect_block(d, 1, hash_with_items(KVX_HASH_SEED, 1, 5, &item, 1));
    expect_end(d);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, decoding_setup, decoding_teardown)
    const struct CMUnitTest tests[] = {
        TEST(published_vectors),
        TEST(adapter_name),
        TEST(adapter_known_by_number_only),
        TEST(salt_as_key),
        TEST(salt_in_metadata),
        TEST(salt_in_the_first_blocks_keys),
        TEST(two_salts_contradict),
        TEST(adapter_item_and_salt_together),
        TEST(items_are_sorted_into_their_block),
        TEST(items_in_block_mm_infos),
        TEST(items_in_the_tail_of_an_array),
        TEST(items_in_mm_keys),
        TEST(lists_of_nothing),
        TEST(blocks_before_the_unknown_are_kept),
        TEST(lists_that_do_not_fit_the_blocks),
        TEST(keys_that_are_not_understood),
        TEST(more_items_than_a_block_may_have),
        TEST(residency_needs_no_keys),
        TEST(bigrams_with_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
