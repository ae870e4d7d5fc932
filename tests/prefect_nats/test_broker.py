"""What Prefect's own tests ask of a broker, and what JetStream makes of it."""

import asyncio
import datetime
import importlib
import logging
import unittest
import uuid
from typing import Any

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from prefect.server.events.clients import PrefectServerEventsClient
from prefect.server.events.messaging import EventPublisher
from prefect.server.events.schemas.events import Event, ReceivedEvent, Resource
from prefect.server.utilities.messaging import (
    BrokerModule,
    CacheModule,
    StopConsumer,
    create_cache,
    create_consumer,
    create_publisher,
    ephemeral_subscription,
)

from prefect_nats import messaging
from prefect_nats.broker import Broker, BrokerError
from support.broker_case import BrokerCase, Notes, until

HELLO = (b"hello, world", {"howdy": "partner"})


class Publishing(BrokerCase):
    async def publish(self, *messages: tuple[bytes, dict[str, str]], by: str | None = None) -> None:
        async with create_publisher(self.topic, deduplicate_by=by) as publisher:
            for data, attributes in messages:
                await publisher.publish_data(data, attributes)

    async def stored(self) -> list[bytes]:
        with self.jetstream() as stream:
            return [each.data for each in stream.messages(f"PREFECT_{self.topic.upper()}")]

    async def test_a_message_is_handled_once_and_acknowledged(self) -> None:
        await self.publish(HELLO)
        (message,) = (await self.handled(self.consumer())).messages
        self.assertEqual((message.data, message.attributes), HELLO)
        await self.assert_all_handled()

    async def test_data_and_attributes_come_as_they_were_sent(self) -> None:
        messages: list[tuple[bytes, dict[str, str]]] = [
            (bytes(range(256)), {}),
            (b"", {"": "", " blank ": " kept ", "Status": "408"}),
            (b"\r\n", {"line\r\nbreak": "NATS/1.0\r\n\r\n\0", "emoji": "⚙\ud83d", "e": "é" * 9000}),
        ]
        await self.publish(*messages)
        seen = await self.handled(self.consumer(), len(messages))
        self.assertEqual([(each.data, each.attributes) for each in seen.messages], messages)

    async def test_the_end_of_the_block_is_the_end_of_the_wait(self) -> None:
        await self.publish(*((str(n).encode(), {}) for n in range(500)))
        self.assertEqual(await self.stored(), [str(n).encode() for n in range(500)])

    async def test_the_first_of_a_block_with_one_id_is_kept(self) -> None:
        await self.publish((b"1", {"id": "A"}), (b"2", {"id": "A"}), (b"3", {"id": "B"}), by="id")
        self.assertEqual(await self.stored(), [b"1", b"3"])

    async def test_the_first_of_several_publishers_with_one_id_is_kept(self) -> None:
        await self.publish((b"1", {"id": "A"}), by="id")
        await self.publish((b"2", {"id": "A"}), by="id")
        self.assertEqual(await self.stored(), [b"1"])

    async def test_ids_that_only_look_alike_are_different(self) -> None:
        ids = ["A", " A", "A ", "A\r\n", "a", "A" * 300, "A" * 301, "ä"]
        await self.publish(*((each.encode(), {"id": each}) for each in ids), by="id")
        self.assertEqual(await self.stored(), [each.encode() for each in ids])

    async def test_messages_without_the_id_are_all_kept_with_a_warning(self) -> None:
        with self.assertLogs(messaging.logger, logging.WARNING) as logs:
            await self.publish(HELLO, HELLO, by="id")
        self.assertEqual(await self.stored(), [HELLO[0]] * 2)
        self.assertEqual(len(logs.records), 2)
        self.assertIn("deduplication attribute 'id'", logs.output[0])

    async def test_without_deduplication_equal_messages_are_all_kept(self) -> None:
        await self.publish((b"1", {"id": "A"}), (b"1", {"id": "A"}))
        self.assertEqual(await self.stored(), [b"1", b"1"])

    async def test_a_broken_topic_raises_and_what_failed_does_not_count_as_seen(self) -> None:
        for message in (HELLO, (b"with an id", {"id": "A"})):
            with self.assertRaisesRegex(ValueError, "oops"):
                async with messaging.break_topic():
                    await self.publish(message, by="id")
            await self.publish(message, by="id")
        self.assertEqual(await self.stored(), [HELLO[0], b"with an id"])

    async def test_an_earlier_error_is_raised_by_the_next_message(self) -> None:
        async with messaging.break_topic():
            with self.assertRaisesRegex(ValueError, "oops"):
                async with create_publisher(self.topic) as publisher:
                    for _ in range(1000):
                        await publisher.publish_data(*HELLO)
                        await asyncio.sleep(0)
                    self.fail("a thousand messages failed and the publisher did not say so")

    async def test_outside_of_the_context_nothing_is_published(self) -> None:
        publisher = create_publisher(self.topic)
        with self.assertRaises(RuntimeError):
            await publisher.publish_data(*HELLO)
        with self.assertRaises(RuntimeError):
            await publisher.__aexit__(None, None, None)

    async def test_a_message_that_is_too_large_costs_no_other(self) -> None:
        for data, attributes in ((b"x" * (8 << 20), {"a": "b"}), (b"x", {"a": "b" * (8 << 20)})):
            with self.assertRaisesRegex(BrokerError, "max_payload: 8MB"):
                await self.publish((data, attributes))
        await self.publish(HELLO)
        self.assertEqual(await self.stored(), [HELLO[0]])

    async def test_prefect_publishes_events_through_it(self) -> None:
        async with ephemeral_subscription("events") as how:
            notes = Notes(1)
            consumer = self.running(create_consumer(**how), notes)
            async with PrefectServerEventsClient() as client:
                self.assertIsInstance(client._publisher, EventPublisher)
                self.assertIsInstance(client._publisher._publisher, messaging.Publisher)
                sent = await client.emit(
                    Event(
                        id=uuid.uuid4(),
                        occurred=datetime.datetime.now(datetime.UTC),
                        event="prefect.task-run.Completed * > .",
                        resource=Resource({"prefect.resource.id": "testing"}),
                    )
                )
            await consumer
        (message,) = notes.messages
        self.assertEqual(ReceivedEvent.model_validate_json(message.data), sent)
        self.assertEqual(message.attributes, {"id": str(sent.id), "event": sent.event})
        with self.jetstream() as stream:
            subjects = {each.subject for each in stream.messages("PREFECT_EVENTS")}
        self.assertEqual(subjects, {"prefect.events.task-run"})


class Consuming(BrokerCase):
    async def publish(self, *data: bytes) -> None:
        async with create_publisher(self.topic) as publisher:
            for each in data:
                await publisher.publish_data(each, {"howdy": "partner"})

    async def test_a_consumer_that_stops_without_ack_leaves_its_message(self) -> None:
        await self.publish(b"1")
        first = await self.handled(self.consumer(), ack=False)
        again = await self.handled(self.consumer())
        self.assertEqual(first.messages, again.messages)
        await self.assert_all_handled()

    async def test_a_message_that_failed_comes_again(self) -> None:
        await self.publish(b"1")
        notes = await self.handled(self.consumer(), 2, fail_first=1)
        self.assertEqual(notes.data, [b"1", b"1"])
        await self.assert_all_handled()

    async def test_a_message_that_failed_is_not_acknowledged_with_its_batch(self) -> None:
        await self.publish(b"1", b"2", b"3")
        notes = await self.handled(self.consumer(read_batch_size=3), 4, fail_first=1)
        self.assertEqual(notes.data, [b"1", b"2", b"3", b"1"])
        await self.assert_all_handled()

    async def test_what_a_stopped_consumer_had_read_ahead_goes_to_the_next_at_once(self) -> None:
        await self.publish(*(str(n).encode() for n in range(10)))
        first = await self.handled(self.consumer(read_batch_size=10), 3)
        then = await self.handled(self.consumer(), 7)
        self.assertCountEqual(first.data + then.data, [str(n).encode() for n in range(10)])
        await self.assert_all_handled()

    async def test_after_three_retries_it_is_a_dead_letter_and_costs_no_other(self) -> None:
        tries: list[bytes] = []

        async def handler(message: Any) -> None:
            tries.append(message.data)
            if message.data == b"poison":
                raise ValueError("it always fails\r\nhere")

        await self.publish(b"poison", b"good")
        with self.assertLogs(messaging.logger, logging.ERROR):
            self.running(self.consumer(group="g"), handler)
            await until(lambda: tries.count(b"poison") == 4)
            await self.assert_all_handled("g")
        self.assertCountEqual(tries, [b"poison"] * 4 + [b"good"])
        with self.jetstream() as stream:
            (letter,) = stream.messages("PREFECT_DLQ")
        self.assertEqual(letter.data, b"poison")
        self.assertEqual(letter.subject, f"prefect.dlq.{self.topic}-g")
        self.assertEqual(letter.headers["Prefect-Attributes"], '{"howdy": "partner"}')
        self.assertEqual(letter.headers["Prefect-Dlq-Deliveries"], "4")
        self.assertIn("it always fails", letter.headers["Prefect-Dlq-Error"])

    async def test_consumers_of_a_group_share_and_groups_do_not(self) -> None:
        sent = [str(n).encode() for n in range(113)]
        seen: dict[str, list[bytes]] = {"a": [], "b": [], "other": []}

        def handler(who: str) -> Any:
            async def handle(message: Any) -> None:
                seen[who].append(message.data)

            return handle

        self.running(self.consumer(group="shared", name="one", concurrency=1), handler("a"))
        self.running(self.consumer(group="shared", name="two", concurrency=4), handler("b"))
        self.running(self.consumer(group="other"), handler("other"))
        await self.publish(*sent)
        await until(lambda: sum(map(len, seen.values())) >= 2 * len(sent))
        self.assertCountEqual(seen["a"] + seen["b"], sent)
        self.assertTrue(seen["a"] and seen["b"], "one of the two had nothing to do")
        self.assertEqual(seen["other"], sent)

    async def test_the_recorder_is_given_its_subject_only(self) -> None:
        async with create_publisher("events") as publisher:
            for event in ("prefect.flow-run.Running", "prefect.task-run.Running", "", "x *.>"):
                await publisher.publish_data(event.encode(), {"event": event})
        recorder = await self.handled(create_consumer("events", group="task-run-recorder"))
        persister = await self.handled(create_consumer("events", group="event-persister"), 4)
        self.assertEqual(recorder.data, [b"prefect.task-run.Running"])
        self.assertEqual(len(persister.data), 4)
        with self.jetstream() as stream:
            found = stream.request("CONSUMER.INFO.PREFECT_EVENTS.events-task-run-recorder")
        self.assertEqual(found["config"]["filter_subject"], "prefect.events.task-run")

    async def test_a_message_that_vanished_while_it_was_held_stops_nothing(self) -> None:
        await self.publish(b"1", b"2")

        async def handler(message: Any) -> None:
            if message.data == b"1":
                with self.jetstream() as stream:
                    stream.request(f"STREAM.PURGE.PREFECT_{self.topic.upper()}")
                await self.publish(b"3")
                raise ValueError("a failure that the test wants")
            raise StopConsumer(ack=True)

        await asyncio.wait_for(self.consumer().run(handler), 30)
        await self.assert_all_handled()

    async def test_everything_in_a_loop_shares_one_connection(self) -> None:
        for group in "abc":
            self.running(self.consumer(group=group), Notes(99))
        await asyncio.gather(*(self.publish(b"1") for _ in range(20)))
        await asyncio.gather(*(self.assert_all_handled(group) for group in "abc"))
        # The test's own looks are gone a moment later.
        await until(lambda: self.server.monitor("connz")["num_connections"] == 1)


class Subscribing(BrokerCase):
    async def publish(self, *data: bytes) -> None:
        async with create_publisher(self.topic) as publisher:
            for each in data:
                await publisher.publish_data(each, {"a": "b"})

    async def assert_no_trace(self) -> None:
        with self.jetstream() as stream:
            found = stream.request(f"CONSUMER.NAMES.PREFECT_{self.topic.upper()}")
        self.assertEqual(found["consumers"] or [], [])

    async def test_it_is_given_what_comes_after_it_began_and_leaves_nothing(self) -> None:
        await self.publish(b"old")
        async with ephemeral_subscription(self.topic) as how:
            self.assertEqual(how["topic"], self.topic)
            self.assertNotIn("subscription", how)
            await self.publish(b"before it ran")
            notes = Notes(2)
            consumer = self.running(create_consumer(**how), notes)
            await self.publish(b"after")
            await consumer
        self.assertEqual(notes.data, [b"before it ran", b"after"])
        self.assertEqual(notes.messages[0].attributes, {"a": "b"})
        await self.assert_no_trace()

    async def test_nothing_is_skipped_while_the_handler_works_or_fails(self) -> None:
        seen: list[bytes] = []

        async def handler(message: Any) -> None:
            seen.append(message.data)
            if message.data == b"1":
                await self.publish(b"2")
                raise ValueError("a failure that the test wants")
            raise StopConsumer(ack=True)

        async with ephemeral_subscription(self.topic) as how:
            consumer = self.running(create_consumer(**how), handler)
            await self.publish(b"1")
            await consumer
        self.assertEqual(seen, [b"1", b"2"])

    async def test_a_topic_without_messages_is_no_error(self) -> None:
        with self.assertNoLogs(messaging.logger, logging.WARNING):
            async with ephemeral_subscription(self.topic) as how:
                notes = Notes(1)
                consumer = self.running(create_consumer(**how), notes)
                await self.publish(b"1")
                await consumer
        self.assertEqual(notes.data, [b"1"])

    async def test_one_that_is_cancelled_leaves_nothing(self) -> None:
        async with ephemeral_subscription(self.topic) as how:
            notes = Notes(99)
            consumer = create_consumer(**how)
            task = self.running(consumer, notes)
            await self.publish(b"1")
            await until(lambda: bool(notes.messages))
            task.cancel()
            await asyncio.wait([task])
            await consumer.cleanup()
        self.assertTrue(task.cancelled())
        await self.assert_no_trace()


class Module(BrokerCase):
    async def test_it_is_what_prefect_takes_for_a_broker_and_a_cache(self) -> None:
        module = importlib.import_module("prefect_nats.messaging")
        self.assertIsInstance(module, BrokerModule)
        self.assertIsInstance(module, CacheModule)
        self.assertIsInstance(create_publisher("x"), messaging.Publisher)
        self.assertIsInstance(create_consumer("x"), messaging.Consumer)

    async def test_the_cache_knows_what_it_has_seen_until_it_is_told_otherwise(self) -> None:
        cache = create_cache()
        self.assertIsInstance(cache, messaging.Cache)
        await cache.clear_recently_seen_messages()
        seen, other = (messaging.NatsMessage(b"", {"id": value}) for value in "ab")
        self.assertEqual(await cache.without_duplicates("id", [seen, seen]), [seen])
        self.assertEqual(await cache.without_duplicates("id", [seen, other]), [other])
        await cache.forget_duplicates("id", [seen])
        self.assertEqual(await cache.without_duplicates("id", [seen, other]), [seen])
        await cache.clear_recently_seen_messages()
        self.assertEqual(await cache.without_duplicates("id", [other]), [other])

    async def test_streams_are_as_hangar_makes_them(self) -> None:
        for topic in ("events", "logs"):
            await Broker.current().stream(topic)
        with self.jetstream() as stream:
            events, logs = (
                stream.request(f"STREAM.INFO.PREFECT_{topic}")["config"]
                for topic in ("EVENTS", "LOGS")
            )
        minutes = 60 * 10**9
        self.assertEqual(events["subjects"], ["prefect.events.>"])
        self.assertEqual(events["duplicate_window"], 5 * minutes)
        self.assertEqual(events["max_age"], 7 * 24 * 60 * minutes)
        self.assertEqual(
            [events[name] for name in ("storage", "retention", "discard", "num_replicas")],
            ["file", "limits", "new", 1],
        )
        self.assertEqual(logs["max_age"], 5 * minutes)


if __name__ == "__main__":
    unittest.main()
