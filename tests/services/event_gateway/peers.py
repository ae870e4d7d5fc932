"""The two that clients of `/api/events` can talk to: Prefect's own server, and the gateway."""

from __future__ import annotations

import abc
import contextlib
import copy
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from support.jetstream import JetStream, StoredMessage
from support.owner import Owner
from support.prefect_nats_venv import prefect_nats_venv
from support.prefect_server import PrefectServer, base_path_of
from support.prefect_venv import create_prefect_sqlite
from support.program import flags, hangar_running
from support.servers import NatsServer
from support.surface import Surface
from support.temporary import temporary_folder

AUTH = json.dumps({"type": "auth", "token": None})
EVENTS = "PREFECT_EVENTS"
INVALID = "HANGAR_GATEWAY_DLQ"


@dataclass(frozen=True)
class Answer:
    """What came of a WebSocket: the status without one, or its subprotocol, messages and end."""

    status: int = 101
    subprotocol: str | None = None
    messages: tuple[str, ...] = ()
    code: int | None = None
    reason: str = ""
    closed: bool = False
    """By the other side, with or without a Close."""


class Peer(Owner):
    """One of the two, with a NATS server of its own."""

    nats: NatsServer
    address: str
    base = "/api"
    """What the paths of the API begin with."""

    @property
    @abc.abstractmethod
    def pid(self) -> int:
        """Of its process."""

    def at(self, address: str) -> Peer:
        """The same by the address of what stands in front of it."""
        other = copy.copy(self)
        other.address = address
        return other

    def http(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection(self.address, timeout=60)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, found, answer.read()
        finally:
            connection.close()

    def socket(
        self,
        path: str | None = None,
        protocols: tuple[str, ...] = ("prefect",),
        headers: Mapping[str, str] = {},
        **how: Any,
    ) -> connect:
        return connect(
            f"ws://{self.address}{path or self.base + '/events/in'}",
            subprotocols=[Subprotocol(each) for each in protocols] or None,
            additional_headers=dict(headers),
            proxy=None,
            ping_interval=None,
            open_timeout=60,  # other tests run beside this one
            **how,
        )

    @contextlib.asynccontextmanager
    async def authenticated(self, token: str | None = None) -> Any:
        async with self.socket() as socket:
            await socket.send(json.dumps({"type": "auth", "token": token}))
            assert json.loads(await socket.recv()) == {"type": "auth_success"}
            yield socket

    async def answer(
        self,
        *messages: str | bytes,
        path: str | None = None,
        protocols: tuple[str, ...] = ("prefect",),
        headers: Mapping[str, str] = {},
        wanted: int = 1,
    ) -> Answer:
        """Sends the messages and waits for so many, or for the end."""
        try:
            async with self.socket(path, protocols, headers) as socket:
                return await _heard(socket, messages, wanted)
        except InvalidStatus as refused:
            return Answer(status=refused.response.status_code)

    def stored(self, stream: str = EVENTS) -> list[StoredMessage]:
        with JetStream(self.nats.url) as jetstream:
            if stream not in jetstream.streams():
                return []
            return list(jetstream.messages(stream))


async def _heard(
    socket: ClientConnection, messages: tuple[str | bytes, ...], wanted: int
) -> Answer:
    heard: list[str] = []
    closed: ConnectionClosed | None = None
    try:
        for message in messages:
            await socket.send(message)
        while len(heard) < wanted:
            heard.append(str(await socket.recv()))
    except ConnectionClosed as end:
        closed = end
    received = closed.rcvd if closed else None
    return Answer(
        subprotocol=socket.subprotocol,
        messages=tuple(heard),
        code=received.code if received else None,
        reason=received.reason if received else "",
        closed=closed is not None,
    )


class PrefectPeer(Peer):
    """`prefect server start` with prefect-nats."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings = settings

    def _open(self, opened: contextlib.ExitStack) -> None:
        folder = opened.enter_context(temporary_folder("prefect"))
        self.nats = opened.enter_context(NatsServer())
        self.database = create_prefect_sqlite(folder / "prefect.db")
        server = PrefectServer(
            prefect_nats_venv(),
            str(self.database),
            settings={
                "PREFECT_SERVER_EVENTS_MESSAGING_BROKER": "prefect_nats.messaging",
                "PREFECT_SERVER_EVENTS_MESSAGING_CACHE": "prefect_nats.messaging",
                "PREFECT_NATS_MESSAGING_URL": self.nats.url,
                **self._settings,
            },
        )
        self._server = opened.enter_context(server)
        self.address = f"127.0.0.1:{server.port}"
        self.base = server.base_path

    @property
    def pid(self) -> int:
        return self._server.pid

    def kill(self) -> None:
        """At once, with every process that it started; `start` begins again on the same port."""
        for pid in _descendants(self.pid):
            os.kill(pid, signal.SIGKILL)
        self._server.stop(signal.SIGKILL)

    def start(self) -> None:
        self._server.start()


def _descendants(pid: int) -> Iterator[int]:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            yield from _descendants(int(child))
            yield int(child)


class Gateway(Peer):
    """`hangar run --only event_gateway`; can be killed and started again."""

    def __init__(
        self,
        settings: Mapping[str, str] = {},
        nats: NatsServer | None = None,
        services: tuple[str, ...] = ("event_gateway",),
        nats_url: str = "",
    ) -> None:
        """`nats_url` where it reaches its server by way of another."""
        self._environment = settings
        self._services = services
        self._nats = nats
        self._nats_url = nats_url
        self.base = base_path_of(settings)

    def _open(self, opened: contextlib.ExitStack) -> None:
        self._folder = opened.enter_context(temporary_folder("gateway"))
        self.log = self._folder / "hangar.log"
        self.nats = self._nats or opened.enter_context(NatsServer())
        self._running = opened.enter_context(contextlib.ExitStack())
        self.start()

    def start(self) -> None:
        settings = {
            "nats.url": self._nats_url or self.nats.url,
            "data_dir": self._data,
            "services.event_gateway.listen": "127.0.0.1:0",
            "services.event_gateway.publish_timeout": "1s",
        }
        command = (
            *(word for name in self._services for word in ("--only", name)),
            *flags(settings),
        )
        running = hangar_running(*command, log=self.log, env=self._environment)
        self.process: subprocess.Popen[bytes] = self._running.enter_context(running)
        self.surface = Surface.of(self.process, self._data, self.log)
        self.nats.wait_until(self._listens, "the gateway")

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._running.close()

    @property
    def database(self) -> Path:
        return self._data / "hangar.db"

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _listens(self) -> bool:
        service = json.loads(self.surface.ask("/status")[1])["services"]["event_gateway"]
        self.address = service.get("listeners", {}).get("http", {}).get("address", "")
        return bool(self.address)
