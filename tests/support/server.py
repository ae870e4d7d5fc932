"""The skeleton of every server that a test starts as a process."""

from __future__ import annotations

import abc
import contextlib
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from support.children import READY_WITHIN, ServerError, end, free_port, wait_until
from support.owner import Owner
from support.temporary import temporary_folder


class Server(Owner):
    """A process in a temporary folder: ready as its context begins, gone as it ends.

    `folder` and `port` stay the same over `stop` and `start`. All that it says is in `log`. It also
    ends when the thread that started it does.
    """

    name: ClassVar[str]
    # The orderly end.
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    # The end at once, as by a crash; a server with children of its own takes them along.
    kill_signal: ClassVar[signal.Signals] = signal.SIGKILL
    patience: ClassVar[float] = READY_WITHIN

    def __init__(self) -> None:
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerError(f"{self.name} is not running")
        return self._process.pid

    def start(self) -> None:
        """Starts it on its folder and port; returns when it is ready."""
        self._process = self._spawn()
        self.wait_ready()

    def wait_ready(self) -> None:
        self.wait_until(self._ready, self.name)

    def wait_until(self, met: Callable[[], bool], what: str) -> None:
        """Looks again and again; ServerError when the server ends before."""
        wait_until(met, what=what, process=self._process, log=self.log, within=self.patience)

    def stop(self, sig: signal.Signals | None = None) -> None:
        """Ends it, in an orderly way if no other signal is named."""
        if self._process is not None:
            end(self._process, sig or self.stop_signal)
            self._process = None

    def kill(self) -> None:
        """Ends it as a crash does."""
        self.stop(self.kill_signal)

    def restart(self, sig: signal.Signals | None = None) -> None:
        """Ends it, as a crash does if no other signal is named, and starts it again."""
        self.stop(sig or self.kill_signal)
        self.start()

    def _open(self, opened: contextlib.ExitStack) -> None:
        self.folder = opened.enter_context(temporary_folder(self.name))
        opened.callback(self.kill)
        self._start_first()

    def _start_first(self) -> None:
        """Starts it on a port that is free, and on another one when somebody took that."""
        for attempts_left in (4, 3, 2, 1, 0):
            self.port = free_port()
            try:
                return self.start()
            except ServerError as error:
                if not attempts_left or "already in use" not in str(error).lower():
                    raise
                self.kill()
        return None

    @abc.abstractmethod
    def _spawn(self) -> subprocess.Popen[bytes]:
        """Starts the process, by `children.spawn`."""

    @abc.abstractmethod
    def _ready(self) -> bool:
        """Whether the process that was started last serves."""
