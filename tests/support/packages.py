"""The Debian packages of the build that is tested, as the page says that they are made."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

from support.tree import ROOT, build_folder

PAGE = ROOT / "etc" / "docs" / "install.md"
_CONFIG = "build/release/CPackConfig.cmake"


def make_packages(folder: Path) -> dict[str, Path]:
    """Makes them in this folder and returns them by their names."""
    [command] = re.findall(r"^cpack .*$", PAGE.read_text(), re.MULTILINE)
    words = shlex.split(command.replace(_CONFIG, str(build_folder() / Path(_CONFIG).name)))
    done = subprocess.run(
        [*words, "-B", folder], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode or "Warning" in done.stderr:
        raise AssertionError(done.stdout + done.stderr)
    return {file.name.split("_")[0]: file for file in folder.glob("*.deb")}
