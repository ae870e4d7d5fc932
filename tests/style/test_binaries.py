"""What the built programs and libraries must be: hardened, and closed but for one symbol."""

import json
import re
import subprocess
import unittest
from pathlib import Path

from support.tree import build_folder

# What OpenSSF's guide for C and C++ asks of a compiler; what it asks of a linker is seen below.
_FLAGS = {
    "-Wall",
    "-Wextra",
    "-Wformat=2",
    "-Wconversion",
    "-Werror",
    "-U_FORTIFY_SOURCE",
    "-D_FORTIFY_SOURCE=3",
    "-D_GLIBCXX_ASSERTIONS",
    "-fstack-protector-strong",
    "-fstack-clash-protection",
    "-fcf-protection=full",
}


def _output(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _plugins() -> list[Path]:
    return sorted((build_folder() / "lib" / "hangar" / "plugins").glob("*.so"))


def _binaries() -> list[Path]:
    build = build_folder()
    return [build / "bin" / "hangar", build / "lib" / "libhangar.so", *_plugins()]


class Symbols(unittest.TestCase):
    def test_a_plugin_exports_its_description_and_nothing_else(self) -> None:
        self.assertTrue(_plugins(), "there are no plugins: build first")
        for plugin in _plugins():
            symbols = [
                line.split() for line in _output("nm", "-D", "--defined-only", plugin).splitlines()
            ]
            # W, V and u are vague linkage: templates that several libraries share.
            strong = [name for _, kind, name in symbols if kind not in "WVu"]
            with self.subTest(plugin=plugin.name):
                self.assertEqual(
                    strong, ["hangar_plugin"], "hide the others: no HANGAR_API on them"
                )


class Hardening(unittest.TestCase):
    def _each(self, *command: str, law: str, fix: str) -> None:
        for binary in _binaries():
            with self.subTest(binary=binary.name):
                self.assertRegex(_output(*command, binary), re.compile(law, re.MULTILINE), fix)

    def test_relocations_are_read_only(self) -> None:
        self._each("readelf", "-lW", law=r"GNU_RELRO", fix="link with -Wl,-z,relro")
        self._each("readelf", "-dW", law=r"\(FLAGS.*NOW", fix="link with -Wl,-z,now")

    def test_the_stack_is_not_executable(self) -> None:
        self._each("readelf", "-lW", law=r"GNU_STACK.* RW +0x", fix="link with -Wl,-z,noexecstack")

    def test_code_has_no_fixed_address(self) -> None:
        self._each("readelf", "-hW", law=r"Type:\s+DYN", fix="compile with -fPIE, link with -pie")

    def test_the_stack_is_guarded(self) -> None:
        for binary in _binaries():
            # The program itself is one call into the library and has nothing to guard.
            if binary.name != "hangar":
                with self.subTest(binary=binary.name):
                    self.assertIn(
                        "U __stack_chk_fail",
                        _output("nm", "-D", binary),
                        "-fstack-protector-strong",
                    )

    def test_no_memory_is_both_written_and_run(self) -> None:
        for binary in _binaries():
            with self.subTest(binary=binary.name):
                self.assertNotRegex(_output("readelf", "-lW", binary), r"LOAD.* RWE ")
                self.assertNotIn("TEXTREL", _output("readelf", "-dW", binary), "compile with -fPIC")

    def test_plugins_can_be_loaded_and_only_the_program_is_one(self) -> None:
        for binary in _binaries():
            flags = "".join(re.findall(r"\(FLAGS_1\).*", _output("readelf", "-dW", binary)))
            with self.subTest(binary=binary.name):
                self.assertNotIn("NOOPEN", flags, "link without -Wl,-z,nodlopen")
                self.assertEqual("PIE" in flags, binary.name == "hangar", "link with -pie")

    def test_every_unit_is_compiled_with_every_flag(self) -> None:
        units = json.loads((build_folder() / "compile_commands.json").read_text())
        made = str(build_folder())
        ours = [unit for unit in units
                if "/Unity/" in unit["file"] or not unit["file"].startswith(made)]  # fmt: skip
        self.assertGreater(len(ours), 50)
        for unit in ours:
            missing = _FLAGS - set(unit["command"].split())
            self.assertEqual(missing, set(), f"{unit['file']}: link hangar_flags to its target")

    def test_copies_are_checked(self) -> None:
        symbols = "".join(_output("nm", "-D", binary) for binary in _binaries())
        self.assertRegex(symbols, r"U __mem\w+_chk", "compile with -D_FORTIFY_SOURCE=3")

    def test_no_library_is_searched_where_a_user_may_write(self) -> None:
        for binary in _binaries():
            paths = re.findall(r"R(?:UN)?PATH.*\[(.*)\]", _output("readelf", "-dW", binary))
            for path in [path for found in paths for path in found.split(":")]:
                with self.subTest(binary=binary.name):
                    self.assertTrue(
                        path.startswith("$ORIGIN"), f"{path} in the library search path"
                    )


if __name__ == "__main__":
    unittest.main()
