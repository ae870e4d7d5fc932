"""Servers and consumers that die: nothing that was published is lost."""

import asyncio
import logging
import os
import signal
import sys
import unittest
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar
from unittest import mock

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from prefect.server.utilities.messaging import (
    StopConsumer,
    create_consumer,
    create_publisher,
    ephemeral_subscription,
)

from prefect_nats.broker import Broker, BrokerError
from support.broker_case import BrokerCase, Notes, cancelled, until
from support.servers import free_port

_MESSAGES = 10_000
_KILLS = 5
_PUBLISHERS = 4


class Faults(BrokerCase):
    settings: ClassVar[dict[str, str]] = {"CONSUMER_ACK_WAIT": "2"}
    thread: ClassVar[ThreadPoolExecutor]
    published = 0

    async def publish(self, numbers: range) -> None:
        async with create_publisher(self.topic, deduplicate_by="id") as publisher:
            for number in numbers:
                await publisher.publish_data(str(number).encode(), {"id": f"{number}"})
                self.published += 1

    def publishing(self, numbers: range) -> asyncio.Task[None]:
        task = asyncio.create_task(self.publish(numbers))
        self.addAsyncCleanup(cancelled, task)
        return task

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        # A server ends with the thread that started it, so it is one that outlives the tests.
        cls.thread = cls.enterClassContext(ThreadPoolExecutor(1))

    async def off_the_loop(self, work: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self.thread, work)

    async def test_10000_messages_over_a_server_that_is_killed_again_and_again(self) -> None:
        seen: Counter[bytes] = Counter()
        live: Counter[bytes] = Counter()

        def handler(counts: Counter[bytes]) -> Any:
            async def handle(message: Any) -> None:
                counts[message.data] += 1

            return handle

        self.running(self.consumer(group="g"), handler(seen))
        how = await self.enterAsyncContext(ephemeral_subscription(self.topic))
        self.running(create_consumer(**how), handler(live))
        share = _MESSAGES // _PUBLISHERS
        publishing = [
            self.publishing(range(n * share, (n + 1) * share)) for n in range(_PUBLISHERS)
        ]
        for kill in range(1, _KILLS + 1):
            enough = kill * _MESSAGES // (_KILLS + 1)
            await until(lambda enough=enough: self.published > enough)  # type: ignore[misc]
            self.assertFalse(all(task.done() for task in publishing), "killed too late to matter")
            await self.off_the_loop(self.server.restart)
        await asyncio.gather(*publishing)
        await self.assert_all_handled("g")
        every = {str(number).encode() for number in range(_MESSAGES)}
        self.assertEqual(set(seen), every)
        with self.jetstream() as stream:
            stored = stream.request(f"STREAM.INFO.PREFECT_{self.topic.upper()}")["state"]
        self.assertEqual(stored["messages"], _MESSAGES, "a message that was sent again is stored")
        await until(lambda: set(live) == every)
        self.assertEqual(set(live.values()), {1}, "a live subscription handed one over twice")

    async def test_a_server_that_was_down_at_the_start_is_waited_for(self) -> None:
        await self.off_the_loop(self.server.kill)
        notes = Notes(1)
        consumer = self.running(self.consumer(), notes)
        publishing = self.publishing(range(1))
        await asyncio.sleep(0.2)
        self.assertFalse(publishing.done() or consumer.done())
        await self.off_the_loop(self.server.start)
        await publishing
        await consumer
        self.assertEqual(notes.data, [b"0"])

    async def test_a_live_subscription_that_begins_while_nats_is_away_skips_nothing(self) -> None:
        await self.publish(range(1))
        await Broker.current().close()
        await self.off_the_loop(self.server.kill)
        notes = Notes(2)
        async with asyncio.timeout(10):
            how = await self.enterAsyncContext(ephemeral_subscription(self.topic))
        consumer = self.running(create_consumer(**how), notes)
        await self.off_the_loop(self.server.start)
        await self.publish(range(1, 3))
        await consumer
        self.assertEqual(notes.data, [b"1", b"2"], "what came before the subscription is not live")

    async def test_a_live_consumer_ends_when_it_is_cancelled_while_nats_is_away(self) -> None:
        await self.off_the_loop(self.server.kill)
        how = await self.enterAsyncContext(ephemeral_subscription(self.topic))
        consumer = self.running(create_consumer(**how), Notes(1))
        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await cancelled(consumer)
        self.assertTrue(consumer.cancelled())
        await self.off_the_loop(self.server.start)

    async def test_a_full_stream_is_named_with_what_to_do(self) -> None:
        tight = {"PUBLISHER_ACK_TIMEOUT": "0.5", "MAX_BYTES": "4096"}
        variables = {f"PREFECT_NATS_MESSAGING_{name}": value for name, value in tight.items()}
        with mock.patch.dict(os.environ, variables), self.assertRaises(BrokerError) as caught:
            await Broker.current().close()
            async with create_publisher(self.topic) as publisher:
                for _ in range(10):
                    await publisher.publish_data(b"x" * 1000, {})
        self.assertRegex(str(caught.exception), r"maximum bytes exceeded.*10077.*--max-bytes")
        await Broker.current().close()

    async def test_a_message_that_cannot_be_stored_raises_in_time_and_tells_no_secret(self) -> None:
        url = f"nats://me:hush-hush@127.0.0.1:{free_port()}"
        ours = {"URL": url, "PUBLISHER_ACK_TIMEOUT": "0.5", "TOKEN": "hush-hush"}
        variables = {f"PREFECT_NATS_MESSAGING_{name}": value for name, value in ours.items()}
        with (
            mock.patch.dict(os.environ, variables),
            self.assertLogs("prefect", logging.DEBUG) as logs,
            self.assertRaises(BrokerError) as caught,
        ):
            await Broker.current().close()
            async with asyncio.timeout(15):
                await self.publish(range(2))
        self.assertIn("within 0.5 s", str(caught.exception))
        self.assertNotIn("hush", str(caught.exception) + "".join(logs.output))
        self.assertNotIn("hush", repr(Broker.current().settings))

    async def test_a_consumer_goes_on_when_its_consumer_or_its_stream_is_deleted(self) -> None:
        notes = Notes(99)
        self.running(self.consumer(group="g"), notes)
        await self.publish(range(1))
        await until(lambda: notes.data == [b"0"])
        stream = f"PREFECT_{self.topic.upper()}"
        with self.jetstream() as jetstream:
            jetstream.request(f"CONSUMER.DELETE.{stream}.{self.topic}-g")
            await until(lambda: notes.data == [b"0", b"0"])
            jetstream.request(f"STREAM.DELETE.{stream}")
        await self.publish(range(7, 8))
        await until(lambda: notes.data == [b"0", b"0", b"7"])

    async def test_what_a_slow_handler_works_on_goes_to_no_other(self) -> None:
        begun: list[bytes] = []

        async def slow(message: Any) -> None:
            begun.append(message.data)
            await asyncio.sleep(5)  # more than twice ack_wait
            raise StopConsumer(ack=True)

        await self.publish(range(1))
        consumers = [self.running(self.consumer(), slow) for _ in range(2)]
        # Either of them is given it.
        (stopped,), _ = await asyncio.wait(consumers, return_when=asyncio.FIRST_COMPLETED)
        await stopped
        self.assertEqual(begun, [b"0"])

    async def test_what_a_killed_process_was_given_goes_to_another(self) -> None:
        numbers = range(1000)
        await self.publish(numbers)
        before: list[str] = []
        for _ in range(3):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", _CHILD, self.topic), stdout=asyncio.subprocess.PIPE
            )
            assert process.stdout
            for _ in range(50):
                before.append((await process.stdout.readline()).decode().strip())
            process.send_signal(signal.SIGKILL)
            before += (await process.stdout.read()).decode().split()
            await process.wait()
        notes = Notes(99_999)
        self.running(self.consumer(), notes)
        await self.assert_all_handled()
        after = [each.decode() for each in notes.data]
        self.assertEqual({*before, *after}, {str(number) for number in numbers})
        self.assertLess(len(before) + len(after), len(numbers) + 50, "it began again")


_CHILD = """
import asyncio, sys
from prefect_nats.messaging import Consumer

async def handle(message):
    print(message.data.decode(), flush=True)

asyncio.run(Consumer(sys.argv[1]).run(handle))
"""


if __name__ == "__main__":
    unittest.main()
