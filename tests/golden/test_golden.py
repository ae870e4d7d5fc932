"""Every vector, recorded by Hangar, leaves the reference's rows and its rejected lines.

Over both storages, both schemas, four batch sizes and two numbers of lanes.
"""

import itertools
import unittest
from typing import ClassVar

from differential.candidate import Candidate, Plan
from golden.vectors import BATCH_SIZES, LANES, VECTORS, record_vectors
from support.prefect_venv import NEWEST
from support.servers import PostgresServer


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
        self._record_every_vector("sqlite", NEWEST)

    def test_rows_and_dead_letters_on_postgres_with_hangars_schema(self) -> None:
        self._record_every_vector("postgres", "own")

    def test_rows_and_dead_letters_on_postgres_with_prefects_schema(self) -> None:
        self._record_every_vector("postgres", NEWEST)

    def _record_every_vector(self, storage: str, schema: str) -> None:
        plans = [
            Plan(storage, schema, batch_size, lanes)
            for batch_size, lanes in itertools.product(BATCH_SIZES, LANES)
        ]
        record_vectors(self, self.candidate, VECTORS, plans)


if __name__ == "__main__":
    unittest.main()
