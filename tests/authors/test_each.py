"""Whatever a service of an author does: each command knows it, and it is ready, ends and begins."""

from __future__ import annotations

import json
import unittest

from authors.case import Case

from support.program import flags, hangar
from support.servers import wait_until
from support.surface import Surface


class Each(Case):
    """What holds for every service; a class below for each."""

    CONNECTIONS: tuple[str, ...] = ()
    VERIFIED = False
    NATS = True  # Whether it is connected at all.

    def setUp(self) -> None:
        super().setUp()
        self.settings |= {
            "storage.url": self.folder / "rows.sqlite",
            "storage.create_tables": "true",
        }

    def test_it_is_known_ready_drained_and_started_again(self) -> None:
        self.assertEqual(self.declared()["state"], "stopped")
        with self.running() as process:
            surface = self.wait_ready(process)
            status = json.loads(surface.ask("/status")[1])["services"][self.SERVICE]
            self.assertEqual(status["state"], "running")
            used = {name: {"connected": True, "obstacle": None} for name in self.CONNECTIONS}
            self.assertEqual(status["connections"], used)
            self.command("doctor")
            self.lose_nats(surface)
            self.end(process)
        with self.running() as process:
            self.wait_ready(process)
            self.end(process)
        self.drain()
        done = hangar("verify", "--all", *flags(self.settings))
        self.assertEqual(done.returncode, 0 if self.VERIFIED else 78, done.stderr)

    def lose_nats(self, surface: Surface) -> None:
        self.nats.kill()
        if self.NATS:
            wait_until(lambda: surface.ask("/readyz")[0] == 503, what="not ready", log=self.log)
            self.assertIn("is not connected", surface.ask("/readyz")[1])
        self.nats.start()
        wait_until(lambda: surface.ask("/readyz")[0] == 200, what="ready again", log=self.log)


class Ticker(Each):
    SERVICE = "ticker"
    NATS = False


class Forwarder(Each):
    SERVICE = "forwarder"
    CONNECTIONS = ("publisher",)


class Counter(Each):
    SERVICE = "counter"
    VERIFIED = True


class TwoStreams(Each):
    SERVICE = "two_streams"


class Inlet(Each):
    SERVICE = "inlet"
    CONNECTIONS = ("publisher",)


del Each  # Or it would be run, too.

if __name__ == "__main__":
    unittest.main()
