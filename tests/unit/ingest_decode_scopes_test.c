/* RFC #1527 events that name their partition and rank themselves. */
#include "ingest_decode_fixture.h"

#include <stdio.h>

#define DEVICE KVX_TIER_BIT(KVX_TIER_DEVICE)

/* A stored map of blocks with tokens 1, 2, ..., hashes from `hash` on; `more` keys follow. */
static void pack_rfc_stored(struct decoding *d, size_t tokens, size_t blocks, uint64_t hash, size_t more)
{
    pack_map(d, 3 + more);
    pack_key(d, "event_type");
    pack_text(d, "stored");
    pack_key(d, "seq_hashes");
    pack_uints(d, blocks, hash);
    pack_key(d, "token_ids");
    pack_uints(d, tokens, 1);
}

static void pack_rfc_removed(struct decoding *d, uint64_t hash, size_t more)
{
    pack_map(d, 3 + more);
    pack_key(d, "event_type");
    pack_text(d, "removed");
    pack_key(d, "seq_hashes");
    pack_uints(d, 1, hash);
    pack_key(d, "medium");
    pack_text(d, "GPU");
}

static void pack_pair(struct decoding *d, const char *key, const char *text)
{
    pack_key(d, key);
    pack_text(d, text);
}

static void pack_number(struct decoding *d, const char *key, uint64_t v)
{
    pack_key(d, key);
    pack_uint(d, v);
}

static void nothing_said_is_as_registered(void **state)
{
    struct decoding *d = *state;
    static const char *const keys[] = {"model_name", "tenant_id", "additional_salt", "dp_rank", "block_size"};
    batch_begin(d, 2);
    pack_rfc_stored(d, 8, 2, 7, 5);
    for (size_t i = 0; i < 5; i++) {
        pack_key(d, keys[i]);
        pack_nil(d);
    }
    pack_rfc_stored(d, 4, 1, 9, 3);
    pack_pair(d, "model_name", "");
    pack_pair(d, "tenant_id", "");
    pack_number(d, "block_size", 4);
    batch_decode(d, 3);
    expect_store(d, KVX_TIER_DEVICE, ROOT, 2);
    expect_scope(d, NULL);
    expect_event_rank(d, 3);
    expect_block(d, 7, PLAIN(1, 4));
    expect_block(d, 8, PLAIN(5, 4));
    expect_store(d, KVX_TIER_DEVICE, ROOT, 1);
    expect_scope(d, NULL);
    expect_block(d, 9, PLAIN(1, 4));
    expect_end(d);
    expect_nothing_counted(d);
}

static void each_part_is_said_by_itself(void **state)
{
    struct decoding *d = *state;
    static const struct {
        const char *key, *text, *scope;
    } parts[] = {{"model_name", "m", "m|-|-|-"},
                 {"tenant_id", "default", "-|default|-|-"},
                 {"additional_salt", "w8a8", "-|-|w8a8|-"},
                 {"additional_salt", "", "-|-||-"}}; /* says: none */
    batch_begin(d, 4);
    for (size_t i = 0; i < 4; i++) {
        pack_rfc_removed(d, i, 1);
        pack_pair(d, parts[i].key, parts[i].text);
    }
    batch_decode(d, 0);
    for (size_t i = 0; i < 4; i++) {
        expect_remove(d, DEVICE, 1);
        expect_scope(d, parts[i].scope);
        expect_hash(d, i);
    }
    expect_end(d);
}

static void hashing_uses_the_partitions_block_size(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 3);
    pack_rfc_stored(d, 16, 2, 7, 4);
    pack_number(d, "block_size", 8);
    pack_pair(d, "model_name", "m");
    pack_pair(d, "tenant_id", "t");
    pack_pair(d, "additional_salt", "s");
    pack_rfc_stored(d, 4, 2, 17, 1); /* too few tokens for blocks of 2: the second has none */
    pack_number(d, "block_size", 3);
    pack_rfc_stored(d, 4, 1, 20, 0);
    batch_decode(d, 0);
    expect_store(d, KVX_TIER_DEVICE, ROOT, 2);
    expect_scope(d, "m|t|s|8");
    expect_block(d, 7, PLAIN(1, 8));
    expect_block(d, 8, PLAIN(9, 8));
    expect_store(d, KVX_TIER_DEVICE, ROOT, 1);
    expect_scope(d, "-|-|-|3");
    expect_block(d, 17, PLAIN(1, 3));
    expect_reside(d, KVX_TIER_DEVICE, 1);
    expect_scope(d, "-|-|-|3");
    expect_hash(d, 18);
    expect_store(d, KVX_TIER_DEVICE, ROOT, 1);
    expect_scope(d, NULL);
    expect_block(d, 20, PLAIN(1, 4));
    expect_end(d);
    assert_int_equal(d->batch.foreign_block_size, 0);
    expect_nothing_counted(d);
}

/* What vLLM and SGLang say of models, tenants and sizes never moves an event. */
static void other_forms_stay_in_the_registered_partition(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 2);
    pack_stored(d, 1, 1, 4);
    pack_pair(d, "model_name", "m");
    pack_pair(d, "tenant_id", "t");
    pack_pair(d, "additional_salt", "s");
    pack_number(d, "dp_rank", 9);
    pack_map(d, 4);
    pack_pair(d, "type", "BlockStored");
    pack_key(d, "block_hashes");
    pack_uints(d, 1, 2);
    pack_key(d, "token_ids");
    pack_uints(d, 8, 1);
    pack_number(d, "block_size", 8);
    batch_decode(d, 2);
    expect_store(d, KVX_TIER_DEVICE, ROOT, 1);
    expect_scope(d, NULL);
    expect_event_rank(d, 2);
    expect_block(d, 1, PLAIN(1, 4));
    expect_end(d);
    assert_int_equal(d->batch.foreign_block_size, 8);
    expect_counted(d, KVX_COUNT_EVENT_BLOCK_SIZE, 1);
}

static void ranks(void **state)
{
    struct decoding *d = *state;
    d->context.registered_rank = 5;
    for (int batch = -1; batch < 2; batch++) {
        batch_begin(d, 4);
        pack_rfc_removed(d, 1, 1);
        pack_number(d, "dp_rank", 7);
        pack_rfc_removed(d, 2, 1);
        pack_number(d, "dp_rank", UINT32_MAX);
        pack_rfc_removed(d, 3, 1);
        pack_number(d, "dp_rank", (uint64_t)UINT32_MAX + 1); /* no rank, as in batches */
        pack_rfc_removed(d, 4, 1);
        pack_key(d, "dp_rank");
        msgpack_pack_int(&d->pack, -1);
        batch_decode(d, batch);
        for (uint64_t i = 1; i <= 4; i++) {
            expect_remove(d, DEVICE, 1);
            assert_int_equal(d->batch.events[i - 1].has_rank, i <= 2 || batch >= 0);
            assert_int_equal(d->batch.events[i - 1].rank, i == 1       ? 7
                                                          : i == 2     ? UINT32_MAX
                                                          : batch >= 0 ? (uint32_t)batch
                                                                       : 5);
            expect_hash(d, i);
        }
        expect_end(d);
        expect_rank(d, batch);
    }
}

/* Attention groups are learned for the event's own rank. */
static void groups_of_an_events_own_rank(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 3);
    pack_rfc_stored(d, 4, 1, 7, 3);
    pack_number(d, "dp_rank", 1);
    pack_number(d, "group_idx", 3);
    pack_pair(d, "kv_cache_spec_kind", "full_attention");
    for (uint64_t rank = 1; rank <= 2; rank++) {
        pack_rfc_removed(d, 7, 2);
        pack_number(d, "dp_rank", rank);
        pack_number(d, "group_idx", 3);
    }
    batch_decode(d, 0);
    expect_store(d, KVX_TIER_DEVICE, ROOT, 1);
    expect_event_rank(d, 1);
    expect_block(d, 7, PLAIN(1, 4));
    expect_remove(d, DEVICE, 1);
    expect_event_rank(d, 1);
    expect_hash(d, 7);
    expect_end(d);
    expect_counted(d, KVX_COUNT_EVENT_GROUP, 1);
}

static void clears_are_of_the_partition_they_name(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 2);
    for (int named = 0; named < 2; named++) {
        pack_map(d, 2);
        pack_pair(d, "event_type", "cleared");
        pack_key(d, "model_name");
        if (named)
            pack_text(d, "m");
        else
            pack_nil(d);
    }
    batch_decode(d, 0);
    expect_clear(d, KVX_ALL_TIERS);
    expect_scope(d, NULL);
    expect_clear(d, KVX_ALL_TIERS);
    expect_scope(d, "m|-|-|-");
    expect_end(d);
}

/* The key, then msgpack in hex that cannot be a name, a text or a size. */
static void names_that_cannot_be(void **state)
{
    struct decoding *d = *state;
    static const struct {
        const char *key, *hex;
    } bad[] = {
        {"model_name", "05"},
        {"model_name", "91a16d"},
        {"tenant_id", "c3"},
        {"additional_salt", "c40178"},
        {"model_name", "a1ff"},
        {"tenant_id", "a26100"},
        {"block_size", "00"},
        {"block_size", "ff"},
        {"block_size", "ce00010001"},
        {"block_size", "a134"},
        {"block_size", "cb4010000000000000"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        batch_begin(d, 2);
        pack_rfc_removed(d, 1, 1);
        pack_key(d, bad[i].key);
        pack_hex(d, bad[i].hex);
        pack_rfc_removed(d, 2, 0);
        batch_decode(d, 0);
        expect_remove(d, DEVICE, 1);
        expect_hash(d, 2);
        expect_end(d);
        expect_counted(d, KVX_COUNT_EVENT_MALFORMED, 1);
    }
}

static void limits_of_names_and_sizes(void **state)
{
    struct decoding *d = *state;
    char name[258];
    memset(name, 'n', sizeof name);
    for (size_t len = 256; len <= 257; len++) {
        name[len] = 0;
        batch_begin(d, 1);
        pack_rfc_removed(d, 1, 1);
        pack_pair(d, "tenant_id", name);
        batch_decode(d, 0);
        assert_int_equal(d->batch.n, len == 256);
        assert_int_equal(atomic_exchange(&d->metrics.counter[KVX_COUNT_EVENT_MALFORMED], 0), len != 256);
        name[len] = 'n';
    }
    static const uint64_t sizes[] = {1, 65536};
    for (size_t i = 0; i < 2; i++) {
        char scope[40];
        batch_begin(d, 1);
        pack_rfc_removed(d, 1, 1);
        pack_number(d, "block_size", sizes[i]);
        batch_decode(d, 0);
        snprintf(scope, sizeof scope, "-|-|-|%u", (unsigned)sizes[i]);
        expect_remove(d, DEVICE, 1);
        expect_scope(d, scope);
        expect_hash(d, 1);
    }
}

static void equal_scopes_are_shared_and_bounded(void **state)
{
    struct decoding *d = *state;
    enum { N = KVX_BATCH_SCOPES_MAX + 2 };
    batch_begin(d, 2 * N);
    for (int again = 0; again < 2; again++)
        for (unsigned i = 0; i < N; i++) {
            char name[20];
            snprintf(name, sizeof name, "model-%u", i);
            pack_rfc_removed(d, i, 1);
            pack_pair(d, "model_name", name);
        }
    batch_decode(d, 0);
    assert_int_equal(d->batch.n, 2 * KVX_BATCH_SCOPES_MAX);
    assert_true(d->batch.over_limit);
    for (unsigned i = 0; i < KVX_BATCH_SCOPES_MAX; i++) {
        const struct kvx_event *first = &d->batch.events[i], *again = first + KVX_BATCH_SCOPES_MAX;
        assert_ptr_equal(first->scope, again->scope);
        assert_true(i == 0 || first->scope != first[-1].scope);
    }
    expect_counted(d, KVX_COUNT_EVENT_LIMIT, 4);
    batch_begin(d, 1); /* each batch begins anew */
    pack_rfc_removed(d, 1, 1);
    pack_pair(d, "model_name", "another");
    batch_decode(d, 0);
    assert_false(d->batch.over_limit);
    expect_remove(d, DEVICE, 1);
    expect_scope(d, "another|-|-|-");
    expect_hash(d, 1);
    expect_end(d);
}

/* Inside a byte string too, and however the keys are ordered. */
static void wrapped_events_name_partitions(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 1);
    /* {"model_name": "m", "seq_hashes": [1], "event_type": "removed"} */
    pack_hex(
        d,
        "c42e83aa6d6f64656c5f6e616d65a16daa7365715f6861736865739101aa6576656e745f74797065a772656d6f766564");
    batch_decode(d, -1);
    expect_remove(d, KVX_ALL_TIERS, 1);
    expect_scope(d, "m|-|-|-");
    expect_event_rank(d, -1);
    expect_hash(d, 1);
    expect_end(d);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, decoding_setup, decoding_teardown)
    const struct CMUnitTest tests[] = {
        TEST(nothing_said_is_as_registered),
        TEST(each_part_is_said_by_itself),
        TEST(hashing_uses_the_partitions_block_size),
        TEST(other_forms_stay_in_the_registered_partition),
        TEST(ranks),
        TEST(groups_of_an_events_own_rank),
        TEST(clears_are_of_the_partition_they_name),
        TEST(names_that_cannot_be),
        TEST(limits_of_names_and_sizes),
        TEST(equal_scopes_are_shared_and_bounded),
        TEST(wrapped_events_name_partitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
