"""From the wire to the index: ingest, memory."""

import time

from fleet import follow
from measure import round_to


def stream(work, requests):
    """Simulator options for a stream of that many requests; all of it is encoded before the first batch goes out."""
    options = ["--prepare", "--requests", requests]
    return ["--trace", work.trace, *options] if work.trace else options


def drained(work, make, requests):
    """Flat out, from the first batch sent until the last is visible on every worker."""
    with follow(make, *stream(work, requests)) as fleet:
        cpu = fleet.indexer.cpu_seconds()
        fleet.go()
        played = fleet.wait()
        seconds = (fleet.drain() - played["started_ns"]) / 1e9
        cpu = fleet.indexer.cpu_seconds() - cpu
        blocks = played["stored"] + played["removed"]
        work.limits[make.kind] = blocks / seconds
        work.blocks_per_request = blocks / played["requests"]
        return {
            "blocks": blocks,
            "blocks_per_second": round(blocks / seconds),
            "blocks_per_cpu_second": round(blocks / cpu),
            "stored_per_cpu_second": round(played["stored"] / cpu),
            "cpu_us_per_stored": round_to(cpu / played["stored"] * 1e6),
            **exactness(fleet),
        }


def exactness(fleet):
    found = fleet.exact()
    found["lost"] = fleet.lost()
    return found


def limit(work, make):
    """Blocks stored and removed a second that the service takes in at most, measured once in a run."""
    if make.kind not in work.limits:
        drained(work, make, work.requests)
    return work.limits[make.kind]


def paced_stream(work, make, seconds):
    """(simulator options, rate) of a stream that lasts that long at half the service's limit."""
    rate = limit(work, make) / 2
    return stream(work, int(rate * seconds / work.blocks_per_request) + 1), rate


TWO_THREADS = "real vLLM map batches, two ingest threads"


def ingest(work, make):
    """ZMQ to index, drained. A block is one that was stored or removed; 8 workers of 32,768 blocks each, in one partition.
    With two ingest threads each follows four of them: `times one thread` is its CPU time a block over that of one thread."""
    result = {"real vLLM map batches": drained(work, make, work.requests)}
    if make.kind == "kvindex":
        limit = work.limits[make.kind]
        two = drained(work, type("TwoThreads", (make,), {"options": [*make.options, "--threads", "2"]}), work.requests)
        work.limits[make.kind] = limit
        one = result["real vLLM map batches"]
        result[TWO_THREADS] = two | {"times_one_thread": round_to(one["blocks_per_cpu_second"] / two["blocks_per_cpu_second"], 3)}
    return result


def memory(work, make):
    """Resident memory over that after registration, per block and holder; paced at half the limit, then drained."""
    enough = 1 << 19 if 0 < work.requests <= 5000 else 1 << 21
    cells = {"8 workers of 32,768 blocks, evicting": 32768, "8 workers, nothing evicted": enough}
    result = {}
    rate = limit(work, make) / 2
    for name, capacity in cells.items():
        with follow(make, *stream(work, work.requests), "--capacity", capacity) as fleet:
            registered = fleet.indexer.rss_bytes()
            fleet.go(rate)
            played = fleet.wait()
            fleet.drain()
            time.sleep(2)  # what is given back late is given back
            grown = fleet.indexer.rss_bytes() - registered
            held = fleet.held()
            assert capacity < enough or played["removed"] == 0, "the caches were too small"
            result[name] = {
                "rss_bytes_per_holder_block": round_to(grown / held),
                "holder_blocks": held,
                "removed_blocks": played["removed"],
                "rss_registered_mib": round(registered / 2**20, 1),
                **exactness(fleet),
            }
    return result
