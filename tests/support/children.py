"""Child processes that end when the test does, and the wait until they are ready."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
_prctl = _libc.prctl
READY_WITHIN = 60.0


class ServerError(RuntimeError):
    """A server did not start, or ended on its own; the message carries the end of its log."""


def die_with_parent(sig: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn` that has the kernel send `sig` to the child when its parent *thread* ends.

    So a server must be started by a thread that outlives it.
    """
    parent = os.getpid()

    def arrange() -> None:
        _prctl(_PR_SET_PDEATHSIG, int(sig), 0, 0, 0)
        if os.getppid() != parent:  # it ended before the kernel knew of our wish
            os.kill(os.getpid(), signal.SIGKILL)

    return arrange


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    user: str | None = None,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
    asked: bool = False,
) -> subprocess.Popen[bytes]:
    """Starts a child that writes to `log` and dies with this thread.

    One that is `asked` has pipes for its input and output; only its errors go to `log`.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE if asked else subprocess.DEVNULL,
            stdout=subprocess.PIPE if asked else output,
            stderr=output,
            env=dict(environment) if environment is not None else None,
            cwd=cwd,
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
            preexec_fn=die_with_parent(death_signal),
        )


@contextlib.contextmanager
def running(
    command: Sequence[str | Path], *, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A child that is killed at the end, if it has not ended before."""
    process = spawn(command, log=log, environment=environment)
    try:
        yield process
    finally:
        end(process, signal.SIGKILL)


def unprivileged_user() -> str | None:
    """Whom a server runs as that refuses to run as root; None when this is not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise ServerError("neither postgres nor nobody exists, and PostgreSQL refuses root")


def freeze(child: int) -> None:
    """Stops a child; returns when none of its threads runs any more."""
    os.kill(child, signal.SIGSTOP)
    os.waitid(os.P_PID, child, os.WSTOPPED)


def wait_until(
    ready: Callable[[], bool],
    *,
    what: str,
    process: subprocess.Popen[bytes] | None = None,
    log: Path | None = None,
    within: float = READY_WITHIN,
) -> None:
    """Polls `ready` until it holds; raises with the log's end when the process or time ended."""
    deadline = time.monotonic() + within
    before = log.stat().st_size if log and log.exists() else 0
    while not ready():
        ended = process.poll() if process is not None else None
        late = time.monotonic() > deadline
        if ended is not None or late:
            why = f"not ready within {within:.0f} s" if late else f"ended with status {ended}"
            tail = _tail(log, before) if log else ""
            raise ServerError(f"{what}: {why}\n{tail}")
        time.sleep(0.01)


def _tail(log: Path, since: int) -> str:
    with contextlib.suppress(OSError):
        return log.read_bytes()[since:][-4000:].decode(errors="replace")
    return ""


def free_port() -> int:
    """A port that was free a moment ago; the caller must be ready to find it taken.

    Not one of those that the kernel gives to clients: a server that is down for a while would find
    its port taken by somebody's connection, even by that of a client of its own to itself.
    """
    given_to_clients = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    while True:
        port = random.randrange(5_000, max(10_000, int(given_to_clients[0])))
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def end(process: subprocess.Popen[bytes], sig: signal.Signals, *, within: float = 20.0) -> None:
    """Sends `sig`, then SIGKILL when the process has not ended in time."""
    if process.poll() is not None:
        return
    process.send_signal(sig)
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
