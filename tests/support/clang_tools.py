"""clang-format and clang-tidy: each release finds other things, so one of them decides."""

from __future__ import annotations

import re
import subprocess

_DECIDES = "14"  # Debian 12's


def other_release(tool: str) -> str | None:
    """Why this machine's `tool` does not decide, if it does not."""
    said = subprocess.run([tool, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"version (\d+)", said)
    release = found[1] if found else said.strip()
    return None if release == _DECIDES else f"{tool} {_DECIDES} decides, and this is {release}"
