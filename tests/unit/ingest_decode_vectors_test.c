/* The published hash values, through whole events: what an engine announces is what a query asks for. */
#include "ingest_decode_fixture.h"

/* A stored map of `blocks` blocks of `size` tokens first, first + 1, ...; `more` keys follow. */
static void begin(struct decoding *d, uint32_t size, size_t blocks, uint64_t first, size_t more)
{
    d->context.block_size = size;
    batch_begin(d, 1);
    pack_map(d, 4 + more);
    pack_key(d, "type");
    pack_text(d, "BlockStored");
    pack_key(d, "block_hashes");
    pack_uints(d, blocks, 1);
    pack_key(d, "block_size");
    pack_uint(d, size);
    pack_key(d, "token_ids");
    pack_uints(d, size * blocks, first);
}

static void expect_hashes(struct decoding *d, uint32_t n, const uint64_t *local)
{
    batch_decode(d, 0);
    expect_store(d, KVX_TIER_DEVICE, ROOT, n);
    for (uint32_t i = 0; i < n; i++)
        expect_block(d, 1 + i, local[i]);
    expect_end(d);
    expect_nothing_counted(d);
}

static void expect_one(struct decoding *d, uint64_t local)
{
    expect_hashes(d, 1, &local);
}

static void pack_pair(struct decoding *d, const char *key, const char *text)
{
    pack_key(d, key);
    pack_text(d, text);
}

static void plain_blocks(void **state)
{
    struct decoding *d = *state;
    static const uint64_t small[] = {14643705804678351452u, 16777012769546811212u, 483935686894639516u,
                                     135165725823939817u};
    static const uint64_t large[] = {16863443419780771464u, 2287610619914608821u};
    begin(d, 4, 4, 1, 0);
    expect_hashes(d, 4, small);
    begin(d, 16, 2, 1, 0);
    expect_hashes(d, 2, large);
    begin(d, 4, 1, 0, 0);
    expect_one(d, 9143094415614847814u);
}

static void adapters_and_salts(void **state)
{
    struct decoding *d = *state;
    begin(d, 4, 1, 0, 1);
    pack_pair(d, "lora_name", "adapter-a");
    expect_one(d, 6665157333201000639u);
    begin(d, 4, 1, 1, 1);
    pack_pair(d, "lora_name", "alpha-7b");
    expect_one(d, 16548428770143335509u);
    begin(d, 4, 1, 0, 1);
    pack_pair(d, "cache_salt", "tenant-a");
    expect_one(d, 17009624042690211646u);
    begin(d, 4, 1, 0, 2);
    pack_pair(d, "lora_name", "adapter-a");
    pack_pair(d, "cache_salt", "tenant-a");
    expect_one(d, 8269515957840517240u);
}

/* The child names the adapter and inherits the salt. */
static void inherited_salt(void **state)
{
    struct decoding *d = *state;
    begin(d, 4, 1, 0, 1);
    pack_pair(d, "cache_salt", "tenant-a");
    expect_one(d, 17009624042690211646u);
    begin(d, 4, 1, 0, 2);
    pack_pair(d, "lora_name", "adapter-a");
    pack_key(d, "parent_block_hash");
    msgpack_pack_bin_with_body(&d->pack, "\1", 1); /* the same hash, as a byte string */
    batch_decode(d, 0);
    assert_int_equal(d->batch.n, 0); /* it is its own parent */
    expect_counted(d, KVX_COUNT_EVENT_SELF_PARENT, 1);
    batch_begin(d, 1);
    pack_map(d, 6);
    pack_pair(d, "type", "BlockStored");
    pack_pair(d, "lora_name", "adapter-a");
    pack_key(d, "block_hashes");
    pack_uints(d, 1, 2);
    pack_key(d, "parent_block_hash");
    msgpack_pack_bin_with_body(&d->pack, "\1", 1);
    pack_key(d, "block_size");
    pack_uint(d, 4);
    pack_key(d, "token_ids");
    pack_uints(d, 4, 0);
    batch_decode(d, 0);
    expect_store(d, KVX_TIER_DEVICE, UNDER(1), 1);
    expect_block(d, 2, 8269515957840517240u);
    expect_end(d);
}

static void registered_adapter(void **state)
{
    struct decoding *d = *state;
    d->context.lora_name = kvx_bytes_of("adapter-a");
    begin(d, 4, 1, 0, 0);
    expect_one(d, 6665157333201000639u);
    begin(d, 4, 1, 0, 3); /* its name among the keys of a block is understood */
    pack_pair(d, "lora_name", "");
    pack_pair(d, "cache_salt", "tenant-a");
    pack_key(d, "extra_keys");
    pack_array(d, 1);
    pack_array(d, 1);
    pack_text(d, "adapter-a");
    expect_one(d, 8269515957840517240u);
    begin(d, 4, 1, 1, 1);
    pack_pair(d, "lora_name", "alpha-7b"); /* the event's own wins */
    expect_one(d, 16548428770143335509u);
    begin(d, 4, 1, 0, 1);
    pack_key(d, "lora_id"); /* another adapter, by number only */
    pack_uint(d, 3);
    batch_decode(d, 0);
    expect_end(d);
    expect_counted(d, KVX_COUNT_EVENT_EXTRA_KEYS, 1);
    batch_begin(d, 1); /* SGLang's metadata names none */
    pack_array(d, 8);
    pack_text(d, "BlockStored");
    pack_uints(d, 1, 1);
    pack_nil(d);
    pack_uints(d, 4, 0);
    pack_uint(d, 4);
    pack_nil(d);
    pack_nil(d);
    pack_map(d, 1);
    pack_pair(d, "cache_salt", "tenant-a");
    expect_one(d, 8269515957840517240u);
}

static void items(void **state)
{
    struct decoding *d = *state;
    begin(d, 4, 1, 0, 1);
    pack_key(d, "block_mm_infos");
    pack_array(d, 1);
    pack_map(d, 1);
    pack_key(d, "mm_objects");
    pack_array(d, 1);
    pack_map(d, 1);
    pack_key(d, "mm_hash");
    pack_uint(d, 42);
    expect_one(d, 18280081842874931122u);
    static const struct {
        const char *identifier;
        uint64_t item;
    } ids[] = {{"opaque-renderer-image-0", 14437604544409538977u},
               {"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 0x0123456789abcdefu}};
    for (size_t i = 0; i < 2; i++) {
        begin(d, 4, 1, 0, 1);
        pack_key(d, "extra_keys");
        pack_array(d, 1);
        pack_array(d, 1);
        pack_array(d, 2);
        pack_text(d, ids[i].identifier);
        pack_uint(d, 0);
        expect_one(d, hash_with_items(KVX_HASH_SEED, 0, 4, &ids[i].item, 1));
    }
}

/* EAGLE: pairs of neighbours, so that a block also covers the token behind it. */
static void bigram_windows(void **state)
{
    struct decoding *d = *state;
    static const uint64_t windows[] = {5959138341449004422u, 13917772031453556700u};
    for (int array = 0; array < 2; array++) {
        d->context.block_size = 2;
        batch_begin(d, 1);
        if (array) {
            pack_array(d, 5);
        } else {
            pack_map(d, 4);
            pack_key(d, "type");
        }
        pack_text(d, "BlockStored");
        if (!array)
            pack_key(d, "block_hashes");
        pack_uints(d, 2, 1);
        if (array)
            pack_nil(d);
        else
            pack_key(d, "token_ids");
        pack_array(d, 4);
        for (uint64_t first = 10; first < 14; first++)
            pack_uints(d, 2, first);
        if (!array)
            pack_key(d, "block_size");
        pack_uint(d, 2);
        expect_hashes(d, 2, windows);
    }
}

/* With everything else that belongs to a block. */
static void bigrams_with_adapter_and_inherited_salt(void **state)
{
    struct decoding *d = *state;
    d->context.block_size = 2;
    batch_begin(d, 2);
    for (uint64_t block = 0; block < 2; block++) {
        pack_map(d, 7);
        pack_pair(d, "type", "BlockStored");
        pack_pair(d, "lora_name", "sql");
        pack_pair(d, "cache_salt", block ? "" : "tenant-a");
        pack_key(d, "block_hashes");
        pack_uints(d, 1, 1 + block);
        pack_key(d, "parent_block_hash");
        pack_uint(d, block);
        pack_key(d, "block_size");
        pack_uint(d, 2);
        pack_key(d, "token_ids");
        pack_array(d, 2);
        pack_uints(d, 2, 10 + 2 * block);
        pack_uints(d, 2, 11 + 2 * block);
    }
    batch_decode(d, 0);
    for (uint32_t block = 0; block < 2; block++) {
        expect_store(d, KVX_TIER_DEVICE, block > 0, 1, 1);
        expect_block(d, 1 + block, hash_of_run(SEED("sql", "tenant-a"), 10 + 2 * block, 3));
    }
    expect_end(d);
    expect_nothing_counted(d);
}

/* vLLM 0.33 also tells the tokens behind the last block. */
static void tokens_behind_the_blocks(void **state)
{
    struct decoding *d = *state;
    begin(d, 4, 1, 0, 1);
    pack_key(d, "lookahead_token_ids");
    pack_uints(d, 2, 4);
    expect_one(d, 9143094415614847814u);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, decoding_setup, decoding_teardown)
    const struct CMUnitTest tests[] = {
        TEST(plain_blocks),
        TEST(adapters_and_salts),
        TEST(inherited_salt),
        TEST(registered_adapter),
        TEST(items),
        TEST(bigram_windows),
        TEST(bigrams_with_adapter_and_inherited_salt),
        TEST(tokens_behind_the_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
