"""`screenshot.py PNG`: what a person sees of task runs that Hangar recorded, in a real browser.

Starts a Prefect installation with Hangar, runs flows, opens Prefect's UI in Debian's chromium with
a profile of its own, and writes the picture. Fails when the page does not show the runs:
`PYTHONPATH=tests python3 tests/prefect/screenshot.py etc/docs/prefect-ui.png`
"""

from __future__ import annotations

import shutil
import subprocess
import sys
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
_SHOWN = ("recorded-by-hangar", "awaited-", "TimedOut", "Failed")


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


def main(picture: Path) -> int:
    with (
        NatsServer() as nats,
        PostgresServer() as postgres,
        PrefectInstallation(nats.url, create_prefect_database(postgres, "prefect")) as prefect,
    ):
        prefect.start_services(recorder=False)
        settings = {
            "data_dir": prefect.folder / "hangar",
            "nats.url": nats.url,
            "storage.type": "postgres",
            "storage.url": postgres.url("prefect"),
        }
        with hangar_running(*flags(settings), log=prefect.folder / "hangar.log"):
            prefect.run(_FLOWS, "recorded-by-hangar", "20")
            wait_until(
                lambda: len(prefect.runs("task_runs", "recorded-by-hangar")) == 52,
                what="the task runs",
                within=120,
            )
            page = f"{prefect.api.removesuffix('/api')}/runs?tab=task-runs"
            browse(page, f"--screenshot={picture.resolve()}")
            text = browse(page, "--dump-dom")
    missing = [word for word in _SHOWN if word not in text]
    print(f"{picture}: {picture.stat().st_size} bytes; not on the page: {missing}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
