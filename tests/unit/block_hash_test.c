/* The hash rule against published vectors: NVIDIA Dynamo's source tests (test data, multimodal ids, EAGLE
 * windows) and values computed once with libxxhash 0.8.1 by the documented formula. */
#include "base/block_hash.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TEXT(s) kvx_bytes_of(s)

static void fill(uint32_t *tokens, uint32_t first, size_t n)
{
    for (size_t i = 0; i < n; i++)
        tokens[i] = first + (uint32_t)i;
}

static uint64_t one(uint64_t seed, uint32_t first, uint32_t n)
{
    uint32_t tokens[32];
    uint64_t hash = 0;
    fill(tokens, first, n);
    assert_int_equal(kvx_block_hashes(seed, tokens, n, n, &hash), 1);
    return hash;
}

static void golden_local_hash(void **state)
{
    (void)state;
    uint64_t hash = one(KVX_HASH_SEED, 1, 16);
    assert_int_equal(hash, 16863443419780771464u);
    assert_int_equal((int64_t)hash, -1583300653928780152);
    assert_int_equal(one(KVX_HASH_SEED, 17, 16), 2287610619914608821u);
    assert_int_equal(kvx_sequence_hash(hash, 2287610619914608821u), 12466389667045779788u);
    assert_int_equal(one(KVX_HASH_SEED, 0, 4), 9143094415614847814u);
}

static void several_blocks_and_a_ragged_tail(void **state)
{
    (void)state;
    static const uint64_t locals[] = {14643705804678351452u, 16777012769546811212u, 483935686894639516u,
                                      135165725823939817u};
    static const uint64_t rolling[] = {14643705804678351452u, 4945711292740353085u, 12583592247330656132u,
                                       1921452330601040443u};
    uint32_t tokens[19];
    uint64_t out[4];
    fill(tokens, 1, 19);
    assert_int_equal(kvx_block_hashes(KVX_HASH_SEED, tokens, 19, 4, out), 4);
    uint64_t sequence = out[0];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(out[i], locals[i]);
        if (i)
            sequence = kvx_sequence_hash(sequence, out[i]);
        assert_int_equal(sequence, rolling[i]);
    }
    assert_int_equal(kvx_block_hashes(KVX_HASH_SEED, tokens, 3, 4, out), 0);
    assert_int_equal(kvx_sequence_hash(11, 22), 750553365844651409u);
    assert_int_equal(kvx_sequence_hash(750553365844651409u, 33), 3257565445809651757u);
}

static void seeds(void **state)
{
    (void)state;
    struct kvx_bytes none = {0};
    assert_int_equal(kvx_block_seed(none, none), 1337);
    uint64_t lora = kvx_block_seed(TEXT("adapter-a"), none), salt = kvx_block_seed(none, TEXT("tenant-a"));
    uint64_t both = kvx_block_seed(TEXT("adapter-a"), TEXT("tenant-a"));
    assert_int_equal(lora, 8842669519798868182u);
    assert_int_equal(salt, 1948188790972764086u);
    assert_int_equal(both, 10790858310771630931u);
    assert_int_equal(one(lora, 0, 4), 6665157333201000639u);
    assert_int_equal(one(salt, 0, 4), 17009624042690211646u);
    assert_int_equal(one(both, 0, 4), 8269515957840517240u);
    assert_int_equal(kvx_block_seed(TEXT("alpha-7b"), none), 723495307357893745u);
    assert_int_equal(one(723495307357893745u, 1, 4), 16548428770143335509u);
}

static void multimodal(void **state)
{
    (void)state;
    uint32_t tokens[4] = {0, 1, 2, 3};
    uint64_t mm = 42;
    assert_int_equal(kvx_block_hash(KVX_HASH_SEED, tokens, 4, &mm, 1), 18280081842874931122u);
    assert_int_equal(kvx_block_hash(KVX_HASH_SEED, tokens, 4, NULL, 0), 9143094415614847814u);
    assert_int_equal(
        kvx_multimodal_hash(TEXT("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")),
        0x0123456789abcdefu);
    assert_int_equal(kvx_multimodal_hash(TEXT("opaque-renderer-image-0")), 14437604544409538977u);
}

static void eagle_windows(void **state)
{
    (void)state;
    assert_int_equal(one(KVX_HASH_SEED, 10, 3), 5959138341449004422u);
    assert_int_equal(one(KVX_HASH_SEED, 12, 3), 13917772031453556700u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_local_hash),
        cmocka_unit_test(several_blocks_and_a_ragged_tail),
        cmocka_unit_test(seeds),
        cmocka_unit_test(multimodal),
        cmocka_unit_test(eagle_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
