"""By TLS the gateway and what it passes on are as without, and certificates may be renewed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import ssl
import unittest
from collections.abc import AsyncIterator
from pathlib import Path

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from prefect.client.orchestration import PrefectClient
from prefect.events.clients import PrefectEventsClient
from prefect.events.schemas.events import Event, Resource
from prefect.settings import PREFECT_API_SSL_CERT_FILE, temporary_settings
from services.event_gateway.peers import AUTH, Gateway
from services.event_gateway.raw_client import Client, get, post
from services.event_gateway.upstream import Upstream
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from support.certificates import Certificate, self_signed
from support.children import free_port, freeze
from support.program import hangar
from support.servers import NatsServer
from support.temporary import temporary_folder


class Tls(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("tls"))
        self.first = self_signed(self.folder, "first")
        self.second = self_signed(self.folder, "second")
        self.place(self.first)
        self.port = free_port()
        self.settings = {
            "HANGAR_SERVICES_EVENT_GATEWAY_API_URL": f"http://127.0.0.1:{self.port}",
            "HANGAR_SERVICES_EVENT_GATEWAY_TLS_CERT_FILE": str(self.used.file),
            "HANGAR_SERVICES_EVENT_GATEWAY_TLS_KEY_FILE": str(self.used.key),
        }
        self.gateway = self.enterContext(Gateway(self.settings))
        self.url = f"https://localhost:{self.gateway.address.split(':')[1]}/api"

    async def asyncSetUp(self) -> None:
        asyncio.get_running_loop().set_debug(False)  # It tells of every wait under load.
        self.api = Upstream()
        await self.enterAsyncContext(self.api.serving(self.port))

    @property
    def used(self) -> Certificate:
        return Certificate(self.folder / "used.pem", self.folder / "used.key")

    def place(self, made: Certificate) -> None:
        for source, target in zip(made, self.used, strict=True):
            new = Path(f"{target}.new")
            new.write_bytes(source.read_bytes())
            new.replace(target)

    @contextlib.asynccontextmanager
    async def client(
        self, trusted: Certificate, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
    ) -> AsyncIterator[Client]:
        host, port = self.gateway.address.split(":")
        context = ssl.create_default_context(cafile=trusted.file)
        context.maximum_version = version
        async with asyncio.timeout(60):
            reader, writer = await asyncio.open_connection(
                host, int(port), ssl=context, server_hostname="localhost"
            )
            try:
                yield Client(reader, writer)
            finally:
                writer.close()

    @contextlib.asynccontextmanager
    async def socket(self) -> AsyncIterator[ClientConnection]:
        """Authenticated, for events."""
        context = ssl.create_default_context(cafile=self.first.file)
        url = self.url.replace("https", "wss") + "/events/in"
        protocols = [Subprotocol("prefect")]
        async with (
            asyncio.timeout(60),
            connect(url, ssl=context, subprotocols=protocols, proxy=None) as socket,
        ):
            await socket.send(AUTH)
            self.assertEqual(await socket.recv(), '{"type":"auth_success"}')
            yield socket

    async def test_requests_are_passed_on_with_where_they_came_from(self) -> None:
        claimed = "X-Forwarded-For: 1.2.3.4\r\nx-forwarded-PROTO: http\r\nForwarded: for=x\r\n"
        body = os.urandom(1_000_000)
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            self.api.seen.clear()
            async with self.client(self.first, version) as client:
                used = client.writer.get_extra_info("ssl_object").version()
                self.assertEqual(used, version.name.replace("_", "."))
                await client.told(get("a", f"{claimed}X-Own: kept\r\n"))
                self.assertEqual((await client.told(post("b", body)))["size"], len(body))
                self.assertEqual((await client.answer(get("events")))[0], 405)
                await client.told(get("c", "Connection: close\r\n"))
                self.assertEqual(await client.rest(), b"")
            lines = self.api.seen[0].head.split(b"\r\n")
            forwarded = [line for line in lines if b"forwarded" in line.lower()]
            expected = [b"X-Forwarded-For: 127.0.0.1", b"X-Forwarded-Proto: https",
                        b"X-Forwarded-Host: h"]  # fmt: skip
            self.assertEqual(forwarded, expected)
            self.assertIn(b"X-Own: kept", lines)
        self.assertEqual(self.api.connections, 2)

    async def test_prefects_clients_trust_it_by_the_setting_for_it(self) -> None:
        sent = [Event(event="e", resource=Resource({"prefect.resource.id": f"r{n}"}))
                for n in range(100)]  # fmt: skip
        with temporary_settings({PREFECT_API_SSL_CERT_FILE: str(self.first.file)}):
            async with asyncio.timeout(60), PrefectEventsClient(api_url=self.url) as client:
                for each in sent:
                    await client.emit(each)
            async with PrefectClient(api=self.url) as client:
                self.assertIsNone(await client.api_healthcheck())
        self.assertEqual(len(self.gateway.stored()), len(sent))
        self.assertIn("/api/health", [seen.target for seen in self.api.seen])
        async with PrefectClient(api=self.url) as client:
            self.assertIsNotNone(await client.api_healthcheck())

    async def test_websockets_of_both_go_through(self) -> None:
        async with self.socket() as socket:
            self.assertEqual(len(socket.protocol.extensions), 1, "deflate is not negotiated")
            await (await socket.ping())
            freeze(self.gateway.nats.pid)
            try:
                await socket.send('{"no": "event"}')
                pong = await socket.ping()
                async with self.socket() as other:
                    await (await other.ping())
                self.assertFalse(pong.done(), "it confirms what is not stored")
            finally:
                os.kill(self.gateway.nats.pid, signal.SIGCONT)
            await pong
        async with self.client(self.first) as client:
            await client.send(get("websocket", "Connection: Upgrade\r\nUpgrade: echo\r\n"))
            self.assertEqual((await client.head())[0], 101)
            sent = os.urandom(300_000)
            sending = asyncio.create_task(client.send(sent))
            self.assertEqual(await client.reader.readexactly(5), b"hello")
            self.assertEqual(await client.reader.readexactly(len(sent)), sent)
            await sending
            client.writer.close()
            async with asyncio.timeout(60):
                await self.api.echoed.wait()

    async def test_renewed_certificate_is_that_of_the_next_connection(self) -> None:
        async with self.client(self.first) as old:
            await old.told(get("a"))
            self.place(self.second)
            async with self.client(self.second) as client:
                await client.told(get("b"))
            with self.assertRaises(ssl.SSLError):
                async with self.client(self.first):
                    pass
            await old.told(get("c"))
            # One that cannot be used is told of once, and the one of before stays.
            self.place(Certificate(self.first.file, self.second.key))
            for _ in range(2):
                async with self.client(self.second) as client:
                    await client.told(get("d"))
            told = self.gateway.log.read_text()
            self.assertEqual(told.count(f"{self.used.key} cannot be used for TLS"), 1, told)
            self.place(self.first)
            async with self.client(self.first) as client:
                await client.told(get("e"))

    async def test_who_speaks_no_tls_is_not_answered(self) -> None:
        host, port = self.gateway.address.split(":")
        async with asyncio.timeout(60):
            reader, writer = await asyncio.open_connection(host, int(port))
            plain = Client(reader, writer)
            await plain.send(get("a"))
            self.assertNotIn(b"HTTP/1.1", await plain.rest())
            writer.close()
        self.assertEqual(self.api.seen, [])


class Refused(unittest.TestCase):
    def test_doctor_reads_the_certificate(self) -> None:
        folder = self.enterContext(temporary_folder("tls"))
        self.nats = self.enterContext(NatsServer())
        good, other = self_signed(folder, "good"), self_signed(folder, "other")
        certificate = f"the certificate in {good.file} expires on"
        for file, key, said in (
            (good.file, good.key, f"[warn] listener services.event_gateway.listen: {certificate}"),
            (good.file, other.key, f"{other.key} cannot be used for TLS: "),
            (folder / "none", good.key, f"{folder / 'none'} cannot be used for TLS: No such file"),
            (good.key, good.key, f"{good.key} cannot be used for TLS: "),
        ):
            done = self.doctor(folder, str(file), str(key))
            self.assertIn(said, done)
            self.assertIn(f"127.0.0.1:{self.port}, which cannot be reached", done)
        self.assertIn("come together", self.doctor(folder, str(good.file), ""))

    def doctor(self, folder: Path, certificate: str, key: str) -> str:
        self.port = free_port()
        settings = {
            "HANGAR_DATA_DIR": str(folder / "data"),
            "HANGAR_NATS_URL": self.nats.url,
            "HANGAR_SERVICES_EVENT_GATEWAY_ENABLED": "true",
            "HANGAR_SERVICES_EVENT_GATEWAY_LISTEN": "127.0.0.1:0",
            "HANGAR_SERVICES_EVENT_GATEWAY_API_URL": f"http://127.0.0.1:{self.port}",
            "HANGAR_SERVICES_EVENT_GATEWAY_TLS_CERT_FILE": certificate,
            "HANGAR_SERVICES_EVENT_GATEWAY_TLS_KEY_FILE": key,
        }
        done = hangar("doctor", env=settings)
        return done.stdout + done.stderr


if __name__ == "__main__":
    unittest.main()
