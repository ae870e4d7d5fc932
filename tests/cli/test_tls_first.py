"""TLS before the server greets, which cnats 3.9 and newer can: Debian 13 has one, Debian 12 not."""

from __future__ import annotations

import re
import subprocess
import unittest

from support.certificates import Certificate, self_signed, signed
from support.program import flags, hangar
from support.servers import NatsServer
from support.temporary import temporary_folder
from support.tree import ROOT, build_folder


def _cnats_version() -> tuple[int, int]:
    """Of the cnats that the host is linked with."""
    [library] = (build_folder() / "lib").glob("libhangar.so")
    linked = subprocess.run(["ldd", library], capture_output=True, text=True, check=True).stdout
    found = re.search(r"libnats\.so\.(\d+)\.(\d+)", linked)
    assert found, linked
    return int(found[1]), int(found[2])


def _settings(own: Certificate) -> str:
    return f'tls {{ cert_file: "{own.file}", key_file: "{own.key}", handshake_first: true }}'


class TlsFirst(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("tls-first"))
        self.settings: dict[str, object] = {
            "data_dir": self.folder / "data",
            "nats.url": "tls://localhost:4222",
            "nats.tls.handshake_first": "true",
        }

    def test_a_cnats_that_cannot_do_it_says_so_and_another_one_records(self) -> None:
        if _cnats_version() < (3, 9):
            done = hangar("config", "check", *flags(self.settings))
            self.assertEqual(done.returncode, 78, done.stdout)
            self.assertRegex(done.stderr, "cannot begin with TLS, 3.9 can")
            return
        authority = self_signed(self.folder, "authority")
        server = self.enterContext(NatsServer(settings=_settings(signed(authority, "s"))))
        self.settings |= {
            "nats.url": f"tls://localhost:{server.port}",
            "nats.tls.ca_file": authority.file,
        }
        sample = ROOT / "etc" / "sample.jsonl"
        for command in (["publish", sample], ["run", "--until-drained"], ["doctor"]):
            done = hangar(*command, *flags(self.settings))
            self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.settings["nats.tls.handshake_first"] = "false"
        done = hangar("doctor", *flags(self.settings))
        self.assertEqual(done.returncode, 69, done.stdout)
        self.assertIn("set nats.tls.handshake_first: true", done.stdout)


if __name__ == "__main__":
    unittest.main()
