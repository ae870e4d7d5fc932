"""The oracle as its callers see it: a stream in, the reference's rows and verdicts out."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from support.children import spawn
from support.owner import Owner
from support.prefect_schemas import load_schema
from support.prefect_venv import NEWEST, prefect_url, prefect_venv
from support.rows import load_rows
from support.servers import PostgresServer
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


class Oracle(Owner):
    """A persistent worker of a release of Prefect, with a database of its own on a running server.

    It is the service of that name. Without a server the database is an SQLite file. For one caller
    at a time; start it from a thread that outlives it.
    """

    def __init__(
        self,
        server: PostgresServer | None,
        release: str = NEWEST,
        service: str = "task_run_recorder",
    ) -> None:
        self._server = server
        self.release = release
        self._service = service

    def _open(self, opened: contextlib.ExitStack) -> None:
        venv = prefect_venv(self.release)
        self._folder = opened.enter_context(temporary_folder("oracle"))
        url = self._database(opened)
        load_schema(self.release, url)
        self._log = self._folder / "oracle.log"
        self._process = spawn(
            [venv.python, _WORKER, self._service],
            log=self._log,
            environment=venv.environment(self._folder, prefect_url(url)),
            asked=True,
        )
        opened.callback(self._end)

    def _database(self, opened: contextlib.ExitStack) -> str:
        if self._server is None:
            return str(self._folder / "prefect.sqlite")
        name = f"oracle_{next(_numbers)}"
        url = self._server.create_database(name)
        opened.callback(self._server.drop_database, name)
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
            self._process.stdin.write(json.dumps(job).encode() + b"\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise OracleError(f"the reference ended:\n{self._log.read_text()[-4000:]}")
        answer = json.loads(line)
        if failure := answer.get("failure"):
            raise OracleError(failure)
        return Verdict(load_rows(rows), answer["messages"])
