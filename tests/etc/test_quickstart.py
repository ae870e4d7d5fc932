"""etc/quickstart, on a machine that has everything."""

import re
import subprocess
import unittest
from pathlib import Path

from support.program import environment
from support.tree import ROOT


class Quickstart(unittest.TestCase):
    def test_it_shows_the_recorded_runs_and_leaves_nothing_running(self) -> None:
        done = subprocess.run(
            [ROOT / "etc" / "quickstart"],
            cwd="/",
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, re.compile(r"│ \S.*│ Completed +│", re.MULTILINE))
        self.assertRegex(done.stdout, re.compile(r"│ 93 +│ 283 +│ 360 +│", re.MULTILINE))
        self.assertEqual(_processes_in(ROOT / "build" / "quickstart-data"), [])
        # What it prints next goes on with the same data: the stream has these events.
        said = re.search(r"^  (\S*hangar publish -c \S+) FILE.jsonl$", done.stdout, re.MULTILINE)
        assert said, done.stdout
        self.assertIn(said[1].replace("publish", "run"), done.stdout)
        again = subprocess.run(
            [*said[1].split(), "etc/sample.jsonl"],
            cwd=ROOT,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertIn("0 stored, 360 were there already", again.stderr)


def _processes_in(folder: Path) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = process.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in command:
            found.append(command)
    return found


if __name__ == "__main__":
    unittest.main()
