"""Registrations, peers and health: status codes, texts and keys, call by call."""

import pytest

NOWHERE = "tcp://127.0.0.1:9"
WORKER = {"instance_id": 1, "endpoint": NOWHERE, "model_name": "m", "block_size": 16}
OK = {"status": "ok"}


def register(pair, **changes):
    return pair.post("/register", {**WORKER, **changes})


def unregister(pair, **body):
    return pair.post("/unregister", body)


def ask_text(answer, status):
    assert answer[0] == status, answer
    return answer[1]["error"]


# /register


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"dp_rank": 0},
        {"dp_rank": None},
        {"dp_rank": 4294967295},
        {"instance_id": 0},
        {"instance_id": 18446744073709551615},
        {"routing_group": "default"},
        {"routing_group": "group with spaces / and : marks"},
        {"model_name": "org/model:tag"},
        {"tenant_id": "ignored"},
        {"replay_endpoint": None},
        {"replay_endpoint": "tcp://127.0.0.1:10"},
        {"additional_salt": "unused"},
        {"additionalsalt": "unused"},
        {"additional_salt": None},
        {"some_unknown_key": {"of": ["any", "kind"]}},
        {"block_size": 1},
        {"endpoint": "tcp://localhost:5557"},
        {"endpoint": "tcp://[::1]:5557"},
        {"endpoint": "tcp://127.0.0.1:65535"},
        {"endpoint": "ipc:///tmp/kvindex-conformance-nobody.sock"},
        {"endpoint": "tcp://127.0.0.1:9", "replay_endpoint": "ipc:///tmp/kvindex-conformance-nobody.sock"},
    ],
    ids=str,
)
def test_register_201(pair, changes):
    assert register(pair, **changes) == (201, OK)
    entry = pair.workers()[changes.get("instance_id", 1)]
    rank = str(changes.get("dp_rank") or 0)
    endpoint = changes.get("endpoint", NOWHERE)
    assert entry == {
        "instance_id": changes.get("instance_id", 1),
        "source": "zmq",
        "status": "active",
        "model_name": changes.get("model_name", "m"),
        "routing_group": changes.get("routing_group", "default"),
        "block_size": changes.get("block_size", 16),
        "endpoints": {rank: endpoint},
        "listeners": {rank: {"endpoint": endpoint, "status": "active"}},
    }


def test_register_409(pair):
    taken = "instance 1 dp_rank 0 already registered"
    elsewhere = "instance 1 is already registered for model=m routing_group=default"
    mismatch = "block_size mismatch for model=m routing_group=default: existing=16, requested=8"
    assert register(pair) == (201, OK)
    assert ask_text(register(pair), 409) == taken
    assert ask_text(register(pair, endpoint="tcp://127.0.0.1:11"), 409) == taken
    assert ask_text(register(pair, block_size=8), 409) == taken
    assert ask_text(register(pair, dp_rank=1, block_size=8), 409) == mismatch
    assert ask_text(register(pair, instance_id=2, block_size=8), 409) == mismatch
    assert ask_text(register(pair, model_name="n"), 409) == elsewhere
    assert ask_text(register(pair, model_name="n", dp_rank=1, block_size=8), 409) == elsewhere
    assert ask_text(register(pair, routing_group="g"), 409) == elsewhere
    assert ask_text(register(pair, routing_group="g", dp_rank=5), 409) == elsewhere
    # None of these has left anything behind.
    assert pair.workers().keys() == {1}
    assert pair.workers()[1]["endpoints"] == {"0": NOWHERE}
    for selector in ({"model_name": "n"}, {"model_name": "m", "routing_group": "g"}):
        assert pair.post("/query", {"token_ids": [1], **selector})[0] == 404
    # Another size is another model's or group's business.
    assert register(pair, instance_id=2, routing_group="g", block_size=8) == (201, OK)
    assert register(pair, instance_id=3, model_name="n", block_size=4) == (201, OK)
    assert register(pair, dp_rank=1) == (201, OK)


BAD_ENDPOINTS = {
    "x": "missing scheme",
    "127.0.0.1:5557": "missing scheme",
    "tcp:/127.0.0.1:1": "missing scheme",
    "tcp://": "missing address",
    "ipc://": "missing address",
    "inproc://": "missing address",
    "tcp://127.0.0.1": "missing TCP port",
    "tcp://:5557": "missing TCP host",
    "tcp://[::1:5557": "missing closing `]`",
    "udp://127.0.0.1:5": "unsupported scheme `udp`",
    "TCP://127.0.0.1:5557": "unsupported scheme `TCP`",
    " tcp://127.0.0.1:5557": "unsupported scheme ` tcp`",
    "http://localhost:8080": "unsupported scheme `http`",
}


@pytest.mark.parametrize("endpoint,why", BAD_ENDPOINTS.items())
def test_bad_endpoint_400(pair, endpoint, why):
    text = f"invalid ZMQ endpoint `{endpoint}`: {why}"
    assert ask_text(register(pair, endpoint=endpoint), 400) == text
    assert ask_text(register(pair, replay_endpoint=endpoint), 400) == f"invalid replay endpoint `{endpoint}`: {text}"
    # The endpoint comes first: before what is taken, and before the replay endpoint.
    assert register(pair) == (201, OK)
    assert ask_text(register(pair, endpoint=endpoint), 400) == text
    assert ask_text(register(pair, instance_id=2, endpoint=endpoint, replay_endpoint="also bad"), 400) == text
    assert ask_text(register(pair, instance_id=2, model_name="n", endpoint=endpoint), 400) == text
    assert pair.post("/query", {"token_ids": [1], "model_name": "n"})[0] == 404
    assert pair.workers().keys() == {1}


# /unregister


def test_unregister_404(pair):
    assert ask_text(unregister(pair, instance_id=77, model_name="m"), 404) == "instance 77 not found"
    assert register(pair) == (201, OK)
    elsewhere = "instance 1 is registered for model=m routing_group=default"
    for body, text in [
        ({"instance_id": 77, "model_name": "m"}, "instance 77 not found"),
        ({"instance_id": 77, "model_name": "m", "routing_group": "default", "dp_rank": 0}, "instance 77 not found"),
        ({"instance_id": 77, "model_name": "nowhere", "routing_group": "g"}, "instance 77 not found"),
        ({"instance_id": 1, "model_name": "n"}, elsewhere),
        ({"instance_id": 1, "model_name": "m", "routing_group": "g"}, elsewhere),
        ({"instance_id": 1, "model_name": "n", "routing_group": "g", "dp_rank": 0}, elsewhere),
        ({"instance_id": 1, "model_name": "m", "routing_group": "g", "dp_rank": 9}, elsewhere),
        ({"instance_id": 1, "model_name": "m", "routing_group": "default", "dp_rank": 9}, "instance 1 dp_rank 9 not found"),
    ]:
        assert ask_text(unregister(pair, **body), 404) == text
        assert pair.workers()[1]["endpoints"] == {"0": NOWHERE}


@pytest.mark.parametrize(
    "more",
    [{}, {"routing_group": "default"}, {"routing_group": None}, {"dp_rank": None}, {"tenant_id": "ignored"}, {"unknown": 1}],
    ids=str,
)
def test_unregister_a_whole_instance(pair, more):
    for rank in (0, 1, 2):
        assert register(pair, dp_rank=rank) == (201, OK)
    assert register(pair, instance_id=2) == (201, OK)
    assert unregister(pair, instance_id=1, model_name="m", **more) == (200, OK)
    assert pair.workers().keys() == {2}
    assert ask_text(unregister(pair, instance_id=1, model_name="m", **more), 404) == "instance 1 not found"
    assert register(pair) == (201, OK)


def test_unregister_one_rank(pair):
    where = {"instance_id": 1, "model_name": "m", "routing_group": "default"}
    for rank in (0, 1):
        assert register(pair, dp_rank=rank) == (201, OK)
    assert unregister(pair, **where, dp_rank=0) == (200, OK)
    assert pair.workers()[1]["endpoints"] == {"1": NOWHERE}
    assert ask_text(unregister(pair, **where, dp_rank=0), 404) == "instance 1 dp_rank 0 not found"
    assert register(pair, dp_rank=0) == (201, OK)
    assert unregister(pair, **where, dp_rank=0) == (200, OK)
    # The last rank takes the instance with it, and the last instance the partition with its block size.
    assert unregister(pair, **where, dp_rank=1) == (200, OK)
    assert pair.workers() == {}
    assert ask_text(unregister(pair, **where, dp_rank=1), 404) == "instance 1 not found"
    assert pair.post("/query", {"token_ids": [1], "model_name": "m"})[0] == 404
    assert pair.dump() == {}
    assert register(pair, block_size=8) == (201, OK)


def test_blocks_go_with_their_rank_and_instance(pair, start_engine):
    tokens = list(range(64))
    engines = {worker: start_engine() for worker in [(1, 0), (1, 1), (2, 0)]}
    for (instance, rank), engine in engines.items():
        pair.register(engine, instance, dp_rank=rank)
        engine.store(tokens, 0, 2)
        engine.store(tokens, 2, 4, medium="CPU")
    pair.settle()
    assert pair.query(tokens)["scores"] == {"1": {"0": 32, "1": 32}, "2": {"0": 32}}
    pair.unregister(1, dp_rank=0, routing_group="default")
    answer = pair.query(tokens)
    assert answer["scores"] == {"1": {"1": 32}, "2": {"0": 32}}
    assert answer["instances"]["1"] == {"gpu": 32, "cpu": 64, "disk": 64, "longest_matched": 64, "dp": {"1": 32}}
    assert {row[:2] for row in pair.dump()["m:default"][1]} == {(1, 1), (2, 0)}
    pair.unregister(1)
    assert pair.query(tokens)["instances"].keys() == {"2"}
    assert {row[:2] for row in pair.dump()["m:default"][1]} == {(2, 0)}
    pair.unregister(2)
    assert pair.dump() == {}


def test_registered_again_from_the_start(pair, start_engine):
    """/unregister forgets how far an engine was followed: all comes again by replay."""
    engine = start_engine()
    pair.register(engine, 1)
    engine.store(list(range(48)))
    pair.settle()
    pair.unregister(1)
    pair.register(engine, 1)
    pair.settle()
    assert pair.query(list(range(48)))["scores"] == {"1": {"0": 48}}
    pair.dump()


# /workers


def test_workers_filters(pair):
    assert pair.get("/workers") == (200, [])
    assert register(pair) == (201, OK)
    assert register(pair, dp_rank=3) == (201, OK)
    assert register(pair, instance_id=2, routing_group="g", block_size=8) == (201, OK)
    assert register(pair, instance_id=3, model_name="n o&p") == (201, OK)
    for query, instances in {
        "": {1, 2, 3},
        "?model_name=m": {1, 2},
        "?model_name=n%20o%26p": {3},
        "?model_name=n+o%26p": {3},
        "?routing_group=g": {2},
        "?routing_group=default": {1, 3},
        "?model_name=m&routing_group=g": {2},
        "?routing_group=g&model_name=m": {2},
        "?model_name=m&routing_group=x": set(),
        "?model_name=x": set(),
        "?tenant_id=x": {1, 2, 3},
        "?unknown=x": {1, 2, 3},
        "?instance_id=1": {1, 2, 3},
    }.items():
        assert pair.workers(query).keys() == instances, query
    entry = pair.workers()[1]
    assert entry["endpoints"] == {"0": NOWHERE, "3": NOWHERE}
    assert entry["listeners"] == {rank: {"endpoint": NOWHERE, "status": "active"} for rank in ("0", "3")}


def test_active_does_not_mean_reachable(pair, start_engine):
    """Both call a listener active as soon as it tries, and keep doing so when the engine is gone."""
    engine = start_engine()
    pair.register(engine, 1)
    assert register(pair, instance_id=2) == (201, OK)
    assert {entry["status"] for entry in pair.workers().values()} == {"active"}
    engine.publisher.close(linger=0)
    assert {entry["status"] for entry in pair.workers().values()} == {"active"}


def test_workers_from_the_command_line(start_pair, start_engine):
    engines = [start_engine() for _ in range(3)]
    workers = f"1={engines[0].endpoint}, 1:4 = {engines[1].endpoint} ,7={engines[2].endpoint}"
    pair = start_pair("--block-size", 16, "--workers", workers, "--model-name", "llama", "--routing-group", "g")
    for engine, (instance, rank) in zip(engines, [(1, 0), (1, 4), (7, 0)]):
        pair.follow(engine, instance, rank, "llama", "g")
    assert pair.workers()[1] == {
        "instance_id": 1,
        "source": "zmq",
        "status": "active",
        "model_name": "llama",
        "routing_group": "g",
        "block_size": 16,
        "endpoints": {"0": engines[0].endpoint, "4": engines[1].endpoint},
        "listeners": {
            "0": {"endpoint": engines[0].endpoint, "status": "active"},
            "4": {"endpoint": engines[1].endpoint, "status": "active"},
        },
    }
    engines[1].store(list(range(32)))
    pair.settle()
    answer = pair.query(list(range(32)), "llama", routing_group="g")
    assert answer["scores"] == {"1": {"4": 32}}


def test_without_a_model_name_the_command_line_means_default(start_pair, start_engine):
    engine = start_engine()
    pair = start_pair("--block-size", 16, "--workers", f"1={engine.endpoint}")
    pair.follow(engine, 1, 0, "default")
    entry = pair.workers("?model_name=default")[1]
    assert (entry["model_name"], entry["routing_group"], entry["block_size"]) == ("default", "default", 16)


# /register_peer, /deregister_peer, /peers, /health


def test_peers(pair):
    def peers():
        there, here = pair.ask("GET", "/peers")
        assert there.status == here.status == 200
        assert sorted(there.json) == sorted(here.json)
        return set(there.json)

    assert peers() == set()
    for url in ("http://127.0.0.1:9", "http://127.0.0.1:9", "http://127.0.0.1:9/", "http://indexer-1:8090"):
        assert pair.post("/register_peer", {"url": url}) == (201, OK)
    assert peers() == {"http://127.0.0.1:9", "http://127.0.0.1:9/", "http://indexer-1:8090"}
    assert pair.post("/deregister_peer", {"url": "http://127.0.0.1:9"}) == (200, OK)
    assert ask_text(pair.post("/deregister_peer", {"url": "http://127.0.0.1:9"}), 404) == "peer not found"
    assert ask_text(pair.post("/deregister_peer", {"url": "http://never"}), 404) == "peer not found"
    assert peers() == {"http://127.0.0.1:9/", "http://indexer-1:8090"}


def test_health(pair):
    assert [answer.status for answer in pair.ask("GET", "/health")] == [200, 200]


@pytest.mark.parametrize("path", ["/register", "/unregister", "/query", "/query_by_hash", "/register_peer", "/deregister_peer"])
def test_wrong_method_405(pair, path):
    there, here = pair.ask("GET", path)
    assert there.status == here.status == 405
    assert there.headers["allow"] == here.headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/workers", "/dump", "/peers", "/health"])
def test_only_get_405(pair, path):
    there, here = pair.ask("POST", path, {})
    assert there.status == here.status == 405
    assert "GET" in there.headers["allow"] and "GET" in here.headers["allow"]


def test_unknown_route_404(pair):
    assert [answer.status for answer in pair.ask("GET", "/nope")] == [404, 404]
    assert [answer.status for answer in pair.ask("POST", "/nope", {})] == [404, 404]
