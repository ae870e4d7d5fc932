"""A broker that is gone, refuses, or loses what it had: said loudly, and nothing else is lost."""

from __future__ import annotations

import subprocess
import unittest
from collections.abc import Callable
from typing import Any

from faults.ledger import DURABLE, STREAM, SUBJECT, Ledger
from support.jetstream import JetStream
from support.program import flags, hangar_running
from support.servers import wait_until
from support.surface import Surface

_AS_HANGAR = ("--set", "nats.user=hangar", "--set", "nats.password=right")


def _users(password: str = "right", permissions: str = "") -> str:
    """Whoever has no name may do everything."""
    return (
        "no_auth_user: anybody\n"
        "authorization { users: [ { user: anybody, password: any }, "
        f"{{ user: hangar, password: {password}, permissions: {{ {permissions} }} }} ] }}"
    )


class Broker(Ledger):
    COPIES = 10
    NATS_SETTINGS = _users()

    def setUp(self) -> None:
        super().setUp()
        self.use_sqlite()

    def surface(self, process: subprocess.Popen[bytes]) -> Surface:
        return Surface.of(process, self.folder / "data", self.log)

    def wait(self, met: Callable[[], bool], what: str) -> None:
        wait_until(met, what=what, log=self.log)

    def test_server_that_is_down_is_waited_for_and_does_not_end_the_process(self) -> None:
        with self.recording() as process:
            surface = self.surface(process)
            self.wait_for_progress(process)
            self.nats.stop()
            self.wait(lambda: surface.ask("/readyz")[0] == 503, "not ready")
            self.assertEqual(surface.ask("/livez")[0], 200)
            self.nats.start()
            self.end_of(process)
        self.expect_all_recorded()

    def test_stream_deleted_and_created_again_gets_no_ack_of_the_old_one(self) -> None:
        with hangar_running(*self.words(), log=self.log) as process:
            self.wait_for_progress(process)
            with JetStream(self.nats.url) as stream:
                stream.request(f"STREAM.DELETE.{STREAM}")
                config = {"subjects": ["prefect.events.>"], "discard": "new"}
                stream.request(f"STREAM.CREATE.{STREAM}", name=STREAM, **config)
                self.create_consumer(stream)
                stream.publish(SUBJECT, self.events)
            self.wait(lambda: self.left() == 0, "every event of the new stream")
            self.assertEqual(self.terminate(process), 0)
        self.expect_all_recorded()

    def test_sealed_stream_is_read_to_its_end(self) -> None:
        with JetStream(self.nats.url) as stream:
            config = stream.request(f"STREAM.INFO.{STREAM}")["config"]
            stream.request(f"STREAM.UPDATE.{STREAM}", **{**config, "sealed": True})
        with self.recording() as process:
            self.end_of(process)
        self.expect_all_recorded()

    def test_user_who_was_locked_out_goes_on_when_he_is_let_in_again(self) -> None:
        with self.recording(*_AS_HANGAR) as process:
            surface = self.surface(process)
            self.wait_for_progress(process)
            self.nats.reload(_users("other"))
            self.wait(lambda: surface.ask("/readyz")[0] == 503, "not ready")
            self.wait_for_words("uthorization", process)
            self.nats.reload(_users())
            self.end_of(process)
        self.expect_all_recorded()

    def test_who_may_not_ack_is_not_ready_and_is_told_why(self) -> None:
        self.nats.reload(_users(permissions='publish: { deny: "$JS.ACK.>" }'))
        with hangar_running(*self.words(), *_AS_HANGAR, log=self.log) as process:
            surface = self.surface(process)
            self.wait(lambda: "$JS.ACK." in surface.ask("/readyz")[1], "the reason")
            self.assertEqual(surface.ask("/readyz")[0], 503)
            self.nats.reload(_users())
            self.wait(lambda: self.left() == 0, "every ack")
            self.wait(lambda: surface.ask("/readyz")[0] == 200, "ready")
            self.assertEqual(self.terminate(process), 0)
        self.expect_all_recorded()

    def test_who_may_not_ask_jetstream_is_told_the_subject(self) -> None:
        self.nats.reload(_users(permissions='publish: { deny: "$JS.API.>" }'))
        with hangar_running(*self.words(), *_AS_HANGAR, log=self.log) as process:
            self.wait_for_words(f"$JS.API.STREAM.INFO.{STREAM}", process)
            self.nats.reload(_users())
            self.wait(lambda: self.left() == 0, "every ack")
            self.assertEqual(self.terminate(process), 0)
        self.expect_all_recorded()


class Dropped(Ledger):
    """More is in the stream than one service takes at a time."""

    def test_what_the_stream_drops_before_it_is_read_is_counted(self) -> None:
        self.use_postgres()
        lost = f'hangar_upstream_lost_total{{stream="{STREAM}",consumer="{DURABLE}"}}'
        pending = lost.replace("upstream_lost_total", "consumer_pending_messages")
        everything = flags({"services.task_run_recorder.filter_subject": SUBJECT})
        with hangar_running(*self.words(), *everything, log=self.log) as process:
            surface = Surface.of(process, self.folder / "data", self.log)
            self.wait_for_progress(process)
            self.postgres.stop()
            self.wait_for_words("attempt 4 in", process)
            wait_until(
                lambda: surface.metrics()[pending] == self._consumer()["num_pending"],
                what="a look at the consumer",
                log=self.log,
            )
            delivered = self._consumer()["delivered"]["stream_seq"]
            with JetStream(self.nats.url) as stream:
                stream.request(f"STREAM.PURGE.{STREAM}", keep=1_000)
                first = stream.request(f"STREAM.INFO.{STREAM}")["state"]["first_seq"]
            self.assertGreater(first, delivered + 1)
            wait_until(lambda: surface.metrics()[lost] > 0, what="the count", log=self.log)
            self.assertEqual(surface.metrics()[lost], first - delivered - 1)
            self.figure("B10", "lost in the stream, counted", int(surface.metrics()[lost]))
            self.figure("B10", "lost in the stream, in truth", first - delivered - 1)
            self.postgres.start()
            wait_until(lambda: self.left() == 0, what="the rest", log=self.log, within=120)
            self.assertEqual(self.terminate(process), 0)

    def _consumer(self) -> dict[str, Any]:
        with JetStream(self.nats.url) as stream:
            return stream.request(f"CONSUMER.INFO.{STREAM}.{DURABLE}")


if __name__ == "__main__":
    unittest.main()
