/* The C client library connected to a real server. */
#ifndef CLIENT_FIXTURE_H
#define CLIENT_FIXTURE_H

#include "kvindex/client.h"
#include "rpc_server_fixture.h"

enum { BLOCKS = 40, FIRST = 100, NAMING = 1000000 };

struct test {
    struct rpc_fixture *server;
    struct kvindex_client *client;
    struct kvindex_error error;
};

struct kvindex_client *connect_to(uint16_t port, const struct kvindex_options *);
/* cmocka's setup and teardown; `*state` is the test. */
int open_test(void **state);
int close_test(void **state);
#define SERVER_TEST(test) cmocka_unit_test_setup_teardown(test, open_test, close_test)

/* The status of a call that failed, and a part of its sentence. */
void expect(const struct test *, int status, int code, const char *text);

extern const struct kvindex_registration worker_a;

#endif /* CLIENT_FIXTURE_H */
