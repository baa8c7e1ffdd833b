/* Payloads of real engines, byte by byte as their encoders write them, and malformed ones. */
#include "ingest_decode_fixture.h"

/* VLLM 0.8.5 to 0.9.0: no rank, no medium, a negative hash. */
static void vllm_two_element_batch(void **state)
{
    struct decoding *d = *state;
    decode_hex(
        d,
        "92cb41d954fc402000009396ab426c6f636b53746f72656491d39bdad7aa9f23e46bc0946566676804c092ac426c6f636b52"
        "656d6f766564910591b0416c6c426c6f636b73436c6561726564");
    expect_store(d, KVX_TIER_DEVICE, ROOT, 1);
    expect_block(d, 0x9bdad7aa9f23e46b, PLAIN(101, 4));
    expect_remove(d, KVX_TIER_BIT(KVX_TIER_DEVICE), 1);
    expect_hash(d, 5);
    expect_clear(d, KVX_ALL_TIERS);
    expect_end(d);
    expect_rank(d, -1);
    assert_true(d->batch.has_time);
    assert_int_equal(d->batch.time_ms, 1700000000500);
    expect_nothing_counted(d);
}

/* VLLM 0.22: adapter, multimodal item, group and kind; the parent overflows a signed reader. */
static void vllm_arrays_with_lora_and_image(void **state)
{
    struct decoding *d = *state;
    decode_hex(
        d,
        "93cb41d954fc40200000929cab426c6f636b53746f72656492cfdab89baa7b5857c02acf8000000000000000980102030405"
        "06070804c0a3475055ab73716c2d616461707465729291ab73716c2d6164617074657292ab73716c2d6164617074657292a7"
        "696d672d6162630000ae66756c6c5f617474656e74696f6ec094ac426c6f636b52656d6f766564912aa34750550003");
    uint64_t image = kvx_multimodal_hash(kvx_bytes_of("img-abc"));
    expect_store(d, KVX_TIER_DEVICE, UNDER((uint64_t)1 << 63), 2);
    expect_block(d, 0xdab89baa7b5857c0, hash_of_run(SEED("sql-adapter", ""), 1, 4));
    expect_block(d, 42, hash_with_items(SEED("sql-adapter", ""), 5, 4, &image, 1));
    expect_remove(d, KVX_TIER_BIT(KVX_TIER_DEVICE), 1);
    expect_hash(d, 42);
    expect_end(d);
    expect_rank(d, 3);
    expect_nothing_counted(d);
}

/* Rank nil. */
static void smallest_removal(void **state)
{
    struct decoding *d = *state;
    decode_hex(d, "93cb41d954fc402000009194ac426c6f636b52656d6f766564912aa3475055c0c0");
    expect_remove(d, KVX_TIER_BIT(KVX_TIER_DEVICE), 1);
    expect_hash(d, 42);
    expect_end(d);
    expect_rank(d, -1);
    expect_nothing_counted(d);
}

/* Chained pages with signed hashes; a removal from pinned host memory. */
static void sglang_arrays(void **state)
{
    struct decoding *d = *state;
    decode_hex(
        d,
        "93cb41d954fc402000009397ab426c6f636b53746f72656491d3f67c5ff154ee4961c0940b0c0d0e04c0a347505597ab426c"
        "6f636b53746f72656491d3e1c873d83402d824d3f67c5ff154ee4961941516171804c0a347505593ac426c6f636b52656d6f"
        "76656491d3e1c873d83402d824aa4350555f50494e4e4544c0");
    expect_store(d, KVX_TIER_DEVICE, ROOT, 1);
    expect_block(d, 0xf67c5ff154ee4961, PLAIN(11, 4));
    expect_store(d, KVX_TIER_DEVICE, UNDER(0xf67c5ff154ee4961), 1);
    expect_block(d, 0xe1c873d83402d824, PLAIN(21, 4));
    expect_remove(d, KVX_TIER_BIT(KVX_TIER_HOST), 1);
    expect_hash(d, 0xe1c873d83402d824);
    expect_end(d);
    expect_rank(d, -1);
    expect_nothing_counted(d);
}

/* SGLang 0.5.18, salted request. */
static void sglang_metadata_map_in_the_place_of_lora(void **state)
{
    struct decoding *d = *state;
    decode_hex(
        d,
        "93cb41d954fc402000009198ab426c6f636b53746f72656491d3f67c5ff154ee4961c0940b0c0d0e04c0a347505581aa6361"
        "6368655f73616c74a874656e616e742d3700");
    expect_store(d, KVX_TIER_DEVICE, ROOT, 1);
    expect_block(d, 0xf67c5ff154ee4961, hash_of_run(SEED("", "tenant-7"), 11, 4));
    expect_end(d);
    expect_rank(d, 0);
    expect_nothing_counted(d);
}

/* Salt, medium absent on the removal, clear. */
static void sglang_maps(void **state)
{
    struct decoding *d = *state;
    decode_hex(
        d,
        "93cb41d954fc402000009388a474797065ab426c6f636b53746f726564ac626c6f636b5f68617368657391d3f67c5ff154ee"
        "4961b1706172656e745f626c6f636b5f68617368c0a9746f6b656e5f696473940b0c0d0eaa626c6f636b5f73697a6504a76c"
        "6f72615f6964c0a66d656469756da3475055aa63616368655f73616c74a874656e616e742d3782a474797065ac426c6f636b"
        "52656d6f766564ac626c6f636b5f68617368657391d3f67c5ff154ee496181a474797065b0416c6c426c6f636b73436c6561"
        "72656401");
    expect_store(d, KVX_TIER_DEVICE, ROOT, 1);
    expect_block(d, 0xf67c5ff154ee4961, hash_of_run(SEED("", "tenant-7"), 11, 4));
    expect_remove(d, KVX_TIER_BIT(KVX_TIER_DEVICE), 1);
    expect_hash(d, 0xf67c5ff154ee4961);
    expect_clear(d, KVX_ALL_TIERS);
    expect_end(d);
    expect_rank(d, 1);
    expect_nothing_counted(d);
}

/* Values of a public capture from vLLM 0.26. */
static void vllm_maps(void **state)
{
    struct decoding *d = *state;
    static const uint32_t prompt[16] = {151644, 872, 198,    9064, 374,    279,   6722, 315,
                                        5616,   30,  151645, 198,  151644, 77091, 198,  151667};
    d->context.block_size = 16;
    decode_hex(
        d,
        "93cb41daa8dbe0359fe7918ba474797065ab426c6f636b53746f726564ac626c6f636b5f68617368657391cfdab89baa7b58"
        "57c0b1706172656e745f626c6f636b5f68617368c0a9746f6b656e5f696473dc0010ce0002505ccd0368ccc6cd2368cd0176"
        "cd0117cd1a42cd013bcd15f01ece0002505dccc6ce0002505cce00012d23ccc6ce00025073aa626c6f636b5f73697a6510a7"
        "6c6f72615f6964c0a66d656469756da3475055a96c6f72615f6e616d65c0aa65787472615f6b65797391c0a967726f75705f"
        "69647800b26b765f63616368655f737065635f6b696e64ae66756c6c5f617474656e74696f6e00");
    expect_store(d, KVX_TIER_DEVICE, ROOT, 1);
    expect_block(d, 15760518052499183552u, kvx_block_hash(KVX_HASH_SEED, prompt, 16, NULL, 0));
    expect_end(d);
    expect_rank(d, 0);
    assert_int_equal(d->batch.time_ms, 1789095808837);
    expect_nothing_counted(d);
}

/* Residency only; a remote removal is not ours. */
static void vllm_offload_placeholder(void **state)
{
    struct decoding *d = *state;
    decode_hex(
        d,
        "93cb41d954fc40200000938aa474797065ab426c6f636b53746f726564ac626c6f636b5f686173686573912ab1706172656e"
        "745f626c6f636b5f68617368c0a9746f6b656e5f69647390aa626c6f636b5f73697a6500a76c6f72615f6964c0a66d656469"
        "756da3435055a96c6f72615f6e616d65c0a967726f75705f69647800a86c6f63616c697479a54c4f43414c86a474797065ac"
        "426c6f636b52656d6f766564ac626c6f636b5f686173686573912aa66d656469756da753544f52414745a967726f75705f69"
        "647800a86c6f63616c697479a652454d4f5445a96f776e657273686970a466732d6181a474797065b0416c6c426c6f636b73"
        "436c656172656402");
    expect_reside(d, KVX_TIER_HOST, 1);
    expect_hash(d, 42);
    expect_clear(d, KVX_ALL_TIERS);
    expect_end(d);
    expect_rank(d, 2);
    assert_int_equal(d->batch.unusable_blocks, 0);
    expect_counted(d, KVX_COUNT_EVENT_LOCALITY, 1);
}

/* One hash but eight tokens, in a group that does not hold prefixes. */
static void vllm_sliding_window_group(void **state)
{
    struct decoding *d = *state;
    decode_hex(
        d,
        "93cb41d954fc40200000918ca474797065ab426c6f636b53746f726564ac626c6f636b5f686173686573914db1706172656e"
        "745f626c6f636b5f686173684ca9746f6b656e5f696473980102030405060708aa626c6f636b5f73697a6504a76c6f72615f"
        "6964c0a66d656469756da3475055a96c6f72615f6e616d65c0aa65787472615f6b65797391c0a967726f75705f69647801b2"
        "6b765f63616368655f737065635f6b696e64ae736c6964696e675f77696e646f77bc6b765f63616368655f737065635f736c"
        "6964696e675f77696e646f77cd040000");
    expect_end(d);
    expect_rank(d, 0);
    expect_counted(d, KVX_COUNT_EVENT_GROUP, 1);
}

/* RFC #1527 with legacy keys: the same hash twice, unsigned and signed; no tokens. */
static void mooncake_pool_store(void **state)
{
    struct decoding *d = *state;
    decode_hex(
        d,
        "93cf0000018bcfe569f491de0014a86576656e745f696401a974696d657374616d70cf0000018bcfe569f4aa6576656e745f"
        "74797065a673746f726564a474797065ab426c6f636b53746f726564aa6d6f64656c5f6e616d65c0aa626c6f636b5f73697a"
        "65c0af6164646974696f6e616c5f73616c74c0a96c6f72615f6e616d65c0a974656e616e745f6964a764656661756c74aa62"
        "61636b656e645f6964aa6d6f6f6e63616b652d61a867726f75705f6964c0a66d656469756da3637075a764705f72616e6bc0"
        "aa6f626a6563745f6b6579b43135373630353138303532343939313833353532aa7365715f68617368657391cfdab89baa7b"
        "5857c0ac626c6f636b5f68617368657391d3dab89baa7b5857c0ae626173655f626c6f636b5f69647800ab706172656e745f"
        "68617368c0a9746f6b656e5f696473c0b1706172656e745f626c6f636b5f68617368c000");
    expect_reside(d, KVX_TIER_HOST, 1);
    expect_hash(d, 0xdab89baa7b5857c0);
    expect_end(d);
    expect_rank(d, 0);
    assert_int_equal(d->batch.time_ms, 1700000000500);
    expect_nothing_counted(d);
}

/* RFC #1527 without legacy keys. */
static void rfc_1527_engine(void **state)
{
    struct decoding *d = *state;
    decode_hex(
        d,
        "93cf0000018bcfe569f4938aa86576656e745f696407a974696d657374616d70cf0000018bcfe569f4aa6576656e745f7479"
        "7065a673746f726564a66d656469756da3637075a764705f72616e6b00aa626c6f636b5f73697a6504aa7365715f68617368"
        "657392cfdab89baa7b5857c02aab706172656e745f6861736829ae626173655f626c6f636b5f69647801a9746f6b656e5f69"
        "647398010203040506070886a86576656e745f696407a974696d657374616d70cf0000018bcfe569f4aa6576656e745f7479"
        "7065a772656d6f766564a66d656469756da46469736ba764705f72616e6b00aa7365715f686173686573912a85a86576656e"
        "745f696407a974696d657374616d70cf0000018bcfe569f4aa6576656e745f74797065a7636c6561726564a66d656469756d"
        "c0a764705f72616e6b0000");
    expect_store(d, KVX_TIER_HOST, UNDER(41), 2);
    expect_block(d, 0xdab89baa7b5857c0, PLAIN(1, 4));
    expect_block(d, 42, PLAIN(5, 4));
    expect_remove(d, KVX_TIER_BIT(KVX_TIER_DISK), 1);
    expect_hash(d, 42);
    expect_clear(d, KVX_ALL_TIERS);
    expect_end(d);
    expect_rank(d, 0);
    expect_nothing_counted(d);
}

/* A tier move is residency in the new tier, then removal from the old one. */
static void atom_transfer_and_clear(void **state)
{
    struct decoding *d = *state;
    decode_hex(
        d,
        "93cb41d954fc402000009295b0426c6f636b5472616e73666572726564912aa3475055a34350550092b0416c6c426c6f636b"
        "73436c6561726564c000");
    expect_reside(d, KVX_TIER_HOST, 1);
    expect_hash(d, 42);
    expect_remove(d, KVX_TIER_BIT(KVX_TIER_DEVICE), 1);
    expect_hash(d, 42);
    expect_clear(d, KVX_ALL_TIERS);
    expect_end(d);
    expect_rank(d, 0);
    expect_nothing_counted(d);
}

/* Five and two elements. */
static void tokenspeed_short_arrays(void **state)
{
    struct decoding *d = *state;
    decode_hex(d, "93cb41d954fc402000009295ab426c6f636b53746f726564912ac094010203040492ac426c6f636b52656d6f76"
                  "6564912a00");
    expect_store(d, KVX_TIER_DEVICE, ROOT, 1);
    expect_block(d, 42, PLAIN(1, 4));
    expect_remove(d, KVX_TIER_BIT(KVX_TIER_DEVICE), 1);
    expect_hash(d, 42);
    expect_end(d);
    expect_rank(d, 0);
    expect_nothing_counted(d);
}

/* No medium, no lora_name. */
static void dynamo_relay_of_tensorrt(void **state)
{
    struct decoding *d = *state;
    decode_hex(
        d,
        "93cb41d954fc402000009186a474797065ab426c6f636b53746f726564ac626c6f636b5f68617368657392fb06b170617265"
        "6e745f626c6f636b5f68617368c0a9746f6b656e5f696473980102030405060708aa626c6f636b5f73697a6504a76c6f7261"
        "5f6964c000");
    expect_store(d, KVX_TIER_DEVICE, ROOT, 2);
    expect_block(d, 0 - (uint64_t)5, PLAIN(1, 4));
    expect_block(d, 6, PLAIN(5, 4));
    expect_end(d);
    expect_rank(d, 0);
    expect_nothing_counted(d);
}

static void no_events(void **state)
{
    struct decoding *d = *state;
    decode_hex(d, "93cb41d954fc402000009000");
    expect_end(d);
    expect_rank(d, 0);
    expect_nothing_counted(d);
}

/* The good event before the cut is not applied either. */
static void payload_cut_short(void **state)
{
    struct decoding *d = *state;
    decode_hex_fails(
        d,
        "93cb41d954fc40200000929cab426c6f636b53746f72656492cfdab89baa7b5857c02acf8000000000000000980102030405"
        "06070804c0a3475055ab",
        KVX_COUNT_PAYLOAD_BROKEN);
}

static void reserved_byte(void **state)
{
    struct decoding *d = *state;
    decode_hex_fails(d, "c1", KVX_COUNT_PAYLOAD_BROKEN);
}

static void batch_of_one_element(void **state)
{
    struct decoding *d = *state;
    decode_hex_fails(d, "91cb41d954fc40200000", KVX_COUNT_PAYLOAD_SHAPE);
}

static void unknown_tag_between_good_events(void **state)
{
    struct decoding *d = *state;
    decode_hex(
        d,
        "93cb41d954fc402000009393ac426c6f636b52656d6f7665649101a347505593ad426c6f636b496e616374697665912aa347"
        "505593ac426c6f636b52656d6f7665649102a347505500");
    expect_remove(d, KVX_TIER_BIT(KVX_TIER_DEVICE), 1);
    expect_hash(d, 1);
    expect_remove(d, KVX_TIER_BIT(KVX_TIER_DEVICE), 1);
    expect_hash(d, 2);
    expect_end(d);
    expect_counted(d, KVX_COUNT_EVENT_UNKNOWN_TAG, 1);
}

static void map_without_tag(void **state)
{
    struct decoding *d = *state;
    decode_hex(d, "93cb41d954fc402000009182ac626c6f636b5f686173686573912aa66d656469756da347505500");
    expect_end(d);
    expect_counted(d, KVX_COUNT_EVENT_MALFORMED, 1);
}

static void float_hash(void **state)
{
    struct decoding *d = *state;
    decode_hex(d, "93cb41d954fc402000009193ac426c6f636b52656d6f76656491cb4045000000000000a347505500");
    expect_end(d);
    expect_counted(d, KVX_COUNT_EVENT_BAD_HASH, 1);
}

/* The last eight bytes count. */
static void sixteen_byte_hash(void **state)
{
    struct decoding *d = *state;
    decode_hex(
        d,
        "93cb41d954fc402000009193ac426c6f636b52656d6f76656491c410000102030405060708090a0b0c0d0e0fa347505500");
    expect_remove(d, KVX_TIER_BIT(KVX_TIER_DEVICE), 1);
    expect_hash(d, 0x08090a0b0c0d0e0f);
    expect_end(d);
    expect_nothing_counted(d);
}

/* An encoder that leaves out unset fields. */
static void group_index_in_the_place_of_the_medium(void **state)
{
    struct decoding *d = *state;
    decode_hex(d, "93cb41d954fc402000009193ac426c6f636b52656d6f766564912a0000");
    expect_remove(d, KVX_TIER_BIT(KVX_TIER_DEVICE), 1);
    expect_hash(d, 42);
    expect_end(d);
    expect_rank(d, 0);
    expect_nothing_counted(d);
}

static void tag_as_last_key(void **state)
{
    struct decoding *d = *state;
    decode_hex(
        d,
        "93cb41d954fc402000009183ac626c6f636b5f686173686573912aa66d656469756da3475055a474797065ac426c6f636b52"
        "656d6f76656400");
    expect_remove(d, KVX_TIER_BIT(KVX_TIER_DEVICE), 1);
    expect_hash(d, 42);
    expect_end(d);
    expect_rank(d, 0);
    expect_nothing_counted(d);
}

static void parent_zero_is_the_root(void **state)
{
    struct decoding *d = *state;
    decode_hex(d, "93cb41d954fc402000009197ab426c6f636b53746f726564912a00940102030404c0a347505500");
    expect_store(d, KVX_TIER_DEVICE, ROOT, 1);
    expect_block(d, 42, 14643705804678351452u); /* a published vector: tokens 1 to 4 */
    expect_end(d);
    expect_nothing_counted(d);
}

static void more_hashes_than_tokens(void **state)
{
    struct decoding *d = *state;
    decode_hex(d, "93cb41d954fc402000009197ab426c6f636b53746f72656493010203c0940102030404c0a347505500");
    expect_store(d, KVX_TIER_DEVICE, ROOT, 1);
    expect_block(d, 1, PLAIN(1, 4));
    expect_reside(d, KVX_TIER_DEVICE, 2);
    expect_hash(d, 2);
    expect_hash(d, 3);
    expect_end(d);
    assert_int_equal(d->batch.unusable_blocks, 2);
    expect_nothing_counted(d);
}

/* Seconds. */
static void integer_timestamp(void **state)
{
    struct decoding *d = *state;
    decode_hex(d, "93ce6553f1009193ac426c6f636b52656d6f766564912aa347505500");
    expect_remove(d, KVX_TIER_BIT(KVX_TIER_DEVICE), 1);
    expect_hash(d, 42);
    expect_end(d);
    assert_true(d->batch.has_time);
    assert_int_equal(d->batch.time_ms, 1700000000000);
    expect_nothing_counted(d);
}

static void unknown_key_with_nested_value(void **state)
{
    struct decoding *d = *state;
    decode_hex(
        d,
        "93cb41d954fc402000009184a474797065ac426c6f636b52656d6f766564ac626c6f636b5f686173686573912aa66d656469"
        "756da3475055a8785f66757475726581a161920181a162c000");
    expect_remove(d, KVX_TIER_BIT(KVX_TIER_DEVICE), 1);
    expect_hash(d, 42);
    expect_end(d);
    expect_rank(d, 0);
    expect_nothing_counted(d);
}

/* Text and a negative number: the hash is still good. */
static void tokens_that_are_no_tokens(void **state)
{
    struct decoding *d = *state;
    decode_hex(d, "93cb41d954fc402000009197ab426c6f636b53746f726564912ac094a46d6d3a30ff030404c0a347505500");
    expect_reside(d, KVX_TIER_DEVICE, 1);
    expect_hash(d, 42);
    expect_end(d);
    assert_int_equal(d->batch.unusable_blocks, 1);
    expect_nothing_counted(d);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, decoding_setup, decoding_teardown)
    const struct CMUnitTest tests[] = {
        TEST(vllm_two_element_batch),
        TEST(vllm_arrays_with_lora_and_image),
        TEST(smallest_removal),
        TEST(sglang_arrays),
        TEST(sglang_metadata_map_in_the_place_of_lora),
        TEST(sglang_maps),
        TEST(vllm_maps),
        TEST(vllm_offload_placeholder),
        TEST(vllm_sliding_window_group),
        TEST(mooncake_pool_store),
        TEST(rfc_1527_engine),
        TEST(atom_transfer_and_clear),
        TEST(tokenspeed_short_arrays),
        TEST(dynamo_relay_of_tensorrt),
        TEST(no_events),
        TEST(payload_cut_short),
        TEST(reserved_byte),
        TEST(batch_of_one_element),
        TEST(unknown_tag_between_good_events),
        TEST(map_without_tag),
        TEST(float_hash),
        TEST(sixteen_byte_hash),
        TEST(group_index_in_the_place_of_the_medium),
        TEST(tag_as_last_key),
        TEST(parent_zero_is_the_root),
        TEST(more_hashes_than_tokens),
        TEST(integer_timestamp),
        TEST(unknown_key_with_nested_value),
        TEST(tokens_that_are_no_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
