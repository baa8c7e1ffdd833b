"""Outside tools agree: buf on the proto and on the running server, spectral on the OpenAPI document."""

import json
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / "build" / "npm" / "node_modules" / ".bin"


def run(tool, *arguments, cwd=ROOT):
    if not (TOOLS / tool).exists():
        pytest.skip(f"{tool} is not installed in build/npm")
    result = subprocess.run([TOOLS / tool, *arguments], cwd=cwd, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def buf_curl(filled, *arguments, method=""):
    url = f"http://{filled.daemon.grpc_address}{method}"
    return run("buf", "curl", "--protocol", "grpc", "--http2-prior-knowledge", *arguments, url)


def test_buf_lint():
    run("buf", "lint", cwd=ROOT / "proto")


def test_buf_breaking():
    """Against the last commit on the main branch, or in a checkout without one, against the commit at hand."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: nothing to compare the proto with")
    branches = ("origin/main", "main", "HEAD")
    known = (b for b in branches if not subprocess.run(["git", "rev-parse", "-q", "--verify", b], cwd=ROOT, capture_output=True).returncode)
    run("buf", "breaking", "--against", f"../.git#ref={next(known)},subdir=proto", cwd=ROOT / "proto")


def test_spectral_lint():
    lint = subprocess.run([ROOT / "tests" / "contract" / "lint_openapi.sh"], capture_output=True, text=True, timeout=300)
    if lint.returncode == 77:
        pytest.skip(lint.stderr.strip())
    assert lint.returncode == 0, lint.stdout + lint.stderr


def test_reflection_lists_the_services(filled):
    listed = buf_curl(filled, "--list-services").split()
    assert {"kvindex.v1.KvIndexer", "grpc.health.v1.Health"} <= set(listed)
    assert "kvindex.v1.KvIndexer/Query" in buf_curl(filled, "--list-methods").split()


def test_buf_curl_queries(filled):
    sample = next(s for s in filled.samples(50, 2000) if s["scores"])
    answer = buf_curl(filled, "-d", json.dumps({"tokenIds": sample["token_ids"]}), method="/kvindex.v1.KvIndexer/Query")
    hits = json.loads(answer)["result"]["hits"]
    assert {hit["worker"]["instanceId"]: hit["deviceBlocks"] for hit in hits} == sample["scores"]
