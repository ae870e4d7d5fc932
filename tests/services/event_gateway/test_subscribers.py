"""What subscribers get: each event that they want, once, whoever stores events and however late."""

import asyncio
import contextlib
import os
import unittest
from collections import Counter
from typing import Any

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from prefect.events.clients import PrefectEventSubscriber
from prefect.events.filters import EventFilter, EventNameFilter
from services.event_gateway.peers import Gateway
from services.event_gateway.subscribers_case import OUT, SubscribersCase, event
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed


class WithPersister(SubscribersCase):
    """Hangar stores the events beside the gateway."""

    def setUp(self) -> None:
        self.gateway = self.enterContext(Gateway(services=("event_gateway", "event_persister")))

    async def test_prefects_own_subscriber_gets_what_was_and_what_comes(self) -> None:
        before = await self.post(event("a.one"), event("b.one"), event("a.two"))
        api = f"http://{self.gateway.address}/api"
        chosen = EventFilter(event=EventNameFilter(prefix=["a."]))
        async with asyncio.timeout(90), PrefectEventSubscriber(api, chosen) as subscriber:
            events = aiter(subscriber)
            first = [str((await anext(events)).id) for _ in range(2)]
            self.assertEqual(first, [before[0], before[2]])
            after = await self.post(event("b.two"), event("a.three"))
            self.assertEqual(str((await anext(events)).id), after[1])

    async def test_each_event_comes_once_whenever_one_subscribes(self) -> None:
        sent: list[str] = []
        enough = asyncio.Event()
        done = asyncio.Event()

        async def keep_posting() -> None:
            while not enough.is_set():
                sent.extend(await self.post(*(event("e") for _ in range(20))))
            done.set()
            await self.post(event("e"))  # Whoever has got all waits for it.

        posting = asyncio.create_task(keep_posting())
        subscribers = [
            {}, {"event": {"name": ["e"]}}, {"event": {"prefix": ["e"]}},
            {"resource": {"id": ["r"]}}, {"any_resource": {"id": ["r", "r"]}},
        ]  # fmt: skip
        async with asyncio.timeout(120), contextlib.AsyncExitStack() as opened:
            sockets: list[ClientConnection] = []
            for parts in subscribers:
                while len(sent) < 100 * (len(sockets) + 1):
                    await asyncio.sleep(0.001)
                socket = await opened.enter_async_context(self.gateway.socket(OUT))
                await self.subscribe(socket, parts)
                sockets.append(socket)
            readings = [asyncio.create_task(self.ids_until(each, done, sent)) for each in sockets]
            joined = len(sent) + 200
            while len(sent) < joined:
                await asyncio.sleep(0.001)
            enough.set()
            await posting
            for parts, reading in zip(subscribers, readings, strict=True):
                found = Counter(await reading)
                self.assertEqual(set(sent) - set(found), set(), f"{parts}: missing")
                self.assertEqual(found.total(), len(found), f"{parts}: twice")

    async def ids_until(
        self, socket: ClientConnection, done: asyncio.Event, sent: list[str]
    ) -> list[str]:
        """What comes, until the last of what is sent came."""
        found: list[str] = []
        while not done.is_set() or not set(sent) <= set(found):
            found += await self.ids(socket, 1)
        # A second one would come before the answer to what is asked behind it.
        marker = await self.post(event("e"))
        while found[-1] != marker[0]:
            found += await self.ids(socket, 1)
        return [each for each in found if each in set(sent)]

    async def test_stored_events_are_those_that_sql_selects(self) -> None:
        related = [{"prefect.resource.id": "t", "prefect.resource.role": "tag", "env": "prod"}]
        first = event("a", related=related)
        second = event("b", payload={"said": "Hello"})
        third = event("a", resource={"prefect.resource.id": "other", "env": "prod"})
        await self.post(first, second, third, event("a", occurred="2020-06-01T00:00:00Z"))
        await self.until(lambda: self.settled() == 4)
        ends: list[str] = []
        for parts, expected in (
            ({}, [first, second, third]), ({"event": {"name": ["a"]}}, [first, third]),
            ({"related": {"id": ["t"], "role": ["tag"]}}, [first]),
            ({"related": {"role": ["other"]}}, []), ({"any_resource": {"id": ["t"]}}, [first]),
            ({"related": {"labels": {"env": "p*"}}}, [first]),
            ({"resource": {"labels": {"env": "!x"}}}, [third]),
            ({"text": {"query": "hello"}}, [second]), ({"event": {"prefix": ["b"]}}, [second]),
            ({"resource": {"distinct": True}}, [first, third]),
            ({"id": {"id": [third["id"], first["id"]]}}, [first, third]),
        ):  # fmt: skip
            with self.subTest(filter=parts):
                end = self.end_of(parts, ends)
                async with self.gateway.socket(OUT) as socket, asyncio.timeout(60):
                    await self.subscribe(socket, parts)
                    found = await self.ids(socket, len(expected))
                    self.assertEqual(found, [each["id"] for each in expected])
                    # What still came of the stored ones would come before this.
                    if "id" not in parts:
                        await self.until(lambda: self.subscribers("joined") == len(ends))
                        self.assertEqual(await self.post(end), await self.ids(socket, 1))

    def end_of(self, parts: dict[str, Any], ends: list[str]) -> dict[str, Any]:
        """An event that passes the filter when it is live, which no later filter does select."""
        names = parts.setdefault("event", {})
        names["exclude_name"] = [*ends]
        ends.append(f"b.end.{len(ends)}")
        if "name" in names:
            names["name"] = [*names["name"], ends[-1]]
        related = [{"prefect.resource.id": "t", "prefect.resource.role": "x"}]
        resource = {"prefect.resource.id": f"end.{len(ends)}", "env": "prod"}
        return event(ends[-1], payload={"said": "hello"}, resource=resource, related=related)


class WithPersisterThatAcksLater(SubscribersCase):
    """All events are stored, but none is known to be."""

    async def test_what_is_stored_and_remembered_comes_once(self) -> None:
        other = {"HANGAR_SERVICES_EVENT_PERSISTER_DURABLE": "other"}
        services = ("event_gateway", "event_persister")
        self.gateway = self.enterContext(Gateway(other, services=services))
        self.nobody_acks()
        before = await self.post(event("a"), event("b"), event("a"))
        await self.until(lambda: self.settled("other") == 3)
        async with self.gateway.socket(OUT) as socket, asyncio.timeout(60):
            await self.subscribe(socket, {"event": {"name": ["a"]}})
            self.assertEqual(await self.ids(socket, 2), [before[0], before[2]])
            self.assertEqual(await self.post(event("a")), await self.ids(socket, 1))


class WithoutPersister(SubscribersCase):
    """Somebody else stores the events, and has not begun."""

    def setUp(self) -> None:
        self.gateway = self.enterContext(Gateway())
        self.nobody_acks()

    async def test_what_nobody_has_stored_yet_comes_too(self) -> None:
        before = await self.post(event("a"), event("b"), event("a"))
        async with self.gateway.socket(OUT) as socket, asyncio.timeout(60):
            await self.subscribe(socket, {"event": {"name": ["a"]}})
            self.assertEqual(await self.ids(socket, 2), [before[0], before[2]])
            after = await self.post(event("b"), event("a"))
            self.assertEqual(await self.ids(socket, 1), after[1:])

    async def test_without_backfill_only_what_is_new_comes(self) -> None:
        before = await self.post(event("a"))
        async with self.gateway.socket(OUT) as socket, asyncio.timeout(60):
            await self.subscribe(socket, {}, backfill=False)
            await self.until(lambda: self.subscribers("joined") == 1)
            after = await self.post(event("a"))
            self.assertEqual(await self.ids(socket, 1), after)
            self.assertNotEqual(before, after)

    async def test_filter_that_takes_too_long_is_closed_and_holds_up_nobody(self) -> None:
        costly = {"resource": {"labels": {"x": "*?" + "a" * 10_000 + "b*"}}}
        resource = {"prefect.resource.id": "r", "x": "a" * 20_000}
        async with self.gateway.socket(OUT) as live, self.gateway.socket(OUT) as other:
            await self.subscribe(live, costly, backfill=False)
            await self.subscribe(other, {}, backfill=False)
            await self.until(lambda: self.subscribers("joined") == 2)
            sent = await self.post(event("a", resource=resource))
            async with asyncio.timeout(60), self.gateway.socket(OUT) as late:
                self.assertEqual(await self.ids(other, 1), sent)
                await self.subscribe(late, costly)  # Of what the gateway remembers.
                for socket in (live, late):
                    with self.assertRaises(ConnectionClosed) as closed:
                        await socket.recv()
                    self.assertEqual(closed.exception.rcvd and closed.exception.rcvd.code, 1008)
            await self.until(lambda: self.subscribers("costly") == 2)

    async def test_slow_subscriber_is_closed_and_holds_up_nobody(self) -> None:
        async with self.gateway.socket(OUT) as slow, self.gateway.socket(OUT) as other:
            for socket in (slow, other):
                await self.subscribe(socket, {}, backfill=False)
            await self.until(lambda: self.subscribers("joined") == 2)
            slow.transport.pause_reading()
            async with asyncio.timeout(120):
                for _ in range(8):
                    # Deflate makes no more than half of it.
                    noise = [{"noise": os.urandom(200_000).hex()} for _ in range(10)]
                    sent = await self.post(*(event("a", payload=each) for each in noise))
                    self.assertEqual(await self.ids(other, len(noise)), sent)
                slow.transport.resume_reading()
                with self.assertRaises(ConnectionClosed) as closed:
                    await self.ids(slow, 80)
            self.assertEqual(closed.exception.rcvd.code if closed.exception.rcvd else None, 1013)
            await self.until(lambda: self.subscribers("slow") == 1)


if __name__ == "__main__":
    unittest.main()
