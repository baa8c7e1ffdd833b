"""Measures kvindex, and beside it NVIDIA's indexer. See tests/bench/README.md; started by tests/bench/run."""

import argparse
import json
import os
import subprocess
import sys
import time

from harness import BUILD

import indexer
import measure
import report
from section_both import mixed, open_loop, visible
from section_daemon import idle, start
from section_index import ChainIndex, beside, decode, index, scale
from section_ingest import ingest, memory
from section_queries import empty, grpc, rest, workers

SECTIONS = {
    "index": index,
    "beside": beside,
    "decode": decode,
    "ingest": ingest,
    "rest": rest,
    "empty": empty,
    "grpc": grpc,
    "workers": workers,
    "mixed": mixed,
    "open": open_loop,
    "visible": visible,
    "memory": memory,
    "scale": scale,
    "idle": idle,
    "start": start,
}
# Those that the peer service can be put through.
SERVICE = ("ingest", "rest", "workers", "mixed", "visible", "memory", "start")
# Those that are long, or repeat themselves inside.
ONCE = ("decode", "scale", "idle", "empty", "grpc")


class Work:
    """What all sections share: how much, and what was found out on the way."""

    def __init__(self, arguments):
        self.seconds, self.trace, self.operations, self.gib = (
            arguments.seconds, arguments.trace, arguments.operations, arguments.gib
        )  # fmt: skip
        self.requests = arguments.requests if arguments.requests is not None else int(800 * arguments.seconds)
        self.chain = False  # whether the peer of the index is measured
        self.peer = None  # the other service's class, where it is measured
        self.checksums = {}  # of the index's answers, by cell
        self.limits = {}  # kind of service -> blocks a second, as the last ingest found it
        self.blocks_per_request = 0


def run_section(name, work, makes, rounds):
    """Rounds of each service in turn: what disturbs one of them disturbs the others."""
    runs = {make.kind: [] for make in makes}
    stolen = measure.stolen_seconds()
    begin = time.monotonic()
    for number in range(rounds):
        for make in makes:
            print(f"  {name}: {make.kind}, round {number + 1} of {rounds}", file=sys.stderr, flush=True)
            runs[make.kind].append(SECTIONS[name](work, make))
    return {
        "about": " ".join(SECTIONS[name].__doc__.split()),
        "rounds": rounds,
        "seconds": round(time.monotonic() - begin, 1),
        "stolen_cpu_seconds": round(measure.stolen_seconds() - stolen, 1),
        "services": {kind: {"median": measure.median_of(some), "runs": some} for kind, some in runs.items()},
    }


def peers_of(name, work, makes):
    if name == "index" and work.chain:
        return [makes[0], ChainIndex]
    return makes if name in SERVICE else makes[:1]


def mistakes(results):
    """What makes the run fail: a wrong answer, an error or a loss of ours, or a section that ended early."""
    found = []
    for name, section in results["sections"].items():
        if "failed" in section:
            found.append(f"{name}: {section['failed']}")
            continue
        for cell, figures in section["services"]["kvindex"]["median"].items():
            bad = {key: figures[key] for key in ("wrong", "errors", "lost") if figures.get(key)}
            if bad:
                found.append(f"{name}: {cell}: {bad}")
    return found


def parse():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--peer", action="store_true", help=f"NVIDIA's indexer too: {', '.join(SERVICE)}")
    parser.add_argument("--peer-threads", type=int, default=1, help="its --threads; with more its answers may be wrong (1)")
    parser.add_argument("--seconds", type=float, default=5, help="of each load; all other work grows with it (5)")
    parser.add_argument("--rounds", type=int, default=3, help="of each service section; the report has medians (3)")
    parser.add_argument("--requests", type=int, help="of the ingest stream (800 for each of --seconds; 0: the whole trace)")
    parser.add_argument("--gib", type=float, help="memory that scale may use (half of what is available)")
    parser.add_argument("--trace", type=os.path.abspath, help="requests in Mooncake's JSON Lines format")
    parser.add_argument("--operations", type=os.path.abspath, help="an operation file for the section index")
    parser.add_argument("--json", default=str(BUILD.parent / "bench.json"), help="results, all runs of them")
    parser.add_argument("--markdown", help="the report")
    parser.add_argument("--from", dest="source", help="measure nothing: make the report of these JSON results")
    arguments = parser.parse_args()
    unknown = set(arguments.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"unknown section {', '.join(sorted(unknown))}")
    return arguments


def measure_all(arguments):
    work = Work(arguments)
    command = " ".join(["tests/bench/run", *sys.argv[1:]])
    results = {"machine": measure.machine(), "command": command, "peer": None, "sections": {}}
    makes = [indexer.Kvindex]
    if arguments.peer:
        missing = indexer.peer_missing()
        indexer.Nvidia.threads = arguments.peer_threads
        work.chain = ChainIndex.program.exists()
        print("peer of the index: " + ("kv-index 2.0.0" if work.chain else "NOT MEASURED: it was not built"), file=sys.stderr)
        version = f"ai-dynamo-runtime {indexer.services.VERSION}, --threads {arguments.peer_threads}"
        results["peer"] = f"NOT MEASURED: {missing}" if missing else version
        print(f"peer: {results['peer']}", file=sys.stderr)
        if not missing:
            work.peer = indexer.Nvidia
            makes.append(work.peer)
    for name in arguments.sections or SECTIONS:
        try:
            results["sections"][name] = run_section(
                name, work, peers_of(name, work, makes), 1 if name in ONCE else arguments.rounds * (3 if name == "index" else 1)
            )
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            # The other sections are worth having all the same.
            about = " ".join(SECTIONS[name].__doc__.split())
            results["sections"][name] = {"about": about, "failed": f"{type(error).__name__}: {error}"}
        print(report.section_text(name, results["sections"][name]), flush=True)
        with open(arguments.json, "w") as file:
            json.dump(results, file, indent=1)
    return results


def main():
    arguments = parse()
    if arguments.source:
        with open(arguments.source) as file:
            results = json.load(file)
    else:
        results = measure_all(arguments)
        print(f"written to {arguments.json}", file=sys.stderr)
    if arguments.markdown:
        with open(arguments.markdown, "w") as file:
            file.write(report.whole(results))
    found = mistakes(results)
    for mistake in found:
        print(f"FAILED {mistake}", file=sys.stderr)
    if results["peer"] and results["peer"].startswith("NOT"):
        print(f"peer {results['peer']}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
