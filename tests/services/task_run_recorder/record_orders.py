"""Asks the real Prefect recorder what it leaves of task runs whose events come in every order.

    PYTHONPATH=tests python3 tests/services/task_run_recorder/record_orders.py

Writes orders.jsonl beside this file: a line has the events of one task run in one order, each with
columns of its own, and the rows that they leave when they are fed one at a time.
"""

from __future__ import annotations

import datetime
import itertools
import json
import uuid
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from differential.oracle import Oracle
from support.rows import COLUMNS, Row, dump_json
from support.servers import PostgresServer

_OUTPUT = Path(__file__).with_name("orders.jsonl")
_SPACE = uuid.UUID("00000000-0000-4000-8000-00000000f002")
_BEGAN = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)

# Each state: its type, and the columns that only its event has, or has another value of.
State = tuple[str, Mapping[str, Any]]
_STATES: Mapping[str, State] = {
    "Scheduled": (
        "SCHEDULED",
        {"next_scheduled_start_time": "2026-11-20T12:00:09Z", "empirical_policy": {"retries": 2}},
    ),
    "Pending": ("PENDING", {"task_version": "1", "tags": ["early"], "labels": {"n": 1}}),
    "Running": (
        "RUNNING",
        {"run_count": 1, "start_time": "2026-11-20T12:00:02Z", "task_inputs": {}},
    ),
    "Completed": (
        "COMPLETED",
        {"end_time": "2026-11-20T12:00:03Z", "total_run_time": 1.5, "labels": None},
    ),
    "Failed": (
        "FAILED",
        {"end_time": "2026-11-20T12:00:03Z", "total_run_time": 0.25, "tags": ["failed"]},
    ),
    "AwaitingRetry": (
        "SCHEDULED",
        {"next_scheduled_start_time": "2026-11-20T12:00:04Z", "end_time": None, "cache_key": "k"},
    ),
    "Retrying": (
        "RUNNING",
        {"run_count": 2, "flow_run_run_count": 2, "start_time": "2026-11-20T12:00:05Z"},
    ),
}
_LIVES = (
    ("Scheduled", "Pending", "Running", "Completed"),
    ("Running", "Failed", "AwaitingRetry", "Retrying"),
)


def event(run: str, number: int, name: str, *, in_flow: bool) -> dict[str, Any]:
    kind, columns = _STATES[name]
    flow = {
        "prefect.resource.id": f"prefect.flow-run.{uuid.uuid5(_SPACE, 'flow run')}",
        "prefect.resource.role": "flow-run",
    }
    task_run = {"name": f"{name}-name", "task_key": run, "dynamic_key": "0", **columns}
    state: dict[str, Any] = {"type": kind, "name": name, "message": name}
    if name == "Scheduled":  # which would be the present time
        state["state_details"] = {"scheduled_time": "2026-11-20T12:00:09Z"}
    if name == "AwaitingRetry":
        state["state_details"] = {"scheduled_time": "2026-11-20T12:00:04Z"}
    return {
        "id": str(uuid.uuid5(_SPACE, f"{run} {name}")),
        "occurred": (_BEGAN + datetime.timedelta(seconds=number)).isoformat(),
        "event": f"prefect.task-run.{name}",
        "resource": {
            "prefect.resource.id": f"prefect.task-run.{uuid.uuid5(_SPACE, run)}",
            "prefect.orchestration": "client",
        },
        "related": [flow] if in_flow else [],
        "payload": {"validated_state": state, "task_run": task_run},
    }


def orders() -> Iterator[list[dict[str, Any]]]:
    """Each life in each order, in a flow and outside of one; each a task run of its own."""
    for life, in_flow in itertools.product(_LIVES, (True, False)):
        for order in itertools.permutations(range(len(life))):
            run = f"{life[-1]} {in_flow} {''.join(map(str, order))}"
            yield [event(run, number, life[number], in_flow=in_flow) for number in order]


def cell(kind: str, value: Any) -> str:
    """As the test shows it: times and intervals in microseconds."""
    if value is None:
        return "NULL"
    if kind == "time":
        since = datetime.datetime.fromisoformat(value) - datetime.datetime.fromtimestamp(
            0, datetime.UTC
        )
        return str(since // datetime.timedelta(microseconds=1))
    if kind == "interval":
        return str(int(Decimal(value) * 1_000_000))
    return dump_json(value) if kind == "json" else str(value)


def shown(table: str, row: Row) -> dict[str, str]:
    return {name: cell(kind, row[name]) for name, kind in COLUMNS[table].items()}


def main() -> None:
    cases = list(orders())
    lines = [[json.dumps(one) for one in case] for case in cases]
    stream = "".join(f"{line}\n" for case in lines for line in case).encode()
    with PostgresServer(fsync=False) as server, Oracle(server) as oracle:
        verdict = oracle.record(stream)
    assert not verdict.messages, verdict.messages
    runs = {row["id"]: row for row in verdict.rows["task_run"]}
    written = []
    for case, events in zip(cases, lines, strict=True):
        run = case[0]["resource"]["prefect.resource.id"].removeprefix("prefect.task-run.")
        states = [row for row in verdict.rows["task_run_state"] if row["task_run_id"] == run]
        assert len(states) == len(case), "a state is missing"
        written.append(
            json.dumps(
                {
                    "events": events,
                    "run": shown("task_run", runs[run]),
                    "states": [shown("task_run_state", state) for state in states],
                }
            )
        )
    _OUTPUT.write_text("".join(f"{line}\n" for line in written))


if __name__ == "__main__":
    main()
