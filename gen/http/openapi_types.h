/* Generated from kvindex.v1.yaml by openapi_generate.py. Do not edit. */
/* The C shapes of requests and answers. */
#ifndef OPENAPI_TYPES_H
#define OPENAPI_TYPES_H

#include "json_type.h"

/* One worker and where its events are published. */
struct kvx_http_register_request {
    /* The instance the worker belongs to. */
    struct kvx_json_id instance_id;
    /* ZMQ endpoint at which the engine publishes events; `tcp://host:port`, `ipc://path` or
       `inproc://name`. */
    struct kvx_bytes endpoint;
    /* Rank of the worker, for batches that do not name one themselves. */
    uint32_t dp_rank;
    /* Tokens in one block. Needed when no block size is known yet; else it must be the one in use. */
    bool has_block_size;
    uint32_t block_size;
    /* ZMQ endpoint at which the engine answers requests for lost events, same forms as `endpoint`. */
    bool has_replay_endpoint;
    struct kvx_bytes replay_endpoint;
};

/* Always `ok`. */
enum kvx_http_status_status {
    KVX_HTTP_STATUS_STATUS_OK,
    KVX_HTTP_STATUS_STATUS_COUNT
};

/* The operation was done. */
struct kvx_http_status {
    /* Always `ok`. */
    enum kvx_http_status_status status;
};

/* One worker, or all workers of an instance. */
struct kvx_http_unregister_request {
    /* The instance. */
    struct kvx_json_id instance_id;
    /* Rank of the worker; without it all ranks of the instance are meant. */
    bool has_dp_rank;
    uint32_t dp_rank;
};

/* ZMQ endpoint of each registered rank; the keys are ranks in decimal. */
struct kvx_http_worker_endpoints_entry {
    struct kvx_bytes key;
    struct kvx_bytes value;
};
struct kvx_http_worker_endpoints {
    const struct kvx_http_worker_endpoints_entry *items;
    size_t n;
};

/* State of an event stream. */
enum kvx_http_source_state {
    KVX_HTTP_SOURCE_STATE_CONNECTING,
    KVX_HTTP_SOURCE_STATE_SYNCING,
    KVX_HTTP_SOURCE_STATE_EXACT,
    KVX_HTTP_SOURCE_STATE_DEGRADED,
    KVX_HTTP_SOURCE_STATE_STALE,
    KVX_HTTP_SOURCE_STATE_COUNT
};

/* Why events of a stream are missing. */
enum kvx_http_degraded_reason {
    KVX_HTTP_DEGRADED_REASON_LATE_JOIN,
    KVX_HTTP_DEGRADED_REASON_GAP,
    KVX_HTTP_DEGRADED_REASON_PENDING_DROPPED,
    KVX_HTTP_DEGRADED_REASON_MEMORY,
    KVX_HTTP_DEGRADED_REASON_BACKLOG,
    KVX_HTTP_DEGRADED_REASON_TWO_SOURCES,
    KVX_HTTP_DEGRADED_REASON_UNSEQUENCED,
    KVX_HTTP_DEGRADED_REASON_BLOCK_SIZE,
    KVX_HTTP_DEGRADED_REASON_BAD_BATCH,
    KVX_HTTP_DEGRADED_REASON_COUNT
};

/* Numbers of blocks by tier. */
struct kvx_http_blocks_by_tier {
    /* Blocks in device (GPU) memory. */
    uint64_t device;
    /* Blocks in host (CPU) memory. */
    uint64_t host_pinned;
    /* Blocks on local disks. */
    uint64_t disk;
    /* Blocks in remote or shared storage. */
    uint64_t external;
};

/* State of the event stream that feeds one rank. */
struct kvx_http_listener {
    /* ZMQ endpoint the events come from. */
    struct kvx_bytes endpoint;
    /* ZMQ endpoint for lost events; absent when none was registered. */
    bool has_replay_endpoint;
    struct kvx_bytes replay_endpoint;
    /* How far the stream can be trusted. `connecting`: no connection yet; `syncing`: the first replay is
       running; `exact`: every event was applied; `degraded`: events are missing; `stale`: the connection
       was lost. */
    enum kvx_http_source_state state;
    /* Why the state is `degraded`; absent in other states. */
    bool has_reason;
    enum kvx_http_degraded_reason reason;
    /* When the state last changed, in milliseconds since 1970. */
    uint64_t since_ms;
    /* Sequence number of the newest applied batch; absent before the first. */
    bool has_last_sequence;
    uint64_t last_sequence;
    /* Batches known to be missing. */
    uint64_t missing_batches;
    /* Batches applied since the registration. */
    uint64_t batches;
    /* Restarts of the engine seen since the registration. */
    uint64_t restarts;
    /* When the newest batch was applied, in milliseconds since 1970; absent before the first. */
    bool has_last_event_ms;
    uint64_t last_event_ms;
    /* Blocks the rank holds, by tier. */
    struct kvx_http_blocks_by_tier held_blocks;
    /* True for a rank that was never registered and is known only from batches of another rank's stream. */
    bool learned;
};

/* State of each rank's event stream, also of ranks learned from batches; the keys are ranks in decimal. */
struct kvx_http_worker_listeners_entry {
    struct kvx_bytes key;
    struct kvx_http_listener value;
};
struct kvx_http_worker_listeners {
    const struct kvx_http_worker_listeners_entry *items;
    size_t n;
};

/* One instance and its ranks. */
struct kvx_http_worker {
    /* The instance, as first registered. */
    struct kvx_json_id instance_id;
    /* ZMQ endpoint of each registered rank; the keys are ranks in decimal. */
    struct kvx_http_worker_endpoints endpoints;
    /* State of each rank's event stream, also of ranks learned from batches; the keys are ranks in
       decimal. */
    struct kvx_http_worker_listeners listeners;
    /* Model of the partition the instance is in. */
    struct kvx_bytes model;
    /* Tenant of the partition the instance is in. */
    struct kvx_bytes tenant;
    /* Tokens in one block of the partition. */
    uint32_t block_size;
};

/* All instances with registrations. */
struct kvx_http_workers {
    const struct kvx_http_worker *items;
    size_t n;
};

/* The prompt's token ids, in order. */
struct kvx_http_query_request_token_ids {
    const uint32_t *items;
    size_t n;
};

/* A prompt as token ids. */
struct kvx_http_query_request {
    /* The prompt's token ids, in order. */
    struct kvx_http_query_request_token_ids token_ids;
};

/* Numbers of blocks; the keys are data-parallel ranks in decimal. */
struct kvx_http_blocks_by_rank_entry {
    struct kvx_bytes key;
    uint64_t value;
};
struct kvx_http_blocks_by_rank {
    const struct kvx_http_blocks_by_rank_entry *items;
    size_t n;
};

/* Numbers of blocks; the keys are instance ids. */
struct kvx_http_blocks_by_instance_entry {
    struct kvx_bytes key;
    struct kvx_http_blocks_by_rank value;
};
struct kvx_http_blocks_by_instance {
    const struct kvx_http_blocks_by_instance_entry *items;
    size_t n;
};

/* Access counts per block; not kept, always empty. */
struct kvx_http_block_scores_frequencies {
    const uint64_t *items;
    size_t n;
};

/* Scores in blocks, of the workers that hold at least the first block on their device. */
struct kvx_http_block_scores {
    /* Leading blocks held, by instance and rank. */
    struct kvx_http_blocks_by_instance scores;
    /* Access counts per block; not kept, always empty. */
    struct kvx_http_block_scores_frequencies frequencies;
    /* Blocks held on the device in all, by instance and rank, for the same workers. */
    struct kvx_http_blocks_by_instance tree_sizes;
};

/* Scores, in the form of the dialect the request was made in. */
struct kvx_http_query_answer {
    enum {
        KVX_HTTP_QUERY_ANSWER_BLOCK_SCORES,
    } which;
    union {
        struct kvx_http_block_scores block_scores;
    } value;
};

/* The local hash of each block, in the prompt's order. */
struct kvx_http_query_by_hash_request_block_hashes {
    const uint64_t *items;
    size_t n;
};

/* A prompt as local block hashes. */
struct kvx_http_query_by_hash_request {
    /* The local hash of each block, in the prompt's order. */
    struct kvx_http_query_by_hash_request_block_hashes block_hashes;
};

/* Device (GPU) memory, host (CPU) memory, disk, or external storage. */
enum kvx_http_storage_tier {
    KVX_HTTP_STORAGE_TIER_DEVICE,
    KVX_HTTP_STORAGE_TIER_HOST_PINNED,
    KVX_HTTP_STORAGE_TIER_DISK,
    KVX_HTTP_STORAGE_TIER_EXTERNAL,
    KVX_HTTP_STORAGE_TIER_COUNT
};

/* Who owns the storage; always the worker itself. */
enum kvx_http_router_event_residency_domain {
    KVX_HTTP_ROUTER_EVENT_RESIDENCY_DOMAIN_WORKER,
    KVX_HTTP_ROUTER_EVENT_RESIDENCY_DOMAIN_COUNT
};

/* One block. */
struct kvx_http_stored_block {
    /* The hash this worker's engine gave the block. */
    uint64_t block_hash;
    /* Local hash of the block. */
    uint64_t tokens_hash;
};

/* The blocks, in the prompt's order. */
struct kvx_http_stored_blocks_blocks {
    const struct kvx_http_stored_block *items;
    size_t n;
};

/* Consecutive blocks below one parent. */
struct kvx_http_stored_blocks {
    /* Engine hash of the block before the first one; null at the start of a prompt. */
    bool has_parent_hash;
    uint64_t parent_hash;
    /* The blocks, in the prompt's order. */
    struct kvx_http_stored_blocks_blocks blocks;
};

/* The payload of an event; dumps contain store events only. */
struct kvx_http_kv_event_data {
    /* Blocks that became held. */
    struct kvx_http_stored_blocks stored;
};

/* An event of one rank. */
struct kvx_http_kv_event {
    /* Number of the event in this dump, from 0. */
    uint64_t event_id;
    /* Data-parallel rank that holds the blocks. */
    uint32_t dp_rank;
    /* What happened. */
    struct kvx_http_kv_event_data data;
};

/* One store event of one worker and tier. */
struct kvx_http_router_event {
    /* The instance that holds the blocks. */
    struct kvx_json_id worker_id;
    /* Where the blocks live. */
    enum kvx_http_storage_tier storage_tier;
    /* Who owns the storage; always the worker itself. */
    enum kvx_http_router_event_residency_domain residency_domain;
    /* The event. */
    struct kvx_http_kv_event event;
};

/* Store events that rebuild the index. */
struct kvx_http_events {
    const struct kvx_http_router_event *items;
    size_t n;
};

/* Sentences; also about workers whose stream is not exact while the daemon is ready. */
struct kvx_http_ready_reasons {
    const struct kvx_bytes *items;
    size_t n;
};

/* Numbers of workers by the state of their event stream. */
struct kvx_http_workers_by_state {
    /* Workers without a connection so far. */
    uint64_t connecting;
    /* Workers whose first replay is running. */
    uint64_t syncing;
    /* Workers of whose events none is missing. */
    uint64_t exact;
    /* Workers of whose events some are missing. */
    uint64_t degraded;
    /* Workers whose connection was lost. */
    uint64_t stale;
};

/* Readiness and the reasons for doubt. */
struct kvx_http_ready {
    /* True when queries should be sent here. */
    bool ready;
    /* True while the daemon is shutting down. */
    bool draining;
    /* Sentences; also about workers whose stream is not exact while the daemon is ready. */
    struct kvx_http_ready_reasons reasons;
    /* Workers known, registered and learned. */
    uint64_t workers;
    /* Workers in each state of their stream. */
    struct kvx_http_workers_by_state workers_by_state;
};

/* What is wrong. */
struct kvx_http_error {
    /* A sentence with the field and the value's place. */
    struct kvx_bytes error;
};

/* What decoder and writer need to know of each shape. */
extern const struct kvx_json_type kvx_http_type_instance_id;
extern const struct kvx_json_type kvx_http_type_register_request_endpoint;
extern const struct kvx_json_type kvx_http_type_dp_rank;
extern const struct kvx_json_type kvx_http_type_register_request_block_size;
extern const struct kvx_json_type kvx_http_type_register_request_replay_endpoint;
extern const struct kvx_json_type kvx_http_type_register_request;
extern const struct kvx_json_type kvx_http_type_status_status;
extern const struct kvx_json_type kvx_http_type_status;
extern const struct kvx_json_type kvx_http_type_unregister_request_dp_rank;
extern const struct kvx_json_type kvx_http_type_unregister_request;
extern const struct kvx_json_type kvx_http_type_worker_endpoints_value;
extern const struct kvx_json_type kvx_http_type_worker_endpoints;
extern const struct kvx_json_type kvx_http_type_listener_endpoint;
extern const struct kvx_json_type kvx_http_type_listener_replay_endpoint;
extern const struct kvx_json_type kvx_http_type_source_state;
extern const struct kvx_json_type kvx_http_type_degraded_reason;
extern const struct kvx_json_type kvx_http_type_count;
extern const struct kvx_json_type kvx_http_type_blocks_by_tier;
extern const struct kvx_json_type kvx_http_type_listener_learned;
extern const struct kvx_json_type kvx_http_type_listener;
extern const struct kvx_json_type kvx_http_type_worker_listeners;
extern const struct kvx_json_type kvx_http_type_worker_model;
extern const struct kvx_json_type kvx_http_type_worker_tenant;
extern const struct kvx_json_type kvx_http_type_block_size;
extern const struct kvx_json_type kvx_http_type_worker;
extern const struct kvx_json_type kvx_http_type_workers;
extern const struct kvx_json_type kvx_http_type_query_request_token_ids_item;
extern const struct kvx_json_type kvx_http_type_query_request_token_ids;
extern const struct kvx_json_type kvx_http_type_query_request;
extern const struct kvx_json_type kvx_http_type_blocks_by_rank;
extern const struct kvx_json_type kvx_http_type_blocks_by_instance;
extern const struct kvx_json_type kvx_http_type_block_scores_frequencies;
extern const struct kvx_json_type kvx_http_type_block_scores;
extern const struct kvx_json_type kvx_http_type_query_answer;
extern const struct kvx_json_type kvx_http_type_query_by_hash_request_block_hashes_item;
extern const struct kvx_json_type kvx_http_type_query_by_hash_request_block_hashes;
extern const struct kvx_json_type kvx_http_type_query_by_hash_request;
extern const struct kvx_json_type kvx_http_type_storage_tier;
extern const struct kvx_json_type kvx_http_type_router_event_residency_domain;
extern const struct kvx_json_type kvx_http_type_stored_blocks_parent_hash;
extern const struct kvx_json_type kvx_http_type_stored_blocks_start_position;
extern const struct kvx_json_type kvx_http_type_hash;
extern const struct kvx_json_type kvx_http_type_stored_block_mm_extra_info;
extern const struct kvx_json_type kvx_http_type_stored_block;
extern const struct kvx_json_type kvx_http_type_stored_blocks_blocks;
extern const struct kvx_json_type kvx_http_type_stored_blocks;
extern const struct kvx_json_type kvx_http_type_kv_event_data;
extern const struct kvx_json_type kvx_http_type_kv_event;
extern const struct kvx_json_type kvx_http_type_router_event;
extern const struct kvx_json_type kvx_http_type_events;
extern const struct kvx_json_type kvx_http_type_ready_ready;
extern const struct kvx_json_type kvx_http_type_ready_draining;
extern const struct kvx_json_type kvx_http_type_ready_reasons_item;
extern const struct kvx_json_type kvx_http_type_ready_reasons;
extern const struct kvx_json_type kvx_http_type_workers_by_state;
extern const struct kvx_json_type kvx_http_type_ready;
extern const struct kvx_json_type kvx_http_type_metrics_page;
extern const struct kvx_json_type kvx_http_type_openapi_document;
extern const struct kvx_json_type kvx_http_type_error_error;
extern const struct kvx_json_type kvx_http_type_error;

#endif /* OPENAPI_TYPES_H */
