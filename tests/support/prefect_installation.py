"""A Prefect installation as people run it: API server and services, on PostgreSQL and NATS."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from support.children import ServerError, end, free_port, spawn, wait_until
from support.jetstream import JetStream, JetStreamError
from support.prefect_nats_venv import prefect_nats_venv
from support.prefect_venv import prefect_url
from support.temporary import temporary_folder

RECORDER_OFF = {"PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_ENABLED": "false"}

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
_GROUPS = {
    "PREFECT_EVENTS": ("events-event-persister", "events-reactive-triggers"),
    "PREFECT_ACTIONS": ("actions-actions",),
}
_RECORDER = "events-task-run-recorder"
# Python has much to import, and other tests run beside this one.
_PATIENCE = 600.0


class PrefectInstallation:
    """`prefect server start --no-services` and `prefect server services start`, with prefect-nats.

    The server runs from the start; the services when they are started. Both are gone when this is.
    """

    def __init__(
        self, nats_url: str, database: str, *, settings: Mapping[str, str] | None = None
    ) -> None:
        self.venv = prefect_nats_venv()
        self.nats_url = nats_url
        self._database = database
        self._settings = dict(settings or {})
        self._exit = contextlib.ExitStack()
        self._services: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder = self._exit.enter_context(temporary_folder("prefect"))
        try:
            self._start_on_free_port()
            self._exit.callback(self.stop_services)
        except BaseException:
            self._exit.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exit.close()

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    def environment(self) -> dict[str, str]:
        """What the servers and their clients see."""
        return {
            **self.venv.environment(self.folder / "home", prefect_url(self._database)),
            **MESSAGING,
            **_SETTINGS,
            "PREFECT_NATS_MESSAGING_URL": self.nats_url,
            "PREFECT_UI_STATIC_DIRECTORY": str(self.folder / "ui"),
            "PREFECT_API_URL": self.api,
            **self._settings,
        }

    def _start_on_free_port(self) -> None:
        for attempt in range(5):
            self.port = free_port()
            try:
                return self._start_server()
            except ServerError as error:
                if attempt == 4 or "already in use" not in str(error):
                    raise
        return None

    def _start_server(self) -> None:
        words = ("server", "start", "--no-services", "--host", "127.0.0.1", "--port", self.port)
        log = self.folder / "server.log"
        server = self._spawn(words, log, {})
        self._exit.callback(end, server, signal.SIGTERM)
        wait_until(self._healthy, what="Prefect", process=server, log=log, within=_PATIENCE)

    def _spawn(
        self, words: Sequence[object], log: Path, settings: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        command = [str(self.venv.prefect), *map(str, words)]
        environment = {**self.environment(), **settings}
        return spawn(command, log=log, environment=environment, cwd=self.folder)

    def _healthy(self) -> bool:
        try:
            return bool(self.ask("health"))
        except (OSError, ValueError):
            return False

    def start_services(self, *, recorder: bool) -> None:
        """Returns when they read their topics."""
        log = self.folder / "services.log"
        settings = {} if recorder else RECORDER_OFF
        services = self._spawn(("server", "services", "start"), log, settings)
        self._services = services
        groups = dict(_GROUPS)
        if recorder:
            groups["PREFECT_EVENTS"] += (_RECORDER,)
        with JetStream(self.nats_url) as jetstream:
            wait_until(
                lambda: all(
                    _is_read(jetstream, stream, name)
                    for stream, names in groups.items()
                    for name in names
                ),
                what="Prefect's services",
                process=services,
                log=log,
                within=_PATIENCE,
            )

    def stop_services(self) -> None:
        """Ends them as a person does, with Ctrl-C: they flush what they hold."""
        if self._services is not None:
            end(self._services, signal.SIGINT, within=60)
            self._services = None

    def ask(self, path: str, body: Any = None) -> Any:
        """GET, or POST of a body, from the API."""
        request = urllib.request.Request(
            f"{self.api}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

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


def _is_read(jetstream: JetStream, stream: str, consumer: str) -> bool:
    try:
        return bool(jetstream.request(f"CONSUMER.INFO.{stream}.{consumer}")["num_waiting"])
    except JetStreamError:
        return False
