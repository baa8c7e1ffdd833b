"""Real event streams in every encoding, live and replayed: scores and dump equal what the engines hold."""

import pytest
from harness import check_dump, check_samples, register, settle
from harness.truth import listeners

FORMATS = ["vllm-map", "vllm-array", "sglang-array", "sglang-map"]
FLEET = ["--workers", 3, "--capacity", 4000, "--requests", 200]


@pytest.mark.parametrize("hashes", ["shared", "worker"])
@pytest.mark.parametrize("form", FORMATS)
def test_live(daemon, start_simulator, form, hashes):
    simulator = start_simulator(*FLEET, "--format", form, "--hash", hashes, "--replay-layout", "none")
    register(daemon, simulator)
    assert simulator.ask("subscribers", 20)["subscribed"] == 3
    played = simulator.play()
    assert played["removed"] > 0, "the caches must have evicted"
    settle(daemon, simulator)
    assert check_samples(daemon, simulator) > 10
    check_dump(daemon, simulator)
    assert all(listener["state"] == "exact" for listener in listeners(daemon).values())


@pytest.mark.parametrize("layout", [3, 4])
@pytest.mark.parametrize("form", FORMATS)
def test_late_join_is_repaired_by_replay(daemon, start_simulator, form, layout):
    simulator = start_simulator(*FLEET, "--format", form, "--replay-layout", layout)
    simulator.play()
    register(daemon, simulator)
    settle(daemon, simulator)
    assert check_samples(daemon, simulator) > 10
    check_dump(daemon, simulator)
    assert all(listener["state"] == "exact" for listener in listeners(daemon).values())


def test_replay_overlaps_live_events(daemon, start_simulator):
    simulator = start_simulator(*FLEET, "--rate", 100000)
    simulator.ask("go")
    register(daemon, simulator)
    simulator.ask("wait")
    settle(daemon, simulator)
    assert check_samples(daemon, simulator) > 10
    check_dump(daemon, simulator)


def test_replay_that_loses_batches_is_asked_again(daemon, start_simulator):
    # Older engines send a replay through a queue of 1,000 messages and lose what does not fit.
    simulator = start_simulator("--workers", 1, "--requests", 600, "--replay-queue", 1000, "--replay-ring", 100000)
    simulator.play()
    register(daemon, simulator)
    settle(daemon, simulator)
    assert check_samples(daemon, simulator, 20) > 5
    check_dump(daemon, simulator)


def test_byte_hashes(daemon, start_simulator):
    simulator = start_simulator(*FLEET, "--byte-hashes", "--hash", "worker")
    simulator.play()
    register(daemon, simulator)
    settle(daemon, simulator)
    assert check_samples(daemon, simulator) > 10
    check_dump(daemon, simulator)


def test_real_trace(daemon, start_simulator):
    from harness import ROOT

    trace = ROOT / "tools" / "data" / "conversation_slice.jsonl"
    simulator = start_simulator("--workers", 4, "--trace", trace, "--capacity", 20000, "--hash", "worker")
    register(daemon, simulator)
    simulator.ask("subscribers", 20)
    simulator.play()
    settle(daemon, simulator)
    assert check_samples(daemon, simulator, 100) > 30
    check_dump(daemon, simulator)


def test_other_block_sizes(start_daemon, start_simulator):
    daemon = start_daemon()
    simulator = start_simulator(*FLEET, "--block-size", 64)
    register(daemon, simulator, block_size=64)
    simulator.play()
    settle(daemon, simulator)
    assert check_samples(daemon, simulator) > 10
