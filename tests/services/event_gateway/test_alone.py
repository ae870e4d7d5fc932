"""With the gateway alone before Prefect's API, one port is enough for clients and browsers."""

from __future__ import annotations

import asyncio
import re
import unittest

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from prefect.client.orchestration import PrefectClient
from prefect.events.clients import PrefectEventsClient
from prefect.events.schemas.events import Event, Resource
from prefect.exceptions import PrefectHTTPStatusError
from services.event_gateway.peers import AUTH, Gateway, Peer, PrefectPeer


class Alone(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        asyncio.get_running_loop().set_debug(False)  # It tells of every wait under load.

    async def test_prefect_is_the_same_by_the_gateways_port(self) -> None:
        prefect = self.enterContext(PrefectPeer({}))
        settings = {"HANGAR_SERVICES_EVENT_GATEWAY_API_URL": f"http://{prefect.address}/api"}
        gateway = self.enterContext(Gateway(settings, nats=prefect.nats))
        await self._orchestrates(f"http://{gateway.address}/api")
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

    async def _orchestrates(self, url: str) -> None:
        async with asyncio.timeout(60), PrefectClient(api=url) as client:
            ids = await asyncio.gather(*(client.create_flow_from_name(f"f{n}") for n in range(20)))
            self.assertEqual({flow.id for flow in await client.read_flows()}, set(ids))
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
