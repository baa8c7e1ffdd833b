#include "http/recover.h"

#include "base/clock.h"
#include "recover_dump.h"
#include "recover_fetch.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum {
    VALUE_BYTES_MAX = 64 << 20, /* one event: 600,000 blocks */
    /* How long workers that cannot be reached are waited for, */
    CONNECT_MS = 2000,
    /* and how long a subscription may take to arrive behind its connection. */
    SETTLE_MS = 300,
    POLL_MS = 10,
};

/* One peer. */
struct attempt {
    const struct kvx_recover_config *config;
    struct kvx_dump_reader *reader;
    uint64_t started_ns;
    uint64_t stored_blocks, left_out_blocks;
    char left_out[KVX_ERROR_TEXT_MAX]; /* why the first of those */
};

/* ---- Before: until what the workers send from now on reaches us ---- */

static bool still_connecting(const struct kvx_recover_config *c, uint64_t *workers)
{
    struct kvx_arena arena;
    struct kvx_health health = {0};
    kvx_arena_init(&arena, c->allocator, 1 << 20);
    int status = kvx_service_health(c->service, &arena, &health, NULL);
    kvx_arena_reset(&arena);
    *workers = health.workers;
    return status < 0 || health.workers_by_state[KVX_SOURCE_CONNECTING];
}

/* False when stopped. */
static bool wait_ms(const struct kvx_recover_config *c, unsigned ms)
{
    static const struct timespec pause = {0, POLL_MS * 1000000};
    for (uint64_t end = kvx_now_ns() + KVX_MS(ms); kvx_now_ns() < end;) {
        if (c->stop(c->user))
            return false;
        nanosleep(&pause, NULL);
    }
    return true;
}

static int wait_for_sources(const struct kvx_recover_config *c, struct kvx_error *e)
{
    uint64_t end = kvx_now_ns() + KVX_MS(CONNECT_MS), workers = 0;
    bool stopped = false;
    while (!stopped && still_connecting(c, &workers) && kvx_now_ns() < end)
        stopped = !wait_ms(c, POLL_MS);
    if (stopped || (workers && !wait_ms(c, SETTLE_MS)))
        return kvx_fail(e, KVX_CANCELLED, "stopped");
    return 0;
}

/* ---- One peer ---- */

static bool stop(void *user)
{
    const struct attempt *a = user;
    return a->config->stop(a->config->user);
}

/* The transfer's limits are looked at between pieces of it; one piece holds thousands of runs. */
static int store(void *user, const struct kvx_recovered_run *run, struct kvx_error *e)
{
    struct attempt *a = user;
    if (stop(a))
        return kvx_fail(e, KVX_CANCELLED, "stopped");
    if (kvx_now_ns() - a->started_ns > a->config->timeout_ns)
        return kvx_fail(e, KVX_UNAVAILABLE, "not taken whole within %" PRIu64 " ms",
                        a->config->timeout_ns / KVX_MS(1));
    int status = kvx_service_recover(a->config->service, run, e);
    if (status == 0)
        a->stored_blocks += run->n;
    if (status != KVX_CONFLICT)
        return status;
    if (!a->left_out_blocks)
        snprintf(a->left_out, sizeof(a->left_out), "%s", e->text);
    a->left_out_blocks += run->n;
    return 0;
}

static int take(void *user, struct kvx_bytes piece, struct kvx_error *e)
{
    struct attempt *a = user;
    return kvx_dump_reader_feed(a->reader, piece, e);
}

static int read_dump(struct attempt *a, const char *url, struct kvx_error *e)
{
    const struct kvx_fetch fetch = {.url = url,
                                    .timeout_ns = a->config->timeout_ns,
                                    .bytes_max = a->config->bytes_max,
                                    .take = take,
                                    .stop = stop,
                                    .user = a};
    int status = kvx_fetch(&fetch, e);
    return status ? status : kvx_dump_reader_finish(a->reader, e);
}

/* A peer's URL with the dump's path. */
static char *dump_url(struct kvx_arena *arena, struct kvx_bytes peer)
{
    static const char path[] = "/dump?format=partitions";
    while (peer.len && peer.data[peer.len - 1] == '/')
        peer.len--;
    char *url = kvx_arena_alloc(arena, peer.len + sizeof(path));
    if (url) {
        memcpy(url, peer.data, peer.len);
        memcpy(url + peer.len, path, sizeof(path));
    }
    return url;
}

static void report(const struct attempt *a, const char *url, const char *failure)
{
    const struct kvx_dump_counts *n = kvx_dump_reader_counts(a->reader);
    uint64_t ms = (kvx_now_ns() - a->started_ns) / KVX_MS(1);
    uint64_t left_out = a->left_out_blocks + n->nameless_blocks;
    const struct kvx_log_field fields[] = {
        KVX_S("peer", url),
        KVX_U("partitions", n->partitions),
        KVX_U("events", n->events),
        KVX_U("blocks", a->stored_blocks),
        KVX_U("left_out_blocks", left_out),
        KVX_U("other_events", n->other_events),
        KVX_U("foreign_events", n->foreign_events),
        KVX_U("bytes", n->bytes),
        KVX_U("ms", ms),
        {failure ? "error" : NULL, kvx_log_string(failure)},
        {0},
    };
    enum kvx_log_level level = failure ? KVX_LOG_WARN : KVX_LOG_INFO;
    if (kvx_log_enabled(a->config->log, level))
        kvx_log_write(
            a->config->log, level,
            failure ? "recovery from a peer failed; nothing of it is kept" : "recovered from a peer", fields);
    if (a->left_out_blocks)
        kvx_log(a->config->log, KVX_LOG_WARN, "blocks of a peer were left out", KVX_S("peer", url),
                KVX_U("blocks", a->left_out_blocks), KVX_S("first", a->left_out));
}

static int try_peer(const struct kvx_recover_config *c, const char *url, struct kvx_error *e)
{
    struct attempt a = {.config = c, .started_ns = kvx_now_ns()};
    const struct kvx_dump_reader_config reader = {.allocator = c->allocator,
                                                  .value_bytes_max = VALUE_BYTES_MAX,
                                                  .plain = c->plain,
                                                  .store = store,
                                                  .user = &a};
    if (kvx_dump_reader_new(&a.reader, &reader) < 0)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    kvx_service_recovering(c->service, url);
    kvx_log(c->log, KVX_LOG_INFO, "recovering from a peer", KVX_S("peer", url));
    int status = read_dump(&a, url, e);
    if (status != KVX_CANCELLED)
        report(&a, url, status ? e->text : NULL);
    kvx_dump_reader_free(a.reader);
    return status;
}

/* As before the failed peer. The old generations may have to be swept before there is room for new ones. */
static int take_back(const struct kvx_recover_config *c, struct kvx_error *e)
{
    int status;
    while ((status = kvx_service_recover_undo(c->service, e)) == KVX_UNAVAILABLE) {
        kvx_service_housekeeping(c->service);
        if (c->stop(c->user))
            return kvx_fail(e, KVX_CANCELLED, "stopped");
    }
    return status;
}

static int try_peers(const struct kvx_recover_config *c, struct kvx_arena *arena, struct kvx_error *e)
{
    const struct kvx_bytes *peers;
    size_t n;
    int status = kvx_service_list_peers(c->service, arena, &peers, &n, e);
    if (status)
        return status;
    for (size_t i = 0; i < n; i++) {
        const char *url = dump_url(arena, peers[i]);
        status = url ? try_peer(c, url, e) : kvx_fail(e, KVX_NOMEM, "out of memory");
        if (status == 0)
            return 1;
        if (status == KVX_CANCELLED || (status = take_back(c, e)) != 0)
            return status;
    }
    kvx_log(c->log, KVX_LOG_WARN, "no peer could be recovered from: starting with an empty index");
    return 0;
}

int kvx_recover(const struct kvx_recover_config *c, struct kvx_error *e)
{
    struct kvx_arena arena;
    kvx_service_recovering(c->service, "");
    kvx_arena_init(&arena, c->allocator, 1 << 20);
    int status = wait_for_sources(c, e);
    if (status == 0)
        status = try_peers(c, &arena, e);
    kvx_service_recovering(c->service, status < 0 ? "" : NULL);
    kvx_arena_reset(&arena);
    return status;
}

/* ---- The list of peers ---- */

static struct kvx_bytes next_entry(const char **list)
{
    const char *end = strchrnul(*list, ',');
    struct kvx_bytes entry = {*list, (size_t)(end - *list)};
    *list = *end ? end + 1 : NULL;
    while (entry.len && strchr(" \t", entry.data[0])) {
        entry.data++;
        entry.len--;
    }
    while (entry.len && strchr(" \t", entry.data[entry.len - 1]))
        entry.len--;
    return entry;
}

int kvx_recover_add_peers(struct kvx_service *service, const char *list, struct kvx_error *e)
{
    while (list) {
        struct kvx_error why = {0};
        struct kvx_bytes entry = next_entry(&list);
        int status = kvx_service_add_peer(service, entry, &why);
        if (status)
            return kvx_fail(e, status, "--peers, entry `%.*s`: %s", (int)entry.len, entry.data, why.text);
    }
    return 0;
}
