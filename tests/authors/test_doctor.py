"""`hangar doctor` looks at all that a service declares, by the permissions that the page names."""

from __future__ import annotations

import json
import re
import unittest
from pathlib import Path
from typing import ClassVar

from authors.build_service import plugin_folder

from support.jetstream import JetStream
from support.permissions import block
from support.program import flags, hangar
from support.servers import NatsServer
from support.temporary import temporary_folder

_SERVICES = Path(__file__).parent / "services"
# What doctor asks for every service.
_ALWAYS = ["$JS.API.INFO", "$JS.API.STREAM.INFO.HANGAR_DLQ"]
Check = dict[str, str]


class Doctor(unittest.TestCase):
    plugins: ClassVar[Path]

    @classmethod
    def setUpClass(cls) -> None:
        folder = cls.enterClassContext(temporary_folder("authors"))
        sources = (_SERVICES / "keeper.cpp", _SERVICES / "narrower.cpp")
        cls.plugins = plugin_folder(folder, *sources)

    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("authors"))

    def start(self, users: dict[str, str]) -> None:
        """A server where these users have these permissions, and `all` has all."""
        lines = [f"{{ user: {name}, password: p, permissions: {{ {its} }} }}"
                 for name, its in users.items()]  # fmt: skip
        lines.append("{ user: all, password: p }")
        listed = "\n".join(lines)
        accounts = f"accounts {{ A {{ jetstream: enabled, users: [\n{listed}\n] }} }}"
        self.nats = self.enterContext(NatsServer(settings=accounts))
        self.stream = self.enterContext(JetStream(self.nats.url.replace("//", "//all:p@")))
        for name, subject in (("HANGAR_DLQ", "hangar.dlq.>"), ("EVENTS", "events.>")):
            self.stream.request(
                f"STREAM.CREATE.{name}", name=name, subjects=[subject],
                max_bytes=1 << 20, discard="new", duplicate_window=86400 * 10**9,
            )  # fmt: skip

    def doctor(self, service: str, user: str) -> tuple[int, list[Check]]:
        settings = {
            "plugins.path": self.plugins,
            "data_dir": self.folder / "data",
            "nats.url": self.nats.url,
            "nats.user": user,
            "nats.password": "p",
            "services.task_run_recorder.enabled": "false",
            "services.keeper.enabled": service == "keeper",
            "services.narrower.enabled": service == "narrower",
        }
        done = hangar("doctor", "-o", "json", *flags(settings))
        return done.returncode, json.loads(done.stdout)

    def says(self, checks: list[Check], what: str, verdict: str, text: str) -> None:
        fits = [check for check in checks if (check["what"], check["verdict"]) == (what, verdict)
                and re.search(text, check["found"] + " " + check["hint"])]  # fmt: skip
        self.assertTrue(fits, f"no [{verdict}] {what}: {text} in {json.dumps(checks, indent=1)}")

    def test_each_permission_for_leases_and_consumers_is_needed_and_named(self) -> None:
        lines = block("nats", "doctor-needs")
        subjects = [line.split('"')[1] for line in lines if line.startswith("  ")]
        allowed = {"enough": subjects} | {
            f"u{number}": [one for one in subjects if one != without]
            for number, without in enumerate(subjects)
        }
        self.start(
            {
                user: f"publish: {{ allow: {json.dumps([*_ALWAYS, *may])} }}, "
                'subscribe: { allow: ["_INBOX.>"] }'
                for user, may in allowed.items()
            }
        )
        code, checks = self.doctor("narrower", "all")
        self.assertEqual(code, 0)
        self.says(checks, "leases", "ok", "no stream for them yet")
        self.says(checks, "consumer triggers", "warn", "narrower steers it, and does not make it")
        self.stream.request(
            "STREAM.CREATE.HANGAR_LEASES", name="HANGAR_LEASES", subjects=["hangar.lease.>"],
            max_msgs_per_subject=1, max_bytes=1 << 20,
        )  # fmt: skip
        config = {"durable_name": "triggers", "ack_policy": "explicit"}
        config["filter_subject"] = "events.a"
        self.stream.request(
            "CONSUMER.DURABLE.CREATE.EVENTS.triggers", stream_name="EVENTS", config=config
        )
        code, checks = self.doctor("narrower", "enough")
        self.assertEqual(code, 0, checks)
        self.says(checks, "leases", "ok", "narrower can hold narrow")
        self.says(checks, "consumer triggers", "ok", "it delivers events.a")
        for number, without in enumerate(subjects):
            with self.subTest(without=without):
                code, checks = self.doctor("narrower", f"u{number}")
                self.assertEqual(code, 1)
                failed = [check["found"] for check in checks if check["verdict"] == "fail"]
                self.assertRegex("\n".join(failed), f'Publish to "{re.escape(without)}"')
        leases = self.stream.request("STREAM.INFO.HANGAR_LEASES")["state"]["messages"]
        after = self.stream.request("CONSUMER.INFO.EVENTS.triggers")["config"]
        self.assertEqual((leases, after["filter_subject"]), (0, "events.a"), "something changed")

    def test_stream_that_is_published_to_is_looked_at(self) -> None:
        inbox = 'subscribe: { allow: ["_INBOX.>"] }'
        self.start({"silent": f'publish: {{ deny: "trims.>" }}, {inbox}'})
        code, checks = self.doctor("keeper", "all")
        self.assertEqual(code, 0, checks)
        self.says(checks, "stream TRIMS", "warn", "there is none")
        self.stream.request("STREAM.CREATE.TRIMS", name="TRIMS", subjects=["other"])
        code, checks = self.doctor("keeper", "all")
        self.assertEqual(code, 1)
        self.says(checks, "stream TRIMS", "fail", "stream edit TRIMS --subjects=other,trims.>")
        config = self.stream.request("STREAM.INFO.TRIMS")["config"]
        self.stream.request("STREAM.UPDATE.TRIMS", **(config | {"subjects": ["trims.>"]}))
        code, checks = self.doctor("keeper", "all")
        self.assertEqual(code, 0, checks)
        self.says(checks, "stream TRIMS", "ok", "it takes trims.>, for keeper")
        code, checks = self.doctor("keeper", "silent")
        # Servers before 2.10 do not tell what a user may.
        new = code == 1
        said = "may not publish on trims.>" if new else "not looked at: nats-server 2.10 and newer"
        self.says(checks, "stream TRIMS", "fail" if new else "ok", said)
        self.assertEqual(self.stream.request("STREAM.INFO.TRIMS")["state"]["messages"], 0)


if __name__ == "__main__":
    unittest.main()
