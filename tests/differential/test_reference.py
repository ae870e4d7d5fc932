"""The oracle is the reference: what it says of the vectors is what the vectors say."""

import contextlib
import datetime
import sys
import unittest
from pathlib import Path
from typing import ClassVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from differential.oracle import Oracle
from support.rows import compare_rows, load_rows
from support.servers import PostgresServer

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


class TestReference(unittest.TestCase):
    oracle: ClassVar[Oracle]

    @classmethod
    def setUpClass(cls) -> None:
        stack = contextlib.ExitStack()
        cls.addClassCleanup(stack.close)
        server = stack.enter_context(PostgresServer(fsync=False))
        cls.oracle = stack.enter_context(Oracle(server))

    def test_the_oracle_leaves_the_rows_and_rejections_of_every_vector(self) -> None:
        vectors = sorted(GOLDEN.glob("*.jsonl"))
        self.assertGreaterEqual(len(vectors), 6)
        for vector in vectors:
            with self.subTest(vector.stem):
                stream = vector.read_bytes()
                expected = load_rows(vector.with_suffix(".rows.json"))
                began = datetime.datetime.now(datetime.UTC)
                actual = self.oracle.record(stream).rows
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
