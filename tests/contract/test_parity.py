"""REST and gRPC give the same answer to the same question, on the same filled daemon: in JSON in the shape of each dialect,
in protobuf in the same messages."""

import random

import grpc
import pytest
from conftest import PARTITIONS
from harness.hashing import local_hashes, sequence_hashes
from kvindex.v1 import kvindex_pb2 as pb

ENDPOINT = "tcp://127.0.0.1:9"
PROTOBUF = "application/x-protobuf"


def tiers(hit):
    return hit.device_blocks, hit.through_host_blocks, hit.through_external_blocks


def by_instance(hits):
    instances = {}
    for hit in hits:
        instances.setdefault(hit.worker.instance_id, []).append(hit)
    return instances


def tokens(hits, size):
    """gpu, cpu, disk and the ranks of one instance."""
    most = [size * max(column) for column in zip(*map(tiers, hits))]
    return most, {str(hit.worker.dp_rank): size * hit.device_blocks for hit in hits}


def as_first(result):
    """Hits below the first device block have no twin in this dialect."""
    scores, sizes = {}, {}
    for hit in result.hits:
        if hit.device_blocks:
            scores.setdefault(hit.worker.instance_id, {})[str(hit.worker.dp_rank)] = hit.device_blocks
            sizes.setdefault(hit.worker.instance_id, {})[str(hit.worker.dp_rank)] = hit.total_blocks
    return {"scores": scores, "frequencies": [], "tree_sizes": sizes}


def as_nvidia(result):
    scores, instances = {}, {}
    for instance, hits in by_instance(result.hits).items():
        (gpu, cpu, disk), ranks = tokens(hits, result.block_size_tokens)
        instances[instance] = {"gpu": gpu, "cpu": cpu, "disk": disk, "dp": ranks, "longest_matched": disk}
        if held := {rank: n for rank, n in ranks.items() if n}:
            scores[instance] = held
    return {"scores": scores, "frequencies": [], "instances": instances}


def as_mooncake(result):
    instances = {}
    for instance, hits in by_instance(result.hits).items():
        (gpu, cpu, disk), ranks = tokens(hits, result.block_size_tokens)
        instances[instance] = {"longest_matched": disk, "GPU": gpu, "DP": ranks, "CPU": cpu, "DISK": disk}
    return {"team": instances}


SHAPES = {"first": as_first, "nvidia": as_nvidia, "mooncake": as_mooncake}


def over_grpc(filled, dialect, method, **question):
    every = {"every_worker": True} if dialect == "mooncake" else {}
    request = {"Query": pb.QueryRequest, "QueryByHash": pb.QueryByHashRequest}[method]
    return SHAPES[dialect](filled.stub(method, request(**question, **filled.choice(dialect), **every)).result)


def over_rest(filled, dialect, path, **question):
    return filled.daemon.rest.expect_ok(filled.daemon.rest.post(path, filled.where(dialect) | question))


@pytest.mark.parametrize("dialect", PARTITIONS)
def test_queries(filled, dialect):
    hits = 0
    for sample in filled.samples(100, dialect=dialect):
        answer = over_rest(filled, dialect, "/query", token_ids=sample["token_ids"])
        assert answer == over_grpc(filled, dialect, "Query", token_ids=sample["token_ids"])
        if dialect == "first":
            assert answer["scores"] == {k: {"0": v} for k, v in sample["scores"].items()}
            assert answer["tree_sizes"] == {k: {"0": v} for k, v in sample["held"].items()}
        hits += bool(sample["scores"])
    assert hits > 25


@pytest.mark.parametrize("dialect", PARTITIONS)
def test_queries_by_hash(filled, dialect):
    rng = random.Random(2)
    for sample in filled.samples(60):
        hashes = local_hashes(sample["token_ids"])
        if hashes and rng.random() < 0.3:
            hashes[rng.randrange(len(hashes))] ^= 1
        if dialect == "mooncake":
            hashes = sequence_hashes(hashes)
            answer = over_rest(filled, dialect, "/query_by_hash", seq_hashes=hashes)
            want = over_grpc(filled, dialect, "QueryByHash", sequence_hashes=hashes)
            assert answer == want or not hashes  # without hashes gRPC cannot tell their kind, and need not
        else:
            answer = over_rest(filled, dialect, "/query_by_hash", block_hashes=hashes)
            assert answer == over_grpc(filled, dialect, "QueryByHash", block_hashes=hashes)


@pytest.mark.parametrize("dialect", PARTITIONS)
def test_candidates_and_bounds(filled, dialect):
    names = [filled.instance(dialect, n) for n in range(3)]
    rng = random.Random(3)
    for sample in filled.samples(40):
        asked = rng.sample(names, rng.randrange(1, 4)) + ["nobody"]
        limit = rng.randrange(0, 3)
        answer = over_rest(
            filled, dialect, "/query", token_ids=sample["token_ids"], max_hits=limit,
            candidates=[{"instance_id": name} for name in asked],
        )  # fmt: skip
        assert answer == over_grpc(
            filled, dialect, "Query", token_ids=sample["token_ids"], max_hits=limit,
            candidates=[pb.Candidate(instance_id=name) for name in asked],
        )  # fmt: skip


def test_tokens_and_hashes_agree(filled):
    for sample in filled.samples(50):
        assert filled.daemon.rest.query(sample["token_ids"]) == (
            filled.daemon.rest.query_by_hash(local_hashes(sample["token_ids"]))
        )


@pytest.mark.parametrize("token_ids", [[], [1], [0] * 15, [0] * 16, [4294967295] * 32, list(range(1048576))])
def test_edges(filled, token_ids):
    assert filled.daemon.rest.query(token_ids) == over_grpc(filled, "first", "Query", token_ids=token_ids)


def test_workers(filled):
    over_grpc = {
        (status.worker.instance_id, str(status.worker.dp_rank)): status
        for status in filled.stub("ListWorkers", pb.ListWorkersRequest()).workers
    }
    over_rest = {
        (str(entry["instance_id"]), rank): (entry, listener)
        for entry in filled.daemon.rest.get("/workers").json
        for rank, listener in entry["listeners"].items()
    }
    assert over_rest.keys() == over_grpc.keys() and len(over_rest) == 9
    for key, (entry, listener) in over_rest.items():
        status = over_grpc[key]
        state = pb.SourceState.Name(status.state).removeprefix("SOURCE_STATE_")
        assert (listener["state"], listener["status"], entry["status"]) == (state.lower(), "active", "active")
        assert listener["endpoint"] == entry["endpoints"][key[1]] == status.endpoint
        assert listener.get("replay_endpoint", "") == status.replay_endpoint
        assert listener["learned"] == status.learned
        assert ("last_sequence" in listener) == (status.WhichOneof("sequence") is not None)
        assert listener.get("last_sequence", 0) == status.last_sequence
        assert listener["batches"] == status.applied_batches
        assert listener["missing_batches"] == status.missing_batches
        assert listener["since_ms"] == status.since_unix_ms
        assert listener["held_blocks"]["device"] == status.held_blocks.device_blocks
        assert (entry["model_name"], entry["routing_group"]) == (status.model, status.tenant)
        assert entry.get("additional_salt", "") == status.additional_salt
        assert (entry["source"], entry["kind"]) == ("zmq", "engine")
        assert entry["block_size"] == status.block_size_tokens


def test_services(filled):
    over_rest = filled.daemon.rest.get("/services").json
    assert over_rest["count"] == len(over_rest["services"])
    assert [
        (s["InstanceID"], s["DPRank"], s["ModelName"], s["TenantID"], s["AdditionalSalt"], s["BlockSize"], s["Endpoint"])
        for s in over_rest["services"]
    ] == [
        (w.worker.instance_id, w.worker.dp_rank, w.model, w.tenant, w.additional_salt, w.block_size_tokens, w.endpoint)
        for w in filled.stub("ListWorkers", pb.ListWorkersRequest()).workers
        if not w.learned
    ]


def test_partitions(filled):
    view = filled.daemon.rest.get("/global_view").json
    statuses = filled.stub("ListPartitions", pb.ListPartitionsRequest()).partitions
    assert [(p["model"], p["tenant"], p["additional_salt"], p["block_size"]) for p in view["partitions"]] == [
        (s.partition.model, s.partition.tenant, s.partition.additional_salt, s.partition.block_size_tokens) for s in statuses
    ]
    for entry, status in zip(view["partitions"], statuses):
        assert (entry["workers"], entry["pools"], entry["positions"]) == (status.workers, status.pools, status.positions)
        assert entry["held_blocks"]["device"] == status.held_blocks.device_blocks > 0
    assert view["context_count"] == len(view["model_contexts"]) == 9


def test_peers(filled):
    for url in ("http://10.0.0.8:8090", "http://10.0.0.9:8090"):
        assert filled.daemon.rest.post("/register_peer", {"url": url}).status == 201
    assert filled.daemon.rest.get("/peers").json == list(filled.stub("ListPeers", pb.ListPeersRequest()).urls) == [
        "http://10.0.0.8:8090", "http://10.0.0.9:8090"
    ]  # fmt: skip
    filled.stub("DeregisterPeer", pb.DeregisterPeerRequest(url="http://10.0.0.8:8090"))
    assert filled.daemon.rest.get("/peers").json == ["http://10.0.0.9:8090"]


def blocks_of_rest(name, events):
    for event in events:
        parent = event["event"]["data"]["stored"]["parent_hash"]
        for block in event["event"]["data"]["stored"]["blocks"]:
            yield (name, str(event["worker_id"]), event["event"]["dp_rank"], event["storage_tier"], parent,
                   block["block_hash"], block["tokens_hash"])  # fmt: skip
            parent = block["block_hash"]


def test_dumps(filled):
    over_rest = set()
    for entry in filled.daemon.rest.get("/dump?format=partitions").json.values():
        name = (entry["model_name"], entry["routing_group"], entry.get("additional_salt", ""), entry["block_size"])
        over_rest.update(blocks_of_rest(name, entry["events"]))
    names = {pb.TIER_DEVICE: "device", pb.TIER_HOST: "host_pinned", pb.TIER_DISK: "disk", pb.TIER_EXTERNAL: "external"}
    over_grpc = set()
    for response in filled.daemon.grpc._stub.Dump(pb.DumpRequest()):
        p = response.partition
        for event in response.events:
            parent = event.parent_engine_hash if event.WhichOneof("parent") else None
            for engine, local in zip(event.engine_hashes, event.local_hashes):
                over_grpc.add(((p.model, p.tenant, p.additional_salt, p.block_size_tokens), event.worker.instance_id,
                               event.worker.dp_rank, names[event.tier], parent, engine, local))  # fmt: skip
                parent = engine
    assert over_rest == over_grpc
    assert {block[0][:3] for block in over_rest} == set(PARTITIONS.values())
    assert len(over_rest) > 1000
    array = set(blocks_of_rest(None, filled.daemon.rest.get("/dump").json))
    assert array == {(None, *block[1:]) for block in over_rest}


def test_health(filled):
    over_rest, over_grpc = filled.daemon.rest.get("/ready").json, filled.stub("GetHealth", pb.GetHealthRequest())
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
    message = pb.RegisterRequest(
        instance_id=body["instance_id"], endpoint=body["endpoint"], block_size_tokens=body.get("block_size", 0)
    )
    with pytest.raises(grpc.RpcError) as error:
        filled.stub("Register", message)
    assert error.value.code().name == code
    in_protobuf = send(filled, "/register", message)
    assert (in_protobuf.status, in_protobuf.headers["content-type"]) == (status, "application/json")
    assert in_protobuf.error == error.value.details()


# ---- The same messages over HTTP ----


def send(filled, path, message):
    return filled.daemon.rest.request("POST", path, message.SerializeToString(), {"Content-Type": PROTOBUF})


def parsed(answer, kind, status=200):
    assert (answer.status, answer.headers["content-type"]) == (status, PROTOBUF), answer.body
    return kind.FromString(answer.body)


@pytest.mark.parametrize("dialect", PARTITIONS)
def test_query_messages(filled, dialect):
    for sample in filled.samples(30):
        query = pb.QueryRequest(token_ids=sample["token_ids"], **filled.choice(dialect))
        assert parsed(send(filled, "/query", query), pb.QueryResponse) == filled.stub("Query", query)
        by_hash = pb.QueryByHashRequest(block_hashes=local_hashes(sample["token_ids"]), **filled.choice(dialect))
        answer = parsed(send(filled, "/query_by_hash", by_hash), pb.QueryByHashResponse)
        assert answer == filled.stub("QueryByHash", by_hash)


def test_other_messages(filled):
    url = pb.RegisterPeerRequest(url="http://10.0.0.10:8090")
    parsed(send(filled, "/register_peer", url), pb.RegisterPeerResponse, 201)
    parsed(send(filled, "/deregister_peer", pb.DeregisterPeerRequest(url=url.url)), pb.DeregisterPeerResponse)
    register = pb.RegisterRequest(instance_id="guest", endpoint=ENDPOINT)
    parsed(send(filled, "/register", register), pb.RegisterResponse, 201)
    unregister = pb.UnregisterRequest(instance_id="guest")
    assert parsed(send(filled, "/unregister", unregister), pb.UnregisterResponse).removed_workers == 1
    for path, method in [("/workers", "ListWorkers"), ("/global_view", "ListPartitions"), ("/peers", "ListPeers"),
                         ("/health", "GetHealth")]:  # fmt: skip
        request, kind = getattr(pb, method + "Request"), getattr(pb, method + "Response")
        answer = parsed(filled.daemon.rest.request("GET", path, None, {"Accept": PROTOBUF}), kind)
        if method != "ListPartitions":  # memory may grow meanwhile
            assert answer == filled.stub(method, request())
        assert answer.ByteSize() or method == "ListPeers"


def test_one_encoding_a_request(filled):
    rest = filled.daemon.rest
    query = pb.QueryRequest().SerializeToString()
    assert rest.request("POST", "/query", query, {"Content-Type": PROTOBUF, "Accept": "application/json"}).status == 406
    body = b'{"token_ids": []}'
    assert rest.request("POST", "/query", body, {"Content-Type": "application/json", "Accept": PROTOBUF}).status == 406
    assert rest.request("GET", "/dump", None, {"Accept": PROTOBUF}).status == 406
    assert rest.request("GET", "/workers?model_name=x", None, {"Accept": PROTOBUF}).status == 400
    assert send(filled, "/query", pb.RegisterPeerRequest(url="\1" * 9)).status in (200, 400)
    assert rest.request("POST", "/query", b"\xff\xff", {"Content-Type": PROTOBUF}).status == 400
