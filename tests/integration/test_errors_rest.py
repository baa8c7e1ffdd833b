"""Each row of the error table over REST; after each one the next good request is answered."""

import concurrent.futures
import socket

import pytest
from harness import Rest, wait_until

ENDPOINT = "tcp://127.0.0.1:9"
WORKER = {"instance_id": 1, "endpoint": ENDPOINT, "block_size": 16}


@pytest.fixture
def rest(daemon):
    yield daemon.rest
    assert daemon.rest.get("/health").status == 200
    assert daemon.rest.query([1, 2, 3])["scores"] == {}


INVALID = [
    ("/register", b"", ""),
    ("/register", b"{", ""),
    ("/register", b"[1]", ""),
    ("/register", b'{"instance_id":1,"instance_id":2,"endpoint":"tcp://127.0.0.1:9"}', "instance_id"),
    ("/register", {"endpoint": ENDPOINT}, "instance_id"),
    ("/register", {"instance_id": 1}, "endpoint"),
    ("/register", {**WORKER, "instance_id": 1.0}, "instance_id"),
    ("/register", {**WORKER, "instance_id": -1}, "instance_id"),
    ("/register", b'{"instance_id":18446744073709551616,"endpoint":"tcp://127.0.0.1:9"}', "instance_id"),
    ("/register", {**WORKER, "instance_id": ""}, "instance_id"),
    ("/register", {**WORKER, "instance_id": "x" * 257}, "instance_id"),
    ("/register", {**WORKER, "instance_id": None}, "instance_id"),
    ("/register", {**WORKER, "dp_rank": 4294967296}, "dp_rank"),
    ("/register", {**WORKER, "dp_rank": "0"}, "dp_rank"),
    ("/register", {**WORKER, "block_size": 0}, "block_size"),
    ("/register", {**WORKER, "block_size": 65537}, "block_size"),
    ("/register", {**WORKER, "endpoint": 5}, "endpoint"),
    ("/register", {**WORKER, "endpoint": "127.0.0.1:5557"}, "endpoint"),
    ("/register", {**WORKER, "endpoint": "udp://127.0.0.1:5557"}, "endpoint"),
    ("/register", {**WORKER, "endpoint": "tcp://127.0.0.1"}, "endpoint"),
    ("/register", {**WORKER, "endpoint": "tcp://127.0.0.1:65536"}, "endpoint"),
    ("/register", {**WORKER, "endpoint": "tcp://a b:1"}, "`endpoint`: invalid ZMQ endpoint `tcp://a b:1`: "),
    ("/register", {**WORKER, "model_name": "\u00e9" * 129}, "`model_name`: 258 bytes"),
    ("/register", {**WORKER, "replay_endpoint": "nonsense"}, "replay"),
    ("/unregister", {}, "instance_id"),
    ("/unregister", {"instance_id": 1, "dp_rank": -1}, "dp_rank"),
    ("/query", {}, "token_ids"),
    ("/query", {"token_ids": "1,2"}, "token_ids"),
    ("/query", {"token_ids": [1, -1]}, "token_ids"),
    ("/query", {"token_ids": [4294967296]}, "token_ids"),
    ("/query", {"token_ids": [1, 2.5]}, "token_ids"),
    ("/query", {"token_ids": [1, None]}, "token_ids"),
    ("/query", b'{"token_ids":[1,2', ""),
    ("/query", b'{"token_ids":[01]}', "byte 16"),
    ("/query", b'{"token_ids":[1],"token_ids":[2]}', "token_ids"),
    ("/query_by_hash", {}, "block_hashes"),
    ("/query_by_hash", {"block_hashes": [18446744073709551616]}, "block_hashes"),
    ("/query_by_hash", {"block_hashes": [-9223372036854775809]}, "block_hashes"),
    ("/query_by_hash", {"block_hashes": ["1"]}, "block_hashes"),
]


@pytest.mark.parametrize("path,body,field", INVALID, ids=[f"{p[1:]}-{i}" for i, (p, _, _) in enumerate(INVALID)])
def test_invalid_400(rest, path, body, field):
    answer = rest.post(path, body)
    assert answer.status == 400, answer.body
    assert field in answer.error
    assert rest.get("/workers").json == []


def test_no_block_size_known_400(start_daemon):
    daemon = start_daemon()
    answer = daemon.rest.post("/register", {"instance_id": 1, "endpoint": ENDPOINT})
    assert answer.status == 400
    assert "block_size" in answer.error and "--block-size" in answer.error


def test_unknown_worker_404(rest):
    answer = rest.post("/unregister", {"instance_id": 77})
    assert answer.status == 404 and "77" in answer.error
    assert rest.post("/register", WORKER).status == 201
    assert rest.post("/unregister", {"instance_id": 1, "dp_rank": 1}).status == 404


@pytest.mark.parametrize("path", ["/", "/nothing", "/query/", "/workers/1", "/%71uery", "/query%00", "/a/../query"])
def test_unknown_route_404(rest, path):
    answer = rest.request("POST", path, b"{}", {"Content-Type": "application/json"})
    assert answer.status in (400, 404) and answer.error


@pytest.mark.parametrize(
    "method,path,allow",
    [("GET", "/query", "POST"), ("DELETE", "/workers", "GET"), ("PUT", "/register", "POST"), ("POST", "/dump", "GET")],
)
def test_wrong_method_405(rest, method, path, allow):
    answer = rest.request(method, path)
    assert answer.status == 405 and answer.error
    assert allow in answer.headers["allow"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
def test_wrong_media_type_415(rest, kind):
    answer = rest.request("POST", "/query", b'{"token_ids":[1]}', {"Content-Type": kind})
    assert answer.status == 415 and "application/json" in answer.error


def test_conflicts_409(rest):
    assert rest.post("/register", WORKER).status == 201
    assert rest.post("/register", WORKER).status == 409
    assert rest.post("/register", {**WORKER, "instance_id": "1"}).status == 409
    answer = rest.post("/register", {**WORKER, "instance_id": 2, "block_size": 32})
    assert answer.status == 409
    assert "16" in answer.error and "32" in answer.error


def test_too_large_413(rest):
    assert rest.post("/query", b" " * ((8 << 20) + 1)).status == 413
    assert rest.post("/register", b" " * 65537).status == 413
    answer = rest.post("/query", b'{"token_ids":[' + b"1," * 1048576 + b"1]}")
    assert answer.status in (400, 413) and "1048576" in answer.error
    answer = rest.post("/query_by_hash", b'{"block_hashes":[' + b"1," * 524288 + b"1]}")
    assert answer.status in (400, 413) and "524288" in answer.error
    assert rest.post("/query", b'{"token_ids":[' + b"1," * 1048575 + b"1]}").status == 200


def test_too_large_is_said_before_the_body_is_sent(daemon):
    with socket.create_connection((daemon.rest.host, daemon.rest.port), timeout=10) as connection:
        connection.sendall(b"POST /query HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                           b"Content-Length: 1099511627776\r\n\r\n")
        assert b" 413 " in connection.recv(4096).split(b"\r\n")[0]
    assert daemon.rest.get("/health").status == 200


@pytest.mark.parametrize(
    "headers",
    [b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", b"Content-Length: 2\r\nContent-Length: 17\r\n"],
)
def test_two_lengths_are_refused(daemon, headers):
    with socket.create_connection((daemon.rest.host, daemon.rest.port), timeout=10) as connection:
        connection.sendall(b"POST /query HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + headers + b"\r\n{}")
        answer = b""
        while piece := connection.recv(4096):
            answer += piece
        assert b" 400 " in answer.split(b"\r\n")[0]
    assert daemon.rest.get("/health").status == 200


def test_internal_500(start_daemon):
    daemon = start_daemon("--block-size", 16, "--fault-hook")
    answer = daemon.rest.post("/register", {**WORKER, "instance_id": "kvindex-fault-internal"})
    assert answer.status == 500 and answer.error
    assert daemon.rest.post("/register", WORKER).status == 201


def test_overload_503(start_daemon):
    daemon = start_daemon("--block-size", 16, "--max-inflight", 1, "--http-threads", 4)
    assert daemon.rest.post("/register", WORKER).status == 201
    body = b'{"token_ids":[' + b"1," * 500000 + b"1]}"
    with concurrent.futures.ThreadPoolExecutor(8) as pool:

        def overloaded():
            answers = list(pool.map(lambda _: daemon.rest.post("/query", body), range(32)))
            assert {a.status for a in answers} <= {200, 503}
            return [a for a in answers if a.status == 503]

        refused = wait_until(overloaded, "one of many requests at once is refused")
    assert refused[0].error and int(refused[0].headers["retry-after"]) >= 0
    assert daemon.rest.get("/health").status == 200
    # The last request has its answer a moment before it stops to count.
    wait_until(lambda: daemon.rest.post("/query", {"token_ids": [1]}).status == 200, "good requests are answered again")


def test_bad_flags_stop_the_start():
    import subprocess

    from harness import BUILD

    for flags, names in [
        (["--workers", "1=tcp://127.0.0.1:5557"], "--block-size"),
        (["--block-size", "16", "--workers", "1=tcp://127.0.0.1:5557,bogus"], "bogus"),
        (["--block-size", "16", "--workers", "1:x=tcp://127.0.0.1:5557"], "1:x=tcp://127.0.0.1:5557"),
        (["--block-size", "0"], "block-size"),
        (["--nonsense", "1"], "nonsense"),
    ]:
        run = subprocess.run([BUILD / "kvindexd", "--port", "0", "--grpc-port", "0", *flags], capture_output=True, text=True, timeout=60)
        assert run.returncode not in (0, -6, -11), flags
        assert names in run.stderr, (flags, run.stderr)


def test_a_taken_port_stops_the_start(daemon):
    import subprocess

    from harness import BUILD

    run = subprocess.run(
        [BUILD / "kvindexd", "--port", str(daemon.rest.port), "--grpc-port", "0"],
        capture_output=True, text=True, timeout=60,
    )
    assert run.returncode == 3, run.stderr
    assert str(daemon.rest.port) in run.stderr


def test_head_is_get_without_a_body(daemon):
    rest = Rest(daemon.rest.host, daemon.rest.port)
    answer = rest.request("HEAD", "/workers")
    assert answer.status == 200 and answer.body == b""
