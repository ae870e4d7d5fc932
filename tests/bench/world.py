"""The servers, streams and databases that are measured, and the programs that measure."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.processes import cpu_seconds, resident_kib
from support.flow_runs import insert_flow_runs
from support.jetstream import JetStream
from support.prefect_venv import create_prefect_database, create_prefect_sqlite
from support.program import flags, hangar_running
from support.servers import NatsServer, PostgresServer, psql
from support.tree import build_folder

# What a small production server has; durability is PostgreSQL's default, on.
POSTGRES_SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "8GB", "checkpoint_timeout": "30min"}
# As Hangar creates it.
_STREAM = {
    "retention": "limits",
    "storage": "file",
    "discard": "new",
    "max_age": 7 * 24 * 3600 * 10**9,
    "duplicate_window": 300 * 10**9,
}
_CONSUMER = {
    "deliver_policy": "all",
    "ack_policy": "explicit",
    "ack_wait": 30 * 10**9,
    "max_deliver": -1,
    "max_ack_pending": 40_000,
}


@dataclass(frozen=True)
class Stream:
    """A stream with events in it."""

    name: str
    subject: str
    events: int
    size: float


@dataclass
class Sample:
    """One measurement; CPU is in microseconds an event, by process."""

    events: int
    seconds: float
    cpu: dict[str, float] = field(default_factory=dict)
    resident_mib: float = 0
    ready_ms: float = 0

    @property
    def rate(self) -> float:
        return self.events / self.seconds


class World:
    """Servers of one measuring run; their streams and databases have names of their own."""

    def __init__(self, folder: Path, nats: NatsServer, postgres: PostgresServer) -> None:
        self.folder, self.nats, self.postgres = folder, nats, postgres
        self._numbers = itertools.count()

    def tool(self, name: str, *arguments: object) -> list[float]:
        """Runs one of the small programs; the numbers that it prints."""
        words = [str(build_folder() / "bin" / name), *map(str, arguments)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(words)}\n{done.stderr}")
        return [float(word) for word in done.stdout.split()]

    def write(self, events: Sequence[bytes]) -> Path:
        file = self.folder / f"events-{next(self._numbers)}.jsonl"
        with file.open("wb") as out:
            out.writelines(event + b"\n" for event in events)
        return file

    def stream(self, file: Path | None) -> Stream:
        """A stream of its own that holds the events."""
        number = next(self._numbers)
        name, subject = f"BENCH_{number}", f"bench.{number}"
        with JetStream(self.nats.url) as jetstream:
            jetstream.request(f"STREAM.CREATE.{name}", name=name, subjects=[subject], **_STREAM)
            if file is None:
                return Stream(name, subject, 0, 0)
            self.tool("publish", self.nats.url, subject, file)
            state = jetstream.request(f"STREAM.INFO.{name}")["state"]
        count, size = int(state["messages"]), file.stat().st_size
        return Stream(name, subject, count, size / count - 1)

    def drop_stream(self, stream: Stream) -> None:
        with JetStream(self.nats.url) as jetstream:
            jetstream.request(f"STREAM.DELETE.{stream.name}")

    def durable(self, stream: Stream) -> str:
        """A consumer of its own that has read nothing yet, as Hangar creates it."""
        name = f"d{next(self._numbers)}"
        with JetStream(self.nats.url) as jetstream:
            jetstream.request(
                f"CONSUMER.DURABLE.CREATE.{stream.name}.{name}",
                stream_name=stream.name,
                config={"durable_name": name, "filter_subject": stream.subject, **_CONSUMER},
            )
        return name

    def drop_durable(self, stream: Stream, name: str) -> None:
        with JetStream(self.nats.url) as jetstream:
            jetstream.request(f"CONSUMER.DELETE.{stream.name}.{name}")

    @contextlib.contextmanager
    def postgres_database(self, flow_runs: Sequence[UUID]) -> Iterator[str]:
        """Prefect's schema with the flow runs; gone afterwards."""
        name = f"bench_{next(self._numbers)}"
        url = create_prefect_database(self.postgres, name)
        insert_flow_runs(url, flow_runs)
        psql(url, "CHECKPOINT")
        yield url
        self.postgres.drop_database(name)

    @contextlib.contextmanager
    def sqlite_database(self, flow_runs: Sequence[UUID]) -> Iterator[str]:
        path = create_prefect_sqlite(self.folder / f"bench-{next(self._numbers)}.db")
        insert_flow_runs(str(path), flow_runs)
        os.sync()  # what was copied is not for the measured to write
        yield str(path)
        for file in self.folder.glob(f"{path.name}*"):
            file.unlink()

    @contextlib.contextmanager
    def servers_cpu(self, events: int) -> Iterator[dict[str, float]]:
        """What the servers used meanwhile, in microseconds an event."""
        pids = {"nats-server": self.nats.pid, "PostgreSQL": self.postgres.pid}
        before = {name: cpu_seconds(pid) for name, pid in pids.items()}
        used: dict[str, float] = {}
        yield used
        for name, pid in pids.items():
            used[name] = (cpu_seconds(pid) - before[name]) / events * 1e6

    def settings(self, stream: Stream, durable: str, database: str) -> dict[str, object]:
        recorder = "services.task_run_recorder"
        return {
            "data_dir": self.folder / "data",
            "nats.url": self.nats.url,
            "storage.type": "postgres" if database.startswith("postgresql") else "sqlite",
            "storage.url": database,
            f"{recorder}.stream": stream.name,
            f"{recorder}.filter_subject": stream.subject,
            f"{recorder}.durable": durable,
            "log.format": "json",
        }

    def record(
        self, stream: Stream, database: str, *, replicas: int = 1, **recorder: object
    ) -> Sample:
        """Hangar records the stream: from the moment that it is ready until nothing is left."""
        durable = self.durable(stream)
        settings = self.settings(stream, durable, database)
        settings |= {f"services.task_run_recorder.{key}": value for key, value in recorder.items()}
        words = ("--until-drained", *flags(settings))
        peak, logs = 0, []
        with self.servers_cpu(stream.events) as cpu, contextlib.ExitStack() as running:
            processes = []
            began = time.time()
            for _ in range(replicas):
                logs.append(self.folder / f"hangar-{next(self._numbers)}.log")
                processes.append(running.enter_context(hangar_running(*words, log=logs[-1])))
            used = 0.0
            waiting = list(processes)
            while waiting:
                peak = max(peak, *(resident_kib(process.pid)[1] for process in waiting))
                pid, status, usage = os.wait4(waiting[0].pid, os.WNOHANG)
                if pid == 0:
                    time.sleep(0.02)
                    continue
                waiting.pop(0).returncode = os.waitstatus_to_exitcode(status)
                used += usage.ru_utime + usage.ru_stime
        if any(process.returncode for process in processes):
            raise SystemExit("".join(log.read_text() for log in logs))
        times = [_times(log) for log in logs]
        self.drop_durable(stream, durable)
        first = min(ready for ready, _ in times)
        return Sample(
            stream.events,
            max(ended for _, ended in times) - first,
            {"Hangar": used / stream.events * 1e6, **cpu},
            peak / 1024,
            (first - began) * 1e3,
        )


def _times(log: Path) -> tuple[float, float]:
    """When Hangar was ready and when its service had ended, from what it says itself."""
    ready = ended = 0.0
    for line in log.read_text().splitlines():
        with contextlib.suppress(ValueError):
            entry: Mapping[str, Any] = json.loads(line)
            text = json.dumps(entry)
            if "ready: " in text:
                ready = _seconds(entry)
            elif "has ended" in text:
                ended = _seconds(entry)
    return ready, ended


def _seconds(entry: Mapping[str, Any]) -> float:
    return datetime.datetime.fromisoformat(str(entry["ts"])).timestamp()
