import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "clients" / "python")]

from harness import daemon, simulator, start_daemon, start_simulator  # noqa: E402,F401
