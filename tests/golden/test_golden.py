"""Every vector, recorded by Hangar, leaves the reference's rows and its rejected lines.

Over both storages, both schemas, four batch sizes and two numbers of lanes.
"""

import datetime
import itertools
import shutil
import unittest
from pathlib import Path
from typing import ClassVar

from support.flow_runs import flow_runs_in, insert_flow_runs, stream_lines
from support.jetstream import JetStream
from support.prefect_venv import create_prefect_database, create_prefect_sqlite
from support.program import flags, hangar
from support.rows import compare_rows, load_rows, read_rows
from support.servers import NatsServer, PostgresServer
from support.temporary import temporary_folder

_GOLDEN = Path(__file__).parent
_VECTORS = ("capture", "plain", "shuffled", "chaos", "hostile", "forms")
_BATCH_SIZES = (1, 7, 100, 5000)
_LANES = (1, 4)
_DEAD_LETTERS = "HANGAR_DLQ"


class Golden:
    """The laws; each class below says for which storage and schema they are shown."""

    storage: ClassVar[str]
    nats: ClassVar[NatsServer]
    stream: ClassVar[JetStream]
    folder: ClassVar[Path]

    @classmethod
    def setUpClass(cls) -> None:
        assert issubclass(cls, unittest.TestCase)
        cls.folder = cls.enterClassContext(temporary_folder("golden"))
        cls.nats = cls.enterClassContext(NatsServer())
        cls.stream = cls.enterClassContext(JetStream(cls.nats.url))
        cls.prepare()
        for name in _VECTORS:
            subject = f"golden.{name}"
            cls.stream.request(f"STREAM.CREATE.{name}", name=name, subjects=[subject])
            cls.stream.publish(subject, cls.lines(name))

    @classmethod
    def prepare(cls) -> None:
        """What all databases have in common."""

    def database(self, vector: str, name: str) -> str:
        """A new database for one recording."""
        raise NotImplementedError

    @staticmethod
    def lines(vector: str) -> list[bytes]:
        return stream_lines((_GOLDEN / f"{vector}.jsonl").read_bytes())

    def test_rows_and_dead_letters_are_the_references(self) -> None:
        assert isinstance(self, unittest.TestCase)
        for vector, batch_size, lanes in itertools.product(_VECTORS, _BATCH_SIZES, _LANES):
            with self.subTest(vector=vector, batch_size=batch_size, lanes=lanes):
                self.assertEqual(self._faults(vector, batch_size, lanes), [])

    def _faults(self, vector: str, batch_size: int, lanes: int) -> list[str]:
        """Records the vector; what is not as the reference left it."""
        name = f"{vector}_{batch_size}_{lanes}"
        database = self.database(vector, name)
        if _DEAD_LETTERS in self.stream.streams():
            self.stream.request(f"STREAM.DELETE.{_DEAD_LETTERS}")
        settings = {
            "data_dir": self.folder / name,
            "nats.url": self.nats.url,
            "storage.type": self.storage,
            "storage.url": database,
            "storage.create_tables": "true",
            "services.task_run_recorder.stream": vector,
            "services.task_run_recorder.filter_subject": f"golden.{vector}",
            "services.task_run_recorder.durable": name,
            "services.task_run_recorder.batch_size": batch_size,
            "services.task_run_recorder.lanes": lanes,
        }
        began = datetime.datetime.now(datetime.UTC)
        done = hangar("run", "--until-drained", *flags(settings))
        recorded = (began, datetime.datetime.now(datetime.UTC))
        if done.returncode != 0:
            return [f"exit code {done.returncode}: {done.stderr[-4000:]}"]
        expected = load_rows(_GOLDEN / f"{vector}.rows.json")
        differences = compare_rows(
            expected,
            read_rows(database),
            stream=(_GOLDEN / f"{vector}.jsonl").read_bytes(),
            recorded=recorded,
        )
        rejected = {entry["line"] for entry in expected["rejected"]}
        return [*map(str, differences[:20]), *self._wrong_letters(vector, rejected)]

    def _wrong_letters(self, vector: str, rejected: set[int]) -> list[str]:
        lines = self.lines(vector)
        found: list[str] = []
        letters: set[int] = set()
        if _DEAD_LETTERS in self.stream.streams():
            for letter in self.stream.messages(_DEAD_LETTERS):
                line = int(letter.headers["Hangar-Dlq-Sequence"]) - 1
                if line in letters:
                    found.append(f"line {line} is dead-lettered twice")
                letters.add(line)
                if letter.data != lines[line]:
                    found.append(f"the dead letter of line {line} has other bytes")
                if letter.headers["Hangar-Dlq-Stream"] != vector:
                    found.append(f"the dead letter of line {line} names another stream")
                if not letter.headers["Hangar-Dlq-Reason"]:
                    found.append(f"the dead letter of line {line} has no reason")
                if line not in rejected:
                    reason = letter.headers["Hangar-Dlq-Reason"], letter.headers["Hangar-Dlq-Error"]
                    found.append(f"line {line} is dead-lettered: {reason}: {letter.data[:300]!r}")
        missing = sorted(rejected - letters)
        found.extend(f"line {line} is not dead-lettered: {lines[line][:300]!r}" for line in missing)
        return found


class SqliteOwnSchema(Golden, unittest.TestCase):
    storage = "sqlite"

    def database(self, vector: str, name: str) -> str:
        return str(self.folder / f"{name}.sqlite")


class SqlitePrefectSchema(Golden, unittest.TestCase):
    storage = "sqlite"

    @classmethod
    def prepare(cls) -> None:
        for vector in _VECTORS:
            path = create_prefect_sqlite(cls.folder / f"{vector}.template")
            insert_flow_runs(str(path), flow_runs_in(cls.lines(vector)))

    def database(self, vector: str, name: str) -> str:
        return str(
            shutil.copyfile(self.folder / f"{vector}.template", self.folder / f"{name}.sqlite")
        )


class PostgresOwnSchema(Golden, unittest.TestCase):
    storage = "postgres"
    server: ClassVar[PostgresServer]

    @classmethod
    def prepare(cls) -> None:
        cls.server = cls.enterClassContext(PostgresServer(fsync=False))

    def database(self, vector: str, name: str) -> str:
        return self.server.create_database(name)


class PostgresPrefectSchema(PostgresOwnSchema):
    @classmethod
    def prepare(cls) -> None:
        super().prepare()
        for vector in _VECTORS:
            url = create_prefect_database(cls.server, f"template_{vector}")
            insert_flow_runs(url, flow_runs_in(cls.lines(vector)))

    def database(self, vector: str, name: str) -> str:
        return self.server.create_database(name, template=f"template_{vector}")


if __name__ == "__main__":
    unittest.main()
