"""Writes down what Prefect's event persister leaves of vectors: asks its newest release.

python3 tests/golden/record_event_rows.py NAME…   NAME.event-rows.json of an SQLite file, and
                                                  NAME.postgres-event-rows.json if another
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from differential.oracle import Oracle, Verdict
from differential.persister import SERVICE
from support.event_rows import compare_event_rows, write_event_rows
from support.servers import PostgresServer


def differ(left: Verdict, right: Verdict) -> bool:
    cells = compare_event_rows(left.rows, right.rows, texts=False)
    return bool(cells) or left.rejected_lines != right.rejected_lines


def main() -> None:
    with (
        PostgresServer(fsync=False) as server,
        Oracle(server, service=SERVICE) as on_postgres,
        Oracle(None, service=SERVICE) as on_sqlite,
    ):
        for name in sys.argv[1:]:
            path = Path(__file__).with_name(f"{name}.jsonl")
            stream = path.read_bytes()
            verdict, other = on_sqlite.record(stream), on_postgres.record(stream)
            write_event_rows(path.with_suffix(".event-rows.json"), verdict.rows)
            if differ(verdict, other):
                write_event_rows(path.with_suffix(".postgres-event-rows.json"), other.rows)


if __name__ == "__main__":
    main()
