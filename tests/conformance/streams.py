"""Random work of several engines, and the literal state it leads to.

NVIDIA's answers are exact only on some streams (test_differences.py has the others): all engines name a block alike, and
the device loses a prompt's tail first. Every stream here is of that kind; the literal state proves it in each run.
"""

import random

from hashing import engine_hashes

TIERS = {"GPU": "device", "CPU": "host_pinned", "DISK": "disk", "EXTERNAL": "external"}
CONTEXTS = [{}, {"lora_name": "sql-adapter"}, {"cache_salt": "tenant-7"}, {"lora_name": "sql-adapter", "cache_salt": "t"}]


class Held:
    """What each (instance, rank) holds in each tier: sets of engine hashes."""

    def __init__(self, block_size):
        self.block_size = block_size
        self.blocks = {}  # (instance, rank) -> medium -> set of hashes

    def of(self, worker, medium):
        return self.blocks.setdefault(worker, {}).setdefault(medium, set())

    def clear(self, worker):
        self.blocks[worker] = {}

    def count(self):
        return sum(len(held) for media in self.blocks.values() for held in media.values())

    def answer(self, tokens, **context):
        """The answer to /query, block by block."""
        hashes = engine_hashes(tokens, self.block_size, **context)
        scores, instances = {}, {}
        for instance, rank in self.blocks:
            at, reached = 0, []
            for medium in TIERS:
                held = self.of((instance, rank), medium)
                while at < len(hashes) and hashes[at] in held:
                    at += 1
                reached.append(at * self.block_size)
            gpu, cpu, _, disk = reached
            if gpu:
                scores.setdefault(str(instance), {})[str(rank)] = gpu
            if disk:
                entry = instances.setdefault(str(instance), {"gpu": 0, "cpu": 0, "disk": 0, "longest_matched": 0, "dp": {}})
                entry["dp"][str(rank)] = gpu
                for key, value in (("gpu", gpu), ("cpu", cpu), ("disk", disk), ("longest_matched", disk)):
                    entry[key] = max(entry[key], value)
        return {"scores": scores, "frequencies": [], "instances": instances}


class Stream:
    """`engines` are {(instance, rank): engine}."""

    def __init__(self, seed, engines, media=("GPU",), contexts=1, prompts=12, depth=10):
        self.rng = random.Random(seed)
        self.engines, self.media = engines, media
        self.block_size = next(iter(engines.values())).block_size
        self.held = Held(self.block_size)
        self.prompts = []
        for number in range(prompts):
            context = CONTEXTS[number % contexts]
            before = self.rng.choice(self.prompts)[0] if self.prompts and self.rng.random() < 0.8 else []
            shared = self.rng.randrange(depth) * self.block_size
            tail = [self.rng.randrange(200_000) for _ in range(self.rng.randrange(1, depth) * self.block_size)]
            self.prompts.append((before[:shared] + tail, context))

    def play(self, steps, lost=0):
        """`lost` is the share of batches that reach nobody, but can be replayed."""
        for _ in range(steps):
            worker = self.rng.choice(list(self.engines))
            events = [event for _ in range(self.rng.choice((1, 1, 2, 4))) for event in self.step(worker)]
            # Some publishers name their rank in each batch, others leave it to the registration.
            self.engines[worker].publish(*events, rank=self.rng.choice((worker[1], None)), lost=self.rng.random() < lost)

    def step(self, worker):
        engine, (tokens, context) = self.engines[worker], self.rng.choice(self.prompts)
        hashes = engine_hashes(tokens, self.block_size, **context)
        medium = self.rng.choice(self.media)
        held = self.held.of(worker, medium)
        leading = next((at for at, value in enumerate(hashes) if value not in held), len(hashes))
        what = self.rng.random()
        if what < 0.02:
            self.held.clear(worker)
            return [engine.make.cleared()]
        if what < 0.6:
            last = self.rng.randrange(leading, len(hashes)) + 1 if leading < len(hashes) else len(hashes)
            first = self.rng.choice((leading, leading, 0))  # engines store again what they have
            if first == last:
                return []
            held.update(hashes[first:last])
            return [engine.stored(tokens, first, last, medium=self.wire(engine, medium), **context)]
        # From the end of this prompt, but nothing that another prompt still continues.
        keep = 0
        for other, other_context in self.prompts:
            others = engine_hashes(other, self.block_size, **other_context)
            common = next((at for at, pair in enumerate(zip(hashes, others)) if pair[0] != pair[1]), min(len(hashes), len(others)))
            if common < len(others) and others[common] in held:
                keep = max(keep, common)
        first = self.rng.randrange(max(keep, leading - 4), leading) if keep < leading else leading
        gone = hashes[first:leading][:: self.rng.choice((1, -1))]
        held.difference_update(gone)
        return [engine.make.removed(gone, self.wire(engine, medium))] if gone else []

    @staticmethod
    def wire(engine, medium):
        return None if medium == "GPU" and engine.make.name == "sglang-map" else medium

    def questions(self, n):
        """Prompts whole, cut, and going another way."""
        for _ in range(n):
            tokens, context = self.rng.choice(self.prompts)
            cut = self.rng.randrange(len(tokens) + 1) if self.rng.random() < 0.5 else len(tokens)
            tail = [self.rng.randrange(200_000) for _ in range(self.rng.randrange(2 * self.block_size))]
            other = self.rng.choice(CONTEXTS) if self.rng.random() < 0.1 else context
            yield tokens[:cut] + tail, other
