"""The lines of the contract of `/api/events/out`, for `test_conformance.py`."""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from typing import Any

from services.event_gateway.peers import AUTH, Peer
from websockets.asyncio.client import ClientConnection

from services.event_gateway import conformance_case

OUT = "/api/events/out"
_JSON = {"Content-Type": "application/json"}
_ENDLESS = {"until": "2999-01-01T00:00:00Z"}


def _filter(**parts: Any) -> str:
    return json.dumps({"type": "filter", "filter": parts, "backfill": False})


class SubscribingLines(conformance_case.Conformance):
    async def test_first_message_to_a_subscriber_is_answered_alike(self) -> None:
        self.assertEqual((await self.both(AUTH, path=OUT)).messages, ('{"type":"auth_success"}',))
        for message in ('{"type":"filter"}', "{}"):
            answer = await self.both(message, path=OUT)
            self.assertEqual((answer.code, answer.reason), (1008, "Expected 'auth' message"))
        for each in ("no JSON", "[]", b"bytes"):
            answer = await self.both(each, path=OUT)
            self.assertEqual((answer.code, answer.closed), (None, True), each)

    async def test_second_message_is_a_filter(self) -> None:
        for message in ('{"type":"auth"}', '{"type":1}', '{"type":null,"filter":{}}'):
            answer = await self.both(AUTH, message, path=OUT, wanted=2)
            self.assertEqual((answer.code, answer.reason), (1002, "Expected 'filter' message"))
        for each in ("no JSON", "[]", "null", "{}", b"bytes"):
            answer = await self.both(AUTH, each, path=OUT, wanted=2)
            self.assertEqual((answer.code, answer.closed), (None, True), each)

    async def test_invalid_filter_is_refused(self) -> None:
        for message in (
            '{"type":"filter"}', '{"type":"filter","filter":null}', _filter(unknown=1),
            _filter(occurred=None), _filter(event={"name": "e"}), _filter(id=None),
            _filter(id={"id": ["x"]}), _filter(order="asc"), _filter(text={}),
            _filter(text={"query": "x" * 201}), _filter(resource={"distinct": 2}),
        ):  # fmt: skip
            for peer in (self.prefect, self.gateway):
                answer = await peer.answer(AUTH, message, path=OUT, wanted=2)
                # Prefect's reason, when it is longer than a Close can hold, ends it without one.
                found = (answer.code, answer.reason[:16])
                expected: tuple[int | None, str] = (1002, "Invalid filter: ")
                if peer is self.prefect and found != expected:
                    expected = (answer.code, "")
                    self.assertTrue(answer.closed, message)
                self.assertEqual(found, expected, message)

    async def test_filter_of_more_than_a_mebibyte_is_refused_here(self) -> None:
        message = json.dumps({"type": "filter", "filter": {}, "more": "x" * (1 << 20)})
        async with self.prefect.socket(OUT, ()) as socket, asyncio.timeout(60):
            await socket.send(message)
            await (await socket.ping())
        answer = await self.gateway.answer(message, path=OUT, protocols=())
        self.assertEqual(answer.code, 1009)

    async def test_live_events_are_sent_alike(self) -> None:
        found = []
        for peer in (self.prefect, self.gateway):
            async with peer.socket(OUT, ()) as socket, asyncio.timeout(120):
                await socket.send(_filter(occurred=_ENDLESS, event={"prefix": ["live."]}))
                await self.subscribed(peer, socket)
                events = [
                    {"id": str(uuid.UUID(int=7000 + number)), "event": name, **members}
                    for number, (name, members) in enumerate(LIVE)
                ]
                await asyncio.to_thread(
                    peer.http, "POST", "/api/events", json.dumps(events).encode(), _JSON
                )
                found.append([await self.next_event(socket) for _ in range(len(LIVE) - 1)])
        for ours, theirs in zip(found[1], found[0], strict=True):
            self.assertEqual(ours, theirs)

    async def test_pings_and_the_close_of_a_subscriber_are_answered(self) -> None:
        for peer in (self.prefect, self.gateway):
            async with peer.socket(OUT) as socket, asyncio.timeout(60):
                for message in (AUTH, _filter(occurred=_ENDLESS)):
                    await (await socket.ping(b"early"))
                    await socket.send(message)
                await (await socket.ping())
                await socket.close(3001, "enough")
                self.assertEqual((socket.close_code, socket.close_reason), (3001, "enough"))

    async def test_messages_behind_the_filter_change_nothing(self) -> None:
        for peer in (self.prefect, self.gateway):
            async with peer.socket(OUT, ()) as socket, asyncio.timeout(120):
                await socket.send(_filter(occurred=_ENDLESS, event={"prefix": ["live."]}))
                await self.subscribed(peer, socket)
                for message in (_filter(event={"name": ["never"]}), "no JSON", b"bytes"):
                    await socket.send(message)
                await (await socket.ping())
                body = json.dumps([{"id": str(uuid.uuid4()), "event": LIVE[1][0], **LIVE[1][1]}])
                await asyncio.to_thread(peer.http, "POST", "/api/events", body.encode(), _JSON)
                self.assertEqual((await self.next_event(socket))["event"]["event"], LIVE[1][0])

    async def subscribed(self, peer: Peer, socket: ClientConnection) -> None:
        """Returns when events come."""
        reading = asyncio.create_task(socket.recv())
        sent = set()
        while not reading.done():
            sent.add(str(uuid.uuid4()))
            first = {"id": max(sent), "event": "live.first", **LIVE[1][1]}
            body = json.dumps([first | {"id": identity} for identity in sent]).encode()
            await asyncio.to_thread(peer.http, "POST", "/api/events", body, _JSON)
            await asyncio.wait([reading], timeout=0.2)
        # Until the last of them, behind which nothing but what is asked for comes.
        seen = {json.loads(reading.result())["event"]["id"]}
        last = str(uuid.uuid4())
        body = json.dumps([{"id": last, "event": "live.first", **LIVE[1][1]}]).encode()
        await asyncio.to_thread(peer.http, "POST", "/api/events", body, _JSON)
        while last not in seen:
            seen.add(json.loads(await socket.recv())["event"]["id"])

    async def next_event(self, socket: ClientConnection) -> Any:
        message = json.loads(await socket.recv())
        message["event"].pop("received")
        return message


class SecuredSubscribingLines(conformance_case.Conformance):
    """A subscriber needs the secret, and says it in its first message."""

    async def test_first_message_to_a_subscriber_needs_the_secret(self) -> None:
        out = self.prefect.base + "/events/out"
        secret = self.settings["PREFECT_SERVER_API_AUTH_STRING"]
        right, wrong = (json.dumps({"type": "auth", "token": each}) for each in (secret, "x"))
        self.assertEqual(len((await self.both(right, path=out)).messages), 1)
        for message, reason in (
            (wrong, "Invalid token"), (AUTH, "Auth required but no token provided"),
            (_filter(), "Expected 'auth' message"),
        ):  # fmt: skip
            answer = await self.both(message, path=out)
            self.assertEqual((answer.code, answer.reason), (1008, reason), message)
        self.assertEqual((await self.both(path=out, protocols=())).status, 403)

    async def test_header_with_the_secret_says_nothing_to_a_websocket(self) -> None:
        """Clients of 3.9.1 send it, for what stands in front."""
        secret = self.settings["PREFECT_SERVER_API_AUTH_STRING"]
        message = json.dumps({"type": "auth", "token": secret})
        for credentials in (secret, "admin:wrong"):
            basic = base64.b64encode(credentials.encode()).decode()
            headers = {"Authorization": f"Basic {basic}"}
            for name in ("in", "out"):
                path = f"{self.prefect.base}/events/{name}"
                with self.subTest(credentials=credentials, path=path):
                    answer = await self.both(path=path, protocols=(), headers=headers)
                    self.assertEqual(answer.status, 403)
                    answer = await self.both(message, path=path, headers=headers)
                    self.assertEqual(len(answer.messages), 1)
                    answer = await self.both(AUTH, path=path, headers=headers)
                    self.assertEqual(answer.code, 1008)


LIVE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("other", {"occurred": "2999-01-01T00:00:00Z", "resource": {"prefect.resource.id": "r"}}),
    ("live.a", {"occurred": "2998-01-01T00:00:00Z", "resource": {"prefect.resource.id": "r"}}),
    ("live.b", {
        "occurred": "2998-06-01T00:00:00.123456+02:00",
        "resource": {"prefect.resource.id": "é", "label": "x\u0000\n"},
        "related": [{"prefect.resource.id": "s", "prefect.resource.role": "tag"}],
        "payload": {"n": [1, -0.0, 1e16, 1e-7, None, True, 12345678901234567890], "ü": "\u2028"},
        "follows": str(uuid.UUID(int=1)),
    }),
)  # fmt: skip
