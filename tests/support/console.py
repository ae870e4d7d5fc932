"""The commands that a page shows.

A fence marked `console` holds commands, `$ ` before each, and lines of their output; a line of `…`
stands for any others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_FENCE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Each command of the page with the lines that it is said to print."""
    for fence in _FENCE.findall(page.read_text()):
        parts = re.split(r"^\$ ", fence, flags=re.MULTILINE)[1:]
        for part in parts:
            command, _, printed = re.sub(r"\\\n> ?", " ", part).partition("\n")
            yield command, [line for line in printed.splitlines() if line.strip(" …")]
