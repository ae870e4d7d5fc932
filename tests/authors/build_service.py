"""Builds a service outside of the tree, against the build that is tested."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from support.tree import build_folder

# Each service is built once in this process.
_FOLDER = tempfile.TemporaryDirectory(prefix="hangar-authors-")


@cache
def build_service(source: Path) -> Path:
    """The plugin that `source` makes."""
    folder = Path(_FOLDER.name)
    commands = json.loads((build_folder() / "compile_commands.json").read_text())
    [like] = [one for one in commands if one["file"].endswith("/event_logger.cpp")]
    words = shlex.split(like["command"])
    words = words[: words.index("-o")]
    plugin = folder / f"{source.stem}.so"
    outside = shutil.copy(source, folder)
    libraries = [f"-L{build_folder() / 'lib'}", "-lhangar", "-lboost_json", "-lfmt"]
    done = subprocess.run(
        [*words, "-shared", "-Wl,--no-undefined", "-o", plugin, outside, *libraries],
        cwd=like["directory"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    Path(outside).unlink()
    return plugin


def plugin_folder(folder: Path, *sources: Path) -> Path:
    """A folder with these services, which the host finds beside its own plugins."""
    made = folder / "plugins"
    made.mkdir(mode=0o755)
    for source in sources:
        shutil.copy(build_service(source), made)
    return made
