"""Links that lose answers, lose acks or fall silent, between Hangar and its servers."""

import random
import time
import unittest

from faults.ledger import DURABLE, LONG, STREAM, Ledger
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


class Torn(Ledger):
    COPIES = 2
    # Longer than what one pull brings takes to come.
    ACK_WAIT = 30

    def test_slow_and_torn_link_costs_speed_alone(self) -> None:
        self.use_sqlite()
        with Proxy(self.nats.port) as proxy:
            proxy.worsen(delay=0.2, jitter=0.1, loss=0.05, seed=self.seed)
            began = time.monotonic()
            with self.recording(*flags({"nats.url": f"nats://127.0.0.1:{proxy.port}"})) as process:
                self.end_of(process)
            took = time.monotonic() - began
        self.figure("B5", "events/s", round(len(self.events) / took))
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


class Swizzle(Ledger):
    """The links to both servers stop and go on in a random order."""

    COPIES = 150 if LONG else 20

    def test_links_that_clog_in_any_order_lose_and_double_nothing(self) -> None:
        self.use_postgres()
        chance = random.Random(self.seed)
        with Proxy(self.nats.port) as broker, Proxy(self.postgres.port) as database:
            through = {
                "nats.url": f"nats://127.0.0.1:{broker.port}",
                "storage.url": self.database.replace(
                    f":{self.postgres.port}/", f":{database.port}/"
                ),
                "services.task_run_recorder.batch_size": 5,
            }
            rounds = 0
            with self.recording(*flags(through)) as process:
                while rounds < (200 if LONG else 8) and self.wait_for_progress(process) > 1_000:
                    self._swizzle([broker, database], chance)
                    rounds += 1
                began = time.monotonic()
                # Of the long run some 70,000 events are left, in batches of five.
                self.end_of(process, within=900)
            self.figure("B6", "rounds", rounds)
            self.figure("B6", "all recorded after s", round(time.monotonic() - began, 1))
        self.assertGreater(rounds, 5, "everything was recorded before: more events needed")
        self.expect_all_recorded()

    @staticmethod
    def _swizzle(links: list[Proxy], chance: random.Random) -> None:
        # The moments are the input of this test, not a wait for something.
        for link in chance.sample(links, k=chance.randint(1, 2)):
            link.clog()
            time.sleep(chance.uniform(0, 0.1))
        # Now and then for longer than a statement or a ping may take.
        time.sleep(15 if LONG and chance.random() < 0.05 else chance.uniform(0, 0.3))
        for link in chance.sample(links, k=2):
            link.unclog()
            time.sleep(chance.uniform(0, 0.1))


if __name__ == "__main__":
    unittest.main()
