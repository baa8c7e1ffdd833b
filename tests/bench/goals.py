"""What kvindex has set out to reach, as rows of the report. Where a goal has two forms, the one that needs no peer is an
absolute number and the other one a ratio in the same run."""

from typing import NamedTuple


class Goal(NamedTuple):
    what: str
    section: str
    cell: str
    figure: str
    at_most: float | None = None
    at_least: float | None = None
    of_peer: float | None = None  # at most this part of the peer's figure in the same run, its best round counting
    times_peer: float | None = None  # at least so many times the peer's median in the same run


EVENTS_TOO = "16 query connections, events at half their limit"

GOALS = [
    Goal("index, small: M block operations a second", "index", "small", "mops", times_peer=1.2),
    Goal("index, big: M block operations a second", "index", "big", "mops", times_peer=1.2),
    Goal("index, hole: M block operations a second", "index", "hole", "mops", times_peer=1.8),
    Goal("index, big: bytes per holder-block", "index", "big", "bytes_per_holder_block", at_most=20),
    Goal("index, small: bytes per holder-block", "index", "small", "bytes_per_holder_block", at_most=36),
    Goal("index, 8 holders a block: bytes per holder-block", "index", "8 holders a block", "bytes_per_holder_block", at_most=6),
    Goal("index, big, every worker with engine hashes of its own: bytes per holder-block", "index", "big, own hashes", "bytes_per_holder_block", at_most=40),
    Goal("index, branches of 1 to 3 blocks: bytes per holder-block", "index", "short branches", "bytes_per_holder_block", at_most=80),
    Goal("index, big: lookup p50, us", "index", "big", "lookup_p50_us", at_most=1.2),
    Goal("index, big: lookup p99, us", "index", "big", "lookup_p99_us", at_most=6),
    Goal("index, hole: lookup p50, us", "index", "hole", "lookup_p50_us", at_most=1.5),
    Goal("index, hole: lookup p99, us", "index", "hole", "lookup_p99_us", at_most=10),
    Goal("lookup p50 beside a writer at half its limit, over that of an idle index", "beside", "writer", "times_idle_p50", at_most=1.5),
    Goal("lookup p99 beside a writer at half its limit, over that of an idle index", "beside", "writer", "times_idle_p99", at_most=1.5),
    Goal("ingest: CPU us per stored block with its removal", "ingest", "real vLLM map batches", "cpu_us_per_stored", at_most=0.33),
    Goal("ingest: blocks per CPU-second", "ingest", "real vLLM map batches", "blocks_per_cpu_second", at_least=3e6),
    Goal("ingest with two threads: CPU a block over that of one", "ingest", "real vLLM map batches, two ingest threads", "times_one_thread", at_most=1.15),
    Goal("REST 512 tokens: CPU us a request", "rest", "512 tokens, 16 connections", "cpu_us", at_most=16),
    Goal("REST 8,192 tokens: CPU us a request", "rest", "8,192 tokens, 16 connections", "cpu_us", at_most=50),
    Goal("REST 512 hashes: requests per CPU-second", "rest", "512 hashes, 16 connections", "per_cpu_second", at_least=40000),
    Goal("REST 512 tokens: p50 over an empty handler's", "empty", "512 tokens, 1 connection", "times_empty", at_most=1.25),
    Goal("REST 8,192 tokens: p50 over an empty handler's", "empty", "8,192 tokens, 1 connection", "times_empty", at_most=1.6),
    Goal("REST 8,192 tokens: p50 beside the peer's", "rest", "8,192 tokens, 1 connection", "p50_us", of_peer=0.6),
    Goal("REST, a prompt held by 64 workers: CPU us", "workers", "512 tokens, 16 connections", "cpu_us", at_most=30),
    Goal("gRPC QueryByHash 512 hashes: calls per CPU-second", "grpc", "QueryByHash 512 hashes, 64 in flight", "per_cpu_second", at_least=60000),
    Goal("gRPC QueryStream 512 hashes: answers per CPU-second", "grpc", "rpc QueryStream 512 hashes, gRPC client, 64 in flight", "per_cpu_second", at_least=80000),
    Goal("gRPC Query 8,192 tokens: calls per CPU-second", "grpc", "Query 8,192 tokens, 64 in flight", "per_cpu_second", at_least=30000),
    Goal("8,192-token query p99 during ingest, us", "mixed", "8,192 tokens, 16 connections", "p99_us", at_most=3000, of_peer=0.25),
    Goal("2,048-token query p99 during ingest, open loop, us", "open", "open loop, events and queries at half", "p99_us", at_most=1000),
    Goal("event to visible under queries and ingest: p50, ms", "visible", EVENTS_TOO, "p50_ms", at_most=6),
    Goal("event to visible under queries and ingest: p99, ms", "visible", EVENTS_TOO, "p99_ms", at_most=15),
    Goal("RSS per holder-block, evicting", "memory", "8 workers of 32,768 blocks, evicting", "rss_bytes_per_holder_block", at_most=60),
    Goal("RSS per holder-block, nothing evicted", "memory", "8 workers, nothing evicted", "rss_bytes_per_holder_block", at_most=35),
    Goal("idle, 1,000 sources: % of a core", "idle", "1,000 sources", "cpu_percent_of_a_core", at_most=2),
    Goal("idle, 1,000 sources: MiB", "idle", "1,000 sources", "rss_mib", at_most=95),
    Goal("start to ready, ms", "start", "empty index", "ready_ms", at_most=100),
]  # fmt: skip


def figure(section, goal):
    """Ours: the median."""
    return section.get("services", {}).get("kvindex", {}).get("median", {}).get(goal.cell, {}).get(goal.figure)


def peer_of(section):
    """The service that kvindex is measured beside, if any."""
    return next((service for kind, service in section.get("services", {}).items() if kind != "kvindex"), {"runs": [], "median": {}})


def best_of_peer(section, goal):
    """The lowest of all rounds: a peer that stalled in one of them must not make a goal easy."""
    runs = peer_of(section)["runs"]
    return min((run[goal.cell][goal.figure] for run in runs if goal.figure in run.get(goal.cell, {})), default=None)


def judge(goal, results):
    """(figure, the goal as text, whether it is met); None when it was not measured. One of two forms is enough."""
    section = results["sections"].get(goal.section, {})
    ours, peers = figure(section, goal), best_of_peer(section, goal)
    if ours is None:
        return None
    forms, met = [], []
    if goal.at_most is not None:
        forms.append(f"<= {goal.at_most:,g}")
        met.append(ours <= goal.at_most)
    if goal.at_least is not None:
        forms.append(f">= {goal.at_least:,.0f}")
        met.append(ours >= goal.at_least)
    if goal.of_peer is not None and peers:
        forms.append(f"<= {goal.of_peer:g}x the peer's {peers:,.0f}")
        met.append(ours <= goal.of_peer * peers)
    median = peer_of(section)["median"].get(goal.cell, {}).get(goal.figure)
    if goal.times_peer is not None and median:
        forms.append(f">= {goal.times_peer:g}x the peer's {median:,g}")
        met.append(ours >= goal.times_peer * median)
    if not forms:
        return None
    return ours, " or ".join(forms), any(met)
