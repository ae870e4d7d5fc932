"""architecture.md names what is there: files, functions, and words that a person can learn."""

import re
import unittest

from support.tree import ROOT

_PAGE = (ROOT / "etc" / "docs" / "architecture.md").read_text()
_ROOTS = (ROOT, ROOT / "core" / "src", ROOT / "core" / "include")
_STEP = re.compile(r"^\d+\. `([\w/]+\.[ch]pp)`: `(\w+)`", re.MULTILINE)
_FILE = re.compile(r"`([\w/]+\.(?:[ch]pp|py|md))`")
_WORD = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def _section(title: str) -> str:
    [_, section] = _PAGE.split(f"{title}\n")
    return section.split("\n#")[0]


class Architecture(unittest.TestCase):
    def test_the_way_of_a_message_is_at_most_20_files_and_never_goes_back(self) -> None:
        way = _STEP.findall(_section("### File by file, from NATS to COMMIT"))
        self.assertGreater(len(way), 10)
        self.assertLessEqual(len(way), 20)
        self.assertEqual(len({file for file, _ in way}), len(way), "a file is named twice")
        for file, function in way:
            with self.subTest(file=file):
                self.assertRegex((ROOT / file).read_text(), rf"\b{function}\b")

    def test_each_file_that_is_named_is_there(self) -> None:
        for file in _FILE.findall(_PAGE):
            with self.subTest(file=file):
                found = any((root / file).is_file() for root in _ROOTS)
                self.assertTrue(found, "name the file as it is called now")

    def test_the_glossary_has_at_most_40_words(self) -> None:
        [_, _, *words] = _section("## Glossary").strip().splitlines()
        self.assertLessEqual(len(words), 40)
        self.assertEqual([line for line in words if not _WORD.match(line)], [])


if __name__ == "__main__":
    unittest.main()
