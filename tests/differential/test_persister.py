"""Fresh hostile streams leave the same rows and rejections as Prefect's real event persister does.

HANGAR_TEST_SEED is the first seed, printed when it is drawn; HANGAR_TEST_LONG takes ten times as
many.
"""

import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from differential.persister import compare_persister_seeds
from differential.run import Options


class DifferentialPersister(unittest.TestCase):
    def test_rows_and_rejections_of_fresh_seeds_are_the_references(self) -> None:
        base = os.environ.get("HANGAR_TEST_SEED")
        options = Options(
            seeds=50 if os.environ.get("HANGAR_TEST_LONG") else 5, base=int(base) if base else None
        )
        reports = compare_persister_seeds(options)
        self.assertEqual(len(reports), 0, "reported above")


if __name__ == "__main__":
    unittest.main()
