"""How long Prefect's API takes to answer while something else goes on."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from support.prefect_installation import PrefectInstallation


class Latencies:
    """Asks the API again and again in a thread of its own, and keeps how long it took."""

    def __init__(self, prefect: PrefectInstallation, *, every: float) -> None:
        self.seconds: list[float] = []
        self._prefect = prefect
        self._every = every
        self._ended = threading.Event()

    @contextmanager
    def measured(self) -> Iterator[None]:
        thread = threading.Thread(target=self._ask)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _ask(self) -> None:
        while not self._ended.wait(self._every):
            began = time.monotonic()
            self._prefect.ask("flow_runs/filter", {"limit": 10, "sort": "START_TIME_DESC"})
            self.seconds.append(time.monotonic() - began)

    def __str__(self) -> str:
        milliseconds = [1000 * each for each in self.seconds]
        if len(milliseconds) < 2:
            return "-"
        worst = statistics.quantiles(milliseconds, n=100)[98]
        return f"{statistics.median(milliseconds):,.0f} / {worst:,.0f} ms"
