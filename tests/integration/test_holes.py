"""Removed middle blocks, their return, and engines that name the same blocks differently."""

import pytest
from harness import check_dump, register, settle
from harness.truth import rest_scores

PROMPT = list(range(1, 161))  # 10 blocks


@pytest.fixture(params=["shared", "worker"])
def fleet(daemon, start_simulator, request):
    simulator = start_simulator("--workers", 2, "--hash", request.param)
    register(daemon, simulator)
    simulator.ask("subscribers", 20)
    simulator.prompt("*", PROMPT)
    settle(daemon, simulator)
    return simulator


def scores(daemon, fleet, prompt=PROMPT):
    settle(daemon, fleet)
    found = rest_scores(daemon.rest.query(prompt))
    assert found == fleet.expect(prompt)
    return found


def test_removing_from_one_never_touches_the_other(daemon, fleet):
    assert scores(daemon, fleet) == {0: 10, 1: 10}
    for block in reversed(range(10)):
        fleet.ask("remove", 0, block, PROMPT)
        assert scores(daemon, fleet) == ({0: block, 1: 10} if block else {1: 10})
    check_dump(daemon, fleet)


def test_a_hole_cuts_the_score_and_its_return_brings_the_tail_back(daemon, fleet):
    fleet.ask("remove", 0, 4, PROMPT)
    assert scores(daemon, fleet) == {0: 4, 1: 10}
    check_dump(daemon, fleet)
    fleet.ask("remove", 0, 7, PROMPT)
    assert scores(daemon, fleet) == {0: 4, 1: 10}
    fleet.prompt(0, PROMPT[:80])
    assert scores(daemon, fleet) == {0: 7, 1: 10}
    fleet.prompt(0, PROMPT)
    assert scores(daemon, fleet) == {0: 10, 1: 10}
    check_dump(daemon, fleet)


def test_the_first_block_too(daemon, fleet):
    fleet.ask("remove", "*", 0, PROMPT)
    assert scores(daemon, fleet) == {}
    check_dump(daemon, fleet)
    fleet.prompt(1, PROMPT)
    assert scores(daemon, fleet) == {1: 10}


def test_branches_off_a_hole(daemon, fleet):
    branch = PROMPT[:96] + [9999] * 64
    fleet.prompt(0, branch)
    fleet.ask("remove", 0, 5, PROMPT)
    assert scores(daemon, fleet) == {0: 5, 1: 10}
    assert scores(daemon, fleet, branch) == {0: 5, 1: 6}
    fleet.prompt(0, branch)
    assert scores(daemon, fleet) == {0: 10, 1: 10}
    assert scores(daemon, fleet, branch) == {0: 10, 1: 6}
    check_dump(daemon, fleet)
