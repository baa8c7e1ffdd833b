#include "rpc_server_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int rpc_fixture_open(void **state)
{
    struct rpc_fixture *f = calloc(1, sizeof(*f));
    if (!f)
        return 1;
    failing_allocator_init(&f->base.memory);
    failing_allocator_init(&f->memory);
    if (fixture_open(&f->base, 16) < 0)
        return 1;
    const struct kvx_rpc_config config = {
        .bind = "127.0.0.1",
        .threads = 2,
        .service = f->base.service,
        .metrics = &f->base.metrics,
        .allocator = &f->memory.allocator,
        .poll_ns = KVX_MS(10),
    };
    if (kvx_rpc_new(&f->rpc, &config, &f->base.error) < 0)
        return 1;
    rpc_client_open(&f->client, kvx_rpc_port(f->rpc), false);
    *state = f;
    return 0;
}

int rpc_fixture_close(void **state)
{
    struct rpc_fixture *f = *state;
    rpc_client_close(&f->client);
    kvx_rpc_free(f->rpc);
    fixture_close(&f->base);
    bool leak = f->memory.live != 0 || f->base.memory.live != 0;
    free(f);
    return leak;
}

struct rpc_error rpc_register(struct rpc_fixture *f, const char *id, uint32_t block_size)
{
    Kvindex__V1__RegisterRequest in = KVINDEX__V1__REGISTER_REQUEST__INIT;
    in.instance_id = (char *)id;
    in.endpoint = (char *)"tcp://127.0.0.1:5557";
    in.block_size_tokens = block_size;
    return rpc_call(&f->client, "Register", &in.base, &kvindex__v1__register_response__descriptor, NULL);
}

int rpc_score(struct rpc_fixture *f, const char *id, uint64_t first, size_t n, int *blocks)
{
    uint64_t hashes[1024];
    ProtobufCMessage *m;
    Kvindex__V1__QueryByHashRequest in = KVINDEX__V1__QUERY_BY_HASH_REQUEST__INIT;
    for (size_t i = 0; i < n; i++)
        hashes[i] = first + i;
    in.block_hashes = hashes;
    in.n_block_hashes = n;
    struct rpc_error e =
        rpc_call(&f->client, "QueryByHash", &in.base, &kvindex__v1__query_by_hash_response__descriptor, &m);
    *blocks = -1;
    if (e.status != GRPC_STATUS_OK)
        return e.status;
    const Kvindex__V1__QueryResult *result = ((Kvindex__V1__QueryByHashResponse *)m)->result;
    for (size_t i = 0; i < result->n_hits; i++)
        if (strcmp(result->hits[i]->worker->instance_id, id) == 0)
            *blocks = (int)result->hits[i]->device_blocks;
    protobuf_c_message_free_unpacked(m, NULL);
    return e.status;
}

void rpc_fill(struct rpc_fixture *f, uint64_t first, size_t n)
{
    assert_int_equal(rpc_register(f, "a", 0).status, GRPC_STATUS_OK);
    assert_int_equal(fixture_store(&f->base, 0, false, 0, first, n, 1000000), KVX_OK);
}
