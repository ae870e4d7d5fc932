"""Prints the reference's verdict and rows for the events on standard input, one event a line.

    python3 tests/differential/ask.py < events.jsonl

Each line of output answers one line of input, on the state that the lines before it left:
    {"line": 0, "verdict": "recorded" | "skipped" | "rejected", "error": …, "message": …}
and then the rows that the whole stream left. With --alone each line is fed to empty tables, and
its answer carries its own rows.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from differential.oracle import Oracle, Verdict
from support.flow_runs import stream_lines
from support.rows import COLUMNS, dump_json
from support.servers import PostgresServer


def verdict_of(line: int, answer: Verdict, *, alone: bool) -> dict[str, object]:
    told: dict[str, object] = {"line": line, "verdict": "recorded"}
    for entry, message in zip(answer.rows["rejected"], answer.messages, strict=True):
        if alone or entry["line"] == line:
            told |= {"verdict": "rejected", "error": entry["error"], "message": message}
    if alone:
        if answer.rows["skipped"]:
            told["verdict"] = "skipped"
        told |= {table: answer.rows[table] for table in COLUMNS if answer.rows[table]}
    return told


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    words.add_argument("--alone", action="store_true", help="empty tables before each line")
    options = words.parse_args()
    stream = sys.stdin.buffer.read()
    lines = stream_lines(stream)
    with PostgresServer(fsync=False) as server, Oracle(server) as oracle:
        if options.alone:
            for number, line in enumerate(lines):
                told = verdict_of(number, oracle.record(line + b"\n"), alone=True)
                print(dump_json(told), flush=True)
            return
        answer = oracle.record(stream)
        for number in range(len(lines)):
            print(dump_json(verdict_of(number, answer, alone=False)))
        for table in COLUMNS:
            for row in answer.rows[table]:
                print(dump_json({table: row}))


if __name__ == "__main__":
    main()
