"""The oracle as its callers see it: a stream in, the reference's rows and verdicts out."""

from __future__ import annotations

import contextlib
import itertools
import json
import signal
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from support.prefect_schemas import load_schema
from support.prefect_venv import NEWEST, prefect_url, prefect_venv
from support.rows import load_rows
from support.servers import PostgresServer, die_with_parent
from support.temporary import temporary_folder

_WORKER = Path(__file__).with_name("reference.py")
_numbers = itertools.count()


class OracleError(RuntimeError):
    """The reference itself did not work; says nothing about the stream."""


@dataclass(frozen=True)
class Verdict:
    """What the reference left: the content of a *.rows.json, and its words for each rejection."""

    rows: dict[str, Any]
    messages: list[str]

    @property
    def rejected_lines(self) -> list[int]:
        return [entry["line"] for entry in self.rows["rejected"]]


class Oracle:
    """A persistent worker of a release of Prefect, with a database of its own on a running server.

    Without a server the database is an SQLite file. For one caller at a time; start it from a
    thread that outlives it.
    """

    def __init__(self, server: PostgresServer | None, release: str = NEWEST) -> None:
        self._server = server
        self.release = release
        self._exit = contextlib.ExitStack()

    def __enter__(self) -> Self:
        venv = prefect_venv(self.release)
        self._folder = self._exit.enter_context(temporary_folder("oracle"))
        try:
            url = self._database()
            load_schema(self.release, url)
            self._log = self._folder / "oracle.log"
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    [venv.python, _WORKER],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    env=venv.environment(self._folder, prefect_url(url)),
                    preexec_fn=die_with_parent(signal.SIGKILL),
                )
            self._exit.callback(self._end)
        except BaseException:
            self._exit.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exit.close()

    def _database(self) -> str:
        if self._server is None:
            return str(self._folder / "prefect.sqlite")
        name = f"oracle_{next(_numbers)}"
        url = self._server.create_database(name)
        self._exit.callback(self._server.drop_database, name)
        return url

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def record(self, stream: bytes, *, without: Iterable[UUID] = ()) -> Verdict:
        """Feeds the stream to the reference on empty tables.

        Every flow run referred to has a row, but for those in `without`.
        """
        source, rows = self._folder / "stream.jsonl", self._folder / "rows.json"
        source.write_bytes(stream)
        job = {"stream": str(source), "rows": str(rows), "without": list(map(str, without))}
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(job), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise OracleError(f"the reference ended:\n{self._log.read_text()[-4000:]}")
        answer = json.loads(line)
        if failure := answer.get("failure"):
            raise OracleError(failure)
        return Verdict(load_rows(rows), answer["messages"])
