"""A Prefect server opened on what Hangar recorded lists the runs and states through its API."""

import contextlib
import datetime
import json
import signal
import sys
import unittest
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.children import free_port, spawn, wait_until
from support.flow_runs import flow_runs_in, insert_flow_runs, stream_lines
from support.jetstream import JetStream
from support.prefect_venv import (
    create_prefect_database,
    create_prefect_sqlite,
    prefect_url,
    prefect_venv,
)
from support.program import flags, hangar
from support.rows import COLUMNS, Row, load_rows, parse_json
from support.servers import NatsServer, PostgresServer, ServerError, end
from support.temporary import temporary_folder

_CAPTURE = Path(__file__).resolve().parents[1] / "golden" / "capture.jsonl"
_SUBJECT = "prefect.events.task-run"
_PAGE = 40
# What the API's models do not have.
_NOT_LISTED = {"task_run": {"state_timestamp"}, "task_run_state": {"result_artifact_id"}}


class PrefectApi:
    """The API of a Prefect server on a database."""

    def __init__(self, url: str) -> None:
        self._url = url

    def call(self, path: str, **body: Any) -> Any:
        request = urllib.request.Request(
            f"{self._url}/{path}",
            data=json.dumps(body).encode() if body else None,
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return parse_json(answer.read())

    def healthy(self) -> bool:
        try:
            return bool(self.call("health"))
        except OSError:
            return False

    def task_runs(self) -> list[Row]:
        """Every task run, page by page."""
        found: list[Row] = []
        while True:
            page = self.call("task_runs/filter", limit=_PAGE, offset=len(found), sort="ID_DESC")
            found += page
            if len(page) < _PAGE:
                return found

    def states(self, task_run: str) -> list[Row]:
        listed = self.call(f"task_run_states/?task_run_id={task_run}")
        return [{**state, "task_run_id": task_run} for state in listed]


@contextlib.contextmanager
def prefect_api(database: str) -> Iterator[PrefectApi]:
    """`prefect server start` on a free port, with a home of its own and nothing but the API."""
    venv = prefect_venv()
    with temporary_folder("prefect") as home:
        log = home / "server.log"
        environment = {
            **venv.environment(home, prefect_url(database)),
            "PREFECT_SERVER_UI_ENABLED": "false",
        }
        for attempts_left in (2, 1, 0):
            port = free_port()
            process = spawn(
                [
                    *(venv.prefect, "server", "start", "--no-services"),
                    *("--host", "127.0.0.1", "--port", str(port)),
                ],
                log=log,
                environment=environment,
            )
            api = PrefectApi(f"http://127.0.0.1:{port}/api")
            try:
                wait_until(api.healthy, what="Prefect's server", process=process, log=log)
                yield api
                return
            except ServerError as error:
                if not attempts_left or "address already in use" not in str(error).lower():
                    raise
            finally:
                end(process, signal.SIGTERM)


def _listed(value: Any, kind: str) -> Any:
    """A stored cell in the API's words."""
    if value is None:
        return None
    if kind == "time":
        return datetime.datetime.fromisoformat(value)
    return float(value) if kind == "interval" else value


def _as_stored(row: Row, table: str) -> Row:
    """A row of the API under the columns of a table, times as instants."""
    return {
        column: _listed(row[column], kind)
        for column, kind in COLUMNS[table].items()
        if column not in _NOT_LISTED[table]
    }


class PrefectReads(unittest.TestCase):
    maxDiff = None

    def _record(self, storage: str, database: str) -> None:
        lines = stream_lines(_CAPTURE.read_bytes())
        insert_flow_runs(database, flow_runs_in(lines))
        with temporary_folder("api") as folder, NatsServer() as nats:
            with JetStream(nats.url) as stream:
                stream.request("STREAM.CREATE.capture", name="capture", subjects=[_SUBJECT])
                stream.publish(_SUBJECT, lines)
            settings = {
                "data_dir": folder,
                "nats.url": nats.url,
                "storage.type": storage,
                "storage.url": database,
                "services.task_run_recorder.stream": "capture",
            }
            done = hangar("run", "--until-drained", *flags(settings))
            self.assertEqual(done.returncode, 0, done.stderr)

    def _assert_lists_capture(self, database: str) -> None:
        expected = load_rows(_CAPTURE.with_suffix(".rows.json"))
        with prefect_api(database) as api:
            runs = api.task_runs()
            self.assertEqual(len(runs), len(expected["task_run"]))
            listed = {run["id"]: run for run in runs}
            states = {state["id"]: state for run in runs for state in api.states(run["id"])}
        for table, found in (("task_run", listed), ("task_run_state", states)):
            self.assertEqual(found.keys(), {row["id"] for row in expected[table]})
            for row in expected[table]:
                with self.subTest(table=table, id=row["id"]):
                    self.assertEqual(_as_stored(found[row["id"]], table), _as_stored(row, table))
        for run in expected["task_run"]:
            with self.subTest(current_state_of=run["id"]):
                self.assertEqual(listed[run["id"]]["state"]["id"], run["state_id"])

    def test_prefect_lists_what_hangar_recorded_in_postgresql(self) -> None:
        server = self.enterContext(PostgresServer(fsync=False))
        database = create_prefect_database(server, "api")
        self._record("postgres", database)
        self._assert_lists_capture(database)

    def test_prefect_lists_what_hangar_recorded_in_sqlite(self) -> None:
        folder = self.enterContext(temporary_folder("api"))
        database = str(create_prefect_sqlite(folder / "prefect.sqlite"))
        self._record("sqlite", database)
        self._assert_lists_capture(database)


if __name__ == "__main__":
    unittest.main()
