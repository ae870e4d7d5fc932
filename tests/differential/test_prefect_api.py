"""A Prefect server opened on what Hangar recorded lists runs, states and events through its API."""

import datetime
import sys
import unittest
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.flow_runs import flow_runs_in, insert_flow_runs, stream_lines
from support.jetstream import JetStream
from support.prefect_server import PrefectServer
from support.prefect_venv import create_prefect_database, create_prefect_sqlite, prefect_venv
from support.program import flags, hangar
from support.rows import COLUMNS, Row, load_rows, parse_json
from support.servers import NatsServer, PostgresServer
from support.temporary import temporary_folder

_CAPTURE = Path(__file__).resolve().parents[1] / "golden" / "capture.jsonl"
_SUBJECT = "prefect.events.task-run"
_PAGE = 40
_NO_UI = {"PREFECT_SERVER_UI_ENABLED": "false"}
_ALL_TIME = {"since": "2026-11-01T00:00:00Z", "until": "2026-12-01T00:00:00Z"}
# What the API's models do not have.
_NOT_LISTED = {"task_run": {"state_timestamp"}, "task_run_state": {"result_artifact_id"}}


class PrefectApi:
    """The task runs and events that a Prefect server lists."""

    def __init__(self, server: PrefectServer) -> None:
        self._server = server

    def _call(self, path: str, **body: Any) -> Any:
        return parse_json(self._server.answer(path, body or None))

    def task_runs(self) -> list[Row]:
        """Every task run, page by page."""
        found: list[Row] = []
        while True:
            page = self._call("task_runs/filter", limit=_PAGE, offset=len(found), sort="ID_DESC")
            found += page
            if len(page) < _PAGE:
                return found

    def states(self, task_run: str) -> list[Row]:
        listed = self._call(f"task_run_states/?task_run_id={task_run}")
        return [{**state, "task_run_id": task_run} for state in listed]

    def events(self, **chosen: Any) -> list[Row]:
        """Those that a filter chooses, page by page, as the feed of the UI asks for them."""
        page = self._call("events/filter", filter={"occurred": _ALL_TIME, **chosen}, limit=50)
        found = list(page["events"])
        while page["next_page"]:
            page = self._call(page["next_page"].partition("/api/")[2])
            found += page["events"]
        return found

    def counts(self, what: str) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for one in self._call(f"events/count-by/{what}", filter={"occurred": _ALL_TIME}):
            counts[one["value"]] += one["count"]
        return counts


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


def _as_sent(event: Row) -> Row:
    """What an event's sender says of it, times as instants."""
    said = ("event", "resource", "related", "payload", "follows")
    times = {
        name: datetime.datetime.fromisoformat(event[name]) for name in ("occurred", "received")
    }
    return {**{name: event[name] for name in said}, **times}


def _involved(event: Row) -> set[str]:
    return {one["prefect.resource.id"] for one in (event["resource"], *event["related"])}


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
                "services.event_persister.enabled": "true",
                "services.event_persister.stream": "capture",
                "services.event_persister.filter_subject": _SUBJECT,
                # The capture is older than what is kept.
                "services.event_persister.db_vacuum.enabled": "orphans",
            }
            done = hangar("run", "--until-drained", *flags(settings))
            self.assertEqual(done.returncode, 0, done.stderr)

    def _assert_lists_capture(self, database: str) -> None:
        expected = load_rows(_CAPTURE.with_suffix(".rows.json"))
        with PrefectServer(prefect_venv(), database, settings=_NO_UI) as server:
            api = PrefectApi(server)
            runs = api.task_runs()
            self.assertEqual(len(runs), len(expected["task_run"]))
            listed = {run["id"]: run for run in runs}
            states = {state["id"]: state for run in runs for state in api.states(run["id"])}
            self._assert_lists_events(api)
        for table, found in (("task_run", listed), ("task_run_state", states)):
            self.assertEqual(found.keys(), {row["id"] for row in expected[table]})
            for row in expected[table]:
                with self.subTest(table=table, id=row["id"]):
                    self.assertEqual(_as_stored(found[row["id"]], table), _as_stored(row, table))
        for run in expected["task_run"]:
            with self.subTest(current_state_of=run["id"]):
                self.assertEqual(listed[run["id"]]["state"]["id"], run["state_id"])

    def _assert_lists_events(self, api: PrefectApi) -> None:
        sent = [parse_json(line) for line in stream_lines(_CAPTURE.read_bytes())]
        feed = api.events()
        times = [datetime.datetime.fromisoformat(one["occurred"]) for one in feed]
        self.assertEqual(times, sorted(times, reverse=True))
        found = {one["id"]: one for one in feed}
        self.assertEqual(len(found), len(feed))
        self.assertEqual(found.keys(), {one["id"] for one in sent})
        for event in sent:
            with self.subTest(event=event["id"]):
                self.assertEqual(_as_sent(found[event["id"]]), _as_sent(event))
        for what, values in (
            ("event", Counter(one["event"] for one in sent)),
            ("resource", Counter(one["resource"]["prefect.resource.id"] for one in sent)),
        ):
            self.assertEqual(api.counts(what), values)
        for what in ("day", "time"):  # It took eight seconds to capture them.
            self.assertEqual(max(api.counts(what).values()), len(sent))
        # By the rows of event_resources.
        events_of = Counter(resource for one in sent for resource in _involved(one))
        [(resource, most)] = events_of.most_common(1)
        found_by = api.events(any_resource={"id": [resource]})
        self.assertEqual(len(found_by), most)
        concerned = {one["id"] for one in sent if resource in _involved(one)}
        self.assertEqual({one["id"] for one in found_by}, concerned)

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
