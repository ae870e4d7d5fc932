"""Hangar's event persister beside its ceilings and beside Prefect's own, in turns.

Run from the repository: `PYTHONPATH=tests python3 tests/bench/persister.py`; it takes what
`tests/bench/run` builds. `--write` writes tests/bench/results/PERSISTER.md.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.client_events import AT_ONCE, client_events
from bench.processes import processor
from bench.world import PERSISTER, POSTGRES_SETTINGS, RECORDER, Sample, World
from support.copies import copied_events
from support.flow_runs import flow_runs_in
from support.prefect_venv import NEWEST, prefect_url, prefect_venv
from support.servers import NatsServer, PostgresServer, psql
from support.temporary import temporary_folder

_RESULTS = Path(__file__).parent / "results" / "PERSISTER.md"
_PREFECT = Path(__file__).with_name("prefect_persister.py")
_PREFECT_BATCHES = (20, 100, 500, 1_000)
# So many events has a transaction of Hangar's at most, for what it holds is bounded in bytes.
_BATCH = 1_000
_HANGAR, _HANGAR_SQLITE = "Hangar on PostgreSQL", "Hangar on SQLite"
_BOTH, _BOTH_SQLITE = "with the recorder, on PostgreSQL", "with the recorder, on SQLite"
_WAYS = ("copy", "staging", "unnest")
_C_LOOP = "ready rows by a C loop, on SQLite"
_COUNTS = "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM event_resources)"


class Bench:
    """A stream with a backlog, and the ways to store it."""

    def __init__(self, world: World, events: int) -> None:
        self.world = world
        base = client_events()
        copies = max(1, round(events / len(base)))
        self.lines = copied_events(base, copies, seed=1, at_once=AT_ONCE)
        self.file = world.write(self.lines)
        self.stream = world.stream(self.file)
        self.resources = sum(1 + len(json.loads(line)["related"]) for line in self.lines)
        self.flow_runs = flow_runs_in(self.lines)

    def parts(self) -> dict[str, Callable[[], Sample]]:
        found = {
            _HANGAR: lambda: self._hangar(True, PERSISTER),
            **{f"ready rows by {way}": self._ready_postgres(way) for way in _WAYS},
            _BOTH: lambda: self._hangar(True, RECORDER, PERSISTER),
            _HANGAR_SQLITE: lambda: self._hangar(False, PERSISTER),
            _C_LOOP: self._ready_sqlite,
            _BOTH_SQLITE: lambda: self._hangar(False, RECORDER, PERSISTER),
        }
        for size in _PREFECT_BATCHES:
            if size * 3 <= len(self.lines):
                found[_prefects(size)] = self._prefect(size)
        return found

    @contextlib.contextmanager
    def _database(self, postgres: bool, events: int) -> Iterator[str]:
        """An empty one, which must hold so many events in the end and what they involve."""
        opened = self.world.postgres_database if postgres else self.world.sqlite_database
        with opened(self.flow_runs) as database:
            yield database
            if postgres:
                found = [int(count) for count in psql(database, _COUNTS).split("|")]
            else:
                with contextlib.closing(sqlite3.connect(database)) as connection:
                    found = list(connection.execute(_COUNTS).fetchone())
        if found[0] != events or (events == len(self.lines) and found[1] != self.resources):
            raise SystemExit(f"{found} rows of {events} events and {self.resources} resources")

    def _hangar(self, postgres: bool, *services: str) -> Sample:
        with self._database(postgres, len(self.lines)) as database:
            return self.world.serve([self.stream], database, services, {})

    def _ready_postgres(self, way: str) -> Callable[[], Sample]:
        def measure() -> Sample:
            count = len(self.lines)
            tool = ("ready_events_postgres", self.file)
            with self._database(True, count) as database, self.world.servers_cpu(count) as cpu:
                seconds, used, _ = self.world.tool(*tool, database, 2, _BATCH, way)
            return Sample(count, seconds, {"client": used / count * 1e6, **cpu})

        return measure

    def _ready_sqlite(self) -> Sample:
        count = len(self.lines)
        with self._database(False, count) as database:
            seconds, used, _ = self.world.tool("ready_events_sqlite", self.file, database, _BATCH)
        return Sample(count, seconds, {"client": used / count * 1e6})

    def _prefect(self, batch: int) -> Callable[[], Sample]:
        """Few events: what comes of the first ones is not counted."""

        def measure() -> Sample:
            first = batch
            lines = self.lines[: first + max(2_000, 3 * batch)]
            file, venv, count = self.world.write(lines), prefect_venv(), len(lines) - first
            with (
                self._database(True, len(lines)) as database,
                self.world.servers_cpu(len(lines)) as cpu,
            ):
                done = subprocess.run(
                    [venv.python, _PREFECT, file, str(batch), str(first)],
                    env=venv.environment(self.world.folder, prefect_url(database)),
                    stdout=subprocess.PIPE,
                    check=True,
                )
            seconds, used = map(float, done.stdout.split())
            return Sample(count, seconds, {"Prefect": used / count * 1e6, **cpu})

        return measure


def _prefects(batch: int) -> str:
    return f"Prefect's persister, batches of {batch:,}"


class Table:
    """Medians of what was measured in turns, and what is asked of them."""

    def __init__(self) -> None:
        self.samples: dict[str, list[Sample]] = {}

    def rate(self, name: str) -> float:
        return statistics.median(sample.rate for sample in self.samples[name])

    def cpu(self, name: str, process: str) -> float:
        return statistics.median(sample.cpu[process] for sample in self.samples[name])

    def _all_cpu(self, name: str) -> float:
        return statistics.median(sum(sample.cpu.values()) for sample in self.samples[name])

    def _memory(self, *names: str) -> float:
        return max(sample.resident_mib for name in names for sample in self.samples[name])

    def lines(self) -> Iterator[str]:
        yield from ("| | events/s | spread | µs CPU an event | resident |", "|---|---|---|---|---|")
        for name, samples in self.samples.items():
            rates = [sample.rate for sample in samples]
            cpu = ", ".join(f"{one} {self.cpu(name, one):.1f}" for one in samples[0].cpu)
            memory = f"{self._memory(name):.0f} MiB" if samples[0].resident_mib else ""
            yield (
                f"| {name} | {statistics.median(rates):,.0f} "
                f"| {min(rates):,.0f} to {max(rates):,.0f} | {cpu} | {memory} |"
            )
        yield from ("", "| | reached | wanted |", "|---|---|---|")
        for what, reached, wanted in self._goals():
            yield f"| {what} | {reached} | {wanted} |"

    def _goals(self) -> Iterator[tuple[str, str, str]]:
        best = max((f"ready rows by {way}" for way in _WAYS), key=self.rate)
        for what, value in (
            (f"events/s, of {best}", self._of(_HANGAR, best)),
            (f"CPU of all processes for {best}, of Hangar's", self._all_of(best, _HANGAR)),
        ):
            yield f"{_HANGAR}, {what}", value, "≥ 0.80"
        yield f"{_HANGAR}, own CPU", f"{self.cpu(_HANGAR, 'Hangar'):.1f} µs", "≤ 25 µs"
        yield f"{_HANGAR_SQLITE}, events/s, of a C loop", self._of(_HANGAR_SQLITE, _C_LOOP), "≥ 0.8"
        alone = self._memory(_HANGAR, _HANGAR_SQLITE)
        yield "resident, alone", f"{alone:.0f} MiB", "≤ 64 MiB"
        both = self._memory(_BOTH, _BOTH_SQLITE)
        yield "resident, with the recorder in the same process", f"{both:.0f} MiB", "≤ 112 MiB"
        if theirs := [name for name in map(_prefects, _PREFECT_BATCHES) if name in self.samples]:
            prefect = max(theirs, key=self.rate)
            times = self.rate(_HANGAR) / self.rate(prefect)
            yield f"times {prefect}, its best", f"{times:.1f}", "≥ 10"
            times = self._all_cpu(prefect) / self._all_cpu(_HANGAR)
            yield "times less CPU of all processes", f"{times:.1f}", ""

    def _of(self, name: str, other: str) -> str:
        return f"{self.rate(name) / self.rate(other):.2f}"

    def _all_of(self, name: str, other: str) -> str:
        return f"{self._all_cpu(name) / self._all_cpu(other):.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    table = Table()
    with (
        temporary_folder("bench") as folder,
        NatsServer() as nats,
        PostgresServer(settings=POSTGRES_SETTINGS) as postgres,
    ):
        bench = Bench(World(folder, nats, postgres), options.events)
        for turn in range(options.runs):
            for name, measure in bench.parts().items():
                sample = measure()
                table.samples.setdefault(name, []).append(sample)
                said = f"{turn + 1}/{options.runs} {name}: {sample.rate:,.0f} events/s"
                print(said, file=sys.stderr, flush=True)
        stream, version = bench.stream, postgres.psql("SHOW server_version").split()[0]
        resources = bench.resources / len(bench.lines)
        nats_version = nats.version()
    text = "\n".join(
        (
            "# How fast events are persisted",
            "`PYTHONPATH=tests python3 tests/bench/persister.py "
            f"--events {options.events} --runs {options.runs}`",
            "",
            f"{stream.events:,} events of {stream.size:,.0f} bytes with {resources:.1f} resources, "
            f"each line the median of {options.runs}, memory the most. {processor()}, "
            f"{os.cpu_count()} cores that all processes share, with a load of {load:.0f} before "
            f"and {os.getloadavg()[0]:.0f} after; Linux {platform.release()}; nats-server "
            f"{nats_version}; PostgreSQL {version}, durability on; SQLite "
            f"{sqlite3.sqlite_version}; Prefect {NEWEST}, driven through its message handler "
            f"without a broker, which flatters it; {datetime.datetime.now(datetime.UTC):%Y-%m-%d}.",
            "",
            *table.lines(),
            "",
        )
    )
    print(text)
    if options.write:
        _RESULTS.write_text(text)


if __name__ == "__main__":
    main()
