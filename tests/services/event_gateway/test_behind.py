"""A new subscriber gets what nobody has stored yet, however much that is, and once."""

import asyncio
import unittest

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from services.event_gateway.peers import EVENTS, Gateway
from services.event_gateway.subscribers_case import OUT, SubscribersCase, event

from support.jetstream import JetStream

# Together more than the gateway keeps of what went by, and each less than NATS takes.
_EVENTS = 40
_PADDING = "x" * 900_000


class Behind(SubscribersCase):
    """Nobody stores the events."""

    def setUp(self) -> None:
        self.gateway = self.enterContext(Gateway())

    async def test_what_is_kept_no_more_is_read_from_the_stream(self) -> None:
        self.nobody_acks()
        sent: list[str] = []
        for _ in range(0, _EVENTS, 10):
            sent += await self.post(*(event("a", payload={"p": _PADDING}) for _ in range(10)))
        await self.check_all_get(sent)
        # Another process, which has seen nothing go by.
        self.gateway.kill()
        self.gateway.start()
        await self.check_all_get(sent)

    async def check_all_get(self, sent: list[str]) -> None:
        """Several at once, and each as fast as it reads; `sent` grows."""

        async def one() -> None:
            async with self.gateway.socket(OUT) as socket:
                await self.subscribe(socket, {})
                self.assertEqual(await self.ids(socket, len(sent)), sent)
                there.release()
                await go_on.wait()
                self.assertEqual(await self.ids(socket, 1), after)

        there, go_on, after = asyncio.Semaphore(0), asyncio.Event(), list[str]()
        async with asyncio.timeout(120), asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(one())
            for _ in range(3):
                await there.acquire()
            after += await self.post(event("a"))
            go_on.set()
        sent += after
        self.assertEqual(self.subscribers("joined"), 3)
        self.assertEqual(self.subscribers("gap"), 0)

    async def test_what_the_stream_has_no_more_is_not_waited_for(self) -> None:
        self.nobody_acks()
        sent: list[str] = []
        for _ in range(0, _EVENTS, 10):
            sent += await self.post(*(event("a", payload={"p": _PADDING}) for _ in range(10)))
        with JetStream(self.gateway.nats.url) as stream:
            for position in range(1, _EVENTS + 1):
                stream.request(f"STREAM.MSG.DELETE.{EVENTS}", seq=position, no_erase=True)
        async with self.gateway.socket(OUT) as socket, asyncio.timeout(60):
            await self.subscribe(socket, {})
            first = sent.index((await self.ids(socket, 1))[0])
            self.assertGreater(first, 0)  # Not all were kept.
            self.assertEqual(await self.ids(socket, _EVENTS - first - 1), sent[first + 1 :])
            await self.until(lambda: self.subscribers("joined") == 1)
            after = await self.post(event("a"))
            self.assertEqual(await self.ids(socket, 1), after)

    async def test_where_nothing_is_known_of_who_stores_events_a_gap_is_told(self) -> None:
        sent = await self.post(event("a"), event("b"))
        async with self.gateway.socket(OUT) as socket, asyncio.timeout(60):
            await self.subscribe(socket, {})
            self.assertEqual(await self.ids(socket, 2), sent)
        self.assertEqual(self.subscribers("gap"), 1)


if __name__ == "__main__":
    unittest.main()
