"""What doctor and verify say of old events, and the command that deletes them by hand."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import unittest
from typing import Any, ClassVar

from services.event_persister.case import SUBJECT, event_message
from services.event_persister.retained import DAY, OVERRIDES, Content, RetentionCase, ago, run_sql

from support.prefect_schemas import load_schema
from support.prefect_venv import NEWEST
from support.program import environment, flags, hangar, program
from support.servers import PostgresServer

_BROUGHT = {
    "ix_event_resources__event_id": "Prefect 3.8",
    "ix_event_resources__occurred": "Prefect 3.7",
}


class Trim(RetentionCase):
    server: ClassVar[PostgresServer]

    @classmethod
    def setUpClass(cls) -> None:
        cls.server = cls.enterClassContext(PostgresServer(fsync=False))

    def setUp(self) -> None:
        super().setUp()
        # The second host of a test waits until the lease of the first, which is killed, is over.
        self.settings["services.event_persister.db_vacuum.loop_seconds"] = "1s"

    def database(self, storage: str, version: str = NEWEST) -> str:
        """One with the tables of that release of Prefect, which the settings name from now on."""
        name = f"{self._testMethodName[5:30]}_{version}".replace(".", "_")
        file = str(self.folder / f"{name}.sqlite")
        database = file if storage == "sqlite" else self.server.create_database(name)
        load_schema(version, database)
        self.settings["storage.url"] = database
        return database

    def test_doctor_names_the_release_that_brings_an_index(self) -> None:
        for storage in ("sqlite", "postgres"):
            for version, lacks in (
                ("3.6.29", list(_BROUGHT)),
                ("3.7.8", ["ix_event_resources__event_id"]),
                (NEWEST, []),
            ):
                with self.subTest(storage=storage, version=version):
                    self.database(storage, version)
                    done = hangar("doctor", "-o", "json", *flags(self.settings))
                    checks = [
                        check
                        for check in json.loads(done.stdout)
                        if check["what"] == "table event_resources"
                    ]
                    self.assertEqual({check["verdict"] for check in checks}, {"ok"}, checks)
                    said = [check["found"] for check in checks if "no index" in check["found"]]
                    self.assertEqual(
                        said,
                        [
                            f"there is no index like {index} yet: {_BROUGHT[index]} brings it"
                            for index in lacks
                        ],
                    )

    def store(self, *events: tuple[str, float]) -> None:
        """Events of these names and ages, by a host that deletes nothing."""
        messages = [event_message(name, ago(age)) for name, age in events]
        self.stream.publish(SUBJECT, messages)
        done = hangar("run", "--until-drained", *flags(self.settings))
        self.assertEqual(done.returncode, 0, done.stderr)

    def verified(self, code: int = 0) -> dict[str, Any]:
        done = hangar("verify", "--all", "-o", "json", *flags(self.settings))
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        [found] = json.loads(done.stdout)
        return {**found, "said": done.stderr}

    def test_verify_misses_nothing_that_is_past_retention_and_what_is_not(self) -> None:
        overrides = "services.event_persister.db_vacuum.event_retention_overrides"
        for storage in ("sqlite", "postgres"):
            with self.subTest(storage=storage):
                database = self.database(storage)
                self.settings[overrides] = OVERRIDES
                self.stream.request("STREAM.PURGE.PREFECT_EVENTS")
                old, noise, new = ("other", 8 * DAY), ("my.noise", 2 * DAY), ("other", 2 * DAY)
                self.store(old, old, old, noise, noise, new)
                found = self.verified()
                self.assertEqual((found["rows"], found["expired"]), (6, 0))
                self.one_pass()
                self.assertEqual(len(self.ids(database)["events"]), 1)
                found = self.verified()
                self.assertEqual((found["rows"], found["different"], found["expired"]), (6, 0, 5))
                self.assertIn("5 rows are past retention and not stored", found["said"])
                # By these settings nobody has deleted the noise.
                self.settings[overrides] = "{}"
                found = self.verified(1)
                self.assertEqual((found["different"], found["expired"]), (2, 3))

    def test_what_is_replayed_after_it_was_trimmed_goes_in_again_and_out_at_the_next_pass(
        self,
    ) -> None:
        database = self.database("sqlite")

        def names() -> list[str]:
            return sorted(run_sql(database, "SELECT event FROM events"))

        def resources() -> int:
            return len(self.ids(database)["event_resources"])

        self.store(("old", 8 * DAY), ("old", 9 * DAY), ("new", 60))
        self.assertEqual((names(), resources()), (["new", "old", "old"], 6))
        self.one_pass()
        self.assertEqual((names(), resources()), (["new"], 2))
        done = hangar("replay", "--sequence", "1", *flags(self.settings))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((names(), resources()), (["new", "old", "old"], 6))
        self.assertEqual(self.verified()["expired"], 0)
        self.one_pass()
        self.assertEqual((names(), resources()), (["new"], 2))

    def test_the_command_needs_retention_and_a_database_and_no_running_service(self) -> None:
        database = self.database("sqlite")
        self.store(("other", 8 * DAY))
        self.settings["services.event_persister.enabled"] = "false"
        for change, code, said in (
            (
                {"services.event_persister.db_vacuum.enabled": "flow_runs"},
                78,
                "does not name events",
            ),
            ({"storage.url": "postgresql://hangar@127.0.0.1:1/none"}, 69, "127.0.0.1"),
        ):
            done = hangar("events", "trim", *flags(self.settings | change))
            self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
            self.assertIn(said, done.stderr)
        self.assertEqual(len(self.ids(database)["events"]), 1)
        done = hangar("events", "trim", *flags(self.settings))
        self.assertRegex(done.stdout, r"^deleted 1 events and 2 event resources that occurred")

    def test_a_trim_beside_another_does_no_harm(self) -> None:
        content = Content()
        for number in range(60):
            content.add("other", ago(8 * DAY + number), ["a.tag", f"run.{number}"])
        content.add("other", ago(0))
        for storage in ("sqlite", "postgres"):
            with self.subTest(storage=storage):
                database = self.database(storage)
                run_sql(database, content.sql("+00" if storage == "postgres" else ""))
                words = [str(program()), "events", "trim", *flags(self.settings)]
                with contextlib.ExitStack() as running:
                    trims = []
                    for _ in range(3):
                        trim = subprocess.Popen(
                            words, env=environment(), stdout=subprocess.PIPE, text=True
                        )
                        trims.append(running.enter_context(trim))
                    said = [trim.communicate(timeout=60)[0] for trim in trims]
                self.assertEqual([trim.returncode for trim in trims], [0, 0, 0])
                deleted = re.findall(r"deleted (\d+) events and (\d+)", "".join(said))
                self.assertEqual(sum(int(events) for events, _ in deleted), 60, said)
                self.assertEqual(sum(int(resources) for _, resources in deleted), 180, said)
                self.assertEqual([len(ids) for ids in self.ids(database).values()], [1, 2])


if __name__ == "__main__":
    unittest.main()
