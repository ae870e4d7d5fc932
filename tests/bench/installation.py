"""The most events a second that all consumers of a whole Prefect installation keep up with.

An installation is an API server, Prefect's services, PostgreSQL and a nats-server, all on this
machine: (1) with Prefect's own services, (2) with Hangar's recorder, (3) with Hangar's recorder and
event persister and with triggers that are given only what automations need, (4) with Hangar's event
gateway too, where the API sends events to nobody. Events of task runs, shaped like those of real
clients, come through the API's WebSocket (`--way api`), straight into the stream (`--way stream`),
or through the gateway's WebSocket with deflate (`--way gateway`) and without it (`--way
gateway-plain`). Each try has an installation of its own and feeds it at one rate; the rate holds
when in the end nothing is further behind than two seconds of it. Between two rates, `--tries` are
made, each at the middle of what is still open. `--beside RATE` then tries (3) by the API and (4) by
the gateway at this rate, with deflate, and tells how long the API takes to answer meanwhile.
Run from the repository: `PYTHONPATH=tests python3 tests/bench/installation.py`; it takes what
`tests/bench/run` builds. `--write` writes results/INSTALLATION_API.md or INSTALLATION_STREAM.md
with that one `--way`, or INSTALLATION_GATEWAY.md with those of the gateway.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import itertools
import json
import math
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.client_events import AT_ONCE, client_events
from bench.installed import CASES, PATIENCE, Case, Installation
from bench.latencies import Latencies
from bench.processes import processor
from bench.world import POSTGRES_SETTINGS
from support.children import end, spawn, wait_until
from support.copies import copied_events
from support.flow_runs import flow_runs_in
from support.prefect_venv import NEWEST
from support.servers import NatsServer, PostgresServer
from support.temporary import temporary_folder
from support.tree import ROOT

_RESULTS = Path(__file__).parent / "results"
_FEEDER = Path(__file__).with_name("feeder.py")
_BEHIND = 2.0  # So many seconds of events.
_ASKED = 0.1  # So many seconds between two requests to the API, where its answers are timed.
# What the feeder does, to whom.
WAYS = {"api": "deflate", "stream": "stream", "gateway-plain": "plain", "gateway": "deflate"}


@dataclass
class Try:
    """What was seen at one rate; CPU is in microseconds an event, by process."""

    case: Case
    way: str
    rate: float
    seconds: float
    sent: int = 0
    cpu: dict[str, float] = field(default_factory=dict)
    lags: dict[str, int] = field(default_factory=dict)
    answers: str = ""
    """How long the API took to answer, where that was asked."""

    @property
    def most_behind(self) -> tuple[int, str]:
        return max((lag, name) for name, lag in self.lags.items())

    @property
    def held(self) -> bool:
        unsent = self.rate * self.seconds - self.sent
        return max(unsent, self.most_behind[0]) <= self.rate * _BEHIND


@contextlib.contextmanager
def _feeder(one: Try, installation: Installation, file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """When it has prepared all."""
    prefect = installation.prefect
    address = installation.nats.url if one.way == "stream" else installation.address
    count = math.ceil(one.rate * one.seconds)
    numbers = map(str, (count, one.rate, one.seconds))
    process = spawn(
        [prefect.venv.python, _FEEDER, WAYS[one.way], address, file, *numbers],
        log=prefect.folder / "feeder.log",
        environment={**prefect.environment(), "PYTHONPATH": str(ROOT / "tests")},
        asked=True,
    )
    try:
        if _heard(process) != "ready":
            raise SystemExit((prefect.folder / "feeder.log").read_text())
        yield process
    finally:
        end(process, signal.SIGKILL)


def _heard(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().decode().strip()


def _feed(one: Try, installation: Installation, file: Path, latencies: Latencies | None) -> None:
    with _feeder(one, installation, file) as feeder:
        assert feeder.stdin is not None
        before = installation.cpu()
        with latencies.measured() if latencies else contextlib.nullcontext():
            feeder.stdin.write(b"go\n")
            feeder.stdin.flush()
            said = _heard(feeder)
        after = installation.cpu()
        one.answers = str(latencies or "")
        if not said:
            raise SystemExit((installation.prefect.folder / "feeder.log").read_text())
        done = json.loads(said)
        one.sent = done["sent"]
        one.lags = installation.lags(one.sent)
        used = {name: after[name] - before[name] for name in after}
        one.cpu = {
            name: seconds / one.sent * 1e6
            for name, seconds in {**used, "feeder": done["cpu"]}.items()
        }
        if one.held:
            _all_arrive(one, installation)


def _all_arrive(one: Try, installation: Installation) -> None:
    def arrived() -> bool:
        return not any(installation.lags(one.sent).values())

    try:
        wait_until(arrived, what="all rows", within=PATIENCE)
    except Exception as error:
        raise SystemExit(f"{installation.lags(one.sent)} are missing") from error


class Bench:
    """Events, and installations that are fed with them."""

    _numbers = itertools.count()

    def __init__(self, folder: Path, postgres: PostgresServer, events: int) -> None:
        base = client_events()
        copies = math.ceil(events / len(base))
        lines = copied_events(base, copies, seed=1, at_once=AT_ONCE)
        self.file = folder / "events.jsonl"
        with self.file.open("wb") as out:
            out.writelines(line + b"\n" for line in lines)
        self.size = sum(map(len, lines)) / len(lines)
        self.flow_runs = flow_runs_in(lines)
        self.postgres = postgres

    def attempt(
        self, case: Case, way: str, rate: float, seconds: float, *, asked: bool = False
    ) -> Try:
        one = Try(case, way, rate, seconds)
        name = f"installation_{next(self._numbers)}"
        with NatsServer() as nats:
            installation = Installation(case, nats, self.postgres, name)
            with installation.running(self.flow_runs):
                latencies = Latencies(installation.prefect, every=_ASKED) if asked else None
                _feed(one, installation, self.file, latencies)
        self.postgres.drop_database(name)
        lag, who = one.most_behind
        print(
            f"{case.name}, {way}: {rate:,.0f}/s {'holds' if one.held else 'does not hold'}: "
            f"{one.sent:,} sent, {who} {lag:,} behind",
            *(f"{process} {micros:.0f} µs" for process, micros in one.cpu.items()),
            *[f"API answers in {one.answers}"] * asked,
            sep="; ",
            file=sys.stderr,
            flush=True,
        )
        return one

    def best(
        self, case: Case, way: str, rates: tuple[float, float], options: argparse.Namespace
    ) -> Try | None:
        """The try at the highest rate that held; None when none did."""
        low, high = rates
        found: Try | None = None
        for _ in range(options.tries):
            one = self.attempt(case, way, round(math.sqrt(low * high)), options.seconds)
            if one.held:
                found, low = one, one.rate
            else:
                high = one.rate
        return found


def _rows(found: Iterable[tuple[Case, str, tuple[float, float], Try | None]]) -> Iterator[str]:
    yield "| installation | fed | events/s | µs CPU an event | behind in the end |"
    yield "|---|---|---|---|---|"
    for case, way, rates, one in found:
        if one is None:
            yield f"| {case.name} | {way} | below what was tried from {rates[0]:,.0f} up | | |"
            continue
        cpu = ", ".join(f"{name} {micros:.0f}" for name, micros in one.cpu.items())
        lags = ", ".join(f"{name} {lag:,}" for name, lag in one.lags.items())
        yield f"| {case.name} | {way} | {one.rate:,.0f} | {cpu} | {lags} |"


def _rows_beside(tries: Iterable[Try]) -> Iterator[str]:
    yield "| installation | fed | events/s | holds | API's answers, median / p99 |"
    yield "|---|---|---|---|---|"
    for one in tries:
        held = "yes" if one.held else "no"
        yield f"| {one.case.name} | {one.way} | {one.rate:,.0f} | {held} | {one.answers} |"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", type=int, choices=CASES, action="append")
    parser.add_argument("--way", choices=WAYS, action="append")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rates", help="LOW:HIGH, between which it is looked for")
    parser.add_argument("--tries", type=int, default=4)
    parser.add_argument("--beside", type=float, action="append", default=[], metavar="RATE")
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


def main() -> None:
    options = _options()
    written = {way.partition("-")[0].upper() for way in options.way or WAYS}
    if options.write and len(written) != 1:
        raise SystemExit("--write needs one --way, or those of the gateway")
    given = tuple(map(float, options.rates.split(":"))) if options.rates else None
    chosen = [
        (CASES[case], way, (given[0], given[1]) if given else CASES[case].rates[way])
        for way in options.way or WAYS
        for case in options.case or CASES
        if way in CASES[case].rates
    ]
    load = os.getloadavg()[0]
    most = max([*(rates[1] for _, _, rates in chosen), *options.beside])
    events = math.ceil(most * options.seconds)
    with (
        temporary_folder("installation") as folder,
        PostgresServer(settings=POSTGRES_SETTINGS) as postgres,
    ):
        bench = Bench(folder, postgres, events)
        found = [
            (case, way, rates, bench.best(case, way, rates, options)) for case, way, rates in chosen
        ]
        beside = [
            bench.attempt(CASES[case], way, rate, options.seconds, asked=True)
            for rate in options.beside
            for case, way in ((3, "api"), (4, "gateway"))
        ]
        version = postgres.psql("SHOW server_version").split()[0]
    text = "\n".join(
        (
            "# What a whole Prefect installation keeps up with",
            f"`PYTHONPATH=tests python3 tests/bench/installation.py {' '.join(sys.argv[1:])}`",
            "",
            f"Of {options.tries} rates tried for {options.seconds:.0f} s each the highest that "
            f"held: in the end nothing was more than {_BEHIND:.0f} s of events behind, and "
            f"afterwards every row was there. Events of task runs of {bench.size:,.0f} bytes, "
            "through one API process by WebSockets with deflate (api), straight into JetStream "
            "(stream), or through Hangar's gateway by WebSockets with deflate (gateway) or without "
            "it (gateway-plain). Prefect's services that read events have a process each and "
            "batches of 100, which is better for them than the default; no automations. "
            f"{processor()}, {os.cpu_count()} cores for all processes and the feeder, with a load "
            f"of {load:.0f} before; Linux {platform.release()}; Prefect {NEWEST}; PostgreSQL "
            f"{version}, durability on; {datetime.datetime.now(datetime.UTC):%Y-%m-%d}.",
            "",
            *_rows(found),
            "",
            *([*_rows_beside(beside), ""] if beside else ()),
        )
    )
    print(text)
    if options.write:
        (_RESULTS / f"INSTALLATION_{written.pop()}.md").write_text(text)


if __name__ == "__main__":
    main()
