"""Debian's systemd as the first process of a root, in namespaces of its own; root alone can."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from support.children import end, spawn, wait_until
from support.debian_root import root_environment

_OWN = ("--mount", "--pid", "--cgroup", "--uts", "--ipc", "--net")
# What systemd finds where the manager of a container starts it.
_BOOT = """
root=$1
mount --bind "$root" "$root"
mount -t proc proc "$root/proc" && mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/tmp" && mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/dev" && mkdir "$root/dev/pts" "$root/dev/shm"
for device in null zero full random urandom tty; do
  touch "$root/dev/$device" && mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s pts/ptmx "$root/dev/ptmx"
for link in fd:fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do
  ln -s "/proc/self/${link#*:}" "$root/dev/${link%%:*}"
done
cd "$root" && mount --move . /
exec chroot . /lib/systemd/systemd --system --log-target=console --unit=multi-user.target
"""
# What a machine has and this has not may fail: it is no matter here.
_IS_UP = "case $(systemctl is-system-running) in running | degraded) ;; *) exit 1 ;; esac"


@contextlib.contextmanager
def booted(root: Path, log: Path) -> Iterator[Callable[[str], tuple[int, str]]]:
    """Gives what runs a script of sh there, without a network; its exit status and what it said."""
    words = ("unshare", *_OWN, "--fork", "--kill-child", "sh", "-euc", _BOOT, "sh", root)
    process = spawn(words, log=log, environment={**root_environment(), "container": "other"})
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")

    def run(script: str) -> tuple[int, str]:
        [first] = children.read_text().split()
        done = subprocess.run(
            ("nsenter", "-t", first, "-a", "-r", "-w", "sh", "-euc", script),
            env=root_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def is_up() -> bool:
        return bool(children.read_text()) and run(_IS_UP)[0] == 0

    try:
        wait_until(is_up, what="systemd", process=process, log=log)
        yield run
    finally:
        end(process, signal.SIGKILL)
