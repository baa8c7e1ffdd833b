"""The services that are measured, with one face: kvindexd, and NVIDIA's indexer where it is installed."""

import http.client
import json
import sys

from harness import BUILD, ROOT, Daemon
from harness.truth import grpc_scores, listeners, register

import measure

sys.path.append(str(ROOT / "tests" / "conformance"))

import services  # noqa: E402

BLOCK = 16


class Indexer:
    """`daemon` is a running process with a `rest` client. Worker k of a fleet is instance k, rank 0."""

    unit = 1  # of a score, in blocks
    tells_losses = False

    def __init__(self, daemon, pid):
        self.daemon, self.pid = daemon, pid
        self.address, self.port = daemon.rest.host, daemon.rest.port
        self.connection = http.client.HTTPConnection(self.address, self.port, timeout=60)

    def stop(self):
        self.connection.close()
        self.daemon.stop()

    def cpu_seconds(self):
        return measure.cpu_seconds(self.pid)

    def rss_bytes(self):
        return measure.rss_bytes(self.pid)

    def question(self, tokens):
        return {"token_ids": tokens}

    def body(self, tokens):
        return json.dumps(self.question(tokens), separators=(",", ":"))

    def ask(self, tokens):
        """The answer as it is, over a connection that stays open."""
        self.connection.request("POST", "/query", self.body(tokens), {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        text = response.read()
        assert response.status == 200, (response.status, text[:500])
        return text.decode()

    def scores(self, tokens):
        """worker -> blocks."""
        found = {int(k): ranks["0"] // self.unit for k, ranks in json.loads(self.ask(tokens))["scores"].items()}
        return {worker: blocks for worker, blocks in found.items() if blocks}

    def sole_holder(self, worker, blocks):
        """What an answer must contain when one worker alone holds that much of the prompt."""
        return f'"scores":{{"{worker}":{{"0":{blocks * self.unit}}}}}'

    def is_wrong(self, sample):
        """Whether the answer to a prompt of the simulator differs from what its workers really hold."""
        return self.scores(sample["token_ids"]) != {int(worker): score for worker, score in sample["scores"].items()}


class Kvindex(Indexer):
    kind = "kvindex"
    tells_losses = True
    options = ["--block-size", str(BLOCK), "--threads", "1", "--log-level", "error"]

    def __init__(self):
        daemon = Daemon(*self.options)
        super().__init__(daemon, daemon.pid)

    @classmethod
    def command(cls, port):
        return [str(BUILD / "kvindexd"), "--port", str(port), "--grpc-port", "0", *cls.options]

    def register(self, simulator):
        register(self.daemon, simulator, replay=False)

    def is_wrong(self, sample):
        """Over gRPC too, and the number of blocks each worker holds in all."""
        tokens, want = sample["token_ids"], {int(worker): score for worker, score in sample["scores"].items()}
        answer = json.loads(self.ask(tokens))
        held = {worker: ranks["0"] for worker, ranks in answer["tree_sizes"].items()}
        return super().is_wrong(sample) or held != sample["held"] or grpc_scores(self.daemon.grpc.query(tokens)) != want

    def lost(self, simulator):
        """What it says it has lost or not yet applied, as text; empty when nothing."""
        have, problems = listeners(self.daemon), []
        for worker in simulator.ask("status")["workers"]:
            listener = have[str(worker["worker"]), "0"]
            if listener["state"] != "exact" or listener.get("last_sequence") != worker["next_sequence"] - 1:
                problems.append(f"worker {worker['worker']}: {listener} after {worker['next_sequence']} batches")
        return "; ".join(problems)


class Nvidia(Indexer):
    kind = "nvidia"
    unit = BLOCK
    threads = 1  # more are not exact on every stream

    def __init__(self):
        daemon = services.Nvidia(threads=self.threads)
        super().__init__(daemon, daemon.process.pid)

    @classmethod
    def command(cls, port):
        return [str(services.PYTHON), "-m", "dynamo.indexer", "--port", str(port), "--threads", str(cls.threads)]

    def question(self, tokens):
        return {"token_ids": tokens, "model_name": "m"}

    def register(self, simulator):
        for worker in simulator.workers:
            answer = self.daemon.rest.post(
                "/register",
                {"instance_id": worker["worker"], "endpoint": worker["endpoint"], "dp_rank": 0, "model_name": "m", "block_size": BLOCK},
            )
            assert answer.status in (200, 201), answer


peer_missing = services.missing
