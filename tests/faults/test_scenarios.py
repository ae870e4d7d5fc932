"""The list of scenarios names tests that exist."""

import re
import subprocess
import unittest

from faults.scenarios import SCENARIOS
from support.tree import ROOT, build_folder


class Scenarios(unittest.TestCase):
    def test_every_scenario_has_its_test(self) -> None:
        listed = subprocess.run(
            ["ctest", "--test-dir", build_folder(), "-N"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        known = set(re.findall(r"Test +#\d+: (\S+)", listed))
        sources = [
            path.read_text()
            for pattern in ("*.py", "*.cpp")
            for path in (ROOT / "tests").rglob(pattern)
            if path.name != "scenarios.py"
        ]
        for scenario in SCENARIOS:
            with self.subTest(scenario.id):
                self.assertIn(scenario.test, known)
                law = re.compile(rf"\b{re.escape(scenario.law)}\b")
                self.assertTrue(any(law.search(source) for source in sources), scenario.law)


if __name__ == "__main__":
    unittest.main()
