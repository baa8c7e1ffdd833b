/* Recovery against peers that answer in every bad way, over a service that only writes down what it is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "failing_allocator.h"
#include "http/recover.h"
#include "recover_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PEERS = 4 };

/* The service, as far as recovery sees it. */
struct kvx_service {
    struct kvx_bytes peers[PEERS];
    size_t n_peers;
    uint64_t connecting; /* workers that are not connected, out of one */
    uint64_t workers;
    uint64_t blocks;     /* held */
    uint64_t taken_back; /* blocks of failed peers */
    unsigned undone, undo_busy, sweeps;
    int store_status; /* of the next stores; 0: as the instance says */
    char reason[128]; /* what it is recovering from */
    bool recovering;
    /* The test's: after how many stores, or how many ms, to stop. */
    uint64_t stop_at_ns;
    uint64_t stop_at_blocks;
    uint64_t store_ms; /* how long a store takes */
};

int kvx_service_add_peer(struct kvx_service *s, struct kvx_bytes url, struct kvx_error *e)
{
    if (url.len < 8 || memcmp(url.data, "http://", 7) != 0)
        return kvx_fail(e, KVX_INVALID, "`url`: no");
    assert_true(s->n_peers < PEERS);
    s->peers[s->n_peers++] = url;
    return 0;
}

int kvx_service_list_peers(struct kvx_service *s, struct kvx_arena *arena, const struct kvx_bytes **out,
                           size_t *n, struct kvx_error *e)
{
    (void)arena;
    (void)e;
    *out = s->peers;
    *n = s->n_peers;
    return 0;
}

int kvx_service_health(struct kvx_service *s, struct kvx_arena *arena, struct kvx_health *out,
                       struct kvx_error *e)
{
    (void)arena;
    (void)e;
    *out = (struct kvx_health){.workers = s->workers};
    out->workers_by_state[KVX_SOURCE_CONNECTING] = s->connecting;
    return 0;
}

void kvx_service_recovering(struct kvx_service *s, const char *from)
{
    s->recovering = from != NULL;
    snprintf(s->reason, sizeof(s->reason), "%s", from ? from : "over");
}

int kvx_service_recover(struct kvx_service *s, const struct kvx_recovered_run *run, struct kvx_error *e)
{
    assert_true(s->recovering);
    usleep((useconds_t)s->store_ms * 1000);
    if (s->store_status)
        return kvx_fail(e, s->store_status, "the index refused");
    if (kvx_bytes_is(run->instance, "resized"))
        return kvx_fail(e, KVX_CONFLICT, "block_size 16 of the dump, but 32 here");
    s->blocks += run->n;
    return 0;
}

int kvx_service_recover_undo(struct kvx_service *s, struct kvx_error *e)
{
    assert_true(s->recovering);
    if (s->undo_busy) {
        s->undo_busy--;
        return kvx_fail(e, KVX_UNAVAILABLE, "too many to sweep");
    }
    s->undone++;
    s->taken_back += s->blocks;
    s->blocks = 0;
    return 0;
}

bool kvx_service_housekeeping(struct kvx_service *s)
{
    s->sweeps++;
    return false;
}

static bool stop(void *user)
{
    const struct kvx_service *s = user;
    return (s->stop_at_ns && kvx_now_ns() >= s->stop_at_ns) ||
           (s->stop_at_blocks && s->blocks >= s->stop_at_blocks);
}

static struct kvx_recover_config config_of(struct kvx_service *s)
{
    return (struct kvx_recover_config){
        .allocator = &kvx_system_allocator,
        .service = s,
        .plain = {.model = kvx_bytes_of("m"),
                  .tenant = kvx_bytes_of("g"),
                  .has_salt = true,
                  .block_size = 16},
        .timeout_ns = KVX_SECONDS(5),
        .bytes_max = 1 << 20,
        .stop = stop,
        .user = s,
    };
}

#define RUN(worker)          \
    "{\"worker_id\":" worker \
    ",\"event\":{\"data\":{\"stored\":{\"blocks\":[{\"block_hash\":1,\"tokens_hash\":2}]}}}}"
#define GOOD_BODY \
    "{\"m:g\":{\"block_size\":16,\"events\":[" RUN("1") "," RUN("\"resized\"") "," RUN("2") "]}}"
#define HALF_BODY "{\"m:g\":{\"block_size\":16,\"events\":[" RUN("1") ","
#define HEAD "HTTP/1.1 200 OK\r\n"

static void whole_dump(void **state)
{
    (void)state;
    struct kvx_service s = {.workers = 1};
    struct kvx_recover_config c = config_of(&s);
    struct kvx_error e = {0};
    struct peer peer;
    char *answer = peer_ok(GOOD_BODY), url[80];
    peer_start(&peer, answer, PEER_CLOSES);
    snprintf(url, sizeof(url), " %s/base/ ", peer.url);
    assert_int_equal(kvx_recover_add_peers(&s, url, &e), 0);
    assert_int_equal(kvx_recover(&c, &e), 1);
    peer_stop(&peer);
    assert_int_equal(s.blocks, 2);
    assert_int_equal(s.undone, 0);
    assert_false(s.recovering);
    assert_ptr_equal(strstr(peer.request, "GET /base/dump?format=partitions HTTP/1.1\r\n"), peer.request);
    assert_non_null(strstr(peer.request, "\r\nAccept: application/json\r\n"));
    assert_null(strstr(peer.request, "Accept-Encoding"));
    free(answer);
}

/* One peer fails in the given way; the next one is asked, and nothing of the first is left. `stores`: it had
 * given blocks before it failed. */
static void fails_then_next(const char *answer, enum peer_manner manner, uint64_t timeout_ns, bool stores)
{
    struct kvx_service s = {.workers = 1, .undo_busy = 2};
    struct kvx_recover_config c = config_of(&s);
    struct kvx_error e = {0};
    struct peer bad, good;
    char *whole = peer_ok("{\"m:g\":{\"block_size\":16,\"events\":[" RUN("7") "]}}"), list[160];
    c.timeout_ns = timeout_ns;
    peer_start(&bad, answer, manner);
    peer_start(&good, whole, PEER_CLOSES);
    snprintf(list, sizeof(list), "%s,%s", bad.url, good.url);
    assert_int_equal(kvx_recover_add_peers(&s, list, &e), 0);
    uint64_t started = kvx_now_ns();
    int status = kvx_recover(&c, &e);
    uint64_t took = kvx_now_ns() - started;
    peer_stop(&bad);
    peer_stop(&good);
    if (status != 1 || s.blocks != 1 || s.undone != 1 || s.sweeps != 2 || took > timeout_ns + KVX_SECONDS(2))
        fail_msg("status %d, %u blocks, %u undone, %u ms: %.80s", status, (unsigned)s.blocks, s.undone,
                 (unsigned)(took / KVX_MS(1)), answer);
    assert_int_equal(s.taken_back > 0, stores);
    free(whole);
}

static void bad_answers(void **state)
{
    (void)state;
    const uint64_t s = KVX_SECONDS(5);
    fails_then_next("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\n[]", PEER_CLOSES, s,
                    false);
    fails_then_next("HTTP/1.1 204 No Content\r\n\r\n", PEER_CLOSES, s, false);
    fails_then_next("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", PEER_CLOSES, s, false);
    fails_then_next("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
                    PEER_CLOSES, s, false);
    fails_then_next("not HTTP at all\r\n\r\n", PEER_CLOSES, s, false);
    fails_then_next("", PEER_CLOSES, s, false);
    fails_then_next(HEAD "\r\n" HALF_BODY, PEER_CLOSES, s, true);
    fails_then_next(HEAD "Content-Length: 4000\r\n\r\n" GOOD_BODY, PEER_CLOSES, s, true);
    fails_then_next(HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n", PEER_CLOSES, s, false);
    fails_then_next(HEAD "\r\n" GOOD_BODY "x", PEER_CLOSES, s, true);
    fails_then_next(HEAD "\r\n{\"m:g\":{\"error\":\"offline\"}}", PEER_CLOSES, s, false);
    fails_then_next(HEAD "\r\n" HALF_BODY RUN("-1") "]}}", PEER_CLOSES, s, true);
    fails_then_next(HEAD "\r\n<html></html>", PEER_CLOSES, s, false);
}

static void slow_and_endless(void **state)
{
    (void)state;
    fails_then_next("", PEER_HANGS, KVX_MS(300), false);
    fails_then_next(HEAD "\r\n" HALF_BODY, PEER_HANGS, KVX_MS(300), true);
    fails_then_next(HEAD "\r\n" GOOD_BODY, PEER_DRIPS, KVX_MS(500), false);
    fails_then_next(HEAD "\r\n" HALF_BODY " ", PEER_ENDLESS, KVX_SECONDS(5), true);
    fails_then_next(HEAD "\r\n" HALF_BODY "[", PEER_ENDLESS, KVX_SECONDS(5), true);
    fails_then_next(HEAD "\r\n" HALF_BODY "1", PEER_ENDLESS, KVX_SECONDS(5), true);
    fails_then_next(HEAD "X: y", PEER_ENDLESS, KVX_SECONDS(5), false);
}

/* A dump that arrives at once but is slow to take has no more time than one that is slow to arrive; and who
 * wants to stop does not wait for it. */
static void storing_takes_too_long(void **state)
{
    (void)state;
    char *answer = peer_ok("{\"m:g\":{\"block_size\":16,\"events\":[" RUN("1") "," RUN("2") "," RUN(
        "3") "," RUN("4") "," RUN("5") "," RUN("6") "," RUN("7") "," RUN("8") "]}}");
    for (int stopped = 0; stopped < 2; stopped++) {
        struct kvx_service s = {.store_ms = 100, .stop_at_blocks = stopped ? 2 : 0};
        struct kvx_recover_config c = config_of(&s);
        struct kvx_error e = {0};
        struct peer peer;
        c.timeout_ns = stopped ? KVX_SECONDS(5) : KVX_MS(250);
        peer_start(&peer, answer, PEER_CLOSES);
        assert_int_equal(kvx_recover_add_peers(&s, peer.url, &e), 0);
        assert_int_equal(kvx_recover(&c, &e), stopped ? KVX_CANCELLED : 0);
        peer_stop(&peer);
        assert_true(s.blocks + s.taken_back < 6);
        assert_int_equal(s.undone, !stopped);
    }
    free(answer);
}

static void index_refuses(void **state)
{
    (void)state;
    static const int codes[] = {KVX_NOMEM, KVX_TOO_LARGE, KVX_INVALID};
    char *answer = peer_ok(GOOD_BODY);
    for (size_t i = 0; i < 3; i++) {
        struct kvx_service s = {.workers = 1, .store_status = codes[i]};
        struct kvx_recover_config c = config_of(&s);
        struct kvx_error e = {0};
        struct peer peer;
        peer_start(&peer, answer, PEER_CLOSES);
        assert_int_equal(kvx_recover_add_peers(&s, peer.url, &e), 0);
        assert_int_equal(kvx_recover(&c, &e), 0);
        peer_stop(&peer);
        assert_int_equal(s.undone, 1);
        assert_false(s.recovering);
    }
    free(answer);
}

/* A peer that cannot be read for want of memory is a failed peer. */
static void every_allocation_fails(void **state)
{
    (void)state;
    char *answer = peer_ok(GOOD_BODY);
    bool succeeded = false;
    for (uint64_t n = 1; !succeeded; n++) {
        struct kvx_service s = {.workers = 1};
        struct kvx_recover_config c = config_of(&s);
        struct kvx_error e = {0};
        struct failing_allocator f;
        struct peer peer;
        failing_allocator_init(&f);
        f.fail_at = n;
        c.allocator = &f.allocator;
        peer_start(&peer, answer, PEER_CLOSES);
        assert_int_equal(kvx_recover_add_peers(&s, peer.url, &e), 0);
        int status = kvx_recover(&c, &e);
        peer_stop(&peer);
        succeeded = f.calls < n;
        assert_int_equal(status, succeeded);
        assert_int_equal(s.blocks, succeeded ? 2 : 0);
        assert_int_equal(s.undone, !succeeded);
        assert_int_equal(f.live, 0);
    }
    free(answer);
}

static void nobody_answers(void **state)
{
    (void)state;
    struct kvx_service s = {.workers = 1, .connecting = 1};
    struct kvx_recover_config c = config_of(&s);
    struct kvx_error e = {0};
    struct peer gone;
    peer_start(&gone, "", PEER_CLOSES);
    peer_stop(&gone); /* nothing listens there now */
    assert_int_equal(kvx_recover_add_peers(&s, gone.url, &e), 0);
    uint64_t started = kvx_now_ns();
    assert_int_equal(kvx_recover(&c, &e), 0);
    assert_true(kvx_now_ns() - started >= KVX_SECONDS(2)); /* the worker was waited for */
    assert_true(kvx_now_ns() - started < KVX_SECONDS(5));
    assert_string_equal(s.reason, "over");
}

/* Nothing is waited for, and what the peer knows is taken. */
static void no_workers(void **state)
{
    (void)state;
    struct kvx_service s = {0};
    struct kvx_recover_config c = config_of(&s);
    struct kvx_error e = {0};
    struct peer peer;
    char *answer = peer_ok(GOOD_BODY);
    peer_start(&peer, answer, PEER_CLOSES);
    assert_int_equal(kvx_recover_add_peers(&s, peer.url, &e), 0);
    assert_int_equal(kvx_recover(&c, &e), 1);
    peer_stop(&peer);
    assert_int_equal(s.blocks, 2);
    assert_false(s.recovering);
    free(answer);
}

/* While waiting for workers, for the first byte, and in the middle of a dump. */
static void stopped(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        enum peer_manner manner;
        uint64_t connecting, ms, blocks;
    } cases[] = {
        {"", PEER_HANGS, 1, 200, 0},
        {"", PEER_HANGS, 0, 600, 0},
        {HEAD "\r\n" HALF_BODY, PEER_HANGS, 0, 0, 1},
        {HEAD "\r\n" HALF_BODY " ", PEER_ENDLESS, 0, 0, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct kvx_service s = {.workers = 1, .connecting = cases[i].connecting};
        struct kvx_recover_config c = config_of(&s);
        struct kvx_error e = {0};
        struct peer peer;
        uint64_t started = kvx_now_ns();
        s.stop_at_ns = cases[i].ms ? started + KVX_MS(cases[i].ms) : 0;
        s.stop_at_blocks = cases[i].blocks;
        c.timeout_ns = KVX_SECONDS(60);
        c.bytes_max = UINT64_MAX;
        peer_start(&peer, cases[i].answer, cases[i].manner);
        assert_int_equal(kvx_recover_add_peers(&s, peer.url, &e), 0);
        assert_int_equal(kvx_recover(&c, &e), KVX_CANCELLED);
        assert_true(kvx_now_ns() - started < KVX_SECONDS(1) + KVX_MS(cases[i].ms));
        assert_true(s.recovering); /* nothing may be served from what is half there */
        peer_stop(&peer);
    }
}

static void lists(void **state)
{
    (void)state;
    static const char *const bad[] = {"",        " ",   "http://a,", ",http://a", "http://a,,http://b",
                                      "ftp://a", "a:80"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct kvx_service s = {0};
        struct kvx_error e = {0};
        assert_int_equal(kvx_recover_add_peers(&s, bad[i], &e), KVX_INVALID);
        assert_non_null(strstr(e.text, "--peers, entry `"));
    }
    struct kvx_service s = {0};
    struct kvx_error e = {0};
    assert_int_equal(kvx_recover_add_peers(&s, "http://a:1 ,\thttp://b/c", &e), 0);
    assert_int_equal(s.n_peers, 2);
    assert_true(kvx_bytes_is(s.peers[0], "http://a:1") && kvx_bytes_is(s.peers[1], "http://b/c"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_dump),       cmocka_unit_test(bad_answers),
        cmocka_unit_test(slow_and_endless), cmocka_unit_test(storing_takes_too_long),
        cmocka_unit_test(index_refuses),    cmocka_unit_test(nobody_answers),
        cmocka_unit_test(no_workers),       cmocka_unit_test(every_allocation_fails),
        cmocka_unit_test(stopped),          cmocka_unit_test(lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
