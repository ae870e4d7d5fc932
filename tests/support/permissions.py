"""What etc/docs/permissions.md says, and a command that runs until it has said something."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from support.flow_runs import stream_lines
from support.program import environment, program
from support.tree import ROOT

PAGE = (ROOT / "etc" / "docs" / "permissions.md").read_text()
STREAM, SUBJECT = "PREFECT_EVENTS", "prefect.events.task-run"
_SAMPLE = stream_lines((ROOT / "etc" / "sample.jsonl").read_bytes())
OF_TASKS = [line for line in _SAMPLE if b'"event":"prefect.task-run.' in line]
EVENTS = [*OF_TASKS[:6], b"no event"]  # of two runs
WITHIN = 30.0


def block(kind: str, name: str) -> list[str]:
    """The lines of one block of the page."""
    [found] = re.findall(rf"^```{kind} {name}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(found).splitlines()


def ended(words: Sequence[str | Path], until: re.Pattern[str] | None = None) -> tuple[int, str]:
    """The exit code and all that was said; ended as soon as it said what is looked for."""
    with subprocess.Popen(
        [program(), *words],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        late = threading.Timer(WITHIN, process.kill)
        late.start()
        said = ""
        for line in process.stdout:
            said += line
            if until is not None and until.search(said):
                process.kill()
        late.cancel()
        return process.wait(), said
