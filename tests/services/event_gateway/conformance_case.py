"""Asks Prefect's own server and the gateway the same."""

from __future__ import annotations

import asyncio
import json
import unittest
from typing import Any, ClassVar

from services.event_gateway.peers import Answer, Gateway, PrefectPeer


class Conformance(unittest.IsolatedAsyncioTestCase):
    settings: ClassVar[dict[str, str]] = {}
    services: ClassVar[tuple[str, ...]] = ("event_gateway",)
    prefect: ClassVar[PrefectPeer]
    gateway: ClassVar[Gateway]

    @classmethod
    def setUpClass(cls) -> None:
        cls.gateway = cls.enterClassContext(Gateway(cls.settings, services=cls.services))
        cls.prefect = cls.enterClassContext(PrefectPeer(cls.settings))

    async def asyncSetUp(self) -> None:
        asyncio.get_running_loop().set_debug(False)  # It tells of every wait under load.

    async def both(self, *messages: str | bytes, **how: Any) -> Answer:
        """The answer, which is the same."""
        expected = await self.prefect.answer(*messages, **how)
        self.assertEqual(await self.gateway.answer(*messages, **how), expected, messages)
        return expected

    def both_http(self, *request: Any, **how: Any) -> tuple[int, dict[str, str], Any]:
        answers: list[tuple[int, dict[str, str], Any]] = []
        for peer in (self.prefect, self.gateway):
            status, headers, body = peer.http(*request, **how)
            kept: dict[str, str] = {
                name: value
                for name, value in headers.items()
                if name in ("allow", "content-type", "vary") or name.startswith("access-control-")
            }
            # Of a long answer, which Prefect's server sends by gzip to who wants it so.
            kept["vary"] = kept.get("vary", "").removeprefix("Accept-Encoding, ")
            if "location" in headers:
                kept["location"] = headers["location"].replace(peer.address, "here")
            text = kept.get("content-type", "").startswith("text/")
            told = body.decode() if text else json.loads(body) if body else None
            answers.append((status, kept, told))
        expected, found = answers
        if expected[0] == 422:
            # Of pydantic's words for what is wrong only the place is the same.
            for answer in answers:
                self.assertEqual(len(answer[2].pop("exception_detail")[:1]), 1)
        self.assertEqual(found, expected, request)
        return expected
