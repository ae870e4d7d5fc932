"""A PostgreSQL that fails in every way that is no event's fault: no event is dead-lettered."""

import signal
import subprocess
import time
import unittest
from typing import ClassVar

from faults.ledger import LONG, SUBJECT, Ledger
from support.flow_runs import flow_runs_in, insert_flow_runs
from support.jetstream import JetStream
from support.pgbouncer import PgBouncer
from support.program import LITTLE_QUARANTINE, flags, hangar_running, resident
from support.servers import wait_until
from support.surface import Surface
from support.tree import build_folder

_CREDIT = 14 << 20
_PUBLISHED_AT_ONCE = 100
_POOL = 2


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


class Outage(Ledger):
    """Half of the events are in the stream when the database goes away, the others come then."""

    COPIES = 400 if LONG else 100
    later: ClassVar[list[bytes]]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        middle = len(cls.events) // 2
        cls.events, cls.later = cls.events[:middle], cls.events[middle:]

    def test_outage_is_waited_for_in_bounded_memory(self) -> None:
        self.use_postgres()
        insert_flow_runs(self.database, flow_runs_in(self.later))
        with hangar_running(*self.words(), log=self.log, env=LITTLE_QUARANTINE) as process:
            surface = Surface.of(process, self.folder / "data", self.log)
            self.assertGreater(self.wait_for_progress(process), 0)
            before = resident(process.pid)
            self.postgres.stop(signal.SIGQUIT)
            self._publish_for(600 if LONG else 10, process)
            grown = resident(process.pid) - before
            self.figure("C4", "memory grown in MiB", round(grown / (1 << 20), 1))
            # The credit, and what decoding and a sanitizer's margins take; these grow with time.
            bound = _CREDIT * 5 // 2
            self.assertGreater(sum(map(len, self.later)), bound)
            if not LONG or build_folder().name == "release":
                self.assertLess(grown, bound)
            self._expect_status(surface, ready=503)
            backlog = self.left()
            self.postgres.start()
            began = time.monotonic()
            self.wait_for_progress(process)
            self.figure("C4", "recording again after s", round(time.monotonic() - began, 1))
            wait_until(
                lambda: self.left() == 0,
                what="no backlog",
                process=process,
                log=self.log,
                within=600,
            )
            rate = backlog / (time.monotonic() - began)
            self.figure("C4", "backlog", f"{backlog:,} events, drained at {rate:,.0f}/s")
            self._expect_status(surface, ready=200)
            self.assertEqual(self.terminate(process), 0)
        self.expect_all_recorded()

    def _expect_status(self, surface: Surface, ready: int) -> None:
        wait_until(lambda: surface.ask("/readyz")[0] == ready, what=f"readyz {ready}", log=self.log)
        self.assertEqual(surface.ask("/livez")[0], 200)

    def _publish_for(self, seconds: float, process: subprocess.Popen[bytes]) -> None:
        """Publishes the later events, evenly over so long."""
        began = time.monotonic()
        with JetStream(self.nats.url) as stream:
            for first in range(0, len(self.later), _PUBLISHED_AT_ONCE):
                due = began + seconds * first / len(self.later)
                # The pace of the publisher is the input of this test.
                time.sleep(max(0, due - time.monotonic()))
                stream.publish(SUBJECT, self.later[first : first + _PUBLISHED_AT_ONCE])
                self.assertIsNone(process.poll(), self.log.read_text()[-4000:])


class Pooled(Ledger):
    def test_pgbouncer_may_give_each_transaction_another_connection(self) -> None:
        self.use_postgres()
        server = self.postgres
        connections = (
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = 'faults' AND backend_type = 'client backend'"
        )
        with PgBouncer(server, pool=_POOL) as pool:
            # Twice as many lanes as connections.
            lanes = {
                "storage.url": pool.url("faults"),
                "services.task_run_recorder.lanes": 2 * _POOL,
            }
            with self.recording(*flags(lanes)) as process:
                for _ in range(3):
                    self.assertGreater(self.wait_for_progress(process), 0)
                    self.assertEqual(int(server.psql(connections)), _POOL)
                self.end_of(process)
        self.assertNotIn("storage:", self.log.read_text())
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
