"""The two services: NVIDIA's `python -m dynamo.indexer` out of its wheel, and kvindexd."""

import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

from harness import ROOT, Rest
from harness.process import SLOWNESS, Process

VERSION = "1.6.1"
PYTHON = pathlib.Path(os.environ.get("KVINDEX_NVIDIA", ROOT / "build" / "nvidia" / "bin" / "python"))
# What stands in for "here": kvindex, or NVIDIA's service once more, which proves the tests themselves.
HERE = os.environ.get("KVINDEX_CONFORMANCE", "kvindex")


def missing():
    """Why NVIDIA's service cannot be run; None if it can."""
    if not PYTHON.exists():
        return f"no {PYTHON} (tools/test installs ai-dynamo-runtime {VERSION} there; or set KVINDEX_NVIDIA)"
    code = "from importlib.metadata import version; import dynamo.llm; print(version('ai-dynamo-runtime'))"
    found = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True)
    if found.returncode:
        return f"{PYTHON} has no usable ai-dynamo-runtime: {found.stderr.strip().splitlines()[-1]}"
    if found.stdout.strip() != VERSION:
        return f"{PYTHON} has ai-dynamo-runtime {found.stdout.strip()}, the tests are written for {VERSION}"
    return None


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Nvidia:
    """NVIDIA's service on a free port; on one thread, where its answers are exact on the streams used here."""

    kind = "nvidia"

    def __init__(self, *arguments, threads=1):
        self.port = free_port()
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [PYTHON, "-m", "dynamo.indexer", "--port", str(self.port), "--threads", str(threads), *map(str, arguments)],
            stdout=self.errors,
            stderr=subprocess.STDOUT,
            env={**os.environ, "RUST_LOG": "info"},
        )
        self.rest = Rest("127.0.0.1", self.port)
        self.url = f"http://127.0.0.1:{self.port}"
        self.await_ready()

    def await_ready(self, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            assert self.process.poll() is None, f"exited with {self.process.returncode}\n{self.log()}"
            try:
                return self.rest.get("/health")
            except OSError:
                assert time.monotonic() < deadline, f"no answer within {seconds} s\n{self.log()}"
                time.sleep(0.01)

    def log(self):
        self.errors.seek(0)
        return self.errors.read()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.errors.close()


class Kvindex(Process):
    """kvindexd on a free port; its dump in NVIDIA's form."""

    kind = "kvindex"

    def __init__(self, *arguments):
        super().__init__(
            "kvindexd", "--port", 0, "--grpc-port", 0, "--log-level", "info", "--dump-format", "partitions", *arguments
        )
        address = self.line(60).split("rest=")[1].split()[0]
        host, port = address.rsplit(":", 1)
        self.rest = Rest(host, int(port))
        self.url = f"http://{address}"

    def stop(self):
        assert super().stop() == 0, self.log()


def start_here(*arguments):
    return (Nvidia if HERE == "nvidia" else Kvindex)(*arguments)


__all__ = ["HERE", "Kvindex", "Nvidia", "PYTHON", "SLOWNESS", "VERSION", "missing", "start_here"]
