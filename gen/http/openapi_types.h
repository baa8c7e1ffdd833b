/* Generated from kvindex.v1.yaml by openapi_generate.py. Do not edit. */
/* The C shapes of requests and answers. */
#ifndef OPENAPI_TYPES_H
#define OPENAPI_TYPES_H

#include "json_type.h"

/* What publishes events, an engine or Mooncake's store. */
enum kvx_http_publisher_type {
    KVX_HTTP_PUBLISHER_TYPE_V_LLM,
    KVX_HTTP_PUBLISHER_TYPE_SGLANG,
    KVX_HTTP_PUBLISHER_TYPE_MOONCAKE,
    KVX_HTTP_PUBLISHER_TYPE_COUNT
};

/* One worker and where its events are published. */
struct kvx_http_register_request {
    /* The instance the worker belongs to. */
    struct kvx_json_id instance_id;
    /* ZMQ endpoint at which the engine publishes events; `tcp://host:port`, `ipc://path` or
       `inproc://name`. */
    struct kvx_bytes endpoint;
    /* Rank of the worker, for batches that do not name one themselves. Null means 0. */
    bool has_dp_rank;
    uint32_t dp_rank;
    /* Tokens in one block. In the first dialect needed when no block size is known yet. */
    bool has_block_size;
    uint32_t block_size;
    /* ZMQ endpoint at which the engine answers requests for lost events, same forms as `endpoint`. */
    bool has_replay_endpoint;
    struct kvx_bytes replay_endpoint;
    /* The LoRA adapter of events that name none themselves. Empty or null means the base model. */
    bool has_lora_name;
    struct kvx_bytes lora_name;
    /* The model. Selects NVIDIA's newer dialect. */
    bool has_model_name;
    struct kvx_bytes model_name;
    /* The routing group, which separates workers of one model. Null means `default`. */
    bool has_routing_group;
    struct kvx_bytes routing_group;
    /* Accepted and ignored, as in NVIDIA's indexer. */
    bool has_additional_salt;
    struct kvx_bytes additional_salt;
    /* The model. Selects Mooncake's dialect. */
    bool has_modelname;
    struct kvx_bytes modelname;
    /* The same as `modelname`, for clients that spell it as in queries. */
    bool has_model;
    struct kvx_bytes model;
    /* The tenant. Empty or null means `default`. Ignored in NVIDIA's dialect. */
    bool has_tenant_id;
    struct kvx_bytes tenant_id;
    /* What else tells blocks apart that look alike, such as a quantisation or a revision. Empty or null
       means nothing. Ignored in NVIDIA's dialect. */
    bool has_additionalsalt;
    struct kvx_bytes additionalsalt;
    /* What publishes. `Mooncake` is a store that all workers of the partition can load from. */
    bool has_type;
    enum kvx_http_publisher_type type;
};

/* Always `registered successfully`. */
enum kvx_http_registered_status {
    KVX_HTTP_REGISTERED_STATUS_REGISTERED_SUCCESSFULLY,
    KVX_HTTP_REGISTERED_STATUS_COUNT
};

/* The registration is in effect. */
struct kvx_http_registered {
    /* Always `registered successfully`. */
    enum kvx_http_registered_status status;
    /* The instance that was registered. */
    struct kvx_json_id instance_id;
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

/* The answers of Register, one for each status. */
struct kvx_http_register_answer {
    enum {
        KVX_HTTP_REGISTER_ANSWER_REGISTERED,
        KVX_HTTP_REGISTER_ANSWER_STATUS,
    } which;
    union {
        struct kvx_http_registered registered;
        struct kvx_http_status status;
    } value;
};

/* One worker, or all workers of an instance. */
struct kvx_http_unregister_request {
    /* The instance. */
    struct kvx_json_id instance_id;
    /* Rank of the worker; without it all ranks of the instance are meant. */
    bool has_dp_rank;
    uint32_t dp_rank;
    /* The model. Selects NVIDIA's newer dialect. */
    bool has_model_name;
    struct kvx_bytes model_name;
    /* The routing group. Null means every group in which the instance is registered. */
    bool has_routing_group;
    struct kvx_bytes routing_group;
    /* The model. Selects Mooncake's dialect. */
    bool has_modelname;
    struct kvx_bytes modelname;
    /* The same as `modelname`, for clients that spell it as in queries. */
    bool has_model;
    struct kvx_bytes model;
    /* The tenant. Empty or null means `default`. Ignored in NVIDIA's dialect. */
    bool has_tenant_id;
    struct kvx_bytes tenant_id;
    /* Tokens in one block, as registered. */
    bool has_block_size;
    uint32_t block_size;
    /* The additional salt, as registered; without it whatever salt the instance was registered with. */
    bool has_additionalsalt;
    struct kvx_bytes additionalsalt;
    /* Accepted and ignored; it does not tell registrations apart. */
    bool has_lora_name;
    struct kvx_bytes lora_name;
    /* What publishes; it does not tell registrations apart. */
    bool has_type;
    enum kvx_http_publisher_type type;
};

/* Always `unregistered successfully`. */
enum kvx_http_unregistered_status {
    KVX_HTTP_UNREGISTERED_STATUS_UNREGISTERED_SUCCESSFULLY,
    KVX_HTTP_UNREGISTERED_STATUS_COUNT
};

/* The registrations, each as `instance|tenant|rank`. */
struct kvx_http_unregistered_removed_instances {
    const struct kvx_bytes *items;
    size_t n;
};

/* Which registrations are gone. */
struct kvx_http_unregistered {
    /* Always `unregistered successfully`. */
    enum kvx_http_unregistered_status status;
    /* The registrations, each as `instance|tenant|rank`. */
    struct kvx_http_unregistered_removed_instances removed_instances;
};

/* The worker is gone; the form is that of the request's dialect. */
struct kvx_http_unregister_answer {
    enum {
        KVX_HTTP_UNREGISTER_ANSWER_STATUS,
        KVX_HTTP_UNREGISTER_ANSWER_UNREGISTERED,
    } which;
    union {
        struct kvx_http_status status;
        struct kvx_http_unregistered unregistered;
    } value;
};

/* The query string of ListWorkers. */
struct kvx_http_list_workers_parameters {
    /* List the instances of this model only. */
    bool has_model_name;
    struct kvx_bytes model_name;
    /* List the instances of this routing group (or tenant) only. */
    bool has_routing_group;
    struct kvx_bytes routing_group;
    /* Accepted and ignored, as in NVIDIA's indexer. */
    bool has_tenant_id;
    struct kvx_bytes tenant_id;
};

/* How the events come; always over ZMQ. */
enum kvx_http_worker_source {
    KVX_HTTP_WORKER_SOURCE_ZMQ,
    KVX_HTTP_WORKER_SOURCE_COUNT
};

/* Whether there is a subscription, in NVIDIA's words. `active`: it is in effect, whether or not the engine
   can be reached (`state` says so); `pending`: none, the rank is known from a peer's dump only and waits
   for its registration. */
enum kvx_http_listener_status {
    KVX_HTTP_LISTENER_STATUS_PENDING,
    KVX_HTTP_LISTENER_STATUS_ACTIVE,
    KVX_HTTP_LISTENER_STATUS_COUNT
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
    KVX_HTTP_DEGRADED_REASON_LIMIT,
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
    /* ZMQ endpoint the events come from; empty while the rank is known from a peer's dump only. */
    struct kvx_bytes endpoint;
    /* Whether there is a subscription; `state` says whether it can be trusted. */
    enum kvx_http_listener_status status;
    /* Why the state is `stale`; absent in other states. */
    bool has_last_error;
    struct kvx_bytes last_error;
    /* ZMQ endpoint for lost events; absent when none was registered. */
    bool has_replay_endpoint;
    struct kvx_bytes replay_endpoint;
    /* The LoRA adapter of events that name none themselves; absent for the base model. */
    bool has_lora_name;
    struct kvx_bytes lora_name;
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
    /* True for a rank that is not registered and known only from batches of another rank's stream or from
       a peer's dump. */
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

/* An engine, whose blocks are its own, or a shared pool, which extends every worker of the partition. */
enum kvx_http_source_kind {
    KVX_HTTP_SOURCE_KIND_ENGINE,
    KVX_HTTP_SOURCE_KIND_POOL,
    KVX_HTTP_SOURCE_KIND_COUNT
};

/* One instance in one partition, and its ranks. */
struct kvx_http_worker {
    /* The instance, as first registered. */
    struct kvx_json_id instance_id;
    /* How the events come; always over ZMQ. */
    enum kvx_http_worker_source source;
    /* Of all its listeners; `pending` when one of them is, else `active`. */
    enum kvx_http_listener_status status;
    /* Model of the partition. */
    struct kvx_bytes model_name;
    /* Routing group, or tenant, of the partition. */
    struct kvx_bytes routing_group;
    /* Tokens in one block of the partition. */
    uint32_t block_size;
    /* Additional salt of the partition; absent when it has none. */
    bool has_additional_salt;
    struct kvx_bytes additional_salt;
    /* ZMQ endpoint of each registered rank; the keys are ranks in decimal. */
    struct kvx_http_worker_endpoints endpoints;
    /* State of each rank's event stream, also of ranks learned from batches; the keys are ranks in
       decimal. */
    struct kvx_http_worker_listeners listeners;
    /* Whose blocks the events speak of. */
    enum kvx_http_source_kind kind;
};

/* All instances with registrations. */
struct kvx_http_workers {
    const struct kvx_http_worker *items;
    size_t n;
};

/* What publishes; engines are not told apart. */
enum kvx_http_service_type {
    KVX_HTTP_SERVICE_TYPE_ENGINE,
    KVX_HTTP_SERVICE_TYPE_MOONCAKE,
    KVX_HTTP_SERVICE_TYPE_COUNT
};

/* One registration. */
struct kvx_http_service {
    /* ZMQ endpoint the events come from. */
    struct kvx_bytes endpoint;
    /* ZMQ endpoint for lost events; empty when none was registered. */
    struct kvx_bytes replay_endpoint;
    /* What publishes; engines are not told apart. */
    enum kvx_http_service_type type;
    /* The model. */
    struct kvx_bytes model_name;
    /* The LoRA adapter of events that name none themselves; empty for the base model. */
    struct kvx_bytes lora_name;
    /* The tenant, or routing group. */
    struct kvx_bytes tenant_id;
    /* The instance; a number as decimal text. */
    struct kvx_bytes instance_id;
    /* Tokens in one block. */
    uint32_t block_size;
    /* The data-parallel rank. */
    uint32_t dprank;
    /* What else tells the partition apart; empty for nothing. */
    struct kvx_bytes additional_salt;
};

/* The registrations. */
struct kvx_http_services_services {
    const struct kvx_http_service *items;
    size_t n;
};

/* Registrations, as Mooncake's service lists them. */
struct kvx_http_services {
    /* How many there are. */
    uint64_t count;
    /* The registrations. */
    struct kvx_http_services_services services;
};

/* Under which names one instance's blocks are found. */
struct kvx_http_model_context {
    /* The model. */
    struct kvx_bytes model_name;
    /* The LoRA adapter it was registered with; empty for the base model. */
    struct kvx_bytes lora_name;
    /* Tokens in one block. */
    uint32_t block_size;
    /* What else tells the partition apart; empty for nothing. */
    struct kvx_bytes additional_salt;
    /* The tenant, or routing group. */
    struct kvx_bytes tenant_id;
    /* The instance; a number as decimal text. */
    struct kvx_bytes instance_id;
};

/* One for each instance in each partition, and for each adapter it was registered with. */
struct kvx_http_global_view_model_contexts {
    const struct kvx_http_model_context *items;
    size_t n;
};

/* Numbers of blocks or tokens; the keys are data-parallel ranks in decimal. */
struct kvx_http_counts_by_rank_entry {
    struct kvx_bytes key;
    uint64_t value;
};
struct kvx_http_counts_by_rank {
    const struct kvx_http_counts_by_rank_entry *items;
    size_t n;
};

/* Mooncake's internal hashes; there are none here, so it is always empty. GET /dump has the blocks. */
struct kvx_http_global_view_hashmap {
    const struct kvx_http_counts_by_rank *items;
    size_t n;
};

/* One index, in which equal blocks mean the same. */
struct kvx_http_partition {
    /* The model. */
    struct kvx_bytes model;
    /* The tenant, or routing group. */
    struct kvx_bytes tenant;
    /* What else tells it apart; empty for nothing. */
    struct kvx_bytes additional_salt;
    /* Tokens in one block. */
    uint32_t block_size;
    /* Workers, registered and learned. */
    uint64_t workers;
    /* Shared pools. */
    uint64_t pools;
    /* Blocks its workers hold, by tier; a block counts once for each of them. */
    struct kvx_http_blocks_by_tier held_blocks;
    /* Blocks its pools hold, by tier; a block counts once for each of them. */
    struct kvx_http_blocks_by_tier pool_blocks;
    /* Distinct prefixes known. */
    uint64_t positions;
    /* Memory of its index, in bytes. */
    uint64_t memory_bytes;
};

/* The partitions, in order of their creation. */
struct kvx_http_global_view_partitions {
    const struct kvx_http_partition *items;
    size_t n;
};

/* What the index holds. */
struct kvx_http_global_view {
    /* The number of model contexts. */
    uint64_t context_count;
    /* One for each instance in each partition, and for each adapter it was registered with. */
    struct kvx_http_global_view_model_contexts model_contexts;
    /* Mooncake's internal hashes; there are none here, so it is always empty. GET /dump has the blocks. */
    struct kvx_http_global_view_hashmap hashmap;
    /* The partitions, in order of their creation. */
    struct kvx_http_global_view_partitions partitions;
};

/* The prompt's token ids, in order. */
struct kvx_http_query_request_token_ids {
    const uint32_t *items;
    size_t n;
};

/* One worker, or all workers of an instance. */
struct kvx_http_candidate {
    /* The instance. */
    struct kvx_json_id instance_id;
    /* Rank of the worker; without it all ranks of the instance are meant. */
    bool has_dp_rank;
    uint32_t dp_rank;
};

/* Workers a query asks about. */
struct kvx_http_candidates {
    const struct kvx_http_candidate *items;
    size_t n;
};

/* A prompt as token ids. */
struct kvx_http_query_request {
    /* The prompt's token ids, in order. */
    struct kvx_http_query_request_token_ids token_ids;
    /* The LoRA adapter. Empty or null means the base model. */
    bool has_lora_name;
    struct kvx_bytes lora_name;
    /* The salt that keeps customers' blocks apart. Empty or null means none. */
    bool has_cache_salt;
    struct kvx_bytes cache_salt;
    /* The deprecated number of an adapter. Blocks are told apart by adapter names, so only null is of use
       here; a number is refused, as is one together with `lora_name`. */
    bool has_lora_id;
    uint64_t lora_id;
    /* The model. Selects NVIDIA's newer dialect. */
    bool has_model_name;
    struct kvx_bytes model_name;
    /* The routing group. Null means `default`. */
    bool has_routing_group;
    struct kvx_bytes routing_group;
    /* The model. Selects Mooncake's dialect. */
    bool has_model;
    struct kvx_bytes model;
    /* The same as `model`, for clients that spell it as in registrations. */
    bool has_modelname;
    struct kvx_bytes modelname;
    /* The tenant. Empty or null means `default`. Ignored in NVIDIA's dialect. */
    bool has_tenant_id;
    struct kvx_bytes tenant_id;
    /* Tokens in one block; tells partitions apart that differ in it. */
    bool has_block_size;
    uint32_t block_size;
    /* The additional salt of the registrations that are asked about; without it any, and the partition
       without one if several fit. Ignored in NVIDIA's dialect. */
    bool has_additionalsalt;
    struct kvx_bytes additionalsalt;
    /* Restricts the answer to one instance; null does not. Not together with `candidates`. */
    bool has_instance_id;
    struct kvx_json_id instance_id;
    /* The workers that are asked about; without it, or with null, all. The answer leaves out all others.
       An addition to all dialects. */
    bool has_candidates;
    struct kvx_http_candidates candidates;
    /* At most so many workers, the best ones by what they hold on the device, then through host memory,
       disk and external storage; 0 or null means all. An addition to all dialects. */
    bool has_max_hits;
    uint32_t max_hits;
};

/* Numbers of blocks or tokens; the keys are instance ids. */
struct kvx_http_counts_by_instance_entry {
    struct kvx_bytes key;
    struct kvx_http_counts_by_rank value;
};
struct kvx_http_counts_by_instance {
    const struct kvx_http_counts_by_instance_entry *items;
    size_t n;
};

/* Access counts per block; not kept, always empty. */
struct kvx_http_frequencies {
    const uint64_t *items;
    size_t n;
};

/* First dialect: scores in blocks, of the workers that hold at least the first block on their device. */
struct kvx_http_block_scores {
    /* Leading blocks held, by instance and rank. */
    struct kvx_http_counts_by_instance scores;
    /* Access counts per block; not kept, always empty. */
    struct kvx_http_frequencies frequencies;
    /* Blocks held on the device in all, by instance and rank, for the same workers. */
    struct kvx_http_counts_by_instance tree_sizes;
};

/* Leading tokens that an instance holds, each the greatest over its ranks. A rank's run on the device is
   extended block by block by what it holds in host memory, that by disk and external storage, so gpu <=
   cpu <= disk. */
struct kvx_http_instance_tokens {
    /* On the device. */
    uint64_t gpu;
    /* On the device, then in host memory. */
    uint64_t cpu;
    /* On the device, then in host memory, then on disk and in external storage. */
    uint64_t disk;
    /* On the device of each rank, also of ranks that hold nothing there but something in a slower tier. */
    struct kvx_http_counts_by_rank dp;
    /* The greatest of the three, which is `disk`. */
    uint64_t longest_matched;
};

/* What instances hold through the tiers, of those that hold at least the first block in some tier. */
struct kvx_http_token_scores_instances_entry {
    struct kvx_bytes key;
    struct kvx_http_instance_tokens value;
};
struct kvx_http_token_scores_instances {
    const struct kvx_http_token_scores_instances_entry *items;
    size_t n;
};

/* NVIDIA's newer dialect, in tokens. */
struct kvx_http_token_scores {
    /* Leading tokens held on the device, by instance and rank, of the workers that hold at least a block
       there. */
    struct kvx_http_counts_by_instance scores;
    /* Access counts per block; not kept, always empty. */
    struct kvx_http_frequencies frequencies;
    /* What instances hold through the tiers, of those that hold at least the first block in some tier. */
    struct kvx_http_token_scores_instances instances;
};

/* Leading tokens that an instance holds, each the greatest over its ranks and with what shared pools add:
   GPU <= CPU <= DISK. */
struct kvx_http_mooncake_instance {
    /* The greatest of all, which is `DISK`. */
    uint64_t longest_matched;
    /* On the device. */
    uint64_t gpu;
    /* On the device of each rank. */
    struct kvx_http_counts_by_rank dp;
    /* On the device, then in host memory. */
    uint64_t cpu;
    /* On the device, then in host memory, then on disk and in external storage. */
    uint64_t disk;
};

/* The instances of the tenant and model, also those that hold nothing of the prompt; the keys are their
   ids. */
struct kvx_http_mooncake_instances_entry {
    struct kvx_bytes key;
    struct kvx_http_mooncake_instance value;
};
struct kvx_http_mooncake_instances {
    const struct kvx_http_mooncake_instances_entry *items;
    size_t n;
};

/* Mooncake's dialect, in tokens; the one key is the tenant. */
struct kvx_http_mooncake_scores_entry {
    struct kvx_bytes key;
    struct kvx_http_mooncake_instances value;
};
struct kvx_http_mooncake_scores {
    const struct kvx_http_mooncake_scores_entry *items;
    size_t n;
};

/* Scores, in the form of the dialect the request was made in. */
struct kvx_http_query_answer {
    enum {
        KVX_HTTP_QUERY_ANSWER_BLOCK_SCORES,
        KVX_HTTP_QUERY_ANSWER_TOKEN_SCORES,
        KVX_HTTP_QUERY_ANSWER_MOONCAKE_SCORES,
    } which;
    union {
        struct kvx_http_block_scores block_scores;
        struct kvx_http_token_scores token_scores;
        struct kvx_http_mooncake_scores mooncake_scores;
    } value;
};

/* Block hashes; null is as good as none. */
struct kvx_http_hashes {
    const uint64_t *items;
    size_t n;
};

/* A prompt as block hashes. */
struct kvx_http_query_by_hash_request {
    /* The local hash of each block, in the prompt's order. */
    bool has_block_hashes;
    struct kvx_http_hashes block_hashes;
    /* The sequence hash of each block, in the prompt's order. */
    bool has_seq_hashes;
    struct kvx_http_hashes seq_hashes;
    /* The same as `seq_hashes`, as older drafts of the RFC spell it. */
    bool has_block_hash;
    struct kvx_http_hashes block_hash;
    /* Accepted and ignored; the hashes have the adapter inside. */
    bool has_lora_name;
    struct kvx_bytes lora_name;
    /* Must be absent or null in NVIDIA's dialect; accepted and ignored in Mooncake's. The hashes have the
       salt inside. */
    bool has_cache_salt;
    struct kvx_bytes cache_salt;
    /* The model. Selects NVIDIA's newer dialect. */
    bool has_model_name;
    struct kvx_bytes model_name;
    /* The routing group. Null means `default`. */
    bool has_routing_group;
    struct kvx_bytes routing_group;
    /* The model. Selects Mooncake's dialect. */
    bool has_model;
    struct kvx_bytes model;
    /* The same as `model`, for clients that spell it as in registrations. */
    bool has_modelname;
    struct kvx_bytes modelname;
    /* The tenant. Empty or null means `default`. Ignored in NVIDIA's dialect. */
    bool has_tenant_id;
    struct kvx_bytes tenant_id;
    /* Tokens in one block; tells partitions apart that differ in it. */
    bool has_block_size;
    uint32_t block_size;
    /* The additional salt of the registrations that are asked about; without it any, and the partition
       without one if several fit. Ignored in NVIDIA's dialect. */
    bool has_additionalsalt;
    struct kvx_bytes additionalsalt;
    /* Restricts the answer to one instance; null does not. Not together with `candidates`. */
    bool has_instance_id;
    struct kvx_json_id instance_id;
    /* The workers that are asked about; without it, or with null, all. The answer leaves out all others.
       An addition to all dialects. */
    bool has_candidates;
    struct kvx_http_candidates candidates;
    /* At most so many workers, the best ones by what they hold on the device, then through host memory,
       disk and external storage; 0 or null means all. An addition to all dialects. */
    bool has_max_hits;
    uint32_t max_hits;
};

/* One array, or an object with an entry for each partition. */
enum kvx_http_dump_format {
    KVX_HTTP_DUMP_FORMAT_ARRAY,
    KVX_HTTP_DUMP_FORMAT_PARTITIONS,
    KVX_HTTP_DUMP_FORMAT_COUNT
};

/* The query string of Dump. */
struct kvx_http_dump_parameters {
    /* Form of the answer; without it the one the daemon was started with (`--dump-format`). */
    bool has_format;
    enum kvx_http_dump_format format;
    /* Dump the partitions of this model only. */
    bool has_model_name;
    struct kvx_bytes model_name;
    /* Dump the partitions of this routing group (or tenant) only. */
    bool has_routing_group;
    struct kvx_bytes routing_group;
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

/* What is held in one partition. */
struct kvx_http_partition_dump {
    /* Tokens in one block. */
    uint32_t block_size;
    /* The model. */
    struct kvx_bytes model_name;
    /* The routing group, or tenant. */
    struct kvx_bytes routing_group;
    /* What else tells the partition apart; absent for nothing. */
    bool has_additional_salt;
    struct kvx_bytes additional_salt;
    /* Store events that rebuild it. */
    struct kvx_http_events events;
};

/* The partitions. The keys are `model:routing group`; where several partitions share these, the block
   size, and if need be the salt, follow after further colons in all keys but the first. What a key means
   stands in its value. */
struct kvx_http_partition_dumps_entry {
    struct kvx_bytes key;
    struct kvx_http_partition_dump value;
};
struct kvx_http_partition_dumps {
    const struct kvx_http_partition_dumps_entry *items;
    size_t n;
};

/* The dump, in the form that was asked for. */
struct kvx_http_dump_answer {
    enum {
        KVX_HTTP_DUMP_ANSWER_EVENTS,
        KVX_HTTP_DUMP_ANSWER_PARTITION_DUMPS,
    } which;
    union {
        struct kvx_http_events events;
        struct kvx_http_partition_dumps partition_dumps;
    } value;
};

/* Another indexer. */
struct kvx_http_peer_request {
    /* Its REST address. */
    struct kvx_bytes url;
};

/* REST addresses of other indexers. */
struct kvx_http_peers {
    const struct kvx_bytes *items;
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
extern const struct kvx_json_type kvx_http_type_register_request_dp_rank;
extern const struct kvx_json_type kvx_http_type_register_request_block_size;
extern const struct kvx_json_type kvx_http_type_register_request_replay_endpoint;
extern const struct kvx_json_type kvx_http_type_register_request_lora_name;
extern const struct kvx_json_type kvx_http_type_register_request_model_name;
extern const struct kvx_json_type kvx_http_type_register_request_routing_group;
extern const struct kvx_json_type kvx_http_type_register_request_additional_salt;
extern const struct kvx_json_type kvx_http_type_register_request_modelname;
extern const struct kvx_json_type kvx_http_type_register_request_model;
extern const struct kvx_json_type kvx_http_type_register_request_tenant_id;
extern const struct kvx_json_type kvx_http_type_register_request_additionalsalt;
extern const struct kvx_json_type kvx_http_type_publisher_type;
extern const struct kvx_json_type kvx_http_type_register_request;
extern const struct kvx_json_type kvx_http_type_registered_status;
extern const struct kvx_json_type kvx_http_type_registered;
extern const struct kvx_json_type kvx_http_type_status_status;
extern const struct kvx_json_type kvx_http_type_status;
extern const struct kvx_json_type kvx_http_type_register_answer;
extern const struct kvx_json_type kvx_http_type_unregister_request_dp_rank;
extern const struct kvx_json_type kvx_http_type_unregister_request_model_name;
extern const struct kvx_json_type kvx_http_type_unregister_request_routing_group;
extern const struct kvx_json_type kvx_http_type_unregister_request_modelname;
extern const struct kvx_json_type kvx_http_type_unregister_request_model;
extern const struct kvx_json_type kvx_http_type_unregister_request_tenant_id;
extern const struct kvx_json_type kvx_http_type_unregister_request_block_size;
extern const struct kvx_json_type kvx_http_type_unregister_request_additionalsalt;
extern const struct kvx_json_type kvx_http_type_unregister_request_lora_name;
extern const struct kvx_json_type kvx_http_type_unregister_request;
extern const struct kvx_json_type kvx_http_type_unregistered_status;
extern const struct kvx_json_type kvx_http_type_unregistered_removed_instances_item;
extern const struct kvx_json_type kvx_http_type_unregistered_removed_instances;
extern const struct kvx_json_type kvx_http_type_unregistered;
extern const struct kvx_json_type kvx_http_type_unregister_answer;
extern const struct kvx_json_type kvx_http_type_name;
extern const struct kvx_json_type kvx_http_type_list_workers_parameters;
extern const struct kvx_json_type kvx_http_type_worker_source;
extern const struct kvx_json_type kvx_http_type_listener_status;
extern const struct kvx_json_type kvx_http_type_worker_model_name;
extern const struct kvx_json_type kvx_http_type_worker_routing_group;
extern const struct kvx_json_type kvx_http_type_block_size;
extern const struct kvx_json_type kvx_http_type_worker_additional_salt;
extern const struct kvx_json_type kvx_http_type_worker_endpoints_value;
extern const struct kvx_json_type kvx_http_type_worker_endpoints;
extern const struct kvx_json_type kvx_http_type_listener_endpoint;
extern const struct kvx_json_type kvx_http_type_listener_last_error;
extern const struct kvx_json_type kvx_http_type_listener_replay_endpoint;
extern const struct kvx_json_type kvx_http_type_listener_lora_name;
extern const struct kvx_json_type kvx_http_type_source_state;
extern const struct kvx_json_type kvx_http_type_degraded_reason;
extern const struct kvx_json_type kvx_http_type_count;
extern const struct kvx_json_type kvx_http_type_blocks_by_tier;
extern const struct kvx_json_type kvx_http_type_listener_learned;
extern const struct kvx_json_type kvx_http_type_listener;
extern const struct kvx_json_type kvx_http_type_worker_listeners;
extern const struct kvx_json_type kvx_http_type_source_kind;
extern const struct kvx_json_type kvx_http_type_worker;
extern const struct kvx_json_type kvx_http_type_workers;
extern const struct kvx_json_type kvx_http_type_service_endpoint;
extern const struct kvx_json_type kvx_http_type_service_replayendpoint;
extern const struct kvx_json_type kvx_http_type_service_type;
extern const struct kvx_json_type kvx_http_type_service_modelname;
extern const struct kvx_json_type kvx_http_type_service_loraname;
extern const struct kvx_json_type kvx_http_type_service_tenantid;
extern const struct kvx_json_type kvx_http_type_service_instanceid;
extern const struct kvx_json_type kvx_http_type_dp_rank;
extern const struct kvx_json_type kvx_http_type_service_additionalsalt;
extern const struct kvx_json_type kvx_http_type_service;
extern const struct kvx_json_type kvx_http_type_services_services;
extern const struct kvx_json_type kvx_http_type_services;
extern const struct kvx_json_type kvx_http_type_model_context_model_name;
extern const struct kvx_json_type kvx_http_type_model_context_lora_name;
extern const struct kvx_json_type kvx_http_type_model_context_additional_salt;
extern const struct kvx_json_type kvx_http_type_model_context_tenant_id;
extern const struct kvx_json_type kvx_http_type_model_context_instance_id;
extern const struct kvx_json_type kvx_http_type_model_context;
extern const struct kvx_json_type kvx_http_type_global_view_model_contexts;
extern const struct kvx_json_type kvx_http_type_counts_by_rank;
extern const struct kvx_json_type kvx_http_type_global_view_hashmap;
extern const struct kvx_json_type kvx_http_type_partition_model;
extern const struct kvx_json_type kvx_http_type_partition_tenant;
extern const struct kvx_json_type kvx_http_type_partition_additional_salt;
extern const struct kvx_json_type kvx_http_type_partition;
extern const struct kvx_json_type kvx_http_type_global_view_partitions;
extern const struct kvx_json_type kvx_http_type_global_view;
extern const struct kvx_json_type kvx_http_type_query_request_token_ids_item;
extern const struct kvx_json_type kvx_http_type_query_request_token_ids;
extern const struct kvx_json_type kvx_http_type_query_request_lora_name;
extern const struct kvx_json_type kvx_http_type_query_request_cache_salt;
extern const struct kvx_json_type kvx_http_type_query_request_lora_id;
extern const struct kvx_json_type kvx_http_type_query_request_model_name;
extern const struct kvx_json_type kvx_http_type_query_request_routing_group;
extern const struct kvx_json_type kvx_http_type_query_request_model;
extern const struct kvx_json_type kvx_http_type_query_request_modelname;
extern const struct kvx_json_type kvx_http_type_query_request_tenant_id;
extern const struct kvx_json_type kvx_http_type_query_request_block_size;
extern const struct kvx_json_type kvx_http_type_query_request_additionalsalt;
extern const struct kvx_json_type kvx_http_type_query_request_instance_id;
extern const struct kvx_json_type kvx_http_type_candidate_dp_rank;
extern const struct kvx_json_type kvx_http_type_candidate;
extern const struct kvx_json_type kvx_http_type_candidates;
extern const struct kvx_json_type kvx_http_type_query_request_max_hits;
extern const struct kvx_json_type kvx_http_type_query_request;
extern const struct kvx_json_type kvx_http_type_counts_by_instance;
extern const struct kvx_json_type kvx_http_type_frequencies;
extern const struct kvx_json_type kvx_http_type_block_scores;
extern const struct kvx_json_type kvx_http_type_instance_tokens;
extern const struct kvx_json_type kvx_http_type_token_scores_instances;
extern const struct kvx_json_type kvx_http_type_token_scores;
extern const struct kvx_json_type kvx_http_type_mooncake_instance;
extern const struct kvx_json_type kvx_http_type_mooncake_instances;
extern const struct kvx_json_type kvx_http_type_mooncake_scores;
extern const struct kvx_json_type kvx_http_type_query_answer;
extern const struct kvx_json_type kvx_http_type_hashes_item;
extern const struct kvx_json_type kvx_http_type_hashes;
extern const struct kvx_json_type kvx_http_type_query_by_hash_request_lora_name;
extern const struct kvx_json_type kvx_http_type_query_by_hash_request_cache_salt;
extern const struct kvx_json_type kvx_http_type_query_by_hash_request_model_name;
extern const struct kvx_json_type kvx_http_type_query_by_hash_request_routing_group;
extern const struct kvx_json_type kvx_http_type_query_by_hash_request_model;
extern const struct kvx_json_type kvx_http_type_query_by_hash_request_modelname;
extern const struct kvx_json_type kvx_http_type_query_by_hash_request_tenant_id;
extern const struct kvx_json_type kvx_http_type_query_by_hash_request_block_size;
extern const struct kvx_json_type kvx_http_type_query_by_hash_request_additionalsalt;
extern const struct kvx_json_type kvx_http_type_query_by_hash_request_instance_id;
extern const struct kvx_json_type kvx_http_type_query_by_hash_request_max_hits;
extern const struct kvx_json_type kvx_http_type_query_by_hash_request;
extern const struct kvx_json_type kvx_http_type_dump_format;
extern const struct kvx_json_type kvx_http_type_dump_parameters;
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
extern const struct kvx_json_type kvx_http_type_partition_dump_model_name;
extern const struct kvx_json_type kvx_http_type_partition_dump_routing_group;
extern const struct kvx_json_type kvx_http_type_partition_dump_additional_salt;
extern const struct kvx_json_type kvx_http_type_partition_dump;
extern const struct kvx_json_type kvx_http_type_partition_dumps;
extern const struct kvx_json_type kvx_http_type_dump_answer;
extern const struct kvx_json_type kvx_http_type_peer_request_url;
extern const struct kvx_json_type kvx_http_type_peer_request;
extern const struct kvx_json_type kvx_http_type_peers_item;
extern const struct kvx_json_type kvx_http_type_peers;
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
