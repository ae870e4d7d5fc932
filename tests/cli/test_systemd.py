"""`hangar run` as a service of systemd, which this test stands in for: it has the socket."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
import unittest
from collections import deque
from pathlib import Path

from support.program import flags, hangar_running
from support.servers import NatsServer, wait_until
from support.surface import Surface
from support.temporary import temporary_folder

_WATCHDOG = 3.0  # seconds


class NotifySocket:
    """Where systemd hears its services."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heard: list[str] = []
        self._coming: deque[str] = deque()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(60)

    def close(self) -> None:
        self._socket.close()

    def hear(self, begin: str) -> str:
        """The next line that begins so."""
        while True:
            while self._coming:
                self.heard.append(self._coming.popleft())
                if self.heard[-1].startswith(begin):
                    return self.heard[-1]
            self._coming.extend(self._socket.recv(65536).decode().splitlines())


class UnderSystemd(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("sd"))
        self.log = self.folder / "hangar.log"
        self.config = self.folder / "hangar.yaml"
        self.server = self.enterContext(NatsServer())
        self.config.write_text("log: {level: info}\n")
        self.systemd = NotifySocket(self.folder / "notify")
        self.addCleanup(self.systemd.close)
        self.settings = {
            "data_dir": self.folder / "data",
            "nats.url": self.server.url,
            "storage.url": self.folder / "hangar.sqlite",
            "storage.create_tables": "true",
        }

    def said(self, text: str, process: subprocess.Popen[bytes]) -> None:
        wait_until(lambda: text in self.log.read_text(), what=text, process=process, log=self.log)

    def test_it_tells_its_life_from_a_broker_that_is_away_to_the_end(self) -> None:
        self.server.stop()
        env = {
            "NOTIFY_SOCKET": str(self.systemd.path),
            "WATCHDOG_USEC": str(int(_WATCHDOG * 1_000_000)),
        }
        with hangar_running(
            "-c", str(self.config), *flags(self.settings), log=self.log, env=env
        ) as process:
            self.waits_for_the_broker()
            self.server.start()
            self.systemd.hear("READY=1")
            self.systemd.hear("STATUS=running task_run_recorder; ")
            surface = Surface.of(process, self.folder / "data", self.log)
            self.assertEqual(surface.ask("/readyz")[0], 200)
            self.reads_settings_again(process)
            self.hears_no_other_signal(process)
            self.gives_signs_of_life()
            process.send_signal(signal.SIGTERM)
            self.systemd.hear("STOPPING=1")
            # drain_timeout, and a little more.
            self.systemd.hear("EXTEND_TIMEOUT_USEC=30000000")
            self.assertEqual(process.wait(30), 0, self.log.read_text()[-4000:])

    def waits_for_the_broker(self) -> None:
        """So long as a database is away, systemd is asked for time, and told why."""
        self.systemd.hear("STATUS=not ready: nats: task_run_recorder is not connected")
        self.systemd.hear("EXTEND_TIMEOUT_USEC=30000000")
        self.assertNotIn("READY=1", self.systemd.heard)

    def gives_signs_of_life(self) -> None:
        self.systemd.hear("WATCHDOG=1")
        for _ in range(2):
            before = time.monotonic()
            self.systemd.hear("WATCHDOG=1")
            self.assertLess(time.monotonic() - before, _WATCHDOG)

    def reads_settings_again(self, process: subprocess.Popen[bytes]) -> None:
        self.config.write_text("log: {level: debug}\nnats: {max_age: 1d, replicas: 3}\n")
        begun = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        process.send_signal(signal.SIGHUP)
        self.systemd.hear("RELOADING=1")
        told = int(self.systemd.hear("MONOTONIC_USEC=").partition("=")[2])
        ended = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self.assertTrue(begun <= told <= ended, (begun, told, ended))
        self.systemd.hear("READY=1")
        self.said("SIGHUP: log.level is debug from now on", process)
        self.said("need a restart: nats.replicas, nats.max_age\n", process)

        self.config.write_text("log: {level: info}\nnats: {replicas: many}\n")
        process.send_signal(signal.SIGHUP)
        self.systemd.hear("RELOADING=1")
        self.systemd.hear("READY=1")
        self.said("SIGHUP: the settings are wrong, so nothing is changed", process)
        self.said("hangar.yaml:2:18: nats.replicas: expected an integer", process)
        self.assertNotIn("log.level is info", self.log.read_text())

    def hears_no_other_signal(self, process: subprocess.Popen[bytes]) -> None:
        for other in (signal.SIGUSR1, signal.SIGUSR2):
            process.send_signal(other)
            self.said(f"{other.name}: nothing to do", process)


if __name__ == "__main__":
    unittest.main()
