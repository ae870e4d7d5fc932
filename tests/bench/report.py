"""The table of a measuring run, and tests/bench/results/RESULTS.md."""

from __future__ import annotations

import datetime
import os
import platform
import sqlite3
import statistics
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.choices import Choice
from bench.growth import Curve
from bench.parts import DEFAULTS, Latency, Part
from bench.plot import write_plot
from bench.poison import HEADING, Poison, poison_section
from bench.processes import processor
from bench.world import POSTGRES_SETTINGS, Sample, Stream
from support.servers import NatsServer, PostgresServer

RESULTS = Path(__file__).parent / "results" / "RESULTS.md"
PLOT = RESULTS.with_name("growth.svg")
_HANGAR = {
    "postgres": "Hangar on PostgreSQL",
    "sqlite": "Hangar on SQLite",
    "filter": "Hangar, events that are not ours",
    "prefect": "Hangar on PostgreSQL",
    "settings": DEFAULTS,
}


class Report:
    """Samples by name; medians count, and a ratio is of medians of the same run."""

    def __init__(
        self, stream: Stream, runs: int, nats: NatsServer, postgres: PostgresServer
    ) -> None:
        self._samples: dict[str, list[Sample]] = {}
        self._groups: dict[str, str] = {}
        self.latencies: list[tuple[str, Latency]] = []
        self.curves: list[Curve] = []
        self.choices: list[Choice] = []
        self.poison: tuple[list[Poison], int, int] | None = None
        self._head = (
            f"{stream.events:,} events of {stream.size:,.0f} bytes, each line the median of {runs} "
            f"with the least and the most. {processor()}, {os.cpu_count()} cores that all "
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

    def cpu(self, name: str) -> float:
        """Hangar's own."""
        return statistics.median(sample.cpu["Hangar"] for sample in self._samples[name])

    def all_cpu(self, name: str) -> float:
        """Of every process."""
        return statistics.median(sum(sample.cpu.values()) for sample in self._samples[name])

    def text(self) -> str:
        lines = [
            f"`tests/bench/run {' '.join(sys.argv[1:])}`".replace(" `", "`"),
            "",
            self._head,
            "",
            "| | events/s | spread | µs CPU an event | Hangar to it |",
            "|---|---|---|---|---|",
            *map(self._line, self._samples),
            *self._latency_lines(),
            *self._goal_lines(),
            *self._curve_lines(),
            *self._choice_lines(),
            "",
            "The rows that Hangar left were compared with the reference's, on both storages.",
        ]
        return "\n".join(lines)

    def poison_section(self) -> str:
        """As measured now, else as it was last."""
        if self.poison:
            found, events, rounds = self.poison
            return poison_section(found, events, rounds)
        _, heading, rest = RESULTS.read_text().partition(HEADING)
        return heading + rest

    def write(self) -> None:
        plot = ""
        if not self._samples:
            before = RESULTS.read_text().partition(HEADING)[0].rstrip("\n")
            RESULTS.write_text(f"{before}\n\n{self.poison_section()}")
            return
        if self.curves:
            write_plot(PLOT, self.curves)
            plot = f"\n![events/s as the work grows]({PLOT.name})\n"
        RESULTS.write_text(f"# How fast\n{self.text()}\n{plot}\n{self.poison_section()}")

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

    def _goal_lines(self) -> Iterable[str]:
        yield from ("", "| | reached | wanted |", "|---|---|---|")
        for what, reached, wanted in self._goals():
            yield f"| {what} | {reached} | {wanted} |"

    def _goals(self) -> Iterator[tuple[str, str, str]]:
        for group, goal, cpu in (("postgres", 0.75, 6), ("sqlite", 0.8, None), ("filter", 0.95, 3)):
            name = _HANGAR[group]
            others = [n for n, g in self._groups.items() if g == group and n != name]
            if not others:
                continue
            best = max(others, key=self.rate)
            yield name, f"{self.rate(name) / self.rate(best):.2f} of {best}", f"≥ {goal}"
            if cpu:
                yield f"{name}, own CPU an event", f"{self.cpu(name):.1f} µs", f"≤ {cpu} µs"
        yield from self._settings_goals()
        yield from self._prefect_goals()
        yield from self._latency_goals()
        name = _HANGAR["postgres"]
        if samples := self._samples.get(name):
            ready = statistics.median(sample.ready_ms for sample in samples)
            yield "start to ready, on PostgreSQL", f"{ready:.0f} ms", "≤ 150 ms"
            most = max(sample.resident_mib for sample in samples)
            yield "resident at full rate", f"{most:.0f} MiB", "≤ 64 MiB"
        if self.curves:
            longest = self.curves[0].points[-1]
            memory = f"{longest.sample.resident_mib:.0f} MiB"
            yield f"resident with a backlog of {longest.at:,.0f}", memory, "≤ 64 MiB"

    def _settings_goals(self) -> Iterator[tuple[str, str, str]]:
        names = [name for name, group in self._groups.items() if group == "settings"]
        if names:
            best = min(names, key=self.all_cpu)
            times = self.all_cpu(DEFAULTS) / self.all_cpu(best)
            yield f"{DEFAULTS}, CPU of all processes", f"{times:.2f} × that of {best}", "≤ 1.05 ×"
            best = max(names, key=self.rate)
            part = self.rate(DEFAULTS) / self.rate(best)
            yield f"{DEFAULTS}, events/s", f"{part:.2f} of {best}", "≥ 0.90"

    def _prefect_goals(self) -> Iterator[tuple[str, str, str]]:
        names = [name for name, group in self._groups.items() if group == "prefect"]
        hangar = _HANGAR["prefect"]
        if not names or hangar not in self._samples:
            return
        best = max(names, key=self.rate)
        yield f"times {best}, its best", f"{self.rate(hangar) / self.rate(best):.0f}", "≥ 50"
        yield (
            f"times {names[0]}, its default",
            f"{self.rate(hangar) / self.rate(names[0]):.0f}",
            "≥ 400",
        )

    def _latency_goals(self) -> Iterator[tuple[str, str, str]]:
        if self.latencies:
            (_, half), _, (_, lone) = self.latencies
            yield "half of the most, p50", f"{half.p50:.1f} ms", "≤ 25 ms"
            yield "half of the most, p99", f"{half.p99:.1f} ms", "≤ 100 ms"
            yield "a lone event, p99", f"{lone.p99:.1f} ms", "≤ 30 ms: linger and 10 ms"

    def _curve_lines(self) -> Iterable[str]:
        for curve in self.curves:
            yield from ("", f"| {curve.what} | events/s | µs CPU an event | resident |")
            yield "|---|---|---|---|"
            yield from (_row(f"{point.at:,.0f}", point.sample) for point in curve.points)

    def _choice_lines(self) -> Iterable[str]:
        if self.choices:
            yield from ("", "| | events/s | µs CPU an event | resident |", "|---|---|---|---|")
            yield from (_row(choice.name, choice.sample) for choice in self.choices)

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


def _row(name: str, one: Sample) -> str:
    cpu = ", ".join(f"{process} {micros:.1f}" for process, micros in one.cpu.items())
    return f"| {name} | {one.rate:,.0f} | {cpu} | {one.resident_mib:.0f} MiB |"


def _memory() -> str:
    return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB"


def _major(postgres: PostgresServer) -> str:
    return postgres.psql("SHOW server_version").split()[0]
