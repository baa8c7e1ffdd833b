"""A program of the build folder, started for a test and always stopped."""

import os
import pathlib
import selectors
import signal
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("KVINDEX_BUILD", ROOT / "build" / "release")).resolve()

# Sanitizers slow everything down; time limits of tests are written for the release build.
SLOWNESS = 5 if BUILD.name in ("asan", "tsan") else 1


class Process:
    """Standard error goes to a file whose end is shown when something is wrong."""

    def __init__(self, program, *arguments):
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [BUILD / program, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        self.pid = self.process.pid

    def line(self, seconds=30):
        """The next line of its output."""
        selector = selectors.DefaultSelector()
        selector.register(self.process.stdout, selectors.EVENT_READ)
        if not selector.select(seconds * SLOWNESS):
            raise AssertionError(f"no answer within {seconds * SLOWNESS} s\n{self.log()}")
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"exited with {self.process.wait(10)}\n{self.log()}")
        return line

    def log(self):
        self.errors.seek(0)
        return self.errors.read()

    def stop(self, seconds=10):
        """Asks it to stop and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds * SLOWNESS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"did not stop within {seconds * SLOWNESS} s\n{self.log()}") from None
        finally:
            self.process.stdin.close()
            self.process.stdout.close()
        return code

    def rss_kib(self):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no VmRSS")
