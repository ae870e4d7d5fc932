"""Prefect's own clients, of several releases, send and watch events through the gateway.

The service's README has a table of them. HANGAR_TEST_LONG tries those too that are older than the
server.
"""

from __future__ import annotations

import json
import os
import subprocess
import unittest
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from services.event_gateway.clients.fronted import ALONE, NGINX, Fronted

from support.browser import Browser
from support.children import running, wait_until
from support.prefect_venv import CLIENTS, NEWEST
from support.temporary import temporary_folder

_LONG = bool(os.environ.get("HANGAR_TEST_LONG"))
_RELEASES = CLIENTS if _LONG else (NEWEST,)
_HERE = Path(__file__).parent
_PATIENCE = 300.0
_TASK_RUNS = {"task_runs": {"name": {"like_": "within_task"}}}


class Clients(unittest.TestCase):
    front: ClassVar[str]
    installation: ClassVar[Fronted]

    @classmethod
    def setUpClass(cls) -> None:
        cls.installation = cls.enterClassContext(Fronted(cls.front))

    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("clients"))

    def command(
        self, release: str, *words: str | Path
    ) -> tuple[list[str | Path], Mapping[str, str]]:
        python, environment = self.installation.client(release, self.folder / release)
        return [python, *words], environment

    def test_events_are_sent_and_come_to_a_subscriber(self) -> None:
        for number, release in enumerate(_RELEASES, 1):
            with self.subTest(release=release):
                mark = f"ways-{number}"
                command, environment = self.command(release, _HERE / "emitting.py", mark)
                told = self.told(command, environment)
                self.assertLess(told["unconfirmed"], 20, "no pong came")
                self.assertEqual(sorted(told["came"]), sorted(told["sent"]))
                for way in ("flow", "task"):
                    self.assertIn("flow-run", told["related"][f"{mark}.{way}"])
                self.until_stored(f"{mark}.client", told["sent"][:50])
                # What the engine sends of the task run arrives too.
                self.until_completed(number)

    def told(self, command: list[str | Path], environment: Mapping[str, str]) -> Any:
        done = subprocess.run(
            command, env=environment, cwd=self.folder, capture_output=True, text=True, check=False
        )
        self.assertEqual(done.returncode, 0, done.stderr[-4000:])
        return json.loads(done.stdout.splitlines()[-1])

    def until_stored(self, name: str, ids: list[str]) -> None:
        def there() -> bool:
            found = self.installation.stored(name)
            return sorted(each["id"] for each in found) == sorted(ids)

        wait_until(there, what=name, within=_PATIENCE)

    def until_completed(self, count: int) -> None:
        def there() -> bool:
            runs = self.installation.prefect.ask("task_runs/filter", _TASK_RUNS)
            return [run["state_type"] for run in runs] == ["COMPLETED"] * count

        wait_until(there, what="the task runs", within=_PATIENCE)

    def test_cancellation_reaches_a_runner(self) -> None:
        # Older runners give up the stream when a connection fails as it opens, and then poll.
        back = [(NEWEST, True)] if _LONG else []
        cases = [*((release, False) for release in _RELEASES), *back]
        for number, (release, killed) in enumerate(cases):
            with self.subTest(release=release, killed=killed):
                words = (_HERE / "cancelled.py", f"cancelled-{number}")
                command, environment = self.command(release, *words)
                log = self.folder / f"cancelled-{number}.log"
                with running(command, log=log, environment=environment) as runner:
                    self.cancel(log, runner, killed=killed)
                if not killed:
                    self.assertNotIn("polling", log.read_text().lower())

    def cancel(self, log: Path, runner: subprocess.Popen[bytes], *, killed: bool) -> None:
        """Returns when the flow run is cancelled that the runner printed."""

        def run() -> str:
            lines = [line for line in log.read_text().splitlines() if line.count("-") == 4]
            return lines[0].strip() if lines else ""

        def state() -> str:
            found = run() and self.installation.prefect.ask(f"flow_runs/{run()}")["state_type"]
            return str(found)

        def reached(wanted: str) -> None:
            until(lambda: state() == wanted, wanted)

        def until(there: Callable[[], bool], what: str) -> None:
            wait_until(there, what=what, process=runner, log=log, within=_PATIENCE)

        reached("RUNNING")
        if killed:
            self.installation.kill_and_start()
            # Until it is back: 3.9.1 then asks the API once for what it missed.
            until(lambda: self.installation.subscribers() >= 1, "a subscriber")
        cancelling = {"state": {"type": "CANCELLING"}, "force": False}
        self.installation.prefect.ask(f"flow_runs/{run()}/set_state", cancelling)
        reached("CANCELLED")

    def test_event_stream_prints_what_was_and_what_comes(self) -> None:
        for number, release in enumerate(_RELEASES):
            with self.subTest(release=release):
                words = ("-m", "prefect", "event", "stream", "--format", "text")
                command, environment = self.command(release, *words)
                log = self.folder / f"stream-{number}.log"
                before, after = f"before-{number}", f"after-{number}"
                self.until_stored(before, [self.installation.post(before)])
                with running(command, log=log, environment=environment) as stream:
                    self.prints(before, log, stream)
                    self.installation.post(after)
                    self.prints(after, log, stream)

    def prints(self, name: str, log: Path, stream: subprocess.Popen[bytes]) -> None:
        line = f" {name} resource.of.{name}\n"
        wait_until(
            lambda: line in log.read_text(), what=name, process=stream, log=log, within=_PATIENCE
        )

    def test_the_feed_of_the_ui_shows_an_event(self) -> None:
        browser = self.enterContext(Browser())
        self.until_stored("ui.shown", [self.installation.post("ui.shown")])
        browser.open(f"http://{self.installation.address}/events")
        browser.wait("document.body.innerText.includes('resource.of.ui.shown')")


class Alone(Clients):
    front = ALONE


class BehindNginx(Clients):
    front = NGINX


del Clients  # It is no test by itself.

if __name__ == "__main__":
    unittest.main()
