"""The files of this project, for tests that read them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Made by builds and tools, or not ours.
_LEFT_OUT = {"build", ".git", "__pycache__", ".mypy_cache", ".ruff_cache", ".cache", ".venv"}


def files(*suffixes: str, under: str = ".") -> list[Path]:
    """The project's files whose names end in one of `suffixes`, or all of them, in order."""
    return sorted(
        path for path in _walk(ROOT / under) if not suffixes or path.name.endswith(suffixes)
    )


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        yield from (Path(parent, name) for name in names)


def build_folder() -> Path:
    """The build that is tested: `HANGAR_TEST_BUILD`, else build/release."""
    return Path(os.environ.get("HANGAR_TEST_BUILD") or ROOT / "build" / "release").resolve()


def named(path: Path) -> str:
    """The path as a person would write it from the project's root."""
    return str(path.relative_to(ROOT))
