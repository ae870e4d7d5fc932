"""Others in the same database: they lock rows, delete flow runs, slow every statement down."""

import collections
import contextlib
import sqlite3
import unittest

from faults.ledger import Ledger
from support.flow_runs import flow_runs_in
from support.jetstream import JetStream, StoredMessage
from support.program import flags
from support.rows import Tables, read_rows
from support.servers import ServerError, in_transaction, wait_until


class Contention(Ledger):
    def letters(self) -> list[StoredMessage]:
        with JetStream(self.nats.url) as stream:
            return list(stream.messages("HANGAR_DLQ"))

    def states(self) -> set[str]:
        return set(self.postgres.psql("SELECT id FROM task_run_state", "faults").split())

    def slow_states(self, seconds: float, when: str = "") -> None:
        """Each state takes so long to be inserted, or those that a WHEN names."""
        self.postgres.psql(
            "CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN PERFORM pg_sleep({seconds}); RETURN NEW; END $$;"
            "CREATE OR REPLACE TRIGGER slow BEFORE INSERT ON task_run_state"
            f" FOR EACH ROW {when} EXECUTE FUNCTION slow()",
            "faults",
        )


class Locks(Contention):
    def test_only_locks_for_update_are_waited_for_and_outlast_no_event(self) -> None:
        self.use_postgres()
        # In the order in which Hangar locks: another one is a deadlock, which is another fault.
        lock = "DO $$ BEGIN PERFORM 1 FROM task_run ORDER BY id FOR {}; END $$"
        with self.recording() as process:
            self.assertGreater(self.wait_for_progress(process), 0)
            # As whoever inserts a row that refers to them.
            with in_transaction(self.database, lock.format("KEY SHARE")):
                enough = self.left() - 2_000
                wait_until(
                    lambda: self.left() < enough,
                    what="2,000 acks beside KEY SHARE",
                    process=process,
                    log=self.log,
                )
            self.assertNotIn("storage:", self.log.read_text())
            with in_transaction(self.database, lock.format("UPDATE")):
                self.wait_for_words("SQLSTATE 55P03", process)
            self.assertEqual(self.dead_letters(), 0)
            self.end_of(process)
        self.expect_all_recorded()


class Deleted(Contention):
    def test_flow_run_deleted_in_the_middle_costs_no_event_of_another(self) -> None:
        self.use_postgres()
        counts = collections.Counter(one for event in self.events for one in flow_runs_in([event]))
        [(gone, _)] = counts.most_common(1)
        of_gone = {event for event in self.events if gone in flow_runs_in([event])}
        delays = flags({"services.task_run_recorder.orphan_retry_delays": "100ms,300ms"})
        with self.recording(*delays) as process:
            self.assertGreater(self.wait_for_progress(process), 0)
            self.delete_flow_run(str(gone))
            self.end_of(process)
        letters = self.letters()
        self.assertNotEqual(letters, [], "everything of the flow run was recorded before")
        for letter in letters:
            self.assertIn(letter.data, of_gone)
            self.assertEqual(letter.headers["Hangar-Dlq-Reason"], "orphan_flow_run")
            self.assertEqual(letter.headers["Hangar-Dlq-Sqlstate"], "23503")
            self.assertGreater(int(letter.headers["Hangar-Dlq-Deliveries"]), 2)
        runs = {row["id"] for row in self.rows["task_run"] if row["flow_run_id"] != str(gone)}
        expected = {row["id"] for row in self.rows["task_run_state"] if row["task_run_id"] in runs}
        self.assertEqual(self.states(), expected)
        self.figure("C10", "dead letters", len(letters))
        self.figure("C10", "rows of other runs missing", len(expected - self.states()))

    def delete_flow_run(self, one: str) -> None:
        def deleted() -> bool:
            # Prefect's own delete meets the recorder's locks too, and is told to try again.
            with contextlib.suppress(ServerError):
                self.postgres.psql(f"DELETE FROM flow_run WHERE id = '{one}'", "faults")
                return True
            return False

        wait_until(deleted, what="a deleted flow run")


class Refused(Contention):
    """Somebody's trigger or index refuses rows with an error that says nothing of them."""

    RETRIES = flags({"services.task_run_recorder.max_persist_retries": 2})

    def test_event_that_a_function_refuses_costs_no_other_whatever_it_says(self) -> None:
        self.use_postgres()
        raised, failed = (row["id"] for row in self.rows["task_run_state"][:2])
        self.postgres.psql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF NEW.id = '{raised}' THEN RAISE 'not this one' USING ERRCODE = '40001'; END IF;"
            " PERFORM * FROM nowhere; END $$;"
            "CREATE TRIGGER refuse BEFORE INSERT ON task_run_state FOR EACH ROW"
            f" WHEN (NEW.id IN ('{raised}', '{failed}')) EXECUTE FUNCTION refuse()",
            "faults",
        )
        with self.recording(*self.RETRIES) as process:
            self.end_of(process)
        said = {
            letter.headers["Hangar-Dlq-Reason"]: (letter.headers["Hangar-Dlq-Sqlstate"], row)
            for letter in self.letters()
            for row in (raised, failed)
            if str(row).encode() in letter.data
        }
        self.assertEqual(said, {"raise_exception": ("40001", raised), "unknown": ("42P01", failed)})
        self.assertEqual(
            self.states(), {row["id"] for row in self.rows["task_run_state"]} - {raised, failed}
        )

    def test_key_that_stays_taken_costs_no_other(self) -> None:
        self.use_postgres()
        one, other = (str(row["id"]) for row in self.rows["task_run"][:2])
        self.postgres.psql(
            f"CREATE UNIQUE INDEX strange ON task_run ((1)) WHERE id IN ('{one}', '{other}')",
            "faults",
        )
        with self.recording(*self.RETRIES) as process:
            self.end_of(process)
        [gone] = {one, other} - set(self.postgres.psql("SELECT id FROM task_run", "faults").split())
        letters = self.letters()
        self.assertNotEqual(letters, [])
        for letter in letters:
            self.assertIn(gone.encode(), letter.data)
            self.assertEqual(letter.headers["Hangar-Dlq-Reason"], "dropped_row")
        states = self.rows["task_run_state"]
        self.assertEqual(self.states(), {row["id"] for row in states if row["task_run_id"] != gone})


class Slow(Contention):
    def test_statements_that_take_too_long_are_tried_with_ever_less(self) -> None:
        self.use_postgres()
        # What the role says does not count.
        self.postgres.psql("CREATE ROLE hasty SUPERUSER LOGIN")
        self.postgres.psql("ALTER ROLE hasty SET statement_timeout = '100ms'")
        url = self.database.replace("hangar@", "hasty@")
        settings = flags({"storage.url": url, "storage.statement_timeout": "400ms"})
        with self.recording(*settings) as process:
            self.assertGreater(self.wait_for_progress(process), 0)
            # No batch but that of one event is done in time.
            self.slow_states(0.25)
            self.wait_for_words("SQLSTATE 57014", process)
            self.assertGreater(self.wait_for_progress(process), 0)
            self.slow_states(0.5)  # not even that
            said = self.log.read_text().count("SQLSTATE 57014")
            wait_until(
                lambda: self.log.read_text().count("SQLSTATE 57014") > said + 8,
                what="attempts in vain",
                process=process,
                log=self.log,
            )
            self.assertEqual(self.dead_letters(), 0)
            self.slow_states(0)
            self.end_of(process)
        self.expect_all_recorded()


class SlowAlone(Contention):
    COPIES = 4

    def test_event_that_alone_takes_too_long_is_a_dead_letter_and_holds_up_no_other(self) -> None:
        self.use_postgres()
        slow = {str(row["id"]) for row in self.rows["task_run_state"][7:9]}
        self.slow_states(5, f"WHEN (NEW.id IN ({', '.join(map(repr, slow))}))")
        settings = {
            "storage.statement_timeout": "400ms",
            "services.task_run_recorder.batch_size": 16,  # halved until the event is alone
        }
        with self.recording(*flags(settings)) as process:
            self.end_of(process)
        self.assertEqual(self.states(), {row["id"] for row in self.rows["task_run_state"]} - slow)
        found = set()
        for letter in self.letters():
            found |= {one for one in slow if one.encode() in letter.data}
            self.assertEqual(letter.headers["Hangar-Dlq-Reason"], "statement_timeout")
            self.assertEqual(letter.headers["Hangar-Dlq-Sqlstate"], "57014")
            self.assertGreater(int(letter.headers["Hangar-Dlq-Deliveries"]), 2)
        self.assertEqual(found, slow)


class Busy(Contention):
    COPIES = 10

    def whole(self) -> Tables:
        """The rows; fails when a run is without its state, as half a transaction leaves it."""
        with contextlib.closing(sqlite3.connect(self.database)) as reader:
            [(half,)] = reader.execute(
                "SELECT count(*) FROM task_run WHERE state_id NOT IN"
                " (SELECT id FROM task_run_state)"
            )
        self.assertEqual(half, 0)
        return read_rows(self.database)

    def test_sqlite_file_that_another_writer_holds_is_waited_for(self) -> None:
        self.use_sqlite()
        with self.recording(*flags({"storage.statement_timeout": "1s"})) as process:
            self.assertGreater(self.wait_for_progress(process), 0)
            with contextlib.closing(
                sqlite3.connect(self.database, isolation_level=None, timeout=60)
            ) as other:
                other.execute("BEGIN EXCLUSIVE")
                before = self.whole()
                self.wait_for_words("(code 5)", process)
                self.wait_for_words("attempt 3 in", process)
                self.assertEqual(self.whole(), before)
            self.assertEqual(self.dead_letters(), 0)
            self.end_of(process)
        self.whole()
        self.expect_all_recorded()


if __name__ == "__main__":
    unittest.main()
