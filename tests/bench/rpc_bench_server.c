#include "rpc_bench.h"

#include "base/clock.h"
#include "rpc/rpc.h"
#include "service/service.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

uint64_t bench_hash(uint64_t i)
{
    return (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

/* A source driver that only hands its feed to the server's main function. */
static int remember_feed(void *self, const struct kvx_source_spec *spec, struct kvx_source **out,
                         struct kvx_error *e)
{
    (void)e;
    *(struct kvx_feed **)self = spec->feed;
    *out = self;
    return KVX_OK;
}

static void forget(void *self, struct kvx_source *source)
{
    (void)self;
    (void)source;
}

static int fill(struct kvx_service *service, struct kvx_feed **feed, unsigned worker, struct kvx_error *e)
{
    char id[16];
    struct kvx_feed_worker *w;
    struct kvx_store_result result;
    uint64_t hashes[BENCH_BLOCKS];
    snprintf(id, sizeof(id), "%u", worker);
    const struct kvx_register_args args = {.instance = {kvx_bytes_of(id), true},
                                           .endpoint = kvx_bytes_of("tcp://127.0.0.1:5557")};
    int status = kvx_service_register(service, &args, e);
    if (status == KVX_OK)
        status = kvx_feed_worker(*feed, NULL, false, 0, &w);
    if (status < 0)
        return status;
    for (uint64_t i = 0; i < BENCH_BLOCKS; i++)
        hashes[i] = bench_hash(i);
    const struct kvx_store store = {
        .worker = w->ref, .n = BENCH_BLOCKS - worker, .local = hashes, .engine = hashes};
    kvx_index_lock(w->index);
    status = kvx_index_store(w->index, &store, &result);
    kvx_index_unlock(w->index);
    return status;
}

/* Serves until its parent kills it or ends. */
static void serve(unsigned workers, unsigned threads, int port_pipe)
{
    static struct kvx_metrics metrics;
    struct kvx_service *service;
    struct kvx_rpc *rpc;
    struct kvx_feed *feed;
    struct kvx_error e;
    struct kvx_source_driver driver = {.self = &feed, .open = remember_feed, .close = forget};
    const struct kvx_service_config config = {.allocator = &kvx_system_allocator,
                                              .metrics = &metrics,
                                              .block_size = 16,
                                              .pending_blocks_max = 1000};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int status = kvx_service_new(&service, &config, &e);
    if (status == KVX_OK) {
        kvx_service_attach(service, &driver);
        kvx_service_started(service);
    }
    for (unsigned w = 0; w < workers && status == KVX_OK; w++)
        status = fill(service, &feed, w, &e);
    const struct kvx_rpc_config server = {.bind = "127.0.0.1",
                                          .threads = threads,
                                          .service = status == KVX_OK ? service : NULL,
                                          .metrics = &metrics,
                                          .allocator = &kvx_system_allocator};
    if (status == KVX_OK)
        status = kvx_rpc_new(&rpc, &server, &e);
    uint16_t port = status == KVX_OK ? kvx_rpc_port(rpc) : 0;
    if (write(port_pipe, &port, sizeof(port)) == sizeof(port) && port)
        for (;;)
            pause();
    fprintf(stderr, "server: %s\n", e.text);
    _exit(1);
}

uint16_t bench_server_start(unsigned workers, unsigned threads, pid_t *pid)
{
    int ends[2];
    uint16_t port = 0;
    if (pipe(ends) != 0)
        return 0;
    *pid = fork();
    if (*pid == 0)
        serve(workers, threads, ends[1]);
    if (*pid < 0 || read(ends[0], &port, sizeof(port)) != sizeof(port))
        port = 0;
    close(ends[0]);
    close(ends[1]);
    return port;
}

double bench_cpu_seconds(pid_t pid)
{
    char path[64], line[1024];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(line, 1, sizeof(line) - 1, f) : 0;
    if (f)
        fclose(f);
    line[n] = 0;
    /* Behind the name in parentheses: eleven fields, then user and system time in clock ticks. */
    char *at = strrchr(line, ')');
    for (int field = 0; at && field < 12; field++)
        at = strchr(at + 1, ' ');
    if (!at)
        return 0;
    unsigned long ticks = strtoul(at, &at, 10);
    ticks += strtoul(at, NULL, 10);
    return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}
