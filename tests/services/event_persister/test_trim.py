"""What doctor and verify say of old events, beside the host that deletes them."""

from __future__ import annotations

import json
import unittest
from typing import Any, ClassVar

from services.event_persister.case import SUBJECT, event_message
from services.event_persister.retained import DAY, OVERRIDES, RetentionCase, ago

from support.prefect_schemas import load_schema
from support.prefect_venv import NEWEST
from support.program import flags, hangar
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
        return dict(found)

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
                said = hangar("verify", "--all", *flags(self.settings)).stderr
                self.assertIn("5 rows are past retention and not stored", said)
                # By these settings nobody has deleted the noise.
                self.settings[overrides] = "{}"
                found = self.verified(1)
                self.assertEqual((found["different"], found["expired"]), (2, 3))


if __name__ == "__main__":
    unittest.main()
