/* Dumps over real sockets: whole, partition by partition, cancelled, cut by a deadline, never read. */
#include "rpc_server_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DUMP RPC_PATH("Dump")
#define QUERY_STREAM RPC_PATH("QueryStream")

static void open_dump(struct rpc_stream *s, struct rpc_fixture *f, unsigned timeout_ms)
{
    rpc_stream_open(s, &f->client, DUMP, timeout_ms);
    assert_true(rpc_stream_send(s, "", 0));
    rpc_stream_half_close(s);
}

/* Many runs of blocks, so that a dump takes many messages: `megabytes` of them, roughly. */
static void fill_much(struct rpc_fixture *f, size_t megabytes)
{
    rpc_fill(f, 1, 1);
    for (uint64_t i = 0; i < megabytes * 256; i++) /* 256 blocks, 16 bytes each in a dump */
        assert_int_equal(fixture_store(&f->base, 0, false, 0, 1000 + i * 1000, 256, 5), KVX_OK);
}

static void a_dump_holds_every_block_once(void **state)
{
    struct rpc_fixture *f = *state;
    struct rpc_stream s;
    Kvindex__V1__DumpResponse *m;
    size_t blocks = 0, events = 0, messages = 0;
    fill_much(f, 1);
    open_dump(&s, f, 20000);
    while ((m = (Kvindex__V1__DumpResponse *)rpc_stream_read(&s, &kvindex__v1__dump_response__descriptor))) {
        messages++;
        assert_true(m->n_events > 0);
        for (size_t i = 0; i < m->n_events; i++, events++) {
            const Kvindex__V1__StoredBlocks *e = m->events[i];
            assert_int_equal(e->event_id, events);
            assert_string_equal(e->worker->instance_id, "a");
            assert_int_equal(e->tier, KVINDEX__V1__TIER__TIER_DEVICE);
            assert_int_equal(e->n_local_hashes, e->n_engine_hashes);
            for (size_t k = 0; k < e->n_local_hashes; k++)
                assert_int_equal(e->engine_hashes[k] - e->local_hashes[k],
                                 e->local_hashes[k] == 1 ? 1000000 : 5);
            blocks += e->n_local_hashes;
        }
        protobuf_c_message_free_unpacked(&m->base, NULL);
    }
    assert_int_equal(rpc_stream_status(&s, NULL, 0), GRPC_STATUS_OK);
    assert_int_equal(blocks, 1 + 256 * 256);
    assert_true(messages > 10);
    rpc_stream_close(&s);
}

static void an_empty_dump(void **state)
{
    struct rpc_fixture *f = *state;
    struct rpc_stream s;
    open_dump(&s, f, 20000);
    assert_null(rpc_stream_read(&s, &kvindex__v1__dump_response__descriptor));
    assert_int_equal(rpc_stream_status(&s, NULL, 0), GRPC_STATUS_OK);
    rpc_stream_close(&s);
}

static void a_dump_can_be_cancelled(void **state)
{
    struct rpc_fixture *f = *state;
    struct rpc_stream s;
    int blocks;
    fill_much(f, 4);
    for (int i = 0; i < 20; i++) {
        open_dump(&s, f, 20000);
        ProtobufCMessage *m = rpc_stream_read(&s, &kvindex__v1__dump_response__descriptor);
        assert_non_null(m);
        protobuf_c_message_free_unpacked(m, NULL);
        rpc_stream_cancel(&s);
        assert_int_equal(rpc_stream_status(&s, NULL, 0), GRPC_STATUS_CANCELLED);
        rpc_stream_close(&s);
    }
    assert_int_equal(rpc_score(f, "a", 1, 1, &blocks), GRPC_STATUS_OK);
    assert_int_equal(blocks, 1);
}

/* The server makes the next slice only when the last one has left: what it holds for a stalled client is
 * bounded. */
static void a_client_that_never_reads(void **state)
{
    struct rpc_fixture *f = *state;
    struct rpc_stream dump, questions;
    int blocks;
    fill_much(f, 24);
    int64_t before = f->memory.live;
    open_dump(&dump, f, 20000);
    rpc_stream_open(&questions, &f->client, QUERY_STREAM, 500);
    Kvindex__V1__QueryByHashRequest h = KVINDEX__V1__QUERY_BY_HASH_REQUEST__INIT;
    Kvindex__V1__QueryStreamRequest q = KVINDEX__V1__QUERY_STREAM_REQUEST__INIT;
    uint64_t hashes[1000] = {1};
    h.block_hashes = hashes;
    h.n_block_hashes = 1000;
    q.question_case = KVINDEX__V1__QUERY_STREAM_REQUEST__QUESTION_QUERY_BY_HASH;
    q.query_by_hash = &h;
    int sent = 0;
    while (sent < 1000000 &&
           rpc_stream_send_message(&questions, &q.base)) /* until the deadline, or back-pressure */
        sent++;
    assert_int_equal(rpc_stream_status(&questions, NULL, 0), GRPC_STATUS_DEADLINE_EXCEEDED);
    assert_true(sent > 64);
    assert_int_equal(rpc_score(f, "a", 1, 1, &blocks), GRPC_STATUS_OK); /* others are served meanwhile */
    assert_true(f->memory.live - before < 4 << 20);
    rpc_stream_close(&questions);
    rpc_stream_close(&dump);
}

static void a_dump_ends_at_its_deadline(void **state)
{
    struct rpc_fixture *f = *state;
    struct rpc_stream s;
    fill_much(f, 24);
    open_dump(&s, f, 100);
    assert_int_equal(rpc_stream_status(&s, NULL, 0), GRPC_STATUS_DEADLINE_EXCEEDED);
    rpc_stream_close(&s);
}

/* Every message is of one partition and says of which; one that holds nothing is told of too. */
static void a_dump_goes_partition_by_partition(void **state)
{
    struct rpc_fixture *f = *state;
    static const char *const models[] = {"default", "empty", "large", "small"};
    Kvindex__V1__DumpResponse *m;
    struct rpc_stream s;
    size_t blocks[4] = {0}, messages[4] = {0}, at = 0, events = 0;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(
            fixture_register_in(&f->base, "a", 0,
                                &(struct kvx_partition_choice){.model = kvx_bytes_of(models[i]),
                                                               .tenant = kvx_bytes_of("t"),
                                                               .additional_salt = kvx_bytes_of("s"),
                                                               .has_salt = true,
                                                               .block_size = 16},
                                KVX_KIND_ENGINE),
            KVX_OK);
    assert_int_equal(fixture_store(&f->base, 0, false, 0, 1, 3, 5), KVX_OK);
    for (uint64_t i = 0; i < 64; i++) /* four slices */
        assert_int_equal(fixture_store(&f->base, 2, false, 0, 1000 + i * 1000, 250, 5), KVX_OK);
    assert_int_equal(fixture_store(&f->base, 3, false, 0, 1, 7, 5), KVX_OK);
    open_dump(&s, f, 20000);
    while ((m = (Kvindex__V1__DumpResponse *)rpc_stream_read(&s, &kvindex__v1__dump_response__descriptor))) {
        assert_non_null(m->partition);
        while (at < 4 && strcmp(m->partition->model, models[at]) != 0)
            at++;
        assert_in_range(at, 0, 3); /* in order, and none comes back */
        assert_string_equal(m->partition->tenant, "t");
        assert_string_equal(m->partition->additional_salt, "s");
        assert_int_equal(m->partition->block_size_tokens, 16);
        messages[at]++;
        for (size_t i = 0; i < m->n_events; i++) {
            assert_int_equal(m->events[i]->event_id, events++);
            blocks[at] += m->events[i]->n_local_hashes;
        }
        protobuf_c_message_free_unpacked(&m->base, NULL);
    }
    assert_int_equal(rpc_stream_status(&s, NULL, 0), GRPC_STATUS_OK);
    rpc_stream_close(&s);
    assert_true(blocks[0] == 3 && blocks[1] == 0 && blocks[2] == 64 * 250 && blocks[3] == 7);
    assert_true(messages[0] == 1 && messages[1] == 1 && messages[2] >= 4 && messages[3] == 1);
}

static void a_dump_of_some_partitions(void **state)
{
    struct rpc_fixture *f = *state;
    Kvindex__V1__DumpRequest in = KVINDEX__V1__DUMP_REQUEST__INIT;
    struct rpc_stream s;
    rpc_fill(f, 1, 3);
    assert_int_equal(fixture_register_in(&f->base, "b", 0,
                                         &(struct kvx_partition_choice){.model = kvx_bytes_of("m"),
                                                                        .tenant = kvx_bytes_of("t"),
                                                                        .block_size = 16},
                                         KVX_KIND_ENGINE),
                     KVX_OK);
    assert_int_equal(fixture_store(&f->base, 1, false, 0, 1, 3, 5), KVX_OK);
    static const char *const rows[][3] = {/* model, tenant, the models that come */
                                          {"m", "", "m"},
                                          {"", "t", "m"},
                                          {"default", "", "default"},
                                          {"x", "", ""},
                                          {"m", "default", ""}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char got[64] = "";
        Kvindex__V1__DumpResponse *m;
        in.model = (char *)rows[i][0];
        in.tenant = (char *)rows[i][1];
        rpc_stream_open(&s, &f->client, DUMP, 20000);
        assert_true(rpc_stream_send_message(&s, &in.base));
        rpc_stream_half_close(&s);
        while (
            (m = (Kvindex__V1__DumpResponse *)rpc_stream_read(&s, &kvindex__v1__dump_response__descriptor))) {
            strncat(got, m->partition->model, sizeof(got) - strlen(got) - 1);
            assert_int_equal(m->n_events, 1);
            protobuf_c_message_free_unpacked(&m->base, NULL);
        }
        assert_int_equal(rpc_stream_status(&s, NULL, 0), GRPC_STATUS_OK);
        assert_string_equal(got, rows[i][2]);
        rpc_stream_close(&s);
    }
}

static void memory_failures_in_a_dump(void **state)
{
    struct rpc_fixture *f = *state;
    Kvindex__V1__DumpResponse *m;
    struct rpc_stream s;
    int failed = 0, whole = 0;
    rpc_fill(f, 1, 200);
    for (uint64_t n = 1; whole < 3; n++) {
        assert_true(n < 1000);
        f->memory.fail_at = f->memory.calls + n;
        open_dump(&s, f, 20000);
        while (
            (m = (Kvindex__V1__DumpResponse *)rpc_stream_read(&s, &kvindex__v1__dump_response__descriptor)))
            protobuf_c_message_free_unpacked(&m->base, NULL);
        int status = rpc_stream_status(&s, NULL, 0);
        assert_true(status == GRPC_STATUS_OK || status == GRPC_STATUS_UNAVAILABLE);
        failed += status != GRPC_STATUS_OK;
        whole += status == GRPC_STATUS_OK;
        f->memory.fail_at = 0;
        rpc_stream_close(&s);
    }
    assert_true(failed > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rpc_fixture_open, rpc_fixture_close)
    const struct CMUnitTest tests[] = {
        TEST(a_dump_holds_every_block_once), TEST(an_empty_dump),
        TEST(a_dump_can_be_cancelled),       TEST(a_client_that_never_reads),
        TEST(a_dump_ends_at_its_deadline),   TEST(a_dump_goes_partition_by_partition),
        TEST(a_dump_of_some_partitions),     TEST(memory_failures_in_a_dump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
