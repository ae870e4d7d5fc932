"""The admin surface of a running host."""

from __future__ import annotations

import json
import re
import subprocess
from http.client import HTTPConnection
from pathlib import Path
from typing import Self

from support.servers import wait_until

_SERIES = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")


class Surface:
    """The HTTP side of one host."""

    def __init__(self, address: str) -> None:
        self.address = address

    @classmethod
    def of(cls, process: subprocess.Popen[bytes], data: Path, log: Path) -> Self:
        """The surface of `hangar run`, from the moment it is there."""
        file = data / "run" / f"{process.pid}.json"
        wait_until(file.exists, what="state file", process=process, log=log)
        return cls(json.loads(file.read_text())["admin"])

    def ask(self, path: str, method: str = "GET") -> tuple[int, str]:
        connection = HTTPConnection(self.address, timeout=10)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def metrics(self) -> dict[str, float]:
        """Each series, written as it is, with its value."""
        status, text = self.ask("/metrics")
        assert status == 200, text
        found = {}
        for line in text.splitlines():
            if not line.startswith("#"):
                match = _SERIES.fullmatch(line)
                assert match, line
                found[line.rpartition(" ")[0]] = float(match[3])
        return found

    def messages(self) -> dict[str, int]:
        """The recorder's message series by the end of their names."""
        prefix, service = "hangar_messages_", 'service="task_run_recorder"'
        return {
            series.removeprefix(prefix).partition("{")[0].removesuffix("_total"): int(value)
            for series, value in self.metrics().items()
            if series.startswith(prefix) and service in series
        }
