"""Debian's chromium without a window and with a profile of its own.

It is spoken to in its DevTools protocol over two pipes: JSON objects, each of which ends with a
zero byte.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.children import end, spawn, wait_until
from support.owner import Owner
from support.temporary import temporary_folder

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
# It reads commands from descriptor 3 and answers to 4.
_ON_PIPES = 'exec "$0" "$@" 3<&0 4>&1 </dev/null >&2'
_PATIENCE = 60.0


class BrowserError(RuntimeError):
    """The browser refused a command, did not answer, or a script of the page failed."""


class Browser(Owner):
    """A browser with one page."""

    def _open(self, opened: contextlib.ExitStack) -> None:
        program = shutil.which("chromium")
        if program is None:
            raise BrowserError("no chromium: apt-get install chromium")
        self.folder = opened.enter_context(temporary_folder("browser"))
        self._log = self.folder / "chromium.log"
        self._process = spawn(
            ["sh", "-c", _ON_PIPES, program, *_FLAGS, f"--user-data-dir={self.folder}/profile"],
            log=self._log,
            environment={**os.environ, "HOME": str(self.folder)},
            asked=True,
        )
        opened.callback(end, self._process, signal.SIGKILL)
        self._read = b""
        self._number = 0
        self._session: str | None = None
        self._events: list[dict[str, Any]] = []
        page = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=page, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What the browser answers; of the page, as soon as there is one."""
        assert self._process.stdin is not None
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            command["sessionId"] = self._session
        self._process.stdin.write(json.dumps(command).encode() + b"\0")
        self._process.stdin.flush()
        while True:
            message = self._receive()
            if message.get("id") != self._number:
                self._events.append(message)
            elif "error" in message:
                raise BrowserError(f"{method}: {message['error']}")
            else:
                result: dict[str, Any] = message["result"]
                return result

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        while b"\0" not in self._read:
            ready, _, _ = select.select([pipe], [], [], _PATIENCE)
            part = os.read(pipe, 1 << 16) if ready else b""
            if not part:
                raise BrowserError(self._log.read_text(errors="replace")[-4000:] or "no answer")
            self._read += part
        line, _, self._read = self._read.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def open(self, url: str) -> None:
        failed = self.call("Page.navigate", url=url).get("errorText")
        if failed:
            raise BrowserError(f"{url}: {failed}")
        self.wait("document.readyState === 'complete'")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in done:
            raise BrowserError(f"{expression}: {done['exceptionDetails']}")
        return done["result"].get("value")

    def wait(self, expression: str, met: Callable[[Any], bool] = bool) -> None:
        """Until what the expression is in the page is as wanted."""
        wait_until(lambda: met(self.evaluate(expression)), what=expression, process=self._process)

    def resize(self, width: int, height: int) -> None:
        """As a phone when it is narrow, which shows a page that is too wide smaller."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )

    def prefer(self, scheme: str) -> None:
        """`light` or `dark`."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", features=[feature])

    def picture(self, file: Path) -> None:
        """Of the whole page in its present width."""
        height = self.evaluate("document.documentElement.scrollHeight")
        self.resize(self.evaluate("innerWidth"), height)
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def complaints(self) -> list[str]:
        """What scripts threw and the browser refused, but for servers that did not answer."""
        self.evaluate("0")  # What was said before has come by now.
        found = []
        for event in self._events:
            parameters = event.get("params", {})
            if event.get("method") == "Runtime.exceptionThrown":
                found.append(json.dumps(parameters["exceptionDetails"]))
            elif event.get("method") == "Log.entryAdded":
                entry = parameters["entry"]
                if entry["source"] != "network" and entry["level"] in ("error", "warning"):
                    found.append(f"{entry['source']}: {entry['text']}")
        return found

    def forget(self) -> None:
        """What it complained of until now."""
        self._events.clear()
