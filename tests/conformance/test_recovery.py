"""A service that starts with --peers takes over the other make's dump, and then answers like the one it came from."""

import pytest

from engine import SglangMap
from services import Nvidia, start_here
from streams import Stream
from test_streams import expected_dump

# who starts, and whose dump it takes
WAYS = {"here-from-there": (start_here, "there"), "there-from-here": (Nvidia, "here"), "here-from-here": (start_here, "here")}


@pytest.fixture(params=WAYS)
def way(request):
    """(starts the one that recovers, picks its peer out of a pair)."""
    start, source = WAYS[request.param]
    started = []

    def recover(*arguments):
        started.append(start(*arguments))
        return started[-1]

    yield recover, lambda pair: getattr(pair, source)
    for service in started:
        service.stop()


@pytest.fixture
def filled(pair, start_engine):
    """Engines with state in all tiers, followed by both; and the stream that goes on."""
    workers = [(1, 0), (1, 1), (2, 3)]
    engines = {worker: start_engine(SglangMap, block_size=4) for worker in workers}
    for (instance, rank), engine in engines.items():
        pair.register(engine, instance, dp_rank=rank)
    stream = Stream("recovery", engines, media=("GPU", "GPU", "CPU", "DISK", "EXTERNAL"), contexts=4)
    stream.play(150)
    pair.settle()
    assert stream.held.count() > 100
    return stream


def answers_alike(pair, stream, questions=40):
    for tokens, context in stream.questions(questions):
        assert pair.query(tokens, **context) == stream.held.answer(tokens, **context)
    assert pair.dump() == {"m:default": (4, expected_dump(stream))}


def command_line(stream):
    workers = ",".join(f"{instance}:{rank}={engine.endpoint}" for (instance, rank), engine in stream.engines.items())
    return ["--block-size", 4, "--model-name", "m", "--workers", workers]


def test_recovered_and_then_live(pair, filled, way):
    """With --workers: what the dump says at once, and then what the engines say."""
    recover, source = way
    recovered = recover("--peers", source(pair).url, *command_line(filled))
    assert recovered.rest.get("/peers").json == [source(pair).url]
    second = pair.beside(recovered)
    for (instance, rank), engine in filled.engines.items():
        second.follow(engine, instance, rank, services=1)
    answers_alike(second, filled)
    for _ in range(3):
        filled.play(60)
        pair.settle()
        second.settle()
        answers_alike(pair, filled)
        answers_alike(second, filled)


def test_recovered_and_then_registered(pair, filled, way):
    """Without --workers: the dump alone, until the workers are registered and replay all."""
    recover, source = way
    recovered = recover("--peers", source(pair).url)
    second = pair.beside(recovered)
    assert all(worker["endpoints"] == {} for worker in recovered.rest.get("/workers").json)
    answers_alike(second, filled)
    for (instance, rank), engine in filled.engines.items():
        body = {
            "instance_id": instance,
            "dp_rank": rank,
            "endpoint": engine.endpoint,
            "replay_endpoint": engine.replay_endpoint,
            "model_name": "m",
            "block_size": 4,
        }
        assert recovered.rest.post("/register", body).status == 201
        second.follow(engine, instance, rank, services=1)
    filled.play(60)
    pair.settle()
    second.settle()
    answers_alike(second, filled)


def test_a_dead_peer_is_passed_over(pair, filled, way):
    recover, source = way
    dead = "http://127.0.0.1:9"
    recovered = recover("--peers", f"{dead},{source(pair).url}")
    assert sorted(recovered.rest.get("/peers").json) == sorted([dead, source(pair).url])
    answers_alike(pair.beside(recovered), filled, 10)


def test_without_any_living_peer_it_starts_empty(way):
    recover, _ = way
    recovered = recover("--peers", "http://127.0.0.1:9")
    assert recovered.rest.get("/dump").json == {}
    assert recovered.rest.get("/workers").json == []
    assert recovered.rest.get("/peers").json == ["http://127.0.0.1:9"]


def test_partitions_are_recovered(pair, start_engine, way):
    recover, source = way
    tokens = list(range(64))
    for number, (model, group, size) in enumerate([("m", "default", 16), ("m", "g", 8), ("org/n", "default", 32)], 1):
        engine = start_engine(block_size=size)
        pair.register(engine, number, model_name=model, routing_group=group)
        engine.store(tokens)
    pair.settle()
    second = pair.beside(recover("--peers", source(pair).url))
    for model, group in (("m", "default"), ("m", "g"), ("org/n", "default")):
        assert second.query(tokens, model, routing_group=group)["scores"]
    second.dump()
    # The block size of a recovered partition holds.
    body = {"instance_id": 9, "endpoint": "tcp://127.0.0.1:9", "model_name": "m", "routing_group": "g", "block_size": 16}
    text = "block_size mismatch for model=m routing_group=g: existing=8, requested=16"
    answer = second.here.rest.post("/register", body)
    assert answer.status == 409 and text in answer.error
