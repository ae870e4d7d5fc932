"""What pages repeat of the code is what the code says; a message names what mends it."""

from __future__ import annotations

import re
import unittest

from support.console import commands
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

    def test_a_page_shows_the_template_of_a_storage_as_it_is(self) -> None:
        """Its commands are those of the project's own page, which tests/authors follows."""
        page = _DOCS / "write-a-storage.md"
        template = ROOT / "core" / "templates" / "storage"
        for language, name in (("cpp", "example_storage.cpp"), ("cmake", "CMakeLists.txt")):
            listings = re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.M | re.S)
            self.assertTrue(listings)
            for listing in listings:
                self.assertIn(listing, (template / name).read_text(), f"paste it from {name}")
        followed = [command for command, _ in commands(template / "README.md")]
        shown = [command for command, _ in commands(page)]
        self.assertEqual(shown, ["hangar new storage orders", "cd orders", *followed])

    def test_a_page_has_every_feature_that_a_storage_may_lack(self) -> None:
        source = ROOT / "core" / "testing" / "conformance" / "storage_under_test.cpp"
        [features] = re.findall(r"> features\{(.*)\};", source.read_text())
        page = (_DOCS / "write-a-storage.md").read_text().split("| `--without` |")[1]
        self.assertEqual(re.findall(r"^\| `(\w+)`", page, re.M), re.findall(r"\w+", features))

    def test_a_page_has_every_word_of_the_build_tag(self) -> None:
        source = ROOT / "core" / "include" / "hangar" / "build_tag.hpp"
        words = set(re.findall(r'"[ ]?(\w+)=', source.read_text()))
        page = (_DOCS / "what-may-change.md").read_text().split("| word |")[1]
        cells = re.findall(r"^\| (`.*?`) \|", page, re.M)
        self.assertEqual({word for cell in cells for word in re.findall(r"`(\w+)`", cell)}, words)


if __name__ == "__main__":
    unittest.main()
