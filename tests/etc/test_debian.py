"""The Debian packages: what each has, and that the program finds what was installed beside it."""

from __future__ import annotations

import json
import re
import subprocess
import unittest
from pathlib import Path
from typing import ClassVar

from support.packages import make_packages
from support.program import environment, flags, hangar
from support.temporary import temporary_folder
from support.tree import ROOT

_PLUGINS = {
    "hangar": {"event_logger"},
    "hangar-sqlite": {"sqlite"},
    "hangar-postgres": {"postgres"},
    "hangar-prefect": {"event_gateway", "event_persister", "task_run_recorder"},
    "hangar-dev": set[str](),
}
# Beside its plugins.
_HELD = {
    "hangar": {
        "etc/hangar/hangar.yaml",
        "usr/bin/hangar",
        "usr/lib/libhangar.so.0",
        "usr/share/bash-completion/completions/hangar",
        "usr/share/fish/vendor_completions.d/hangar.fish",
        "usr/share/hangar/hangar.schema.json",
        "usr/share/man/man1/hangar.1.gz",
        "usr/share/zsh/vendor-completions/_hangar",
    },
    "hangar-prefect": {"usr/share/hangar/sample.jsonl"},
    "hangar-dev": {
        "usr/include/hangar/fingerprint.hpp",
        "usr/include/hangar/service.hpp",
        "usr/include/hangar/testing/memory_storage.hpp",
        "usr/lib/cmake/hangar/HangarPlugin.cmake",
        "usr/lib/cmake/hangar/hangarConfig.cmake",
        "usr/lib/hangar/conformance",
        "usr/lib/libhangar.so",
        "usr/lib/libhangar_testing.a",
        "usr/share/pkgconfig/hangar.pc",
    },
}
_UNITS = {f"usr/lib/systemd/system/{file.name}" for file in (ROOT / "etc/systemd").glob("*")}
_PROGRAMS = {
    "usr/bin/hangar",
    "usr/lib/hangar/conformance",
    "usr/share/hangar/templates/service/test_service",
}
# What one of a package's programs and libraries needs and no other package does.
_LIBRARIES = {
    "hangar": ("libjemalloc2", "libyaml-cpp"),
    "hangar-sqlite": ("libsqlite3-0",),
    "hangar-postgres": ("libpq5",),
}


def _output(*command: str | Path, env: dict[str, str] | None = None) -> str:
    return subprocess.run(
        command, env=env or environment(), capture_output=True, text=True, check=True
    ).stdout


class Packages(unittest.TestCase):
    folder: ClassVar[Path]
    packages: ClassVar[dict[str, Path]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = cls.enterClassContext(temporary_folder("debian"))
        cls.packages = make_packages(cls.folder)

    def field(self, package: str, name: str) -> str:
        return _output("dpkg-deb", "-f", self.packages[package], name).strip()

    def contents(self, package: str) -> dict[str, str]:
        """Each file with its mode and owner."""
        lines = _output("dpkg-deb", "-c", self.packages[package]).splitlines()
        parts = (re.split(r"\s+", line, maxsplit=5) for line in lines)
        return {part[5].split(" -> ")[0].removeprefix("./"): f"{part[0]} {part[1]}"
                for part in parts if not part[0].startswith("d")}  # fmt: skip

    def test_there_are_five_and_each_has_its_own(self) -> None:
        self.assertEqual(set(self.packages), set(_PLUGINS))
        everything: list[str] = []
        for package, plugins in _PLUGINS.items():
            with self.subTest(package=package):
                contents = self.contents(package)
                everything += contents
                found = {Path(file).stem for file in contents if "/plugins/" in file}
                self.assertEqual(found, plugins)
                documents = {f"usr/share/doc/{package}/{name}"
                             for name in ("changelog.gz", "copyright")}  # fmt: skip
                self.assertLessEqual(_HELD.get(package, set()) | documents, set(contents))
                self.assertEqual(
                    [file for file, how in contents.items() if not how.endswith(" root/root")], []
                )
                programs = {file for file, how in contents.items() if how.startswith("-rwx")}
                self.assertLessEqual(programs, _PROGRAMS)
        self.assertLessEqual(_UNITS, set(everything))
        self.assertEqual(len(everything), len(set(everything)), "two packages have one file")
        self.assertEqual([file for file in everything if not file.startswith(("usr/", "etc/"))], [])

    def test_settings_are_a_conffile_that_hangar_takes(self) -> None:
        self.assertEqual(
            _output("dpkg-deb", "-I", self.packages["hangar"], "conffiles"),
            "/etc/hangar/hangar.yaml\n",
        )
        root = self.extracted("hangar")
        written = (root / "etc/hangar/hangar.yaml").read_text()
        plain = (ROOT / "etc" / "hangar.yaml").read_text()
        different = set(written.splitlines()) ^ set(plain.splitlines())
        self.assertEqual(
            different,
            {
                '#data_dir: ""',
                "data_dir: /var/lib/hangar",
                "# yaml-language-server: $schema=hangar.schema.json",
                "# yaml-language-server: $schema=/usr/share/hangar/hangar.schema.json",
            },
        )
        done = hangar("config", "check", "-c", root / "etc/hangar/hangar.yaml")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_dependencies_are_those_of_the_libraries_and_of_one_version(self) -> None:
        version = self.field("hangar", "Version")
        for package in _PLUGINS:
            depends = self.field(package, "Depends")
            with self.subTest(package=package):
                self.assertEqual(f"hangar (= {version})" in depends, package != "hangar")
                self.assertIn("libc6 (>= ", depends)
                for library in _LIBRARIES.get(package, ()):
                    self.assertIn(library, depends)
        self.assertRegex(self.field("hangar-dev", "Depends"), r"libboost1\.\d+-dev\b")
        self.assertIn("adduser", self.field("hangar", "Depends"))

    def extracted(self, *packages: str) -> Path:
        root = self.enterContext(temporary_folder("root"))
        for package in packages:
            _output("dpkg-deb", "-x", self.packages[package], root)
        return root

    def test_the_program_loads_what_is_installed_beside_it(self) -> None:
        for packages in (("hangar",), tuple(_PLUGINS)):
            root = self.extracted(*packages)
            found = json.loads(_output(root / "usr/bin/hangar", "plugins", "ls", "-o", "json"))
            self.assertEqual([plugin["refusal"] for plugin in found if plugin["refusal"]], [])
            wanted = set().union(*(_PLUGINS[package] for package in packages))
            self.assertEqual({Path(plugin["path"]).stem for plugin in found}, wanted)

    def test_a_storage_whose_package_is_not_there_is_missed(self) -> None:
        for packages, settings, said in (
            (("hangar",), {}, "storage.type: no plugin of a storage was found: install one, or"),
            (
                ("hangar", "hangar-sqlite"),
                {"storage.url": "postgresql://db/prefect"},
                "storage.url: no storage that was found takes a postgresql URL: install the plugin "
                "of one that does, or write a path or sqlite:",
            ),
        ):
            with self.subTest(packages=packages):
                root = self.extracted(*packages)
                words = flags({"data_dir": root / "data", **settings})
                done = subprocess.run(
                    [root / "usr/bin/hangar", "config", "check", *words],
                    env=environment(),
                    capture_output=True,
                    text=True,
                    check=False,
                )
                self.assertEqual(done.returncode, 78, done.stdout + done.stderr)
                self.assertIn(said, done.stderr)

    def test_pkg_config_gives_the_flags_that_a_plugin_must_share(self) -> None:
        root = self.extracted("hangar-dev")
        env = environment({"PKG_CONFIG_PATH": str(root / "usr/share/pkgconfig")})
        flags = _output("pkg-config", "--cflags", "hangar", env=env).split()
        self.assertIn("-DBOOST_ASIO_DYN_LINK", flags)
        [include] = [
            flag[2:] for flag in flags if flag.endswith("usr/share/pkgconfig/../../include")
        ]
        self.assertTrue((Path(include) / "hangar/fingerprint.hpp").is_file())
        plugins = _output("pkg-config", "--variable=pluginsdir", "hangar", env=env).strip()
        self.assertEqual(Path(plugins).resolve(), root / "usr/lib/hangar/plugins")
        self.assertIn("-lhangar", _output("pkg-config", "--libs", "hangar", env=env))


if __name__ == "__main__":
    unittest.main()
