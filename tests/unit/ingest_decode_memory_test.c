/* A large mixed batch, decoded in full and then with every allocation failing in turn. */
#include "ingest_decode_fixture.h"

enum { ROUNDS = 300, BLOCKS = 16 };

/* Round i: a store of 16 blocks under round i - 1's last, a salted image, a removal in another encoding, a
 * placeholder. */
static void pack_rounds(struct decoding *d)
{
    batch_begin(d, 4 * ROUNDS);
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        pack_stored(d, BLOCKS, 1000 * i, 3);
        pack_key(d, "parent_block_hash");
        pack_uint(d, i == 1 ? 0 : 1000 * (i - 1) + BLOCKS - 1);
        pack_key(d, "group_idx");
        pack_uint(d, i);
        pack_key(d, "kv_cache_spec_kind");
        pack_text(d, "full_attention");

        pack_stored(d, 1, 1000 * i + 500, 2);
        pack_key(d, "cache_salt");
        pack_text(d, "tenant");
        pack_key(d, "extra_keys");
        pack_array(d, 1);
        pack_array(d, 1);
        pack_array(d, 2);
        pack_text(d, "image");
        pack_uint(d, i);

        pack_array(d, 4);
        pack_text(d, "BlockRemoved");
        pack_uints(d, 2, 1000 * i);
        pack_text(d, "CPU");
        pack_uint(d, i);

        pack_array(d, 3);
        pack_text(d, "BlockStored");
        pack_uints(d, 3, 1000 * i);
        pack_nil(d);
    }
    pack_uint(d, 2);
}

static void check_rounds(struct decoding *d)
{
    uint64_t image = kvx_multimodal_hash(kvx_bytes_of("image"));
    expect_rank(d, 2);
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        expect_store(d, KVX_TIER_DEVICE, i > 1, 1000 * (i - 1) + BLOCKS - 1, BLOCKS);
        for (uint32_t b = 0; b < BLOCKS; b++)
            expect_block(d, 1000 * i + b, PLAIN(1 + 4 * b, 4));
        expect_store(d, KVX_TIER_DEVICE, ROOT, 1);
        expect_block(d, 1000 * i + 500, hash_with_items(SEED("", "tenant"), 1, 4, &image, 1));
        expect_remove(d, KVX_TIER_BIT(KVX_TIER_HOST), 2);
        expect_hash(d, 1000 * i);
        expect_hash(d, 1000 * i + 1);
        expect_reside(d, KVX_TIER_DEVICE, 3);
        for (uint64_t b = 0; b < 3; b++)
            expect_hash(d, 1000 * i + b);
    }
    expect_end(d);
    expect_nothing_counted(d);
}

static void a_large_mixed_batch(void **state)
{
    struct decoding *d = *state;
    pack_rounds(d);
    for (int again = 0; again < 2; again++) {
        decode_bytes(d, d->bytes.data, d->bytes.size);
        check_rounds(d);
    }
    uint64_t calls = d->memory.calls;
    decode_bytes(d, d->bytes.data, d->bytes.size);
    assert_int_equal(d->memory.calls, calls); /* the scratch memory is reused */
}

static void every_allocation_may_fail(void **state)
{
    struct decoding *d = *state;
    pack_rounds(d);
    struct kvx_bytes payload = {d->bytes.data, d->bytes.size};
    int code = KVX_NOMEM;
    uint64_t failures = 0;
    for (uint64_t n = 1; code == KVX_NOMEM; n++) {
        kvx_decoder_free(d->decoder);
        kvx_groups_free(d->groups);
        kvx_salts_free(d->salts);
        d->decoder = NULL;
        d->groups = NULL;
        d->salts = NULL;
        assert_int_equal(d->memory.live, 0);
        d->memory.calls = 0;
        d->memory.fail_at = n;
        code = kvx_decoder_new(&d->decoder, &d->memory.allocator);
        if (!code)
            code = kvx_groups_new(&d->groups, &d->memory.allocator);
        if (!code)
            code = kvx_salts_new(&d->salts, &d->memory.allocator);
        d->context.groups = d->groups;
        d->context.salts = d->salts;
        enum kvx_counter reason = KVX_COUNTER_COUNT;
        d->event = 0;
        d->block = 0;
        if (!code && (code = kvx_decode(d->decoder, &d->context, payload, &d->batch, &reason)) != KVX_OK) {
            assert_int_equal(reason, KVX_COUNT_PAYLOAD_MEMORY);
            expect_nothing_counted(d);
            failures++;
            decode_bytes(d, d->bytes.data, d->bytes.size); /* the decoder is as good as new */
            check_rounds(d);
        }
    }
    assert_int_equal(code, KVX_OK);
    check_rounds(d);
    assert_true(failures > 10);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, decoding_setup, decoding_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_large_mixed_batch),
        TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
