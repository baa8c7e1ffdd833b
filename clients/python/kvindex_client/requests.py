"""The requests of both clients, and the options a question may carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Optional, Tuple, TypedDict, Union

from kvindex.v1 import kvindex_pb2 as pb

if TYPE_CHECKING:
    from typing_extensions import Unpack

# A worker that is asked about: (instance id, rank), or an instance id alone for all its ranks.
Candidate = Union[str, int, Tuple[Union[str, int], Optional[int]]]


class HashOptions(TypedDict, total=False):
    """What every question may carry. Absent: the default partition, all workers, all hits."""

    model: str
    tenant: str
    additional_salt: str
    block_size: int  # tokens; needed when the model has several
    candidates: Iterable[Candidate]  # only these workers
    max_hits: int  # the best ones, best first
    every_worker: bool  # also those that hold nothing, with zeros


class QueryOptions(HashOptions, total=False):
    """What a question of tokens may carry besides: what is hashed together with them."""

    lora_name: str
    cache_salt: str
    bigrams: bool  # for engines that publish token pairs (EAGLE)


# What may be asked on a stream: token ids, or what by_tokens() or by_hash() made.
Question = Union[Iterable[int], pb.QueryRequest, pb.QueryByHashRequest]


def by_tokens(token_ids: Iterable[int], **options: Unpack[QueryOptions]) -> pb.QueryRequest:
    """The question of Client.query, for a stream."""
    return pb.QueryRequest(token_ids=token_ids, **_fields(options))


def by_hash(
    block_hashes: Iterable[int] = (), *, sequence_hashes: Iterable[int] = (), **options: Unpack[HashOptions]
) -> pb.QueryByHashRequest:
    """The question of Client.query_by_hash, for a stream."""
    return pb.QueryByHashRequest(
        block_hashes=_unsigned(block_hashes), sequence_hashes=_unsigned(sequence_hashes), **_fields(options)
    )


def stream_request(number: int, question: Question) -> pb.QueryStreamRequest:
    if isinstance(question, pb.QueryByHashRequest):
        return pb.QueryStreamRequest(request_id=number, query_by_hash=question)
    if not isinstance(question, pb.QueryRequest):
        question = by_tokens(question)
    return pb.QueryStreamRequest(request_id=number, query=question)


def register_request(instance_id: Union[str, int], pool: bool, **fields: Any) -> pb.RegisterRequest:
    kind = pb.SOURCE_KIND_POOL if pool else pb.SOURCE_KIND_ENGINE
    return pb.RegisterRequest(instance_id=str(instance_id), kind=kind, **fields)


def unregister_request(instance_id: Union[str, int], dp_rank: Optional[int], **fields: Any) -> pb.UnregisterRequest:
    request = pb.UnregisterRequest(instance_id=str(instance_id), **fields)
    if dp_rank is not None:
        request.dp_rank = dp_rank
    return request


def _fields(options: Any) -> Dict[str, Any]:
    """The options by the names of the messages."""
    fields = dict(options)
    if "block_size" in fields:
        fields["block_size_tokens"] = fields.pop("block_size")
    if "candidates" in fields:
        fields["candidates"] = [_candidate(candidate) for candidate in fields["candidates"]]
        if not fields["candidates"]:  # a filter that left nobody must not ask about everybody
            raise ValueError("`candidates` is empty; leave it out to ask about all workers")
    return fields


def _candidate(candidate: Candidate) -> pb.Candidate:
    instance, rank = candidate if isinstance(candidate, tuple) else (candidate, None)
    if rank is None:
        return pb.Candidate(instance_id=str(instance))
    return pb.Candidate(instance_id=str(instance), dp_rank=rank)


def _unsigned(hashes: Iterable[int]) -> List[int]:
    return [value & 0xFFFFFFFFFFFFFFFF for value in hashes]
