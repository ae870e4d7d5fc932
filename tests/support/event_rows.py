"""The rows of `events` and `event_resources`, from any storage, and where two sets of them differ.

A cell is the text that is stored, so JSON too is compared byte for byte where a database keeps it
as text; elsewhere by value and number form. What is made up when a row is written is told by one
word.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from support.rows import differences_in, parse_json
from support.servers import psql

Cells = dict[str, str | None]
EventTables = dict[str, list[Cells]]
Window = tuple[datetime.datetime, datetime.datetime]

MADE_UP = "made up"
_TIMES = ("occurred", "received")
_MADE_UP_TIMES = ("recorded", "created", "updated")
_JSONB = ("resource", "related_resource_ids", "related", "payload")
_COLUMNS: Mapping[str, Sequence[str]] = {
    "events": (
        *("id", "occurred", "event", "resource_id", *_JSONB),
        *("received", "follows", *_MADE_UP_TIMES),
    ),
    "event_resources": (
        *("event_id", "occurred", "resource_id", "resource_role", "resource"),
        *("id", "created", "updated"),
    ),
}
_FORM = "%Y-%m-%d %H:%M:%S.%f"


def read_event_rows(database: str, recorded: Window) -> EventTables:
    """Both tables, sorted; a `received` in the time of the recording is made up."""
    read = _read_postgres if database.startswith("postgresql") else _read_sqlite
    tables = {table: read(database, table, columns) for table, columns in _COLUMNS.items()}
    for row in tables["events"]:
        row["received"] = _unless_made_up(row["received"], recorded)
    for rows in tables.values():
        for row in rows:
            for column in _MADE_UP_TIMES:
                if column in row:
                    assert row[column] is not None
                    row[column] = _unless_made_up(row[column], recorded)
    for row in tables["event_resources"]:
        assert row["id"] is not None
        row["id"] = MADE_UP
    for rows in tables.values():
        rows.sort(key=lambda row: json.dumps(list(row.values())))
    return tables


def _unless_made_up(time: str | None, recorded: Window) -> str | None:
    with contextlib.suppress(ValueError, TypeError):
        assert time is not None
        then = datetime.datetime.strptime(time, _FORM).replace(tzinfo=datetime.UTC)
        # The database's clock and this one's differ by a little.
        slack = datetime.timedelta(seconds=1)
        if recorded[0] - slack <= then <= recorded[1] + slack:
            return MADE_UP
    return time


def _read_sqlite(path: str, table: str, columns: Sequence[str]) -> list[Cells]:
    uri = f"{Path(path).resolve().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
        found = connection.execute(f"SELECT {', '.join(columns)} FROM {table}")
        return [dict(zip(columns, cells, strict=True)) for cells in found]


def _read_postgres(url: str, table: str, columns: Sequence[str]) -> list[Cells]:
    # Prefect's driver writes the first and the last instant of its calendar as infinities.
    time = (
        "CASE {0} WHEN '-infinity' THEN '0001-01-01 00:00:00.000000'"
        " WHEN 'infinity' THEN '9999-12-31 23:59:59.999999' ELSE"
        " to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') END"
    )
    cells = {
        name: time.format(name) if name in (*_TIMES, *_MADE_UP_TIMES) else f"{name}::text"
        for name in columns
    }
    members = ", ".join(f"'{name}', {cell}" for name, cell in cells.items())
    # COPY, because psql leaves some characters of other results out; and as CSV whose marks are in
    # no JSON text, so that nothing is quoted.
    query = f"SELECT json_build_object({members}) FROM {table}"
    form = r"(FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')"
    listed = psql(url, f"COPY ({query}) TO STDOUT {form};")
    return [json.loads(line) for line in listed.split("\n") if line]


def load_event_rows(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def write_event_rows(path: Path, content: Mapping[str, Any]) -> None:
    """Writes what `load_event_rows` reads, one row a line."""
    members = []
    for key in sorted(content):
        value = content[key]
        if isinstance(value, list) and value:
            lines = ",\n  ".join(json.dumps(row, sort_keys=True) for row in value)
            members.append(f'"{key}": [\n  {lines}\n ]')
        else:
            members.append(f'"{key}": {json.dumps(value)}')
    path.write_text("{\n " + ",\n ".join(members) + "\n}\n")


def compare_event_rows(
    expected: Mapping[str, Sequence[Cells]], actual: Mapping[str, Sequence[Cells]], *, texts: bool
) -> list[str]:
    """Each cell that differs, and each event whose resources do; with `texts` also JSON's form."""
    left = {row["id"]: row for row in expected["events"]}
    right = {row["id"]: row for row in actual["events"]}
    found = []
    if len(right) < len(actual["events"]):
        found.append("an id is stored twice")
    for key in sorted(left.keys() | right.keys(), key=str):
        if key not in left or key not in right:
            found.append(f"events {key}: {'none' if key in left else 'one too many'} found")
            continue
        for column in _COLUMNS["events"]:
            one, other = left[key][column], right[key][column]
            if one == other or (not texts and column in _JSONB and _same_json(one, other)):
                continue
            found.append(f"events {key} {column}: expected {_shown(one)}, found {_shown(other)}")
    counts = [Counter(map(_frozen, tables["event_resources"])) for tables in (expected, actual)]
    for word, rest in (("missing", counts[0] - counts[1]), ("too many", counts[1] - counts[0])):
        found += [f"event_resources, {word}: {_shown(str(dict(row)))}" for row in rest.elements()]
    return found


def _same_json(one: str | None, other: str | None) -> bool:
    if one is None or other is None:
        return one is other
    return not list(differences_in(parse_json(one), parse_json(other)))


def _frozen(row: Cells) -> tuple[tuple[str, str | None], ...]:
    return tuple(sorted(row.items()))


def _shown(text: str | None) -> str:
    shown = repr(text)
    return shown if len(shown) <= 400 else f"{shown[:200]}…{shown[-100:]}"
