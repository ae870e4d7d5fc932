"""What the gateway confirms is in the stream. `faults.gateway` has the same over kills."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import threading
import unittest
import uuid
from collections import Counter
from urllib.parse import urlsplit

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from prefect.events.clients import PrefectEventsClient
from prefect.events.schemas.events import Event, Resource
from services.event_gateway.counting import event
from services.event_gateway.peers import AUTH, EVENTS, INVALID, Gateway
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from support.children import freeze
from support.jetstream import JetStream
from support.owner import Owner
from support.servers import NatsServer

_JSON = {"Content-Type": "application/json"}


class Answering(Owner):
    """One connection to a server that answers whatever is published on a subject."""

    def __init__(self, url: str, subject: str, answer: bytes) -> None:
        self._address, self._subject, self._answer = urlsplit(url), subject, answer
        self.answered = 0

    def _open(self, opened: contextlib.ExitStack) -> None:
        address = (self._address.hostname, self._address.port)
        self._socket = socket.create_connection(address)
        opened.callback(self._socket.close)
        self._lines = opened.enter_context(self._socket.makefile("rb"))
        self._socket.sendall(
            b'CONNECT {"verbose":false,"headers":true}\r\n'
            + f"SUB {self._subject} 1\r\nPING\r\n".encode()
        )
        while self._lines.readline() != b"PONG\r\n":
            pass
        thread = threading.Thread(target=self._run)
        thread.start()
        opened.callback(thread.join)
        opened.callback(self._socket.shutdown, socket.SHUT_RDWR)

    def _run(self) -> None:
        while line := self._lines.readline():
            if line.startswith(b"PING"):
                self._socket.sendall(b"PONG\r\n")
            elif line.startswith(b"HMSG"):
                _, _, _, reply, _, size = line.split()
                self._lines.read(int(size) + 2)
                told = b"PUB %s %d\r\n%s\r\n" % (reply, len(self._answer), self._answer)
                self._socket.sendall(told)
                self.answered += 1


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


class Unconfirmed(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.gateway = self.enterContext(Gateway())
        self.jetstream = self.enterContext(JetStream(self.gateway.nats.url))

    async def asyncSetUp(self) -> None:
        asyncio.get_running_loop().set_debug(False)

    async def post(self) -> int:
        body = f"[{event(str(uuid.uuid4()))}]".encode()
        status, *_ = await asyncio.to_thread(self.gateway.http, "POST", "/api/events", body, _JSON)
        return int(status)

    async def test_an_answer_without_a_position_confirms_nothing(self) -> None:
        self.assertEqual(await self.post(), 204)
        self.jetstream.request(f"STREAM.DELETE.{EVENTS}")
        answer = b'{"stream":"%s","seq":0,"duplicate": true}' % EVENTS.encode()
        with Answering(self.gateway.nats.url, "prefect.events.>", answer) as answering:
            self.assertEqual(await self.post(), 503)
            self.assertGreater(answering.answered, 0)
        self.jetstream.request(
            f"STREAM.CREATE.{EVENTS}", name=EVENTS, subjects=["prefect.events.>"]
        )
        async with asyncio.timeout(60):
            while await self.post() != 204:
                pass

    async def test_dead_letters_that_no_stream_takes_hold_up_no_events(self) -> None:
        self.jetstream.request(f"STREAM.DELETE.{INVALID}")
        async with self.gateway.authenticated() as poisoned, asyncio.timeout(120):
            for _ in range(100):  # More than may wait.
                await poisoned.send("no event")
            pong = await poisoned.ping()
            async with self.gateway.authenticated() as other:
                for _ in range(3):
                    await other.send(event(str(uuid.uuid4())))
                    await (await other.ping())
                    await asyncio.sleep(1.2)  # No answer for longer than the publish timeout.
                    self.assertEqual(await self.post(), 204)
            self.assertFalse(pong.done())
            self.jetstream.request(
                f"STREAM.CREATE.{INVALID}", name=INVALID, subjects=["hangar.gateway_dlq"]
            )
            await pong
        self.assertEqual(len(self.gateway.stored(INVALID)), 100)


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
