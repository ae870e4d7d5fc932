"""`hangar status`: what runs here, for a person, a script and the health check of a container."""

from __future__ import annotations

import json
import signal
import subprocess
import unittest

from support.host_case import HostCase
from support.program import flags, hangar, hangar_running
from support.servers import wait_until


class Status(HostCase):
    def status(self, *words: str) -> subprocess.CompletedProcess[str]:
        return hangar("status", *words, *flags(self.settings))

    def test_without_a_host_it_says_so_and_waits_no_longer_than_it_is_asked_to(self) -> None:
        for words in ((), ("--ready",), ("--wait=300ms",), ("-o", "json")):
            with self.subTest(words=words):
                done = self.status(*words)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertEqual(done.stdout, "[]\n" if "json" in words else "")
                self.assertIn("no host answers", done.stderr)
        self.assertEqual(self.status("--wait=soon").returncode, 2)

    def test_it_waits_for_readiness_shows_it_and_says_what_became_of_it(self) -> None:
        with hangar_running(*flags(self.settings), log=self.log) as process:
            done = self.status("--wait")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.shows_everything(done.stdout)
            self.tells_it_to_a_script()
            done = hangar("status", *flags(self.settings), env={"CLICOLOR_FORCE": "1"})
            self.assertRegex(done.stdout, r"\A\x1b\[32mhangar \S+ at [^\n]*: ready\x1b\[0m\n")
            done = self.status("--ready")
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

            self.server.stop()
            wait_until(
                lambda: self.status("--ready").returncode == 1,
                what="the loss of the broker",
                process=process,
                log=self.log,
            )
            self.assertIn("is not ready: nats: task_run_recorder", self.status("--ready").stderr)
            done = self.status()
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn(": not ready\n  nats: task_run_recorder", done.stdout)
            self.assertIn(f"{self.server.url}, not connected", done.stdout)
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(30), 0)

    def shows_everything(self, shown: str) -> None:
        self.assertRegex(shown, r"\Ahangar \S+ at 127\.0\.0\.1:\d+: ready\n")
        self.assertRegex(shown, r"\ntask_run_recorder +running +0 +0/s +0s +0 +0\n")
        self.assertRegex(shown, r"\nstorage +sqlite\n")
        self.assertRegex(shown, rf"\nbroker +{self.server.url}, connected\n")
        self.assertRegex(shown, r"\ndead letters +0\n")
        self.assertLessEqual(max(map(len, shown.splitlines())), 80)

    def tells_it_to_a_script(self) -> None:
        [host] = json.loads(self.status("-o", "json").stdout)
        self.assertEqual((host["ready"], host["failures"], host["dead_letters"]), (True, {}, 0))
        source = host["services"]["task_run_recorder"]["sources"]["main"]
        numbers = (source["pending"], source["ack_pending"], source["lag_seconds"])
        self.assertEqual(numbers, (0, 0, 0))


if __name__ == "__main__":
    unittest.main()
