"""What a page of Prefect's UI is told while it is open: the events and logs of two websockets."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from types import TracebackType
from typing import Any, Self

from prefect.events.clients import PrefectEventSubscriber
from prefect.logging.clients import PrefectLogsSubscriber


class Watching:
    """Counts the events by name and the log messages, from entry on, in a thread of its own."""

    def __init__(self, api: str) -> None:
        self.events: Counter[str] = Counter()
        self.logs: Counter[str] = Counter()
        self._api = api
        self._loop = asyncio.new_event_loop()
        self._connected = threading.Semaphore(0)
        self._tasks: list[asyncio.Task[None]] = []
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        for _ in range(2):
            self._connected.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            self._loop.call_soon_threadsafe(task.cancel)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._watch())

    async def _watch(self) -> None:
        self._tasks = [
            asyncio.create_task(
                self._count(PrefectEventSubscriber(self._api), self.events, "event")
            ),
            asyncio.create_task(
                self._count(PrefectLogsSubscriber(self._api), self.logs, "message")
            ),
        ]
        await asyncio.wait(self._tasks)

    async def _count(self, subscriber: Any, counts: Counter[str], what: str) -> None:
        try:
            async with subscriber:
                self._connected.release()
                async for each in subscriber:
                    counts[getattr(each, what)] += 1
        finally:
            self._connected.release()
