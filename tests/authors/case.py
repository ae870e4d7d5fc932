"""A service of one file, outside of the tree, on servers of its own."""

from __future__ import annotations

import json
import subprocess
import unittest
from pathlib import Path
from typing import Any, ClassVar

from authors.build_service import plugin_folder

from support.jetstream import JetStream
from support.program import flags, hangar, hangar_running
from support.servers import NatsServer, wait_until
from support.surface import Surface
from support.temporary import temporary_folder

SERVICES = Path(__file__).parent / "services"


class Case(unittest.TestCase):
    """One service on servers of its own."""

    SERVICE: ClassVar[str] = ""
    plugins: ClassVar[Path]

    @classmethod
    def setUpClass(cls) -> None:
        folder = cls.enterClassContext(temporary_folder("authors"))
        cls.plugins = plugin_folder(folder, SERVICES / f"{cls.SERVICE}.cpp")

    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("authors"))
        self.log = self.folder / "hangar.log"
        self.nats = self.enterContext(NatsServer())
        self.stream = self.enterContext(JetStream(self.nats.url))
        self.settings: dict[str, object] = {
            "plugins.path": self.plugins,
            "data_dir": self.folder / "data",
            "nats.url": self.nats.url,
            "services.task_run_recorder.enabled": "false",
        }

    def command(self, *words: str, code: int = 0) -> Any:
        done = hangar(*words, "-o", "json", *flags(self.settings))
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def declared(self) -> dict[str, Any]:
        """What `services ls` says that it needs."""
        [service] = [one for one in self.command("services", "ls") if one["name"] == self.SERVICE]
        return dict(service)

    def running(self) -> Any:
        return hangar_running(*flags(self.settings), log=self.log)

    def wait_ready(self, process: subprocess.Popen[bytes]) -> Surface:
        surface = Surface.of(process, self.folder / "data", self.log)
        wait_until(lambda: surface.ask("/readyz")[0] == 200, what="ready", log=self.log)
        return surface

    def end(self, process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        self.assertEqual(process.wait(60), 0, self.log.read_text())

    def drain(self) -> None:
        done = hangar("run", "--until-drained", *flags(self.settings))
        self.assertEqual(done.returncode, 0, done.stderr)

    def says(self, words: str) -> None:
        wait_until(lambda: words in self.log.read_text(), what=words, log=self.log)
