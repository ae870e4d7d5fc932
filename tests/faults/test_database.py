"""A PostgreSQL that fails in every way that is no event's fault: no event is dead-lettered."""

import signal
import subprocess
import time
import unittest

from faults.ledger import LONG, Ledger
from support.program import flags, hangar_running, resident
from support.servers import wait_until

_CREDIT = 16 << 20


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

    def test_outage_is_waited_for_in_bounded_memory(self) -> None:
        with self.recording() as process:
            self.wait_for_progress(process)
            before = resident(process.pid)
            self.postgres.stop(signal.SIGQUIT)
            # From the eighth on an attempt takes about 4 s; 150 are ten minutes.
            self.wait_for_words(f"attempt {150 if LONG else 6} in", process, within=900)
            # The credit of 16 MiB, and what decoding it takes.
            self.assertLess(resident(process.pid) - before, 2 * _CREDIT)
            self.postgres.start()
            began = time.monotonic()
            self.wait_for_progress(process)
            print(f"recording again {time.monotonic() - began:.1f} s after the database")
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

    def _break_and_mend(self, process: subprocess.Popen[bytes], broken: str, mended: str) -> None:
        self.assertGreater(self.wait_for_progress(process), 0)
        said = self.log.read_text().count("attempt 2 in")
        self.postgres.psql(broken, "faults")
        wait_until(
            lambda: self.log.read_text().count("attempt 2 in") > said,
            what="another attempt",
            process=process,
            log=self.log,
        )
        self.assertEqual(self.dead_letters(), 0)
        self.postgres.psql(mended, "faults")

    def test_column_or_privilege_that_is_gone_stops_recording_until_it_is_back(self) -> None:
        self.postgres.psql("CREATE ROLE recorder LOGIN; GRANT ALL ON SCHEMA public TO recorder")
        self.postgres.psql("GRANT ALL ON ALL TABLES IN SCHEMA public TO recorder", "faults")
        url = self.database.replace("hangar@", "recorder@")
        with self.recording(*flags({"storage.url": url})) as process:
            self._break_and_mend(
                process,
                "ALTER TABLE task_run RENAME cache_key TO elsewhere",
                "ALTER TABLE task_run RENAME elsewhere TO cache_key",
            )
            self._break_and_mend(
                process,
                "REVOKE INSERT ON task_run_state FROM recorder",
                "GRANT INSERT ON task_run_state TO recorder",
            )
            self.end_of(process)
        self.figure("C13", "dead-lettered", self.dead_letters())
        self.expect_all_recorded()


class Alone(Ledger):
    """The server itself would give the messages to another only after a while."""

    ACK_WAIT = 120

    def test_replica_that_lost_its_database_leaves_what_it_holds_to_another(self) -> None:
        self.use_postgres()
        self.postgres.psql("CREATE ROLE lonely SUPERUSER LOGIN")
        as_lonely = flags(
            {
                "storage.url": self.database.replace("hangar@", "lonely@"),
                "nats.hold_max": "1s",
                "data_dir": self.folder / "lonely",
            }
        )
        with hangar_running(*self.words(), *as_lonely, log=self.log) as lonely:
            self.wait_for_progress(lonely)
            self.postgres.psql("ALTER ROLE lonely NOLOGIN")
            self.postgres.psql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'lonely'"
            )
            with self.recording() as other:
                self.end_of(other)
            self.assertIn("are given back", self.log.read_text())
            self.postgres.psql("ALTER ROLE lonely LOGIN")
            self.wait_for_words("answers again", lonely)
            self.assertEqual(self.terminate(lonely), 0)
        self.expect_all_recorded()


if __name__ == "__main__":
    unittest.main()
