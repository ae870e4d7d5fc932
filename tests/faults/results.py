"""`python3 -m faults.results JUNIT`: the table of RESULTS.md from what ctest wrote of a run.

The JUnit file is that of `ctest --output-junit`; a scenario's figures are what its test printed.
"""

from __future__ import annotations

import datetime
import os
import platform
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import NamedTuple

from faults.scenarios import SCENARIOS, Scenario

_FIGURE = re.compile(r"figure (\S+): (.+) = (.+)")
_CURRENT = ".nats_"


def _machine() -> str:
    cpu = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    name = cpu[1] if cpu else platform.machine()
    return f"{os.cpu_count()} cores of {name}, Linux {platform.release()}"


class _Test(NamedTuple):
    passed: bool
    output: str


class Run:
    """The tests of one ctest run by name."""

    def __init__(self, junit: Path) -> None:
        self._tests = {
            case.get("name", ""): _Test(
                case.get("status") == "run", case.findtext("system-out") or ""
            )
            for case in ElementTree.parse(junit).getroot().iter("testcase")
        }

    def outcome(self, scenario: Scenario) -> str:
        """`passed`, also on the current nats-server where it ran there, or what is wrong."""
        if scenario.test not in self._tests:
            return "not run"
        names = [
            name
            for name in self._tests
            if name == scenario.test or name.startswith(scenario.test + _CURRENT)
        ]
        failed = [name for name in names if not self._tests[name].passed]
        return f"FAILED: {', '.join(failed)}" if failed else "passed"

    def figures(self, scenario: Scenario) -> str:
        test = self._tests.get(scenario.test)
        found = _FIGURE.findall(test.output) if test else []
        return "; ".join(f"{name}: {value}" for of, name, value in found if of == scenario.id)


def table(run: Run) -> str:
    lines = [
        "# What the faults did",
        "Written by `tests/run --long`; each scenario is a test whose checker compares every row "
        "with the reference's.\n",
        f"{_machine()}, {datetime.datetime.now(datetime.UTC):%Y-%m-%d}\n",
        "| scenario | fault | test | outcome | figures |",
        "|---|---|---|---|---|",
        *(
            f"| {one.id} | {one.fault} | `{one.test}` {f'`{one.law}`' if one.law else ''} "
            f"| {run.outcome(one)} | {run.figures(one)} |"
            for one in SCENARIOS
        ),
    ]
    return "\n".join(lines) + "\n"


def main(junit: str) -> None:
    print(table(Run(Path(junit))), end="")


if __name__ == "__main__":
    main(*sys.argv[1:])
