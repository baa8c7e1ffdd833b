"""REST and gRPC give the same answer to the same question, on the same filled daemon."""

import random

import pytest
from hashing import local_hashes
from kvindex.v1 import kvindex_pb2 as pb
from kvindex_client import KvIndexError

ENDPOINT = "tcp://127.0.0.1:9"


def as_rest(answer):
    """A gRPC answer in the shape of the REST one; hits below the first device block have no REST twin."""
    scores, sizes = {}, {}
    for hit in answer.hits:
        if hit.device_blocks:
            scores.setdefault(hit.worker.instance_id, {})[str(hit.worker.dp_rank)] = hit.device_blocks
            sizes.setdefault(hit.worker.instance_id, {})[str(hit.worker.dp_rank)] = hit.total_blocks
    return {"scores": scores, "frequencies": [], "tree_sizes": sizes}


def test_queries(filled):
    hits = 0
    for sample in filled.samples(200):
        over_rest = filled.daemon.rest.query(sample["token_ids"])
        assert over_rest == as_rest(filled.daemon.grpc.query(sample["token_ids"]))
        assert over_rest["scores"] == {k: {"0": v} for k, v in sample["scores"].items()}
        assert over_rest["tree_sizes"] == {k: {"0": v} for k, v in sample["held"].items()}
        hits += bool(over_rest["scores"])
    assert hits > 50


def test_queries_by_hash(filled):
    rng = random.Random(2)
    for sample in filled.samples(100):
        hashes = local_hashes(sample["token_ids"])
        if hashes and rng.random() < 0.3:
            hashes[rng.randrange(len(hashes))] ^= 1
        over_rest = filled.daemon.rest.query_by_hash(hashes)
        assert over_rest == as_rest(filled.daemon.grpc.query_by_hash(hashes))


def test_tokens_and_hashes_agree(filled):
    for sample in filled.samples(50):
        assert filled.daemon.rest.query(sample["token_ids"]) == (
            filled.daemon.rest.query_by_hash(local_hashes(sample["token_ids"]))
        )


@pytest.mark.parametrize("tokens", [[], [1], [0] * 15, [0] * 16, [4294967295] * 32, list(range(1048576))])
def test_edges(filled, tokens):
    assert filled.daemon.rest.query(tokens) == as_rest(filled.daemon.grpc.query(tokens))


def test_workers(filled):
    over_grpc = {
        (status.worker.instance_id, str(status.worker.dp_rank)): status for status in filled.daemon.grpc.workers()
    }
    over_rest = {
        (str(entry["instance_id"]), rank): (entry, listener)
        for entry in filled.daemon.rest.get("/workers").json
        for rank, listener in entry["listeners"].items()
    }
    assert over_rest.keys() == over_grpc.keys()
    for key, (entry, listener) in over_rest.items():
        status = over_grpc[key]
        assert listener["endpoint"] == status.endpoint
        assert listener.get("replay_endpoint", "") == status.replay_endpoint
        assert listener["learned"] == status.learned
        assert listener["state"] == pb.SourceState.Name(status.state).removeprefix("SOURCE_STATE_").lower()
        assert ("last_sequence" in listener) == (status.WhichOneof("sequence") is not None)
        assert listener.get("last_sequence", 0) == status.last_sequence
        assert listener["batches"] == status.applied_batches
        assert listener["missing_batches"] == status.missing_batches
        assert listener["since_ms"] == status.since_unix_ms
        assert listener["held_blocks"]["device"] == status.held_blocks.device_blocks
        assert (entry["model"], entry["tenant"]) == (status.model, status.tenant)
        assert entry["block_size"] == status.block_size_tokens


def test_dumps(filled):
    def key(instance, rank, tier, parent, engine, local):
        return (str(instance), rank, tier, parent, engine, local)

    over_rest = set()
    for event in filled.daemon.rest.get("/dump").json:
        parent = event["event"]["data"]["stored"]["parent_hash"]
        for block in event["event"]["data"]["stored"]["blocks"]:
            over_rest.add(key(event["worker_id"], event["event"]["dp_rank"], event["storage_tier"], parent,
                              block["block_hash"], block["tokens_hash"]))
            parent = block["block_hash"]
    over_grpc = set()
    tiers = {pb.TIER_DEVICE: "device", pb.TIER_HOST: "host_pinned", pb.TIER_DISK: "disk", pb.TIER_EXTERNAL: "external"}
    for event in filled.daemon.grpc.dump():
        parent = event.parent_engine_hash if event.WhichOneof("parent") else None
        for engine, local in zip(event.engine_hashes, event.local_hashes):
            over_grpc.add(key(event.worker.instance_id, event.worker.dp_rank, tiers[event.tier], parent, engine, local))
            parent = engine
    assert over_rest == over_grpc
    assert len(over_rest) > 1000


def test_health(filled):
    over_rest, over_grpc = filled.daemon.rest.get("/ready").json, filled.daemon.grpc.health()
    assert (over_rest["ready"], over_rest["draining"]) == (over_grpc.ready, over_grpc.draining)
    assert over_rest["reasons"] == list(over_grpc.reasons)
    assert over_rest["workers"] == over_grpc.workers
    counted = {pb.SourceState.Name(c.state).removeprefix("SOURCE_STATE_").lower(): c.workers for c in over_grpc.workers_by_state}
    assert {state: n for state, n in over_rest["workers_by_state"].items() if n} == counted


@pytest.mark.parametrize(
    "body,status,code",
    [
        ({"instance_id": "p", "endpoint": "nonsense"}, 400, "INVALID_ARGUMENT"),
        ({"instance_id": "", "endpoint": ENDPOINT}, 400, "INVALID_ARGUMENT"),
        ({"instance_id": "p", "endpoint": ENDPOINT, "block_size": 65537}, 400, "INVALID_ARGUMENT"),
        ({"instance_id": "p", "endpoint": ENDPOINT, "block_size": 32}, 409, "FAILED_PRECONDITION"),
        ({"instance_id": "fleet-0", "endpoint": ENDPOINT}, 409, "ALREADY_EXISTS"),
    ],
)
def test_registration_errors(filled, body, status, code):
    answer = filled.daemon.rest.post("/register", body)
    assert (answer.status, bool(answer.error)) == (status, True)
    with pytest.raises(KvIndexError) as error:
        filled.daemon.grpc.register(body["instance_id"], body["endpoint"], block_size=body.get("block_size", 0))
    assert error.value.code.name == code
