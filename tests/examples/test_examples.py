"""The example of every client, against one daemon that follows one simulated fleet. Worker 0 holds 4 blocks of the
prompt 1, 2, 3, ... and worker 1 holds 2."""

import json
import os
import subprocess
import sys

import pytest
from harness import BUILD, ROOT, Daemon, Simulator, register, settle

FOUR_BLOCKS = ["worker 0 rank 0: 4 of 4 blocks", "worker 1 rank 0: 2 of 4 blocks"]
ONE_BLOCK = ["worker 0 rank 0: 1 of 1 blocks", "worker 1 rank 0: 1 of 1 blocks"]
TWO_BLOCKS = ["worker 0 rank 0: 2 of 2 blocks", "worker 1 rank 0: 2 of 2 blocks"]
PROMPT = list(range(1, 65))


@pytest.fixture(scope="module")
def daemon():
    daemon, simulator = Daemon("--block-size", 16), Simulator("--workers", 3)
    register(daemon, simulator)
    simulator.prompt(0, PROMPT)
    simulator.prompt(1, PROMPT[:32])
    settle(daemon, simulator)
    yield daemon
    assert simulator.stop() == 0, simulator.log()
    assert daemon.stop() == 0, daemon.log()


def needs(toolchain):
    """Skips the test, with what was found, where tools/test could not have built the example."""
    command = f"source {ROOT}/tools/lib.sh; have_{toolchain}"
    found = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    if found.returncode:
        pytest.skip(found.stdout.strip())


def run(*command, folder=ROOT, **environment):
    result = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_c(daemon):
    assert run(BUILD / "clients" / "c" / "kvindex-c-example", daemon.grpc_address).splitlines() == ONE_BLOCK


def test_python(daemon):
    folder = ROOT / "clients" / "python"
    output = run(sys.executable, "examples/query.py", daemon.grpc_address, folder=folder, PYTHONPATH=str(folder))
    assert output.splitlines() == [*FOUR_BLOCKS, "best: 0"]


def test_python_asyncio(daemon):
    folder = ROOT / "clients" / "python"
    output = run(sys.executable, "examples/query_async.py", daemon.grpc_address, folder=folder, PYTHONPATH=str(folder))
    assert output.splitlines() == [*FOUR_BLOCKS, *TWO_BLOCKS]


def test_go(daemon):
    needs("go")
    output = run("go", "run", "./example", daemon.grpc_address, folder=ROOT / "clients" / "go")
    assert output.splitlines() == [*FOUR_BLOCKS, "best: 0"]


def test_rust(daemon):
    needs("rust")
    cargo = ("cargo", "run", "--quiet", "--locked", "--example", "query", "--", daemon.grpc_address)
    output = run(*cargo, folder=ROOT / "clients" / "rust", CARGO_TARGET_DIR=str(ROOT / "build" / "rust"))
    assert output.splitlines() == [*FOUR_BLOCKS, "best: 0"]


def test_node(daemon):
    needs("node")
    output = run("node", "examples/query.js", daemon.grpc_address, folder=ROOT / "build" / "node")
    assert output.splitlines() == [*FOUR_BLOCKS, "best: 0"]


def test_kvindexctl(daemon):
    command = (BUILD / "kvindexctl", "--server", daemon.grpc_address, "query", "--json", "--tokens", json.dumps(PROMPT))
    answer = json.loads(run(*command))
    assert [(hit["instance_id"], hit["device_blocks"]) for hit in answer["hits"]] == [("0", 4), ("1", 2)]


def test_curl(daemon):
    question = json.dumps({"token_ids": PROMPT})
    json_type = "Content-Type: application/json"
    answer = json.loads(run("curl", "-sS", "--max-time", "20", "-H", json_type, "-d", question, f"{daemon.url}/query"))
    assert answer["scores"] == {"0": {"0": 4}, "1": {"0": 2}}
