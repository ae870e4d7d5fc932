"""The core scenarios of `scenarios.txt`, each with the test that shows it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Scenario(NamedTuple):
    id: str
    fault: str
    # The name of a test as ctest lists it.
    test: str
    # The method or the GoogleTest case; empty where the whole test shows it.
    law: str = ""


def _scenarios() -> tuple[Scenario, ...]:
    lines = Path(__file__).with_suffix(".txt").read_text().splitlines()
    return tuple(
        Scenario(*(part.strip() for part in line.split("|")))
        for line in lines
        if not line.startswith("#")
    )


SCENARIOS = _scenarios()
