"""`hangar verify`: rows that are not what the events in the stream say are found and named."""

from __future__ import annotations

import json
import sqlite3
import unittest
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

from support.flow_runs import flow_runs_in, insert_flow_runs, stream_lines
from support.jetstream import JetStream
from support.prefect_venv import create_prefect_database
from support.program import flags, hangar
from support.servers import NatsServer, PostgresServer, psql
from support.temporary import temporary_folder

_GOLDEN = Path(__file__).resolve().parents[1] / "golden"
_STREAM = "PREFECT_EVENTS"
_DURABLE = "events-task-run-recorder"


class Case(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("verify"))
        self.server = self.enterContext(NatsServer())
        self.stream = self.enterContext(JetStream(self.server.url))
        self.settings: dict[str, object] = {
            "data_dir": self.folder / "data",
            "nats.url": self.server.url,
            "storage.url": self.folder / "hangar.sqlite",
            "storage.create_tables": "true",
            "services.task_run_recorder.orphan_retry_delays": "0s",
        }

    def record(self, *streams: str) -> None:
        for name in streams:
            done = hangar("publish", "--raw", *flags(self.settings), _GOLDEN / f"{name}.jsonl")
            self.assertEqual(done.returncode, 0, done.stderr)
        done = hangar("run", "--until-drained", *flags(self.settings))
        self.assertEqual(done.returncode, 0, done.stderr)

    def verify(self, *words: str, code: int = 0) -> dict[str, Any]:
        done = hangar("verify", *words, "-o", "json", *flags(self.settings))
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        [found] = json.loads(done.stdout)
        return dict(found)

    def consumers(self) -> list[str]:
        return list(self.stream.request(f"CONSUMER.NAMES.{_STREAM}")["consumers"])


class Sqlite(Case):
    def sql(self, text: str) -> list[Any]:
        with closing(sqlite3.connect(str(self.settings["storage.url"]))) as connection:
            found = connection.execute(text).fetchall()
            connection.commit()
            return found

    def one(self, text: str) -> str:
        return str(self.sql(text)[0][0])

    def letters(self) -> str:
        return hangar("dlq", "ls", "-o", "json", *flags(self.settings)).stdout

    def test_what_was_recorded_is_equal_and_nothing_is_left_behind(self) -> None:
        self.record("capture", "shuffled", "chaos", "forms", "hostile")
        before = (self.letters(), self.consumers(), self.stream.streams())
        self.assertEqual(self.consumers(), [_DURABLE])
        found = self.verify("--all")
        self.assertEqual((found["different"], found["newer"], found["unclear"]), (0, 0, 0), found)
        stored = "SELECT (SELECT count(*) FROM task_run) + (SELECT count(*) FROM task_run_state)"
        self.assertEqual(found["rows"], int(self.one(stored)), "a row was not looked for")
        after = (self.letters(), self.consumers(), self.stream.streams())
        self.assertEqual(after, before)

    def test_each_difference_is_named_and_a_sample_finds_those_of_its_runs(self) -> None:
        self.record("capture")
        renamed, older, lost = (
            str(row[0]) for row in self.sql("SELECT id FROM task_run ORDER BY id LIMIT 3")
        )
        state = self.one(f"SELECT id FROM task_run_state WHERE task_run_id = '{renamed}' LIMIT 1")
        self.sql(f"UPDATE task_run SET name = 'another', updated = created WHERE id = '{renamed}'")
        self.sql(f"UPDATE task_run SET task_inputs = '{{\"x\": 1}}' WHERE id = '{older}'")
        self.sql(f"DELETE FROM task_run_state WHERE id = '{state}'")
        self.sql(f"DELETE FROM task_run WHERE id = '{lost}'")
        found = self.verify("--all", code=1)
        named = {(each["run"], each["table"], each["column"]) for each in found["differences"]}
        self.assertEqual(
            {each for each in named if each[0] != older},
            {
                (renamed, "task_run", "name"),
                (renamed, "task_run_state", "id"),
                (lost, "task_run", "id"),
            },
        )
        self.assertTrue(
            any(run == older and column.startswith("task_inputs/") for run, _, column in named)
        )
        [name] = [each for each in found["differences"] if each["column"] == "name"]
        self.assertEqual(name["stored"], "another")
        self.assertIsNone(next(e for e in found["differences"] if e["run"] == lost)["stored"])

        whole = self.verify("--sample", "100000", "--seed", "3", code=1)
        self.assertEqual(whole["different"], found["different"])
        few = hangar("verify", "--sample", "5", "--seed", "3", "-o", "json", *flags(self.settings))
        again = hangar("verify", "--sample", "5", "--seed", "3", *flags(self.settings))
        self.assertEqual(few.returncode, again.returncode)
        [sampled] = json.loads(few.stdout)
        runs = {each["run"] for each in sampled["differences"]}
        self.assertLessEqual(runs, {renamed, older, lost})
        self.assertIn("--seed 3", few.stderr)

        table = hangar("verify", "--all", *flags(self.settings))
        self.assertEqual(table.returncode, 1)
        heading, *lines = table.stdout.splitlines()
        self.assertRegex(heading, r"^RUN +TABLE +ROW +COLUMN +DERIVED +STORED$")
        self.assertEqual(len(lines), found["different"])
        self.assertRegex(table.stdout, rf"{renamed} +task_run +{renamed} +name +.* +another")

    def test_a_stored_row_that_is_newer_is_no_difference(self) -> None:
        self.record("capture")
        run = self.one("SELECT id FROM task_run LIMIT 1")
        self.sql(
            "UPDATE task_run SET state_timestamp = '2999-01-01 00:00:00.000000', name = 'later' "
            f"WHERE id = '{run}'"
        )
        found = self.verify("--all")
        self.assertEqual((found["different"], found["newer"]), (0, 1))

    def test_events_that_nobody_recorded_yet_are_left_out(self) -> None:
        self.record("plain")
        done = hangar("publish", *flags(self.settings), _GOLDEN / "capture.jsonl")
        self.assertEqual(done.returncode, 0, done.stderr)
        found = self.verify("--all")
        self.assertEqual(found["different"], 0)
        self.assertEqual(found["unsettled"], len(_lines("capture")))

    def test_of_a_stream_whose_beginning_has_expired_only_what_is_told_is_compared(self) -> None:
        self.record("capture", "plain")
        last = self.stream.request(f"STREAM.INFO.{_STREAM}")["state"]["last_seq"]
        for kept in (0.8, 0.5, 0.2):
            self.stream.request(f"STREAM.PURGE.{_STREAM}", seq=int(last * (1 - kept)))
            with self.subTest(kept=kept):
                found = self.verify("--all")
                self.assertEqual(found["different"], 0, found["differences"][:3])
                self.assertGreater(found["rows"], 0)

    def test_what_expired_events_told_is_no_difference(self) -> None:
        self.record("shuffled", "chaos", "forms", "hostile")  # whose events tell less than all
        last = self.stream.request(f"STREAM.INFO.{_STREAM}")["state"]["last_seq"]
        for sixteenth in range(1, 16):
            self.stream.request(f"STREAM.PURGE.{_STREAM}", seq=last * sixteenth // 16)
            with self.subTest(sixteenth=sixteenth):
                found = self.verify("--all")
                self.assertEqual(found["different"], 0, found["differences"][:3])
                self.assertGreater(found["rows"], 0)

    def test_a_service_or_a_server_that_is_not_there_is_named(self) -> None:
        self.record()
        done = hangar("verify", "--all", "--service", "nobody", *flags(self.settings))
        self.assertEqual(done.returncode, 78)
        self.assertIn("nobody", done.stderr)
        for words in ((), ("--all", "--sample", "3"), ("--sample", "0"), ("--sample", "x")):
            with self.subTest(words=words):
                self.assertEqual(hangar("verify", *words, *flags(self.settings)).returncode, 2)
        self.server.stop()
        done = hangar("verify", "--all", *flags(self.settings))
        self.assertEqual((done.returncode, done.stdout), (69, ""), done.stderr)


class Postgres(Case):
    postgres: ClassVar[PostgresServer]

    @classmethod
    def setUpClass(cls) -> None:
        cls.postgres = cls.enterClassContext(PostgresServer(fsync=False))

    def test_prefects_tables_are_only_read_and_what_a_flow_run_took_along_is_no_difference(
        self,
    ) -> None:
        url = create_prefect_database(self.postgres, "verify")
        self.settings |= {"storage.url": url, "storage.create_tables": "false"}
        lines = _lines("capture") + _lines("chaos")
        insert_flow_runs(url, flow_runs_in(lines))
        self.record("capture", "chaos")
        self.assertGreater(int(psql(url, "SELECT count(*) FROM task_run")), 100)

        # A role that may only read is enough, because nothing is written.
        psql(
            url,
            "CREATE ROLE reader LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
        )
        self.settings["storage.url"] = url.replace("hangar@", "reader@")
        found = self.verify("--all")
        self.assertEqual((found["different"], found["gone"]), (0, 0), found["differences"][:3])
        rows = "SELECT (SELECT count(*) FROM task_run) + (SELECT count(*) FROM task_run_state)"
        self.assertEqual(found["rows"], int(psql(url, rows)))

        flow_run, count = (
            psql(
                url,
                "SELECT flow_run_id, count(*) FROM task_run WHERE flow_run_id IS NOT NULL "
                "GROUP BY 1 ORDER BY 2 DESC LIMIT 1",
            )
            .strip()
            .split("|")
        )
        psql(url, f"DELETE FROM flow_run WHERE id = '{flow_run}'")
        found = self.verify("--all")
        self.assertEqual((found["different"], found["gone"]), (0, int(count)))
        run = psql(url, "SELECT id FROM task_run ORDER BY id LIMIT 1").strip()
        psql(url, f"DELETE FROM task_run WHERE id = '{run}'")
        [lost] = self.verify("--all", code=1)["differences"]
        self.assertEqual((lost["run"], lost["table"], lost["stored"]), (run, "task_run", None))

        # The database of somebody else has none of it, and one that `run` refuses is refused.
        other = create_prefect_database(self.postgres, "verify_other")
        self.settings["storage.url"] = other
        done = hangar("verify", "--all", *flags(self.settings))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("is storage.url the database that these events", done.stderr)
        psql(other, "ALTER TABLE task_run DROP COLUMN task_inputs")
        done = hangar("verify", "--all", *flags(self.settings))
        self.assertEqual((done.returncode, done.stdout), (78, ""), done.stderr)
        self.assertIn("task_inputs", done.stderr)

        self.settings["storage.url"] = url.replace(f":{self.postgres.port}/", ":1/")
        done = hangar("verify", "--all", *flags(self.settings))
        self.assertEqual((done.returncode, done.stdout), (69, ""), done.stderr)


def _lines(name: str) -> list[bytes]:
    return stream_lines((_GOLDEN / f"{name}.jsonl").read_bytes())


if __name__ == "__main__":
    unittest.main()
