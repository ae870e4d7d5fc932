"""Rows that are past retention and others, and a host that deletes them."""

from __future__ import annotations

import contextlib
import datetime
import json
import sqlite3
import uuid
from collections.abc import Callable, Iterable

from services.event_persister.case import PersisterCase

from support.program import flags, hangar_running
from support.servers import psql, wait_until
from support.surface import Surface

DAY = 86_400
NOW = datetime.datetime.now(datetime.UTC)
# An override that is capped, one that deletes, and a name that differs in its case alone.
OVERRIDES = json.dumps({"prefect.flow-run.heartbeat": 10 * DAY, "my.noise": "86400"})
Ids = dict[str, list[str]]


def ago(seconds: float) -> datetime.datetime:
    return NOW - datetime.timedelta(seconds=seconds)


class Content:
    """Rows as a test makes them, and the SQL that inserts them."""

    def __init__(self) -> None:
        self.events: list[list[object]] = []
        self.resources: list[list[object]] = []

    def add(
        self, name: str, occurred: datetime.datetime, others: Iterable[str] = ("a.tag",)
    ) -> None:
        number = str(uuid.uuid4())
        own, related = f"thing.{len(self.events) % 7}", list(others)
        whole = [{"prefect.resource.id": one, "prefect.resource.role": "tag"} for one in related]
        resource = json.dumps({"prefect.resource.id": own})
        texts = [own, resource, json.dumps(related), json.dumps(whole), "{}"]
        self.events.append([number, occurred, name, *texts, occurred, occurred])
        self.resources_of(number, occurred, [own, *related])

    def resources_of(
        self, event: str, occurred: datetime.datetime, resource_ids: Iterable[str]
    ) -> None:
        for place, one in enumerate(resource_ids):
            role = "tag" if place else ""
            self.resources.append([str(uuid.uuid4()), occurred, occurred, one, role, "{}", event])

    def sql(self, zone: str) -> str:
        def shown(cell: object) -> str:
            if isinstance(cell, datetime.datetime):
                naive = cell.replace(tzinfo=None)
                return f"'{naive.isoformat(' ', 'microseconds')}{zone}'"
            return "'" + str(cell).replace("'", "''") + "'"

        def insert(table: str, columns: str, rows: list[list[object]]) -> str:
            values = ",\n".join(f"({', '.join(map(shown, row))})" for row in rows)
            return f"INSERT INTO {table} ({columns}) VALUES {values};\n" if rows else ""

        return insert(
            "events",
            "id, occurred, event, resource_id, resource, related_resource_ids, related, payload,"
            " received, recorded",
            self.events,
        ) + insert(
            "event_resources",
            "id, occurred, updated, resource_id, resource_role, resource, event_id",
            self.resources,
        )


def run_sql(database: str, sql: str) -> list[str]:
    if database.startswith("postgres"):
        return psql(database, sql).split()
    with contextlib.closing(sqlite3.connect(database, timeout=10)) as connection:
        if not sql.startswith("SELECT"):
            connection.executescript(sql)
            return []
        return [str(row[0]) for row in connection.execute(sql)]


def mixed_content() -> Content:
    content = Content()
    for days in (0, 0.5, 1.5, 3, 6.9, 7.1, 9, 30):
        for name in ("prefect.flow-run.heartbeat", "my.noise", "My.noise", "other"):
            for second in range(3):
                content.add(name, ago(days * DAY + second + 60))
    for _ in range(20):  # more of one instant than a transaction takes
        content.add("other", ago(8 * DAY), ["a'b", 'q"', "é\n", "thing.1", "thing.1"])
        content.add("my.noise", ago(2 * DAY), ["a'b", 'q"', "é\n", "thing.1"])
    content.add("other", datetime.datetime(1, 1, 1, tzinfo=datetime.UTC))
    for days in (8, 2):  # of an event that somebody has deleted
        content.resources_of(str(uuid.uuid4()), ago(days * DAY), ["thing.1", "alone"])
    return content


class RetentionCase(PersisterCase):
    """On the storage of a subclass."""

    def setUp(self) -> None:
        super().setUp()
        self.settings["services.event_persister.db_vacuum.batch_size"] = "7"

    def ids(self, database: str) -> Ids:
        return {
            table: sorted(run_sql(database, f"SELECT id FROM {table}"))
            for table in ("events", "event_resources")
        }

    def wait_for(self, condition: Callable[[Surface], bool], *changes: tuple[str, object]) -> str:
        """Runs a host until the condition is true; returns its log."""
        log = self.folder / "log"
        settings = self.settings | dict(changes)
        with hangar_running(*flags(settings), log=log) as process:
            surface = Surface.of(process, self.folder / "data", log)
            wait_until(lambda: condition(surface), what="a pass", process=process, log=log)
            self.metrics = surface.metrics()
        return log.read_text()

    def one_pass(self, *changes: tuple[str, object]) -> str:
        def done(surface: Surface) -> bool:
            found = surface.metrics()
            return any(found[one] for one in found if "lease_runs_total" in one and '"done"' in one)

        return self.wait_for(done, *changes)
