"""Hangar as the oracle's opponent: a stream in, its rows and dead letters out."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import random
import subprocess
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from support.flow_runs import flow_runs_in, insert_flow_runs, stream_lines
from support.jetstream import JetStream
from support.owner import Owner
from support.prefect_schemas import load_schema
from support.program import flags, hangar
from support.rows import read_rows
from support.servers import NatsServer, PostgresServer, psql
from support.temporary import temporary_folder

_DEAD_LETTERS = "HANGAR_DLQ"
_DRAINED_WITHIN = 60
_numbers = itertools.count()
_TAKEN_RUN = "00000000-0000-4000-8000-00000000da7a"
# Goes in before the stream: without it nothing would show that the database takes any event, and
# what it refuses would be held.
TAKEN = (
    b'{"occurred": "2026-11-20T12:00:00Z", "event": "prefect.task-run.Completed", "resource":'
    b' {"prefect.resource.id": "prefect.task-run.%s", "prefect.orchestration": "client"},'
    b' "related": [], "payload": {"intended": {"from": null, "to": "COMPLETED"}, "validated_state":'
    b' {"type": "COMPLETED", "name": "Completed"}, "task_run": {"task_key": "taken",'
    b' "dynamic_key": "taken"}}, "id": "00000000-0000-4000-8000-0000000e7e47", "follows": null}'
) % _TAKEN_RUN.encode()


class CandidateError(RuntimeError):
    """What Hangar left contradicts itself."""


@dataclass(frozen=True)
class Plan:
    """How a stream is recorded; whatever it is, the rows must be the same.

    The schema is that of a release of Prefect, or `own`.
    """

    storage: str
    schema: str
    batch_size: int
    lanes: int

    @classmethod
    def of(cls, seed: int, storage: str, release: str, *, foreign_keys: bool) -> Plan:
        rng = random.Random(f"{seed} {storage}")
        return cls(
            storage,
            release if foreign_keys else rng.choice((release, "own")),
            # In a batch, a later event of a run may let go of a flow run before it is missed.
            1 if foreign_keys else rng.choice((1, 2, 3, 7, 20, 100, 1000)),
            # What is refused before any event went in is held, and so comes after later ones.
            1 if foreign_keys else rng.choice((1, 2, 3, 4, 8)),
        )

    def __str__(self) -> str:
        return (
            f"{self.storage}, {self.schema} schema, batch_size {self.batch_size},"
            f" lanes {self.lanes}"
        )


@dataclass(frozen=True)
class Recording:
    """What Hangar left. A failure is its exit and its last words, and then there is no more."""

    failure: str
    tables: Mapping[str, Any]
    dead_letters: Mapping[int, str]
    recorded: tuple[datetime.datetime, datetime.datetime]


class Candidate(Owner):
    """Records streams one after the other, on a nats-server of its own.

    Start it from a thread that outlives it.
    """

    service = "task_run_recorder"
    # No flow run will come late: that it is waited for is another test's matter.
    config = "services: {task_run_recorder: {orphan_retry_delays: []}}\n"
    emptied = "DELETE FROM task_run; DELETE FROM flow;"

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._prefect_databases: dict[str, str] = {}

    def _open(self, opened: contextlib.ExitStack) -> None:
        self._folder = opened.enter_context(temporary_folder("candidate"))
        self._config = self._folder / "hangar.yaml"
        self._config.write_text(self.config)
        self._nats = opened.enter_context(NatsServer())
        self._jetstream = opened.enter_context(JetStream(self._nats.url))

    def record(self, stream: bytes, plan: Plan, *, without: Set[UUID] = frozenset()) -> Recording:
        """Publishes the lines as they are to a new stream, and records it in new tables.

        In Prefect's schema every flow run referred to has a row, but for those in `without`.
        """
        first = self._taken_first(without)
        lines = stream_lines(stream)
        name = f"differential_{next(_numbers)}"
        with contextlib.ExitStack() as stack:
            database = self._database(name, plan, stack)
            if plan.schema != "own":
                insert_flow_runs(database, set(flow_runs_in(lines)) - without)
            # Not by `hangar publish`: it would name each message by its event's id, and the
            # server would drop the second event of an id, which is an event like any other here.
            self._jetstream.request(
                f"STREAM.CREATE.{name}", name=name, subjects=[name], discard="new"
            )
            stack.callback(self._forget, name)
            self._jetstream.publish(name, first + lines)
            try:
                return self._run(name, first, lines, database, plan)
            except CandidateError as error:
                now = datetime.datetime.now(datetime.UTC)
                return Recording(str(error), {}, {}, (now, now))

    def _taken_first(self, without: Set[UUID]) -> list[bytes]:
        return [TAKEN] if without else []

    def _read(
        self, database: str, recorded: tuple[datetime.datetime, datetime.datetime]
    ) -> Mapping[str, Any]:
        """The rows, without those of what went in before the stream."""
        return {
            table: [row for row in rows if _TAKEN_RUN not in (row["id"], row.get("task_run_id"))]
            for table, rows in read_rows(database).items()
        }

    def _database(self, name: str, plan: Plan, stack: contextlib.ExitStack) -> str:
        if plan.storage == "sqlite":
            path = self._folder / f"{name}.sqlite"
            stack.callback(path.unlink, missing_ok=True)
            if plan.schema != "own":
                load_schema(plan.schema, str(path))
            return str(path)
        if plan.schema != "own":
            # Shrinking records hundreds of streams: emptying costs less than creating.
            if plan.schema not in self._prefect_databases:
                database = self._server.create_database(name)
                load_schema(plan.schema, database)
                self._prefect_databases[plan.schema] = database
            psql(self._prefect_databases[plan.schema], self.emptied)
            return self._prefect_databases[plan.schema]
        stack.callback(self._server.drop_database, name)
        return self._server.create_database(name)

    def _forget(self, stream: str) -> None:
        for one in {stream, _DEAD_LETTERS} & set(self._jetstream.streams()):
            self._jetstream.request(f"STREAM.DELETE.{one}")

    def _run(
        self, name: str, first: list[bytes], lines: list[bytes], database: str, plan: Plan
    ) -> Recording:
        settings = {
            "data_dir": self._folder / "data",
            "nats.url": self._nats.url,
            "storage.type": plan.storage,
            "storage.url": database,
            "storage.create_tables": "true",
            f"services.{self.service}.stream": name,
            f"services.{self.service}.filter_subject": name,
            f"services.{self.service}.durable": name,
            f"services.{self.service}.batch_size": plan.batch_size,
            f"services.{self.service}.lanes": plan.lanes,
        }
        began = datetime.datetime.now(datetime.UTC)
        try:
            done = hangar(
                "run",
                "--until-drained",
                "-c",
                self._config,
                *flags(settings),
                within=_DRAINED_WITHIN,
            )
            failure = f"exit code {done.returncode}" if done.returncode else ""
            said = done.stderr
        except subprocess.TimeoutExpired as late:
            failure = f"not drained within {_DRAINED_WITHIN} s"
            # As bytes, whatever was asked for.
            said = late.stderr.decode(errors="replace") if isinstance(late.stderr, bytes) else ""
        recorded = (began, datetime.datetime.now(datetime.UTC))
        if failure:
            return Recording(f"{failure}:\n{said[-4000:]}", {}, {}, recorded)
        tables = self._read(database, recorded)
        return Recording("", tables, self._dead_letters(len(first), lines), recorded)

    def _dead_letters(self, before: int, lines: list[bytes]) -> dict[int, str]:
        found: dict[int, str] = {}
        if _DEAD_LETTERS not in self._jetstream.streams():
            return found
        for letter in self._jetstream.messages(_DEAD_LETTERS):
            line = int(letter.headers["Hangar-Dlq-Sequence"]) - 1 - before
            if line in found:
                raise CandidateError(f"line {line} is dead-lettered twice")
            if letter.data != lines[line]:
                raise CandidateError(f"the dead letter of line {line} has other bytes")
            parts = ("Reason", "Error", "Pointer")
            found[line] = " ".join(letter.headers.get(f"Hangar-Dlq-{part}", "") for part in parts)
        return found
