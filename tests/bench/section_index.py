"""Programs that link the parts themselves, without a service: index, decode, scale."""

import json
import subprocess

from harness import BUILD

from measure import available_gib


def program(name, *arguments):
    """Runs a program of the build; its lines of JSON, or else its lines of text. It fails when an answer is wrong."""
    run = subprocess.run([BUILD / "tests" / "bench" / name, *arguments], capture_output=True, text=True)
    assert run.returncode == 0, f"{name}: {(run.stderr or run.stdout)[-500:]}"
    lines = run.stdout.strip().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")] or lines


def index(work, _make):
    """The index alone, one thread, every event applied before the next record; answers against a literal model."""
    cells = {
        "trace look-alike": ["--trace"],
        "trace look-alike, own hashes": ["--own-hashes", "--trace"],
        "short branches": ["--branches"],
    }
    if work.operations:
        cells = {"operation file": [work.operations]}
    return {name: figures(program("index_bench", *arguments)[0]) for name, arguments in cells.items()}


def figures(line):
    """In one level, and without what only says which run it was."""
    lookup = line.pop("lookup_us")
    line["lookup_p50_us"], line["lookup_p99_us"] = lookup["p50"], lookup["p99"]
    line["bytes_by_use"] = " ".join(f"{use} {size:g}" for use, size in line["bytes_by_use"].items() if size)
    return {key: value for key, value in line.items() if key not in ("index", "workload", "own_hashes", "checksum")}


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
