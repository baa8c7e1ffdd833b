"""/query, /query_by_hash and /dump after events of known effect."""

import pytest

from engine import MAKES, MEDIA
from hashing import engine_hashes, local_hashes, signed

EMPTY = {"scores": {}, "frequencies": [], "instances": {}}


def prompt(*numbers, size=16):
    """One block per number."""
    return [number * 1000 + at for number in numbers for at in range(size)]


def instance(gpu, cpu=None, disk=None, dp=None):
    cpu = gpu if cpu is None else cpu
    disk = cpu if disk is None else disk
    return {"gpu": gpu, "cpu": cpu, "disk": disk, "longest_matched": disk, "dp": {"0": gpu} if dp is None else dp}


@pytest.fixture(params=MAKES, ids=lambda make: make.name)
def engine(request, pair, start_engine):
    """An engine of each make, followed by both as instance 1."""
    engine = start_engine(request.param)
    pair.register(engine, 1)
    return engine


def test_nothing_known_404(pair):
    for group in ({}, {"routing_group": "g"}):
        for model in ("m", "org/model:tag"):
            for path, question in (("/query", {"token_ids": [1]}), ("/query_by_hash", {"block_hashes": [1]})):
                status, body = pair.post(path, {**question, "model_name": model, **group})
                assert status == 404
                assert body["error"] == f"no indexer for model={model} routing_group={group.get('routing_group', 'default')}"


def test_unknown_model_404_beside_a_known_one(pair, engine):
    for selector, text in [
        ({"model_name": "n"}, "no indexer for model=n routing_group=default"),
        ({"model_name": "m", "routing_group": "g"}, "no indexer for model=m routing_group=g"),
    ]:
        assert pair.post("/query", {"token_ids": [1], **selector}) == (404, {"error": text})
        assert pair.post("/query_by_hash", {"block_hashes": [1], **selector}) == (404, {"error": text})


def test_nothing_stored(pair, engine):
    for tokens in ([], [1], list(range(15)), list(range(16)), list(range(100))):
        assert pair.query(tokens) == EMPTY
    assert pair.dump() == {"m:default": (16, set())}


def test_scores_are_tokens_of_whole_blocks(pair, engine):
    engine.store(prompt(1, 2, 3))
    pair.settle()
    for tokens, score in [
        (prompt(1, 2, 3), 48),
        (prompt(1, 2, 3)[:47], 32),
        (prompt(1, 2, 3, 4), 48),
        (prompt(1, 2, 3) + [7] * 5, 48),
        (prompt(1, 3), 16),
        (prompt(1, 2)[:17], 16),
    ]:
        assert pair.query(tokens) == {"scores": {"1": {"0": score}}, "frequencies": [], "instances": {"1": instance(score)}}
    for tokens in ([], prompt(1)[:15], prompt(2, 3), [*prompt(1)[1:], 1]):
        assert pair.query(tokens) == EMPTY


def test_hash_by_hash(pair, engine):
    engine.store(prompt(1, 2))
    pair.settle()
    hashes = [signed(value) for value in local_hashes(prompt(1, 2, 3), 16)]

    def ask(*values):
        status, answer = pair.post("/query_by_hash", {"block_hashes": list(values), "model_name": "m"})
        assert status == 200
        return answer["scores"]

    assert ask(*hashes) == {"1": {"0": 32}}
    assert ask(hashes[0]) == {"1": {"0": 16}}
    assert ask() == ask(hashes[1]) == ask(-(1 << 63), (1 << 63) - 1) == {}
    # Engine hashes are not what is asked for.
    assert ask(*map(signed, engine_hashes(prompt(1, 2), 16))) == {}


def test_removed_and_cleared(pair, engine):
    tokens = prompt(1, 2, 3, 4)
    engine.store(tokens)
    engine.remove(tokens, 2, 4)
    pair.settle()
    assert pair.query(tokens)["scores"] == {"1": {"0": 32}}
    engine.store(tokens, 2, 3)
    engine.remove(prompt(9, 9))  # never stored
    pair.settle()
    assert pair.query(tokens)["scores"] == {"1": {"0": 48}}
    engine.clear()
    pair.settle()
    assert pair.query(tokens) == EMPTY
    assert pair.dump() == {"m:default": (16, set())}
    engine.store(tokens, 0, 1)
    pair.settle()
    assert pair.query(tokens)["scores"] == {"1": {"0": 16}}


def test_a_store_without_its_parent_is_not_counted(pair, engine):
    engine.store(prompt(1, 2, 3), 1, 3)
    pair.settle()
    assert pair.query(prompt(1, 2, 3)) == pair.query(prompt(2, 3)) == EMPTY


def test_stored_twice(pair, engine):
    engine.store(prompt(1, 2))
    engine.store(prompt(1, 2))
    engine.store(prompt(1, 2, 3))
    engine.remove(prompt(1, 2, 3), 1, 3)
    pair.settle()
    assert pair.query(prompt(1, 2, 3))["scores"] == {"1": {"0": 16}}
    assert len(pair.dump()["m:default"][1]) == 1


@pytest.mark.parametrize("tier,medium", [(tier, medium) for tier, media in MEDIA.items() for medium in media])
def test_medium(pair, engine, tier, medium):
    engine.store(prompt(1, 2), medium=medium)
    pair.settle()
    answer = pair.query(prompt(1, 2))
    assert answer["scores"] == ({"1": {"0": 32}} if tier == "device" else {})
    gpu = 32 if tier == "device" else 0
    cpu = 32 if tier in ("device", "host_pinned") else 0
    assert answer["instances"] == {"1": instance(gpu, cpu, 32)}
    assert {row[2] for row in pair.dump()["m:default"][1]} == {tier}
    engine.remove(prompt(1, 2), 1, 2, medium=medium)
    pair.settle()
    assert pair.query(prompt(1, 2))["instances"]["1"]["longest_matched"] == 16


def test_unknown_medium_is_dropped(pair, engine):
    engine.store(prompt(1), medium="MARS")
    engine.store(prompt(2))
    engine.remove(prompt(2), medium="MARS")
    pair.settle()
    assert pair.query(prompt(1)) == EMPTY
    assert pair.query(prompt(2))["scores"] == {"1": {"0": 16}}


def test_tiers_are_cumulative(pair, engine):
    """Device, then host, then disk, then external; a block beyond a hole in that order is not seen."""
    tokens = prompt(*range(1, 10))
    engine.store(tokens, 0, 2)
    engine.store(tokens, 2, 4, medium="CPU")
    engine.store(tokens, 4, 5, medium="DISK")
    engine.store(tokens, 5, 6, medium="EXTERNAL")
    engine.store(tokens, 6, 7, medium="DISK")  # after external: no second turn of the disk
    pair.settle()
    assert pair.query(tokens)["instances"] == {"1": instance(32, 64, 96)}
    engine.remove(tokens, 3, 4, medium="CPU")
    pair.settle()
    assert pair.query(tokens)["instances"] == {"1": instance(32, 48, 48)}
    assert {row[2] for row in pair.dump()["m:default"][1]} == {"device", "host_pinned", "disk", "external"}


def test_a_removal_is_of_its_own_tier(pair, engine):
    tokens = prompt(1, 2)
    engine.store(tokens)
    engine.store(tokens, medium="CPU")
    engine.remove(tokens, 1, 2)
    pair.settle()
    assert pair.query(tokens)["instances"] == {"1": instance(16, 32, 32)}
    engine.remove(tokens, 0, 1)
    pair.settle()
    answer = pair.query(tokens)
    assert answer == {"scores": {}, "frequencies": [], "instances": {"1": instance(0, 32, 32)}}
    engine.remove(tokens, 0, 2, medium="CPU")
    pair.settle()
    assert pair.query(tokens) == EMPTY


def test_cleared_means_all_tiers(pair, engine):
    tokens = prompt(1, 2, 3, 4)
    for at, medium in enumerate(("GPU", "CPU", "DISK", "EXTERNAL")):
        engine.store(tokens, at, at + 1, medium=medium)
    pair.settle()
    assert pair.query(tokens)["instances"] == {"1": instance(16, 32, 64)}
    engine.clear()
    pair.settle()
    assert pair.query(tokens) == EMPTY
    assert pair.dump() == {"m:default": (16, set())}


def test_instances_and_ranks(pair, start_engine):
    """NVIDIA's own example: the maximum over the ranks, each rank on its own."""
    tokens = prompt(1, 2, 3, 4, 5)
    engines = {}
    for worker in [(1, 0), (1, 1), (2, 7), (3, 0)]:
        engines[worker] = start_engine()
        pair.register(engines[worker], worker[0], dp_rank=worker[1])
    engines[1, 0].store(tokens, 0, 2)
    engines[1, 0].store(tokens, 2, 3, medium="CPU")
    engines[1, 0].store(tokens, 3, 5, medium="DISK")
    engines[1, 1].store(tokens, 0, 1)
    engines[1, 1].store(tokens, 1, 2, medium="DISK")
    engines[2, 7].store(tokens, 0, 4, medium="EXTERNAL")
    pair.settle()
    assert pair.query(tokens) == {
        "scores": {"1": {"0": 32, "1": 16}},
        "frequencies": [],
        "instances": {
            "1": {"gpu": 32, "cpu": 48, "disk": 80, "longest_matched": 80, "dp": {"0": 32, "1": 16}},
            "2": {"gpu": 0, "cpu": 0, "disk": 64, "longest_matched": 64, "dp": {"7": 0}},
        },
    }


def test_a_batch_names_its_rank(pair, engine):
    """The rank in a batch wins over the registered one, for stores, removals and clears."""
    tokens = prompt(1, 2, 3)
    engine.store(tokens, rank=None)
    engine.store(tokens, rank=5)
    engine.store(tokens, 0, 2, rank=6)
    pair.settle()
    assert pair.query(tokens)["scores"] == {"1": {"0": 48, "5": 48, "6": 32}}
    engine.remove(tokens, 1, 3, rank=5)
    engine.clear(rank=6)
    pair.settle()
    answer = pair.query(tokens)
    assert answer["scores"] == {"1": {"0": 48, "5": 16}}
    assert answer["instances"]["1"]["dp"] == {"0": 48, "5": 16}
    assert {row[:2] for row in pair.dump()["m:default"][1]} == {(1, 0), (1, 5)}
    pair.unregister(1)
    assert pair.dump() == {}


def test_lora_and_salt(pair, engine):
    tokens = prompt(1, 2, 3)
    contexts = [
        {},
        {"lora_name": "sql-adapter"},
        {"cache_salt": "tenant-7"},
        {"lora_name": "sql-adapter", "cache_salt": "tenant-7"},
    ]
    for length, context in enumerate(contexts, 1):
        if length < 4:
            engine.store(tokens, 0, length, **context)
        else:
            engine.store(tokens, 0, 1, **context)
            engine.store(tokens, 1, 2, **context)  # the parent tells the salt
    pair.settle()
    for score, context in zip((16, 32, 48, 32), contexts):
        assert pair.query(tokens, **context)["scores"] == {"1": {"0": score}}
    for context in ({"lora_name": "other"}, {"cache_salt": "other"}, {"lora_name": "tenant-7"}, {"cache_salt": "sql-adapter"}):
        assert pair.query(tokens, **context) == EMPTY
    for nothing in ({"lora_name": ""}, {"lora_name": None}, {"cache_salt": ""}, {"cache_salt": None}):
        status, answer = pair.post("/query", {"token_ids": tokens, "model_name": "m", **nothing})
        assert status == 200 and answer["scores"] == {"1": {"0": 16}}
    assert len(pair.dump()["m:default"][1]) == 1 + 2 + 3 + 2


def test_salt_is_refused_with_hashes(pair, engine):
    engine.store(prompt(1))
    pair.settle()
    text = "cache_salt is not accepted by /query_by_hash; block_hashes must already include the intended cache salt"
    hashes = [signed(value) for value in local_hashes(prompt(1), 16)]
    for salt in ("tenant-7", ""):
        body = {"block_hashes": hashes, "model_name": "m", "cache_salt": salt}
        assert pair.post("/query_by_hash", body) == (400, {"error": text})
        # The refusal comes before the question which model is meant.
        assert pair.post("/query_by_hash", {**body, "model_name": "n"}) == (400, {"error": text})
    status, answer = pair.post("/query_by_hash", {"block_hashes": hashes, "model_name": "m", "cache_salt": None})
    assert status == 200 and answer["scores"] == {"1": {"0": 16}}


def test_hashes_carry_their_lora(pair, engine):
    """A LoRA name beside hashes changes nothing: the hashes are those of the adapter, or are not."""
    engine.store(prompt(1), lora_name="sql-adapter")
    pair.settle()
    plain, adapted = ([signed(v) for v in local_hashes(prompt(1), 16, lora)] for lora in (None, "sql-adapter"))
    for more in ({}, {"lora_name": "sql-adapter"}, {"lora_name": "other"}):
        for hashes, scores in ((plain, {}), (adapted, {"1": {"0": 16}})):
            status, answer = pair.post("/query_by_hash", {"block_hashes": hashes, "model_name": "m", **more})
            assert status == 200 and answer["scores"] == scores


def test_models_and_groups_are_apart(pair, start_engine):
    tokens = prompt(1, 2)
    places = [("m", "default", 16), ("m", "g", 8), ("n", "default", 32), ("m", "default:g", 16)]
    for number, (model, group, block_size) in enumerate(places, 1):
        engine = start_engine(block_size=block_size)
        pair.register(engine, number, model_name=model, routing_group=group)
        engine.store(tokens if number != 2 else tokens[:24])
    pair.settle()
    for number, score in enumerate((32, 24, 32, 32), 1):
        model, group, _ = places[number - 1]
        assert pair.query(tokens, model, routing_group=group)["scores"] == {str(number): {"0": score}}
    assert pair.query(tokens, "m", tenant_id="ignored")["scores"] == {"1": {"0": 32}}
    dump = pair.dump()
    assert {key: value[0] for key, value in dump.items()} == {"m:default": 16, "m:g": 8, "n:default": 32, "m:default:g": 16}
    assert {key: len(value[1]) for key, value in dump.items()} == {"m:default": 2, "m:g": 3, "n:default": 1, "m:default:g": 2}
    # The last worker of a group takes the group with it.
    pair.unregister(2)
    assert pair.post("/query", {"token_ids": tokens, "model_name": "m", "routing_group": "g"})[0] == 404
    assert pair.dump().keys() == {"m:default", "n:default", "m:default:g"}


def test_dump_rows(pair, engine):
    """tokens_hash is the local hash, block_hash the engine's, unsigned; the parent the engine's."""
    tokens = prompt(1, 2, 3)
    engine.store(tokens, 0, 2)
    engine.store(tokens, 2, 3, medium="CPU")
    pair.settle()
    names, locals_ = engine_hashes(tokens, 16), local_hashes(tokens, 16)
    assert pair.dump() == {
        "m:default": (
            16,
            {
                (1, 0, "device", None, names[0], locals_[0]),
                (1, 0, "device", names[0], names[1], locals_[1]),
                (1, 0, "host_pinned", names[1], names[2], locals_[2]),
            },
        )
    }


def test_foreign_block_size(pair, engine):
    """Nothing of a store in blocks of another size is counted; of one with too few tokens, the whole blocks are."""
    make, tokens = engine.make, prompt(1, 2)
    engine.publish(make.stored([5, 6], None, prompt(1, 2, 3, 4), 32, "GPU", None, None))
    pair.settle()
    assert pair.query(prompt(1, 2, 3, 4)) == EMPTY
    engine.publish(make.stored([7, 8], None, tokens[:24], 16, "GPU", None, None))
    pair.settle()
    assert pair.query(tokens)["scores"] == {"1": {"0": 16}}


def test_a_large_prompt(pair, engine):
    tokens = list(range(120_000))
    engine.store(tokens)
    pair.settle()
    assert pair.query(tokens)["scores"] == {"1": {"0": 120_000}}
