/* Cache salts: inherited through the parent, ambiguous when a hash has several, bounded. */
#include "ingest_decode_fixture.h"
#include "salts.h"

#include <stdlib.h>

/* A store of one block with tokens 1 to 4 under `parent` (0: none); NULL salt: none is named. */
static void pack_block(struct decoding *d, uint64_t hash, uint64_t parent, const char *salt, size_t more)
{
    pack_stored(d, 1, hash, 1 + (size_t)(salt != NULL) + more);
    pack_key(d, "parent_block_hash");
    pack_uint(d, parent);
    if (salt) {
        pack_key(d, "cache_salt");
        pack_text(d, salt);
    }
}

static void expect_salted(struct decoding *d, uint64_t hash, uint64_t parent, const char *salt)
{
    expect_store(d, KVX_TIER_DEVICE, parent != 0, parent, 1);
    expect_block(d, hash, hash_of_run(SEED("", salt), 1, 4));
}

/* One event in a batch of its own. */
static void store(struct decoding *d, uint64_t hash, uint64_t parent, const char *salt, const char *is)
{
    batch_begin(d, 1);
    pack_block(d, hash, parent, salt, 0);
    batch_decode(d, 0);
    expect_salted(d, hash, parent, is);
    expect_end(d);
    expect_nothing_counted(d);
}

static void store_is_dropped(struct decoding *d, uint64_t hash, uint64_t parent)
{
    batch_begin(d, 1);
    pack_block(d, hash, parent, NULL, 0);
    batch_decode(d, 0);
    expect_end(d);
    expect_counted(d, KVX_COUNT_EVENT_SALT_AMBIGUOUS, 1);
}

static void clear(struct decoding *d, int rank)
{
    batch_begin(d, 1);
    pack_array(d, 1);
    pack_text(d, "AllBlocksCleared");
    batch_decode(d, rank);
    expect_clear(d, KVX_ALL_TIERS);
    expect_end(d);
}

static void children_inherit(void **state)
{
    struct decoding *d = *state;
    store(d, 1, 0, "a", "a");
    store(d, 2, 1, NULL, "a");
    store(d, 3, 2, NULL, "a"); /* from an heir too */
    store(d, 4, 99, NULL, ""); /* an unknown parent has none */
    store(d, 5, 0, NULL, "");
    store(d, 6, 5, NULL, "");
    store(d, 7, 2, "b", "b"); /* what it names itself wins */
    store(d, 8, 7, NULL, "b");
}

/* Also between the events of one batch, whatever its shape, and only from earlier ones. */
static void children_inherit_within_a_batch(void **state)
{
    struct decoding *d = *state;
    for (int map = 0; map < 2; map++) {
        kvx_salts_forget(d->salts);
        if (map) {
            msgpack_sbuffer_clear(&d->bytes);
            pack_map(d, 2);
            pack_key(d, "events");
            pack_array(d, 4);
        } else {
            batch_begin(d, 4);
        }
        pack_block(d, 3, 2, NULL, 0);
        pack_block(d, 1, 0, "a", 0);
        pack_block(d, 2, 1, NULL, 0);
        pack_block(d, 3, 2, NULL, 0);
        if (map) {
            pack_key(d, "data_parallel_rank");
            pack_uint(d, 0);
            decode_bytes(d, d->bytes.data, d->bytes.size);
        } else {
            batch_decode(d, 0);
        }
        expect_salted(d, 3, 2, "");
        expect_salted(d, 1, 0, "a");
        expect_salted(d, 2, 1, "a");
        expect_salted(d, 3, 2, "a");
        expect_end(d);
        expect_nothing_counted(d);
    }
}

/* vLLM names the salt in the first block's keys; SGLang's arrays in a map. */
static void salts_of_other_shapes_are_inherited(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 3);
    pack_stored(d, 2, 1, 1);
    pack_key(d, "extra_keys");
    pack_array(d, 2);
    pack_array(d, 1);
    pack_text(d, "a");
    pack_nil(d);
    pack_stored_array(d, 1, 11, 3);
    pack_nil(d);
    pack_nil(d);
    pack_map(d, 1);
    pack_key(d, "cache_salt");
    pack_text(d, "b");
    pack_block(d, 12, 11, NULL, 0);
    batch_decode(d, 0);
    expect_store(d, KVX_TIER_DEVICE, ROOT, 2);
    expect_block(d, 1, hash_of_run(SEED("", "a"), 1, 4));
    expect_block(d, 2, hash_of_run(SEED("", "a"), 5, 4));
    expect_salted(d, 11, 0, "b");
    expect_salted(d, 12, 11, "b");
    expect_end(d);
    store(d, 3, 2, NULL, "a"); /* from any block of the store */
    store(d, 4, 1, NULL, "a");
}

static void adapters_and_items_keep_the_inherited_salt(void **state)
{
    struct decoding *d = *state;
    store(d, 1, 0, "a", "a");
    batch_begin(d, 1);
    pack_block(d, 2, 1, NULL, 2);
    pack_key(d, "lora_name");
    pack_text(d, "sql");
    pack_key(d, "extra_keys");
    pack_array(d, 1);
    pack_array(d, 1);
    pack_array(d, 2);
    pack_text(d, "image");
    pack_uint(d, 0);
    batch_decode(d, 0);
    uint64_t item = kvx_multimodal_hash(kvx_bytes_of("image"));
    expect_store(d, KVX_TIER_DEVICE, UNDER(1), 1);
    expect_block(d, 2, hash_with_items(SEED("sql", "a"), 1, 4, &item, 1));
    expect_end(d);
}

/* SGLang's hashes ignore salts. */
static void two_salts_on_one_hash(void **state)
{
    struct decoding *d = *state;
    store(d, 1, 0, "a", "a");
    store(d, 1, 0, "b", "b");
    store_is_dropped(d, 2, 1);
    store_is_dropped(d, 3, 2); /* and what lies below it */
    store(d, 2, 1, "a", "a");  /* who names a salt is understood */
    store_is_dropped(d, 4, 2); /* but its hash stays ambiguous */
    store(d, 1, 0, "a", "a");
    store_is_dropped(d, 5, 1);
}

static void a_salt_and_none_on_one_hash(void **state)
{
    struct decoding *d = *state;
    store(d, 1, 0, "a", "a");
    store(d, 2, 1, NULL, "a");
    store(d, 1, 0, NULL, "");
    store_is_dropped(d, 3, 1);
    store(d, 4, 2, NULL, "a"); /* 2 itself was stored with one salt only */
}

static void ranks_are_apart(void **state)
{
    struct decoding *d = *state;
    store(d, 1, 0, "a", "a");
    batch_begin(d, 1);
    pack_block(d, 2, 1, NULL, 0);
    batch_decode(d, 1);
    expect_salted(d, 2, 1, "");
    expect_end(d);
    batch_begin(d, 1);
    pack_block(d, 2, 1, NULL, 0);
    batch_decode(d, -1); /* the registered rank is 0 */
    expect_salted(d, 2, 1, "a");
    expect_end(d);
}

static void partitions_are_apart(void **state)
{
    struct decoding *d = *state;
    static const char *const models[] = {"m", "n", "m"};
    batch_begin(d, 3);
    for (size_t i = 0; i < 3; i++) {
        pack_map(d, 5 + (size_t)(i == 0));
        pack_key(d, "event_type");
        pack_text(d, "stored");
        pack_key(d, "model_name");
        pack_text(d, models[i]);
        pack_key(d, "seq_hashes");
        pack_uints(d, 1, 10 + i);
        pack_key(d, "parent_hash");
        pack_uint(d, i ? 10 : 0);
        pack_key(d, "token_ids");
        pack_uints(d, 4, 1);
        if (i == 0) {
            pack_key(d, "cache_salt");
            pack_text(d, "a");
        }
    }
    batch_decode(d, 0);
    expect_salted(d, 10, 0, "a");
    expect_salted(d, 11, 10, "");
    expect_salted(d, 12, 10, "a");
    expect_end(d);
}

static void clears_and_restarts_forget(void **state)
{
    struct decoding *d = *state;
    store(d, 1, 0, "a", "a");
    clear(d, 1); /* another rank's */
    store(d, 2, 1, NULL, "a");
    batch_begin(d, 1);
    pack_array(d, 2);
    pack_text(d, "AllBlocksCleared");
    pack_text(d, "GPU"); /* the other tiers still hold it */
    batch_decode(d, 0);
    store(d, 2, 1, NULL, "a");
    clear(d, 0);
    assert_int_equal(kvx_salts_count(d->salts), 0);
    store(d, 2, 1, NULL, "");
    batch_begin(d, 3); /* in the order of the batch */
    pack_block(d, 1, 0, "a", 0);
    pack_array(d, 1);
    pack_text(d, "AllBlocksCleared");
    pack_block(d, 2, 1, NULL, 0);
    batch_decode(d, 0);
    expect_salted(d, 1, 0, "a");
    expect_clear(d, KVX_ALL_TIERS);
    expect_salted(d, 2, 1, "");
    expect_end(d);
    store(d, 1, 0, "a", "a");
    kvx_salts_forget(d->salts);
    store(d, 2, 1, NULL, "");
}

/* What does not count teaches nothing: groups with partial attention, broken batches, blocks whose keys are
 * not understood. */
static void what_does_not_count_teaches_nothing(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 1);
    pack_block(d, 1, 0, "a", 1);
    pack_key(d, "kv_cache_spec_kind");
    pack_text(d, "sliding_window");
    batch_decode(d, 0);
    expect_end(d);
    expect_counted(d, KVX_COUNT_EVENT_GROUP, 1);
    assert_int_equal(kvx_salts_count(d->salts), 0);
    batch_begin(d, 1);
    pack_block(d, 1, 0, "a", 0);
    decode_bytes_fails(d, d->bytes.data, d->bytes.size, KVX_COUNT_PAYLOAD_BROKEN);
    assert_int_equal(kvx_salts_count(d->salts), 0);
    store(d, 50, 0, "z", "z"); /* from here on batches are read with salts in mind */
    batch_begin(d, 1);
    pack_block(d, 1, 0, "a", 0);
    decode_bytes_fails(d, d->bytes.data, d->bytes.size, KVX_COUNT_PAYLOAD_BROKEN);
    assert_int_equal(kvx_salts_count(d->salts), 1);
    batch_begin(d, 1);
    pack_block(d, 1, 0, "a", 1);
    pack_key(d, "lora_id");
    pack_uint(d, 3);
    batch_decode(d, 0);
    expect_end(d);
    expect_counted(d, KVX_COUNT_EVENT_EXTRA_KEYS, 1);
    assert_int_equal(kvx_salts_count(d->salts), 1);
}

/* vLLM's offloading announces blocks again without their keys. */
static void lower_tiers_know_their_blocks(void **state)
{
    struct decoding *d = *state;
    store(d, 1, 0, "a", "a");
    batch_begin(d, 2);
    for (uint64_t hash = 1; hash <= 2; hash++) {
        pack_block(d, hash, 0, NULL, 1);
        pack_key(d, "medium");
        pack_text(d, "CPU");
    }
    batch_decode(d, 0);
    expect_store(d, KVX_TIER_HOST, ROOT, 1);
    expect_block(d, 1, hash_of_run(SEED("", "a"), 1, 4));
    expect_store(d, KVX_TIER_HOST, ROOT, 1);
    expect_block(d, 2, PLAIN(1, 4));
    expect_end(d);
    store(d, 3, 1, NULL, "a"); /* the salt of 1 is not in doubt */
}

/* Learning is the context's choice: a payload that is only looked at teaches nothing and inherits nothing. */
static void without_a_memory(void **state)
{
    struct decoding *d = *state;
    d->context.salts = NULL;
    store(d, 1, 0, "a", "a");
    store(d, 2, 1, NULL, "");
    d->context.salts = d->salts;
    store(d, 2, 1, NULL, "");
}

/* ---- The memory itself. ---- */

static void memory_of_many_owners(void **state)
{
    struct decoding *d = *state;
    uint64_t dropped = 0, hashes[1000];
    for (uint64_t i = 0; i < 1000; i++)
        hashes[i] = i * i;
    for (uint32_t owner = 0; owner < 3; owner++)
        assert_int_equal(kvx_salts_learn(d->salts, owner, hashes, 1000, 10 + owner, &dropped), KVX_OK);
    assert_int_equal(kvx_salts_count(d->salts), 3000);
    kvx_salts_clear(d->salts, 1);
    assert_int_equal(kvx_salts_count(d->salts), 2000);
    for (uint64_t i = 0; i < 1000; i++) {
        assert_int_equal(kvx_salts_find(d->salts, 0, i * i), 10);
        assert_int_equal(kvx_salts_find(d->salts, 1, i * i), 0);
        assert_int_equal(kvx_salts_find(d->salts, 2, i * i), 12);
    }
    kvx_salts_clear(d->salts, 0);
    kvx_salts_clear(d->salts, 2);
    assert_int_equal(kvx_salts_count(d->salts), 0);
    assert_int_equal(dropped, 0);
}

/* Against a table that never forgets: what is asked for stays, the bound holds, and what is found is right.
 */
static void memory_is_bounded(void **state)
{
    struct decoding *d = *state;
    enum { MORE = 100000, KEPT = 500 };
    uint64_t dropped = 0;
    for (uint64_t i = 0; i < KVX_SALTED_HASHES_MAX + MORE; i++) {
        uint64_t hash = i * 0x9e3779b97f4a7c15u;
        assert_int_equal(kvx_salts_learn(d->salts, 0, &hash, 1, i + 1, &dropped), KVX_OK);
        if (i >= KEPT && i % 64 == 0)
            for (uint64_t k = 0; k < KEPT; k += 50) /* parents in use */
                assert_int_equal(kvx_salts_find(d->salts, 0, k * 0x9e3779b97f4a7c15u), k + 1);
    }
    assert_int_equal(kvx_salts_count(d->salts), KVX_SALTED_HASHES_MAX);
    assert_int_equal(dropped, MORE);
    size_t found = 0;
    for (uint64_t i = 0; i < KVX_SALTED_HASHES_MAX + MORE; i++) {
        uint64_t salt = kvx_salts_find(d->salts, 0, i * 0x9e3779b97f4a7c15u);
        assert_true(salt == 0 || salt == i + 1);
        assert_true(salt || i < MORE + KEPT); /* the oldest went */
        found += salt != 0;
    }
    assert_int_equal(found, KVX_SALTED_HASHES_MAX);
}

static void batches_count_what_they_push_out(void **state)
{
    struct decoding *d = *state;
    uint64_t dropped = 0, *hashes = malloc(KVX_SALTED_HASHES_MAX * sizeof *hashes);
    for (uint64_t i = 0; i < KVX_SALTED_HASHES_MAX; i++)
        hashes[i] = 1000 + i;
    assert_int_equal(kvx_salts_learn(d->salts, 0, hashes, KVX_SALTED_HASHES_MAX, 7, &dropped), KVX_OK);
    free(hashes);
    batch_begin(d, 1);
    pack_block(d, 1, 0, "a", 0);
    batch_decode(d, 0);
    expect_salted(d, 1, 0, "a");
    expect_end(d);
    expect_counted(d, KVX_COUNT_SALTS_DROPPED, 1);
    batch_begin(d, 1);
    pack_block(d, 2, 1, NULL, 0);
    batch_decode(d, 0);
    expect_salted(d, 2, 1, "a");
    expect_end(d);
    expect_counted(d, KVX_COUNT_SALTS_DROPPED, 1);
}

static void memory_without_memory(void **state)
{
    struct decoding *d = *state;
    uint64_t dropped = 0;
    for (uint64_t i = 1; i < 200; i++) {
        uint64_t before = kvx_salts_count(d->salts);
        d->memory.fail_at = d->memory.calls + 1;
        int code = kvx_salts_learn(d->salts, 0, &i, 1, 5, &dropped);
        d->memory.fail_at = 0;
        assert_true(code == KVX_OK || code == KVX_NOMEM);
        assert_int_equal(kvx_salts_count(d->salts), before + (code == KVX_OK));
        if (code == KVX_NOMEM)
            assert_int_equal(kvx_salts_learn(d->salts, 0, &i, 1, 5, &dropped), KVX_OK);
        for (uint64_t k = 1; k <= i; k++)
            assert_int_equal(kvx_salts_find(d->salts, 0, k), 5);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, decoding_setup, decoding_teardown)
    const struct CMUnitTest tests[] = {
        TEST(children_inherit),
        TEST(children_inherit_within_a_batch),
        TEST(salts_of_other_shapes_are_inherited),
        TEST(adapters_and_items_keep_the_inherited_salt),
        TEST(two_salts_on_one_hash),
        TEST(a_salt_and_none_on_one_hash),
        TEST(ranks_are_apart),
        TEST(partitions_are_apart),
        TEST(clears_and_restarts_forget),
        TEST(what_does_not_count_teaches_nothing),
        TEST(lower_tiers_know_their_blocks),
        TEST(without_a_memory),
        TEST(memory_of_many_owners),
        TEST(memory_is_bounded),
        TEST(batches_count_what_they_push_out),
        TEST(memory_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
