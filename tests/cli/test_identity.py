"""Who is not let in, or may not do all that is needed, is told the subject or setting to mend."""

from __future__ import annotations

import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support.program import flags, hangar
from support.proxy import Proxy
from support.servers import NatsServer
from support.temporary import temporary_folder

# An operator, an account and a user that were made for this test; they open nothing else.
_CREDENTIALS = Path(__file__).parent / "credentials"
# The pair that NATS' own documentation shows.
_SEED = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"
_KEY = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"
_USERS = f"""authorization {{ users: [
  {{ user: all, password: secret }}, {{ nkey: {_KEY} }}
  {{ user: inboxless, password: secret, permissions: {{
    subscribe: {{ allow: "_INBOX_me.>" }}, publish: {{ allow: ["$JS.API.>"] }} }} }}
  {{ user: mute, password: secret, permissions: {{ publish: {{ deny: "$JS.API.STREAM.>" }} }} }}
] }}"""


class Refused(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("refused"))

    def doctor(self, code: int, url: str, **settings: object) -> str:
        named = {f"nats.{key}": value for key, value in settings.items()}
        words = flags({"data_dir": self.folder, "nats.url": url, **named})
        done = hangar("doctor", *words)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def with_windows_ends(self, text: str) -> Path:
        file = self.folder / "secret"
        file.write_bytes(text.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        return file

    def test_who_is_let_in(self) -> None:
        url = self.enterContext(NatsServer(settings=_USERS)).url
        self.doctor(0, url, user="all", password="secret")
        self.doctor(0, url, nkey_seed_file=self.with_windows_ends(_SEED))
        self.doctor(0, url, user="inboxless", password="secret", inbox_prefix="_INBOX_me")
        settings = (_CREDENTIALS / "server.conf").read_text()
        url = self.enterContext(NatsServer(settings=settings)).url
        good = self.with_windows_ends((_CREDENTIALS / "user.creds").read_text())
        self.doctor(0, url, credentials_file=good)

    def test_who_is_not_is_told_what_to_mend(self) -> None:
        url = self.enterContext(NatsServer(settings=_USERS)).url
        settings = (_CREDENTIALS / "server.conf").read_text()
        by_jwt = self.enterContext(NatsServer(settings=settings)).url
        silent = self.enterContext(Proxy(1))
        silent.refuse()
        cases: list[tuple[str, dict[str, object], str]] = [
            (url, {"user": "all", "password": "x"}, "does not accept nats.user and nats.password"),
            (url, {}, r"who connects: set nats\.credentials_file"),
            (
                url,
                {"user": "inboxless", "password": "secret"},
                r'Violation for Subscription to "_INBOX\..*set nats\.inbox_prefix',
            ),
            (
                url,
                {"user": "mute", "password": "secret"},
                r'Publish to "\$JS\.API\.STREAM\.INFO.*let this user publish there',
            ),
            (
                by_jwt,
                {"credentials_file": _CREDENTIALS / "expired.creds"},
                r"nats\.credentials_file \(.*expired at 2023-11-14T22:13:21",
            ),
            (f"nats://127.0.0.1:{silent.port}", {}, "handshake_first"),
        ]
        # Each tries for 10 s to come in.
        with ThreadPoolExecutor(len(cases)) as pool:
            told = pool.map(lambda case: self.doctor(69, case[0], **case[1]), cases)
            for (_, _, words), said in zip(cases, told, strict=True):
                self.assertRegex(said, words)


if __name__ == "__main__":
    unittest.main()
