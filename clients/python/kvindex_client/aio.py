"""The same client for asyncio: the methods of client.Client, awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, AsyncIterable, AsyncIterator, Iterable, List, Optional, Tuple, Union

import grpc

from kvindex.v1 import kvindex_pb2 as pb
from kvindex.v1 import kvindex_pb2_grpc

from . import requests
from .channel import channel_options
from .errors import KvIndexError, translated
from .types import Answer, answer_of, outcome_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

Questions = Union[Iterable[Tuple[int, requests.Question]], AsyncIterable[Tuple[int, requests.Question]]]


class AsyncClient:
    """Talks to one kvindexd. Made and used in one event loop, where any number of calls may run at once.

    Deadlines, retries, errors and options are those of client.Client.
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
            self._channel = grpc.aio.insecure_channel(target, options)
        else:
            self._channel = grpc.aio.secure_channel(target, credentials, options)
        self._stub = kvindex_pb2_grpc.KvIndexerStub(self._channel)
        self._timeout = timeout

    async def close(self) -> None:
        await self._channel.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()

    async def register(
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
        await self._call("Register", request)

    async def unregister(
        self,
        instance_id: Union[str, int],
        dp_rank: Optional[int] = None,
        *,
        model: str = "",
        tenant: str = "",
        additional_salt: str = "",
        block_size: int = 0,
    ) -> int:
        request = requests.unregister_request(
            instance_id,
            dp_rank,
            model=model,
            tenant=tenant,
            additional_salt=additional_salt,
            block_size_tokens=block_size,
        )
        return (await self._call("Unregister", request)).removed_workers

    async def workers(self, *, model: str = "", tenant: str = "") -> List[pb.WorkerStatus]:
        return list((await self._call("ListWorkers", pb.ListWorkersRequest(model=model, tenant=tenant))).workers)

    async def partitions(self) -> List[pb.PartitionStatus]:
        return list((await self._call("ListPartitions", pb.ListPartitionsRequest())).partitions)

    async def query(self, token_ids: Iterable[int], **options: Unpack[requests.QueryOptions]) -> Answer:
        return answer_of((await self._call("Query", requests.by_tokens(token_ids, **options))).result)

    async def query_by_hash(
        self,
        block_hashes: Iterable[int] = (),
        *,
        sequence_hashes: Iterable[int] = (),
        **options: Unpack[requests.HashOptions],
    ) -> Answer:
        request = requests.by_hash(block_hashes, sequence_hashes=sequence_hashes, **options)
        return answer_of((await self._call("QueryByHash", request)).result)

    async def query_stream(
        self, questions: Questions, timeout: Optional[float] = None
    ) -> AsyncIterator[Tuple[int, Union[Answer, KvIndexError]]]:
        """As in client.Client; `questions` may be an asynchronous iterable."""
        async for response in _messages(self._stub.QueryStream(_asked(questions), timeout=timeout)):
            yield response.request_id, outcome_of(response)

    async def dump(
        self, *, model: str = "", tenant: str = "", timeout: Optional[float] = None
    ) -> AsyncIterator[pb.StoredBlocks]:
        async for response in self.dump_slices(model=model, tenant=tenant, timeout=timeout):
            for event in response.events:
                yield event

    def dump_slices(
        self, *, model: str = "", tenant: str = "", timeout: Optional[float] = None
    ) -> AsyncIterator[pb.DumpResponse]:
        return _messages(self._stub.Dump(pb.DumpRequest(model=model, tenant=tenant), timeout=timeout))

    async def health(self) -> pb.GetHealthResponse:
        return await self._call("GetHealth", pb.GetHealthRequest())

    async def peers(self) -> List[str]:
        return list((await self._call("ListPeers", pb.ListPeersRequest())).urls)

    async def register_peer(self, url: str) -> None:
        await self._call("RegisterPeer", pb.RegisterPeerRequest(url=url))

    async def deregister_peer(self, url: str) -> None:
        await self._call("DeregisterPeer", pb.DeregisterPeerRequest(url=url))

    async def _call(self, method: str, request: Any) -> Any:
        with translated():
            return await getattr(self._stub, method)(request, timeout=self._timeout)


async def _asked(questions: Questions) -> AsyncIterator[pb.QueryStreamRequest]:
    if isinstance(questions, AsyncIterable):
        async for number, question in questions:
            yield requests.stream_request(number, question)
    else:
        for number, question in questions:
            yield requests.stream_request(number, question)


async def _messages(stream: Any) -> AsyncIterator[Any]:
    """The messages of a stream, which ends when nobody wants more of them."""
    try:
        with translated():
            async for message in stream:
                yield message
    finally:
        stream.cancel()
