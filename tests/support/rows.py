"""The recorded rows as JSON, from any storage, and a comparison that says which cell differs.

`read_rows` gives the shape of tests/golden/*.rows.json: times are ISO 8601 in UTC with
microseconds, intervals seconds. Numbers keep their form: an integer is an int of any length, any
other number a Decimal, so 1, 1.0 and true stay three values.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from support.servers import psql

Row = dict[str, Any]
Tables = dict[str, list[Row]]

_TEXT, _TIME, _INTERVAL, _JSON, _INTEGER = "text", "time", "interval", "json", "integer"

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "task_run": {
        "cache_expiration": _TIME,
        "cache_key": _TEXT,
        "dynamic_key": _TEXT,
        "empirical_policy": _JSON,
        "end_time": _TIME,
        "expected_start_time": _TIME,
        "flow_run_id": _TEXT,
        "flow_run_run_count": _INTEGER,
        "id": _TEXT,
        "labels": _JSON,
        "name": _TEXT,
        "next_scheduled_start_time": _TIME,
        "run_count": _INTEGER,
        "start_time": _TIME,
        "state_id": _TEXT,
        "state_name": _TEXT,
        "state_timestamp": _TIME,
        "state_type": _TEXT,
        "tags": _JSON,
        "task_inputs": _JSON,
        "task_key": _TEXT,
        "task_version": _TEXT,
        "total_run_time": _INTERVAL,
    },
    "task_run_state": {
        "data": _JSON,
        "id": _TEXT,
        "message": _TEXT,
        "name": _TEXT,
        "result_artifact_id": _TEXT,
        "state_details": _JSON,
        "task_run_id": _TEXT,
        "timestamp": _TIME,
        "type": _TEXT,
    },
}


class FormError(ValueError):
    """A stored value is not in the form that its column has on that storage."""


def parse_json(text: str | bytes) -> Any:
    """JSON whose numbers keep their form."""
    return json.loads(text, parse_float=_number, parse_constant=_refuse)


def _number(text: str) -> Decimal | int:
    """The form that jsonb keeps: the digits, before and after the point, and no exponent.

    A storage of JSON text may write 1e+22 for what jsonb writes out.
    """
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    return int(number) if isinstance(exponent, int) and exponent >= 0 else number


def _refuse(constant: str) -> None:
    raise FormError(f"{constant} is not JSON")


def dump_json(value: Any) -> str:
    """The reverse of `parse_json`, with sorted keys: every digit is written as it was read."""
    if isinstance(value, Mapping):
        members = (f"{json.dumps(key)}: {dump_json(value[key])}" for key in sorted(value))
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(dump_json, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value)


def write_rows(path: Path, content: Mapping[str, Any]) -> None:
    """Writes what `load_rows` reads, one row a line."""
    members = []
    for key in sorted(content):
        value = content[key]
        if isinstance(value, list):
            lines = ",\n  ".join(map(dump_json, value))
            members.append(f"{json.dumps(key)}: [\n  {lines}\n ]" if value else f'"{key}": []')
        else:
            members.append(f"{json.dumps(key)}: {dump_json(value)}")
    path.write_text("{\n " + ",\n ".join(members) + "\n}\n")


def read_rows(database: str) -> Tables:
    """Both tables, sorted by id; `database` is a PostgreSQL URL or the path of an SQLite file."""
    if database.startswith("postgresql"):
        return _read_postgres(database)
    return _read_sqlite(database)


def load_rows(path: Path) -> dict[str, Any]:
    """A stored *.rows.json with its numbers in their form."""
    content: dict[str, Any] = parse_json(path.read_bytes())
    return content


def _read_postgres(url: str) -> Tables:
    cell = {
        _TEXT: "{0}::text",
        _INTEGER: "{0}",
        _JSON: "{0}",
        # Prefect's driver writes the first and the last instant of its calendar as infinities, and
        # reads infinities as those.
        _TIME: "CASE {0} WHEN '-infinity' THEN '0001-01-01T00:00:00.000000+00:00'"
        " WHEN 'infinity' THEN '9999-12-31T23:59:59.999999+00:00' ELSE"
        " to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"') END",
        _INTERVAL: "extract(epoch FROM {0})",
    }
    tables: Tables = {}
    for table, columns in COLUMNS.items():
        members = ", ".join(
            f"'{name}', {cell[kind].format(name)}" for name, kind in columns.items()
        )
        # COPY, because psql leaves some characters of other results out; and as CSV whose marks are
        # in no JSON text, so that nothing is quoted.
        query = f"SELECT json_build_object({members}) FROM {table} ORDER BY id"
        form = r"(FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')"
        listed = psql(url, f"COPY ({query}) TO STDOUT {form};")
        tables[table] = [parse_json(line) for line in listed.split("\n") if line]
    return tables


def _read_sqlite(path: str) -> Tables:
    uri = f"{Path(path).resolve().as_uri()}?mode=ro"
    tables: Tables = {}
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
        for table, columns in COLUMNS.items():
            found = connection.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY id")
            rows = []
            for values in found:
                row = {}
                for (name, kind), value in zip(columns.items(), values, strict=True):
                    try:
                        row[name] = None if value is None else _FROM_SQLITE[kind](value)
                    except ValueError as error:
                        raise FormError(f"{table}.{name} holds {value!r}: {error}") from error
                rows.append(row)
            tables[table] = rows
    return tables


_STORED_TIME = re.compile(r"(-?\d{4,})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{6})")
# Years outside of Python's range are counted in whole cycles of the calendar.
_CYCLE_YEARS, _CYCLE_DAYS = 400, 146_097


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise FormError(f"it is stored as {type(value).__name__}, not as text")
    return value


def _integer(value: object) -> int:
    if not isinstance(value, int):
        raise FormError(f"it is stored as {type(value).__name__}, not as an integer")
    return value


def _json_text(value: object) -> Any:
    # A column declared JSON has numeric affinity: SQLite makes a number of a text that is one.
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return Decimal(repr(value))
    text = value.decode() if isinstance(value, bytes) else _text(value)
    if not text.isascii():
        raise FormError("JSON is stored ASCII-escaped")
    return parse_json(text)


def _stored_time(value: object) -> re.Match[str]:
    matched = _STORED_TIME.fullmatch(_text(value))
    if matched is None:
        raise FormError("a time is stored as YYYY-MM-DD HH:MM:SS.ffffff")
    return matched


def _time(value: object) -> str:
    _stored_time(value)
    return _text(value).replace(" ", "T") + "+00:00"


def _interval(value: object) -> Decimal:
    year, month, day, hour, minute, second, micro = map(int, _stored_time(value).groups())
    cycles, year_in_cycle = divmod(year - 2000, _CYCLE_YEARS)
    date = datetime.date(2000 + year_in_cycle, month, day)
    days = (date - datetime.date(1970, 1, 1)).days + cycles * _CYCLE_DAYS
    whole = ((days * 24 + hour) * 60 + minute) * 60 + second
    return (Decimal(whole * 1_000_000 + micro) / 1_000_000).quantize(Decimal("0.000001"))


_FROM_SQLITE: Mapping[str, Callable[[object], Any]] = {
    _TEXT: _text,
    _TIME: _time,
    _INTERVAL: _interval,
    _JSON: _json_text,
    _INTEGER: _integer,
}


@dataclass(frozen=True)
class Difference:
    """One cell, or one row, that is not as expected."""

    table: str
    id: str
    column: str | None
    pointer: str
    expected: Any
    actual: Any

    def __str__(self) -> str:
        where = f"{self.table} {self.id}"
        if self.column is None:
            return f"{where}: {self.expected} expected, {self.actual} found"
        return (
            f"{where} {self.column}{self.pointer}:"
            f" expected {_shown(self.expected)}, found {_shown(self.actual)}"
        )


class _Absent:
    def __repr__(self) -> str:
        return "nothing"


_ABSENT = _Absent()


def _shown(value: Any) -> str:
    text = repr(value) if value is _ABSENT else dump_json(value)
    return text if len(text) <= 400 else f"{text[:200]}…{text[-100:]} ({len(text)} characters)"


def differences_in(expected: Any, actual: Any, pointer: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two JSON values differ in value or number form, as (JSON pointer, expected, actual)."""
    if type(expected) is not type(actual):
        yield pointer, expected, actual
    elif isinstance(expected, dict):
        for key in sorted(expected.keys() | actual.keys()):
            escaped = key.replace("~", "~0").replace("/", "~1")
            yield from differences_in(
                expected.get(key, _ABSENT), actual.get(key, _ABSENT), f"{pointer}/{escaped}"
            )
    elif isinstance(expected, list) and len(expected) == len(actual):
        for index, (left, right) in enumerate(zip(expected, actual, strict=True)):
            yield from differences_in(left, right, f"{pointer}/{index}")
    elif expected != actual:
        yield pointer, expected, actual


_GENERATED_NAME = re.compile(r"[a-z]+-[a-z]+")
_UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")


@dataclass(frozen=True)
class Tolerance:
    """What the reference makes up: names, and the present time as a scheduled time.

    A value is made up when the stream does not hold it; a made-up time lies in the time of the
    recording whose rows are compared.
    """

    stream: bytes
    recorded: tuple[datetime.datetime, datetime.datetime]

    def name(self, expected: Any, actual: Any) -> bool:
        return all(
            isinstance(name, str)
            and _GENERATED_NAME.fullmatch(name) is not None
            and f'"{name}"'.encode() not in self.stream
            for name in (expected, actual)
        )

    def scheduled_time(self, expected: Any, actual: Any) -> bool:
        if not isinstance(expected, str) or not isinstance(actual, str):
            return False
        if not (_UTC_TIME.fullmatch(expected) and _UTC_TIME.fullmatch(actual)):
            return False
        began, ended = self.recorded
        now = began <= datetime.datetime.fromisoformat(actual) <= ended
        return now and expected.removesuffix("Z").encode() not in self.stream


def compare_rows(
    expected: Mapping[str, Sequence[Row]],
    actual: Mapping[str, Sequence[Row]],
    *,
    stream: bytes,
    recorded: tuple[datetime.datetime, datetime.datetime],
) -> list[Difference]:
    """Every cell that differs, in the order of the tables and ids.

    `recorded` is when the recording of `actual` began and ended. Tolerated is only what the
    reference itself makes up (see `Tolerance`).
    """
    tolerance = Tolerance(stream, recorded)
    found: list[Difference] = []
    for table in COLUMNS:
        left = {row["id"]: row for row in expected[table]}
        right = {row["id"]: row for row in actual[table]}
        for key in sorted(left.keys() | right.keys()):
            if key not in left or key not in right:
                words = ("a row", "none") if key in left else ("no row", "one")
                found.append(Difference(table, key, None, "", *words))
                continue
            for column in COLUMNS[table]:
                cell = differences_in(left[key][column], right[key][column])
                found.extend(
                    Difference(table, key, column, *where)
                    for where in cell
                    if not _tolerated(tolerance, table, column, left[key], *where)
                )
    return found


def _tolerated(
    tolerance: Tolerance,
    table: str,
    column: str,
    row: Row,
    pointer: str,
    expected: Any,
    actual: Any,
) -> bool:
    if (table, column) == ("task_run", "name"):
        return tolerance.name(expected, actual)
    if (table, column, pointer) == ("task_run_state", "state_details", "/scheduled_time"):
        return row["type"] == "SCHEDULED" and tolerance.scheduled_time(expected, actual)
    return False
