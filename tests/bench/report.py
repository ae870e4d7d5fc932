"""The table of a measuring run, and tests/bench/RESULTS.md."""

from __future__ import annotations

import datetime
import os
import platform
import re
import sqlite3
import statistics
import sys
from collections.abc import Iterable
from pathlib import Path

from bench.parts import Latency, Part
from bench.world import POSTGRES_SETTINGS, Sample, Stream
from support.servers import NatsServer, PostgresServer

RESULTS = Path(__file__).with_name("RESULTS.md")
_HANGAR = {
    "postgres": "Hangar on PostgreSQL",
    "sqlite": "Hangar on SQLite",
    "filter": "Hangar, events that are not ours",
    "prefect": "Hangar on PostgreSQL",
}


class Report:
    """Samples by name; medians count, and a ratio is of medians of the same run."""

    def __init__(
        self, stream: Stream, runs: int, nats: NatsServer, postgres: PostgresServer
    ) -> None:
        self._samples: dict[str, list[Sample]] = {}
        self._groups: dict[str, str] = {}
        self.latencies: list[tuple[str, Latency]] = []
        self._head = (
            f"{stream.events:,} events of {stream.size:,.0f} bytes, each line the median of {runs} "
            f"with the least and the most. {_processor()}, {os.cpu_count()} cores that all "
            f"processes share, {_memory()}; Linux {platform.release()}; nats-server "
            f"{nats.version()}, file store; PostgreSQL {_major(postgres)}, durability on "
            f"({', '.join(f'{key} {value}' for key, value in POSTGRES_SETTINGS.items())}), "
            f"Prefect's schema with its indexes and foreign keys; SQLite "
            f"{sqlite3.sqlite_version}; {datetime.datetime.now(datetime.UTC):%Y-%m-%d}."
        )

    def add(self, part: Part, sample: Sample) -> None:
        self._samples.setdefault(part.name, []).append(sample)
        self._groups[part.name] = part.group

    def rate(self, name: str) -> float:
        return statistics.median(sample.rate for sample in self._samples[name])

    def text(self) -> str:
        lines = [
            f"`tests/bench/run {' '.join(sys.argv[1:])}`".replace(" `", "`"),
            "",
            self._head,
            "",
            "| | events/s | spread | µs CPU an event | Hangar to it |",
            "|---|---|---|---|---|",
            *map(self._line, self._samples),
            *self._memory_lines(),
            *self._latency_lines(),
            "",
            "The rows that Hangar left were compared with the reference's, on both storages.",
        ]
        return "\n".join(lines)

    def write(self) -> None:
        RESULTS.write_text(f"# How fast\n{self.text()}\n")

    def _line(self, name: str) -> str:
        samples = self._samples[name]
        rates = [sample.rate for sample in samples]
        cpu = ", ".join(
            f"{process} {statistics.median(sample.cpu[process] for sample in samples):.1f}"
            for process in samples[0].cpu
        )
        hangar = _HANGAR[self._groups[name]]
        ratio = ""
        if name != hangar and hangar in self._samples:
            times = self.rate(hangar) / self.rate(name)
            ratio = f"{times:.2f}" if times < 10 else f"{times:,.0f} ×"
        return (
            f"| {name} | {statistics.median(rates):,.0f} | {min(rates):,.0f} to {max(rates):,.0f} "
            f"| {cpu} | {ratio} |"
        )

    def _memory_lines(self) -> Iterable[str]:
        for name, samples in self._samples.items():
            if name.startswith("Hangar"):
                most = max(sample.resident_mib for sample in samples)
                ready = statistics.median(sample.ready_ms for sample in samples)
                yield f"\n{name}: {most:.0f} MiB resident at most, ready in {ready:.0f} ms."

    def _latency_lines(self) -> Iterable[str]:
        if self.latencies:
            yield from (
                "",
                "From publishing an event to its ack, which follows its COMMIT, as a client on the "
                "same machine sees both (to the microsecond); Hangar's default settings, on "
                "PostgreSQL:",
                "",
                "| | p50 | p99 | longest |",
                "|---|---|---|---|",
            )
        for what, one in self.latencies:
            yield f"| {what} | {one.p50:.1f} ms | {one.p99:.1f} ms | {one.longest:.1f} ms |"


def _processor() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _memory() -> str:
    return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB"


def _major(postgres: PostgresServer) -> str:
    return postgres.psql("SHOW server_version").split()[0]
