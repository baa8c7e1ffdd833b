"""Each row of the error table over gRPC, and the protocol's own ways to fail."""

import threading
import time

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from harness import wait_until
from kvindex.v1 import kvindex_pb2 as pb
from kvindex.v1 import kvindex_pb2_grpc
from kvindex_client import Unavailable

ENDPOINT = "tcp://127.0.0.1:9"
Code = grpc.StatusCode


@pytest.fixture
def channel(daemon):
    options = [("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(daemon.grpc_address, options) as channel:
        yield channel
    assert not daemon.grpc.query([1, 2, 3]).hits


@pytest.fixture
def stub(channel):
    return kvindex_pb2_grpc.KvIndexerStub(channel)


def fails(call, request, code, text=""):
    with pytest.raises(grpc.RpcError) as error:
        call(request, timeout=20)
    assert error.value.code() == code, error.value.details()
    assert text in error.value.details()


def worker(**changes):
    return pb.RegisterRequest(**{"instance_id": "1", "endpoint": ENDPOINT, "block_size_tokens": 16, **changes})


@pytest.mark.parametrize(
    "changes,field",
    [
        ({"instance_id": ""}, "instance_id"),
        ({"instance_id": "x" * 257}, "instance_id"),
        ({"instance_id": "a\0b"}, "instance_id"),
        ({"endpoint": ""}, "endpoint"),
        ({"endpoint": "x" * 1025}, "endpoint"),
        ({"endpoint": "127.0.0.1:5557"}, "endpoint"),
        ({"endpoint": "udp://127.0.0.1:5557"}, "endpoint"),
        ({"endpoint": "tcp://127.0.0.1:65536"}, "endpoint"),
        ({"replay_endpoint": "nonsense"}, "replay"),
        ({"block_size_tokens": 65537}, "block_size"),
    ],
)
def test_invalid(stub, changes, field):
    fails(stub.Register, worker(**changes), Code.INVALID_ARGUMENT, field)
    assert not stub.ListWorkers(pb.ListWorkersRequest()).workers


def test_no_block_size_known(start_daemon):
    daemon = start_daemon()
    with grpc.insecure_channel(daemon.grpc_address) as channel:
        stub = kvindex_pb2_grpc.KvIndexerStub(channel)
        fails(stub.Register, worker(block_size_tokens=0), Code.INVALID_ARGUMENT, "block_size")


def test_unknown_worker(stub):
    fails(stub.Unregister, pb.UnregisterRequest(instance_id="77"), Code.NOT_FOUND, "77")


def test_unknown_method(channel):
    for method in ("/kvindex.v1.KvIndexer/Nothing", "/no.Service/Method"):
        fails(channel.unary_unary(method), b"", Code.UNIMPLEMENTED)


def test_conflicts(stub):
    stub.Register(worker())
    fails(stub.Register, worker(), Code.ALREADY_EXISTS, "1")
    fails(stub.Register, worker(instance_id="2", block_size_tokens=32), Code.FAILED_PRECONDITION, "32")


def test_too_large(stub):
    fails(stub.Query, pb.QueryRequest(token_ids=[1] * 1048577), Code.RESOURCE_EXHAUSTED, "token_ids")
    fails(stub.QueryByHash, pb.QueryByHashRequest(block_hashes=[1] * 524289), Code.RESOURCE_EXHAUSTED, "block_hashes")
    fails(stub.Query, pb.QueryRequest(token_ids=[1] * 2200000), Code.RESOURCE_EXHAUSTED)
    assert stub.Query(pb.QueryRequest(token_ids=[1] * 1048576)).result.asked_blocks == 65536


def test_malformed_message(channel):
    fails(channel.unary_unary("/kvindex.v1.KvIndexer/Query"), b"\x0a\xff\xff\xff", Code.INVALID_ARGUMENT)


def test_internal(start_daemon):
    daemon = start_daemon("--block-size", 16, "--fault-hook")
    with grpc.insecure_channel(daemon.grpc_address) as channel:
        stub = kvindex_pb2_grpc.KvIndexerStub(channel)
        fails(stub.Register, worker(instance_id="kvindex-fault-internal"), Code.INTERNAL)
        stub.Register(worker())


def test_a_deadline_that_has_passed(stub):
    asked = threading.Event()  # never set: a stream that asks nothing and does not end
    with pytest.raises(grpc.RpcError) as error:
        next(stub.QueryStream(iter(lambda: asked.wait(5), True), timeout=0.3))
    assert error.value.code() == Code.DEADLINE_EXCEEDED
    asked.set()


def test_overload(start_daemon):
    daemon = start_daemon("--block-size", 16, "--max-inflight", 1, "--grpc-threads", 4)
    request = pb.QueryRequest(token_ids=[1] * 1000000)
    channels = [grpc.insecure_channel(daemon.grpc_address, [("grpc.use_local_subchannel_pool", 1)]) for _ in range(8)]
    daemon.grpc.register(1, ENDPOINT)
    codes = set()
    for _ in range(50):
        calls = [kvindex_pb2_grpc.KvIndexerStub(c).Query.future(request, timeout=60) for c in channels]
        codes |= {call.code() for call in calls}
        if Code.UNAVAILABLE in codes:
            break
    for channel in channels:
        channel.close()
    assert codes == {Code.OK, Code.UNAVAILABLE}

    def answered():
        try:
            return daemon.grpc.query([1]).asked_blocks == 0
        except Unavailable:  # the last call has its answer a moment before it stops to count
            return False

    wait_until(answered, "good requests are answered again")


def test_stream_answers_bad_questions_and_goes_on(daemon, stub):
    daemon.grpc.register(1, ENDPOINT)
    questions = [
        pb.QueryStreamRequest(request_id=1, query=pb.QueryRequest(token_ids=range(32))),
        pb.QueryStreamRequest(request_id=2),
        pb.QueryStreamRequest(request_id=3, query=pb.QueryRequest(token_ids=[1] * 1048577)),
        pb.QueryStreamRequest(request_id=4, query_by_hash=pb.QueryByHashRequest(block_hashes=[1, 2, 3])),
    ]
    answers = {answer.request_id: answer for answer in stub.QueryStream(iter(questions), timeout=60)}
    assert answers[1].result.asked_blocks == 2
    assert answers[2].error.code == Code.INVALID_ARGUMENT.value[0]
    assert answers[3].error.code == Code.RESOURCE_EXHAUSTED.value[0]
    assert answers[4].result.asked_blocks == 3


def test_stream_with_many_in_flight(daemon, simulator):
    from harness import register, settle

    simulator.play(60)
    register(daemon, simulator)
    settle(daemon, simulator)
    samples = simulator.samples(200, 4000)
    answers = dict(daemon.grpc.query_stream((i, s["token_ids"]) for i, s in enumerate(samples)))
    assert len(answers) == len(samples)
    for number, sample in enumerate(samples):
        found = {hit.worker.instance_id: hit.device_blocks for hit in answers[number].hits}
        assert found == sample["scores"]


def test_cancelled_streams_leave_nothing_behind(daemon, stub):
    for _ in range(20):
        stream = stub.QueryStream(iter(lambda: pb.QueryStreamRequest(request_id=1, query=pb.QueryRequest(token_ids=range(16))), None))
        next(stream)
        stream.cancel()
    assert not daemon.grpc.query([1]).hits


def test_health_check_and_watch(daemon, channel):
    health = health_pb2_grpc.HealthStub(channel)
    serving = health_pb2.HealthCheckResponse.SERVING
    for service in ("", "kvindex.v1.KvIndexer"):
        assert health.Check(health_pb2.HealthCheckRequest(service=service), timeout=20).status == serving
    fails(health.Check, health_pb2.HealthCheckRequest(service="nothing"), Code.NOT_FOUND)
    watch = health.Watch(health_pb2.HealthCheckRequest(service=""))
    assert next(watch).status == serving
    watch.cancel()
    unknown = health.Watch(health_pb2.HealthCheckRequest(service="nothing"))
    assert next(unknown).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
    unknown.cancel()


def test_reflection_describes_the_services(channel):
    from google.protobuf.descriptor_pool import DescriptorPool
    from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

    reflected = ProtoReflectionDescriptorDatabase(channel)
    assert "kvindex.v1.KvIndexer" in reflected.get_services()
    assert "grpc.health.v1.Health" in reflected.get_services()
    service = DescriptorPool(reflected).FindServiceByName("kvindex.v1.KvIndexer")
    ours = pb.DESCRIPTOR.services_by_name["KvIndexer"]
    assert [m.name for m in service.methods] == [m.name for m in ours.methods]


def test_many_callers_at_once(daemon, simulator):
    from harness import register, settle
    from harness.truth import grpc_scores

    simulator.play(60)
    register(daemon, simulator)
    settle(daemon, simulator)
    samples = simulator.samples(20, 4000)
    wrong = []

    def ask():
        for sample in samples * 3:
            want = {int(k): v for k, v in sample["scores"].items()}
            if grpc_scores(daemon.grpc.query(sample["token_ids"])) != want:
                wrong.append(sample)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, time.monotonic() - started
