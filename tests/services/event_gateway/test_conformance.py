"""Each line of the contract is asked of Prefect's own server and of the gateway: both say the same.

Where they differ, the case says so, and so does the service's README.
"""

import asyncio
import base64
import contextlib
import json
import unittest
import uuid
from http.client import HTTPConnection
from typing import ClassVar

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from services.event_gateway.peers import AUTH, INVALID

from services.event_gateway import out_lines
from support.jetstream import StoredMessage

SECRET = "admin:pass"
HEAD = '"occurred":"2026-11-20T00:00:00Z","resource":{"prefect.resource.id":"r"}'
_IDS = uuid.UUID("0190a3b2-0000-7000-8000-000000000000").int


def event(number: int, members: str = f'"event":"e",{HEAD}') -> str:
    return f'{{"id":"{uuid.UUID(int=_IDS + number)}",{members}}}'


def _with(**members: str) -> str:
    base = {"event": '"e"', "occurred": '"2026-11-20T00:00:00Z"',
            "resource": '{"prefect.resource.id":"r"}'}  # fmt: skip
    return ",".join(f'"{name}":{value}' for name, value in (base | members).items() if value)


def _labels(count: int) -> str:
    others = {f"label-{number}": "x" for number in range(count - 1)}
    return json.dumps({"prefect.resource.id": "r", **others})


def _related(count: int) -> str:
    one = {"prefect.resource.role": "r"}
    return json.dumps([{"prefect.resource.id": str(number), **one} for number in range(count)])


TIMES = (
    '"2026-11-20T00:00:00.1234567Z"', '"2026-11-20T01:02:03+01:30"', '"2026-11-20T01:02:03"',
    '"2026-11-20 01:02:03Z"', "1763596800", "1763596800123", "1763596800.25", '"1763596800"',
    '"2026-11-20"', '"2026-W47-5T01:02:03Z"', '"2026-11-20T00:00:00-00:00"',
)  # fmt: skip
IDS = (
    '"0190A3B2-0000-7000-8000-0000000000F1"', '"0190a3b20000700080000000000000f2"',
    '"{0190a3b2-0000-7000-8000-0000000000f3}"', '"urn:uuid:0190a3b2-0000-7000-8000-0000000000f4"',
)  # fmt: skip
PAYLOADS = (
    "{}", '{"a":1,"a":2,"b":[]}', '{"n":[1e2,1E2,-0,-0.0,1e16,1e-5,1e-7,0.1,12345678901234567890]}',
    '{"n":[NaN,Infinity,-Infinity,1e400]}', r'{"s":"\u00e9\ud83d\ude00\/\u0000\u007f\t"}',
    '{"s":"é\u2028\U0001f600"}', '{ "spaced" : { "a" : null , "b" : true } }',
)  # fmt: skip
VALID = (
    _with(), _with(event='"prefect.task-run.Running"'), _with(event='""'),
    _with(event='"prefect.task-runner"'), _with(event=f'"{"x" * 1024}"'),
    _with(event=r'"a\u0000b \u00e9 \" *.>"'), _with(unknown="1", received='"never"'),
    _with(follows="null"), _with(follows='"0190A3B2-0000-7000-8000-0000000000FF"'),
    _with(related="[]"),
    _with(related='[{"prefect.resource.role":"x","prefect.resource.id":"y","z":"\\u00e9"}]'),
    _with(resource='{"z":"1","prefect.resource.id":"r","a":"2","z":"3"}'),
    _with(resource=_labels(500)), _with(related=_related(100)),
    *(_with(occurred=time) for time in TIMES), *(_with(payload=payload) for payload in PAYLOADS),
)  # fmt: skip
INVALID_EVENTS = (
    "", "{", "[]", "null", '"e"', "{}", event(1, _with(event="")), event(1, _with(event="1")),
    event(1, _with(event="null")), event(1, _with(occurred='"yesterday"')),
    event(1, _with(occurred="null")), event(1, _with(resource="{}")),
    event(1, _with(resource='{"prefect.resource.id":""}')),
    event(1, _with(resource='{"prefect.resource.id":"r","n":1}')),
    event(1, _with(related="null")), event(1, _with(related='[{"prefect.resource.id":"r"}]')),
    event(1, _with(payload="null")), event(1, _with(payload="[]")),
    event(1, _with(follows='"x"')), event(1, _with(event=f'"{"x" * 1025}"')),
    f"{{{_with()}}}", f'{{"id":"x",{_with()}}}', event(1, _with(payload='{"s":"\\ud83d"}')),
    event(1, _with(payload="[" * 300 + "]" * 300)),
    event(1, _with(resource=_labels(501))), event(1, _with(related=_related(101))),
)  # fmt: skip


def published(message: StoredMessage) -> tuple[str, str, dict[str, str], str]:
    """What does not depend on when it was received."""
    body = message.data.decode()
    before, mark, _ = body.rpartition(',"received":"')
    names = ("Nats-Msg-Id", "Prefect-Attributes")
    headers = {name: message.headers.get(name, "") for name in names}
    return message.subject, before + mark, headers, body[-2:]


class Open(out_lines.SubscribingLines):
    """Nobody needs to know a secret."""

    async def test_first_message_is_answered_alike(self) -> None:
        auth = json.dumps({"type": "auth", "token": "anything"})
        success = ('{"type":"auth_success"}',)
        nothing: tuple[str | bytes, ...] = ("no JSON", "[]", "null", '"auth"', b"bytes")
        self.assertEqual((await self.both(AUTH)).messages, success)
        self.assertEqual((await self.both(auth, protocols=("other", "prefect"))).messages, success)
        for token in ("7", "[]", '{"a":1}', "true"):
            message = f'{{"type":"auth","token":{token}}}'
            self.assertEqual((await self.both(message)).messages, success, message)
        self.assertEqual((await self.both('{"type":"auth"}')).messages, success)
        for message in ('{"type":"filter"}', "{}", '{"type":1}'):
            answer = await self.both(message)
            self.assertEqual((answer.code, answer.reason), (1008, "Expected 'auth' message"))
        for each in nothing:
            answer = await self.both(each)
            self.assertEqual((answer.code, answer.closed), (None, True), each)

    async def test_other_paths_have_no_websocket(self) -> None:
        for path in ("/api/events", "/api/events/in/", "/events/in", "/api/events/i"):
            self.assertEqual((await self.both(path=path)).status, 403, path)

    async def test_pages_of_other_origins_have_a_websocket(self) -> None:
        for origin in ("https://evil.example", "null"):
            for path in ("/api/events/in", out_lines.OUT):
                answer = await self.both(AUTH, path=path, headers={"Origin": origin})
                self.assertEqual(len(answer.messages), 1, origin)

    async def test_pings_before_the_first_message_are_answered(self) -> None:
        for peer in (self.prefect, self.gateway):
            async with peer.socket() as socket, asyncio.timeout(20):
                await (await socket.ping(b"early"))
                await socket.send(AUTH)
                await socket.recv()
                await (await socket.ping())

    async def test_deflate_is_negotiated(self) -> None:
        for peer in (self.prefect, self.gateway):
            async with peer.authenticated() as socket:
                header = socket.response.headers["Sec-WebSocket-Extensions"]
                self.assertIn("permessage-deflate", header)
                self.assertIn("server_max_window_bits=12", header)

    async def test_largest_message_is_the_same(self) -> None:
        for peer in (self.prefect, self.gateway):
            answer = await peer.answer(AUTH, "x" * ((16 << 20) + 1), wanted=2)
            self.assertEqual(answer.code, 1009)  # with words of each one's own

    async def test_close_is_answered_with_its_code(self) -> None:
        for peer in (self.prefect, self.gateway):
            async with peer.authenticated() as socket:
                await socket.send(event(900))
                await socket.close(3001, "enough")
                self.assertEqual((socket.close_code, socket.close_reason), (3001, "enough"))

    async def test_valid_events_become_the_same_messages(self) -> None:
        events = [event(100 + number, members) for number, members in enumerate(VALID)]
        events += [f'{{"id":{each},{_with()}}}' for each in IDS]
        found = []
        for peer in (self.prefect, self.gateway):
            before = len(peer.stored())
            async with peer.socket(protocols=()) as socket, asyncio.timeout(60):
                for each in events:
                    await socket.send(each)
                await (await socket.ping())
            found.append([published(message) for message in peer.stored()[before:]])
        self.assertEqual(len(found[0]), len(events))
        for ours, theirs in zip(found[1], found[0], strict=True):
            self.assertEqual(ours, theirs)

    async def test_invalid_event_ends_prefects_socket_and_is_a_dead_letter_here(self) -> None:
        before = len(self.prefect.stored()), len(self.gateway.stored())
        letters = len(self.gateway.stored(INVALID))
        for invalid in INVALID_EVENTS:
            answer = await self.prefect.answer(AUTH, invalid, wanted=2)
            self.assertEqual((answer.closed, answer.code), (True, None), invalid)
        async with self.gateway.authenticated() as socket, asyncio.timeout(60):
            for invalid in INVALID_EVENTS:
                await socket.send(invalid)
            await socket.send(b"bytes")
            await (await socket.ping())
        self.assertEqual((len(self.prefect.stored()), len(self.gateway.stored())), before)
        kept = self.gateway.stored(INVALID)[letters:]
        contents = [invalid.encode()[:8192] for invalid in INVALID_EVENTS]
        self.assertEqual([letter.data for letter in kept], [*contents, b"bytes"])
        for letter in kept:
            self.assertTrue(letter.headers["Hangar-Dlq-Reason"])
            self.assertIn("127.0.0.1:", letter.headers["Hangar-Dlq-Peer"])

    async def test_event_that_is_too_large_is_dropped(self) -> None:
        large = event(800, _with(payload=json.dumps({"x": "y" * 1_500_000})))
        small = event(801)
        for peer in (self.prefect, self.gateway):
            before = len(peer.stored())
            async with peer.authenticated() as socket, asyncio.timeout(60):
                await socket.send(large)
                await socket.send(small)
                await (await socket.ping())
            self.assertEqual(len(peer.stored()), before + 1)
            status, _, body = peer.http("POST", "/api/events", f"[{large}]".encode(), JSON)
            self.assertEqual((status, body, len(peer.stored())), (204, b"", before + 1))

    def test_posted_events_become_the_same_messages(self) -> None:
        events = [event(1000 + number, members) for number, members in enumerate(VALID)]
        found = []
        for peer in (self.prefect, self.gateway):
            before = len(peer.stored())
            status, headers, body = peer.http(
                "POST", "/api/events", f"[{','.join(events)}]".encode(), JSON
            )
            self.assertEqual((status, body), (204, b""))
            self.assertNotIn("content-type", headers)
            found.append([published(message) for message in peer.stored()[before:]])
        self.assertEqual(len(found[0]), len(events))
        self.assertEqual(found[1], found[0])

    def test_body_may_come_in_chunks(self) -> None:
        parts = (b"[", event(2500).encode(), b"]")
        for peer in (self.prefect, self.gateway):
            before = len(peer.stored())
            with contextlib.closing(HTTPConnection(peer.address, timeout=60)) as connection:
                connection.request("POST", "/api/events", iter(parts), JSON, encode_chunked=True)
                self.assertEqual(connection.getresponse().status, 204)
            self.assertEqual(len(peer.stored()), before + 1)

    def test_request_of_more_than_16_mib_is_refused_here(self) -> None:
        body = b"[]" + b" " * (16 << 20)
        self.assertEqual(self.prefect.http("POST", "/api/events", body, JSON)[0], 204)
        announced = JSON | {"Content-Length": str(len(body))}
        self.assertEqual(self.gateway.http("POST", "/api/events", None, announced)[0], 413)

    def test_posts_are_answered_alike(self) -> None:
        before = len(self.gateway.stored())
        good = event(2000)
        plain = {"Content-Type": "text/plain"}
        for body, headers, status in (
            (f"[{good},{{}}]", JSON, 422),
            ("{}", JSON, 422), ("7", JSON, 422), ("null", JSON, 422), ("{", JSON, 422),
            ("", JSON, 422), ("", {}, 422), ("[]", plain, 422), ("[]", JSON, 204), ("[]", {}, 204),
            ("[]", {"Content-Type": "application/vnd.x+json; charset=utf-8"}, 204),
            ("[]", JSON | {"X-PREFECT-API-VERSION": "0.7.9"}, 400),
            ("[]", JSON | {"X-PREFECT-API-VERSION": "0.8.0"}, 204),
            ("[]", JSON | {"X-PREFECT-API-VERSION": "1"}, 400),
            ("{}", JSON | {"X-PREFECT-API-VERSION": "0.7.9"}, 400),
            ("{", JSON | {"X-PREFECT-API-VERSION": "0.7.9"}, 422),
        ):  # fmt: skip
            with self.subTest(body=body, headers=headers):
                answer = self.both_http("POST", "/api/events", body.encode(), headers)
                self.assertEqual(answer[0], status)
        self.assertEqual(len(self.gateway.stored()), before)

    def test_other_methods_and_paths_are_answered_alike(self) -> None:
        for method, path, status in (
            ("GET", "/api/events", 405), ("PUT", "/api/events", 405),
            ("DELETE", "/api/events", 405), ("POST", "/api/events/?a=b", 307),
            ("HEAD", "/api/events", 405), ("OPTIONS", "/api/events", 405),
            ("PATCH", "/api/events", 405), ("TRACE", "/api/events", 405),
            ("QUERY", "/api/events", 405), ("NOTHING", "/api/events", 405),
            ("GET", "/api/events/", 307), ("GET", "/api/%65vents", 405),
            ("GET", "/api//events", 404), ("GET", "/api/events%3F", 404),
            ("GET", "/api/events/in", 404), ("OPTIONS", "/api/events/in", 404),
            ("GET", "/api/events/out", 404), ("POST", "/api/events/out", 404),
            ("HEAD", "/api/events/in", 404), ("POST", "/api/events/in?x", 404),
            ("POST", "/api/events/nothing", 404),
        ):  # fmt: skip
            with self.subTest(method=method, path=path):
                self.assertEqual(self.both_http(method, path)[0], status)

    def test_pages_of_every_origin_may_do_everything(self) -> None:
        for asked, status in (
            (_preflight("https://a.example", "POST"), 200),
            (_preflight("null", "QUERY", "x-a,\tX-B"), 200),
            (_preflight("https://a.example", "post"), 400),
            (_preflight("https://a.example", "TRACE", private="true"), 400),
            ({"Access-Control-Request-Method": "GET"}, 405), ({"Origin": "https://a.example"}, 405),
        ):  # fmt: skip
            for path in ("/api/events", "/api/events/?a"):
                with self.subTest(asked=asked, path=path):
                    answer = self.both_http("OPTIONS", path, None, asked)
                    self.assertEqual(answer[0], 307 if status == 405 and "?" in path else status)
        for origin in ("https://a.example", "null"):
            for body in (b"[]", b"{}"):
                self.both_http("POST", "/api/events", body, JSON | {"Origin": origin})


class Secured(out_lines.SecuredSubscribingLines):
    """With settings of Prefect's for a secret, the base path and pages of other origins."""

    settings: ClassVar[dict[str, str]] = {
        "PREFECT_SERVER_API_AUTH_STRING": SECRET,
        "PREFECT_SERVER_API_BASE_PATH": "/v2/api/",
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": "https://a.example,https://b.example, https://c",
        "PREFECT_SERVER_CORS_ALLOWED_METHODS": "GET,POST",
        "PREFECT_SERVER_CORS_ALLOWED_HEADERS": "X-One,authorization",
    }

    async def test_first_message_is_answered_alike(self) -> None:
        self.assertEqual(len((await self.both(_auth(SECRET))).messages), 1)
        for message, reason in (
            (_auth(SECRET + "x"), "Invalid token"), (_auth("x"), "Invalid token"),
            (_auth(""), "Auth required but no token provided"),
            (_auth(None), "Auth required but no token provided"),
            ('{"type":"auth"}', "Auth required but no token provided"),
            (_auth(0), "Auth required but no token provided"),
            ('{"type":"filter"}', "Expected 'auth' message"),
        ):  # fmt: skip
            answer = await self.both(message)
            self.assertEqual((answer.code, answer.reason), (1008, reason), message)
        for message in (_auth(7), _auth(["x"]), "[]"):
            self.assertEqual((await self.both(message)).code, None)

    async def test_without_the_subprotocol_there_is_no_websocket(self) -> None:
        self.assertEqual((await self.both(protocols=())).status, 403)
        self.assertEqual((await self.both(protocols=("other",))).status, 403)

    def test_requests_need_the_secret(self) -> None:
        right = base64.b64encode(SECRET.encode()).decode()
        wrong = base64.b64encode(b"admin:past").decode()
        for value, status in (
            (f"Basic {right}", 204), (f"Basic  {right} ", 204), (f"Basic {wrong}", 401),
            (f"basic {right}", 401), (f"Basic {right} x", 401), (f"Bearer {right}", 401),
            ("Basic", 401), (f"Basic {right[:-1]}", 401), (None, 401),
        ):  # fmt: skip
            headers = JSON | ({"Authorization": value} if value else {})
            with self.subTest(value=value):
                answer = self.both_http("POST", "/v2/api/events", b"[]", headers)
                self.assertEqual(answer[0], status)
        for method, path in (("GET", "/v2/api/events"), ("POST", "/v2/api/events/")):
            self.assertEqual(self.both_http(method, path)[0], 401)

    async def test_base_path_is_where_the_api_is(self) -> None:
        headers = JSON | {"Authorization": "Basic " + base64.b64encode(SECRET.encode()).decode()}
        for method, path, status in (
            ("POST", "/v2/api/events/?a", 307), ("GET", "/v2/api/events", 405),
            ("GET", "/v2/api/nothing", 404), ("POST", "/v2/api//events", 404),
        ):  # fmt: skip
            with self.subTest(method=method, path=path):
                self.assertEqual(self.both_http(method, path, None, headers)[0], status)
        self.assertEqual((await self.both(path="/api/events/in")).status, 403)

    def test_pages_of_other_origins_may_do_what_is_set(self) -> None:
        for asked, status in (
            (_preflight("https://a.example", "POST", "X-ONE, content-type"), 200),
            (_preflight("https://b.example", "GET"), 200),
            (_preflight("https://c", "GET"), 400),
            (_preflight("https://d", "PUT", "X-Two"), 400),
            (_preflight("https://a.example", "GET", "x-one,"), 400),
        ):  # fmt: skip
            with self.subTest(asked=asked):
                answer = self.both_http("OPTIONS", "/v2/api/events", None, asked)
                self.assertEqual(answer[0], status)
        for origin in ("https://a.example", "https://c", ""):
            answer = self.both_http(
                "POST", "/v2/api/events", b"[]", JSON | ({"Origin": origin} if origin else {})
            )
            self.assertEqual(answer[0], 401)


JSON = {"Content-Type": "application/json"}


def _preflight(
    origin: str, method: str, headers: str | None = None, private: str | None = None
) -> dict[str, str]:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
        "Access-Control-Request-Private-Network": private,
    }
    return {name: value for name, value in asked.items() if value is not None}


def _auth(token: object) -> str:
    return json.dumps({"type": "auth", "token": token})


if __name__ == "__main__":
    unittest.main()
