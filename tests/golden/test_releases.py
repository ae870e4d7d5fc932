"""The tables of every release of Prefect since 3.4.7 record the vectors; older ones are refused.

HANGAR_TEST_LONG records all vectors in all ways, and makes the committed schemas anew from the
releases themselves.
"""

import itertools
import os
import unittest
from typing import ClassVar

from differential.candidate import Candidate, Plan
from golden.vectors import BATCH_SIZES, LANES, VECTORS, record_vectors
from support.prefect_schemas import (
    RECORDED,
    REFUSED,
    STORAGES,
    VERSIONS,
    load_schema,
    make_schema,
    schema_file,
)
from support.program import flags, hangar
from support.servers import NatsServer, PostgresServer
from support.temporary import temporary_folder

_LONG = bool(os.environ.get("HANGAR_TEST_LONG"))


class Releases(unittest.TestCase):
    server: ClassVar[PostgresServer]
    candidate: ClassVar[Candidate]

    @classmethod
    def setUpClass(cls) -> None:
        cls.server = cls.enterClassContext(PostgresServer(fsync=False))
        cls.candidate = cls.enterClassContext(Candidate(cls.server))

    def test_the_tables_of_each_release_record_the_references_rows(self) -> None:
        vectors = VECTORS if _LONG else ("forms",)
        batch_sizes, lanes = (BATCH_SIZES, LANES) if _LONG else ((100,), (4,))
        plans = [
            Plan(storage, release, batch_size, lane)
            for storage in STORAGES
            for release in RECORDED
            for batch_size in batch_sizes
            for lane in lanes
        ]
        record_vectors(self, self.candidate, vectors, plans)

    def test_older_tables_are_refused_with_the_release_that_is_needed(self) -> None:
        nats = self.enterContext(NatsServer())
        folder = self.enterContext(temporary_folder("releases"))
        for release in REFUSED:
            for storage in STORAGES:
                database = str(folder / f"{release}.sqlite")
                if storage == "postgres":
                    database = self.server.create_database("refused")
                load_schema(release, database)
                settings = {
                    "data_dir": folder / "data",
                    "nats.url": nats.url,
                    "storage.type": storage,
                    "storage.url": database,
                }
                for command, code in (("run", 78), ("doctor", 1)):
                    with self.subTest(command, release=release, storage=storage):
                        done = hangar(command, *flags(settings))
                        said = done.stdout + done.stderr
                        self.assertEqual(done.returncode, code, said)
                        self.assertIn("table task_run, column state_id", said)
                        self.assertIn("Prefect 3.4.7 and newer", said)


class Schemas(unittest.TestCase):
    def test_the_committed_schemas_are_what_the_releases_make(self) -> None:
        with PostgresServer(fsync=False) as server:
            for release, storage in itertools.product(VERSIONS, STORAGES):
                committed = schema_file(release, storage).read_text()
                with self.subTest(release=release, storage=storage):
                    made = make_schema(release, storage, server) if _LONG else committed
                    self.assertEqual(made, committed)


if __name__ == "__main__":
    unittest.main()
