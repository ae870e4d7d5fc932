"""kill -9, again and again under load: nothing is lost, nothing is doubled."""

import datetime
import os
import random
import signal
import time
import unittest
from typing import ClassVar

from support.copies import copies_of
from support.flow_runs import flow_runs_in, insert_flow_runs
from support.jetstream import JetStream
from support.prefect_venv import create_prefect_database
from support.program import flags, hangar, hangar_running
from support.rows import Tables, compare_rows, read_rows
from support.servers import NatsServer, PostgresServer, wait_until
from support.temporary import temporary_folder

_KILLS = 100 if os.environ.get("HANGAR_TEST_LONG") else 20
_COPIES = 2 * _KILLS
_STREAM, _DURABLE, _SUBJECT = (
    "PREFECT_EVENTS",
    "events-task-run-recorder",
    "prefect.events.task-run",
)
# A killed process answers nothing, so the server waits this long before it sends again.
_ACK_WAIT = 2


class Kill(unittest.TestCase):
    seed: ClassVar[int]
    events: ClassVar[list[bytes]]
    rows: ClassVar[Tables]

    @classmethod
    def setUpClass(cls) -> None:
        cls.seed = int(os.environ.get("HANGAR_TEST_SEED") or random.randrange(2**32))
        print(f"HANGAR_TEST_SEED={cls.seed}")
        cls.events, cls.rows = copies_of("shuffled", _COPIES, seed=cls.seed)

    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("kill"))
        self.nats = self.enterContext(NatsServer())
        self.stream = self.enterContext(JetStream(self.nats.url))
        self.stream.request(f"STREAM.CREATE.{_STREAM}", name=_STREAM, subjects=["prefect.events.>"])
        self.stream.request(
            f"CONSUMER.DURABLE.CREATE.{_STREAM}.{_DURABLE}",
            stream_name=_STREAM,
            config={
                "durable_name": _DURABLE,
                "filter_subject": _SUBJECT,
                "ack_policy": "explicit",
                "ack_wait": _ACK_WAIT * 10**9,
                "max_ack_pending": 20_000,
            },
        )
        self.stream.publish(_SUBJECT, self.events)

    def test_killed_under_load_loses_and_doubles_nothing_on_postgres(self) -> None:
        server = self.enterContext(PostgresServer())
        database = create_prefect_database(server, "kill")
        insert_flow_runs(database, flow_runs_in(self.events))
        self._kill_and_finish("postgres", database)

    def test_killed_under_load_loses_and_doubles_nothing_on_sqlite(self) -> None:
        self._kill_and_finish("sqlite", str(self.folder / "hangar.sqlite"))

    def _kill_and_finish(self, storage: str, database: str) -> None:
        settings = {
            "data_dir": self.folder / "data",
            "nats.url": self.nats.url,
            "storage.type": storage,
            "storage.url": database,
            "storage.create_tables": "true",
            "services.task_run_recorder.batch_size": 20,
            "services.task_run_recorder.lanes": 4,
        }
        words = flags(settings)
        moment = random.Random(self.seed)
        began = datetime.datetime.now(datetime.UTC)
        for _ in range(_KILLS):
            self._kill_once(words, moment.uniform(0, 0.1))
        done = hangar("run", "--until-drained", *words, within=300)
        self.assertEqual(done.returncode, 0, done.stderr[-4000:])
        differences = compare_rows(
            self.rows,
            read_rows(database),
            stream=b"\n".join(self.events),
            recorded=(began, datetime.datetime.now(datetime.UTC)),
        )
        self.assertEqual([str(one) for one in differences[:20]], [])
        self.assertNotIn("HANGAR_DLQ", [s for s in self.stream.streams() if self._holds(s)])

    def _kill_once(self, words: list[str], delay: float) -> None:
        """Kills `delay` seconds after the process began to ack, with much left to do."""
        log = self.folder / "hangar.log"
        before = self._left()
        with hangar_running(*words, log=log) as process:
            wait_until(lambda: self._left() < before, what="an ack", process=process, log=log)
            # The moment of the kill is the input of this test, not a wait for something.
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.assertGreater(self._left(), 0, "everything was recorded before: more events needed")

    def _left(self) -> int:
        """How many events are not acked."""
        consumer = self.stream.request(f"CONSUMER.INFO.{_STREAM}.{_DURABLE}")
        return int(consumer["num_pending"]) + int(consumer["num_ack_pending"])

    def _holds(self, stream: str) -> bool:
        return bool(self.stream.request(f"STREAM.INFO.{stream}")["state"]["messages"])


if __name__ == "__main__":
    unittest.main()
