"""Clocks, memory and figures."""

import os
import pathlib
import platform
import statistics
import subprocess
import time

from harness import ROOT


def cpu_seconds(pid):
    """User and system time of a process and of all its threads, in nanosecond steps: its CPU clock, as in clock_getcpuclockid(3)."""
    return time.clock_gettime((~pid << 3) | 2)


def rss_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def quantile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(q * len(values)))]


def round_to(value, digits=4):
    """To so many significant digits: more would pretend."""
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


def median_of(runs):
    """One dictionary of the same shape: medians of numbers, and of anything else what the last run said. Not every run need
    have everything."""
    result = {}
    for key in dict.fromkeys(key for run in runs for key in run):
        values = [run[key] for run in runs if key in run]
        last = values[-1]
        if isinstance(last, dict):
            result[key] = median_of(values)
        elif isinstance(last, bool) or not isinstance(last, (int, float)):
            result[key] = last
        elif key in ("wrong", "errors"):
            result[key] = sum(values)
        else:
            result[key] = round_to(float(statistics.median(values)))
    return result


def machine():
    """What the figures were measured on."""
    model = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    memory = int(open("/proc/meminfo").readline().split()[1]) / 1048576
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return {
        "cpu": model[0] if model else platform.machine(),
        "cpus": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "kernel": platform.release(),
        "commit": commit.stdout.strip() or "unknown",
        "load_before": os.getloadavg()[0],
    }


def stolen_seconds():
    """CPU time that the host gave to somebody else, all CPUs together, since the start of the machine."""
    return int(open("/proc/stat").readline().split()[8]) / os.sysconf("SC_CLK_TCK")


def available_gib():
    for line in open("/proc/meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) / 1048576
    return 1.0
