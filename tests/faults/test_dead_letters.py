"""Events that cannot be recorded: kept with their reason, and in the way of no other."""

from __future__ import annotations

import contextlib
import subprocess
import time
import unittest
from collections.abc import Callable, Iterator
from functools import partial

from faults.ledger import LONG, SUBJECT, Ledger
from support.jetstream import JetStream, JetStreamError
from support.program import hangar_running
from support.servers import NatsServer, wait_until
from support.surface import Surface

_DEAD_LETTERS = "HANGAR_DLQ"
_NO_JSON, _EMPTY, _DEEP, _NUL = b"{", b"", b"[" * 1_000_000, b'{"id": "\\u0000"}'


class DeadLetters(Ledger):
    """The good events come into the stream when a test says so."""

    COPIES = 1
    # Nobody is killed here.
    ACK_WAIT = 30

    def setUp(self) -> None:
        super().setUp()
        self.use_sqlite()

    def fill(self, stream: JetStream) -> None:
        del stream

    def publish(self, events: list[bytes], subject: str = SUBJECT) -> None:
        with JetStream(self.nats.url) as stream:
            stream.publish(subject, events)

    def make_dead_letter_stream(self, max_bytes: int = 1 << 20) -> None:
        with JetStream(self.nats.url) as stream:
            stream.request(
                f"STREAM.CREATE.{_DEAD_LETTERS}",
                name=_DEAD_LETTERS,
                subjects=["hangar.dlq.>"],
                discard="new",
                max_bytes=max_bytes,
            )

    @contextlib.contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        with hangar_running(*self.words(), log=self.log) as process:
            yield process
            self.assertEqual(self.terminate(process), 0, self.log.read_text()[-2000:])

    def surface(self, process: subprocess.Popen[bytes]) -> Surface:
        return Surface.of(process, self.folder / "data", self.log)

    def wait(self, met: Callable[[], bool], what: str, within: float = 60) -> None:
        wait_until(met, what=what, log=self.log, within=within)

    def expect_good_ones_recorded(self, letters: int) -> None:
        self.assertEqual(self.dead_letters(), letters)
        self.expect_rows()


class Poison(DeadLetters):
    def test_poison_alone_for_a_while_does_not_stop_what_comes_after_it(self) -> None:
        published = 0
        self.make_dead_letter_stream(1 << 30)
        with self.running() as process:
            surface = self.surface(process)
            until = time.monotonic() + (60 if LONG else 2)
            self.publish([_DEEP] * 3)
            while time.monotonic() < until:
                self.publish([_NO_JSON, _EMPTY, _NUL] * 200)
                published += 600
                # How fast it comes is the input of this test, not a wait for something.
                time.sleep(0.1)
            began = time.monotonic()
            self.publish(self.events)
            self.wait(lambda: self.left() == 0, "every ack")
            self.figure("E13", "all recorded after s", round(time.monotonic() - began, 1))
            self.assertEqual(surface.ask("/readyz")[0], 200)
            counts = surface.messages()
        self.figure("E13", "dead letters", published + 3)
        answers = ("acked", "nacked", "terminated", "abandoned", "held")
        self.assertEqual(counts["received"], sum(counts[answer] for answer in answers))
        self.expect_good_ones_recorded(published + 3)
        said = self.log.read_text().count("is a dead letter now")
        self.assertIn(said, range(3, 4 * (4 if LONG else 2)))


class NoRoom(DeadLetters):
    """The server has room for 4 MiB more than for the events."""

    def start_nats(self) -> None:
        self.nats = self.enterContext(NatsServer(jetstream="max_file_store: 8MB"))

    def test_without_storage_for_dead_letters_none_is_acked_and_good_ones_pass(self) -> None:
        self.make_dead_letter_stream()
        self.publish([_NO_JSON] * 10)
        self.publish(self.events)
        with JetStream(self.nats.url) as stream:
            stream.request("STREAM.CREATE.FILLER", name="FILLER", subjects=["filler"])
            with self.assertRaisesRegex(JetStreamError, "insufficient|exceeded"):
                stream.publish("filler", [bytes(100_000)] * 100)
        with self.running() as process:
            self.wait_for_words("cannot store a dead letter", process)
            self.wait(lambda: self.left() == 10, "every ack of a good event")
            self.assertEqual(self.dead_letters(), 0)
            self.assertEqual(self.surface(process).messages()["terminated"], 0)
            self.figure("B20", "acked without a dead letter", 10 - self.left())
            with JetStream(self.nats.url) as stream:
                stream.request("STREAM.DELETE.FILLER")
            self.wait(lambda: self.left() == 0, "every ack")
        self.expect_good_ones_recorded(10)


class Unfit(DeadLetters):
    """Somebody made the stream of dead letters with the server's defaults and small limits."""

    def edit(self, **changes: object) -> None:
        with JetStream(self.nats.url) as stream:
            config = stream.request(f"STREAM.INFO.{_DEAD_LETTERS}")["config"]
            stream.request(f"STREAM.UPDATE.{_DEAD_LETTERS}", **(config | changes))

    def test_no_letter_goes_to_a_stream_that_drops_it_or_is_too_small(self) -> None:
        self.make_dead_letter_stream()
        self.edit(discard="old", max_msgs=1)
        self.publish([_NO_JSON] * 4 + [b"[" * 3_000_000])
        self.publish(self.events)
        with self.running() as process:
            surface = self.surface(process)
            self.wait_for_words("nats stream edit HANGAR_DLQ --discard=new", process)
            self.wait(lambda: self.left() == 5, "every ack of a good event")
            status, text = surface.ask("/readyz")
            self.assertEqual((status, "the stream HANGAR_DLQ" in text), (503, True), text)
            self.assertEqual(self.dead_letters(), 0)
            self.edit(discard="new", max_msgs=-1)
            self.wait(lambda: self.left() == 1, "the ack of each event whose letter fits")
            self.wait_for_words("takes no dead letter over 1048064 bytes", process)
            self.assertEqual(surface.ask("/readyz")[0], 503)
            self.edit(max_bytes=1 << 24)
            self.wait(lambda: self.left() == 0, "every ack")
            self.wait(lambda: surface.ask("/readyz")[0] == 200, "ready")
        self.expect_good_ones_recorded(5)


class Full(DeadLetters):
    """More poison than the stream of dead letters and what one replica may hold together."""

    def test_full_stream_of_dead_letters_holds_everything_up_until_it_is_drained(self) -> None:
        poison, taken = 6_000, 0
        self.make_dead_letter_stream()
        self.publish([_NO_JSON] * poison)
        self.publish(self.events)
        with self.running() as process:
            surface = self.surface(process)
            why = "dead letters of task_run_recorder cannot be stored"

            def told() -> bool:
                # A smaller letter may still fit, and then all is well until the next one.
                status, text = surface.ask("/readyz")
                return status == 503 and why in text

            self.wait(told, "the reason")
            self.assertEqual(surface.ask("/livez")[0], 200)
            letters = self.dead_letters()
            self.assertLess(letters, poison)
            self.assertLessEqual(surface.messages()["terminated"], letters)
            self.assertGreaterEqual(self.left(), poison - letters)
            self.wait_for_words("bytes of dead letters", process)
            while self.left() > 0:
                before = self.dead_letters()
                with JetStream(self.nats.url) as stream:
                    taken += stream.request(f"STREAM.PURGE.{_DEAD_LETTERS}")["purged"]
                self.wait(partial(self._refilled, before), "as many dead letters again")
            self.wait(lambda: surface.ask("/readyz")[0] == 200, "ready")
        self.figure("B20", "dead letters that a full stream held up", poison - letters)
        self.assertEqual(taken + self.dead_letters(), poison)
        self.expect_rows()

    def _refilled(self, before: int) -> bool:
        return self.left() == 0 or self.dead_letters() > before * 0.9


if __name__ == "__main__":
    unittest.main()
