"""Dependency arrows: everything points at core/include, and nothing else points anywhere."""

import re
import unittest
from pathlib import Path

from support.tree import ROOT, files, named

_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
_DATABASES = ("pqxx/", "libpq-fe.h", "postgresql/", "sqlite3.h")
_BROKER = ("nats/", "nats.h")
_YAML = ("yaml-cpp/",)
# Boost's config and version are macros, which the build tag is made of.
_BOUNDARY = ("boost/asio", "boost/config/", "boost/system", "boost/version.hpp", "fmt/", "hangar/")
_WRITTEN = "hangar/fingerprint.hpp"  # by the build


def _includes(file: Path) -> list[tuple[str, str]]:
    return [(quote, name) for quote, name in _INCLUDE.findall(file.read_text())]


def _cpp(under: str) -> list[Path]:
    found = files(".hpp", ".cpp", under=under)
    if not found:
        raise AssertionError(f"{under} has no C++ files: is the tree still what this test thinks?")
    return found


class Arrows(unittest.TestCase):
    def _forbid(self, under: str, prefixes: tuple[str, ...], fix: str) -> None:
        for file in _cpp(under):
            for _, name in _includes(file):
                with self.subTest(file=named(file)):
                    self.assertFalse(name.startswith(prefixes), f"includes {name}: {fix}")

    def test_core_knows_no_database(self) -> None:
        self._forbid("core", _DATABASES, "a database is spoken to by a plugin in plugins/storage")

    def test_core_names_no_database(self) -> None:
        """What it must know of a storage, the storage's plugin declares."""
        for file in _cpp("core/src"):
            code = re.sub(r"//.*", "", file.read_text())
            with self.subTest(file=named(file)):
                self.assertNotRegex(code, r"(?i)sqlite|postgres|pglz", "ask the storage")

    def test_services_know_neither_broker_nor_database_nor_yaml(self) -> None:
        self._forbid(
            "services",
            (*_BROKER, *_DATABASES, *_YAML),
            "a service uses hangar/source.hpp, hangar/storage.hpp and its Config's fields()",
        )

    def test_storages_know_neither_broker_nor_yaml(self) -> None:
        self._forbid("plugins", (*_BROKER, *_YAML), "a storage is given StorageOptions, no more")

    def test_public_headers_need_only_asio_fmt_and_each_other(self) -> None:
        for file in _cpp("core/include"):
            for _, name in _includes(file):
                known = "/" not in name and "." not in name  # the standard library
                with self.subTest(file=named(file)):
                    self.assertTrue(
                        known or name.startswith(_BOUNDARY),
                        f"includes {name}: what a plugin author compiles must not grow; "
                        "hide it behind an interface",
                    )

    def test_plugins_see_only_public_headers_and_their_own_folder(self) -> None:
        """And services what Prefect's have in common, which includes nothing of theirs."""
        plugins = [*(ROOT / "plugins").glob("*/*"), *(ROOT / "services").glob("*")]
        for plugin in (folder for folder in plugins if folder.is_dir()):
            for file in files(".hpp", ".cpp", under=str(plugin)):
                for quote, name in _includes(file):
                    local = any(folder.joinpath(name).is_file() for folder in (file.parent, plugin))
                    shared = name.startswith("prefect/") and plugin.parent.name == "services"
                    ours = quote == '"' or (ROOT / "core" / "src" / name).exists()
                    with self.subTest(file=named(file)):
                        self.assertTrue(
                            not ours or local or shared or name.startswith("hangar/"),
                            f"includes {name}: a plugin includes hangar/*.hpp and its own files; "
                            "what two plugins share belongs to core/include or services/prefect",
                        )

    def test_core_includes_nothing_of_plugins_and_services(self) -> None:
        folders = [ROOT / "core" / "src", ROOT / "core" / "include"]
        for file in _cpp("core"):
            for quote, name in _includes(file):
                own = name == _WRITTEN or any(
                    (folder / name).is_file() for folder in (*folders, file.parent)
                )
                with self.subTest(file=named(file)):
                    self.assertTrue(
                        quote == "<" or own,
                        f"includes {name}: the host finds services and storages at run time",
                    )


if __name__ == "__main__":
    unittest.main()
