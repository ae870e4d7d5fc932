"""A process that is stopped, frozen or one of several: nothing is lost, nothing is doubled."""

import contextlib
import signal
import unittest

from faults.ledger import Ledger
from support.program import hangar_running


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

    def test_frozen_beyond_ack_wait_it_is_replaced_and_does_no_harm_when_it_wakes(self) -> None:
        self.use_postgres()
        with hangar_running(*self.words(), log=self.log) as frozen:
            self.wait_for_progress(frozen)
            frozen.send_signal(signal.SIGSTOP)
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
        deadlocks = self.postgres.psql(
            "SELECT sum(deadlocks) FROM pg_stat_database WHERE datname = 'faults'"
        )
        self.assertEqual(deadlocks.strip(), "0")


if __name__ == "__main__":
    unittest.main()
