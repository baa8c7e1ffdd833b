"""REST in its three dialects and gRPC give the answers of a literal model, on one random fleet: several partitions,
block sizes and salts, all tiers, a shared pool, LoRA adapters, cache salts, equal and private engine hashes."""

import random

import pytest
from harness import wait_until
from harness.fleet import ANY, DEVICE, DISK, EXTERNAL, HOST, TIERS, Fleet, Partition
from kvindex.v1 import kvindex_pb2 as pb

DEFAULT = Partition("default", "default", 16)
LLAMA = Partition("llama", "team-a", 16)
LLAMA_32 = Partition("llama", "team-b", 32)
QWEN_16, QWEN_32 = Partition("qwen", "default", 16), Partition("qwen", "default", 32)
QWEN_SALTED = Partition("qwen", "default", 16, "w8a8")
PARTITIONS = [DEFAULT, LLAMA, LLAMA_32, QWEN_16, QWEN_32, QWEN_SALTED]
NVIDIA = [LLAMA, LLAMA_32]  # its dialect has one block size a model and group, and no salts


class Followed:
    """A daemon that follows a fleet, registered in every dialect."""

    def __init__(self, daemon, fleet):
        self.daemon, self.fleet = daemon, fleet
        for number, worker in enumerate(fleet.workers):
            (self.register_over_rest if number % 2 else self.register_over_grpc)(worker)
        for pool in fleet.pools:
            self.expect(200, daemon.rest.post("/register", self.mooncake(pool, "Mooncake") | {"dp_rank": 0}))
        self.settle()

    @staticmethod
    def expect(status, answer):
        assert answer.status == status, answer.body
        return answer.json

    @staticmethod
    def mooncake(source, kind):
        return {"type": kind, "modelname": source.partition.model, "tenant_id": source.partition.tenant,
                "additionalsalt": source.partition.salt, "block_size": source.partition.block_size,
                "instance_id": source.instance, "endpoint": source.engine.endpoint,
                "replay_endpoint": source.engine.replay_endpoint}  # fmt: skip

    def register_over_rest(self, worker):
        partition = worker.partition
        number = int(worker.instance) if worker.instance.isdigit() else worker.instance
        body = {"instance_id": number, "endpoint": worker.engine.endpoint, "dp_rank": worker.rank,
                "replay_endpoint": worker.engine.replay_endpoint, "block_size": partition.block_size}  # fmt: skip
        status = 201
        if partition in NVIDIA:
            body |= {"model_name": partition.model, "routing_group": partition.tenant}
        elif partition != DEFAULT:
            status, body = 200, self.mooncake(worker, "vLLM") | {"dp_rank": worker.rank}
        self.expect(status, self.daemon.rest.post("/register", body))

    def register_over_grpc(self, worker):
        partition = worker.partition
        self.daemon.grpc._stub.Register(
            pb.RegisterRequest(
                instance_id=worker.instance, dp_rank=worker.rank, endpoint=worker.engine.endpoint,
                replay_endpoint=worker.engine.replay_endpoint, block_size_tokens=partition.block_size,
                model="" if partition == DEFAULT else partition.model, tenant=partition.tenant,
                additional_salt=partition.salt,
            )  # fmt: skip
        )

    def settle(self):
        """Until everything that was published is applied."""

        def applied():
            have = {}
            for status in self.daemon.grpc._stub.ListWorkers(pb.ListWorkersRequest()).workers:
                name = (status.model, status.tenant, status.block_size_tokens, status.additional_salt)
                have[name, status.worker.instance_id, status.worker.dp_rank] = status
            for source in self.fleet.workers + self.fleet.pools:
                partition, rank = source.partition, getattr(source, "rank", 0)
                name = (partition.model, partition.tenant, partition.block_size, partition.salt)
                status = have[name, source.instance, rank]
                published = len(source.engine.batches)
                if published and status.last_sequence != published - 1 or not published and status.state != pb.SOURCE_STATE_EXACT:
                    return False
            return True

        wait_until(applied, "all batches are applied")


@pytest.fixture(params=range(3))
def followed(request, start_daemon):
    fleet = Fleet(request.param, PARTITIONS, pools=[LLAMA, QWEN_32])
    yield Followed(start_daemon("--threads", 2), fleet)
    fleet.stop()


def live_through(followed, steps):
    for _ in range(steps):
        if followed.fleet.rng.random() < 0.1:
            followed.settle()  # what a pool means depends on what is known at that moment
            followed.fleet.step_of_pool()
            followed.settle()
        else:
            followed.fleet.step()
    followed.settle()


# ---- gRPC ----


def choice(partition):
    if partition == DEFAULT:
        return {}
    return {"model": partition.model, "tenant": partition.tenant, "block_size_tokens": partition.block_size,
            "additional_salt": partition.salt}  # fmt: skip


def numbers(result):
    return {
        (hit.worker.instance_id, hit.worker.dp_rank): (
            hit.device_blocks, hit.through_host_blocks, hit.through_disk_blocks, hit.through_external_blocks
        )
        for hit in result.hits
    }  # fmt: skip


def check_grpc(daemon, partition, prompt, want, rng):
    stub = daemon.grpc._stub
    want = {worker: blocks[:EXTERNAL] + blocks[ANY:] for worker, blocks in want.items()}
    hits = {worker: blocks for worker, blocks in want.items() if blocks[-1]}
    local = prompt.local(partition.block_size)
    query = pb.QueryRequest(token_ids=prompt.tokens, lora_name=prompt.lora, cache_salt=prompt.cache_salt, **choice(partition))
    result = stub.Query(query).result
    assert numbers(result) == hits
    assert (result.asked_blocks, result.block_size_tokens) == (len(local), partition.block_size)
    by_local = pb.QueryByHashRequest(block_hashes=local, **choice(partition))
    assert stub.QueryByHash(by_local).result == result
    by_sequence = pb.QueryByHashRequest(sequence_hashes=prompt.positions(partition.block_size), **choice(partition))
    if local:
        assert stub.QueryByHash(by_sequence).result == result
    answers = {
        answer.request_id: answer.result
        for answer in stub.QueryStream(
            iter([pb.QueryStreamRequest(request_id=7, query=query), pb.QueryStreamRequest(request_id=8, query_by_hash=by_local)])
        )
    }
    assert answers == {7: result, 8: result}

    query.every_worker = True
    assert numbers(stub.Query(query).result) == want
    query.max_hits = rng.randrange(1, 4)
    best = sorted(want.values(), reverse=True)[: query.max_hits]
    assert [tuple(blocks) for blocks in numbers(stub.Query(query).result).values()] == best
    asked = rng.sample(sorted(want), min(len(want), 2))
    query.max_hits = 0
    for instance, rank in asked:
        query.candidates.add(instance_id=instance, dp_rank=rank)
    assert numbers(stub.Query(query).result) == {worker: want[worker] for worker in asked}


# ---- REST ----


def by_instance(want, value, wanted=lambda blocks: True):
    answer = {}
    for (instance, rank), blocks in want.items():
        if wanted(blocks):
            answer.setdefault(instance, {})[str(rank)] = value(blocks)
    return answer


def largest(want, instance, reach, size):
    return size * max(blocks[reach] for (name, _), blocks in want.items() if name == instance)


def check_first(daemon, prompt, want):
    on_device = {worker: blocks for worker, blocks in want.items() if blocks[DEVICE]}
    scores = by_instance(on_device, lambda blocks: blocks[DEVICE])
    if not prompt.cache_salt:
        assert daemon.rest.expect_ok(
            daemon.rest.post("/query", {"token_ids": prompt.tokens, "lora_name": prompt.lora or None})
        )["scores"] == scores  # fmt: skip
    assert daemon.rest.query_by_hash(prompt.local(16))["scores"] == scores


def check_nvidia(daemon, partition, prompt, want):
    size, hits = partition.block_size, {worker: blocks for worker, blocks in want.items() if blocks[ANY]}
    expected = {
        "scores": by_instance(want, lambda blocks: size * blocks[DEVICE], lambda blocks: blocks[DEVICE]),
        "frequencies": [],
        "instances": {
            instance: {
                "gpu": largest(hits, instance, DEVICE, size),
                "cpu": largest(hits, instance, HOST, size),
                "disk": largest(hits, instance, EXTERNAL, size),
                "longest_matched": largest(hits, instance, EXTERNAL, size),
                "dp": {str(rank): size * blocks[DEVICE] for (name, rank), blocks in hits.items() if name == instance},
            }
            for instance in {instance for instance, _ in hits}
        },
    }
    where = {"model_name": partition.model, "routing_group": partition.tenant}
    body = where | {"token_ids": prompt.tokens, "lora_name": prompt.lora or None, "cache_salt": prompt.cache_salt or None}
    assert daemon.rest.expect_ok(daemon.rest.post("/query", body)) == expected
    body = where | {"block_hashes": prompt.local(size)}
    assert daemon.rest.expect_ok(daemon.rest.post("/query_by_hash", body)) == expected


def check_mooncake(daemon, partition, prompt, want, rng):
    size = partition.block_size
    instances = {
        instance: {
            "longest_matched": largest(want, instance, ANY, size),
            "GPU": largest(want, instance, DEVICE, size),
            "DP": {str(rank): size * blocks[DEVICE] for (name, rank), blocks in want.items() if name == instance},
            "CPU": largest(want, instance, HOST, size),
            "DISK": largest(want, instance, ANY, size),
        }
        for instance in {instance for instance, _ in want}
    }
    where = {"model": partition.model, "block_size": size, "tenant_id": partition.tenant, "additionalsalt": partition.salt}
    body = where | {"token_ids": prompt.tokens, "lora_name": prompt.lora, "cache_salt": prompt.cache_salt}
    assert daemon.rest.expect_ok(daemon.rest.post("/query", body)) == {partition.tenant: instances}
    one = rng.choice(sorted(instances))
    answer = daemon.rest.expect_ok(daemon.rest.post("/query", body | {"instance_id": one}))
    assert answer == {partition.tenant: {one: instances[one]}}
    for field in ("seq_hashes", "block_hash"):
        body = where | {field: prompt.positions(size)}
        assert daemon.rest.expect_ok(daemon.rest.post("/query_by_hash", body)) == {partition.tenant: instances}


def test_every_way_of_asking(followed):
    daemon, fleet, rng, seen = followed.daemon, followed.fleet, random.Random(1), [0] * len(TIERS)
    for _ in range(6):
        live_through(followed, 60)
        for _ in range(12):
            prompt = fleet.question()
            for partition in PARTITIONS:
                want = fleet.expected(partition, prompt)
                for tier in TIERS:
                    seen[tier] += any(blocks[tier] > (blocks[tier - 1] if tier else 0) for blocks in want.values())
                check_grpc(daemon, partition, prompt, want, rng)
                check_mooncake(daemon, partition, prompt, want, rng)
                if partition in NVIDIA:
                    check_nvidia(daemon, partition, prompt, want)
                if partition == DEFAULT:
                    check_first(daemon, prompt, want)
    assert min(seen) > 20, f"too few answers with blocks in each tier: {seen}"


def test_dumps_and_partitions(followed):
    live_through(followed, 200)
    daemon, fleet = followed.daemon, followed.fleet
    want, tiers = {}, ["device", "host_pinned", "disk", "external"]
    for worker in fleet.workers:
        for tier in TIERS:
            for position in worker.held[tier]:
                want.setdefault(worker.partition, set()).add((worker.instance, worker.rank, tiers[tier], worker.name(position)))
    over_grpc = {}
    for response in daemon.grpc._stub.Dump(pb.DumpRequest()):
        name = response.partition
        held = over_grpc.setdefault(Partition(name.model, name.tenant, name.block_size_tokens, name.additional_salt), [])
        held += [
            (event.worker.instance_id, event.worker.dp_rank, tiers[event.tier - 1], engine_hash)
            for event in response.events
            for engine_hash in event.engine_hashes
        ]
    over_rest = {}
    for entry in daemon.rest.expect_ok(daemon.rest.get("/dump?format=partitions")).values():
        name = Partition(entry["model_name"], entry["routing_group"], entry["block_size"], entry.get("additional_salt", ""))
        over_rest[name] = [
            (str(event["worker_id"]), event["event"]["dp_rank"], event["storage_tier"], block["block_hash"])
            for event in entry["events"]
            for block in event["event"]["data"]["stored"]["blocks"]
        ]
    for dumped in (over_grpc, over_rest):
        assert set(dumped) == set(PARTITIONS)
        for partition in PARTITIONS:
            assert len(dumped[partition]) == len(set(dumped[partition])), "a block appears twice"
            assert set(dumped[partition]) == want.get(partition, set())
    statuses = daemon.grpc._stub.ListPartitions(pb.ListPartitionsRequest()).partitions
    for status in statuses:
        name = status.partition
        partition = Partition(name.model, name.tenant, name.block_size_tokens, name.additional_salt)
        pools = [pool for pool in fleet.pools if pool.partition == partition]
        assert (status.workers, status.pools) == (3, len(pools))
        for blocks, sources in [(status.held_blocks, fleet.of(partition)), (status.pool_blocks, pools)]:
            held = [sum(len(source.held[tier]) for source in sources) for tier in TIERS]
            assert [blocks.device_blocks, blocks.host_blocks, blocks.disk_blocks, blocks.external_blocks] == held
    assert len(statuses) == len(PARTITIONS)
