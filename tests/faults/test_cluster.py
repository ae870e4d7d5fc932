"""A cluster of three whose leaders change under load: nothing is lost, nothing is doubled."""

import contextlib
import time
import unittest

from faults.ledger import DURABLE, STREAM, SUBJECT, Ledger
from support.jetstream import JetStream, JetStreamError
from support.nats_cluster import divisible_cluster, nats_cluster
from support.program import flags, hangar_running
from support.proxy import Proxy
from support.servers import wait_until
from support.surface import Surface

_SLOWLY = ("--set", "nats.replicas=3", "--set", "services.task_run_recorder.batch_size=3")


class Cluster(Ledger):
    REPLICAS = 3

    def start_nats(self) -> None:
        self.servers = self.enterContext(nats_cluster())
        self.nats = self.servers[0]

    def test_leaders_that_step_down_are_followed(self) -> None:
        self.use_sqlite()
        urls = ",".join(server.url for server in self.servers)
        stalls = []
        with self.recording("--set", f"nats.url={urls}", *_SLOWLY) as process:

            def stepped_down() -> bool:
                # There may be no leader yet since the last time.
                with contextlib.suppress(JetStreamError), JetStream(self.nats.url) as stream:
                    stream.request(f"CONSUMER.LEADER.STEPDOWN.{STREAM}.{DURABLE}")
                    return True
                return False

            def step_down() -> None:
                wait_until(stepped_down, what="a leader", process=process, log=self.log)
                began = time.monotonic()
                self.wait_for_progress(process)
                stalls.append(time.monotonic() - began)

            changes = self.disturb(process, step_down)
            self.end_of(process)
            self.end_of(process)
        self.figure("B3", "changes of the consumer's leader", changes)
        self.figure("B3", "longest stall, s", f"{max(stalls):.2f}")
        self.expect_all_recorded()


class Divided(Ledger):
    """A server that is cut off from the majority lives and answers pings, and serves nothing."""

    REPLICAS = 3
    COPIES = 2

    def start_nats(self) -> None:
        (self.alone, self.nats, _), self.way = self.enterContext(divisible_cluster())
        self.other = self.enterContext(Proxy(self.nats.port))

    def fill(self, stream: JetStream) -> None:
        stream.publish(SUBJECT, self.events[:500])

    def is_led(self) -> bool:
        try:
            with JetStream(self.nats.url, timeout=5) as stream:
                return bool(stream.request(f"STREAM.INFO.{STREAM}")["cluster"].get("leader"))
        except (JetStreamError, OSError, ValueError):
            return False

    def test_a_server_without_its_cluster_is_left_and_the_host_not_ready(self) -> None:
        self.use_sqlite()
        urls = f"{self.alone.url},nats://127.0.0.1:{self.other.port}"
        self.other.refuse()
        settings = flags({"nats.url": urls, "nats.replicas": 3})
        with hangar_running(*self.words(), *settings, log=self.log) as process:
            surface = Surface.of(process, self.folder / "data", self.log)
            wait_until(lambda: self.left() == 0, what="the first events", log=self.log)
            self.way.refuse()
            began = time.monotonic()
            wait_until(lambda: surface.ask("/readyz")[0] == 503, what="not ready", log=self.log)
            self.figure("B3", "cut off and not ready after, s", f"{time.monotonic() - began:.1f}")
            self.assertLess(time.monotonic() - began, 15)
            self.assertIn("JetStream", surface.ask("/readyz")[1])
            self.wait_for_words(f"{self.alone.url} is left for another server", process)
            self.other.accept()
            wait_until(self.is_led, what="a leader among the others", log=self.log)
            with JetStream(self.nats.url) as stream:
                stream.publish(SUBJECT, self.events[500:])
            wait_until(lambda: self.left() == 0, what="every event", log=self.log)
            wait_until(lambda: surface.ask("/readyz")[0] == 200, what="ready", log=self.log)
            self.assertEqual(self.terminate(process), 0)
        self.expect_all_recorded()


if __name__ == "__main__":
    unittest.main()
