"""Compares what the daemon answers with what the simulated engines really hold. Worker k is instance k, rank 0."""

import time

from .process import SLOWNESS


def wait_until(condition, what, seconds=30):
    """Polls until condition() is true; returns what it returned."""
    deadline = time.monotonic() + seconds * SLOWNESS
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, f"not within {seconds * SLOWNESS} s: {what}"
        time.sleep(0.01)


def register(daemon, simulator, workers=None, replay=True, block_size=16):
    """Registers all workers of a fleet, or those named."""
    for worker in simulator.workers if workers is None else [simulator.workers[k] for k in workers]:
        body = {"instance_id": worker["worker"], "endpoint": worker["endpoint"], "block_size": block_size}
        if replay and worker["replay_endpoint"]:
            body["replay_endpoint"] = worker["replay_endpoint"]
        answer = daemon.rest.post("/register", body)
        assert answer.status == 201, answer.body


def listeners(daemon):
    """(instance id, rank) -> its listener, both as text."""
    return {
        (str(entry["instance_id"]), rank): listener
        for entry in daemon.rest.expect_ok(daemon.rest.get("/workers"))
        for rank, listener in entry["listeners"].items()
    }


def settle(daemon, simulator, seconds=60):
    """Waits until the daemon has applied all that the engines of registered workers have published."""

    def applied():
        have = listeners(daemon)
        for worker in simulator.ask("status")["workers"]:
            listener = have.get((str(worker["worker"]), "0"))
            if not listener or not worker["up"]:
                continue
            if worker["next_sequence"] == 0:
                # Nothing was published in this life: the connection itself is what there is to wait for.
                if listener["state"] == "connecting" or worker["subscribers"] == 0:
                    return False
            elif listener.get("last_sequence") != worker["next_sequence"] - 1:
                return False
        return True

    wait_until(applied, "the daemon has applied all batches", seconds)


def rest_scores(answer):
    """worker -> blocks, from a REST answer; every worker here has rank 0 only."""
    return {int(instance): ranks["0"] for instance, ranks in answer["scores"].items()}


def grpc_scores(answer):
    return {int(hit.worker.instance_id): hit.device_blocks for hit in answer.hits}


def check_prompt(daemon, sample):
    want = {int(worker): score for worker, score in sample["scores"].items()}
    held = {int(worker): count for worker, count in sample["held"].items()}
    over_rest = daemon.rest.query(sample["token_ids"])
    assert rest_scores(over_rest) == want
    assert {int(k): ranks["0"] for k, ranks in over_rest["tree_sizes"].items()} == held
    over_grpc = daemon.grpc.query(sample["token_ids"])
    assert grpc_scores(over_grpc) == want
    assert {int(hit.worker.instance_id): hit.total_blocks for hit in over_grpc.hits} == held


def check_samples(daemon, simulator, n=50, max_tokens=20000):
    """n prompts, whole, cut and diverging: exact scores over both protocols. Returns how many had a hit."""
    samples = simulator.samples(n, max_tokens)
    for sample in samples:
        check_prompt(daemon, sample)
    return sum(bool(sample["scores"]) for sample in samples)


def dumped_over_rest(daemon):
    """(worker, engine hash) -> parent's engine hash or None, from GET /dump; checks its order."""
    blocks = {}
    for number, event in enumerate(daemon.rest.expect_ok(daemon.rest.get("/dump"))):
        assert event["event"]["event_id"] == number and event["storage_tier"] == "device"
        stored = event["event"]["data"]["stored"]
        parent = stored["parent_hash"]
        for block in stored["blocks"]:
            key = (int(event["worker_id"]), block["block_hash"])
            assert key not in blocks, "a block appears twice"
            blocks[key] = parent
            parent = block["block_hash"]
    return blocks


def dumped_over_grpc(daemon):
    blocks = {}
    for event in daemon.grpc.dump():
        parent = event.parent_engine_hash if event.WhichOneof("parent") else None
        for engine_hash in event.engine_hashes:
            blocks[int(event.worker.instance_id), engine_hash] = parent
            parent = engine_hash
    return blocks


def check_dump(daemon, simulator):
    """Every block the engines hold, each under its true parent, and nothing else; parents before children."""
    want = {
        (worker, engine_hash): parent
        for worker, blocks in simulator.state().items()
        for engine_hash, parent in blocks.items()
    }
    for dumped in (dumped_over_rest(daemon), dumped_over_grpc(daemon)):
        assert dumped == want
        seen = set()
        for (worker, engine_hash), parent in dumped.items():
            assert parent is None or (worker, parent) in seen or (worker, parent) not in dumped
            seen.add((worker, engine_hash))
