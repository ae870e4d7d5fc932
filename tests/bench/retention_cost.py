"""What an event costs that the persister's retention deletes, with so many others stored.

A host of its own, with the settings of retention that are its defaults, deletes the oldest
`--deleted` of `--stored` events that are shaped like those of real clients and were put there
ready-made. Prints wall time and CPU for each event with its resources, and what the VACUUM takes
that frees their space: autovacuum is off, so that both are told apart. Run from the repository:
`PYTHONPATH=tests python3 tests/bench/retention_cost.py --stored 1000000 --storage postgres`.
`--write` writes tests/bench/results/RETENTION.md.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import datetime
import json
import os
import platform
import re
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.client_events import client_events
from bench.processes import cpu_seconds, processor
from bench.world import POSTGRES_SETTINGS
from support.prefect_schemas import load_schema
from support.prefect_venv import NEWEST
from support.program import flags, hangar_running
from support.servers import NatsServer, PostgresServer, postgres_bin, psql, wait_until
from support.surface import Surface
from support.temporary import temporary_folder

_RESULTS = Path(__file__).parent / "results" / "RETENTION.md"
_PATIENCE = 4 * 3600.0
_DAY = 86_400
_KEPT = 7 * _DAY  # Prefect's default, and Hangar's.
_RUN = re.compile(r"(?<=prefect\.(?:task|flow)-run\.)[0-9a-f]{8}(?=-)")
_MARK = "@" * 8
_COLUMNS = {
    "events": "id, occurred, event, resource_id, resource, related_resource_ids, related, payload,"
    " received, recorded, created, updated",
    "event_resources": "id, occurred, resource_id, resource_role, resource, event_id, created,"
    " updated",
}
Row = list[str]
Event = dict[str, Any]


class Content:
    """Rows of both tables, oldest first: the first `deleted` are past retention."""

    def __init__(self, stored: int, deleted: int) -> None:
        self._stored, self._deleted = stored, deleted
        self._now = datetime.datetime.now(datetime.UTC)
        base = [json.loads(_RUN.sub(_MARK, line.decode())) for line in client_events()]
        self._texts = [(_event_texts(event), _resource_texts(event)) for event in base]
        self.resources = sum(len(resources) for _, (_, resources), _ in self._events())

    def _events(self) -> Iterator[tuple[int, tuple[Row, list[Row]], str]]:
        """The number of each, its texts, and what tells the ids of its runs from other copies'."""
        for number in range(self._stored):
            copy, place = divmod(number, len(self._texts))
            yield number, self._texts[place], f"{copy * 2654435761 % 2**32:08x}"

    def _occurred(self, number: int) -> str:
        """Over two days that end before the cutoff, or over the last six."""
        if number < self._deleted:
            age = _KEPT + 3 * _DAY - 2 * _DAY * number / self._deleted
        else:
            age = 6 * _DAY * (self._stored - number) / (self._stored - self._deleted + 1)
        occurred = self._now - datetime.timedelta(seconds=age)
        return occurred.replace(tzinfo=None).isoformat(" ", "microseconds")

    @staticmethod
    def _id(number: int) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, str(number)))

    def rows(self, table: str) -> Iterator[Row]:
        return self._event_rows() if table == "events" else self._resource_rows()

    def _event_rows(self) -> Iterator[Row]:
        for number, (event, _), run in self._events():
            at = self._occurred(number)
            marked = [text.replace(_MARK, run) for text in event]
            yield [self._id(number), at, *marked, at, at, at, at]

    def _resource_rows(self) -> Iterator[Row]:
        count = 0
        for number, (_, resources), run in self._events():
            at, of = self._occurred(number), self._id(number)
            for name, role, own in resources:
                count += 1
                # As UUIDs of version 7 are, beside the one before.
                key = f"{count >> 16:08x}-{count & 0xFFFF:04x}-7000-8000-{0:012x}"
                yield [key, at, name.replace(_MARK, run), role, own, of, at, at]


def _event_texts(event: Event) -> Row:
    own, related = event["resource"], event["related"]
    ids = [one["prefect.resource.id"] for one in related]
    parts = (own, ids, related, event["payload"])
    return [event["event"], own["prefect.resource.id"], *map(json.dumps, parts)]


def _resource_texts(event: Event) -> list[Row]:
    rows = []
    for resource in (event["resource"], *event["related"]):
        left = dict(resource)
        name, role = left.pop("prefect.resource.id"), left.pop("prefect.resource.role", "")
        rows.append([name, role, json.dumps(left)])
    return rows


class Postgres:
    name = "postgres"

    def __init__(self, _: Path) -> None:
        self.server = PostgresServer(settings={**POSTGRES_SETTINGS, "autovacuum": "off"})

    def __enter__(self) -> Postgres:
        self.server.__enter__()
        self.url = self.server.create_database("retention")
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__(None, None, None)

    def run(self, sql: str) -> list[str]:
        return psql(self.url, sql).splitlines()

    def indexes(self) -> list[tuple[str, str]]:
        found = self.run(
            "SELECT indexname || '|' || indexdef FROM pg_indexes WHERE tablename IN"
            " ('events', 'event_resources') AND indexname LIKE 'ix%'"
        )
        return [(name, sql) for name, _, sql in (line.partition("|") for line in found)]

    def fill(self, table: str, rows: Iterable[Row]) -> None:
        copy = f"COPY {table} ({_COLUMNS[table]}) FROM STDIN (FORMAT csv, NULL '-')"
        words = [str(postgres_bin() / "psql"), "-Xq", "-v", "ON_ERROR_STOP=1", "-c", copy, self.url]
        environment = {**os.environ, "PGTZ": "UTC", "PGCLIENTENCODING": "UTF8"}
        with subprocess.Popen(
            words, stdin=subprocess.PIPE, text=True, encoding="utf-8", env=environment
        ) as process:
            assert process.stdin
            csv.writer(process.stdin).writerows(rows)
        if process.returncode:
            raise SystemExit(f"{copy}: {process.returncode}")

    def settle(self) -> None:
        self.run("VACUUM ANALYZE events; VACUUM ANALYZE event_resources; CHECKPOINT;")

    def vacuum(self) -> None:
        self.run("VACUUM events; VACUUM event_resources;")

    def cpu(self) -> float:
        return cpu_seconds(self.server.pid)

    def version(self) -> str:
        return f"PostgreSQL {self.run('SHOW server_version')[0].split()[0]}, durability on"


class Sqlite:
    """Works in the process that uses it."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.url = str(folder / "retention.sqlite")

    def __enter__(self) -> Sqlite:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def run(self, sql: str) -> list[str]:
        with contextlib.closing(sqlite3.connect(self.url, timeout=60)) as connection:
            if not sql.startswith("SELECT"):
                connection.executescript(sql)
                return []
            return [str(row[0]) for row in connection.execute(sql)]

    def indexes(self) -> list[tuple[str, str]]:
        found = self.run(
            "SELECT name || '|' || sql FROM sqlite_schema WHERE type = 'index' AND sql NOT NULL"
            " AND tbl_name IN ('events', 'event_resources')"
        )
        return [(name, sql) for name, _, sql in (line.partition("|") for line in found)]

    def fill(self, table: str, rows: Iterable[Row]) -> None:
        marks = ", ".join("?" * (_COLUMNS[table].count(",") + 1))
        with contextlib.closing(sqlite3.connect(self.url)) as connection, connection:
            connection.executemany(
                f"INSERT INTO {table} ({_COLUMNS[table]}) VALUES ({marks})", rows
            )

    def settle(self) -> None:
        self.run("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);")

    def vacuum(self) -> None:
        self.run("VACUUM;")

    def cpu(self) -> float:
        return 0.0

    def version(self) -> str:
        return f"SQLite {sqlite3.sqlite_version}, in Hangar's process"


STORAGES: dict[str, type[Postgres] | type[Sqlite]] = {"postgres": Postgres, "sqlite": Sqlite}


@dataclass(frozen=True)
class Sample:
    stored: int
    deleted: int
    resources: int
    seconds: float
    storage_cpu: float
    own_cpu: float
    vacuum: float

    def line(self, storage: str) -> str:
        each = 1e6 / self.deleted
        rows = 1e6 / (self.deleted + self.resources)
        return (
            f"| {storage} | {self.stored:,} | {self.deleted:,} with {self.resources:,} resources "
            f"| {self.deleted / self.seconds:,.0f}/s | {self.seconds * each:.0f} µs "
            f"| {self.storage_cpu * each:.0f} µs | {self.own_cpu * each:.0f} µs "
            f"| {self.seconds * rows:.1f} µs | {self.storage_cpu * rows:.1f} µs "
            f"| {self.vacuum:.1f} s |"
        )


HEADING = (
    "| storage | events stored | deleted | events | wall, an event | database's CPU, an event "
    "| Hangar's CPU, an event | wall, a row | database's CPU, a row | VACUUM then |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def fill(storage: Postgres | Sqlite, content: Content) -> None:
    load_schema(NEWEST, storage.url)
    indexes = storage.indexes()
    storage.run("".join(f"DROP INDEX {name};\n" for name, _ in indexes))
    for table in _COLUMNS:
        storage.fill(table, content.rows(table))
    storage.run("".join(f"{sql};\n" for _, sql in indexes))
    storage.settle()


def counts(storage: Postgres | Sqlite) -> list[int]:
    return [int(storage.run(f"SELECT count(*) FROM {table}")[0]) for table in _COLUMNS]


def moment(log: Path, said: str) -> float:
    """Of the last line that says so."""
    lines = [line for line in log.read_text().splitlines() if said in line]
    return datetime.datetime.fromisoformat(json.loads(lines[-1])["ts"]).timestamp()


def measure(storage: Postgres | Sqlite, folder: Path, options: Options, stored: int) -> Sample:
    deleted = min(options.deleted, stored // 2)
    content = Content(stored, deleted)
    began = time.monotonic()
    fill(storage, content)
    before = counts(storage)
    if before != [stored, content.resources]:
        raise SystemExit(f"{before} rows are stored")
    print(f"{stored:,} stored in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    log = folder / "log"
    with NatsServer() as nats:
        settings = {
            "data_dir": folder / "data",
            "nats.url": nats.url,
            "storage.type": storage.name,
            "storage.url": storage.url,
            "log.format": "json",
            "services.task_run_recorder.enabled": "false",
            "services.event_persister.enabled": "true",
            "services.event_persister.db_vacuum.batch_size": options.batch_size,
        }
        cpu = storage.cpu()
        with hangar_running(*flags(settings), log=log) as process:
            surface = Surface.of(process, folder / "data", log)

            def passed() -> bool:
                found = surface.metrics()
                return any(found[one] for one in found if "lease_runs_total" in one)

            wait_until(passed, what="the pass", process=process, log=log, within=_PATIENCE)
            own = cpu_seconds(process.pid)
        cpu = storage.cpu() - cpu
    after = counts(storage)
    if before[0] - after[0] != deleted:
        raise SystemExit(f"{before[0] - after[0]} events were deleted:\n{log.read_text()}")
    seconds = moment(log, "event resources that occurred") - moment(log, "holds the lease")
    began = time.monotonic()
    storage.vacuum()
    vacuum = time.monotonic() - began
    return Sample(stored, deleted, before[1] - after[1], seconds, cpu, own, vacuum)


class Options(argparse.Namespace):
    stored: list[int]
    deleted: int
    storage: str
    batch_size: int
    write: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stored", type=int, nargs="+", default=[20_000])
    parser.add_argument("--deleted", type=int, default=100_000, help="at most half of them")
    parser.add_argument("--storage", choices=STORAGES, default="postgres")
    parser.add_argument("--batch-size", type=int, default=200, help="events of a transaction")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(namespace=Options())
    lines, version = [HEADING], ""
    for stored in options.stored:
        with temporary_folder("bench") as folder, STORAGES[options.storage](folder) as storage:
            lines.append(measure(storage, folder, options, stored).line(storage.name))
            version = storage.version()
        print(lines[-1], file=sys.stderr, flush=True)
    words = " ".join(map(str, options.stored))
    text = "\n".join(
        (
            "# What a deleted event costs",
            f"`PYTHONPATH=tests python3 tests/bench/retention_cost.py --stored {words} "
            f"--deleted {options.deleted} --storage {options.storage} "
            f"--batch-size {options.batch_size}`",
            "",
            f"{processor()}, {os.cpu_count()} cores that all processes share; Linux "
            f"{platform.release()}; {version}; {datetime.datetime.now(datetime.UTC):%Y-%m-%d}.",
            "",
            *lines,
            "",
        )
    )
    print(text)
    if options.write:
        _RESULTS.write_text(text)


if __name__ == "__main__":
    main()
