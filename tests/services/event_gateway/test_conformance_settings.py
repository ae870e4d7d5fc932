"""Prefect's settings of events mean the same to its own server and to the gateway."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import sqlite3
import unittest
import uuid
from typing import Any, ClassVar

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from services.event_gateway.conformance_case import Conformance
from services.event_gateway.peers import AUTH, Peer
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from support.jetstream import JetStream

_OUT = "/api/events/out"
_JSON = {"Content-Type": "application/json"}
_SIZE, _NAME, _LABELS, _RELATED = 1_000, 60, 20, 10  # Prefect's own events are smaller.
_ENDLESS = "2999-01-01T00:00:00Z"
_STORED = "event LIKE 'stored.%'"


def event(name: str = "e", hours: float = 0, **members: Any) -> dict[str, Any]:
    """One that occurred so many hours ago."""
    occurred = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=hours)
    return {
        "id": str(uuid.uuid4()),
        "event": name,
        "occurred": occurred.isoformat(),
        "resource": {"prefect.resource.id": "r"},
        **members,
    }


class Settings(Conformance):
    services = ("event_gateway", "event_persister")
    settings: ClassVar[dict[str, str]] = {
        "PREFECT_SERVER_EVENTS_MAXIMUM_SIZE_BYTES": str(_SIZE),
        "PREFECT_SERVER_EVENTS_MAXIMUM_EVENT_NAME_LENGTH": str(_NAME),
        "PREFECT_SERVER_EVENTS_MAXIMUM_LABELS_PER_RESOURCE": str(_LABELS),
        "PREFECT_SERVER_EVENTS_MAXIMUM_RELATED_RESOURCES": str(_RELATED),
        "PREFECT_SERVER_EVENTS_MAXIMUM_WEBSOCKET_BACKFILL": "PT24H",
        "PREFECT_SERVER_EVENTS_WEBSOCKET_BACKFILL_PAGE_SIZE": "2",
        "PREFECT_SERVER_API_WEBSOCKET_PING_INTERVAL": "1",
        "PREFECT_SERVER_API_WEBSOCKET_PING_TIMEOUT": "5",
    }

    def post(self, peer: Peer, *events: dict[str, Any]) -> int:
        return peer.http("POST", "/api/events", json.dumps(events).encode(), _JSON)[0]

    def test_limits_of_an_event(self) -> None:
        one = {"prefect.resource.id": "s", "prefect.resource.role": "t"}
        for above, status in ((0, 204), (1, 422)):
            labels = {f"l{n}": "x" for n in range(_LABELS - 1 + above)}
            for each in (
                event("n" * (_NAME + above)),
                event(resource={"prefect.resource.id": "r", **labels}),
                event(related=[{**one, **dict(list(labels.items())[1:])}]),
                event(related=[one] * (_RELATED + above)),
            ):
                with self.subTest(event=each):
                    self.both_http("POST", "/api/events", json.dumps([each]).encode(), _JSON)
                    self.assertEqual(self.post(self.gateway, each), status)

    async def test_largest_event_has_the_same_size(self) -> None:
        events = [event(payload={"x": "é" * n}) for n in range(_SIZE // 4, _SIZE // 2, 2)]
        kept = []
        for peer in (self.prefect, self.gateway):
            async with peer.socket(protocols=()) as socket, asyncio.timeout(60):
                for each in events:
                    await socket.send(json.dumps(each, ensure_ascii=False))
                await (await socket.ping())
            found = {json.loads(message.data)["id"] for message in peer.stored()}
            kept.append([each["id"] in found for each in events])
        self.assertIn(False, kept[0])
        self.assertIn(True, kept[0])
        self.assertEqual(kept[1], kept[0])

    async def test_server_pings_and_closes_who_does_not_answer(self) -> None:
        ends = await asyncio.gather(
            *(
                self._end_without_pongs(peer, path)
                for peer in (self.prefect, self.gateway)
                for path in ("/api/events/in", _OUT)
            )
        )
        self.assertEqual(ends, [(1011, "keepalive ping timeout")] * 4)

    async def _end_without_pongs(self, peer: Peer, path: str) -> tuple[int | None, str | None]:
        async with (
            asyncio.timeout(60),
            peer.socket(path, create_connection=_Pinged) as socket,
        ):
            await socket.send(AUTH)
            await socket.recv()
            for _ in range(2):
                await socket.pings.acquire()  # The second one comes to who answered the first.
            socket.answers = False
            with self.assertRaises(ConnectionClosed):
                await socket.recv()
            return socket.close_code, socket.close_reason

    async def test_stored_events_come_in_order_and_no_older_ones(self) -> None:
        hours = (25, 23, 20, 10, 5, 1)
        sent = [event(f"stored.{hour}", hour) for hour in hours]
        self.assertEqual(await asyncio.to_thread(self.post, self.gateway, *reversed(sent)), 204)
        await asyncio.to_thread(self.gateway.nats.wait_until, self._all_stored, "all rows")
        self._copy_rows()
        found = []
        for peer in (self.prefect, self.gateway):
            async with asyncio.timeout(60), contextlib.AsyncExitStack() as opened:
                ending, endless, new = [
                    await opened.enter_async_context(peer.socket(_OUT, ())) for _ in range(3)
                ]
                await ending.send(_wanted({}))
                await endless.send(_wanted({"until": _ENDLESS}))
                found.append([[json.loads(await each.recv()) for _ in hours[1:]]
                              for each in (ending, endless)])  # fmt: skip
                await new.send(_wanted({"until": _ENDLESS}, backfill=False))
                await self._only_live(peer, ending, endless, new)
        self.assertEqual(found[1], found[0])
        for each in found[0]:
            self.assertEqual([one["event"]["id"] for one in each], [one["id"] for one in sent[1:]])

    async def _only_live(
        self, peer: Peer, ending: ClientConnection, endless: ClientConnection, new: ClientConnection
    ) -> None:
        """What is sent now comes to those alone whose filter has no end, and nothing before it."""
        first = asyncio.create_task(new.recv())
        sent: list[str] = []
        while not first.done():
            live = event("stored.live")
            sent.append(live["id"])
            self.assertEqual(await asyncio.to_thread(self.post, peer, live), 204)
            await asyncio.wait([first], timeout=0.2)
        self.assertIn(json.loads(first.result())["event"]["id"], sent)
        came = [json.loads(await endless.recv())["event"]["id"] for _ in sent]
        self.assertEqual(came, sent)
        silent = asyncio.create_task(ending.recv())
        await (await ending.ping())
        self.assertFalse(silent.done())
        silent.cancel()

    def _all_stored(self) -> bool:
        with JetStream(self.gateway.nats.url) as jetstream:
            info = jetstream.request("CONSUMER.INFO.PREFECT_EVENTS.events-event-persister")
        return not info["num_pending"] and not info["num_ack_pending"]

    def _copy_rows(self) -> None:
        """Gives Prefect's server the rows that Hangar stored."""
        with contextlib.closing(sqlite3.connect(self.prefect.database, timeout=60)) as rows:
            rows.execute("ATTACH ? AS ours", (str(self.gateway.database),))
            for table, chosen in (
                ("events", _STORED),
                ("event_resources", f"event_id IN (SELECT id FROM ours.events WHERE {_STORED})"),
            ):
                columns = ", ".join(
                    each[1] for each in rows.execute(f"PRAGMA main.table_info({table})")
                )
                rows.execute(
                    f"INSERT INTO main.{table} ({columns}) "
                    f"SELECT {columns} FROM ours.{table} WHERE {chosen}"
                )
            rows.commit()


class _Pinged(ClientConnection):  # type: ignore[misc]
    """Counts the server's pings, and can leave them unanswered."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.pings = asyncio.Semaphore(0)
        self.answers = True
        send = self.protocol.send_frame

        def send_frame(frame: Frame) -> None:
            if self.answers or frame.opcode is not Opcode.PONG:
                send(frame)

        self.protocol.send_frame = send_frame

    def process_event(self, frame: Any) -> None:
        if isinstance(frame, Frame) and frame.opcode is Opcode.PING:
            self.pings.release()
        super().process_event(frame)


def _wanted(occurred: dict[str, str], *, backfill: bool = True) -> str:
    chosen = {
        "event": {"prefix": ["stored."]},
        "occurred": {"since": "2020-01-01T00:00:00Z", **occurred},
    }
    return json.dumps({"type": "filter", "filter": chosen, "backfill": backfill})


if __name__ == "__main__":
    unittest.main()
