"""kvindexctl against a real daemon and simulated engines: every command, every exit code."""

import concurrent.futures
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import threading
import time

import grpc
import pytest
from harness import BUILD, register, settle, wait_until
from harness.fleet import DEVICE, Partition, Prompt, Worker
from kvindex.v1 import kvindex_pb2

CTL = BUILD / "kvindexctl"
REFUSED, USAGE, UNREACHABLE, LOCAL, INTERRUPTED = 1, 2, 3, 4, 130


def run(*arguments, server=None, stdin=None, environment=None):
    options = ["--server", server] if server else []
    return subprocess.run(
        [CTL, *options, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **(environment or {})},
    )


def ok(result):
    assert result.returncode == 0, (result.returncode, result.stderr)
    assert result.stderr == ""
    return result.stdout


def refused(result, code, *words):
    assert result.returncode == code, (result.returncode, result.stdout, result.stderr)
    assert result.stdout == ""
    assert result.stderr.startswith("kvindexctl: ") and result.stderr.count("\n") == 1, result.stderr
    for word in words:
        assert word in result.stderr, (word, result.stderr)


@pytest.fixture
def filled(daemon, simulator):
    register(daemon, simulator)
    simulator.play()
    settle(daemon, simulator)
    return daemon


def test_register_workers_unregister(daemon):
    server = daemon.grpc_address
    endpoint = "tcp://127.0.0.1:5557"
    assert ok(run("workers", "--json", server=server)) == "[]\n"
    assert ok(run("register", "--instance", "a", "--endpoint", endpoint, server=server)) == "registered\n"
    answer = ok(run("register", "--instance", "a", "--endpoint", endpoint, "--dp-rank", 1, "--block-size", 16,
                    "--replay-endpoint", "tcp://127.0.0.1:5558", "--json", server=server))
    assert json.loads(answer) == {"status": "ok"}

    first, second = json.loads(ok(run("workers", "--json", server=server)))
    assert (first["instance_id"], first["dp_rank"], first["endpoint"]) == ("a", 0, endpoint)
    assert first["state"] == "connecting" and first["last_sequence"] is None and first["replay_endpoint"] == ""
    assert (second["dp_rank"], second["replay_endpoint"]) == (1, "tcp://127.0.0.1:5558")
    assert second["held_blocks"] == {"device": 0, "host": 0, "disk": 0, "external": 0}
    titles, *rows = ok(run("workers", server=server)).splitlines()
    assert titles.split()[:3] == ["INSTANCE", "RANK", "STATE"]
    assert [row.split()[:3] for row in rows] == [["a", "0", "connecting"], ["a", "1", "connecting"]]

    refused(run("register", "--instance", "a", "--endpoint", endpoint, server=server), REFUSED, "ALREADY_EXISTS")
    refused(run("register", "--instance", "b", "--endpoint", endpoint, "--block-size", 32, server=server), REFUSED,
            "FAILED_PRECONDITION", "32")
    refused(run("register", "--instance", "b", "--endpoint", "nonsense", server=server), REFUSED, "INVALID_ARGUMENT",
            "endpoint")
    answer = ok(run("unregister", "--instance", "a", "--dp-rank", 1, "--json", server=server))
    assert json.loads(answer) == {"removed_workers": 1}
    assert ok(run("unregister", "--instance", "a", server=server)) == "removed 1 workers\n"
    refused(run("unregister", "--instance", "a", server=server), REFUSED, "NOT_FOUND")
    refused(run("unregister", "--instance", "a", "--dp-rank", "x", server=server), USAGE, "--dp-rank", "`x`")


def test_query_in_every_form(filled, simulator, tmp_path):
    server = filled.grpc_address
    sample = max(simulator.samples(50), key=lambda sample: max(sample["scores"].values(), default=0))
    tokens = sample["token_ids"]
    want = {str(worker): score for worker, score in sample["scores"].items()}
    assert want
    array = tmp_path / "array.json"
    array.write_text(json.dumps(tokens))
    lines = tmp_path / "lines.txt"
    lines.write_text("\n".join(map(str, tokens)) + "\n")
    forms = [
        run("query", "--json", "--tokens", ",".join(map(str, tokens)), server=server),
        run("query", "--json", "--tokens-file", array, server=server),
        run("query", "--json", "--tokens-file", lines, server=server),
        run("query", "--json", "--tokens-file", "-", server=server, stdin=json.dumps(tokens)),
    ]
    for form in forms:
        answer = json.loads(ok(form))
        assert {hit["instance_id"]: hit["device_blocks"] for hit in answer["hits"]} == want
        assert answer["asked_blocks"] == len(tokens) // 16 and answer["block_size_tokens"] == 16

    title, columns, best, *_ = ok(run("query", "--tokens-file", array, server=server)).splitlines()
    assert title.startswith(f"{len(tokens) // 16} blocks of 16 tokens")
    assert columns.split()[0] == "INSTANCE" and int(best.split()[2]) == max(want.values())


def test_query_by_hash(filled):
    server = filled.grpc_address
    events = [json.loads(line) for line in ok(run("dump", server=server)).splitlines()]
    first = next(event for event in events if event["parent_engine_hash"] is None)
    hashes = first["local_hashes"]
    signed = [h - 2**64 if h >= 2**63 else h for h in hashes]
    answers = [
        ok(run("query", "--json", "--hashes", json.dumps(hashes), server=server)),
        ok(run("query", "--json", "--hashes", " ".join(map(str, signed)), server=server)),
        ok(run("query", "--json", "--hashes-file", "-", server=server, stdin=json.dumps(signed))),
    ]
    assert answers[0] == answers[1] == answers[2]
    scores = {hit["instance_id"]: hit["device_blocks"] for hit in json.loads(answers[0])["hits"]}
    assert scores[first["instance_id"]] == len(hashes)


def register_partition(server, instance, model, *more):
    endpoint = f"tcp://127.0.0.1:{9 + len(instance)}"
    ok(run("register", "--instance", instance, "--endpoint", endpoint, "--model", model, *more, server=server))


def test_partitions(daemon):
    server = daemon.grpc_address
    assert ok(run("partitions", "--json", server=server)) == "[]\n"
    register_partition(server, "a", "llama", "--block-size", 16)
    register_partition(server, "a", "llama", "--block-size", 32, "--tenant", "acme", "--salt", "fp8", "--lora", "l")
    register_partition(server, "store", "llama", "--block-size", 16, "--kind", "pool")

    first, second = json.loads(ok(run("partitions", "--json", server=server)))
    assert (first["model"], first["tenant"], first["additional_salt"], first["block_size_tokens"]) == (
        "llama", "default", "", 16)
    assert (first["workers"], first["pools"], first["positions"]) == (1, 1, 0)
    assert (second["tenant"], second["additional_salt"], second["block_size_tokens"]) == ("acme", "fp8", 32)
    nothing = {"device": 0, "host": 0, "disk": 0, "external": 0}
    assert second["held_blocks"] == second["pool_blocks"] == nothing
    titles, *rows = ok(run("partitions", server=server)).splitlines()
    assert titles.split()[:3] == ["MODEL", "TENANT", "SALT"]
    assert [row.split()[:4] for row in rows] == [["llama", "default", "-", "16"], ["llama", "acme", "fp8", "32"]]

    (worker,) = json.loads(ok(run("workers", "--json", "--tenant", "acme", server=server)))
    assert (worker["additional_salt"], worker["lora_name"], worker["kind"]) == ("fp8", "l", "engine")
    kinds = [worker["kind"] for worker in json.loads(ok(run("workers", "--json", "--model", "llama", server=server)))]
    assert sorted(kinds) == ["engine", "engine", "pool"]
    assert ok(run("workers", "--json", "--model", "other", server=server)) == "[]\n"

    query = ["query", "--tokens", "1"]
    refused(run(*query, "--model", "other", server=server), REFUSED, "NOT_FOUND", "other")
    refused(run(*query, "--model", "llama", "--block-size", 64, server=server), REFUSED, "NOT_FOUND")
    ok(run(*query, "--model", "llama", server=server))
    register_partition(server, "b", "llama", "--block-size", 64)
    refused(run(*query, "--model", "llama", server=server), REFUSED, "INVALID_ARGUMENT", "64")

    unregister = ["unregister", "--instance", "a"]
    refused(run(*unregister, server=server), REFUSED, "NOT_FOUND")
    refused(run(*unregister, "--model", "llama", "--tenant", "acme", "--salt", "x", server=server), REFUSED, "NOT_FOUND")
    removed = ok(run(*unregister, "--model", "llama", "--tenant", "acme", "--salt", "fp8", "--block-size", 32,
                     server=server))
    assert removed == "removed 1 workers\n"
    assert ok(run(*unregister, "--model", "llama", server=server)) == "removed 1 workers\n"


@pytest.fixture
def followed(daemon):
    """Instance a with two ranks and instance b, in a partition of their own: prompt -> blocks each holds."""
    partition, rng = Partition("llama", "acme", 16), random.Random(7)
    prompt = Prompt([rng.randrange(32000) for _ in range(6 * 16)], "adapter", "salt")
    held = {("a", 0): 2, ("a", 1): 5, ("h:80", 0): 3}
    workers = [Worker(partition, instance, rank, private=True) for instance, rank in held]
    for worker in workers:
        worker.store(prompt, 0, held[worker.instance, worker.rank], DEVICE, rng)
        ok(run("register", "--instance", worker.instance, "--dp-rank", worker.rank, "--model", "llama", "--tenant",
               "acme", "--block-size", 16, "--endpoint", worker.engine.endpoint, "--replay-endpoint",
               worker.engine.replay_endpoint, server=daemon.grpc_address))

    def all_held():
        listed = json.loads(ok(run("workers", "--json", server=daemon.grpc_address)))
        return {(w["instance_id"], w["dp_rank"]): w["held_blocks"]["device"] for w in listed} == held

    wait_until(all_held, "the blocks of all workers")
    yield daemon.grpc_address, prompt, held
    for worker in workers:
        worker.engine.stop()


def test_what_a_query_can_say(followed):
    server, prompt, held = followed
    forms = [
        ["--tokens", json.dumps(prompt.tokens), "--lora", "adapter", "--cache-salt", "salt"],
        ["--hashes", json.dumps(prompt.local(16))],
        ["--sequence-hashes", json.dumps(prompt.positions(16))],
    ]

    def hits(form, *more):
        answer = run("query", "--json", "--model", "llama", "--tenant", "acme", *form, *more, server=server)
        return [(hit["instance_id"], hit["dp_rank"], hit["device_blocks"]) for hit in json.loads(ok(answer))["hits"]]

    everybody = [(*worker, blocks) for worker, blocks in held.items()]
    for form in forms:
        assert hits(form) == everybody
        assert hits(form, "--limit", 2) == [("a", 1, 5), ("h:80", 0, 3)]
        assert hits(form, "--candidate", "a") == everybody[:2]
        assert hits(form, "--candidate", "a:0", "--candidate", "h:80:") == [everybody[0], everybody[2]]
        assert hits(form, "--candidate", "h:80:1") == []
    assert hits(forms[0][:4]) == []  # without the salt it is another prompt
    assert hits(["--tokens", "1"], "--all") == [(*worker, 0) for worker in held]
    assert hits(forms[0], "--bigrams") == []
    nowhere = run("query", "--json", *forms[0], server=server)  # the default partition
    assert json.loads(ok(nowhere))["hits"] == []
    refused(run("query", "--tokens", "1", "--candidate", ":1", server=server), USAGE, "--candidate", "`:1`")


def test_dump_of_a_partition(followed):
    server, _, held = followed
    register_partition(server, "empty", "other", "--block-size", 16)
    lines = ok(run("dump", "--model", "llama", server=server)).splitlines()
    assert len(blocks_of_ctl(lines)) == sum(held.values())
    assert {tuple(json.loads(line)[key] for key in ("model", "tenant", "additional_salt", "block_size_tokens"))
            for line in lines} == {("llama", "acme", "", 16)}
    everything = [json.loads(line) for line in ok(run("dump", server=server)).splitlines()]
    assert {event["model"] for event in everything} == {"llama"}
    assert ok(run("dump", "--model", "other", server=server)) == ""
    assert ok(run("dump", "--tenant", "default", server=server)) == ""


def test_peers(daemon):
    server = daemon.grpc_address
    first, second = "http://10.0.0.8:8090", "http://10.0.0.9:8090"
    assert ok(run("peers", "--json", server=server)) == "[]\n"
    assert ok(run("peers", server=server)) == ""
    assert ok(run("peer", "add", first, server=server)) == "added\n"
    assert json.loads(ok(run("peer", "add", second, "--json", server=server))) == {"status": "ok"}
    ok(run("peer", "add", first, server=server))
    assert json.loads(ok(run("peers", "--json", server=server))) == [first, second]
    assert ok(run("peers", server=server)) == f"{first}\n{second}\n"
    assert ok(run("peer", "remove", first, server=server)) == "removed\n"
    refused(run("peer", "remove", first, server=server), REFUSED, "NOT_FOUND")
    refused(run("peer", "add", "nonsense", server=server), REFUSED, "INVALID_ARGUMENT", "`url`")
    assert json.loads(ok(run("peers", "--json", server=server))) == [second]


def test_bad_numbers_name_the_place(daemon, tmp_path):
    server = daemon.grpc_address
    bad = tmp_path / "bad.txt"
    bad.write_text("1 2\n3 four 5\n")
    refused(run("query", "--tokens", "1,x", server=server), USAGE, "--tokens: line 1, column 3", "`x`")
    refused(run("query", "--tokens-file", bad, server=server), USAGE, f"{bad}: line 2, column 3", "`four`")
    refused(run("query", "--hashes-file", "-", server=server, stdin="[1,2"), USAGE, "standard input: line 1, column 5")
    refused(run("query", "--tokens-file", tmp_path / "none", server=server), USAGE, "cannot read", "No such file")
    many = ",".join(["1"] * 600000)
    refused(run("query", "--hashes-file", "-", server=server, stdin=many), REFUSED, "RESOURCE_EXHAUSTED", "524288")


def blocks_of_ctl(lines):
    """(worker, rank, tier, engine hash) -> (local hash, parent's engine hash or None)."""
    blocks = {}
    for number, line in enumerate(lines):
        event = json.loads(line)
        assert event["event_id"] == number
        parent = event["parent_engine_hash"]
        for local, engine in zip(event["local_hashes"], event["engine_hashes"], strict=True):
            key = (event["instance_id"], event["dp_rank"], event["tier"], engine)
            assert key not in blocks
            blocks[key] = (local, parent)
            parent = engine
    return blocks


def blocks_of_rest(events):
    blocks = {}
    for event in events:
        stored = event["event"]["data"]["stored"]
        parent = stored["parent_hash"]
        for block in stored["blocks"]:
            key = (str(event["worker_id"]), event["event"]["dp_rank"], event["storage_tier"], block["block_hash"])
            blocks[key] = (block["tokens_hash"], parent)
            parent = block["block_hash"]
    return blocks


def test_dump_equals_rest(filled, tmp_path):
    server = filled.grpc_address
    want = blocks_of_rest(filled.rest.expect_ok(filled.rest.get("/dump")))
    assert len(want) > 1000
    output = tmp_path / "dump.jsonl"
    output.write_text("what was there before\n")
    assert ok(run("dump", "--output", output, server=server)) == ""
    assert blocks_of_ctl(output.read_text().splitlines()) == want
    assert blocks_of_ctl(ok(run("dump", server=server)).splitlines()) == want
    assert [path.name for path in tmp_path.iterdir()] == ["dump.jsonl"]


def test_dump_that_cannot_be_written(filled, tmp_path):
    server = filled.grpc_address
    refused(run("dump", "--output", tmp_path / "none" / "file", server=server), LOCAL, "cannot write", "No such file")
    refused(run("dump", "--output", "/dev/full", server=server), LOCAL, "/dev/full", "No space left")
    with open("/dev/full", "w") as full:
        result = subprocess.run([CTL, "--server", server, "dump"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert result.returncode == LOCAL and "standard output" in result.stderr


def test_a_reader_that_goes_away(filled):
    with subprocess.Popen([CTL, "--server", filled.grpc_address, "dump"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as ctl:
        assert ctl.stdout.readline().startswith(b"{")
        ctl.stdout.close()
        assert ctl.wait(30) == 0
        assert ctl.stderr.read() == b""


@contextlib.contextmanager
def interrupted_dump(server, *arguments, stdout):
    ctl = subprocess.Popen([CTL, "--server", server, "dump", *map(str, arguments)], stdout=stdout,
                           stderr=subprocess.PIPE)
    try:
        yield ctl
        assert ctl.wait(30) == INTERRUPTED
        assert ctl.stderr.read() == b""
    finally:
        ctl.kill()
        ctl.wait()
        ctl.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_dump_leaves_nothing(tmp_path, number):
    """The server accepts and says nothing, so that the dump is certainly under way."""
    output = tmp_path / "dump.jsonl"
    output.write_text("kept\n")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = f"127.0.0.1:{silent.getsockname()[1]}"
        with interrupted_dump(server, "--output", output, stdout=subprocess.DEVNULL) as ctl:
            connection, _ = silent.accept()
            assert len(list(tmp_path.iterdir())) == 2
            ctl.send_signal(number)
        connection.close()
    assert [path.name for path in tmp_path.iterdir()] == ["dump.jsonl"]
    assert output.read_text() == "kept\n"


def test_an_interruption_while_the_reader_is_slow(filled):
    """Nobody reads the pipe: the program waits in a write when the signal comes."""
    reader, writer = os.pipe()
    with interrupted_dump(filled.grpc_address, stdout=writer) as ctl:
        os.close(writer)
        wchan = time.monotonic() + 20
        while "pipe" not in open(f"/proc/{ctl.pid}/wchan").read() and time.monotonic() < wchan:
            time.sleep(0.01)
        ctl.send_signal(signal.SIGINT)
    os.close(reader)


def test_status(filled, start_daemon):
    server = filled.grpc_address
    answer = json.loads(ok(run("status", "--json", server=server)))
    assert answer["ready"] is True and answer["draining"] is False and answer["workers"] == 3
    assert sum(answer["workers_by_state"].values()) == 3
    assert ok(run("status", server=server)).startswith("ready, 3 workers: ")


def test_not_ready_is_an_exit_code(start_daemon):
    """A worker of the command line that never comes up: nothing is ready before its time is over."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
        daemon = start_daemon("--block-size", 16, "--ready-timeout", 600, "--workers", f"1=tcp://127.0.0.1:{port}")
        over_rest = daemon.rest.get("/ready")
        result = run("status", "--json", server=daemon.grpc_address)
    assert json.loads(result.stdout)["ready"] == (over_rest.status == 200)
    assert result.returncode == (0 if over_rest.status == 200 else REFUSED)


def test_unreachable_servers():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        server = f"127.0.0.1:{bound.getsockname()[1]}"
        for command in (["workers"], ["status"], ["dump"], ["query", "--tokens", "1"]):
            refused(run(*command, server=server), UNREACHABLE, server, "UNAVAILABLE")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = f"127.0.0.1:{silent.getsockname()[1]}"
        for command in ("workers", "dump"):
            start = time.monotonic()
            refused(run(command, "--timeout", 1, server=server), UNREACHABLE, "DEADLINE_EXCEEDED")
            assert 0.9 < time.monotonic() - start < 20


def test_the_environment_names_the_server(daemon):
    environment = {"KVINDEX_SERVER": daemon.grpc_address}
    assert ok(run("workers", "--json", environment=environment)) == "[]\n"
    refused(run("workers", server="127.0.0.1:1", environment=environment), UNREACHABLE, "127.0.0.1:1")


@pytest.mark.parametrize("server", ["nonsense", "host:", ":1", "host:0", "host:65536", "host:1x", "::1", "h/x:1"])
def test_bad_addresses(server):
    refused(run("workers", server=server), USAGE, "--server", f"`{server}`")


def test_usage():
    refused(run(), USAGE, "which command")
    refused(run("nonsense"), USAGE, "`nonsense`")
    refused(run("workers", "--nonsense"), USAGE, "`--nonsense`")
    refused(run("query"), USAGE, "--tokens")
    refused(run("help", "nonsense"), USAGE, "`nonsense`")
    refused(run("completion", "tcsh"), USAGE, "`tcsh`")
    refused(run("peer", "list", "x"), USAGE, "`list`", "add|remove")
    refused(run("query", "--hashes", "1", "--bigrams"), USAGE, "--bigrams")
    assert ok(run("help")) == ok(run("--help")) == ok(run("-h"))
    assert ok(run("help", "query")) == ok(run("query", "--help"))
    assert ok(run("--version")).startswith("kvindexctl ")
    assert ok(run("completion", "bash")).startswith("_kvindexctl()")


def test_text_from_strangers_does_not_steer_the_terminal(daemon):
    server = daemon.grpc_address
    ok(run("register", "--instance", "\x1b[2Jx", "--endpoint", "tcp://127.0.0.1:5557", server=server))
    assert "\x1b" not in ok(run("workers", server=server))
    assert json.loads(ok(run("workers", "--json", server=server)))[0]["instance_id"] == "\x1b[2Jx"
    result = run("register", "--instance", "\x1b[2Jx", "--endpoint", "tcp://127.0.0.1:5557", server=server)
    assert result.returncode == REFUSED and "\x1b" not in result.stderr


def test_the_example_of_the_c_library(filled):
    """Nobody holds tokens 1 to 16; a server that is not there is an error with its name."""
    example = BUILD / "clients" / "c" / "kvindex-c-example"
    result = subprocess.run([example, filled.grpc_address], capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    result = subprocess.run([example, "127.0.0.1:1"], capture_output=True, text=True, timeout=60)
    assert result.returncode == 1 and result.stderr.startswith("UNAVAILABLE: ")


# ---- Servers that misbehave ----


@contextlib.contextmanager
def fake_server(handlers):
    """A gRPC server of raw bytes: method -> function from context to bytes, or to an iterator of bytes for Dump."""

    class Handlers(grpc.GenericRpcHandler):
        def service(self, call):
            method = call.method.rsplit("/", 1)[1]
            make = grpc.unary_stream_rpc_method_handler if method == "Dump" else grpc.unary_unary_rpc_method_handler
            return make(lambda _request, context: handlers[method](context))

    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4), handlers=[Handlers()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait()


def busy_until(attempt, calls, method):
    def answer(context):
        calls.append(method)
        if len(calls) < attempt:
            context.abort(grpc.StatusCode.UNAVAILABLE, "busy")
        return b""

    return answer


def test_only_reads_are_tried_again():
    reads, late, writes = [], [], []
    handlers = {
        "ListWorkers": busy_until(3, reads, "ListWorkers"),
        "GetHealth": busy_until(99, late, "GetHealth"),
        "Register": busy_until(99, writes, "Register"),
    }
    with fake_server(handlers) as server:
        assert ok(run("workers", "--json", server=server)) == "[]\n"
        refused(run("status", server=server), UNREACHABLE, "UNAVAILABLE", "busy")
        refused(run("register", "--instance", "a", "--endpoint", "tcp://x:1", server=server), UNREACHABLE, "busy")
    assert (len(reads), len(late), len(writes)) == (3, 3, 1)


def test_answers_that_make_no_sense():
    one_sided = kvindex_pb2.DumpResponse(events=[kvindex_pb2.StoredBlocks(local_hashes=[1, 2], engine_hashes=[3])])
    handlers = {"ListWorkers": lambda _: b"\xff\xff", "Dump": lambda _: iter([one_sided.SerializeToString()])}
    with fake_server(handlers) as server:
        refused(run("workers", server=server), REFUSED, "INTERNAL", "malformed")
        refused(run("dump", server=server), REFUSED, "INTERNAL", "2 local and 1 engine hashes")


def test_a_dump_that_stalls(tmp_path):
    event = kvindex_pb2.StoredBlocks(local_hashes=[1], engine_hashes=[2])  # without a worker, which is no reason to fall
    done = threading.Event()

    def stall(_context):
        yield kvindex_pb2.DumpResponse(events=[event]).SerializeToString()
        done.wait(60)

    with fake_server({"Dump": stall}) as server:
        result = run("dump", "--timeout", 1, "--output", tmp_path / "dump", server=server)
        done.set()
    refused(result, UNREACHABLE, "DEADLINE_EXCEEDED", "1000 ms")
    assert list(tmp_path.iterdir()) == []
