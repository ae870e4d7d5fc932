"""Messages pulled from a consumer, each handed over as soon as it comes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import AsyncIterator

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerInfo

from prefect_nats.broker import FAILURES

EXPIRES = 5.0
"""For how long the server keeps a request for messages."""

_LOOK_EVERY = 1.0
_FORGET_WITHIN = 1.0


class Pull:
    """Asks for up to `batch` messages at a time, again when they have come or time is over."""

    def __init__(
        self, client: Client, subject: str, batch: int, once: bool, expires: float
    ) -> None:
        self._client = client
        self._inbox = client.new_inbox()
        self._came: deque[Msg] = deque()
        self._arrival = asyncio.Event()
        self._subject = subject
        self._batch = batch
        self._once = once
        self._expires = expires
        self._expected = 0
        self._received = 0
        self._asked = (0.0, 0)  # when, and on which of the connection's lives

    async def subscribe(self) -> Subscription:
        """Begins to listen for what is pulled."""
        self._subscription = await self._client.subscribe(self._inbox, cb=self._arrived)
        return self._subscription

    async def _arrived(self, message: Msg) -> None:
        # Not by the subscription's next_msg(), which makes a task and a timer for each message.
        self._came.append(message)
        self._arrival.set()

    async def _message(self) -> Msg | None:
        """The next that came, or None when none did for a while."""
        if not self._came:
            self._arrival.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._arrival.wait(), _LOOK_EVERY)
            if self._client.is_closed:
                raise nats.errors.ConnectionClosedError
        return self._came.popleft() if self._came else None

    async def next(self) -> Msg | None:
        """The next message, or None when none came for a while.

        Raises nats.errors.Error when the consumer is gone, the connection is closed, or a message
        that is not delivered again was lost on the way.
        """
        if self._expected == 0 and not self._came:
            request = {"batch": self._batch, "expires": int(self._expires * 1e9)}
            await self._client.publish(
                self._subject, json.dumps(request).encode(), reply=self._inbox
            )
            self._expected = self._batch
            self._asked = (time.monotonic(), self._client.stats["reconnects"])
        message = await self._message()
        if message is None:
            when, life = self._asked
            # A server that was restarted has forgotten the request, and perhaps the consumer; to
            # a request for a consumer that it does not know it gives no answer at all.
            if life != self._client.stats["reconnects"] or time.monotonic() > when + EXPIRES + 1:
                raise nats.errors.Error("nobody answers the request for messages")
            return None
        status = (message.headers or {}).get("Status") if not message.data else None
        if status is None:
            self._expected = max(0, self._expected - 1)
            self._received += 1
            if self._once and message.metadata.sequence.consumer != self._received:
                raise nats.errors.Error("messages were lost with the connection")
            return message
        self._expected = 0
        if status not in ("404", "408"):
            why = (message.headers or {}).get("Description", "")
            raise nats.errors.Error(f"the consumer cannot be pulled from: {status} {why}")
        return None

    async def rest(self) -> list[Msg]:
        """What has come and `next()` has not returned; after that nothing comes any more."""
        if self._client.is_connected:
            # The server is told first, and answers behind what it had sent by then.
            with contextlib.suppress(*FAILURES):
                await asyncio.wait_for(self._subscription.drain(), _FORGET_WITHIN)
        messages, self._came = self._came, deque()
        return [message for message in messages if message.reply]


@contextlib.asynccontextmanager
async def pulling(
    jetstream: JetStreamContext,
    client: Client,
    consumer: ConsumerInfo,
    batch: int,
    expires: float = EXPIRES,
) -> AsyncIterator[Pull]:
    """A pull of the consumer; afterwards the server knows that nobody waits there any more."""
    subject = f"$JS.API.CONSUMER.MSG.NEXT.{consumer.stream_name}.{consumer.name}"
    once = consumer.config.ack_policy == AckPolicy.NONE
    pull = Pull(client, subject, batch, once, expires)
    inbox = await pull.subscribe()
    try:
        yield pull
    finally:
        with contextlib.suppress(*FAILURES):
            await inbox.unsubscribe()
        with contextlib.suppress(*FAILURES):
            # Asked for the consumer, the server looks who still listens; nats-server 2.9 would
            # otherwise hand this pull a message that is given back. And it flushes the acks.
            await jetstream.consumer_info(
                consumer.stream_name, consumer.name, timeout=_FORGET_WITHIN
            )
