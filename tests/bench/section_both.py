"""Queries while events come in: mixed, open, visible."""

import random
import time

from fleet import follow
from load import endless, load
from measure import quantile, round_to
from section_ingest import exactness, limit, paced_stream, stream
from section_queries import check

BEACONS = 200


def while_streaming(fleet, rate, measure):
    """Figures of measure() while the stream goes on, and whether it outlasted them."""
    fleet.go(rate)
    time.sleep(0.3)
    result = measure()
    result["stream_outlasted"] = fleet.is_going()
    return result


MIXED = {
    "512 tokens, 16 connections": (512, 16),
    "2,048 tokens, 16 connections": (2048, 16),
    "8,192 tokens, 16 connections": (8192, 16),
    "8,192 tokens, 1 connection": (8192, 1),
}


def mixed(work, make):
    """Closed-loop REST queries while events come in at half the service's own measured limit; nothing may be lost."""
    result = {}
    for name, (tokens, connections) in MIXED.items():
        result |= load_while_streaming(work, make, make, name, tokens, connections)
    if work.peer and make is not work.peer:
        name = "8,192 tokens, 16 connections"
        result |= load_while_streaming(work, make, work.peer, f"{name}, at half NVIDIA's limit", *MIXED[name])
    return result


def load_while_streaming(work, make, paced_as, name, tokens, connections):
    """Figures of one load during a stream at half the limit of the service `paced_as`, and of that stream."""
    options, rate = paced_stream(work, paced_as, work.seconds + 1.5)
    with follow(make, *options) as fleet:
        prompts = fleet.prompts(tokens)
        check(fleet, prompts)
        fleet.go(rate)
        time.sleep(0.3)
        figures = load(fleet.indexer, fleet.lines(prompts), connections, work.seconds, alone=False)
        return {name: figures, f"{name}: the stream": ending(fleet, rate)}


def ending(fleet, rate):
    """Waits for the end of a stream; what it was, and whether all of it arrived."""
    outlasted = fleet.is_going()
    played = fleet.wait()
    behind = (fleet.drain() - played["ended_ns"]) / 1e6
    offered = (played["stored"] + played["removed"]) / max(1, played["ended_ns"] - played["started_ns"]) * 1e9
    return {
        "offered_blocks_per_second": round(rate),
        "sent_blocks_per_second": round(offered),
        "drained_ms_after_last_batch": round_to(behind, 3),
        "stream_outlasted": outlasted,
        **exactness(fleet),
    }


def open_loop(work, make):
    """Open loop: 2,048-token queries at a part of what a closed loop reached, while events come in at the same part of their
    limit: a quarter, which leaves the machine some room, and half."""
    rate = limit(work, make)
    result = {}
    for name, share in (("a quarter", 4), ("half", 2)):
        options = stream(work, int(rate / share * (work.seconds + 2) / work.blocks_per_request) + 1)
        with follow(make, *options) as fleet:
            prompts = fleet.prompts(2048)
            check(fleet, prompts)
            lines = fleet.lines(prompts)
            closed = load(fleet.indexer, lines, 16, work.seconds)
            queries = closed["per_second"] / share
            result |= {f"closed loop, no events, 16 connections, before {name}": closed}
            result[f"open loop, no events, {name}"] = load(fleet.indexer, lines, 16, work.seconds, rate=queries)
            fleet.go(rate / share)
            time.sleep(0.3)
            during = load(fleet.indexer, lines, 16, work.seconds, rate=queries, alone=False)
            during["offered_per_second"] = round(queries)
            result[f"open loop, events and queries at {name}"] = during
            result[f"whole run, {name}"] = ending(fleet, rate / share)
    return result


def beacons(fleet):
    """From handing an event to every engine's socket until one answer shows it on all of them, again and again."""
    rng, times = random.Random(3), []
    for _ in range(BEACONS):
        time.sleep(rng.uniform(0.002, 0.008))
        tokens = fleet.one_block()
        sent = fleet.pin("*", tokens)
        times.append((fleet.until_seen(tokens, pause=0.0002) - sent) / 1e6)
    return {
        "p50_ms": round_to(quantile(times, 0.5), 3),
        "p99_ms": round_to(quantile(times, 0.99), 3),
        "max_ms": round_to(max(times), 3),
        "beacons": len(times),
    }


def visible(work, make):
    """From an event's sending until an answer shows it on all 8 workers, 200 times: idle, under 16 closed-loop connections
    with 2,048-token queries, and with events at half their limit too."""
    options, rate = paced_stream(work, make, work.seconds + 3)
    result = {}
    with follow(make, *options) as fleet:
        prompts = fleet.prompts(2048)
        check(fleet, prompts)
        result["idle"] = beacons(fleet)
        with endless(fleet.indexer, fleet.lines(prompts), 16):
            result["16 query connections"] = beacons(fleet)
            result["16 query connections, events at half their limit"] = while_streaming(fleet, rate, lambda: beacons(fleet))
        result["whole run"] = ending(fleet, rate)
    return result
