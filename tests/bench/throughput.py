"""How many events a second Hangar records from a backlog, for README.

Real servers with durability on, Prefect's real schema with its indexes and foreign keys, everything
on this machine; the rows are compared with the reference's in the end. Prints a Markdown table.
Run from the repository: `PYTHONPATH=tests python3 tests/bench/throughput.py`.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import resource
import sqlite3
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from support.copies import copies_of
from support.flow_runs import flow_runs_in, insert_flow_runs
from support.jetstream import JetStream
from support.prefect_venv import create_prefect_database, create_prefect_sqlite
from support.program import flags, hangar
from support.rows import Tables, compare_rows, read_rows
from support.servers import NatsServer, PostgresServer, psql
from support.temporary import temporary_folder

_SUBJECT = "prefect.events.task-run"


def _record(nats: NatsServer, folder: Path, storage: str, database: str) -> tuple[float, float]:
    """Records the backlog; the seconds that it took, and those of its own CPU time."""
    settings = {
        "data_dir": folder,
        "nats.url": nats.url,
        "storage.type": storage,
        "storage.url": database,
        "services.task_run_recorder.durable": f"bench-{time.monotonic_ns()}",
        "services.task_run_recorder.batch_size": 5000,
        "log.level": "error",
    }
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    done = hangar("run", "--until-drained", *flags(settings))
    seconds = time.monotonic() - began
    if done.returncode:
        raise SystemExit(done.stderr)
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime


def _check(rows: Tables, database: str) -> None:
    now = datetime.datetime.now(datetime.UTC)
    if differences := compare_rows(rows, read_rows(database), stream=b"", recorded=(now, now)):
        raise SystemExit(f"the rows differ from the reference's: {differences[0]}")


def _measure(
    name: str,
    runs: int,
    events: int,
    rows: Tables,
    record: Callable[[int], tuple[tuple[float, float], str]],
) -> None:
    results = []
    for number in range(runs):
        result, database = record(number)
        _check(rows, database)
        results.append(result)
    rates = [events / seconds for seconds, _ in results]
    cpu = statistics.median(used for _, used in results) / events * 1e6
    print(
        f"| {name} | {statistics.median(rates):,.0f} | {min(rates):,.0f} to {max(rates):,.0f} "
        f"| {cpu:.1f} µs |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=600, help="copies of the golden stream")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    events, rows = copies_of("plain", options.copies, seed=1, at_once=8)
    flow_runs = flow_runs_in(events)
    size = sum(map(len, events)) / len(events)
    print(
        f"{len(events):,} events of {size:,.0f} bytes, median of {options.runs}; "
        f"{os.cpu_count()} cores ({platform.machine()}), SQLite {sqlite3.sqlite_version}, "
        f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}\n\n"
        "| storage | events/s | spread | Hangar's own CPU an event |\n|---|---|---|---|"
    )
    with (
        temporary_folder("bench") as folder,
        NatsServer() as nats,
        JetStream(nats.url) as stream,
        PostgresServer() as postgres,
    ):
        stream.request(
            "STREAM.CREATE.PREFECT_EVENTS", name="PREFECT_EVENTS", subjects=["prefect.events.>"]
        )
        stream.publish(_SUBJECT, events)

        def on_postgres(number: int) -> tuple[tuple[float, float], str]:
            database = create_prefect_database(postgres, f"bench_{number}")
            insert_flow_runs(database, flow_runs)
            psql(database, "CHECKPOINT")
            return _record(nats, folder, "postgres", database), database

        def on_sqlite(number: int) -> tuple[tuple[float, float], str]:
            path = str(create_prefect_sqlite(folder / f"bench_{number}.db"))
            insert_flow_runs(path, flow_runs)
            return _record(nats, folder, "sqlite", path), path

        _measure("PostgreSQL", options.runs, len(events), rows, on_postgres)
        _measure("SQLite", options.runs, len(events), rows, on_sqlite)


if __name__ == "__main__":
    main()
