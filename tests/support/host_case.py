"""For tests of what looks at a host that runs: its settings, a nats-server and a SQLite file."""

from __future__ import annotations

import unittest

from support.servers import NatsServer
from support.temporary import temporary_folder


class HostCase(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("host"))
        self.log = self.folder / "hangar.log"
        self.server = self.enterContext(NatsServer())
        self.settings = {
            "data_dir": self.folder / "data",
            "nats.url": self.server.url,
            "storage.url": self.folder / "hangar.sqlite",
            "storage.create_tables": "true",
        }
