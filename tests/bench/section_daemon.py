"""The service with nothing to do: start, idle."""

import http.client
import signal
import statistics
import subprocess
import time

from fleet import follow
from measure import cpu_seconds, round_to, rss_bytes
from indexer import services

STARTS = 9


def answers(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def started(command, port, path):
    """(milliseconds until the path answers 200, CPU milliseconds, resident MiB) of one start."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not answers(port, path):
            assert process.poll() is None and time.monotonic() - begin < 60, f"{command[0]} does not start"
            time.sleep(0.0005)
        ready = (time.monotonic() - begin) * 1e3
        return ready, cpu_seconds(process.pid) * 1e3, rss_bytes(process.pid) / 2**20
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def start(_work, make):
    """From the start of the process until it says that it is ready, with an empty index; median of 9."""
    path = "/ready" if make.kind == "kvindex" else "/health"
    runs = []
    for _ in range(STARTS):
        port = services.free_port()
        runs.append(started(make.command(port), port, path))
    ready, cpu, rss = (statistics.median(column) for column in zip(*runs))
    return {
        "empty index": {
            "ready_ms": round_to(ready, 3),
            "slowest_ms": round_to(max(run[0] for run in runs), 3),
            "cpu_ms": round_to(cpu, 3),
            "rss_mib": round(rss, 1),
        }
    }


def idle(work, make):
    """1,000 registered sources that have nothing to say."""
    seconds = max(2, work.seconds)
    with follow(make, "--capacity", 64, "--requests", 1, workers=1000) as fleet:
        time.sleep(1)
        cpu, begin = fleet.indexer.cpu_seconds(), time.monotonic()
        time.sleep(seconds)
        share = (fleet.indexer.cpu_seconds() - cpu) / (time.monotonic() - begin)
        rss = fleet.indexer.rss_bytes()
        tokens = fleet.one_block()
        fleet.pin("*", tokens)
        fleet.until_seen(tokens)
        return {
            "1,000 sources": {
                "cpu_percent_of_a_core": round_to(share * 100, 3),
                "rss_mib": round(rss / 2**20, 1),
                "sources_that_still_work": len(fleet.indexer.scores(tokens)),
                "lost": fleet.lost(),
            }
        }
