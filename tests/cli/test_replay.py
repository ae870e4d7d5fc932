"""`hangar replay`: what the streams still hold is recorded again, and nothing else changes."""

from __future__ import annotations

import contextlib
import datetime
import signal
import sqlite3
import subprocess
import unittest
from pathlib import Path

from support.flow_runs import stream_lines
from support.jetstream import JetStream
from support.program import at_a_terminal, environment, flags, hangar, program
from support.rows import Tables, compare_rows, load_rows, read_rows
from support.servers import NatsServer, PostgresServer, free_port, wait_until
from support.temporary import temporary_folder

_GOLDEN = Path(__file__).resolve().parents[1] / "golden"
_SUBJECT = "prefect.events.task-run"
_STREAM, _DURABLE = "PREFECT_EVENTS", "events-task-run-recorder"


class Case(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("replay"))
        self.server = self.enterContext(NatsServer())
        self.stream = self.enterContext(JetStream(self.server.url))
        self.database = self.folder / "hangar.sqlite"
        self.settings: dict[str, object] = {
            "data_dir": self.folder / "data",
            "nats.url": self.server.url,
            "storage.url": self.database,
            "storage.create_tables": "true",
        }

    def run_to_end(self, *words: str) -> None:
        done = hangar("run", "--until-drained", *words, *flags(self.settings))
        self.assertEqual(done.returncode, 0, done.stderr)

    def replay(self, *words: str, code: int = 0) -> str:
        """What it said."""
        done = hangar("replay", *words, *flags(self.settings))
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stderr

    def publish(self, events: list[bytes]) -> None:
        self.stream.publish(_SUBJECT, events)

    def consumers(self) -> list[str]:
        return self.stream.request(f"CONSUMER.NAMES.{_STREAM}").get("consumers") or []

    def place(self) -> tuple[object, object, int, int]:
        """Where the service's own consumer is."""
        info = self.stream.request(f"CONSUMER.INFO.{_STREAM}.{_DURABLE}")
        return info["delivered"], info["ack_floor"], info["num_ack_pending"], info["num_pending"]


class Again(Case):
    def setUp(self) -> None:
        super().setUp()
        self.run_to_end()  # makes the streams
        self.began = datetime.datetime.now(datetime.UTC)
        self.events = stream_lines((_GOLDEN / "plain.jsonl").read_bytes())
        self.publish(self.events)
        self.run_to_end()
        self.before = self.place()

    def expect_all_recorded(self) -> None:
        now = datetime.datetime.now(datetime.UTC)
        differences = compare_rows(
            load_rows(_GOLDEN / "plain.rows.json"),
            read_rows(str(self.database)),
            stream=b"\n".join(self.events),
            recorded=(self.began, now),
        )
        self.assertEqual([str(one) for one in differences[:20]], [])

    def lose_the_database(self) -> None:
        for file in self.folder.glob("hangar.sqlite*"):
            file.unlink()

    def expect_nothing_moved(self) -> None:
        self.assertEqual(self.consumers(), [_DURABLE], "a consumer is left behind")
        self.assertEqual(self.place(), self.before)

    def test_a_database_that_was_lost_is_filled_again_from_a_time_on(self) -> None:
        count = len(self.events)
        for since in ("1h", f"{self.began:%Y-%m-%dT%H:%M:%S.%fZ}"):
            with self.subTest(since=since):
                self.lose_the_database()
                said = self.replay("--since", since)
                self.assertIn(f"{count} of {count} events applied again, 0 dead-lettered\n", said)
                self.expect_all_recorded()
                self.expect_nothing_moved()

    def test_what_is_recorded_already_stays_as_it_is(self) -> None:
        before = self.rows()
        self.replay("--sequence", "1")
        self.assertEqual(self.rows(), before)
        self.expect_nothing_moved()

    def test_what_the_database_refuses_now_is_judged_by_what_it_holds(self) -> None:
        """Nothing goes in that would show that it takes events: all others are there."""
        id_ = self.rows()["task_run_state"][0]["id"]
        with contextlib.closing(sqlite3.connect(self.database)) as database:
            database.executescript(
                f"DELETE FROM task_run_state WHERE id = '{id_}';"
                f" CREATE TRIGGER refuse BEFORE INSERT ON task_run_state WHEN NEW.id = '{id_}'"
                " BEGIN SELECT RAISE(ABORT, 'refused'); END;"
            )
        count = len(self.events)
        said = self.replay("--sequence", "1")
        self.assertIn(f"{count - 1} of {count} events applied again, 1 dead-lettered\n", said)

    def rows(self) -> Tables:
        """With the times of their writing."""
        return read_rows(str(self.database))

    def test_it_begins_at_a_sequence(self) -> None:
        self.lose_the_database()
        first, count = len(self.events) - 9, len(self.events)
        self.assertIn("10 of 10 events applied again", self.replay("--sequence", str(first)))
        self.assertEqual(len(self.rows()["task_run_state"]), 10)
        said = self.replay("--sequence", str(count + 1))
        self.assertIn("0 of 0 events applied again", said)
        self.assertIn("hold nothing from there on", said)
        self.expect_nothing_moved()

    def test_it_begins_at_a_time(self) -> None:
        later = stream_lines((_GOLDEN / "shuffled.jsonl").read_bytes())[:7]
        now = datetime.datetime.now(datetime.UTC)
        self.publish(later)
        said = self.replay("--since", f"{now:%Y-%m-%dT%H:%M:%S.%fZ}")
        self.assertIn("7 of 7 events applied again", said)

    def test_what_was_rejected_is_rejected_again_and_has_one_letter(self) -> None:
        self.publish([b"not json"])
        self.run_to_end()
        said = self.replay("--since", "1h")
        self.assertIn(f"{len(self.events)} of {len(self.events) + 1} events applied again", said)
        self.assertIn("1 dead-lettered", said)
        state = self.stream.request("STREAM.INFO.HANGAR_DLQ")["state"]
        self.assertEqual(state["messages"], 1)

    def test_what_is_not_recorded_yet_is_left_to_the_service(self) -> None:
        self.publish(stream_lines((_GOLDEN / "shuffled.jsonl").read_bytes()))
        before = self.place()
        self.replay("--sequence", "1")
        self.assertEqual(self.place(), before)
        self.run_to_end()

    def test_what_the_stream_has_dropped_is_told(self) -> None:
        self.stream.request(f"STREAM.PURGE.{_STREAM}", seq=11)
        said = self.replay("--sequence", "1")
        self.assertIn(f"stream {_STREAM} begins at 11", said)
        self.assertIn("cannot be re-applied", said)
        self.assertNotIn("begins at", self.replay("--sequence", "11"))


class Ends(Case):
    def test_one_beginning_must_be_named(self) -> None:
        for words in (
            (),
            ("--since", "1h", "--sequence", "1"),
            ("--since", "yesterday"),
            ("--sequence", "0"),
            ("--sequence", "-1"),
        ):
            with self.subTest(words=words):
                self.assertTrue(self.replay(*words, code=2))

    def test_help_shows_how(self) -> None:
        done = hangar("replay", "--help")
        self.assertEqual(done.returncode, 0)
        for words in ("hangar replay --since 2h", "hangar replay --sequence 1", "Exit codes:"):
            self.assertIn(words, done.stdout)

    def test_a_service_or_a_stream_that_is_not_there_is_named(self) -> None:
        said = self.replay("--since", "1h", "--service", "nobody", code=78)
        self.assertIn("no service 'nobody'", said)
        said = self.replay("--since", "1h", code=78)
        self.assertIn(f"there is no stream {_STREAM}", said)
        self.assertEqual(self.stream.streams(), [], "a replay makes no stream")

    def test_a_broker_that_is_not_there_is_not_waited_for(self) -> None:
        self.settings["nats.url"] = f"nats://127.0.0.1:{free_port()}"
        self.assertIn("NATS cannot be reached", self.replay("--since", "1h", code=69))

    def test_a_database_that_is_not_there_is_not_waited_for(self) -> None:
        self.run_to_end()
        url = f"postgresql://nobody@127.0.0.1:{free_port()}/x"
        self.settings |= {"storage.type": "postgres", "storage.url": url}
        self.assertIn("PostgreSQL: connect", self.replay("--since", "1h", code=69))
        self.assertEqual(self.consumers(), [_DURABLE])

    def test_one_that_is_stopped_half_way_says_so_and_leaves_no_consumer(self) -> None:
        self.run_to_end()
        self.publish(stream_lines((_GOLDEN / "plain.jsonl").read_bytes()))
        with PostgresServer(fsync=False) as postgres:
            self.settings |= {"storage.type": "postgres", "storage.url": postgres.url()}
            self.replay("--sequence", "1000000")  # makes the tables
            postgres.psql(
                "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN PERFORM pg_sleep(0.1); RETURN NEW; END $$;"
                "CREATE TRIGGER slow BEFORE INSERT ON task_run_state"
                " FOR EACH ROW EXECUTE FUNCTION slow()"
            )
            self.settings["services.task_run_recorder.batch_size"] = 1
            process = subprocess.Popen(
                [program(), "replay", "--sequence", "1", *flags(self.settings)],
                env=environment(),
                stderr=subprocess.PIPE,
            )
            recorded = "SELECT count(*) FROM task_run_state"
            wait_until(lambda: int(postgres.psql(recorded)) > 0, what="a row", process=process)
            self.assertEqual(len(self.consumers()), 2)
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, said)
        self.assertIn(b"not all: run it again", said)
        self.assertEqual(self.consumers(), [_DURABLE])

    def test_a_person_sees_a_bar(self) -> None:
        self.run_to_end()
        events = stream_lines((_GOLDEN / "plain.jsonl").read_bytes())
        self.publish(events)
        code, seen = at_a_terminal("replay", "--since", "1h", *flags(self.settings))
        self.assertEqual(code, 0, seen)
        self.assertIn(f"replayed [{'=' * 30}] {len(events)}/{len(events)}", seen)


if __name__ == "__main__":
    unittest.main()
