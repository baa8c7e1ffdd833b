"""Fixtures: start_daemon and start_simulator for tests that choose options, daemon and simulator for the rest."""

import pytest

from .daemon import Daemon
from .simulator import Simulator


def _starter(factory):
    started = []

    def start(*arguments):
        started.append(factory(*arguments))
        return started[-1]

    return start, started


@pytest.fixture
def start_daemon():
    """Starts daemons. All must stop on request with exit code 0: a sanitizer's finding fails the test."""
    start, started = _starter(Daemon)
    yield start
    for daemon in started:
        assert daemon.stop() == 0, daemon.log()


@pytest.fixture
def start_simulator():
    start, started = _starter(Simulator)
    yield start
    for simulator in started:
        assert simulator.stop() == 0, simulator.log()


@pytest.fixture
def daemon(start_daemon):
    return start_daemon("--block-size", 16)


@pytest.fixture
def simulator(start_simulator):
    """Three small engines; the generated work makes them evict."""
    return start_simulator("--workers", 3, "--capacity", 4000, "--requests", 200)
