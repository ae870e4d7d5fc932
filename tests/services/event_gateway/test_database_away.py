"""While the database is away events come in, and go out to those who have subscribed before."""

import asyncio
import json
import unittest

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from services.event_gateway.peers import Gateway
from services.event_gateway.subscribers_case import OUT, SubscribersCase, event

from support.prefect_schemas import load_schema
from support.prefect_venv import NEWEST
from support.servers import PostgresServer


class DatabaseAway(SubscribersCase):
    def setUp(self) -> None:
        self.postgres = self.enterContext(PostgresServer(fsync=False))
        load_schema(NEWEST, self.postgres.create_database("prefect"))
        self.settings = {"HANGAR_STORAGE_URL": self.postgres.url("prefect")}

    async def check_in(self) -> str:
        """An event has its pong; its id."""
        async with self.gateway.authenticated() as socket, asyncio.timeout(60):
            sent = event("a")
            await socket.send(json.dumps(sent))
            await (await socket.ping())
        ids = [json.loads(message.data)["id"] for message in self.gateway.stored()]
        self.assertIn(sent["id"], ids)
        return str(sent["id"])

    def readiness(self) -> tuple[int, str]:
        return self.gateway.surface.ask("/readyz?verbose")

    async def test_down_at_the_start_it_keeps_only_subscribers_waiting(self) -> None:
        self.postgres.stop()
        self.gateway = self.enterContext(Gateway(self.settings))
        self.nobody_acks()
        sent = [await self.check_in(), *await self.post(event("a"))]
        await self.until(lambda: self.readiness()[0] == 200)
        await self.until(lambda: "[~]storage is away: " in self.readiness()[1])
        self.assertEqual(self.readiness()[0], 200)
        async with self.gateway.socket(OUT) as socket, asyncio.timeout(120):
            await self.subscribe(socket, {})
            await asyncio.to_thread(self.postgres.start)
            self.assertEqual(await self.ids(socket, 2), sent)
            self.assertEqual(await self.post(event("a")), await self.ids(socket, 1))
        await self.until(lambda: "[+]storage ok" in self.readiness()[1])

    async def test_dying_it_keeps_only_new_subscribers_waiting(self) -> None:
        services = ("event_gateway", "event_persister")
        self.gateway = self.enterContext(Gateway(self.settings, services=services))
        async with self.gateway.socket(OUT) as early, asyncio.timeout(120):
            await self.subscribe(early, {})
            stored = await self.post(event("a"))
            self.assertEqual(await self.ids(early, 1), stored)
            await self.until(lambda: self.settled() == 1)
            self.postgres.kill()
            async with self.gateway.socket(OUT) as late:
                await self.subscribe(late, {})
                since = [await self.check_in(), *await self.post(event("a"))]
                self.assertEqual(await self.ids(early, 2), since)
                await self.until(lambda: "[-]storage failed: " in self.readiness()[1])
                self.assertEqual(self.readiness()[0], 503)  # The persister can do nothing.
                since += await self.post(event("a"))
                self.assertEqual(await self.ids(early, 1), since[-1:])
                self.assertEqual(self.subscribers("joined"), 1)
                await asyncio.to_thread(self.postgres.start)
                self.assertEqual(await self.ids(late, 4), [*stored, *since])
                after = await self.post(event("a"))
                self.assertEqual(await self.ids(late, 1), after)
                self.assertEqual(await self.ids(early, 1), after)
        self.assertEqual(self.subscribers("gap"), 0)


if __name__ == "__main__":
    unittest.main()
