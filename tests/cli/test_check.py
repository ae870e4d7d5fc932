"""`hangar check` as Nagios runs it: one line, and one of four exit codes."""

from __future__ import annotations

import re
import unittest

from support.host_case import HostCase
from support.program import flags, hangar, hangar_running
from support.servers import wait_until

# As the guidelines for plugins have it.
_DATUM = r"[^\s=]+=\d+s?;\d*;(?:\d*|\d+:);0"
_LINE = re.compile(
    rf"HANGAR [A-Z]+ (OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+(?: \| {_DATUM}(?: {_DATUM})*)?\n"
)
_CODES = {"OK": 0, "WARNING": 1, "CRITICAL": 2, "UNKNOWN": 3}
_DURABLE = "events-task-run-recorder"


class Checks(HostCase):
    def check(self, *words: str) -> tuple[str, str]:
        """The word of the state, which the exit code agrees with, and the line."""
        done = hangar("check", *words, *flags(self.settings))
        match = _LINE.fullmatch(done.stdout)
        assert match, (words, done.stdout, done.stderr)
        self.assertEqual(done.returncode, _CODES[match[1]], done.stdout)
        self.assertEqual(done.stderr, "")
        return match[1], done.stdout

    def test_what_cannot_be_looked_at_is_unknown(self) -> None:
        for words in (
            ("lag",),
            ("dlq",),
            ("ready",),
            ("lag", "--warning=5m", "--critical=1m"),
            ("lag", "--set", "nats.replicas=many"),
            ("lag", "--warning=soon"),
            ("dlq", "--warning=1.5"),
            ("ready", "--warning=1"),
            ("lagg",),
            (),
        ):
            with self.subTest(words=words):
                self.assertEqual(self.check(*words)[0], "UNKNOWN")
        self.assertIn("did you mean 'lag'?", self.check("lagg")[1])
        self.assertIn("3 UNKNOWN", hangar("check", "lag", "--help").stdout)

    def test_a_host_is_judged_by_its_letters_its_lag_and_its_readiness(self) -> None:
        with hangar_running(*flags(self.settings), log=self.log) as process:
            done = hangar("status", "--wait", *flags(self.settings))
            self.assertEqual(done.returncode, 0, done.stderr)
            state, line = self.check("lag")
            self.assertEqual(state, "OK", line)
            self.assertIn(f" | lag=0s;60;300;0 {_DURABLE}=0s;60;300;0\n", line)
            self.assertEqual(self.check("lag", "--durable", _DURABLE)[0], "OK")
            self.assertEqual(self.check("lag", "--durable", "none")[0], "UNKNOWN")
            self.assertEqual(self.check("ready")[0], "OK")
            self.assertEqual(self.check("dlq")[0], "OK")

            event = self.folder / "event"
            event.write_text("this is no JSON\n")
            done = hangar("publish", "--raw", event, *flags(self.settings))
            self.assertEqual(done.returncode, 0, done.stderr)
            wait_until(
                lambda: self.check("dlq")[0] == "WARNING",
                what="a dead letter",
                process=process,
                log=self.log,
            )
            self.assertIn("1 dead letter, see", self.check("dlq")[1])
            self.assertEqual(self.check("dlq", "--warning=1", "--critical=2")[0], "OK")
            self.assertEqual(self.check("dlq", "--critical=0")[0], "CRITICAL")

            self.server.stop()
            wait_until(
                lambda: self.check("ready")[0] == "CRITICAL",
                what="the loss of the broker",
                process=process,
                log=self.log,
            )
            self.assertIn("nats: task_run_recorder", self.check("ready")[1])
            self.assertEqual(self.check("lag")[0], "UNKNOWN")


if __name__ == "__main__":
    unittest.main()
