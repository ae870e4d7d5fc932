"""The durable of the reactive triggers, narrow and wide, on a real server and database."""

import asyncio
import contextlib
import json
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from unittest import main, mock

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

import sqlalchemy as sa
from prefect.server.events import triggers
from prefect.server.utilities.messaging import create_consumer, create_publisher

from prefect_nats import messaging, narrowing, trigger_filter
from prefect_nats.broker import Broker
from support.automations import (
    TASK_RUNS,
    automation,
    execute,
    insert,
    prefect_sqlite,
    update,
    without_automations,
)
from support.broker_case import BrokerCase, cancelled, until
from support.jetstream import JetStream, JetStreamError

_DURABLE = "PREFECT_EVENTS.events-reactive-triggers"
_NARROW = "prefect.events.other"
_QUICK = (
    (narrowing, "QUIET", 0.5),
    (narrowing, "_NOTE_EVERY", 0.2),
    (narrowing, "_SETTLED", 0.5),
    (narrowing, "FRESH", 30.0),  # this machine may have other work
    (trigger_filter, "_LOOK_WHILE_NARROW", 0.1),
    (trigger_filter, "_LOOK_WHILE_WIDE", 0.2),
)
_PATIENCE = 120.0


class Filter(BrokerCase):
    database: ClassVar[str]
    settings: ClassVar[dict[str, str]] = {"NARROW_TRIGGERS": "true"}

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.database = prefect_sqlite(cls)

    async def asyncSetUp(self) -> None:
        await super().asyncSetUp()
        self.topic = "events"
        for module, name, value in _QUICK:
            self.enterContext(mock.patch.object(module, name, value))
        await without_automations(self, self.database)
        self.needy = automation("needy", TASK_RUNS)
        self.seen: Counter[str] = Counter()
        with JetStream(self.server.url) as stream:
            if "PREFECT_EVENTS" in stream.streams():
                stream.request("STREAM.DELETE.PREFECT_EVENTS")

    async def publish(self, *names: str) -> None:
        """Events of task runs, but for those that are named `other…`."""
        async with create_publisher("events") as publisher:
            for name in names:
                event = f"{'' if name.startswith('other') else 'prefect.task-run.'}{name}"
                await publisher.publish_data(name.encode(), {"event": event})

    def consume(self) -> asyncio.Task[None]:
        async def note(message: Any) -> None:
            self.seen[message.data.decode()] += 1

        return self.running(create_consumer("events", group="reactive-triggers"), note)

    def config(self) -> dict[str, Any]:
        with JetStream(self.server.url) as stream:
            config: dict[str, Any] = stream.request(f"CONSUMER.INFO.{_DURABLE}")["config"]
        return config

    def is_narrow(self) -> bool:
        try:
            return self.config().get("filter_subject") == _NARROW
        except JetStreamError:  # the consumer has not begun yet
            return False

    async def until_narrow(self) -> None:
        """A wide durable is narrowed when it is given something that is later than the need."""
        async with asyncio.timeout(_PATIENCE):
            while not self.is_narrow():
                await self.publish("other, again")
                await asyncio.sleep(0.1)

    def is_wide(self) -> bool:
        """And nothing is left to be read apart."""
        config = self.config()
        return not (config.get("filter_subject") or config.get("description"))

    async def until_seen(self, *names: str) -> None:
        await until(lambda: {*names} <= {*self.seen}, _PATIENCE)

    async def left_narrow(self, known: int) -> None:
        """What a process that was killed leaves behind."""
        durable = await Broker.current().durable("events", "reactive-triggers")
        note = {"filter_subject": _NARROW, "description": str(narrowing.Narrow(known))}
        with JetStream(self.server.url) as stream:
            config = {**stream.request(f"CONSUMER.INFO.{_DURABLE}")["config"], **note}
            stream.request(
                f"CONSUMER.DURABLE.CREATE.{_DURABLE}",
                stream_name=durable.stream_name,
                config=config,
            )

    async def test_an_automation_misses_nothing_that_came_after_it(self) -> None:
        self.consume()
        await self.publish("other 1", "task 1")
        await self.until_seen("other 1", "task 1")
        await self.until_narrow()
        await self.publish("task 2", "other 2")
        await self.until_seen("other 2")
        for round_ in range(3):
            await insert(self.needy) if round_ == 0 else await update(self.needy, enabled=True)
            late = [f"task {round_} {n}" for n in range(20)]
            await self.publish(*late)
            await self.until_seen(*late)
            await until(self.is_wide, _PATIENCE)
            await self.publish(f"alone {round_}")
            await self.until_seen(f"alone {round_}")
            await update(self.needy, enabled=False)
            await self.until_narrow()
        await self.assert_all_handled("reactive-triggers")

    async def test_it_ends_though_a_wait_swallows_that_it_is_to(self) -> None:
        looks = asyncio.Event()

        async def look(_: Any, *, begins: bool = False) -> None:
            if begins:
                return
            if looks.is_set():
                await asyncio.sleep(3600)
            looks.set()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(3600)

        with mock.patch.object(trigger_filter.TriggerFilter, "look", look):
            tested = trigger_filter.TriggerFilter()
            await tested.begin()
            await looks.wait()
            await asyncio.wait_for(tested.end(), _PATIENCE)

    async def test_one_left_narrow_is_read_from_where_nothing_needed_more(self) -> None:
        await self.publish("task 1", "task 2")
        await self.left_narrow(2)
        await self.publish("task 3", "other 4")
        reading = self.consume()
        await self.until_seen("other 4")
        self.assertTrue(self.is_narrow(), "nothing needs it wide")
        await cancelled(reading)
        self.assertEqual(set(self.seen), {"other 4"})

        await self.left_narrow(2)
        await insert(self.needy)
        self.consume()
        await self.until_seen("task 3")
        self.assertEqual(set(self.seen), {"other 4", "task 3"})
        await until(self.is_wide, _PATIENCE)

    async def test_it_is_left_wide_and_nothing_is_unread(self) -> None:
        reading = self.consume()
        await self.publish("other 1")
        await self.until_narrow()
        await cancelled(reading)
        self.assertFalse(self.config().get("filter_subject"))
        await insert(self.needy)
        await self.publish("task 2")
        self.consume()
        await self.until_seen("task 2")
        await until(self.is_wide, _PATIENCE)

    async def test_one_that_does_not_narrow_widens_what_another_left(self) -> None:
        await self.publish("task 1")
        await self.left_narrow(0)
        off = mock.patch.dict("os.environ", {"PREFECT_NATS_MESSAGING_NARROW_TRIGGERS": "false"})
        self.enterContext(off)
        await Broker.current().close()
        self.consume()
        await self.until_seen("task 1")
        await until(self.is_wide, _PATIENCE)

    async def test_without_the_database_it_is_wide_from_where_it_last_answered(self) -> None:
        self.consume()
        await self.publish("other 1")
        await self.until_narrow()
        await execute(sa.text("ALTER TABLE automation RENAME TO elsewhere"))
        await self.publish("task 1")
        await self.until_seen("task 1")
        await execute(sa.text("ALTER TABLE elsewhere RENAME TO automation"))
        await self.until_narrow()

    async def test_two_that_share_it_lose_nothing_between_them(self) -> None:
        self.consume()
        self.consume()
        await self.publish("other 1")
        for round_ in range(2):
            await self.until_narrow()
            await insert(self.needy) if round_ == 0 else await update(self.needy, enabled=True)
            late = [f"task {round_} {n}" for n in range(50)]
            await self.publish(*late)
            await self.until_seen(*late)
            await update(self.needy, enabled=False)

    async def test_it_stays_wide_while_one_of_two_is_enabled(self) -> None:
        other = automation("other", TASK_RUNS)
        await insert(self.needy)
        await insert(other)
        looks = 0
        look = trigger_filter.TriggerFilter.look

        async def counted(tested: trigger_filter.TriggerFilter, **how: Any) -> None:
            nonlocal looks
            await look(tested, **how)
            looks += 1

        self.enterContext(mock.patch.object(trigger_filter.TriggerFilter, "look", counted))
        self.consume()
        names = ["task 0"]
        await self.publish(*names)
        await self.until_seen(*names)
        await update(other, enabled=False)
        clock = asyncio.get_running_loop().time
        later, more = clock() + 3 * narrowing.QUIET, looks + 6
        while clock() < later or looks < more:
            names.append(f"task {len(names)}")
            await self.publish(names[-1])
            self.assertFalse(self.config().get("filter_subject"), "one of them still needs it")
            await asyncio.sleep(0.05)
        await self.until_seen(*names)
        await update(self.needy, enabled=False)
        await self.until_narrow()

    async def test_one_that_fails_while_it_is_read_apart_is_a_dead_letter_of_the_durable(
        self,
    ) -> None:
        await self.publish("poison", "good")
        await self.left_narrow(0)
        await insert(self.needy)
        tries: list[str] = []

        async def fail(message: Any) -> None:
            tries.append(message.data.decode())
            if message.data == b"poison":
                raise ValueError("it always fails")

        with self.assertLogs(messaging.logger):
            self.running(create_consumer("events", group="reactive-triggers"), fail)
            await until(lambda: tries.count("poison") >= 4, _PATIENCE)
            await until(self.is_wide, _PATIENCE)
        self.assertIn("good", tries)
        with JetStream(self.server.url) as stream:
            (letter,) = stream.messages("PREFECT_DLQ")
        self.assertEqual(letter.subject, "prefect.dlq.events-reactive-triggers")
        self.assertEqual(letter.headers["Prefect-Dlq-Consumer"], "events-reactive-triggers")

    async def test_the_clock_of_proactive_triggers_goes_on(self) -> None:
        self.consume()
        await self.publish("other 1")
        await self.until_narrow()
        self.addAsyncCleanup(triggers.reset_events_clock)
        now = datetime.now(UTC)
        await triggers.update_events_clock(mock.Mock(occurred=now - timedelta(minutes=5)))
        self.assertLess(await triggers.get_events_clock_offset(), -299)
        event = {
            "id": str(uuid.uuid4()),
            "occurred": now.isoformat(),
            "received": now.isoformat(),
            "event": "prefect.task-run.Running",
            "resource": {"prefect.resource.id": "prefect.task-run.1"},
        }
        async with create_publisher("events") as publisher:
            await publisher.publish_data(json.dumps(event).encode(), event)
        async with asyncio.timeout(_PATIENCE):
            while await triggers.get_events_clock_offset() < -100:
                await asyncio.sleep(0.05)
        self.assertTrue(self.is_narrow())


if __name__ == "__main__":
    main()
