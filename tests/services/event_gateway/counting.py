"""A client of `/api/events/in` that counts pongs, over whatever breaks its connection."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import uuid
from typing import Any

from services.event_gateway.peers import Peer
from websockets.exceptions import ConnectionClosed, InvalidHandshake

_OCCURRED = datetime.datetime.now(datetime.UTC).isoformat()  # Older ones would be trimmed.
_BEHIND_EACH_PING = 20
_PINGS = 4  # Without a pong yet.
_PAUSE = 0.05  # So that a test which takes its time has not too many.


def event(identity: str, filling: int = 200) -> str:
    return json.dumps(
        {
            "id": identity,
            "occurred": _OCCURRED,
            "event": "e",
            "resource": {"prefect.resource.id": "r"},
            "payload": {"filling": "x" * filling},
        }
    )


class CountingClient:
    """Sends new events; on a new connection first those that no pong has confirmed."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self.confirmed: list[str] = []
        self.unconfirmed: list[str] = []

    async def run(self, enough: asyncio.Event) -> None:
        """Until it is enough, and the pongs have confirmed all."""
        while not enough.is_set() or self.unconfirmed:
            try:
                await self.connect_once(enough)
            except* (ConnectionClosed, OSError, InvalidHandshake, EOFError):
                pass
            await asyncio.sleep(0.02)  # Before it tries again.

    async def connect_once(self, enough: asyncio.Event) -> None:
        """Until the connection breaks, or all is confirmed."""
        async with self._peer.authenticated() as socket, asyncio.TaskGroup() as waiting:
            for each in self.unconfirmed:
                await socket.send(event(each))
            room = asyncio.Semaphore(_PINGS)
            while not enough.is_set():
                await room.acquire()
                for _ in range(_BEHIND_EACH_PING):
                    self.unconfirmed.append(str(uuid.uuid4()))
                    await socket.send(event(self.unconfirmed[-1]))
                covered = set(self.unconfirmed)
                waiting.create_task(self._confirm(await socket.ping(), covered, room))
                await asyncio.sleep(_PAUSE)
            covered = set(self.unconfirmed)
            await self._confirm(await socket.ping(), covered, room)

    async def _confirm(self, pong: Any, covered: set[str], room: asyncio.Semaphore) -> None:
        """What was sent before a ping is confirmed by its pong."""
        with contextlib.suppress(ConnectionClosed):
            await pong
            self.confirmed += [each for each in self.unconfirmed if each in covered]
            self.unconfirmed = [each for each in self.unconfirmed if each not in covered]
        room.release()
