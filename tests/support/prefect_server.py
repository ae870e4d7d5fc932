"""The API of a Prefect server as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.request
from collections.abc import Mapping
from typing import Any

from support.children import spawn
from support.prefect_venv import PrefectVenv, prefect_url
from support.server import Server


def base_path_of(settings: Mapping[str, str]) -> str:
    """What the paths of the API begin with."""
    return (settings.get("PREFECT_SERVER_API_BASE_PATH") or "/api").rstrip("/")


class PrefectServer(Server):
    """`prefect server start --no-services` on a database, with a home of its own.

    `settings` are Prefect's variables that it and its clients see.
    """

    name = "prefect"
    kill_signal = signal.SIGTERM  # SIGKILL leaves the processes that it started
    patience = 600.0  # Python has much to import, and other tests run beside this one

    def __init__(
        self, venv: PrefectVenv, database: str, *, settings: Mapping[str, str] | None = None
    ) -> None:
        super().__init__()
        self.venv = venv
        self._database = database
        self._settings = dict(settings or {})

    @property
    def base_path(self) -> str:
        return base_path_of(self._settings)

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.base_path}"

    def environment(self) -> dict[str, str]:
        """What the server and its clients see."""
        return {
            **self.venv.environment(self.folder / "home", prefect_url(self._database)),
            "PREFECT_UI_STATIC_DIRECTORY": str(self.folder / "ui"),
            "PREFECT_API_URL": self.api,
            **self._settings,
        }

    def ask(self, path: str, body: Any = None) -> Any:
        """GET, or POST of a body, from the API."""
        return json.loads(self.answer(path, body))

    def answer(self, path: str, body: Any = None, method: str | None = None) -> bytes:
        """The same, or another method's, as the bytes that came."""
        request = urllib.request.Request(
            f"{self.api}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return bytes(answer.read())

    def _spawn(self) -> subprocess.Popen[bytes]:
        where = ("--host", "127.0.0.1", "--port", str(self.port))
        return spawn(
            [self.venv.prefect, "server", "start", "--no-services", *where],
            log=self.log,
            environment=self.environment(),
            cwd=self.folder,
            death_signal=self.kill_signal,
        )

    def _ready(self) -> bool:
        try:
            return bool(self.ask("health"))
        except (OSError, ValueError):
            return False
