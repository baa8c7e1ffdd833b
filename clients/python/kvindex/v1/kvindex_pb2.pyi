from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Tier(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TIER_UNSPECIFIED: _ClassVar[Tier]
    TIER_DEVICE: _ClassVar[Tier]
    TIER_HOST: _ClassVar[Tier]
    TIER_DISK: _ClassVar[Tier]
    TIER_EXTERNAL: _ClassVar[Tier]

class SourceState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SOURCE_STATE_UNSPECIFIED: _ClassVar[SourceState]
    SOURCE_STATE_CONNECTING: _ClassVar[SourceState]
    SOURCE_STATE_SYNCING: _ClassVar[SourceState]
    SOURCE_STATE_EXACT: _ClassVar[SourceState]
    SOURCE_STATE_DEGRADED: _ClassVar[SourceState]
    SOURCE_STATE_STALE: _ClassVar[SourceState]

class SourceReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SOURCE_REASON_UNSPECIFIED: _ClassVar[SourceReason]
    SOURCE_REASON_LATE_JOIN: _ClassVar[SourceReason]
    SOURCE_REASON_GAP: _ClassVar[SourceReason]
    SOURCE_REASON_PENDING_DROPPED: _ClassVar[SourceReason]
    SOURCE_REASON_MEMORY: _ClassVar[SourceReason]
    SOURCE_REASON_BACKLOG: _ClassVar[SourceReason]
    SOURCE_REASON_TWO_SOURCES: _ClassVar[SourceReason]
    SOURCE_REASON_UNSEQUENCED: _ClassVar[SourceReason]
    SOURCE_REASON_BLOCK_SIZE: _ClassVar[SourceReason]
    SOURCE_REASON_BAD_BATCH: _ClassVar[SourceReason]
    SOURCE_REASON_LIMIT: _ClassVar[SourceReason]

class SourceKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SOURCE_KIND_UNSPECIFIED: _ClassVar[SourceKind]
    SOURCE_KIND_ENGINE: _ClassVar[SourceKind]
    SOURCE_KIND_POOL: _ClassVar[SourceKind]
TIER_UNSPECIFIED: Tier
TIER_DEVICE: Tier
TIER_HOST: Tier
TIER_DISK: Tier
TIER_EXTERNAL: Tier
SOURCE_STATE_UNSPECIFIED: SourceState
SOURCE_STATE_CONNECTING: SourceState
SOURCE_STATE_SYNCING: SourceState
SOURCE_STATE_EXACT: SourceState
SOURCE_STATE_DEGRADED: SourceState
SOURCE_STATE_STALE: SourceState
SOURCE_REASON_UNSPECIFIED: SourceReason
SOURCE_REASON_LATE_JOIN: SourceReason
SOURCE_REASON_GAP: SourceReason
SOURCE_REASON_PENDING_DROPPED: SourceReason
SOURCE_REASON_MEMORY: SourceReason
SOURCE_REASON_BACKLOG: SourceReason
SOURCE_REASON_TWO_SOURCES: SourceReason
SOURCE_REASON_UNSEQUENCED: SourceReason
SOURCE_REASON_BLOCK_SIZE: SourceReason
SOURCE_REASON_BAD_BATCH: SourceReason
SOURCE_REASON_LIMIT: SourceReason
SOURCE_KIND_UNSPECIFIED: SourceKind
SOURCE_KIND_ENGINE: SourceKind
SOURCE_KIND_POOL: SourceKind

class Worker(_message.Message):
    __slots__ = ("instance_id", "dp_rank")
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    DP_RANK_FIELD_NUMBER: _ClassVar[int]
    instance_id: str
    dp_rank: int
    def __init__(self, instance_id: _Optional[str] = ..., dp_rank: _Optional[int] = ...) -> None: ...

class RegisterRequest(_message.Message):
    __slots__ = ("instance_id", "dp_rank", "endpoint", "replay_endpoint", "block_size_tokens", "kind", "model", "tenant", "additional_salt", "lora_name")
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    DP_RANK_FIELD_NUMBER: _ClassVar[int]
    ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    REPLAY_ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    BLOCK_SIZE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_SALT_FIELD_NUMBER: _ClassVar[int]
    LORA_NAME_FIELD_NUMBER: _ClassVar[int]
    instance_id: str
    dp_rank: int
    endpoint: str
    replay_endpoint: str
    block_size_tokens: int
    kind: SourceKind
    model: str
    tenant: str
    additional_salt: str
    lora_name: str
    def __init__(self, instance_id: _Optional[str] = ..., dp_rank: _Optional[int] = ..., endpoint: _Optional[str] = ..., replay_endpoint: _Optional[str] = ..., block_size_tokens: _Optional[int] = ..., kind: _Optional[_Union[SourceKind, str]] = ..., model: _Optional[str] = ..., tenant: _Optional[str] = ..., additional_salt: _Optional[str] = ..., lora_name: _Optional[str] = ...) -> None: ...

class RegisterResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class UnregisterRequest(_message.Message):
    __slots__ = ("instance_id", "dp_rank", "model", "tenant", "additional_salt", "block_size_tokens")
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    DP_RANK_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_SALT_FIELD_NUMBER: _ClassVar[int]
    BLOCK_SIZE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    instance_id: str
    dp_rank: int
    model: str
    tenant: str
    additional_salt: str
    block_size_tokens: int
    def __init__(self, instance_id: _Optional[str] = ..., dp_rank: _Optional[int] = ..., model: _Optional[str] = ..., tenant: _Optional[str] = ..., additional_salt: _Optional[str] = ..., block_size_tokens: _Optional[int] = ...) -> None: ...

class UnregisterResponse(_message.Message):
    __slots__ = ("removed_workers",)
    REMOVED_WORKERS_FIELD_NUMBER: _ClassVar[int]
    removed_workers: int
    def __init__(self, removed_workers: _Optional[int] = ...) -> None: ...

class ListWorkersRequest(_message.Message):
    __slots__ = ("model", "tenant")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    model: str
    tenant: str
    def __init__(self, model: _Optional[str] = ..., tenant: _Optional[str] = ...) -> None: ...

class ListWorkersResponse(_message.Message):
    __slots__ = ("workers",)
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    workers: _containers.RepeatedCompositeFieldContainer[WorkerStatus]
    def __init__(self, workers: _Optional[_Iterable[_Union[WorkerStatus, _Mapping]]] = ...) -> None: ...

class WorkerStatus(_message.Message):
    __slots__ = ("worker", "endpoint", "replay_endpoint", "learned", "state", "reason", "since_unix_ms", "last_sequence", "missing_batches", "applied_batches", "restarts", "last_event_unix_ms", "block_size_tokens", "model", "tenant", "held_blocks", "additional_salt", "lora_name", "kind")
    WORKER_FIELD_NUMBER: _ClassVar[int]
    ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    REPLAY_ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    LEARNED_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SINCE_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    MISSING_BATCHES_FIELD_NUMBER: _ClassVar[int]
    APPLIED_BATCHES_FIELD_NUMBER: _ClassVar[int]
    RESTARTS_FIELD_NUMBER: _ClassVar[int]
    LAST_EVENT_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    BLOCK_SIZE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    HELD_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_SALT_FIELD_NUMBER: _ClassVar[int]
    LORA_NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    worker: Worker
    endpoint: str
    replay_endpoint: str
    learned: bool
    state: SourceState
    reason: SourceReason
    since_unix_ms: int
    last_sequence: int
    missing_batches: int
    applied_batches: int
    restarts: int
    last_event_unix_ms: int
    block_size_tokens: int
    model: str
    tenant: str
    held_blocks: TierBlocks
    additional_salt: str
    lora_name: str
    kind: SourceKind
    def __init__(self, worker: _Optional[_Union[Worker, _Mapping]] = ..., endpoint: _Optional[str] = ..., replay_endpoint: _Optional[str] = ..., learned: bool = ..., state: _Optional[_Union[SourceState, str]] = ..., reason: _Optional[_Union[SourceReason, str]] = ..., since_unix_ms: _Optional[int] = ..., last_sequence: _Optional[int] = ..., missing_batches: _Optional[int] = ..., applied_batches: _Optional[int] = ..., restarts: _Optional[int] = ..., last_event_unix_ms: _Optional[int] = ..., block_size_tokens: _Optional[int] = ..., model: _Optional[str] = ..., tenant: _Optional[str] = ..., held_blocks: _Optional[_Union[TierBlocks, _Mapping]] = ..., additional_salt: _Optional[str] = ..., lora_name: _Optional[str] = ..., kind: _Optional[_Union[SourceKind, str]] = ...) -> None: ...

class Partition(_message.Message):
    __slots__ = ("model", "tenant", "additional_salt", "block_size_tokens")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_SALT_FIELD_NUMBER: _ClassVar[int]
    BLOCK_SIZE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    model: str
    tenant: str
    additional_salt: str
    block_size_tokens: int
    def __init__(self, model: _Optional[str] = ..., tenant: _Optional[str] = ..., additional_salt: _Optional[str] = ..., block_size_tokens: _Optional[int] = ...) -> None: ...

class ListPartitionsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListPartitionsResponse(_message.Message):
    __slots__ = ("partitions",)
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    partitions: _containers.RepeatedCompositeFieldContainer[PartitionStatus]
    def __init__(self, partitions: _Optional[_Iterable[_Union[PartitionStatus, _Mapping]]] = ...) -> None: ...

class PartitionStatus(_message.Message):
    __slots__ = ("partition", "workers", "pools", "held_blocks", "positions", "memory_bytes", "pool_blocks")
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    POOLS_FIELD_NUMBER: _ClassVar[int]
    HELD_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    POOL_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    partition: Partition
    workers: int
    pools: int
    held_blocks: TierBlocks
    positions: int
    memory_bytes: int
    pool_blocks: TierBlocks
    def __init__(self, partition: _Optional[_Union[Partition, _Mapping]] = ..., workers: _Optional[int] = ..., pools: _Optional[int] = ..., held_blocks: _Optional[_Union[TierBlocks, _Mapping]] = ..., positions: _Optional[int] = ..., memory_bytes: _Optional[int] = ..., pool_blocks: _Optional[_Union[TierBlocks, _Mapping]] = ...) -> None: ...

class TierBlocks(_message.Message):
    __slots__ = ("device_blocks", "host_blocks", "disk_blocks", "external_blocks")
    DEVICE_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    HOST_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    DISK_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    device_blocks: int
    host_blocks: int
    disk_blocks: int
    external_blocks: int
    def __init__(self, device_blocks: _Optional[int] = ..., host_blocks: _Optional[int] = ..., disk_blocks: _Optional[int] = ..., external_blocks: _Optional[int] = ...) -> None: ...

class QueryRequest(_message.Message):
    __slots__ = ("token_ids", "bigrams", "model", "tenant", "additional_salt", "block_size_tokens", "lora_name", "cache_salt", "candidates", "max_hits", "every_worker")
    TOKEN_IDS_FIELD_NUMBER: _ClassVar[int]
    BIGRAMS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_SALT_FIELD_NUMBER: _ClassVar[int]
    BLOCK_SIZE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    LORA_NAME_FIELD_NUMBER: _ClassVar[int]
    CACHE_SALT_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    MAX_HITS_FIELD_NUMBER: _ClassVar[int]
    EVERY_WORKER_FIELD_NUMBER: _ClassVar[int]
    token_ids: _containers.RepeatedScalarFieldContainer[int]
    bigrams: bool
    model: str
    tenant: str
    additional_salt: str
    block_size_tokens: int
    lora_name: str
    cache_salt: str
    candidates: _containers.RepeatedCompositeFieldContainer[Candidate]
    max_hits: int
    every_worker: bool
    def __init__(self, token_ids: _Optional[_Iterable[int]] = ..., bigrams: bool = ..., model: _Optional[str] = ..., tenant: _Optional[str] = ..., additional_salt: _Optional[str] = ..., block_size_tokens: _Optional[int] = ..., lora_name: _Optional[str] = ..., cache_salt: _Optional[str] = ..., candidates: _Optional[_Iterable[_Union[Candidate, _Mapping]]] = ..., max_hits: _Optional[int] = ..., every_worker: bool = ...) -> None: ...

class QueryByHashRequest(_message.Message):
    __slots__ = ("block_hashes", "sequence_hashes", "model", "tenant", "additional_salt", "block_size_tokens", "candidates", "max_hits", "every_worker")
    BLOCK_HASHES_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_HASHES_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_SALT_FIELD_NUMBER: _ClassVar[int]
    BLOCK_SIZE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    MAX_HITS_FIELD_NUMBER: _ClassVar[int]
    EVERY_WORKER_FIELD_NUMBER: _ClassVar[int]
    block_hashes: _containers.RepeatedScalarFieldContainer[int]
    sequence_hashes: _containers.RepeatedScalarFieldContainer[int]
    model: str
    tenant: str
    additional_salt: str
    block_size_tokens: int
    candidates: _containers.RepeatedCompositeFieldContainer[Candidate]
    max_hits: int
    every_worker: bool
    def __init__(self, block_hashes: _Optional[_Iterable[int]] = ..., sequence_hashes: _Optional[_Iterable[int]] = ..., model: _Optional[str] = ..., tenant: _Optional[str] = ..., additional_salt: _Optional[str] = ..., block_size_tokens: _Optional[int] = ..., candidates: _Optional[_Iterable[_Union[Candidate, _Mapping]]] = ..., max_hits: _Optional[int] = ..., every_worker: bool = ...) -> None: ...

class Candidate(_message.Message):
    __slots__ = ("instance_id", "dp_rank")
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    DP_RANK_FIELD_NUMBER: _ClassVar[int]
    instance_id: str
    dp_rank: int
    def __init__(self, instance_id: _Optional[str] = ..., dp_rank: _Optional[int] = ...) -> None: ...

class QueryResponse(_message.Message):
    __slots__ = ("result",)
    RESULT_FIELD_NUMBER: _ClassVar[int]
    result: QueryResult
    def __init__(self, result: _Optional[_Union[QueryResult, _Mapping]] = ...) -> None: ...

class QueryByHashResponse(_message.Message):
    __slots__ = ("result",)
    RESULT_FIELD_NUMBER: _ClassVar[int]
    result: QueryResult
    def __init__(self, result: _Optional[_Union[QueryResult, _Mapping]] = ...) -> None: ...

class QueryResult(_message.Message):
    __slots__ = ("hits", "asked_blocks", "block_size_tokens")
    HITS_FIELD_NUMBER: _ClassVar[int]
    ASKED_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    BLOCK_SIZE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    hits: _containers.RepeatedCompositeFieldContainer[Hit]
    asked_blocks: int
    block_size_tokens: int
    def __init__(self, hits: _Optional[_Iterable[_Union[Hit, _Mapping]]] = ..., asked_blocks: _Optional[int] = ..., block_size_tokens: _Optional[int] = ...) -> None: ...

class Hit(_message.Message):
    __slots__ = ("worker", "device_blocks", "through_host_blocks", "through_disk_blocks", "through_external_blocks", "total_blocks", "state")
    WORKER_FIELD_NUMBER: _ClassVar[int]
    DEVICE_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    THROUGH_HOST_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    THROUGH_DISK_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    THROUGH_EXTERNAL_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    worker: Worker
    device_blocks: int
    through_host_blocks: int
    through_disk_blocks: int
    through_external_blocks: int
    total_blocks: int
    state: SourceState
    def __init__(self, worker: _Optional[_Union[Worker, _Mapping]] = ..., device_blocks: _Optional[int] = ..., through_host_blocks: _Optional[int] = ..., through_disk_blocks: _Optional[int] = ..., through_external_blocks: _Optional[int] = ..., total_blocks: _Optional[int] = ..., state: _Optional[_Union[SourceState, str]] = ...) -> None: ...

class DumpRequest(_message.Message):
    __slots__ = ("model", "tenant")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    model: str
    tenant: str
    def __init__(self, model: _Optional[str] = ..., tenant: _Optional[str] = ...) -> None: ...

class DumpResponse(_message.Message):
    __slots__ = ("events", "partition")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[StoredBlocks]
    partition: Partition
    def __init__(self, events: _Optional[_Iterable[_Union[StoredBlocks, _Mapping]]] = ..., partition: _Optional[_Union[Partition, _Mapping]] = ...) -> None: ...

class StoredBlocks(_message.Message):
    __slots__ = ("event_id", "worker", "tier", "parent_engine_hash", "local_hashes", "engine_hashes")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    PARENT_ENGINE_HASH_FIELD_NUMBER: _ClassVar[int]
    LOCAL_HASHES_FIELD_NUMBER: _ClassVar[int]
    ENGINE_HASHES_FIELD_NUMBER: _ClassVar[int]
    event_id: int
    worker: Worker
    tier: Tier
    parent_engine_hash: int
    local_hashes: _containers.RepeatedScalarFieldContainer[int]
    engine_hashes: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, event_id: _Optional[int] = ..., worker: _Optional[_Union[Worker, _Mapping]] = ..., tier: _Optional[_Union[Tier, str]] = ..., parent_engine_hash: _Optional[int] = ..., local_hashes: _Optional[_Iterable[int]] = ..., engine_hashes: _Optional[_Iterable[int]] = ...) -> None: ...

class RegisterPeerRequest(_message.Message):
    __slots__ = ("url",)
    URL_FIELD_NUMBER: _ClassVar[int]
    url: str
    def __init__(self, url: _Optional[str] = ...) -> None: ...

class RegisterPeerResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DeregisterPeerRequest(_message.Message):
    __slots__ = ("url",)
    URL_FIELD_NUMBER: _ClassVar[int]
    url: str
    def __init__(self, url: _Optional[str] = ...) -> None: ...

class DeregisterPeerResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListPeersRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListPeersResponse(_message.Message):
    __slots__ = ("urls",)
    URLS_FIELD_NUMBER: _ClassVar[int]
    urls: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, urls: _Optional[_Iterable[str]] = ...) -> None: ...

class GetHealthRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetHealthResponse(_message.Message):
    __slots__ = ("ready", "draining", "reasons", "workers", "workers_by_state")
    READY_FIELD_NUMBER: _ClassVar[int]
    DRAINING_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    WORKERS_BY_STATE_FIELD_NUMBER: _ClassVar[int]
    ready: bool
    draining: bool
    reasons: _containers.RepeatedScalarFieldContainer[str]
    workers: int
    workers_by_state: _containers.RepeatedCompositeFieldContainer[StateCount]
    def __init__(self, ready: bool = ..., draining: bool = ..., reasons: _Optional[_Iterable[str]] = ..., workers: _Optional[int] = ..., workers_by_state: _Optional[_Iterable[_Union[StateCount, _Mapping]]] = ...) -> None: ...

class StateCount(_message.Message):
    __slots__ = ("state", "workers")
    STATE_FIELD_NUMBER: _ClassVar[int]
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    state: SourceState
    workers: int
    def __init__(self, state: _Optional[_Union[SourceState, str]] = ..., workers: _Optional[int] = ...) -> None: ...

class QueryStreamRequest(_message.Message):
    __slots__ = ("request_id", "query", "query_by_hash")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    QUERY_BY_HASH_FIELD_NUMBER: _ClassVar[int]
    request_id: int
    query: QueryRequest
    query_by_hash: QueryByHashRequest
    def __init__(self, request_id: _Optional[int] = ..., query: _Optional[_Union[QueryRequest, _Mapping]] = ..., query_by_hash: _Optional[_Union[QueryByHashRequest, _Mapping]] = ...) -> None: ...

class QueryStreamResponse(_message.Message):
    __slots__ = ("request_id", "result", "error")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    request_id: int
    result: QueryResult
    error: QueryError
    def __init__(self, request_id: _Optional[int] = ..., result: _Optional[_Union[QueryResult, _Mapping]] = ..., error: _Optional[_Union[QueryError, _Mapping]] = ...) -> None: ...

class QueryError(_message.Message):
    __slots__ = ("code", "message")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    code: int
    message: str
    def __init__(self, code: _Optional[int] = ..., message: _Optional[str] = ...) -> None: ...
