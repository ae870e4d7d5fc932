"""The program as a person or a script calls it: nothing of this machine's settings reaches it."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
from collections.abc import Mapping
from pathlib import Path

from support.children import running
from support.tree import build_folder

_SETTINGS = ("HANGAR_", "PREFECT_", "NATS_", "PG", "XDG_", "NO_COLOR", "CLICOLOR")


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_SETTINGS)}
    # Tests run beside each other, and each host has a port of its own.
    return {**kept, "HANGAR_ADMIN_LISTEN": "127.0.0.1:0", **(changes or {})}


def program() -> Path:
    return build_folder() / "bin" / "hangar"


def flags(settings: Mapping[str, object]) -> list[str]:
    """The settings as arguments."""
    return [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]


def hangar(
    *arguments: str | Path,
    env: Mapping[str, str] | None = None,
    data: str = "",
    within: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    return subprocess.run(
        [program(), *arguments],
        env=environment(env),
        input=data,
        capture_output=True,
        text=True,
        timeout=within,
        check=False,
    )


def at_a_terminal(
    *arguments: str | Path, typed: bytes = b"", env: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Runs a command for a person who types this; returns its code and what the person sees."""
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [program(), *arguments],
            env=environment(env),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        ) as process:
            os.close(theirs)
            os.write(ours, typed)
            seen = b""
            with contextlib.suppress(OSError):  # the other end is closed
                while part := os.read(ours, 4096):
                    seen += part
            return process.wait(30), seen.decode()
    finally:
        os.close(ours)


# What a sanitizer keeps of freed memory is not what the program takes.
LITTLE_QUARANTINE = {"ASAN_OPTIONS": "quarantine_size_mb=1"}


def hangar_running(
    *arguments: str | Path, log: Path, env: Mapping[str, str] | None = None
) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """A `hangar run` in the background; what it says goes to `log`."""
    return running([program(), "run", *arguments], log=log, environment=environment(env))


def resident(pid: int, which: str = "VmRSS") -> int:
    """Bytes; `VmHWM` is the most it was."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith(f"{which}:")]
    return int(line.split()[1]) << 10
