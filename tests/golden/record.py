"""Writes down what the reference leaves of vectors: asks the newest release of Prefect.

python3 tests/golden/record.py NAME…      NAME.rows.json, and NAME.sqlite-rows.json if another
"""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from differential.oracle import Oracle, Verdict
from support.rows import compare_rows, write_rows
from support.servers import PostgresServer


def differ(stream: bytes, left: Verdict, right: Verdict, began: datetime.datetime) -> bool:
    recorded = (began, datetime.datetime.now(datetime.UTC))
    cells = compare_rows(left.rows, right.rows, stream=stream, recorded=recorded)
    return bool(cells) or left.rejected_lines != right.rejected_lines


def main() -> None:
    with PostgresServer(fsync=False) as server, Oracle(server) as oracle, Oracle(None) as on_sqlite:
        for name in sys.argv[1:]:
            path = Path(__file__).with_name(f"{name}.jsonl")
            stream = path.read_bytes()
            began = datetime.datetime.now(datetime.UTC)
            verdict, other = oracle.record(stream), on_sqlite.record(stream)
            write_rows(path.with_suffix(".rows.json"), verdict.rows)
            if differ(stream, verdict, other, began):
                write_rows(path.with_suffix(".sqlite-rows.json"), other.rows)


if __name__ == "__main__":
    main()
