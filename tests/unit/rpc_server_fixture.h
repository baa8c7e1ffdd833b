/* A gRPC server over a service with fake sources, and one client. */
#ifndef RPC_SERVER_FIXTURE_H
#define RPC_SERVER_FIXTURE_H

#include "base/clock.h"
#include "kvindex_rpc.h"
#include "rpc/rpc.h"
#include "rpc_client.h"
#include "service_fixture.h"

#define RPC_PATH(method) "/kvindex.v1.KvIndexer/" method

struct rpc_fixture {
    struct fixture base;
    struct failing_allocator memory; /* the server's */
    struct kvx_rpc *rpc;
    struct rpc_client client;
};

/* cmocka's setup and teardown; `*state` is the fixture. Teardown fails when memory is left. */
int rpc_fixture_open(void **state);
int rpc_fixture_close(void **state);

/* Requests with their answers; the functions return the gRPC status. */
struct rpc_error rpc_register(struct rpc_fixture *, const char *id, uint32_t block_size);
/* Query by the hashes first, first+1, ...; `*blocks` becomes the score of instance `id`, -1 when it has none.
 */
int rpc_score(struct rpc_fixture *, const char *id, uint64_t first, size_t n, int *blocks);
/* Registers "a" and stores `n` blocks with the hashes first, first+1, ... as its engine would. */
void rpc_fill(struct rpc_fixture *, uint64_t first, size_t n);

#endif /* RPC_SERVER_FIXTURE_H */
