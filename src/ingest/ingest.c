#include "ingest/ingest.h"

#include "base/clock.h"
#include "endpoint.h"
#include "loop.h"
#include "source.h"

#include <sys/resource.h>
#include <zmq.h>

/* Of one source: three mailboxes (SUB and the monitor's two ends) and one connection, and the same for a
 * replay's mailbox and connection, plus one for the moment in which a new connection replaces an old one. */
enum { FILES_PER_SOURCE = 7, SOCKETS_PER_SOURCE = 4, FILES_RESERVED = 128, THREADS_MAX = 1024 };

struct kvx_ingest {
    struct kvx_ingest_config config;
    void *zmq_context;
    struct kvx_loop *loops;
    size_t loop_count;    /* running */
    pthread_mutex_t lock; /* guards `sources` and the loops' `load`; held for a few instructions */
    size_t sources, sources_max;
    uint64_t files_max;
};

static void set_default(uint32_t *value, uint32_t fallback)
{
    if (!*value)
        *value = fallback;
}

static void set_defaults(struct kvx_ingest_tunables *t)
{
    set_default(&t->heartbeat_ms, 5000);
    set_default(&t->heartbeat_timeout_ms, 6000);
    set_default(&t->reconnect_ms, 100);
    set_default(&t->reconnect_max_ms, 5000);
    set_default(&t->stale_ms, 15000);
    set_default(&t->first_connection_ms, 2000);
    set_default(&t->replay_silence_ms, 5000);
    set_default(&t->replay_pause_ms, 500);
    set_default(&t->replay_deadline_ms, 120000);
    if (!t->message_bytes_max)
        t->message_bytes_max = 64u << 20;
    if (!t->queue_bytes_max)
        t->queue_bytes_max = 64u << 20;
    if (!t->jump_max)
        t->jump_max = UINT64_C(1) << 40;
}

/* The open files this process may have, after asking for as many as allowed. */
static uint64_t raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return 1024;
    rlim_t soft = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) ? soft : limit.rlim_max;
}

static int open_context(struct kvx_ingest *in, struct kvx_error *err)
{
    in->zmq_context = zmq_ctx_new();
    if (!in->zmq_context)
        return kvx_fail(err, KVX_NOMEM, "out of memory");
    int sockets = zmq_ctx_get(in->zmq_context, ZMQ_SOCKET_LIMIT);
    if (sockets <= 0 || zmq_ctx_set(in->zmq_context, ZMQ_MAX_SOCKETS, sockets))
        sockets = ZMQ_MAX_SOCKETS_DFLT;
    in->files_max = raise_file_limit();
    uint64_t by_files =
        in->files_max > FILES_RESERVED ? (in->files_max - FILES_RESERVED) / FILES_PER_SOURCE : 0;
    uint64_t by_sockets = (uint64_t)sockets / SOCKETS_PER_SOURCE;
    in->sources_max = by_files < by_sockets ? by_files : by_sockets;
    return 0;
}

int kvx_ingest_new(struct kvx_ingest **out, const struct kvx_ingest_config *config, struct kvx_error *err)
{
    const struct kvx_allocator *a = config->allocator;
    if (config->threads < 1 || config->threads > THREADS_MAX)
        return kvx_fail(err, KVX_INVALID, "threads: must be from 1 to %d", THREADS_MAX);
    struct kvx_ingest *in = kvx_alloc_zeroed(a, sizeof *in);
    if (!in)
        return kvx_fail(err, KVX_NOMEM, "out of memory");
    in->config = *config;
    set_defaults(&in->config.tunables);
    pthread_mutex_init(&in->lock, NULL);
    int rc = open_context(in, err);
    if (rc)
        goto fail;
    in->loops = kvx_alloc_zeroed(a, config->threads * sizeof *in->loops);
    if (!in->loops) {
        rc = kvx_fail(err, KVX_NOMEM, "out of memory");
        goto fail;
    }
    while (in->loop_count < config->threads) {
        rc = kvx_loop_start(&in->loops[in->loop_count], in->zmq_context, &in->config, err);
        if (rc)
            goto fail;
        in->loop_count++;
    }
    *out = in;
    return 0;
fail:
    kvx_ingest_free(in);
    return rc;
}

void kvx_ingest_free(struct kvx_ingest *in)
{
    if (!in)
        return;
    const struct kvx_allocator *a = in->config.allocator;
    for (size_t i = 0; i < in->loop_count; i++)
        kvx_loop_stop(&in->loops[i]);
    if (in->loops)
        kvx_dealloc(a, in->loops, in->config.threads * sizeof *in->loops);
    /* All sockets are closed, and none lingers. */
    if (in->zmq_context)
        zmq_ctx_term(in->zmq_context);
    pthread_mutex_destroy(&in->lock);
    kvx_dealloc(a, in, sizeof *in);
}

void kvx_ingest_hold(struct kvx_ingest *in, bool held)
{
    for (size_t i = 0; i < in->loop_count; i++)
        kvx_loop_hold(&in->loops[i], held);
}

/* The loop with the fewest sources gets one more; NULL when there is no room. */
static struct kvx_loop *take_place(struct kvx_ingest *in)
{
    struct kvx_loop *best = NULL;
    pthread_mutex_lock(&in->lock);
    if (in->sources < in->sources_max) {
        best = &in->loops[0];
        for (size_t i = 1; i < in->loop_count; i++)
            if (in->loops[i].load < best->load)
                best = &in->loops[i];
        best->load++;
        in->sources++;
    }
    pthread_mutex_unlock(&in->lock);
    return best;
}

static void give_place_back(struct kvx_ingest *in, struct kvx_loop *loop)
{
    pthread_mutex_lock(&in->lock);
    loop->load--;
    in->sources--;
    pthread_mutex_unlock(&in->lock);
}

static int driver_check(void *self, const struct kvx_source_spec *spec, struct kvx_error *err)
{
    (void)self; /* syntax is the same for all */
    int rc = kvx_endpoint_check(spec->endpoint, false, err);
    if (rc == 0 && spec->replay_endpoint)
        rc = kvx_endpoint_check(spec->replay_endpoint, true, err);
    return rc;
}

static int driver_open(void *self, const struct kvx_source_spec *spec, struct kvx_source **out,
                       struct kvx_error *err)
{
    struct kvx_ingest *in = self;
    int rc = driver_check(self, spec, err);
    if (rc)
        return rc;
    struct kvx_loop *loop = take_place(in);
    if (!loop)
        return kvx_fail(
            err, KVX_UNAVAILABLE,
            "too many sources: %zu are open, and each needs %d of the %llu files this process may open "
            "(raise the limit, ulimit -n)",
            in->sources_max, FILES_PER_SOURCE, (unsigned long long)in->files_max);
    struct kvx_source *source;
    rc = kvx_source_new(&source, loop, spec, err);
    if (rc) {
        give_place_back(in, loop);
        return rc;
    }
    /* Before the loop has it: from then on it may be gone at any moment. */
    *out = source;
    kvx_loop_open(loop, source);
    return 0;
}

static void driver_close(void *self, struct kvx_source *source)
{
    struct kvx_loop *loop = source->loop;
    kvx_loop_close(loop, source);
    give_place_back(self, loop);
}

struct kvx_source_driver kvx_ingest_driver(struct kvx_ingest *in)
{
    return (struct kvx_source_driver){
        .self = in, .check = driver_check, .open = driver_open, .close = driver_close};
}
