"""Servers that do not prove who they are: refused with the cause, and told no secret."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import threading
import unittest
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from support.certificates import Certificate, self_signed, signed
from support.program import flags, hangar, hangar_running
from support.proxy import Proxy
from support.servers import NatsServer, PostgresServer, wait_until
from support.temporary import temporary_folder
from support.tree import ROOT

_SECRET = "correcthorsebatterystaple"
_SAMPLE = ROOT / "etc" / "sample.jsonl"


class Tls(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("tls"))
        self.log = self.folder / "hangar.log"
        self.authority = self_signed(self.folder, "authority")
        self.other = self_signed(self.folder, "other")
        self.good = signed(self.authority, "good")
        self.refusals = 0

    def wrong_ones(self) -> dict[str, Certificate]:
        return {
            "wrong authority": signed(self.other, "foreign"),
            "expired": signed(self.authority, "expired", days=0),
            "wrong host": signed(self.authority, "elsewhere", host="elsewhere.example"),
            "self-signed": self_signed(self.folder, "self"),
        }

    def refused(self, proxy: Proxy, said: str, cause: str) -> None:
        self.assertRegex(said, cause)
        self.refusals += 1
        self.assertNotIn(_SECRET, said)
        self.assertGreater(proxy.accepted, 0, "nobody came")
        self.assertNotIn(_SECRET.encode(), proxy.heard)
        self.assertNotIn(b"CONNECT {", proxy.heard)


# What is said of each, by cnats and by libpq.
_CAUSES = {
    "wrong authority": ("unable to get local issuer certificate", "certificate verify failed"),
    "expired": ("certificate has expired", "certificate verify failed"),
    "wrong host": ("hostname mismatch", 'for "elsewhere.example" does not match host name'),
    "self-signed": ("self.signed certificate", "certificate verify failed"),
    "plain text": ("Secure Connection not available", "does not support SSL, but SSL was required"),
    "TLS 1.1": ("SSL handshake error: .*protocol", "SSL error: .*protocol"),
}


class Nats(Tls):
    def ask(self, url: str, authority: Path | None = None) -> tuple[int, str]:
        settings = {
            "data_dir": self.folder / "data",
            "nats.url": url,
            "nats.user": "hangar",
            "nats.password": _SECRET,
            **({"nats.tls.ca_file": authority} if authority else {}),
        }
        done = hangar("dlq", "ls", "-o", "json", *flags(settings))
        return done.returncode, done.stdout + done.stderr

    def expect_refusal(self, port: int, what: str) -> None:
        with Proxy(port) as proxy:
            code, said = self.ask(f"tls://localhost:{proxy.port}", self.authority.file)
            self.assertEqual(code, 69, said)
            self.refused(proxy, said, _CAUSES[what][0])

    @staticmethod
    def server(certificate: Certificate | None) -> NatsServer:
        users = f"authorization {{ user: hangar, password: {_SECRET} }}\n"
        if certificate is None:
            return NatsServer(settings=users)
        files = f'cert_file: "{certificate.file}", key_file: "{certificate.key}"'
        return NatsServer(settings=f"{users}tls {{ {files} }}\n")

    def test_nats_server_that_proves_nothing_is_refused_and_told_nothing(self) -> None:
        for name, certificate in self.wrong_ones().items():
            with self.subTest(name), self.server(certificate) as server:
                self.expect_refusal(server.port, name)
        with self.subTest("plain text"), self.server(None) as server:
            self.expect_refusal(server.port, "plain text")
        with self.subTest("TLS 1.1"), old_nats_server(self.good) as port:
            self.expect_refusal(port, "TLS 1.1")
        print(f"figure G9: NATS servers refused = {self.refusals} of {len(_CAUSES)}")

    def test_the_same_server_is_trusted_when_it_proves_who_it_is(self) -> None:
        with self.server(self.good) as server, Proxy(server.port) as proxy:
            code, said = self.ask(f"tls://localhost:{proxy.port}", self.authority.file)
            self.assertEqual((code, said), (0, "[]\n"))
            self.assertNotIn(_SECRET.encode(), proxy.heard)
        # The proxy would have heard it.
        with self.server(None) as server, Proxy(server.port) as proxy:
            self.assertEqual(self.ask(f"nats://localhost:{proxy.port}")[0], 0)
            self.assertIn(_SECRET.encode(), proxy.heard)


@contextmanager
def old_nats_server(certificate: Certificate) -> Iterator[int]:
    """What greets as nats-server does and then speaks TLS 1.1 alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.load_cert_chain(certificate.file, certificate.key)
    facts = {"server_id": "old", "version": "2.9.10", "max_payload": 1 << 20, "tls_required": True}
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    with client, suppress(OSError):
                        client.sendall(f"INFO {json.dumps(facts)}\r\n".encode())
                        with context.wrap_socket(client, server_side=True) as encrypted:
                            encrypted.recv(1 << 16)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()


class Postgres(Tls):
    def setUp(self) -> None:
        super().setUp()
        self.server = self.enterContext(PostgresServer(fsync=False))
        self.server.psql(f"CREATE ROLE recorder SUPERUSER LOGIN PASSWORD '{_SECRET}'")
        access = self.server.data / "pg_hba.conf"
        access.write_text(f"host all recorder all password\n{access.read_text()}")
        self.nats = self.enterContext(NatsServer())
        sent = hangar("publish", "--set", f"nats.url={self.nats.url}", _SAMPLE)
        self.assertEqual(sent.returncode, 0, sent.stderr)

    def use(self, certificate: Certificate | None, *more: str) -> None:
        """The certificate that the server shows from now on."""
        changes = ["ssl = off"]
        if certificate is not None:
            for file, name in ((certificate.file, "cert"), (certificate.key, "key")):
                copy = shutil.copy(file, self.server.data / f"ssl_{name}.pem")
                owner = self.server.data.stat()
                os.chown(copy, owner.st_uid, owner.st_gid)
                Path(copy).chmod(0o600)
            files = ("ssl_cert_file = 'ssl_cert.pem'", "ssl_key_file = 'ssl_key.pem'")
            changes = [*files, *more, "ssl = on"]
        for change in changes:
            self.server.psql(f"ALTER SYSTEM SET {change}")
        # What was changed holds for connections that are made when the reload is over.
        before = self.server.psql("SELECT pg_conf_load_time()")
        self.server.psql("SELECT pg_reload_conf()")
        wait_until(
            lambda: self.server.psql("SELECT pg_conf_load_time()") != before, what="other settings"
        )

    def words(self, port: int, mode: str = "verify-full") -> list[str]:
        query = f"sslmode={mode}&sslrootcert={self.authority.file}"
        settings = {
            "data_dir": self.folder / "data",
            "nats.url": self.nats.url,
            "log.level": "trace",
            "storage.type": "postgres",
            "storage.url": f"postgresql://recorder:{_SECRET}@localhost:{port}/postgres?{query}",
            "storage.create_tables": "true",
        }
        return flags(settings)

    def expect_refusal(self, what: str) -> None:
        self.log.unlink(missing_ok=True)
        with ExitStack() as running:
            proxy = running.enter_context(Proxy(self.server.port))
            process = running.enter_context(hangar_running(*self.words(proxy.port), log=self.log))
            wait_until(
                lambda: "attempt 3 in" in self.log.read_text(),
                what="a second attempt",
                process=process,
                log=self.log,
            )
            self.refused(proxy, self.log.read_text(), _CAUSES[what][1])

    def test_postgres_that_proves_nothing_is_refused_and_told_nothing(self) -> None:
        for name, certificate in self.wrong_ones().items():
            with self.subTest(name):
                self.use(certificate)
                self.expect_refusal(name)
        with self.subTest("plain text"):
            self.use(None)
            self.expect_refusal("plain text")
        with self.subTest("TLS 1.1"):
            old = [f"ssl_{end}_protocol_version = 'TLSv1.1'" for end in ("min", "max")]
            self.use(self.good, "ssl_ciphers = 'ALL:@SECLEVEL=0'", *old)
            self.expect_refusal("TLS 1.1")
        print(f"figure G9: PostgreSQL servers refused = {self.refusals} of {len(_CAUSES)}")

    def test_the_same_server_is_trusted_when_it_proves_who_it_is(self) -> None:
        self.use(self.good)
        with Proxy(self.server.port) as proxy:
            done = hangar("run", "--until-drained", *self.words(proxy.port))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertNotIn(_SECRET.encode(), proxy.heard)
            self.assertNotEqual(self.server.psql("SELECT count(*) FROM task_run"), "0\n")
        # The proxy would have heard it.
        self.use(None)
        with Proxy(self.server.port) as proxy:
            done = hangar("run", "--until-drained", *self.words(proxy.port, "prefer"))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(_SECRET.encode(), proxy.heard)


if __name__ == "__main__":
    unittest.main()
