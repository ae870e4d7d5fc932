"""Prefect's recorder and Hangar over the same events and the same faults, for etc/docs/speed.md.

Each has a PostgreSQL database of Prefect's own schema. Prefect's is driven through its own
`consumer()` without a broker, which flatters it. Prints a Markdown table.
Run from the repository: `PYTHONPATH=tests python3 tests/bench/beside_prefect.py [PART…]`, where a
part is losses, outage or rates; all of them without a name.
"""

from __future__ import annotations

import datetime
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from support.children import running
from support.copies import copies_of
from support.flow_runs import flow_runs_in, insert_flow_runs
from support.jetstream import JetStream
from support.prefect_venv import create_prefect_database, prefect_url, prefect_venv
from support.program import flags, hangar_running, resident
from support.servers import NatsServer, PostgresServer, psql, wait_until
from support.temporary import temporary_folder

_SUBJECT, _BATCH = "prefect.events.task-run", 100
_WORKER = Path(__file__).with_name("prefect_recorder.py")
_OUTAGE = 30.0
_RATE = 100.0
# Longer than either waits before it tries again.
_QUIET = 15.0


class Recorder(NamedTuple):
    """A way to run one of the two over events, and to learn what it acknowledged."""

    name: str
    running: Callable[..., AbstractContextManager[subprocess.Popen[bytes]]]
    acked: Callable[[], int]


class Bench:
    """The servers, and one database and one stream for each measurement."""

    def __init__(self, folder: Path, postgres: PostgresServer, nats: NatsServer) -> None:
        self.folder, self.postgres, self.nats = folder, postgres, nats
        self._numbers = itertools.count()

    def both(
        self,
        measure: Callable[[Recorder, str, list[bytes]], str],
        events: list[bytes],
        *,
        batch: int = _BATCH,
        rate: float = 0,
    ) -> list[str]:
        """What is measured of Prefect's recorder and of Hangar."""
        cells = []
        for make in (self._prefect, self._hangar):
            name = f"beside_{next(self._numbers)}"
            database = create_prefect_database(self.postgres, name)
            insert_flow_runs(database, flow_runs_in(events))
            cells.append(measure(make(name, database, events, batch, rate), database, events))
        return cells

    def _prefect(
        self, name: str, database: str, events: list[bytes], batch: int, rate: float
    ) -> Recorder:
        venv = prefect_venv()
        stream, acked = self.folder / f"{name}.jsonl", self.folder / f"{name}.acked"
        stream.write_bytes(b"\n".join(events))
        acked.touch()

        def recording() -> AbstractContextManager[subprocess.Popen[bytes]]:
            return running(
                [venv.python, _WORKER, stream, acked, str(batch), str(rate)],
                log=self.folder / f"{name}.log",
                environment=venv.environment(self.folder, prefect_url(database)),
            )

        return Recorder("Prefect", recording, lambda: len(acked.read_text().splitlines()))

    def _hangar(
        self, name: str, database: str, events: list[bytes], batch: int, rate: float
    ) -> Recorder:
        stream, subject = name.upper(), f"{name}.task-run"
        with JetStream(self.nats.url) as jetstream:
            jetstream.request(f"STREAM.CREATE.{stream}", name=stream, subjects=[f"{name}.>"])
            config = {"durable_name": "d", "ack_policy": "explicit", "ack_wait": 2 * 10**9}
            jetstream.request(
                f"CONSUMER.DURABLE.CREATE.{stream}.d",
                stream_name=stream,
                config={**config, "filter_subject": subject, "max_ack_pending": 20_000},
            )

        def publish() -> None:
            with JetStream(self.nats.url) as jetstream:
                if not rate:
                    jetstream.publish(subject, events)
                    return
                began = time.monotonic()
                for number, event in enumerate(events):
                    time.sleep(max(0, began + number / rate - time.monotonic()))
                    jetstream.publish(subject, [event])

        settings = {
            "data_dir": self.folder / name,
            "nats.url": self.nats.url,
            "storage.type": "postgres",
            "storage.url": database,
            "services.task_run_recorder.stream": stream,
            "services.task_run_recorder.filter_subject": subject,
            "services.task_run_recorder.durable": "d",
            "services.task_run_recorder.batch_size": batch,
        }
        publishing = threading.Thread(target=publish)
        publishing.start()
        if not rate:
            publishing.join()

        def recording() -> AbstractContextManager[subprocess.Popen[bytes]]:
            return hangar_running(*flags(settings), log=self.folder / f"{name}.log")

        def acked() -> int:
            with JetStream(self.nats.url) as jetstream:
                info = jetstream.request(f"CONSUMER.INFO.{stream}.d")
            return int(info["delivered"]["stream_seq"]) - int(info["num_ack_pending"])

        return Recorder("Hangar", recording, acked)


def _states(database: str) -> int:
    return int(psql(database, "SELECT count(*) FROM task_run_state"))


def _until_acked(recorder: Recorder, wanted: int) -> None:
    wait_until(lambda: recorder.acked() >= wanted, what="acks", within=300)


def _until_quiet(database: str, wanted: int) -> float:
    """Seconds until all rows are there, or until nothing more has come for a while."""
    began = changed = time.monotonic()
    before = 0
    while (now := _states(database)) < wanted and time.monotonic() - changed < _QUIET:
        if now != before:
            before, changed = now, time.monotonic()
        time.sleep(0.1)
    return time.monotonic() - began


def rate(recorder: Recorder, database: str, events: list[bytes]) -> str:
    with recorder.running() as process:
        wait_until(lambda: _states(database) > 0, what="a row", process=process)
        first, began = _states(database), time.monotonic()
        _until_quiet(database, len(events))
        return f"{(len(events) - first) / (time.monotonic() - began):,.0f}"


def killed(recorder: Recorder, database: str, events: list[bytes]) -> str:
    """kill -9 ten times under load; then what is not acknowledged is recorded."""
    for _ in range(10):
        wanted = recorder.acked() + 150
        with recorder.running() as process:
            _until_acked(recorder, wanted)
            process.kill()
            process.wait()
    with recorder.running():
        _until_acked(recorder, len(events))
        _until_quiet(database, len(events))
    return f"{len(events) - _states(database):,}"


def poisoned(recorder: Recorder, database: str, events: list[bytes]) -> str:
    """The good ones among `events`, of which one is not."""
    with recorder.running():
        _until_quiet(database, len(events) - 1)
    return f"{_states(database)} of {len(events) - 1}"


class Outage:
    """The database is away while events go on to come."""

    def __init__(self, postgres: PostgresServer) -> None:
        self.postgres = postgres
        self.lost: list[str] = []
        self.recovery: list[str] = []

    def __call__(self, recorder: Recorder, database: str, events: list[bytes]) -> str:
        with recorder.running() as process:
            wait_until(lambda: _states(database) > 200, what="rows", process=process)
            before = resident(process.pid)
            # Events come until some time after the database is back.
            last = time.monotonic() + (len(events) - 200) / _RATE
            self.postgres.stop(signal.SIGQUIT)
            time.sleep(_OUTAGE)
            memory = resident(process.pid) - before
            self.postgres.start()
            _until_quiet(database, len(events))
            seconds = max(0, time.monotonic() - last)
            missing = len(events) - _states(database)
            self.lost.append(f"{missing:,}")
            self.recovery.append("never" if missing else f"{seconds:.0f} s")
            return f"{memory >> 20:+} MiB"


def _with_poison(events: list[bytes]) -> list[bytes]:
    poison = json.loads(events[500])
    poison["payload"]["validated_state"]["type"] = "UNHEARD_OF"
    poison["resource"]["prefect.state-type"] = "UNHEARD_OF"
    return [*events[:500], json.dumps(poison).encode(), *events[501:]]


def _show(what: str, cells: list[str]) -> None:
    print(f"| {what} | {' | '.join(cells)} |", flush=True)


def _show_losses(bench: Bench, events: list[bytes]) -> None:
    _show(f"events lost by ten kill -9 under load, of {len(events):,}", bench.both(killed, events))
    _show(
        "good events recorded beside a poison one, in a batch of 1,000",
        bench.both(poisoned, _with_poison(events[:1_000]), batch=1_000),
    )


def _show_outage(bench: Bench, events: list[bytes]) -> None:
    outage, coming = Outage(bench.postgres), events[: int(_RATE * (_OUTAGE + 15))]
    memory = bench.both(outage, coming, rate=_RATE)
    _show(f"events lost by {_OUTAGE:.0f} s without the database, of {len(coming):,}", outage.lost)
    _show("everything recorded so long after the last event", outage.recovery)
    _show("memory grown without the database", memory)


def _show_rates(bench: Bench, events: list[bytes]) -> None:
    for batch, count in ((1, 600), (100, 3_000), (1_000, len(events))):
        what = f"events/s in batches of {batch:,}"
        _show(what, bench.both(rate, events[:count], batch=batch))


_PARTS = {"losses": _show_losses, "outage": _show_outage, "rates": _show_rates}


def main(chosen: list[str]) -> None:
    events, _ = copies_of("plain", 20, seed=1)
    with (
        temporary_folder("beside") as folder,
        NatsServer() as nats,
        PostgresServer() as postgres,
    ):
        bench = Bench(folder, postgres, nats)
        print(
            f"{os.cpu_count()} cores, {datetime.datetime.now(datetime.UTC):%Y-%m-%d}, load before "
            f"{os.getloadavg()[0]:.0f}\n\n"
            "| the same events, the same faults | Prefect's recorder | Hangar |\n|---|---|---|",
            flush=True,
        )
        for name, show in _PARTS.items():
            if name in chosen or not chosen:
                show(bench, events)


if __name__ == "__main__":
    main(sys.argv[1:])
