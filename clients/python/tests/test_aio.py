"""The asyncio client against a real daemon that follows simulated engines."""

import asyncio
import itertools
import socket

import grpc
import pytest
from harness import register, settle
from kvindex_client import AlreadyRegistered, AsyncClient, KvIndexError, NotFound, TooLarge, Worker, by_hash
from kvindex_client.hashing import local_hashes

PROMPT = list(range(1, 65))  # 4 blocks


@pytest.fixture
def ask(daemon, simulator):
    """Runs a function of a client of a filled daemon."""
    register(daemon, simulator)
    simulator.prompt(0, PROMPT)
    simulator.prompt(1, PROMPT[:32])
    settle(daemon, simulator)

    def run(function):
        async def body():
            async with AsyncClient(daemon.grpc_address, timeout=30) as client:
                return await function(client)

        return asyncio.run(body())

    return run


def test_many_queries_at_once(ask):
    async def body(client):
        return await asyncio.gather(
            *(client.query(PROMPT[: 16 * blocks]) for blocks in range(1, 5)),
            client.query_by_hash(local_hashes(PROMPT, 16)),
        )

    assert [answer.best.device_blocks for answer in ask(body)] == [1, 2, 3, 4, 4]


def test_query_stream(ask):
    async def asynchronous():
        yield 1, PROMPT
        yield 2, [1] * 1048577
        yield 3, by_hash(local_hashes(PROMPT[:16], 16))

    async def body(client):
        answers = {number: answer async for number, answer in client.query_stream(asynchronous())}
        assert answers[1].best.worker == Worker("0") and answers[1].best.device_blocks == 4
        assert isinstance(answers[2], TooLarge)
        assert answers[3].best.device_blocks == 1
        questions = zip(range(300), itertools.repeat(PROMPT[:32]))
        answers = {number: answer async for number, answer in client.query_stream(questions, timeout=20)}
        assert sorted(answers) == list(range(300))
        assert all(answer.best.device_blocks == 2 for answer in answers.values())

    ask(body)


def test_workers_dump_and_health(ask):
    async def body(client):
        assert [status.worker.instance_id for status in await client.workers()] == ["0", "1", "2"]
        assert sum([len(event.local_hashes) async for event in client.dump()]) == 6
        assert (await client.health()).ready
        assert await client.unregister(0) == 1
        assert (await client.query(PROMPT)).best.worker == Worker("1")

    ask(body)


def test_errors(ask):
    async def body(client):
        with pytest.raises(AlreadyRegistered):
            await client.register(1, "tcp://127.0.0.1:9")
        with pytest.raises(NotFound) as error:
            await client.unregister("nobody")
        assert error.value.code == grpc.StatusCode.NOT_FOUND and "nobody" in error.value.message

    ask(body)


def test_deadline():
    async def body(target):
        async with AsyncClient(target, timeout=0.2) as client:
            await client.query(PROMPT)

    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(KvIndexError) as error:
        asyncio.run(body("127.0.0.1:%d" % silent.getsockname()[1]))
    assert error.value.code == grpc.StatusCode.DEADLINE_EXCEEDED
