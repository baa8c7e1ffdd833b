"""Random streams: both answer every question alike, as the literal state says, and dump the same blocks."""

import pytest

from engine import MAKES
from hashing import local_hashes, engine_hashes
from streams import TIERS, Stream

SHAPES = {
    "device": dict(media=("GPU",)),
    "tiers": dict(media=("GPU", "GPU", "CPU", "DISK", "EXTERNAL")),
    # Salts and LoRA names. On one tier: with two, NVIDIA forgets salts (test_differences.py).
    "contexts": dict(media=("GPU",), contexts=4),
}


def expected_dump(stream):
    """The literal state as rows of a dump."""
    rows = set()
    places = {}
    for tokens, context in stream.prompts:
        hashes = engine_hashes(tokens, stream.block_size, **context)
        for number, local in enumerate(local_hashes(tokens, stream.block_size, **context)):
            places[hashes[number]] = (hashes[number - 1] if number else None, hashes[number], local)
    for (instance, rank), media in stream.held.blocks.items():
        for medium, held in media.items():
            rows.update((instance, rank, TIERS[medium], *places[value]) for value in held)
    return rows


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("make", MAKES, ids=lambda make: make.name)
def test_random_stream(pair, start_engine, make, shape):
    workers = [(1, 0), (1, 1), (2, 0), (3, 5)]
    engines = {worker: start_engine(make, block_size=4, reply_frames=3 + worker[1] % 2) for worker in workers}
    for (instance, rank), engine in engines.items():
        pair.register(engine, instance, dp_rank=rank)
    stream = Stream(f"{make.name} {shape}", engines, **SHAPES[shape])
    hits = tiers_used = 0
    for _ in range(6):
        stream.play(60)
        pair.settle()
        for tokens, context in stream.questions(40):
            answer = pair.query(tokens, **context)
            assert answer == stream.held.answer(tokens, **context)
            hits += bool(answer["instances"])
            tiers_used += any(entry["disk"] > entry["gpu"] for entry in answer["instances"].values())
        assert pair.dump() == {"m:default": (4, expected_dump(stream))}
    assert hits > 60
    assert tiers_used > 20 or shape != "tiers"


def test_lost_batches_come_back_by_replay(pair, start_engine):
    """Batches are lost on the way; the next one that arrives makes both ask for what is missing."""
    engines = {}
    for instance, frames in ((1, 3), (2, 4)):
        engines[instance, 0] = start_engine(block_size=4, reply_frames=frames)
        pair.register(engines[instance, 0], instance)
    stream = Stream("lost", engines)
    for _ in range(4):
        stream.play(40, lost=0.3)
        pair.settle()
        for tokens, context in stream.questions(30):
            assert pair.query(tokens, **context) == stream.held.answer(tokens, **context)
        assert pair.dump() == {"m:default": (4, expected_dump(stream))}
    assert all(engine.replays for engine in engines.values())


def test_a_late_subscriber_gets_all_from_the_start(pair, start_engine):
    """What was published before the registration comes by replay, once the next message has arrived."""
    engines = {(1, 0): start_engine(block_size=4), (2, 3): start_engine(block_size=4, reply_frames=4)}
    stream = Stream("late", engines, media=("GPU", "CPU"))
    stream.play(60)
    for (instance, rank), engine in engines.items():
        pair.register(engine, instance, dp_rank=rank)
    pair.settle()
    for tokens, context in stream.questions(40):
        assert pair.query(tokens, **context) == stream.held.answer(tokens, **context)
    assert pair.dump() == {"m:default": (4, expected_dump(stream))}


def test_without_a_replay_endpoint_only_what_arrives_counts(pair, start_engine):
    engine = start_engine(block_size=4)
    engine.store(list(range(100, 116)))
    pair.register(engine, 1, replay=False)
    engine.store(list(range(200, 216)))
    pair.settle()
    assert pair.query(list(range(100, 116)))["scores"] == {}
    assert pair.query(list(range(200, 216)))["scores"] == {"1": {"0": 16}}
