"""Who is left runs the embedded server: a host whose server ends with another one goes on."""

from __future__ import annotations

import contextlib
import signal
import unittest
from pathlib import Path

from support.program import flags, hangar, hangar_running
from support.rows import read_rows
from support.servers import wait_until
from support.temporary import temporary_folder
from support.tree import ROOT


class Shared(unittest.TestCase):
    def wait_until_ready(self, log: Path) -> None:
        wait_until(lambda: "ready: hangar" in log.read_text(), what="a ready host", log=log)

    def test_a_host_records_on_when_the_one_that_ran_its_server_is_killed(self) -> None:
        folder = self.enterContext(temporary_folder("embedded"))
        database = folder / "rows.sqlite"
        settings = flags(
            {
                "data_dir": folder / "data",
                "storage.url": database,
                "storage.create_tables": "true",
            }
        )
        logs = [folder / "first.log", folder / "second.log"]
        with contextlib.ExitStack() as running:
            first = running.enter_context(hangar_running(*settings, log=logs[0]))
            self.wait_until_ready(logs[0])
            second = running.enter_context(hangar_running(*settings, log=logs[1]))
            self.wait_until_ready(logs[1])
            self.assertIn("joined the nats-server", logs[1].read_text())
            first.send_signal(signal.SIGKILL)
            first.wait()
            done = hangar("publish", *settings, ROOT / "etc" / "sample.jsonl")
            self.assertEqual(done.returncode, 0, done.stderr)
            wait_until(
                lambda: len(read_rows(str(database))["task_run"]) == 93,
                what="every run",
                process=second,
                log=logs[1],
            )
            second.send_signal(signal.SIGTERM)
            self.assertEqual(second.wait(60), 0, logs[1].read_text())
        token = (folder / "data" / "nats" / "token").read_text().strip()
        for text in (*(log.read_text() for log in logs), done.stdout, done.stderr):
            self.assertNotIn(token, text)


if __name__ == "__main__":
    unittest.main()
