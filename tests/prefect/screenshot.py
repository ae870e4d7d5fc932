"""`screenshot.py FOLDER`: what a person sees of what Hangar wrote, in a real browser.

Starts a Prefect installation whose task runs Hangar records and whose events it stores, runs flows,
and opens Prefect's UI in Debian's chromium with a profile of its own. Writes prefect-ui.png of the
task runs and prefect-events.png of the feed of events; fails when a page does not show them:
`PYTHONPATH=tests python3 tests/prefect/screenshot.py etc/docs`
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from support.prefect_installation import PrefectInstallation
from support.prefect_venv import create_prefect_database
from support.program import flags, hangar_running
from support.servers import NatsServer, PostgresServer, wait_until
from support.temporary import temporary_folder

_FLOWS = Path(__file__).with_name("compared_flows.py")
_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--window-size=1280,1000",
)
# Of each picture: the page, and what is to be on it.
_PAGES = {
    "prefect-ui.png": (
        "runs?tab=task-runs",
        ("recorded-by-hangar", "awaited-", "TimedOut", "Failed"),
    ),
    "prefect-events.png": ("events", ("prefect.task-run.Completed", "awaited-")),
}


def browse(url: str, *what: str) -> str:
    """What chromium prints of the page after its scripts had half a minute of the page's time."""
    program = shutil.which("chromium")
    if program is None:
        raise SystemExit("no chromium: apt-get install chromium")
    with temporary_folder("browser") as profile:
        command = [program, *_QUIET, f"--user-data-dir={profile}", "--virtual-time-budget=30000"]
        done = subprocess.run(
            [*command, *what, url], capture_output=True, text=True, timeout=300, check=True
        )
    return done.stdout


def main(folder: Path) -> int:
    with (
        NatsServer() as nats,
        PostgresServer() as postgres,
        PrefectInstallation(nats.url, create_prefect_database(postgres, "prefect")) as prefect,
    ):
        prefect.start_services(recorder=False, persister=False)
        settings = {
            "data_dir": prefect.folder / "hangar",
            "nats.url": nats.url,
            "storage.type": "postgres",
            "storage.url": postgres.url("prefect"),
            "services.event_persister.enabled": "true",
        }
        with hangar_running(*flags(settings), log=prefect.folder / "hangar.log"):
            prefect.run(_FLOWS, "recorded-by-hangar", "20")
            wait_until(lambda: _stored(prefect), what="the task runs and events", within=120)
            missing = [
                f"{word} on {page}"
                for name, (page, words) in _PAGES.items()
                for word in _not_shown(prefect, page, words, folder / name)
            ]
    print(f"missing: {missing}")
    return 1 if missing else 0


def _stored(prefect: PrefectInstallation) -> bool:
    wanted = {"filter": {"event": {"name": ["prefect.task-run.Completed"]}}}
    return (
        len(prefect.runs("task_runs", "recorded-by-hangar")) == 52
        and prefect.ask("events/filter", wanted)["total"] >= 40
    )


def _not_shown(
    prefect: PrefectInstallation, page: str, words: Sequence[str], picture: Path
) -> list[str]:
    """Writes the picture of the page; what of the words is not on it."""
    url = f"{prefect.api.removesuffix('/api')}/{page}"
    browse(url, f"--screenshot={picture.resolve()}")
    text = browse(url, "--dump-dom")
    print(f"{picture}: {picture.stat().st_size} bytes")
    return [word for word in words if word not in text]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
