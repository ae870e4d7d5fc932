"""The sizes of core: what a person can hold in mind of a file, a folder and a class."""

import re
import unittest
from collections.abc import Iterator
from pathlib import Path

from support.tree import ROOT, named

_CORE = ROOT / "core"
_MOST_LINES = 350
_MOST_ROOMS = 16  # of a folder; name.hpp and name.cpp are one room
_MOST_MEMBERS = 20

_CLASS = re.compile(
    r"^( *)class (?:HANGAR_API )?([\w:]+)(?: final)?(?: :[^;{]*)? \{$", re.MULTILINE
)
# The parentheses of a function's type stand between these.
_TEMPLATE = r"(?:<.*>[^()\n]*)?"


def _files() -> list[Path]:
    return sorted(file for file in _CORE.rglob("*.?pp"))


def _classes(text: str) -> Iterator[tuple[str, int]]:
    """Each class with the number of its own data members, which all end in `_`."""
    for found in _CLASS.finditer(text):
        indent = found[1]
        body = text[found.end() : text.index(f"\n{indent}}};", found.end())]
        member = re.compile(rf"^{indent}  \w[^()\n]*{_TEMPLATE}\b\w+_(?:;|\{{| = )", re.MULTILINE)
        yield found[2], len(member.findall(body))


class Rooms(unittest.TestCase):
    def test_no_file_is_too_long(self) -> None:
        long = {
            named(file) for file in _files() if len(file.read_text().splitlines()) > _MOST_LINES
        }
        self.assertEqual(long, set(), "split it where it has two subjects")

    def test_no_folder_but_the_commands_has_too_many_rooms(self) -> None:
        for folder in (folder for folder in (_CORE / "src").iterdir() if folder.is_dir()):
            if folder.name == "cli":
                continue
            rooms = {file.stem for file in folder.iterdir()}
            with self.subTest(folder=named(folder)):
                self.assertLessEqual(len(rooms), _MOST_ROOMS, "move what it is not about")

    def test_no_class_has_too_many_members(self) -> None:
        full = {
            name
            for file in _files()
            for name, members in _classes(file.read_text())
            if members > _MOST_MEMBERS
        }
        self.assertEqual(full, set(), "take a class of its own out of it")

    def test_members_are_counted_in_their_own_class(self) -> None:
        text = """
class Outer final : public Other {
 public:
  int size() const { return size_; }
  void look(int at_);

 private:
  class Inner {
    int one_ = 1;
    int two_;
  };
  std::function<void(int)> told_{};
  std::vector<int> items_;  ///< All.
  const bool open_ = false;
};
"""
        self.assertEqual(dict(_classes(text)), {"Outer": 3, "Inner": 2})


if __name__ == "__main__":
    unittest.main()
