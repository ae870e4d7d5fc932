"""Instructions an event on the recorder's hot path, counted by callgrind: a steady number.

`python3 -m bench.instructions` prints them beside the recorded ones, and with `--write` records
them, for a change that is worth more instructions or that saves some. PYTHONPATH=tests.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from support.temporary import temporary_folder
from support.tree import build_folder

RECORDED = Path(__file__).parent / "results" / "instructions.json"
_TOTALS = re.compile(r"^totals: (\d+)$", re.MULTILINE)
_STEP = re.compile(r"^desc: Trigger: Client Request: (\w+)$", re.MULTILINE)


def count() -> dict[str, float]:
    """By step: decode, lanes, fold, encode."""
    events = build_folder() / "tests" / "bench" / "client_events.jsonl"
    with temporary_folder("callgrind") as folder:
        done = subprocess.run(
            [
                *("valgrind", "--tool=callgrind", "--collect-atstart=no"),
                f"--callgrind-out-file={folder}/out",
                *(build_folder() / "bin" / "count_instructions", events),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"callgrind: {done.stderr}")
        dumps = [file.read_text() for file in sorted(folder.glob("out.*"))]
    number = events.read_bytes().count(b"\n")
    found: dict[str, float] = {}
    for dump in dumps:
        if step := _STEP.search(dump):
            [total] = _TOTALS.findall(dump)
            found[step[1]] = round(int(total) / number, 1)
    return found


def recorded() -> dict[str, dict[str, float]]:
    """By compiler, for each generates other instructions."""
    content: dict[str, dict[str, float]] = json.loads(RECORDED.read_text())
    return content


def compiler() -> str:
    program = build_folder() / "bin" / "count_instructions"
    return subprocess.run([program, "--compiler"], capture_output=True, text=True).stdout.strip()


def table(now: Mapping[str, float], before: Mapping[str, float]) -> str:
    steps = {**now, "all": sum(now.values())}
    known = {**before, "all": sum(before.values())}
    lines = [f"{'step':8} {'now':>10} {'recorded':>10}"]
    lines += [f"{step:8} {steps[step]:10,.1f} {known.get(step, 0):10,.1f}" for step in steps]
    return "\n".join(lines)


if __name__ == "__main__":
    counted = count()
    numbers = recorded()
    print(table(counted, numbers.get(compiler(), {})))
    if "--write" in sys.argv[1:]:
        numbers[compiler()] = counted
        RECORDED.write_text(json.dumps(numbers, indent=2, sort_keys=True) + "\n")
