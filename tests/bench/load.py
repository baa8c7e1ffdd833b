"""Runs http_load against a service, beside which other things may happen."""

import contextlib
import json
import subprocess
import tempfile

from harness import BUILD

from measure import round_to


class Load:
    """A load under way; `result` waits for its end."""

    def __init__(self, address, port, lines, connections, seconds, rate=0, path="/query"):
        self.file = tempfile.NamedTemporaryFile("w", suffix=".txt")
        self.file.writelines(f"{expected}\t{body}\n" for expected, body in lines)
        self.file.flush()
        command = [BUILD / "tests" / "bench" / "http_load", "--connections", connections, "--seconds", seconds]
        command += ["--rate", rate, address, port, path, self.file.name]
        self.process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.file.close()

    def result(self):
        output = self.process.communicate()[0]
        self.file.close()
        assert self.process.returncode == 0, "http_load failed"
        return json.loads(output)


def load(indexer, lines, connections, seconds, rate=0, path="/query", alone=True):
    """Figures of one load. `alone`: the service has nothing else to do, so all its CPU time is that of the requests; else
    there is only how busy it was in all, and how long the load took: longer than asked for when answers were late."""
    before = indexer.cpu_seconds()
    result = Load(indexer.address, indexer.port, lines, connections, seconds, rate, path).result()
    cpu, took = indexer.cpu_seconds() - before, result.pop("seconds")
    if alone:
        result["per_cpu_second"] = round(result["requests"] / cpu)
        result["cpu_us"] = round_to(cpu / result["requests"] * 1e6)
    else:
        result["cores_busy_with_all"] = round_to(cpu / took, 3)
        result["load_took_s"] = round_to(took, 3)
    return result


@contextlib.contextmanager
def endless(indexer, lines, connections):
    """A closed loop for as long as the block runs."""
    running = Load(indexer.address, indexer.port, lines, connections, 86400)
    try:
        yield
        assert running.process.poll() is None, "http_load ended early"
    finally:
        running.stop()
