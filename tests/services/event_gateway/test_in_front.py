"""What stands in front sends the gateway's paths to the gateway, and everything else to the API."""

from __future__ import annotations

import asyncio
import re
import unittest
from typing import Any

import yaml

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from prefect.events.clients import PrefectEventsClient
from prefect.events.schemas.events import Event, Resource
from services.event_gateway.peers import Gateway
from services.event_gateway.upstream import Upstream

from support.nginx import FRONT, Nginx
from support.tree import ROOT

_JSON = {"Content-Type": "application/json"}
_PATHS = {"/api/events", "/api/events/in", "/api/events/out"}
"""What the gateway serves."""


class BehindNginx(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        asyncio.get_running_loop().set_debug(False)  # It tells of every wait under load.

    async def test_gateways_paths_go_to_it_and_all_others_to_the_api(self) -> None:
        gateway = self.enterContext(Gateway())
        api = Upstream()
        async with api.serving() as address:
            nginx = self.enterContext(Nginx(address, gateway.address))
            front = gateway.at(f"127.0.0.1:{nginx.port}")
            for method, path, status in (
                ("POST", "/api/events", 204), ("POST", "/api/events?a=b", 204),
                ("GET", "/api/events", 405), ("GET", "/api/events/in", 404),
            ):  # fmt: skip
                found, _, _ = await asyncio.to_thread(front.http, method, path, b"[]", _JSON)
                self.assertEqual(found, status, (method, path))
            self.assertEqual(api.seen, [])
            others = (
                "/api/events/",
                "/api/events/filter",
                "/api/events/in/",
                "/api/events/count-by/day",
                "/api/flows/filter?x=%20",
                "/",
                "/events",
            )
            for path in others:
                found, _, _ = await asyncio.to_thread(front.http, "POST", path, b"[]", _JSON)
                self.assertEqual(found, 200, path)
            self.assertEqual([seen.target for seen in api.seen], list(others))
            await self._sends(gateway, f"http://127.0.0.1:{nginx.port}/api")

    async def _sends(self, gateway: Gateway, url: str) -> None:
        """Events of Prefect's own client come through."""
        sent = [Event(event=f"e{n}", resource=Resource({"prefect.resource.id": "r"}))
                for n in range(100)]  # fmt: skip
        async with asyncio.timeout(60), PrefectEventsClient(api_url=url) as client:
            for each in sent:
                await client.emit(each)
        self.assertEqual(len(gateway.stored()), len(sent))


class Files(unittest.TestCase):
    """What no server of Debian reads is compared with what the gateway serves."""

    def test_nginx_names_each_path(self) -> None:
        text = (FRONT / "nginx.conf").read_text()
        self.assertEqual(set(re.findall(r"location = (\S+) ", text)), _PATHS)

    def test_traefik_names_each_path(self) -> None:
        http = yaml.safe_load((FRONT / "traefik.yaml").read_text())["http"]
        router = http["routers"]["event-gateway"]
        self.assertEqual(set(re.findall(r"Path\(`([^`]+)`\)", router["rule"])), _PATHS)
        between = re.sub(r"Path\(`[^`]+`\)", "", router["rule"])
        self.assertEqual(between.split(), ["||"] * (len(_PATHS) - 1))
        for each in http["routers"].values():
            self.assertIn(each["service"], http["services"])

    def test_the_ingress_names_each_path(self) -> None:
        file = ROOT / "etc" / "k8s" / "gateway.yaml"
        documents: dict[str, Any] = {
            document["kind"]: document for document in yaml.safe_load_all(file.read_text())
        }
        [rule] = documents["Ingress"]["spec"]["rules"]
        service = documents["Service"]
        [port] = service["spec"]["ports"]
        exact = {path["path"]: path["backend"]["service"] for path in rule["http"]["paths"]
                 if path["pathType"] == "Exact"}  # fmt: skip
        self.assertEqual(set(exact), _PATHS)
        for backend in exact.values():
            self.assertEqual(backend["name"], service["metadata"]["name"])
            self.assertEqual(backend["port"]["name"], port["name"])
        [allowed] = documents["NetworkPolicy"]["spec"]["ingress"]
        self.assertEqual([each["port"] for each in allowed["ports"]], [port["targetPort"]])


if __name__ == "__main__":
    unittest.main()
