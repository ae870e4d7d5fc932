"""A Prefect installation whose clients know one address, behind which the gateway stands.

Prefect's API has its own stream of events switched off: what subscribers get is the gateway's.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import urllib.request
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.nginx import Nginx
from support.owner import Owner
from support.prefect_installation import PrefectInstallation
from support.prefect_venv import create_prefect_database, prefect_venv
from support.program import flags, hangar_running
from support.servers import NatsServer, PostgresServer, wait_until
from support.surface import Surface

NGINX, ALONE = "nginx", "alone"
"""What stands in front: nginx, or the gateway, which passes on what is not its own."""

_SETTINGS = {
    "PREFECT_API_EVENTS_STREAM_OUT_ENABLED": "false",
    "PREFECT_UI_API_URL": "/api",  # pages ask the address that they come from
}


class Fronted(Owner):
    """Servers, Prefect's API, Hangar's gateway, event persister and recorder, and the front."""

    def __init__(self, front: str) -> None:
        self._front = front

    def _open(self, opened: contextlib.ExitStack) -> None:
        self.nats = opened.enter_context(NatsServer())
        postgres = opened.enter_context(PostgresServer(fsync=False))
        database = create_prefect_database(postgres, "prefect")
        prefect = PrefectInstallation(self.nats.url, database, settings=_SETTINGS)
        self.prefect = opened.enter_context(prefect)
        api = f"127.0.0.1:{prefect.port}"
        self._settings = {
            "data_dir": prefect.folder / "hangar",
            "nats.url": self.nats.url,
            "storage.type": "postgres",
            "storage.url": database,
            "services.event_persister.enabled": "true",
            "services.event_gateway.enabled": "true",
            "services.event_gateway.listen": "127.0.0.1:0",
        }
        if self._front == ALONE:
            self._settings["services.event_gateway.api_url"] = f"http://{api}"
        self._hangar = opened.enter_context(contextlib.ExitStack())
        self._start()
        self.address = self._gateway()
        # Started again, it is where it was.
        self._settings["services.event_gateway.listen"] = self.address
        if self._front == NGINX:
            nginx = opened.enter_context(Nginx(api, self.address))
            self.address = f"127.0.0.1:{nginx.port}"

    def _start(self) -> None:
        log = self.prefect.folder / "hangar.log"
        process = self._hangar.enter_context(hangar_running(*flags(self._settings), log=log))
        self._surface = Surface.of(process, self.prefect.folder / "hangar", log)
        wait_until(lambda: bool(self._gateway()), what="the gateway", process=process, log=log)

    def kill_and_start(self) -> None:
        """Hangar ends as by a crash, and is started again."""
        self._hangar.close()
        self._start()

    def subscribers(self) -> float:
        """How many have subscribed since it started."""
        name = "hangar_gateway_subscribers_total"
        series = self._surface.metrics().items()
        return sum(value for key, value in series if name in key and 'outcome="joined"' in key)

    def _gateway(self) -> str:
        service = json.loads(self._surface.ask("/status")[1])["services"]["event_gateway"]
        return str(service.get("listeners", {}).get("http", {}).get("address", ""))

    def client(self, release: str, folder: Path) -> tuple[Path, Mapping[str, str]]:
        """The interpreter of a release's clients, and an environment in which they know the front.

        They know nothing else of this installation.
        """
        venv = prefect_venv(release)
        return venv.python, {
            **venv.environment(folder),
            "PREFECT_API_URL": f"http://{self.address}/api",
            "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
            "PYTHONUNBUFFERED": "1",
        }

    def post(self, name: str) -> str:
        """Sends an event of this name; returns its id."""
        identity = str(uuid.uuid4())
        event = {
            "id": identity,
            "occurred": datetime.datetime.now(datetime.UTC).isoformat(),
            "event": name,
            "resource": {"prefect.resource.id": f"resource.of.{name}"},
        }
        request = urllib.request.Request(
            f"http://{self.address}/api/events",
            data=json.dumps([event]).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 204, answer.status
        return identity

    def stored(self, name: str) -> list[dict[str, Any]]:
        """The events of this name that Prefect's own API finds."""
        chosen = {"filter": {"event": {"name": [name]}}}
        return list(self.prefect.ask("events/filter", chosen)["events"])
