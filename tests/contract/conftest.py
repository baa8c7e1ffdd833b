import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "clients" / "python")]

from harness import Daemon, Simulator, wait_until  # noqa: E402


class Filled:
    """A daemon that follows three simulated engines with caches full of a real trace, some with holes. Their ids are
    texts that no generated request is likely to name."""

    def __init__(self):
        trace = ROOT / "tools" / "data" / "conversation_slice.jsonl"
        self.daemon = Daemon("--block-size", 16)
        self.simulator = Simulator(
            "--workers", 3, "--capacity", 6000, "--requests", 100, "--trace", trace, "--hash", "worker", "--rank", "none"
        )
        self.simulator.play()
        for worker in self.simulator.workers:
            self.daemon.grpc.register(f"fleet-{worker['worker']}", worker["endpoint"], 0, worker["replay_endpoint"])
        wait_until(self.followed, "the fleet is followed")
        for sample in self.simulator.samples(20, 4000):
            if sample["scores"]:
                self.simulator.ask("remove", next(iter(sample["scores"])), 0, sample["token_ids"])
        wait_until(self.followed, "the holes are known")

    def followed(self):
        have = {w.worker.instance_id: w for w in self.daemon.grpc.workers()}
        return all(
            have[f"fleet-{worker['worker']}"].last_sequence == worker["next_sequence"] - 1
            for worker in self.simulator.ask("status")["workers"]
        )

    def samples(self, n, max_tokens=20000):
        """n prompts; `scores` and `held` are by instance id."""
        samples = self.simulator.samples(n, max_tokens)
        for sample in samples:
            for key in ("scores", "held"):
                sample[key] = {f"fleet-{worker}": number for worker, number in sample[key].items()}
        return samples

    def stop(self):
        assert self.simulator.stop() == 0
        assert self.daemon.stop() == 0, self.daemon.log()


@pytest.fixture(scope="module")
def filled():
    filled = Filled()
    yield filled
    filled.stop()
