"""Every command that a page shows works, and shows what the page says.

Each line of output that a page has must appear, but for digits and the width of gaps.
"""

from __future__ import annotations

import os
import re
import subprocess
import unittest

from support.console import commands
from support.program import environment
from support.temporary import temporary_folder
from support.tree import ROOT, build_folder, files, named

# This is run by them, or needs what a reader has and a test has not.
_LEFT_OUT = ("tests/run", ".ci/run")
# By tests/prefect/test_guide.py, tests/etc/installed.py and tests/authors/test_new.py.
_FOLLOWED = {
    ROOT / "etc" / "docs" / name for name in ("prefect.md", "install.md", "write-a-storage.md")
}


def _form(line: str) -> str:
    return re.sub(r"[\s─═-]+", " ", re.sub(r"\d+", "0", line)).strip()


class Console(unittest.TestCase):
    def test_every_command_of_every_page_works(self) -> None:
        pages = [ROOT / "README.md", *files(".md", under="etc"), *files(".md", under="services")]
        folder = self.enterContext(temporary_folder("docs"))
        paths = f"{build_folder() / 'bin'}{os.pathsep}{os.environ['PATH']}"
        env = environment({"PATH": paths, "HANGAR_DATA_DIR": str(folder), "HOME": str(folder)})
        found = 0
        for page in [page for page in pages if page not in _FOLLOWED]:
            for command, printed in commands(page):
                if command.startswith(_LEFT_OUT):
                    continue
                found += 1
                with self.subTest(page=named(page), command=command):
                    self._run(command, printed, env)
        self.assertTrue(found, "no page shows a command")

    def _run(self, command: str, printed: list[str], env: dict[str, str]) -> None:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout[-4000:])
        lines = {_form(line) for line in done.stdout.splitlines()}
        missing = [line for line in printed if _form(line) not in lines]
        self.assertEqual(missing, [], f"the page shows other lines than these:\n{done.stdout}")


if __name__ == "__main__":
    unittest.main()
