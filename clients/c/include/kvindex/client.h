/* kvindex client: asks a kvindex server, over gRPC, which worker holds how much of a prompt.
 *
 *   struct kvindex_client *client;
 *   struct kvindex_error error;
 *   if (kvindex_client_new("127.0.0.1:8091", NULL, &client, &error) != KVINDEX_OK) ...
 *
 * Errors: functions return KVINDEX_OK or the gRPC status code of the failure; `error` (may be NULL) then also
 * holds a sentence. Out-parameters are untouched on failure.
 *
 * Ownership: what a function hands out is read-only and belongs to the library: give it back to its `_free`
 * function. All texts inside live as long as it does. Arguments are only borrowed for the call.
 *
 * Threads: a client may be used by any number of threads at once; free it after the last call has returned.
 *
 * Deadlines: every call ends within `timeout_ms`, retries included. Only reads are retried, and only when the
 * server is UNAVAILABLE. A dump has no limit in all: `timeout_ms` bounds the wait for each piece of it.
 *
 * Numbers: hashes are 64 bits without sign; blocks are whole blocks of the partition's block size.
 */
#ifndef KVINDEX_CLIENT_H
#define KVINDEX_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Errors ---- */

/* gRPC's status codes; a server may send others. */
enum kvindex_code {
    KVINDEX_OK = 0,
    KVINDEX_CANCELLED = 1,
    KVINDEX_UNKNOWN = 2,
    KVINDEX_INVALID_ARGUMENT = 3,
    KVINDEX_DEADLINE_EXCEEDED = 4,
    KVINDEX_NOT_FOUND = 5,
    KVINDEX_ALREADY_EXISTS = 6,
    KVINDEX_PERMISSION_DENIED = 7,
    KVINDEX_RESOURCE_EXHAUSTED = 8, /* a message over its limit, or this process is out of memory */
    KVINDEX_FAILED_PRECONDITION = 9,
    KVINDEX_UNIMPLEMENTED = 12,
    KVINDEX_INTERNAL = 13,
    KVINDEX_UNAVAILABLE = 14, /* nobody listens there, or the server is busy or shutting down */
    KVINDEX_UNAUTHENTICATED = 16,
};

/* Plain data; `message` is NUL-terminated. */
struct kvindex_error {
    int code;
    char message[512];
};

const char *kvindex_code_name(int code); /* "NOT_FOUND"; static */

/* ---- The client ---- */

/* Memory for what the library itself allocates. `alloc` returns NULL when there is none; `free` takes NULL.
 */
struct kvindex_allocator {
    void *(*alloc)(void *user, size_t size);
    void (*free)(void *user, void *memory);
    void *user;
};

/* Zero means the default. */
struct kvindex_options {
    unsigned timeout_ms;                       /* default 5000 */
    unsigned attempts;                         /* of a read, with the first one; default 3 */
    const struct kvindex_allocator *allocator; /* must outlive client and results; default: the C library's */
};

struct kvindex_client;

/* `target` is HOST:PORT. Connects when the first call needs it. */
int kvindex_client_new(const char *target, const struct kvindex_options *, struct kvindex_client **out,
                       struct kvindex_error *);
void kvindex_client_free(struct kvindex_client *); /* takes NULL */
/* All calls in flight end with CANCELLED; later calls work. Any thread; not from a signal handler. */
void kvindex_client_cancel(struct kvindex_client *);

/* ---- Registration ---- */

struct kvindex_registration {
    const char *instance_id;
    uint32_t dp_rank;
    const char *endpoint;        /* where the engine publishes, "tcp://10.0.0.7:5557" */
    const char *replay_endpoint; /* NULL: it has none */
    uint32_t block_size_tokens;  /* 0: the partition's, or the server's default */
};

/* ALREADY_EXISTS, FAILED_PRECONDITION (block size), INVALID_ARGUMENT. */
int kvindex_register(struct kvindex_client *, const struct kvindex_registration *, struct kvindex_error *);
/* `dp_rank` NULL: all ranks. `removed_workers` may be NULL. NOT_FOUND when it is not registered. */
int kvindex_unregister(struct kvindex_client *, const char *instance_id, const uint32_t *dp_rank,
                       uint64_t *removed_workers, struct kvindex_error *);

/* ---- Workers ---- */

enum kvindex_state {
    KVINDEX_STATE_CONNECTING = 1,
    KVINDEX_STATE_SYNCING = 2,
    KVINDEX_STATE_EXACT = 3,
    KVINDEX_STATE_DEGRADED = 4,
    KVINDEX_STATE_STALE = 5,
};
/* Lower case and static, "exact" and "late_join"; "unknown" for numbers that only newer servers know. */
const char *kvindex_state_name(int state);
const char *kvindex_reason_name(int reason); /* "" when there is no reason */

struct kvindex_worker {
    const char *instance_id;
    uint32_t dp_rank;
    const char *endpoint, *replay_endpoint; /* replay "": none */
    bool learned;                           /* never registered, seen in batches of another rank's source */
    int state;                              /* enum kvindex_state */
    int reason;                             /* why it is degraded; 0: it is not */
    uint64_t since_unix_ms;                 /* when the state changed */
    bool has_sequence;                      /* false: no batch was applied yet */
    uint64_t last_sequence;
    uint64_t missing_batches, applied_batches, restarts;
    uint64_t last_event_unix_ms; /* 0: none yet */
    uint32_t block_size_tokens;
    const char *model, *tenant; /* of its partition */
    uint64_t device_blocks, host_blocks, disk_blocks, external_blocks;
};

struct kvindex_workers {
    size_t n;
    const struct kvindex_worker *items; /* in order of registration of the instance, then by rank */
};

int kvindex_list_workers(struct kvindex_client *, const struct kvindex_workers **out, struct kvindex_error *);
void kvindex_workers_free(const struct kvindex_workers *); /* takes NULL */

/* ---- Queries ---- */

/* Leading blocks of the prompt that one worker holds; each count includes the one before it. */
struct kvindex_hit {
    const char *instance_id;
    uint32_t dp_rank;
    uint32_t device_blocks, through_host_blocks, through_disk_blocks, through_external_blocks;
    uint64_t total_blocks; /* held on the device in all, of any prompt */
    int state;             /* enum kvindex_state */
};

struct kvindex_result {
    size_t n;
    /* workers that hold the first block; grouped by instance, ranks ascending */
    const struct kvindex_hit *hits;
    uint64_t asked_blocks;
    uint32_t block_size_tokens; /* 0: nothing was registered yet */
};

int kvindex_query_tokens(struct kvindex_client *, const uint32_t *token_ids, size_t n,
                         const struct kvindex_result **out, struct kvindex_error *);
/* Local block hashes: XXH3-64 with seed 1337 over a block's tokens as little-endian 32-bit numbers. */
int kvindex_query_hashes(struct kvindex_client *, const uint64_t *block_hashes, size_t n,
                         const struct kvindex_result **out, struct kvindex_error *);
void kvindex_result_free(const struct kvindex_result *); /* takes NULL */

/* ---- Dump ---- */

const char *kvindex_tier_name(int tier); /* "device", "host", "disk", "external", else "unknown"; static */

/* Consecutive blocks that one worker holds in one tier. Valid during the callback only. */
struct kvindex_stored {
    uint64_t event_id; /* 0, 1, and so on */
    const char *instance_id;
    uint32_t dp_rank;
    int tier;
    bool has_parent; /* false: the run begins a prompt */
    uint64_t parent_engine_hash;
    size_t n;
    const uint64_t *local_hashes, *engine_hashes;
};

/* Called for each event as it arrives, on the caller's thread. A result other than 0 ends the dump early. It
 * must not free the client. */
typedef int kvindex_stored_fn(void *user, const struct kvindex_stored *);

/* The whole index as store events. KVINDEX_OK after the last event, and after an early end. */
int kvindex_dump(struct kvindex_client *, kvindex_stored_fn *, void *user, struct kvindex_error *);

/* ---- Health ---- */

struct kvindex_state_count {
    int state;
    uint64_t workers;
};

struct kvindex_health {
    bool ready, draining;
    size_t n_reasons;
    const char *const *reasons; /* sentences: why it is not ready, whose answers are not exact */
    uint64_t workers;
    size_t n_states;
    const struct kvindex_state_count *states; /* only states that occur */
};

int kvindex_get_health(struct kvindex_client *, const struct kvindex_health **out, struct kvindex_error *);
void kvindex_health_free(const struct kvindex_health *); /* takes NULL */

#ifdef __cplusplus
}
#endif

#endif /* KVINDEX_CLIENT_H */
