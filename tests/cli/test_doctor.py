"""`hangar doctor`: what is not as it should be is said, with what to do about it."""

from __future__ import annotations

import json
import unittest
from typing import ClassVar
from urllib.parse import urlsplit

from support.jetstream import JetStream
from support.prefect_venv import create_prefect_database
from support.program import flags, hangar
from support.rows import load_rows, read_rows
from support.servers import NatsServer, PostgresServer, psql
from support.temporary import temporary_folder
from support.tree import ROOT

Checks = dict[str, list[dict[str, str]]]

# Events that a Prefect server takes when its limits are raised.
_RAISED = ("related-101", "labels-603")


class Case(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("doctor"))
        self.settings: dict[str, object] = {
            "data_dir": self.folder / "data",
            "nats.url": "nats://127.0.0.1:1",
        }

    def doctor(self, code: int) -> Checks:
        done = hangar("doctor", "-o", "json", *flags(self.settings))
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        checks: Checks = {}
        for check in json.loads(done.stdout):
            self.assertEqual(set(check), {"verdict", "what", "found", "hint"})
            self.assertIn(check["verdict"], ("ok", "warn", "fail"))
            if check["verdict"] == "warn":
                self.assertTrue(check["hint"], check)
            checks.setdefault(check["what"], []).append(check)
        return checks

    def assert_says(self, checks: Checks, what: str, verdict: str, text: str) -> None:
        said = [check for check in checks.get(what, []) if check["verdict"] == verdict]
        self.assertTrue(
            any(text in check["found"] + check["hint"] for check in said),
            f"no [{verdict}] {what} with {text!r} in {json.dumps(checks, indent=1)}",
        )


class Healthy(Case):
    def test_of_everything_embedded_nothing_fails_and_looking_changes_nothing(self) -> None:
        self.settings["nats.url"] = "embedded"
        for _ in range(2):
            checks = self.doctor(0)
            self.assert_says(checks, "hangar", "ok", "0.")
            self.assert_says(checks, "nats", "ok", "nats-server ")
            self.assert_says(checks, "nats max_payload", "ok", "8388608")
            self.assert_says(checks, "stream PREFECT_EVENTS", "warn", "there is none")
            self.assert_says(checks, "sqlite", "ok", "SQLite 3.")
            self.assert_says(checks, "file", "ok", "not there yet")
        done = hangar("run", "--until-drained", *flags(self.settings))
        self.assertEqual(done.returncode, 0, done.stderr)
        checks = self.doctor(0)
        self.assertEqual(
            {check["verdict"] for found in checks.values() for check in found}, {"ok"}, checks
        )
        for what in (
            "stream PREFECT_EVENTS",
            "consumer events-task-run-recorder",
            "dead letters",
            "nats clock",
            "table task_run",
            "table task_run_state",
        ):
            self.assertIn(what, checks)

    def test_a_person_sees_marks_and_hints(self) -> None:
        self.settings["nats.url"] = "embedded"
        lines = hangar("doctor", *flags(self.settings)).stdout.splitlines()
        self.assertRegex(lines[0], r"^\[ok\]   hangar: \d+\.\d+\.\d+$")
        warned = next(i for i, line in enumerate(lines) if line.startswith("[warn] stream "))
        self.assertRegex(lines[warned + 1], r"^       hint: ")


class Unreachable(Case):
    def test_what_can_be_looked_at_is_told_when_the_rest_is_away(self) -> None:
        checks = self.doctor(69)
        self.assert_says(checks, "nats", "fail", "cannot be reached")
        self.assert_says(checks, "file", "ok", "not there yet")
        self.settings |= {"nats.url": "embedded", "storage.url": "postgresql://127.0.0.1:1/x"}
        checks = self.doctor(69)
        self.assert_says(checks, "postgres", "fail", "127.0.0.1")
        self.assert_says(checks, "nats", "ok", "nats-server ")


class Faulty(Case):
    postgres: ClassVar[PostgresServer]

    @classmethod
    def setUpClass(cls) -> None:
        cls.postgres = cls.enterClassContext(PostgresServer(fsync=False))

    def test_streams_and_consumers_of_others_are_judged_and_letters_counted(self) -> None:
        nats = self.enterContext(NatsServer(settings="max_payload: 1000000"))
        self.settings["nats.url"] = nats.url
        stream = self.enterContext(JetStream(nats.url))
        stream.request(
            "STREAM.CREATE.PREFECT_EVENTS",
            name="PREFECT_EVENTS",
            subjects=["prefect.events.>"],
            duplicate_window=1_000_000_000,
            discard="old",
        )
        durable = "events-task-run-recorder"
        stream.request(
            f"CONSUMER.DURABLE.CREATE.PREFECT_EVENTS.{durable}",
            stream_name="PREFECT_EVENTS",
            config={"durable_name": durable, "ack_policy": "none"},
        )
        stream.request(
            "STREAM.CREATE.HANGAR_DLQ",
            name="HANGAR_DLQ",
            subjects=["hangar.dlq.>"],
            max_msgs=2,
            discard="new",
        )
        stream.publish("hangar.dlq.task_run_recorder", [b"1", b"2"])
        checks = self.doctor(1)
        self.assert_says(checks, "nats max_payload", "fail", "8MB")
        self.assert_says(checks, "stream PREFECT_EVENTS", "warn", "duplicate_window")
        self.assert_says(checks, "stream PREFECT_EVENTS", "warn", "discard")
        self.assert_says(checks, f"consumer {durable}", "fail", "ack_policy")
        self.assert_says(checks, "dead letters", "fail", "100 %")
        self.assert_says(checks, "dead letters", "warn", "2 events")
        config = stream.request("STREAM.INFO.HANGAR_DLQ")["config"]
        stream.request("STREAM.UPDATE.HANGAR_DLQ", **(config | {"discard": "old"}))
        self.assert_says(
            self.doctor(1), "dead letters", "fail", "nats stream edit HANGAR_DLQ --discard=new"
        )
        self.assertEqual(
            stream.request("CONSUMER.NAMES.PREFECT_EVENTS")["consumers"], [durable], "left behind"
        )

    def test_a_database_without_tables_privileges_or_durability_is_told_of(self) -> None:
        self.settings |= {"nats.url": "embedded", "storage.url": self.postgres.create_database("e")}
        checks = self.doctor(1)
        self.assert_says(checks, "table task_run", "fail", "prefect server database upgrade")
        url = create_prefect_database(self.postgres, "doctor")
        self.settings["storage.url"] = url
        checks = self.doctor(0)
        self.assert_says(checks, "postgres", "ok", ", database doctor, schema public")
        self.assert_says(checks, "durability", "warn", "fsync is off")
        self.assert_says(checks, "postgres clock", "ok", "as this host's")
        self.assert_says(checks, "table task_run", "ok", "columns, indexes and privileges")
        psql(
            url,
            "DROP INDEX ix_task_run__start_time;"
            "ALTER DATABASE doctor SET synchronous_commit = off;"
            "CREATE ROLE reader LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
        )
        self.settings["storage.url"] = url.replace("hangar@", "reader@")
        checks = self.doctor(1)
        self.assert_says(checks, "durability", "warn", "synchronous_commit is off")
        self.assert_says(checks, "table task_run", "warn", "ix_task_run__start_time")
        self.assert_says(
            checks, "table task_run", "fail", "GRANT INSERT, UPDATE ON task_run TO reader"
        )
        psql(url, "ALTER TABLE task_run_state SET UNLOGGED")
        self.assert_says(self.doctor(1), "table task_run_state", "fail", "UNLOGGED")
        self.settings["storage.url"] = url
        said = hangar("run", "--until-drained", *flags(self.settings)).stderr
        self.assertIn("ALTER TABLE task_run_state SET LOGGED", said)
        psql(url, "ALTER TABLE task_run DROP COLUMN labels")
        self.assert_says(self.doctor(1), "table task_run", "fail", "no column labels")


class PrefectsVariables(Case):
    def shown(self, env: dict[str, str]) -> tuple[dict[str, dict[str, str]], str]:
        done = hangar("config", "show", "-o", "json", env=env)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout), done.stderr

    def test_they_are_read_below_hangars_own_and_shown_and_its_switch_never_is(self) -> None:
        recorder = "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_"
        env = {
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": "postgresql+asyncpg://u:secret@h/prefect",
            recorder + "BATCH_SIZE": "1",
            recorder + "FLUSH_INTERVAL": "0.5",
            recorder + "ENABLED": "false",
            "PREFECT_API_SERVICES_TASK_RUN_RECORDER_ENABLED": "false",
        }
        shown, said = self.shown(env)
        of = "services.task_run_recorder."
        self.assertEqual(
            {
                key: (shown[key]["value"], shown[key]["origin"])
                for key in shown
                if key
                in {
                    "storage.type",
                    "storage.url",
                    of + "enabled",
                    of + "batch_size",
                    of + "flush_interval",
                }
            },
            {
                "storage.type": ("postgres", "storage.url"),
                "storage.url": (
                    "postgresql+asyncpg://u:********@h/prefect",
                    "environment PREFECT_SERVER_DATABASE_CONNECTION_URL",
                ),
                of + "enabled": (True, "default"),
                of + "batch_size": (1, f"environment {recorder}BATCH_SIZE"),
                of + "flush_interval": (0.5, f"environment {recorder}FLUSH_INTERVAL"),
            },
        )
        self.assertIn(recorder + "BATCH_SIZE", said)
        self.assertIn("50 or more", said)
        shown, said = self.shown(
            {
                **env,
                "HANGAR_STORAGE_URL": "/tmp/x.db",
                "HANGAR_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "2",
            }
        )
        self.assertEqual(shown["storage.type"]["value"], "sqlite")
        self.assertEqual(shown[of + "batch_size"]["value"], 2)
        self.assertEqual(said, "", "what is for Prefect alone is set on purpose")

    def test_what_is_not_read_of_prefects_settings_is_said(self) -> None:
        home = self.folder / "prefect"
        home.mkdir()
        (home / "profiles.toml").write_text(
            'active = "a"\n[profiles.a]\nPREFECT_API_DATABASE_CONNECTION_URL = "a:secret@b"\n'
        )
        done = hangar(
            "doctor",
            *flags(self.settings),
            env={
                "PREFECT_HOME": str(home),
                "PREFECT_API_DATABASE_ECHO": "1",
                "PREFECT_SERVER_EVENTS_MESSAGING_BROKER": "prefect_nats.messaging",
                "NATS_USER": "",
            },
        )
        self.assertIn(
            "[ok]   settings: for another program alone, and not taken: "
            "PREFECT_SERVER_EVENTS_MESSAGING_BROKER\n",
            done.stdout,
        )
        self.assertIn(
            f"[warn] settings: {home}/profiles.toml sets PREFECT_API_DATABASE_CONNECTION_URL, "
            "which Hangar does not read",
            done.stdout,
        )
        self.assertNotIn("secret", done.stdout)
        self.assertRegex(done.stdout, r"does not take: PREFECT_API_DATABASE_ECHO\n")
        self.assertIn("set but empty, which counts as not set: NATS_USER\n", done.stdout)
        done = hangar("config", "check", env={"PREFECT_API_DATABASE_HOST": "db"})
        self.assertEqual(done.returncode, 78)
        self.assertIn("PREFECT_API_DATABASE_HOST is set, but names no database", done.stderr)

    def test_a_server_that_prefect_names_in_parts_records_into_its_schema_with_its_limits(
        self,
    ) -> None:
        events = [ROOT / "tests" / "golden" / f"{name}.jsonl" for name in _RAISED]
        self.settings |= {"nats.url": "embedded", "storage.create_tables": "true"}
        with PostgresServer() as server:
            url = urlsplit(server.create_database("parts"))
            psql(url.geturl(), "CREATE SCHEMA theirs")
            database = "PREFECT_SERVER_DATABASE_"
            env = {
                database + "DRIVER": "postgresql+asyncpg",
                database + "HOST": str(url.hostname),
                database + "PORT": str(url.port),
                database + "USER": str(url.username),
                database + "NAME": "parts",
                database + "SQLALCHEMY_CONNECT_ARGS_SEARCH_PATH": "theirs, public",
                "PREFECT_EVENTS_MAXIMUM_RELATED_RESOURCES": "101",
                "PREFECT_SERVER_EVENTS_MAXIMUM_LABELS_PER_RESOURCE": "603",
            }
            for command in (["publish", *events], ["run", "--until-drained"]):
                done = hangar(*command, *flags(self.settings), env=env)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertNotIn("was not there", done.stderr, "ordinary in an embedded server")
            stored = read_rows(url.geturl() + "?options=-csearch_path%3Dtheirs")
        wanted = [load_rows(ROOT / "tests" / "golden" / f"{name}.rows.json") for name in _RAISED]
        for table in ("task_run", "task_run_state"):
            rows = [row for one in wanted for row in one[table]]
            self.assertEqual(stored[table], sorted(rows, key=lambda row: str(row["id"])))


if __name__ == "__main__":
    unittest.main()
