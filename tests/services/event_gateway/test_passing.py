"""What is not the gateway's own reaches the API as it was sent, and the answer comes back so."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import statistics
import time
import unittest
from collections.abc import AsyncIterator
from typing import ClassVar

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from services.event_gateway.peers import AUTH, Gateway
from services.event_gateway.raw_client import Client, get, post
from services.event_gateway.upstream import Upstream

from support.children import free_port
from support.program import LITTLE_QUARANTINE, resident


class Passing(unittest.IsolatedAsyncioTestCase):
    port: ClassVar[int]
    gateway: ClassVar[Gateway]

    @classmethod
    def setUpClass(cls) -> None:
        cls.port = free_port()
        settings = {"HANGAR_SERVICES_EVENT_GATEWAY_API_URL": f"http://localhost:{cls.port}/api"}
        cls.gateway = cls.enterClassContext(Gateway(settings | LITTLE_QUARANTINE))

    async def asyncSetUp(self) -> None:
        asyncio.get_running_loop().set_debug(False)  # It tells of every wait under load.
        self.api = Upstream()
        await self.enterAsyncContext(self.api.serving(self.port))

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        host, port = self.gateway.address.split(":")
        async with asyncio.timeout(60):
            reader, writer = await asyncio.open_connection(host, int(port))
            try:
                yield Client(reader, writer)
            finally:
                writer.close()

    async def test_request_reaches_the_api_byte_by_byte(self) -> None:
        odd = "x-ODD:  two  blanks \r\nX-Odd: again\r\nCookie: a=b\r\nX-Forwarded-For: 1.2.3.4\r\n"
        request = get("flows/%7e?q=%20", odd, "PATCH")
        async with self.client() as client:
            told = await client.told(request)
        self.assertEqual(self.api.seen[0].head, request)
        self.assertEqual((told["method"], told["target"]), ("PATCH", "/api/flows/%7e?q=%20"))

    async def test_each_request_of_a_connection_is_routed_by_itself(self) -> None:
        async with self.client() as client:
            for number in range(3):
                self.assertEqual(
                    (await client.told(get(f"a{number}")))["target"], f"/api/a{number}"
                )
                status, body = await client.answer(get("events"))
                self.assertEqual((status, body), (405, b'{"detail":"Method Not Allowed"}'))
                json_type = "Content-Type: application/json\r\n"
                status, _ = await client.answer(post("events", b"[]", json_type))
                self.assertEqual(status, 204)
            # Together, before any is answered.
            await client.send(get("b") + get("events") + post("c", b"body") + get("d"))
            for status, part in ((200, b"/api/b"), (405, b"Not"), (200, b"/api/c"), (200, b"/d")):
                found, body = await client.answer()
                self.assertEqual(found, status)
                self.assertIn(part, body)
        targets = [seen.target for seen in self.api.seen]
        self.assertEqual(targets, [f"/api/{name}" for name in ("a0", "a1", "a2", "b", "c", "d")])
        self.assertEqual(self.api.connections, 1)

    async def test_only_exact_paths_are_the_gateways(self) -> None:
        for path in ("events/", "events/filter", "events/in/", "events/inx", "%65vents", "/events",
                     "events/../events", "EVENTS", "events;a", "events%3f"):  # fmt: skip
            async with self.client() as client:
                self.assertEqual((await client.told(get(path)))["target"], f"/api/{path}")

    async def test_bodies_of_every_framing_arrive_whole(self) -> None:
        body = os.urandom(3_000_000)
        digest = hashlib.sha256(body).hexdigest()
        chunks = [b"%x\r\n%s\r\n" % (len(body[at : at + 99_999]), body[at : at + 99_999])
                  for at in range(0, len(body), 99_999)]  # fmt: skip
        chunked = get("up", "Transfer-Encoding: chunked\r\n", "POST")
        async with self.client() as client:
            for request in ([post("up", body)], [chunked, *chunks, b"0\r\nX-T: 1\r\n\r\n"]):
                told = await client.told(*request)
                self.assertEqual((told["size"], told["digest"]), (len(body), digest))
            told = await client.told(post("up", b""))
            self.assertEqual(told["size"], 0)

    async def test_memory_does_not_grow_with_what_passes(self) -> None:
        sent, size = 200 << 20, 64 << 20
        async with self.client() as client:
            await client.told(get("warm"))
            before = resident(self.gateway.pid, "VmHWM")
            head = get("up", f"Content-Length: {sent}\r\n", "PUT")
            told = await client.told(head, *(b"x" * (1 << 20) for _ in range(sent >> 20)))
            self.assertEqual(told["size"], sent)
            # Who does not read holds up the API, not the gateway.
            await client.send(get("large"))
            status, headers = await client.head()
            self.assertEqual((status, headers["content-length"]), (200, str(size)))
            self.assertEqual(len(await client.reader.readexactly(size)), size)
        self.assertLess(resident(self.gateway.pid, "VmHWM") - before, 16 << 20)

    async def test_answers_stream_and_end_as_they_do(self) -> None:
        async with self.client() as client:
            await client.send(get("stream"))
            await client.head()
            self.assertEqual(await client.reader.readexactly(10), b"5\r\nfirst\r\n")
            self.api.released.set()
            rest = b"6\r\nsecond\r\n0\r\nX-Trailer: 1\r\n\r\n"
            self.assertEqual(await client.reader.readexactly(len(rest)), rest)
            await client.send(get("x", method="HEAD"))
            status, headers = await client.head()
            self.assertEqual((status, headers["server"]), (200, "upstream"))
            await client.told(get("close"))
            self.assertEqual(await client.rest(), b"")
        async with self.client() as client:
            await client.send(get("until-close"))
            await client.head()
            self.assertEqual(await client.rest(), b"x" * 100_000)
        async with self.client() as client:
            await client.send(get("cut"))
            self.assertTrue((await client.rest()).endswith(b"\r\n\r\nhalf"))
        async with self.client() as client:
            self.assertEqual((await client.answer(get("two-lengths")))[0], 502)

    async def test_answers_without_a_body_are_followed_by_the_next(self) -> None:
        async with self.client() as client:
            for path, method, expected in (("204", "GET", 204), ("304", "GET", 304),
                                           ("x", "HEAD", 200)):  # fmt: skip
                await client.send(get(path, method=method) + get("events"))
                self.assertEqual((await client.head())[0], expected)
                self.assertEqual((await client.answer())[0], 405)

    async def test_requests_that_come_together_are_answered_in_turn(self) -> None:
        async with self.client() as client:
            sending = asyncio.create_task(
                client.send(*(get(f"n{n}") + get("events") for n in range(1000)))
            )
            for number in range(1000):
                self.assertEqual((await client.told())["target"], f"/api/n{number}")
                self.assertEqual((await client.answer())[0], 405)
            await sending

    async def test_who_sends_and_never_reads_costs_a_fixed_amount(self) -> None:
        async with self.client() as client:
            await client.told(get("warm"))
        before = resident(self.gateway.pid, "VmHWM")
        async with contextlib.AsyncExitStack() as opened:
            for _ in range(20):
                client = await opened.enter_async_context(self.client())
                await client.send(get("large") * 500)
            # Others do not wait for them.
            async with self.client() as client:
                for _ in range(20):
                    await client.told(get("a"))
            while len(self.api.seen) < 41:
                await asyncio.sleep(0.01)
        self.assertLess(resident(self.gateway.pid, "VmHWM") - before, 32 << 20)

    async def test_names_of_hosts_and_origins_route_nothing(self) -> None:
        tricks = (
            ("/api/events", "Host: other", 405),
            ("/api/events", "Host: h\r\nX-Forwarded-Host: o\r\nX-Original-URL: /api/x", 405),
            ("/api/events", "Host: h\r\nOrigin: http://other", 405),
            ("http://other/api/events", "Host: h", 200),
            ("//other/api/events", "Host: h", 200),
            ("/api/x", "Host: h\r\nX-Rewrite-URL: /api/events\r\nOrigin: null", 200),
            ("*", "Host: h", 200),
        )
        for target, lines, expected in tricks:
            with self.subTest(target=target, lines=lines):
                self.api.seen.clear()
                request = f"OPTIONS {target} HTTP/1.1\r\n{lines}\r\n\r\n".encode()
                async with self.client() as client:
                    status, _ = await client.answer(request)
                self.assertEqual(status, expected)
                reached = [seen.head for seen in self.api.seen]
                self.assertEqual(reached, [request] if expected == 200 else [])

    async def test_who_expects_it_is_told_by_the_api_to_continue(self) -> None:
        async with self.client() as client:
            head = get("up", "Content-Length: 4\r\nExpect: 100-continue\r\n", "POST")
            await client.send(head)
            self.assertEqual((await client.head())[0], 100)
            self.assertEqual((await client.told(b"body"))["size"], 4)

    async def test_answer_before_the_end_of_a_request_arrives(self) -> None:
        async with self.client() as client:
            await client.send(get("early", "Content-Length: 1000000\r\n", "POST"), b"x" * 1000)
            status, _ = await client.head()
            self.assertEqual((status, await client.rest()), (413, b"large"))

    async def test_after_an_upgrade_bytes_go_both_ways(self) -> None:
        upgrade = "Connection: Upgrade\r\nUpgrade: echo\r\n"
        async with self.client() as client:
            # What comes behind the request is of the other protocol.
            await client.send(get("websocket", upgrade) + b"at once")
            self.assertEqual((await client.head())[0], 101)
            self.assertEqual(await client.reader.readexactly(12), b"helloat once")
            sent = get("events") + os.urandom(1_000_000)
            sending = asyncio.create_task(client.send(sent))
            self.assertEqual(await client.reader.readexactly(len(sent)), sent)
            await sending
            client.writer.write_eof()
            self.assertEqual(await client.rest(), b"bye")
        async with self.client() as client:
            # Nobody asked for it.
            self.assertEqual((await client.answer(get("websocket")))[0], 502)

    async def test_gateways_own_websocket_is_not_passed_on(self) -> None:
        async with self.gateway.socket() as socket:
            await socket.send(AUTH)
            self.assertEqual(json.loads(await socket.recv()), {"type": "auth_success"})
        self.assertEqual(self.api.seen, [])

    async def test_ambiguous_requests_are_refused_and_reach_nobody(self) -> None:
        smuggled = get("smuggled")
        for lines in (
            "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
            "Content-Length: 4\r\nContent-Length: 4\r\n", "Content-Length: 4, 4\r\n",
            "Content-Length: 4\r\n Transfer-Encoding: chunked\r\n",
            "Content-Length : 4\r\n", "Transfer-Encoding : chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: \x0bchunked\r\n",
            "X: 1\nContent-Length: 4\r\n", "X: 1\rContent-Length: 4\r\n", "X: \x00\r\n",
            "Content-Length: +4\r\n", "Host: other\r\n",
        ):  # fmt: skip
            for path in ("other", "events"):
                with self.subTest(lines=lines, path=path):
                    async with self.client() as client:
                        await client.send(get(path, lines, "POST") + b"0\r\n\r\n" + smuggled)
                        status, _ = await client.head()
                        self.assertEqual(status, 400)
                        self.assertNotIn(b"HTTP/1.1", await client.rest())
        self.assertEqual(self.api.seen, [])

    async def test_wrong_chunks_are_refused_and_nothing_behind_them_is_read(self) -> None:
        chunked = get("up", "Transfer-Encoding: chunked\r\n", "POST")
        for body in (b"4\nbody\r\n0\r\n\r\n", b"4 \r\nbody\r\n", b"4\r\nbodyX\r\n0\r\n\r\n",
                     b"4\r\nbody\n0\r\n\r\n", b"0\r\n\n", b"0x4\r\nbody\r\n"):  # fmt: skip
            with self.subTest(body=body):
                async with self.client() as client:
                    await client.send(chunked + body + get("smuggled"))
                    status, _ = await client.head()
                    self.assertEqual(status, 400)
                    self.assertNotIn(b"HTTP/1.1", await client.rest())
        self.assertNotIn("/api/smuggled", [seen.target for seen in self.api.seen])

    async def test_client_that_leaves_ends_its_request(self) -> None:
        async with self.client() as client:
            await client.send(get("held"))
            await self.api.reached.wait()
        async with asyncio.timeout(60):
            await self.api.left.wait()

    async def test_client_that_sends_no_more_ends_its_request_as_for_uvicorn(self) -> None:
        async with self.client() as client:
            await client.send(get("held"))
            await self.api.reached.wait()
            client.writer.write_eof()
            self.assertEqual(await client.rest(), b"")
            await self.api.left.wait()

    async def test_answers_on_one_connection_do_not_wait_for_acks_of_tcp(self) -> None:
        took = []
        async with self.client() as client:
            for _ in range(60):  # The first ones are acknowledged at once.
                began = time.perf_counter()
                await client.told(get("a"))
                took.append(time.perf_counter() - began)
        self.assertLess(statistics.median(took[30:]), 0.035)  # Linux delays them by 40 ms.

    async def test_api_that_ends_the_connection_is_told_of(self) -> None:
        async with self.client() as client:
            await client.told(get("a"))
            status, body = await client.answer(get("vanish"))
            self.assertEqual(status, 502)
            self.assertIn(b"ended the connection without an answer", body)
            self.assertEqual(await client.rest(), b"")


class Away(unittest.IsolatedAsyncioTestCase):
    async def test_api_that_is_away_is_named_and_the_gateway_goes_on(self) -> None:
        port = free_port()
        settings = {"HANGAR_SERVICES_EVENT_GATEWAY_API_URL": f"http://127.0.0.1:{port}"}
        gateway = self.enterContext(Gateway(settings))
        json_type = {"Content-Type": "application/json"}
        for _ in range(2):
            status, headers, body = await asyncio.to_thread(gateway.http, "GET", "/api/health")
            self.assertEqual((status, headers["connection"]), (502, "close"))
            self.assertIn(f"127.0.0.1:{port} cannot be reached: Connection refused", body.decode())
            answer = await asyncio.to_thread(gateway.http, "POST", "/api/events", b"[]", json_type)
            self.assertEqual(answer[0], 204)
        api = Upstream()
        async with api.serving(port):
            status, _, _ = await asyncio.to_thread(gateway.http, "GET", "/api/health")
            self.assertEqual(status, 200)
        told = await asyncio.to_thread(gateway.surface.metrics)
        found = [
            sum(v for k, v in told.items() if "passed_requests" in k and f'"{outcome}"' in k)
            for outcome in ("answered", "unreachable", "timeout")
        ]
        self.assertEqual(found, [1, 2, 0])
        self.assertIn(f"127.0.0.1:{port} cannot be reached", gateway.log.read_text())


if __name__ == "__main__":
    unittest.main()
