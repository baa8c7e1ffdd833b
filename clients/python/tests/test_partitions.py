"""Partitions, candidates, sequence hashes, pools and peers, through both clients, against a real daemon."""

import asyncio

import pytest
from harness import wait_until
from kvindex_client import AsyncClient, Client, InvalidRequest, NotFound, Worker, by_hash, by_tokens
from kvindex_client.hashing import local_hashes, sequence_hashes

PROMPT = list(range(1, 65))  # 4 blocks
ENDPOINT = "tcp://127.0.0.1:9"


class Asynchronous:
    """An AsyncClient behind the methods of a Client."""

    def __init__(self, target):
        self.target = target

    def __getattr__(self, method):
        def call(*arguments, **options):
            async def body():
                async with AsyncClient(self.target, timeout=30) as client:
                    result = getattr(client, method)(*arguments, **options)
                    if hasattr(result, "__aiter__"):
                        return [item async for item in result]
                    return await result

            return asyncio.run(body())

        return call


@pytest.fixture(params=["sync", "async"])
def client(request, daemon):
    if request.param == "async":
        yield Asynchronous(daemon.grpc_address)
    else:
        with Client(daemon.grpc_address, timeout=30) as made:
            yield made


@pytest.fixture
def fleet(client, simulator):
    """Workers 0 and 1 in a partition of model m, worker 2 in the default one."""
    for worker in simulator.workers:
        own = {"model": "m", "tenant": "t"} if worker["worker"] < 2 else {}
        replay = worker["replay_endpoint"]
        client.register(worker["worker"], worker["endpoint"], replay_endpoint=replay, block_size=16, **own)
    for worker, tokens in enumerate((PROMPT, PROMPT[:32], PROMPT[:16])):
        simulator.prompt(worker, tokens)
    wait_until(lambda: blocks(client.query(PROMPT, model="m", tenant="t")) == {"0": 4, "1": 2}, "model m is filled")
    wait_until(lambda: blocks(client.query(PROMPT)) == {"2": 1}, "the default partition is filled")


def blocks(answer):
    return {hit.worker.instance_id: hit.device_blocks for hit in answer.hits}


def test_partitions_are_apart(client, fleet):
    names = [(status.partition.model, status.partition.tenant) for status in client.partitions()]
    assert sorted(names) == [("default", "default"), ("m", "t")]
    assert [status.worker.instance_id for status in client.workers(model="m")] == ["0", "1"]
    assert len(client.workers()) == 3
    assert sum(len(event.local_hashes) for event in client.dump(model="m")) == 6
    assert {(s.partition.model, len(s.events) > 0) for s in client.dump_slices()} == {("default", True), ("m", True)}
    with pytest.raises(NotFound) as error:
        client.query(PROMPT, model="other")
    assert "other" in error.value.message
    assert client.unregister(0, model="m", tenant="t", block_size=16) == 1
    assert blocks(client.query(PROMPT, model="m", tenant="t")) == {"1": 2}


def test_candidates_and_bounds(client, fleet):
    m = {"model": "m", "tenant": "t"}
    assert blocks(client.query(PROMPT, candidates=["1"], **m)) == {"1": 2}
    assert blocks(client.query(PROMPT, candidates=[Worker("0"), (1, 7)], **m)) == {"0": 4}
    assert blocks(client.query(PROMPT, max_hits=1, **m)) == {"0": 4}
    nobody = client.query([9] * 16, every_worker=True, **m)
    assert blocks(nobody) == {"0": 0, "1": 0} and nobody.best is None
    with pytest.raises(InvalidRequest) as error:
        client.query(PROMPT, candidates=[""], **m)
    with pytest.raises(ValueError, match="candidates"):
        client.query(PROMPT, candidates=[], **m)
    assert "instance_id" in error.value.message


def test_hashes(client, fleet):
    m = {"model": "m", "tenant": "t"}
    local = local_hashes(PROMPT, 16)
    assert blocks(client.query_by_hash(local, **m)) == {"0": 4, "1": 2}
    assert blocks(client.query_by_hash(sequence_hashes=sequence_hashes(local), **m)) == {"0": 4, "1": 2}
    assert blocks(client.query_by_hash(sequence_hashes=sequence_hashes(local[:1]), max_hits=1)) == {"2": 1}
    with pytest.raises(InvalidRequest):
        client.query_by_hash(local, sequence_hashes=local, **m)
    questions = [(1, by_tokens(PROMPT, **m)), (2, by_hash(local, max_hits=1, **m)), (3, by_tokens(PROMPT, model="o"))]
    answers = dict(client.query_stream(questions))
    assert blocks(answers[1]) == {"0": 4, "1": 2} and blocks(answers[2]) == {"0": 4}
    assert isinstance(answers[3], NotFound)


def test_adapter_salt_and_bigrams_change_the_hashes(client, fleet):
    m = {"model": "m", "tenant": "t"}
    for options in ({"lora_name": "a"}, {"cache_salt": "s"}, {"bigrams": True}):
        assert client.query(PROMPT, **options, **m).hits == []


def test_registration_has_all_its_fields(client):
    client.register("a", ENDPOINT, 3, block_size=32, model="m", additional_salt="int8", lora_name="l")
    client.register("p", ENDPOINT, block_size=32, model="m", additional_salt="int8", pool=True)
    worker, pool = client.workers()
    assert (worker.worker.dp_rank, worker.block_size_tokens, worker.model, worker.tenant) == (3, 32, "m", "default")
    assert (worker.additional_salt, worker.lora_name, worker.kind) == ("int8", "l", 1)
    assert (pool.worker.instance_id, pool.kind) == ("p", 2)
    with pytest.raises(NotFound):
        client.unregister("a", model="m", additional_salt="fp8")
    assert client.unregister("a", 3, model="m", additional_salt="int8") == 1


def test_peers(client):
    client.register_peer("http://10.0.0.8:8090")
    client.register_peer("http://10.0.0.9:8090")
    client.deregister_peer("http://10.0.0.8:8090")
    assert client.peers() == ["http://10.0.0.9:8090"]
    with pytest.raises(NotFound):
        client.deregister_peer("http://10.0.0.8:8090")
