"""Real processes for tests: the daemon, the simulated fleet, and the questions both must answer alike."""

from .daemon import Daemon
from .fixtures import daemon, simulator, start_daemon, start_simulator
from .process import BUILD, ROOT
from .rest import Answer, Rest
from .simulator import Simulator
from .truth import check_dump, check_samples, listeners, register, settle, wait_until

__all__ = [
    "Answer",
    "BUILD",
    "Daemon",
    "ROOT",
    "Rest",
    "Simulator",
    "check_dump",
    "check_samples",
    "daemon",
    "listeners",
    "register",
    "settle",
    "simulator",
    "start_daemon",
    "start_simulator",
    "wait_until",
]
