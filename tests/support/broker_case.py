"""For tests of prefect-nats: a server, Prefect's own way to the broker, and handlers that note."""

from __future__ import annotations

import asyncio
import os
import unittest
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar
from unittest import mock

from prefect.server.utilities.messaging import Consumer, StopConsumer, create_consumer

from prefect_nats.broker import Broker
from support.jetstream import JetStream, JetStreamError
from support.servers import NatsServer

PATIENCE = 30.0


class Notes:
    """A handler that keeps its messages and stops the consumer after so many of them."""

    def __init__(self, stop_after: int, *, ack: bool = True, fail_first: int = 0) -> None:
        self.messages: list[Any] = []
        self._stop_after = stop_after
        self._ack = ack
        self._failures = fail_first

    @property
    def data(self) -> list[bytes]:
        return [message.data for message in self.messages]

    async def __call__(self, message: Any) -> None:
        self.messages.append(message)
        if len(self.messages) <= self._failures:
            raise ValueError("a failure that the test wants")
        if len(self.messages) == self._stop_after:
            raise StopConsumer(ack=self._ack)


class BrokerCase(unittest.IsolatedAsyncioTestCase):
    """One server for the class; each test has an event loop, a connection and topics of its own."""

    server: ClassVar[NatsServer]
    settings: ClassVar[dict[str, str]] = {}

    @classmethod
    def setUpClass(cls) -> None:
        cls.server = cls.enterClassContext(NatsServer())
        values = {"URL": cls.server.url, "CONSUMER_RETRY_DELAY": "0.05", **cls.settings}
        variables = {f"PREFECT_NATS_MESSAGING_{name}": value for name, value in values.items()}
        cls.enterClassContext(mock.patch.dict(os.environ, variables))

    async def asyncSetUp(self) -> None:
        # Which a test case turns on, and which makes ten thousand messages last half a minute.
        asyncio.get_running_loop().set_debug(False)
        self.topic = self._testMethodName[-60:]
        self.addAsyncCleanup(Broker.current().close)

    def jetstream(self) -> JetStream:
        return self.enterContext(JetStream(self.server.url))

    def running(
        self, consumer: Consumer, handler: Callable[[Any], Awaitable[None]]
    ) -> asyncio.Task[None]:
        """The consumer at work; ended with the test."""
        task = asyncio.create_task(consumer.run(handler))
        self.addAsyncCleanup(cancelled, task)
        return task

    async def handled(self, consumer: Consumer, count: int = 1, **how: Any) -> Notes:
        """What the consumer hands over until it has seen so many messages."""
        notes = Notes(count, **how)
        await asyncio.wait_for(consumer.run(notes), PATIENCE)
        return notes

    def state(self, group: str = "") -> dict[str, Any]:
        """The durable consumer of a group as the server tells it."""
        with JetStream(self.server.url) as stream:
            name = f"{self.topic}-{group or self.topic}"
            return stream.request(f"CONSUMER.INFO.PREFECT_{self.topic.upper()}.{name}")

    async def assert_all_handled(self, group: str = "") -> None:
        """That the group has no message to come and none that is not acknowledged."""

        def nothing_left() -> bool:
            try:
                state = self.state(group)
            except JetStreamError:  # the consumer has not begun yet
                return False
            return bool(state["num_pending"] == 0 and state["num_ack_pending"] == 0)

        await until(nothing_left)

    def consumer(self, **how: Any) -> Consumer:
        return create_consumer(self.topic, **how)


async def cancelled(task: asyncio.Task[Any]) -> None:
    """Ends the task and waits for its end."""
    task.cancel()
    await asyncio.wait([task])


async def until(holds: Callable[[], bool], within: float = PATIENCE) -> None:
    """Looks again and again; raises TimeoutError when it does not hold in time."""
    async with asyncio.timeout(within):
        while not holds():
            await asyncio.sleep(0.01)
