"""The oracle's own process: the real Prefect recorder fed one event at a time, in stream order.

It runs inside the venv of `support.prefect_venv` with Prefect's settings in its environment, reads
one job a line from standard input, {"stream": FILE, "rows": FILE, "without": [flow run id, …]}, and
answers each with one line. Starting it costs seconds, a job milliseconds an event.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sqlite3
import sys
import traceback
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from prefect.server.events.schemas.events import ReceivedEvent
from prefect.server.services.task_run_recorder import record_bulk_task_run_events

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


def empty(database: str) -> None:
    if database.startswith("postgresql"):
        psql(database, "DELETE FROM task_run; DELETE FROM flow;")
        return
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.executescript(
            "DELETE FROM task_run_state; DELETE FROM task_run; DELETE FROM flow_run;"
            " DELETE FROM flow;"
        )


async def record_stream(database: str, stream: bytes, without: set[UUID]) -> dict[str, Any]:
    """The rows that a whole stream leaves in an empty database, its verdicts and their messages."""
    lines = stream_lines(stream)
    empty(database)
    insert_flow_runs(database, set(flow_runs_in(lines)) - without)
    skipped = 0
    rejected = []
    messages = []
    for number, line in enumerate(lines):
        try:
            skipped += not await record(line)
        except Exception as error:
            rejected.append({"error": type(error).__name__, "line": number})
            messages.append(f"{error}")
    rows = {**read_rows(database), "rejected": rejected, "skipped": skipped}
    return {"rows": rows, "messages": messages}


async def serve(database: str, answers: TextIO) -> None:
    for text in sys.stdin:
        job = json.loads(text)
        try:
            stream = Path(job["stream"]).read_bytes()
            without = {UUID(one) for one in job.get("without", [])}
            result = await record_stream(database, stream, without)
            write_rows(Path(job["rows"]), result["rows"])
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
    asyncio.run(serve(url, answers))


if __name__ == "__main__":
    main()
