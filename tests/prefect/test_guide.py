"""etc/docs/prefect.md, as a reader follows it in one shell: every command, in order."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import unittest
import urllib.request
from pathlib import Path

from support.console import commands
from support.prefect_nats_venv import prefect_nats_venv
from support.prefect_venv import create_prefect_database, prefect_url
from support.program import environment
from support.servers import (
    NatsServer,
    PostgresServer,
    end,
    free_port,
    postgres_bin,
    spawn,
    wait_until,
)
from support.temporary import temporary_folder
from support.tree import ROOT, build_folder

_GUIDE = ROOT / "etc" / "docs" / "prefect.md"
_PATIENCE = 600.0
_OURS = {name for name in os.environ if name.startswith("HANGAR_")}
# What a command that only looks says may become true a little later.
_LOOKS = ("psql", "RUNS=", "hangar dlq", "hangar doctor", "hangar verify")


class Session:
    """A reader's shell: its environment lasts, and what ends in `&` goes on in the background.

    A server that is started again replaces the one before.
    """

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self.folder = folder
        self.environment = variables
        self._jobs: dict[str, subprocess.Popen[bytes]] = {}

    def run(self, command: str, printed: list[str]) -> None:
        """Runs it; AssertionError when it fails or does not print the lines."""
        if command.startswith("kill %"):
            [job] = [name for name in self._jobs if name.startswith(command.removeprefix("kill %"))]
            end(self._jobs.pop(job), signal.SIGTERM, within=60)
        elif command.endswith("&"):
            self._start(command.removesuffix("&").strip())
        else:
            self._until_shown(command, printed)

    def _start(self, command: str) -> None:
        if before := self._jobs.pop(command, None):
            end(before, signal.SIGINT, within=60)
        log = self.folder / "jobs.log"
        job = spawn(
            ["bash", "-c", f"exec {command}"], log=log, environment=self.environment, cwd=ROOT
        )
        self._jobs[command] = job
        if command.startswith("prefect server start"):
            wait_until(
                self._healthy,
                what=command,
                process=job,
                log=log,
                within=_PATIENCE,
            )

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.environment['PREFECT_API_URL']}/health") as answer:
                return bool(answer.read())
        except OSError:
            return False

    def _done(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def _until_shown(self, command: str, printed: list[str]) -> None:
        kept = self.folder / "environment"
        words = ["bash", "-c", f'set -o pipefail; {command}\ns=$?; env -0 >"{kept}"; exit $s']
        deadline = time.monotonic() + _PATIENCE
        while True:
            done = self._done(words)
            lines = [line.strip() for line in done.stdout.splitlines()]
            shown = done.returncode == 0 and all(line.strip() in lines for line in printed)
            if shown:
                break
            if not command.startswith(_LOOKS) or time.monotonic() > deadline:
                log = self.folder / "jobs.log"
                said = log.read_text()[-4000:] if log.exists() else ""
                raise AssertionError(f"{command}\n{done.returncode}: {done.stdout}\n{said}")
            time.sleep(0.2)
        variables = kept.read_text().split("\0")
        self.environment = dict(each.split("=", 1) for each in variables if each)

    def close(self) -> None:
        for job in self._jobs.values():
            end(job, signal.SIGINT, within=60)


class Guide(unittest.TestCase):
    def test_a_reader_gets_through(self) -> None:
        venv = prefect_nats_venv()
        folder = self.enterContext(temporary_folder("guide"))
        nats = self.enterContext(NatsServer())
        postgres = self.enterContext(PostgresServer())
        database = create_prefect_database(postgres, "prefect")
        paths = (venv.folder / "bin", build_folder() / "bin", postgres_bin(), os.environ["PATH"])
        port = free_port()
        prefect = venv.environment(folder / "home", prefect_url(database)).items()
        variables = {
            **environment({name: value for name, value in prefect if name not in _OURS}),
            "PATH": os.pathsep.join(map(str, paths)),
            "HANGAR_DATA_DIR": str(folder / "hangar"),
            "PREFECT_SERVER_API_PORT": str(port),
            "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
            "PREFECT_UI_ENABLED": "false",
            "NATS_URL": nats.url,
            "DATABASE": database,
            "SHADOW": postgres.create_database("shadow"),
        }
        session = Session(folder, variables)
        self.addCleanup(session.close)
        for command, printed in commands(_GUIDE):
            with self.subTest(command=command):
                session.run(command, printed)


if __name__ == "__main__":
    unittest.main()
