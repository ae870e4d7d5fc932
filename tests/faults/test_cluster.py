"""A cluster of three whose leaders change under load: nothing is lost, nothing is doubled."""

import contextlib
import time
import unittest

from faults.ledger import DURABLE, STREAM, Ledger
from support.jetstream import JetStream, JetStreamError
from support.nats_cluster import nats_cluster
from support.servers import wait_until

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


if __name__ == "__main__":
    unittest.main()
