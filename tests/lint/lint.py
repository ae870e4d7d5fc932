"""`lint.py format|shell|yaml|python`: one of the short checks; each finding says where."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from support.clang_tools import other_release
from support.not_run import not_run
from support.tool_venv import tool_venv
from support.tree import ROOT, files

# Pinned, so that a commit is as clean tomorrow as it was today.
_PYTHON_TOOLS = ("ruff==0.17.6", "mypy==2.4.1")


def run(command: Sequence[str | Path]) -> bool:
    return subprocess.run([str(word) for word in command], cwd=ROOT, check=False).returncode == 0


def python_tools() -> Path:
    """The interpreter of a venv that holds the linters, made when there is none."""
    return tool_venv("lint", _PYTHON_TOOLS) / "bin" / "python"


def cpp_format() -> bool:
    """Fix: clang-format -i FILE."""
    if why := other_release("clang-format"):
        sys.exit(not_run(why))
    return run(["clang-format", "--dry-run", "--Werror", *files(".hpp", ".cpp")])


def shell() -> bool:
    scripts = [file for file in files() if file.is_file() and _first_line(file).endswith(b"sh")]
    return run(["shellcheck", *scripts])


def _first_line(file: Path) -> bytes:
    with file.open("rb") as opened:
        line = opened.readline(80).rstrip()
        return line if line.startswith(b"#!") else b""


def yaml() -> bool:
    # The example configuration is settings that are commented out.
    rules = (
        "{extends: default, rules: {line-length: {max: 100}, document-start: disable,"
        " comments: {require-starting-space: false}, comments-indentation: disable}}"
    )
    return run(["yamllint", "--strict", "-d", rules, *files(".yaml", ".yml", ".clang-tidy")])


def python() -> bool:
    """Fix: ruff check --fix and ruff format, both with the configuration in tests."""
    tools: tuple[str | Path, ...] = (python_tools(), "-m")
    settings = ROOT / "tests" / "ruff.toml"
    sources = sorted({file.parent for file in files(".py")})
    checks = (
        [*tools, "ruff", "check", "--quiet", "--config", settings, *sources],
        [*tools, "ruff", "format", "--quiet", "--diff", "--config", settings, *sources],
        [*tools, "mypy", "--config-file", ROOT / "tests" / "mypy.ini", *files(".py")],
    )
    results = [run(check) for check in checks]  # every finding at once
    return all(results)


CHECKS = {"format": cpp_format, "shell": shell, "yaml": yaml, "python": python}

if __name__ == "__main__":
    sys.exit(0 if CHECKS[sys.argv[1]]() else 1)
