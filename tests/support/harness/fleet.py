"""A random fleet over several partitions, and a literal model of what its workers and pools hold.

A position is named by its sequence hash. Engines announce blocks in every way there is for their tier: with tokens,
without them for a block they have announced before, with a LoRA name, a cache salt, and under hashes of their own.
"""

import random
from typing import NamedTuple

from .engine import Engine
from .hashing import local_hashes, sequence_hashes

DEVICE, HOST, DISK, EXTERNAL = TIERS = range(4)
ANY = 4
MEDIA = [["GPU", None], ["CPU", "CPU_PINNED"], ["DISK", "STORAGE"], ["EXTERNAL", "SHARED"]]


class Partition(NamedTuple):
    model: str
    tenant: str
    block_size: int
    salt: str = ""


class Prompt(NamedTuple):
    tokens: list
    lora: str
    cache_salt: str

    def local(self, block_size):
        return local_hashes(self.tokens, block_size, self.lora, self.cache_salt)

    def positions(self, block_size):
        return sequence_hashes(self.local(block_size))


class Worker:
    """One engine, which is one rank of an instance."""

    def __init__(self, partition, instance, rank, private):
        self.partition, self.instance, self.rank = partition, instance, rank
        self.engine = Engine()
        self.naming = random.Random(f"{instance}/{rank}").getrandbits(64) if private else 0
        self.held = [set() for _ in TIERS]

    def name(self, position):
        """The engine hash: opaque, other engines' may differ."""
        return position ^ self.naming

    def store(self, prompt, first, last, tier, rng):
        """Blocks first to last - 1, with their tokens; the block before them must be held."""
        size, positions = self.partition.block_size, prompt.positions(self.partition.block_size)
        event = {
            "type": "BlockStored",
            "block_hashes": [self.name(position) for position in positions[first:last]],
            "parent_block_hash": self.name(positions[first - 1]) if first else None,
            "token_ids": prompt.tokens[first * size : last * size],
            "block_size": size,
            "lora_id": None,
            "medium": rng.choice(MEDIA[tier]),
            "lora_name": prompt.lora or None,
        }
        if prompt.cache_salt and rng.random() < 0.5:
            event["cache_salt"] = prompt.cache_salt
        elif prompt.cache_salt and first == 0:  # vLLM: the first block's extra keys; the others inherit it
            lora = [prompt.lora] if prompt.lora else []
            event["extra_keys"] = [lora + [prompt.cache_salt]] + [lora or None] * (last - 1)
        self.engine.publish(event, rank=self.rank)
        self.held[tier] |= set(positions[first:last])

    def reside(self, positions, tier):
        """Blocks that are announced already are now in this tier too."""
        self.engine.publish(
            {"type": "BlockStored", "block_hashes": [self.name(p) for p in positions], "parent_block_hash": None,
             "token_ids": [], "block_size": 0, "lora_id": None, "medium": MEDIA[tier][0], "lora_name": None},
            rank=self.rank,
        )  # fmt: skip
        self.held[tier] |= set(positions)

    def remove(self, positions, tier):
        self.engine.publish(
            {"type": "BlockRemoved", "block_hashes": [self.name(p) for p in positions], "medium": MEDIA[tier][0]},
            rank=self.rank,
        )
        self.held[tier] -= set(positions)

    def clear(self):
        self.engine.publish({"type": "AllBlocksCleared"}, rank=self.rank)
        self.held = [set() for _ in TIERS]


class Pool:
    """A store's master: hashes only, one an event, as Mooncake's does."""

    def __init__(self, partition, instance):
        self.partition, self.instance = partition, instance
        self.engine = Engine()
        self.announced = set()  # of position and tier
        self.held = [set() for _ in TIERS]

    def _event(self, kind, position, tier):
        return {"event_id": 1, "timestamp": 1, "event_type": kind, "model_name": None, "block_size": None,
                "additional_salt": None, "lora_name": None, "tenant_id": None, "backend_id": "store", "group_id": None,
                "medium": ["cpu", "disk"][tier - 1], "dp_rank": None, "seq_hashes": [position],
                "base_block_idx": None, "parent_hash": None, "token_ids": None}  # fmt: skip

    def store(self, positions, tier):
        self.engine.publish(*(self._event("stored", position, tier) for position in positions))
        self.announced |= {(position, tier) for position in positions}

    def remove(self, positions):
        self.engine.publish(*(self._event("removed", position, HOST) for position in positions))
        self.announced = {(position, tier) for position, tier in self.announced if position not in positions}
        self.held = [held - set(positions) for held in self.held]

    def resolve(self, known):
        """What was announced counts from the moment on at which somebody makes the block known."""
        for position, tier in self.announced:
            if position in known:
                self.held[tier].add(position)


class Fleet:
    def __init__(self, seed, partitions, workers=3, pools=()):
        self.rng = random.Random(seed)
        self.partitions = partitions
        self.workers = [
            Worker(partition, f"{partition.tenant}-{i}" if i % 3 else str(100 * number + i), i % 2, private=i % 2)
            for number, partition in enumerate(partitions)
            for i in range(workers)
        ]
        self.pools = [Pool(partition, "store") for partition in pools]
        self.prompts = self._prompts(14)

    def _prompts(self, n):
        """Prompts that share beginnings."""
        prompts = []
        for _ in range(n):
            old = self.rng.choice(prompts).tokens if prompts and self.rng.random() < 0.7 else []
            keep = old[: self.rng.randrange(len(old) + 1)]
            tokens = keep + [self.rng.getrandbits(32 if self.rng.random() < 0.1 else 17) for _ in range(self.rng.randrange(16, 400))]
            lora, salt = self.rng.choice([("", ""), ("", ""), ("adapter-a", ""), ("", "tenant-7"), ("adapter-a", "tenant-7")])
            prompts.append(Prompt(tokens, lora, salt))
        return prompts

    def of(self, partition):
        return [worker for worker in self.workers if worker.partition == partition]

    def stop(self):
        for source in self.workers + self.pools:
            source.engine.stop()

    # ---- what happens ----

    def step(self):
        """One event of one worker."""
        worker, prompt, rng = self.rng.choice(self.workers), self.rng.choice(self.prompts), self.rng
        positions = prompt.positions(worker.partition.block_size)
        known = set().union(*worker.held)
        action = rng.random()
        if action < 0.55 or not known:
            starts = [0] + [i + 1 for i, position in enumerate(positions) if position in known]
            first = rng.choice([start for start in starts if start < len(positions)] or [0])
            if positions:
                worker.store(prompt, first, rng.randrange(first, len(positions)) + 1, rng.choice([0, 0, 0, 1, 2, 3]), rng)
        elif action < 0.7:
            worker.reside(rng.sample(sorted(known), min(len(known), 5)), rng.choice([1, 2, 3]))
        elif action < 0.98:
            tier = rng.choice([tier for tier in TIERS if worker.held[tier]])
            worker.remove(rng.sample(sorted(worker.held[tier]), min(len(worker.held[tier]), rng.randrange(1, 8))), tier)
        else:
            worker.clear()
        for pool in self.pools:
            pool.resolve(set().union(*(held for w in self.of(pool.partition) for held in w.held)))

    def step_of_pool(self):
        pool = self.rng.choice(self.pools)
        positions = self.rng.choice(self.prompts).positions(pool.partition.block_size)
        some = self.rng.sample(positions, min(len(positions), self.rng.randrange(1, 12)))
        if self.rng.random() < 0.7:
            pool.store(some, self.rng.choice([HOST, DISK]))
        else:
            pool.remove(some)
        pool.resolve(set().union(*(held for w in self.of(pool.partition) for held in w.held), *pool.held))

    # ---- what is asked ----

    def question(self):
        """A prompt as it was stored, cut, gone on, or of another adapter or salt."""
        prompt, rng = self.rng.choice(self.prompts), self.rng
        tokens = prompt.tokens[: rng.randrange(len(prompt.tokens) + 1)] if rng.random() < 0.4 else list(prompt.tokens)
        if rng.random() < 0.3:
            tokens += [rng.getrandbits(17) for _ in range(rng.randrange(60))]
        if rng.random() < 0.1:
            return Prompt(tokens, "adapter-b", prompt.cache_salt)
        return Prompt(tokens, prompt.lora, prompt.cache_salt)

    def expected(self, partition, prompt):
        """(instance, rank) -> blocks on the device, through host, disk, external one after the other, and through disk
        and external in any mixture; of every worker."""
        positions = prompt.positions(partition.block_size)
        pools = [pool for pool in self.pools if pool.partition == partition]

        def reach(start, *sets):
            while start < len(positions) and any(positions[start] in held for held in sets):
                start += 1
            return start

        answer = {}
        for worker in self.of(partition):
            lower = [[worker.held[tier]] + [pool.held[tier] for pool in pools] for tier in TIERS]
            device = reach(0, worker.held[DEVICE])
            host = reach(device, *lower[HOST])
            disk = reach(host, *lower[DISK])
            external = reach(disk, *lower[EXTERNAL])
            answer[worker.instance, worker.rank] = (
                device, host, disk, external, reach(host, *lower[DISK], *lower[EXTERNAL])
            )  # fmt: skip
        return answer
