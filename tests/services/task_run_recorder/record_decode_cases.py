"""Asks the real Prefect recorder about many messages and writes down verdicts and column values.

    record_decode_cases.py postgresql+asyncpg://postgres@127.0.0.1:5432/scratch decode_cases.jsonl

Runs in a Python 3.11 environment with the pinned Prefect, against PostgreSQL 15. The database is a
scratch one: its tables are made by Prefect when absent, and emptied for each message.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import importlib
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from services.task_run_recorder.decode_case_inputs import (
    BASE,
    KINDS,
    fields,
    random_texts,
    template,
)
from services.task_run_recorder.decode_case_messages import messages

NOW = datetime.datetime(2026, 11, 24, 1, 2, 3, 456789, tzinfo=datetime.UTC)
GENERATED = "generated-name"
SEED = 20261124

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("database")
arguments.add_argument("output", type=Path)


def microseconds(time: datetime.datetime) -> int:
    offset = time.utcoffset() or datetime.timedelta()
    days = datetime.date(time.year, time.month, time.day).toordinal() - 719163 - offset.days
    seconds = time.hour * 3600 + time.minute * 60 + time.second - offset.seconds
    return (days * 86400 + seconds) * 1_000_000 + time.microsecond


class Oracle:
    """The recorder with a fixed present and no chance, in front of an empty database."""

    def __init__(self, database: str) -> None:
        # By name, because a type checker has no Prefect and would object to what is replaced.
        load = importlib.import_module
        pendulum: Any = load("pendulum")
        pendulum_types: Any = load("pydantic_extra_types.pendulum_dt")
        states: Any = load("prefect.server.schemas.states")
        validators: Any = load("prefect._internal.schemas.validators")
        now = pendulum.instance(NOW)
        parse = pendulum.parser.parse
        states.now = lambda tz="UTC": now
        pendulum.now = lambda tz=None: now
        pendulum_types.parse = lambda text, **options: parse(text, now=NOW, **options)
        validators.generate_slug = lambda words: GENERATED
        self.recorder: Any = load("prefect.server.services.task_run_recorder")
        self.event_type: Any = load("prefect.server.events.schemas.events").ReceivedEvent
        self.tables: Any = load("prefect.server.database").provide_database_interface()
        self.dialect: Any = load("sqlalchemy.dialects.postgresql.asyncpg").PGDialect_asyncpg()
        self.database = database.replace("+asyncpg", "")

    def shown(self, table: Any, values: dict[str, Any]) -> dict[str, Any]:
        """Column values as the test compares them: JSON as the text that is sent, times and
        durations in microseconds."""
        row = {}
        for name, value in values.items():
            column = table.c[name]
            if type(column.type).__name__ in ("JSON", "Pydantic"):
                bind = column.type.dialect_impl(self.dialect).bind_processor(self.dialect)
                value = bind(value)
            elif isinstance(value, uuid.UUID):
                value = str(value)
            elif isinstance(value, datetime.datetime):
                value = microseconds(value)
            elif isinstance(value, datetime.timedelta):
                value = (value.days * 86400 + value.seconds) * 1_000_000 + value.microseconds
            elif hasattr(value, "value"):
                value = value.value
            row[name] = value
        return row

    async def ask(self, connection: Any, message: bytes) -> dict[str, Any]:
        try:
            event = self.event_type.model_validate_json(message)
            if not event.event.startswith("prefect.task-run"):
                return {"skip": True}
            if event.resource.get("prefect.orchestration") != "client":
                return {"skip": True}
            await self.recorder.record_bulk_task_run_events([event])
        except Exception as error:
            return {"reject": type(error).__name__}
        await connection.execute("DELETE FROM task_run")
        run, columns = self.recorder.db_recordable_task_run_from_event(event)
        run.state.state_details.task_run_id = run.id
        for unwritten in ("id", "created", "updated"):
            columns.pop(unwritten, None)
        return {
            "run": self.shown(self.tables.TaskRun.__table__, columns),
            "state": self.shown(self.tables.TaskRunState.__table__, run.state.model_dump()),
        }


def common_prefix(left: str, right: str) -> int:
    length = 0
    while length < min(len(left), len(right)) and left[length] == right[length]:
        length += 1
    return length


def difference(base: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """What a row has other than the base. Long texts as the lengths of what they begin and end with
    like the base's, and what stands between."""
    changes: dict[str, Any] = {}
    for name, value in row.items():
        old = base.get(name, ...)
        if old == value:
            continue
        if isinstance(old, str) and isinstance(value, str) and len(old) > 100:
            head = common_prefix(old, value)
            tail = common_prefix(old[head:][::-1], value[head:][::-1])
            value = [head, value[head : len(value) - tail], tail]
        changes[name] = value
    without = [name for name in base if name not in row]
    return {**changes, "without": without} if without else changes


def cases(templates: dict[str, str]) -> Iterator[tuple[dict[str, str], bytes]]:
    """Each message with how it is written down; fills in the templates that this refers to."""
    values = [(path, raw) for path, more in fields() for raw in [*KINDS, *more]]
    for path, raw in [*values, *random_texts(SEED)]:
        at = "/" + "/".join(map(str, path))
        templates.setdefault(at, template(path))
        yield {"at": at, "raw": raw}, templates[at].replace("@@", raw, 1).encode()
    for message in messages():
        try:
            yield {"raw": message.decode()}, message
        except UnicodeDecodeError:
            yield {"hex": message.hex()}, message


async def record(database: str, output: Path) -> None:
    oracle = Oracle(database)
    connection = await importlib.import_module("asyncpg").connect(oracle.database)
    await connection.execute(
        "ALTER TABLE task_run DROP CONSTRAINT IF EXISTS fk_task_run__flow_run_id__flow_run"
    )
    base = await oracle.ask(connection, json.dumps(BASE).encode())
    lines = []
    templates: dict[str, str] = {}
    seen = set()
    for written, message in cases(templates):
        if message in seen:
            continue
        seen.add(message)
        answer = await oracle.ask(connection, message)
        for part in ("run", "state"):
            if part in answer:
                answer[part] = difference(base[part], answer[part])
        lines.append(json.dumps({**written, **answer}))
        if len(lines) % 1000 == 0:
            print(f"{len(lines)} messages", file=sys.stderr)
    header = {"now": microseconds(NOW), "templates": templates, **base}
    output.write_text("\n".join([json.dumps(header), *lines, ""]))


def main() -> None:
    options = arguments.parse_args()
    os.environ["PREFECT_API_DATABASE_CONNECTION_URL"] = options.database
    os.environ["PREFECT_LOGGING_LEVEL"] = "CRITICAL"
    prefect = Path(sys.executable).with_name("prefect")
    subprocess.run([prefect, "server", "database", "upgrade", "-y"], check=True)
    asyncio.run(record(options.database, options.output))


if __name__ == "__main__":
    main()
