"""A PostgreSQL that fails in every way that is no event's fault: no event is dead-lettered."""

import signal
import unittest

from faults.ledger import Ledger


class Database(Ledger):
    def setUp(self) -> None:
        super().setUp()
        self.use_postgres()

    def _terminate_backends(self) -> None:
        self.postgres.psql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = 'faults' AND pid <> pg_backend_pid()"
        )

    def test_backends_terminated_in_the_middle_of_transactions(self) -> None:
        with self.recording() as process:
            self.disturb(process, self._terminate_backends)
            self.end_of(process)
        self.expect_all_recorded()

    def test_server_restarted_fast_at_once_and_by_kill(self) -> None:
        with self.recording() as process:
            for sig in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                self.assertGreater(self.wait_for_progress(process), 0)
                self.postgres.restart(sig)
            self.end_of(process)
        self.expect_all_recorded()

    def test_outage_is_waited_for(self) -> None:
        with self.recording() as process:
            self.wait_for_progress(process)
            self.postgres.stop(signal.SIGQUIT)
            # By then the connection was not merely lost.
            self.wait_for_words("attempt 5 in", process)
            self.postgres.start()
            self.end_of(process)
        self.expect_all_recorded()

    def test_table_that_is_gone_stops_recording_until_it_is_back(self) -> None:
        with self.recording() as process:
            self.wait_for_progress(process)
            self.postgres.psql("ALTER TABLE task_run_state RENAME TO elsewhere", "faults")
            self.wait_for_words("attempt 2 in", process)
            self.assertEqual(self.dead_letters(), 0)
            self.postgres.psql("ALTER TABLE elsewhere RENAME TO task_run_state", "faults")
            self.end_of(process)
        self.expect_all_recorded()


if __name__ == "__main__":
    unittest.main()
