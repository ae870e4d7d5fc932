"""A server that lost the end of a stream, as after a power cut: what comes next is recorded.

nats-server before 2.14 keeps what the consumer was given and skips as many new events.
"""

import shutil
import unittest

from support.jetstream import JetStream
from support.program import flags, hangar
from support.rows import read_rows
from support.servers import NatsServer
from support.temporary import temporary_folder
from support.tree import ROOT

_STREAM, _SUBJECT = "PREFECT_EVENTS", "prefect.events.task-run"
_KEPT, _LOST, _NEW = 6, 4, 3


class Rollback(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("rollback"))
        self.nats = self.enterContext(NatsServer())
        lines = (ROOT / "tests/golden/plain.jsonl").read_bytes().splitlines()
        self.events = lines[: _KEPT + _LOST + _NEW]
        self.database = str(self.folder / "hangar.sqlite")

    def _publish(self, events: list[bytes]) -> None:
        with JetStream(self.nats.url) as stream:
            stream.publish(_SUBJECT, events)

    def _record(self) -> str:
        settings = {
            "data_dir": self.folder / "data",
            "nats.url": self.nats.url,
            "storage.type": "sqlite",
            "storage.url": self.database,
            "storage.create_tables": "true",
        }
        done = hangar("run", "--until-drained", *flags(settings))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr

    def _states(self) -> int:
        return len(read_rows(self.database)["task_run_state"])

    def test_events_after_a_lost_end_of_the_stream_are_recorded(self) -> None:
        with JetStream(self.nats.url) as stream:
            stream.request(f"STREAM.CREATE.{_STREAM}", name=_STREAM, subjects=["prefect.events.>"])
        self._publish(self.events[:_KEPT])
        self._record()
        self.assertEqual(self._states(), _KEPT)
        self.nats.stop()
        [messages] = self.nats.store.glob(f"**/streams/{_STREAM}/msgs")
        copy = self.folder / "msgs"
        shutil.copytree(messages, copy)

        self.nats.start()
        self._publish(self.events[_KEPT : _KEPT + _LOST])
        self._record()
        self.nats.stop()
        shutil.rmtree(messages)
        shutil.copytree(copy, messages)

        self.nats.start()
        with JetStream(self.nats.url) as stream:
            state = stream.request(f"STREAM.INFO.{_STREAM}")["state"]
        self.assertEqual(state["last_seq"], _KEPT, "the server was to lose the end")
        self._publish(self.events[_KEPT + _LOST :])
        said = self._record()
        self.assertEqual(self._states(), _KEPT + _LOST + _NEW, said)


if __name__ == "__main__":
    unittest.main()
