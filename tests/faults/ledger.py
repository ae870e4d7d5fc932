"""A stream of events whose rows are known, recorded while something goes wrong."""

from __future__ import annotations

import contextlib
import datetime
import os
import random
import signal
import subprocess
import unittest
from collections.abc import Callable, Iterator
from typing import ClassVar

from support.children import READY_WITHIN
from support.copies import copies_of
from support.flow_runs import flow_runs_in, insert_flow_runs
from support.jetstream import JetStream, JetStreamError
from support.prefect_venv import create_prefect_database
from support.program import flags, hangar_running
from support.rows import Tables, compare_rows, read_rows
from support.servers import NatsServer, PostgresServer, wait_until
from support.temporary import temporary_folder

LONG = bool(os.environ.get("HANGAR_TEST_LONG"))
STREAM, DURABLE, SUBJECT = (
    "PREFECT_EVENTS",
    "events-task-run-recorder",
    "prefect.events.task-run",
)


class Ledger(unittest.TestCase):
    """`COPIES` times 539 shuffled events are in the stream when a test begins."""

    COPIES: ClassVar[int] = 40
    NATS_SETTINGS: ClassVar[str] = ""
    REPLICAS: ClassVar[int] = 1
    # A killed process answers nothing, so the server waits this long before it sends again.
    ACK_WAIT: ClassVar[int] = 2
    seed: ClassVar[int]
    events: ClassVar[list[bytes]]
    rows: ClassVar[Tables]

    @classmethod
    def setUpClass(cls) -> None:
        cls.seed = int(os.environ.get("HANGAR_TEST_SEED") or random.randrange(2**32))
        print(f"HANGAR_TEST_SEED={cls.seed}")
        cls.events, cls.rows = copies_of("shuffled", cls.COPIES, seed=cls.seed)

    def setUp(self) -> None:
        self.folder = self.enterContext(temporary_folder("faults"))
        self.log = self.folder / "hangar.log"
        self.start_nats()
        with JetStream(self.nats.url) as stream:
            stream.request(
                f"STREAM.CREATE.{STREAM}",
                name=STREAM,
                subjects=["prefect.events.>"],
                discard="new",
                num_replicas=self.REPLICAS,
            )
            self.create_consumer(stream)
            self.fill(stream)
        self.began = datetime.datetime.now(datetime.UTC)

    def fill(self, stream: JetStream) -> None:
        """What is in the stream when a test begins."""
        stream.publish(SUBJECT, self.events)

    def start_nats(self) -> None:
        self.nats = self.enterContext(NatsServer(settings=self.NATS_SETTINGS))

    def create_consumer(self, stream: JetStream) -> None:
        config = {
            "durable_name": DURABLE,
            "filter_subject": SUBJECT,
            "ack_policy": "explicit",
            "ack_wait": self.ACK_WAIT * 10**9,
            "max_ack_pending": 20_000,
        }
        stream.request(
            f"CONSUMER.DURABLE.CREATE.{STREAM}.{DURABLE}", stream_name=STREAM, config=config
        )

    def use_postgres(self) -> None:
        """Prefect's own schema, on a server of this test's."""
        self.postgres = self.enterContext(PostgresServer())
        self.storage, self.database = "postgres", create_prefect_database(self.postgres, "faults")
        insert_flow_runs(self.database, flow_runs_in(self.events))

    def use_sqlite(self) -> None:
        self.storage, self.database = "sqlite", str(self.folder / "hangar.sqlite")

    def words(self) -> list[str]:
        return flags(
            {
                "data_dir": self.folder / "data",
                "nats.url": self.nats.url,
                "storage.type": self.storage,
                "storage.url": self.database,
                "storage.create_tables": "true",
                "services.task_run_recorder.batch_size": 20,
                "services.task_run_recorder.lanes": 4,
            }
        )

    def one_batch(self) -> list[str]:
        """More words, for one transaction with all events in it."""
        settings = {"batch_size": len(self.events), "lanes": 1, "flush_interval": "5s"}
        return flags({f"services.task_run_recorder.{key}": of for key, of in settings.items()})

    @contextlib.contextmanager
    def recording(self, *more: str) -> Iterator[subprocess.Popen[bytes]]:
        """`hangar run` that ends when all is recorded."""
        with hangar_running("--until-drained", *self.words(), *more, log=self.log) as process:
            yield process

    def left(self) -> int:
        """How many events are not acked; all of them while the server does not say."""
        try:
            # Without a leader nobody answers at all.
            with JetStream(self.nats.url, timeout=1) as stream:
                consumer = stream.request(f"CONSUMER.INFO.{STREAM}.{DURABLE}")
        except (OSError, JetStreamError, ValueError):
            return len(self.events)
        return int(consumer["num_pending"]) + int(consumer["num_ack_pending"])

    def versions(self) -> list[str]:
        """One line for each row, another one after any write to it."""
        return self.postgres.psql(
            "SELECT id, xmin, updated FROM task_run UNION ALL"
            " SELECT id, xmin, updated FROM task_run_state ORDER BY 1",
            "faults",
        ).splitlines()

    def deadlocks(self) -> int:
        """How many the database has ended since it was made."""
        sql = "SELECT sum(deadlocks) FROM pg_stat_database WHERE datname = 'faults'"
        return int(self.postgres.psql(sql))

    def wait_for_progress(self, process: subprocess.Popen[bytes]) -> int:
        """Waits until something more is acked; how many are left then."""
        before = self.left()
        if before == 0:
            return 0
        wait_until(
            lambda: self.left() < before or process.poll() is not None,
            what="an ack",
            log=self.log,
        )
        return self.left()

    def wait_for_words(
        self, words: str, process: subprocess.Popen[bytes], within: float = READY_WITHIN
    ) -> None:
        wait_until(
            lambda: words in self.log.read_text(),
            what=words,
            process=process,
            log=self.log,
            within=within,
        )

    def disturb(self, process: subprocess.Popen[bytes], fault: Callable[[], None]) -> int:
        """Lets `fault` happen between the acks until little is left; how often it did."""
        times = 0
        while times < (200 if LONG else 20) and self.wait_for_progress(process) > 2_000:
            fault()
            times += 1
        self.assertGreater(times, 2, "everything was recorded before: more events needed")
        return times

    def end_of(self, process: subprocess.Popen[bytes], within: float = 240) -> None:
        code = process.wait(within)
        self.assertEqual(code, 0, self.log.read_text()[-4000:])

    def expect_all_recorded(self) -> None:
        """Nothing lost, nothing doubled, nothing dead-lettered."""
        self.expect_rows()
        self.assertEqual(self.dead_letters(), 0)

    def expect_rows(self) -> None:
        """Of the good events nothing lost and nothing doubled."""
        differences = compare_rows(
            self.rows,
            read_rows(self.database),
            stream=b"\n".join(self.events),
            recorded=(self.began, datetime.datetime.now(datetime.UTC)),
        )
        self.assertEqual([str(one) for one in differences[:20]], [])

    def dead_letters(self) -> int:
        with JetStream(self.nats.url) as stream:
            if "HANGAR_DLQ" not in stream.streams():
                return 0
            return int(stream.request("STREAM.INFO.HANGAR_DLQ")["state"]["messages"])

    @staticmethod
    def figure(scenario: str, name: str, value: object) -> None:
        """Prints what was measured in a scenario, where results.py finds it in ctest's output."""
        print(f"figure {scenario}: {name} = {value}")

    @staticmethod
    def terminate(process: subprocess.Popen[bytes]) -> int:
        process.send_signal(signal.SIGTERM)
        return process.wait(60)
