"""A Prefect installation as people run it: API server and services, on PostgreSQL and NATS."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.children import ServerError, end, spawn, wait_until
from support.jetstream import JetStream, JetStreamError
from support.prefect_nats_venv import prefect_nats_venv
from support.prefect_server import PrefectServer

RECORDER_OFF = {"PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_ENABLED": "false"}
PERSISTER_OFF = {"PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false"}

MESSAGING = {
    "PREFECT_SERVER_EVENTS_MESSAGING_BROKER": "prefect_nats.messaging",
    "PREFECT_SERVER_EVENTS_MESSAGING_CACHE": "prefect_nats.messaging",
}

# Events' rows are there after a second and not after five, and logs go through the broker too.
_SETTINGS = {
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "0.5",
    "PREFECT_SERVER_LOGS_STREAM_PUBLISHING_ENABLED": "true",
    "PREFECT_SERVER_LOGS_STREAM_OUT_ENABLED": "true",
}
_RECORDER, _PERSISTER = "events-task-run-recorder", "events-event-persister"


class PrefectInstallation(PrefectServer):
    """`prefect server start --no-services` and `prefect server services start`, with prefect-nats.

    The server runs from the start; the services when they are started. Both are gone when this is.
    """

    def __init__(
        self, nats_url: str, database: str, *, settings: Mapping[str, str] | None = None
    ) -> None:
        nats = {"PREFECT_NATS_MESSAGING_URL": nats_url}
        every = {**MESSAGING, **_SETTINGS, **nats, **(settings or {})}
        super().__init__(prefect_nats_venv(), database, settings=every)
        self.nats_url = nats_url
        self._services: subprocess.Popen[bytes] | None = None

    def _open(self, opened: contextlib.ExitStack) -> None:
        super()._open(opened)
        opened.callback(self.stop_services)

    def start_services(self, *, recorder: bool, persister: bool = True) -> None:
        """Returns when they read their topics."""
        log = self.folder / "services.log"
        off = {**({} if recorder else RECORDER_OFF), **({} if persister else PERSISTER_OFF)}
        services = self._services = spawn(
            [self.venv.prefect, "server", "services", "start"],
            log=log,
            environment={**self.environment(), **off},
            cwd=self.folder,
        )
        groups = [
            ("PREFECT_ACTIONS", "actions-actions"),
            ("PREFECT_EVENTS", "events-reactive-triggers"),
            *[("PREFECT_EVENTS", _RECORDER)] * recorder,
            *[("PREFECT_EVENTS", _PERSISTER)] * persister,
        ]
        with JetStream(self.nats_url) as jetstream:
            wait_until(
                lambda: all(is_read(jetstream, stream, name) for stream, name in groups),
                what="Prefect's services",
                process=services,
                log=log,
                within=self.patience,
            )

    def stop_services(self) -> None:
        """Ends them as a person does, with Ctrl-C: they flush what they hold."""
        if self._services is not None:
            end(self._services, signal.SIGINT, within=60)
            self._services = None

    def kill_services(self) -> None:
        """Ends them so that they can do nothing more."""
        if self._services is not None:
            end(self._services, signal.SIGKILL)
            self._services = None

    def runs(self, kind: str, tag: str) -> list[dict[str, Any]]:
        """All `flow_runs` or `task_runs` that carry the tag."""
        found: list[dict[str, Any]] = []
        wanted = {kind: {"tags": {"all_": [tag]}}, "sort": "ID_DESC", "limit": 200}
        while page := self.ask(f"{kind}/filter", {**wanted, "offset": len(found)}):
            found += page
        return found

    def run(self, script: Path, *arguments: str) -> str:
        """What a client's script prints; ServerError when it fails."""
        done = subprocess.run(
            [self.venv.python, script, *arguments],
            env=self.environment(),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ServerError(f"{script.name}: {done.stderr[-4000:]}")
        return done.stdout


def is_read(jetstream: JetStream, stream: str, consumer: str) -> bool:
    """Whether somebody waits for the durable's next message."""
    try:
        return bool(jetstream.request(f"CONSUMER.INFO.{stream}.{consumer}")["num_waiting"])
    except JetStreamError:
        return False
