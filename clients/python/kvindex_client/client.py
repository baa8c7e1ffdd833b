"""The client: one method per operation, a deadline on every call."""

import grpc

from kvindex.v1 import kvindex_pb2 as pb
from kvindex.v1 import kvindex_pb2_grpc

from .errors import error_of_number, translated
from .types import answer_of

_MESSAGE_BYTES = 8 << 20  # what the server accepts, and more than its messages are


class Client:
    """Talks to one kvindexd. Threads may share it.

    `timeout` is the deadline of a call in seconds. Calls raise KvIndexError, see errors.py. Hashes and token ids may
    be any iterable of non-negative integers; signed hashes are taken as their two's-complement bits.
    """

    def __init__(self, target="127.0.0.1:8091", timeout=5.0, credentials=None):
        options = [
            ("grpc.max_send_message_length", _MESSAGE_BYTES),
            ("grpc.max_receive_message_length", _MESSAGE_BYTES),
        ]
        if credentials is None:
            self._channel = grpc.insecure_channel(target, options)
        else:
            self._channel = grpc.secure_channel(target, credentials, options)
        self._stub = kvindex_pb2_grpc.KvIndexerStub(self._channel)
        self._timeout = timeout

    def close(self):
        self._channel.close()

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.close()

    def register(self, instance_id, endpoint, dp_rank=0, replay_endpoint="", block_size=0):
        """Subscribes to a worker's events; block_size 0: the server's. Does not wait for the worker."""
        request = pb.RegisterRequest(
            instance_id=str(instance_id),
            dp_rank=dp_rank,
            endpoint=endpoint,
            replay_endpoint=replay_endpoint,
            block_size_tokens=block_size,
        )
        with translated():
            self._stub.Register(request, timeout=self._timeout)

    def unregister(self, instance_id, dp_rank=None):
        """Forgets one rank, or all ranks of the instance. Returns how many workers that were."""
        request = pb.UnregisterRequest(instance_id=str(instance_id))
        if dp_rank is not None:
            request.dp_rank = dp_rank
        with translated():
            return self._stub.Unregister(request, timeout=self._timeout).removed_workers

    def workers(self):
        """All workers, as kvindex.v1.WorkerStatus messages."""
        with translated():
            return list(self._stub.ListWorkers(pb.ListWorkersRequest(), timeout=self._timeout).workers)

    def query(self, token_ids):
        """Who holds how much of a prompt, given as token ids."""
        with translated():
            return answer_of(self._stub.Query(pb.QueryRequest(token_ids=token_ids), timeout=self._timeout).result)

    def query_by_hash(self, block_hashes):
        """Who holds how much of a prompt, given as local block hashes."""
        request = pb.QueryByHashRequest(block_hashes=_unsigned(block_hashes))
        with translated():
            return answer_of(self._stub.QueryByHash(request, timeout=self._timeout).result)

    def query_stream(self, questions):
        """Asks many questions on one stream: `questions` yields (request id, token ids); (request id, answer) comes
        back in any order, where the answer to a bad question is a KvIndexError. The stream has no deadline."""
        requests = (
            pb.QueryStreamRequest(request_id=number, query=pb.QueryRequest(token_ids=tokens))
            for number, tokens in questions
        )
        with translated():
            for response in self._stub.QueryStream(requests):
                if response.WhichOneof("outcome") == "result":
                    yield response.request_id, answer_of(response.result)
                else:
                    yield response.request_id, error_of_number(response.error.code, response.error.message)

    def dump(self):
        """Every block held, as kvindex.v1.StoredBlocks messages, parents before children. Has no deadline."""
        with translated():
            for response in self._stub.Dump(pb.DumpRequest()):
                yield from response.events

    def health(self):
        """Whether the server is ready, and why not, as a kvindex.v1.GetHealthResponse message."""
        with translated():
            return self._stub.GetHealth(pb.GetHealthRequest(), timeout=self._timeout)


def _unsigned(hashes):
    return [value & 0xFFFFFFFFFFFFFFFF for value in hashes]
