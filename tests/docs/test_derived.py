"""What pages repeat of the code is what the code says; a message names what mends it."""

from __future__ import annotations

import unittest

from support.program import hangar
from support.tree import ROOT

_DOCS = ROOT / "etc" / "docs"
_SERVICE = ROOT / "services" / "event_logger"


class Derived(unittest.TestCase):
    def _printed(self, what: str) -> str:
        done = hangar("config", what)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_a_page_has_the_table_of_settings(self) -> None:
        page = (_DOCS / "settings.md").read_text()
        found = page.split("<!-- hangar config table -->\n")[1].split("<!-- end -->")[0]
        self.assertEqual(found, self._printed("table"), "paste what `hangar config table` prints")

    def test_example_file_is_what_the_program_prints(self) -> None:
        found = (ROOT / "etc" / "hangar.yaml").read_text()
        self.assertEqual(
            found, self._printed("example"), "run `hangar config example >etc/hangar.yaml`"
        )

    def test_schema_file_is_what_the_program_prints(self) -> None:
        found = (ROOT / "etc" / "hangar.schema.json").read_text()
        self.assertEqual(
            found, self._printed("schema"), "run `hangar config schema >etc/hangar.schema.json`"
        )

    def test_a_page_shows_the_smallest_service_as_it_is(self) -> None:
        page = (_DOCS / "write-a-service.md").read_text()
        source = (_SERVICE / "event_logger.cpp").read_text()
        self.assertIn(f"```cpp\n{source}```", page, "paste event_logger.cpp into the page")
        self.assertLessEqual(source.count("\n"), 40, "the smallest service is one of 40 lines")
        for line in (_SERVICE / "CMakeLists.txt").read_text().splitlines():
            if line.startswith("hangar_add_plugin"):
                self.assertIn(f"`{line}`", page, "paste its line of CMake into the page")


if __name__ == "__main__":
    unittest.main()
