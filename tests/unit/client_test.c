/* The C client library against a real server: every operation, every kind of failure, cancellation from
 * another thread, many threads on one client, and out of memory. */
#include "base/block_hash.h"
#include "client_fixture.h"

#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void registration(void **state)
{
    struct test *t = *state;
    struct kvindex_registration r = {.instance_id = "a",
                                     .dp_rank = 2,
                                     .endpoint = "tcp://127.0.0.1:5557",
                                     .replay_endpoint = "tcp://127.0.0.1:5558"};
    const struct kvindex_workers *workers;
    const uint32_t rank = 2, other_rank = 3;
    uint64_t removed = 0;
    assert_int_equal(kvindex_register(t->client, &r, &t->error), KVINDEX_OK);
    expect(t, kvindex_register(t->client, &r, &t->error), KVINDEX_ALREADY_EXISTS, "already registered");
    r.instance_id = "b";
    r.block_size_tokens = 32; /* no model is named: the default partition has one size */
    expect(t, kvindex_register(t->client, &r, &t->error), KVINDEX_FAILED_PRECONDITION, "32");
    r.instance_id = NULL;
    expect(t, kvindex_register(t->client, &r, &t->error), KVINDEX_INVALID_ARGUMENT, "instance_id");

    assert_int_equal(kvindex_list_workers(t->client, &workers, &t->error), KVINDEX_OK);
    assert_int_equal(workers->n, 1);
    const struct kvindex_worker *w = &workers->items[0];
    assert_string_equal(w->instance_id, "a");
    assert_int_equal(w->dp_rank, 2);
    assert_string_equal(w->endpoint, "tcp://127.0.0.1:5557");
    assert_string_equal(w->replay_endpoint, "tcp://127.0.0.1:5558");
    assert_string_equal(kvindex_state_name(w->state), "connecting");
    assert_string_equal(kvindex_reason_name(w->reason), "");
    assert_false(w->has_sequence || w->learned);
    assert_int_equal(w->block_size_tokens, 16);
    assert_string_equal(w->model, "default");
    kvindex_workers_free(workers);

    expect(t, kvindex_unregister(t->client, "a", &other_rank, &removed, &t->error), KVINDEX_NOT_FOUND, "a");
    assert_int_equal(removed, 0);
    assert_int_equal(kvindex_unregister(t->client, "a", &rank, &removed, &t->error), KVINDEX_OK);
    assert_int_equal(removed, 1);
    expect(t, kvindex_unregister(t->client, "a", NULL, NULL, &t->error), KVINDEX_NOT_FOUND, "a");
    assert_int_equal(kvindex_unregister(t->client, "a", NULL, NULL, NULL), KVINDEX_NOT_FOUND);
}

static void queries(void **state)
{
    struct test *t = *state;
    const struct kvindex_result *result;
    uint64_t hashes[BLOCKS + 10];
    uint32_t tokens[40];
    for (uint64_t i = 0; i < BLOCKS + 10; i++)
        hashes[i] = FIRST + i;
    for (uint32_t i = 0; i < 40; i++)
        tokens[i] = i + 1;
    assert_int_equal(kvindex_query_tokens(t->client, tokens, 40, &result, &t->error), KVINDEX_OK);
    assert_int_equal(result->n, 0);
    kvindex_result_free(result);

    rpc_fill(t->server, FIRST, BLOCKS);
    assert_int_equal(kvindex_query_hashes(t->client, hashes, BLOCKS + 10, &result, &t->error), KVINDEX_OK);
    assert_int_equal(result->n, 1);
    assert_int_equal(result->asked_blocks, BLOCKS + 10);
    assert_int_equal(result->block_size_tokens, 16);
    assert_string_equal(result->hits[0].instance_id, "a");
    assert_int_equal(result->hits[0].device_blocks, BLOCKS);
    assert_int_equal(result->hits[0].through_external_blocks, BLOCKS);
    assert_int_equal(result->hits[0].total_blocks, BLOCKS);
    kvindex_result_free(result);

    uint64_t first = kvx_block_hash(KVX_HASH_SEED, tokens, 16, NULL, 0);
    assert_true(first == UINT64_C(16863443419780771464));
    assert_int_equal(fixture_store(&t->server->base, 0, false, 0, first, 1, NAMING), KVX_OK);
    assert_int_equal(kvindex_query_tokens(t->client, tokens, 40, &result, &t->error), KVINDEX_OK);
    assert_int_equal(result->n, 1);
    assert_int_equal(result->asked_blocks, 2);
    assert_int_equal(result->hits[0].device_blocks, 1);
    kvindex_result_free(result);
}

static void too_long_a_prompt(void **state)
{
    struct test *t = *state;
    size_t n = 524289;
    const struct kvindex_result *result = NULL;
    uint64_t *hashes = calloc(n, sizeof(*hashes));
    assert_non_null(hashes);
    expect(t, kvindex_query_hashes(t->client, hashes, n, &result, &t->error), KVINDEX_RESOURCE_EXHAUSTED, "");
    assert_null(result);
    free(hashes);
}

static void health(void **state)
{
    struct test *t = *state;
    const struct kvindex_health *h;
    assert_int_equal(kvindex_register(t->client, &worker_a, &t->error), KVINDEX_OK);
    kvx_service_started(t->server->base.service);
    assert_int_equal(kvindex_get_health(t->client, &h, &t->error), KVINDEX_OK);
    assert_false(h->draining);
    assert_int_equal(h->workers, 1);
    assert_int_equal(h->n_states, 1);
    assert_int_equal(h->states[0].state, KVINDEX_STATE_CONNECTING);
    assert_int_equal(h->states[0].workers, 1);
    assert_true(h->n_reasons >= 1 && strstr(h->reasons[0], "a"));
    kvindex_health_free(h);
}

/* ---- Dump ---- */

enum { RUN = 256 }; /* blocks of one prompt */

/* Prompts that follow each other in their hashes and share nothing. */
static void fill_runs(struct test *t, size_t runs)
{
    rpc_fill(t->server, FIRST, RUN);
    for (size_t i = 1; i < runs; i++)
        assert_int_equal(fixture_store(&t->server->base, 0, false, 0, FIRST + i * RUN, RUN, NAMING), KVX_OK);
}

struct seen {
    struct kvindex_client *cancel; /* at the first event, when set */
    size_t events, blocks, stop_after;
    uint64_t sum; /* of the hashes: in whatever order they come */
    bool wrong;
};

static int see(void *user, const struct kvindex_stored *s)
{
    struct seen *seen = user;
    bool inside = s->n > 0 && (s->local_hashes[0] - FIRST) % RUN != 0;
    seen->wrong |= s->n == 0 || s->event_id != seen->events || strcmp(s->instance_id, "a") != 0 ||
                   strcmp(kvindex_tier_name(s->tier), "device") != 0;
    seen->wrong |= s->has_parent != inside || (inside && s->parent_engine_hash != s->engine_hashes[0] - 1);
    for (size_t i = 0; i < s->n; i++) {
        seen->wrong |= s->local_hashes[i] != s->local_hashes[0] + i ||
                       s->engine_hashes[i] != s->local_hashes[i] + NAMING;
        seen->sum += s->local_hashes[i];
    }
    seen->events++;
    seen->blocks += s->n;
    if (seen->cancel)
        kvindex_client_cancel(seen->cancel);
    return seen->events == seen->stop_after;
}

static void dump(void **state)
{
    struct test *t = *state;
    struct seen none = {0}, all = {0}, some = {.stop_after = 2};
    const uint64_t n = 4 * RUN;
    assert_int_equal(kvindex_dump(t->client, see, &none, &t->error), KVINDEX_OK);
    assert_int_equal(none.events, 0);
    fill_runs(t, 4);
    assert_int_equal(kvindex_dump(t->client, see, &all, &t->error), KVINDEX_OK);
    assert_int_equal(all.blocks, n);
    assert_int_equal(all.sum, n * FIRST + n * (n - 1) / 2);
    assert_false(all.wrong);
    assert_int_equal(kvindex_dump(t->client, see, &some, &t->error), KVINDEX_OK);
    assert_int_equal(some.events, 2);
    assert_false(some.wrong);
}

static void a_cancelled_dump(void **state)
{
    struct test *t = *state;
    struct seen cut = {.cancel = t->client}, whole = {0};
    fill_runs(t, 1000);
    expect(t, kvindex_dump(t->client, see, &cut, &t->error), KVINDEX_CANCELLED, "");
    assert_true(cut.blocks > 0 && cut.blocks < 1000 * RUN && !cut.wrong);
    assert_int_equal(kvindex_dump(t->client, see, &whole, &t->error), KVINDEX_OK);
    assert_int_equal(whole.blocks, 1000 * RUN);
}

/* ---- Failures ---- */

static void bad_targets(void **state)
{
    (void)state;
    struct kvindex_client *client = NULL;
    struct kvindex_error error;
    assert_int_equal(kvindex_client_new("", NULL, &client, &error), KVINDEX_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "`target`"));
    assert_int_equal(kvindex_client_new(NULL, NULL, &client, NULL), KVINDEX_INVALID_ARGUMENT);
    assert_null(client);
    kvindex_client_free(NULL);
    kvindex_workers_free(NULL);
    kvindex_result_free(NULL);
    kvindex_health_free(NULL);
    kvindex_partitions_free(NULL);
    kvindex_peers_free(NULL);
}

/* A socket on a free port. Whoever connects waits: nobody accepts. Bound only, connections are refused. */
static int silent_socket(bool listening, uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    if (listening)
        assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void nobody_listens(void **state)
{
    (void)state;
    struct test t = {0};
    struct seen seen = {0};
    const struct kvindex_workers *workers;
    uint16_t port;
    int fd = silent_socket(false, &port);
    t.client = connect_to(port, &(struct kvindex_options){.timeout_ms = 20000});
    uint64_t start = kvx_now_ns();
    expect(&t, kvindex_list_workers(t.client, &workers, &t.error), KVINDEX_UNAVAILABLE, "");
    /* Two pauses of at least 25 and 50 ms lie between three attempts. */
    assert_in_range(kvx_now_ns() - start, KVX_MS(75), KVX_SECONDS(15));
    expect(&t, kvindex_register(t.client, &worker_a, &t.error), KVINDEX_UNAVAILABLE, "");
    expect(&t, kvindex_dump(t.client, see, &seen, &t.error), KVINDEX_UNAVAILABLE, "");
    kvindex_client_free(t.client);
    close(fd);
}

static void nobody_answers(void **state)
{
    (void)state;
    struct test t = {0};
    struct seen seen = {0};
    const struct kvindex_workers *workers;
    uint16_t port;
    int fd = silent_socket(true, &port);
    t.client = connect_to(port, &(struct kvindex_options){.timeout_ms = 200});
    uint64_t start = kvx_now_ns();
    expect(&t, kvindex_list_workers(t.client, &workers, &t.error), KVINDEX_DEADLINE_EXCEEDED, "");
    expect(&t, kvindex_dump(t.client, see, &seen, &t.error), KVINDEX_DEADLINE_EXCEEDED, "200 ms");
    assert_in_range(kvx_now_ns() - start, KVX_MS(390), KVX_SECONDS(15));
    kvindex_client_free(t.client);
    close(fd);
}

/* The server comes up on its port while the first attempts fail. */
static void *start_later(void *user)
{
    struct test *t = user;
    struct kvx_rpc_config config = {.bind = "127.0.0.1",
                                    .port = kvx_rpc_port(t->server->rpc),
                                    .threads = 1,
                                    .service = t->server->base.service,
                                    .metrics = &t->server->base.metrics,
                                    .allocator = &t->server->memory.allocator,
                                    .poll_ns = KVX_MS(10)};
    kvx_rpc_free(t->server->rpc);
    t->server->rpc = NULL;
    usleep(300000);
    return (void *)(intptr_t)kvx_rpc_new(&t->server->rpc, &config, &t->server->base.error);
}

static void reads_are_tried_again(void **state)
{
    struct test *t = *state;
    const struct kvindex_workers *workers;
    const struct kvindex_options patient = {.timeout_ms = 60000, .attempts = 60};
    pthread_t thread;
    void *status;
    struct kvindex_client *client = connect_to(kvx_rpc_port(t->server->rpc), &patient);
    rpc_client_close(&t->server->client); /* an open connection would hold the port */
    assert_int_equal(pthread_create(&thread, NULL, start_later, t), 0);
    usleep(100000);
    int code = kvindex_list_workers(client, &workers, &t->error);
    pthread_join(thread, &status);
    assert_null(status);
    rpc_client_open(&t->server->client, kvx_rpc_port(t->server->rpc), false);
    if (code != KVINDEX_OK)
        fail_msg("%d %s", code, t->error.message);
    kvindex_workers_free(workers);
    kvindex_client_free(client);
}

static void *cancel_soon(void *client)
{
    usleep(200000);
    kvindex_client_cancel(client);
    return NULL;
}

static void cancellation_from_another_thread(void **state)
{
    (void)state;
    struct test t = {0};
    const struct kvindex_workers *workers;
    struct seen seen = {0};
    pthread_t thread;
    uint16_t port;
    for (int listening = 0; listening < 2; listening++) { /* in a pause between attempts, and in a call */
        int fd = silent_socket(listening, &port);
        t.client = connect_to(port, &(struct kvindex_options){.timeout_ms = 60000, .attempts = 1000});
        assert_int_equal(pthread_create(&thread, NULL, cancel_soon, t.client), 0);
        expect(&t, kvindex_list_workers(t.client, &workers, &t.error), KVINDEX_CANCELLED, "");
        pthread_join(thread, NULL);
        assert_int_equal(pthread_create(&thread, NULL, cancel_soon, t.client), 0);
        expect(&t, kvindex_dump(t.client, see, &seen, &t.error), KVINDEX_CANCELLED, "");
        pthread_join(thread, NULL);
        kvindex_client_free(t.client);
        close(fd);
    }
}

static void *ask_often(void *client)
{
    uint64_t hashes[BLOCKS];
    intptr_t right = 0;
    for (uint64_t i = 0; i < BLOCKS; i++)
        hashes[i] = FIRST + i;
    for (int i = 0; i < 200; i++) {
        const struct kvindex_result *result;
        if (kvindex_query_hashes(client, hashes, BLOCKS, &result, NULL) != KVINDEX_OK)
            continue;
        right += result->n == 1 && result->hits[0].device_blocks == BLOCKS;
        kvindex_result_free(result);
    }
    return (void *)right;
}

static void many_threads_on_one_client(void **state)
{
    struct test *t = *state;
    pthread_t threads[4];
    void *right;
    rpc_fill(t->server, FIRST, BLOCKS);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, t->client), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &right);
        assert_int_equal((intptr_t)right, 200);
    }
}

/* ---- Out of memory ---- */

/* Sizes go before the blocks: the failing allocator wants to be told them again. */
static void *sized_alloc(void *user, size_t size)
{
    const struct kvx_allocator *a = user;
    max_align_t *p = kvx_alloc(a, sizeof(max_align_t) + size);
    if (!p)
        return NULL;
    *(size_t *)p = sizeof(max_align_t) + size;
    return p + 1;
}

static void sized_free(void *user, void *memory)
{
    const struct kvx_allocator *a = user;
    if (memory)
        kvx_dealloc(a, (max_align_t *)memory - 1, *(size_t *)((max_align_t *)memory - 1));
}

/* Every operation once; the number of those that failed for want of memory. */
static int ask_everything(struct kvindex_client *c)
{
    const uint64_t hashes[] = {FIRST, FIRST + 1};
    const uint32_t tokens[] = {1, 2};
    const struct kvindex_workers *workers = NULL;
    const struct kvindex_result *by_hash = NULL, *by_token = NULL;
    const struct kvindex_health *h = NULL;
    const struct kvindex_partitions *parts = NULL;
    const struct kvindex_peers *peer_list = NULL;
    const struct kvindex_result *chosen = NULL;
    const struct kvindex_candidate candidate = {"a", NULL};
    const struct kvindex_query question = {
        .block_hashes = hashes, .n_block_hashes = 2, .candidates = &candidate, .n_candidates = 1};
    struct seen seen = {0};
    int codes[] = {kvindex_list_workers(c, &workers, NULL),
                   kvindex_query_hashes(c, hashes, 2, &by_hash, NULL),
                   kvindex_query_tokens(c, tokens, 2, &by_token, NULL),
                   kvindex_get_health(c, &h, NULL),
                   kvindex_dump(c, see, &seen, NULL),
                   kvindex_list_partitions(c, &parts, NULL),
                   kvindex_list_peers(c, &peer_list, NULL),
                   kvindex_query(c, &question, &chosen, NULL),
                   kvindex_unregister(c, "nobody", NULL, NULL, NULL)};
    const size_t last = sizeof(codes) / sizeof(codes[0]) - 1;
    int failures = 0;
    for (size_t i = 0; i < last; i++) {
        assert_true(codes[i] == KVINDEX_OK || codes[i] == KVINDEX_RESOURCE_EXHAUSTED);
        failures += codes[i] != KVINDEX_OK;
    }
    assert_int_equal(codes[last], KVINDEX_NOT_FOUND);
    assert_true((codes[0] == KVINDEX_OK) == (workers != NULL) &&
                (codes[1] == KVINDEX_OK) == (by_hash != NULL));
    kvindex_workers_free(workers);
    kvindex_result_free(by_hash);
    kvindex_result_free(by_token);
    kvindex_health_free(h);
    kvindex_partitions_free(parts);
    kvindex_peers_free(peer_list);
    kvindex_result_free(chosen);
    return failures;
}

static void out_of_memory(void **state)
{
    struct test *t = *state;
    struct failing_allocator f;
    char target[32];
    snprintf(target, sizeof(target), "127.0.0.1:%u", kvx_rpc_port(t->server->rpc));
    rpc_fill(t->server, FIRST, 2);
    failing_allocator_init(&f);
    const struct kvindex_allocator memory = {sized_alloc, sized_free, &f.allocator};
    const struct kvindex_options options = {.allocator = &memory};
    struct kvindex_client *client;
    f.fail_at = 1;
    expect(t, kvindex_client_new(target, &options, &client, &t->error), KVINDEX_RESOURCE_EXHAUSTED,
           "out of memory");
    f.fail_at = 0;
    assert_int_equal(kvindex_client_new(target, &options, &client, &t->error), KVINDEX_OK);
    int64_t idle = f.live;
    uint64_t before = f.calls;
    assert_int_equal(ask_everything(client), 0);
    uint64_t allocations = f.calls - before;
    assert_true(allocations > 20);
    for (uint64_t i = 1; i <= allocations; i++) {
        f.fail_at = f.calls + i;
        assert_int_equal(ask_everything(client), 1);
        assert_int_equal(f.live, idle);
    }
    kvindex_client_free(client);
    assert_int_equal(f.live, 0);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(kvindex_code_name(KVINDEX_UNAUTHENTICATED), "UNAUTHENTICATED");
    assert_string_equal(kvindex_code_name(17), "unknown");
    assert_string_equal(kvindex_code_name(-1), "unknown");
    assert_string_equal(kvindex_state_name(0), "unknown");
    assert_string_equal(kvindex_state_name(6), "unknown");
    assert_string_equal(kvindex_tier_name(4), "external");
    assert_string_equal(kvindex_kind_name(0), "unknown");
    for (int i = 0; i < 2; i++)
        assert_string_equal(kvindex_kind_name(i + 1), kvx_source_kind_name((enum kvx_source_kind)i));
    for (int i = 0; i < KVX_SOURCE_REASON_COUNT; i++) /* the words of the REST API, in the schema's order */
        assert_string_equal(kvindex_reason_name(i), kvx_source_reason_name((enum kvx_source_reason)i));
    for (int i = 0; i < KVX_SOURCE_STATE_COUNT; i++)
        assert_string_equal(kvindex_state_name(i + 1), kvx_source_state_name((enum kvx_source_state)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(registration),
        SERVER_TEST(queries),
        SERVER_TEST(too_long_a_prompt),
        SERVER_TEST(health),
        SERVER_TEST(dump),
        SERVER_TEST(a_cancelled_dump),
        SERVER_TEST(reads_are_tried_again),
        SERVER_TEST(many_threads_on_one_client),
        SERVER_TEST(out_of_memory),
        cmocka_unit_test(bad_targets),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(nobody_answers),
        cmocka_unit_test(cancellation_from_another_thread),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
