"""Every vector, recorded by Hangar, leaves the reference's rows and its rejected lines.

Over both storages, both schemas, four batch sizes and two numbers of lanes.
"""

import itertools
import unittest
from pathlib import Path
from typing import ClassVar

from differential.candidate import Candidate, Plan
from differential.oracle import Verdict
from differential.run import differences
from support.rows import load_rows
from support.servers import PostgresServer

_GOLDEN = Path(__file__).parent
_VECTORS = ("capture", "plain", "shuffled", "chaos", "hostile", "forms")
_BATCH_SIZES = (1, 7, 100, 5000)
_LANES = (1, 4)


class Golden(unittest.TestCase):
    """The test of one storage and schema each, so that ctest runs them beside each other."""

    candidate: ClassVar[Candidate]

    @classmethod
    def setUpClass(cls) -> None:
        server = cls.enterClassContext(PostgresServer(fsync=False))
        cls.candidate = cls.enterClassContext(Candidate(server))

    def test_rows_and_dead_letters_on_sqlite_with_hangars_schema(self) -> None:
        self._record_every_vector("sqlite", "own")

    def test_rows_and_dead_letters_on_sqlite_with_prefects_schema(self) -> None:
        self._record_every_vector("sqlite", "prefect")

    def test_rows_and_dead_letters_on_postgres_with_hangars_schema(self) -> None:
        self._record_every_vector("postgres", "own")

    def test_rows_and_dead_letters_on_postgres_with_prefects_schema(self) -> None:
        self._record_every_vector("postgres", "prefect")

    def _record_every_vector(self, storage: str, schema: str) -> None:
        for vector, batch_size, lanes in itertools.product(_VECTORS, _BATCH_SIZES, _LANES):
            plan = Plan(storage, schema, batch_size, lanes)
            stream = (_GOLDEN / f"{vector}.jsonl").read_bytes()
            rows = load_rows(_GOLDEN / f"{vector}.rows.json")
            verdict = Verdict(rows, [entry["error"] for entry in rows["rejected"]])
            with self.subTest(vector=vector, plan=str(plan)):
                found = differences(stream, verdict, self.candidate.record(stream, plan))
                self.assertEqual(found[:20], [])


if __name__ == "__main__":
    unittest.main()
