"""A process that is stopped, frozen or one of several: nothing is lost, nothing is doubled."""

from __future__ import annotations

import contextlib
import itertools
import signal
import subprocess
import unittest
from collections.abc import Iterator

from faults.ledger import LONG, Ledger
from support.children import freeze
from support.copies import lived_again
from support.program import hangar_running
from support.servers import wait_until


class Process(Ledger):
    def test_ended_by_a_signal_under_load_it_leaves_the_rest_at_once(self) -> None:
        self.use_postgres()
        for _ in range(5):
            with hangar_running(*self.words(), log=self.log) as process:
                self.wait_for_progress(process)
                self.assertEqual(self.terminate(process), 0, self.log.read_text()[-2000:])
        with self.recording() as process:
            self.end_of(process)
        self.expect_all_recorded()

    def test_second_signal_ends_it_at_once_and_loses_nothing(self) -> None:
        self.use_postgres()
        for first, second in itertools.product((signal.SIGTERM, signal.SIGINT), repeat=2):
            with self.subTest(first=first.name, second=second.name), self.held() as process:
                process.send_signal(first)
                self.wait_for_words(f"{first.name}: finishing", process)
                # Which ends nothing, neither before nor while it drains.
                process.send_signal(signal.SIGHUP)
                self.wait_for_words("SIGHUP: settings were read again", process)
                for number in (signal.SIGUSR1, signal.SIGUSR2):
                    process.send_signal(number)
                    self.wait_for_words(f"{number.name}: nothing to do", process)
                process.send_signal(second)
                code = process.wait(60)
                self.figure("A6", f"exit code of {first.name}, {second.name}", code)
                self.assertEqual(code, 128 + second)
            self.log.unlink()
        with self.recording() as process:
            self.wait_for_progress(process)
            process.send_signal(signal.SIGHUP)
            self.end_of(process)
        self.expect_all_recorded()

    @contextlib.contextmanager
    def held(self) -> Iterator[subprocess.Popen[bytes]]:
        """A recorder whose transactions wait for their COMMIT."""
        held = self.folder / "held"
        failpoint = {"HANGAR_TEST_FAILPOINTS": f"before_commit=wait:{held}"}
        with hangar_running(*self.words(), log=self.log, env=failpoint) as process:
            wait_until(
                lambda: any(self.folder.glob(f"held.{process.pid}*")),
                what="a transaction before its COMMIT",
                process=process,
                log=self.log,
            )
            yield process

    def test_frozen_beyond_ack_wait_it_is_replaced_and_does_no_harm_when_it_wakes(self) -> None:
        self.use_postgres()
        with hangar_running(*self.words(), log=self.log) as frozen:
            self.wait_for_progress(frozen)
            freeze(frozen.pid)
            try:
                with self.recording() as other:
                    self.end_of(other)
            finally:
                frozen.send_signal(signal.SIGCONT)
            self.assertEqual(self.terminate(frozen), 0, self.log.read_text()[-2000:])
        self.expect_all_recorded()

    def test_four_replicas_on_one_durable_record_each_event_once(self) -> None:
        self.use_postgres()
        with contextlib.ExitStack() as replicas:
            for process in [replicas.enter_context(self.recording()) for _ in range(4)]:
                self.end_of(process)
        self.expect_all_recorded()
        # Rows are locked in one order.
        self.assertEqual(self.deadlocks(), 0)


class Hot(Ledger):
    """Every replica has events of the same 50 task runs in hand, all the time."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.events, cls.rows = lived_again("plain", 50, 1_300 if LONG else 40, seed=cls.seed)

    def test_four_replicas_in_each_others_way_leave_the_references_rows_without_a_deadlock(
        self,
    ) -> None:
        self.use_postgres()
        with contextlib.ExitStack() as replicas:
            for process in [replicas.enter_context(self.recording()) for _ in range(4)]:
                self.end_of(process)
        self.expect_all_recorded()
        per_100_000 = self.deadlocks() * 100_000 / len(self.events)
        self.figure("C7", "events", len(self.events))
        self.figure("C7", "deadlocks in 100,000 events", per_100_000)
        self.assertEqual(self.deadlocks(), 0)


if __name__ == "__main__":
    unittest.main()
