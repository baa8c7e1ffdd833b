/* Every unary operation from bytes to bytes, without a connection: what a request says reaches the service,
 * what the service answers reaches the client. */
#include "kvindex_rpc.h"
#include "rpc/bytes.h"
#include "rpc_bytes_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void the_operations_offered(void **state)
{
    struct bytes_test *t = *state;
    static const char *const unary[] = {"Register",       "Unregister",  "ListWorkers", "ListPartitions",
                                        "Query",          "QueryByHash", "GetHealth",   "RegisterPeer",
                                        "DeregisterPeer", "ListPeers"};
    static const char *const others[] = {
        "Dump", "QueryStream", "grpc.health.v1.Health/Check", "register", "Query ", "", "Quer"};
    size_t n = 0;
    for (size_t i = 0; i < sizeof(unary) / sizeof(unary[0]); i++)
        assert_true(kvx_rpc_has(NULL, unary[i]));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_false(kvx_rpc_has(NULL, others[i]));
        assert_int_equal(call_bytes(t, others[i], "", 0), KVX_UNIMPLEMENTED);
        assert_non_null(strstr(t->base.error.text, others[i]));
    }
    for (size_t i = 0; i < kvindex_rpc_schema.n_methods; i++)
        n += kvx_rpc_has(NULL, kvindex_rpc_schema.operations[i]);
    assert_int_equal(n, sizeof(unary) / sizeof(unary[0]));
}

static void bytes_are_checked(void **state)
{
    struct bytes_test *t = *state;
    size_t size = kvindex_rpc_schema.max_message_bytes + 1;
    char *large = calloc(1, size);
    assert_non_null(large);
    assert_int_equal(call_bytes(t, "Query", large, size), KVX_TOO_LARGE);
    assert_non_null(strstr(t->base.error.text, "at most 8388608"));
    free(large);
    assert_int_equal(call_bytes(t, "Query", "\x0a\xff", 2), KVX_INVALID);
    assert_non_null(strstr(t->base.error.text, "malformed QueryRequest"));
    assert_int_equal(call_bytes(t, "Register", "", 0), KVX_INVALID);
    assert_string_equal(t->base.error.text, "`instance_id` is missing");
    assert_int_equal(call_bytes(t, "Query", NULL, 0), KVX_OK);
    Kvindex__V1__QueryResponse *r = answered(t, &kvindex__v1__query_response__descriptor);
    assert_int_equal(r->result->asked_blocks, 0);
    done(r);
}

/* ---- Workers and partitions ---- */

static void what_a_registration_says(void **state)
{
    struct bytes_test *t = *state;
    Kvindex__V1__RegisterRequest r = registration("7", "llama", "acme");
    Kvindex__V1__ListWorkersRequest l = KVINDEX__V1__LIST_WORKERS_REQUEST__INIT;
    r.dp_rank = 3;
    r.replay_endpoint = (char *)"tcp://127.0.0.1:5558";
    r.block_size_tokens = 64;
    r.additional_salt = (char *)"fp8";
    r.lora_name = (char *)"adapter";
    r.kind = KVINDEX__V1__SOURCE_KIND__SOURCE_KIND_POOL;
    ok(t, "Register", &r.base);
    assert_true(t->base.sources[0].pool && t->base.sources[0].block_size == 64);
    refused(t, "Register", &r.base, KVX_EXISTS, "7");
    ok(t, "ListWorkers", &l.base);
    Kvindex__V1__ListWorkersResponse *list = answered(t, &kvindex__v1__list_workers_response__descriptor);
    assert_int_equal(list->n_workers, 1);
    const Kvindex__V1__WorkerStatus *w = list->workers[0];
    assert_string_equal(w->worker->instance_id, "7");
    assert_int_equal(w->worker->dp_rank, 3);
    assert_string_equal(w->endpoint, "tcp://127.0.0.1:5557");
    assert_string_equal(w->replay_endpoint, "tcp://127.0.0.1:5558");
    assert_string_equal(w->model, "llama");
    assert_string_equal(w->tenant, "acme");
    assert_string_equal(w->additional_salt, "fp8");
    assert_string_equal(w->lora_name, "adapter");
    assert_int_equal(w->block_size_tokens, 64);
    assert_int_equal(w->kind, KVINDEX__V1__SOURCE_KIND__SOURCE_KIND_POOL);
    assert_int_equal(w->state, KVINDEX__V1__SOURCE_STATE__SOURCE_STATE_CONNECTING);
    done(list);
}

static void block_sizes(void **state)
{
    struct bytes_test *t = *state;
    Kvindex__V1__RegisterRequest r = registration("a", "", "");
    ok(t, "Register", &r.base);
    r.instance_id = (char *)"b";
    r.block_size_tokens = 32;
    refused(t, "Register", &r.base, KVX_CONFLICT, "32"); /* no model: the default partition has one size */
    r.model = (char *)"default";
    ok(t, "Register", &r.base);
    r.instance_id = (char *)"c";
    r.model = (char *)"new";
    r.block_size_tokens = 0;
    refused(t, "Register", &r.base, KVX_INVALID, "`block_size`");
}

static void kinds_outside_the_schema(void **state)
{
    struct bytes_test *t = *state;
    Kvindex__V1__RegisterRequest r = registration("a", "", "");
    r.kind = (Kvindex__V1__SourceKind)3;
    refused(t, "Register", &r.base, KVX_INVALID, "`kind`: 3 is not known");
    r.kind = (Kvindex__V1__SourceKind)-1;
    refused(t, "Register", &r.base, KVX_INVALID, "`kind`: -1 is not known");
    r.kind = KVINDEX__V1__SOURCE_KIND__SOURCE_KIND_UNSPECIFIED;
    ok(t, "Register", &r.base);
    assert_false(t->base.sources[0].pool);
}

static void expect_workers(struct bytes_test *t, const char *model, const char *tenant, const char *ids)
{
    char got[64] = "";
    Kvindex__V1__ListWorkersRequest l = KVINDEX__V1__LIST_WORKERS_REQUEST__INIT;
    l.model = (char *)model;
    l.tenant = (char *)tenant;
    ok(t, "ListWorkers", &l.base);
    Kvindex__V1__ListWorkersResponse *list = answered(t, &kvindex__v1__list_workers_response__descriptor);
    for (size_t i = 0; i < list->n_workers; i++)
        strncat(got, list->workers[i]->worker->instance_id, sizeof(got) - strlen(got) - 1);
    assert_string_equal(got, ids);
    done(list);
}

static void listings_are_filtered(void **state)
{
    struct bytes_test *t = *state;
    register_worker(t, "a", "", "");
    register_worker(t, "b", "m", "");
    register_worker(t, "c", "m", "t");
    register_worker(t, "d", "n", "t");
    expect_workers(t, "", "", "abcd");
    expect_workers(t, "m", "", "bc");
    expect_workers(t, "", "t", "cd");
    expect_workers(t, "m", "t", "c");
    expect_workers(t, "default", "default", "a");
    expect_workers(t, "x", "", "");
}

static void unregister(struct bytes_test *t, const char *id, const char *model, const char *salt,
                       uint32_t block_size, int removed)
{
    Kvindex__V1__UnregisterRequest u = KVINDEX__V1__UNREGISTER_REQUEST__INIT;
    u.instance_id = (char *)id;
    u.model = (char *)model;
    u.additional_salt = (char *)salt;
    u.block_size_tokens = block_size;
    if (removed == 0) {
        refused(t, "Unregister", &u.base, KVX_NOT_FOUND, id);
        return;
    }
    ok(t, "Unregister", &u.base);
    Kvindex__V1__UnregisterResponse *r = answered(t, &kvindex__v1__unregister_response__descriptor);
    assert_int_equal(r->removed_workers, removed);
    done(r);
}

static void unregister_where_it_says(void **state)
{
    struct bytes_test *t = *state;
    Kvindex__V1__RegisterRequest r = registration("a", "m", "");
    register_worker(t, "a", "", "");
    ok(t, "Register", &r.base);
    r.additional_salt = (char *)"s";
    ok(t, "Register", &r.base);
    r.block_size_tokens = 32;
    ok(t, "Register", &r.base);
    r.dp_rank = 1;
    ok(t, "Register", &r.base);
    unregister(t, "a", "x", "", 0, 0);
    unregister(t, "a", "m", "s", 64, 0);
    unregister(t, "a", "m", "s", 32, 2);
    unregister(t, "a", "m", "", 0, 2);
    expect_workers(t, "", "", "a");
    unregister(t, "a", "", "", 0, 1);
}

static void partitions_are_listed(void **state)
{
    struct bytes_test *t = *state;
    Kvindex__V1__ListPartitionsRequest l = KVINDEX__V1__LIST_PARTITIONS_REQUEST__INIT;
    Kvindex__V1__RegisterRequest pool = registration("p", "m", "t");
    register_worker(t, "a", "", "");
    register_worker(t, "b", "m", "t");
    pool.kind = KVINDEX__V1__SOURCE_KIND__SOURCE_KIND_POOL;
    ok(t, "Register", &pool.base);
    store(t, 1, KVX_TIER_DEVICE, 100, 5);
    store(t, 1, KVX_TIER_DISK, 100, 2);
    store(t, 2, KVX_TIER_HOST, 100, 4);
    ok(t, "ListPartitions", &l.base);
    Kvindex__V1__ListPartitionsResponse *list =
        answered(t, &kvindex__v1__list_partitions_response__descriptor);
    assert_int_equal(list->n_partitions, 2);
    const Kvindex__V1__PartitionStatus *first = list->partitions[0], *second = list->partitions[1];
    assert_string_equal(first->partition->model, "default");
    assert_string_equal(first->partition->tenant, "default");
    assert_int_equal(first->workers, 1);
    assert_int_equal(first->positions, 0);
    assert_string_equal(second->partition->model, "m");
    assert_string_equal(second->partition->tenant, "t");
    assert_string_equal(second->partition->additional_salt, "");
    assert_int_equal(second->partition->block_size_tokens, 16);
    assert_int_equal(second->workers, 1);
    assert_int_equal(second->pools, 1);
    assert_int_equal(second->held_blocks->device_blocks, 5);
    assert_int_equal(second->held_blocks->disk_blocks, 2);
    assert_int_equal(second->held_blocks->host_blocks, 0);
    assert_int_equal(second->pool_blocks->host_blocks, 4);
    assert_int_equal(second->positions, 5);
    assert_true(second->memory_bytes > 0);
    done(list);
}

static void peers(void **state)
{
    struct bytes_test *t = *state;
    Kvindex__V1__RegisterPeerRequest add = KVINDEX__V1__REGISTER_PEER_REQUEST__INIT;
    Kvindex__V1__DeregisterPeerRequest remove = KVINDEX__V1__DEREGISTER_PEER_REQUEST__INIT;
    Kvindex__V1__ListPeersRequest l = KVINDEX__V1__LIST_PEERS_REQUEST__INIT;
    refused(t, "RegisterPeer", &add.base, KVX_INVALID, "`url` is missing");
    add.url = (char *)"nonsense";
    refused(t, "RegisterPeer", &add.base, KVX_INVALID, "`url`");
    add.url = (char *)"http://10.0.0.8:8090";
    ok(t, "RegisterPeer", &add.base);
    ok(t, "RegisterPeer", &add.base);
    add.url = (char *)"http://10.0.0.9:8090";
    ok(t, "RegisterPeer", &add.base);
    remove.url = (char *)"http://10.0.0.8:8090";
    ok(t, "DeregisterPeer", &remove.base);
    refused(t, "DeregisterPeer", &remove.base, KVX_NOT_FOUND, "peer");
    ok(t, "ListPeers", &l.base);
    Kvindex__V1__ListPeersResponse *list = answered(t, &kvindex__v1__list_peers_response__descriptor);
    assert_int_equal(list->n_urls, 1);
    assert_string_equal(list->urls[0], "http://10.0.0.9:8090");
    done(list);
}

/* ---- Memory ---- */

static void every_allocation_can_fail(void **state)
{
    struct bytes_test *t = *state;
    uint64_t hashes[] = {100, 101};
    Kvindex__V1__QueryByHashRequest q = KVINDEX__V1__QUERY_BY_HASH_REQUEST__INIT;
    Kvindex__V1__Candidate one = KVINDEX__V1__CANDIDATE__INIT;
    Kvindex__V1__Candidate *candidates[] = {&one};
    Kvindex__V1__ListPartitionsRequest p = KVINDEX__V1__LIST_PARTITIONS_REQUEST__INIT;
    Kvindex__V1__ListWorkersRequest w = KVINDEX__V1__LIST_WORKERS_REQUEST__INIT;
    Kvindex__V1__ListPeersRequest l = KVINDEX__V1__LIST_PEERS_REQUEST__INIT;
    Kvindex__V1__GetHealthRequest h = KVINDEX__V1__GET_HEALTH_REQUEST__INIT;
    const struct {
        const char *name;
        const ProtobufCMessage *request;
    } calls[] = {{"QueryByHash", &q.base},
                 {"ListPartitions", &p.base},
                 {"ListWorkers", &w.base},
                 {"ListPeers", &l.base},
                 {"GetHealth", &h.base}};
    fill(t);
    one.instance_id = (char *)"b";
    q.candidates = candidates;
    q.n_candidates = 1;
    q.block_hashes = hashes;
    q.n_block_hashes = 2;
    q.model = (char *)"m";
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        int status = KVX_NOMEM;
        uint64_t failures = 0;
        for (; status == KVX_NOMEM; failures++) {
            kvx_buf_free(&t->answer);
            t->base.memory.fail_at = t->base.memory.calls + failures + 1;
            status = call(t, calls[i].name, calls[i].request);
        }
        t->base.memory.fail_at = 0;
        assert_int_equal(status, KVX_OK);
        assert_true(failures > 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_operations_offered),
        TEST(bytes_are_checked),
        TEST(what_a_registration_says),
        TEST(block_sizes),
        TEST(kinds_outside_the_schema),
        TEST(listings_are_filtered),
        TEST(unregister_where_it_says),
        TEST(partitions_are_listed),
        TEST(peers),
        TEST(every_allocation_can_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
