"""How far a Prefect installation carries with its own recorder and with Hangar: for its guide.

Each has an API server, the services, PostgreSQL and a nats-server, all on this machine. First real
clients run tasks at once, as many as `--real` says. Then the events of `--tasks` task runs, shaped
like those of real clients, are posted to the API's /events as fast as it takes them. Prints a
Markdown table.
Run from the repository: `PYTHONPATH=tests nice -n -5 python3 tests/bench/prefect_scale.py`.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import os
import platform
import time
import urllib.request
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import NamedTuple

from bench.latencies import Latencies
from support.copies import copied_events, copies_of
from support.flow_runs import flow_runs_in, insert_flow_runs
from support.prefect_installation import PrefectInstallation
from support.prefect_venv import create_prefect_database
from support.program import flags, hangar_running
from support.servers import NatsServer, PostgresServer, psql
from support.tree import ROOT

_FLOWS = ROOT / "tests" / "prefect" / "compared_flows.py"
_POST, _POSTERS = 200, 2
_OTHERS = 32  # task runs of _FLOWS that are not at once
_TERMINAL = ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"]
_RECORDER = "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_"


class Case(NamedTuple):
    """One recorder."""

    name: str
    hangar: bool
    settings: Mapping[str, str]


CASES = (
    Case("Prefect's recorder, its default", False, {}),
    Case(
        "Prefect's recorder, batches of 100",
        False,
        {f"{_RECORDER}BATCH_SIZE": "100", f"{_RECORDER}READ_BATCH_SIZE": "100"},
    ),
    Case("Hangar", True, {}),
)


class Fed(NamedTuple):
    """What was seen while the events went in, and until the last task run was final."""

    accepted: float
    final: float | None
    recorded: int
    lag: int


def _terminal(prefect: PrefectInstallation) -> int:
    wanted = {"task_runs": {"state": {"type": {"any_": _TERMINAL}}}}
    return int(prefect.ask("task_runs/count", wanted))


def _states(database: str) -> int:
    return int(psql(database, "SELECT count(*) FROM task_run_state"))


def _post(prefect: PrefectInstallation, events: Sequence[bytes]) -> int:
    request = urllib.request.Request(
        f"{prefect.api}/events",
        data=b"[" + b",".join(events) + b"]",
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=600):
        return len(events)


def _feed(
    prefect: PrefectInstallation, database: str, events: list[bytes], tasks: int, patience: float
) -> Fed:
    before, states_before = _terminal(prefect), _states(database)
    posted, lag, accepted = 0, 0, 0.0
    began = time.monotonic()
    chunks = [events[at : at + _POST] for at in range(0, len(events), _POST)]
    with ThreadPoolExecutor(_POSTERS) as pool:
        pending = [pool.submit(_post, prefect, chunk) for chunk in chunks]
        while True:
            posted = sum(done.result() for done in pending if done.done())
            recorded = _states(database) - states_before
            lag = max(lag, posted - recorded)
            now = time.monotonic() - began
            if posted == len(events) and not accepted:
                accepted = now
            if recorded >= len(events) and _terminal(prefect) - before >= tasks:
                return Fed(accepted, time.monotonic() - began, recorded, lag)
            if now > patience:
                for each in pending:
                    each.cancel()
                return Fed(accepted, None, recorded, lag)
            time.sleep(1)


def _real(prefect: PrefectInstallation, count: int) -> str:
    """Tasks a second that one client makes, and until the API says that the last one is final."""
    before, began = _terminal(prefect), time.monotonic()
    prefect.run(_FLOWS, "real", str(count))
    ran = time.monotonic() - began
    while _terminal(prefect) - before < count + _OTHERS:
        time.sleep(0.1)
    return f"{count / ran:,.0f}/s, final {time.monotonic() - began - ran:.1f} s later"


def _measure(case: Case, database: str, options: argparse.Namespace, events: list[bytes]) -> str:
    with ExitStack() as stack:
        nats = stack.enter_context(NatsServer())
        prefect = stack.enter_context(
            PrefectInstallation(nats.url, database, settings=case.settings)
        )
        prefect.start_services(recorder=not case.hangar)
        if case.hangar:
            settings = {
                "data_dir": prefect.folder / "hangar",
                "nats.url": nats.url,
                "storage.type": "postgres",
                "storage.url": database,
            }
            log = prefect.folder / "hangar.log"
            stack.enter_context(hangar_running(*flags(settings), log=log))
        real = _real(prefect, options.real)
        latencies = Latencies(prefect, every=0.5)
        with latencies.measured():
            fed = _feed(prefect, database, events, options.tasks, options.patience)
    total = len(events)
    accepted = f"{total / fed.accepted:,.0f}/s" if fed.accepted else "not all"
    final = f"{fed.final:,.0f} s" if fed.final else f"{fed.recorded:,} of {total:,} recorded"
    return f"| {case.name} | {real} | {accepted} | {final} | {fed.lag:,} | {latencies} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=100_000, help="in hundreds")
    parser.add_argument("--real", type=int, default=1000, help="tasks that a real client runs")
    parser.add_argument("--patience", type=float, default=600, help="seconds for each recorder")
    options = parser.parse_args()
    one, rows = copies_of("plain", 1, seed=1)
    runs = len(rows["task_run"])
    events = copied_events(one, options.tasks // runs, seed=1, at_once=8)
    options.tasks = options.tasks // runs * runs
    print(
        f"{options.tasks:,} task runs, {len(events):,} events; {os.cpu_count()} cores "
        f"({platform.machine()}) for clients, servers and databases together, "
        f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}; at most {options.patience:.0f} s each\n\n"
        "| recorder | one real client | events accepted | last task run final after "
        "| most events behind | API, median / p99 |\n|---|---|---|---|---|---|",
        flush=True,
    )
    numbers = itertools.count()
    with PostgresServer(settings={"shared_buffers": "1GB"}) as postgres:
        for case in CASES:
            database = create_prefect_database(postgres, f"scale_{next(numbers)}")
            insert_flow_runs(database, flow_runs_in(events))
            print(_measure(case, database, options, events), flush=True)


if __name__ == "__main__":
    main()
