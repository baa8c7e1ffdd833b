#include "ingest_decode_fixture.h"

#include <stdio.h>
#include <stdlib.h>

int decoding_setup(void **state)
{
    struct decoding *d = calloc(1, sizeof *d);
    failing_allocator_init(&d->memory);
    assert_int_equal(kvx_decoder_new(&d->decoder, &d->memory.allocator), KVX_OK);
    assert_int_equal(kvx_groups_new(&d->groups, &d->memory.allocator), KVX_OK);
    assert_int_equal(kvx_salts_new(&d->salts, &d->memory.allocator), KVX_OK);
    d->context = (struct kvx_decode_context){
        .block_size = 4, .groups = d->groups, .salts = d->salts, .metrics = &d->metrics};
    msgpack_sbuffer_init(&d->bytes);
    msgpack_packer_init(&d->pack, &d->bytes, msgpack_sbuffer_write);
    *state = d;
    return 0;
}

int decoding_teardown(void **state)
{
    struct decoding *d = *state;
    kvx_decoder_free(d->decoder);
    kvx_groups_free(d->groups);
    kvx_salts_free(d->salts);
    assert_int_equal(d->memory.live, 0);
    msgpack_sbuffer_destroy(&d->bytes);
    free(d->payload);
    free(d);
    return 0;
}

/* In a buffer of exactly its size, so that a sanitizer sees one byte read too many. */
static int decode_copy(struct decoding *d, const void *data, size_t len, enum kvx_counter *reason)
{
    char *copy = malloc(len ? len : 1);
    memcpy(copy, data, len);
    d->event = 0;
    d->block = 0;
    bool keep = false;
    int code = kvx_decode(d->decoder, &d->context, (struct kvx_bytes){copy, len}, &d->batch, reason);
    free(d->payload);
    d->payload = copy;
    for (size_t i = 0; i < d->batch.n && !code; i++)
        keep = keep || d->batch.events[i].scope;
    if (!keep) { /* events borrow from the decoder, and nothing but their scopes from the payload */
        free(copy);
        d->payload = NULL;
    }
    return code;
}

static size_t from_hex(const char *hex, char *out, size_t cap)
{
    size_t n = 0;
    for (; hex[0]; hex += 2) {
        char digits[3] = {hex[0], hex[1], 0};
        assert_true(n < cap);
        out[n++] = (char)strtoul(digits, NULL, 16);
    }
    return n;
}

void decode_bytes(struct decoding *d, const void *data, size_t len)
{
    enum kvx_counter reason;
    assert_int_equal(decode_copy(d, data, len, &reason), KVX_OK);
}

void decode_hex(struct decoding *d, const char *hex)
{
    char bytes[1024];
    decode_bytes(d, bytes, from_hex(hex, bytes, sizeof bytes));
}

void decode_bytes_fails(struct decoding *d, const void *data, size_t len, enum kvx_counter reason)
{
    enum kvx_counter got = KVX_COUNTER_COUNT;
    struct kvx_batch before = d->batch;
    assert_int_equal(decode_copy(d, data, len, &got), KVX_INVALID);
    assert_int_equal(got, reason);
    assert_memory_equal(&before, &d->batch, sizeof before);
    expect_nothing_counted(d);
}

void decode_hex_fails(struct decoding *d, const char *hex, enum kvx_counter reason)
{
    char bytes[1024];
    decode_bytes_fails(d, bytes, from_hex(hex, bytes, sizeof bytes), reason);
}

void batch_begin(struct decoding *d, size_t n)
{
    msgpack_sbuffer_clear(&d->bytes);
    pack_array(d, 3);
    pack_uint(d, 0);
    pack_array(d, n);
}

void batch_decode(struct decoding *d, int rank)
{
    if (rank < 0)
        pack_nil(d);
    else
        pack_uint(d, (uint64_t)rank);
    decode_bytes(d, d->bytes.data, d->bytes.size);
}

void pack_hex(struct decoding *d, const char *hex)
{
    char bytes[1024];
    msgpack_sbuffer_write(&d->bytes, bytes, from_hex(hex, bytes, sizeof bytes));
}

void pack_text(struct decoding *d, const char *text)
{
    size_t len = strlen(text);
    msgpack_pack_str(&d->pack, len);
    msgpack_pack_str_body(&d->pack, text, len);
}

void pack_key(struct decoding *d, const char *key)
{
    pack_text(d, key);
}

void pack_uint(struct decoding *d, uint64_t v)
{
    msgpack_pack_uint64(&d->pack, v);
}

void pack_nil(struct decoding *d)
{
    msgpack_pack_nil(&d->pack);
}

void pack_array(struct decoding *d, size_t n)
{
    msgpack_pack_array(&d->pack, n);
}

void pack_map(struct decoding *d, size_t n)
{
    msgpack_pack_map(&d->pack, n);
}

void pack_uints(struct decoding *d, size_t n, uint64_t first)
{
    pack_array(d, n);
    for (size_t i = 0; i < n; i++)
        pack_uint(d, first + i);
}

void pack_stored(struct decoding *d, size_t blocks, uint64_t hash, size_t more)
{
    pack_map(d, 4 + more);
    pack_key(d, "type");
    pack_text(d, "BlockStored");
    pack_key(d, "block_hashes");
    pack_uints(d, blocks, hash);
    pack_key(d, "token_ids");
    pack_uints(d, 4 * blocks, 1);
    pack_key(d, "block_size");
    pack_uint(d, 4);
}

void pack_stored_array(struct decoding *d, size_t blocks, uint64_t hash, size_t more)
{
    pack_array(d, 5 + more);
    pack_text(d, "BlockStored");
    pack_uints(d, blocks, hash);
    pack_nil(d);
    pack_uints(d, 4 * blocks, 1);
    pack_uint(d, 4);
}

void pack_removed(struct decoding *d, size_t blocks, uint64_t hash, size_t more)
{
    pack_map(d, 2 + more);
    pack_key(d, "type");
    pack_text(d, "BlockRemoved");
    pack_key(d, "block_hashes");
    pack_uints(d, blocks, hash);
}

static const struct kvx_event *last_event(const struct decoding *d)
{
    return &d->batch.events[d->event - 1];
}

static void expect_blocks_checked(const struct decoding *d)
{
    if (d->event > 0)
        assert_int_equal(d->block, last_event(d)->n);
}

static const struct kvx_event *next_event(struct decoding *d, enum kvx_event_kind kind, unsigned tiers,
                                          uint32_t n)
{
    expect_blocks_checked(d);
    assert_true(d->event < d->batch.n);
    const struct kvx_event *e = &d->batch.events[d->event++];
    d->block = 0;
    assert_int_equal(e->kind, kind);
    assert_int_equal(e->tiers, tiers);
    assert_int_equal(e->n, n);
    return e;
}

void expect_store(struct decoding *d, enum kvx_tier tier, bool has_parent, uint64_t parent, uint32_t n)
{
    const struct kvx_event *e = next_event(d, KVX_EVENT_STORE, KVX_TIER_BIT(tier), n);
    assert_int_equal(e->has_parent, has_parent);
    if (has_parent)
        assert_true(e->parent == parent);
}

void expect_reside(struct decoding *d, enum kvx_tier tier, uint32_t n)
{
    next_event(d, KVX_EVENT_RESIDE, KVX_TIER_BIT(tier), n);
}

void expect_remove(struct decoding *d, unsigned tiers, uint32_t n)
{
    next_event(d, KVX_EVENT_REMOVE, tiers, n);
}

void expect_clear(struct decoding *d, unsigned tiers)
{
    next_event(d, KVX_EVENT_CLEAR, tiers, 0);
}

void expect_hash(struct decoding *d, uint64_t engine)
{
    const struct kvx_event *e = last_event(d);
    assert_true(d->block < e->n);
    assert_true(e->engine[d->block] == engine);
    d->block++;
}

void expect_block(struct decoding *d, uint64_t engine, uint64_t local)
{
    expect_hash(d, engine);
    assert_non_null(last_event(d)->local);
    assert_true(last_event(d)->local[d->block - 1] == local);
}

void expect_end(struct decoding *d)
{
    expect_blocks_checked(d);
    assert_int_equal(d->event, d->batch.n);
}

void expect_rank(struct decoding *d, int rank)
{
    assert_int_equal(d->batch.has_rank, rank >= 0);
    if (rank >= 0)
        assert_int_equal(d->batch.rank, rank);
}

void expect_event_rank(struct decoding *d, int rank)
{
    assert_int_equal(last_event(d)->has_rank, rank >= 0);
    assert_int_equal(last_event(d)->rank, rank >= 0 ? (uint32_t)rank : d->context.registered_rank);
}

static const char *or_dash(struct kvx_bytes text, bool said, char out[300])
{
    assert_true(text.len < 300);
    snprintf(out, 300, "%.*s", said ? (int)text.len : 1, said ? text.data : "-");
    return out;
}

void expect_scope(struct decoding *d, const char *text)
{
    const struct kvx_feed_scope *s = last_event(d)->scope;
    char all[1000], model[300], tenant[300], salt[300], size[20];
    if (!text) {
        assert_null(s);
        return;
    }
    assert_non_null(s);
    snprintf(size, sizeof size, "%u", s->block_size);
    snprintf(all, sizeof all, "%s|%s|%s|%s", or_dash(s->model, s->model.len > 0, model),
             or_dash(s->tenant, s->tenant.len > 0, tenant), or_dash(s->additional_salt, s->has_salt, salt),
             s->block_size ? size : "-");
    assert_string_equal(all, text);
}

void expect_counted(struct decoding *d, enum kvx_counter counter, uint64_t n)
{
    assert_int_equal(atomic_exchange(&d->metrics.counter[counter], 0), n);
    expect_nothing_counted(d);
}

void expect_nothing_counted(struct decoding *d)
{
    for (int i = 0; i < KVX_COUNTER_COUNT; i++)
        assert_int_equal(d->metrics.counter[i], 0);
}

uint64_t hash_with_items(uint64_t seed, uint32_t first, uint32_t n, const uint64_t *items, size_t nitems)
{
    uint32_t tokens[64];
    assert_true(n <= 64);
    for (uint32_t i = 0; i < n; i++)
        tokens[i] = first + i;
    return kvx_block_hash(seed, tokens, n, items, nitems);
}

uint64_t hash_of_run(uint64_t seed, uint32_t first, uint32_t n)
{
    return hash_with_items(seed, first, n, NULL, 0);
}
