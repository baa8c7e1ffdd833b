"""The examples of Mooncake's RFC #1403, as it writes them, with curl."""

import json
import shutil
import subprocess

import pytest
from harness import wait_until
from harness.engine import Engine
from harness.hashing import local_hashes, sequence_hashes

BLOCK = 64
TOKENS = list(range(1, 4 * BLOCK + 1))
POSITIONS = sequence_hashes(local_hashes(TOKENS, BLOCK))


def curl(daemon, path, body=None):
    """(status, JSON) as curl sees them."""
    assert shutil.which("curl"), "curl is needed"
    arguments = ["curl", "-sS", "-w", "\n%{http_code}", daemon.url + path]
    if body is not None:
        arguments += ["-X", "POST", "-H", "Content-Type: application/json", "-d", json.dumps(body)]
    output = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    text, status = output.rsplit("\n", 1)
    return int(status), json.loads(text)


def registration(engine, rank):
    return {
        "endpoint": engine.endpoint, "replay_endpoint": engine.replay_endpoint, "type": "vLLM", "modelname": "deepseek",
        "lora_name": None, "tenant_id": "default", "instance_id": "vllm-prefill-node1", "block_size": BLOCK,
        "dp_rank": rank, "additionalsalt": "w8a8",
    }  # fmt: skip


def stored(blocks, medium, first=0):
    return {
        "type": "BlockStored", "block_hashes": POSITIONS[first:blocks], "token_ids": TOKENS[first * BLOCK : blocks * BLOCK],
        "parent_block_hash": POSITIONS[first - 1] if first else None, "block_size": BLOCK, "lora_id": None,
        "medium": medium, "lora_name": None,
    }  # fmt: skip


@pytest.fixture
def node(daemon):
    """vllm-prefill-node1 with two ranks, which together hold what the RFC's answer says."""
    engines = [Engine(), Engine()]
    answers = [curl(daemon, "/register", registration(engine, rank)) for rank, engine in enumerate(engines)]
    assert answers == [(200, {"status": "registered successfully", "instance_id": "vllm-prefill-node1"})] * 2
    engines[0].publish(stored(2, "GPU"), stored(4, "CPU", first=2))
    engines[1].publish(stored(1, "GPU"))
    wait_until(lambda: {w.last_sequence for w in daemon.grpc.workers() if w.WhichOneof("sequence")} == {0}
               and all(w.applied_batches for w in daemon.grpc.workers()), "both ranks are followed")  # fmt: skip
    yield daemon
    for engine in engines:
        engine.stop()


ANSWER = {"default": {"vllm-prefill-node1": {"longest_matched": 256, "GPU": 128, "DP": {"0": 128, "1": 64}, "CPU": 256, "DISK": 256}}}


def test_query(node):
    question = {"model": "deepseek", "lora_name": None, "token_ids": TOKENS, "tenant_id": "default",
                "instance_id": "vllm-prefill-node1", "block_size": BLOCK, "cache_salt": ""}  # fmt: skip
    assert curl(node, "/query", question) == (200, ANSWER)
    assert curl(node, "/query", {"model": "deepseek", "token_ids": TOKENS, "block_size": BLOCK}) == (200, ANSWER)


@pytest.mark.parametrize("field", ["seq_hashes", "block_hash"])
def test_query_by_hash(node, field):
    question = {"model": "deepseek", "block_size": BLOCK, "tenant_id": "default", field: POSITIONS}
    assert curl(node, "/query_by_hash", question) == (200, ANSWER)


def test_unregister(node):
    body = {"type": "vLLM", "modelname": "deepseek", "lora_name": None, "tenant_id": "default",
            "instance_id": "vllm-prefill-node1", "block_size": BLOCK, "dp_rank": 0}  # fmt: skip
    assert curl(node, "/unregister", body) == (
        200, {"status": "unregistered successfully", "removed_instances": ["vllm-prefill-node1|default|0"]}
    )  # fmt: skip
    status, answer = curl(node, "/unregister", body)
    assert (status, list(answer)) == (404, ["error"])
    assert curl(node, "/query", {"model": "deepseek", "token_ids": TOKENS, "block_size": BLOCK}) == (
        200,
        {"default": {"vllm-prefill-node1": {"longest_matched": 64, "GPU": 64, "DP": {"1": 64}, "CPU": 64, "DISK": 64}}},
    )


def test_views(node):
    status, view = curl(node, "/global_view")
    context = {"model_name": "deepseek", "lora_name": "", "block_size": BLOCK, "additional_salt": "w8a8",
               "tenant_id": "default", "instance_id": "vllm-prefill-node1"}  # fmt: skip
    assert status == 200 and view["context_count"] == len(view["model_contexts"])
    assert context in view["model_contexts"]
    status, services = curl(node, "/services")
    assert status == 200 and services


def test_errors(node):
    for body in ({"model": "deepseek"}, {"model": "deepseek", "token_ids": "x", "block_size": BLOCK}):
        status, answer = curl(node, "/query", body)
        assert (status, list(answer)) == (400, ["error"])
    status, answer = curl(node, "/query")
    assert (status, list(answer)) == (405, ["error"])
