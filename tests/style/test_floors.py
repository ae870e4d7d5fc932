"""core/src is a house of floors: a folder includes only its own files and those of lower floors."""

import re
import unittest
from pathlib import Path

from support.tree import ROOT, named

_CORE = ROOT / "core" / "src"
# From the ground up.
_FLOORS = (
    *("text", "async", "api", "log", "config", "plugin", "websocket", "http"),
    *("identity", "nats"),
    *("jetstream", "embedded", "dead_letters", "source", "live", "lease", "doctor"),
    *("storage", "batch", "service"),
    *("status", "metrics", "admin", "host", "verify", "cli"),
)
# Libraries of others, and the folders that alone speak to them.
_LIBRARIES = {
    "boost/beast": ("http", "websocket"),
    "boost/dll": ("plugin",),
    "CLI": ("cli",),
    "spdlog": ("log",),
    "systemd": ("host",),
    "yaml-cpp": ("config",),
}
_INCLUDE = re.compile(r'^\s*#\s*include\s*"([a-z_]+)/([^"]+)"', re.MULTILINE)
_FORWARD = re.compile(r"^(?:class|struct) (\w+);", re.MULTILINE)
_DEFINED = re.compile(r"^(?:class|struct) (?:\w+ )?(\w+)(?: final)?(?: :[^;]*)? \{", re.MULTILINE)


def _files() -> list[Path]:
    return [file for file in sorted(_CORE.rglob("*.?pp")) if file.parent != _CORE]


class Floors(unittest.TestCase):
    def test_every_folder_has_its_floor(self) -> None:
        self.assertEqual({file.parent.name for file in _files()}, set(_FLOORS))

    def test_a_folder_includes_only_what_is_below(self) -> None:
        for file in _files():
            floor = _FLOORS.index(file.parent.name)
            for folder, name in _INCLUDE.findall(file.read_text()):
                if folder == "hangar":
                    continue
                with self.subTest(file=named(file), includes=f"{folder}/{name}"):
                    self.assertLessEqual(_FLOORS.index(folder), floor, "that is a higher floor")

    def test_a_library_is_included_where_it_belongs(self) -> None:
        for file in _files():
            text = file.read_text()
            for library, folders in _LIBRARIES.items():
                if f"#include <{library}/" in text or f"#include <{library}." in text:
                    with self.subTest(file=named(file), includes=library):
                        self.assertIn(file.parent.name, folders)

    def test_a_class_is_declared_ahead_only_within_its_folder(self) -> None:
        """Or a circle of folders would be hidden from the includes."""
        homes = {
            name: file.parent.name
            for file in _files()
            for name in _DEFINED.findall(file.read_text())
        }
        for file in _files():
            for name in _FORWARD.findall(file.read_text()):
                with self.subTest(file=named(file), declares=name):
                    self.assertEqual(homes.get(name, file.parent.name), file.parent.name)


if __name__ == "__main__":
    unittest.main()
