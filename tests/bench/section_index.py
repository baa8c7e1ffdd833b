"""Programs that link the parts themselves, without a service: index, beside, decode, scale."""

import json
import os
import subprocess

from harness import BUILD

from measure import available_gib

# name -> arguments of index_bench --trace: requests, workers, blocks of each, blocks of 1,000 that are removed and restored
CELLS = {"small": (12000, 8, 32768, 0), "big": (12000, 128, 65536, 0), "hole": (12000, 128, 65536, 20)}
OWN_CELLS = {
    "big, own hashes": ["--own-hashes", "--trace", 12000, 128, 65536],
    "short branches": ["--branches"],
    "8 holders a block": ["--trace", 4000, 64, 65536, 0, 8],
}


class ChainIndex:
    """SMG's index, in a program of its own that plays the same operation files."""

    kind = "chain_index"
    program = BUILD.parent / "chain_index" / "release" / "chain-index-bench"


def on_one_cpu():
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def program(name, *arguments, pinned=False):
    """Runs a program of the build; its lines of JSON, or else its lines of text. It fails when an answer is wrong."""
    command = [str(word) for word in (BUILD / "tests" / "bench" / name, *arguments)]
    run = subprocess.run(command, capture_output=True, text=True, preexec_fn=on_one_cpu if pinned else None)
    assert run.returncode == 0, f"{name}: {(run.stderr or run.stdout)[-500:]}"
    lines = run.stdout.strip().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")] or lines


def operation_files(work):
    """name -> file, made once."""
    if work.operations:
        return {"operation file": work.operations}
    folder = BUILD.parent / "bench"
    folder.mkdir(exist_ok=True)
    for name, shape in CELLS.items():
        if name not in work.checksums:
            program("index_bench", "--write", folder / f"{name}.ops", "--trace", *shape)
    return {name: folder / f"{name}.ops" for name in CELLS}


def index(work, make):
    """The index alone, one thread on one CPU, every event applied before the next record. Small: 8 workers of 32,768 blocks; big:
    128 of 65,536; hole: big, and 2 % of the blocks are removed from within their chains and restored later. In the first round
    answers are compared with a literal model; all rounds, and the peer, must give the same ones."""
    result = {}
    for name, file in operation_files(work).items():
        check = [] if name not in work.checksums else ["--no-check"]
        line = program(make.program, file, pinned=True) if make is ChainIndex else program("index_bench", *check, file, pinned=True)
        checksum = line[0].pop("checksum")
        assert work.checksums.setdefault(name, checksum) == checksum, f"{make.kind} gives other answers in the cell {name}"
        result[name] = figures(line[0])
    if make is not ChainIndex and not work.operations and "own cells" not in work.checksums:
        work.checksums["own cells"] = True  # once: nothing is beside them
        result |= {name: figures(program("index_bench", *words, pinned=True)[0]) for name, words in OWN_CELLS.items()}
    return result


def figures(line):
    """In one level, and without what only says which run it was."""
    lookup = line.pop("lookup_us")
    line |= {f"lookup_{name}_us": time for name, time in lookup.items()}
    kept = ("mops", "query_ns_per_block", "event_ns_per_block", "bytes_per_holder_block", "lookup_p50_us", "lookup_p99_us", "lookup_warm_p50_us", "lookup_warm_p99_us", "holder_blocks")
    checked = ("answers_checked", "wrong") if line.get("answers_checked") else ()
    return {key: line[key] for key in (*kept, *checked)}


def beside(_work, _make):
    """Lookups alone, and beside a writer that applies events at half its limit on another CPU: 128 workers of 32,768 blocks."""
    (line,) = program("beside_bench")
    result = {}
    for when in ("alone_before", "beside_writer", "alone_after"):
        times = line.pop(when)
        result[when.replace("_", " ")] = {"lookups": times["lookups"], "p50_us": times["p50"], "p99_us": times["p99"]}
    return result | {"writer": line}


def decode(_work, _make):
    """Decoding and hashing of event payloads, one thread; every payload's result is checked before it is timed."""
    head, *lines = program("decode_bench")
    assert "ns/block" in head, head
    result = {}
    for line in lines:
        form, blocks, _bytes, nanoseconds, millions, salted, _ns, tree, *_ = line.split()
        result[f"{form}, {blocks} block{'s' * (blocks != '1')} an event"] = {
            "ns_per_block": float(nanoseconds),
            "million_blocks_per_second": float(millions),
            "ns_per_block_salts_known": float(salted),
            "msgpack_c_tree_ns": float(tree),
        }
    return result


def scale(work, _make):
    """How cost grows, index alone: workers, holder-blocks, prompt lengths; every answer is compared."""
    gib = work.gib or available_gib() / 2
    result = {}
    for line in program("scale_bench", str(gib), str(work.seconds * 12)):
        name = f"{line.pop('workers'):,} workers, {line.pop('wanted_holder_blocks') // 1000000:,} M holder-blocks"
        for length, times in line.pop("lookups", {}).items():
            line[f"{length}: p50_us"], line[f"{length}: p99_us"] = times["p50_us"], times["p99_us"]
        result[name] = line
    return result
