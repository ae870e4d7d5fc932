"""What a page of Prefect's UI is told while it is open: the events and logs of two websockets."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

from prefect.events.clients import PrefectEventSubscriber
from prefect.events.filters import EventFilter, EventNameFilter
from prefect.logging.clients import PrefectLogsSubscriber

from support.owner import Owner


class Watching(Owner):
    """Counts the named events and all log messages, from entry on, in a thread of its own.

    Name few: Prefect's server drops what comes while 256 wait for a subscriber.
    """

    def __init__(self, api: str, names: Sequence[str]) -> None:
        self.events: Counter[str] = Counter()
        self.logs: Counter[str] = Counter()
        self._api = api
        self._names = list(names)
        self._began = datetime.datetime.now(datetime.UTC)
        self._loop = asyncio.new_event_loop()
        self._connected = threading.Semaphore(0)
        self._tasks: list[asyncio.Task[None]] = []
        self._thread = threading.Thread(target=self._run)

    def _open(self, opened: contextlib.ExitStack) -> None:
        self._thread.start()
        opened.callback(self._end)
        for _ in range(2):
            self._connected.acquire()

    def _end(self) -> None:
        for task in self._tasks:
            self._loop.call_soon_threadsafe(task.cancel)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._watch())

    async def _watch(self) -> None:
        wanted = EventFilter(event=EventNameFilter(name=self._names))
        events, logs = PrefectEventSubscriber(self._api, wanted), PrefectLogsSubscriber(self._api)
        self._tasks = [
            asyncio.create_task(self._count(events, self.events, "event", "occurred")),
            asyncio.create_task(self._count(logs, self.logs, "message", "timestamp")),
        ]
        await asyncio.wait(self._tasks)

    async def _count(self, subscriber: Any, counts: Counter[str], what: str, when: str) -> None:
        try:
            async with subscriber:
                self._connected.release()
                async for each in subscriber:
                    # The server first tells of the minute before.
                    if getattr(each, when) >= self._began:
                        counts[getattr(each, what)] += 1
        finally:
            self._connected.release()
