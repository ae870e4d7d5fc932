"""`tidy.py`: clang-tidy over every C++ file of the build that changed since it was last clean."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypedDict

from support.clang_tools import other_release
from support.not_run import not_run
from support.prefect_venv import cache_folder
from support.tree import ROOT, build_folder, named

# clang 14 has the coroutines of libstdc++ 12 but does not say so.
_CLANG_NEEDS = ("-D__cpp_impl_coroutine=201902L", "-Wno-unknown-warning-option")


class Entry(TypedDict):
    directory: str
    command: str
    file: str


def for_clang(command: str) -> list[str]:
    """The compiler's arguments without its launcher and without g++'s precompiled header."""
    words = shlex.split(command)
    launcher = [number for number, word in enumerate(words) if Path(word).name == "ccache"]
    words = words[launcher[0] + 1 :] if launcher else words
    kept: list[str] = []
    skip = False
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if skip or word == "-Winvalid-pch":
            skip = False
        elif word == "-include" and "cmake_pch" in following:
            skip = True
        else:
            kept.append(word)
    return [kept[0], *_CLANG_NEEDS, *kept[1:]]


def entries(build: Path) -> list[Entry]:
    """What the build compiles of this project, each file once, a folder's files together."""
    found: dict[str, Entry] = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = Path(entry["file"])
        united = file.parent.name == "Unity"
        if united or (file.is_relative_to(ROOT) and not file.is_relative_to(ROOT / "build")):
            # Several targets compile the same folder.
            found.setdefault(file.read_text() if united else entry["file"], entry)
    return sorted(found.values(), key=lambda entry: entry["file"])


def dependencies(build: Path) -> dict[str, list[Path]]:
    """The project's files that each object was compiled from, as the last build noted them."""
    listed = subprocess.run(
        ["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True, check=True
    ).stdout
    found: dict[str, list[Path]] = {}
    current: list[Path] = []
    for line in listed.splitlines():
        if line.startswith("    "):
            path = (build / line.strip()).resolve()
            if path.is_relative_to(ROOT) and not path.is_relative_to(ROOT / "build"):
                current.append(path)
        elif ": #deps" in line:
            current = found.setdefault(line.partition(": #deps")[0], [])
    return found


def output(arguments: list[str]) -> str:
    return arguments[arguments.index("-o") + 1]


def key(version: bytes, arguments: list[str], files: list[Path]) -> str:
    digest = hashlib.sha256(version)
    digest.update((ROOT / ".clang-tidy").read_bytes())
    # A clone in another folder is the same work.
    digest.update("\0".join(arguments).replace(str(ROOT), "").encode())
    for file in sorted(files):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def main() -> int:
    if why := other_release("clang-tidy"):
        return not_run(why)
    build = build_folder()
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    clean = cache_folder() / "tidy"
    clean.mkdir(exist_ok=True)
    objects = dependencies(build)
    with tempfile.TemporaryDirectory() as database:
        commands = []
        wanted: dict[str, Path] = {}
        sizes: dict[str, int] = {}
        for entry in entries(build):
            arguments = for_clang(entry["command"])
            commands.append(
                {"directory": entry["directory"], "file": entry["file"], "arguments": arguments}
            )
            files = objects[output(arguments)]
            stamp = clean / key(version, arguments, files)
            if not stamp.exists():
                wanted[entry["file"]] = stamp
                sizes[entry["file"]] = sum(file.stat().st_size for file in files)
        Path(database, "compile_commands.json").write_text(json.dumps(commands))

        def check(file: str) -> bool:
            done = subprocess.run(
                ["clang-tidy", "--quiet", "-p", database, file],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode == 0:
                wanted[file].touch()
                return True
            # Findings are on stdout; stderr counts what system headers would have had.
            print(f"{named(Path(file))}:\n{done.stdout or done.stderr}", flush=True)
            return False

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            # The biggest first, so that no core waits for the last one.
            order = sorted(wanted, key=lambda file: -sizes[file])
            failed = [
                file for file, fine in zip(order, pool.map(check, order), strict=True) if not fine
            ]
    print(f"clang-tidy: {len(commands)} files, {len(wanted)} checked, {len(failed)} with findings")
    return 1 if failed or not commands else 0


if __name__ == "__main__":
    sys.exit(main())
