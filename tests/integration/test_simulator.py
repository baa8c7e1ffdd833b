"""The judge is judged: the simulator's stream, read by an independent decoder, tells exactly the state it claims."""

import struct

import msgspec
import pytest
import zmq

FORMATS = ["vllm-map", "vllm-array", "sglang-array", "sglang-map"]


@pytest.fixture
def context():
    with zmq.Context() as context:
        yield context


def subscribe(context, endpoint):
    socket = context.socket(zmq.SUB)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.RCVHWM, 0)
    socket.setsockopt(zmq.SUBSCRIBE, b"")
    socket.connect(endpoint)
    return socket


def batches(socket, wait_ms=300):
    """(sequence number, payload) of all that arrives."""
    while socket.poll(wait_ms):
        topic, number, payload = socket.recv_multipart()
        assert topic == b"kv-events"
        yield struct.unpack(">Q", number)[0], payload


def bits(value):
    """An engine hash as 64 bits, whatever form it was sent in."""
    return int.from_bytes(value[-8:], "big") if isinstance(value, bytes) else value & 0xFFFFFFFFFFFFFFFF


def fields(event):
    """(tag, hashes, parent, tokens) of an event in either shape."""
    if isinstance(event, dict):
        return event["type"], event.get("block_hashes", []), event.get("parent_block_hash"), event.get("token_ids", [])
    tag, *rest = event
    rest += [None] * 4
    return tag, rest[0] or [], rest[1] if tag == "BlockStored" else None, rest[2] if tag == "BlockStored" else []


class Reader:
    """Replays events into the literal set of held blocks, and minds what an engine would never say."""

    def __init__(self):
        self.held, self.tokens, self.next = {}, {}, 0

    def batch(self, number, payload):
        assert number == self.next
        self.next += 1
        timestamp, events, rank = msgspec.msgpack.decode(payload)
        assert timestamp > 1.7e9 and rank == 0
        for event in events:
            self.event(*fields(event))

    def event(self, tag, hashes, parent, tokens):
        hashes = [bits(h) for h in hashes]
        if tag == "AllBlocksCleared":
            self.held.clear()
        elif tag == "BlockRemoved":
            for h in hashes:
                del self.held[h]
        else:
            assert len(tokens) == 16 * len(hashes)
            parent = None if parent is None else bits(parent)
            for at, h in enumerate(hashes):
                assert h not in self.held, "stored twice"
                assert parent is None or parent in self.held, "stored below a block that is not held"
                self.held[h] = parent
                self.tokens[h] = tokens[16 * at : 16 * at + 16]
                parent = h

    def prompt_of(self, h):
        """The prompt that ends in a block."""
        prompt = []
        while h is not None:
            prompt[:0] = self.tokens[h]
            h = self.held[h]
        return prompt


@pytest.mark.parametrize("more", [[], ["--hash", "worker"], ["--byte-hashes"]], ids=["", "per-worker", "bytes"])
@pytest.mark.parametrize("form", FORMATS)
def test_the_stream_tells_the_state(start_simulator, context, form, more):
    simulator = start_simulator("--workers", 2, "--capacity", 3000, "--requests", 80, "--format", form, *more)
    sockets = [subscribe(context, worker["endpoint"]) for worker in simulator.workers]
    assert simulator.ask("subscribers", 20)["subscribed"] == 2
    played = simulator.play()
    assert played["stored"] > played["removed"] > 0
    state = simulator.state()
    for worker, socket in enumerate(sockets):
        reader = Reader()
        for number, payload in batches(socket):
            reader.batch(number, payload)
        assert reader.held == state[worker]
        for h in list(reader.held)[:: len(reader.held) // 20 + 1]:
            prompt = reader.prompt_of(h)
            assert simulator.expect(prompt)[worker] == len(prompt) // 16
            assert simulator.expect(prompt[:-1])[worker] == len(prompt) // 16 - 1 if len(prompt) > 16 else True
            assert simulator.expect(prompt + [1] * 16)[worker] == len(prompt) // 16


def replayed(context, endpoint, start):
    socket = context.socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    socket.connect(endpoint)
    socket.send_multipart([b"", struct.pack(">Q", start)])
    replies = []
    while True:
        assert socket.poll(5000), "no end marker"
        replies.append(socket.recv_multipart())
        if replies[-1][-2] == b"\xff" * 8:
            socket.close()
            return replies


@pytest.mark.parametrize("layout", [3, 4])
def test_replay(start_simulator, context, layout):
    simulator = start_simulator("--workers", 1, "--requests", 20, "--replay-layout", layout)
    live = subscribe(context, simulator.workers[0]["endpoint"])
    simulator.ask("subscribers", 20)
    simulator.ask("lose", 0, 2)
    simulator.play()
    seen = dict(batches(live))
    assert min(seen) == 2
    replies = replayed(context, simulator.workers[0]["replay_endpoint"], 1)
    *data, end = replies
    assert [len(reply) for reply in replies] == [layout] * len(replies)
    assert end == [b"", b"", b"\xff" * 8, b""][4 - layout :]
    numbers = [struct.unpack(">Q", reply[-2])[0] for reply in data]
    assert numbers == list(range(1, max(seen) + 1))
    assert all(reply[-1] == seen[number] for number, reply in zip(numbers, data) if number in seen)
    assert all(reply[0] == b"" for reply in replies)


def test_skipped_numbers_are_nowhere(start_simulator, context):
    simulator = start_simulator("--workers", 1)
    live = subscribe(context, simulator.workers[0]["endpoint"])
    simulator.ask("subscribers", 20)
    simulator.prompt(0, [1] * 16)
    simulator.ask("skip", 0)
    simulator.prompt(0, [2] * 16)
    assert [number for number, _ in batches(live)] == [0, 2]
    assert len(replayed(context, simulator.workers[0]["replay_endpoint"], 0)) == 3


def test_restart_and_clear(start_simulator, context):
    simulator = start_simulator("--workers", 1, "--hash", "worker")
    simulator.prompt(0, [1] * 32)
    before = simulator.state()[0]
    simulator.ask("restart", 0)
    assert simulator.state() == {0: {}} and simulator.ask("status")["workers"][0]["next_sequence"] == 0
    simulator.prompt(0, [1] * 32)
    assert set(simulator.state()[0]).isdisjoint(before), "a new process has new hashes"
    simulator.ask("clear", 0)
    assert simulator.expect([1] * 32) == {}


def test_pinned_prompts_come_first_and_stay(start_simulator, context):
    """They overtake a prepared stream, survive evictions, and count as held."""
    simulator = start_simulator("--workers", 1, "--capacity", 500, "--requests", 30, "--prepare")
    socket, reader = subscribe(context, simulator.workers[0]["endpoint"]), Reader()
    simulator.ask("subscribers", 10)
    pinned = list(range(16 * 300))
    simulator.ask("pin", 0, pinned)
    with pytest.raises(AssertionError, match="held already"):
        simulator.ask("pin", 0, pinned[:16])
    for batch in batches(socket):
        reader.batch(*batch)
    assert len(reader.held) == 300, "nothing of the stream is sent yet"
    played = simulator.play()
    assert played["removed"] > 500
    for batch in batches(socket):
        reader.batch(*batch)
    assert simulator.expect(pinned) == {0: 300}
    assert reader.held == simulator.state()[0] and len(reader.held) == simulator.ask("status")["workers"][0]["held"]


def test_the_rate_can_be_set_while_it_runs(start_simulator):
    simulator = start_simulator("--workers", 1, "--requests", 20, "--prepare")
    simulator.ask("rate", 20000)
    played = simulator.play()
    seconds = (played["ended_ns"] - played["started_ns"]) / 1e9
    assert (played["stored"] + played["removed"]) / seconds < 1.2 * 20000
    for wrong in ("", "x", "-1"):
        with pytest.raises(AssertionError, match="rate"):
            simulator.ask("rate", wrong)


def test_bad_commands_and_flags(start_simulator):
    import subprocess

    from harness import BUILD

    simulator = start_simulator()
    for command in ["nothing", "prompt", "prompt 9 [1]", "prompt 0 [1,-1]", "prompt 0 x", "expect {}", "remove 0 [1]"]:
        with pytest.raises(AssertionError, match="error"):
            simulator.ask(command)
    assert simulator.ask("status")["block_size"] == 16
    for flags in [["--block-size", "48"], ["--format", "x"], ["--workers", "0"], ["--port", "65536"], ["x"], ["--x"]]:
        run = subprocess.run([BUILD / "kvindex-simulator", *flags], capture_output=True, text=True, timeout=20)
        assert run.returncode == 2 and run.stderr
    run = subprocess.run([BUILD / "kvindex-simulator", "--help"], capture_output=True, text=True, timeout=20)
    assert run.returncode == 0 and "--replay-layout" in run.stdout
    run = subprocess.run([BUILD / "kvindex-simulator", "--trace", "/dev/null"], capture_output=True, text=True, timeout=20)
    assert run.returncode == 1 and "/dev/null" in run.stderr
