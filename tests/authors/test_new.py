"""`hangar new` makes a project that its page's commands build, test and run."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import unittest
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from support.children import running
from support.console import commands
from support.program import environment
from support.servers import wait_until
from support.surface import Surface
from support.temporary import temporary_folder
from support.tree import ROOT, build_folder


class New(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("new"))
        self.env = environment()

    def call(self, *words: str | Path, code: int = 0, data: str = "") -> str:
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=self.env,
            input=data,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, code, said)
        return said

    def begin(self, kind: str) -> list[str]:
        """Makes `orders`, builds and tests it as its page says; the words that run it."""
        installed = self.folder / "installed"
        self.call("cmake", "--install", build_folder(), "--prefix", installed)
        self.env["PATH"] = f"{installed / 'bin'}{os.pathsep}{self.env['PATH']}"
        self.env["CMAKE_PREFIX_PATH"] = str(installed)
        self.env["CMAKE_GENERATOR"] = "Ninja"
        said = self.call("hangar", "new", kind, "orders")
        project = self.folder / "orders"
        self.assertEqual([path for path in project.rglob("*") if "example" in path.name], [])
        [build, test, run] = [command for command, _ in commands(project / "README.md")]
        for command in (build, test, run):
            self.assertIn(command, said)
        self.call("bash", "-euc", f"cd orders; {build}; {test}")
        self.log = self.folder / "hangar.log"
        self.data = project / "build" / "data"
        self.env["HANGAR_DATA_DIR"] = str(self.data)
        words = run.replace(" build/", f" {project}/build/").split()
        return [str(installed / "bin" / words[0]), *words[1:]]

    @contextmanager
    def ready(self, words: list[str]) -> Iterator[Surface]:
        with running(words, log=self.log, environment=self.env) as host:
            surface = Surface.of(host, self.data, self.log)
            wait_until(lambda: surface.ask("/readyz")[0] == 200, what="ready", log=self.log)
            yield surface
            host.terminate()
            self.assertEqual(host.wait(60), 0, self.log.read_text())

    def test_the_commands_of_a_services_page_build_test_and_run_it(self) -> None:
        with self.ready(self.begin("service")) as surface:
            publish = ("publish", "--raw", "--subject", "orders.all", "-")
            self.call("hangar", *publish, data="kitchen 21\ncellar 1001\n")
            for metric in ("hangar_messages_terminated_total", "orders_readings_total"):
                self.wait_for(surface, metric, 1, 'service="orders"')
        self.assertIn("too_large", self.call("hangar", "dlq", "ls"))
        with closing(sqlite3.connect(self.data / "hangar.db")) as connection:
            rows = connection.execute("SELECT name, value FROM orders").fetchall()
        self.assertEqual(rows, [("kitchen", 21)])

    def test_the_commands_of_a_storages_page_build_test_and_run_it(self) -> None:
        words = self.begin("storage")
        laws = self.call("ctest", "--test-dir", "orders/build", "--verbose")
        self.assertIn("orders is said to have no indexes", laws)
        self.assertIn("[  SKIPPED ] 2 tests", laws)
        with self.ready(words) as surface:
            self.call("hangar", "publish", str(ROOT / "etc" / "sample.jsonl"))
            rows = 'outcome="inserted",service="event_persister",table="events"'
            self.wait_for(surface, "hangar_persister_rows_total", 360, rows)
            settings = self.folder / "orders" / "build" / "hangar.yaml"
            self.assertIn("rows are in memory", self.call("hangar", "doctor", "-c", settings))

    def wait_for(self, surface: Surface, metric: str, count: int, labels: str) -> None:
        its = re.compile(metric + r"\{(.*,)?" + labels + r"(,.*)?\}")

        def counted() -> bool:
            values = [value for series, value in surface.metrics().items() if its.fullmatch(series)]
            return values == [count]

        wait_until(counted, what=metric, log=self.log)

    def test_a_folder_that_is_there_and_a_name_that_is_none_are_refused(self) -> None:
        program = build_folder() / "bin" / "hangar"
        made = self.folder / "taken"
        made.mkdir()
        said = self.call(program, "new", "service", "taken", code=1)
        self.assertIn(f"{made} is there already; nothing was changed", said)
        self.assertEqual(list(made.iterdir()), [])
        for name in ("Orders", "../orders", "new-orders", "1st", "", "o" * 41):
            with self.subTest(name=name):
                said = self.call(program, "new", "service", name, code=2)
                self.assertIn("is no name for a plugin: [a-z][a-z0-9_]*", said)
        self.assertIn("CMake or Hangar", self.call(program, "new", "service", "test", code=2))
        self.assertEqual([path.name for path in self.folder.iterdir()
                          if not path.name.startswith(".")], ["taken"])  # fmt: skip


if __name__ == "__main__":
    unittest.main()
