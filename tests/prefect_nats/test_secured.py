"""Servers that want to know who comes, that prove who they are, and that hold streams together."""

import asyncio
import base64
import json
import os
import unittest
from collections.abc import Mapping
from typing import Any
from unittest import mock

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

import nkeys
from prefect.server.utilities.messaging import create_consumer, create_publisher

from prefect_nats.broker import Broker, BrokerError
from support.broker_case import Notes
from support.certificates import self_signed, signed
from support.jetstream import JetStream
from support.nats_cluster import nats_cluster
from support.proxy import Proxy
from support.servers import NatsServer
from support.temporary import temporary_folder

_SECRET = "correcthorsebatterystaple"
_OPERATOR, _ACCOUNT = nkeys.PREFIX_BYTE_OPERATOR, nkeys.PREFIX_BYTE_ACCOUNT
_USER = nkeys.PREFIX_BYTE_USER


class Secured(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("secured"))

    async def handled(self, **settings: object) -> list[bytes]:
        """What comes of a message that is published with these settings."""
        values = {"PUBLISHER_ACK_TIMEOUT": "10", **settings}
        variables = {f"PREFECT_NATS_MESSAGING_{name}": str(value) for name, value in values.items()}
        with mock.patch.dict(os.environ, variables):
            try:
                async with create_publisher("topic") as publisher:
                    await publisher.publish_data(b"1", {})
                notes = Notes(1)
                await asyncio.wait_for(create_consumer("topic").run(notes), 30)
                return notes.data
            finally:
                await Broker.current().close()

    def server(self, settings: str) -> NatsServer:
        return self.enterContext(NatsServer(settings=settings))

    async def assert_refused(self, **settings: object) -> None:
        with self.assertRaises(BrokerError) as caught:
            await self.handled(PUBLISHER_ACK_TIMEOUT="0.5", **settings)
        self.assertNotIn(_SECRET, str(caught.exception))

    async def test_a_user_comes_in_with_the_password_only(self) -> None:
        server = self.server(f"authorization {{ user: me, password: {_SECRET} }}")
        self.assertEqual(await self.handled(URL=server.url, USER="me", PASSWORD=_SECRET), [b"1"])
        await self.assert_refused(URL=server.url, USER="me", PASSWORD="wrong")

    async def test_a_token_opens(self) -> None:
        server = self.server(f"authorization {{ token: {_SECRET} }}")
        self.assertEqual(await self.handled(URL=server.url, TOKEN=_SECRET), [b"1"])
        await self.assert_refused(URL=server.url)

    async def test_an_nkey_opens(self) -> None:
        seed, public = _key(_USER)
        file = self.folder / "seed"
        file.write_bytes(seed)
        server = self.server(f"authorization {{ users: [{{ nkey: {public} }}] }}")
        self.assertEqual(await self.handled(URL=server.url, NKEY_SEED_FILE=file), [b"1"])
        file.write_bytes(_key(_USER)[0])
        await self.assert_refused(URL=server.url, NKEY_SEED_FILE=file)

    async def test_a_credentials_file_opens(self) -> None:
        operator, system, account, user = map(_key, (_OPERATOR, _ACCOUNT, _ACCOUNT, _USER))
        bounds = ("subs", "data", "payload", "imports", "exports", "conn", "leaf")
        stored = ("mem_storage", "disk_storage", "streams", "consumer")
        limits = {"limits": {**dict.fromkeys(bounds + stored, -1), "wildcards": True}}
        claims = {system[1]: {}, account[1]: limits}
        tokens = (f"{name}: {_token(operator, name, 'account', claims[name])}" for name in claims)
        server = self.server(
            f"operator: {_token(operator, operator[1], 'operator', {})}\n"
            f"system_account: {system[1]}\nresolver: MEMORY\n"
            f"resolver_preload: {{ {', '.join(tokens)} }}"
        )
        file = self.folder / "user.creds"

        def give(account: tuple[bytes, str]) -> None:
            token = _token(account, user[1], "user", dict.fromkeys(bounds[:3], -1))
            parts = {"NATS USER JWT": token, "USER NKEY SEED": user[0].decode()}
            file.write_text(
                "\n".join(
                    f"-----BEGIN {name}-----\n{text}\n------END {name}------\n"
                    for name, text in parts.items()
                )
            )

        give(account)
        self.assertEqual(await self.handled(URL=server.url, CREDS=file), [b"1"])
        await self.assert_refused(URL=server.url)
        give(_key(_ACCOUNT))
        await self.assert_refused(URL=server.url, CREDS=file)

    async def test_both_sides_prove_who_they_are_by_tls(self) -> None:
        authority = self_signed(self.folder, "authority")
        own, client = signed(authority, "server"), signed(authority, "client")
        server = self.server(
            f'tls {{ cert_file: "{own.file}", key_file: "{own.key}", ca_file: "{authority.file}",'
            " verify: true }"
        )
        url = f"tls://localhost:{server.port}"
        proof = {"TLS_CERT": client.file, "TLS_KEY": client.key}
        self.assertEqual(await self.handled(URL=url, TLS_CA=authority.file, **proof), [b"1"])
        other = self_signed(self.folder, "other")
        await self.assert_refused(URL=url, TLS_CA=other.file, PASSWORD=_SECRET, **proof)
        await self.assert_refused(URL=url, TLS_CA=authority.file, PASSWORD=_SECRET)

    async def test_one_that_wants_tls_says_nothing_to_a_server_without(self) -> None:
        server = self.server(f"authorization {{ user: me, password: {_SECRET} }}")
        with Proxy(server.port) as proxy:
            url = f"tls://localhost:{proxy.port}"
            await self.assert_refused(URL=url, USER="me", PASSWORD=_SECRET)
        self.assertGreater(proxy.accepted, 0, "nobody came")
        self.assertNotIn(b"CONNECT", proxy.heard)

    async def test_streams_have_the_replicas_that_are_set(self) -> None:
        with nats_cluster() as servers:
            urls = ",".join(server.url for server in servers)
            self.assertEqual(await self.handled(URL=urls, REPLICAS=3), [b"1"])
            with JetStream(servers[0].url) as stream:
                found = stream.request("STREAM.INFO.PREFECT_TOPIC")
        self.assertEqual(found["config"]["num_replicas"], 3)


def _key(kind: int) -> tuple[bytes, str]:
    """A new seed and its public key."""
    seed = nkeys.encode_seed(os.urandom(32), kind)
    return seed, nkeys.from_seed(seed).public_key.decode()


def _token(issuer: tuple[bytes, str], subject: str, kind: str, claims: Mapping[str, Any]) -> str:
    """A JWT of NATS, https://docs.nats.io/running-a-nats-service/nats_admin/security/jwt."""
    body = {
        "jti": subject,
        "iat": 1,
        "iss": issuer[1],
        "sub": subject,
        "nats": {"type": kind, "version": 2, **claims},
    }
    parts = ({"typ": "JWT", "alg": "ed25519-nkey"}, body)
    text = ".".join(_base64(json.dumps(part).encode()) for part in parts)
    return f"{text}.{_base64(nkeys.from_seed(issuer[0]).sign(text.encode()))}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


if __name__ == "__main__":
    unittest.main()
