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

_SOURCE = str(ROOT / "tests" / "etc" / "elsewhere.cpp")
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
  target_link_libraries(${{name}} PRIVATE hangar::sdk)
  target_compile_definitions(${{name}} PRIVATE ${{flag}})
endforeach()
"""
_WAYS = """
cmake_minimum_required(VERSION 3.25)
project(ways CXX)
{way}
hangar_add_plugin(nowhere SOURCES {source})
"""
_BUILT = """
find_package(hangar 99 QUIET)
if(hangar_FOUND)
  message(FATAL_ERROR "this Hangar passes for version 99")
endif()
find_package(hangar 0.1 REQUIRED)
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

    def configured(self, name: str, text: str, *flags: str) -> Path:
        """The build folder of a project of one file."""
        project = self.folder / name
        project.mkdir()
        (project / "CMakeLists.txt").write_text(text)
        build = project / "build"
        words = ("-G", "Ninja", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", *flags)
        compiler = f"-DCMAKE_CXX_COMPILER={_compiler()}"
        self.done(_run("cmake", "-S", project, "-B", build, compiler, *words))
        return build

    def done(self, done: subprocess.CompletedProcess[str]) -> None:
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def refusals(self, of: Path, build: Path) -> dict[str, str]:
        """What the host of that prefix says of each plugin, nothing of one that it takes."""
        plugins = build / "lib" / "hangar" / "plugins"
        program = of / "bin" / "hangar"
        done = _run(program, "plugins", "ls", "-o", "json", "--set", f"plugins.path={plugins}")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return {Path(found["path"]).stem: found["refusal"] for found in json.loads(done.stdout)}

    def test_a_plugin_of_other_headers_or_flags_is_refused_with_what_differs(self) -> None:
        installed = self.folder / "installed"
        self.done(_run("cmake", "--install", build_folder(), "--prefix", installed))
        text = _PROJECT.format(source=_SOURCE)
        build = self.configured("elsewhere", text, f"-DCMAKE_PREFIX_PATH={installed}")
        self.done(_run("cmake", "--build", build))
        said = self.refusals(installed, build)
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

        [header] = installed.glob("include/hangar/storage.hpp")
        header.write_text(header.read_text() + "// One line more.\n")
        again = _run("cmake", "--build", build, "--target", "as_installed")
        self.assertNotEqual(again.returncode, 0)
        words = " ".join((again.stdout + again.stderr).split())
        self.assertIn("they were changed afterwards. Build and install Hangar again.", words)

        # As another Hangar would be installed.
        [config] = installed.glob("lib*/**/hangarConfig.cmake")
        script = self.folder / "write.cmake"
        include = installed / "include"
        script.write_text(_WRITE.format(package=config.parent, include=include))
        self.done(_run("cmake", "-P", script))
        self.done(_run("cmake", "--build", build, "--target", "as_installed"))
        self.assertRegex(
            self.refusals(installed, build)["as_installed"],
            r"\Aits fingerprint of the public headers is ([0-9a-f]{16}), this host's is (?!\1)"
            r"[0-9a-f]{16}: build it again with this host's headers \(hangar [\d.]+\)\Z",
        )

    def test_a_plugin_is_built_against_a_build(self) -> None:
        text = _WAYS.format(way=_BUILT, source=_SOURCE)
        build = self.configured("built", text, f"-DCMAKE_PREFIX_PATH={build_folder()}")
        self.done(_run("cmake", "--build", build))
        self.assertEqual(self.refusals(build_folder(), build)["nowhere"], "")

    def test_a_subdirectory_forces_no_flag_on_the_author(self) -> None:
        """Nor tests, and one file is compiled, for all of Hangar would take long."""
        build = self.configured(
            "within", _WAYS.format(way=f"add_subdirectory({ROOT} hangar)", source=_SOURCE)
        )
        units = json.loads((build / "compile_commands.json").read_text())
        self.assertEqual([one["file"] for one in units if "/tests/" in one["file"]], [_SOURCE])
        [command] = [one["command"] for one in units if one["file"] == _SOURCE]
        self.assertNotIn("-Werror", command)
        object_file = "CMakeFiles/nowhere.dir" + _SOURCE + ".o"
        self.done(_run("cmake", "--build", build, "--target", object_file))


if __name__ == "__main__":
    unittest.main()
