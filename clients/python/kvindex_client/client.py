"""The client: one method per operation, a deadline on every call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable, Iterator, List, Optional, Tuple, Union

import grpc

from kvindex.v1 import kvindex_pb2 as pb
from kvindex.v1 import kvindex_pb2_grpc

from . import requests
from .channel import channel_options
from .errors import KvIndexError, translated
from .types import Answer, answer_of, outcome_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Client:
    """Talks to one kvindexd. Threads may share it.

    `timeout` is the deadline of a call in seconds, retries included. Reads that meet UNAVAILABLE are tried `attempts`
    times in all. Calls raise KvIndexError, see errors.py. Hashes and token ids may be any iterable of non-negative
    integers; signed hashes are taken as their two's-complement bits. Options of questions: see requests.py.
    """

    def __init__(
        self,
        target: str = "127.0.0.1:8091",
        timeout: float = 5.0,
        credentials: Optional[grpc.ChannelCredentials] = None,
        attempts: int = 3,
    ) -> None:
        options = channel_options(attempts)
        if credentials is None:
            self._channel = grpc.insecure_channel(target, options)
        else:
            self._channel = grpc.secure_channel(target, credentials, options)
        self._stub = kvindex_pb2_grpc.KvIndexerStub(self._channel)
        self._timeout = timeout

    def close(self) -> None:
        self._channel.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def register(
        self,
        instance_id: Union[str, int],
        endpoint: str,
        dp_rank: int = 0,
        replay_endpoint: str = "",
        block_size: int = 0,
        *,
        model: str = "",
        tenant: str = "",
        additional_salt: str = "",
        lora_name: str = "",
        pool: bool = False,
    ) -> None:
        """Subscribes to the events of a worker, or of a shared pool. block_size 0: the partition's or the server's.
        lora_name is the adapter of events that name none. Does not wait for the worker."""
        request = requests.register_request(
            instance_id,
            pool,
            endpoint=endpoint,
            dp_rank=dp_rank,
            replay_endpoint=replay_endpoint,
            block_size_tokens=block_size,
            model=model,
            tenant=tenant,
            additional_salt=additional_salt,
            lora_name=lora_name,
        )
        self._call("Register", request)

    def unregister(
        self,
        instance_id: Union[str, int],
        dp_rank: Optional[int] = None,
        *,
        model: str = "",
        tenant: str = "",
        additional_salt: str = "",
        block_size: int = 0,
    ) -> int:
        """Forgets one rank, or all ranks of the instance. Returns how many workers that were."""
        request = requests.unregister_request(
            instance_id,
            dp_rank,
            model=model,
            tenant=tenant,
            additional_salt=additional_salt,
            block_size_tokens=block_size,
        )
        return self._call("Unregister", request).removed_workers

    def workers(self, *, model: str = "", tenant: str = "") -> List[pb.WorkerStatus]:
        """The workers of all partitions, or of some."""
        return list(self._call("ListWorkers", pb.ListWorkersRequest(model=model, tenant=tenant)).workers)

    def partitions(self) -> List[pb.PartitionStatus]:
        """All partitions, in order of their creation."""
        return list(self._call("ListPartitions", pb.ListPartitionsRequest()).partitions)

    def query(self, token_ids: Iterable[int], **options: Unpack[requests.QueryOptions]) -> Answer:
        """Who holds how much of a prompt, given as token ids."""
        return answer_of(self._call("Query", requests.by_tokens(token_ids, **options)).result)

    def query_by_hash(
        self,
        block_hashes: Iterable[int] = (),
        *,
        sequence_hashes: Iterable[int] = (),
        **options: Unpack[requests.HashOptions],
    ) -> Answer:
        """Who holds how much of a prompt, given as local block hashes or as sequence hashes, see hashing.py."""
        request = requests.by_hash(block_hashes, sequence_hashes=sequence_hashes, **options)
        return answer_of(self._call("QueryByHash", request).result)

    def query_stream(
        self, questions: Iterable[Tuple[int, requests.Question]], timeout: Optional[float] = None
    ) -> Iterator[Tuple[int, Union[Answer, KvIndexError]]]:
        """Asks many questions on one stream: `questions` yields (request id, question), where a question is token ids
        or what by_tokens() or by_hash() made; (request id, answer) comes back in any order, where the answer to a bad
        question is a KvIndexError. `timeout` is for the whole stream. `questions` is read in a thread of its own."""
        stream = self._stub.QueryStream((requests.stream_request(*asked) for asked in questions), timeout=timeout)
        for response in _messages(stream):
            yield response.request_id, outcome_of(response)

    def dump(self, *, model: str = "", tenant: str = "", timeout: Optional[float] = None) -> Iterator[pb.StoredBlocks]:
        """Every block held, parents before children. `timeout` is for the whole dump."""
        for response in self.dump_slices(model=model, tenant=tenant, timeout=timeout):
            yield from response.events

    def dump_slices(
        self, *, model: str = "", tenant: str = "", timeout: Optional[float] = None
    ) -> Iterator[pb.DumpResponse]:
        """The same as it arrives: slices that name their partition."""
        return _messages(self._stub.Dump(pb.DumpRequest(model=model, tenant=tenant), timeout=timeout))

    def health(self) -> pb.GetHealthResponse:
        """Whether the server is ready, and why not."""
        return self._call("GetHealth", pb.GetHealthRequest())

    def peers(self) -> List[str]:
        """The REST addresses of the indexers that this one may be recovered from."""
        return list(self._call("ListPeers", pb.ListPeersRequest()).urls)

    def register_peer(self, url: str) -> None:
        self._call("RegisterPeer", pb.RegisterPeerRequest(url=url))

    def deregister_peer(self, url: str) -> None:
        self._call("DeregisterPeer", pb.DeregisterPeerRequest(url=url))

    def _call(self, method: str, request: Any) -> Any:
        with translated():
            return getattr(self._stub, method)(request, timeout=self._timeout)


def _messages(stream: Any) -> Iterator[Any]:
    """The messages of a stream, which ends when nobody wants more of them."""
    try:
        with translated():
            yield from stream
    finally:
        stream.cancel()
