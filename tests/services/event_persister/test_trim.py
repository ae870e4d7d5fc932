"""What doctor says of old events, beside the host that deletes them."""

from __future__ import annotations

import json
import unittest
from typing import ClassVar

from services.event_persister.retained import RetentionCase

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


if __name__ == "__main__":
    unittest.main()
