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

/* ---- Partitions ---- */

/* One index: blocks mean the same in it. As an argument it is a choice: what is NULL, "" or 0 is not said. */
struct kvindex_partition {
    const char *model, *tenant;  /* the tenant, or the routing group; not said: "default", in listings any */
    const char *additional_salt; /* what else tells blocks apart that look alike */
    uint32_t block_size_tokens;
};

struct kvindex_tier_blocks {
    uint64_t device, host, disk, external;
};

struct kvindex_partition_status {
    struct kvindex_partition partition;
    uint64_t workers, pools;
    /* held by workers, held by pools; a block counts once for each of them */
    struct kvindex_tier_blocks held_blocks, pool_blocks;
    uint64_t positions; /* distinct prefixes known */
    uint64_t memory_bytes;
};

struct kvindex_partitions {
    size_t n;
    const struct kvindex_partition_status *items; /* in order of their creation */
};

int kvindex_list_partitions(struct kvindex_client *, const struct kvindex_partitions **out,
                            struct kvindex_error *);
void kvindex_partitions_free(const struct kvindex_partitions *); /* takes NULL */

/* ---- Registration ---- */

/* Whose blocks the events of a source speak of. */
enum kvindex_kind {
    KVINDEX_KIND_ENGINE = 1,
    KVINDEX_KIND_POOL = 2, /* a store that all workers of the partition can load from */
};
const char *kvindex_kind_name(int kind); /* "engine" or "pool", else "unknown"; static */

struct kvindex_registration {
    const char *instance_id;
    uint32_t dp_rank;
    const char *endpoint;        /* where the engine publishes, "tcp://10.0.0.7:5557" */
    const char *replay_endpoint; /* NULL: it has none */
    /* its partition; block size 0: the partition's, or the server's default */
    uint32_t block_size_tokens;
    const char *model, *tenant, *additional_salt;
    const char *lora_name; /* the adapter of events that name none themselves; NULL: the base model */
    int kind;              /* enum kvindex_kind; 0: an engine */
};

/* ALREADY_EXISTS, FAILED_PRECONDITION (block size), INVALID_ARGUMENT. */
int kvindex_register(struct kvindex_client *, const struct kvindex_registration *, struct kvindex_error *);
/* `dp_rank` NULL: all ranks. `removed_workers` may be NULL. NOT_FOUND when it is not registered. */
int kvindex_unregister(struct kvindex_client *, const char *instance_id, const uint32_t *dp_rank,
                       uint64_t *removed_workers, struct kvindex_error *);
/* The same in the partitions that the choice fits. */
int kvindex_unregister_in(struct kvindex_client *, const struct kvindex_partition *, const char *instance_id,
                          const uint32_t *dp_rank, uint64_t *removed_workers, struct kvindex_error *);

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
    bool learned;           /* not registered: from batches of another rank's source, or a peer's dump */
    int state;              /* enum kvindex_state */
    int reason;             /* why it is degraded; 0: it is not */
    uint64_t since_unix_ms; /* when the state changed */
    bool has_sequence;      /* false: no batch was applied yet */
    uint64_t last_sequence;
    uint64_t missing_batches, applied_batches, restarts;
    uint64_t last_event_unix_ms; /* 0: none yet */
    uint32_t block_size_tokens;
    const char *model, *tenant, *additional_salt; /* of its partition; salt "": none */
    const char *lora_name;                        /* of events that name none; "": the base model */
    int kind;                                     /* enum kvindex_kind */
    uint64_t device_blocks, host_blocks, disk_blocks, external_blocks;
};

struct kvindex_workers {
    size_t n;
    const struct kvindex_worker *items; /* in order of registration of the instance, then by rank */
};

int kvindex_list_workers(struct kvindex_client *, const struct kvindex_workers **out, struct kvindex_error *);
/* Those of a model, of a tenant, or of both. */
int kvindex_list_workers_in(struct kvindex_client *, const struct kvindex_partition *,
                            const struct kvindex_workers **out, struct kvindex_error *);
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
    /* workers that hold the first block; grouped by instance, ranks ascending, or with max_hits best first */
    const struct kvindex_hit *hits;
    uint64_t asked_blocks;
    uint32_t block_size_tokens; /* 0: nothing was registered yet */
};

/* A worker that is asked about; `dp_rank` NULL: all ranks of the instance. */
struct kvindex_candidate {
    const char *instance_id;
    const uint32_t *dp_rank;
};

/* A question: a prompt in one of its three forms, and where to look. Zero means that nothing is said. */
struct kvindex_query {
    const uint32_t *token_ids;
    size_t n_token_ids;
    const uint64_t *block_hashes; /* see kvindex_query_hashes */
    size_t n_block_hashes;
    const uint64_t *sequence_hashes; /* they name whole prefixes; see the server's schema */
    size_t n_sequence_hashes;
    const char *lora_name, *cache_salt; /* of a prompt as tokens; hashes have them inside */
    bool bigrams; /* tokens: a block's hash also covers the token behind it, as for EAGLE engines */
    struct kvindex_partition partition;
    const struct kvindex_candidate *candidates; /* NULL: all workers */
    size_t n_candidates;
    uint32_t max_hits; /* the best so many, best first; 0: all */
    bool every_worker; /* also those that hold nothing of it, with zeros */
};

/* INVALID_ARGUMENT when two forms are given, or several partitions fit; NOT_FOUND when a model or a tenant is
 * named and there is no such partition. */
int kvindex_query(struct kvindex_client *, const struct kvindex_query *, const struct kvindex_result **out,
                  struct kvindex_error *);
/* The whole question is a prompt of the default model. */
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
    struct kvindex_partition partition;
};

/* Called for each event as it arrives, on the caller's thread. A result other than 0 ends the dump early. It
 * must not free the client. */
typedef int kvindex_stored_fn(void *user, const struct kvindex_stored *);

/* The whole index as store events. KVINDEX_OK after the last event, and after an early end. */
int kvindex_dump(struct kvindex_client *, kvindex_stored_fn *, void *user, struct kvindex_error *);
/* That of a model, of a tenant, or of both. */
int kvindex_dump_in(struct kvindex_client *, const struct kvindex_partition *, kvindex_stored_fn *,
                    void *user, struct kvindex_error *);

/* ---- Peers: other indexers, from which the server may be recovered ---- */

struct kvindex_peers {
    size_t n;
    const char *const *urls; /* REST addresses, in the order they were registered */
};

/* `url` is like "http://10.0.0.8:8090". Registering one twice is no error. */
int kvindex_register_peer(struct kvindex_client *, const char *url, struct kvindex_error *);
int kvindex_deregister_peer(struct kvindex_client *, const char *url, struct kvindex_error *);
int kvindex_list_peers(struct kvindex_client *, const struct kvindex_peers **out, struct kvindex_error *);
void kvindex_peers_free(const struct kvindex_peers *); /* takes NULL */

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
