"""SIGTERM under load: what is in flight is answered, the exit code is 0, and it does not take long."""

import http.client
import json
import signal
import threading
import time

import grpc
import pytest
from harness import register, settle
from harness.process import SLOWNESS
from kvindex.v1 import kvindex_pb2 as pb
from kvindex.v1 import kvindex_pb2_grpc


class RestLoad(threading.Thread):
    """Requests one after the other on one connection until the daemon closes it. A request whose answer does not
    come although the daemon had accepted it counts as broken."""

    def __init__(self, daemon, tokens):
        super().__init__()
        self.daemon_process, self.body = daemon, json.dumps({"token_ids": tokens})
        self.answered = self.refused = self.broken = 0

    def run(self):
        rest = self.daemon_process.rest
        connection = http.client.HTTPConnection(rest.host, rest.port, timeout=20)
        try:
            while True:
                connection.request("POST", "/query", self.body, {"Content-Type": "application/json"})
                response = connection.getresponse()
                response.read()
                if response.status == 200:
                    self.answered += 1
                elif response.status == 503:
                    self.refused += 1
                    return
        except (ConnectionError, http.client.RemoteDisconnected):
            return  # closed between two requests
        except http.client.HTTPException:
            self.broken += 1
        finally:
            connection.close()


class GrpcLoad(threading.Thread):
    def __init__(self, daemon, tokens):
        super().__init__()
        self.address, self.request = daemon.grpc_address, pb.QueryRequest(token_ids=tokens)
        self.answered, self.ended_with = 0, None

    def run(self):
        with grpc.insecure_channel(self.address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
            stub = kvindex_pb2_grpc.KvIndexerStub(channel)
            try:
                while True:
                    stub.Query(self.request, timeout=20)
                    self.answered += 1
            except grpc.RpcError as error:
                self.ended_with = error.code()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_under_load(start_daemon, simulator, number):
    daemon = start_daemon("--block-size", 16)
    register(daemon, simulator)
    simulator.ask("subscribers", 20)
    simulator.play(50)
    settle(daemon, simulator)
    simulator.ask("go")  # events keep coming
    tokens = list(range(8192))
    load = [RestLoad(daemon, tokens) for _ in range(4)] + [GrpcLoad(daemon, tokens) for _ in range(4)]
    for thread in load:
        thread.start()
    stub = kvindex_pb2_grpc.KvIndexerStub(grpc.insecure_channel(daemon.grpc_address))
    open_stream = stub.QueryStream(iter(lambda: time.sleep(60), None))
    time.sleep(1)

    started = time.monotonic()
    daemon.process.send_signal(number)
    assert daemon.process.wait(60) == 0, daemon.log()
    took = time.monotonic() - started
    assert took < 5 * SLOWNESS, took
    for thread in load:
        thread.join(30)
        assert not thread.is_alive()
        assert thread.answered > 0
    assert not any(thread.broken for thread in load[:4])
    assert {thread.ended_with for thread in load[4:]} <= {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
    with pytest.raises(grpc.RpcError):
        next(open_stream)


def test_at_once_when_idle(start_daemon, simulator):
    daemon = start_daemon("--block-size", 16)
    register(daemon, simulator)
    started = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - started < 2 * SLOWNESS


def test_starts_fast(start_daemon):
    times = []
    for _ in range(3):
        started = time.monotonic()
        start_daemon("--block-size", 16)
        times.append(time.monotonic() - started)
    assert min(times) < 1.0 * SLOWNESS, times
