"""Every vector, stored by Hangar's event persister, leaves the rows that Prefect's leaves.

On both storages, in Prefect's tables and its own, whatever the batch size and the number of lanes.
"""

import unittest
from pathlib import Path
from typing import ClassVar

from differential.candidate import Plan
from differential.oracle import Verdict
from differential.persister import Persister, event_differences
from golden.vectors import stream_of
from support.event_rows import load_event_rows
from support.prefect_schemas import RECORDED
from support.prefect_venv import NEWEST
from support.servers import PostgresServer

_GOLDEN = Path(__file__).parent
_VECTORS = ("events", "forms", "nul", "long-names")
# Schema, batch size, lanes.
_WAYS = ((NEWEST, 1, 1), (NEWEST, 7, 4), (NEWEST, 1000, 2), ("own", 1000, 4))


def _expected(vector: str, storage: str) -> Verdict:
    own = _GOLDEN / f"{vector}.{storage}-event-rows.json"
    rows = load_event_rows(own if own.exists() else _GOLDEN / f"{vector}.event-rows.json")
    return Verdict(rows, [entry["error"] for entry in rows["rejected"]])


class EventRows(unittest.TestCase):
    candidate: ClassVar[Persister]

    @classmethod
    def setUpClass(cls) -> None:
        server = cls.enterClassContext(PostgresServer(fsync=False))
        cls.candidate = cls.enterClassContext(Persister(server))

    def test_rows_and_dead_letters_on_sqlite(self) -> None:
        self._store_every_vector("sqlite")

    def test_rows_and_dead_letters_on_postgres(self) -> None:
        self._store_every_vector("postgres")

    def test_the_tables_of_each_release_hold_the_references_rows(self) -> None:
        for storage in ("sqlite", "postgres"):
            for release in RECORDED:
                self._store("forms", Plan(storage, release, 100, 2))

    def _store_every_vector(self, storage: str) -> None:
        for way in _WAYS:
            for vector in _VECTORS:
                self._store(vector, Plan(storage, *way))

    def _store(self, vector: str, plan: Plan) -> None:
        with self.subTest(vector=vector, plan=str(plan)):
            recording = self.candidate.record(stream_of(vector), plan)
            found = event_differences(_expected(vector, plan.storage), recording, plan.storage)
            self.assertEqual(found[:20], [])


if __name__ == "__main__":
    unittest.main()
