/* kvindexd: flags, wiring, signals, and the order of shutdown. */
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/options.h"
#include "http/http.h"
#include "http/recover.h"
#include "ingest/ingest.h"
#include "rpc/bytes.h"
#include "rpc/rpc.h"
#include "service/service.h"
#include "service/worker_list.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What scripts and service managers can rely on. */
enum exit_code { EXIT_OK = 0, EXIT_RUNTIME = 1, EXIT_USAGE = 2, EXIT_BIND = 3, EXIT_WORKERS = 4 };

struct settings {
    const char *bind, *workers, *model_name, *routing_group, *peers, *log_file;
    uint64_t port, grpc_port, threads, http_threads, grpc_threads, block_size;
    uint64_t max_inflight, ready_timeout_s, drain_timeout_s, pending_blocks, pending_bytes, max_sequence_jump;
    uint64_t queue_bytes, message_bytes, recovery_timeout_s, recovery_bytes;
    int dump_format, log_level, log_format;
    bool help, version, fault_hook;
};

#define UINT(field) KVX_OPTION_UINT, offsetof(struct settings, field)
#define TEXT(field) KVX_OPTION_TEXT, offsetof(struct settings, field)
#define CHOICE(field) KVX_OPTION_CHOICE, offsetof(struct settings, field)
#define FLAG(field) KVX_OPTION_FLAG, offsetof(struct settings, field)

static const struct kvx_option option_table[] = {
    {"bind", "Addresses", TEXT(bind), "ADDRESS", 0, 0, "address both servers listen on", false},
    {"port", NULL, UINT(port), "PORT", 0, 65535, "REST port; 0: any free one", false},
    {"grpc-port", NULL, UINT(grpc_port), "PORT", 0, 65535, "gRPC port; 0: any free one", false},
    {"workers", "Workers", TEXT(workers), "LIST", 0, 0, "id[:dp_rank]=endpoint,... to follow from the start",
     false},
    {"block-size", NULL, UINT(block_size), "TOKENS", 1, 65536, "tokens a block; needed by --workers", false},
    {"model-name", NULL, TEXT(model_name), "NAME", 0, 0, "model that --workers serve", false},
    {"routing-group", NULL, TEXT(routing_group), "NAME", 0, 0, "routing group or tenant of --workers", false},
    {"ready-timeout", NULL, UINT(ready_timeout_s), "SECONDS", 0, 86400,
     "how long a first replay may hold back readiness", false},
    {"peers", "Peers", TEXT(peers), "URL,...", 0, 0, "indexers to recover from at the start", false},
    {"recovery-timeout", NULL, UINT(recovery_timeout_s), "SECONDS", 1, 86400,
     "how long one peer's whole dump may take", false},
    {"recovery-bytes", NULL, UINT(recovery_bytes), "BYTES", 1, INT64_MAX,
     "largest dump of a peer that is accepted", false},
    {"dump-format", NULL, CHOICE(dump_format), "array|partitions", 0, 0,
     "what GET /dump answers when it names no format", false},
    {"threads", "Threads and limits", UINT(threads), "N", 1, 1024, "ingest threads", false},
    {"http-threads", NULL, UINT(http_threads), "N", 1, 1024, "REST threads", false},
    {"grpc-threads", NULL, UINT(grpc_threads), "N", 1, 1024, "gRPC threads", false},
    {"max-inflight", NULL, UINT(max_inflight), "N", 0, UINT32_MAX, "requests at once; 0: no limit", false},
    {"pending-blocks", NULL, UINT(pending_blocks), "N", 0, UINT32_MAX,
     "blocks a worker may have waiting for an unknown parent", false},
    {"pending-bytes", NULL, UINT(pending_bytes), "BYTES", 0, UINT64_MAX, "the same in bytes", false},
    {"queue-bytes", NULL, UINT(queue_bytes), "BYTES", 1 << 16, UINT64_MAX,
     "live events of one source that may wait for a replay", false},
    {"message-bytes", NULL, UINT(message_bytes), "BYTES", 1 << 16, INT64_MAX,
     "largest event message accepted", false},
    {"max-sequence-jump", NULL, UINT(max_sequence_jump), "N", 1, UINT64_MAX,
     "a larger jump of a sequence number is malformed", false},
    {"drain-timeout", NULL, UINT(drain_timeout_s), "SECONDS", 0, 3600,
     "time for requests in flight at shutdown", false},
    {"log-level", "Log", CHOICE(log_level), "debug|info|warn|error", 0, 0, "least level that is logged",
     false},
    {"log-format", NULL, CHOICE(log_format), "text|json", 0, 0, "one line an event, in this format", false},
    {"log-file", NULL, TEXT(log_file), "FILE", 0, 0, "instead of stderr; SIGHUP opens it again", false},
    {"help", "Other", FLAG(help), NULL, 0, 0, "show this text", false},
    {"version", NULL, FLAG(version), NULL, 0, 0, "show the version", false},
    {"fault-hook", NULL, FLAG(fault_hook), NULL, 0, 0, "", true},
    {0},
};

static uint64_t half_the_cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 3 ? (uint64_t)n / 2 : 1;
}

static struct settings default_settings(void)
{
    return (struct settings){
        .bind = "127.0.0.1",
        .model_name = "default",
        .routing_group = "default",
        .port = 8090,
        .grpc_port = 8091,
        .threads = 1,
        .http_threads = half_the_cores(),
        .grpc_threads = half_the_cores(),
        .max_inflight = 4096,
        .ready_timeout_s = 30,
        .drain_timeout_s = 3,
        .pending_blocks = KVX_PENDING_BLOCKS_DEFAULT,
        .pending_bytes = KVX_PENDING_BYTES_DEFAULT,
        .queue_bytes = 64u << 20,
        .message_bytes = 64u << 20,
        .max_sequence_jump = UINT64_C(1) << 40,
        .recovery_timeout_s = 10,
        .recovery_bytes = UINT64_C(16) << 30, /* 160 million blocks: some 3 GiB of index */
        .dump_format = KVX_DUMP_ARRAY,
        .log_level = KVX_LOG_INFO,
        .log_format = KVX_LOG_TEXT,
    };
}

static void print_help(void)
{
    const struct settings defaults = default_settings();
    puts("Usage: kvindexd [--block-size TOKENS] [--workers LIST] [OPTION VALUE]...\n\n"
         "Follows the KV-cache events of LLM engines and answers over REST and gRPC how much of a prompt is\n"
         "already cached on each worker.");
    kvx_options_help(option_table, &defaults, stdout);
    puts("\nEvery option may also stand in the file of --config FILE, as `name = value`.\n"
         "Exit codes: 0 stopped by a signal, 1 failure at run time, 2 bad usage, 3 cannot listen, 4 bad "
         "--workers.");
}

/* Everything that runs, in order of construction. */
struct daemon {
    struct settings settings;
    struct kvx_options options;
    struct kvx_metrics metrics;
    struct kvx_log *log;
    struct kvx_service *service;
    struct kvx_ingest *ingest;
    struct kvx_http *http;
    struct kvx_rpc *rpc;
    struct kvx_error error;
    sigset_t signals; /* blocked in every thread; the main thread asks for them */
    bool stopped;     /* by one of them */
};

static int fail(struct daemon *d, int exit_code)
{
    fprintf(stderr, "kvindexd: %s\n", d->error.text);
    return exit_code;
}

static int open_core(struct daemon *d)
{
    const struct settings *o = &d->settings;
    if (kvx_log_new(&d->log, o->log_file, (enum kvx_log_level)o->log_level,
                    (enum kvx_log_format)o->log_format, &d->error) < 0)
        return EXIT_USAGE;
    const struct kvx_service_config service = {
        .allocator = &kvx_system_allocator,
        .log = d->log,
        .metrics = &d->metrics,
        .block_size = (uint32_t)o->block_size,
        .max_inflight = (uint32_t)o->max_inflight,
        .ready_timeout_ns = KVX_SECONDS(o->ready_timeout_s),
        .pending_blocks_max = (uint32_t)o->pending_blocks,
        .pending_bytes_max = o->pending_bytes,
        .fault_hook = o->fault_hook,
    };
    if (kvx_service_new(&d->service, &service, &d->error) < 0)
        return EXIT_RUNTIME;
    const struct kvx_ingest_config ingest = {
        .threads = (uint32_t)o->threads,
        .allocator = &kvx_system_allocator,
        .log = d->log,
        .metrics = &d->metrics,
        .tunables = {.message_bytes_max = o->message_bytes,
                     .queue_bytes_max = o->queue_bytes,
                     .jump_max = o->max_sequence_jump},
    };
    if (kvx_ingest_new(&d->ingest, &ingest, &d->error) < 0)
        return EXIT_RUNTIME;
    struct kvx_source_driver driver = kvx_ingest_driver(d->ingest);
    kvx_service_attach(d->service, &driver);
    return EXIT_OK;
}

static int open_servers(struct daemon *d)
{
    const struct settings *o = &d->settings;
    const struct kvx_http_config http = {
        .allocator = &kvx_system_allocator,
        .bind = o->bind,
        .port = (uint16_t)o->port,
        .threads = (uint32_t)o->http_threads,
        .service = d->service,
        .log = d->log,
        .metrics = &d->metrics,
        .dump_format = (enum kvx_dump_format)o->dump_format,
        .protobuf = {.has = kvx_rpc_has, .answer = kvx_rpc_answer_bytes},
    };
    const struct kvx_rpc_config rpc = {
        .allocator = &kvx_system_allocator,
        .bind = o->bind,
        .port = (uint16_t)o->grpc_port,
        .threads = (uint32_t)o->grpc_threads,
        .service = d->service,
        .log = d->log,
        .metrics = &d->metrics,
    };
    if (kvx_http_new(&d->http, &http, &d->error) < 0 || kvx_rpc_new(&d->rpc, &rpc, &d->error) < 0)
        return EXIT_BIND;
    return EXIT_OK;
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
           strcmp(address, "localhost") == 0;
}

/* Where the workers of --workers are. */
static struct kvx_partition_choice workers_partition(const struct settings *o)
{
    return (struct kvx_partition_choice){
        .model = kvx_bytes_of(o->model_name),
        .tenant = kvx_bytes_of(o->routing_group),
        .has_salt = true,
        .block_size = (uint32_t)o->block_size,
    };
}

/* Waits at most `pause` for a signal, and does what it asks for. True when that is to stop. */
static bool stop_asked(struct daemon *d, const struct timespec *pause)
{
    int signal_number = d->stopped ? 0 : sigtimedwait(&d->signals, NULL, pause);
    if (signal_number == SIGHUP) {
        if (kvx_log_reopen(d->log, &d->error) < 0)
            kvx_log(d->log, KVX_LOG_ERROR, d->error.text);
        else
            kvx_log(d->log, KVX_LOG_INFO, "log opened again");
    } else if (signal_number > 0) {
        kvx_log(d->log, KVX_LOG_INFO, "stopping", KVX_S("signal", strsignal(signal_number)));
        d->stopped = true;
    }
    return d->stopped;
}

static bool recovery_stopped(void *user)
{
    static const struct timespec now = {0};
    struct daemon *d = user;
    kvx_service_housekeeping(d->service);
    return stop_asked(d, &now);
}

/* The workers' sources connect, and nothing of them is read until the peers have been asked. */
static int open_workers(struct daemon *d)
{
    const struct settings *o = &d->settings;
    const struct kvx_partition_choice partition = workers_partition(o);
    if (o->peers) {
        if (kvx_recover_add_peers(d->service, o->peers, &d->error) < 0)
            return EXIT_USAGE;
        kvx_ingest_hold(d->ingest, true);
        kvx_service_recovering(d->service, "");
    }
    if (o->workers && kvx_service_register_list(d->service, &partition, o->workers, &d->error) < 0)
        return EXIT_WORKERS;
    return EXIT_OK;
}

/* Both servers listen already, so that probes see a daemon that lives and is not ready; all other requests
 * are refused until this is over. */
static int recover(struct daemon *d)
{
    const struct settings *o = &d->settings;
    const struct kvx_recover_config recovery = {
        .allocator = &kvx_system_allocator,
        .service = d->service,
        .log = d->log,
        .plain = workers_partition(o),
        .timeout_ns = KVX_SECONDS(o->recovery_timeout_s),
        .bytes_max = o->recovery_bytes,
        .stop = recovery_stopped,
        .user = d,
    };
    kvx_log(d->log, KVX_LOG_INFO, "listening, and recovering first",
            KVX_U("rest_port", kvx_http_port(d->http)), KVX_U("grpc_port", kvx_rpc_port(d->rpc)));
    int status = kvx_recover(&recovery, &d->error);
    kvx_ingest_hold(d->ingest, false);
    return status < 0 && status != KVX_CANCELLED ? EXIT_RUNTIME : EXIT_OK;
}

static int open_all(struct daemon *d)
{
    const struct settings *o = &d->settings;
    int code = open_core(d);
    if (!code)
        code = open_workers(d);
    if (!code)
        code = open_servers(d);
    if (!code && o->peers)
        code = recover(d);
    if (code || d->stopped)
        return code;
    kvx_service_started(d->service);
    if (!is_loopback(o->bind))
        kvx_log(
            d->log, KVX_LOG_WARN,
            "listening beyond this host without authentication: whoever reaches these ports can read what is "
            "cached and register workers",
            KVX_S("bind", o->bind));
    const char *left = strchr(o->bind, ':') ? "[" : "", *right = *left ? "]" : "";
    printf("kvindexd ready rest=%s%s%s:%u grpc=%s%s%s:%u\n", left, o->bind, right, kvx_http_port(d->http),
           left, o->bind, right, kvx_rpc_port(d->rpc));
    fflush(stdout);
    return EXIT_OK;
}

/* Until a signal asks to stop. Housekeeping runs here: fast while there is something to sweep. */
static void run(struct daemon *d)
{
    static const struct timespec idle = {0, 50000000}, busy = {0, 1000000};
    bool more;
    do
        more = kvx_service_housekeeping(d->service);
    while (!stop_asked(d, more ? &busy : &idle));
}

/* No longer ready first; what has begun is answered, what comes later refused; then the sources end, the
 * index last. */
static void close_all(struct daemon *d)
{
    uint64_t deadline = kvx_now_ns() + KVX_SECONDS(d->settings.drain_timeout_s);
    bool drained = true;
    if (d->service)
        kvx_service_drain(d->service);
    if (d->http)
        kvx_http_quiesce(d->http);
    if (d->rpc)
        kvx_rpc_drain(d->rpc, deadline);
    if (d->http)
        drained = kvx_http_drain(d->http, deadline);
    if (!drained)
        kvx_log(d->log, KVX_LOG_WARN, "REST requests were cut off: --drain-timeout is over");
    kvx_rpc_free(d->rpc);
    kvx_http_free(d->http);
    if (d->service && d->ingest)
        kvx_service_close_sources(d->service);
    kvx_ingest_free(d->ingest);
    kvx_service_free(d->service);
    kvx_metrics_free(&d->metrics);
    kvx_log_free(d->log);
    kvx_options_free(&d->options);
}

static int check_name(const char *option, const char *name, struct kvx_error *e)
{
    struct kvx_bytes text = kvx_bytes_of(name);
    if (text.len >= 1 && text.len <= 256 && kvx_bytes_is_text(text))
        return KVX_OK;
    return kvx_fail(e, KVX_INVALID, "--%s: expected 1 to 256 bytes of UTF-8", option);
}

static int check_settings(struct daemon *d)
{
    int status = check_name("model-name", d->settings.model_name, &d->error);
    if (!status)
        status = check_name("routing-group", d->settings.routing_group, &d->error);
    if (status)
        return status;
    if (d->settings.workers && !d->settings.block_size)
        return kvx_fail(&d->error, KVX_INVALID, "--block-size is required when --workers is specified");
    return KVX_OK;
}

int main(int argc, char **argv)
{
    static struct daemon d;
    d.settings = default_settings();
    if (kvx_options_parse(&d.options, option_table, &d.settings, argc, argv, &d.error) < 0)
        return fail(&d, EXIT_USAGE);
    if (d.settings.help || d.settings.version) {
        if (d.settings.help)
            print_help();
        else
            puts("kvindexd " KVINDEX_VERSION);
        kvx_options_free(&d.options);
        return EXIT_OK;
    }
    if (check_settings(&d) < 0) {
        kvx_options_free(&d.options);
        return fail(&d, EXIT_USAGE);
    }

    /* Blocked before any thread starts, so that only the main thread receives them, when it asks. */
    sigemptyset(&d.signals);
    sigaddset(&d.signals, SIGTERM);
    sigaddset(&d.signals, SIGINT);
    sigaddset(&d.signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &d.signals, NULL);
    signal(SIGPIPE, SIG_IGN);

    int code = open_all(&d);
    if (code)
        fail(&d, code);
    else if (!d.stopped)
        run(&d);
    close_all(&d);
    return code;
}
