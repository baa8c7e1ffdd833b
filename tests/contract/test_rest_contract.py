"""Every answer of a running, filled daemon is one that its OpenAPI document describes."""

import random

import pytest
import schemathesis
from harness.hashing import local_hashes, sequence_hashes
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

OPERATIONS = {
    "Register", "Unregister", "ListWorkers", "ListServices", "ListPartitions", "Query", "QueryByHash", "Dump",
    "RegisterPeer", "DeregisterPeer", "ListPeers", "GetHealth", "GetReady", "GetMetrics", "GetOpenapi",
}  # fmt: skip
# Rules that are stricter than JSON Schema can say: which endpoints ZMQ accepts and which addresses a peer may have, which
# fields a dialect has and needs.
STRICTER = {"Register", "Unregister", "Query", "QueryByHash", "RegisterPeer"}
# Each `oneOf` of an answer, and each status of Register, with something in it.
BRANCHES = {
    ("Query", "first"), ("Query", "nvidia"), ("Query", "mooncake"),
    ("QueryByHash", "first"), ("QueryByHash", "nvidia"), ("QueryByHash", "mooncake"),
    ("Dump", "array"), ("Dump", "partitions"),
    ("Register", "first"), ("Register", "nvidia"), ("Register", "mooncake"),
    ("Unregister", "first"), ("Unregister", "nvidia"), ("Unregister", "mooncake"),
    ("ListWorkers", ""), ("ListServices", ""), ("ListPartitions", ""), ("ListPeers", ""),
}  # fmt: skip
called, filled_answers = set(), set()


@pytest.fixture(scope="module")
def api_schema(filled):
    return schemathesis.openapi.from_url(f"{filled.daemon.url}/openapi.json")


schema = schemathesis.pytest.from_fixture("api_schema")


def has_float(value):
    if isinstance(value, dict):
        return any(map(has_float, value.values()))
    return any(map(has_float, value)) if isinstance(value, list) else isinstance(value, float)


def operation_id(case):
    return case.operation.definition.raw["operationId"]


@schema.parametrize()
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
def test_generated_requests(case):
    # An integer is not written as 1.0 either, though JSON Schema takes it for one.
    stricter = operation_id(case) in STRICTER or has_float(case.body) or case.media_type == "application/x-protobuf"
    excluded = [positive_data_acceptance] if stricter else []
    case.call_and_validate(excluded_checks=excluded, timeout=60)
    called.add(operation_id(case))


def post(api_schema, path, body):
    """The answer to a good request, which fits its schema."""
    case = api_schema[path]["POST"].Case(body=body, media_type="application/json")
    response = case.call()
    case.validate_response(response)
    assert response.status_code in (200, 201), response.text
    return operation_id(case), response


def fields_of(dialect, operation, tokens):
    if operation == "Query":
        return {"token_ids": tokens}
    hashes = local_hashes(tokens)
    return {"seq_hashes": sequence_hashes(hashes)} if dialect == "mooncake" else {"block_hashes": hashes}


def instances_in(dialect, answer):
    """What an answer says of the device, by instance, without those that hold nothing there."""
    if dialect == "mooncake":
        assert list(answer) == ["team"]
        return {instance: entry["GPU"] // 16 for instance, entry in answer["team"].items() if entry["GPU"]}
    unit = 1 if dialect == "first" else 16
    assert ("instances" in answer) == (dialect == "nvidia")
    return {instance: ranks["0"] // unit for instance, ranks in answer["scores"].items()}


@pytest.mark.parametrize("dialect", ["first", "nvidia", "mooncake"])
@pytest.mark.parametrize("path", ["/query", "/query_by_hash"])
def test_queries_with_real_prompts(filled, api_schema, dialect, path):
    for sample in filled.samples(60, dialect=dialect):
        operation = "Query" if path == "/query" else "QueryByHash"
        body = filled.where(dialect) | fields_of(dialect, operation, sample["token_ids"])
        name, response = post(api_schema, path, body)
        assert instances_in(dialect, response.json()) == sample["scores"]
        if sample["scores"]:
            filled_answers.add((name, dialect))
            best = max(sample["scores"].values())
            _, response = post(api_schema, path, body | {"max_hits": 1})
            assert list(instances_in(dialect, response.json()).values()) == [best]
            one = next(iter(sample["scores"]))
            _, response = post(api_schema, path, body | {"candidates": [{"instance_id": one, "dp_rank": 0}]})
            assert instances_in(dialect, response.json()) == {one: sample["scores"][one]}


def test_every_instance_is_in_an_answer_of_mooncakes(filled, api_schema):
    _, response = post(api_schema, "/query", filled.where("mooncake") | {"token_ids": [7] * 64})
    zeros = {"longest_matched": 0, "GPU": 0, "DP": {"0": 0}, "CPU": 0, "DISK": 0}
    assert response.json() == {"team": {f"mooncake-{n}": zeros for n in range(3)}}


@pytest.mark.parametrize(
    "dialect,status,registered,unregistered",
    [
        ("first", 201, {"status": "ok"}, {"status": "ok"}),
        ("nvidia", 201, {"status": "ok"}, {"status": "ok"}),
        (
            "mooncake",
            200,
            {"status": "registered successfully", "instance_id": "guest"},
            {"status": "unregistered successfully", "removed_instances": ["guest|team|0"]},
        ),
    ],
)
def test_registrations(filled, api_schema, dialect, status, registered, unregistered):
    worker = {"worker": 9, "endpoint": "tcp://127.0.0.1:9", "replay_endpoint": None}
    body = filled.registration(dialect, worker) | {"instance_id": "guest"}
    name, response = post(api_schema, "/register", body)
    assert (response.status_code, response.json()) == (status, registered)
    filled_answers.add((name, dialect))
    case = api_schema["/register"]["POST"].Case(body=body, media_type="application/json")
    response = case.call()
    case.validate_response(response)
    assert response.status_code == 409
    leave = {k: body[k] for k in body.keys() & {"instance_id", "model_name", "routing_group"}}
    if dialect == "mooncake":
        leave = {k: v for k, v in body.items() if k not in ("endpoint", "replay_endpoint")}
    name, response = post(api_schema, "/unregister", leave)
    assert response.json() == unregistered
    filled_answers.add((name, dialect))


def test_the_examples_of_mooncakes_rfc(filled, api_schema):
    """To the letter, but for the endpoint."""
    instance = "vllm-prefill-node1"
    register = {
        "endpoint": "tcp://127.0.0.1:9", "replay_endpoint": "tcp://127.0.0.1:10", "type": "vLLM", "modelname": "rfc",
        "lora_name": None, "tenant_id": "default", "instance_id": instance, "block_size": 128, "dp_rank": 0,
        "additionalsalt": "",
    }  # fmt: skip
    assert post(api_schema, "/register", register)[1].json() == {"status": "registered successfully", "instance_id": instance}
    query = {"model": "rfc", "lora_name": None, "token_ids": [1, 15, 100], "block_size": 128, "tenant_id": "default",
             "instance_id": instance, "cache_salt": None}  # fmt: skip
    zeros = {"longest_matched": 0, "GPU": 0, "DP": {"0": 0}, "CPU": 0, "DISK": 0}
    assert post(api_schema, "/query", query)[1].json() == {"default": {instance: zeros}}
    leave = {"type": "vLLM", "modelname": "rfc", "lora_name": None, "tenant_id": "default", "instance_id": instance,
             "block_size": 128, "dp_rank": 0}  # fmt: skip
    assert post(api_schema, "/unregister", leave)[1].json() == {
        "status": "unregistered successfully", "removed_instances": [f"{instance}|default|0"]
    }  # fmt: skip


def test_peers(filled, api_schema):
    url = {"url": "http://127.0.0.1:18090"}
    assert post(api_schema, "/register_peer", url)[1].status_code == 201
    case = api_schema["/peers"]["GET"].Case()
    response = case.call()
    case.validate_response(response)
    assert url["url"] in response.json()
    filled_answers.add(("ListPeers", ""))
    assert post(api_schema, "/deregister_peer", url)[1].status_code == 200
    case = api_schema["/deregister_peer"]["POST"].Case(body=url, media_type="application/json")
    response = case.call()
    case.validate_response(response)
    assert (response.status_code, response.json()) == (404, {"error": "peer not found"})


@pytest.mark.parametrize(
    "path,query,branch",
    [
        ("/dump", {}, "array"), ("/dump", {"format": "array"}, "array"), ("/dump", {"format": "partitions"}, "partitions"),
        ("/dump", {"format": "partitions", "model_name": "llama-3-8b", "routing_group": "blue"}, "partitions"),
        ("/workers", {}, ""), ("/workers", {"model_name": "deepseek", "routing_group": "team"}, ""),
        ("/services", {}, ""), ("/global_view", {}, ""),
        ("/ready", {}, None), ("/metrics", {}, None), ("/openapi.json", {}, None), ("/health", {}, None),
    ],
)  # fmt: skip
def test_reads_of_a_filled_index(filled, api_schema, path, query, branch):
    case = api_schema[path]["GET"].Case(query=query)
    response = case.call()
    case.validate_response(response)
    assert len(response.content) > 10
    called.add(operation_id(case))  # schemathesis leaves out the path it has read the document from
    if branch is None:
        return
    answer = response.json()
    if branch in ("array", "partitions"):
        assert isinstance(answer, list if branch == "array" else dict)
    if "model_name" in query:
        keys = {"llama-3-8b:blue"} if path == "/dump" else {f"mooncake-{n}" for n in range(3)}
        assert (set(answer) if path == "/dump" else {entry["instance_id"] for entry in answer}) == keys
    assert answer
    filled_answers.add((operation_id(case), branch))


def test_signed_hashes_are_the_same_question(filled, api_schema):
    rng = random.Random(1)
    for sample in filled.samples(10):
        hashes = local_hashes(sample["token_ids"])
        signed = [h - (1 << 64) if h >> 63 and rng.random() < 0.8 else h for h in hashes]
        assert post(api_schema, "/query_by_hash", {"block_hashes": signed})[1].json() == (
            post(api_schema, "/query_by_hash", {"block_hashes": hashes})[1].json()
        )


def test_nothing_was_left_out():
    assert called == OPERATIONS
    assert filled_answers == BRANCHES
