"""Ends at every place between pull and ack: what is redelivered changes nothing."""

import contextlib
import random
import subprocess
import unittest
from collections.abc import Iterator

from faults.ledger import DURABLE, LONG, SUBJECT, Ledger
from support.jetstream import JetStream
from support.program import flags, hangar_running
from support.servers import wait_until

_KILLED = 137
_PLACES = ("pulled", "before_write", "keys_read", "before_commit", "after_commit", "before_ack")


class Failpoints(Ledger):
    @contextlib.contextmanager
    def failing(self, failpoints: str, *more: str) -> Iterator[subprocess.Popen[bytes]]:
        with hangar_running(
            *("--until-drained", *self.words(), *more),
            log=self.log,
            env={"HANGAR_TEST_FAILPOINTS": failpoints},
        ) as process:
            yield process

    def end_at(self, failpoints: str, *more: str) -> None:
        with self.failing(failpoints, *more) as process:
            self.assertEqual(process.wait(60), _KILLED, self.log.read_text()[-2000:])

    def finish(self, *more: str) -> None:
        with self.recording(*more) as process:
            self.end_of(process)


class OneBatch(Failpoints):
    """All events fit into one transaction."""

    COPIES = 1

    def setUp(self) -> None:
        super().setUp()
        self.use_postgres()

    def words(self) -> list[str]:
        return [*super().words(), *self.one_batch()]

    def test_killed_between_commit_and_ack_it_writes_nothing_again(self) -> None:
        self.end_at("after_commit=exit")
        before = self.versions()
        self.assertEqual(self.left(), len(self.events), "something was acked")
        self.assertNotEqual(before, [], "nothing was committed")
        self.finish()
        changed = len(set(before) ^ set(self.versions()))
        self.figure("A2", "rows changed by the redelivery", changed)
        self.assertEqual(changed, 0)
        self.expect_all_recorded()

    def test_killed_before_commit_it_leaves_nothing(self) -> None:
        self.end_at("before_commit=exit")
        partial = len(self.versions())
        self.figure("A3", "partial rows", partial)
        self.assertEqual(partial, 0)
        self.assertEqual(self.left(), len(self.events), "something was acked")
        self.finish()
        self.expect_all_recorded()

    def test_replicas_that_both_found_no_rows_write_each_once(self) -> None:
        meeting = self.folder / "meeting"
        failpoints = f"keys_read=wait:{meeting}"
        other = flags(
            {
                "services.task_run_recorder.durable": f"{DURABLE}-2",
                "data_dir": self.folder / "other",
            }
        )
        with self.failing(failpoints) as first, self.failing(failpoints, *other) as second:
            wait_until(
                lambda: len(list(self.folder.glob("meeting.*"))) == 2,
                what="two replicas that have read the keys",
                log=self.log,
            )
            meeting.touch()
            self.end_of(first)
            self.end_of(second)
        self.figure("C9", "dead-lettered", self.dead_letters())
        self.expect_all_recorded()

    def test_killed_before_the_ack_of_a_dead_letter_it_stores_no_second_one(self) -> None:
        with JetStream(self.nats.url) as stream:
            stream.publish(SUBJECT, [b"{"])
        self.end_at("before_dead_letter=exit")
        self.assertEqual(self.dead_letters(), 0)
        self.end_at("after_dead_letter=exit")
        self.assertEqual(self.dead_letters(), 1)
        self.finish()
        self.assertEqual(self.left(), 0)
        self.assertEqual(self.dead_letters(), 1)

    def test_unknown_failpoint_is_refused(self) -> None:
        for wrong in ("nowhere=exit", "pulled", "pulled=jump", "pulled=exit@0", "pulled=exit@x"):
            with self.subTest(failpoint=wrong), self.failing(wrong) as process:
                self.assertEqual(process.wait(60), 78)
                self.assertIn("HANGAR_TEST_FAILPOINTS: ", self.log.read_text())


class Everywhere(Failpoints):
    COPIES = 200 if LONG else 10

    def test_ended_anywhere_again_and_again_it_loses_and_doubles_nothing(self) -> None:
        self.use_postgres()
        chosen = random.Random(self.seed)
        ends = 0
        for _ in range(200 if LONG else 20):
            place, time = chosen.choice(_PLACES), chosen.randint(1, 10)
            with self.failing(f"{place}=exit@{time}") as process:
                code = process.wait(60)
            self.assertIn(code, (0, _KILLED), self.log.read_text()[-2000:])
            if code == 0:
                break
            ends += 1
        self.assertGreater(ends, 5, "everything was recorded before: more events needed")
        self.figure("A2", "ends at random failpoints", ends)
        self.finish()
        self.expect_all_recorded()


if __name__ == "__main__":
    unittest.main()
