#include "client_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct kvindex_client *connect_to(uint16_t port, const struct kvindex_options *options)
{
    char target[32];
    struct kvindex_client *client;
    struct kvindex_error error;
    snprintf(target, sizeof(target), "127.0.0.1:%u", port);
    assert_int_equal(kvindex_client_new(target, options, &client, &error), KVINDEX_OK);
    return client;
}

int open_test(void **state)
{
    void *server = NULL;
    if (rpc_fixture_open(&server) != 0)
        return 1;
    struct test *t = calloc(1, sizeof(*t));
    assert_non_null(t);
    t->server = server;
    t->client = connect_to(kvx_rpc_port(t->server->rpc), NULL);
    *state = t;
    return 0;
}

int close_test(void **state)
{
    struct test *t = *state;
    void *server = t->server;
    kvindex_client_free(t->client);
    free(t);
    return rpc_fixture_close(&server);
}

void expect(const struct test *t, int status, int code, const char *text)
{
    if (status != code || t->error.code != code || !strstr(t->error.message, text))
        fail_msg("status %d, error %d \"%s\", not %d \"%s\"", status, t->error.code, t->error.message, code,
                 text);
}

const struct kvindex_registration worker_a = {.instance_id = "a", .endpoint = "tcp://127.0.0.1:5557"};
