"""Names and sizes that the house style asks for, as far as clang-tidy does not see to them."""

import re
import tempfile
import unittest
from collections.abc import Iterator
from pathlib import Path

from support.tree import ROOT, files, named

_CODE = (".hpp", ".cpp", ".py", ".cmake", "CMakeLists.txt", ".yaml", ".yml", ".sh")
_BANNED = {"Manager", "Helper", "Helpers", "Util", "Utils", "Impl", "Base", "Common"}
_ROOT = {
    *("CMakeLists.txt", "CMakePresets.json", "README.md", "CHANGELOG.md", "LICENSE"),
    *("core", "plugins", "services", "tests", "etc", "build"),
}
_TYPE = re.compile(r"\b(?:class|struct|enum(?:\s+class)?)\s+(?:HANGAR_API\s+)?(\w+)")
_DEFINE = re.compile(r"^\s*#\s*define\s+(\w+)", re.MULTILINE)
# Comments, and literals that may hold a word that is code elsewhere.
_NO_CODE = re.compile(
    r'R"(\w*)\(.*?\)\1"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"' r"|'(?:\\.|[^'\\\n])+'", re.DOTALL
)

# Parameters with parentheses of their own (std::function) are within one more pair.
_INNER = r"\([^()]*(?:\([^()]*\)[^()]*)*\)"
_PARAMETERS = rf"\(([^()]*(?:{_INNER}[^()]*)*)\)"
_COROUTINE = re.compile(r"\bawaitable<[^;{}()]*>\s+(?:\w+::)*(\w+)" + _PARAMETERS)
_LAMBDA = re.compile(r"\](\s*)" + _PARAMETERS + r"\s*(?:mutable\s*)?->\s*[\w:]*\bawaitable<")
_STRUCT = re.compile(
    r"\bstruct\s+(?:HANGAR_API\s+)?(\w+)\s*(?:final\s*)?\{(.*?)\n\s*\};", re.DOTALL
)


def _cpp() -> list[Path]:
    return files(".hpp", ".cpp")


def _code(file: Path) -> str:
    """A C++ file without comments and literals, its lines where they were."""
    return _NO_CODE.sub(lambda match: "\n" * match[0].count("\n"), file.read_text())


def _aggregates(code: str) -> Iterator[str]:
    """Structs that declare no constructor and so can be made of braces around their members."""
    for name, body in _STRUCT.findall(code):
        if not re.search(rf"(?<!~)\b{name}\(", body):
            yield name


def _scripts() -> list[Path]:
    return [
        file
        for file in files()
        if not file.suffix and file.is_file() and file.read_bytes().startswith(b"#!")
    ]


def _lines(pattern: str, files_read: list[Path]) -> Iterator[str]:
    """`file:line` wherever the pattern is found in code."""
    for file in files_read:
        for number, line in enumerate(_code(file).splitlines(), 1):
            if re.search(pattern, line):
                yield f"{named(file)}:{number}"


class Names(unittest.TestCase):
    def test_a_type_says_what_it_does(self) -> None:
        for file in _cpp():
            for name in _TYPE.findall(_code(file)):
                parts = set(re.findall(r"[A-Z][a-z]+", name))
                with self.subTest(file=named(file)):
                    self.assertFalse(parts & _BANNED, f"{name}: name it after what it is or does")

    def test_a_file_says_what_it_holds(self) -> None:
        for file in files():
            parts = {word.capitalize() for word in re.split(r"[_.-]", file.name)}
            with self.subTest(file=named(file)):
                self.assertFalse(parts & _BANNED, "name it after what it holds")

    def test_what_returns_a_value_is_named_after_the_value(self) -> None:
        # cnats', libpqxx' and the standard's own names have no underscore or a namespace before;
        # Asio asks for a get_executor.
        found = list(_lines(r"(?<![\w:.>])get_(?!executor\b)\w+\s*\(", _cpp()))
        self.assertEqual(found, [], "drop get_: a value is named after what it is")

    def test_at_most_three_macros_and_all_begin_with_hangar(self) -> None:
        public = {n for f in files(".hpp", under="core/include") for n in _DEFINE.findall(_code(f))}
        self.assertLessEqual(len(public), 3, f"{public}: prefer a function, a constant, a template")
        for file in _cpp():
            for name in _DEFINE.findall(_code(file)):
                with self.subTest(file=named(file)):
                    self.assertRegex(name, "^(HANGAR_|BOOST_)", "a macro of ours begins HANGAR_")


class Habits(unittest.TestCase):
    def test_headers_open_no_namespace(self) -> None:
        headers = [file for file in _cpp() if file.suffix == ".hpp"]
        found = list(_lines(r"\busing\s+namespace\b", headers))
        self.assertEqual(found, [], "name what is used: a header is in everybody's file")

    def test_headers_are_read_once(self) -> None:
        for file in (file for file in _cpp() if file.suffix == ".hpp"):
            with self.subTest(file=named(file)):
                self.assertIn("#pragma once", file.read_text())

    def test_what_is_awaited_is_not_chosen_within_the_co_await(self) -> None:
        # g++ 12 destroys twice what `co_await (is_so ? one() : other())` waits for.
        chosen = re.compile(r"\bco_await\s*\([^;]*\?[^;]*:")
        found = [named(file) for file in _cpp() if chosen.search(_code(file))]
        self.assertEqual(found, [], "write it as if and else")

    def test_no_coroutine_takes_an_aggregate_by_value(self) -> None:
        # g++ 12 destroys twice an aggregate that is made in a co_await's arguments.
        code = {
            file: _code(file)
            for folder in ("core", "plugins", "services")
            for file in files(".hpp", ".cpp", under=folder)
        }
        # `hangar::Duration` is the public one, where recorder::Duration hides it.
        public = files(".hpp", under="core/include")
        aggregates = {name for text in code.values() for name in _aggregates(text)}
        aggregates |= {f"hangar::{name}" for file in public for name in _aggregates(code[file])}
        self.assertGreater(len(aggregates), 50, "are structs still written as this test thinks?")
        coroutines = [
            (file, name, parameters)
            for file, text in code.items()
            for name, parameters in _COROUTINE.findall(text) + _LAMBDA.findall(text)
        ]
        self.assertGreater(len(coroutines), 100, "are coroutines still written so?")
        taken = {
            f"{named(file)}: {name}({parameter})"
            for file, name, parameters in coroutines
            for parameter in parameters.split(",")
            if (words := re.findall(r"(?!const\b)[\w:]+|[&*<]", parameter.split("=")[0]))
            and not {"&", "*", "<"} & set(words)
            and {words[0], re.sub(r"^(?!hangar::).*::", "", words[0])} & aggregates
        }
        self.assertEqual(taken, set(), "declare a constructor: `Name() = default` is enough")

    def test_nothing_is_awaited_right_behind_a_condition_that_awaits(self) -> None:
        # g++ 12 puts the condition of `if (co_await one()) co_await other();` over the frame.
        both = re.compile(r"\bif \([^;{}]*\bco_await\b[^;{}]*\)\s*\{?\s*co_await\b")
        found = [named(file) for file in _cpp() if both.search(_code(file))]
        self.assertEqual(found, [], "give what is awaited a name")

    def test_no_loop_uses_what_it_awaits_in_its_condition(self) -> None:
        # g++ 12 goes on in a frame that is gone when that has a destructor.
        found = list(_lines(r"\b(while|for) \(.*\(co_await", _cpp()))
        self.assertEqual(found, [], "give what is awaited a name")

    def test_nothing_is_made_by_new_but_what_a_plugin_hands_over(self) -> None:
        # The host takes ownership at once; a smart pointer cannot cross as a constant's function.
        sources = [file for file in _cpp() if "tests" not in file.relative_to(ROOT).parts]
        found = [
            place for place in _lines(r"(?<!<)\bnew\b(?!\s*\()", sources) if not _hands_over(place)
        ]
        self.assertEqual(found, [], "use std::make_unique or a container")

    def test_no_mark_of_unfinished_work(self) -> None:
        words = "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X"))
        found = _places(rf"\b({words})\b", files(*_CODE, ".md"))
        self.assertEqual(found, [], "do it, or open an issue")

    def test_no_path_of_the_machine_that_it_was_written_on(self) -> None:
        # A checkout right in one of these names nothing of the machine.
        everywhere = (Path("/"), Path(tempfile.gettempdir()))
        above = [] if ROOT.parent in everywhere else [re.escape(str(ROOT.parent)) + r"\b"]
        pattern = "|".join((*above, r"(?<![\w.)])/root[/]", r"/home/(?!hangar|user)\w+/"))
        found = _places(pattern, [*files(*_CODE, ".md", "Presets.json"), *_scripts()])
        self.assertEqual(found, [], "say it relative to the project")


def _places(pattern: str, files_read: list[Path]) -> list[str]:
    return [
        f"{named(file)}:{number}"
        for file in files_read
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if re.search(pattern, line)
    ]


def _hands_over(place: str) -> bool:
    name, _, number = place.rpartition(":")
    lines = (ROOT / name).read_text().splitlines()
    near = "\n".join(lines[max(0, int(number) - 4) : int(number)])
    return bool(re.search(r"make_(service|storage|command)\b", near))


class Sizes(unittest.TestCase):
    def test_a_file_is_read_in_one_go(self) -> None:
        for file in [*files(*_CODE), *_scripts()]:
            with self.subTest(file=named(file)):
                lines = len(file.read_text().splitlines())
                self.assertLessEqual(lines, 400, "split it where it has two subjects")

    def test_a_line_fits_beside_another(self) -> None:
        for file in files(".hpp", ".cpp", ".py"):
            self._assert_lines_fit(file, 100)
        for file in [*files(".cmake", "CMakeLists.txt", ".yaml", ".yml"), *_scripts()]:
            self._assert_lines_fit(file, 110)

    def _assert_lines_fit(self, file: Path, limit: int) -> None:
        for number, line in enumerate(file.read_text().splitlines(), 1):
            with self.subTest(place=f"{named(file)}:{number}"):
                self.assertLessEqual(len(line), limit, "wrap it")

    def test_the_root_holds_what_a_newcomer_needs(self) -> None:
        found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
        self.assertLessEqual(found, _ROOT, "put it into core, plugins, services, tests or etc")


if __name__ == "__main__":
    unittest.main()
