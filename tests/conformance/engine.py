"""An engine as a subscriber sees it: a PUB socket, a ROUTER socket that replays, and the events of one engine's make.

The PUB socket is an XPUB, which is the same on the wire and tells when a subscriber has arrived: no test waits blindly.
"""

import contextlib
import struct
import threading
import time

import msgspec
import zmq

from hashing import blocks_of, engine_hashes, signed

END = (1 << 64) - 1


class VllmMap:
    """vLLM from 0.24 on: events are maps; unset optional keys are absent, unset required ones are nil."""

    name = "vllm-map"
    lora = True

    @staticmethod
    def stored(hashes, parent, tokens, block_size, medium, lora_name, cache_salt):
        event = {
            "type": "BlockStored",
            "block_hashes": hashes,
            "parent_block_hash": parent,
            "token_ids": tokens,
            "block_size": block_size,
            "lora_id": None,
            "medium": medium,
            "lora_name": lora_name,
        }
        if lora_name or cache_salt:
            event["extra_keys"] = extra_keys(hashes, parent, lora_name, cache_salt)
        event["group_idx"] = 0
        event["kv_cache_spec_kind"] = "full_attention"
        return event

    @staticmethod
    def removed(hashes, medium):
        return {"type": "BlockRemoved", "block_hashes": hashes, "medium": medium, "group_idx": 0}

    @staticmethod
    def cleared():
        return {"type": "AllBlocksCleared"}


class VllmArray:
    """vLLM 0.23: events are arrays that always have all their fields."""

    name = "vllm-array"
    lora = True

    @staticmethod
    def stored(hashes, parent, tokens, block_size, medium, lora_name, cache_salt):
        extra = extra_keys(hashes, parent, lora_name, cache_salt) if lora_name or cache_salt else None
        return [
            "BlockStored", hashes, parent, tokens, block_size, None, medium, lora_name, extra, 0, "full_attention", None,
        ]  # fmt: skip

    @staticmethod
    def removed(hashes, medium):
        return ["BlockRemoved", hashes, medium, 0]

    @staticmethod
    def cleared():
        return ["AllBlocksCleared"]


class SglangMap:
    """SGLang 0.5.22: maps, hashes signed, the medium absent for the device, a salt in a key of its own."""

    name = "sglang-map"
    lora = True

    @staticmethod
    def stored(hashes, parent, tokens, block_size, medium, lora_name, cache_salt):
        event = {
            "type": "BlockStored",
            "block_hashes": [signed(value) for value in hashes],
            "parent_block_hash": None if parent is None else signed(parent),
            "token_ids": tokens,
            "block_size": block_size,
            "lora_id": None,
            "medium": medium,
            "lora_name": lora_name,
        }
        if medium is None:
            del event["medium"]
        if cache_salt:
            event["cache_salt"] = cache_salt
        return event

    @staticmethod
    def removed(hashes, medium):
        event = {"type": "BlockRemoved", "block_hashes": [signed(value) for value in hashes]}
        return event if medium is None else {**event, "medium": medium}

    @staticmethod
    def cleared():
        return {"type": "AllBlocksCleared"}


def extra_keys(hashes, parent, lora_name, cache_salt):
    """LoRA name in every block; the salt, marked as Dynamo's vLLM component marks it, in the first of a prompt."""
    rows = []
    for number, _ in enumerate(hashes):
        row = [lora_name] if lora_name else []
        if cache_salt and parent is None and number == 0:
            row.append("dynamo-cache-salt:" + cache_salt)
        rows.append(row or None)
    return rows


MAKES = [VllmMap, VllmArray, SglangMap]

# Every name of a tier that NVIDIA's indexer knows; the first one of each is that of the barriers.
MEDIA = {
    "device": ["GPU", "DEVICE", None, ""],
    "host_pinned": ["CPU", "CPU_PINNED", "CPU_TIER1"],
    "disk": ["DISK", "CPU_TIER2", "NVME", "STORAGE"],
    "external": ["EXTERNAL", "NETWORK", "REMOTE", "SHARED"],
}
TIER_OF = {medium: tier for tier, media in MEDIA.items() for medium in media}


class Engine:
    def __init__(self, make=VllmMap, block_size=16, reply_frames=3, topic=b"kv-events"):
        self.make, self.block_size, self.reply_frames, self.topic = make, block_size, reply_frames, topic
        self.context = zmq.Context()
        self.publisher = self.context.socket(zmq.XPUB)
        self.publisher.setsockopt(zmq.XPUB_VERBOSE, 1)
        self.publisher.setsockopt(zmq.SNDHWM, 0)
        self.endpoint = f"tcp://127.0.0.1:{self.publisher.bind_to_random_port('tcp://127.0.0.1')}"
        self.router = self.context.socket(zmq.ROUTER)
        self.router.setsockopt(zmq.SNDHWM, 0)
        self.replay_endpoint = f"tcp://127.0.0.1:{self.router.bind_to_random_port('tcp://127.0.0.1')}"
        self.sent = []  # (sequence, payload) of every batch, also of those that were lost
        self.tiers = {"device"}  # those that any event was about
        self.replays = []  # first sequence asked for, per replay
        self.subscribers = self.expected = 0
        self.closing = threading.Event()
        self.thread = threading.Thread(target=self.serve_replays, daemon=True)
        self.thread.start()

    def close(self):
        self.closing.set()
        self.thread.join()
        self.context.destroy(linger=0)

    def serve_replays(self):
        while not self.closing.is_set():
            if not self.router.poll(50):
                continue
            peer, *_, start = self.router.recv_multipart()
            start = int.from_bytes(start, "big")
            self.replays.append(start)
            head = [peer, b""] if self.reply_frames == 3 else [peer, b"", self.topic]
            for sequence, payload in list(self.sent):
                if sequence >= start:
                    self.router.send_multipart([*head, struct.pack(">Q", sequence), payload])
            self.router.send_multipart([*head, struct.pack(">Q", END), b""])

    def await_subscribers(self, seconds=15):
        """Waits until all that were announced in `expected` have subscribed."""
        deadline = time.monotonic() + seconds
        while self.subscribers < self.expected:
            assert self.publisher.poll(1000 * max(0, deadline - time.monotonic())), (
                f"{self.subscribers} of {self.expected} subscribers within {seconds} s"
            )
            self.subscribers += self.publisher.recv()[:1] == b"\x01"

    def publish(self, *events, rank=None, lost=False):
        """Sends one batch. A lost one is only in the replay buffer."""
        payload = msgspec.msgpack.encode([time.time(), list(events), rank])
        sequence = len(self.sent)
        self.sent.append((sequence, payload))
        if not lost:
            self.publisher.send_multipart([self.topic, struct.pack(">Q", sequence), payload])

    def stored(self, tokens, first=0, last=None, medium="GPU", lora_name=None, cache_salt=None):
        """The event for blocks `first` to `last` of a prompt."""
        hashes = engine_hashes(tokens, self.block_size, lora_name, cache_salt)
        self.tiers.add(TIER_OF.get(medium, "device"))
        blocks = blocks_of(tokens, self.block_size)
        last = len(hashes) if last is None else last
        flat = [token for block in blocks[first:last] for token in block]
        parent = hashes[first - 1] if first else None
        return self.make.stored(hashes[first:last], parent, flat, self.block_size, medium, lora_name, cache_salt)

    def removed(self, tokens, first=0, last=None, medium="GPU", lora_name=None, cache_salt=None):
        return self.make.removed(engine_hashes(tokens, self.block_size, lora_name, cache_salt)[first:last], medium)

    def store(self, tokens, first=0, last=None, rank=None, lost=False, **more):
        self.publish(self.stored(tokens, first, last, **more), rank=rank, lost=lost)

    def remove(self, tokens, first=0, last=None, rank=None, lost=False, **more):
        self.publish(self.removed(tokens, first, last, **more), rank=rank, lost=lost)

    def clear(self, rank=None, lost=False):
        self.publish(self.make.cleared(), rank=rank, lost=lost)


@contextlib.contextmanager
def engines():
    """A function that starts engines; all are closed at the end."""
    started = []

    def start(*arguments, **more):
        started.append(Engine(*arguments, **more))
        return started[-1]

    try:
        yield start
    finally:
        for engine in started:
            engine.close()
