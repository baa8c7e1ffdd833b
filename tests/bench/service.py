"""The figures of the whole service; see tests/bench/run. CPU seconds are user and system time of the daemon alone."""

import argparse
import contextlib
import json
import os
import random
import re
import statistics
import struct
import subprocess
import sys
import tempfile
import time

from harness import BUILD, ROOT, Daemon, Simulator
from harness.truth import check_samples, grpc_scores, register, rest_scores

BLOCK = 16
HERE = ROOT / "tests" / "bench"


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def service(trace, *simulator_options):
    """A daemon with one ingest thread and a fleet of eight engines, registered and connected."""
    work = ["--trace", trace] if trace else []
    simulator = Simulator("--workers", 8, "--no-drop", "--send-queue", 0, *work, *simulator_options)
    daemon = Daemon("--block-size", BLOCK, "--threads", 1, "--log-level", "error")
    try:
        register(daemon, simulator, replay=False)
        assert simulator.ask("subscribers", 30)["subscribed"] == 8
        yield daemon, simulator
    finally:
        simulator.stop()
        daemon.stop()


def wait_for_sentinel(daemon, simulator, tokens):
    """Every engine stores one last prompt; when all of them show it, everything before is applied."""
    simulator.prompt("*", tokens)
    while len(daemon.rest.query(tokens)["scores"]) < 8:
        time.sleep(0.002)
    return time.monotonic_ns()


def ingest(arguments):
    """ZMQ to index, drained: from the first batch sent until the last one is visible on every worker."""
    requests = ["--requests", 2000] if not arguments.trace else []
    runs = []
    for run in range(3):
        with service(arguments.trace, "--prepare", *requests) as (daemon, simulator):
            cpu = cpu_seconds(daemon.pid)
            simulator.ask("go")
            played = simulator.ask("wait")
            seconds = (wait_for_sentinel(daemon, simulator, [7] * BLOCK) - played["started_ns"]) / 1e9
            cpu = cpu_seconds(daemon.pid) - cpu
            blocks = played["stored"] + played["removed"]
            hits = check_samples(daemon, simulator, 100)
            held = sum(worker["held"] for worker in simulator.ask("status")["workers"])
            runs.append(
                {
                    "blocks": blocks,
                    "blocks_per_second": round(blocks / seconds),
                    "blocks_per_cpu_second": round(blocks / cpu),
                    "stored_blocks_per_cpu_second": round(played["stored"] / cpu),
                    "rss_bytes_per_holder_block": round(daemon.rss_kib() * 1024 / held, 1),
                    "exact": f"100 prompts, {hits} with hits",
                }
            )
    return median_run(runs, "blocks_per_cpu_second")


def median_run(runs, key):
    return min(runs, key=lambda run: abs(run[key] - statistics.median(r[key] for r in runs)))


def full_hit_prompts(simulator, tokens, n=24):
    rng = random.Random(tokens)
    prompts = [[rng.randrange(128256) for _ in range(tokens)] for _ in range(n)]
    for number, prompt in enumerate(prompts):
        simulator.prompt(number % 8, prompt)
    return prompts


def check_full_hits(daemon, simulator, prompts):
    for prompt in prompts:
        want = simulator.expect(prompt)
        assert max(want.values()) == len(prompt) // BLOCK
        assert rest_scores(daemon.rest.query(prompt)) == want
        assert grpc_scores(daemon.grpc.query(prompt)) == want


def wrk(daemon, bodies, connections, seconds):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("".join(body + "\n" for body in bodies))
        file.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", HERE / "post.lua", f"{daemon.url}/query", "--", file.name]
        cpu = cpu_seconds(daemon.pid)
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        cpu = cpu_seconds(daemon.pid) - cpu
    result = json.loads(re.search(r"^JSON (.*)$", output, re.M)[1])
    assert result["errors"] == 0, output
    return {
        "requests_per_second": round(result["requests"] / result["seconds"]),
        "requests_per_cpu_second": round(result["requests"] / cpu),
        "p50_us": result["p50_us"],
        "p99_us": result["p99_us"],
    }


def rest(arguments):
    """REST /query, full hits: wrk, closed loop, 24 bodies in turn."""
    results = {}
    with service(arguments.trace, "--requests", 300) as (daemon, simulator):
        simulator.play()
        for tokens in (512, 8192):
            prompts = full_hit_prompts(simulator, tokens)
            wait_for_sentinel(daemon, simulator, [tokens] * BLOCK)
            check_full_hits(daemon, simulator, prompts)
            bodies = [json.dumps({"token_ids": prompt}, separators=(",", ":")) for prompt in prompts]
            for connections in (1, 16):
                results[f"{tokens} tokens, {connections} connections"] = wrk(daemon, bodies, connections, arguments.seconds)
            check_full_hits(daemon, simulator, prompts)
        hits = check_samples(daemon, simulator, 50)
    results["exact"] = f"{2 * 24 * 2} full hits and 50 prompts, {hits} with hits"
    return results


def grpc(arguments):
    """gRPC QueryByHash with 512 hashes, unary, full hits: h2load, one connection."""
    from kvindex.v1 import kvindex_pb2 as pb

    results = {}
    with service(arguments.trace, "--requests", 1) as (daemon, simulator):
        prompt = full_hit_prompts(simulator, 512 * BLOCK, 1)[0]
        wait_for_sentinel(daemon, simulator, [3] * BLOCK)
        hashes = chain_of(daemon, 512)
        want = simulator.expect(prompt)

        def exact():
            assert grpc_scores(daemon.grpc.query_by_hash(hashes)) == want == {0: 512}

        exact()
        answer = daemon.grpc._stub.QueryByHash(pb.QueryByHashRequest(block_hashes=hashes))
        answer_bytes = 5 + len(answer.SerializeToString())
        message = pb.QueryByHashRequest(block_hashes=hashes).SerializeToString()
        with tempfile.NamedTemporaryFile() as body:
            body.write(struct.pack(">BI", 0, len(message)) + message)
            body.flush()
            for streams in (1, 64):
                results[f"512 hashes, {streams} in flight"] = h2load(daemon, body.name, answer_bytes, streams, arguments.seconds)
        exact()
    results["exact"] = "the same hashes before and after, and the bytes of a whole answer for every call"
    return results


def chain_of(daemon, blocks):
    """Local hashes of the one chain of that length in the dump."""
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


def h2load(daemon, body, answer_bytes, streams, seconds):
    """Every call must have brought the whole answer: an error has no data."""
    cpu = cpu_seconds(daemon.pid)
    command = [
        "h2load", "-c1", "-t1", f"-m{streams}", f"-D{seconds}", "-d", body, "-H", "content-type: application/grpc",
        "-H", "te: trailers", f"http://{daemon.grpc_address}/kvindex.v1.KvIndexer/QueryByHash",
    ]  # fmt: skip
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    cpu = cpu_seconds(daemon.pid) - cpu
    done = int(re.search(r"(\d+) done, (\d+) succeeded", output)[2])
    data = int(re.search(r"\((\d+)\) data", output)[1])
    assert data >= done * answer_bytes > 0, output
    mean = re.search(r"time for request: +\S+ +\S+ +(\S+)", output)[1]
    return {
        "requests_per_second": round(done / seconds),
        "requests_per_cpu_second": round(done / cpu),
        "mean_latency": mean,
    }


def program(name, *arguments):
    """Runs a bench program of the build. Its lines of JSON, or else its text."""
    run = subprocess.run([BUILD / "tests" / "bench" / name, *arguments], capture_output=True, text=True)
    if run.returncode:
        return {"failed": (run.stderr or run.stdout)[-500:]}
    lines = run.stdout.strip().splitlines()
    found = [json.loads(line) for line in lines if line.startswith("{")]
    return found[0] if len(found) == 1 else found or lines


def index(arguments):
    """The index alone, one thread, every event applied before the next record; answers against a literal model."""
    if arguments.operations:
        return program("index_bench", arguments.operations)
    return {
        "trace look-alike": program("index_bench", "--trace"),
        "trace look-alike, own hashes": program("index_bench", "--own-hashes", "--trace"),
        "short branches": program("index_bench", "--branches"),
    }


def decode(_arguments):
    """Decoding and hashing of event payloads, one thread."""
    return program("decode_bench")


SECTIONS = {"index": index, "decode": decode, "ingest": ingest, "rest": rest, "grpc": grpc}


def rows(value, prefix=()):
    """(label, text) of every figure."""
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from rows(inner, (*prefix, str(key)))
    else:
        yield ": ".join(prefix), f"{value:,}" if type(value) in (int, float) else str(value)


def failed(value):
    if isinstance(value, dict):
        return "failed" in value or any(map(failed, value.values()))
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--trace", type=os.path.abspath)
    parser.add_argument("--operations", type=os.path.abspath)
    parser.add_argument("--json", default=str(ROOT / "build" / "bench.json"))
    parser.add_argument("--seconds", type=int, default=5, help="of each closed loop")
    arguments = parser.parse_args()
    unknown = set(arguments.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"unknown section {', '.join(sorted(unknown))}")
    results = {}
    for name in arguments.sections or SECTIONS:
        print(f"\n{name}: {SECTIONS[name].__doc__}", flush=True)
        results[name] = SECTIONS[name](arguments)
        for label, value in rows(results[name]):
            print(f"  {label:60} {value}", flush=True)
    with open(arguments.json, "w") as file:
        json.dump(results, file, indent=1)
    print(f"\nwritten to {arguments.json}")
    return 1 if failed(results) else 0


if __name__ == "__main__":
    sys.exit(main())
