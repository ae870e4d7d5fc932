"""What is measured in turns: Hangar, and beside it a ceiling or Prefect's own recorder."""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from uuid import UUID

from bench.client_events import AT_ONCE, client_events
from bench.world import RECORDER, Sample, Stream, World
from differential.oracle import Oracle
from support.copies import copied_events, copied_rows
from support.flow_runs import flow_runs_in, stream_lines
from support.jetstream import JetStream
from support.prefect_venv import prefect_url, prefect_venv
from support.program import flags, hangar_running
from support.rows import Tables, compare_rows, read_rows
from support.servers import psql, spawn, wait_until

CAPTURE = Path(__file__).resolve().parents[1] / "golden" / "capture.jsonl"
_PREFECT = Path(__file__).with_name("prefect_recorder.py")
BATCH = 5_000
# What the credit in bytes leaves of that for the one lane that SQLite has.
SQLITE_BATCH = 2_500
POSTGRES_WAYS = ("copy", "staging", "unnest")


@dataclass(frozen=True)
class Part:
    """One line of the table: measured once in each turn."""

    group: str
    name: str
    measure: Callable[[], Sample]


class Backlog:
    """Events of clients in a stream, and the rows that the reference leaves for them."""

    def __init__(self, world: World, events: int) -> None:
        self.world = world
        base = client_events()
        self._base, self._copies = base, max(1, round(events / len(base)))
        lines = copied_events(base, self._copies, seed=1, at_once=AT_ONCE)
        self.file = world.write(lines)
        self.flow_runs: list[UUID] = flow_runs_in(lines)
        self.stream = world.stream(self.file)
        self.few = lines[: len(base) * AT_ONCE * 2]

    @cached_property
    def rows(self) -> Tables:
        """The reference's rows for the first copy, renamed for the others."""
        with Oracle(self.world.postgres) as oracle:
            verdict = oracle.record(b"".join(line + b"\n" for line in self._base))
        return copied_rows(verdict.rows, self._copies)

    def check(self, database: str) -> None:
        now = datetime.datetime.now(datetime.UTC)
        found = compare_rows(self.rows, read_rows(database), stream=b"", recorded=(now, now))
        if found:
            raise SystemExit(f"the rows differ from the reference's: {found[0]}")


def postgres_parts(world: World, backlog: Backlog) -> list[Part]:
    def record() -> Sample:
        with world.postgres_database(backlog.flow_runs) as database:
            return world.record(backlog.stream, database, batch_size=BATCH)

    def ready(way: str) -> Callable[[], Sample]:
        def measure() -> Sample:
            with world.postgres_database(backlog.flow_runs) as database:
                return _ready_rows(world, backlog, "postgres", database, 2, BATCH, way)

        return measure

    ceilings = [Part("postgres", f"ready rows by {way}", ready(way)) for way in POSTGRES_WAYS]
    return [Part("postgres", "Hangar on PostgreSQL", record), *ceilings]


def sqlite_parts(world: World, backlog: Backlog) -> list[Part]:
    def record() -> Sample:
        with world.sqlite_database(backlog.flow_runs) as database:
            return world.record(backlog.stream, database, batch_size=SQLITE_BATCH)

    def ready() -> Sample:
        with world.sqlite_database(backlog.flow_runs) as database:
            return _ready_rows(world, backlog, "sqlite", database, SQLITE_BATCH)

    return [
        Part("sqlite", "Hangar on SQLite", record),
        Part("sqlite", "ready rows by a C loop", ready),
    ]


DEFAULTS = "Hangar without a setting"
# Batches of fewer than 1,000 are far behind: see the curve in RESULTS.md.
_OTHER_SETTINGS = [(1_000, 2), (2_500, 2), (10_000, 2), (5_000, 1), (5_000, 4), (10_000, 4)]


def settings_parts(world: World, backlog: Backlog) -> list[Part]:
    """A backlog by the defaults, and by other sizes of a batch and numbers of lanes."""

    def record(**settings: int) -> Callable[[], Sample]:
        def measure() -> Sample:
            with world.postgres_database(backlog.flow_runs) as database:
                return world.record(backlog.stream, database, **settings)

        return measure

    return [Part("settings", DEFAULTS, record())] + [
        Part(
            "settings", f"batches of {size:,}, lanes {lanes}", record(batch_size=size, lanes=lanes)
        )
        for size, lanes in _OTHER_SETTINGS
    ]


def _ready_rows(world: World, backlog: Backlog, storage: str, *arguments: object) -> Sample:
    count = backlog.stream.events
    with world.servers_cpu(count) as cpu:
        seconds, used, _ = world.tool(f"ready_rows_{storage}", backlog.file, *arguments)
    return Sample(count, seconds, {"client": used / count * 1e6, **cpu})


def filter_parts(world: World, events: int, go: Path | None) -> list[Part]:
    """Events that are not ours: what a Prefect server sent beside its task runs'."""
    lines = stream_lines(CAPTURE.read_bytes())
    others = [line for line in lines if b'"event":"prefect.task-run' not in line]
    stream = world.stream(world.write([others[i % len(others)] for i in range(events)]))

    def hangar() -> Sample:
        with world.sqlite_database([]) as database:
            return world.record(stream, database, batch_size=BATCH)

    def bare(program: Path | str) -> Callable[[], Sample]:
        def measure() -> Sample:
            durable = world.durable(stream)
            with world.servers_cpu(stream.events) as cpu:
                seconds, used = world.tool(
                    str(program), world.nats.url, stream.name, durable, stream.events
                )
            world.drop_durable(stream, durable)
            return Sample(stream.events, seconds, {"client": used / stream.events * 1e6, **cpu})

        return measure

    parts = [
        Part("filter", "Hangar, events that are not ours", hangar),
        Part("filter", "bare pull and ack, C", bare("pull_and_ack")),
    ]
    return [*parts, Part("filter", "bare pull and ack, Go", bare(go))] if go else parts


def prefect_parts(world: World, backlog: Backlog, batches: Sequence[tuple[int, int]]) -> list[Part]:
    """Prefect's recorder at a batch size, with so many events."""

    def at(batch: int, events: int) -> Callable[[], Sample]:
        return lambda: _prefect(world, backlog.few[:events], backlog.flow_runs, batch)

    return [
        Part("prefect", f"Prefect's recorder, batches of {batch:,}", at(batch, events))
        for batch, events in batches
    ]


def _prefect(world: World, events: list[bytes], flow_runs: list[UUID], batch: int) -> Sample:
    """From its first commit on, so that starting Python is not counted."""
    file = world.write(events)
    acked = file.with_suffix(".acked")
    acked.touch()
    venv = prefect_venv()
    with world.postgres_database(flow_runs) as database, world.servers_cpu(len(events)) as cpu:
        process = spawn(
            [venv.python, _PREFECT, file, acked, str(batch), "0"],
            log=file.with_suffix(".log"),
            environment=venv.environment(world.folder, prefect_url(database)),
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        count, first, seconds = psql(
            database,
            "SELECT count(*), count(*) FILTER (WHERE created = began), extract(epoch FROM "
            "max(created) - min(created)) FROM task_run_state, "
            "(SELECT min(created) AS began FROM task_run_state) AS first",
        ).split("|")
    if process.returncode or int(count) != len(events):
        raise SystemExit(f"Prefect's recorder left {count} states of {len(events)}")
    later = int(count) - int(first)
    used = (usage.ru_utime + usage.ru_stime) / len(events) * 1e6
    return Sample(later, float(seconds), {"Prefect": used, **cpu})


@dataclass(frozen=True)
class Latency:
    """Milliseconds from publishing an event to its ack, which follows its commit."""

    rate: float
    p50: float
    p99: float
    longest: float


def latency(world: World, backlog: Backlog, rate: float, events: int) -> Latency:
    """With Hangar's default settings, on PostgreSQL, and events that come at a rate."""
    lines = stream_lines(backlog.file.read_bytes())[:events]
    file = world.write(lines)
    stream: Stream = world.stream(None)
    durable = world.durable(stream)
    with world.postgres_database(backlog.flow_runs) as database:
        settings = world.settings(stream, {RECORDER: durable}, database)
        log = world.folder / f"latency-{time.monotonic_ns()}.log"
        with hangar_running(*flags(settings), log=log) as process:
            wait_until(lambda: "ready: " in log.read_text(), what="Hangar", process=process)
            seconds, p50, p99, longest = world.tool(
                "publish", world.nats.url, stream.subject, file, rate, stream.name, durable, 1
            )
        stored = int(psql(database, "SELECT count(*) FROM task_run_state"))
    if stored != len(lines):
        raise SystemExit(f"{stored} states of {len(lines)}")
    with JetStream(world.nats.url) as jetstream:
        jetstream.request(f"STREAM.DELETE.{stream.name}")
    return Latency(len(lines) / seconds, p50 / 1e3, p99 / 1e3, longest / 1e3)
