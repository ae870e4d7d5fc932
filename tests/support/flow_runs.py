"""The flow runs that a stream refers to, and a row for each: the recorder's foreign key."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from support.servers import psql

_KIND = "prefect.flow-run."
_FLOW = "00000000-0000-4000-8000-0000000f1070"


def stream_lines(stream: bytes) -> list[bytes]:
    """The messages of a .jsonl file: what a newline ends."""
    lines = stream.split(b"\n")
    return lines[:-1] if lines[-1] == b"" else lines


def flow_runs_in(lines: Iterable[bytes]) -> list[UUID]:
    """Every flow run that an event could refer to, in any form of a UUID that Prefect takes."""
    found: set[UUID] = set()
    for line in lines:
        with contextlib.suppress(ValueError, RecursionError):
            found.update(_flow_runs(json.loads(line, parse_int=str, parse_float=str)))
    return sorted(found)


def _flow_runs(event: Any) -> Iterator[UUID]:
    if not isinstance(event, dict):
        return
    related = event.get("related")
    resources = related if isinstance(related, list) else []
    candidates = [r.get("prefect.resource.id") for r in resources if isinstance(r, dict)]
    texts = [
        text.removeprefix(_KIND)
        for text in candidates
        if isinstance(text, str) and text.startswith(_KIND)
    ]
    payload = event.get("payload")
    task_run = payload.get("task_run") if isinstance(payload, dict) else None
    if isinstance(task_run, dict) and isinstance(task_run.get("flow_run_id"), str):
        texts.append(task_run["flow_run_id"])
    for text in texts:
        with contextlib.suppress(ValueError):
            yield UUID(text)


def insert_flow_runs(database: str, ids: Iterable[UUID]) -> None:
    """Gives each id a row in flow_run; `database` is a PostgreSQL URL or an SQLite file."""
    wanted = sorted(ids)
    statements = [
        f"INSERT INTO flow (id, name) VALUES ('{_FLOW}', 'hangar-test') ON CONFLICT DO NOTHING;",
    ]
    if wanted:
        values = ", ".join(f"('{one}', 'flow-run', '{_FLOW}')" for one in wanted)
        statements.append(
            f"INSERT INTO flow_run (id, name, flow_id) VALUES {values} ON CONFLICT (id) DO NOTHING;"
        )
    script = "\n".join(statements)
    if database.startswith("postgresql"):
        psql(database, script)
    else:
        with contextlib.closing(sqlite3.connect(database)) as connection:
            connection.executescript(script)
