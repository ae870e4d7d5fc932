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
from functools import cached_property
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

RECORDER, PERSISTER = "task_run_recorder", "event_persister"

# What a small production server has; durability is PostgreSQL's default, on.
POSTGRES_SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "8GB", "checkpoint_timeout": "30min"}
_TABLES = "flow, flow_run, task_run, task_run_state, events, event_resources"
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

    _numbers = itertools.count()

    def __init__(
        self,
        folder: Path,
        nats: NatsServer,
        postgres: PostgresServer,
        cluster: Sequence[NatsServer] = (),
    ) -> None:
        """`cluster` is all servers when `nats` is one of several; they all hold each stream."""
        self.folder, self.nats, self.postgres = folder, nats, postgres
        self._brokers = cluster or [nats]

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
            kept = {"num_replicas": len(self._brokers), **_STREAM}
            jetstream.request(f"STREAM.CREATE.{name}", name=name, subjects=[subject], **kept)
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

    @cached_property
    def _database(self) -> str:
        return create_prefect_database(self.postgres, f"bench_{next(self._numbers)}")

    @contextlib.contextmanager
    def postgres_database(self, flow_runs: Sequence[UUID]) -> Iterator[str]:
        """Prefect's schema with the flow runs alone; one at a time, emptied by the next."""
        psql(self._database, f"TRUNCATE {_TABLES} CASCADE")
        insert_flow_runs(self._database, flow_runs)
        psql(self._database, "CHECKPOINT")
        yield self._database

    @contextlib.contextmanager
    def sqlite_database(self, flow_runs: Sequence[UUID]) -> Iterator[str]:
        path = create_prefect_sqlite(self.folder / f"bench-{next(self._numbers)}.db")
        insert_flow_runs(str(path), flow_runs)
        with path.open("rb") as copied:  # what was copied is not for the measured to write
            os.fsync(copied.fileno())
        yield str(path)
        for file in self.folder.glob(f"{path.name}*"):
            file.unlink()

    @contextlib.contextmanager
    def servers_cpu(self, events: int) -> Iterator[dict[str, float]]:
        """What the servers used meanwhile, in microseconds an event."""
        pids = {
            "nats-server": [server.pid for server in self._brokers],
            "PostgreSQL": [self.postgres.pid],
        }
        before = {name: sum(map(cpu_seconds, ones)) for name, ones in pids.items()}
        used: dict[str, float] = {}
        yield used
        for name, ones in pids.items():
            used[name] = (sum(map(cpu_seconds, ones)) - before[name]) / events * 1e6

    def settings(
        self, stream: Stream, durables: Mapping[str, str], database: str
    ) -> dict[str, object]:
        """Of a Hangar that runs these services alone, each with its durable of the stream."""
        settings: dict[str, object] = {
            "data_dir": self.folder / "data",
            "nats.url": self.nats.url,
            "storage.type": "postgres" if database.startswith("postgresql") else "sqlite",
            "storage.url": database,
            "log.format": "json",
        }
        for service in (RECORDER, PERSISTER):
            settings[f"services.{service}.enabled"] = str(service in durables).lower()
        if PERSISTER in durables:
            # The events that are measured with are older than what is kept.
            settings[f"services.{PERSISTER}.db_vacuum.enabled"] = "orphans"
        for service, durable in durables.items():
            settings[f"services.{service}.stream"] = stream.name
            settings[f"services.{service}.filter_subject"] = stream.subject
            settings[f"services.{service}.durable"] = durable
        return settings

    def record(
        self, stream: Stream, database: str, *, replicas: int = 1, **recorder: object
    ) -> Sample:
        """Hangar records the stream: from the moment that it is ready until nothing is left."""
        return self.record_all([stream] * replicas, database, **recorder)

    def record_all(self, streams: Sequence[Stream], database: str, **recorder: object) -> Sample:
        """The same by one Hangar for each; those of one stream share its consumer."""
        return self.serve(streams, database, (RECORDER,), recorder)

    def serve(
        self,
        streams: Sequence[Stream],
        database: str,
        services: Sequence[str],
        chosen: Mapping[str, object],
    ) -> Sample:
        """The same with these services, each with the settings that are chosen."""
        durables = {
            stream: {service: self.durable(stream) for service in services} for stream in streams
        }
        events = sum(stream.events for stream in durables)
        peak, used, logs = 0, 0.0, []
        with self.servers_cpu(events) as cpu, contextlib.ExitStack() as running:
            processes = []
            began = time.time()
            for stream in streams:
                settings = self.settings(stream, durables[stream], database)
                for service, (key, value) in itertools.product(services, chosen.items()):
                    settings[f"services.{service}.{key}"] = value
                words = ("--until-drained", *flags(settings))
                logs.append(self.folder / f"hangar-{next(self._numbers)}.log")
                processes.append(running.enter_context(hangar_running(*words, log=logs[-1])))
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
        for stream, of_services in durables.items():
            for durable in of_services.values():
                self.drop_durable(stream, durable)
        moments = [times(log) for log in logs]
        first = min(ready for ready, _ in moments)
        return Sample(
            events,
            max(ended for _, ended in moments) - first,
            {"Hangar": used / events * 1e6, **cpu},
            peak / 1024,
            (first - began) * 1e3,
        )


def times(log: Path) -> tuple[float, float]:
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
