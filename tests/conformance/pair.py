"""Two services that follow the same engines and must give the same answers.

`there` is NVIDIA's, `here` is ours. What may differ without being named in test_differences.py: the order of keys and of
arrays; words of ours around the text of an error; keys of ours in the entries of /workers and in the partitions of /dump.
"""

import itertools
import json
import time

from harness.process import SLOWNESS

from engine import MEDIA
from hashing import local_hashes, signed
from services import Nvidia

TOKENS_OF_BARRIERS = itertools.count(1_000_000_000)


def is_same_error(there, here):
    return there.status == here.status and there.json.keys() == here.json.keys() == {"error"} and there.error in here.error


def explain(what, there, here):
    return f"{what}\n there: {there.status} {there.body[:3000].decode()}\n  here: {here.status} {here.body[:3000].decode()}"


def is_json(answer):
    return answer.headers.get("content-type", "").split(";")[0] == "application/json"


class Followed:
    """One registration: (instance, rank) of a partition, and the engine it listens to."""

    def __init__(self, engine, instance_id, dp_rank, model_name, routing_group):
        self.engine, self.instance_id, self.dp_rank = engine, instance_id, dp_rank
        self.model_name, self.routing_group = model_name, routing_group
        self.barriers = {}  # tier -> tokens


class Pair:
    def __init__(self, there, here):
        self.there, self.here, self.both = there, here, [there, here]
        self.followed = []
        self.block_sizes = {}  # (model, group) -> block size, for questions by hash
        self.is_two_nvidias = here.kind == "nvidia"

    def beside(self, recovered):
        """NVIDIA's service of this pair, and one that has taken over a dump."""
        other = Pair(self.there, recovered)
        other.block_sizes = self.block_sizes
        return other

    def stop(self):
        for service in self.both:
            service.stop()

    # One call to both.

    def ask(self, method, path, body=None):
        """Both answers, as they are."""
        if method == "GET":
            return [service.rest.get(path) for service in self.both]
        return [service.rest.post(path, body) for service in self.both]

    def same(self, method, path, body=None):
        """Both must answer the same. Returns the status and the body."""
        there, here = self.ask(method, path, body)
        what = explain(f"{method} {path} {json.dumps(body)[:600] if body is not None else ''}", there, here)
        assert there.status == here.status, what
        if not there.body:
            assert not here.body, what
            return there.status, None
        assert is_json(there) and is_json(here), what
        if there.status >= 400:
            assert is_same_error(there, here), what
        else:
            assert there.json == here.json, what
        return there.status, there.json

    def post(self, path, body):
        return self.same("POST", path, body)

    def get(self, path):
        return self.same("GET", path)

    # Registrations.

    def register(self, engine, instance_id, dp_rank=None, model_name="m", routing_group=None, replay=True, **more):
        """Registers an engine with both and waits until both have subscribed."""
        body = {
            "instance_id": instance_id,
            "endpoint": engine.endpoint,
            "model_name": model_name,
            "block_size": engine.block_size,
            **more,
        }
        if dp_rank is not None:
            body["dp_rank"] = dp_rank
        if routing_group is not None:
            body["routing_group"] = routing_group
        if replay:
            body["replay_endpoint"] = engine.replay_endpoint
        assert self.post("/register", body) == (201, {"status": "ok"})
        self.follow(engine, instance_id, dp_rank or 0, model_name, "default" if routing_group is None else routing_group)

    def follow(self, engine, instance_id, dp_rank=0, model_name="m", routing_group="default", services=2):
        """Notes a registration that was made some other way."""
        engine.expected += services
        engine.await_subscribers(15 * SLOWNESS)
        self.block_sizes[model_name, routing_group] = engine.block_size
        self.followed.append(Followed(engine, instance_id, dp_rank, model_name, routing_group))

    def unregister(self, instance_id, model_name="m", **more):
        assert self.post("/unregister", {"instance_id": instance_id, "model_name": model_name, **more}) == (
            200,
            {"status": "ok"},
        )
        ranks = [more["dp_rank"]] if "dp_rank" in more else None
        self.followed = [
            one
            for one in self.followed
            if one.instance_id != instance_id or (ranks is not None and one.dp_rank not in ranks)
        ]

    # Waiting.

    def settle(self):
        """Waits until both have applied all that was published: each engine stores a block of its own in each tier it
        uses (NVIDIA applies tiers independently), which is awaited and removed again."""
        for stage in ("stored", "removed"):
            barriers = []
            for one in self.followed:
                for tier in sorted(one.engine.tiers):
                    if stage == "stored":
                        one.barriers[tier] = [next(TOKENS_OF_BARRIERS)] * one.engine.block_size
                    barriers.append((one, tier, one.barriers[tier]))
                    event = getattr(one.engine, stage)(one.barriers[tier], medium=MEDIA[tier][0])
                    one.engine.publish(event, rank=one.dp_rank)
            for one, tier, tokens in barriers:
                for service in self.both:
                    self.await_barrier(service, one, tier, tokens, stage == "stored")

    @staticmethod
    def await_barrier(service, one, tier, tokens, present, seconds=20):
        body = {"token_ids": tokens, "model_name": one.model_name, "routing_group": one.routing_group}
        deadline = time.monotonic() + seconds * SLOWNESS
        while True:
            answer = service.rest.post("/query", body)
            assert answer.status == 200, answer.body
            ranks = answer.json["instances"].get(str(one.instance_id), {"dp": {}})["dp"]
            if (str(one.dp_rank) in ranks) == present:
                return
            assert time.monotonic() < deadline, (
                f"{service.kind}: the barrier of {one.instance_id}/{one.dp_rank} in {tier} is not "
                f"{'there' if present else 'gone'}: {answer.body}\n{service.log()[-3000:]}"
            )
            time.sleep(0.003)

    def eventually(self, check, seconds=20):
        """Repeats a check of both until it holds; the last failure is the one to see."""
        deadline = time.monotonic() + seconds * SLOWNESS
        while True:
            try:
                return check()
            except AssertionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    # Questions.

    def query(self, tokens, model_name="m", **more):
        """By tokens and by hashes. Returns what both answer."""
        status, answer = self.post("/query", {"token_ids": tokens, "model_name": model_name, **more})
        assert status == 200, answer
        block_size = self.block_sizes[model_name, more.get("routing_group", "default")]
        salt = more.pop("cache_salt", None)
        hashes = [signed(value) for value in local_hashes(tokens, block_size, more.pop("lora_name", None), salt)]
        by_hash = self.post("/query_by_hash", {"block_hashes": hashes, "model_name": model_name, **more})
        assert by_hash == (200, answer)
        return answer

    def workers(self, query=""):
        """/workers of both, cut to the keys NVIDIA has, by instance; waits for states to become equal."""

        def check():
            there, here = self.ask("GET", "/workers" + query)
            what = explain("GET /workers" + query, there, here)
            assert there.status == here.status == 200 and is_json(there) and is_json(here), what
            theirs, ours = ({entry["instance_id"]: entry for entry in answer.json} for answer in (there, here))
            assert len(theirs) == len(there.json) and len(ours) == len(here.json), what
            assert theirs.keys() == ours.keys(), what
            for instance, entry in theirs.items():
                cut = {key: ours[instance].get(key) for key in entry}
                cut["listeners"] = {
                    rank: {key: listener.get(key) for key in entry["listeners"].get(rank, listener)}
                    for rank, listener in ours[instance]["listeners"].items()
                }
                assert cut == entry, what
            return theirs

        return self.eventually(check, 5)

    def dump(self):
        """The dump of both as sets of blocks; they must be equal."""
        there, here = (dumped(service.rest) for service in self.both)
        assert there.keys() == here.keys()
        for key, (block_size, blocks) in there.items():
            assert block_size == here[key][0]
            ours = here[key][1]
            assert blocks == ours, f"{key}\n only there: {sorted(blocks - ours, key=str)[:10]}\n  only here: {sorted(ours - blocks, key=str)[:10]}"
        return there


EVENT_KEYS = {"worker_id", "storage_tier", "residency_domain", "event"}


def dumped(rest):
    """partition -> (block size, set of (worker, rank, tier, parent, block_hash, tokens_hash)); checks every event's form."""
    answer = rest.get("/dump")
    assert answer.status == 200 and is_json(answer)
    partitions = {}
    for key, partition in answer.json.items():
        assert partition.keys() >= {"block_size", "events"}
        blocks = set()
        for event in partition["events"]:
            assert event.keys() == EVENT_KEYS and event["residency_domain"] == "worker", event
            assert event["storage_tier"] in ("device", "host_pinned", "disk", "external")
            assert event["event"].keys() == {"event_id", "dp_rank", "data"} and event["event"]["data"].keys() == {"stored"}
            stored = event["event"]["data"]["stored"]
            assert stored.keys() == {"parent_hash", "start_position", "blocks"} and stored["start_position"] is None
            parent = stored["parent_hash"]
            for block in stored["blocks"]:
                assert block.keys() == {"block_hash", "tokens_hash", "mm_extra_info"} and block["mm_extra_info"] is None
                row = (
                    event["worker_id"],
                    event["event"]["dp_rank"],
                    event["storage_tier"],
                    parent,
                    block["block_hash"],
                    block["tokens_hash"],
                )
                assert row not in blocks, f"{row} appears twice"
                blocks.add(row)
                parent = block["block_hash"]
        partitions[key] = (partition["block_size"], blocks)
    return partitions


class Keeper:
    """NVIDIA's service for one test after the other: it starts slowly, and unregistering all workers empties it."""

    def __init__(self):
        self.service = None

    def get(self):
        if not self.service:
            self.service = Nvidia()
        return self.service

    def clean(self):
        """Empties it; one that does not get empty is not used again."""
        rest = self.service.rest
        try:
            for worker in rest.get("/workers").json:
                rest.post("/unregister", {"instance_id": worker["instance_id"], "model_name": worker["model_name"]})
            for url in rest.get("/peers").json:
                rest.post("/deregister_peer", {"url": url})
            empty = [rest.get(path).json for path in ("/workers", "/dump", "/peers")] == [[], {}, []]
        except (OSError, ValueError):
            empty = False
        if not empty:
            self.stop()

    def stop(self):
        if self.service:
            self.service.stop()
            self.service = None
