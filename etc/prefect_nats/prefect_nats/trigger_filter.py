"""The filter of the durable that Prefect's reactive triggers read: what no automation needs is out.

Wide, the durable has no filter at all, never one with a wildcard: nats-server 2.9.10 takes a
wildcard that comes by an update literally, counts every message as delivered and sends none.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from nats.js.errors import NotFoundError
from prefect.logging import get_logger
from prefect.server.events import triggers
from prefect.server.events.schemas.events import ReceivedEvent

from prefect_nats import names
from prefect_nats.broker import FAILURES, Broker
from prefect_nats.narrowing import FRESH, QUIET, Durable, Missed, Narrow, Narrowing, Widen
from prefect_nats.trigger_need import Automations

logger = get_logger(__name__)

EXPIRES = 0.5
"""After a filter was taken away the server still wakes nobody who waits for what it kept out: only
a new request finds it (seen in 2.9.10 and 2.15.2)."""

_LOOK_WHILE_NARROW = 0.5
_LOOK_WHILE_WIDE = 5.0
_LEAVE_WITHIN = 2.0
_CANCEL_EVERY = 0.5
_CLOCK_BEHIND = 1.0


class TriggerFilter:
    """Looks what the automations need and gives the durable the filter that goes with it.

    Every process that reads the durable has one; `Narrowing` says why they cannot harm each other.
    Who does not narrow, by its settings, still widens what another left narrow.
    """

    def __init__(self) -> None:
        self._topic, group = names.REACTIVE_TRIGGERS
        self._name = names.durable_name(self._topic, group)
        self._narrowing = Narrowing()
        self._automations = Automations()
        self._deciding = asyncio.Lock()
        self._looking: asyncio.Task[None] | None = None
        self._narrow = self._leaving = False
        self._seen = 0
        self._trouble = ""

    @property
    def missed(self) -> Missed | None:
        """What is to be read apart before anything else."""
        return None if self._narrowing.done else self._narrowing.missed

    async def begin(self) -> None:
        """Widens the durable where something needs it wide; then looks for as long as it is used.

        Raises one of FAILURES.
        """
        self._narrowing.begin()
        await self.look(begins=True)
        if Broker.current().settings.narrow_triggers or self._narrowing.missed:
            self._looking = asyncio.create_task(self._look_on())

    async def end(self) -> None:
        """Looks no more."""
        # Again and again: `asyncio.wait_for`, by which NATS is asked, may swallow one.
        while self._looking is not None and not self._looking.done():
            self._looking.cancel()
            await asyncio.wait([self._looking], timeout=_CANCEL_EVERY)
        self._looking = None

    async def leave(self) -> None:
        """Leaves the durable wide to whoever reads it next, who may know nothing of this.

        Where that cannot be done at once it stays as it is, with its note.
        """
        if not Broker.current().settings.narrow_triggers:
            return
        with contextlib.suppress(*FAILURES):
            async with asyncio.timeout(_LEAVE_WITHIN):
                await self.look()
                self._leaving = True
                await self.look()

    def read_apart(self, floor: int) -> None:
        """What was missed up to there has been handled."""
        self._narrowing.read_apart(floor)

    async def look(self, *, begins: bool = False) -> None:
        """Looks once and does what is to be done. Raises one of FAILURES."""
        async with self._deciding:
            # In this order: what the database says holds for all that is stored up to `last`.
            began = asyncio.get_running_loop().time()
            config, durable, info = await self._ask()
            last = await Broker.current().last_sequence(self._topic)
            why = await self._why()
            if durable is None:
                return
            if durable.narrow and not why and not info["num_pending"] + info["num_ack_pending"]:
                why = await self._set_clock(last)
            self._narrow, self._seen = durable.narrow, last
            now = asyncio.get_running_loop().time()
            change = self._narrowing.step(now, durable, last, why, begins)
            widens = durable.narrow and isinstance(change, Widen)
            if change is not None and (widens or now <= began + FRESH):
                await self._change(config, durable, change, why)

    async def _change(
        self, config: dict[str, Any], before: Durable, change: Narrow | Widen, why: str | None
    ) -> None:
        await self._put(config, change)
        self._narrow = isinstance(change, Narrow)
        if isinstance(change, Narrow):
            if not before.narrow:
                logger.info(
                    "Consumer %s is given no events of task runs: nothing has needed one for %g s",
                    *(self._name, QUIET),
                )
        elif before.narrow and change.missed:
            logger.info("Consumer %s is given events of task runs again: %s", self._name, why)
            await self._put(config, await self._widened(change.missed))
            # Another may have narrowed it between the two.
            await self._widened(change.missed)

    async def _widened(self, missed: Missed) -> Widen:
        last = await Broker.current().last_sequence(self._topic)
        return self._narrowing.widened(asyncio.get_running_loop().time(), missed, last)

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_WHILE_NARROW if self._narrow else _LOOK_WHILE_WIDE)
            try:
                await self.look()
                self._trouble = ""
            except Exception as error:  # it must not end; what was not done is tried again
                trouble = f"{type(error).__name__}: {error}"
                if trouble != self._trouble:
                    logger.warning("The filter of consumer %s: %s", self._name, trouble)
                self._trouble = trouble

    async def _ask(self) -> tuple[dict[str, Any], Durable | None, dict[str, Any]]:
        broker = Broker.current()
        prefix = broker.settings.stream_prefix
        stream = await broker.stream(self._topic)
        info = await broker.ask(f"CONSUMER.INFO.{stream}.{self._name}")
        wide = names.topic_subject(prefix, self._topic, ">")
        config: dict[str, Any] = info["config"]
        return config, Durable.of(info, names.other_subject(prefix), wide), info

    async def _put(self, config: dict[str, Any], change: Narrow | Widen) -> None:
        """Everything else of the configuration stays as somebody may have set it."""
        broker = Broker.current()
        stream = await broker.stream(self._topic)
        changed = {**config, "description": str(change)}
        if isinstance(change, Narrow):
            changed["filter_subject"] = names.other_subject(broker.settings.stream_prefix)
        else:
            changed.pop("filter_subject", None)
        request = {"stream_name": stream, "config": changed, "action": "update"}
        await broker.ask(f"CONSUMER.DURABLE.CREATE.{stream}.{self._name}", request)

    async def _why(self) -> str | None:
        """Why the triggers need events of task runs. Whatever is not known is a need."""
        if not Broker.current().settings.narrow_triggers:
            return "PREFECT_NATS_MESSAGING_NARROW_TRIGGERS is off"
        if self._leaving:
            return "this process ends"
        try:
            return await self._automations.need()
        except Exception as error:
            return f"the automations cannot be read: {type(error).__name__}"

    async def _set_clock(self, last: int) -> str | None:
        """Sets the clock that proactive triggers go by, as a new event of task runs would.

        The delay of the last event that was seen stays in force until the next, and the next of
        other kinds may be long in coming.
        """
        if last == self._seen or await triggers.get_events_clock_offset() > -_CLOCK_BEHIND:
            return None
        broker = Broker.current()
        try:
            jetstream, stream = await broker.jetstream(), await broker.stream(self._topic)
            subject = names.task_run_subject(broker.settings.stream_prefix)
            found = await jetstream.get_last_msg(stream, subject)
            if found.seq > self._seen:
                await triggers.update_events_clock(ReceivedEvent.model_validate_json(found.data))
        except NotFoundError:
            return None
        except Exception as error:
            return f"the last event of task runs cannot be read: {type(error).__name__}"
        return None
