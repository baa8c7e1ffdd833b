"""100,000 requests against the AddressSanitizer build: nothing leaks, nothing grows."""

import http.client
import json
import os

import pytest
from harness import ROOT, register, settle
from harness.simulator import Simulator

ASAN = ROOT / "build" / "asan"
REQUESTS = int(os.environ.get("KVINDEX_LEAK_REQUESTS", 100000))


@pytest.fixture
def asan_daemon(monkeypatch):
    from harness import Daemon, process

    if not (ASAN / "kvindexd").exists():
        pytest.skip("no AddressSanitizer build in build/asan")
    # A short quarantine: freed memory must not look like growth.
    monkeypatch.setenv("ASAN_OPTIONS", "quarantine_size_mb=1:thread_local_quarantine_size_kb=16:detect_leaks=1")
    monkeypatch.setattr(process, "BUILD", ASAN)
    daemon = Daemon("--block-size", 16, "--log-level", "error")
    yield daemon
    assert daemon.stop(seconds=60) == 0, daemon.log()


def rest_requests(daemon, samples, n):
    bodies = [
        ("POST", "/query", json.dumps({"token_ids": samples[0]["token_ids"]})),
        ("POST", "/query_by_hash", '{"block_hashes":[16863443419780771464,-1,3]}'),
        ("POST", "/query", '{"token_ids":[1,-2]}'),
        ("POST", "/register", '{"instance_id":1,"endpoint":"nonsense"}'),
        ("POST", "/unregister", '{"instance_id":"nobody"}'),
        ("POST", "/query", '{"token_ids":[1,2,3'),
        ("GET", "/workers", None),
        ("GET", "/nothing", None),
    ]
    connection = http.client.HTTPConnection(daemon.rest.host, daemon.rest.port, timeout=60)
    for number in range(n):
        method, path, body = bodies[number % len(bodies)]
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        connection.getresponse().read()
    connection.close()


def grpc_requests(daemon, samples, n):
    tokens = [sample["token_ids"] for sample in samples]
    questions = ((number, tokens[number % len(tokens)]) for number in range(n))
    assert sum(1 for _ in daemon.grpc.query_stream(questions)) == n


def test_no_growth_and_no_leak(asan_daemon):
    simulator = Simulator("--workers", 2, "--requests", 60, "--capacity", 2000)
    try:
        simulator.play()
        register(asan_daemon, simulator)
        settle(asan_daemon, simulator)
        samples = [sample for sample in simulator.samples(60, 400) if sample["scores"]]
        rest_requests(asan_daemon, samples, REQUESTS // 10)
        grpc_requests(asan_daemon, samples, REQUESTS // 10)
        before = asan_daemon.rss_kib()
        rest_requests(asan_daemon, samples, REQUESTS * 4 // 10)
        grpc_requests(asan_daemon, samples, REQUESTS * 4 // 10)
        grown = asan_daemon.rss_kib() - before
        assert grown < 16 * 1024, f"{grown} KiB in {REQUESTS * 8 // 10} requests"
    finally:
        assert simulator.stop() == 0
