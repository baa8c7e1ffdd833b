"""What is tried again, against a server that is busy."""

import asyncio
import concurrent.futures

import grpc
import pytest
from kvindex_client import AsyncClient, Client, InvalidRequest, Unavailable

from kvindex.v1 import kvindex_pb2 as pb
from kvindex.v1 import kvindex_pb2_grpc


class Busy(kvindex_pb2_grpc.KvIndexerServicer):
    """Answers UNAVAILABLE to the first calls of each method, or always something else."""

    def __init__(self):
        self.busy, self.code, self.calls = 2, grpc.StatusCode.UNAVAILABLE, 0

    def answer(self, context, message):
        self.calls += 1
        if self.calls <= self.busy:
            context.abort(self.code, "busy")
        return message

    def Query(self, request, context):
        return self.answer(context, pb.QueryResponse(result=pb.QueryResult(asked_blocks=len(request.token_ids))))

    def Register(self, _request, context):
        return self.answer(context, pb.RegisterResponse())

    def RegisterPeer(self, _request, context):
        return self.answer(context, pb.RegisterPeerResponse())


@pytest.fixture
def busy():
    servicer = Busy()
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    kvindex_pb2_grpc.add_KvIndexerServicer_to_server(servicer, server)
    servicer.target = "127.0.0.1:%d" % server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield servicer
    server.stop(None).wait()


def sync_call(target, method, *arguments, **options):
    with Client(target, **options) as client:
        return getattr(client, method)(*arguments)


def async_call(target, method, *arguments, **options):
    async def call():
        async with AsyncClient(target, **options) as client:
            return await getattr(client, method)(*arguments)

    return asyncio.run(call())


both = pytest.mark.parametrize("call", [sync_call, async_call])


@both
def test_reads_are_tried_again(busy, call):
    # Longer than what gRPC keeps for a retry unless it is told otherwise.
    assert call(busy.target, "query", [1] * 200_000).asked_blocks == 200_000
    assert busy.calls == 3


@both
def test_but_not_for_ever(busy, call):
    busy.busy = 1000
    with pytest.raises(Unavailable) as error:
        call(busy.target, "query", [1])
    assert error.value.message == "busy" and busy.calls == 3


@both
def test_unless_once_is_enough(busy, call):
    with pytest.raises(Unavailable):
        call(busy.target, "query", [1], attempts=1)
    assert busy.calls == 1


@both
@pytest.mark.parametrize("method, arguments", [("register", (1, "tcp://a:1")), ("register_peer", ("http://a",))])
def test_writes_never_are(busy, call, method, arguments):
    with pytest.raises(Unavailable):
        call(busy.target, method, *arguments)
    assert busy.calls == 1


@both
def test_other_errors_never_are(busy, call):
    busy.code = grpc.StatusCode.INVALID_ARGUMENT
    with pytest.raises(InvalidRequest):
        call(busy.target, "query", [1])
    assert busy.calls == 1
