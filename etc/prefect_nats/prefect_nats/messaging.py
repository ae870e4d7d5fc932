"""What Prefect asks of a broker module: `Publisher`, `Consumer`, `Cache` and the subscriptions."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any
from unittest import mock

from nats.aio.msg import Msg
from prefect.logging import get_logger
from prefect.server.utilities.messaging import Cache as _Cache
from prefect.server.utilities.messaging import Consumer as _Consumer
from prefect.server.utilities.messaging import MessageHandler, StopConsumer
from prefect.server.utilities.messaging import Publisher as _Publisher
from prefect.server.utilities.messaging.memory import Cache as _MemoryCache

from prefect_nats import names
from prefect_nats.broker import FAILURES, Broker, publish
from prefect_nats.pull import EXPIRES, Pull, pulling

if TYPE_CHECKING:
    from prefect_nats.trigger_filter import TriggerFilter

__all__ = ["Cache", "Consumer", "NatsMessage", "Publisher", "break_topic", "ephemeral_subscription"]

logger = get_logger(__name__)

_ATTRIBUTES = "Prefect-Attributes"
_MESSAGE_ID = "Nats-Msg-Id"
_LIVE_BATCH = 100
_LONGEST_ERROR = 1000
_SLOWEST_RETRY = 60.0
_ENTER_WITHIN = 2.0
_NOTE_EVERY = 5.0


@dataclass(frozen=True)
class NatsMessage:
    """A message as it was published: the same bytes, the same attributes, `{}` when it had none."""

    data: bytes
    attributes: Mapping[str, Any]


class Cache(_MemoryCache):
    """What this process has seen within five minutes, for those who ask.

    `Publisher` does not: the streams recognise duplicates of all processes, and only stored
    messages count, so there is nothing to forget when a message could not be published.
    """


class Publisher(_Publisher):
    """Publishes to a topic, to be used as an asynchronous context manager.

    A message is sent at once and again until the stream has stored it; the block ends when all of
    its messages are stored. A message that could not be stored within `publisher_ack_timeout`
    raises BrokerError, at the end of the block at the latest. Of messages with the same
    `deduplicate_by` attribute the stream keeps the first within its duplicate window.
    """

    def __init__(
        self, topic: str, cache: _Cache | None = None, deduplicate_by: str | None = None
    ) -> None:
        self.topic = topic
        self.deduplicate_by = deduplicate_by
        self._in_flight: deque[asyncio.Task[None]] | None = None
        self._most = 1

    async def __aenter__(self) -> Publisher:
        self._in_flight = deque()
        # Messages would overtake each other while one connects and makes the stream.
        self._most = 1
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        in_flight, self._in_flight = self._tasks(), None
        outcomes = await asyncio.gather(*in_flight, return_exceptions=True)
        failures = [outcome for outcome in outcomes if outcome is not None]
        for failure in failures[1:] if exc_type is None else failures:
            logger.error("A message for topic %r was not published: %s", self.topic, failure)
        if failures and exc_type is None:
            raise failures[0]

    async def publish_data(self, data: bytes, attributes: Mapping[str, Any]) -> None:
        """Sends a message. Raises RuntimeError outside of the context, or an earlier one's error.

        Waits while the first message, or later `publisher_max_in_flight`, are not confirmed. Those
        that are sent again, as after a disconnection, may be stored after later ones.
        """
        in_flight = self._tasks()
        headers = self._headers(attributes or {})
        while in_flight and (in_flight[0].done() or len(in_flight) >= self._most):
            # Not awaited itself: who waits here may be cancelled, and the message may not.
            await asyncio.wait(list(in_flight)[:1])
            in_flight.popleft().result()
            self._most = Broker.current().settings.publisher_max_in_flight
        token = names.subject_class(attributes or {})
        in_flight.append(asyncio.create_task(publish(self.topic, token, data, headers)))

    def _tasks(self) -> deque[asyncio.Task[None]]:
        if self._in_flight is None:
            raise RuntimeError("Use this publisher as an async context manager")
        return self._in_flight

    def _headers(self, attributes: Mapping[str, Any]) -> dict[str, str]:
        identity = None
        if self.deduplicate_by:
            identity = attributes.get(self.deduplicate_by)
            if identity is None:
                logger.warning("Message is missing deduplication attribute %r", self.deduplicate_by)
        # One that is not deduplicated is sent again all the same when its confirmation is lost.
        headers = {_MESSAGE_ID: names.message_id(uuid.uuid4() if identity is None else identity)}
        if attributes:
            headers[_ATTRIBUTES] = json.dumps(dict(attributes))
        return headers


@dataclass
class _Live:
    """An ephemeral subscription: the last message that it has seen, or the time when it began."""

    seen: int | datetime


class Consumer(_Consumer):
    """Hands a topic's messages to a handler, at least once each.

    Consumers of one group share its messages, and each group has all of them, also those that were
    published before it first ran. Without a group, consumers share one that is named as the topic.
    """

    def __init__(
        self,
        topic: str,
        group: str | None = None,
        name: str | None = None,
        read_batch_size: int = 1,
        live: _Live | None = None,
        **_: Any,  # what only other brokers know, as `concurrency`
    ) -> None:
        self.topic = topic
        self.group = group or topic
        self.name = name or topic
        self._batch = _LIVE_BATCH if live else max(1, read_batch_size)
        self._live = live
        self._held: deque[Msg] = deque()
        self._expires = EXPIRES
        self._filter: TriggerFilter | None = None
        if (self.topic, self.group) == names.REACTIVE_TRIGGERS and not live:
            self._steer()

    async def run(self, handler: MessageHandler) -> None:
        """Runs until the handler raises StopConsumer; reconnects when NATS was away.

        A message counts as handled when the handler returns. One that the handler failed on comes
        again after `consumer_retry_delay`, `consumer_max_retries` times, and then goes to the
        stream of dead letters. What is held when this ends is given back.
        """
        pause = 1.0
        while True:
            try:
                async with self._pulling() as pull:
                    while True:
                        _end_if_cancelled()
                        message = await pull.next()
                        pause = 1.0
                        if self._filter is not None and self._filter.missed:
                            await self._read_apart(self._filter, handler)
                        if message is not None:
                            await self._handle(message, handler)
            except StopConsumer:
                return
            except FAILURES as error:
                _end_if_cancelled()
                logger.warning(
                    "Consumer %s of topic %r lost NATS, trying again in %.0f s: %s: %s",
                    *(self.name, self.topic, pause, type(error).__name__, error),
                )
                Broker.current().forget(self.topic)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _SLOWEST_RETRY)

    @contextlib.asynccontextmanager
    async def _pulling(self) -> AsyncIterator[Pull]:
        broker = Broker.current()
        jetstream = await broker.jetstream()
        if self._live:
            consumer = await broker.live(self.topic, self._live.seen)
        else:
            consumer = await broker.durable(self.topic, self.group)
        beating = asyncio.create_task(self._keep(consumer.config.ack_wait or 30.0))
        how = (jetstream, broker.client, consumer, self._batch, self._expires)
        try:
            async with self._filtered(), pulling(*how) as pull:
                try:
                    yield pull
                finally:
                    self._held.extend(await pull.rest())
        finally:
            beating.cancel()
            with contextlib.suppress(*FAILURES):
                await self._give_back()
                if self._live:
                    await jetstream.delete_consumer(consumer.stream_name, consumer.name)

    def _steer(self) -> None:
        try:
            # Not before: only the service of the triggers has what this needs of Prefect.
            from prefect_nats import trigger_filter
        except ImportError as error:
            logger.warning(
                "Triggers are given all events, for this Prefect is not known; if their consumer "
                "has a filter, remove it by `nats consumer edit --filter ''`: %s",
                error,
            )
            return
        self._expires = trigger_filter.EXPIRES
        self._filter = trigger_filter.TriggerFilter()

    @contextlib.asynccontextmanager
    async def _filtered(self) -> AsyncIterator[None]:
        if self._filter is None:
            yield
            return
        try:
            await self._filter.begin()
            yield
        except (asyncio.CancelledError, StopConsumer):
            await self._filter.end()
            await self._filter.leave()
            raise
        finally:
            await self._filter.end()

    async def _read_apart(self, filtered: TriggerFilter, handler: MessageHandler) -> None:
        """Hands over what the durable was not given while it was narrow, before what is later."""
        broker = Broker.current()
        jetstream, missed = await broker.jetstream(), filtered.missed
        subject = names.task_run_subject(broker.settings.stream_prefix)
        consumer = await broker.apart(self.topic, subject, missed.first if missed else 1)
        try:
            async with pulling(jetstream, broker.client, consumer, self._batch) as pull:
                while missed := filtered.missed:
                    now = await jetstream.consumer_info(consumer.stream_name, consumer.name)
                    over = now.num_pending == now.num_ack_pending == 0
                    last = missed.last or 0
                    filtered.read_apart(last if over else now.ack_floor.stream_seq)
                    if filtered.missed:
                        await self._read_some(pull, last, handler)
        finally:
            with contextlib.suppress(*FAILURES):
                await jetstream.delete_consumer(consumer.stream_name, consumer.name)

    async def _read_some(self, pull: Pull, last: int, handler: MessageHandler) -> None:
        """Hands over until that is likely all, or it is time to note how far it is."""
        until = asyncio.get_running_loop().time() + _NOTE_EVERY
        while asyncio.get_running_loop().time() < until:
            _end_if_cancelled()
            message = await pull.next()
            if message is None:
                return
            await self._handle(message, handler)
            if message.metadata.num_pending == 0 or message.metadata.sequence.stream >= last:
                return

    async def _give_back(self) -> None:
        held, self._held = self._held, deque()
        for message in held if not self._live else ():
            if not message.is_acked:
                await message.nak()

    async def _keep(self, ack_wait: float) -> None:
        """Tells the server that what is held is being worked on."""
        while not self._live:
            await asyncio.sleep(ack_wait / 3)
            for message in list(self._held):
                with contextlib.suppress(*FAILURES):
                    await message.in_progress()

    async def _handle(self, message: Msg, handler: MessageHandler) -> None:
        self._held.append(message)
        if self._live:
            self._live.seen = message.metadata.sequence.stream
        try:
            await handler(_decoded(message))
        except StopConsumer as stop:
            if stop.ack:
                await self._acknowledge(message)
            else:  # given back when nothing is pulled any more, or it would come here again
                await self._buried(message, stop)
            raise
        except Exception as error:
            logger.exception("Consumer %s failed on a message of %r", self.name, self.topic)
            if not await self._buried(message, error):
                pause = Broker.current().settings.consumer_retry_delay
                await message.nak(pause.total_seconds())
        else:
            await self._acknowledge(message)
        self._held.remove(message)

    async def _acknowledge(self, message: Msg) -> None:
        if not self._live:
            await message.ack()

    async def _buried(self, message: Msg, error: Exception) -> bool:
        """Whether the message comes no more: it is live, or was tried often enough and stored."""
        most = Broker.current().settings.consumer_max_retries
        if self._live or message.metadata.num_delivered <= most:
            return self._live is not None
        try:
            await self._bury(message, error)
        except Exception:
            logger.exception("The dead letter could not be stored; the message comes again")
            return False
        return True

    async def _bury(self, message: Msg, error: Exception) -> None:
        """Ends the message's deliveries once the stream of dead letters has stored it."""
        where = message.metadata
        # Not the consumer's own name: it may be one that read for the durable for a while.
        durable = names.durable_name(self.topic, self.group)
        identity = f"{where.stream}:{where.sequence.stream}:{where.timestamp.timestamp():.6f}"
        original = (message.headers or {}).get(_ATTRIBUTES)
        headers = {
            _MESSAGE_ID: f"dlq:{durable}:{identity}",
            "Prefect-Dlq-Stream": where.stream,
            "Prefect-Dlq-Consumer": durable,
            "Prefect-Dlq-Subject": message.subject,
            "Prefect-Dlq-Sequence": str(where.sequence.stream),
            "Prefect-Dlq-Deliveries": str(where.num_delivered),
            "Prefect-Dlq-Error": ascii(error)[:_LONGEST_ERROR],
            **({_ATTRIBUTES: original} if original else {}),
        }
        await publish(names.DEAD_LETTERS, durable, message.data, headers)
        await message.term()
        logger.error(
            "Message %d of %s failed %d times and is a dead letter of %s now",
            *(where.sequence.stream, where.stream, where.num_delivered, durable),
        )


def _end_if_cancelled() -> None:
    """Raises what a wait has swallowed: `asyncio.wait_for` does so when its time ends meanwhile."""
    task = asyncio.current_task()
    # Python 3.10 does not tell.
    if task is not None and getattr(task, "cancelling", int)():
        raise asyncio.CancelledError


def _decoded(message: Msg) -> NatsMessage:
    attributes = (message.headers or {}).get(_ATTRIBUTES)
    return NatsMessage(message.data, json.loads(attributes) if attributes else {})


@contextlib.asynccontextmanager
async def ephemeral_subscription(topic: str) -> AsyncIterator[Mapping[str, Any]]:
    """Yields what `Consumer` needs to hand over every message that comes from now on.

    While NATS is away it yields all the same, within two seconds, for Prefect's distributor does
    not try again: what is stored from now on, by the clocks of both, is handed over then. It leaves
    nothing on the server; its consumer does, for half a minute, when it is killed.
    """
    broker = Broker.current()
    seen: int | datetime = datetime.now(UTC)
    try:
        seen = await asyncio.wait_for(broker.last_sequence(topic), _ENTER_WITHIN)
    except FAILURES as error:
        logger.warning(
            "NATS is away, so topic %r is read live when it is back: %s: %s",
            *(topic, type(error).__name__, error),
        )
    yield {"topic": topic, "live": _Live(seen)}


@contextlib.asynccontextmanager
async def break_topic() -> AsyncIterator[None]:
    """For tests: within, every publishing fails with ValueError("oops")."""
    failing = mock.AsyncMock(side_effect=ValueError("oops"))
    with mock.patch(f"{__name__}.publish", failing):
        yield
