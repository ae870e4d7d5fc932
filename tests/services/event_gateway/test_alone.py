"""With the gateway alone before Prefect's API, one port is enough for clients and browsers."""

from __future__ import annotations

import asyncio
import re
import ssl
import unittest
from http.client import HTTPSConnection
from typing import ClassVar

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from prefect.client.orchestration import PrefectClient
from prefect.events.clients import PrefectEventsClient
from prefect.events.schemas.events import Event, Resource
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_SSL_CERT_FILE, temporary_settings
from services.event_gateway.peers import AUTH, Gateway, Peer, PrefectPeer

from support.certificates import self_signed
from support.temporary import temporary_folder


class Alone(unittest.IsolatedAsyncioTestCase):
    prefect: ClassVar[PrefectPeer]

    @classmethod
    def setUpClass(cls) -> None:
        cls.prefect = cls.enterClassContext(PrefectPeer({}))

    async def asyncSetUp(self) -> None:
        asyncio.get_running_loop().set_debug(False)  # It tells of every wait under load.

    async def test_prefect_is_the_same_by_the_gateways_port(self) -> None:
        prefect = self.prefect
        settings = {"HANGAR_SERVICES_EVENT_GATEWAY_API_URL": f"http://{prefect.address}/api"}
        gateway = self.enterContext(Gateway(settings, nats=prefect.nats))
        await self._orchestrates(f"http://{gateway.address}/api", "one-port")
        await asyncio.to_thread(self._shows_the_same_pages, gateway, prefect)
        # A WebSocket of Prefect's own.
        for peer in (gateway, prefect):
            answer = await peer.answer(AUTH, path="/api/logs/out")
            self.assertEqual(
                (answer.messages, answer.closed), (('{"type":"auth_success"}',), False)
            )
            answer = await peer.answer(AUTH, path="/api/nothing/out")
            self.assertEqual(answer.status, 403)
        before = len(gateway.stored())
        sent = [Event(event="e", resource=Resource({"prefect.resource.id": f"r{n}"}))
                for n in range(10)]  # fmt: skip
        url = f"http://{gateway.address}/api"
        async with asyncio.timeout(60), PrefectEventsClient(api_url=url) as client:
            for each in sent:
                await client.emit(each)
        ids = {str(each.id) for each in sent}
        stored = [message.headers.get("Nats-Msg-Id") for message in gateway.stored()[before:]]
        self.assertLessEqual(ids, set(stored))

    async def test_prefect_knows_that_its_clients_came_by_tls(self) -> None:
        certificate = self_signed(self.enterContext(temporary_folder("alone")), "gateway")
        settings = {
            "HANGAR_SERVICES_EVENT_GATEWAY_API_URL": f"http://{self.prefect.address}/api",
            "HANGAR_SERVICES_EVENT_GATEWAY_TLS_CERT_FILE": str(certificate.file),
            "HANGAR_SERVICES_EVENT_GATEWAY_TLS_KEY_FILE": str(certificate.key),
        }
        gateway = self.enterContext(Gateway(settings, nats=self.prefect.nats))
        host = f"localhost:{gateway.address.split(':')[1]}"
        with temporary_settings({PREFECT_API_SSL_CERT_FILE: str(certificate.file)}):
            await self._orchestrates(f"https://{host}/api", "by-tls")
        context = ssl.create_default_context(cafile=certificate.file)
        connection = HTTPSConnection(host, timeout=60, context=context)
        self.addCleanup(connection.close)
        connection.request("GET", "/api/flows", headers={"X-Forwarded-Proto": "http"})
        answer = await asyncio.to_thread(connection.getresponse)
        self.assertEqual(
            (answer.status, answer.headers["Location"]), (307, f"https://{host}/api/flows/")
        )

    async def _orchestrates(self, url: str, name: str) -> None:
        async with asyncio.timeout(60), PrefectClient(api=url) as client:
            ids = await asyncio.gather(
                *(client.create_flow_from_name(f"{name}-{n}") for n in range(20))
            )
            self.assertLessEqual(set(ids), {flow.id for flow in await client.read_flows()})
            await client.delete_flow(ids[0])
            with self.assertRaises(PrefectHTTPStatusError) as raised:
                await client.read_flow(ids[0])
            self.assertEqual(raised.exception.response.status_code, 404)

    def _shows_the_same_pages(self, gateway: Peer, prefect: Peer) -> None:
        status, _, page = gateway.http("GET", "/")
        self.assertEqual(status, 200)
        [script] = re.findall(rb'<script[^>]* src="([^"]+)"', page)
        for method, path in (("GET", "/"), ("GET", script.decode()), ("HEAD", script.decode()),
                             ("GET", "/api/health"), ("GET", "/nothing"), ("GET", "/api/events/"),
                             ("OPTIONS", "/api/flows/filter")):  # fmt: skip
            with self.subTest(method=method, path=path):
                found = [self._answer(peer, method, path) for peer in (gateway, prefect)]
                self.assertEqual(found[0], found[1])

    def _answer(self, peer: Peer, method: str, path: str) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = peer.http(method, path)
        headers.pop("date", None)
        # It is sent to where it came from.
        if "location" in headers:
            headers["location"] = headers["location"].replace(peer.address, "HOST")
        return status, headers, body


if __name__ == "__main__":
    unittest.main()
