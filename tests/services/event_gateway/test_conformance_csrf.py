"""CSRF tokens are asked for by the gateway as by Prefect's own server, on both storages."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import sqlite3
import unittest
import urllib.parse
from typing import Any, ClassVar

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from services.event_gateway.conformance_case import Conformance
from services.event_gateway.peers import Gateway, PrefectPeer
from services.event_gateway.subscribers_case import event

from support.permissions import block
from support.prefect_schemas import load_schema
from support.prefect_venv import NEWEST
from support.servers import PostgresServer, psql

_SECRET = "admin:pass"
_AUTHORIZED = {"Authorization": "Basic " + base64.b64encode(_SECRET.encode()).decode()}
_SENT = {"Content-Type": "application/json", **_AUTHORIZED}
_PATH = "/api/events"
_NO_TOKEN = {"detail": "Missing CSRF token."}
_NO_CLIENT = {"detail": "Missing client identifier."}
_INVALID = {"detail": "Invalid CSRF token or client identifier."}


def _csrf(token: str | None, client: str | None) -> dict[str, str]:
    headers = {"Prefect-Csrf-Token": token, "Prefect-Csrf-Client": client}
    return {name: value for name, value in headers.items() if value is not None}


class Csrf(Conformance):
    settings: ClassVar[dict[str, str]] = {
        "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
        "PREFECT_SERVER_API_AUTH_STRING": _SECRET,
    }
    postgres: ClassVar[PostgresServer]
    gateways: ClassVar[list[Gateway]]
    tokens: ClassVar[dict[str, str]]
    """Of each client."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.prefect = cls.enterClassContext(PrefectPeer(cls.settings))
        cls.postgres = cls.enterClassContext(PostgresServer(fsync=False))
        database = cls.postgres.create_database("prefect")
        load_schema(NEWEST, database)
        cls.tokens = {client: cls.token(client) for client in ("one", "other", "é", "late")}
        cls.share_tokens(database)
        # Who may do only what the page says.
        granted = [re.sub(r"\bhangar;$", "page;", line) for line in block("sql", "gateway-csrf")]
        psql(database, f"CREATE ROLE page LOGIN; {''.join(granted)}")
        with_token_only = {
            "HANGAR_STORAGE_URL": database.replace(f"{cls.postgres.user}@", "page@"),
            "HANGAR_SERVICES_EVENT_GATEWAY_EVENTS_OUT": "false",
        }
        cls.gateways = [
            cls.enterClassContext(Gateway({**cls.settings, **storage}))
            for storage in ({"HANGAR_STORAGE_URL": str(cls.prefect.database)}, with_token_only)
        ]
        for gateway in cls.gateways:
            cls.wait_for_database(gateway)

    @classmethod
    def wait_for_database(cls, gateway: Gateway) -> None:
        headers = _SENT | _csrf(cls.tokens["one"], "one")
        gateway.nats.wait_until(
            lambda: gateway.http("POST", _PATH, b"[]", headers)[0] == 204, "the database"
        )

    @classmethod
    def token(cls, client: str) -> str:
        """That Prefect's server gives."""
        asked = f"/api/csrf-token?client={urllib.parse.quote(client)}"
        status, _, body = cls.prefect.http("GET", asked, None, _AUTHORIZED)
        assert status == 200, body
        return str(json.loads(body)["token"])

    @classmethod
    def share_tokens(cls, database: str) -> None:
        """Lets one expire, and writes what Prefect's server has to the other database too."""
        with contextlib.closing(sqlite3.connect(cls.prefect.database, timeout=60)) as rows:
            rows.execute(
                "UPDATE csrf_token SET expiration = '2020-01-01 00:00:00.000000'"
                " WHERE client = 'late'"
            )
            rows.commit()
            for token, client, until in rows.execute(
                "SELECT token, client, expiration FROM csrf_token"
            ):
                psql(
                    database,
                    "INSERT INTO csrf_token (token, client, expiration)"
                    f" VALUES ('{token}', '{client}', '{until}')",
                )

    def all_http(self, *request: Any) -> tuple[int, dict[str, str], Any]:
        for gateway in self.gateways:
            type(self).gateway = gateway
            answer = self.both_http(*request)
        return answer

    def test_a_post_needs_the_token_of_its_client(self) -> None:
        one, other = self.tokens["one"], self.tokens["other"]
        for headers, status, told in (
            (_csrf(one, "one"), 204, None), (_csrf(other, "other"), 204, None),
            (_csrf(self.tokens["é"], "é"), 204, None),
            (_csrf(None, None), 403, _NO_TOKEN), (_csrf(None, "one"), 403, _NO_TOKEN),
            (_csrf(one, None), 403, _NO_CLIENT),
            (_csrf(other, "one"), 403, _INVALID), (_csrf(one, "nobody"), 403, _INVALID),
            (_csrf(one[:-1], "one"), 403, _INVALID), (_csrf(one + "0", "one"), 403, _INVALID),
            (_csrf(one.upper(), "one"), 403, _INVALID), (_csrf(one, "One"), 403, _INVALID),
            (_csrf(one, "x" * 9000), 403, _INVALID), (_csrf(one, "' OR '1'='1"), 403, _INVALID),
            (_csrf(self.tokens["é"], "Ã©"), 403, _INVALID),
            (_csrf(self.tokens["late"], "late"), 403, _INVALID),
        ):  # fmt: skip
            for origin in ({}, {"Origin": "https://a.example"}):
                with self.subTest(headers=headers, origin=origin):
                    answer = self.all_http("POST", _PATH, b"[]", _SENT | headers | origin)
                    self.assertEqual((answer[0], answer[2]), (status, told))

    def test_nothing_is_published_without_a_token(self) -> None:
        wrong, right = _csrf("wrong", "one"), _csrf(self.tokens["one"], "one")
        for peer in (self.prefect, *self.gateways):
            before = len(peer.stored())
            for headers in ({}, wrong, right):
                peer.http("POST", _PATH, json.dumps([event("a")]).encode(), _SENT | headers)
            self.assertEqual(len(peer.stored()), before + 1)

    def test_every_path_is_asked_for_one_before_all_else(self) -> None:
        right = _csrf(self.tokens["one"], "one")
        for method, path, status in (
            ("PUT", _PATH, 405), ("PATCH", _PATH, 405), ("DELETE", _PATH, 405),
            ("POST", "/api/events/?a", 307), ("POST", "/api/events/in", 404),
            ("DELETE", "/api/nothing", 404),
        ):  # fmt: skip
            with self.subTest(method=method, path=path):
                self.assertEqual(self.all_http(method, path, None, _SENT)[0], 403)
                self.assertEqual(self.all_http(method, path, None, _SENT | right)[0], status)
        for method in ("GET", "HEAD", "OPTIONS", "QUERY"):
            self.assertEqual(self.all_http(method, _PATH, None, _SENT)[0], 405)
        self.assertEqual(self.all_http("POST", _PATH, b"{", right)[0], 401)
        self.assertEqual(self.all_http("POST", _PATH, b"{", {})[0], 403)
        preflight = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
        self.assertEqual(self.all_http("OPTIONS", _PATH, None, preflight)[0], 200)

    async def test_a_websocket_needs_no_token(self) -> None:
        for gateway in self.gateways:
            type(self).gateway = gateway
            answer = await self.both(json.dumps({"type": "auth", "token": _SECRET}))
            self.assertEqual(len(answer.messages), 1)

    def test_a_post_is_sent_again_when_the_database_was_away(self) -> None:
        gateway = self.gateways[-1]

        def answer(headers: dict[str, str]) -> tuple[int, str | None]:
            status, found, _ = gateway.http("POST", _PATH, b"[]", _SENT | headers)
            return status, found.get("retry-after")

        right = _csrf(self.tokens["one"], "one")
        self.postgres.stop()
        self.addCleanup(self.wait_for_database, gateway)
        self.addCleanup(self.postgres.start)
        for _ in range(2):
            self.assertEqual(answer(right), (503, "5"))
            self.assertEqual(answer({}), (403, None))


if __name__ == "__main__":
    unittest.main()
