"""From question to answer, nothing else going on: rest, workers, empty, grpc."""

import json
import re
import statistics
import struct
import subprocess
import tempfile

from harness import BUILD
from harness.truth import grpc_scores

from fleet import follow
from load import load
from measure import cpu_seconds, round_to
from section_index import program


def check(fleet, prompts):
    """Every prompt is held wholly, by its worker alone."""
    for worker, tokens in prompts:
        assert fleet.indexer.scores(tokens) == {worker: len(tokens) // 16}, "a wrong score"


def filled(work, make, workers=8):
    """A service whose index holds some work beside the prompts that are asked about."""
    options = ["--trace", work.trace] if work.trace else []
    return follow(make, *options, "--requests", 300, workers=workers)


def rest(work, make):
    """REST /query, prompts that one worker holds wholly, closed loop, 24 bodies in turn; every answer is compared."""
    result = {}
    with filled(work, make) as fleet:
        fleet.simulator.play()
        for tokens in (512, 2048, 8192):
            prompts = fleet.prompts(tokens)
            check(fleet, prompts)
            for connections in (1, 16):
                name = f"{tokens:,} tokens, {connections} connection{'s' * (connections > 1)}"
                result[name] = load(fleet.indexer, fleet.lines(prompts), connections, work.seconds)
        if make.kind == "kvindex":
            result["512 hashes, 16 connections"] = load_by_hash(work, fleet)
        result["whole run"] = fleet.exact(50)
    return result


def load_by_hash(work, fleet):
    """/query_by_hash for the chains of the pinned prompts of 8,192 tokens."""
    chain = chain_of(fleet.indexer.daemon, 512)
    answer = fleet.indexer.daemon.rest.query_by_hash(chain)
    expected = '"scores":' + json.dumps(answer["scores"], separators=(",", ":"))
    assert any(ranks["0"] == 512 for ranks in answer["scores"].values())
    lines = [(expected, json.dumps({"block_hashes": chain}, separators=(",", ":")))]
    return load(fleet.indexer, lines, 16, work.seconds, path="/query_by_hash")


def workers(work, make):
    """A prompt of 512 tokens that all of 64 workers hold."""
    result = {}
    with filled(work, make, workers=64) as fleet:
        fleet.simulator.play()
        prompts = [tokens for _, tokens in fleet.prompts(4096)]  # held by one each, and asked about only by the check
        shared = [[(token + 1) % 128256 for token in tokens[:512]] for tokens in prompts]
        for tokens in shared:
            fleet.pin("*", tokens)
        fleet.drain()
        lines = []
        for tokens in shared:
            assert fleet.indexer.scores(tokens) == dict.fromkeys(range(64), 32), "a wrong score"
            # Ours are in a fixed order; NVIDIA's are not, so there only the score of one worker is compared.
            answer = fleet.indexer.ask(tokens)
            whole = answer[: answer.index(',"frequencies"')] if make.kind == "kvindex" else f'{{"0":{32 * fleet.indexer.unit}}}'
            lines.append((whole, fleet.indexer.body(tokens)))
        for connections in (1, 16):
            name = f"512 tokens, {connections} connection{'s' * (connections > 1)}"
            result[name] = load(fleet.indexer, lines, connections, work.seconds)
        result["whole run"] = fleet.exact(50)
    return result


class Empty:
    """A libmicrohttpd server that reads the body and answers a constant."""

    address = "127.0.0.1"

    def __init__(self):
        program = BUILD / "tests" / "bench" / "empty_http"
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def cpu_seconds(self):
        return cpu_seconds(self.process.pid)

    def stop(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)


def empty(work, make):
    """REST p50 at one connection over that of an empty libmicrohttpd handler which reads the same body; alternating."""
    result = {}
    with filled(work, make) as fleet:
        floor = Empty()
        try:
            fleet.simulator.play()
            for tokens in (512, 8192):
                prompts = fleet.prompts(tokens)
                check(fleet, prompts)
                ours, empties = [], []
                for _ in range(9):
                    ours.append(load(fleet.indexer, fleet.lines(prompts), 1, work.seconds / 5))
                    empties.append(load(floor, [("scores", body) for _, body in fleet.lines(prompts)], 1, work.seconds / 5))
                result[f"{tokens:,} tokens, 1 connection"] = compared(ours, empties)
            result["whole run"] = fleet.exact(50)
        finally:
            floor.stop()
    return result


def compared(ours, empties):
    def p50(runs):
        return statistics.median(run["p50_us"] for run in runs)

    return {
        "p50_us": p50(ours),
        "empty_p50_us": p50(empties),
        "times_empty": round_to(p50(ours) / p50(empties), 3),
        "wrong": sum(run["wrong"] for run in ours + empties),
        "errors": sum(run["errors"] for run in ours + empties),
    }


def grpc(work, make):
    """gRPC QueryByHash, 512 hashes that one worker holds: h2load (unary), and a gRPC C core client (unary and streamed)."""
    from kvindex.v1 import kvindex_pb2 as pb

    result = {}
    with filled(work, make) as fleet:
        (worker, tokens), *_ = fleet.prompts(8192, 1)
        daemon = fleet.indexer.daemon
        chain = chain_of(daemon, 512)

        def exact():
            assert grpc_scores(daemon.grpc.query_by_hash(chain)) == grpc_scores(daemon.grpc.query(tokens)) == {worker: 512}

        exact()
        calls = {
            "QueryByHash 512 hashes": ("QueryByHash", pb.QueryByHashRequest(block_hashes=chain)),
            "Query 8,192 tokens": ("Query", pb.QueryRequest(token_ids=tokens)),
        }
        for name, (method, request) in calls.items():
            for streams in (1, 64):
                result[f"{name}, {streams} in flight"] = h2load(work, daemon, method, request, streams)
        exact()
    for line in program("rpc_bench", str(work.seconds)):
        name = f"{line.pop('bench')} 512 hashes, gRPC client, {line.pop('in_flight')} in flight"
        line["per_cpu_second"] = line.pop("per_server_cpu_second")
        result[name] = line
    return result


def chain_of(daemon, blocks):
    """Local hashes of the first chain of that length in the dump."""
    children, starts = {}, []
    for event in daemon.rest.get("/dump").json:
        parent = event["event"]["data"]["stored"]["parent_hash"]
        for block in event["event"]["data"]["stored"]["blocks"]:
            key = event["worker_id"], parent
            if parent is None:
                starts.append((event["worker_id"], block))
            children[key] = block
            parent = block["block_hash"]
    for worker, block in starts:
        chain = []
        while block and len(chain) < blocks:
            chain.append(block["tokens_hash"])
            block = children.get((worker, block["block_hash"]))
        if len(chain) == blocks:
            return chain
    raise AssertionError("no chain of that length")


def h2load(work, daemon, method, request, streams):
    """Every call must have brought the whole answer: an error has no data."""
    message = request.SerializeToString()
    answer_bytes = 5 + len(getattr(daemon.grpc._stub, method)(request).SerializeToString())
    seconds = max(1, round(work.seconds))  # it takes whole ones
    with tempfile.NamedTemporaryFile() as body:
        body.write(struct.pack(">BI", 0, len(message)) + message)
        body.flush()
        command = [
            "h2load", "-c1", "-t1", f"-m{streams}", f"-D{seconds}", "-d", body.name, "-H", "content-type: application/grpc",
            "-H", "te: trailers", f"http://{daemon.grpc_address}/kvindex.v1.KvIndexer/{method}",
        ]  # fmt: skip
        cpu = cpu_seconds(daemon.pid)
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        cpu = cpu_seconds(daemon.pid) - cpu
    done = int(re.search(r"(\d+) done, (\d+) succeeded", output)[2])
    data = int(re.search(r"\((\d+)\) data", output)[1])
    assert data >= done * answer_bytes > 0, output
    return {"requests": done, "per_second": round(done / seconds), "per_cpu_second": round(done / cpu)}
