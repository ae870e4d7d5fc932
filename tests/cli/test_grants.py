"""etc/docs/permissions.md is enough in PostgreSQL and on disk too, and what is missing is named."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import unittest
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from support.flow_runs import flow_runs_in, insert_flow_runs
from support.jetstream import JetStream
from support.permissions import EVENTS, OF_TASKS, PAGE, STREAM, SUBJECT, WITHIN, block, ended
from support.prefect_schemas import load_schema
from support.program import environment, flags, hangar, program
from support.servers import NatsServer, PostgresServer, psql
from support.temporary import temporary_folder


class Grants(unittest.TestCase):
    postgres: ClassVar[PostgresServer]

    @classmethod
    def setUpClass(cls) -> None:
        cls.postgres = cls.enterClassContext(PostgresServer(fsync=False))

    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("grants"))
        self.server = self.enterContext(NatsServer())
        self.url = self.postgres.create_database("prefect")
        self.addCleanup(self.postgres.drop_database, "prefect")
        self.roles: list[str] = []
        self.settings: dict[str, object] = {}
        psql(
            self.url,
            "REVOKE ALL ON DATABASE prefect FROM PUBLIC; REVOKE ALL ON SCHEMA public FROM PUBLIC",
        )

    def _role(self, granted: Sequence[str]) -> str:
        role = f"r{len(self.roles)}"
        self.roles.append(role)
        self.addCleanup(self.postgres.psql, f"DROP ROLE {role}")
        self.addCleanup(psql, self.url, f"DROP OWNED BY {role}")
        text = ";".join(re.sub(r"\bhangar$", role, grant) for grant in granted)
        psql(self.url, f"CREATE ROLE {role} LOGIN; {text}")
        return role

    def _said(
        self, role: str, words: Sequence[str], until: re.Pattern[str] | None = None
    ) -> tuple[int, str]:
        settings = {
            "data_dir": self.folder / role,
            "nats.url": self.server.url,
            "nats.dlq_max_bytes": "1MiB",
            "admin.listen": "",
            "storage.url": self.url.replace(f"{self.postgres.user}@", f"{role}@"),
            "services.task_run_recorder.durable": f"{role}-{words[0]}",
            **self.settings,
        }
        return ended([*words, *flags(settings)], until)

    @staticmethod
    def _grants(name: str) -> list[str]:
        """One privilege each."""
        single = []
        for line in block("sql", name):
            privileges, rest = line.removeprefix("GRANT ").removesuffix(";").split(" ON ")
            single += [f"GRANT {one} ON {rest}" for one in privileges.split(", ")]
        return single

    def _expect_each_named(self, name: str, commands: Sequence[Sequence[str]]) -> None:
        grants = self._grants(name)
        for missing in grants:
            role = self._role([grant for grant in grants if grant != missing])
            privilege, rest = re.sub(r"\bhangar$", role, missing)[6:].split(" ON ")
            privilege = privilege.replace(" (id)", r"( \(id\))?")
            wanted = rf'GRANT [A-Z, ]*{privilege}[A-Z, ]* ON {rest.removesuffix(role)}"?{role}\b'
            if " ON DATABASE " in missing:
                wanted = 'permission denied for database "prefect".*GRANT .*CONNECT'
            for words in commands:
                with self.subTest(missing=missing, command=words):
                    code, said = self._said(role, words, re.compile(wanted))
                    self.assertRegex(said, wanted)
                    self.assertNotEqual(code, 0)

    def test_run_and_verify_need_their_grants_and_no_other_and_each_is_named(self) -> None:
        load_schema("3.9.1", self.url)
        [flow, *_] = flows = flow_runs_in(EVENTS)
        insert_flow_runs(self.url, flows)
        with JetStream(self.server.url) as stream:
            stream.request(f"STREAM.CREATE.{STREAM}", name=STREAM, subjects=["prefect.events.>"])
            stream.publish(SUBJECT, EVENTS)
        role = self._role(self._grants("run"))
        self.settings["services.task_run_recorder.orphan_retry_delays"] = "0s"
        run = ["run", "--until-drained"]
        for words in (run, ["replay", "--sequence", "1"], ["doctor"]):
            code, said = self._said(role, words)
            self.assertEqual((code, "denied" in said), (0, False), said)
        # Of what has no flow run that is there it is looked up.
        orphan = OF_TASKS[9].replace(str(flow).encode(), str(uuid.uuid4()).encode())
        with JetStream(self.server.url) as stream:
            stream.publish(SUBJECT, [*OF_TASKS[6:9], orphan])
        code, said = self._said(role, run)
        self.assertEqual((code, "denied" in said), (0, False), said)
        self.assertIn("orphan", said)
        code, said = self._said(self._role(self._grants("verify")), ["verify", "--all"])
        self.assertIn("values differ", said)
        self.assertNotIn("denied", said)
        self._expect_each_named("run", [run, ["doctor"]])
        # Of what is gone it is looked up whether its flow run is gone too.
        psql(self.url, "DELETE FROM task_run WHERE id = (SELECT id FROM task_run LIMIT 1)")
        self._expect_each_named("verify", [["verify", "--all"]])

    def test_creating_needs_its_grants_and_each_is_named(self) -> None:
        self.settings["storage.create_tables"] = "true"
        role = self._role(self._grants("create"))
        code, said = self._said(role, ["run", "--until-drained"])
        self.assertEqual(code, 0, said)
        psql(self.url, f"DROP OWNED BY {role}")
        self._expect_each_named("create", [["run", "--until-drained"], ["doctor"]])


class Files(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("files"))
        self.data = self.folder / "data"

    def test_what_hangar_writes_is_for_its_user_alone(self) -> None:
        self.data.mkdir(mode=0o700)
        done = hangar("run", "--until-drained", *flags({"data_dir": self.data}))
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = re.findall(r"^\| `([^`]+)` \| (0\d00) \|", PAGE, re.MULTILINE)
        self.assertGreater(len(rows), 4)
        for name, mode in rows:
            with self.subTest(name):
                self.assertEqual(stat.S_IMODE((self.data / name).stat().st_mode), int(mode, 8))
        for path in self.data.rglob("*"):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode) & 0o077, 0, path)

    def _without_privileges(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Modes hold for root too when it has not these two capabilities."""
        lacking = "-dac_override,-dac_read_search"
        prefix = [] if os.geteuid() else ["setpriv", f"--bounding-set={lacking}"]
        return subprocess.run(
            [*prefix, program(), *words], env=environment(), capture_output=True, text=True,
            timeout=WITHIN, check=False,
        )  # fmt: skip

    def test_what_cannot_be_read_or_written_is_named(self) -> None:
        secret = self.folder / "secret"
        secret.write_text("log: {level: info}\n")
        secret.chmod(0)
        from_file = self.folder / "hangar.yaml"
        from_file.write_text(f"nats: {{password: '${{file:{secret}}}'}}\n")
        shut = self.folder / "shut"
        shut.mkdir(mode=0o500)
        file = self.folder / "theirs.db"
        file.touch(mode=0o400)
        closed = self.folder / "closed"
        closed.mkdir(mode=0)
        for named, words in (
            (secret, ["-c", secret]),
            (secret, ["-c", from_file]),
            (secret, flags({"nats.credentials_file": secret, "nats.url": "nats://127.0.0.1:1"})),
            (secret, flags({"nats.nkey_seed_file": secret, "nats.url": "nats://127.0.0.1:1"})),
            (shut, flags({"data_dir": shut / "data"})),
            (file, flags({"storage.url": file, "storage.create_tables": "true"})),
            (closed, flags({"storage.url": closed / "rows.db"})),
        ):
            with self.subTest(words=words):
                data = [] if named == shut else flags({"data_dir": self.data})
                done = self._without_privileges("doctor", *data, *words)
                self.assertIn(str(named), done.stdout + done.stderr)
                self.assertNotEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
