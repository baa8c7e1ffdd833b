"""The two schemas say the same: operations, limits, names."""

import pathlib
import re

import pytest
import yaml
from kvindex.v1 import kvindex_pb2 as pb

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).parent
OPENAPI = yaml.safe_load((ROOT / "openapi" / "kvindex.v1.yaml").read_text())
PROTO = (ROOT / "proto" / "kvindex" / "v1" / "kvindex.proto").read_text()
SCHEMAS = OPENAPI["components"]["schemas"]


def operations():
    return [operation for path in OPENAPI["paths"].values() for operation in path.values()]


def test_operations_have_twins():
    allowed = {"rest": set(), "grpc": set()}
    for line in (HERE / "one_sided.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            side, name, reason = line.split(None, 2)
            assert reason
            allowed[side].add(name)
    rest = {operation["operationId"] for operation in operations()}
    grpc = {method.name for method in pb.DESCRIPTOR.services_by_name["KvIndexer"].methods}
    assert rest - grpc == allowed["rest"]
    assert grpc - rest == allowed["grpc"]


def tags(message, field):
    """The limits that the comment above a field of the proto states."""
    body = re.search(rf"^message {message} {{\n(.*?)^}}", PROTO, re.M | re.S)[1]
    comment = re.search(rf"((?:^ *//.*\n)+)^ *(?:repeated )?\w+ {field} = \d+;", body, re.M)[1]
    return {name: int(value) for name, value in re.findall(r"@(\w+)=(\d+)", comment)}


def rest_field(message, field):
    schema = SCHEMAS[message]["properties"][field]
    if "$ref" in schema:
        schema = {**schema, **SCHEMAS[schema["$ref"].rsplit("/", 1)[1]]}
    return schema


@pytest.mark.parametrize(
    "message,grpc_field,tag,rest_names,keyword",
    [
        ("RegisterRequest", "endpoint", "max_bytes", ["endpoint"], "maxLength"),
        ("RegisterRequest", "replay_endpoint", "max_bytes", ["replay_endpoint"], "maxLength"),
        ("RegisterRequest", "block_size_tokens", "max", ["block_size"], "maximum"),
        ("RegisterRequest", "model", "max_bytes", ["model_name", "model", "modelname"], "maxLength"),
        ("RegisterRequest", "tenant", "max_bytes", ["routing_group", "tenant_id"], "maxLength"),
        ("RegisterRequest", "additional_salt", "max_bytes", ["additionalsalt", "additional_salt"], "maxLength"),
        ("RegisterRequest", "lora_name", "max_bytes", ["lora_name"], "maxLength"),
        ("UnregisterRequest", "model", "max_bytes", ["model_name", "model", "modelname"], "maxLength"),
        ("UnregisterRequest", "tenant", "max_bytes", ["routing_group", "tenant_id"], "maxLength"),
        ("UnregisterRequest", "block_size_tokens", "max", ["block_size"], "maximum"),
        ("QueryRequest", "token_ids", "max_items", ["token_ids"], "maxItems"),
        ("QueryRequest", "model", "max_bytes", ["model_name", "model", "modelname"], "maxLength"),
        ("QueryRequest", "tenant", "max_bytes", ["routing_group", "tenant_id"], "maxLength"),
        ("QueryRequest", "lora_name", "max_bytes", ["lora_name"], "maxLength"),
        ("QueryRequest", "cache_salt", "max_bytes", ["cache_salt"], "maxLength"),
        ("QueryRequest", "block_size_tokens", "max", ["block_size"], "maximum"),
        ("QueryRequest", "candidates", "max_items", ["candidates"], "maxItems"),
        ("QueryByHashRequest", "block_hashes", "max_items", ["block_hashes"], "maxItems"),
        ("QueryByHashRequest", "sequence_hashes", "max_items", ["seq_hashes", "block_hash"], "maxItems"),
        ("QueryByHashRequest", "candidates", "max_items", ["candidates"], "maxItems"),
    ],
)
def test_limits_agree(message, grpc_field, tag, rest_names, keyword):
    for name in rest_names:
        assert tags(message, grpc_field)[tag] == rest_field(message, name)[keyword]


@pytest.mark.parametrize("message", ["RegisterPeerRequest", "DeregisterPeerRequest"])
def test_addresses_of_peers_have_one_limit(message):
    assert tags(message, "url")["max_bytes"] == rest_field("PeerRequest", "url")["maxLength"]


def test_protobuf_is_offered_where_there_is_an_rpc():
    """Each operation that has a twin takes and gives its messages, but the streamed ones."""
    methods = {m.name for m in pb.DESCRIPTOR.services_by_name["KvIndexer"].methods}
    for operation in operations():
        offers = [a for a in operation["responses"].values() if "application/x-protobuf" in a.get("content", {})]
        twin = operation["operationId"] in methods and not operation.get("x-stream")
        assert len(offers) == twin, operation["operationId"]
        if "requestBody" in operation:
            assert ("application/x-protobuf" in operation["requestBody"]["content"]) == twin


def test_dialects_of_fields_are_known():
    for schema in SCHEMAS.values():
        for field in schema.get("properties", {}).values():
            assert set(field.get("x-dialects", {})) <= set(OPENAPI["x-dialects"])


@pytest.mark.parametrize("message", ["RegisterRequest", "UnregisterRequest"])
def test_instance_ids_have_one_limit(message):
    as_text = next(form for form in SCHEMAS["InstanceId"]["oneOf"] if form["type"] == "string")
    assert tags(message, "instance_id")["max_bytes"] == as_text["maxLength"]


def test_message_size_is_the_body_size_of_queries():
    limit = int(re.search(r"@max_message_bytes=(\d+)", PROTO)[1])
    for operation in operations():
        if operation["operationId"] in ("Query", "QueryByHash"):
            assert operation["x-max-body"] == limit


def test_states_and_reasons_have_the_same_names():
    def names(enum, prefix):
        values = pb.DESCRIPTOR.enum_types_by_name[enum].values
        return [value.name.removeprefix(prefix).lower() for value in values if value.number]

    assert names("SourceState", "SOURCE_STATE_") == SCHEMAS["SourceState"]["enum"]
    assert names("SourceReason", "SOURCE_REASON_") == SCHEMAS["DegradedReason"]["enum"]


def test_everything_is_described():
    for operation in operations():
        assert operation["summary"] and operation["description"]
    for name, schema in SCHEMAS.items():
        assert schema.get("description"), name
        for field, property_schema in schema.get("properties", {}).items():
            assert property_schema.get("description"), (name, field)
