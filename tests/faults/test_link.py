"""Links that lose answers, lose acks or fall silent, between Hangar and its servers."""

import time
import unittest

from faults.ledger import DURABLE, STREAM, Ledger
from support.jetstream import JetStream
from support.program import flags, hangar_running
from support.proxy import Proxy
from support.servers import wait_until


class Outcome(Ledger):
    """All events fit into one transaction."""

    COPIES = 1

    def test_commit_whose_answer_is_lost_is_written_again_and_changes_nothing(self) -> None:
        self.use_postgres()
        written = self.folder / "written"
        with Proxy(self.postgres.port) as proxy:
            url = self.database.replace(f":{self.postgres.port}/", f":{proxy.port}/")
            with hangar_running(
                *("--until-drained", *self.words(), *self.one_batch()),
                *flags({"storage.url": url}),
                log=self.log,
                env={"HANGAR_TEST_FAILPOINTS": f"before_commit=wait:{written}"},
            ) as process:
                wait_until(
                    lambda: any(self.folder.glob("written.*")),
                    what="a batch before its COMMIT",
                    process=process,
                    log=self.log,
                )
                proxy.cut_answer_to(b"COMMIT\0")
                written.touch()
                wait_until(proxy.cut.is_set, what="a COMMIT", process=process, log=self.log)
                before = self.versions()
                self.assertNotEqual(before, [], "nothing was committed")
                self.assertEqual(self.left(), len(self.events), "acked without an answer")
                proxy.accept()
                self.end_of(process)
        changed = len(set(before) ^ set(self.versions()))
        self.figure("C2", "rows changed by the re-run", changed)
        self.assertEqual(changed, 0)
        self.expect_all_recorded()


class Standby(Ledger):
    def _wait_for_standby(self, name: str) -> None:
        self.postgres.psql(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
        self.postgres.psql("SELECT pg_reload_conf()")

    def test_commit_that_waits_for_a_standby_in_vain_is_not_acked(self) -> None:
        self.use_postgres()
        with self.recording(*flags({"storage.statement_timeout": "1s"})) as process:
            self.assertGreater(self.wait_for_progress(process), 0)
            self._wait_for_standby("gone")
            self.wait_for_words("attempt 2 in", process)
            before = self.left()
            self.wait_for_words("attempt 3 in", process)
            self.figure("C6", "acked while COMMIT hangs", before - self.left())
            self.assertEqual(self.left(), before)
            self._wait_for_standby("")
            self.end_of(process)
        self.expect_all_recorded()


class Broker(Ledger):
    def setUp(self) -> None:
        super().setUp()
        self.use_postgres()
        self.proxy = self.enterContext(Proxy(self.nats.port))
        self.through = flags({"nats.url": f"nats://127.0.0.1:{self.proxy.port}"})

    def _deliveries(self) -> int:
        with JetStream(self.nats.url) as stream:
            consumer = stream.request(f"CONSUMER.INFO.{STREAM}.{DURABLE}")
        return int(consumer["delivered"]["consumer_seq"])

    def test_events_whose_acks_are_lost_are_delivered_again(self) -> None:
        with self.recording(*self.through) as process:
            for _ in range(4):
                self.assertGreater(self.wait_for_progress(process), 0)
                self.proxy.drop(True)
                # How long the link is bad is the input of this test, not a wait for something.
                time.sleep(0.1)
                self.proxy.drop(False)
            self.end_of(process)
        self.figure("B16", "redelivered", self._deliveries() - len(self.events))
        self.expect_all_recorded()

    def test_silent_link_is_noticed_and_replaced(self) -> None:
        with self.recording(*self.through) as process:
            self.assertGreater(self.wait_for_progress(process), 0)
            before = self.proxy.accepted
            self.proxy.freeze()
            began = time.monotonic()
            wait_until(
                lambda: self.proxy.accepted > before,
                what="another connection",
                process=process,
                log=self.log,
            )
            took = time.monotonic() - began
            self.figure("B4", "noticed after s", round(took, 1))
            self.assertLess(took, 15)
            self.end_of(process)
        self.expect_all_recorded()


if __name__ == "__main__":
    unittest.main()
