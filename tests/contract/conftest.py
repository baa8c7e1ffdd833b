import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "clients" / "python")]

from harness import Daemon, Simulator, wait_until  # noqa: E402
from kvindex.v1 import kvindex_pb2 as pb  # noqa: E402

# Where each dialect's registrations of the fleet are: model, tenant, additional salt.
PARTITIONS = {
    "first": ("default", "default", ""),
    "nvidia": ("llama-3-8b", "blue", ""),
    "mooncake": ("deepseek", "team", "w8a8"),
}


class Filled:
    """A daemon that follows three simulated engines with caches full of a real trace, some with holes; each is
    registered in every dialect, in a partition of its own. The ids are texts that no generated request is likely to name:
    `fleet-0` in the first dialect, `nvidia-0` and `mooncake-0` in the others."""

    def __init__(self):
        trace = ROOT / "tools" / "data" / "conversation_slice.jsonl"
        self.daemon = Daemon("--block-size", 16)
        self.simulator = Simulator(
            "--workers", 3, "--capacity", 6000, "--requests", 100, "--trace", trace, "--hash", "worker", "--rank", "none"
        )
        self.simulator.play()
        for worker in self.simulator.workers:
            for dialect in PARTITIONS:
                answer = self.daemon.rest.post("/register", self.registration(dialect, worker))
                assert answer.status == (200 if dialect == "mooncake" else 201), answer.body
        wait_until(self.followed, "the fleet is followed")
        for sample in self.simulator.samples(20, 4000):
            if sample["scores"]:
                self.simulator.ask("remove", next(iter(sample["scores"])), 0, sample["token_ids"])
        wait_until(self.followed, "the holes are known")

    @staticmethod
    def instance(dialect, number):
        return f"{'fleet' if dialect == 'first' else dialect}-{number}"

    def registration(self, dialect, worker):
        body = {"instance_id": self.instance(dialect, worker["worker"]), "endpoint": worker["endpoint"],
                "replay_endpoint": worker["replay_endpoint"], "block_size": 16}  # fmt: skip
        if dialect == "nvidia":
            body |= {"model_name": "llama-3-8b", "routing_group": "blue"}
        if dialect == "mooncake":
            body |= {"modelname": "deepseek", "tenant_id": "team", "additionalsalt": "w8a8", "type": "vLLM", "dp_rank": 0}
        return body

    @staticmethod
    def where(dialect):
        """The fields that choose the dialect and its partition in a query."""
        return {
            "first": {},
            "nvidia": {"model_name": "llama-3-8b", "routing_group": "blue"},
            "mooncake": {"model": "deepseek", "tenant_id": "team", "additionalsalt": "w8a8", "block_size": 16},
        }[dialect]

    @staticmethod
    def choice(dialect):
        """The same for gRPC."""
        if dialect == "first":
            return {}
        model, tenant, salt = PARTITIONS[dialect]
        return {"model": model, "tenant": tenant, "additional_salt": salt, "block_size_tokens": 16}

    def stub(self, method, request):
        """A call as the generated code makes it."""
        return getattr(self.daemon.grpc._stub, method)(request, timeout=30)

    def followed(self):
        have = {w.worker.instance_id: w for w in self.stub("ListWorkers", pb.ListWorkersRequest()).workers}
        return all(
            have[self.instance(dialect, worker["worker"])].last_sequence == worker["next_sequence"] - 1
            for worker in self.simulator.ask("status")["workers"]
            for dialect in PARTITIONS
        )

    def samples(self, n, max_tokens=20000, dialect="first"):
        """n prompts; `scores` and `held` are by instance id."""
        samples = self.simulator.samples(n, max_tokens)
        for sample in samples:
            for key in ("scores", "held"):
                sample[key] = {self.instance(dialect, worker): number for worker, number in sample[key].items()}
        return samples

    def stop(self):
        assert self.simulator.stop() == 0
        assert self.daemon.stop() == 0, self.daemon.log()


@pytest.fixture(scope="module")
def filled():
    filled = Filled()
    yield filled
    filled.stop()
