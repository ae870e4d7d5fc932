"""The oracle is the reference: what it says of the vectors is what the vectors say."""

import datetime
import os
import sys
import unittest
from pathlib import Path
from typing import ClassVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from golden.vectors import VECTORS, expected_rows, stream_of

from differential.oracle import Oracle
from support.prefect_venv import NEWEST, RELEASES
from support.rows import compare_rows, load_rows
from support.servers import PostgresServer


class TestReference(unittest.TestCase):
    server: ClassVar[PostgresServer]

    @classmethod
    def setUpClass(cls) -> None:
        cls.server = cls.enterClassContext(PostgresServer(fsync=False))

    def test_the_oracle_leaves_the_rows_and_rejections_of_every_vector(self) -> None:
        with Oracle(self.server) as oracle:
            for vector in VECTORS:
                self._record(oracle, vector, "postgres")

    def test_an_older_release_leaves_the_same(self) -> None:
        older = [release for release in RELEASES if release != NEWEST]
        for release in older:
            with Oracle(self.server, release) as oracle:
                for vector in VECTORS if os.environ.get("HANGAR_TEST_LONG") else ("forms",):
                    self._record(oracle, vector, "postgres")

    def test_it_leaves_in_sqlite_what_is_recorded_of_that(self) -> None:
        with Oracle(None) as oracle:
            for vector in VECTORS:
                # Hangar's counts have 32 bits in every storage, and one of these has more.
                if vector != "hostile":
                    self._record(oracle, vector, "sqlite")

    def _record(self, oracle: Oracle, vector: str, storage: str) -> None:
        with self.subTest(vector, release=oracle.release, storage=storage):
            stream = stream_of(vector)
            expected = load_rows(expected_rows(vector, storage))
            began = datetime.datetime.now(datetime.UTC)
            actual = oracle.record(stream).rows
            ended = datetime.datetime.now(datetime.UTC)
            different = compare_rows(expected, actual, stream=stream, recorded=(began, ended))
            self.assertFalse(different, "\n".join(map(str, different[:20])))
            self.assertEqual(
                sorted(expected["rejected"], key=lambda entry: entry["line"]),
                actual["rejected"],
            )
            self.assertEqual(expected["skipped"], actual["skipped"])


if __name__ == "__main__":
    unittest.main()
