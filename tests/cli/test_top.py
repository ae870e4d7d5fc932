"""`hangar top`: the hosts that run here, live, for a person at a terminal and for a file."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import unittest
from collections.abc import Iterator
from pathlib import Path

from support.children import wait_until
from support.flow_runs import stream_lines
from support.host_case import HostCase
from support.jetstream import JetStream
from support.program import at_a_terminal, environment, flags, hangar, hangar_running, program

_EVENTS = Path(__file__).resolve().parents[1] / "golden" / "shuffled.jsonl"
_HEADING = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, every 1s"
_BEGIN = "\x1b[?1049h\x1b[?25l"
_END = "\x1b[?25h\x1b[?1049l"
_COLOUR = re.compile(r"\x1b\[\d+m")


class Top(HostCase):
    def words(self, *more: str) -> list[str]:
        return ["top", "--interval=1s", *more, *flags(self.settings)]

    @contextlib.contextmanager
    def host(self) -> Iterator[None]:
        with hangar_running(*flags(self.settings), log=self.log):
            done = hangar("status", "--wait", *flags(self.settings))
            self.assertEqual(done.returncode, 0, done.stderr)
            yield

    def test_without_a_host_it_looks_on_and_says_so_at_its_end(self) -> None:
        done = hangar(*self.words("--count=2"))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, rf"\A(?:{_HEADING}\nno host answers[^\n]*\n\n?){{2}}\Z")
        self.assertIn("hangar: no host answers", done.stderr)
        for wrong in ("--interval=0.9s", "--interval=soon", "--count=0"):
            self.assertEqual(hangar("top", wrong, *flags(self.settings)).returncode, 2, wrong)

    def test_signals_that_mean_something_to_other_programs_are_harmless(self) -> None:
        with subprocess.Popen(
            [program(), *self.words("--count=2")],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            assert process.stdout is not None
            self._until(process.stdout, "no host answers")
            for harmless in (signal.SIGUSR1, signal.SIGUSR2):
                process.send_signal(harmless)
            self._until(process.stdout, "no host answers")
            self.assertEqual(process.wait(30), 1)

    def test_a_file_gets_a_block_a_look_with_the_rate_since_the_one_before(self) -> None:
        with self.host():
            command = [str(program()), *self.words("--count=60")]
            with subprocess.Popen(
                command, env=environment(), stdout=subprocess.PIPE, text=True
            ) as process:
                assert process.stdout is not None
                self.addCleanup(process.kill)
                shown = self._until(process.stdout, "dead letters  0\n")
                self.assertRegex(shown, rf"\A{_HEADING}\nhangar \S+ at 127\.0\.0\.1:\d+: ready\n")
                self.assertRegex(shown, r"\ntask_run_recorder +running +0 +\? +0s +0 +0\n")
                self.assertRegex(shown, r"\nstorage +sqlite\n")
                self.assertRegex(shown, rf"\nbroker +{self.server.url}, connected\n")
                with JetStream(self.server.url) as stream:
                    stream.publish("prefect.events.task-run", stream_lines(_EVENTS.read_bytes()))
                self._until(process.stdout, re.compile(r" [1-9][\d.]*/s +\d+s "))
                self._until(process.stdout, " 0/s ")
                process.send_signal(signal.SIGTERM)
                rest = process.stdout.read()
                self.assertEqual(process.wait(30), 0)
        self.assertNotIn("\x1b", shown + rest)

    @staticmethod
    def _until(lines: Iterator[str], wanted: str | re.Pattern[str]) -> str:
        """What is printed until there is such a line."""
        shown = ""
        for line in lines:
            shown += line
            if wanted in line if isinstance(wanted, str) else wanted.search(line):
                return shown
        raise AssertionError(f"it ended without {wanted}: {shown}")

    def test_a_terminal_shows_it_in_place_in_colours_and_is_left_as_it_was(self) -> None:
        with self.host():
            for no_colour in ("", "1"):
                env = {"TERM": "xterm", "NO_COLOR": no_colour}
                code, seen = at_a_terminal(*self.words("--count=2"), env=env)
                self.assertEqual(code, 0, seen)
                self.assertTrue(seen.startswith(_BEGIN) and seen.endswith(_END), repr(seen))
                self.assertEqual(seen.count("\x1b[H"), 2)
                self.assertEqual(bool(_COLOUR.search(seen)), not no_colour, repr(seen))
            code, seen = at_a_terminal(*self.words("--count=1"), env={"TERM": "dumb"})
            self.assertEqual((code, "\x1b" in seen), (0, False), repr(seen))

    def test_a_signal_ends_it_and_the_terminal_is_left_as_it_was(self) -> None:
        with self.host():
            for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                with self.subTest(signal=sig.name):
                    code, seen = self._at_a_terminal_of(40, 6, sig)
                    self.assertEqual(code, 0, repr(seen))
                    self.assertTrue(seen.startswith(_BEGIN) and seen.endswith(_END), repr(seen))
                    frame = seen.removeprefix(f"{_BEGIN}\x1b[H").split("\x1b[J")[0]
                    lines = _COLOUR.sub("", frame).split("\x1b[K\r\n")[:-1]
                    self.assertEqual(len(lines), 5)
                    self.assertLessEqual(max(map(len, lines)), 40)
                    self.assertRegex(lines[-1], r"^… and \d more lines$")

    def _at_a_terminal_of(self, width: int, height: int, sig: signal.Signals) -> tuple[int, str]:
        """Its code and what was seen, when it has the signal after the first look."""
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        os.set_blocking(ours, False)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        command = [str(program()), "top", "--interval=1h", *flags(self.settings)]
        seen = b""

        def shown(what: bytes) -> bool:
            nonlocal seen
            with contextlib.suppress(OSError):  # nothing is there yet
                seen += os.read(ours, 4096)
            return what in seen

        with subprocess.Popen(
            command, env=environment({"TERM": "xterm"}), stdout=theirs, stderr=theirs
        ) as process:
            self.addCleanup(process.kill)
            os.close(theirs)
            wait_until(lambda: shown(b"\x1b[J"), what="a frame", process=process)
            process.send_signal(sig)
            wait_until(lambda: shown(_END.encode()), what="the end of the screen")
            return process.wait(30), seen.decode()


if __name__ == "__main__":
    unittest.main()
