"""The oracle's own process: a real service of Prefect's fed one event at a time, in stream order.

python3 reference.py task_run_recorder|event_persister

It runs inside the venv of `support.prefect_venv` with Prefect's settings in its environment, reads
one job a line from standard input, {"stream": FILE, "rows": FILE, "without": [flow run id, …]}, and
answers each with one line. Starting it costs seconds, a job milliseconds an event.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import os
import sqlite3
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from prefect.server.database import provide_database_interface
from prefect.server.events.schemas.events import ReceivedEvent
from prefect.server.events.storage.database import write_events
from prefect.server.services.task_run_recorder import record_bulk_task_run_events
from sqlalchemy.exc import IntegrityError

from support.event_rows import read_event_rows, write_event_rows
from support.flow_runs import flow_runs_in, insert_flow_runs, stream_lines
from support.rows import read_rows, write_rows
from support.servers import psql


async def record(line: bytes) -> bool:
    """What the recorder's message handler does at batch size 1; false when it skips the event.

    A failure ends the event at once: the recorder would try the same thing five times more, on a
    database that nobody else changes.
    """
    event = ReceivedEvent.model_validate_json(line)
    if not event.event.startswith("prefect.task-run"):
        return False
    if event.resource.get("prefect.orchestration") != "client":
        return False
    await record_bulk_task_run_events([event])
    return True


async def persist(line: bytes) -> bool:
    """What the persister does at batch size 1.

    On SQLite an event that is stored already is an error of Prefect's own, and changes nothing.
    """
    event = ReceivedEvent.model_validate_json(line)
    database = provide_database_interface()
    try:
        async with database.session_context() as session:
            await write_events(session=session, events=[event])
            await session.commit()
    except IntegrityError as error:
        if "NOT NULL constraint failed: events." not in str(error):
            raise
    return True


def run_script(database: str, postgres: str, sqlite: str) -> None:
    if database.startswith("postgresql"):
        psql(database, postgres)
        return
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.executescript(sqlite)


@dataclass(frozen=True)
class Reference:
    """One service: what it does with a message, and the rows that it leaves."""

    handle: Callable[[bytes], Awaitable[bool]]
    read: Callable[[str, tuple[datetime.datetime, datetime.datetime]], Mapping[str, Any]]
    write: Callable[[Path, Mapping[str, Any]], None]
    empty_postgres: str
    empty_sqlite: str


REFERENCES = {
    "task_run_recorder": Reference(
        record,
        lambda database, _: read_rows(database),
        write_rows,
        "DELETE FROM task_run; DELETE FROM flow;",
        "DELETE FROM task_run_state; DELETE FROM task_run; DELETE FROM flow_run; DELETE FROM flow;",
    ),
    "event_persister": Reference(
        persist,
        read_event_rows,
        write_event_rows,
        "TRUNCATE events, event_resources;",
        "DELETE FROM events; DELETE FROM event_resources;",
    ),
}


async def record_stream(
    service: Reference, database: str, stream: bytes, without: set[UUID]
) -> dict[str, Any]:
    """The rows that a whole stream leaves in an empty database, its verdicts and their messages."""
    lines = stream_lines(stream)
    run_script(database, service.empty_postgres, service.empty_sqlite)
    insert_flow_runs(database, set(flow_runs_in(lines)) - without)
    began = datetime.datetime.now(datetime.UTC)
    skipped = 0
    rejected = []
    messages = []
    for number, line in enumerate(lines):
        try:
            skipped += not await service.handle(line)
        except Exception as error:
            rejected.append({"error": type(error).__name__, "line": number})
            messages.append(f"{error}")
    recorded = (began, datetime.datetime.now(datetime.UTC))
    tables = service.read(database, recorded)
    rows = {**tables, "rejected": rejected, "skipped": skipped}
    return {"rows": rows, "messages": messages}


async def serve(service: Reference, database: str, answers: TextIO) -> None:
    for text in sys.stdin:
        job = json.loads(text)
        try:
            stream = Path(job["stream"]).read_bytes()
            without = {UUID(one) for one in job.get("without", [])}
            result = await record_stream(service, database, stream, without)
            service.write(Path(job["rows"]), result["rows"])
            answer = {"messages": result["messages"]}
        except Exception:
            answer = {"failure": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)


def main() -> None:
    database = os.environ["PREFECT_SERVER_DATABASE_CONNECTION_URL"]
    # Whatever Prefect prints must not pass for an answer.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    url = database.replace("+asyncpg", "").removeprefix("sqlite+aiosqlite:///")
    asyncio.run(serve(REFERENCES[sys.argv[1]], url, answers))


if __name__ == "__main__":
    main()
