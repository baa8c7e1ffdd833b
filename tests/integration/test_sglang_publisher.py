"""The event publisher of the real SGLang, taken out of its wheel, drives the index.

tools/test downloads the wheels to build/sglang; only the one module is loaded. What it imports from the rest of SGLang
is not used here and is replaced by empty stand-ins.
"""

import hashlib
import importlib.util
import sys
import time
import types
import zipfile

import pytest
from harness import ROOT, wait_until
from harness.truth import rest_scores

MODULE = "sglang/srt/disaggregation/kv_events.py"
VERSIONS = ["0.5.18", "0.5.23"]  # the last with array events that is common, and one with map events
BLOCK = 16


@pytest.fixture(params=VERSIONS)
def kv_events(request, tmp_path, monkeypatch):
    wheels = list((ROOT / "build" / "sglang").glob(f"sglang-{request.param}-*.whl"))
    if not wheels:
        pytest.skip(f"no wheel of sglang {request.param} in build/sglang")
    for name, attribute in [("sglang.srt.runtime_context", "get_parallel"), ("sglang.srt.utils.network", "NetworkAddress")]:
        stand_in = types.ModuleType(name)
        setattr(stand_in, attribute, None)
        monkeypatch.setitem(sys.modules, name, stand_in)
    for package in ("sglang", "sglang.srt", "sglang.srt.utils"):
        monkeypatch.setitem(sys.modules, package, types.ModuleType(package))
    with zipfile.ZipFile(wheels[0]) as wheel:
        path = tmp_path / "kv_events.py"
        path.write_bytes(wheel.read(MODULE))
    spec = importlib.util.spec_from_file_location("sglang_kv_events", path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


class Engine:
    """A radix cache of one request at a time, telling of its pages through SGLang's publisher."""

    def __init__(self, kv_events):
        self.events = kv_events
        self.publisher = kv_events.ZmqEventPublisher(0, endpoint="tcp://*:0", replay_endpoint="tcp://*:0")
        self.endpoint = self.address(self.publisher._pub)
        self.replay_endpoint = self.address(self.publisher._replay)

    @staticmethod
    def address(socket):
        return socket.getsockopt_string(32).replace("0.0.0.0", "127.0.0.1")  # 32: ZMQ_LAST_ENDPOINT

    @staticmethod
    def page_hashes(tokens):
        """SGLang's rule: SHA-256 over the previous digest and the tokens, first 8 bytes, signed."""
        digest, hashes = b"", []
        for at in range(0, len(tokens), BLOCK):
            page = b"".join(token.to_bytes(4, "little") for token in tokens[at : at + BLOCK])
            digest = hashlib.sha256(digest + page).digest()
            hashes.append(int.from_bytes(digest[:8], "big", signed=True))
        return hashes

    def publish(self, *events):
        self.publisher.publish(self.events.KVEventBatch(ts=time.time(), events=list(events)))

    def store(self, tokens):
        hashes = self.page_hashes(tokens)
        self.publish(
            *(
                self.events.BlockStored(
                    block_hashes=[page_hash],
                    parent_block_hash=hashes[page - 1] if page else None,
                    token_ids=tokens[page * BLOCK : (page + 1) * BLOCK],
                    block_size=BLOCK,
                    lora_id=None,
                    medium=self.events.StorageMedium.GPU,
                )
                for page, page_hash in enumerate(hashes)
            )
        )
        return hashes

    def remove(self, *hashes):
        self.publish(self.events.BlockRemoved(block_hashes=list(hashes), medium=self.events.StorageMedium.GPU))

    def clear(self):
        self.publish(self.events.AllBlocksCleared())


@pytest.fixture
def engine(kv_events):
    engine = Engine(kv_events)
    yield engine
    engine.publisher.shutdown()


def register(daemon, engine, replay):
    body = {"instance_id": 1, "endpoint": engine.endpoint}
    if replay:
        body["replay_endpoint"] = engine.replay_endpoint
    assert daemon.rest.post("/register", body).status == 201


def becomes(daemon, tokens, scores):
    wait_until(lambda: rest_scores(daemon.rest.query(tokens)) == scores, f"scores are {scores}")


@pytest.mark.parametrize("replay", [False, True], ids=["live", "replayed"])
def test_scores_follow_the_engine(daemon, engine, replay):
    tokens = list(range(1000, 1000 + 10 * BLOCK))
    if not replay:
        register(daemon, engine, replay)
        # A live subscriber must be connected before the first event; the state says so.
        wait_until(lambda: daemon.rest.get("/workers").json[0]["listeners"]["0"]["state"] != "connecting", "connected")
        time.sleep(0.2)
    hashes = engine.store(tokens)
    if replay:
        register(daemon, engine, replay)
    becomes(daemon, tokens, {1: 10})
    engine.remove(*hashes[6:])
    becomes(daemon, tokens, {1: 6})
    engine.remove(hashes[2])
    becomes(daemon, tokens, {1: 2})
    engine.store(tokens[: 4 * BLOCK])
    becomes(daemon, tokens, {1: 6})
    assert {block["block_hash"] for event in daemon.rest.get("/dump").json for block in event["event"]["data"]["stored"]["blocks"]} == {
        value & 0xFFFFFFFFFFFFFFFF for value in hashes[:6]
    }
    engine.clear()
    becomes(daemon, tokens, {})
    assert daemon.rest.get("/workers").json[0]["listeners"]["0"]["state"] == "exact"
