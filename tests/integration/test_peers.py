"""A daemon that starts with what a peer knows: --peers."""

import contextlib
import http.server
import json
import re
import signal
import socket
import subprocess
import threading
import time

import pytest
from harness import BUILD, Rest, check_dump, check_samples, listeners, register, settle, wait_until
from harness.process import SLOWNESS, Process

PROMPT = list(range(1, 129))  # 8 blocks


class Peer:
    """Answers GET /dump with what `answer` returns: the body, or the whole answer's bytes when `raw`."""

    def __init__(self, answer, raw=False):
        peer = self
        self.paths = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                peer.paths.append(self.path)
                body = answer()
                with contextlib.suppress(OSError):
                    if not raw:
                        self.send_response(200)
                        self.send_header("Content-Length", str(len(body)))
                        self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def start_peer():
    peers = []

    def start(answer, raw=False):
        peers.append(Peer(answer, raw))
        return peers[-1]

    yield start
    for peer in peers:
        peer.stop()


@pytest.fixture
def fleet(start_simulator):
    """Engines whose hashes differ from one another: what a peer says of one says nothing of the next."""
    simulator = start_simulator("--workers", 3, "--capacity", 4000, "--requests", 200, "--hash", "worker")
    simulator.play(100)
    return simulator


@pytest.fixture
def informed(start_daemon, fleet):
    """Has followed the fleet from its beginning."""
    daemon = start_daemon("--block-size", 16)
    register(daemon, fleet)
    settle(daemon, fleet)
    return daemon


def workers_of(simulator):
    return ",".join(f"{worker['worker']}={worker['endpoint']}" for worker in simulator.workers)


def start_with(start_daemon, simulator, *peers):
    return start_daemon("--block-size", 16, "--workers", workers_of(simulator), "--peers", ",".join(peers))


def log_line(daemon, message):
    """The fields of the only line with this message."""
    lines = [line for line in daemon.log().splitlines() if message in line]
    assert len(lines) == 1, daemon.log()
    return {key: text or word for key, text, word in re.findall(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|(\S+))', lines[0])}


def goes_on(daemon, simulator):
    """Live events are followed after the recovery."""
    simulator.play(60)
    simulator.prompt("*", PROMPT)
    settle(daemon, simulator)
    assert check_samples(daemon, simulator, 40)
    check_dump(daemon, simulator)


def nothing_but_live(daemon, simulator):
    """Started empty, and follows what is published from now on."""
    assert daemon.rest.get("/dump").json == []
    assert daemon.rest.get("/ready").status == 200
    simulator.prompt(0, [7] * 64)
    settle_one = simulator.ask("status")["workers"][0]["next_sequence"] - 1
    wait_until(
        lambda: daemon.rest.get("/workers").json[0]["listeners"]["0"].get("last_sequence") == settle_one, "it follows"
    )
    assert daemon.rest.query([7] * 64)["scores"] == {"0": {"0": 4}}


@pytest.mark.parametrize("form", ["array", "partitions", "events first"])
def test_both_forms_of_a_dump(start_daemon, start_peer, informed, fleet, form):
    def answer():
        dump = informed.rest.get(f"/dump?format={form}" if form != "events first" else "/dump?format=partitions")
        if form != "events first":
            return dump.body
        return json.dumps({key: dict(sorted(value.items(), reverse=True)) for key, value in dump.json.items()}).encode()

    peer = start_peer(answer)
    daemon = start_with(start_daemon, fleet, peer.url)
    assert peer.paths == ["/dump?format=partitions"]
    assert check_samples(daemon, fleet, 60)
    check_dump(daemon, fleet)
    line = log_line(daemon, "recovered from a peer")
    assert int(line["blocks"]) == held_blocks(fleet) and line["left_out_blocks"] == "0"
    goes_on(daemon, fleet)


@pytest.mark.parametrize("form", ["array", "partitions"])
def test_from_another_daemon(start_daemon, start_simulator, form):
    simulator = start_simulator("--workers", 3, "--capacity", 4000, "--requests", 200)
    simulator.play(100)
    first = start_daemon("--block-size", 16, "--dump-format", form)
    register(first, simulator)
    settle(first, simulator)
    second = start_with(start_daemon, simulator, first.url)
    assert second.rest.get("/peers").json == [first.url]
    assert check_samples(second, simulator, 60)
    check_dump(second, simulator)
    goes_on(second, simulator)
    check_samples(first, simulator, 20)


def test_what_happens_during_the_recovery(start_daemon, start_peer, informed, fleet):
    """The peer's dump is old news when it arrives: blocks were removed, stored and removed again since."""

    def answer():
        dump = informed.rest.get("/dump?format=partitions").body
        fleet.play(100)
        fleet.prompt("*", PROMPT)
        return dump

    daemon = start_with(start_daemon, fleet, start_peer(answer).url)
    settle(daemon, fleet)
    assert check_samples(daemon, fleet, 60)
    check_dump(daemon, fleet)


def held_blocks(simulator):
    return sum(len(blocks) for blocks in simulator.state().values())


def learned(daemon):
    return {worker for worker, listener in listeners(daemon).items() if listener["learned"]}


@pytest.mark.parametrize(
    ("more", "registered"),
    [
        ([], set()),
        (["--workers", "1=tcp://127.0.0.1:1"], {("1", "0")}),
        (["--workers", "1:4=tcp://127.0.0.1:1"], set()),
        (["--workers", "1=tcp://127.0.0.1:1", "--model-name", "other"], set()),
        (["--workers", "1=tcp://127.0.0.1:1", "--routing-group", "other"], set()),
    ],
    ids=str,
)
def test_workers_that_are_not_registered(start_daemon, informed, fleet, more, registered):
    """What the peer knows of them is taken as well: they wait for their registration, and show that they do."""
    daemon = start_daemon("--block-size", 16, *more, "--peers", informed.url)
    line = log_line(daemon, "recovered from a peer")
    assert (int(line["blocks"]), line["left_out_blocks"]) == (held_blocks(fleet), "0")
    check_dump(daemon, fleet)
    assert learned(daemon) == {("0", "0"), ("1", "0"), ("2", "0")} - registered
    waiting = listeners(daemon)["0", "0"]
    assert (waiting["status"], waiting["state"], waiting["reason"]) == ("pending", "degraded", "late_join")
    assert waiting["endpoint"] == ""


def test_registered_later(start_daemon, informed, fleet):
    """A registration takes the worker over with its blocks."""
    daemon = start_daemon("--block-size", 16, "--peers", informed.url)
    assert check_samples(daemon, fleet, 60)
    register(daemon, fleet, replay=False)
    assert learned(daemon) == set()
    assert check_samples(daemon, fleet, 60)
    wait_until(lambda: all(one["subscribers"] == 2 for one in fleet.ask("status")["workers"]), "all are subscribed to")
    goes_on(daemon, fleet)


def test_removed_while_it_waits(start_daemon, informed, fleet):
    daemon = start_daemon("--block-size", 16, "--peers", informed.url)
    assert daemon.rest.post("/unregister", {"instance_id": 1}).status == 200
    assert learned(daemon) == {("0", "0"), ("2", "0")}
    assert {event["worker_id"] for event in daemon.rest.get("/dump").json} == {0, 2}
    assert daemon.rest.post("/unregister", {"instance_id": 1}).status == 404


def test_another_block_size_is_left_out(start_daemon, informed, fleet):
    daemon = start_daemon("--block-size", 32, "--workers", "1=tcp://127.0.0.1:1", "--peers", informed.url)
    line = log_line(daemon, "recovered from a peer")
    assert (line["blocks"], int(line["left_out_blocks"])) == ("0", held_blocks(fleet))
    assert "block_size" in log_line(daemon, "blocks of a peer were left out")["first"]
    assert daemon.rest.get("/dump").json == [] and learned(daemon) == set()


def test_models_and_routing_groups(start_daemon, start_simulator):
    """The peer's key cuts at its last colon; names with colons are told apart all the same."""
    simulator = start_simulator("--workers", 2, "--requests", 100)
    simulator.play()
    first = start_daemon()
    for worker in simulator.workers:
        body = {"instance_id": worker["worker"], "endpoint": worker["endpoint"], "block_size": 16,
                "replay_endpoint": worker["replay_endpoint"], "model_name": "org/m:v1", "routing_group": "blue:2"}  # fmt: skip
        assert first.rest.post("/register", body).status == 201
    settle(first, simulator)
    second = start_daemon("--block-size", 16, "--workers", workers_of(simulator), "--model-name", "org/m:v1",
                          "--routing-group", "blue:2", "--peers", first.url)  # fmt: skip
    for sample in simulator.samples(30, 5000):
        question = {"token_ids": sample["token_ids"], "model_name": "org/m:v1", "routing_group": "blue:2"}
        answers = [daemon.rest.expect_ok(daemon.rest.post("/query", question)) for daemon in (first, second)]
        assert answers[0] == answers[1]
        assert {k: v["0"] // 16 for k, v in answers[1]["scores"].items()} == sample["scores"]


GOOD_RUN = {"worker_id": 0, "event": {"data": {"stored": {"blocks": [{"block_hash": 1, "tokens_hash": 2}]}}}}


def partition(*events, **more):
    return {"default:default": {"block_size": 16, "events": [GOOD_RUN, *events], **more}}


def with_block(**block):
    return {"worker_id": 0, "event": {"data": {"stored": {"blocks": [block]}}}}


BAD_BODIES = {
    "no JSON": b"<html>busy</html>",
    "cut short": json.dumps(partition()).encode()[:-1],
    "something behind it": json.dumps(partition()).encode() + b"{}",
    "deeply nested": json.dumps(partition()).encode()[:-2] + b',"x":' + b"[" * 100000,
    "giant number": json.dumps(partition(with_block(block_hash=10**30, tokens_hash=1))).encode(),
    "hash beyond 64 bits": json.dumps(partition(with_block(block_hash=2**64, tokens_hash=1))).encode(),
    "negative hash": json.dumps(partition(with_block(block_hash=-1, tokens_hash=1))).encode(),
    "failed partition": json.dumps({**partition(), "a:b": {"error": "index offline"}}).encode(),
    "key twice": json.dumps(partition()).encode()[:-2] + b',"block_size":16}}',
    "no block size": json.dumps({"default:default": {"events": [GOOD_RUN]}}).encode(),
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
def test_hostile_bodies(start_daemon, start_peer, fleet, body):
    daemon = start_with(start_daemon, fleet, start_peer(lambda: body).url)
    assert log_line(daemon, "recovery from a peer failed")["error"]
    nothing_but_live(daemon, fleet)


BAD_ANSWERS = {
    "status 500": b"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\n{}",
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
    "closed": b"",
    "less than announced": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
    "no HTTP": b"\0\1\2\3\r\n\r\n",
}


@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_hostile_answers(start_daemon, start_peer, fleet, answer):
    daemon = start_with(start_daemon, fleet, start_peer(lambda: answer, raw=True).url)
    assert log_line(daemon, "recovery from a peer failed")["error"]
    nothing_but_live(daemon, fleet)


def test_what_is_no_store_or_not_ours_is_left_out(start_daemon, start_peer, fleet):
    def dump():
        events = [
            {"worker_id": 0, "event": {"data": "cleared"}},
            {"worker_id": 0, "event": {"data": {"removed": {"block_hashes": [1]}}}},
            {**GOOD_RUN, "residency_domain": "cluster"},
            {**GOOD_RUN, "storage_tier": "tape"},
            {**GOOD_RUN, "worker_id": "not seen before"},
            {**GOOD_RUN, "x": [1]},
        ]
        other = {"other:one": {"block_size": 4, "events": [GOOD_RUN]}}
        resized = {"again": {"model_name": "default", "routing_group": "default", "block_size": 4, "events": [GOOD_RUN]}}
        return json.dumps({**partition(*events), **other, **resized}).encode()

    daemon = start_with(start_daemon, fleet, start_peer(dump).url)
    line = log_line(daemon, "recovered from a peer")
    assert {k: line[k] for k in ("partitions", "events", "blocks", "left_out_blocks", "other_events", "foreign_events")} == {
        "partitions": "3", "events": "9", "blocks": "4", "left_out_blocks": "1", "other_events": "2", "foreign_events": "2",
    }  # fmt: skip
    assert len(daemon.rest.get("/dump").json) == 3


def test_the_next_peer_is_asked(start_daemon, start_peer, informed, fleet):
    """What a failed peer gave before it failed is gone: here blocks that nobody holds."""
    cut = start_peer(lambda: json.dumps(partition()).encode()[:-1])
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    daemon = start_with(start_daemon, fleet, nobody, cut.url, informed.url)
    assert check_samples(daemon, fleet, 40)
    check_dump(daemon, fleet)
    assert daemon.log().count("recovery from a peer failed") == 2
    assert daemon.rest.get("/peers").json == [nobody, cut.url, informed.url]


def test_nobody_answers(start_daemon, fleet):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    daemon = start_with(start_daemon, fleet, nobody)
    assert "no peer could be recovered from" in daemon.log()
    nothing_but_live(daemon, fleet)


def test_slow_and_huge(start_daemon, start_peer, fleet):
    """Each peer costs its time-out at most, and the bound of bytes ends an endless dump."""
    slow, released = start_peer(lambda: released.wait(60) and b"{}"), threading.Event()
    padding = json.dumps(partition()).encode() + b" " * 100000
    huge = start_peer(lambda: padding)
    started = time.monotonic()
    daemon = start_daemon("--block-size", 16, "--workers", workers_of(fleet), "--peers", f"{slow.url},{huge.url}",
                          "--recovery-timeout", 1, "--recovery-bytes", 50000)  # fmt: skip
    released.set()
    assert time.monotonic() - started < 10 * SLOWNESS
    assert "more than 50000 bytes" in daemon.log()
    nothing_but_live(daemon, fleet)


@pytest.fixture
def recovering(start_peer):
    """A daemon whose peer does not answer yet; (process, rest, the event that lets the peer answer)."""
    answers = threading.Event()
    peer = start_peer(lambda: answers.wait(60) and b"{}")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = Process("kvindexd", "--port", port, "--grpc-port", 0, "--block-size", 16, "--workers",
                      "1=tcp://127.0.0.1:1", "--peers", peer.url, "--recovery-timeout", 60)  # fmt: skip
    rest = Rest("127.0.0.1", port)

    def asked():
        with contextlib.suppress(ConnectionRefusedError):
            return peer.paths and rest.get("/health").status == 200

    wait_until(asked, "the peer is asked")
    yield process, rest, answers, peer
    answers.set()
    if process.process.poll() is None:
        assert process.stop() == 0, process.log()


def test_served_meanwhile(recovering):
    """Probes are answered; nothing else, so that nobody gets half an answer or registers too late."""
    process, rest, answers, peer = recovering
    ready = rest.get("/ready")
    assert ready.status == 503 and ready.json["reasons"][0] == "starting"
    assert f"recovering from {peer.url}/dump?format=partitions" in ready.json["reasons"]
    assert 'kvindex_requests_shed_total{reason="recovering"} 0' in rest.get("/metrics").body.decode()
    for answer in (
        rest.post("/query", {"token_ids": PROMPT}),
        rest.post("/register", {"instance_id": 2, "endpoint": "tcp://127.0.0.1:2"}),
        rest.get("/workers"),
        rest.get("/dump"),
    ):
        assert answer.status == 503 and "recovering" in answer.error and "retry-after" in answer.headers
    assert 'kvindex_requests_shed_total{reason="recovering"} 4' in rest.get("/metrics").body.decode()
    answers.set()
    assert process.line().startswith("kvindexd ready ")
    assert rest.get("/ready").status == 200
    assert rest.post("/query", {"token_ids": PROMPT}).status == 200


def test_stops_during_a_recovery(recovering):
    process, _, _, _ = recovering
    started = time.monotonic()
    process.process.send_signal(signal.SIGTERM)
    assert process.process.wait(10 * SLOWNESS) == 0
    assert time.monotonic() - started < 2 * SLOWNESS
    assert "stopping" in process.log()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--peers", ""], "--peers, entry ``"),
        (["--peers", "http://a,,http://b"], "--peers, entry ``"),
        (["--peers", "ftp://a"], "--peers, entry `ftp://a`"),
        (["--peers", "a:8090"], "--peers, entry `a:8090`"),
        (["--peers", "http:///dump"], "--peers, entry `http:///dump`"),
        (["--recovery-timeout", "0"], "recovery-timeout"),
        (["--recovery-bytes", "x"], "recovery-bytes"),
        (["--dump-format", "xml"], "dump-format"),
        (["--model-name", ""], "--model-name: expected 1 to 256 bytes"),
        (["--routing-group", "x" * 257], "--routing-group: expected 1 to 256 bytes"),
        (["--model-name", b"\xff"], "--model-name: expected 1 to 256 bytes"),
    ],
)
def test_bad_usage(arguments, text):
    command = [BUILD / "kvindexd", "--port", "0", "--grpc-port", "0", *arguments]
    run = subprocess.run(command, capture_output=True, timeout=10 * SLOWNESS, check=False)
    assert run.returncode == 2 and text in run.stderr.decode()
