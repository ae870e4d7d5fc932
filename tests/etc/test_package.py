"""A plugin that is built elsewhere, from an installed Hangar: the host takes what fits it."""

from __future__ import annotations

import json
import re
import subprocess
import unittest
from pathlib import Path

from support.program import environment
from support.temporary import temporary_folder
from support.tree import ROOT, build_folder

_PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(elsewhere CXX)
find_package(hangar REQUIRED)
hangar_add_plugin(as_installed SOURCES {source})
foreach(flag _GLIBCXX_DEBUG _GLIBCXX_USE_CXX11_ABI=0)
  string(REGEX REPLACE "^_GLIBCXX_|=.*" "" name ${{flag}})
  string(TOLOWER ${{name}} name)
  add_library(${{name}} MODULE {source})
  set_target_properties(${{name}} PROPERTIES PREFIX ""
    LIBRARY_OUTPUT_DIRECTORY ${{CMAKE_BINARY_DIR}}/lib/hangar/plugins)
  target_link_libraries(${{name}} PRIVATE hangar::hangar)
  target_compile_definitions(${{name}} PRIVATE ${{flag}})
endforeach()
"""
_WRITE = """
include({package}/HangarFingerprint.cmake)
hangar_write_fingerprint({include} {include}/hangar/fingerprint.hpp)
"""


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=environment(), capture_output=True, text=True, check=False, timeout=300
    )


def _compiler() -> str:
    cache = (build_folder() / "CMakeCache.txt").read_text()
    [found] = re.findall(r"^CMAKE_CXX_COMPILER:\w+=(.*)$", cache, re.M)
    return str(found)


class Elsewhere(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("package"))
        self.installed = self.folder / "installed"
        self.build = self.folder / "build"
        project = self.folder / "project"
        project.mkdir()
        source = ROOT / "tests" / "etc" / "elsewhere.cpp"
        (project / "CMakeLists.txt").write_text(_PROJECT.format(source=source))
        self.done(_run("cmake", "--install", build_folder(), "--prefix", self.installed))
        self.done(
            _run(
                *("cmake", "-S", project, "-B", self.build, "-G", "Ninja"),
                f"-DCMAKE_PREFIX_PATH={self.installed}",
                f"-DCMAKE_CXX_COMPILER={_compiler()}",
            )
        )

    def done(self, done: subprocess.CompletedProcess[str]) -> None:
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def refusals(self) -> dict[str, str]:
        """What the installed host says of each plugin, nothing of one that it takes."""
        plugins = self.build / "lib" / "hangar" / "plugins"
        program = self.installed / "bin" / "hangar"
        done = _run(program, "plugins", "ls", "-o", "json", "--set", f"plugins.path={plugins}")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return {Path(found["path"]).stem: found["refusal"] for found in json.loads(done.stdout)}

    def test_a_plugin_of_other_headers_or_flags_is_refused_with_what_differs(self) -> None:
        self.done(_run("cmake", "--build", self.build))
        said = self.refusals()
        self.assertEqual(said["as_installed"], "")
        self.assertEqual(
            said["debug"],
            "its standard library debug mode (_GLIBCXX_DEBUG) is on, this host's is off: build it "
            "again with this host's flags",
        )
        self.assertEqual(
            said["use_cxx11_abi"],
            "its string ABI (_GLIBCXX_USE_CXX11_ABI) is 0, this host's is 1: build it again with "
            "this host's flags",
        )

        [header] = self.installed.glob("include/hangar/storage.hpp")
        header.write_text(header.read_text() + "// One line more.\n")
        again = _run("cmake", "--build", self.build, "--target", "as_installed")
        self.assertNotEqual(again.returncode, 0)
        words = " ".join((again.stdout + again.stderr).split())
        self.assertIn("they were changed afterwards. Install Hangar again.", words)

        # As another Hangar would be installed.
        [config] = self.installed.glob("lib*/**/hangarConfig.cmake")
        script = self.folder / "write.cmake"
        include = self.installed / "include"
        script.write_text(_WRITE.format(package=config.parent, include=include))
        self.done(_run("cmake", "-P", script))
        self.done(_run("cmake", "--build", self.build, "--target", "as_installed"))
        self.assertRegex(
            self.refusals()["as_installed"],
            r"\Aits fingerprint of the public headers is ([0-9a-f]{16}), this host's is (?!\1)"
            r"[0-9a-f]{16}: build it again with this host's headers\Z",
        )


if __name__ == "__main__":
    unittest.main()
