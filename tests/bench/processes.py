"""The processor, and CPU time and memory of processes, read from /proc."""

from __future__ import annotations

import contextlib
import os
import platform
import re
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def _fields(pid: int) -> list[str]:
    # What comes before is the name, which may hold anything.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, its children and those that it waited for."""
    while True:
        waited_for = _fields(pid)[13:15]
        ticks = sum(map(int, _fields(pid)[11:15])) + _of_children(pid)
        # A child that is waited for meanwhile would be counted twice or never.
        if _fields(pid)[13:15] == waited_for:
            return ticks / _TICKS


def _of_children(pid: int) -> int:
    ticks = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = _fields(int(entry.name))
                if fields[1] == str(pid):
                    ticks += sum(map(int, fields[11:15]))
    return ticks


def resident_kib(pid: int) -> tuple[int, int]:
    """Now, and at most so far; zeros for a process that has ended."""
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        found = dict(line.split(":", 1) for line in lines if ":" in line)
        if "VmRSS" in found:
            return int(found["VmRSS"].split()[0]), int(found["VmHWM"].split()[0])
    return 0, 0


def processor() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()
