"""What the gateway confirms is in the stream. `faults.gateway` has the same over kills."""

import asyncio
import json
import os
import signal
import unittest
import uuid
from collections import Counter

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from prefect.events.clients import PrefectEventsClient
from prefect.events.schemas.events import Event, Resource
from services.event_gateway.counting import event
from services.event_gateway.peers import AUTH, INVALID, Gateway
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from support.children import freeze
from support.servers import NatsServer

_JSON = {"Content-Type": "application/json"}


class Promises(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.gateway = self.enterContext(Gateway())

    async def asyncSetUp(self) -> None:
        asyncio.get_running_loop().set_debug(False)  # It tells of every wait under load.

    def ids(self) -> list[str]:
        return [json.loads(message.data)["id"] for message in self.gateway.stored()]

    async def test_prefects_own_client_sends_through_the_gateway(self) -> None:
        sent = [Event(event=f"e{n}", resource=Resource({"prefect.resource.id": "r"}))
                for n in range(1500)]  # fmt: skip
        api = f"http://{self.gateway.address}/api"
        async with PrefectEventsClient(api_url=api, checkpoint_every=100) as client:
            for each in sent:
                await client.emit(each)
            await client._checkpoint()
            self.assertEqual(client._unconfirmed_events, [])
            self.assertEqual(self.ids(), [str(each.id) for each in sent])

    async def test_while_jetstream_is_away_nothing_is_confirmed_and_nothing_lost(self) -> None:
        first, second, posted = (str(uuid.uuid4()) for _ in range(3))
        async with self.gateway.authenticated() as socket, asyncio.timeout(120):
            await socket.send(event(first))
            await (await socket.ping())
            freeze(self.gateway.nats.pid)
            try:
                await socket.send(event(second))
                await socket.send("no event")
                pong = await socket.ping()
                closing = asyncio.create_task(self.close_another())
                # On a connection that has sent nothing, a ping is answered meanwhile.
                async with self.gateway.socket() as other:
                    await (await other.ping())
                    await other.send(AUTH)
                    await other.recv()
                    await (await other.ping())
                answer = await asyncio.to_thread(
                    self.gateway.http, "POST", "/api/events", f"[{event(posted)}]".encode(), _JSON
                )
                self.assertEqual((answer[0], answer[1]["retry-after"]), (503, "5"))
                unavailable = {"exception_message": "Service Unavailable"}
                self.assertEqual(json.loads(answer[2]), unavailable)
                self.assertFalse(pong.done() or closing.done())
            finally:
                os.kill(self.gateway.nats.pid, signal.SIGCONT)
            await pong
            closed = await closing
            ids = self.ids()
            self.assertLessEqual({first, second, closed}, set(ids))
            self.assertEqual(len(self.gateway.stored(INVALID)), 1)
        status, _, _ = await asyncio.to_thread(
            self.gateway.http, "POST", "/api/events", f"[{event(posted)}]".encode(), _JSON
        )
        self.assertEqual(status, 204)
        self.assertEqual(Counter(self.ids())[posted], 1)

    async def close_another(self) -> str:
        """Sends an event and closes; returns when the Close is answered."""
        identity = str(uuid.uuid4())
        async with self.gateway.authenticated() as socket:
            await socket.send(event(identity))
            await socket.close()
            self.assertEqual(socket.close_code, 1000)
        return identity

    async def test_at_a_stop_clients_are_told_1012_when_all_is_stored(self) -> None:
        identities = [str(uuid.uuid4()) for _ in range(500)]
        async with self.gateway.authenticated() as socket, asyncio.timeout(60):
            for each in identities:
                await socket.send(event(each))
            await (await socket.ping())
            self.gateway.process.terminate()
            with self.assertRaises(ConnectionClosed) as closed:
                await socket.recv()
        self.assertEqual(closed.exception.rcvd.code if closed.exception.rcvd else None, 1012)
        self.assertEqual(await asyncio.to_thread(self.gateway.process.wait, 30), 0)
        self.assertEqual(self.ids(), identities)


class Limited(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        asyncio.get_running_loop().set_debug(False)

    async def test_event_that_the_server_does_not_take_is_a_dead_letter(self) -> None:
        nats = self.enterContext(NatsServer(settings="max_payload: 10000"))
        gateway = self.enterContext(Gateway(nats=nats))
        large = json.loads(event(str(uuid.uuid4())))
        large["payload"]["filling"] = "x" * 20_000
        small = event(str(uuid.uuid4()))
        async with gateway.authenticated() as socket, asyncio.timeout(60):
            await socket.send(json.dumps(large))
            await socket.send(small)
            await (await socket.ping())
        self.assertEqual(len(gateway.stored()), 1)
        (letter,) = gateway.stored(INVALID)
        self.assertEqual(letter.headers["Hangar-Dlq-Reason"], "too_large")
        self.assertEqual(len(letter.data), 8192)
        self.assertGreater(int(letter.headers["Hangar-Dlq-Truncated"]), 20_000)

    async def test_connection_above_the_limit_is_closed(self) -> None:
        limit = {"HANGAR_SERVICES_EVENT_GATEWAY_MAX_CONNECTIONS": "1"}
        gateway = self.enterContext(Gateway(limit))
        async with gateway.authenticated() as first, asyncio.timeout(60):
            with self.assertRaises((ConnectionClosed, InvalidHandshake, EOFError, OSError)):
                async with gateway.authenticated():
                    self.fail("there are two")
            await (await first.ping())


if __name__ == "__main__":
    unittest.main()
