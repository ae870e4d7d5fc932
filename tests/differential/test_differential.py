"""Fresh hostile streams leave the same rows and rejections as the real Prefect recorder does.

HANGAR_TEST_SEED is the first seed, printed when it is drawn; HANGAR_TEST_LONG takes ten times as
many.
"""

import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from differential.generate import generate
from differential.run import Options, compare_seeds, fresh_seeds
from differential.shrink import shrink


def _say(text: str) -> None:
    print(text, flush=True)


class Differential(unittest.TestCase):
    def test_rows_and_rejections_of_fresh_seeds_are_the_references(self) -> None:
        base = os.environ.get("HANGAR_TEST_SEED")
        options = Options(
            seeds=200 if os.environ.get("HANGAR_TEST_LONG") else 20,
            base=int(base) if base else None,
        )
        reports = compare_seeds(fresh_seeds(options, _say), options, _say)
        self.assertEqual(len(reports), 0, "reported above")


class Generator(unittest.TestCase):
    def test_a_seed_is_one_stream(self) -> None:
        self.assertEqual(generate(1), generate(1))
        self.assertNotEqual(generate(1), generate(2))

    def test_a_line_is_one_message(self) -> None:
        for line in generate(3):
            self.assertTrue(line)
            self.assertNotIn(b"\n", line)


class Shrink(unittest.TestCase):
    def test_what_a_failure_does_not_need_is_gone(self) -> None:
        lines = [b'{"a": %d, "b": [1, {"c": 2.50, "c": "x"}]}' % number for number in range(100)]
        needed = (b'"c": 2.50', b"not JSON")
        lines.append(b"this is not JSON")

        def fails(some: list[bytes]) -> bool:
            return all(any(part in line for line in some) for part in needed)

        self.assertEqual(
            shrink(lines, fails, within=60), [b'{"b": [{"c": 2.50}]}', b"this is not JSON"]
        )


if __name__ == "__main__":
    unittest.main()
