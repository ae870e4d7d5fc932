"""A name of one file is of no other file that is compiled with it.

Where the sources of a folder are compiled as one, a second class of a name is an error, but a
second function is an overload: a call may then mean another one than where each file is compiled by
itself.
"""

import json
import re
import unittest
from collections import defaultdict
from pathlib import Path

from support.tree import ROOT, build_folder, named

_OF_ONE_FILE = re.compile(r"^namespace \{\n(.*?)^\}  // namespace\n", re.DOTALL | re.MULTILINE)
# Functions begin with what they return, and anything here at the beginning of a line.
_DECLARED = re.compile(
    r"^(?:\[\[\w+\]\] )?(?!return|using|template|namespace)[A-Za-z_][\w:<>,&*\[\] ]*[ &*](\w+)\("
    r"|^(?:class|struct|enum class|enum) (\w+) [^;\n]*\{",
    re.MULTILINE,
)
_TARGET = re.compile(r" -o (\S+\.dir)/")
_UNITED = re.compile(r'^#include "(.+)"$', re.MULTILINE)


def names_of_one_file(text: str) -> set[str]:
    """The functions and classes in the anonymous namespaces of a source file."""
    return {
        function or type_
        for body in _OF_ONE_FILE.findall(text)
        for function, type_ in _DECLARED.findall(body)
    }


def _together() -> dict[tuple[str, Path], set[Path]]:
    """The source files of each folder of each target."""
    found: dict[tuple[str, Path], set[Path]] = defaultdict(set)
    for entry in json.loads((build_folder() / "compile_commands.json").read_text()):
        [target] = _TARGET.findall(entry["command"])
        file = Path(entry["file"])
        sources = _UNITED.findall(file.read_text()) if "/Unity/unity_" in entry["file"] else [file]
        for source in map(Path, sources):
            if source.is_relative_to(ROOT) and not source.is_relative_to(build_folder()):
                found[target, source.parent].add(source)
    return found


class Names(unittest.TestCase):
    def test_a_name_in_an_anonymous_namespace_is_of_one_file_of_its_folder(self) -> None:
        together = _together()
        self.assertGreater(len(together), 50, "is the build still what this test thinks?")
        for (target, folder), sources in together.items():
            files: dict[str, list[str]] = defaultdict(list)
            for source in sorted(sources):
                for name in names_of_one_file(source.read_text()):
                    files[name].append(source.name)
            for name, its in files.items():
                with self.subTest(target=target, folder=named(folder), name=name):
                    self.assertEqual(len(its), 1, f"{its} have it: give each its own name")

    def test_functions_and_classes_are_found(self) -> None:
        text = """namespace hangar {
namespace {
using Clock = std::chrono::steady_clock;
constexpr int limit{3};
struct Word {
  int value(int of);
};
enum class Kind { one };
class Ahead;
template <class T>
bool read(T& into) {
  return into(1);
}
[[nodiscard]] const std::vector<int>& all(int limit);
void Word::method(int of) {}
}  // namespace
void seen(int x) {}
}  // namespace hangar
"""
        self.assertEqual(names_of_one_file(text), {"Word", "Kind", "read", "all"})


if __name__ == "__main__":
    unittest.main()
