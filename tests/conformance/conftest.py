"""NVIDIA's real indexer and kvindexd follow the same engines and must answer alike.

tools/test conformance installs NVIDIA's wheel to build/nvidia and runs this. By hand:

    KVINDEX_NVIDIA=venv/bin/python pytest -c tests/pytest.ini --rootdir . tests/conformance
    KVINDEX_CONFORMANCE=nvidia pytest ...       NVIDIA against NVIDIA: proves the tests themselves

What differs on purpose is in test_differences.py; `python3 tests/conformance/table.py` prints it as a table.
"""

import contextlib
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "clients" / "python"), str(pathlib.Path(__file__).parent)]

import engine as engines_of_tests  # noqa: E402
from pair import Keeper, Pair  # noqa: E402
from services import Nvidia, missing, start_here  # noqa: E402

REASON = missing()


def pytest_collection_modifyitems(items):
    """Without NVIDIA's service every test here is skipped, each with the reason."""
    if REASON:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=f"NVIDIA's indexer: {REASON}"))


@pytest.fixture
def start_engine():
    with engines_of_tests.engines() as start:
        yield start


@pytest.fixture
def start_pair():
    """Starts both services with the same options."""
    with contextlib.ExitStack() as started:

        def start(*arguments):
            services = []
            for make in (Nvidia, start_here):
                services.append(make(*arguments))
                started.callback(services[-1].stop)
            return Pair(*services)

        yield start


@pytest.fixture(scope="session")
def keeper():
    keeper = Keeper()
    yield keeper
    keeper.stop()


@pytest.fixture
def pair(keeper):
    """Both services, without any worker."""
    there, here = keeper.get(), start_here()
    yield Pair(there, here)
    keeper.clean()
    here.stop()


@pytest.fixture
def engine(pair, start_engine):
    """One engine, followed by both as instance 1."""
    engine = start_engine()
    pair.register(engine, 1)
    return engine
