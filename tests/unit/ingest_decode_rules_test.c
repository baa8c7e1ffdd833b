/* The shapes that batches and events may have, and what each rule makes of them. */
#include "ingest_decode_fixture.h"

#include <stdio.h>

#define DEVICE KVX_TIER_BIT(KVX_TIER_DEVICE)

static void expect_one_removal(struct decoding *d, uint64_t hash)
{
    expect_remove(d, DEVICE, 1);
    expect_hash(d, hash);
    expect_end(d);
}

static void batch_as_map_in_any_order(void **state)
{
    struct decoding *d = *state;
    pack_map(d, 4);
    pack_key(d, "data_parallel_rank");
    pack_uint(d, 7);
    pack_key(d, "events");
    pack_array(d, 1);
    pack_removed(d, 1, 42, 0);
    pack_key(d, "extra");
    pack_uints(d, 2, 1);
    pack_key(d, "ts");
    msgpack_pack_double(&d->pack, 1700000000.5);
    decode_bytes(d, d->bytes.data, d->bytes.size);
    expect_one_removal(d, 42);
    expect_rank(d, 7);
    assert_int_equal(d->batch.time_ms, 1700000000500);
}

static void extra_batch_elements_are_ignored(void **state)
{
    struct decoding *d = *state;
    pack_array(d, 5);
    pack_text(d, "not a time");
    pack_array(d, 1);
    pack_removed(d, 1, 42, 0);
    pack_text(d, "not a rank");
    pack_uints(d, 2, 1);
    pack_map(d, 0);
    decode_bytes(d, d->bytes.data, d->bytes.size);
    expect_one_removal(d, 42);
    expect_rank(d, -1);
    assert_false(d->batch.has_time);
}

static void times(void **state)
{
    struct decoding *d = *state;
    decode_hex(d, "92cf0000018bcfe569f490"); /* integer, beyond 1e11: milliseconds */
    assert_int_equal(d->batch.time_ms, 1700000000500);
    decode_hex(d, "92cb4278bcfe569f400090"); /* the same as a float */
    assert_int_equal(d->batch.time_ms, 1700000000500);
    static const char *const none[] = {
        "92ff90",                 /* negative */
        "92cbbff000000000000090", /* negative float */
        "92cb7ff800000000000090", /* not a number */
        "92cb7ff000000000000090", /* infinite */
        "92c090",
        "928090",
    };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        decode_hex(d, none[i]);
        assert_false(d->batch.has_time);
    }
}

static void ranks(void **state)
{
    struct decoding *d = *state;
    decode_hex(d, "930090ceffffffff");
    assert_true(d->batch.has_rank);
    assert_int_equal(d->batch.rank, UINT32_MAX);
    decode_hex(d, "930090cf0000000100000000"); /* beyond 32 bits */
    expect_rank(d, -1);
    decode_hex(d, "930090ff");
    expect_rank(d, -1);
    decode_hex(d, "930090d30000000000000005"); /* a wide encoding of a small number */
    expect_rank(d, 5);
}

static void payloads_that_cost_the_batch(void **state)
{
    struct decoding *d = *state;
    static const char *const broken[] = {
        "",
        "930090",                               /* one element short */
        "93009000c0",                           /* a value left over */
        "9300dd7fffffff00",                     /* more events than bytes */
        "9300dc000491c000",                     /* the same, by a little */
        "9300df7fffffff00",                     /* pairs */
        "93009193ac426c6f636b52656d6f766564dd", /* cut inside a header */
        "9300919291c1c000",                     /* reserved byte deep inside */
        "93da0010616200",                       /* text longer than the rest */
        "93d90561",
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        decode_hex_fails(d, broken[i], KVX_COUNT_PAYLOAD_BROKEN);
    static const char *const shapeless[] = {
        "90", "00", "c0", "a161", "80", "8100c0", "9200c0", "930081c0c000", "81a66576656e747301",
    };
    for (size_t i = 0; i < sizeof shapeless / sizeof *shapeless; i++)
        decode_hex_fails(d, shapeless[i], KVX_COUNT_PAYLOAD_SHAPE);
    decode_hex(d, "930090c0"); /* and the next batch is read as ever */
    expect_end(d);
}

static void nesting_has_a_limit(void **state)
{
    struct decoding *d = *state;
    for (size_t depth = 12; depth <= 15; depth++) { /* inside the batch, its events and the event: 3 */
        batch_begin(d, 1);
        pack_removed(d, 1, 42, 1);
        pack_key(d, "future");
        for (size_t i = 1; i < depth; i++)
            pack_array(d, 1);
        pack_array(d, 0);
        if (depth <= 13) {
            batch_decode(d, 0);
            expect_one_removal(d, 42);
        } else {
            pack_nil(d);
            decode_bytes_fails(d, d->bytes.data, d->bytes.size, KVX_COUNT_PAYLOAD_BROKEN);
        }
    }
}

static void every_cut_costs_the_batch(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 2);
    pack_stored(d, 2, 10, 1);
    pack_key(d, "extra_keys");
    pack_array(d, 2);
    pack_array(d, 1);
    pack_text(d, "salt");
    pack_nil(d);
    pack_removed(d, 2, 0xffffffffffff, 0);
    batch_decode(d, 0);
    char *bytes = d->bytes.data;
    for (size_t len = 0; len < d->bytes.size; len++)
        decode_bytes_fails(d, bytes, len, KVX_COUNT_PAYLOAD_BROKEN);
}

static void malformed_events_are_skipped(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 10);
    pack_nil(d);
    pack_uint(d, 5);
    pack_array(d, 0);
    pack_map(d, 0);
    pack_array(d, 2); /* no tag in front */
    pack_uint(d, 1);
    pack_uints(d, 1, 1);
    pack_array(d, 1); /* a tag alone */
    pack_text(d, "BlockStored");
    pack_map(d, 2); /* hashes that are no list */
    pack_key(d, "type");
    pack_text(d, "BlockRemoved");
    pack_key(d, "block_hashes");
    pack_uint(d, 4);
    pack_text(d, "neither a tag nor an event");
    pack_text(d, "\x90"); /* an event in a text: an empty array */
    pack_removed(d, 1, 42, 0);
    batch_decode(d, 0);
    expect_one_removal(d, 42);
    expect_counted(d, KVX_COUNT_EVENT_MALFORMED, 9);
}

static void tags_without_blocks(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 4);
    pack_array(d, 1);
    pack_text(d, "Ignored");
    pack_map(d, 1);
    pack_key(d, "type");
    pack_text(d, "Ignored");
    pack_removed(d, 0, 0, 0);
    pack_stored(d, 0, 0, 0);
    batch_decode(d, 0);
    expect_end(d);
    expect_counted(d, KVX_COUNT_EVENT_IGNORED, 4);
}

static void pack_wrapped(struct decoding *d, const msgpack_sbuffer *inner, size_t cut)
{
    msgpack_pack_bin(&d->pack, inner->size - cut);
    msgpack_pack_bin_body(&d->pack, inner->data, inner->size - cut);
}

/* llm-d's storage backend packs each event on its own, into a bin. */
static void events_wrapped_in_bytes(void **state)
{
    struct decoding *d = *state;
    msgpack_sbuffer inner, twice;
    msgpack_packer pack;
    msgpack_sbuffer_init(&inner);
    msgpack_sbuffer_init(&twice);
    msgpack_packer_init(&pack, &inner, msgpack_sbuffer_write);
    msgpack_pack_array(&pack, 7);
    msgpack_pack_str_with_body(&pack, "BlockStored", 11);
    msgpack_pack_array(&pack, 1);
    msgpack_pack_uint64(&pack, 42);
    msgpack_pack_int(&pack, 0); /* parent: none */
    msgpack_pack_array(&pack, 0);
    msgpack_pack_int(&pack, 0);
    msgpack_pack_nil(&pack);
    msgpack_pack_str_with_body(&pack, "SHARED_STORAGE", 14);
    msgpack_packer_init(&pack, &twice, msgpack_sbuffer_write);
    msgpack_pack_bin_with_body(&pack, inner.data, inner.size);

    batch_begin(d, 5);
    pack_wrapped(d, &inner, 0);
    pack_wrapped(d, &inner, 1); /* cut short: costs this event only */
    pack_wrapped(d, &twice, 0); /* one wrapping only */
    msgpack_pack_bin(&d->pack, 0);
    pack_text(d, "AllBlocksCleared");
    batch_decode(d, 0);
    expect_reside(d, KVX_TIER_EXTERNAL, 1);
    expect_hash(d, 42);
    expect_clear(d, KVX_ALL_TIERS);
    expect_end(d);
    expect_counted(d, KVX_COUNT_EVENT_MALFORMED, 3);
    msgpack_sbuffer_destroy(&inner);
    msgpack_sbuffer_destroy(&twice);
}

static void left_over_bytes_in_a_wrapped_event(void **state)
{
    struct decoding *d = *state;
    /* ["AllBlocksCleared"] and a nil behind it, in a bin */
    decode_hex(d, "930091c413"
                  "91b0416c6c426c6f636b73436c6561726564"
                  "c0"
                  "00");
    expect_end(d);
    expect_counted(d, KVX_COUNT_EVENT_MALFORMED, 1);
}

/* ["BlockRemoved", [hash]] with the hash given in hex */
static void decode_hash(struct decoding *d, const char *hash)
{
    char hex[256];
    snprintf(hex, sizeof hex,
             "930091"
             "92ac426c6f636b52656d6f766564"
             "91%s"
             "c0",
             hash);
    decode_hex(d, hex);
}

static void hash_forms(void **state)
{
    struct decoding *d = *state;
    static const struct {
        const char *hex;
        uint64_t hash;
    } good[] = {
        {"00", 0},
        {"7f", 127},
        {"ff", UINT64_MAX},
        {"ccff", 255},
        {"cdffff", 65535},
        {"ceffffffff", 0xffffffff},
        {"cfffffffffffffffff", UINT64_MAX},
        {"d080", 0 - (uint64_t)128},
        {"d18000", 0 - (uint64_t)32768},
        {"d280000000", 0 - (uint64_t)2147483648},
        {"d38000000000000000", (uint64_t)1 << 63},
        {"d30000000000000007", 7},
        {"c40105", 5}, /* shorter digests are padded on the left */
        {"c40701020304050607", 0x01020304050607},
        {"c4080102030405060708", 0x0102030405060708},
        {"c50009000102030405060708", 0x0102030405060708},
        {"a130", 0},
        {"b43135373630353138303532343939313833353532", 15760518052499183552u},
        {"a22d31", UINT64_MAX}, /* "-1" */
        {"a430786666", 0xff},   /* "0xff" */
        {"a430584646", 0xff},   /* "0XFF" */
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        decode_hash(d, good[i].hex);
        expect_one_removal(d, good[i].hash);
        expect_nothing_counted(d);
    }
    static const char *const bad[] = {
        "c0",
        "c2",
        "c3",
        "c400",
        "ca3f800000",
        "cb3ff0000000000000",
        "90",
        "80",
        "d40100",
        "a0",
        "a12d",
        "a23078",
        "a167",
        "a23120",
        "b43138343436373434303733373039353531363136", /* "18446744073709551616" */
        "b330783130303030303030303030303030303030",   /* 17 hexadecimal digits */
        "b42d39323233333732303336383534373735383039", /* "-9223372036854775809" */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        decode_hash(d, bad[i]);
        expect_end(d);
        expect_counted(d, KVX_COUNT_EVENT_BAD_HASH, 1);
    }
}

static void one_bad_hash_rejects_its_event(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 2);
    pack_map(d, 2);
    pack_key(d, "type");
    pack_text(d, "BlockRemoved");
    pack_key(d, "block_hashes");
    pack_array(d, 3);
    pack_uint(d, 1);
    pack_nil(d);
    pack_uint(d, 3);
    pack_removed(d, 1, 42, 0);
    batch_decode(d, 0);
    expect_one_removal(d, 42);
    expect_counted(d, KVX_COUNT_EVENT_BAD_HASH, 1);
}

static void pack_parent(struct decoding *d)
{
    pack_key(d, "parent_block_hash");
}

static void parents(void **state)
{
    struct decoding *d = *state;
    static const unsigned char digest[16] = {[15] = 9};
    batch_begin(d, 5);
    pack_stored(d, 1, 42, 1);
    pack_parent(d);
    msgpack_pack_bin_with_body(&d->pack, digest, sizeof digest);
    pack_stored(d, 1, 42, 1);
    pack_parent(d);
    msgpack_pack_int64(&d->pack, -1);
    pack_stored(d, 2, 42, 1); /* parent of itself */
    pack_parent(d);
    pack_uint(d, 43);
    pack_stored(d, 1, 42, 1); /* not a hash */
    pack_parent(d);
    msgpack_pack_true(&d->pack);
    pack_stored(d, 1, 42, 2); /* RFC #1527's name wins */
    pack_key(d, "parent_hash");
    pack_uint(d, 6);
    pack_parent(d);
    pack_uint(d, 5);
    batch_decode(d, 0);
    expect_store(d, KVX_TIER_DEVICE, UNDER(9), 1);
    expect_block(d, 42, PLAIN(1, 4));
    expect_store(d, KVX_TIER_DEVICE, UNDER(UINT64_MAX), 1);
    expect_block(d, 42, PLAIN(1, 4));
    expect_store(d, KVX_TIER_DEVICE, UNDER(6), 1);
    expect_block(d, 42, PLAIN(1, 4));
    expect_end(d);
    assert_int_equal(atomic_exchange(&d->metrics.counter[KVX_COUNT_EVENT_BAD_HASH], 0), 1);
    expect_counted(d, KVX_COUNT_EVENT_SELF_PARENT, 1);
}

static void the_last_duplicate_key_wins(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 1);
    pack_stored(d, 1, 41, 3);
    pack_key(d, "token_ids");
    pack_uints(d, 4, 21);
    pack_key(d, "block_hashes");
    pack_uints(d, 1, 42);
    msgpack_pack_int(&d->pack, 5); /* a key that is no text */
    pack_nil(d);
    batch_decode(d, 0);
    expect_store(d, KVX_TIER_DEVICE, ROOT, 1);
    expect_block(d, 42, PLAIN(21, 4));
    expect_end(d);
}

static void sequence_hashes_come_first_unless_empty(void **state)
{
    struct decoding *d = *state;
    batch_begin(d, 2);
    for (size_t n = 0; n < 2; n++) {
        pack_removed(d, 1, 42, 1);
        pack_key(d, "seq_hashes");
        pack_uints(d, n, 43);
    }
    batch_decode(d, 0);
    expect_remove(d, DEVICE, 1);
    expect_hash(d, 42);
    expect_remove(d, DEVICE, 1);
    expect_hash(d, 43);
    expect_end(d);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, decoding_setup, decoding_teardown)
    const struct CMUnitTest tests[] = {
        TEST(batch_as_map_in_any_order),
        TEST(extra_batch_elements_are_ignored),
        TEST(times),
        TEST(ranks),
        TEST(payloads_that_cost_the_batch),
        TEST(nesting_has_a_limit),
        TEST(every_cut_costs_the_batch),
        TEST(malformed_events_are_skipped),
        TEST(tags_without_blocks),
        TEST(events_wrapped_in_bytes),
        TEST(left_over_bytes_in_a_wrapped_event),
        TEST(hash_forms),
        TEST(one_bad_hash_rejects_its_event),
        TEST(parents),
        TEST(the_last_duplicate_key_wins),
        TEST(sequence_hashes_come_first_unless_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
