"""Tools from PyPI, pinned, in a venv of their own that is made when there is none."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from support.prefect_venv import cache_folder, locked


def tool_venv(name: str, tools: Sequence[str], *, alone: Sequence[str] = ()) -> Path:
    """The venv's folder; `alone` are packages that are installed without what they depend on."""
    pins = "-".join((*tools, *alone)).replace("==", "-")
    folder = cache_folder() / f"{name}-{pins}"
    finished = folder / "finished"
    with locked(f"{name}-venv"):
        if not finished.exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            pip = ("-m", "pip", "--disable-pip-version-check", "install", "--no-input", "-q")
            python = folder / "bin" / "python"
            subprocess.run([python, *pip, *tools], check=True)
            if alone:
                subprocess.run([python, *pip, "--no-deps", *alone], check=True)
            finished.touch()
    return folder
