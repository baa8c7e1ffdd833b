"""Workers that come, go, restart, lose events or are not there yet."""

from harness import check_dump, check_samples, register, settle, wait_until
from harness.truth import listeners, rest_scores

PROMPT = list(range(1, 129))  # 8 blocks


def state_of(daemon, worker):
    return listeners(daemon)[str(worker), "0"]


def test_unregister_removes_at_once(daemon, simulator):
    simulator.play()
    register(daemon, simulator)
    settle(daemon, simulator)
    samples = [s for s in simulator.samples(30, 20000) if "1" in s["scores"]]
    assert samples
    assert daemon.rest.post("/unregister", {"instance_id": 1, "dp_rank": 0}).json == {"status": "ok"}
    for sample in samples:
        want = {int(k): v for k, v in sample["scores"].items() if k != "1"}
        assert rest_scores(daemon.rest.query(sample["token_ids"])) == want
        assert "1" not in {hit.worker.instance_id for hit in daemon.grpc.query(sample["token_ids"]).hits}
    assert all(event["worker_id"] != 1 for event in daemon.rest.get("/dump").json)
    assert [w["instance_id"] for w in daemon.rest.get("/workers").json] == [0, 2]
    assert daemon.rest.post("/unregister", {"instance_id": 1}).status == 404


def test_registering_again_works_at_once(daemon, simulator):
    simulator.play()
    register(daemon, simulator)
    settle(daemon, simulator)
    for _ in range(5):
        assert daemon.rest.post("/unregister", {"instance_id": 1}).status == 200
        register(daemon, simulator, workers=[1])
    settle(daemon, simulator)
    check_samples(daemon, simulator, 20)
    check_dump(daemon, simulator)


def test_a_worker_that_is_not_up_yet(daemon, simulator):
    simulator.ask("stop", 0)
    register(daemon, simulator)
    assert state_of(daemon, 0)["state"] == "connecting"
    simulator.ask("start", 0)
    wait_until(lambda: state_of(daemon, 0)["state"] == "exact", "worker 0 is exact")
    simulator.prompt(0, PROMPT)
    settle(daemon, simulator)
    assert rest_scores(daemon.rest.query(PROMPT)) == {0: 8}


def test_restart_drops_what_the_engine_lost(daemon, simulator):
    simulator.play()
    register(daemon, simulator)
    settle(daemon, simulator)
    simulator.ask("restart", 1)
    simulator.prompt(1, PROMPT)
    settle(daemon, simulator)
    wait_until(lambda: state_of(daemon, 1)["state"] == "exact", "worker 1 is exact again")
    assert state_of(daemon, 1)["restarts"] == 1
    assert rest_scores(daemon.rest.query(PROMPT)) == {1: 8}
    check_samples(daemon, simulator, 30)
    check_dump(daemon, simulator)


def test_restart_while_hashes_change(daemon, start_simulator):
    simulator = start_simulator("--workers", 2, "--requests", 60, "--hash", "worker")
    register(daemon, simulator)
    for _ in range(3):
        simulator.play(20)
        settle(daemon, simulator)
        simulator.ask("restart", "*")
        simulator.prompt("*", PROMPT)
        settle(daemon, simulator)
        check_samples(daemon, simulator, 10)
        check_dump(daemon, simulator)


def test_clear(daemon, simulator):
    simulator.play()
    register(daemon, simulator)
    settle(daemon, simulator)
    simulator.ask("clear", 2)
    simulator.prompt(2, PROMPT)
    settle(daemon, simulator)
    assert rest_scores(daemon.rest.query(PROMPT)) == {2: 8}
    check_samples(daemon, simulator, 30)
    check_dump(daemon, simulator)


def test_a_gap_is_replayed(daemon, simulator):
    register(daemon, simulator)
    simulator.ask("subscribers", 20)
    simulator.play(50)
    settle(daemon, simulator)
    simulator.ask("lose", "*", 3)
    simulator.play(100)
    settle(daemon, simulator)
    wait_until(lambda: all(w["state"] == "exact" for w in listeners(daemon).values()), "all workers are exact")
    check_samples(daemon, simulator, 30)
    check_dump(daemon, simulator)


def test_a_gap_that_nothing_can_fill(daemon, simulator):
    register(daemon, simulator)
    simulator.ask("subscribers", 20)
    simulator.prompt("*", PROMPT)
    settle(daemon, simulator)
    simulator.ask("skip", 0)
    simulator.prompt(0, PROMPT + list(range(500, 564)))
    wait_until(lambda: state_of(daemon, 0)["state"] == "degraded", "worker 0 is degraded")
    assert state_of(daemon, 0)["reason"] == "gap"
    assert state_of(daemon, 0)["missing_batches"] == 1
    settle(daemon, simulator)
    assert rest_scores(daemon.rest.query(PROMPT)) == {0: 8, 1: 8, 2: 8}
    assert daemon.rest.get("/ready").status == 200
    simulator.ask("clear", 0)
    wait_until(lambda: state_of(daemon, 0)["state"] == "exact", "a clear makes worker 0 exact")


def test_late_join_without_replay_is_degraded(daemon, simulator):
    simulator.prompt(0, PROMPT)
    register(daemon, simulator, replay=False)
    simulator.ask("subscribers", 20)
    simulator.prompt(0, list(range(900, 932)))
    wait_until(lambda: state_of(daemon, 0)["state"] == "degraded", "worker 0 is degraded")
    assert state_of(daemon, 0)["reason"] == "late_join"
    settle(daemon, simulator)
    assert rest_scores(daemon.rest.query(list(range(900, 932)))) == {0: 2}
    assert rest_scores(daemon.rest.query(PROMPT)) == {}


def test_a_silent_replay_peer_blocks_nothing(start_daemon, simulator):
    daemon = start_daemon("--block-size", 16, "--ready-timeout", 1)
    simulator.ask("replay", 0, "off")
    simulator.prompt("*", PROMPT)
    register(daemon, simulator)
    wait_until(lambda: set(rest_scores(daemon.rest.query(PROMPT))) >= {1, 2}, "the other workers are there")
    wait_until(lambda: daemon.rest.get("/ready").status == 200, "ready in spite of worker 0")


def test_ranks_and_string_ids(daemon, start_simulator):
    simulator = start_simulator("--workers", 2, "--rank", "none")
    for rank, worker in enumerate(simulator.workers):
        body = {"instance_id": "prefill-a", "dp_rank": rank, "endpoint": worker["endpoint"], "block_size": 16}
        assert daemon.rest.post("/register", body).status == 201
    simulator.ask("subscribers", 20)
    simulator.prompt(0, PROMPT)
    simulator.prompt(1, PROMPT[:48])
    wait_until(lambda: len(daemon.rest.query(PROMPT)["scores"].get("prefill-a", {})) == 2, "both ranks score")
    answer = daemon.rest.query(PROMPT)
    assert answer["scores"] == {"prefill-a": {"0": 8, "1": 3}}
    assert answer["tree_sizes"] == {"prefill-a": {"0": 8, "1": 3}}
    assert {event["worker_id"] for event in daemon.rest.get("/dump").json} == {"prefill-a"}
    assert daemon.grpc.unregister("prefill-a") == 2
    assert daemon.rest.query(PROMPT)["scores"] == {}


def test_a_rank_seen_only_in_batches_is_learned(daemon, start_simulator):
    simulator = start_simulator("--workers", 1, "--rank", 3)
    register(daemon, simulator, replay=False)
    simulator.ask("subscribers", 20)
    simulator.prompt(0, PROMPT)
    wait_until(lambda: daemon.rest.query(PROMPT)["scores"], "the learned rank scores")
    assert daemon.rest.query(PROMPT)["scores"] == {"0": {"3": 8}}
    entry = daemon.rest.get("/workers").json[0]
    assert set(entry["endpoints"]) == {"0"}
    assert entry["listeners"]["3"]["learned"] and not entry["listeners"]["0"]["learned"]
    assert daemon.rest.post("/unregister", {"instance_id": 0, "dp_rank": 0}).status == 200
    assert daemon.rest.query(PROMPT)["scores"] == {}
    assert daemon.rest.get("/workers").json == []


def test_registry_through_both_protocols(daemon, simulator):
    first, second, _ = simulator.workers
    daemon.grpc.register("1", first["endpoint"], block_size=16)
    assert daemon.rest.post("/register", {"instance_id": 1, "endpoint": first["endpoint"]}).status == 409
    assert daemon.rest.post("/register", {"instance_id": 18446744073709551615, "endpoint": second["endpoint"]}).status == 201
    assert [w.worker.instance_id for w in daemon.grpc.workers()] == ["1", "18446744073709551615"]
    assert daemon.grpc.unregister(18446744073709551615) == 1


def test_workers_flag(start_daemon, simulator):
    simulator.play()
    listed = ",".join(f"{w['worker']}={w['endpoint']}" for w in simulator.workers)
    daemon = start_daemon("--block-size", 16, "--workers", listed)
    simulator.ask("subscribers", 20)
    simulator.prompt("*", PROMPT)
    settle(daemon, simulator)
    assert rest_scores(daemon.rest.query(PROMPT)) == {0: 8, 1: 8, 2: 8}
