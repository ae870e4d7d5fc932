"""Streams in the JetStream domain of another server, which a leaf node leads to."""

from __future__ import annotations

import json
import unittest
from collections.abc import Mapping
from pathlib import Path

from support.jetstream import JetStream
from support.program import flags, hangar
from support.rows import read_rows
from support.servers import NatsServer, free_port, wait_until
from support.temporary import temporary_folder

_CAPTURE = Path(__file__).resolve().parents[1] / "golden" / "capture.jsonl"
_DOMAIN = {"nats.domain": "hub"}
_NOTHING: Mapping[str, str] = {}


class Leaf(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("domain"))
        self.database = self.folder / "hangar.sqlite"
        port = free_port()
        self.hub = self.enterContext(
            NatsServer(
                jetstream="domain: hub", settings=f"leafnodes {{ listen: 127.0.0.1:{port} }}"
            )
        )
        self.leaf = self.enterContext(
            NatsServer(
                jetstream="domain: leaf",
                settings=f"leafnodes {{ remotes: [{{ url: nats-leaf://127.0.0.1:{port} }}] }}",
            )
        )
        wait_until(
            lambda: self.leaf.monitor("leafz")["leafnodes"] == 1, what="the leaf", log=self.leaf.log
        )

    def hangar(
        self,
        code: int,
        *words: str | Path,
        env: Mapping[str, str] | None = None,
        more: Mapping[str, str] = _NOTHING,
    ) -> tuple[str, str]:
        """What the command wrote to standard output and to standard error."""
        settings = {
            "data_dir": self.folder / "data",
            **({} if env else {"nats.url": self.leaf.url}),
            "storage.url": self.database,
            "storage.create_tables": "true",
        }
        done = hangar(*words, *flags({**settings, **more}), env=env)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout, done.stderr

    def streams(self, server: NatsServer) -> dict[str, int]:
        """The number of messages of each."""
        with JetStream(server.url) as stream:
            names = stream.request("STREAM.NAMES")["streams"] or []
            infos = {name: stream.request(f"STREAM.INFO.{name}") for name in names}
        return {name: int(info["state"]["messages"]) for name, info in infos.items()}

    def test_everything_lands_in_the_domain_that_is_named(self) -> None:
        lines = len(_CAPTURE.read_text().splitlines())
        _, said = self.hangar(0, "publish", _CAPTURE, more=_DOMAIN)
        self.assertRegex(said, rf"PREFECT_EVENTS .*created.*{self.leaf.url} .*domain hub")
        bad = self.folder / "bad.jsonl"
        bad.write_text('{"no":"event"}\n')
        self.hangar(0, "publish", "--subject", "prefect.events.task-run", bad, more=_DOMAIN)
        self.hangar(0, "run", "--until-drained", more=_DOMAIN)

        self.assertEqual(self.streams(self.hub), {"PREFECT_EVENTS": lines + 1, "HANGAR_DLQ": 1})
        self.assertEqual(self.streams(self.leaf), {})
        with JetStream(self.hub.url) as stream:
            consumer = stream.request("CONSUMER.INFO.PREFECT_EVENTS.events-task-run-recorder")
        self.assertEqual((consumer["num_pending"], consumer["num_ack_pending"]), (0, 0))
        self.assertTrue(read_rows(str(self.database))["task_run"])
        letters, _ = self.hangar(0, "dlq", "ls", "-o", "json", more=_DOMAIN)
        self.assertEqual(len(letters.splitlines()), 1, letters)
        checks, _ = self.hangar(0, "doctor", "-o", "json", more=_DOMAIN)
        domains = [check["found"] for check in json.loads(checks) if check["what"] == "nats domain"]
        self.assertEqual(domains, ["hub"])

    def test_a_wrong_place_is_named(self) -> None:
        self.hangar(0, "publish", _CAPTURE, more=_DOMAIN)
        checks, _ = self.hangar(0, "doctor")
        self.assertIn("there is none in JetStream domain leaf", checks)
        self.assertIn("set nats.domain", checks)
        checks, _ = self.hangar(69, "doctor", more={"nats.domain": "hubb"})
        self.assertRegex(checks, r"\$JS\.hubb\.API\.INFO: nobody serves it: .*nats\.domain")
        _, said = self.hangar(0, "run", "--until-drained")
        self.assertRegex(
            said, r"(?i)warn.*PREFECT_EVENTS was not there and is created.*domain leaf"
        )
        self.assertEqual(self.streams(self.leaf)["PREFECT_EVENTS"], 0)
        _, said = self.hangar(78, "run", more={**_DOMAIN, "nats.api_prefix": "JS.hub"})
        self.assertIn("nats.domain and nats.api_prefix are both set", said)

    def test_a_context_of_the_nats_cli_leads_there(self) -> None:
        contexts = self.folder / "nats" / "context"
        contexts.mkdir(parents=True)
        context = {"url": self.leaf.url, "jetstream_domain": "hub", "creds": "", "nsc": ""}
        (contexts / "far.json").write_text(json.dumps(context))
        env = {"XDG_CONFIG_HOME": str(self.folder), "NATS_CONTEXT": "far"}
        self.hangar(0, "publish", _CAPTURE, env=env)
        self.assertEqual(list(self.streams(self.hub)), ["PREFECT_EVENTS"])
        shown, _ = self.hangar(0, "config", "show", env=env)
        self.assertIn("NATS context far", shown)
        _, said = self.hangar(78, "run", env={**env, "NATS_CONTEXT": "near"})
        self.assertIn("NATS_CONTEXT: 'near': there is no", said)


if __name__ == "__main__":
    unittest.main()
