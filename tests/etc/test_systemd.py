"""etc/systemd: the unit is one that systemd takes, and it keeps Hangar in."""

from __future__ import annotations

import re
import subprocess
import unittest
from pathlib import Path

from support.program import hangar, program
from support.temporary import temporary_folder
from support.tree import ROOT

_UNIT = ROOT / "etc" / "systemd" / "hangar.service"
_INSTALLED = "/usr/bin/hangar"
_EXPOSURE = 20  # the most that is let by, of 100


def _analyze(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )


class Unit(unittest.TestCase):
    def setUp(self) -> None:
        self.text = _UNIT.read_text()

    def copy(self, text: str) -> Path:
        """The unit as it is where this build is installed."""
        file = self.enterContext(temporary_folder("unit")) / _UNIT.name
        file.write_text(text.replace(_INSTALLED, str(program())))
        return file

    def test_systemd_understands_every_line_also_that_of_a_secret(self) -> None:
        for text in (self.text, self.text.replace("#LoadCredential", "LoadCredential")):
            done = _analyze("verify", self.copy(text))
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_it_is_as_hardened_as_systemd_measures(self) -> None:
        measure = ("security", "--offline=yes", f"--threshold={_EXPOSURE}")
        done = _analyze(*measure, self.copy(self.text))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        [figure] = re.findall(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
        print(f"figure: exposure of the unit, of 10 = {figure}")
        bare = re.sub(r"^NoNewPrivileges[\s\S]*?\n\n", "", self.text, flags=re.MULTILINE)
        bare = bare.replace("DynamicUser=yes\n", "")
        self.assertNotEqual(_analyze(*measure, self.copy(bare)).returncode, 0)

    def test_it_gives_hangar_the_time_and_the_exit_codes_that_hangar_has(self) -> None:
        lines = dict(line.split("=", 1) for line in self.text.splitlines() if "=" in line)
        [drain] = re.findall(r"drain_timeout\W+(\d+)s", hangar("config", "show").stdout)
        self.assertGreater(int(lines["TimeoutStopSec"]), int(drain))
        self.assertEqual(lines["RestartPreventExitStatus"], "78")
        self.assertEqual(hangar("config", "check", "--set", "nats.replicas=no").returncode, 78)


if __name__ == "__main__":
    unittest.main()
