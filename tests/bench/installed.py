"""A whole Prefect installation, with Prefect's own services or with Hangar's in their place."""

from __future__ import annotations

import contextlib
import datetime
import json
import signal
import uuid
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from bench.processes import cpu_seconds
from bench.world import PERSISTER, RECORDER
from support.children import end, spawn, wait_until
from support.flow_runs import insert_flow_runs
from support.jetstream import JetStream
from support.prefect_installation import PrefectInstallation, is_read
from support.prefect_venv import create_prefect_database
from support.program import flags, hangar_running
from support.servers import NatsServer, PostgresServer, psql
from support.surface import Surface

PATIENCE = 600.0
GATEWAY = "event_gateway"
_STREAM = "PREFECT_EVENTS"
_TASK_RUNS = "prefect.events.task-run"
_TRIGGERS = "triggers"
_COUNTS = "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM task_run_state)"
_SETTINGS = {
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_SERVER_API_WEBSOCKET_PING_INTERVAL": "3600",  # the feeder answers no pings
    # Prefect's defaults, one event a transaction and 20, are slower.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "100",
}
_APART = {
    f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false"
    for name in ("TASK_RUN_RECORDER", "EVENT_PERSISTER", "TRIGGERS")
}


class Service(NamedTuple):
    """One of Prefect's that reads events; it runs in a process of its own."""

    module: str
    name: str
    durable: str

    @property
    def program(self) -> str:
        return f"import asyncio, {self.module} as m; asyncio.run(m.{self.name}().start())"


_SERVICES = {
    RECORDER: Service(
        "prefect.server.services.task_run_recorder", "TaskRunRecorder", "events-task-run-recorder"
    ),
    PERSISTER: Service(
        "prefect.server.events.services.event_persister",
        "EventPersister",
        "events-event-persister",
    ),
    _TRIGGERS: Service(
        "prefect.server.events.services.triggers", "ReactiveTriggers", "events-reactive-triggers"
    ),
}


class Case(NamedTuple):
    name: str
    hangar: tuple[str, ...]
    narrow: bool
    rates: Mapping[str, tuple[float, float]]


# Between these rates, around what two cores keep up with.
CASES = {
    1: Case("Prefect's own services", (), False, {"api": (80, 140), "stream": (80, 140)}),
    2: Case("Hangar's recorder", (RECORDER,), False, {"api": (180, 340), "stream": (150, 250)}),
    3: Case(
        "Hangar's recorder and persister, narrow triggers",
        (RECORDER, PERSISTER),
        True,
        {"api": (1_100, 1_350), "stream": (2_900, 3_650)},
    ),
    4: Case(
        "Hangar's gateway, recorder and persister, narrow triggers",
        (GATEWAY, RECORDER, PERSISTER),
        True,
        {"gateway-plain": (3_600, 4_500), "gateway": (2_700, 3_400)},
    ),
}


class Installation:
    """One case's processes; they read what comes."""

    def __init__(self, case: Case, nats: NatsServer, postgres: PostgresServer, name: str) -> None:
        self.case, self.nats, self.postgres = case, nats, postgres
        self.database = create_prefect_database(postgres, name)
        self.settings = {
            **_SETTINGS,
            "PREFECT_NATS_MESSAGING_NARROW_TRIGGERS": str(case.narrow).lower(),
            "PREFECT_API_EVENTS_STREAM_OUT_ENABLED": str(GATEWAY not in case.hangar).lower(),
        }
        self.pids: dict[str, int] = {}
        self.address = ""
        """Where its clients send events."""

    @contextlib.contextmanager
    def running(self, flow_runs: Iterable[uuid.UUID]) -> Iterator[None]:
        insert_flow_runs(self.database, flow_runs)
        with contextlib.ExitStack() as opened:
            settings = {**self.settings, **_APART}
            self.prefect = PrefectInstallation(self.nats.url, self.database, settings=settings)
            opened.enter_context(self.prefect)
            self.address = f"127.0.0.1:{self.prefect.port}"
            self.stream = opened.enter_context(JetStream(self.nats.url))
            self._make_stream()
            if self.case.narrow:
                self._make_narrow()
            self._start_services(opened)
            self._start_hangar(opened)
            for service in _SERVICES.values():
                wait_until(
                    partial(is_read, self.stream, _STREAM, service.durable),
                    what=service.durable,
                    within=PATIENCE,
                )
            self.pids |= {
                "API": self.prefect.pid,
                "nats-server": self.nats.pid,
                "PostgreSQL": self.postgres.pid,
            }
            yield

    def _make_stream(self) -> None:
        """As prefect-nats makes it, when the first event comes."""
        event = {
            "id": str(uuid.uuid4()),
            "occurred": datetime.datetime.now(datetime.UTC).isoformat(),
            "event": "bench.began",
            "resource": {"prefect.resource.id": "bench"},
        }
        self.prefect.answer("events", [event])

    def _make_narrow(self) -> None:
        """The durable as it is after a minute in which no automation needed task runs."""
        name = _SERVICES[_TRIGGERS].durable
        config = {
            "durable_name": name,
            "ack_policy": "explicit",
            "max_deliver": -1,
            "ack_wait": 30_000_000_000,
            "filter_subject": "prefect.events.other",
            "description": "prefect-nats: narrow, no automation needed task runs up to 0",
        }
        call = f"CONSUMER.DURABLE.CREATE.{_STREAM}.{name}"
        self.stream.request(call, stream_name=_STREAM, config=config)

    def _start_services(self, opened: contextlib.ExitStack) -> None:
        """Those that read events, each by itself so that it may have a core; the rest together."""
        python = self.prefect.venv.python
        commands: dict[str, list[str | Path]] = {
            f"Prefect's {name}": [python, "-c", service.program]
            for name, service in _SERVICES.items()
            if name not in self.case.hangar
        }
        commands["other services"] = [self.prefect.venv.prefect, "server", "services", "start"]
        for name, command in commands.items():
            log = self.prefect.folder / f"{name}.log"
            environment = self.prefect.environment()
            process = spawn(command, log=log, environment=environment, cwd=self.prefect.folder)
            opened.callback(end, process, signal.SIGKILL)
            self.pids[name] = process.pid

    def _start_hangar(self, opened: contextlib.ExitStack) -> None:
        if not self.case.hangar:
            return
        settings: dict[str, object] = {
            "data_dir": self.prefect.folder / "hangar",
            "nats.url": self.nats.url,
            "storage.type": "postgres",
            "storage.url": self.database,
            # Larger transactions than for the shortest delay, which costs CPU that others need.
            f"services.{RECORDER}.flush_interval": "100ms",
            f"services.{PERSISTER}.enabled": str(PERSISTER in self.case.hangar).lower(),
            f"services.{GATEWAY}.enabled": str(GATEWAY in self.case.hangar).lower(),
            f"services.{GATEWAY}.listen": "127.0.0.1:0",
            f"services.{GATEWAY}.websocket_ping_interval": "0",  # the feeder answers none
        }
        log = self.prefect.folder / "hangar.log"
        process = opened.enter_context(hangar_running(*flags(settings), log=log))
        self.pids["Hangar"] = process.pid
        if GATEWAY in self.case.hangar:
            surface = Surface.of(process, self.prefect.folder / "hangar", log)
            wait_until(
                lambda: bool(_listens(surface)), what="the gateway", process=process, log=log
            )
            self.address = _listens(surface)

    def lags(self, sent: int) -> dict[str, int]:
        """How many events each consumer is behind, and the API, and the tables."""
        listed = self.stream.request(f"CONSUMER.LIST.{_STREAM}")["consumers"]
        found = {_shown(each): each["num_pending"] + each["num_ack_pending"] for each in listed}
        request = {"subjects_filter": _TASK_RUNS}
        state = self.stream.request(f"STREAM.INFO.{_STREAM}", **request)["state"]
        task_runs = int((state.get("subjects") or {}).get(_TASK_RUNS, 0))
        events, states = map(int, psql(self.database, _COUNTS).split("|"))
        return {
            "gateway" if GATEWAY in self.case.hangar else "API": sent - task_runs,
            **found,
            # A consumer of Prefect's acknowledges before it stores.
            "rows of events": int(state["messages"]) - events,
            "rows of task_run_state": task_runs - states,
        }

    def cpu(self) -> dict[str, float]:
        return {name: cpu_seconds(pid) for name, pid in self.pids.items()}


def _listens(surface: Surface) -> str:
    """The gateway's address, once it has one."""
    service = json.loads(surface.ask("/status")[1])["services"][GATEWAY]
    return str(service.get("listeners", {}).get("http", {}).get("address", ""))


def _shown(consumer: Mapping[str, Any]) -> str:
    """Of what feeds subscribers, which has another name each time, what it is for."""
    name = str(consumer["name"])
    lives = name.startswith("live-") or not consumer["config"].get("durable_name")
    return "live" if lives else name
