#include "options.h"
#include "memory.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: kvindex-simulator [OPTION]...\n"
    "Plays a fleet of LLM engines: each worker has a KV cache of its own and publishes what it stores and\n"
    "evicts over ZMQ, as vLLM and SGLang do. The endpoints are printed as one line of JSON at the start;\n"
    "commands are read from standard input, one a line, each answered by one line of JSON.\n"
    "\n"
    "Fleet and work:\n"
    "  --workers N            engines (4)\n"
    "  --capacity N           blocks that one engine's cache holds (32768)\n"
    "  --block-size N         tokens a block, a divisor of 512 (16)\n"
    "  --trace FILE           requests in Mooncake's JSON Lines format; without it a look-alike is "
    "generated\n"
    "  --requests N           play only the first N requests (0: the whole trace, or 1000 generated ones)\n"
    "  --assign hash|round-robin   which worker gets a request (hash)\n"
    "  --seed N               of everything random (1)\n"
    "  --rate N               blocks stored and removed a second, all workers together (0: flat out)\n"
    "  --loop                 start over at the end of the trace\n"
    "  --go                   start at once instead of waiting for the command `go`\n"
    "  --prepare              encode the whole stream before the start (for measurements)\n"
    "\n"
    "On the wire:\n"
    "  --format NAME          vllm-map, vllm-array, sglang-array or sglang-map (vllm-map)\n"
    "  --hash shared|worker   whether engines agree on the hash of a prefix (shared)\n"
    "  --byte-hashes          hashes are strings of 32 bytes instead of integers\n"
    "  --rank N|none          the data-parallel rank named in batches (0)\n"
    "  --host ADDRESS         where the sockets are bound (127.0.0.1)\n"
    "  --port N               events of worker 0; worker k is at N + k (0: any free port)\n"
    "  --replay-port N        the same for replay sockets (0)\n"
    "  --replay-layout 3|4|none   frames in a replay answer: old, new, or no replay at all (4)\n"
    "  --replay-ring N        batches kept for replay (10000)\n"
    "  --replay-queue N       send queue of the replay socket, 0 unlimited; what overflows is lost (0)\n"
    "  --send-queue N         send queue of the event socket, in messages (100000)\n"
    "  --no-drop              a full send queue stops the engine instead of losing batches\n"
    "  --topic TEXT           first frame of every message (kv-events)\n"
    "\n"
    "  --no-stdin             read no commands; run until a signal\n"
    "  --help                 this text; the command `help` lists the commands\n";

static _Noreturn void usage_error(const char *option, const char *value, const char *wanted)
{
    fprintf(stderr, "kvindex-simulator: --%s %s: %s\nTry --help.\n", option, value, wanted);
    exit(2);
}

static uint64_t number(const char *option, const char *value, uint64_t min, uint64_t max)
{
    char *end;
    errno = 0;
    unsigned long long n = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end || errno || n < min || n > max) {
        char wanted[80];
        snprintf(wanted, sizeof wanted, "must be an integer from %llu to %llu", (unsigned long long)min,
                 (unsigned long long)max);
        usage_error(option, value, wanted);
    }
    return n;
}

/* The position of `value` in a NULL-terminated list of names. */
static int choice(const char *option, const char *value, const char *const *names, const char *wanted)
{
    for (int i = 0; names[i]; i++)
        if (!strcmp(value, names[i]))
            return i;
    usage_error(option, value, wanted);
}

enum {
    WORKERS = 1,
    CAPACITY,
    BLOCK_SIZE,
    TRACE,
    REQUESTS,
    ASSIGN,
    SEED,
    RATE,
    LOOP,
    GO,
    PREPARE,
    FORMAT,
    HASH,
    BYTE_HASHES,
    RANK,
    HOST,
    PORT,
    REPLAY_PORT,
    REPLAY_LAYOUT,
    REPLAY_RING,
    REPLAY_QUEUE,
    SEND_QUEUE,
    NO_DROP,
    TOPIC,
    NO_STDIN,
    HELP
};

static const struct option options[] = {
    {"workers", required_argument, NULL, WORKERS},
    {"capacity", required_argument, NULL, CAPACITY},
    {"block-size", required_argument, NULL, BLOCK_SIZE},
    {"trace", required_argument, NULL, TRACE},
    {"requests", required_argument, NULL, REQUESTS},
    {"assign", required_argument, NULL, ASSIGN},
    {"seed", required_argument, NULL, SEED},
    {"rate", required_argument, NULL, RATE},
    {"loop", no_argument, NULL, LOOP},
    {"go", no_argument, NULL, GO},
    {"prepare", no_argument, NULL, PREPARE},
    {"format", required_argument, NULL, FORMAT},
    {"hash", required_argument, NULL, HASH},
    {"byte-hashes", no_argument, NULL, BYTE_HASHES},
    {"rank", required_argument, NULL, RANK},
    {"host", required_argument, NULL, HOST},
    {"port", required_argument, NULL, PORT},
    {"replay-port", required_argument, NULL, REPLAY_PORT},
    {"replay-layout", required_argument, NULL, REPLAY_LAYOUT},
    {"replay-ring", required_argument, NULL, REPLAY_RING},
    {"replay-queue", required_argument, NULL, REPLAY_QUEUE},
    {"send-queue", required_argument, NULL, SEND_QUEUE},
    {"no-drop", no_argument, NULL, NO_DROP},
    {"topic", required_argument, NULL, TOPIC},
    {"no-stdin", no_argument, NULL, NO_STDIN},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

/* Options about the fleet and its work; false when `id` is not one of them. */
static bool fleet_option(struct sim_options *o, int id, const char *name, const char *value)
{
    static const char *const assigns[] = {"hash", "round-robin", NULL};
    switch (id) {
    case WORKERS:
        o->workers = (uint32_t)number(name, value, 1, 10000);
        return true;
    case CAPACITY:
        o->capacity = (uint32_t)number(name, value, 1, 1u << 30);
        return true;
    case BLOCK_SIZE:
        o->block_size = (uint32_t)number(name, value, 1, SIM_TRACE_BLOCK);
        if (SIM_TRACE_BLOCK % o->block_size)
            usage_error(name, value, "must divide 512");
        return true;
    case TRACE:
        o->trace = value;
        return true;
    case REQUESTS:
        o->requests = number(name, value, 0, 1u << 30);
        return true;
    case ASSIGN:
        o->round_robin = choice(name, value, assigns, "must be hash or round-robin") == 1;
        return true;
    case SEED:
        o->seed = number(name, value, 0, UINT64_MAX);
        return true;
    case RATE:
        o->rate = (double)number(name, value, 0, 1u << 30);
        return true;
    default:
        return false;
    }
}

/* Options about what goes over the wire; false when `id` is not one of them. */
static bool wire_option(struct sim_options *o, int id, const char *name, const char *value)
{
    static const char *const formats[] = {"vllm-map", "vllm-array", "sglang-array", "sglang-map", NULL};
    static const char *const hashes[] = {"shared", "worker", NULL};
    static const char *const layouts[] = {"none", "1", "2", "3", "4", NULL};
    switch (id) {
    case FORMAT:
        o->format = (enum sim_format)choice(name, value, formats,
                                            "must be vllm-map, vllm-array, sglang-array or sglang-map");
        return true;
    case HASH:
        o->hash_per_worker = choice(name, value, hashes, "must be shared or worker") == 1;
        return true;
    case RANK:
        o->has_rank = strcmp(value, "none") != 0;
        o->rank = o->has_rank ? (uint32_t)number(name, value, 0, UINT32_MAX) : 0;
        return true;
    case PORT:
        o->port = (uint32_t)number(name, value, 0, 65535);
        return true;
    case REPLAY_PORT:
        o->replay_port = (uint32_t)number(name, value, 0, 65535);
        return true;
    case REPLAY_LAYOUT:
        o->replay_layout = choice(name, value, layouts, "must be 3, 4 or none");
        if (o->replay_layout == 1 || o->replay_layout == 2)
            usage_error(name, value, "must be 3, 4 or none");
        return true;
    case REPLAY_RING:
        o->replay_ring = (uint32_t)number(name, value, 1, 1u << 30);
        return true;
    case REPLAY_QUEUE:
        o->replay_queue = (int)number(name, value, 0, INT32_MAX);
        return true;
    case SEND_QUEUE:
        o->send_queue = (int)number(name, value, 0, INT32_MAX);
        return true;
    default:
        return false;
    }
}

static void plain_option(struct sim_options *o, int id, const char *value)
{
    switch (id) {
    case HOST:
        o->host = value;
        break;
    case TOPIC:
        o->topic = value;
        break;
    case LOOP:
        o->loop = true;
        break;
    case GO:
        o->go = true;
        break;
    case PREPARE:
        o->prepare = true;
        break;
    case BYTE_HASHES:
        o->byte_hashes = true;
        break;
    case NO_DROP:
        o->no_drop = true;
        break;
    case NO_STDIN:
        o->no_stdin = true;
        break;
    case HELP:
        fputs(help, stdout);
        exit(0);
    default: /* getopt has already said what is wrong */
        fputs("Try --help.\n", stderr);
        exit(2);
    }
}

void sim_options_parse(struct sim_options *o, int argc, char **argv)
{
    *o = (struct sim_options){.workers = 4,
                              .capacity = 32768,
                              .block_size = 16,
                              .has_rank = true,
                              .host = "127.0.0.1",
                              .topic = "kv-events",
                              .replay_layout = 4,
                              .replay_ring = 10000,
                              .send_queue = 100000,
                              .seed = 1};
    int id, index = 0;
    while ((id = getopt_long(argc, argv, "", options, &index)) != -1) {
        const char *name = id == '?' ? "" : options[index].name;
        if (!fleet_option(o, id, name, optarg) && !wire_option(o, id, name, optarg))
            plain_option(o, id, optarg);
    }
    if (optind < argc) {
        fprintf(stderr, "kvindex-simulator: unexpected argument %s\nTry --help.\n", argv[optind]);
        exit(2);
    }
    if (o->prepare && o->loop)
        usage_error("prepare", "--loop", "an endless stream cannot be prepared");
    if ((o->port && o->port + o->workers > 65536) || (o->replay_port && o->replay_port + o->workers > 65536))
        usage_error("port", "", "the last worker's port would be above 65535");
    if (!o->requests && !o->trace)
        o->requests = 1000;
}
