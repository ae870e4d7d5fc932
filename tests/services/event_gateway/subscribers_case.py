"""For tests of subscribers: what they ask for, and what comes."""

import asyncio
import datetime
import json
import unittest
import uuid
from collections.abc import Callable
from typing import Any

from services.event_gateway.peers import EVENTS, Gateway
from websockets.asyncio.client import ClientConnection

from support.jetstream import JetStream

OUT = "/api/events/out"
PERSISTER = "events-event-persister"
_JSON = {"Content-Type": "application/json"}


def event(name: str, **members: Any) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "occurred": datetime.datetime.now(datetime.UTC).isoformat(),
        "event": name,
        "resource": {"prefect.resource.id": "r"},
        "payload": {},
        **members,
    }


def wanted(**parts: Any) -> dict[str, Any]:
    """A filter of these parts, without an end."""
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    return {"occurred": {"since": "2020-01-01T00:00:00Z", "until": until.isoformat()}, **parts}


class SubscribersCase(unittest.IsolatedAsyncioTestCase):
    gateway: Gateway

    async def asyncSetUp(self) -> None:
        asyncio.get_running_loop().set_debug(False)  # It tells of every wait under load.

    async def post(self, *events: dict[str, Any]) -> list[str]:
        """Their ids, once they are stored in the stream."""
        body = json.dumps(events).encode()
        status = 503  # Not all were stored in time: it is asked again, as a client does.
        while status == 503:
            status, _, _ = await asyncio.to_thread(
                self.gateway.http, "POST", "/api/events", body, _JSON
            )
        self.assertEqual(status, 204)
        return [str(each["id"]) for each in events]

    async def subscribe(
        self, socket: ClientConnection, parts: dict[str, Any], backfill: bool = True
    ) -> None:
        await socket.send(json.dumps({"type": "auth", "token": None}))
        self.assertEqual(json.loads(await socket.recv()), {"type": "auth_success"})
        message = {"type": "filter", "filter": wanted(**parts), "backfill": backfill}
        await socket.send(json.dumps(message))

    async def ids(self, socket: ClientConnection, count: int) -> list[str]:
        found: list[str] = []
        while len(found) < count:
            message = json.loads(await socket.recv())
            self.assertEqual(message["type"], "event")
            found.append(message["event"]["id"])
        return found

    async def until(self, there: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not await asyncio.to_thread(there):
                await asyncio.sleep(0.01)

    def settled(self, consumer: str = PERSISTER) -> int:
        with JetStream(self.gateway.nats.url) as stream:
            names = stream.request(f"CONSUMER.NAMES.{EVENTS}")["consumers"] or []
            if consumer not in names:
                return 0  # Who reads it has just begun.
            info = stream.request(f"CONSUMER.INFO.{EVENTS}.{consumer}")
        return int(info["ack_floor"]["stream_seq"])

    def nobody_acks(self) -> None:
        """Makes the consumer of who stores events."""
        config = {"durable_name": PERSISTER, "ack_policy": "explicit", "deliver_policy": "all"}
        with JetStream(self.gateway.nats.url) as stream:
            stream.request(
                f"CONSUMER.DURABLE.CREATE.{EVENTS}.{PERSISTER}", stream_name=EVENTS, config=config
            )

    def subscribers(self, outcome: str) -> float:
        name = "hangar_gateway_subscribers_total"
        series = self.gateway.surface.metrics().items()
        return sum(v for k, v in series if k.startswith(name) and f'outcome="{outcome}"' in k)
