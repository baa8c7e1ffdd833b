"""Simulated engines that one service follows: streams flat out and paced, prompts of known holders, exactness.

The simulator knows what each of its engines holds, so every answer has a literal truth. Prompts for queries are *pinned*:
stored outside the engines' caches and never evicted, so their scores stay known while a stream goes on.
"""

import contextlib
import random
import time

from harness import Simulator, wait_until

VOCABULARY = 128256
PROMPTS = 24


class Fleet:
    def __init__(self, indexer, *options, workers=8):
        self.indexer, self.n = indexer, workers
        self.simulator = Simulator(
            "--workers", workers, "--no-drop", "--send-queue", 0, "--replay-layout", "none", "--replay-ring", 1, *options
        )  # fmt: skip
        self.sentinels = random.Random(7)

    def register(self):
        self.indexer.register(self.simulator)
        assert self.simulator.ask("subscribers", 60)["subscribed"] == self.n
        self.drain()  # what arrives late must not count as a loss

    # ---- what is sent ----

    def go(self, rate=0):
        self.simulator.ask("rate", int(rate))
        self.simulator.ask("go")

    def is_going(self):
        return self.simulator.ask("status")["queued_batches"] > 0

    def wait(self):
        """Until the last batch is sent."""
        return self.simulator.ask("wait")

    def pin(self, worker, tokens):
        """When the first of its events went out, in nanoseconds of the monotonic clock."""
        return self.simulator.ask("pin", worker, tokens)["sent_ns"]

    def one_block(self):
        return [self.sentinels.randrange(VOCABULARY) for _ in range(16)]

    def until_seen(self, tokens, pause=0.002, seconds=300):
        """Until every worker shows these blocks. When that was seen."""
        deadline = time.monotonic() + seconds
        while len(self.indexer.scores(tokens)) < self.n:
            assert time.monotonic() < deadline, f"the last event is not visible after {seconds} s"
            time.sleep(pause)
        return time.monotonic_ns()

    def drain(self):
        """Every engine stores one more block; when all show it, everything before is applied."""
        tokens = self.one_block()
        self.pin("*", tokens)
        return self.until_seen(tokens)

    # ---- what is asked ----

    def prompts(self, tokens, n=PROMPTS):
        """(worker, token ids) of prompts that one worker each holds wholly, from now on."""
        rng = random.Random(tokens)
        prompts = [(k % self.n, [rng.randrange(VOCABULARY) for _ in range(tokens)]) for k in range(n)]
        for worker, prompt in prompts:
            self.pin(worker, prompt)
        self.drain()
        return prompts

    def lines(self, prompts):
        """For http_load: what each answer must contain, and the body."""
        return [
            (self.indexer.sole_holder(worker, len(tokens) // 16), self.indexer.body(tokens)) for worker, tokens in prompts
        ]

    def exact(self, n=100):
        """n prompts of the work done so far, whole, cut and diverging, against what the engines hold."""
        samples = self.simulator.samples(n, 20000)
        wrong = sum(self.indexer.is_wrong(sample) for sample in samples)
        return {"prompts": n, "with_hits": sum(bool(sample["scores"]) for sample in samples), "wrong": wrong}

    def lost(self):
        """Empty when no event was lost."""
        if not self.indexer.tells_losses:
            return "not told"
        with contextlib.suppress(AssertionError):
            wait_until(lambda: not self.indexer.lost(self.simulator), "all batches are applied", 10)
        return self.indexer.lost(self.simulator)

    def held(self):
        """Holder-blocks: blocks, counted once for each worker that holds them."""
        return sum(worker["held"] for worker in self.simulator.ask("status")["workers"])


@contextlib.contextmanager
def follow(make, *options, workers=8):
    """A fresh service that follows a fresh fleet."""
    indexer = make()
    try:
        fleet = Fleet(indexer, *options, workers=workers)
        try:
            fleet.register()
            yield fleet
        finally:
            fleet.simulator.stop()
    finally:
        indexer.stop()
