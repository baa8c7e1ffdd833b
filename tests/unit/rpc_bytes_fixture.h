/* A service that is asked in bytes, without a server: one question at a time, its answer in `answer`. */
#ifndef RPC_BYTES_FIXTURE_H
#define RPC_BYTES_FIXTURE_H

#include "kvindex/v1/kvindex.pb-c.h"
#include "service_fixture.h"

struct bytes_test {
    struct fixture base; /* its error is that of the last call */
    struct kvx_buf answer;
};

/* cmocka's setup and teardown; `*state` is the test. */
int open_test(void **state);
int close_test(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_test, close_test)

/* Return the code. */
int call_bytes(struct bytes_test *, const char *operation, const void *data, size_t len);
int call(struct bytes_test *, const char *operation, const ProtobufCMessage *);
/* Demand an outcome. */
void refused(struct bytes_test *, const char *operation, const ProtobufCMessage *, int code,
             const char *text);
void ok(struct bytes_test *, const char *operation, const ProtobufCMessage *);

/* The last answer as a message. */
void *answered(struct bytes_test *, const ProtobufCMessageDescriptor *);
void done(void *message);

Kvindex__V1__RegisterRequest registration(const char *id, const char *model, const char *tenant);
void register_worker(struct bytes_test *, const char *id, const char *model, const char *tenant);
/* Source i stores n blocks with the hashes first, first+1, ... */
void store(struct bytes_test *, size_t source, enum kvx_tier, uint64_t first, size_t n);
/* Three workers of model m, of which b has two ranks: a, b and b hold 2, 5 and 3 blocks from 100 on, c none.
 */
void fill(struct bytes_test *);

#endif /* RPC_BYTES_FIXTURE_H */
