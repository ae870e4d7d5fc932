"""What a database refuses, and what a service cannot write: nothing of it is lost."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
import unittest
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

from support.flow_runs import stream_lines
from support.jetstream import JetStream
from support.program import environment, flags, hangar, hangar_running, program
from support.servers import NatsServer, end, wait_until
from support.temporary import temporary_folder

_CAPTURE = Path(__file__).resolve().parents[1] / "golden" / "capture.jsonl"
_LONG = bool(os.environ.get("HANGAR_TEST_LONG"))
_REFUSE = "CREATE TRIGGER refuse BEFORE INSERT ON task_run BEGIN SELECT RAISE(ABORT, 'no run'); END"


class Case(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("refused"))
        self.log = self.folder / "hangar.log"
        self.database = self.folder / "hangar.sqlite"
        server = self.enterContext(NatsServer())
        self.stream = self.enterContext(JetStream(server.url))
        self.settings: dict[str, object] = {
            "data_dir": self.folder / "data",
            "nats.url": server.url,
            "storage.url": self.database,
            "storage.create_tables": "true",
            "services.task_run_recorder.max_persist_retries": 0,
        }
        lines = stream_lines(_CAPTURE.read_bytes())
        self.lines = [line for line in lines if b'"event":"prefect.task-run.' in line]

    def sql(self, text: str) -> list[Any]:
        with closing(sqlite3.connect(str(self.database))) as connection:
            found = connection.execute(text).fetchall()
            connection.commit()
            return found

    def prepare(self) -> None:
        """Makes the tables and the streams."""
        done = hangar("run", "--until-drained", *flags(self.settings))
        self.assertEqual(done.returncode, 0, done.stderr)

    def publish(self, lines: list[bytes]) -> None:
        self.stream.publish("prefect.events.task-run", lines)

    def letters(self) -> int:
        done = hangar("dlq", "ls", "-o", "json", *flags(self.settings))
        self.assertEqual(done.returncode, 0, done.stderr)
        return len(json.loads(done.stdout))

    def states(self) -> int:
        return int(self.sql("SELECT count(*) FROM task_run_state")[0][0])


class Held(Case):
    def test_few_events_of_a_database_at_fault_are_recorded_when_it_is_mended(self) -> None:
        self.prepare()
        self.sql(_REFUSE)
        with hangar_running(*flags(self.settings), log=self.log) as process:
            for line in self.lines[:3]:
                self.publish([line])
            wait_until(
                lambda: "is no dead letter" in self.log.read_text(),
                what="a refusal",
                process=process,
                log=self.log,
            )
            self.assertEqual(self.letters(), 0)
            if _LONG:
                self.look_for_the_reason()
            # At the start of a row that was written to try it, and of the first event.
            self.assertEqual(self.log.read_text().count("no run"), 2)
            self.sql("DROP TRIGGER refuse")
            wait_until(
                lambda: self.states() == 3, what="three states", process=process, log=self.log
            )
            self.assertEqual(self.letters(), 0)
            end(process, signal.SIGTERM)

    def look_for_the_reason(self) -> None:
        [file] = (self.folder / "data" / "run").glob("*.json")
        address = json.loads(file.read_text())["admin"]

        def ready() -> str:
            try:
                with urllib.request.urlopen(f"http://{address}/readyz?verbose") as answer:
                    return str(answer.read().decode())
            except urllib.error.HTTPError as refused:
                return str(refused.read().decode())

        deadline = time.monotonic() + 90
        wait_until(
            lambda: "no run" in ready() or time.monotonic() > deadline, what="why", within=100
        )
        done = hangar("doctor", *flags(self.settings))
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("no run", done.stdout)

    def test_a_trigger_that_drops_rows_without_a_word_is_named(self) -> None:
        self.prepare()
        self.sql(_REFUSE.replace("ABORT, 'no run'", "IGNORE"))
        with hangar_running(*flags(self.settings), log=self.log) as process:
            self.publish(self.lines[:1])
            wait_until(
                lambda: "dropped a row of task_run without an error" in self.log.read_text(),
                what="the reason",
                process=process,
                log=self.log,
            )
            self.assertEqual(self.letters(), 0)
            self.sql("DROP TRIGGER refuse")
            wait_until(lambda: self.states() == 1, what="a state", process=process, log=self.log)
            end(process, signal.SIGTERM)

    def test_a_person_decides_of_a_stream_that_is_all_poison(self) -> None:
        self.prepare()
        self.sql(_REFUSE)
        self.publish(self.lines[:3])
        with hangar_running(*flags(self.settings), log=self.log) as process:
            wait_until(
                lambda: "is no dead letter" in self.log.read_text(),
                what="a refusal",
                process=process,
                log=self.log,
            )
            done = hangar("dlq", "force", *flags(self.settings))
            self.assertEqual(done.returncode, 2, done.stderr)
            done = hangar("dlq", "force", "--yes", *flags(self.settings))
            self.assertEqual(done.returncode, 0, done.stderr)
            wait_until(lambda: self.letters() == 3, what="letters", process=process, log=self.log)
            # What comes after the decision is not decided.
            self.publish(self.lines[3:4])
            end(process, signal.SIGTERM)
        self.assertEqual(self.letters(), 3)


class Unprinted(Case):
    def test_event_logger_acks_nothing_that_it_cannot_print(self) -> None:
        self.publish_to_new_stream()
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run(
                [program(), "run", "--until-drained", *flags(self.settings)],
                stdout=full,
                stderr=subprocess.PIPE,
                env=environment(),
                timeout=60,
                check=False,
            )
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(b"standard output cannot be written", done.stderr)
        info = self.stream.request("CONSUMER.INFO.PREFECT_EVENTS.events-event-logger")
        self.assertEqual(info["ack_floor"]["stream_seq"], 0)

    def publish_to_new_stream(self) -> None:
        self.settings["services.event_logger.enabled"] = "true"
        self.settings["services.task_run_recorder.enabled"] = "false"
        self.stream.request(
            "STREAM.CREATE.PREFECT_EVENTS", name="PREFECT_EVENTS", subjects=["prefect.events.>"]
        )
        self.publish(self.lines[:5])


if __name__ == "__main__":
    unittest.main()
