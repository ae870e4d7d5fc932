"""`python3 -m bench.measure`: all in turns, and a table; `tests/bench/run --help` says more."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.choices import choices
from bench.growth import curves
from bench.parts import (
    Backlog,
    Latency,
    Part,
    filter_parts,
    latency,
    postgres_parts,
    prefect_parts,
    settings_parts,
    sqlite_parts,
)
from bench.poison import poison
from bench.report import Report
from bench.world import POSTGRES_SETTINGS, Sample, World
from support.prefect_venv import cache_folder
from support.servers import NatsServer, PostgresServer
from support.temporary import temporary_folder

GROUPS = ("postgres", "sqlite", "filter", "prefect", "settings", "latency", "poison")
_GO = Path(__file__).with_name("pull_and_ack_go")


def go_program() -> Path | None:
    """The loop in Go; none where there is no Go, or no network to build it for the first time."""
    if shutil.which("go") is None:
        return None
    program = cache_folder() / "pull_and_ack_go"
    environment = {**os.environ, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    done = subprocess.run(["go", "build", "-o", program], cwd=_GO, env=environment, check=False)
    return None if done.returncode else program


def in_turns(parts: Sequence[Part], runs: int, report: Report) -> None:
    for turn in range(runs):
        for part in parts:
            sample = part.measure()
            report.add(part, sample)
            print(f"{turn + 1}/{runs} {part.name}: {line(sample)}", file=sys.stderr, flush=True)


def line(sample: Sample) -> str:
    cpu = ", ".join(f"{name} {micros:.1f}" for name, micros in sample.cpu.items())
    return f"{sample.rate:,.0f} events/s; µs CPU an event: {cpu}"


def check_rows(world: World, backlog: Backlog) -> None:
    """What full speed leaves is what the reference leaves."""
    with world.postgres_database(backlog.flow_runs) as database:
        world.record(backlog.stream, database, batch_size=5_000)
        backlog.check(database)
    with world.sqlite_database(backlog.flow_runs) as database:
        world.record(backlog.stream, database, batch_size=5_000)
        backlog.check(database)


def latencies(world: World, backlog: Backlog, report: Report) -> list[tuple[str, Latency]]:
    most = report.rate("Hangar on PostgreSQL")

    def at(rate: float) -> Latency:
        return latency(world, backlog, rate, min(backlog.stream.events, round(rate * 10)))

    return [
        (f"at {most / 2:,.0f} events/s, half of the most", at(most / 2)),
        (f"at {most / 4:,.0f} events/s, a quarter", at(most / 4)),
        (
            "a lone event, two a second",
            latency(world, backlog, 2, min(20, backlog.stream.events // 100 + 1)),
        ),
    ]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(GROUPS))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--full", action="store_true")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    with (
        temporary_folder("bench") as folder,
        NatsServer() as nats,
        PostgresServer(settings=POSTGRES_SETTINGS) as postgres,
    ):
        world = World(folder, nats, postgres)
        backlog = Backlog(world, options.events)
        report = Report(backlog.stream, options.runs, nats, postgres)
        parts: list[Part] = []
        if "postgres" in options.only or "latency" in options.only:
            parts += postgres_parts(world, backlog)
        if "sqlite" in options.only:
            parts += sqlite_parts(world, backlog)
        if "filter" in options.only:
            parts += filter_parts(world, options.events, go_program())
        if "settings" in options.only:
            parts += settings_parts(world, backlog)
        if "prefect" in options.only:
            few = len(backlog.few)
            batches = [(1, min(few // 10, 500)), *((size, few) for size in (100, 500, 1_000))]
            parts += prefect_parts(world, backlog, [b for b in batches if b[0] * 3 <= few])
        in_turns(parts, options.runs, report)
        if "latency" in options.only:
            report.latencies = latencies(world, backlog, report)
        if "poison" in options.only:
            rounds = min(options.runs, 3)
            # Of too few events no flow run would be without the missing ones.
            events = max(options.events // 5, 2_000)
            report.poison = poison(world, events, rounds), events, rounds
        if options.full:
            report.curves = curves(world, options.events)
            report.choices = choices(world, options.events // 2)
        if parts:
            check_rows(world, backlog)
            print(report.text())
        print(report.poison_section())
        if options.write:
            report.write()


if __name__ == "__main__":
    main()
