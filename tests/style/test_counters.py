"""Every number that a source has is counted somewhere: one that nothing adds to says 0 for ever."""

import re
import unittest

from support.tree import ROOT

_SOURCE = ROOT / "core" / "src" / "source"
_DECLARED = re.compile(r"^\s+Number (\w+)\{\};", re.MULTILINE)
_COUNTED = re.compile(r"\b(\w+)\.(?:add|set)\(")


class Counters(unittest.TestCase):
    def test_each_is_added_to_or_set(self) -> None:
        declared = set(_DECLARED.findall((_SOURCE / "source_counters.hpp").read_text()))
        self.assertGreater(len(declared), 30)
        files = [file for file in _SOURCE.glob("*.?pp") if file.name != "source_counters.hpp"]
        counted = {name for file in files for name in _COUNTED.findall(file.read_text())}
        self.assertEqual(declared - counted, set())


if __name__ == "__main__":
    unittest.main()
