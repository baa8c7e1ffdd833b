"""The Python client against a real daemon that follows simulated engines."""

import itertools
import socket

import grpc
import pytest
from harness import register, settle
from kvindex_client import (
    AlreadyRegistered,
    BlockSizeConflict,
    Client,
    InvalidRequest,
    KvIndexError,
    NotFound,
    TooLarge,
    Unavailable,
    Worker,
    by_hash,
    by_tokens,
)
from kvindex_client.hashing import local_hashes

PROMPT = list(range(1, 65))  # 4 blocks
ENDPOINT = "tcp://127.0.0.1:9"


@pytest.fixture
def fleet(daemon, simulator):
    register(daemon, simulator)
    simulator.prompt(0, PROMPT)
    simulator.prompt(1, PROMPT[:32])
    settle(daemon, simulator)
    return simulator


def test_query(daemon, fleet):
    answer = daemon.grpc.query(PROMPT + [7] * 20)
    assert {hit.worker: hit.device_blocks for hit in answer.hits} == {Worker("0", 0): 4, Worker("1", 0): 2}
    assert answer.asked_blocks == 5 and answer.block_size_tokens == 16
    assert answer.best.worker == Worker("0") and answer.best.total_blocks == 4 and answer.best.exact
    assert daemon.grpc.query([5] * 16).best is None


def test_query_by_hash_takes_signed_hashes(daemon, fleet):
    for first in (16863443419780771464, -1583300653928780152):
        assert len(daemon.grpc.query_by_hash([first, 2287610619914608821]).hits) == 2


def test_query_stream(daemon, fleet):
    questions = [(7, PROMPT), (8, [1] * 1048577), (9, PROMPT[:16])]
    answers = dict(daemon.grpc.query_stream(questions))
    assert answers[7].best.device_blocks == 4
    assert isinstance(answers[8], TooLarge)
    assert answers[9].best.device_blocks == 1


def test_query_stream_of_all_kinds_of_questions(daemon, fleet):
    local = local_hashes(PROMPT, 16)
    questions = [(1, by_tokens(PROMPT)), (2, by_hash(local)), (3, range(1, 17))]
    answers = dict(daemon.grpc.query_stream(questions, timeout=20))
    assert [answers[k].best.device_blocks for k in (1, 2, 3)] == [4, 4, 1]


def test_a_stream_left_early_is_ended(daemon, fleet):
    """Else the server would still wait for its questions, and not stop in time."""

    def endless():
        for number in itertools.count():
            yield number, PROMPT

    stream = daemon.grpc.query_stream(endless())
    assert next(stream)[1].best.device_blocks == 4
    stream.close()
    assert next(daemon.grpc.dump()).local_hashes[0] == 16863443419780771464


def test_workers_dump_and_health(daemon, fleet):
    assert [status.worker.instance_id for status in daemon.grpc.workers()] == ["0", "1", "2"]
    assert sum(len(event.local_hashes) for event in daemon.grpc.dump()) == 6
    assert daemon.grpc.health().ready


def test_unregister(daemon, fleet):
    assert daemon.grpc.unregister(0, dp_rank=0) == 1
    assert daemon.grpc.query(PROMPT).best.worker == Worker("1")


def test_errors(daemon):
    client = daemon.grpc
    client.register("a", ENDPOINT)
    with pytest.raises(AlreadyRegistered) as error:
        client.register("a", ENDPOINT)
    assert error.value.code == grpc.StatusCode.ALREADY_EXISTS and "a" in error.value.message
    with pytest.raises(BlockSizeConflict):
        client.register("b", ENDPOINT, block_size=32)
    with pytest.raises(InvalidRequest):
        client.register("c", "nonsense")
    with pytest.raises(NotFound):
        client.unregister("nobody")
    with pytest.raises(TooLarge):
        client.query([1] * 1048577)


def test_nobody_there():
    with Client("127.0.0.1:9", timeout=2) as client, pytest.raises(Unavailable):
        client.query(PROMPT)


def test_deadline():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = "127.0.0.1:%d" % silent.getsockname()[1]
        with Client(target, timeout=0.2) as client, pytest.raises(KvIndexError) as error:
            client.query(PROMPT)
    assert error.value.code == grpc.StatusCode.DEADLINE_EXCEEDED
