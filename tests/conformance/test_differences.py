"""Where kvindex answers otherwise than NVIDIA's indexer, and means to.

Each test proves one row of the table that `python3 tests/conformance/table.py` prints: what is said of NVIDIA's service
is checked always, what is said of kvindex against kvindexd. If either no longer holds, the row must go or change.
"""

import json
import struct

import msgspec
import pytest
import table

from hashing import local_hashes
from pair import Pair, dumped, is_json
from services import Nvidia, start_here


def difference(call, there, here, reason):
    """A row of the table; table.py reads it."""
    return lambda test: test


WORKER = {"instance_id": 1, "endpoint": "tcp://127.0.0.1:9", "model_name": "m", "block_size": 16}


def prompt(*numbers, size=16):
    return [number * 1000 + at for number in numbers for at in range(size)]


def ask(pair, method, path, body=None, headers=None):
    """Both answers; with two of NVIDIA's, the second is None and nothing is claimed of it."""
    if isinstance(body, dict):
        body = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} if headers is None else headers
    there, here = (service.rest.request(method, path, body, headers) for service in pair.both)
    return there, None if pair.is_two_nvidias else here


def is_text(answer, status, text=""):
    assert answer.status == status, (answer.status, answer.body)
    assert not is_json(answer) and text in answer.body.decode(), answer.body


def is_error(answer, status, text=""):
    if answer is not None:
        assert answer.status == status, (answer.status, answer.body)
        assert is_json(answer) and text in answer.error, answer.body


def is_good(answer, status=200):
    if answer is not None:
        assert answer.status == status, (answer.status, answer.body)


def scores(pair, tokens, model_name="m", **more):
    """Scores as (there, here); `here` is None where nothing is claimed of it."""
    body = {"token_ids": tokens, "model_name": model_name, **more}
    there, here = (service.rest.post("/query", body) for service in pair.both)
    assert there.status == here.status == 200
    return there.json["scores"], None if pair.is_two_nvidias else here.json["scores"]


def send(engine, batch):
    """A batch of any form."""
    payload = msgspec.msgpack.encode(batch)
    sequence = len(engine.sent)
    engine.sent.append((sequence, payload))
    engine.publisher.send_multipart([b"", struct.pack(">Q", sequence), payload])


# The form of errors.


@difference(
    "any POST with a field missing, of the wrong type, out of range, or twice",
    "422 and plain text",
    '400 and {"error"} that names the field',
    "one form for all errors; 400 as for other bad input",
)
@pytest.mark.parametrize(
    "path,body,field",
    [
        ("/register", {"instance_id": 1, "model_name": "m", "block_size": 16}, "endpoint"),
        ("/register", {"endpoint": "tcp://h:1", "model_name": "m", "block_size": 16}, "instance_id"),
        ("/register", {**WORKER, "instance_id": -1}, "instance_id"),
        ("/register", {**WORKER, "block_size": "16"}, "block_size"),
        ("/register", {**WORKER, "dp_rank": 4294967296}, "dp_rank"),
        ("/register", {**WORKER, "model_name": ["m"]}, "model_name"),
        ("/unregister", {"model_name": "m"}, "instance_id"),
        ("/query", {"model_name": "m"}, "token_ids"),
        ("/query", {"token_ids": [1, -1], "model_name": "m"}, "token_ids"),
        ("/query", {"token_ids": [1], "model_name": 5}, "model_name"),
        ("/query", b'{"token_ids":[1],"model_name":"m","model_name":"n"}', "model_name"),
        ("/query", {"token_ids": [1], "model_name": "m", "cache_salt": 5}, "cache_salt"),
        ("/query", {"token_ids": [1], "model_name": "m", "lora_name": 5}, "lora_name"),
        ("/query_by_hash", {"model_name": "m"}, "block_hashes"),
        ("/query_by_hash", {"block_hashes": ["1"], "model_name": "m"}, "block_hashes"),
        ("/register_peer", {}, "url"),
        ("/register_peer", {"url": 5}, "url"),
        ("/deregister_peer", {}, "url"),
    ],
    ids=str,
)
def test_wrong_fields(pair, path, body, field):
    there, here = ask(pair, "POST", path, body)
    is_text(there, 422, field)
    is_error(here, 400, field)


@difference("any POST that is not JSON", "400 and plain text", '400 and {"error"} with the place', "one form for all errors")
@pytest.mark.parametrize("path", ["/register", "/unregister", "/query", "/query_by_hash", "/register_peer", "/deregister_peer"])
def test_not_json(pair, path):
    for body in (b"", b"{", b'{"model_name": }'):
        there, here = ask(pair, "POST", path, body)
        is_text(there, 400, "Failed to parse the request body as JSON")
        is_error(here, 400)


@difference("any POST of another Content-Type", "415 and plain text", '415 and {"error"}', "one form for all errors")
def test_media_type(pair):
    there, here = ask(pair, "POST", "/query", {"token_ids": [1], "model_name": "m"}, {"Content-Type": "text/plain"})
    is_text(there, 415, "application/json")
    is_error(here, 415, "application/json")


@difference("any POST without Content-Type", "415 and plain text", "taken as JSON", "nothing else could be meant")
def test_no_media_type(pair):
    assert pair.post("/register", WORKER)[0] == 201
    there, here = ask(pair, "POST", "/query", {"token_ids": [1], "model_name": "m"}, {})
    is_text(there, 415, "application/json")
    is_good(here)


@difference(
    "/query over 8 MiB; /register and /unregister over 2 MiB (64 KiB here)",
    "413 and plain text",
    '413 and {"error"}',
    "one form for all errors; a registration is never that long",
)
def test_too_large(pair):
    padded = {"token_ids": [1], "model_name": "m", "padding": "x" * (8 << 20)}
    there, here = ask(pair, "POST", "/query", padded)
    is_text(there, 413, "length limit exceeded")
    is_error(here, 413)
    there, here = ask(pair, "POST", "/register", {**WORKER, "padding": "x" * (2 << 20)})
    is_text(there, 413, "length limit exceeded")
    is_error(here, 413)
    there, here = ask(pair, "POST", "/register", {**WORKER, "padding": "x" * (65 << 10)})
    is_good(there, 201)
    is_error(here, 413)


@difference("an unknown route; a wrong method", "404 or 405, no body", 'the same code and {"error"}', "one form for all errors")
def test_routes(pair):
    for method, path, status in (("GET", "/nope", 404), ("GET", "/query", 405), ("DELETE", "/workers", 405)):
        there, here = ask(pair, method, path)
        assert (there.status, there.body) == (status, b"")
        is_error(here, status)


@difference(
    "any error",
    "the text alone",
    "NVIDIA's text, which a field's name may precede and an explanation may follow",
    "says where the mistake is and what would be right",
)
def test_texts(pair):
    is_good(ask(pair, "POST", "/register", WORKER)[0], 201)
    there, here = ask(pair, "POST", "/query", {"token_ids": [1], "model_name": "n"})
    assert there.json == {"error": "no indexer for model=n routing_group=default"}
    is_error(here, 404, there.error)
    there, here = ask(pair, "POST", "/register", {**WORKER, "endpoint": "zz"})
    assert there.json == {"error": "invalid ZMQ endpoint `zz`: missing scheme"}
    is_error(here, 400, there.error)


# Registrations.


@difference(
    "/unregister with dp_rank but without routing_group",
    "the rank is ignored: the whole instance goes, even for a rank that is not registered",
    "only that rank; 404 `instance N dp_rank R not found` for an unknown one",
    "a request that names a rank means the rank",
)
def test_unregister_rank_without_group(pair):
    for rank in (0, 1):
        is_good(ask(pair, "POST", "/register", {**WORKER, "dp_rank": rank})[0], 201)
    there, here = ask(pair, "POST", "/unregister", {"instance_id": 1, "model_name": "m", "dp_rank": 9})
    is_good(there)
    is_error(here, 404, "instance 1 dp_rank 9 not found")
    assert pair.there.rest.get("/workers").json == []
    if here:
        is_good(ask(pair, "POST", "/unregister", {"instance_id": 1, "model_name": "m", "dp_rank": 1})[1])
        assert pair.here.rest.get("/workers").json[0]["endpoints"].keys() == {"0"}


@difference(
    "/register with block_size 0, or above 65,536",
    "201; a size of 0 never matches anything",
    "400 that names block_size",
    "a mistake is better told than kept",
)
def test_block_size_limits(pair):
    for size in (0, 65537):
        there, here = ask(pair, "POST", "/register", {**WORKER, "instance_id": size, "model_name": f"m{size}", "block_size": size})
        is_good(there, 201)
        is_error(here, 400, "block_size")


@difference(
    "/register with instance_id as text",
    "422",
    "201; queries and dumps show the text",
    "Mooncake's instances have names; a number and the text of it are the same instance",
)
def test_instance_names(pair):
    there, here = ask(pair, "POST", "/register", {**WORKER, "instance_id": "prefill-1"})
    is_text(there, 422, "instance_id")
    is_good(here, 201)


@difference(
    "/register with an endpoint that cannot be connected to: tcp://*:5558, tcp://h:+5, tcp://[]:5",
    "201, and for the first two the listener's status is failed",
    "400 with the reason",
    "told to whom it concerns, at once",
)
@pytest.mark.parametrize("endpoint", ["tcp://*:5558", "tcp://127.0.0.1:+5", "tcp://[]:5"])
def test_unconnectable_endpoints(pair, endpoint):
    there, here = ask(pair, "POST", "/register", {**WORKER, "endpoint": endpoint})
    is_good(there, 201)
    is_error(here, 400, f"invalid ZMQ endpoint `{endpoint}`: ")


@difference(
    "/register with a bad endpoint: words of some reasons",
    "missing TCP port for an IPv6 host without brackets; missing closing `]` for one without port; "
    "`invalid TCP port:` and words of Rust's library; unsupported scheme `` for ://x",
    "what is wrong, in other words behind the same `invalid ZMQ endpoint `X`: `",
    "the reason given there is not the reason",
)
@pytest.mark.parametrize(
    "endpoint,why",
    [
        ("tcp://::1:5557", "missing TCP port"),
        ("tcp://a:b:5557", "missing TCP port"),
        ("tcp://[::1]", "missing closing `]`"),
        ("tcp://[::1]5557", "missing closing `]`"),
        ("tcp://h:", "invalid TCP port: cannot parse integer from empty string"),
        ("tcp://h:x", "invalid TCP port: invalid digit found in string"),
        ("tcp://h:5/x", "invalid TCP port: invalid digit found in string"),
        ("tcp://h:65536", "invalid TCP port: number too large to fit in target type"),
        ("tcp://*:*", "invalid TCP port: invalid digit found in string"),
        ("://x", "unsupported scheme ``"),
    ],
)
def test_endpoint_words(pair, endpoint, why):
    there, here = ask(pair, "POST", "/register", {**WORKER, "endpoint": endpoint})
    assert (there.status, there.json) == (400, {"error": f"invalid ZMQ endpoint `{endpoint}`: {why}"})
    is_error(here, 400, f"invalid ZMQ endpoint `{endpoint}`: ")


@difference(
    "/register with an empty endpoint or replay_endpoint",
    "400, missing scheme",
    "400 that names endpoint and its length; an empty replay_endpoint is none",
    "an empty text means nothing wherever nothing is allowed, as Mooncake's clients send it",
)
def test_empty_endpoints(pair):
    text = "invalid ZMQ endpoint ``: missing scheme"
    there, here = ask(pair, "POST", "/register", {**WORKER, "endpoint": ""})
    assert (there.status, there.json) == (400, {"error": text})
    is_error(here, 400, "`endpoint`: 0 bytes")
    there, here = ask(pair, "POST", "/register", {**WORKER, "replay_endpoint": ""})
    assert (there.status, there.json) == (400, {"error": f"invalid replay endpoint ``: {text}"})
    is_good(here, 201)


@difference(
    "model_name or routing_group empty, in any POST",
    "a name like any other; an empty group is not the group `default`",
    "400 that names the field",
    "an empty name is a mistake, or means `default`: better told than guessed",
)
def test_empty_names(pair):
    for field in ("model_name", "routing_group"):
        there, here = ask(pair, "POST", "/register", {**WORKER, field: ""})
        is_good(there, 201)
        is_error(here, 400, f"`{field}`: 0 bytes")
        there, here = ask(pair, "POST", "/query", {"token_ids": [1], "model_name": "m", field: ""})
        is_good(there)
        is_error(here, 400, f"`{field}`: 0 bytes")
        there, here = ask(pair, "POST", "/unregister", {"instance_id": 1, "model_name": "m", field: ""})
        is_good(there)
        is_error(here, 400, f"`{field}`: 0 bytes")


@difference(
    "/workers",
    "instance_id, source, status, model_name, routing_group, block_size, endpoints, listeners",
    "the same keys and more, in entries and listeners (state, sequence, ...); ranks learned from batches are listed",
    "status says only that a connection was asked for; state says whether answers can be trusted",
)
def test_more_keys_in_workers(pair, start_engine):
    engine = start_engine()
    pair.register(engine, 1)
    engine.store(prompt(1), rank=6)
    pair.settle()
    there, here = (service.rest.get("/workers").json[0] for service in pair.both)
    assert list(sorted(there)) == [
        "block_size", "endpoints", "instance_id", "listeners", "model_name", "routing_group", "source", "status",
    ]  # fmt: skip
    assert there["listeners"] == {"0": {"endpoint": engine.endpoint, "status": "active"}}
    if not pair.is_two_nvidias:
        assert there.keys() < here.keys() | {"state"}
        assert "state" in here["listeners"]["0"]


@difference(
    "/workers?model_name= and ?routing_group=, with nothing behind the =",
    "none",
    "all, as without it",
    "an empty text means nothing in a query string: forms send it for fields left blank",
)
def test_empty_filters(pair):
    assert pair.post("/register", WORKER)[0] == 201
    for filtered in ("model_name=", "routing_group="):
        there, here = ask(pair, "GET", f"/workers?{filtered}")
        assert there.json == []
        is_good(here)
        assert here is None or [worker["instance_id"] for worker in here.json] == [1]


@difference(
    "/dump?model_name= and ?routing_group=",
    "ignored",
    "only these partitions",
    "whoever names a model does not want the dump of all",
)
def test_filtered_dumps(pair, engine):
    engine.store(prompt(1))
    pair.settle()
    for filtered, expected in (("model_name=m", {"m:default"}), ("model_name=n", set()), ("routing_group=g", set())):
        there, here = ask(pair, "GET", f"/dump?{filtered}")
        assert there.json.keys() == {"m:default"}
        assert here is None or here.json.keys() == expected


@difference(
    "/query_by_hash with hashes from 2^63 on",
    "422: they must be sent as negative numbers",
    "taken, signed or unsigned",
    "/dump shows them unsigned; what was read there can be sent",
)
def test_unsigned_hashes(pair, engine):
    tokens = next(t for n in range(1, 99) if local_hashes(t := prompt(n), 16)[0] >> 63)
    engine.store(tokens)
    pair.settle()
    there, here = ask(pair, "POST", "/query_by_hash", {"block_hashes": local_hashes(tokens, 16), "model_name": "m"})
    is_text(there, 422, "block_hashes")
    is_good(here)
    assert here is None or here.json["scores"] == {"1": {"0": 16}}


@difference(
    "routing_group or tenant_id null, in /register and the queries",
    "422 (but null is taken in /unregister, and for every other optional field)",
    "as if absent",
    "one rule for all optional fields",
)
def test_null_groups(pair):
    for number, field in enumerate(("routing_group", "tenant_id")):
        there, here = ask(pair, "POST", "/register", {**WORKER, "instance_id": 7 + number, field: None})
        is_text(there, 422, field)
        is_good(here, 201)
    is_good(ask(pair, "POST", "/register", WORKER)[0], 201)
    for field in ("routing_group", "tenant_id"):
        there, here = ask(pair, "POST", "/query", {"token_ids": [1], "model_name": "m", field: None})
        is_text(there, 422, field)
        is_good(here)


@difference("POST /reopen_logs", "200", "404", "`--log-file` is opened anew on SIGHUP, which log rotation sends; no request should move logs")
def test_reopen_logs(pair):
    there, here = ask(pair, "POST", "/reopen_logs", {})
    is_good(there)
    is_error(here, 404)


# What is indexed.


@difference(
    "/query after a block in the middle was removed and stored again",
    "only up to that block: what it held below is forgotten until stored again",
    "all that the engine holds",
    "the engine has said nothing about the blocks below",
)
def test_removed_middle_comes_back(pair, engine):
    tokens = prompt(1, 2, 3, 4)
    engine.store(tokens)
    engine.remove(tokens, 1, 2)
    pair.settle()
    assert scores(pair, tokens)[0] == {"1": {"0": 16}}
    engine.store(tokens, 1, 2)
    pair.settle()
    there, here = scores(pair, tokens)
    assert there == {"1": {"0": 32}}
    assert here in (None, {"1": {"0": 64}})


@difference(
    "/query after one of two engines removed the first block of a prompt they share",
    "with --threads above 1 (4 is the default): the other one is credited with more than it holds",
    "what each holds",
    "a score must never be too high",
)
def test_a_shared_beginning_is_removed(start_engine):
    """1 holds 1 2 3 4 5, 2 holds 1 2 3 6 7 and loses 1: of 1 2 3 6 7, instance 1 holds three blocks."""
    there, here = Nvidia(threads=4), start_here()
    pair = Pair(there, here)
    try:
        first, second = start_engine(), start_engine()
        pair.register(first, 1)
        pair.register(second, 2)
        first.store(prompt(1, 2, 3, 4, 5))
        pair.settle()
        second.store(prompt(1, 2, 3, 6, 7))
        pair.settle()
        second.remove(prompt(1), 0, 1)
        pair.settle()
        assert scores(pair, prompt(1, 2, 3, 6, 7)) == (
            {"1": {"0": 80}},
            None if pair.is_two_nvidias else {"1": {"0": 48}},
        )
    finally:
        pair.stop()


@difference(
    "/query after two engines gave the same tokens different hashes",
    "the second one's blocks below the first store are refused, and what it removes stays credited",
    "each engine by its own names",
    "engines may hash differently, and one that does must not be over-credited",
)
def test_engines_with_hashes_of_their_own(pair, start_engine):
    tokens = prompt(1, 2, 3)
    first, second = start_engine(), start_engine()
    pair.register(first, 1)
    pair.register(second, 2)
    first.store(tokens)
    pair.settle()
    second.publish(second.make.stored([71, 72], None, tokens[:32], 16, "GPU", None, None))
    second.publish(second.make.stored([73], 72, tokens[32:], 16, "GPU", None, None))
    pair.settle()
    there, here = scores(pair, tokens)
    assert there == {"1": {"0": 48}, "2": {"0": 32}}
    assert here in (None, {"1": {"0": 48}, "2": {"0": 48}})
    second.publish(second.make.removed([73, 72], "GPU"))
    pair.settle()
    there, here = scores(pair, tokens)
    assert there == {"1": {"0": 48}, "2": {"0": 32}}
    assert here in (None, {"1": {"0": 48}, "2": {"0": 16}})


@difference(
    "/query after a batch with one bad event among good ones, or of an unknown tag",
    "the whole batch is lost",
    "the good events count",
    "a new kind of event must not hide the others",
)
def test_a_bad_event_in_a_batch(pair, engine):
    engine.publish(engine.stored(prompt(1)), {"type": "BlockOfTheFuture", "block_hashes": [1]})
    pair.settle()
    there, here = scores(pair, prompt(1))
    assert there == {}
    assert here in (None, {"1": {"0": 16}})


@difference(
    "/query after hashes sent as bytes",
    "the batch is lost",
    "indexed by their last 8 bytes",
    "vLLM can send them",
)
def test_hashes_as_bytes(pair, engine):
    engine.publish(engine.make.stored([b"\x01" * 32, b"\x02" * 32], None, prompt(1, 2), 16, "GPU", None, None))
    engine.publish(engine.make.removed([b"\x02" * 32], "GPU"))
    pair.settle()
    there, here = scores(pair, prompt(1, 2))
    assert there == {}
    assert here in (None, {"1": {"0": 16}})


@difference(
    "/query after a batch of 2 or more than 3 elements, or a map",
    "the batch is lost",
    "indexed",
    "vLLM up to 0.9.0 sends two; later forms may have more",
)
def test_forms_of_batches(pair, engine):
    send(engine, [1.0, [engine.stored(prompt(1))]])
    send(engine, [1.0, [engine.stored(prompt(2))], 0, "more"])
    send(engine, {"ts": 1.0, "events": [engine.stored(prompt(3))], "data_parallel_rank": 0})
    pair.settle()
    for number in (1, 2, 3):
        there, here = scores(pair, prompt(number))
        assert there == {}
        assert here in (None, {"1": {"0": 16}})


@difference(
    "/query after a store under parent hash 0",
    "the store is refused",
    "0 means no parent",
    "llm-d's publishers write 0 for none",
)
def test_parent_zero(pair, engine):
    engine.publish(engine.make.stored([5], 0, prompt(1), 16, "GPU", None, None))
    pair.settle()
    there, here = scores(pair, prompt(1))
    assert there == {}
    assert here in (None, {"1": {"0": 16}})


@difference(
    "/query after vLLM's own cache salt (a bare text in extra_keys)",
    "the salt is ignored: the block answers questions without a salt, of any tenant",
    "only questions with that salt",
    "a salt keeps tenants apart",
)
def test_plain_salt(pair, engine):
    event = engine.stored(prompt(1))
    event["extra_keys"] = [["tenant-7"]]
    engine.publish(event)
    pair.settle()
    there, here = scores(pair, prompt(1))
    assert there == {"1": {"0": 16}}
    assert here in (None, {})
    there, here = scores(pair, prompt(1), cache_salt="tenant-7")
    assert there == {}
    assert here in (None, {"1": {"0": 16}})


@difference(
    "/query after a block with an image (multimodal extra_keys)",
    "the image is ignored: the block answers questions about its placeholder tokens",
    "not counted for plain tokens",
    "another image has the same placeholder tokens",
)
def test_images(pair, engine):
    event = engine.stored(prompt(1))
    event["extra_keys"] = [[["0123456789abcdef" * 4, 0]]]
    engine.publish(event)
    pair.settle()
    there, here = scores(pair, prompt(1))
    assert there == {"1": {"0": 16}}
    assert here in (None, {})


@difference(
    "/query after a salted block was removed from one tier and is still in another",
    "its later children are indexed as if unsalted",
    "children keep the salt",
    "a salt keeps tenants apart",
)
def test_salt_outlives_a_tier(pair, engine):
    salt = {"cache_salt": "tenant-7"}
    tokens = prompt(1, 2)
    engine.store(tokens, 0, 1, **salt)
    engine.store(tokens, 0, 1, medium="CPU", **salt)
    engine.remove(tokens, 0, 1, medium="CPU", **salt)
    engine.store(tokens, 1, 2, **salt)
    pair.settle()
    there, here = scores(pair, tokens, **salt)
    assert there == {"1": {"0": 16}}
    assert here in (None, {"1": {"0": 32}})


@difference(
    "/query after media named otherwise: gpu, cpu, disk, FS, OBJ, cuda:0, ...",
    "dropped",
    "a tier each, upper or lower case",
    "vLLM's offloading, LMCache and Mooncake write these",
)
@pytest.mark.parametrize("medium,key", [("gpu", "gpu"), ("cuda:0", "gpu"), ("cpu", "cpu"), ("disk", "disk"), ("FS", "disk"), ("OBJ", "disk")])
def test_names_of_media(pair, engine, medium, key):
    engine.store(prompt(1), medium=medium)
    pair.settle()
    body = {"token_ids": prompt(1), "model_name": "m"}
    assert pair.there.rest.post("/query", body).json["instances"] == {}
    if not pair.is_two_nvidias:
        pair.eventually(lambda: _has(pair.here.rest.post("/query", body).json["instances"]["1"], key))


def _has(entry, key):
    assert entry[key] == 16, entry
    order = ("gpu", "cpu", "disk")
    assert all(entry[before] == 0 for before in order[: order.index(key)])


@difference(
    "/query after an engine was restarted (sequence from 0 again)",
    "what it sends is dropped as old, until unregistered and registered again; the old cache stays credited",
    "the old cache is forgotten and the new one followed",
    "restarts happen; an empty cache must not be credited",
)
def test_restarted_engine(pair, engine):
    for number in (1, 2, 3, 4):
        engine.store(prompt(number))
    pair.settle()
    engine.sent.clear()
    engine.store(prompt(9))
    engine.store(prompt(8))
    if not pair.is_two_nvidias:
        pair.eventually(lambda: _equal(scores(pair, prompt(8))[1], {"1": {"0": 16}}))
        assert scores(pair, prompt(1))[1] == {}
    assert scores(pair, prompt(8))[0] == scores(pair, prompt(9))[0] == {}
    assert scores(pair, prompt(1))[0] == {"1": {"0": 16}}


def _equal(one, other):
    assert one == other


@difference(
    "/query after a registration with a replay endpoint, before the engine's next event",
    "empty: the replay is asked for only when an event arrives",
    "all the engine can replay, at once",
    "a quiet engine is as full as a busy one",
)
def test_late_registration(pair, start_engine):
    engine = start_engine()
    engine.store(prompt(1, 2))
    pair.register(engine, 1)
    if not pair.is_two_nvidias:
        pair.eventually(lambda: _equal(scores(pair, prompt(1, 2))[1], {"1": {"0": 32}}))
    assert scores(pair, prompt(1, 2))[0] == {}
    pair.settle()
    assert scores(pair, prompt(1, 2))[0] == {"1": {"0": 32}}


# Dumps and peers.


@difference(
    "/dump",
    "block_size and events under each key",
    "model_name, routing_group and, if there is one, additional_salt beside them",
    "a key with several colons does not say which part is the model",
)
def test_more_keys_in_dumps(pair, engine):
    engine.store(prompt(1))
    pair.settle()
    there, here = (service.rest.get("/dump").json["m:default"] for service in pair.both)
    assert there.keys() == {"block_size", "events"}
    if not pair.is_two_nvidias:
        assert here.keys() == {"block_size", "events", "model_name", "routing_group"}
        assert (here["model_name"], here["routing_group"]) == ("m", "default")


@difference(
    "/dump after lower-tier blocks whose parent was never seen",
    "they are listed (and count as soon as the parent is there)",
    "listed only once the parent is known; they count then",
    "nothing below an unknown block can be part of an answer",
)
def test_orphans_in_dump(pair, engine):
    engine.store(prompt(1, 2, 3), 1, 3, medium="CPU")
    pair.settle()
    assert len(dumped(pair.there.rest)["m:default"][1]) == 2
    if not pair.is_two_nvidias:
        assert dumped(pair.here.rest) == {"m:default": (16, set())}
    engine.store(prompt(1))
    pair.settle()
    assert pair.query(prompt(1, 2, 3))["instances"]["1"]["cpu"] == 48
    pair.dump()


@difference(
    "--peers with a slash at the end",
    "nothing is recovered (it asks for //dump) and the service starts empty",
    "the same as without",
    "both ways of writing a base address are common",
)
def test_slash_after_a_peer(pair, engine):
    engine.store(prompt(1))
    pair.settle()
    for start in (Nvidia, start_here):
        service = start("--peers", pair.there.url + "/")
        try:
            blocks = dumped(service.rest)
            assert blocks == ({} if service.kind == "nvidia" else dumped(pair.there.rest))
        finally:
            service.stop()


@difference(
    "--peers, with a model whose name has a colon",
    "the name is cut at its first colon: the recovered blocks answer for another model",
    "the group is what follows the last colon",
    "model names with tags are common, groups with colons are not",
)
def test_colon_in_a_model_name(pair, start_engine):
    engine = start_engine()
    pair.register(engine, 1, model_name="org/model:7b")
    engine.store(prompt(1))
    pair.settle()
    for start in (Nvidia, start_here):
        service = start("--peers", pair.there.url)
        try:
            status = service.rest.post("/query", {"token_ids": prompt(1), "model_name": "org/model:7b"}).status
            assert status == (404 if service.kind == "nvidia" else 200)
        finally:
            service.stop()


@difference(
    "/workers and /unregister after --peers without --workers",
    "what was recovered is in the answers, but not listed, and cannot be removed: 404",
    "listed as learned, pending and degraded until registered; /unregister removes it",
    "what attracts traffic must show, and must be removable when its worker is gone",
)
def test_recovered_workers(pair, engine):
    engine.store(prompt(1))
    pair.settle()
    unregister = {"instance_id": 1, "model_name": "m"}
    for start in (Nvidia, start_here):
        service = start("--peers", pair.there.url)
        try:
            question = {"token_ids": prompt(1), "model_name": "m"}
            assert service.rest.post("/query", question).json["scores"] == {"1": {"0": 16}}
            workers, removed = service.rest.get("/workers").json, service.rest.post("/unregister", unregister)
            if service.kind == "nvidia":
                assert workers == [] and removed.status == 404
                continue
            assert [(worker["instance_id"], worker["status"], worker["endpoints"]) for worker in workers] == [(1, "pending", {})]
            listener = workers[0]["listeners"]["0"]
            assert (listener["learned"], listener["state"], listener["reason"]) == (True, "degraded", "late_join")
            assert removed.status == 200
            assert service.rest.get("/workers").json == [] and dumped(service.rest) == {}
        finally:
            service.stop()


def test_every_difference_is_a_row():
    tests = [name for name in globals() if name.startswith("test_")]
    assert len(table.rows()) == len(tests) - 1 > 20
    assert all(all(row) for row in table.rows())
